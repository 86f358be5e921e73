"""Shares: who gets what of the value, and every claim about it that follows from the plan and the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.keys import texts
from synergy.accounts.owners import collected, partnerships
from synergy.plan import Plan
from synergy.verify.findings import MONEY, Book
from synergy.verify.view import View

TOLERANCE = 1e-5  # part of the value that an excess may have and count as none
PRICED = ("from_site", "to_site", "commodity")


def check_settlement(book: Book, view: View, plan: Plan) -> None:
    """Payoffs share the value, nobody loses but where all do, and stability is claimed no further than its bound."""
    record = plan.settlement
    if record is None:
        return
    known = list(texts(view.dataset["enterprises"]["enterprise"]))
    payoffs = record.get("payoffs", {})
    if set(payoffs) != set(known) or plan.standalone is None:
        book.add("settlement", "settlement.payoffs", "the enterprises are not those of the dataset")
        return
    claims = [payoffs[name].get("payoff") for name in known] + [record.get("excess")]
    if not all(isinstance(claim, int | float) and math.isfinite(claim) for claim in claims):
        book.add("settlement", "settlement", "a payoff or the excess is no number")
        return
    paid = {name: float(payoffs[name]["payoff"]) for name in known}
    scale = view.ledger.turnover + sum(abs(money) for money in paid.values())
    book.one("payoffs", math.fsum(paid.values()), plan.value, scale)
    _check_alone(book, plan, payoffs, scale)
    _check_excess(book, plan, record, paid)
    _check_transfers(book, view, record, scale)
    _check_subsidy(book, record, known)
    if "prices" in record:
        _check_prices(book, view, record, known)


def _check_alone(book: Book, plan: Plan, payoffs: Mapping[str, Any], scale: float) -> None:
    """Standalone values are those of the plan, gains follow, and nobody falls below."""
    room = TOLERANCE * max(1.0, abs(plan.value))
    for name, one in payoffs.items():
        floor = (plan.standalone or {}).get(name)
        book.one(f"payoffs.{name}.standalone", one.get("standalone"), floor, scale)
        book.one(f"payoffs.{name}.gain", one.get("gain"), None if floor is None else one["payoff"] - floor, scale)
        if floor is not None and (plan.gain is None or plan.gain >= -room) and one["payoff"] < floor - room:
            book.add("loses", name, f"gets {one['payoff']:.12g}, alone it has {floor:.12g}")


def _check_excess(book: Book, plan: Plan, record: Mapping[str, Any], paid: Mapping[str, float]) -> None:
    """Coalitions are paid what is said, none that is named exceeds the excess, the claim is within the bound."""
    room = TOLERANCE * max(1.0, abs(plan.value))
    excess, bound = float(record["excess"]), record.get("excess_bound")
    alone = [(value, [name]) for name, value in (plan.standalone or {}).items() if value is not None]
    named = [(one["value"], list(one["enterprises"])) for one in record.get("binding", ())]
    for at, one in enumerate(record.get("binding", ())):
        if not set(one["enterprises"]) <= set(paid):
            book.add("binding", f"binding[{at}]", "an enterprise is not of the dataset")
            return
        total = math.fsum(paid[name] for name in one["enterprises"])
        book.one(
            f"binding[{at}].payoff", one["payoff"], total, sum(abs(paid[name]) for name in one["enterprises"]) + 1.0
        )
    for value, names in alone + named:
        if len(names) < len(paid) and value - math.fsum(paid[name] for name in names) > excess + room:
            book.add("excess", " ".join(names), f"exceeds the greatest excess that is claimed, {excess:.12g}")
    if bound is not None and bound < excess - room:
        book.add("excess_bound", "excess_bound", f"{bound:.12g} is less than the excess {excess:.12g}")
    if record.get("in_core") and max(excess, excess if bound is None else bound) > room:
        book.add(
            "in_core", "in_core", f"is claimed with an excess of up to {bound if bound is not None else excess:.6g}"
        )


def _check_transfers(book: Book, view: View, record: Mapping[str, Any], scale: float) -> None:
    """Transfers are payoffs less what each collects at its own accounts, and sum to zero."""
    payoffs = record["payoffs"]
    if not any("transfer" in one for one in payoffs.values()):
        return
    own, unit = collected(view.dataset, view.decisions), float(record.get("unit", 0.01))
    units = 0
    for name, one in payoffs.items():
        moved = float(one.get("transfer", math.nan))
        if not abs(one["payoff"] - own[name] - moved) <= MONEY * scale + unit:
            book.add("transfer", name, f"claimed {moved:.12g}, found {one['payoff'] - own[name]:.12g}")
            return
        units += round(moved / unit)
    if units != 0:
        book.add("transfer", "transfers", f"sum to {units * unit:.12g}, not to zero")


def _check_subsidy(book: Book, record: Mapping[str, Any], known: Sequence[str]) -> None:
    """A subsidy goes to enterprises of the dataset, nothing below zero, and sums to its total."""
    given = record.get("subsidy")
    if given is None:
        return
    if not set(given["to"]) <= set(known) or min(given["to"].values(), default=0.0) < 0:
        book.add("subsidy", "subsidy.to", "goes to nobody of the dataset, or takes from somebody")
    book.one("subsidy", given["total"], math.fsum(given["to"].values()), abs(given["total"]) + 1.0)


def _check_prices(book: Book, view: View, record: Mapping[str, Any], known: Sequence[str]) -> None:
    """Prices are of what is delivered, lie in their bands, and with lump sums make up the transfers."""
    unit = float(record.get("unit", 0.01))
    lines = pd.DataFrame(list(record["prices"]), columns=[*PRICED, "quantity", "price", "low", "high", "payment"])
    found = partnerships(view.dataset, view.decisions)
    both = found.merge(lines, on=list(PRICED), how="outer", suffixes=("", "_said"), indicator=True)
    if (both["_merge"] != "both").any() or lines.duplicated(list(PRICED)).any():
        book.add("prices", "settlement.prices", "are not those of what enterprises deliver to each other")
        return

    def name(row: int) -> str:
        return " ".join(str(both.at[row, key]) for key in PRICED)

    column = {
        key: both[key].to_numpy(float) for key in ("quantity", "quantity_said", "price", "low", "high", "payment")
    }
    book.claimed("prices.quantity", column["quantity_said"], column["quantity"], column["quantity"], name)
    low, high = np.minimum(column["low"], column["high"]), np.maximum(column["low"], column["high"])
    room = 1e-9 * np.maximum(np.abs(low), np.abs(high)) + 1e-9
    out = ~((column["price"] >= low - room) & (column["price"] <= high + room))
    book.flag("prices.band", out, name, "is outside its band")
    due = column["price"] * column["quantity"]
    book.flag(
        "prices.payment", ~(np.abs(column["payment"] - due) <= unit + MONEY * np.abs(due)), name, "is not its price"
    )
    total = np.zeros(len(known))
    np.add.at(total, both["seller"].to_numpy(int), column["payment"])
    np.subtract.at(total, both["buyer"].to_numpy(int), column["payment"])
    for at, enterprise in enumerate(known):
        beside = sum(float(record.get(key, {}).get(enterprise, 0.0)) for key in ("lump_sums", "balances"))
        moved = record["payoffs"][enterprise].get("transfer", 0.0)
        if not abs(total[at] + beside - moved) <= unit / 2 + MONEY * (abs(total[at]) + abs(moved)):
            book.add("prices", enterprise, f"prices and lump sums bring {total[at] + beside:.12g}, not {moved:.12g}")
