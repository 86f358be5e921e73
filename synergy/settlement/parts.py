"""Parts: sets of players that can trade with each other, each settled separately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.division import RuleOptions
from synergy.settlement.game import Bools, Floats, Game, Ints, RuleUndefined, Worth


@dataclass(frozen=True, slots=True)
class Part:
    """Players that are settled together.

    `members` are k positions among the players, `total` is the amount to share: v(N), or their part of it; `floor`,
    shape (k,), is v of each alone, minus infinity where one has no plan alone. Proven: all of them as a coalition of
    their own are worth no more than `bound`; it is `total` where they are all players.
    """

    members: Ints
    total: float
    floor: Floats
    bound: float

    @property
    def ground(self) -> Floats:
        """Return the reference point of gains, shape (k,): the floor, zero where there is none."""
        return np.where(np.isfinite(self.floor), self.floor, 0.0)

    @property
    def gain(self) -> float:
        """Return the total less the ground."""
        return self.total - float(self.ground.sum())

    @property
    def floored(self) -> Bools:
        """Return which players have a standalone plan, shape (k,)."""
        return np.isfinite(self.floor)

    def losing(self, tolerance: float) -> bool:
        """Return whether the players earn less together than alone, so that no payoff keeps all floors."""
        return bool(self.floored.all()) and self.gain < -tolerance

    def mask(self, players: int) -> Bools:
        """Return the part as a coalition, shape (players,)."""
        return coalition(self.members, players)


def coalition(members: Ints, players: int) -> Bools:
    """Return positions as a coalition, shape (players,)."""
    inside = np.zeros(players, np.bool_)
    inside[members] = True
    return inside


def tolerance_of(game: Game, options: RuleOptions) -> float:
    """Return the tolerance of an excess, money a year: a fraction of the largest value, of all and of each alone."""
    count = len(game.players)
    worths = game.values([np.ones(count, np.bool_), *np.eye(count, dtype=np.bool_)])
    return options.tolerance * (max((abs(one.value) for one in worths if np.isfinite(one.value)), default=0.0) or 1.0)


def parts_of(game: Game, options: RuleOptions) -> tuple[Part, ...]:
    """Return the parts that are settled separately; each player stands in one of them.

    Where v(N) is the sum of the components' values these are the components; where an aim of the round binds all
    together (then it is not) all players are one part.

    Raises
    ------
    RuleUndefined
        Where all players together have no plan.
    """
    count = len(game.players)
    everyone = np.arange(count)
    whole = game.value(np.ones(count, np.bool_))
    if not np.isfinite(whole.value):
        raise RuleUndefined("settlement", "no_plan")
    floor = np.array([worth.value for worth in game.values(list(np.eye(count, dtype=np.bool_)))])
    components = game.components
    one = (Part(everyone, whole.value, floor, whole.value),)
    if len(components) == 1:
        return one
    worths = game.values([coalition(members, count) for members in components])
    left = whole.value - sum(worth.value for worth in worths)
    open_gaps = sum(worth.bound - worth.value for worth in (*worths, whole))
    if not abs(left) <= tolerance_of(game, options) + open_gaps:
        return one
    return _apart(components, worths, floor, left)


def _apart(components: tuple[Ints, ...], worths: list[Worth], floor: Floats, left: float) -> tuple[Part, ...]:
    """Return the components as parts; the residual of solver gaps is distributed in proportion to the gains."""
    apart = [
        Part(members, worth.value, floor[members], worth.bound)
        for members, worth in zip(components, worths, strict=True)
    ]
    gains = np.array([max(0.0, part.gain) for part in apart])
    weights = gains if gains.sum() > 0 else np.array([float(len(part.members)) for part in apart])
    extra = left * weights / weights.sum()
    return tuple(
        Part(part.members, part.total + more, part.floor, max(part.bound, part.total + more))
        for part, more in zip(apart, extra.tolist(), strict=True)
    )
