"""Temporal aggregation: relax a multi-period problem to a single-period one.

Columns and rows that differ by their period alone are summed. Constraints that hold in each period hold in the sum,
so the optimum of the aggregate bounds the problem's, and its builds and opened links are a good starting point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.model.assembly import Block, distinct
from synergy.model.build import Model
from synergy.model.heuristics import Hint, hinted
from synergy.model.highs import SolverResult
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem, scaled
from synergy.model.search import Knowledge, search
from synergy.model.solve_params import Event, SolveParams
from synergy.network.places import Bools, Floats, Ints

SAME = 1e-12  # relative difference of coefficients that is rounding
ROUGH = 0.1  # gap of the aggregate that a first plan may have
ROUGH_PART = 0.2  # of the time that is left, for it
CLOSE = 5e-3  # gap of the aggregate that suffices: its plan is off by as much in the periods
CLOSE_PART = 0.5  # of the time that is left, for it


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
            columns={},
            rows={},
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


def forcing_in(aggregate: AggregateModel, forcing: Forcing) -> Forcing:
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


def parts_in(aggregate: AggregateModel, parts: tuple[Ints, ...]) -> tuple[Ints, ...]:
    """Return the fix-and-optimise parts of the summed model restricted to the binary columns of the aggregate."""
    summed = (np.unique(aggregate.group[part]) for part in parts)
    kept = (part[aggregate.model.integer[part]] for part in summed)
    return tuple(part for part in kept if len(part))


class Beginning:
    """Provide starting plans of a multi-period problem (`problem` is `model` scaled) derived from its aggregate."""

    def __init__(self, model: Model, problem: ScaledProblem, known: Knowledge, params: SolveParams) -> None:
        self._whole = aggregated(model)
        self._inner = scaled(self._whole.model)
        self._money = self._inner.money / problem.money
        self._problem, self._params, self._outer = problem, params, known
        self._known = Knowledge(forcing_in(self._whole, known.forcing), parts_in(self._whole, known.parts))
        self._columns = np.flatnonzero(model.integer & self._whole.model.integer[self._whole.group])

    def sketch(self) -> SolverResult:
        """Return a plan derived from a short search of the aggregate, with the bound it proves."""
        return self._searched(ROUGH, ROUGH_PART)

    def plan(self) -> SolverResult:
        """Return a plan derived from a longer search of the aggregate, with the bound it proves."""
        return self._searched(CLOSE, CLOSE_PART)

    def _searched(self, gap: float, part: float) -> SolverResult:
        """Search the aggregate to a gap within a part of the remaining time; return the plan derived from it."""
        params = self._params
        limit = params.seconds + part * params.left
        inner = replace(params, gap=max(params.gap, gap), time_limit=limit, listen=self._hear, memory=None, note=None)
        return self._followed(search(self._inner, inner, self._known))

    def _hear(self, event: Event) -> None:
        """Report the bound of the aggregate, valid for the problem too; its incumbent is not a plan of the problem."""
        if event.bound is not None:
            self._params.say("year", event.bound)

    def _followed(self, answer: SolverResult) -> SolverResult:
        """Return the plan of the problem with the binary decisions of the aggregate's answer."""
        bound = answer.bound * self._money
        if answer.x is None:
            return replace(answer, bound=bound, x=None, row_dual=None, column_dual=None)
        hint = Hint(self._columns, np.round(answer.x[self._whole.group[self._columns]]), bound)
        return replace(hinted(self._problem, hint, (self._outer.forcing, self._params)), bound=bound)
