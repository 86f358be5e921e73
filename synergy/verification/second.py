"""Second opinion: a plan that another solver finds for the literal model, valued by the model and not by its word."""

from __future__ import annotations

import time

import numpy as np
from scipy.sparse import csr_matrix, diags

from synergy.dataset.dataset import Dataset
from synergy.halting import watched
from synergy.literal.build import LiteralModel, build
from synergy.literal.scope import Floats, Ints
from synergy.plan import Plan
from synergy.solvers import ORTOOLS, ortools
from synergy.verification.findings import Finding

MOST = 300  # yes-or-no decisions up to which a solver is asked again
SECONDS = 10.0
BETTER = 1e-6  # part of a value by which another one counts as higher
_ROW = 1e-8  # part of a row's terms by which it may be missed
_TINY = 1e-9  # by which an empty row may
_PASSES = 3
_WIDEST = 2.0**30


def better_value(dataset: Dataset, plan: Plan, seconds: float = SECONDS) -> float | None:
    """Value of a better plan that SCIP finds.

    Parameters
    ----------
    dataset : Dataset
        What the plan follows from.
    plan : Plan
        Accepted by `synergy.verification.verify`: where its duals leave no room for a better plan, none is looked for.
    seconds : float
        For the search.

    Returns
    -------
    float or None
        Money a year, of a point that keeps every row of the literal model; None where none was found that is worth
        more than the plan, or the model has more than `MOST` yes-or-no decisions.
    """
    room, proven = _room(plan), plan.proof.get("dual")
    if proven is not None and float(proven) <= plan.value + room:
        return None
    model = build(dataset)
    if int(model.integer.sum()) > MOST or not len(model.cost):
        return None
    value = best_value(model, seconds)
    return value if value is not None and value > plan.value + room else None


def refused_by(plan: Plan, value: float | None) -> tuple[Finding, ...]:
    """Finding that refuses a plan whose bound is below the value of another plan."""
    if value is None or value <= plan.bound + _room(plan):
        return ()
    text = f"a second solver found a plan worth {value:.12g}, above the bound of {plan.bound:.12g}"
    return (Finding("better", "bound", text),)


def best_value(model: LiteralModel, seconds: float) -> float | None:
    """Value of the best point that SCIP finds; None where it finds none that keeps the rows.

    Parameters
    ----------
    model : LiteralModel
    seconds : float
        For the search, and as many for the linear rest.
    """
    end = time.monotonic() + seconds
    found = _solved(model, "scip", model.column_lower, model.column_upper, seconds)
    if found is None:
        return None
    whole = np.clip(np.round(found), 0.0, 1.0)
    rounded = np.where(model.integer, whole, np.maximum(found, 0.0))
    points = [rounded]
    lower, upper = (np.where(model.integer, whole, bound) for bound in (model.column_lower, model.column_upper))
    rest = _solved(model, "glop", lower, upper, max(1.0, end - time.monotonic()))
    if rest is not None:
        points.append(np.clip(rest, lower, upper))
    return max((float(model.cost @ x) for x in points if _kept(model, x)), default=None)


def _room(plan: Plan) -> float:
    """Money by which another plan has to be worth more."""
    return BETTER * max(1.0, abs(plan.value))


def _kept(model: LiteralModel, x: Floats) -> bool:
    """Whether a point keeps every row, as far as the sizes of its terms let a sum be told."""
    made, size = model.matrix @ x, abs(model.matrix) @ np.abs(x)
    over: Floats = np.maximum(made - model.row_upper, model.row_lower - made)
    return bool((over <= _ROW * size + _TINY).all())


def _solved(model: LiteralModel, solver: str, lower: Floats, upper: Floats, seconds: float) -> Floats | None:
    """Point that a solver of OR-Tools finds, in the model's own units."""
    row, column = _factors(model)
    matrix = csr_matrix(diags(row) @ model.matrix @ diags(column))
    cost = model.cost * column
    money = float(np.abs(cost).max()) or 1.0
    helper = ortools(ORTOOLS)
    problem = helper.ModelBuilderHelper()
    limits = (lower / column, upper / column, cost / money, model.row_lower * row, model.row_upper * row)
    problem.fill_model_from_sparse_data(*limits, matrix)
    problem.set_maximize(True)
    if solver == "scip":
        for one in np.flatnonzero(model.integer).tolist():
            problem.set_var_integrality(one, True)
    run = helper.ModelSolverHelper(solver)
    run.set_time_limit_in_seconds(seconds)
    watched(lambda: run.solve(problem))
    return np.asarray(run.variable_values(), dtype=float) * column if run.has_solution() else None


def _factors(model: LiteralModel) -> tuple[Floats, Floats]:
    """Factors of rows and columns, powers of two, after which the coefficients are near 1."""
    size = csr_matrix(abs(model.matrix))
    size.eliminate_zeros()
    row, column = np.ones(size.shape[0]), np.ones(size.shape[1])
    at = np.repeat(np.arange(size.shape[0]), np.diff(size.indptr))
    to, logs = size.indices.astype(np.int64), np.log2(size.data)
    for _ in range(_PASSES):
        row = _middle(at, logs + np.log2(column)[to], len(row))
        column = _middle(to, logs + np.log2(row)[at], len(column))
        column[model.integer] = 1.0
    return row, column


def _middle(at: Ints, logs: Floats, count: int) -> Floats:
    """Power of two that brings the mean of the logarithms at each place to 0."""
    mean = np.bincount(at, logs, count) / np.maximum(np.bincount(at, minlength=count), 1)
    factor: Floats = np.clip(np.exp2(-np.round(mean)), 1 / _WIDEST, _WIDEST)
    return factor
