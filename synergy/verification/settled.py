"""Check a plan's settlement: payoffs, prices and stability, recomputed as far as the tables allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from synergy.errors import Severity
from synergy.literal.owners import collected
from synergy.literal.point import matched
from synergy.literal.scope import Floats, Texts
from synergy.plan import Plan
from synergy.verification.books import Books, texts
from synergy.verification.findings import MONEY, Book

LEAST = 1e-9  # of the money that moves: what rounding of sums may come to
KEY = ["from", "to", "commodity"]

Settlement = Mapping[str, Any]
_NUMBERS = ("quantity", "low", "high", "price", "payment")
NEAR = 1e-9  # of the money that is shared: what rounding of sums may come to


def check_settlement(book: Book, books: Books, plan: Plan) -> None:
    """Check payoffs, transfers, prices, stability claims and subsidy of a settlement."""
    settlement = plan.settlement
    if settlement is None:
        return
    if plan.standalone is None:
        book.add("settlement", "settlement", "stands without standalone values")
        return
    names = texts(books.dataset["enterprises"]["enterprise"])
    if set(settlement["payoffs"]) != set(names):
        book.add("settlement", "settlement.payoffs", "the enterprises are not those of the dataset")
        return
    _check_payoffs(book, books, plan, names)
    _check_transfers(book, books, plan, names)
    _check_prices(book, books, plan)
    _check_stability(book, plan)
    check_subsidy(book, plan, [str(name) for name in names])
    for note in settlement["notes"]:
        if note["code"] == "stopped_by_clock":
            book.add("by_clock", "settlement", "the clock ended it: another run may settle otherwise", Severity.WARNING)


def payoffs_of(settlement: Settlement, names: Iterable[str], key: str = "payoff") -> Floats:
    """Return the ``payoff``, ``standalone``, ``gain`` or ``transfer`` of each enterprise settled, NaN where null."""
    given = [settlement["payoffs"][name][key] for name in names]
    return np.array([np.nan if value is None else float(value) for value in given])


def _scale(books: Books, plan: Plan) -> float:
    """Return the scale of money for tolerances on sums."""
    return max(1.0, books.turnover, abs(plan.value))


def _check_payoffs(book: Book, books: Books, plan: Plan, names: Texts) -> None:
    """Check that payoffs sum to the value, match the plan's standalone values, and leave no enterprise worse off."""
    settlement, standalone = plan.settlement or {}, plan.standalone or {}
    payoff, alone, gain = (payoffs_of(settlement, names, key) for key in ("payoff", "standalone", "gain"))
    scale = _scale(books, plan)
    book.one("payoffs", float(payoff.sum()), plan.value, scale)
    stated = np.array([np.nan if (value := standalone.get(name)) is None else float(value) for name in names])

    def called(key: str) -> Callable[[int], str]:
        return lambda row: f"settlement.payoffs.{names[row]}.{key}"

    each = np.full(len(names), scale)
    book.claimed("standalone", alone, stated, each, called("standalone"))
    book.claimed("payoff_gain", gain, payoff - alone, each, called("gain"))
    together = plan.value >= float(np.nansum(alone)) - LEAST * scale
    lost = alone - payoff > float(settlement["tolerance"]) + LEAST * scale
    if together:
        book.flag("payoff", lost, called("payoff"), "is less than what it is worth alone")


def _check_transfers(book: Book, books: Books, plan: Plan, names: Texts) -> None:
    """Check that transfers are whole units, sum to exactly 0, and take each enterprise to its payoff."""
    settlement = plan.settlement or {}
    unit, transfer = float(settlement["unit"]), payoffs_of(settlement, names, "transfer")
    whole = np.rint(transfer / unit)
    if int(whole.sum()) != 0:
        book.add("transfers", "settlement.payoffs", f"transfers sum to {whole.sum() * unit:.12g}")
    off = np.abs(payoffs_of(settlement, names) - collected(books.point.parts, books.point.x).to_numpy(float) - transfer)
    room = unit * (len(names) + 1) + MONEY * _scale(books, plan)
    wrong = ~(off <= room)
    book.flag("transfer", wrong, lambda row: f"settlement.payoffs.{names[row]}.transfer", "does not bring the payoff")
    paid = np.zeros(len(names))
    for row in settlement["prices"]:
        for side, sign in (("seller", 1.0), ("buyer", -1.0)):
            at = np.flatnonzero(names == row[side])
            paid[at] += sign * float(row["payment"])
    for besides in (settlement["lump_sums"], settlement["balances"]):
        paid += np.array([float(besides.get(name, 0.0)) for name in names])
    other = np.rint(paid / unit) != whole
    book.flag("lump_sum", other, lambda row: str(names[row]), "prices, lump sums and balances do not make the transfer")


def _check_prices(book: Book, books: Books, plan: Plan) -> None:
    """Check that every exchange between enterprises has one price, within its band, for the quantity sent."""
    settlement = plan.settlement or {}
    prices = pd.DataFrame(settlement["prices"], columns=[*KEY, "seller", "buyer", *_NUMBERS])
    flows = books.decisions.flows[books.partnership].rename(columns={"from_site": "from", "to_site": "to"})
    moved = flows.groupby(KEY)["quantity"].sum().reset_index()
    place = matched(prices[KEY], moved[KEY])
    scale = max(1.0, float(moved["quantity"].max())) if len(moved) else 1.0
    missing = set(range(len(moved))) - set(place.tolist())
    small = [at for at in missing if moved["quantity"].iloc[at] <= 1e-6 * scale]
    if len(missing) > len(small):
        book.add("prices", "settlement.prices", f"{len(missing) - len(small)} exchanges have no price")
    called = _price_name
    book.flag("prices", place < 0, called, "is no exchange of the plan")
    known = np.append(moved["quantity"].to_numpy(float), np.nan)[place]
    quantity = prices["quantity"].to_numpy(float)
    book.flag("prices", np.abs(quantity - known) > 1e-6 * scale, called, "is for another quantity than the plan's")
    for side, end in (("seller", "from"), ("buyer", "to")):
        book.flag("prices", books.owner(prices[end]) != texts(prices[side]), called, f"has another {side}")
    price, low, high, payment = (prices[name].to_numpy(float) for name in ("price", "low", "high", "payment"))
    width = 1e-6 * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    outside = (price < np.minimum(low, high) - width) | (price > np.maximum(low, high) + width)
    book.flag("prices", outside, called, "has a price outside its band")
    room = float(settlement["unit"]) + 1e-6 * np.maximum(1.0, np.abs(payment))
    book.flag("prices", np.abs(payment - price * quantity) > room, called, "is paid at another price")


def _price_name(row: int) -> str:
    return f"settlement.prices[{row}]"


def _check_stability(book: Book, plan: Plan) -> None:
    """Check the excess against all named and single-member coalitions, and the core verdict against the bound."""
    settlement = plan.settlement or {}
    payoff = {name: float(row["payoff"]) for name, row in settlement["payoffs"].items()}
    excess, bound = _infinite(settlement["excess"], -1.0), _infinite(settlement["excess_bound"], 1.0)
    tolerance = float(settlement["tolerance"])
    room = tolerance + LEAST * max(1.0, abs(plan.value))
    if excess > bound + room:
        book.add("excess", "settlement.excess", f"{excess:.9g} is more than its bound {bound:.9g}")
    if settlement["in_core"] != (bound <= tolerance):
        book.add("in_core", "settlement.in_core", f"is {settlement['in_core']}, the bound of the excess is {bound:.9g}")
    for place, named in enumerate(settlement["binding"]):
        members = named["enterprises"]
        paid = sum(payoff.get(name, float("nan")) for name in members)
        subject = f"settlement.binding[{place}]"
        if not abs(paid - named["payoff"]) <= room:
            book.add("binding", subject, f"claims a payoff of {named['payoff']:.9g}, its members get {paid:.9g}")
        if named["value"] - paid > excess + room:
            book.add("excess", subject, f"is paid {named['value'] - paid:.9g} too little, claimed at most {excess:.9g}")
    alone = [
        float(row["standalone"]) - payoff[name]
        for name, row in settlement["payoffs"].items()
        if row["standalone"] is not None
    ]
    if len(payoff) > 1 and alone and max(alone) > excess + room:
        book.add("excess", "settlement.excess", f"somebody alone has {max(alone):.9g}, claimed at most {excess:.9g}")


def _infinite(value: float | None, sign: float) -> float:
    return sign * float("inf") if value is None else float(value)


def check_subsidy(book: Book, plan: Plan, names: Sequence[str]) -> None:
    """Check recipients, sums and proven minimum of a subsidy, and that it covers the coalitions' shortfalls."""
    settlement = plan.settlement or {}
    given, tolerance = settlement["subsidy"], float(settlement["tolerance"])
    if given is None:
        return
    if not set(given["to"]) <= set(names) or set(given["payoffs"]) != set(names):
        book.add("subsidy", "settlement.subsidy", "the enterprises are not those of the dataset")
        return
    if not min(given["to"].values(), default=0.0) >= 0:
        book.add("subsidy", "settlement.subsidy.to", "takes money from somebody")
    if settlement["excess"] is not None and settlement["excess"] <= tolerance:
        book.add("subsidy", "settlement.subsidy", "is given though no coalition is known that does better alone")
    paid = {name: float(money) for name, money in given["payoffs"].items()}
    scale = abs(plan.value) + abs(given["total"]) + sum(abs(money) for money in paid.values())
    book.one("subsidy", float(given["total"]), math.fsum(given["to"].values()), scale)
    book.one("subsidy", math.fsum(paid.values()), plan.value + float(given["total"]), scale)
    room = tolerance + NEAR * scale
    if not given["least"] <= given["total"] + room:
        book.add("subsidy", "settlement.subsidy.least", f"{given['least']:.9g} is more than the total")
    bound = math.inf if given["excess_bound"] is None else float(given["excess_bound"])
    for members, value in _known(plan, settlement):
        short = value - math.fsum(paid[name] for name in members)
        if len(members) < len(names) and short > max(0.0, bound) + room:
            subject = "settlement.subsidy.payoffs"
            book.add("subsidy", subject, f"{' '.join(members)} is still paid {short:.9g} too little")


def _known(plan: Plan, settlement: Mapping[str, Any]) -> list[tuple[list[str], float]]:
    """Return the coalitions with a stated value: single enterprises, and binding coalitions."""
    alone = [([name], float(value)) for name, value in (plan.standalone or {}).items() if value is not None]
    return alone + [(list(one["enterprises"]), float(one["value"])) for one in settlement["binding"]]
