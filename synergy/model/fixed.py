"""Fixed-integer LP: a model with its integers fixed, kept in a solver for reversible changes and re-solves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.highs import DEVEX, SolverSession, Status
from synergy.model.reduced import narrowed, open_columns
from synergy.model.scaling import scaled
from synergy.network.places import Floats, Ints
from synergy.solvers import run

DUAL, PRIMAL = 1, 4  # HiGHS's numbers of simplex strategies
ENDLESS = 2**31 - 1
SHORT = 0.01  # part of the rows as iterations, after which the primal simplex gives way to the dual
PATIENCE = 0.2  # the same for a start from nothing in place of the dual: by then it has taken as long
LEAST = 100  # iterations, however few the rows are
SEEN = 1e-6  # least change of a scaled unit cost that the simplex does not take for noise


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold the optimal continuous variables for fixed integers, in the model's units.

    `value` is money a year, -inf where the problem is infeasible; `x`, shape (columns,), is empty where there is none.
    `dual`, shape (rows,), is the shadow price of each row, `reduced`, shape (columns,), the money lost a unit by which
    a column is raised (its reduced cost).
    """

    value: float
    x: Floats
    dual: Floats
    reduced: Floats


NOTHING = Rest(-np.inf, np.empty(0), np.empty(0), np.empty(0))


class FixedModel:
    """Keep a model with fixed integers in a warm solver; all arguments are in the model's own units.

    `whole`, shape (columns,), holds the values of the integer columns; the others are ignored. With `narrow`, columns
    that these values leave at 0 are left out: they stay 0 whatever is changed afterwards.
    """

    def __init__(self, model: Model, whole: Floats, *, narrow: bool = False) -> None:
        self.model, self.problem = model, scaled(model)
        upper = np.where(model.integer, np.minimum(whole, self.problem.upper), self.problem.upper)
        self._open: Ints = np.arange(len(upper))
        if narrow:
            self._open = open_columns(replace(self.problem, upper=upper))
        small, self._kept = narrowed(self.problem, self._open)
        self._column, self._row = (np.full(size, -1) for size in model.matrix.shape[::-1])
        self._column[self._open], self._row[self._kept] = np.arange(len(self._open)), np.arange(len(self._kept))
        self._session = SolverSession(small, relaxed=True)
        integer = np.flatnonzero(model.integer)
        self._lower, self._upper = model.lower.copy(), model.upper.copy()
        self._lower[integer] = self._upper[integer] = whole[integer]
        self._cost = model.cost.copy()
        self._row_lower, self._row_upper = model.row_lower.copy(), model.row_upper.copy()
        held = integer[self._column[integer] >= 0]
        self._session.bound(self._column[held], whole[held], whole[held])
        self._undo: list[tuple[str, Any]] = []
        self._weights: dict[tuple[int, int], float] = {}  # added to coefficients of the matrix
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)  # exact weights cost more than a warm solve
        self._patience = max(10 * LEAST, int(PATIENCE * len(self._kept)))
        run(self._session.highs)
        self._basis = self._session.highs.getBasis()

    def grain(self, columns: Ints) -> float:
        """Return the smallest change of the columns' unit cost that the solver resolves (money per unit)."""
        return float((SEEN * self.problem.money / self.problem.column[columns]).max(initial=0.0))

    def bound(self, columns: Ints, lower: Floats | float, upper: Floats | float) -> None:
        """Change the bounds of some columns until the end of `trying`."""
        columns = np.asarray(columns, dtype=np.int64)
        self._undo.append(("bound", (columns, self._lower[columns], self._upper[columns])))
        self._bound(columns, lower, upper)

    def price(self, columns: Ints, more: Floats | float) -> None:
        """Increase the unit value of some columns until the end of `trying`."""
        columns = np.asarray(columns, dtype=np.int64)
        self._undo.append(("price", (columns, self._cost[columns])))
        self._price(columns, self._cost[columns] + more)

    def limit(self, rows: Ints, lower: Floats | float, upper: Floats | float) -> None:
        """Change the limits of some rows until the end of `trying`."""
        rows = np.asarray(rows, dtype=np.int64)
        self._undo.append(("limit", (rows, self._row_lower[rows], self._row_upper[rows])))
        self._limit(rows, lower, upper)

    def row_limits(self, rows: Ints) -> tuple[Floats, Floats]:
        """Return the current limits of some rows."""
        return self._row_lower[rows], self._row_upper[rows]

    def bounds(self, columns: Ints) -> tuple[Floats, Floats]:
        """Return the current bounds of some columns."""
        return self._lower[columns], self._upper[columns]

    def reweigh(self, rows: Ints, columns: Ints, more: Floats) -> None:
        """Add to matrix coefficients, one per (row, column) pair, until the end of `trying`."""
        before = np.asarray(
            [self._weights.get(place, 0.0) for place in zip(rows.tolist(), columns.tolist(), strict=True)]
        )
        self._undo.append(("reweigh", (rows, columns, before)))
        self._reweigh(rows, columns, before + more)

    def together(self, columns: Ints, least: float) -> None:
        """Add a lower limit on the sum of some columns until the end of `trying`."""
        columns = columns[self._column[columns] >= 0]
        scale = self.problem.column[columns]
        unit = float(scale.max(initial=1.0))
        place = np.zeros(len(columns), np.int64), self._column[columns]
        row = sparse.csr_array((scale / unit, place), shape=(1, len(self._open)))
        self._undo.append(("together", None))
        self._session.add_rows(row, np.array([least / unit]), np.array([np.inf]))

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Undo all changes made within the context on exit; contexts may be nested."""
        mark = len(self._undo)
        try:
            yield
        finally:
            extra = False
            for name, what in reversed(self._undo[mark:]):
                if name == "together":
                    extra = True
                    last = self._session.highs.getNumRow() - 1
                    self._session.highs.deleteRows(1, np.array([last], dtype=np.int32))
                else:
                    getattr(self, f"_{name}")(*what)
            del self._undo[mark:]
            if extra and not any(name == "together" for name, _ in self._undo):
                self._session.highs.setBasis(self._basis)  # deleting a row loses the one there is

    def home(self) -> None:
        """Reset the basis to that of the plan, discarding the basis of the last solve."""
        self._session.highs.setBasis(self._basis)

    def cold(self) -> float:
        """Return the optimal value of a cold-started solve, in money a year."""
        self._session.highs.clearSolver()
        self._run(DUAL, ENDLESS)
        return self._found()

    def worth(self, *, primal: bool = False) -> float:
        """Return the optimal value of the current problem, in money a year; -inf if infeasible.

        `primal`: only costs changed since the last solve, so that the basis stays primal feasible.
        """
        if primal:
            if self._run(PRIMAL, max(LEAST, int(SHORT * len(self._kept)))):
                return self._found()
            self.home()
        if not self._run(DUAL, self._patience):
            self._session.highs.clearSolver()  # far from the plan a start from nothing, with presolve, is faster
            self._run(DUAL, ENDLESS)
        return self._found()

    def _run(self, strategy: int, limit: int) -> bool:
        """Run the simplex with an iteration limit; return whether it finished within the limit."""
        highs = self._session.highs
        self._session.set(simplex_strategy=strategy, simplex_iteration_limit=limit)
        run(highs)
        self._session.set(simplex_strategy=DUAL, simplex_iteration_limit=ENDLESS)
        return bool(highs.getModelStatus().name != "kIterationLimit")

    def _found(self) -> float:
        """Return the objective value of the last solve, -inf if it was not optimal."""
        highs = self._session.highs
        if highs.getModelStatus().name != "kOptimal":
            return -np.inf
        return -float(highs.getObjectiveValue()) * self.problem.money

    def solve(self) -> Rest:
        """Solve the current problem; return its optimum with duals and reduced costs."""
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL or answer.x is None:
            return NOTHING
        x, reduced, dual = (np.zeros(size) for size in (len(self._cost), len(self._cost), len(self._row_lower)))
        x[self._open] = answer.x
        if answer.row_dual is not None:
            dual[self._kept] = answer.row_dual[: len(self._kept)]
        if answer.column_dual is not None:
            reduced[self._open] = answer.column_dual
        return Rest(
            value=-answer.value * self.problem.money,
            x=x * self.problem.column,
            dual=-dual * self.problem.row * self.problem.money,
            reduced=reduced * self.problem.money / self.problem.column,
        )

    def _reweigh(self, rows: Ints, columns: Ints, more: Floats) -> None:
        base = np.asarray(self.model.matrix[rows, columns]).ravel()
        scale = self.problem.row[rows] * self.problem.column[columns]
        places = zip(rows.tolist(), columns.tolist(), ((base + more) * scale).tolist(), more.tolist(), strict=True)
        for row, column, value, added in places:
            self._weights[row, column] = added
            there = int(self._row[row]), int(self._column[column])
            if min(there) >= 0:
                self._session.highs.changeCoeff(*there, value)

    def _bound(self, columns: Ints, lower: Floats | float, upper: Floats | float) -> None:
        self._lower[columns], self._upper[columns] = lower, upper
        columns = columns[self._column[columns] >= 0]
        scale = self.problem.column[columns]
        self._session.bound(self._column[columns], self._lower[columns] / scale, self._upper[columns] / scale)

    def _price(self, columns: Ints, cost: Floats) -> None:
        self._cost[columns] = cost
        there = self._column[columns] >= 0
        cost, columns = -cost * self.problem.column[columns] / self.problem.money, self._column[columns]
        self._session.price(columns[there], cost[there])

    def _limit(self, rows: Ints, lower: Floats | float, upper: Floats | float) -> None:
        self._row_lower[rows], self._row_upper[rows] = lower, upper
        rows = rows[self._row[rows] >= 0]
        scale = self.problem.row[rows]
        self._session.limit(self._row[rows], self._row_lower[rows] * scale, self._row_upper[rows] * scale)
