"""Game: the coalitions of a dataset as the game that `synergy.settlement` divides.

A separation MILP finds the most violated coalition of a payoff: maximise the value of the admitted coalition less its
payoff, over the frame's columns and rows, with every bound times the binary of its owner, and public bounds by the sum
of weights admitted. Its relaxation bounds the excess of every coalition at once (constraint generation for the core;
Hallefjord, Helming & Jörnsten 1995, Int. J. Game Theory 24:365).

With the binary decisions of a plan held, most columns of the frame can be nothing but 0 and are left out. What stays is
a small linear problem, solved from the whole plan downwards: taking an enterprise away changes few bounds, so the
solver goes on from the basis before. A value is then that of a plan, not of the best one; the duals bound the rest.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.coalitions.parallel import Shelf, Spread
from synergy.coalitions.parametric import Frame, Owned, Prepared, Solver, frame_of, prepare, solver_of, ties_of
from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.model.highs import AT_LOWER, AT_UPPER, BASIC, DEVEX, Basis, SolverResult, SolverSession, Status
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem, narrowed, open_columns
from synergy.model.search import SMALL, relaxation, tightened
from synergy.model.solve_params import SolveParams
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats, Ints
from synergy.settlement.game import Assignment, Found, Worth

CHUNK = 4  # coalitions that go to a process together
LISTED = 62  # coalitions up to which all are solved where a payoff is tried: sooner done than one search for the worst
NEAR = 1e-9  # of the greatest payoff: excesses that differ by less are the same
WHOLE = 1e-6  # by how much a decision may miss being whole
LEAST = 1e-6  # part of an admission that counts
TRIES = 3  # coalitions looked at after a relaxation
NODES = 20_000  # of the search: work, not time, ends it
SECONDS = 120.0  # a last resort
ABSOLUTE = 1e-9  # gap of the search, in the problem's money
SHARP = 1e-9  # by how much an admission may be off: it is multiplied by everything an enterprise has

_Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Data of a game known before any coalition is solved.

    `grand` is v(N), with the aims of the round; `alone` is v({e}) of all enterprises, None where no plan satisfies it,
    which `synergy.engine.alone_of` computes and the frame never does; `plan` is the plan of all and the model whose
    columns it is of.
    """

    grand: Worth
    alone: Mapping[str, float | None]
    plan: tuple[Model, Floats] | None = None


class CoalitionGame:
    """The game of a dataset by its network, see `synergy.settlement.game.Game`.

    Values are kept by what is in a coalition: it falls into pieces that cannot trade with each other, and each piece is
    solved once. The dataset has the scenario of the round applied. `params` gives threads and seed of a solver, who
    hears of the progress and who may end it; coalitions are solved side by side by `executor`, in this process where
    there is none. For `small` and `quick` see `synergy.coalitions.parametric.Prepared`.
    """

    def __init__(
        self,
        network: Network,
        known: Known,
        params: SolveParams | None = None,
        executor: Executor | None = None,
        *,
        small: int = SMALL,
        quick: bool = False,
    ) -> None:
        frame, model = frame_of(network)
        self._params = params or SolveParams(time_limit=math.inf)
        prepared = prepare(frame, self._params, None if known.plan is None else _carried(frame, model, *known.plan))
        self._prepared = replace(prepared, small=small, quick=quick)
        self.frame, self.players, self.start = prepared.frame, prepared.frame.players, prepared.start
        self.assignment: Assignment | None = None
        self._ties = ties_of(self.frame)
        self.components: tuple[Ints, ...] = self._ties.pieces(np.ones(len(self.players), dtype=bool))
        self._spread = Spread(solver_of, self._prepared, executor, CHUNK)
        walks = quick and self.hard and known.plan is not None
        self._walks = Spread(walker_of, self._prepared, executor) if walks else None
        self._grand, self._timed = known.grand, prepared.timed
        self._over: str | None = None  # what kept a search from being made
        alone = [-np.inf if (value := known.alone[name]) is None else float(value) for name in self.players]
        self._kept: dict[_Key, Worth] = {(index,): Worth(value, value) for index, value in enumerate(alone)}
        self._shelf = Shelf[list[str | bool]](self._params.memory, "coalitions", self._mark(network.dataset))
        self._searches: dict[bytes, Search] = {}

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
        value = max(worth.value, sum(self._kept[player,].value for player in key))
        return replace(worth, value=value, bound=max(value, worth.bound))

    def _missing(self, keys: Sequence[_Key]) -> list[_Key]:
        """Return the coalitions whose value is unknown, here and to earlier attempts of the run."""
        for key in keys:
            if key not in self._kept and (record := self._shelf.get(_text(key))) is not None:
                self._kept[key] = _worth_of(record)
        return [key for key in keys if key not in self._kept]

    def _keep(self, found: Mapping[_Key, Worth]) -> None:
        """Store values, for the next attempt of the run too."""
        new = {key: worth for key, worth in found.items() if key not in self._kept}
        self._kept.update(new)
        self._shelf.put({_text(key): _worth_record(worth) for key, worth in new.items()})

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
            suspects, proven, timed = self._searches[key].suspects(payoff)
            bound, self._timed = min(bound, proven), self._timed or timed
            best = self._best(payoff, inside, suspects, best)
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


def _worth_record(worth: Worth) -> list[str | bool]:
    """Encode a coalition value as plain JSON, exactly: JSON has no infinity."""
    return [repr(float(worth.value)), repr(float(worth.bound)), worth.timed]


def _worth_of(record: list[str | bool]) -> Worth:
    """Decode a coalition value from its record.

    Examples
    --------
    >>> _worth_of(_worth_record(Worth(0.1, float("inf"))))
    Worth(value=0.1, bound=inf, timed=False)
    """
    value, bound, timed = record
    return Worth(float(value), float(bound), bool(timed))


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


def _carried(frame: Frame, model: Model, source: Model, x: Floats) -> Floats:
    """Map the binary decisions of a plan, `x` of the model `source`, to the columns of a frame by their keys."""
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


class Search:
    """Admission problem in a solver, on a tightened frame, solved for a sequence of payoffs.

    Coalitions are of the enterprises `inside`, shape (players,), all of them together left out. `params` gives threads
    and seed of a solver. Up to `small` binary decisions the search goes to the end; beyond, its relaxation has to do.
    `basis` is that of the frame's relaxation: with everybody admitted it is the same.
    """

    def __init__(
        self, frame: Frame, inside: Bools, params: SolveParams, small: int, basis: Basis | None = None
    ) -> None:
        self._frame, self._inside, self._params, self._basis = frame, inside, params, basis
        self._problem, self._forcing = _admission(frame, inside)
        self._whole = int(self._problem.integer.sum()) - int(inside.sum()) <= small
        self._session = relaxation(self._problem, params)
        if basis is not None:
            admissions = np.where(inside, AT_UPPER, AT_LOWER).astype(np.int8)
            slack = np.full(len(self._problem.row_lower) - len(basis.rows), BASIC, dtype=np.int8)
            self._basis = Basis(np.append(basis.columns, admissions), np.append(basis.rows, slack))
            self._session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)

    def suspects(self, payoff: Floats) -> tuple[list[Bools], float, bool]:
        """Return the coalitions that a payoff, shape (players,), may pay too little, the worst first.

        Proven: no coalition asked about has an excess above the second figure, money a year. The third: whether the
        clock ended the search.
        """
        first, money, session = len(self._frame.problem.cost), self._frame.problem.money, self._session
        cost = np.append(self._problem.cost[:first], payoff / money)
        session.rebase(self._basis)
        session.price(np.arange(first, len(cost)), cost[first:])
        relaxed = session.solve()
        session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)
        priced = replace(self._problem, cost=cost)
        problem, relaxed = tightened(priced, relaxed, session, (self._forcing, self._params))
        if relaxed.status is Status.INFEASIBLE or relaxed.x is None:
            return [], -np.inf if relaxed.status is Status.INFEASIBLE else np.inf, False
        self._problem, self._basis = problem, session.basis()
        bound, members = -relaxed.bound * money, self._rounded(relaxed.x[first:])
        if self._whole and problem.integer.any():
            found, bound, timed = self._branched(problem, bound)
            return found + members, bound, timed
        return members, bound, session.timed

    def _branched(self, problem: ScaledProblem, bound: float) -> tuple[list[Bools], float, bool]:
        """Return the most violated coalition by branch and bound, the proven bound, and whether time ran out."""
        session = SolverSession(problem, threads=self._params.threads, random_seed=self._params.seed)
        session.set(mip_rel_gap=0.0, mip_abs_gap=ABSOLUTE, mip_max_nodes=NODES, mip_feasibility_tolerance=SHARP)
        session.set(time_limit=SECONDS)
        answer = session.solve()
        money, first = self._frame.problem.money, len(self._frame.problem.cost)
        if answer.status is Status.INFEASIBLE:
            return [], -np.inf, False
        found = [] if answer.x is None else [answer.x[first:] > 0.5]
        return found, min(bound, -answer.bound * money), session.timed

    def _rounded(self, part: Floats) -> list[Bools]:
        """Round fractional admissions to coalitions, one for each threshold that makes a difference."""
        levels = np.unique(np.round(part[part > LEAST], 6))[::-1]
        chosen = levels[np.unique(np.linspace(0, len(levels) - 1, TRIES).astype(int))] if len(levels) else levels
        sets = [part >= level - LEAST for level in chosen]
        whole = int(self._inside.sum())
        return [one for one in sets if 0 < int(one.sum()) < whole]


def _admission(frame: Frame, inside: Bools) -> tuple[ScaledProblem, Forcing]:
    """Return the problem of the worst coalition of the enterprises `inside`, shape (players,), on a tightened frame.

    It minimises what the admitted are paid less what they make of it; its last columns, one for each player, are the
    binaries that admit, at least one and not all of `inside`; payments are their costs, set by each search. The forcing
    rows are the frame's, in these columns.
    """
    problem = frame.problem
    lower, upper, _ = frame.bounds(inside)
    columns, players = len(problem.cost), len(frame.players)
    rights = _rights(frame)
    more, sides = zip(*_admitting(frame, lower, upper), strict=True)
    count = sparse.csr_array((np.ones(players), (np.zeros(players, int), columns + np.arange(players))))
    matrix = sparse.csr_array(sparse.vstack([sparse.hstack([problem.matrix, rights]), *more, count]))
    tied = np.diff(rights.indptr) > 0
    limits = np.concatenate([np.where(tied, 0.0, problem.row_upper), *(side[1] for side in sides), [inside.sum() - 1]])
    floors = np.concatenate([problem.row_lower, *(side[0] for side in sides), [1.0]])
    made = replace(
        problem,
        matrix=matrix,
        row_lower=floors,
        row_upper=limits,
        lower=np.append(np.minimum(lower, 0.0), np.zeros(players)),
        upper=np.append(upper, inside.astype(float)),
        cost=np.append(problem.cost, np.zeros(players)),
        integer=np.append(problem.integer & (upper > 0), inside),
        row=np.ones(len(floors)),
        column=np.append(problem.column, np.ones(players)),
    )
    nothing = sparse.csr_array((frame.forcing.built.shape[0], players))
    forcing = replace(frame.forcing, built=sparse.csr_array(sparse.hstack([frame.forcing.built, nothing])))
    rival = np.append(frame.forcing.rival, np.full(players, -1))
    return made, replace(forcing, rival=rival)


def _shares(frame: Frame, owned: Owned, which: Ints) -> sparse.csr_array:
    """Return the admissions that scale some columns or rows: the first owner's, or all of them by weight."""
    players = len(frame.players)
    outside = owned.one[which] == PUBLIC
    mine = np.flatnonzero(~outside)
    own = sparse.csr_array((np.ones(len(mine)), (mine, owned.one[which[mine]])), shape=(len(which), players))
    weights = sparse.csr_array(outside.astype(float)[:, None] * frame.weight[None, :])
    return sparse.csr_array(own + weights)


def _rights(frame: Frame) -> sparse.csr_array:
    """Return the coefficients of right sides on the admissions of the owners of rows, shape (rows, players)."""
    limit = frame.rows.stated
    which = np.flatnonzero(np.isfinite(limit) & (limit > 0))
    right = sparse.csr_array(sparse.diags_array(-limit[which]) @ _shares(frame, frame.rows, which))
    into = sparse.csr_array((np.ones(len(which)), (which, np.arange(len(which)))), shape=(len(limit), len(which)))
    return sparse.csr_array(into @ right)


def _admitting(frame: Frame, lower: Floats, upper: Floats) -> Iterator[tuple[sparse.csr_array, tuple[Floats, Floats]]]:
    """Yield rows that bound columns by admissions, each with its lower and upper sides.

    Flows need none: without outlets and inlets nothing flows.
    """
    owned, size = frame.columns, len(upper)
    bounded = frame.ends & ((owned.one != PUBLIC) | owned.public)
    most = np.where(owned.public, owned.stated, frame.problem.upper)
    above = np.flatnonzero(bounded & np.isfinite(most) & (upper > 0))
    below = np.flatnonzero(bounded & (lower > 0))
    for which, amount, sides in ((above, most, (-np.inf, 0.0)), (below, frame.problem.lower, (0.0, np.inf))):
        column = sparse.csr_array((np.ones(len(which)), (np.arange(len(which)), which)), shape=(len(which), size))
        right = sparse.csr_array(sparse.diags_array(-amount[which]) @ _shares(frame, owned, which))
        rows = sparse.csr_array(sparse.hstack([column, right]))
        yield rows, (np.full(len(which), sides[0]), np.full(len(which), sides[1]))
