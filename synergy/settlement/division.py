"""Parts of a game that are settled apart, the options of a rule, and its result before it is certified."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from synergy.settlement.game import Bools, CachedGame, Floats, Ints, RuleUndefined, named
from synergy.texts import Catalogue
from synergy.units import money

# English, Chinese
NOTES = Catalogue(
    {
        "core_empty": (
            "no payoffs satisfy all coalitions among {enterprises}: at best one is {number} short",
            "{enterprises} 之间没有能满足所有联盟的分配：至少有一个联盟少得 {number}",
        ),
        "rounds_used_up": (
            "stopped after {number} rounds among {enterprises}; the bound says how stable the payoffs are",
            "{enterprises} 之间计算 {number} 轮后停止；稳定程度以界为准",
        ),
        "gain_negative": (
            "together {enterprises} earn {number} against what they earn alone: an aim of the round costs more "
            "than cooperation brings",
            "{enterprises} 合作相对各自经营的增益为 {number}：轮次目标的代价超过合作收益",
        ),
        "floor_binds": (
            "the rule would pay {enterprises} up to {number} less than they earn alone; the nearest payoffs by "
            "which nobody loses are taken",
            "该方法会使 {enterprises} 最多比各自经营少得 {number}；改取无人受损的最近分配",
        ),
        "values_open": (
            "coalitions among {enterprises} count with what their best known plan brings; on average {number} more "
            "is not ruled out, which the intervals do not hold",
            "{enterprises} 的联盟按已知最优方案计值；平均尚有 {number} 的上行空间未排除，置信区间不含此项",
        ),
        "stopped_by_clock": (
            "the clock, not a gap or an amount of work, ended a search among {enterprises} ({number} coalitions "
            "valued): another run may settle otherwise",
            "{enterprises} 之间的计算因到时停止，而非达到精度或工作量上限（已计算 {number} 个联盟）："
            "再次运行结果可能不同",
        ),
        "stopped_by_request": (
            "stopped on request after {number} coalitions among {enterprises}; the bound says how stable the "
            "payoffs are",
            "按要求在计算 {enterprises} 的 {number} 个联盟后停止；稳定程度以界为准",
        ),
        "sampled": (
            "estimated from {number} pairs of random orders among {enterprises}",
            "由 {enterprises} 的 {number} 对随机顺序估计",
        ),
    }
)
COUNTED = ("rounds_used_up", "sampled", "stopped_by_clock", "stopped_by_request")  # the number is none of money


@dataclass(frozen=True, slots=True)
class RuleNote:
    """Note of a rule on its payoffs: a key of `NOTES`, the number in its sentence, and the enterprises concerned."""

    code: str
    number: float
    enterprises: tuple[str, ...]

    def sentence(self, lang: str, currency: str = "", names: Mapping[str, str] | None = None) -> str:
        """Return the note as one sentence, in ``en`` or ``zh``, enterprises by their ids where they have no names."""
        number = f"{self.number:.0f}" if self.code in COUNTED else money(self.number, currency, lang)
        called = tuple((names or {}).get(one, one) for one in self.enterprises)
        return NOTES.say(self.code, lang, number=number, enterprises=named(called, lang))


@dataclass(frozen=True, slots=True)
class Division:
    """Payoffs by a rule, shape (players,), money a year, with sum v(N), and its notes.

    `interval`, shape (players,), is half the width of a 95 % confidence interval, where the payoffs were sampled.
    """

    payoff: Floats
    notes: tuple[RuleNote, ...] = ()
    interval: Floats | None = None


class Towards(StrEnum):
    """Target payoffs to which the rule `core` stays as near as stability allows."""

    EQUAL = "equal"  # equal gains of those who can trade with each other
    DUALS = "duals"  # what the duals of the relaxation pay, near a proof and cheap where coalitions are hard to value
    BASE = "base"  # gains in proportion to the base


@dataclass(frozen=True, slots=True)
class Base:
    """Base to which gains are proportional, as ``capacity``: `amounts`, shape (players,), zero or more, in any unit."""

    name: str
    amounts: Floats


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Options of a settlement rule.

    `tolerance` is relative to the larger of 1 and ``|v(N)|``: an excess up to it counts as none. `rounds` is how often
    the game may be asked for the worst coalition, in each component. In parts of up to `listed` players all coalitions
    are valued at once (fourteen values take less than one search); `exact` is the most players in a component for which
    all coalitions are valued.

    `towards` is of the rule `core`: which of many stable payoffs is picked, the nearest to these in least squares;
    None: equal gains in parts of up to `exact` players, what the duals pay in greater ones. `base` is of the rule
    `proportional`, and of ``towards=Towards.BASE``.

    Where the rule `shapley` is sampled, `samples` is the most pairs of permutations in each component, and `seed` is
    theirs. `batch` pairs are valued together; between batches `ended` is called for the reason to end: ``clock``,
    ``request``, or None to go on. Intervals narrower on average than `precise`, a part of the gain of a component, end
    the sampling.
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


@dataclass(frozen=True, slots=True)
class Part:
    """Players that can trade with each other and are settled together.

    `members` are k positions among the players, `inside`, shape (players,), marks them; `total` is the amount to share:
    v(N), or their part of it. Proven: all of them as a coalition of their own are worth no more than `bound`; it is
    `total` where they are all players. By member, shape (k,): `floor` is v of each alone, minus infinity where one has
    no plan alone, `floored` says who has one, and `ground`, from which gains count, is the floor, zero without one.
    `gain` is the total less the ground; `losing`: they earn less together than alone, so that no payoff keeps all
    floors.
    """

    members: Ints
    inside: Bools
    total: float
    bound: float
    floor: Floats
    floored: Bools
    ground: Floats
    gain: float
    losing: bool


def parts_of(asked: CachedGame, options: RuleOptions) -> tuple[Part, ...]:
    """Return the parts that are settled separately; each player stands in one of them.

    Where v(N) is the sum of the components' values these are the components, and what gaps of the solver leave between
    them is shared in proportion to their gains; where an aim of the round binds all together (then it is not) all
    players are one part.

    Raises
    ------
    RuleUndefined
        Where all players together have no plan.
    """
    count, components, tolerance = len(asked.players), asked.components, options.tolerance * asked.scale
    whole, *alone = asked.values([np.ones(count, np.bool_), *np.eye(count, dtype=np.bool_)])
    if not np.isfinite(whole.value):
        raise RuleUndefined("settlement", "no_plan")
    floor = np.array([worth.value for worth in alone])
    ground = np.where(np.isfinite(floor), floor, 0.0)
    worths = asked.values([np.isin(np.arange(count), members) for members in components])
    left = whole.value - sum(worth.value for worth in worths)
    open_gaps = sum(worth.bound - worth.value for worth in (*worths, whole))
    if len(components) == 1 or not abs(left) <= tolerance + open_gaps:
        components, totals, bounds = (np.arange(count),), [whole.value], [whole.value]
    else:
        gains = np.array(
            [max(0.0, worth.value - float(ground[at].sum())) for at, worth in zip(components, worths, strict=True)]
        )
        weights = gains if gains.sum() > 0 else np.array([float(len(members)) for members in components])
        more = (left * weights / weights.sum()).tolist()
        totals = [worth.value + extra for worth, extra in zip(worths, more, strict=True)]
        bounds = [max(worth.bound, total) for worth, total in zip(worths, totals, strict=True)]
    parts = []
    for members, total, bound in zip(components, totals, bounds, strict=True):
        low, inside = floor[members], np.isin(np.arange(count), members)
        gain, floored = total - float(ground[members].sum()), np.isfinite(low)
        losing = bool(floored.all()) and gain < -tolerance
        parts.append(Part(members, inside, total, bound, low, floored, ground[members], gain, losing))
    return tuple(parts)


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
