"""Check the proposals: they refer to rows of the plan, name the right enterprises, and sum to the gain."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.literal.point import matched
from synergy.literal.scope import Flags, Floats, Texts
from synergy.plan import Kind, Plan, Proposal
from synergy.verification.books import LINK_KEY, Books, texts
from synergy.verification.findings import Book

STATES, SCOPES = ("new", "changed", "running"), ("between", "within")
SAME = 0.01  # amounts that differ by less than this part are the same deal
OUTSIDE = ("market", "disposal")
MONEY = ("capex", "annual_cost")


@dataclass(frozen=True, slots=True)
class OwnedFlows:
    """Owners at the ends of the plan's flows and which flows can be proposed, each array of shape (flows,).

    Owners are enterprises, or "@" and the public place. `crossing` flows are between two enterprises, or between sites
    of one or with a public place and neither bought nor sold outside.
    """

    giver: Texts
    taker: Texts
    crossing: Flags


def check_proposals(book: Book, books: Books, plan: Plan) -> None:
    """Check that the proposals are consistent with the plan."""
    known = set(texts(books.dataset["enterprises"]["enterprise"]))
    exchanges = _exchanges(books)
    there = [proposal for proposal in plan.proposals if _rows_there(book, books, proposal)]
    for proposal in plan.proposals:
        _check_words(book, proposal, known)
    shares, prices = shares_of(books, there), _prices(plan)
    for number, proposal in enumerate(there):
        _check_people(book, books, proposal, exchanges)
        _check_subject(book, books, proposal, exchanges)
        check_money(book, proposal, shares[number])
        _check_terms(book, books, proposal, exchanges)
        _check_prices(book, proposal, prices)
        _check_loss(book, plan, proposal)
    ids = [proposal.id for proposal in plan.proposals]
    if len(set(ids)) != len(ids):
        book.add("proposals", "proposals", "an id stands twice")
    _check_sum(book, books, plan)


def _exchanges(books: Books) -> OwnedFlows:
    """Return the owners of both ends of the flows and which flows can be proposed."""
    flows = books.decisions.flows
    public_from, public_to = books.giver == "", books.taker == ""
    outside = np.isin(texts(flows["outlet_kind"]), OUTSIDE) | np.isin(texts(flows["inlet_kind"]), OUTSIDE)
    inner = books.moves & ~books.partnership & ~(public_from & public_to) & ~outside
    return OwnedFlows(
        giver=np.where(public_from, "@" + texts(flows["from_site"]), books.giver),
        taker=np.where(public_to, "@" + texts(flows["to_site"]), books.taker),
        crossing=(books.moves & books.partnership) | inner,
    )


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


def _rows_there(book: Book, books: Books, proposal: Proposal) -> bool:
    """Check that the flows, builds and links of a proposal are rows of the plan; return whether they are."""
    decisions = books.decisions
    for name, places in (("flows", proposal.flows), ("builds", proposal.builds), ("links", proposal.links)):
        size = len(getattr(decisions, name))
        if any(not 0 <= place < size for place in places) or len(set(places)) != len(places):
            book.add(name, proposal.id, f"speaks of {name} that the plan does not have")
            return False
    return True


def _check_people(book: Book, books: Books, proposal: Proposal, exchanges: OwnedFlows) -> None:
    """Check enterprises, host, scope and commodities of a proposal against its flows and build."""
    rows = list(proposal.flows)
    crossing = [row for row in rows if exchanges.crossing[row]]
    host = _host(books, proposal)
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


def _host(books: Books, proposal: Proposal) -> str:
    """Return the owner of the site of a proposal's build, "" without a build."""
    if not proposal.builds:
        return ""
    site = str(books.decisions.builds["site"].iloc[proposal.builds[0]])
    return str(books.owner([site])[0]) or f"@{site}"


def _check_subject(book: Book, books: Books, proposal: Proposal, exchanges: OwnedFlows) -> None:
    """Check a proposal's id against its build or its pair and commodity, and its state against the deals."""
    rows, flows = list(proposal.flows), books.decisions.flows
    if proposal.builds:
        build = books.decisions.builds.iloc[proposal.builds[0]]
        wanted = f"build:{build['process']}@{build['site']}"
        if proposal.id != wanted or len(proposal.builds) > 1:
            book.add("id", proposal.id, f"its build is {wanted!r}")
        if proposal.state != "new":
            book.add("state", proposal.id, "a build is new")
        return
    keys = {
        f"deal:{giver}>{taker}:{good}"
        for giver, taker, good in zip(
            exchanges.giver[rows], exchanges.taker[rows], texts(flows["commodity"])[rows], strict=True
        )
    }
    if keys != {proposal.id}:
        book.add("id", proposal.id, f"its flows are of {', '.join(sorted(keys)) or 'nobody'}")
        return
    found = _state(books, exchanges, rows[0])
    if proposal.state != found:
        book.add("state", proposal.id, f"claimed {proposal.state!r}, found {found!r}")
    phase = books.dataset["commodities"].set_index("commodity")["phase"]
    if phase.get(str(flows["commodity"].iloc[rows[0]])) == "right" and proposal.kind != Kind.REALLOCATION:
        book.add("kind", proposal.id, "a right that moves is reallocated")


def _state(books: Books, exchanges: OwnedFlows, row: int) -> str:
    """Return the state of a direct exchange: new, running as in today's deals, or changed."""
    flows, deals = books.decisions.flows, books.dataset["deals"]
    good, giver, taker = str(flows["commodity"].iloc[row]), exchanges.giver[row], exchanges.taker[row]
    same = books.moves & (exchanges.giver == giver) & (exchanges.taker == taker) & (texts(flows["commodity"]) == good)
    now = float(books.quantity[same].sum())
    owner = {end: books.owner(deals[end]) for end in ("from_site", "to_site")}
    ends = {end: np.where(owner[end] == "", "@" + texts(deals[end]), owner[end]) for end in owner}
    agreed = (ends["from_site"] == giver) & (ends["to_site"] == taker) & (texts(deals["commodity"]) == good)
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
    sums = both["quantity"]
    told: Sequence[tuple[str, str, str]] = [(one.from_site, one.to_site, one.commodity) for one in proposal.terms]
    if set(told) != set(sums.index) or len(set(told)) != len(told):
        book.add("terms", proposal.id, "are not of the ends and commodities that its flows have")
        return
    for term in proposal.terms:
        found = float(sums[term.from_site, term.to_site, term.commodity])
        if not abs(found - term.quantity) <= 1e-6 * max(1.0, abs(found)):
            book.add("terms", proposal.id, f"{term.commodity}: {term.quantity:.9g} claimed, {found:.9g} flows")
        mean = float(both["way"][term.from_site, term.to_site, term.commodity]) / found if found > 0 else None
        if (term.km is None) != (mean is None) or not abs((term.km or 0.0) - (mean or 0.0)) <= 1e-6 * (1 + (mean or 0)):
            book.add("terms", proposal.id, f"{term.commodity}: {term.km} km claimed, {mean} found")


def _prices(plan: Plan) -> dict[tuple[str, str, str], float]:
    """Return the settlement's prices by sites and commodity."""
    rows = () if plan.settlement is None else plan.settlement["prices"]
    return {(row["from"], row["to"], row["commodity"]): float(row["price"]) for row in rows}


def _check_prices(book: Book, proposal: Proposal, prices: dict[tuple[str, str, str], float]) -> None:
    """Check that the terms have the prices of the settlement, and none where it has none."""
    for term in proposal.terms:
        found = prices.get((term.from_site, term.to_site, term.commodity))
        if term.price != found:
            book.add(
                "terms", proposal.id, f"{term.commodity}: claims the price {term.price}, the settlement has {found}"
            )


def _check_loss(book: Book, plan: Plan, proposal: Proposal) -> None:
    """Check that the plan without a proposal is worth no more than the bound."""
    loss = proposal.marginal_gain
    if loss is None:
        return
    room = 1e-6 * max(1.0, abs(plan.value))
    if not loss >= plan.value - plan.bound - room:
        book.add("marginal_gain", proposal.id, f"{loss:.9g}: the plan without it would be worth more than the bound")


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


def shares_of(books: Books, proposals: Sequence[Proposal]) -> list[ProposalShare]:
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
    money = {name: _per_unit(links[name], total) for name in MONEY}
    ends = {name: books.owner(links[name]) for name in ("from_site", "to_site")}
    payer = np.where(ends["to_site"] == "", ends["from_site"], ends["to_site"])
    host = books.owner(builds["site"])
    shares = []
    for one in proposals:
        rows = np.asarray([row for row in one.flows if link[row] >= 0], dtype=np.int64)
        sent = books.quantity[rows] / times[rows]
        built = list(one.builds)
        paid = pd.DataFrame({name: rate[link[rows]] * sent for name, rate in money.items()}, columns=list(MONEY))
        paid = pd.concat([paid, builds.iloc[built][list(MONEY)]])
        whose = np.concatenate([payer[link[rows]], host[built]])
        own = paid.groupby(whose)[list(MONEY)].sum()
        shares.append(
            ProposalShare(
                links=frozenset(link[rows].tolist()),
                capex=float(paid["capex"].sum()),
                annual=float(paid["annual_cost"].sum()),
                own={str(name): (capex, annual) for name, capex, annual in own.itertuples()},
            )
        )
    return shares


def _per_unit(cost: pd.Series, total: Floats) -> Floats:
    """Return the cost of each link per unit of flow over it."""
    rate: Floats = np.divide(cost.to_numpy(float), total, out=np.zeros(len(total)), where=total > 0)
    return rate


def check_money(book: Book, proposal: Proposal, share: ProposalShare) -> None:
    """Check links, capex, cost shares and payback of a proposal against its flows and builds."""
    if share.links != set(proposal.links):
        book.add("links", proposal.id, "are not those that its flows use")
    if not abs(proposal.capex - share.capex) <= 1e-6 * max(1.0, share.capex):
        book.add("capex", proposal.id, f"claimed {proposal.capex:.12g}, found {share.capex:.12g}")
    for firm, told in proposal.own.items():
        for name, right in zip(("capex", "annual"), share.own.get(firm, (0.0, 0.0)), strict=True):
            left = told[name]
            if left is None or not abs(left - right) <= 1e-6 * max(1.0, share.capex):
                book.add(f"own.{name}", proposal.id, f"{firm}: claimed {left}, found {right:.12g}")
    found = _payback(proposal.gain, share)
    claim = proposal.payback_years
    if claim is None or found is None:
        if claim is not found:
            book.add("payback", proposal.id, f"claimed {claim} years, found {found}")
    elif not abs(claim - found) <= 1e-6 * max(1.0, found):
        book.add("payback", proposal.id, f"claimed {claim:.6g} years, found {found:.6g}")


def _payback(gain: float | None, share: ProposalShare) -> float | None:
    """Return the payback time in years, the capex over the yearly gain before annuities; None if never or unknown."""
    if gain is None:
        return None
    if share.capex <= 0:
        return 0.0
    earned = gain + share.annual
    return share.capex / earned if earned > 0 else None
