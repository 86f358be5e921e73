"""Verify by re-solving: standalone values, status quo, today, coalitions, and a search for a better plan."""

from __future__ import annotations

import time
from collections.abc import Collection
from itertools import combinations

import numpy as np
from scipy.sparse import csr_matrix, diags

from synergy.dataset.sheet import Dataset
from synergy.errors import Severity
from synergy.halting import watched
from synergy.literal.build import LiteralModel, build
from synergy.literal.scope import Floats, Ints, Variant
from synergy.literal.solve import solve
from synergy.plan import Plan
from synergy.solvers import ORTOOLS, ortools
from synergy.verification.books import Book, Finding
from synergy.verification.claims import payoffs_of

NEAR = 1e-5  # part of a value by which two solvers may differ
GAP = 1e-6
FEW = 4  # enterprises up to which every coalition is solved
MOST = 300  # yes-or-no decisions up to which a solver is asked again
SECONDS = 10.0
BETTER = 1e-6  # part of a value by which another one counts as higher
_ROW = 1e-8  # part of a row's terms by which it may be missed
_TINY = 1e-9  # by which an empty row may
_PASSES = 3
_WIDEST = 2.0**30


def solved_again(dataset: Dataset, plan: Plan, seconds: float = 60.0) -> tuple[Finding, ...]:
    """Re-solve the reference plans of a plan with the contract's literal model, and return values that do not follow.

    The values are those of `standalone`, `status_quo`, `today` and of coalitions. What is not checked within `seconds`
    gives warnings, merged into one.
    """
    book, end = Book(), time.monotonic() + seconds
    if plan.standalone is None:
        return ()
    firms = [str(name) for name in dataset["enterprises"]["enterprise"]]
    _compared(book, dataset, ("today", plan.today), [(None, Variant.TODAY)], end)
    for name in firms:
        if name in plan.standalone:
            claim = f"standalone.{name}", plan.standalone[name]
            _compared(book, dataset, claim, [({name}, Variant.ROUND)], end)
    _compared(book, dataset, ("status_quo", plan.status_quo), [({name}, Variant.QUO) for name in firms], end)
    book.found += coalitions_again(dataset, plan, end - time.monotonic())
    late = [finding.subject for finding in book.found if not finding.refuses]
    found = [finding for finding in book.found if finding.refuses]
    if late:
        said = ", ".join(late[:3]) + (f" and {len(late) - 3} more" if len(late) > 3 else "")
        found.append(Finding("unchecked", said, "not solved again in the time given", Severity.WARNING))
    return tuple(found)


def _compared(
    book: Book,
    dataset: Dataset,
    claim: tuple[str, float | None],
    problems: list[tuple[Collection[str] | None, Variant]],
    end: float,
) -> None:
    """Compare a claim with the sum of the re-solved values; None matches only an infeasible coalition."""
    (subject, claimed), low, high = claim, 0.0, 0.0
    code = subject.partition(".")[0]
    for members, variant in problems:
        left = end - time.monotonic()
        solution = solve(build(dataset, members, variant), time_limit=left, gap=GAP) if left > 0 else None
        if solution is None or solution.status not in ("optimal", "feasible", "infeasible"):
            book.add("unchecked", subject, "not solved again in the time given", Severity.WARNING)
            return
        if solution.status == "infeasible":
            low, high = -np.inf, -np.inf
        else:
            low, high = low + solution.value, high + max(solution.bound, solution.value)
    if claimed is None or high == -np.inf:
        if claimed is not None or high != -np.inf:
            book.add(code, subject, f"claimed {claimed}, found {None if high == -np.inf else low}")
        return
    room = NEAR * max(1.0, abs(high))
    if not low - room <= claimed <= high + room:
        book.add(code, subject, f"claimed {claimed:.12g}, found {low:.12g}")


def coalitions_again(dataset: Dataset, plan: Plan, seconds: float = 60.0) -> tuple[Finding, ...]:
    """Re-solve the coalitions named in a settlement, and all coalitions of at most `FEW` enterprises.

    Returns findings on coalitions that are not worth the value claimed, or worth more than the bound of the excess
    allows, and on an excess that no coalition has, where every one is solved; none without a settlement. What is not
    checked within `seconds` gives warnings.
    """
    book, settlement, end = Book(), plan.settlement, time.monotonic() + seconds
    if settlement is None:
        return ()
    names = [str(name) for name in dataset["enterprises"]["enterprise"]]
    payoff = dict(zip(names, payoffs_of(settlement, names).tolist(), strict=True))
    claimed = {frozenset(one["enterprises"]): float(one["value"]) for one in settlement["binding"]}
    asked = dict.fromkeys(claimed)
    if len(names) <= FEW:
        asked |= dict.fromkeys(frozenset(some) for size in range(1, len(names)) for some in combinations(names, size))
    bound = np.inf if settlement["excess_bound"] is None else float(settlement["excess_bound"])
    room = NEAR * max(1.0, abs(plan.value)) + float(settlement["tolerance"])
    worst = -np.inf if len(names) <= FEW else np.inf  # most that any coalition lacks
    for members in (some for some in asked if len(some) < len(names)):
        left, value, proven = end - time.monotonic(), -np.inf, np.inf
        if left > 0:
            solution = solve(build(dataset, members=members), time_limit=left, gap=GAP)
            value, proven = -np.inf if solution.x is None else solution.value, solution.bound
        subject = " ".join(sorted(members))
        if members in claimed and claimed[members] > proven + room:
            book.add("coalition", subject, f"claimed to be worth {claimed[members]:.9g}, proven at most {proven:.9g}")
        paid = sum(payoff[name] for name in members)
        worst = max(worst, proven - paid)
        if value - paid > bound + room:
            book.add("coalition", subject, f"is worth {value:.9g}, which breaks the bound of the excess")
        if proven - value > room:
            book.add("unchecked", subject, "its value could not be proven in the time given", Severity.WARNING)
    excess = settlement["excess"]
    if len(names) > 1 and excess is not None and float(excess) > worst + room:
        book.add("excess", "settlement.excess", f"claimed {excess:.9g}, no coalition lacks more than {worst:.9g}")
    return tuple(book.found)


def better_value(dataset: Dataset, plan: Plan, seconds: float = SECONDS) -> float | None:
    """Return the value (money a year) of a better plan found by SCIP, None if none is found.

    The plan has been accepted by `synergy.verification.verify`: where its duals leave no room for a better one, none is
    looked for. The value is that of a point that keeps every row of the literal model; None also where the model has
    more than `MOST` yes-or-no decisions.
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
    """Return the finding that refuses a plan whose bound is below the value of another plan."""
    if value is None or value <= plan.bound + _room(plan):
        return ()
    text = f"a second solver found a plan worth {value:.12g}, above the bound of {plan.bound:.12g}"
    return (Finding("better", "bound", text),)


def best_value(model: LiteralModel, seconds: float) -> float | None:
    """Return the value of the best feasible point found by SCIP, None if it finds none.

    The LP with its integers fixed gets the rest of `seconds`, at least 1.
    """
    end = time.monotonic() + seconds
    found = _solved_by_another(model, "scip", model.column_lower, model.column_upper, seconds)
    if found is None:
        return None
    whole = np.clip(np.round(found), 0.0, 1.0)
    rounded = np.where(model.integer, whole, np.maximum(found, 0.0))
    points = [rounded]
    lower, upper = (np.where(model.integer, whole, bound) for bound in (model.column_lower, model.column_upper))
    rest = _solved_by_another(model, "glop", lower, upper, max(1.0, end - time.monotonic()))
    if rest is not None:
        points.append(np.clip(rest, lower, upper))
    return max((float(model.cost @ x) for x in points if _kept(model, x)), default=None)


def _room(plan: Plan) -> float:
    """Return the money above a plan's value from which another plan counts as better."""
    return BETTER * max(1.0, abs(plan.value))


def _kept(model: LiteralModel, x: Floats) -> bool:
    """Return whether a point satisfies every row, within a tolerance relative to the size of its terms."""
    made, size = model.matrix @ x, abs(model.matrix) @ np.abs(x)
    over: Floats = np.maximum(made - model.row_upper, model.row_lower - made)
    return bool((over <= _ROW * size + _TINY).all())


def _solved_by_another(model: LiteralModel, solver: str, lower: Floats, upper: Floats, seconds: float) -> Floats | None:
    """Return the point found by an OR-Tools solver, in the model's own units, None without one."""
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
    """Return scaling factors of rows and columns, powers of two, that bring the coefficients near 1."""
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
    """Return the powers of two that bring the mean logarithm at each place near 0."""
    mean = np.bincount(at, logs, count) / np.maximum(np.bincount(at, minlength=count), 1)
    factor: Floats = np.clip(np.exp2(-np.round(mean)), 1 / _WIDEST, _WIDEST)
    return factor
