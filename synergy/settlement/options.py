"""Options: what a settlement may be told, apart from the game and the rule's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from synergy.settlement.game import Floats


class Towards(StrEnum):
    """To which payoffs the rule `core` stays as near as stability allows."""

    EQUAL = "equal"  # equal gains of those who can trade with each other
    DUALS = "duals"  # what the duals of the relaxation pay, near a proof and cheap where coalitions are hard to value
    BASE = "base"  # gains in proportion to the base


@dataclass(frozen=True, slots=True)
class Base:
    """What gains are proportional to.

    Parameters
    ----------
    name : str
        As people call it, ``capacity`` say.
    amounts : numpy.ndarray of float, shape (players,)
        Zero or more, in any unit.
    """

    name: str
    amounts: Floats


@dataclass(frozen=True, slots=True)
class Options:
    """What a settlement may be told.

    Parameters
    ----------
    tolerance : float
        Relative to the larger of 1 and ``|v(N)|``: an excess up to it counts as none.
    rounds : int
        How often the game may be asked for the worst coalition, in each component.
    towards : Towards or None
        Of the rule `core`: which of many stable payoffs is picked, the nearest to these in least squares. None: equal
        gains in parts of up to `exact` players, what the duals pay in greater ones.
    base : Base or None
        Of the rule `proportional`, and of ``towards=Towards.BASE``.
    listed : int
        Players of a part up to which all coalitions are valued at once: fourteen values take less than one search.
    exact : int
        Most players in a component for which all coalitions are valued.
    samples : int
        Most pairs of permutations of the rule `shapley` where it is sampled, in each component.
    batch : int
        Pairs that are valued together, between which it may be stopped.
    precise : float
        Part of the gain of a component: intervals narrower than it on average end the sampling.
    ended : callable or None
        Asked between batches what ends it: ``clock``, ``request``, or None for nothing yet.
    seed : int
        Of the permutations.
    """

    tolerance: float = 1e-6
    rounds: int = 400
    towards: Towards | None = None
    base: Base | None = None
    listed: int = 4
    exact: int = 12
    samples: int = 100
    batch: int = 25
    precise: float = 1e-4
    ended: Callable[[], str | None] | None = None
    seed: int = 0
