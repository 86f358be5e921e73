"""Game: the enterprises, what each coalition is worth, and which coalition a payoff pays worst."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Worth:
    """What a coalition is worth, in money a year.

    Parameters
    ----------
    value : float
        Of the best plan known; minus infinity where no plan satisfies the coalition's constraints.
    bound : float
        Proven: no plan is worth more. Equal to `value` where v(S) is known exactly.
    timed : bool
        Whether the clock ended the search for it: another run may find another value.
    """

    value: float
    bound: float
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A coalition that a payoff pays worst, in money a year.

    Parameters
    ----------
    members : numpy.ndarray of bool, shape (players,)
        The coalition.
    excess : float
        ``value(members) - payoff(members)``; minus infinity where no coalition asked about has a plan.
    bound : float
        Proven: no coalition asked about has an excess above it. At least `excess`.
    value : float
        The value of `members` that `excess` was computed from.
    """

    members: Bools
    excess: float
    bound: float
    value: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Structure of an assignment game: each seller has one unit, each buyer wants one, the others bring nothing.

    Parameters
    ----------
    sellers, buyers : numpy.ndarray of int, shapes (m,) and (n,)
        Positions among the players.
    worth : numpy.ndarray of float, shape (m, n)
        What seller i and buyer j gain together over what both are worth alone, 0 where they gain nothing.

    References
    ----------
    Shapley, L. S., Shubik, M. (1971), The assignment game I: the core, International Journal of Game Theory 1,
    111-130, doi:10.1007/BF01753437.
    """

    sellers: Ints
    buyers: Ints
    worth: Floats


class Game(Protocol):
    """A game with transferable utility that is asked for values, not listed.

    v is superadditive but for the grand coalition, which aims of the round may bind alone; v(empty) = 0.

    Attributes
    ----------
    players : tuple of str
        Names of the enterprises, in the order of all arrays.
    components : tuple of numpy.ndarray of int
        Positions of players that can trade at all, directly or through others; each player stands in just one.
        For S other than N, v(S) is the sum of v over its parts in the components.
    start : numpy.ndarray of float, shape (players,), or None
        Payoffs by the duals of a relaxation: they pay every coalition at least its value, proven; their sum is
        at least v(N).
    assignment : Assignment or None
        Where the game is an assignment game.
    stopped : str or None
        ``clock`` or ``request`` where that ended a search of it so far; None where gap or work ended all.
    """

    @property
    def stopped(self) -> str | None:
        """Return what ended a search so far other than gap or work."""

    @property
    def players(self) -> tuple[str, ...]:
        """Return the names of the enterprises."""

    @property
    def components(self) -> tuple[Ints, ...]:
        """Return the positions of the players that can trade at all, component by component."""

    @property
    def start(self) -> Floats | None:
        """Return payoffs from duals that pay every coalition at least its value."""

    @property
    def assignment(self) -> Assignment | None:
        """Return the assignment structure, where there is one."""

    def value(self, members: Bools) -> Worth:
        """Return what a coalition is worth; the grand coalition with the aims of the round."""

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return what coalitions are worth, in the order asked; the same bits for any number of workers."""

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition that a payoff pays worst.

        Parameters
        ----------
        payoff : numpy.ndarray of float, shape (players,)
            Money a year.
        among : numpy.ndarray of bool, shape (players,), or None
            Coalitions of these players alone, all of them together and nobody left out: of the non-empty proper
            subsets. None: of all players.
        """


@dataclass(frozen=True, slots=True)
class Table:
    """A small game whose values are listed or computed by a function; every coalition is looked at.

    Parameters
    ----------
    players : tuple of str
        Names.
    worth : callable
        From the positions of a coalition's members (a frozenset) to its value, or to its value and its bound.
    components, start, assignment
        As of `Game`; by default all players can trade.
    """

    players: tuple[str, ...]
    worth: Callable[[frozenset[int]], float | Worth]
    parts: tuple[Ints, ...] | None = None
    start: Floats | None = None
    assignment: Assignment | None = None
    stopped: str | None = None

    @classmethod
    def listed(cls, players: Sequence[str], values: Mapping[str, float]) -> Table:
        """Return the game with the values by the names of the members joined, as ``{"12": 5.0}``; others are worth 0.

        Parameters
        ----------
        players : sequence of str
            Names, one character each or separated by blanks in the keys of `values`.
        values : mapping of str to float
            Coalition values.
        """
        place = {name: at for at, name in enumerate(players)}
        keyed = {
            frozenset(place[name] for name in (key.split() if " " in key or key in place else key)): value
            for key, value in values.items()
        }
        return cls(tuple(players), lambda members: keyed.get(members, 0.0))

    @property
    def components(self) -> tuple[Ints, ...]:
        """Return the components, by default one of all players."""
        return self.parts if self.parts is not None else (np.arange(len(self.players)),)

    def value(self, members: Bools) -> Worth:
        """Return what a coalition is worth; the empty one nothing."""
        inside = frozenset(np.flatnonzero(members).tolist())
        worth = self.worth(inside) if inside else 0.0
        return worth if isinstance(worth, Worth) else Worth(float(worth), float(worth))

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return what coalitions are worth, in the order asked."""
        return [self.value(members) for members in many]

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition that a payoff pays worst, by looking at all; of equals the smallest, then the first."""
        inside = np.arange(len(self.players)) if among is None else np.flatnonzero(among)
        best, bound = Found(np.zeros(len(self.players), np.bool_), -np.inf, -np.inf, -np.inf), -np.inf
        for size in range(1, len(inside)):
            for chosen in combinations(inside.tolist(), size):
                members = np.zeros(len(self.players), np.bool_)
                members[list(chosen)] = True
                worth, paid = self.value(members), float(payoff[members].sum())
                bound = max(bound, worth.bound - paid)
                if worth.value - paid > best.excess:
                    best = Found(members, worth.value - paid, bound, worth.value)
        return Found(best.members, best.excess, bound, best.value)
