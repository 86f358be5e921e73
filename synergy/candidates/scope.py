"""Scope: members and rules of a problem: the round, a coalition, the status quo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.network.places import PUBLIC, Bools, Floats, Places


@dataclass(frozen=True, slots=True)
class Scope:
    """Members and rules of one problem of the model contract.

    Public places always belong to the problem, besides the `members`, shape (enterprises,). `aims`: the aims of the
    scenario bind (budgets, caps, mode shares, fixed exchanges). `duties`: obligations at public places bind. `capital`:
    builds, and links that cost capex, are allowed. `deals`: exchanges between enterprises are confined to the deals of
    today.
    """

    members: Bools
    aims: bool = True
    duties: bool = True
    capital: bool = True
    deals: bool = False

    def parts(self, places: Places) -> tuple[Bools, Floats]:
        """Return which sites belong to members or are public, and the members' share of the amounts at each site.

        The share of public capacity is weight(S) / weight(N), that of sites of non-members 0.
        """
        inside = np.append(self.members, True)  # the last stands for PUBLIC
        active: Bools = inside[places.owner]
        public = float(places.weight[self.members].sum() / places.weight.sum())
        part: Floats = np.where(places.owner == PUBLIC, public, 1.0) * active
        return active, part


def everyone(places: Places) -> Scope:
    """Return the scope of the round itself, v(N)."""
    return Scope(np.ones(len(places.enterprises), dtype=bool))


def coalition(members: Bools) -> Scope:
    """Return the scope of v(S), without policy constraints."""
    return Scope(members, aims=False, duties=False)
