"""Certificate: stability of payoffs, and the bound to which it is proven."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from synergy.settlement.division import RuleOptions
from synergy.settlement.game import Bools, CachedGame, Floats
from synergy.settlement.least_core import by_duals, frame_of
from synergy.settlement.parts import Part, tolerance_of

SHOWN = 50  # binding coalitions that are named


class Verdict(StrEnum):
    """Verdict on whether some coalition could do better on its own."""

    STABLE = "stable"  # proven: there is none
    BEATEN = "beaten"  # one is known
    OPEN = "open"  # none is known, but the bounds on values leave room for one


@dataclass(frozen=True, slots=True)
class Binding:
    """Binding coalition, paid no more than its value: enterprises, value alone, payoff, money a year."""

    enterprises: tuple[str, ...]
    value: float
    payoff: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Stability certificate of payoffs, money a year.

    `excess` is the greatest ``v(S) - x(S)`` found over coalitions S other than all, v(S) being what its best known plan
    is worth; zero where there is no such coalition. Proven: no coalition has an excess above `bound`, which is at least
    `excess`. The verdict is ``stable`` where the bound is at most the tolerance, ``beaten`` where the excess is above
    it, else ``open``. `tested` counts the coalitions other than all whose value was computed. `binding` are those that
    get exactly what they are worth alone, or are short by the greatest excess; without any, the one nearest to it.
    """

    excess: float
    bound: float
    verdict: Verdict
    tolerance: float
    tested: int
    binding: tuple[Binding, ...]

    @property
    def in_core(self) -> bool:
        """Return whether the payoffs are proven to be in the core."""
        return self.verdict is Verdict.STABLE


@dataclass(frozen=True, slots=True)
class _Seen:
    """Excess and bound over the proper coalitions of one part."""

    excess: float
    bound: float


def certify(asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, options: RuleOptions) -> Certificate:
    """Certify the stability of `payoff`, shape (players,), money a year, with one separation for each part.

    Where the game falls into parts, the worst coalition of all is the union of the worst of each part, or of the parts
    whole; so its excess is the sum of theirs where these are positive. Without rounds the game is not asked where it
    has duals, which then give the bound.
    """
    tolerance = tolerance_of(asked, options)
    seen = [_seen(asked, part, payoff, options) for part in parts]
    if len(parts) == 1:
        excess, bound = seen[0].excess, seen[0].bound
    else:
        left = [(part.total - float(payoff[part.members].sum()), part) for part in parts]
        excess = sum(max(0.0, one.excess, rest) for one, (rest, _) in zip(seen, left, strict=True))
        whole = [max(0.0, part.bound - part.total + rest) for rest, part in left]
        bound = sum(max(one.bound, rest) for one, rest in zip(seen, whole, strict=True))
    if not np.isfinite(excess) and len(asked.players) == 1:
        excess = bound = 0.0
    unbeaten = Verdict.STABLE if bound <= tolerance else Verdict.OPEN
    verdict = Verdict.BEATEN if excess > tolerance else unbeaten
    binding, tested = _binding(asked, parts, payoff, tolerance)
    return Certificate(excess, max(bound, excess), verdict, tolerance, tested, binding)


def _seen(asked: CachedGame, part: Part, payoff: Floats, options: RuleOptions) -> _Seen:
    """Return the greatest known excess of one part's coalitions, and a proven bound on it."""
    if len(part.members) == 1:
        return _Seen(-np.inf, -np.inf)
    frame = frame_of(asked, part, tolerance_of(asked, options))
    proven = by_duals(frame, payoff)
    inside = asked.inside(part.mask(len(asked.players)))
    known = max((worth.value - float(payoff[members].sum()) for members, worth in inside), default=-np.inf)
    if options.rounds == 0 and np.isfinite(proven):
        return _Seen(known, max(known, proven))
    found = frame.worst(payoff)
    excess = max(known, found.excess)
    return _Seen(excess, max(excess, min(found.bound, proven)))


def _binding(
    asked: CachedGame, parts: tuple[Part, ...], payoff: Floats, tolerance: float
) -> tuple[tuple[Binding, ...], int]:
    """Return the binding coalitions, the worst first, and the number of valued proper coalitions."""
    listed = []
    for part in parts:
        known = [
            (worth.value - float(payoff[members].sum()), members, worth.value)
            for members, worth in asked.inside(part.mask(len(asked.players)))
            if np.isfinite(worth.value)
        ]
        worst = max((excess for excess, _, _ in known), default=-np.inf)
        tight = worst - tolerance if worst > tolerance else min(worst, -tolerance)
        listed += [(excess, inside, value) for excess, inside, value in known if excess >= tight]
    listed.sort(key=lambda one: (-round(one[0] / tolerance), int(one[1].sum()), np.flatnonzero(one[1]).tolist()))
    binding = tuple(
        Binding(tuple(asked.players[at] for at in np.flatnonzero(inside)), value, float(payoff[inside].sum()))
        for _, inside, value in listed[:SHOWN]
    )
    return binding, sum(not members.all() for members, _ in asked.known.values())


def subsets(count: int) -> Bools:
    """Return all subsets of some players, shape (2 ** count, count), the empty one first.

    Examples
    --------
    >>> subsets(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    numbers = np.arange(2**count)[:, None]
    inside: Bools = (numbers >> np.arange(count)[None, :] & 1).astype(np.bool_)
    return inside


def all_values(asked: CachedGame, part: Part) -> Floats:
    """Return the values of all coalitions of a part, shape (2 ** k,): 0 of the empty one, the total of the last.

    Money a year; minus infinity where a coalition has no plan.
    """
    inside = subsets(len(part.members))
    many = np.zeros((len(inside), len(asked.players)), np.bool_)
    many[:, part.members] = inside
    worths = asked.values(list(many[1:-1]))
    return np.array([0.0, *(worth.value for worth in worths), part.total])
