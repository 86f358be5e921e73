"""Capex and payback of proposals, links split among them by what each sends over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.accounts.keys import Floats, find
from synergy.plan import Proposal
from synergy.verify.findings import Book
from synergy.verify.view import LINK_KEY, View


@dataclass(frozen=True, slots=True)
class Share:
    """Money of one proposal.

    Parameters
    ----------
    links : frozenset of int
        Rows of the links frame that its flows use.
    capex, annual : float
        Money, and money a year, of its builds and its part of its links.
    """

    links: frozenset[int]
    capex: float
    annual: float


def shares_of(view: View, proposals: Sequence[Proposal]) -> list[Share]:
    """Return the money of each proposal.

    A flow that stands in several proposals, between two new units, counts in equal parts for each; a link is borne by
    quantity, what no proposal sends over it included.

    Parameters
    ----------
    view : View
    proposals : sequence of Proposal
        All whose rows are there.
    """
    flows, links, builds = view.decisions.flows, view.decisions.links, view.decisions.builds
    link = find([flows[name] for name in LINK_KEY], [links[name] for name in LINK_KEY])
    every = np.concatenate([np.asarray(one.flows, dtype=np.int64) for one in proposals] or [np.empty(0, np.int64)])
    times = np.bincount(every, minlength=len(flows))
    used = link >= 0
    total = np.bincount(link[used], weights=view.quantity[used], minlength=len(links)).astype(float)
    money = {name: _per_unit(links[name], total) for name in ("capex", "annual_cost")}
    found = []
    for one in proposals:
        rows = np.asarray([row for row in one.flows if link[row] >= 0], dtype=np.int64)
        sent = view.quantity[rows] / times[rows]
        over = {name: float(sent @ rate[link[rows]]) for name, rate in money.items()}
        built = builds.iloc[list(one.builds)]
        found.append(
            Share(
                links=frozenset(link[rows].tolist()),
                capex=over["capex"] + float(built["capex"].sum()),
                annual=over["annual_cost"] + float(built["annual_cost"].sum()),
            )
        )
    return found


def _per_unit(cost: pd.Series, total: Floats) -> Floats:
    """Return the cost of each link by unit that flows over it."""
    rate: Floats = np.divide(cost.to_numpy(float), total, out=np.zeros(len(total)), where=total > 0)
    return rate


def check_money(book: Book, proposal: Proposal, share: Share) -> None:
    """Links, capex and payback are those of its flows and builds."""
    if share.links != set(proposal.links):
        book.add("links", proposal.id, "are not those that its flows use")
    if not abs(proposal.capex - share.capex) <= 1e-6 * max(1.0, share.capex):
        book.add("capex", proposal.id, f"claimed {proposal.capex:.12g}, found {share.capex:.12g}")
    found = _payback(proposal.gain, share)
    claim = proposal.payback_years
    if claim is None or found is None:
        if claim is not found:
            book.add("payback", proposal.id, f"claimed {claim} years, found {found}")
    elif not abs(claim - found) <= 1e-6 * max(1.0, found):
        book.add("payback", proposal.id, f"claimed {claim:.6g} years, found {found:.6g}")


def _payback(gain: float | None, share: Share) -> float | None:
    """Return the years in which what it earns before annuities pays the capex; None where that is never, or unknown."""
    if gain is None:
        return None
    if share.capex <= 0:
        return 0.0
    earned = gain + share.annual
    return share.capex / earned if earned > 0 else None
