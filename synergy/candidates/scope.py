"""Scope: who takes part in a problem and what is allowed there: the round, a coalition, the status quo, today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.network.places import PUBLIC, Bools, Floats, Places


@dataclass(frozen=True, slots=True)
class Scope:
    """One of the problems of the model contract.

    Parameters
    ----------
    members : numpy.ndarray of bool, shape (enterprises,)
        Who takes part; public places always do.
    aims : bool
        Whether the aims of the scenario bind: budgets, caps, mode shares, fixed exchanges.
    duties : bool
        Whether what is compulsory at public places binds.
    capital : bool
        Whether builds, and links that cost capex, are allowed.
    deals : bool
        Whether exchanges between enterprises are confined to the deals of today.
    """

    members: Bools
    aims: bool = True
    duties: bool = True
    capital: bool = True
    deals: bool = False

    def public_part(self, places: Places) -> float:
        """Return the part of what is public that the members have: weight(S) / weight(N)."""
        return float(places.weight[self.members].sum() / places.weight.sum())

    def sites(self, places: Places) -> Bools:
        """Return which sites take part."""
        inside = np.append(self.members, True)  # the last stands for PUBLIC
        active: Bools = inside[places.owner]
        return active

    def factor(self, places: Places) -> Floats:
        """Return what part of the amounts at each site the members have, 0 where it takes no part."""
        part: Floats = np.where(places.owner == PUBLIC, self.public_part(places), 1.0) * self.sites(places)
        return part


def everyone(places: Places) -> Scope:
    """Return the scope of the round itself, v(N)."""
    return Scope(np.ones(len(places.enterprises), dtype=bool))


def coalition(members: Bools) -> Scope:
    """Return the scope of v(S), the aims of the round apart."""
    return Scope(members, aims=False, duties=False)


def today(places: Places) -> Scope:
    """Return the scope of what is done today: no capital, only the deals between enterprises, no scenario's aims."""
    return Scope(np.ones(len(places.enterprises), dtype=bool), aims=False, capital=False, deals=True)
