"""Master problem: the relaxation restricted to promising columns, with derived rows, kept warm in HiGHS."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags

from synergy.literal.rounding import RelaxationRows
from synergy.literal.scope import Floats, Ints
from synergy.model.highs import silent
from synergy.solvers import counted, highs, run

FRACTION = 1e-3  # distance from a whole number that counts
DENSE = 300  # rows that make a row of the tableau
MANY = 3_000  # columns that come in at once


class Budget:
    """Budget of a proof search in seconds from now and in work.

    Work is simplex iterations and row aggregations tried; either takes some 0.3 ms.
    """

    def __init__(self, seconds: float, work: float = np.inf) -> None:
        self.until, self.work = time.monotonic() + seconds, work

    @property
    def seconds(self) -> float:
        """Return the remaining seconds."""
        return self.until - time.monotonic()

    @property
    def over(self) -> bool:
        """Return whether time or work is used up."""
        return self.work <= 0 or self.seconds <= 0


class Master:
    """Restricted master LP over some columns of a relaxation; `extend` adds the derived rows."""

    def __init__(self, rows: RelaxationRows, columns: Ints) -> None:
        stated = rows.stated
        self.rows, self.columns = rows, columns
        self.inside = np.zeros(len(stated.cost), dtype=bool)
        self.inside[columns] = True
        self.place = np.full(len(stated.cost), -1)
        self.place[columns] = np.arange(len(columns))
        finite = np.isfinite(stated.upper) & (stated.upper > 0) & ~stated.integer
        self.scale = np.exp2(np.round(np.log2(np.where(finite, stated.upper, 1.0))))
        self.by_column = csc_matrix(stated.matrix)
        scaled = csr_matrix(stated.matrix @ diags(self.scale))
        largest = np.ones(scaled.shape[0])
        filled = np.diff(scaled.indptr) > 0
        largest[filled] = np.maximum.reduceat(np.abs(scaled.data), scaled.indptr[:-1][filled])
        self.row_scale = np.exp2(-np.round(np.log2(largest)))
        cost = np.abs(stated.cost * self.scale)
        self.money = float(np.exp2(np.round(np.log2(max(cost.max(initial=0.0) / 1e3, 1e-30)))))
        self.highs = silent()
        self.highs.setOptionValue("threads", 1)
        self._pass()
        self.extended = 0
        self.derived_scale = np.empty(0)

    def _pass(self) -> None:
        stated, columns = self.rows.stated, self.columns
        matrix = csr_matrix(diags(self.row_scale) @ stated.matrix[:, columns] @ diags(self.scale[columns]))
        lp = highs().HighsLp()
        lp.num_col_, lp.num_row_ = len(columns), matrix.shape[0]
        lp.col_cost_ = -stated.cost[columns] * self.scale[columns] / self.money
        lp.col_lower_, lp.col_upper_ = np.zeros(len(columns)), stated.upper[columns] / self.scale[columns]
        lp.row_lower_, lp.row_upper_ = stated.row_lower * self.row_scale, stated.row_upper * self.row_scale
        lp.a_matrix_.format_ = highs().MatrixFormat.kRowwise
        lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = len(columns), matrix.shape[0]
        lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data
        self.highs.passModel(lp)

    def solve(self, budget: Budget) -> bool:
        """Solve the current LP within the budget; return whether it was solved to optimality."""
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(budget.seconds, 0.1))
        with counted() as work:
            run(self.highs)
        budget.work -= work.iterations
        return bool(self.highs.getModelStatus() == highs().HighsModelStatus.kOptimal)

    def point(self) -> Floats:
        """Return the primal values of all columns, in the model's units."""
        x = np.zeros(len(self.inside))
        x[self.columns] = np.asarray(self.highs.getSolution().col_value) * self.scale[self.columns]
        return np.maximum(x, 0.0)

    def duals(self) -> tuple[Floats, Floats]:
        """Return the duals of the stated and of the derived rows, money per unit."""
        dual = -np.asarray(self.highs.getSolution().row_dual) * self.money
        count = self.rows.count
        return dual[:count] * self.row_scale, np.maximum(dual[count:] * self.derived_scale, 0.0)

    @property
    def value(self) -> float:
        """Return the optimal value of the current LP, money a year."""
        return -float(self.highs.getInfo().objective_function_value) * self.money

    def tableau(self, fraction: Floats) -> Iterator[dict[int, float]]:
        """Yield the row multipliers of the simplex tableau rows whose basic column is fractional.

        `fraction` is the distance of each column from a whole number.
        """
        _, basic = self.highs.getBasicVariables()
        scale = np.concatenate([self.row_scale, self.derived_scale])
        for place, at in enumerate(np.asarray(basic).tolist()):
            if at < 0 or fraction[self.columns[at]] < FRACTION:
                continue
            row = np.asarray(self.highs.getBasisInverseRow(place)[1])
            used = np.flatnonzero(np.abs(row) > 1e-9 * np.abs(row).max(initial=0.0))
            if len(used) <= DENSE:
                yield dict(zip(used.tolist(), (row[used] * scale[used]).tolist(), strict=True))

    def extend(self) -> None:
        """Add the rows derived since the last call."""
        for column, value, right in self.rows.derived[self.extended :]:
            hit = self.inside[column]
            scaled = value[hit] * self.scale[column[hit]]
            factor = 1.0 / float(np.exp2(np.round(np.log2(max(np.abs(scaled).max(initial=0.0), 1e-30)))))
            self.highs.addRow(
                -highs().kHighsInf,
                right * factor,
                int(hit.sum()),
                self.place[column[hit]].astype(np.int32),
                scaled * factor,
            )
            self.derived_scale = np.append(self.derived_scale, factor)
        self.extended = len(self.rows.derived)

    def price(self, least: float) -> int:
        """Price the outside columns and add those worth more than `least`; return the number added."""
        stated = self.rows.stated
        duals, weights = self.duals()
        priced = stated.cost - duals @ stated.matrix
        for weight, (column, value, _) in zip(weights.tolist(), self.rows.derived, strict=True):
            if weight > 0:
                priced[column] -= weight * value
        worth = np.where(self.inside, 0.0, priced * np.where(np.isfinite(stated.upper), stated.upper, 1e12))
        come = np.flatnonzero(worth > least)
        come = come[np.argsort(-worth[come])][:MANY]
        if len(come):
            self._bring(come)
        return len(come)

    def _bring(self, come: Ints) -> None:
        stated = self.rows.stated
        self.place[come] = len(self.columns) + np.arange(len(come))
        self.columns = np.append(self.columns, come)
        self.inside[come] = True
        part = csc_matrix(diags(self.row_scale) @ self.by_column[:, come] @ diags(self.scale[come]))
        extra: dict[int, list[tuple[int, float]]] = {int(one): [] for one in come}
        wanted = np.zeros(len(self.inside), dtype=bool)
        wanted[come] = True
        for at, (column, value, _) in enumerate(self.rows.derived[: self.extended]):
            hit = wanted[column]
            for one, number in zip(column[hit].tolist(), value[hit].tolist(), strict=True):
                extra[one].append((self.rows.count + at, number * self.scale[one] * self.derived_scale[at]))
        for here, one in enumerate(come.tolist()):
            span = slice(part.indptr[here], part.indptr[here + 1])
            index = np.concatenate([part.indices[span], [at for at, _ in extra[one]]]).astype(np.int32)
            value = np.concatenate([part.data[span], [number for _, number in extra[one]]])
            self.highs.addCol(
                -stated.cost[one] * self.scale[one] / self.money,
                0.0,
                stated.upper[one] / self.scale[one],
                len(index),
                index,
                value,
            )


def first_columns(rows: RelaxationRows, budget: Budget) -> Ints:
    """Return the initial columns, by reduced cost at an interior-point solution without crossover."""
    everything = Master(rows, np.arange(len(rows.stated.cost)))
    everything.highs.setOptionValue("solver", "ipm")
    everything.highs.setOptionValue("run_crossover", "off")
    everything.solve(budget)
    duals, _ = everything.duals()
    stated = rows.stated
    worth = (stated.cost - duals @ stated.matrix) * np.where(np.isfinite(stated.upper), stated.upper, 1e12)
    flow = (stated.columns["variable"] == "flow").to_numpy()
    order = np.argsort(-np.where(flow, worth, np.inf), kind="stable")
    return np.sort(order[: (~flow).sum() + 12_000])
