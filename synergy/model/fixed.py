"""Fixed-integer LP: a model with its integers fixed, kept in a solver for changes of its bounds, prices and entries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.decode import among, link_key
from synergy.model.highs import DEVEX, SolverResult, SolverSession, Status
from synergy.model.scaling import narrowed, open_columns, scaled
from synergy.network.places import Floats, Ints, positions
from synergy.plan import LINK_COLUMNS, Decisions
from synergy.solvers import run

DUAL, PRIMAL = 1, 4  # HiGHS's numbers of simplex strategies
ENDLESS = 2**31 - 1
SHORT = 0.01  # part of the rows as iterations, after which the primal simplex gives way to the dual
PATIENCE = 0.2  # the same for a start from nothing in place of the dual: by then it has taken as long
LEAST = 100  # iterations, however few the rows are
SEEN = 1e-6  # least change of a scaled unit cost that the simplex does not take for noise
WHOLE = 1e-6  # a switch of the relaxation this near to on is on


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


class WhatIf:
    """Keep the plan's problem with fixed integers in a solver for quick re-optimisation queries.

    `x`, shape (columns,), is the plan, integers whole; `decisions` is the same plan as frames, and queries refer to its
    rows. `flow_column`, shape (flows,), is the column of the model behind each row of the flows frame.
    """

    def __init__(self, model: Model, x: Floats, decisions: Decisions, flow_column: Ints) -> None:
        self._model, self._decisions, self._flow_column = model, decisions, flow_column
        self._problem, self._switches = scaled(model), model.columns["on"].positions
        upper = np.where(model.integer, np.minimum(x, self._problem.upper), self._problem.upper)
        upper[self._switches] = 1.0  # they may be switched anew
        left = open_columns(replace(self._problem, upper=upper))
        self._place: Ints = np.full(len(x), -1)
        self._place[left] = np.arange(len(left))
        small, _ = narrowed(self._problem, left)
        self._session = SolverSession(small, relaxed=True)
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)  # exact weights cost more than a warm solve
        self._lower = np.where(model.integer, x, self._problem.lower)
        self._upper = np.where(model.integer, x, self._problem.upper)
        integer = np.flatnonzero(model.integer)
        self._bound(integer, x[integer], x[integer])
        self._session.solve()

    def without(self, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return the value of the best plan without some rows of the plan, None if infeasible.

        Units stay on or off as in the plan if feasible; otherwise their on/off binaries are rounded from the
        relaxation, so the loss may be overstated, never understated.
        """
        network, steps = self._model.candidates.network, self._model.candidates.network.units.steps
        build, link = self._decisions.builds.iloc[list(builds)], self._decisions.links.iloc[list(links)]
        names = build["process"].astype(object) + "@" + build["site"].astype(object)
        # the amount that other flows of the plan contribute to a column; flows at these builds need no cap of their own
        rows, every = np.asarray(flows, dtype=np.int64), self._decisions.flows
        frame, at = every.iloc[rows], np.zeros(len(rows), dtype=bool)
        for end in ("outlet", "inlet"):
            at |= ((frame[f"{end}_kind"] == "build") & frame[f"{end}_id"].isin(names)).to_numpy(dtype=bool)
        column, rest = np.unique(self._flow_column[rows[~at]]), every["quantity"].to_numpy(float).copy()
        rest[rows[~at]] = 0.0
        most = np.bincount(self._flow_column, weights=rest, minlength=int(column.max(initial=0)) + 1)[column]
        size, built, opened = (self._model.columns[name] for name in ("size", "built", "open"))
        unit = positions(names, network.units.ids)
        held = [block.positions[np.isin(steps.unit[block.key["step"]], unit)] for block in (size, built)]
        if len(link):
            gone = among(link_key(network, opened.key["link"]), [link[name] for name in LINK_COLUMNS[:4]])
            held.append(opened.positions[gone])
        which = np.concatenate([column, *held])
        upper = np.concatenate([most, np.zeros(len(which) - len(column))]) / self._problem.column[which]
        lower = np.zeros(len(which))
        self._bound(which, lower, np.maximum(upper, lower))
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL and len(self._switches):
            answer = self._switched()
        self._bound(which, self._lower[which], self._upper[which])
        value = -answer.value * self._problem.money
        return value if answer.status is Status.OPTIMAL else None

    def _switched(self) -> SolverResult:
        """Return the answer with the on/off binaries of units rounded anew from the relaxation."""
        self._bound(self._switches, np.zeros(len(self._switches)), np.ones(len(self._switches)))
        answer = self._session.solve()
        if answer.x is not None:
            part = answer.x[self._place[self._switches]]
            for least in (0.5, 1.0 - WHOLE):
                on = (part >= least).astype(float)
                self._bound(self._switches, on, on)
                answer = self._session.solve()
                if answer.status is Status.OPTIMAL:
                    break
        self._bound(self._switches, self._lower[self._switches], self._upper[self._switches])
        return answer

    def _bound(self, which: Ints, lower: Floats, upper: Floats) -> None:
        """Change bounds; columns removed because the plan's binaries fix them at 0 are skipped."""
        there = self._place[which] >= 0
        self._session.bound(self._place[which[there]], lower[there], upper[there])
