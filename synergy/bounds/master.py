"""Master problem, the relaxation restricted to promising columns, and separation of the rows that tighten it.

The rows are forcing rows and violated mixed-integer rounding (MIR) cuts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags

from synergy.literal.relaxation import Relaxation, RelaxationRows, Rounding, rounded_down
from synergy.literal.scope import Flags, Floats, Ints
from synergy.model.highs import silent_class
from synergy.solvers import counted, highs, run

FRACTION = 1e-3  # distance from a whole number that counts
DENSE = 300  # rows that make a row of the tableau
MANY = 3_000  # columns that come in at once
PATH = 5  # rows that are added to a first one
TRIED = 12  # divisors
SHORT = 60  # columns of a derived row that is added to others
WIDEST = 3_000  # columns of a sum of rows
NOISE = 1e-7  # part of a column's bound
BROKEN = 1e-4  # least distance of the point from a row, in units of the columns' bounds
NONE = np.empty(0, np.int64)
PAYS = 1e-6  # part of the bound that a column outside may bring
Limits = list[tuple[Ints, Ints]]  # continuous columns, and the rows that bound them by binaries


@dataclass(slots=True)
class Budget:
    """Budget of a proof search in time and in work.

    `until` is when it ends, by `time.monotonic`. Work is simplex iterations and row aggregations tried; either takes
    some 0.3 ms.
    """

    until: float
    work: float = np.inf

    @property
    def over(self) -> bool:
        """Return whether time or work is used up."""
        return self.work <= 0 or time.monotonic() >= self.until


class Master:
    """Restricted master LP over some columns of a relaxation, with the rows derived so far.

    After `solve`, `value` is its optimum, money a year; `x` the values of all columns, in the model's units; `duals`
    and `weights` are the duals of the stated and of the derived rows, money per unit.
    """

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
        self.extended = 0
        self.derived_scale = np.empty(0)
        self.value, self.x = np.inf, np.zeros(len(stated.cost))
        self.duals, self.weights = np.zeros(rows.count), np.empty(0)
        self.highs = silent_class()()
        self.highs.setOptionValue("threads", 1)
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

    def solve(self, budget: Budget, bound: float = np.inf) -> bool:
        """Add the rows derived since the last call, and solve by column generation; return whether it was solved.

        `bound` is the best one known: columns outside that may bring less than a small part of it stay there.
        """
        for column, value, right in self.rows.derived[self.extended :]:
            hit = self.inside[column]
            scaled = value[hit] * self.scale[column[hit]]
            factor = 1.0 / float(np.exp2(np.round(np.log2(max(np.abs(scaled).max(initial=0.0), 1e-30)))))
            place = self.place[column[hit]].astype(np.int32)
            self.highs.addRow(-highs().kHighsInf, right * factor, int(hit.sum()), place, scaled * factor)
            self.derived_scale = np.append(self.derived_scale, factor)
        self.extended, count = len(self.rows.derived), self.rows.count
        for _ in range(50):
            left = budget.until - time.monotonic()
            if left <= 0:
                return False
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + max(left, 0.1))
            with counted() as work:
                run(self.highs)
            budget.work -= work.iterations
            solution = self.highs.getSolution()
            x, dual = np.asarray(solution.col_value), -np.asarray(solution.row_dual) * self.money
            if len(x) == len(self.columns):  # as one that was stopped may have none
                self.x = np.zeros(len(self.inside))
                self.x[self.columns] = np.maximum(x * self.scale[self.columns], 0.0)
                self.duals = dual[:count] * self.row_scale
                self.weights = np.maximum(dual[count:] * self.derived_scale, 0.0)
            if self.highs.getModelStatus() != highs().HighsModelStatus.kOptimal:
                return False
            self.value = -float(self.highs.getInfo().objective_function_value) * self.money
            if not self.price(PAYS * abs(bound if np.isfinite(bound) else self.value)):
                return True
        return True

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

    def price(self, least: float) -> int:
        """Price the outside columns and add those worth more than `least`; return the number added."""
        stated = self.rows.stated
        priced = stated.cost - self.duals @ stated.matrix
        for weight, (column, value, _) in zip(self.weights.tolist(), self.rows.derived, strict=True):
            if weight > 0:
                priced[column] -= weight * value
        worth = np.where(self.inside, 0.0, priced * np.where(np.isfinite(stated.upper), stated.upper, 1e12))
        come = np.flatnonzero(worth > least)
        come = come[np.argsort(-worth[come])][:MANY]
        if len(come):
            self._bring(come)
        return len(come)

    def _bring(self, come: Ints) -> None:
        """Add some columns, with their entries in the derived rows."""
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
            rows, data = _entries(part, here)
            index = np.concatenate([rows, [at for at, _ in extra[one]]]).astype(np.int32)
            value = np.concatenate([data, [number for _, number in extra[one]]])
            self.highs.addCol(
                -stated.cost[one] * self.scale[one] / self.money,
                0.0,
                stated.upper[one] / self.scale[one],
                len(index),
                index,
                value,
            )


def _entries(matrix: csc_matrix, column: int) -> tuple[Ints, Floats]:
    """Return the rows and the coefficients of a column."""
    span = slice(matrix.indptr[column], matrix.indptr[column + 1])
    return matrix.indices[span].astype(np.int64), matrix.data[span].astype(np.float64)


def first_columns(rows: RelaxationRows, budget: Budget) -> Ints:
    """Return the initial columns, by reduced cost at an interior-point solution without crossover."""
    everything = Master(rows, np.arange(len(rows.stated.cost)))
    everything.highs.setOptionValue("solver", "ipm")
    everything.highs.setOptionValue("run_crossover", "off")
    everything.solve(budget)
    stated = rows.stated
    worth = (stated.cost - everything.duals @ stated.matrix) * np.where(np.isfinite(stated.upper), stated.upper, 1e12)
    flow = (stated.columns["variable"] == "flow").to_numpy()
    order = np.argsort(-np.where(flow, worth, np.inf), kind="stable")
    return np.sort(order[: (~flow).sum() + 12_000])


@dataclass(frozen=True, slots=True)
class Nearest:
    """The bound nearest to each continuous column at a point: 0, its upper bound, or a variable upper bound.

    `row` is -1 where it is no row; `far` is the upper bound, or the row's right side over the column's coefficient, 0
    elsewhere; `gap` is the distance to it. `whole` and `multiple` are binaries and multipliers of the nearest variable
    upper bounds, by column: those of column j are at ``start[j]`` up to ``start[j + 1]``.
    """

    upper: Flags
    row: Ints
    far: Floats
    gap: Floats
    start: Ints
    whole: Ints
    multiple: Floats


def variable_bounds(rows: RelaxationRows) -> Limits:
    """Return the stated rows that are variable upper bounds of continuous columns by binaries."""
    stated = rows.stated
    matrix = stated.matrix
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    whole = stated.integer[matrix.indices]
    wrong = np.bincount(row[(whole & (matrix.data > 0)) | (~whole & (matrix.data < 0))], minlength=matrix.shape[0])
    some = np.bincount(row[whole], minlength=matrix.shape[0])
    fit = (wrong == 0) & (some > 0) & np.isfinite(stated.row_upper)
    hit = fit[row] & ~whole
    return [(matrix.indices[hit].astype(np.int64), row[hit])]


def nearest(rows: RelaxationRows, limits: Limits, x: Floats) -> Nearest:
    """Return the bound nearest to each continuous column at a point."""
    stated, size = rows.stated, len(x)
    upper_gap = np.where(np.isfinite(stated.upper), stated.upper - x, np.inf)
    upper = upper_gap < x
    gap, far = np.where(upper, upper_gap, x), np.where(upper, stated.upper, 0.0)
    best_row = np.full(size, -1)
    kept: dict[int, tuple[Ints, Floats]] = {}
    columns, at_rows = (np.concatenate(parts) for parts in zip(*limits, strict=True))
    busy = x[columns] > NOISE * np.where(np.isfinite(stated.upper), stated.upper, 1.0)[columns]
    for column, at in zip(columns[busy].tolist(), at_rows[busy].tolist(), strict=True):
        limit = rows.limit(at, column)
        if limit is None:
            continue
        z, m, r = limit
        distance = float(m @ x[z]) + r - x[column]
        if distance <= gap[column] + NOISE * stated.upper[column] and (best_row[column] < 0 or distance < gap[column]):
            gap[column], far[column], upper[column], best_row[column] = max(distance, 0.0), r, False, at
            kept[column] = (z, m)
    start = np.zeros(size + 1, dtype=np.int64)
    order = sorted(kept)
    start[[one + 1 for one in order]] = [len(kept[one][0]) for one in order]
    whole = np.concatenate([kept[one][0] for one in order]) if order else NONE
    multiple = np.concatenate([kept[one][1] for one in order]) if order else np.empty(0)
    return Nearest(upper, best_row, far, gap, np.cumsum(start), whole, multiple)


class Separation:
    """Search for MIR cuts that a point `x` of the relaxation, in the model's units, violates.

    `limits` are the variable upper bounds known; `master` is the source of tableau rows.
    """

    def __init__(self, rows: RelaxationRows, x: Floats, limits: Limits, master: Master) -> None:
        self.rows, self.x, self.master, self.by_column = rows, x, master, master.by_column
        self.stated: Relaxation = rows.stated
        self.near = nearest(rows, limits, x)
        self.activity = np.asarray(self.stated.matrix @ x)
        self.size = np.where(np.isfinite(self.stated.upper) & (self.stated.upper > 0), self.stated.upper, 1.0)
        self.size = np.where(self.stated.integer, 1.0, self.size)
        self.fraction = np.where(self.stated.integer, np.minimum(x, 1.0 - x), 0.0)
        typical = np.asarray(abs(self.stated.matrix) @ self.size)
        slack = np.minimum(np.abs(self.activity - self.stated.row_upper), np.abs(self.activity - self.stated.row_lower))
        self.tight = slack <= 1e-6 * np.maximum(typical, 1e-12)
        self.length = np.diff(self.stated.matrix.indptr)
        self.extra: dict[int, list[tuple[int, float]]] = {}
        self.live: list[int] = []
        self.left: dict[int, float] = {}
        for at, (column, value, right) in enumerate(rows.derived):
            left = float(value @ x[column])
            self.left[rows.count + at] = left
            if right - left <= 1e-6 * float(np.abs(value) @ self.size[column]) and len(column) <= SHORT:
                self.live.append(rows.count + at)
                for one, number in zip(column.tolist(), value.tolist(), strict=True):
                    self.extra.setdefault(one, []).append((rows.count + at, number))

    def found(self, budget: Budget) -> Iterator[tuple[float, Rounding]]:
        """Yield violated MIR cuts with their distances, until the budget is used up.

        Paths start from tight rows with a fractional binary, or a column bounded by one, and from short derived rows.
        Then come the rows of the simplex tableau whose basic column is fractional.
        """
        busy, near = self.fraction > 1e-6, self.near
        limited = np.zeros(len(self.x), dtype=bool)
        limited[np.repeat(np.arange(len(self.x)), np.diff(near.start))[busy[near.whole]]] = True
        touched = np.unique(self.by_column[:, np.flatnonzero(busy | limited)].indices)
        starts = [(row, (1.0, -1.0)) for row in touched[self.tight[touched]].tolist()]
        for row, signs in [*starts, *((row, (1.0,)) for row in self.live)]:
            if budget.over:
                return
            for sign in signs:
                best = self._path(row, sign, budget)
                if best is not None:
                    yield best
        for weights in self.master.tableau(self.fraction):
            if budget.over:
                return
            budget.work -= 2
            for sign in (1.0, -1.0):
                signed = {row: sign * weight for row, weight in weights.items()}
                total = self._sum(signed)
                best = self._rounding(signed, total) if len(total[0]) <= WIDEST else None
                if best is not None:
                    yield best

    def _path(self, row: int, sign: float, budget: Budget) -> tuple[float, Rounding] | None:
        """Return the first violated cut on an aggregation path from a row, eliminating large free columns in turn."""
        weights = {row: sign}
        for step in range(PATH + 1):
            total = self._sum(weights)
            if len(total[0]) > WIDEST:
                return None
            budget.work -= 1
            found = self._rounding(weights, total)
            if found is not None or step == PATH:
                return found
            if not self._grow(weights, total[0], total[1]):
                return None
        return None

    def _sum(self, weights: dict[int, float]) -> tuple[Ints, Floats, float, float]:
        """Return columns, coefficients and right side of weighted rows, and the value of their slacks at the point."""
        right, slack = 0.0, 0.0
        columns, values = [], []
        for at, weight in weights.items():
            span_column, span_value, lower, upper = self.rows.row(at)
            columns.append(span_column)
            values.append(weight * span_value)
            side = upper if (weight > 0 and np.isfinite(upper)) or not np.isfinite(lower) else lower
            right += weight * side
            if (weight > 0 and not np.isfinite(upper)) or (weight < 0 and not np.isfinite(lower)):
                slack -= abs(weight) * abs((self.activity[at] if at < self.rows.count else self.left[at]) - side)
        if len(columns) == 1:
            return columns[0].astype(np.int64), values[0], right, slack
        column, place = np.unique(np.concatenate(columns), return_inverse=True)
        value = np.bincount(place, np.concatenate(values), len(column))
        kept = np.abs(value) > 1e-9 * np.abs(np.concatenate(values)).max()
        return column[kept].astype(np.int64), value[kept], right, slack

    def _grow(self, weights: dict[int, float], column: Ints, value: Floats) -> bool:
        """Add the shortest tight row that eliminates the column farthest from its bounds; return whether one exists."""
        free = np.where(self.stated.integer[column], 0.0, self.near.gap[column] / self.size[column])
        for at in np.argsort(-free)[:8].tolist():
            if free[at] < 1e-6:
                return False
            one = int(column[at])
            rows, data = _entries(self.by_column, one)
            fit = self.tight[rows] & np.array([row not in weights for row in rows.tolist()], dtype=bool)
            more = [(row, number) for row, number in self.extra.get(one, ()) if row not in weights]
            if more and not fit.any():
                row, number = more[0]
                weights[row] = -float(value[at] / number)
                return True
            if fit.any():
                shortest = np.flatnonzero(fit)[np.argmin(self.length[rows[fit]])]
                weights[int(rows[shortest])] = -float(value[at] / data[shortest])
                return True
        return False

    def _rounding(
        self, weights: dict[int, float], total: tuple[Ints, Floats, float, float]
    ) -> tuple[float, Rounding] | None:
        """Return the most violated MIR cut of an aggregated row, over divisors and complemented binaries."""
        column, value, right, slack = total
        near, x = self.near, self.x
        whole = self.stated.integer[column]
        cont, part = column[~whole], value[~whole]
        begin, end = near.start[cont], near.start[cont + 1]
        many = end - begin
        spread = (
            np.repeat(begin - np.concatenate([[0], np.cumsum(many)[:-1]]), many) + np.arange(many.sum())
            if many.sum()
            else NONE
        )
        z, place = np.unique(np.concatenate([column[whole], near.whole[spread]]), return_inverse=True)
        g = np.bincount(
            place, np.concatenate([value[whole], np.repeat(part, many) * near.multiple[spread]]), len(z)
        ).astype(float)
        if not len(z):
            return None
        right = right - float(part @ near.far[cont])
        away = near.upper[cont] | (near.row[cont] >= 0)
        height = np.where(away, -part, part)
        kept = height < 0
        continuous = float(height[kept] @ near.gap[cont[kept]]) + slack
        norm = float(((height[kept] * self.size[cont[kept]]) ** 2).sum())
        at, fraction = x[z], self.fraction[z]
        divisors = np.unique(np.abs(g[(fraction > 1e-6) & (np.abs(g) > 0)]))
        divisors = divisors[divisors > 1e-9 * max(abs(right), float(np.abs(g).max()), 1e-30)]
        if not len(divisors):
            return None
        if len(divisors) > TRIED:
            divisors = divisors[np.linspace(0, len(divisors) - 1, TRIED).astype(int)]
        flip = at > 0.5
        tried = (divisors[:, None] / np.array([1.0, 2.0, 4.0])).ravel()
        over = _broken((g, at), flip, right, (continuous, norm), tried)
        first = int(np.argmax(over))
        if over[first] <= BROKEN:
            return None
        best, divisor = float(over[first]), tried[first : first + 1]
        for one in np.argsort(-fraction)[:6].tolist():
            other = flip.copy()
            other[one] = ~other[one]
            broken = float(_broken((g, at), other, right, (continuous, norm), divisor)[0])
            if broken > best:
                best, flip = broken, other
        limited = cont[near.row[cont] >= 0]
        rows = np.array(list(weights), dtype=np.int64)
        how = Rounding(
            rows,
            np.array(list(weights.values())),
            cont[near.upper[cont]],
            limited,
            near.row[limited],
            z[flip],
            float(divisor[0]),
        )
        return best, how


def _broken(
    whole: tuple[Floats, Floats], flip: Flags, right: float, continuous: tuple[float, float], divisor: Floats
) -> Floats:
    """Return the distance by which a point violates the MIR cut of each divisor, -1 where none applies.

    `whole` are coefficients of the binaries, and their values at the point, `flip` the complemented ones; `continuous`
    is the value of the continuous part at the point, and the sum of its squared coefficients.
    """
    g, at = whole
    b = (right - float(g[flip].sum())) / divisor
    f = b - np.floor(b)
    fit = (f >= 0.01) & (f <= 0.99)
    over = np.full(len(divisor), -1.0)
    divisor, b, f = divisor[fit], b[fit], f[fit]
    factor = rounded_down(np.where(flip, -g, g) / divisor[:, None], f[:, None])
    scale = divisor * (1 - f)
    left = factor @ np.where(flip, 1 - at, at) + continuous[0] / scale - np.floor(b)
    norm = np.sqrt((factor * factor).sum(axis=1) + continuous[1] / scale**2)
    over[fit] = left / np.maximum(norm, 1e-9)
    return over


@dataclass(frozen=True, slots=True)
class ForcingUnit:
    """Output or input of a new unit: flows with their coefficients, and the steps of scale that may be built.

    `built` are the binaries of the steps, `most` what each allows; `rows` with `weights` sum to flow against `built`.
    """

    column: Ints
    value: Floats
    built: Ints
    most: Floats
    rows: Ints
    weights: Floats


def forcing_units(rows: RelaxationRows, by_column: csc_matrix) -> list[ForcingUnit]:
    """Return the outputs and inputs of all new units, see `forcing_rows`."""
    stated = rows.stated
    constraint, variable = stated.rows["constraint"].to_numpy(), stated.columns["variable"].to_numpy()
    units = []
    for run_row in np.flatnonzero(constraint == "run").tolist():
        column, value, _, _ = rows.row(run_row)
        sizes = variable[column] == "size"
        if not sizes.any():
            continue
        steps, built, most = [], [], []  # rows of the greatest sizes with the activity of each, and their binaries
        for one, able in zip(column[sizes].tolist(), (-value[sizes]).tolist(), strict=True):
            among, _ = _entries(by_column, one)
            for row in among[constraint[among] == "size_max"][:1].tolist():
                steps.append((row, able))
                columns, values, _, _ = rows.row(row)
                whole = np.flatnonzero(stated.integer[columns])[:1]
                built += columns[whole].tolist()
                most += (-values[whole] * able).tolist()
        outputs, coefficients = _entries(by_column, int(column[~sizes][0]))
        for row, number in zip(outputs.tolist(), (-coefficients).tolist(), strict=True):
            if constraint[row] in ("output", "input") and built:
                columns, values, _, _ = rows.row(row)
                flows = variable[columns] == "flow"
                weights = [1.0, number, *(number * able for _, able in steps)]
                units.append(
                    ForcingUnit(
                        column=columns[flows],
                        value=values[flows],
                        built=np.array(built, dtype=np.int64),
                        most=np.array(most) * number,
                        rows=np.array([row, run_row, *(at for at, _ in steps)], dtype=np.int64),
                        weights=np.array(weights),
                    )
                )
    return units


def forcing_rows(units: list[ForcingUnit], upper: Floats, x: Floats) -> Iterator[tuple[float, Rounding]]:
    """Yield the forcing rows ``x <= sum of m z`` that a point violates, each with its distance.

    Flow of a new unit is bounded by the steps of scale that are built; `upper` are the bounds of the columns.
    """
    for unit in units:
        busy = x[unit.column] > NOISE * upper[unit.column]
        some, part = unit.column[busy], unit.value[busy]
        reach = upper[some] * part
        allowed = (np.minimum(reach[:, None], unit.most[None, :]) * x[unit.built]).sum(axis=1)
        over = (x[some] * part - allowed) / np.maximum(reach, 1e-30)
        for at in np.flatnonzero(over > 1e-3).tolist():
            most, least = float(unit.most.max()), float(reach[at])
            divisor = max(most, 1.0001 * least) if most < 100 * least else 100 * least
            flow = some[at : at + 1]
            yield float(over[at]), Rounding(unit.rows, unit.weights, flow, NONE, NONE, NONE, divisor)
