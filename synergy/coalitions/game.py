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
from synergy.coalitions.parametric import Frame, Owned, Prepared, Solver, frame_of, prepare
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

    `hard`: coalitions have too many binary decisions to prove each optimal. `stopped` is the reason that ended a search
    early, other than gap or work.
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
        plan = None if known.plan is None else _carried(frame, model, *known.plan)
        prepared = replace(prepare(frame, self._params, plan), small=small, quick=quick)
        self._prepared = prepared
        self.frame, self.players, self.start = prepared.frame, prepared.frame.players, prepared.start
        self.assignment: Assignment | None = None
        self.components: tuple[Ints, ...] = self.frame.pieces(np.ones(len(self.players), dtype=bool))
        self.hard = int(self.frame.problem.integer.sum()) > small
        self.stopped: str | None = "clock" if prepared.timed else None
        self._walks = quick and self.hard and plan is not None
        make: Callable[[Prepared], Callable[[Bools], list[Worth]]] = Walker if self._walks else Solver
        self._spread = Spread(make, prepared, executor, 1 if self._walks else CHUNK)
        alone = [-np.inf if (value := known.alone[name]) is None else float(value) for name in self.players]
        self._grand = known.grand
        self._kept: dict[_Key, Worth] = {(index,): Worth(value, value) for index, value in enumerate(alone)}
        # values depend on the dataset, the solver's effort, and the plan of all
        effort = (small, quick, self._params.threads, self._params.seed)
        held = b"" if plan is None else plan.tobytes()
        mark = hashlib.sha256(f"{network.dataset.mark} {effort}".encode() + held).hexdigest()
        self._shelf = Shelf[list[str | bool]](self._params.memory, "coalitions", mark)
        self._searches: dict[bytes, Search] = {}

    def values(self, many: Sequence[Bools]) -> list[Worth]:
        """Return the values of coalitions in the order given; bitwise equal for any number of workers.

        That of the grand coalition includes the aims of the round. With the plan's binary decisions fixed a coalition
        is valued as one piece, and never less than what its members have alone.
        """
        parts: list[list[_Key]] = []
        for members in many:
            pieces: tuple[Ints, ...] = ()
            if 0 < members.sum() < len(members):
                pieces = (np.flatnonzero(members),) if self._walks else self.frame.pieces(members)
            parts.append([tuple(piece.tolist()) for piece in pieces])
        self._learn(list(dict.fromkeys(key for keys in parts for key in keys)))
        found = []
        for members, keys in zip(many, parts, strict=True):
            worths = [self._kept[key] for key in keys]
            value, bound = sum((one.value for one in worths), 0.0), sum((one.bound for one in worths), 0.0)
            found.append(self._grand if members.all() else Worth(value, bound))
        return found

    def _learn(self, keys: Sequence[_Key]) -> None:
        """Value the coalitions that neither this game nor an earlier attempt of the run knows.

        With the plan's binary decisions fixed they are solved in runs, in each of which every coalition contains the
        one before.
        """
        names = {key: f"{sum(1 << player for player in key):x}" for key in keys if key not in self._kept}
        runs: list[list[_Key]] = []
        for key, name in names.items():
            if name in self._shelf.found:
                stored, bound, timed = self._shelf.found[name]
                self._kept[key] = Worth(float(stored), float(bound), bool(timed))
            elif self._walks and runs and set(runs[-1][-1]) < set(key):
                runs[-1].append(key)
            else:
                runs.append([key])
        done, every = 0, np.arange(len(self.players))
        for chunk in self._spread.results([np.array([np.isin(every, key) for key in run]) for run in runs]):
            done += len(chunk)
            self._params.say("settlement", done=done, total=len(runs))
            records: dict[str, list[str | bool]] = {}
            for run, worths in zip(runs[done - len(chunk) : done], chunk, strict=True):
                for key, worth in zip(run, worths, strict=True):
                    least = sum(self._kept[player,].value for player in key) if self._walks else -np.inf
                    value = max(worth.value, least)
                    self._kept[key] = Worth(value, max(value, worth.bound), worth.timed)
                    records[names[key]] = [repr(float(value)), repr(float(self._kept[key].bound)), worth.timed]
            self._shelf.put(records)
        self._shelf.put({}, now=True)
        if any(self._kept[key].timed for key in names):
            self.stopped = "clock"

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        """Return the coalition with the greatest excess under a payoff, see `synergy.settlement.game.Game`.

        What is known already and the payoffs by the duals are looked at first; the search comes after them, unless
        somebody asked to stop.
        """
        inside = np.ones(len(self.players), dtype=bool) if among is None else np.asarray(among, dtype=bool)
        players = np.flatnonzero(inside).tolist()
        if not self.hard and 2.0 ** len(players) - 2 <= LISTED and self._params.ended() is None:
            keys = [key for size in range(1, len(players)) for key in itertools.combinations(players, size)]
            return self._best(payoff, inside, [np.isin(np.arange(len(inside)), key) for key in keys])
        bound = np.inf
        if self.start is not None:
            below = np.sort((self.start - payoff)[inside])[::-1]
            bound = float(np.cumsum(below)[:-1].max(initial=-np.inf))
        keys = [(player,) for player in players]
        keys += [key for key in self._kept if len(key) > 1 and inside[list(key)].all()]
        best = self._best(payoff, inside, [np.isin(np.arange(len(inside)), key) for key in keys])
        near = NEAR * float(np.abs(payoff[inside]).max(initial=0.0))
        if best.excess < bound - near and len(players) > 1:
            ended = self._params.ended()
            self.stopped = self.stopped or ended
            if ended is None:
                key = inside.tobytes()
                if key not in self._searches:
                    params = replace(self._params.fresh(1.0, math.inf), stop=self._params.stop)
                    self._searches[key] = Search(self.frame, inside, params, self._prepared.small, self._prepared.basis)
                suspects, proven, timed = self._searches[key].suspects(payoff)
                bound, self.stopped = min(bound, proven), "clock" if timed else self.stopped
                found = self._best(payoff, inside, suspects)
                best = found if found.excess > best.excess else best
        return replace(best, bound=max(bound, best.excess))

    def _best(self, payoff: Floats, inside: Bools, many: Sequence[Bools]) -> Found:
        """Return the coalition with the greatest excess, the first of those, and the greatest bound; not all inside."""
        best, bound = Found(np.zeros(len(payoff), dtype=bool), -np.inf, -np.inf, -np.inf), -np.inf
        proper = [members for members in many if 0 < members.sum() < inside.sum()]
        for members, worth in zip(proper, self.values(proper), strict=True):
            paid = float(payoff[members].sum())
            bound = max(bound, worth.bound - paid)
            if worth.value - paid > best.excess:
                best = Found(members, worth.value - paid, bound, worth.value)
        return replace(best, bound=bound)


def _carried(frame: Frame, model: Model, source: Model, x: Floats) -> Floats:
    """Map the binary decisions of a plan, `x` of the model `source`, to the columns of a frame by their keys."""
    held = np.zeros(len(frame.problem.cost))
    for name in ("built", "open", "on", "partner"):
        block, known = model.columns[name], source.columns[name]
        if len(block) and len(known):
            names = list(block.key)
            stated = zip(*(known.key[part].tolist() for part in names), strict=True)
            values = dict(zip(stated, x[known.span], strict=True))
            asked = zip(*(block.key[part].tolist() for part in names), strict=True)
            held[block.span] = [float(values.get(key, 0.0)) for key in asked]
    return held


class Walker:
    """Problem in a solver, with the binary decisions of the plan in `prepared` fixed, for values of coalitions.

    What is called with nested coalitions returns their values.
    """

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

    def __call__(self, many: Bools) -> list[Worth]:
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
            return self._solver(members[None])[0]
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
        problem = self.frame.of(members)
        lower, upper = problem.lower[self._keep], problem.upper[self._keep]
        self._lower, self._held = lower, np.clip(self._plan[self._keep], lower, upper)
        lower, upper = (np.where(self._integer, self._held, side) for side in (lower, upper))
        self._session.bound(np.arange(len(self._keep)), lower, upper)
        rows = self._rows[self._public]
        self._session.limit(self._public, problem.row_lower[rows], problem.row_upper[rows])


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
    problem, admitted = frame.problem, frame.of(inside)
    lower, upper = admitted.lower, admitted.upper
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
