"""Game: the coalitions of a dataset as the game that `synergy.settlement` divides.

With its binary decisions held, most columns of the frame can be nothing but 0 and are left out. What stays is a
small linear problem, solved from the whole plan downwards: taking an enterprise away changes few bounds, so the
solver goes on from the basis before. A value is then that of a plan, not of the best one; the duals bound the rest.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from synergy.coalitions.cache import Shelf, worth_from, worth_record
from synergy.coalitions.parallel import Spread
from synergy.coalitions.parametric import Frame, frame_of, ties_of
from synergy.coalitions.separation import Search
from synergy.coalitions.solver import Prepared, Solver, prepare, solver_of
from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.model.highs import DEVEX, SolverResult, SolverSession, Status
from synergy.model.reduced import narrowed, open_columns
from synergy.model.search import SMALL
from synergy.model.solve_params import SolveParams
from synergy.network.network import network_of
from synergy.network.places import Bools, Floats, Ints
from synergy.settlement.game import Assignment, Found, Worth

CHUNK = 4  # coalitions that go to a process together
LISTED = 62  # coalitions up to which all are solved where a payoff is tried: sooner done than one search for the worst
NEAR = 1e-9  # of the greatest payoff: excesses that differ by less are the same

_Key = tuple[int, ...]
WHOLE = 1e-6  # by how much a decision may miss being whole


@dataclass(frozen=True, slots=True)
class Known:
    """Data of a game known before any coalition is solved.

    `grand` is v(N), with the aims of the round; `alone` is v({e}), None where no plan satisfies it; `plan` is the plan
    of all and the model whose columns it is of.
    """

    grand: Worth
    alone: Mapping[str, float | None]
    plan: tuple[Model, Floats] | None = None


class CoalitionGame:
    """The game of a dataset, see `synergy.settlement.game.Game`.

    Values are kept by what is in a coalition: it falls into pieces that cannot trade with each other, and each piece is
    solved once. The dataset has the scenario of the round applied. `params` gives threads and seed of a solver, who
    hears of the progress and who may end it; coalitions are solved side by side by `executor`, in this process where
    there is none. For `small` and `quick` see `synergy.coalitions.solver.Prepared`.
    """

    def __init__(
        self,
        dataset: Dataset,
        known: Known,
        params: SolveParams | None = None,
        executor: Executor | None = None,
        *,
        small: int = SMALL,
        quick: bool = False,
    ) -> None:
        network = network_of(dataset) if known.plan is None else known.plan[0].candidates.network
        frame, self.model = frame_of(network)
        self._params = params or SolveParams(time_limit=math.inf)
        prepared = prepare(frame, self._params, _carried(frame, self.model, known.plan))
        self._prepared: Prepared = replace(prepared, small=small, quick=quick)
        self.frame = self._prepared.frame
        self.players = self.frame.players
        self._ties = ties_of(self.frame)
        self.components: tuple[Ints, ...] = self._ties.pieces(np.ones(len(self.players), dtype=bool))
        self._spread = Spread(solver_of, self._prepared, executor, CHUNK)
        walks = quick and self.hard and known.plan is not None
        self._walks = Spread(walker_of, self._prepared, executor) if walks else None
        self._grand = known.grand
        self._kept: dict[_Key, Worth] = {}
        self._shelf = Shelf[list[str | bool]](self._params.memory, "coalitions", self._mark(dataset))
        self._timed = self._prepared.timed
        self._over: str | None = None  # what kept a search from being made
        for index, name in enumerate(self.players):
            if name in known.alone:
                value = known.alone[name]
                alone = -np.inf if value is None else float(value)
                self._kept[(index,)] = Worth(alone, alone)
        self._searches: dict[bytes, Search] = {}
        self.start: Floats | None = self._prepared.start
        self.assignment: Assignment | None = None

    @property
    def hard(self) -> bool:
        """Return whether coalitions have too many binary decisions to prove each optimal."""
        return int(self.frame.problem.integer.sum()) > self._prepared.small

    @property
    def stopped(self) -> str | None:
        """Return the reason that ended a search early, other than gap or work."""
        timed = self._timed or any(worth.timed for worth in self._kept.values())
        return "clock" if timed else self._over

    @property
    def solved(self) -> int:
        """Return the number of pieces whose value is known."""
        return len(self._kept)

    def value(self, members: Bools) -> Worth:
        """Return the value of a coalition; that of the grand coalition includes the aims of the round."""
        return self.values([members])[0]

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return the values of coalitions in the order given; bitwise equal for any number of workers."""
        if self._walks is not None:
            return self._walked(many, self._walks)
        whole = len(self.players)
        pieces = [() if members.sum() == whole else self._ties.pieces(members) for members in many]
        wanted = dict.fromkeys(_key(piece) for some in pieces for piece in some)
        missing = self._missing(list(wanted))

        def heard(found: list[Worth]) -> None:
            self._params.say("settlement", done=len(found), total=len(missing))
            self._keep(dict(zip(missing, found, strict=False)))

        self._spread.map([self._members(key) for key in missing], heard)
        self._shelf.flush()
        return [
            self._grand if members.sum() == whole else _sum([self._kept[_key(piece)] for piece in some])
            for members, some in zip(many, pieces, strict=True)
        ]

    def _walked(self, many: Sequence[Bools], walks: Spread[Prepared, Bools, list[Worth]]) -> list[Worth]:
        """Return values of coalitions with the plan's binary decisions fixed, solved along nested runs of coalitions.

        Never less than what the members have alone.
        """
        whole = len(self.players)
        keys = [_key(np.flatnonzero(members)) for members in many]
        missing = self._missing([key for key in dict.fromkeys(keys) if 0 < len(key) < whole])
        runs = _nested(missing)
        tasks = [np.array([self._members(key) for key in run]) for run in runs]

        def heard(found: list[list[Worth]]) -> None:
            self._params.say("settlement", done=len(found), total=len(runs))
            done = zip(missing, (worth for some in found for worth in some), strict=False)
            self._keep({key: self._at_least_alone(key, worth) for key, worth in done if key not in self._kept})

        walks.map(tasks, heard)
        self._shelf.flush()
        known = self._kept | {(): Worth(0.0, 0.0), tuple(range(whole)): self._grand}
        return [known[key] for key in keys]

    def _at_least_alone(self, key: _Key, worth: Worth) -> Worth:
        """Raise a coalition value to at least the sum of its members' standalone values."""
        alone = sum(self._kept[player,].value if (player,) in self._kept else -np.inf for player in key)
        value = max(worth.value, alone)
        return replace(worth, value=value, bound=max(value, worth.bound))

    def _missing(self, keys: Sequence[_Key]) -> list[_Key]:
        """Return the coalitions whose value is unknown, here and to earlier attempts of the run."""
        for key in keys:
            if key not in self._kept and (record := self._shelf.get(_text(key))) is not None:
                self._kept[key] = worth_from(record)
        return [key for key in keys if key not in self._kept]

    def _keep(self, found: Mapping[_Key, Worth]) -> None:
        """Store values, for the next attempt of the run too."""
        new = {key: worth for key, worth in found.items() if key not in self._kept}
        self._kept.update(new)
        self._shelf.put({_text(key): worth_record(worth) for key, worth in new.items()})

    def _mark(self, dataset: Dataset) -> str:
        """Return the cache key of coalition values: dataset, solver effort, and the plan of all."""
        plan = self._prepared.plan
        held = b"" if plan is None else plan.tobytes()
        hard = (self._prepared.small, self._prepared.quick, self._params.threads, self._params.seed)
        return hashlib.sha256(f"{dataset.mark} {hard}".encode() + held).hexdigest()

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition with the greatest excess under a payoff, see `synergy.settlement.game.Game`.

        What is known already and the payoffs by the duals are looked at first; the search comes after them, unless
        somebody asked to stop.
        """
        inside = np.ones(len(self.players), dtype=bool) if among is None else np.asarray(among, dtype=bool)
        if not self.hard and 2.0 ** inside.sum() - 2 <= LISTED and self._params.ended() is None:
            return self._of_all(payoff, inside)
        bound = self._bound(payoff, inside)
        near = NEAR * float(np.abs(payoff[inside]).max(initial=0.0))
        best = self._best(payoff, inside, self._listed(inside))
        if best.excess >= bound - near or inside.sum() <= 1:
            return Found(best.members, best.excess, max(bound, best.excess), best.value)
        ended = self._params.ended()
        self._over = self._over or ended
        if ended is None:
            key = inside.tobytes()
            if key not in self._searches:
                params = replace(self._params.fresh(1.0, math.inf), stop=self._params.stop)
                self._searches[key] = Search(self.frame, inside, params, self._prepared.small, self._prepared.basis)
            suspect = self._searches[key].suspects(payoff)
            bound, self._timed = min(bound, suspect.bound), self._timed or suspect.timed
            best = self._best(payoff, inside, suspect.members, best)
        return Found(best.members, best.excess, max(bound, best.excess), best.value)

    def _of_all(self, payoff: Floats, inside: Bools) -> Found:
        """Return the coalition with the greatest excess by solving all of them; the bound is that of their values."""
        players = np.flatnonzero(inside).tolist()
        keys = [key for size in range(1, len(players)) for key in itertools.combinations(players, size)]
        many = [self._members(key) for key in keys]
        best = self._best(payoff, inside, many)
        bounds = [
            worth.bound - float(payoff[members].sum()) for members, worth in zip(many, self.values(many), strict=True)
        ]
        return replace(best, bound=max(bounds, default=-np.inf))

    def _listed(self, inside: Bools) -> list[Bools]:
        """Return the coalitions to check before any search: the known ones, and each enterprise alone."""
        alone = [(int(player),) for player in np.flatnonzero(inside)]
        known = [key for key in self._kept if len(key) > 1 and inside[list(key)].all()]
        return [self._members(key) for key in alone + known]

    def _best(self, payoff: Floats, inside: Bools, many: Sequence[Bools], best: Found | None = None) -> Found:
        """Return the coalition with the greatest excess, the first of those; all that are inside are out."""
        found = best or Found(np.zeros(len(payoff), dtype=bool), -np.inf, np.inf, -np.inf)
        proper = [members for members in many if 0 < members.sum() < inside.sum()]
        for members, worth in zip(proper, self.values(proper), strict=True):
            excess = worth.value - float(payoff[members].sum())
            if excess > found.excess:
                found = Found(members, excess, np.inf, worth.value)
        return found

    def _bound(self, payoff: Floats, inside: Bools) -> float:
        """Return an upper bound on the excess of every proper coalition, from the dual payoffs."""
        if self.start is None:
            return np.inf
        below = np.sort((self.start - payoff)[inside])[::-1]
        sums = np.cumsum(below)[:-1]
        return float(sums.max(initial=-np.inf))

    def _members(self, key: _Key) -> Bools:
        members = np.zeros(len(self.players), dtype=bool)
        members[list(key)] = True
        return members


def _nested(keys: Sequence[_Key]) -> list[list[_Key]]:
    """Group coalitions into runs, in each of which every coalition contains the one before."""
    runs: list[list[_Key]] = []
    for key in keys:
        if runs and set(runs[-1][-1]) < set(key):
            runs[-1].append(key)
        else:
            runs.append([key])
    return runs


def _text(key: _Key) -> str:
    """Return a short name of a coalition.

    Examples
    --------
    >>> _text((0, 2, 5))
    '25'
    """
    return f"{sum(1 << player for player in key):x}"


def _key(piece: Ints) -> _Key:
    return tuple(piece.tolist())


def _sum(worths: Sequence[Worth]) -> Worth:
    """Return the sum of the values of pieces; 0 for none."""
    return Worth(sum((worth.value for worth in worths), 0.0), sum((worth.bound for worth in worths), 0.0))


def _carried(frame: Frame, model: Model, plan: tuple[Model, Floats] | None) -> Floats | None:
    """Map the binary decisions of a plan to the columns of a frame by their keys."""
    if plan is None:
        return None
    source, x = plan
    held = np.zeros(len(frame.problem.cost))
    for name in ("built", "open", "on", "partner"):
        block, known = model.column(name), source.column(name)
        if len(block) and len(known):
            names = list(block.key)
            stated = zip(*(known.key[part].tolist() for part in names), strict=True)
            values = dict(zip(stated, x[known.span], strict=True))
            asked = zip(*(block.key[part].tolist() for part in names), strict=True)
            held[block.span] = [float(values.get(key, 0.0)) for key in asked]
    return held


def walker_of(prepared: Prepared) -> Callable[[Bools], list[Worth]]:
    """Return the function that values a run of nested coalitions; `workers` call this factory."""
    return Walker(prepared).worths


class Walker:
    """Problem in a solver, with the binary decisions of the plan in `prepared` fixed."""

    def __init__(self, prepared: Prepared) -> None:
        assert prepared.plan is not None
        self._prepared, self.frame, self._plan = prepared, prepared.frame, prepared.plan
        problem = self.frame.problem
        upper = np.where(problem.integer, np.minimum(self._plan, problem.upper), problem.upper)
        self._keep = open_columns(replace(problem, upper=upper))
        small, self._rows = narrowed(replace(problem, upper=upper), self._keep)
        self._public = np.flatnonzero(self.frame.rows.public[self._rows])
        self._integer, self._switches = small.integer, small.integer & (small.cost == 0)
        small = replace(small, integer=np.zeros(len(self._keep), dtype=bool))
        self._session = SolverSession(small, threads=prepared.params.threads, random_seed=prepared.params.seed)
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)
        self._put(np.ones(len(self.frame.players), dtype=bool))
        self._session.solve()
        self._basis = self._session.basis()
        self._solver: Solver | None = None

    def worths(self, many: Bools) -> list[Worth]:
        """Return the values of nested coalitions with the plan's decisions fixed, solved from the last to the first.

        `many` has shape (k, players); each holds the one before. Values are the same whatever was valued before; bounds
        are by the duals where there are any.
        """
        self._session.rebase(self._basis)
        found = [self._worth(members) for members in many[::-1]]
        return found[::-1]

    def _worth(self, members: Bools) -> Worth:
        """Return the value of one coalition from the basis there is."""
        self._put(members)
        answer = self._session.solve()
        for free in (self._switches, self._integer):
            if answer.status is not Status.OPTIMAL:  # what is on or built cannot all go on: it may do less
                answer = self._eased(free)
        if answer.status is not Status.OPTIMAL:
            self._session.rebase(self._basis)
            self._solver = self._solver or Solver(self._prepared)
            return self._solver.worth(members)
        value = -answer.value * self.frame.problem.money
        start = self._prepared.start
        return Worth(value, np.inf if start is None else max(value, float(start[members].sum())))

    def _eased(self, free: Bools) -> SolverResult:
        """Solve with some decisions relaxed, round them down, and return the answer with them fixed."""
        which = np.flatnonzero(free)
        self._session.bound(which, self._lower[which], self._held[which])
        answer = self._session.solve()
        if answer.x is None:
            return answer
        whole = np.maximum(np.floor(answer.x[which] + WHOLE), self._lower[which])
        self._session.bound(which, whole, whole)
        return self._session.solve()

    def _put(self, members: Bools) -> None:
        """Set the bounds of the problem for a coalition."""
        lower, upper, limit = self.frame.bounds(members)
        lower, upper = lower[self._keep], upper[self._keep]
        self._lower, self._held = lower, np.clip(self._plan[self._keep], lower, upper)
        lower, upper = (np.where(self._integer, self._held, side) for side in (lower, upper))
        self._session.bound(np.arange(len(self._keep)), lower, upper)
        rows = self._rows[self._public]
        self._session.limit(self._public, self.frame.problem.row_lower[rows], limit[rows])
