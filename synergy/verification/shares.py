"""Capex and payback of proposals, links split among them by what each sends over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.literal.named import matched
from synergy.literal.scope import Floats
from synergy.plan import Proposal
from synergy.verification.books import LINK_KEY, Books
from synergy.verification.findings import Book

MONEY = ("capex", "annual_cost")


@dataclass(frozen=True, slots=True)
class Share:
    """Money of one proposal.

    Parameters
    ----------
    links : frozenset of int
        Rows of the links frame that its flows use.
    capex, annual : float
        Money, and money a year, of its builds and its part of its links.
    own : mapping of str to (float, float)
        The same by enterprise: a build is paid where it stands, a link where it leads to, or where it comes from if
        it leads to a public place.
    """

    links: frozenset[int]
    capex: float
    annual: float
    own: Mapping[str, tuple[float, float]]


def shares_of(books: Books, proposals: Sequence[Proposal]) -> list[Share]:
    """Return the money of each proposal.

    A flow that stands in several proposals, between two new units, counts in equal parts for each; a link is borne by
    quantity, what no proposal sends over it included.

    Parameters
    ----------
    books : Books
    proposals : sequence of Proposal
        All whose rows are there.
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
            Share(
                links=frozenset(link[rows].tolist()),
                capex=float(paid["capex"].sum()),
                annual=float(paid["annual_cost"].sum()),
                own={str(name): (capex, annual) for name, capex, annual in own.itertuples()},
            )
        )
    return shares


def _per_unit(cost: pd.Series, total: Floats) -> Floats:
    """Return the cost of each link by unit that flows over it."""
    rate: Floats = np.divide(cost.to_numpy(float), total, out=np.zeros(len(total)), where=total > 0)
    return rate


def check_money(book: Book, proposal: Proposal, share: Share) -> None:
    """Links, capex, whose it is, and payback are those of its flows and builds."""
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


def _payback(gain: float | None, share: Share) -> float | None:
    """Return the years in which what it earns before annuities pays the capex; None where that is never, or unknown."""
    if gain is None:
        return None
    if share.capex <= 0:
        return 0.0
    earned = gain + share.annual
    return share.capex / earned if earned > 0 else None
