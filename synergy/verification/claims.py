"""Checks of the proposals and of the settlement of a plan, recomputed as far as the tables allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.errors import Severity
from synergy.literal.parts import collected
from synergy.literal.point import matched
from synergy.literal.scope import Flags, Floats, Texts
from synergy.plan import Kind, Plan, Proposal
from synergy.verification.books import LINK_KEY, MONEY, Book, Books, row_name, texts

STATES, SCOPES = ("new", "changed", "running"), ("between", "within")
SAME = 0.01  # amounts that differ by less than this part are the same deal
OUTSIDE = ("market", "disposal")
NEAR = 1e-9  # of the money that moves or is shared: what rounding of sums may come to
COSTS = ["capex", "annual_cost"]
KEY = ["from", "to", "commodity"]


@dataclass(frozen=True, slots=True)
class OwnedFlows:
    """Owners at the ends of the plan's flows and which flows can be proposed, each array of shape (flows,).

    Owners are enterprises, or "@" and the public place. `crossing` flows are between two enterprises, or between sites
    of one or with a public place and neither bought nor sold outside.
    """

    giver: Texts
    taker: Texts
    crossing: Flags


@dataclass(frozen=True, slots=True)
class ProposalShare:
    """Links and costs of one proposal.

    `links` are the rows of the links frame that its flows use; `capex` and `annual` (money, and money a year) are those
    of its builds and its part of its links. `own` has both by enterprise: a build is paid where it stands, a link where
    it leads to, or where it comes from if it leads to a public place.
    """

    links: frozenset[int]
    capex: float
    annual: float
    own: Mapping[str, tuple[float, float]]


def check_proposals(book: Book, books: Books, plan: Plan) -> None:
    """Check that the proposals refer to rows of the plan, name the right enterprises, and sum to the gain."""
    known = set(texts(books.dataset["enterprises"]["enterprise"]))
    flows = books.decisions.flows
    public_from, public_to = books.giver == "", books.taker == ""
    outside = np.isin(texts(flows["outlet_kind"]), OUTSIDE) | np.isin(texts(flows["inlet_kind"]), OUTSIDE)
    inner = ~books.partnership & ~(public_from & public_to) & ~outside
    exchanges = OwnedFlows(
        giver=np.where(public_from, "@" + texts(flows["from_site"]), books.giver),
        taker=np.where(public_to, "@" + texts(flows["to_site"]), books.taker),
        crossing=books.moves & (books.partnership | inner),
    )
    there = [proposal for proposal in plan.proposals if _rows_there(book, books, proposal)]
    for proposal in plan.proposals:
        _check_words(book, proposal, known)
    priced = () if plan.settlement is None else plan.settlement["prices"]
    prices = {(row["from"], row["to"], row["commodity"]): float(row["price"]) for row in priced}
    for proposal, share in zip(there, _shares(books, there), strict=True):
        _check_people(book, books, proposal, exchanges)
        _check_subject(book, books, proposal, exchanges)
        _check_money(book, proposal, share)
        _check_terms(book, books, proposal, exchanges)
        for term in proposal.terms:
            found = prices.get((term.from_site, term.to_site, term.commodity))
            if term.price != found:
                text = f"{term.commodity}: claims the price {term.price}, the settlement has {found}"
                book.add("terms", proposal.id, text)
        loss, room = proposal.marginal_gain, 1e-6 * max(1.0, abs(plan.value))
        if loss is not None and not loss >= plan.value - plan.bound - room:
            text = f"{loss:.9g}: the plan without it would be worth more than the bound"
            book.add("marginal_gain", proposal.id, text)
    ids = [proposal.id for proposal in plan.proposals]
    if len(set(ids)) != len(ids):
        book.add("proposals", "proposals", "an id stands twice")
    _check_sum(book, books, plan)


def _rows_there(book: Book, books: Books, proposal: Proposal) -> bool:
    """Check that the flows, builds and links of a proposal are rows of the plan; return whether they are."""
    for name in ("flows", "builds", "links"):
        places, size = getattr(proposal, name), len(getattr(books.decisions, name))
        if any(not 0 <= place < size for place in places) or len(set(places)) != len(places):
            book.add(name, proposal.id, f"speaks of {name} that the plan does not have")
            return False
    return True


def _check_words(book: Book, proposal: Proposal, known: set[str]) -> None:
    """Check kind, state, scope, titles and enterprise names of a proposal, and that its CO2 is finite."""
    if proposal.kind not in tuple(Kind):
        book.add("kind", proposal.id, f"{proposal.kind!r} is no kind of proposal")
    if proposal.state not in STATES:
        book.add("state", proposal.id, f"{proposal.state!r} is no state")
    if proposal.scope not in SCOPES:
        book.add("scope", proposal.id, f"{proposal.scope!r} is no scope")
    if not (proposal.title_en.strip() and proposal.title_zh.strip()):
        book.add("title", proposal.id, "a title is missing")
    if proposal.own and set(proposal.own) != set(proposal.enterprises):
        book.add("own", proposal.id, "speaks of others than its enterprises")
    strangers = set(proposal.enterprises) - known
    if strangers:
        book.add("enterprises", proposal.id, f"unknown: {', '.join(sorted(strangers))}")
    if not np.isfinite(proposal.co2_saved):
        book.add("co2_saved", proposal.id, f"{proposal.co2_saved} is no amount")


def _check_people(book: Book, books: Books, proposal: Proposal, exchanges: OwnedFlows) -> None:
    """Check enterprises, host, scope and commodities of a proposal against its flows and build."""
    rows = list(proposal.flows)
    crossing = [row for row in rows if exchanges.crossing[row]]
    host = ""
    if proposal.builds:
        site = str(books.decisions.builds["site"].iloc[proposal.builds[0]])
        host = str(books.owner([site])[0]) or f"@{site}"
    if proposal.host != host.removeprefix("@"):
        book.add("host", proposal.id, f"claimed {proposal.host!r}, found {host.removeprefix('@')!r}")
    owners = {*exchanges.giver[crossing], *exchanges.taker[crossing], host} - {""}
    firms = {name for name in owners if not name.startswith("@")}
    if firms != set(proposal.enterprises):
        wrong = ", ".join(sorted(firms ^ set(proposal.enterprises)))
        book.add("enterprises", proposal.id, f"its flows and builds concern others: {wrong}")
    scope = "between" if len(owners) > 1 else "within"
    if proposal.scope != scope:
        book.add("scope", proposal.id, f"claimed {proposal.scope!r}, found {scope!r}")
    goods = set(texts(books.decisions.flows["commodity"].iloc[rows]))
    if goods != set(proposal.commodities):
        wrong = ", ".join(sorted(goods ^ set(proposal.commodities)))
        book.add("commodities", proposal.id, f"its flows carry others: {wrong}")


def _check_subject(book: Book, books: Books, proposal: Proposal, exchanges: OwnedFlows) -> None:
    """Check a proposal's id against its build or its pair and commodity, and its state against the deals."""
    rows, goods = list(proposal.flows), texts(books.decisions.flows["commodity"])
    if proposal.builds:
        build = books.decisions.builds.iloc[proposal.builds[0]]
        wanted = f"build:{build['process']}@{build['site']}"
        if proposal.id != wanted or len(proposal.builds) > 1:
            book.add("id", proposal.id, f"its build is {wanted!r}")
        if proposal.state != "new":
            book.add("state", proposal.id, "a build is new")
        return
    ends = zip(exchanges.giver[rows], exchanges.taker[rows], goods[rows], strict=True)
    keys = {f"deal:{giver}>{taker}:{good}" for giver, taker, good in ends}
    if keys != {proposal.id}:
        book.add("id", proposal.id, f"its flows are of {', '.join(sorted(keys)) or 'nobody'}")
        return
    found = _state(books, exchanges, rows[0])
    if proposal.state != found:
        book.add("state", proposal.id, f"claimed {proposal.state!r}, found {found!r}")
    phase = books.dataset["commodities"].set_index("commodity")["phase"]
    if phase.get(str(goods[rows[0]])) == "right" and proposal.kind != Kind.REALLOCATION:
        book.add("kind", proposal.id, "a right that moves is reallocated")


def _state(books: Books, exchanges: OwnedFlows, row: int) -> str:
    """Return the state of a direct exchange: new, running as in today's deals, or changed."""
    goods, deals = texts(books.decisions.flows["commodity"]), books.dataset["deals"]
    good, giver, taker = str(goods[row]), exchanges.giver[row], exchanges.taker[row]
    same = books.moves & (exchanges.giver == giver) & (exchanges.taker == taker) & (goods == good)
    now = float(books.quantity[same].sum())
    agreed = texts(deals["commodity"]) == good
    for end, owner in (("from_site", giver), ("to_site", taker)):
        firm = books.owner(deals[end])
        agreed &= np.where(firm == "", "@" + texts(deals[end]), firm) == owner
    then = float(deals["quantity"].to_numpy(float)[agreed].sum())
    if then <= 0:
        return "new"
    return "running" if abs(now - then) <= SAME * then else "changed"


def _check_terms(book: Book, books: Books, proposal: Proposal, exchanges: OwnedFlows) -> None:
    """Check that the terms cover exactly the flows that cross between owners or sites."""
    rows = [row for row in proposal.flows if exchanges.crossing[row]]
    flows = books.decisions.flows.iloc[rows]
    frame = flows.assign(way=np.nan_to_num(books.km[rows]) * books.quantity[rows])
    both = frame.groupby(["from_site", "to_site", "commodity"])[["quantity", "way"]].sum()
    told: Sequence[tuple[str, str, str]] = [(one.from_site, one.to_site, one.commodity) for one in proposal.terms]
    if set(told) != set(both.index) or len(set(told)) != len(told):
        book.add("terms", proposal.id, "are not of the ends and commodities that its flows have")
        return
    for key, term in zip(told, proposal.terms, strict=True):
        found, way = float(both["quantity"][key]), float(both["way"][key])
        if not abs(found - term.quantity) <= 1e-6 * max(1.0, abs(found)):
            book.add("terms", proposal.id, f"{term.commodity}: {term.quantity:.9g} claimed, {found:.9g} flows")
        mean = way / found if found > 0 else None
        if (term.km is None) != (mean is None) or not abs((term.km or 0.0) - (mean or 0.0)) <= 1e-6 * (1 + (mean or 0)):
            book.add("terms", proposal.id, f"{term.commodity}: {term.km} km claimed, {mean} found")


def _shares(books: Books, proposals: Sequence[Proposal]) -> list[ProposalShare]:
    """Return the links and costs of each proposal; all rows of the proposals exist.

    A flow that stands in several proposals, between two new units, counts in equal parts for each; a link is borne by
    quantity, that of flows outside all proposals included.
    """
    flows, links, builds = books.decisions.flows, books.decisions.links, books.decisions.builds
    link = matched(flows[list(LINK_KEY)], links[list(LINK_KEY)])
    every = np.concatenate([np.asarray(one.flows, dtype=np.int64) for one in proposals] or [np.empty(0, np.int64)])
    times = np.bincount(every, minlength=len(flows))
    used = link >= 0
    total = np.bincount(link[used], weights=books.quantity[used], minlength=len(links)).astype(float)
    cost = links[COSTS].to_numpy(float)
    rate = np.divide(cost, total[:, None], out=np.zeros(cost.shape), where=total[:, None] > 0)
    origin, target = (books.owner(links[side]) for side in ("from_site", "to_site"))
    payer, host = np.where(target == "", origin, target), books.owner(builds["site"])
    shares = []
    for one in proposals:
        rows = np.asarray([row for row in one.flows if link[row] >= 0], dtype=np.int64)
        sent = books.quantity[rows] / times[rows]
        built = list(one.builds)
        paid = pd.DataFrame(rate[link[rows]] * sent[:, None], columns=COSTS)
        paid = pd.concat([paid, builds.iloc[built][COSTS]])
        own = paid.groupby(np.concatenate([payer[link[rows]], host[built]]))[COSTS].sum()
        shares.append(
            ProposalShare(
                links=frozenset(link[rows].tolist()),
                capex=float(paid["capex"].sum()),
                annual=float(paid["annual_cost"].sum()),
                own={str(name): (capex, annual) for name, capex, annual in own.itertuples()},
            )
        )
    return shares


def _check_money(book: Book, proposal: Proposal, share: ProposalShare) -> None:
    """Check links, capex, cost shares and payback of a proposal against its flows and builds.

    The payback time in years is the capex over the yearly gain before annuities; None if never or unknown.
    """
    if share.links != set(proposal.links):
        book.add("links", proposal.id, "are not those that its flows use")
    if not abs(proposal.capex - share.capex) <= 1e-6 * max(1.0, share.capex):
        book.add("capex", proposal.id, f"claimed {proposal.capex:.12g}, found {share.capex:.12g}")
    for firm, told in proposal.own.items():
        for name, right in zip(("capex", "annual"), share.own.get(firm, (0.0, 0.0)), strict=True):
            left = told[name]
            if left is None or not abs(left - right) <= 1e-6 * max(1.0, share.capex):
                book.add(f"own.{name}", proposal.id, f"{firm}: claimed {left}, found {right:.12g}")
    claim = proposal.payback_years
    found: float | None = None
    if proposal.gain is not None:
        earned = proposal.gain + share.annual
        found = 0.0 if share.capex <= 0 else share.capex / earned if earned > 0 else None
    if claim is None or found is None:
        if claim is not found:
            book.add("payback", proposal.id, f"claimed {claim} years, found {found}")
    elif not abs(claim - found) <= 1e-6 * max(1.0, found):
        book.add("payback", proposal.id, f"claimed {claim:.6g} years, found {found:.6g}")


def _check_sum(book: Book, books: Books, plan: Plan) -> None:
    """Check that gains and remainder sum to the plan's gain."""
    gains = [proposal.gain for proposal in plan.proposals]
    if plan.gain is None or plan.remainder is None or any(gain is None for gain in gains):
        if plan.remainder is not None and plan.gain is None:
            book.add("remainder", "remainder", "stands without a gain")
        if plan.gain is not None and (plan.remainder is None) != any(gain is None for gain in gains):
            book.add("remainder", "remainder", "gains of proposals and remainder stand together or not at all")
        return
    total = math.fsum([gain for gain in gains if gain is not None] + [plan.remainder])
    scale = abs(plan.gain) + sum(abs(gain or 0.0) for gain in gains) + books.turnover
    book.one("remainder", total, plan.gain, scale)


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
    scale = max(1.0, books.turnover, abs(plan.value))  # for tolerances on sums
    _check_payoffs(book, plan, settlement, names, scale)
    _check_transfers(book, books, settlement, names, scale)
    _check_prices(book, books, settlement)
    _check_stability(book, plan, settlement)
    _check_subsidy(book, plan, settlement)
    for note in settlement["notes"]:
        if note["code"] == "stopped_by_clock":
            book.add("by_clock", "settlement", "the clock ended it: another run may settle otherwise", Severity.WARNING)


def payoffs_of(settlement: Mapping[str, Any], names: Iterable[str], key: str = "payoff") -> Floats:
    """Return the ``payoff``, ``standalone``, ``gain`` or ``transfer`` of each enterprise settled, NaN where null."""
    given = [settlement["payoffs"][name][key] for name in names]
    return np.array([np.nan if value is None else float(value) for value in given])


def _check_payoffs(book: Book, plan: Plan, settlement: Mapping[str, Any], names: Texts, scale: float) -> None:
    """Check that payoffs sum to the value, match the plan's standalone values, and leave no enterprise worse off."""
    standalone = plan.standalone or {}
    payoff, alone, gain = (payoffs_of(settlement, names, key) for key in ("payoff", "standalone", "gain"))
    book.one("payoffs", float(payoff.sum()), plan.value, scale)
    stated = np.array([np.nan if (value := standalone.get(name)) is None else float(value) for name in names])
    each = np.full(len(names), scale)
    book.claimed("standalone", alone, stated, each, _payoff_name(names, "standalone"))
    book.claimed("payoff_gain", gain, payoff - alone, each, _payoff_name(names, "gain"))
    if plan.value >= float(np.nansum(alone)) - NEAR * scale:
        lost = alone - payoff > float(settlement["tolerance"]) + NEAR * scale
        book.flag("payoff", lost, _payoff_name(names, "payoff"), "is less than what it is worth alone")


def _payoff_name(names: Texts, key: str) -> Callable[[int], str]:
    return lambda row: f"settlement.payoffs.{names[row]}.{key}"


def _check_transfers(book: Book, books: Books, settlement: Mapping[str, Any], names: Texts, scale: float) -> None:
    """Check that transfers are whole units, sum to exactly 0, and take each enterprise to its payoff."""
    unit, transfer = float(settlement["unit"]), payoffs_of(settlement, names, "transfer")
    whole = np.rint(transfer / unit)
    if int(whole.sum()) != 0:
        book.add("transfers", "settlement.payoffs", f"transfers sum to {whole.sum() * unit:.12g}")
    off = np.abs(payoffs_of(settlement, names) - collected(books.point.parts, books.point.x).to_numpy(float) - transfer)
    wrong = ~(off <= unit * (len(names) + 1) + MONEY * scale)
    book.flag("transfer", wrong, _payoff_name(names, "transfer"), "does not bring the payoff")
    paid = np.zeros(len(names))
    for row in settlement["prices"]:
        for side, sign in (("seller", 1.0), ("buyer", -1.0)):
            paid[np.flatnonzero(names == row[side])] += sign * float(row["payment"])
    for besides in (settlement["lump_sums"], settlement["balances"]):
        paid += np.array([float(besides.get(name, 0.0)) for name in names])
    other = np.rint(paid / unit) != whole
    book.flag("lump_sum", other, lambda row: str(names[row]), "prices, lump sums and balances do not make the transfer")


def _check_prices(book: Book, books: Books, settlement: Mapping[str, Any]) -> None:
    """Check that every exchange between enterprises has one price, within its band, for the quantity sent."""
    numbers = ("quantity", "low", "high", "price", "payment")
    prices = pd.DataFrame(settlement["prices"], columns=[*KEY, "seller", "buyer", *numbers])
    flows = books.decisions.flows[books.partnership].rename(columns={"from_site": "from", "to_site": "to"})
    moved = flows.groupby(KEY)["quantity"].sum().reset_index()
    place, sent = matched(prices[KEY], moved[KEY]), moved["quantity"].to_numpy(float)
    scale = max(1.0, float(sent.max(initial=0.0)))
    missing = np.setdiff1d(np.flatnonzero(~(sent <= 1e-6 * scale)), place)
    if len(missing):
        book.add("prices", "settlement.prices", f"{len(missing)} exchanges have no price")
    quantity, low, high, price, payment = (prices[name].to_numpy(float) for name in numbers)
    width = 1e-6 * np.maximum(1.0, np.maximum(np.abs(low), np.abs(high)))
    outside = (price < np.minimum(low, high) - width) | (price > np.maximum(low, high) + width)
    room = float(settlement["unit"]) + 1e-6 * np.maximum(1.0, np.abs(payment))
    for wrong, text in (
        (place < 0, "is no exchange of the plan"),
        (np.abs(quantity - np.append(sent, np.nan)[place]) > 1e-6 * scale, "is for another quantity than the plan's"),
        (books.owner(prices["from"]) != texts(prices["seller"]), "has another seller"),
        (books.owner(prices["to"]) != texts(prices["buyer"]), "has another buyer"),
        (outside, "has a price outside its band"),
        (np.abs(payment - price * quantity) > room, "is paid at another price"),
    ):
        book.flag("prices", wrong, row_name("settlement.prices"), text)


def _check_stability(book: Book, plan: Plan, settlement: Mapping[str, Any]) -> None:
    """Check the excess against all named and single-member coalitions, and the core verdict against the bound."""
    payoff = {name: float(row["payoff"]) for name, row in settlement["payoffs"].items()}
    excess = -math.inf if settlement["excess"] is None else float(settlement["excess"])
    bound = math.inf if settlement["excess_bound"] is None else float(settlement["excess_bound"])
    tolerance = float(settlement["tolerance"])
    room = tolerance + NEAR * max(1.0, abs(plan.value))
    if excess > bound + room:
        book.add("excess", "settlement.excess", f"{excess:.9g} is more than its bound {bound:.9g}")
    if settlement["in_core"] != (bound <= tolerance):
        book.add("in_core", "settlement.in_core", f"is {settlement['in_core']}, the bound of the excess is {bound:.9g}")
    for place, named in enumerate(settlement["binding"]):
        paid = sum(payoff.get(name, math.nan) for name in named["enterprises"])
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


def _check_subsidy(book: Book, plan: Plan, settlement: Mapping[str, Any]) -> None:
    """Check recipients, sums and proven minimum of a subsidy, and that it covers the coalitions' shortfalls."""
    given, tolerance, names = settlement["subsidy"], float(settlement["tolerance"]), set(settlement["payoffs"])
    if given is None:
        return
    if not set(given["to"]) <= names or set(given["payoffs"]) != names:
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
    # the coalitions with a stated value: single enterprises, and those that bind
    known = [([name], float(value)) for name, value in (plan.standalone or {}).items() if value is not None]
    known += [(list(one["enterprises"]), float(one["value"])) for one in settlement["binding"]]
    for members, value in known:
        short = value - math.fsum(paid[name] for name in members)
        if len(members) < len(names) and short > max(0.0, bound) + room:
            subject = "settlement.subsidy.payoffs"
            book.add("subsidy", subject, f"{' '.join(members)} is still paid {short:.9g} too little")
