"""Offers to the enterprises: proposals speak of rows that are there, and their gains make up the plan's gain."""

from __future__ import annotations

import math
from collections.abc import Sequence

from synergy.accounts.keys import texts
from synergy.plan import Kind, Plan, Proposal
from synergy.verify.findings import Book
from synergy.verify.view import View

STATES, SCOPES = ("new", "changed", "running"), ("between", "within")


def check_proposals(book: Book, view: View, plan: Plan) -> None:
    """Proposals are consistent with the plan."""
    known = set(texts(view.dataset["enterprises"]["enterprise"]))
    for proposal in plan.proposals:
        _check_words(book, proposal, known)
        if _rows_there(book, view, proposal):
            _check_rows(book, view, proposal)
            _check_money(book, view, proposal)
    ids = [proposal.id for proposal in plan.proposals]
    if len(set(ids)) != len(ids):
        book.add("proposals", "proposals", "an id stands twice")
    gains = [proposal.gain for proposal in plan.proposals]
    if plan.gain is None or plan.remainder is None or any(gain is None for gain in gains):
        if plan.remainder is not None and plan.gain is None:
            book.add("remainder", "remainder", "stands without a gain")
        return
    total = math.fsum([gain for gain in gains if gain is not None] + [plan.remainder])
    scale = abs(plan.gain) + sum(abs(gain or 0.0) for gain in gains) + view.ledger.turnover
    book.one("remainder", total, plan.gain, scale)


def _check_words(book: Book, proposal: Proposal, known: set[str]) -> None:
    """Names, kind, state and titles."""
    if proposal.kind not in tuple(Kind):
        book.add("kind", proposal.id, f"{proposal.kind!r} is no kind of proposal")
    if proposal.state not in STATES:
        book.add("state", proposal.id, f"{proposal.state!r} is no state")
    if proposal.scope not in SCOPES:
        book.add("scope", proposal.id, f"{proposal.scope!r} is no scope")
    if not (proposal.title_en.strip() and proposal.title_zh.strip()):
        book.add("title", proposal.id, "a title is missing")
    strangers = set(proposal.enterprises) - known
    if strangers or not proposal.enterprises:
        book.add("enterprises", proposal.id, f"unknown or none: {', '.join(sorted(strangers))}")


def _rows_there(book: Book, view: View, proposal: Proposal) -> bool:
    """Flows, builds and links are rows of the plan."""
    decisions = view.decisions
    for name, places in (("flows", proposal.flows), ("builds", proposal.builds), ("links", proposal.links)):
        size = len(getattr(decisions, name))
        if any(not 0 <= place < size for place in places) or len(set(places)) != len(places):
            book.add(name, proposal.id, f"speaks of {name} that the plan does not have")
            return False
    return True


def _check_rows(book: Book, view: View, proposal: Proposal) -> None:
    """Flows are those of the proposal's enterprises and commodities."""
    decisions = view.decisions
    owners = set(view.giver[list(proposal.flows)]) | set(view.taker[list(proposal.flows)])
    strangers = owners - set(proposal.enterprises) - {""}
    if strangers:
        book.add("enterprises", proposal.id, f"its flows concern {', '.join(sorted(strangers))} too")
    goods = set(texts(decisions.flows["commodity"].iloc[list(proposal.flows)]))
    if goods - set(proposal.commodities):
        book.add(
            "commodities", proposal.id, f"its flows carry {', '.join(sorted(goods - set(proposal.commodities)))} too"
        )


def _check_money(book: Book, view: View, proposal: Proposal) -> None:
    """Capex is that of its builds and of its part of its links, payback follows from it, terms are what flows.

    A link is split by what flows over it among proposals and what is no proposal's: a part lies between none and all.
    """
    builds, links = list(proposal.builds), list(proposal.links)
    least = float(view.ledger.builds["capex"].iloc[builds].sum())
    most = least + float(view.ledger.links["capex"].iloc[links].sum())
    room = 1e-9 * (abs(most) + 1.0)
    if not least - room <= proposal.capex <= most + room:
        book.add("capex", proposal.id, f"claimed {proposal.capex:.12g}, found {least:.12g} to {most:.12g}")
    if proposal.payback_years is not None and proposal.capex >= most - room:
        yearly = view.decisions.builds["annual_cost"].iloc[builds].sum()
        yearly += view.decisions.links["annual_cost"].iloc[links].sum()
        earned = (proposal.gain or 0.0) + float(yearly)
        found = proposal.capex / earned if earned > 0 else math.inf
        if not abs(proposal.payback_years - found) <= 1e-6 * max(1.0, found):
            book.add("payback", proposal.id, f"claimed {proposal.payback_years:.6g} years, found {found:.6g}")
    _check_terms(book, view, proposal, list(proposal.flows))


def _check_terms(book: Book, view: View, proposal: Proposal, rows: Sequence[int]) -> None:
    flows = view.decisions.flows.iloc[list(rows)]
    sums = flows.groupby(["from_site", "to_site", "commodity"])["quantity"].sum()
    for term in proposal.terms:
        found = float(sums.get((term.from_site, term.to_site, term.commodity), 0.0))
        if not abs(found - term.quantity) <= 1e-6 * max(1.0, abs(found)):
            book.add("terms", proposal.id, f"{term.commodity}: {term.quantity:.9g} claimed, {found:.9g} flows")
