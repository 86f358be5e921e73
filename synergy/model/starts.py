"""Starting plans of a search: from the sum over the periods, from a checkpoint, from given plans.

Columns and rows that differ by their period alone are summed. Constraints that hold in each period hold in the sum,
so the optimum of the aggregate bounds the problem's, and its builds and opened links are a good starting point.

A checkpoint holds a plan as its binary decisions; the optimal continuous variables for them follow from one LP. It
carries the fingerprint of its problem, and a checkpoint of another problem is ignored.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.model.assembly import Block, Families, distinct
from synergy.model.build import Model
from synergy.model.highs import SolverResult, SolverSession
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem, scaled
from synergy.model.search import NOTHING, USED, Begins, Knowledge, held, search
from synergy.model.solve_params import Event, Memory, SolveParams
from synergy.network.places import Bools, Floats, Ints

SAME = 1e-12  # relative difference of coefficients that is rounding
ROUGH = 0.1  # gap of the aggregate that a first plan may have
ROUGH_PART = 0.2  # of the time that is left, for it
CLOSE = 5e-3  # gap of the aggregate that suffices: its plan is off by as much in the periods
CLOSE_PART = 0.5  # of the time that is left, for it
PAUSE = 1.0  # seconds between checkpoints that differ by their bound alone
FIGURES = 9  # of the sums that mark a problem: machines differ in the last ones


class Beginning:
    """Provide starting plans of a multi-period problem (`problem` is `model` scaled) derived from its aggregate."""

    def __init__(self, model: Model, problem: ScaledProblem, known: Knowledge, params: SolveParams) -> None:
        self._problem, self._params, self._forcing = problem, params, known.forcing
        self._whole = aggregated(model)
        self._inner = scaled(self._whole.model)
        self._money = self._inner.money / problem.money
        integer = self._whole.model.integer
        parts = (np.unique(self._whole.group[part]) for part in known.parts)
        kept = (part[integer[part]] for part in parts)
        self._known = Knowledge(_forcing_in(self._whole, known.forcing), tuple(part for part in kept if len(part)))
        self._columns = np.flatnonzero(model.integer & integer[self._whole.group])

    def sketch(self) -> SolverResult:
        """Return a plan derived from a short search of the aggregate, with the bound it proves."""
        return self._searched(ROUGH, ROUGH_PART)

    def plan(self) -> SolverResult:
        """Return a plan derived from a longer search of the aggregate, with the bound it proves."""
        return self._searched(CLOSE, CLOSE_PART)

    def _searched(self, gap: float, part: float) -> SolverResult:
        """Search the aggregate to a gap within a part of the remaining time; return the plan with its decisions.

        The remaining binaries are rounded up from the relaxation.
        """
        params, problem = self._params, self._problem
        limit = params.seconds + part * params.left
        inner = replace(params, gap=max(params.gap, gap), time_limit=limit, listen=self._hear, memory=None, note=None)
        answer = search(self._inner, inner, self._known)
        bound = answer.bound * self._money
        if answer.x is None:
            return replace(answer, bound=bound, x=None, row_dual=None, column_dual=None)
        session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
        session.set(time_limit=max(params.left, 1.0))
        chosen = np.round(answer.x[self._whole.group[self._columns]])
        session.bound(self._columns, chosen, chosen)
        rest = session.solve()
        if rest.x is None:
            return replace(NOTHING, bound=bound)
        integer = np.flatnonzero(problem.integer)
        best = held(session, problem, self._forcing.chosen(rest.x[integer], integer, USED).astype(float))
        params.say("year", -bound * problem.money, -best.value * problem.money)
        return replace(best, bound=bound)

    def _hear(self, event: Event) -> None:
        """Report the bound of the aggregate, valid for the problem too; its incumbent is not a plan of the problem."""
        if event.bound is not None:
            self._params.say("year", event.bound)


@dataclass(frozen=True, slots=True)
class AggregateModel:
    """Hold a model summed over its periods.

    `model` maximises ``cost @ X`` without named families; binary decisions of a single period are relaxed in it.
    `group` is the column of the aggregate in which each column of the summed model is summed, `members` how many
    columns are summed in each column of the aggregate.
    """

    model: Model
    group: Ints
    members: Ints


def aggregated(model: Model) -> AggregateModel:
    """Return the single-period aggregate of a model, a relaxation of it.

    A sum over periods is a surrogate constraint (Glover 1968, Operations Research 16:741). Where coefficients differ by
    period, the least is used in upper limits, the greatest in lower limits, and the best price in the objective: as no
    variable is negative, every plan stays feasible and none is undervalued.
    """
    column, row = _grouped(model.columns, len(model.cost)), _grouped(model.rows, len(model.row_lower))
    members = np.bincount(column, minlength=int(column.max(initial=-1)) + 1)
    timed = np.zeros(len(members), dtype=bool)
    for block in model.columns.values():
        timed[column[block.span]] |= "period" in block.key
    matrix, lower, upper = _summed(model, column, row, members)
    cost = np.full(len(members), -np.inf)
    np.maximum.at(cost, column, model.cost)
    single: Bools = np.zeros(len(members), dtype=bool)
    single[column] = model.integer
    return AggregateModel(
        model=replace(
            model,
            columns=Families(),
            rows=Families(),
            matrix=matrix,
            row_lower=lower,
            row_upper=upper,
            lower=_totals(column, model.lower, len(members)),
            upper=_totals(column, model.upper, len(members)),
            cost=cost,
            integer=single & ~timed,
        ),
        group=column,
        members=members,
    )


def _totals(group: Ints, amount: Floats, size: int) -> Floats:
    """Return sums by group, as floats even where there are no entries."""
    total: Floats = np.zeros(size)
    np.add.at(total, group, amount)
    return total


def _grouped(blocks: Mapping[str, Block], size: int) -> Ints:
    """Return the group of each column or row: members of one family and key, over all periods."""
    group, start = np.full(size, -1), 0
    for block in blocks.values():
        if not len(block):
            continue
        key = {name: values for name, values in block.key.items() if name != "period"}
        place, names = distinct(key)
        group[block.span] = start + place
        start += len(next(iter(names.values())))
    return group


def _summed(model: Model, column: Ints, row: Ints, members: Ints) -> tuple[sparse.csr_array, Floats, Floats]:
    """Return the matrix of the aggregate and the lower and upper limits of its rows."""
    rows = int(row.max(initial=-1)) + 1
    adds = sparse.csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(rows, len(row)))
    summed = sparse.coo_array(adds @ model.matrix)
    key = summed.coords[0].astype(np.int64) * len(members) + column[summed.coords[1]]
    order = np.argsort(key, kind="stable")
    key, value = key[order], summed.data[order]
    first = np.flatnonzero(np.diff(key, prepend=-1)) if len(key) else np.empty(0, np.int64)
    at, of = key[first] // max(1, len(members)), key[first] % max(1, len(members))
    least, most = (reduce.reduceat(value, first) if len(first) else value for reduce in (np.minimum, np.maximum))
    # a column that some period's row leaves out counts as nothing there
    absent = np.diff(np.append(first, len(key))) < members[of]
    least, most = np.where(absent, np.minimum(least, 0.0), least), np.where(absent, np.maximum(most, 0.0), most)
    differs = np.zeros(rows, dtype=bool)
    differs[at[most - least > SAME * np.maximum(np.abs(most), np.abs(least))]] = True
    lower = _totals(row, model.row_lower, rows)
    upper = _totals(row, model.row_upper, rows)
    again = np.cumsum(differs) - 1 + rows
    twice = differs[at]
    matrix = sparse.csr_array(
        (
            np.concatenate([least, most[twice]]),
            (np.concatenate([at, again[at[twice]]]), np.concatenate([of, of[twice]])),
        ),
        shape=(rows + int(differs.sum()), len(members)),
    )
    # the second of two rows keeps the lower limit
    lower, upper = (
        np.concatenate([np.where(differs, -np.inf, lower), lower[differs]]),
        np.concatenate([upper, np.full(int(differs.sum()), np.inf)]),
    )
    return matrix, lower, upper


def _forcing_in(aggregate: AggregateModel, forcing: Forcing) -> Forcing:
    """Return the forcing rows of the aggregate: sums over periods of the rows of the model that was summed."""
    size = len(aggregate.members)
    row, key = distinct({"column": aggregate.group[forcing.column], "group": forcing.group})
    most = _totals(row, forcing.most, len(key["column"]))
    whole = np.bincount(row, minlength=len(most)) == aggregate.members[key["column"]]
    into = sparse.csr_array(
        (np.ones(len(aggregate.group)), (np.arange(len(aggregate.group)), aggregate.group)),
        shape=(len(aggregate.group), size),
    )
    rival = np.full(size, -1)
    rival[aggregate.group] = forcing.rival
    return Forcing(
        key["column"][whole], most[whole], key["group"][whole], sparse.csr_array(forcing.built @ into), rival
    )


class Keeper:
    """Record the incumbent and bound of a search in `memory`, which also holds the checkpoint to resume from."""

    def __init__(self, problem: ScaledProblem, params: SolveParams, memory: Memory) -> None:
        self._problem, self._params, self._memory = problem, params, memory
        self._mark = _mark_of(problem)
        self._value, self._bound, self._told = np.inf, -np.inf, -np.inf
        self._chosen: list[int] | None = None
        self.answer, self.done = NOTHING, False
        start = memory.start or {}
        if start.get("problem") == self._mark and start.get("chosen") is not None:
            whole = np.zeros(len(problem.integer))
            whole[np.asarray(start["chosen"], dtype=np.int64)] = 1.0
            session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
            found, bound = held(session, problem, whole[problem.integer]), start.get("bound")
            proven = -np.inf if bound is None else -float(bound) / problem.money
            self.answer = replace(found, bound=min(proven, found.value))
        if self.answer.x is not None:
            self.done, memory.resumed = bool(start.get("done")), True
            self.note(self.answer.x, self.answer.value, self.answer.bound)

    def note(self, x: Floats | None, value: float, bound: float) -> None:
        """Store an improving plan `x`, its objective or a proven lower bound, scaled as the problem (minimisation)."""
        better = x is not None and value < self._value
        tighter = bound > self._bound
        if better and x is not None:
            self._value = value
            self._chosen = self._on(x)
        self._bound = max(self._bound, bound)
        if better or (tighter and time.monotonic() - self._told > PAUSE):
            self._keep(done=False)

    def end(self, answer: SolverResult) -> None:
        """Store the final answer of the search and mark the checkpoint as done."""
        self.note(answer.x, answer.value, answer.bound)
        if answer.x is not None and answer.value <= self._value:  # with less that is on, for the same
            self._chosen = self._on(answer.x)
        self._keep(done=True)

    def _on(self, x: Floats) -> list[int]:
        """Return the binary columns that are 1 in a plan."""
        return np.flatnonzero(self._problem.integer & (x > 0.5)).tolist()

    def _keep(self, *, done: bool) -> None:
        if self._chosen is None:
            return
        self._told = time.monotonic()
        money = self._problem.money
        bound = min(self._bound, self._value)
        self._memory.note(
            {
                "problem": self._mark,
                "chosen": self._chosen,
                "value": -self._value * money,
                "bound": None if bound == -np.inf else -bound * money,
                "seconds": round(self._memory.seconds + self._params.seconds, 3),
                "done": done,
            }
        )


def _mark_of(problem: ScaledProblem) -> str:
    """Return the fingerprint of a problem: SHA-256 of its structure and of sums of its figures."""
    digest = hashlib.sha256()
    matrix = problem.matrix
    for part in (matrix.indptr, matrix.indices, problem.integer):
        digest.update(np.ascontiguousarray(part).tobytes())
    for figures in (matrix.data, problem.cost, problem.upper, problem.row_upper, problem.row_lower):
        finite = figures[np.isfinite(figures)]
        sums = (float(np.abs(finite).sum()), float(finite @ finite))
        digest.update(" ".join(f"{one:.{FIGURES}e}" for one in sums).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class GivenStart:
    """Provide the better of a known plan and of the default start, if any, with the latter's bound."""

    answer: SolverResult
    otherwise: Begins | None

    def sketch(self) -> SolverResult:
        """Return the better of the supplied plan and the sketch of the default start."""
        return self._better(None if self.otherwise is None else self.otherwise.sketch())

    def plan(self) -> SolverResult:
        """Return the better of the supplied plan and the plan of the default start."""
        return self._better(None if self.otherwise is None else self.otherwise.plan())

    def _better(self, other: SolverResult | None) -> SolverResult:
        if other is None:
            return self.answer
        return replace(min(self.answer, other, key=lambda answer: answer.value), bound=other.bound)
