"""Game: enterprises, coalition values, and the separation problem of a payoff."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synergy.errors import UsageError
from synergy.texts import Catalogue
from synergy.units import money

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAMED = 4  # enterprises named one by one in a sentence


@dataclass(frozen=True, slots=True)
class Worth:
    """Coalition value with its proven bound, in money a year.

    `value` is that of the best plan known; minus infinity where no plan satisfies the coalition's constraints. Proven:
    no plan is worth more than `bound`, which equals `value` where v(S) is known exactly. `timed`: the clock ended the
    search for it, and another run may find another value.
    """

    value: float
    bound: float
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Coalition `members`, shape (players,), with the greatest excess under a payoff, in money a year.

    `excess` is ``value(members) - payoff(members)``, computed from `value`; minus infinity where no coalition asked
    about has a plan. Proven: no coalition asked about has an excess above `bound`, which is at least `excess`.
    """

    members: Bools
    excess: float
    bound: float
    value: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Structure of an assignment game: each seller has one unit, each buyer wants one, the others add no value.

    `sellers` (m of them) and `buyers` (n) are positions among the players; `worth`, shape (m, n), is the gain of seller
    i and buyer j together over their standalone values, 0 where there is none.

    References
    ----------
    Shapley, L. S., Shubik, M. (1971), The assignment game I: the core, International Journal of Game Theory 1, 111-130,
    doi:10.1007/BF01753437.
    """

    sellers: Ints
    buyers: Ints
    worth: Floats


class Game(Protocol):
    """Game with transferable utility, its values computed on demand.

    v is superadditive but for the grand coalition, which aims of the round may bind alone; v(empty) = 0. For S other
    than N, v(S) is the sum of v over its parts in the components.
    """

    @property
    def stopped(self) -> str | None:
        """Return ``clock`` or ``request`` where that ended a search so far; None where gap or work ended all."""

    @property
    def players(self) -> tuple[str, ...]:
        """Return the names of the enterprises, in the order of all arrays."""

    @property
    def components(self) -> tuple[Ints, ...]:
        """Return the positions of the players that can trade, directly or through others; each is in one component."""

    @property
    def start(self) -> Floats | None:
        """Return payoffs by the duals of a relaxation, shape (players,), None where there are none.

        Proven: they pay every coalition at least its value; their sum is at least v(N).
        """

    @property
    def assignment(self) -> Assignment | None:
        """Return the assignment structure, where the game is an assignment game."""

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return the values of coalitions in the order given; bitwise equal for any number of workers.

        That of the grand coalition includes the aims of the round.
        """

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition with the greatest excess under a payoff (money a year): the separation problem.

        Coalitions are the non-empty proper subsets of the players `among`, shape (players,); None: of all players.
        """


@dataclass(frozen=True, slots=True)
class TableGame:
    """Small game with listed or computed values; coalitions are enumerated.

    `worth` gives the value of the players at some positions (a frozenset), or their value and its bound. `parts` are
    the components; by default all players can trade.
    """

    players: tuple[str, ...]
    worth: Callable[[frozenset[int]], float | Worth]
    parts: tuple[Ints, ...] | None = None
    start: Floats | None = None
    assignment: Assignment | None = None
    stopped: str | None = None

    @classmethod
    def listed(cls, players: Sequence[str], values: Mapping[str, float]) -> TableGame:
        """Return the game with the values by the names of the members joined, as ``{"12": 5.0}``; other values are 0.

        Names have one character each or are separated by blanks in the keys of `values`.
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
        """Return the value of a coalition; 0 for the empty one."""
        inside = frozenset(np.flatnonzero(members).tolist())
        worth = self.worth(inside) if inside else 0.0
        return worth if isinstance(worth, Worth) else Worth(float(worth), float(worth))

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return the values of coalitions in the order given."""
        return [self.value(members) for members in many]

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition with the greatest excess by enumeration; of equals the smallest, then the first."""
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


class CachedGame:
    """Game with a cache of its answers.

    `names` are the players as an array. `scale` is the size of its values, money a year: that of the greatest, of all
    and of each alone, 1 where all are zero; tolerances are parts of it.
    """

    def __init__(self, game: Game) -> None:
        self._game = game
        self.players, self.components = game.players, game.components
        self.start, self.assignment = game.start, game.assignment
        self.names = np.array(game.players, dtype=object)
        self._worst: dict[tuple[bytes, bytes], Found] = {}
        self.known: dict[bytes, tuple[Bools, Worth]] = {}
        count = len(game.players)
        worths = self.values([np.ones(count, np.bool_), *np.eye(count, dtype=np.bool_)])
        self.scale = max((abs(one.value) for one in worths if np.isfinite(one.value)), default=0.0) or 1.0

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return the values of coalitions; each unknown one is queried once."""
        new = {members.tobytes(): members for members in many if members.tobytes() not in self.known}
        for members, worth in zip(new.values(), self._game.values(list(new.values())), strict=True):
            self.known[members.tobytes()] = (members.copy(), worth)
        return [self.known[members.tobytes()][1] for members in many]

    def worst(self, payoff: Floats, among: Bools) -> Found:
        """Return the coalition with the greatest excess under a payoff; answers are cached.

        The game is not asked where there is no other coalition than all, or the values of all others are known.
        """
        key = (among.tobytes(), payoff[among].tobytes())
        if key in self._worst:
            return self._worst[key]
        known, others = self.inside(among), 2.0 ** int(among.sum()) - 2
        if others == 0:
            found = Found(np.zeros(len(among), np.bool_), -np.inf, -np.inf, -np.inf)
        elif known and len(known) >= others:
            rows = np.array([members for members, _ in known])
            paid = rows @ payoff
            excess = np.array([worth.value for _, worth in known]) - paid
            bound = np.array([worth.bound for _, worth in known]) - paid
            worst = int(np.argmax(excess))
            found = Found(rows[worst], float(excess[worst]), float(bound.max()), known[worst][1].value)
        else:
            found = self._game.worst(payoff, among)
            if np.isfinite(found.excess) and found.members.tobytes() not in self.known:
                most = max(found.value, found.bound + float(payoff[found.members].sum()))
                self.known[found.members.tobytes()] = (found.members.copy(), Worth(found.value, most))
        self._worst[key] = found
        return found

    def inside(self, among: Bools) -> list[tuple[Bools, Worth]]:
        """Return the known proper coalitions of some players."""
        most = int(among.sum())
        return [
            (members, worth)
            for members, worth in self.known.values()
            if 0 < members.sum() < most and not (members & ~among).any()
        ]


# English, Chinese
REASONS = Catalogue(
    {
        "no_plan": (
            "all enterprises together have no plan, so there is nothing to share",
            "全体企业没有可行方案，没有可分配的价值",
        ),
        "gain_negative": (
            "together they earn {loss} less than alone, so somebody must lose; "
            "the method core says which subsidy mends it",
            "合作比各自经营少 {loss}，必有企业受损；方法 core 给出所需的补贴",
        ),
        "too_many_players": (
            "{players} enterprises can trade with each other, directly or through others; at most {most} are possible",
            "有 {players} 家企业直接或间接相互交易；该方法最多允许 {most} 家",
        ),
        "coalition_without_plan": (
            "{coalition} have no plan of their own, and this rule needs the value of every coalition",
            "{coalition} 自身没有可行方案，而该方法需要每个联盟的价值",
        ),
        "unbounded": (
            "too many coalitions have no plan of their own: nothing bounds the payoffs",
            "没有可行方案的联盟过多，收益分配没有界限",
        ),
        "no_duals": (
            "the problem is no linear program whose duals could price what each brings",
            "该问题不是线性规划，无法用对偶价格给各方的投入定价",
        ),
        "relaxation_gap": (
            "priced by the duals the enterprises would get {gap} more than there is: the problem has decisions of "
            "yes or no that no price supports",
            "按对偶价格分配将超出总价值 {gap}：问题含有价格无法支撑的是非决策",
        ),
        "no_assignment": (
            "the problem is no assignment of single units of sellers to single wants of buyers",
            "该问题不是卖方单件与买方单件之间的指派问题",
        ),
        "not_assignment": (
            "the assignment's best worth {assigned} is not the gain {gain}",
            "指派的最优价值 {assigned} 与增益 {gain} 不符",
        ),
        "no_base": (
            "the base '{base}' is zero for all of {coalition}, who have a gain to share",
            "{coalition} 有增益可分，但分配依据 '{base}' 全部为零",
        ),
        "bad_base": (
            "the base '{base}' must be one finite number of zero or more for each enterprise",
            "分配依据 '{base}' 必须对每家企业给出一个非负有限数",
        ),
    }
)


class RuleUndefined(UsageError):  # noqa: N818
    """A rule of settlement that is not defined for the game at hand.

    `reason` is a key of `REASONS`; `numbers` are the values in its sentence: a float is money, a tuple enterprises.
    """

    def __init__(self, method: str, reason: str, **numbers: str | float | tuple[str, ...]) -> None:
        self.method, self.reason, self.numbers = method, reason, numbers
        super().__init__(self.sentence("en"))

    def sentence(self, lang: str) -> str:
        """Return the reason as one sentence, in ``en`` or ``zh``."""
        head = f"{self.method}: " if lang == "en" else f"{self.method}："
        return head + REASONS.say(self.reason, lang, **{name: _said(one, lang) for name, one in self.numbers.items()})


def _said(number: str | float | tuple[str, ...], lang: str) -> str:
    """Format a number, money or enterprises for display."""
    if isinstance(number, tuple):
        return named(number, lang)
    return money(number, "", lang) if isinstance(number, float) else str(number)


def named(enterprises: tuple[str, ...], lang: str) -> str:
    """Format enterprises for display; many of them are counted.

    Examples
    --------
    >>> named(("a", "b", "c", "d", "e"), "en")
    'a, b, c, d and 1 more'
    """
    rest = len(enterprises) - NAMED
    joint = (", " if lang == "en" else "、").join(enterprises[:NAMED])
    if rest <= 0:
        return joint
    return f"{joint} and {rest} more" if lang == "en" else f"{joint}等 {len(enterprises)} 家"
