"""Relaxation of the literal model, without integrality and every column bounded, and rows derived by rounding."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from synergy.literal.build import ROW_COLUMNS, LiteralModel
from synergy.literal.parts import NAME_COLUMNS
from synergy.literal.scope import Flags, Floats, Ints

ROUNDS = 20  # of bound propagation
SLACK = 1e-9  # relative widening of a propagated bound, above any rounding of the sums behind it
EDGE = 0.005  # least distance of the right side's fraction from 0 and 1
UNIT = 2.0**-52  # relative error of a floating-point operation, twice over
WORST = 1e-6  # greatest error of a coefficient of a derived row that is accepted


@dataclass(frozen=True, slots=True)
class Relaxation:
    """Maximise cost . x subject to row_lower <= matrix x <= row_upper, 0 <= x <= upper.

    Bounds are infinite where there is none; `matrix` is rows x columns, without stored zeros; `cost` is money a year
    per unit. `integer` flags the columns that are 0 or 1 in the literal model; they may take any value between here.
    Names of `rows` and `columns` are as in `LiteralModel`, the period "" where periods are summed.
    """

    matrix: csr_matrix
    row_lower: Floats
    row_upper: Floats
    upper: Floats
    cost: Floats
    integer: Flags
    rows: pd.DataFrame
    columns: pd.DataFrame


def relaxation_of(model: LiteralModel, *, yearly: bool = False) -> Relaxation:
    """Relaxation whose optimum is at least that of a literal model; with `yearly`, periods are summed.

    Notes
    -----
    *Periods summed*: for a plan x let X be, for each column but for its period, the sum of
    x. A row is replaced by the sum of the rows of that name over the periods. All x are >= 0, so a sum of a_t x_t lies
    between min(a) X and max(a) X: a row ``<= U`` keeps the least coefficient, a row ``>= L`` the greatest, one with
    both bounds and coefficients that differ becomes two; the cost of X is the greatest. X satisfies these rows and is
    worth at least as much as x.

    *Propagation*: in a row ``a x <= U`` with all other columns at what makes the row least, x_j <= (U - rest) / a_j
    for a_j > 0; a row ``>= L`` is ``-a x <= -L``; a yes-or-no column bounded below 1 is 0. Every plan satisfies the
    bounds (Savelsbergh 1994, ORSA Journal on Computing 6:445); each is widened by 1e-9 of the sums behind it, above
    what rounding of up to a million terms comes to.
    """
    matrix = csr_matrix(model.matrix)
    matrix.eliminate_zeros()
    stated = Relaxation(
        matrix=matrix,
        row_lower=model.row_lower,
        row_upper=model.row_upper,
        upper=model.column_upper,
        cost=model.cost,
        integer=model.integer,
        rows=model.rows,
        columns=model.columns,
    )
    if yearly:
        stated = _summed(stated)
    return replace(stated, upper=_propagated(stated))


def _summed(stated: Relaxation) -> Relaxation:
    """Relaxation over the year: rows and columns that differ in their period alone are one, see `relaxation_of`."""
    row, row_first = _classes(stated.rows, ROW_COLUMNS)
    column, column_first = _classes(stated.columns, NAME_COLUMNS)
    gather = csr_matrix((np.ones(len(row)), (row, np.arange(len(row)))))
    by_row = csr_matrix(gather @ stated.matrix)  # rows summed, columns still by period
    by_row.eliminate_zeros()
    least, greatest = _ranges(by_row, column, len(column_first))
    lower = np.bincount(row, weights=stated.row_lower)
    upper = np.bincount(row, weights=stated.row_upper)
    equal = np.asarray(abs(greatest - least).sum(axis=1)).ravel() == 0
    above = np.flatnonzero(np.isfinite(upper))
    below = np.flatnonzero(np.isfinite(lower) & ~(equal & np.isfinite(upper)))
    names = stated.rows.iloc[row_first].assign(period="")
    rule = names["constraint"].iloc[below]  # the second of two rows is named apart
    apart = names.iloc[below].assign(constraint=rule.where(~np.isfinite(upper[below]), rule + ">="))
    matrix = csr_matrix(vstack([least[above], greatest[below]]))
    matrix.eliminate_zeros()
    cost = np.full(len(column_first), -np.inf)
    np.maximum.at(cost, column, stated.cost)
    integer = stated.integer[column_first]
    return Relaxation(
        matrix=matrix,
        row_lower=np.concatenate([np.where(equal, lower, -np.inf)[above], lower[below]]),
        row_upper=np.concatenate([upper[above], np.full(len(below), np.inf)]),
        upper=np.where(integer, 1.0 * np.bincount(column), np.inf),
        cost=cost,
        integer=integer & (np.bincount(column) == 1),
        rows=pd.concat([names.iloc[above], apart], ignore_index=True),
        columns=stated.columns.iloc[column_first].assign(period="").reset_index(drop=True),
    )


def _classes(names: pd.DataFrame, keys: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Class of each row of names but for the period, and the first row of each class."""
    kept = [name for name in keys if name != "period"]
    number = names.groupby(kept, sort=False, observed=True).ngroup().to_numpy()
    _, first = np.unique(number, return_index=True)
    return number.astype(np.int64), first.astype(np.int64)


def _ranges(matrix: csr_matrix, group: Ints, groups: int) -> tuple[csr_matrix, csr_matrix]:
    """Least and greatest coefficient in each row over the columns of each group; a missing one is 0."""
    entries = matrix.tocoo()
    key = entries.row.astype(np.int64) * groups + group[entries.col]
    order = np.argsort(key, kind="stable")
    key, value = key[order], entries.data[order]
    first = np.flatnonzero(np.append(True, np.diff(key) > 0)) if len(key) else np.empty(0, np.int64)
    sizes = np.bincount(group, minlength=groups)
    held = np.diff(np.append(first, len(key)))
    place = (key[first] // groups, key[first] % groups)
    partial = held < sizes[place[1]]  # some column of the group does not stand in the row
    found = []
    for reduce in (np.minimum, np.maximum):
        extreme = reduce.reduceat(value, first) if len(first) else value
        extreme = np.where(partial, reduce(extreme, 0.0), extreme)
        found.append(csr_matrix((extreme, place), shape=(matrix.shape[0], groups)))
    return found[0], found[1]


def _propagated(stated: Relaxation) -> Floats:
    """Upper bounds of the columns by propagation over the rows, see `relaxation_of`."""
    matrix, upper = stated.matrix, stated.upper.copy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column, value = matrix.indices, matrix.data
    for _ in range(ROUNDS):
        reach = np.abs(value) * upper[column]
        best = upper.copy()
        for sign, bound in ((1.0, stated.row_upper), (-1.0, -stated.row_lower)):
            falls = sign * value < 0  # makes the row's left side less
            endless = np.bincount(row[falls & np.isinf(reach)], minlength=matrix.shape[0])
            finite = falls & np.isfinite(reach)
            rest = bound + np.bincount(row[finite], weights=reach[finite], minlength=matrix.shape[0])
            hit = ~falls & (endless == 0)[row] & np.isfinite(rest)[row]
            most = np.maximum(rest[row[hit]], 0.0) / np.abs(value[hit])
            size = np.where(np.isfinite(rest), np.abs(bound) + np.abs(rest), 0.0)[row[hit]]
            np.minimum.at(best, column[hit], most + SLACK * size / np.abs(value[hit]))
        best[stated.integer & (best < 1 - SLACK)] = 0.0
        done = not (best < upper * (1 - 1e-6)).any()
        upper = best
        if done:
            break
    return upper


@dataclass(frozen=True, slots=True)
class Rounding:
    """Derivation of a row, see `RelaxationRows.rounded`; rows are positions, derived ones after those of the model.

    Parameters
    ----------
    rows, weights : ndarray
        Rows that are added up, and their multipliers of either sign.
    upper : ndarray of int
        Continuous columns measured from their upper bound.
    column, variable : ndarray of int
        Continuous columns measured from what a row lets them be, and that row.
    flipped : ndarray of int
        Yes-or-no columns measured from 1.
    """

    rows: Ints
    weights: Floats
    upper: Ints
    column: Ints
    variable: Ints
    flipped: Ints
    divisor: float

    def renumbered(self, number: Ints) -> Rounding:
        """The same with other positions of rows."""
        return replace(self, rows=number[self.rows], variable=number[self.variable])


@dataclass(slots=True)
class Terms:
    """Coefficients collected term by term, with the sum of their sizes for the error of rounding."""

    column: list[Ints] = field(default_factory=list)
    value: list[Floats] = field(default_factory=list)

    def add(self, column: Ints, value: Floats) -> None:
        """Collect some terms."""
        self.column.append(column)
        self.value.append(value)

    def sums(self) -> tuple[Ints, Floats, Floats]:
        """Columns, their coefficients, and the sums of the sizes of the terms."""
        if not self.column:
            return np.empty(0, np.int64), np.empty(0), np.empty(0)
        column, place = np.unique(np.concatenate(self.column), return_inverse=True)
        value = np.concatenate(self.value)
        sums, sizes = (np.bincount(place, terms).astype(float) for terms in (value, np.abs(value)))
        return column, sums, sizes


@dataclass(frozen=True, slots=True)
class Continuous:
    """Continuous columns x of a sum of rows, measured as ``t = sign * (x - far) + m z`` with t >= 0.

    Parameters
    ----------
    weight : numpy.ndarray
        Coefficient of t in the sum.
    sign, far : numpy.ndarray
        1 and 0 from the lower bound; -1 and the upper bound, or a row's right side.
    limits : dict
        Yes-or-no columns z and multipliers m by position, of those measured from a row.
    """

    column: Ints
    weight: Floats
    sign: Floats
    far: Floats
    limits: dict[int, tuple[Ints, Floats]]


@dataclass(frozen=True, slots=True)
class Slack:
    """Slack ``s = bound - value x >= 0`` of a row that is used against its open side, and its weight (< 0)."""

    column: Ints
    value: Floats
    bound: float
    weight: float


class RelaxationRows:
    """Rows of a relaxation and those derived from them."""

    def __init__(self, stated: Relaxation) -> None:
        self.stated = stated
        self.count = stated.matrix.shape[0]
        self.derived: list[tuple[Ints, Floats, float]] = []
        self.how: list[Rounding] = []

    def derive(self, how: Rounding, row: tuple[Ints, Floats, float]) -> None:
        """Append a derived row."""
        self.how.append(how)
        self.derived.append(row)

    def row(self, at: int) -> tuple[Ints, Floats, float, float]:
        """Columns, coefficients, lower and upper bound of a row."""
        if at >= self.count:
            column, value, most = self.derived[at - self.count]
            return column, value, -np.inf, most
        matrix = self.stated.matrix
        span = slice(matrix.indptr[at], matrix.indptr[at + 1])
        lower, upper = float(self.stated.row_lower[at]), float(self.stated.row_upper[at])
        return matrix.indices[span].astype(np.int64), matrix.data[span], lower, upper

    def limit(self, at: int, column: int) -> tuple[Ints, Floats, float] | None:
        """Return binaries z, m and r of a variable upper bound ``x <= m z + r`` implied by a row; None for no bound.

        The row is ``a x + (what is not negative) - M z <= b`` with a > 0 and M >= 0, so x <= (M z + b) / a.
        """
        columns, value, _, upper = self.row(at)
        whole = self.stated.integer[columns]
        own = columns == column
        if (
            not (np.isfinite(upper) and own.any())
            or (value[~whole] < 0).any()
            or whole[own].any()
            or value[own][0] <= 0
        ):
            return None
        negative = whole & (value < 0)
        unit = float(value[own][0])
        return columns[negative], -value[negative] / unit, upper / unit

    def rounded(self, how: Rounding) -> tuple[Ints, Floats, float] | None:
        """Return the derived row ``a x <= b``: columns, coefficients and b; None where the derivation is invalid.

        Notes
        -----
        *What is shown.* Let ``sum g_j z_j + sum h_k t_k <= b`` for whole z >= 0 and t >= 0; f = b - floor(b). With
        F(g) = floor(g) + max(0, g - floor(g) - f) / (1 - f): ``sum F(g_j) z_j + sum over h_k < 0 of h_k t_k / (1 - f)
        <= floor(b)`` (mixed-integer rounding: Nemhauser & Wolsey 1990, Mathematical Programming 46:379; as used here
        Marchand & Wolsey 2001, Operations Research 49:363).

        *Proof.* Leave out the terms with h_k > 0. Let r_j be the fraction of g_j, and replace g_j by floor(g_j) where
        r_j <= f. With w = the sum of z_j times floor(g_j) there, and times ceil(g_j) elsewhere, and s = sum over the
        latter of (1 - r_j) z_j - sum over h_k < 0 of h_k t_k, this reads w <= b + s; w is whole and s >= 0. Then
        w <= floor(b) + s / (1 - f): else k = w - floor(b) >= 1, and s >= w - b = k - f >= k (1 - f). Write w and s out.

        *How it is used.* Rows are added up with their weights; a row used against its open side keeps its slack
        (>= 0, so it is one of the t). Each continuous column is measured from 0 (t = x), from its upper bound u
        (x = u - t), or from what a row lets it be (x = m z + r - t, `limit`); binary columns as they are or from 1
        (z = 1 - z'). The sum is divided by the divisor, the row derived, and t, s and z' written back in x and z.

        *Rounding.* A sum of n terms is off by at most n units of rounding times the sum of their sizes (Higham 2002,
        Accuracy and Stability of Numerical Algorithms, ch. 4). F is continuous with slopes of at most 1 / (1 - f) in
        g and 1 / (1 - f)^2 in f, and f keeps `EDGE` away from 0 and 1, so no figure of the row is off by more than
        n units times the sizes over `EDGE`^2. Each coefficient is lowered, and the right side raised, by that: as
        x >= 0, the row only becomes weaker.
        """
        terms, slacks, right = self._sum(how)
        size = float(np.abs(right).sum())
        column, value, _ = terms.sums()
        whole = self.stated.integer[column]
        continuous = self._measured(how, column[~whole], value[~whole])
        if continuous is None:
            return None
        integers = Terms()
        integers.add(column[whole], value[whole])
        for at, (columns, multiple) in continuous.limits.items():
            integers.add(columns, -continuous.weight[at] * multiple)
        z, g, _ = integers.sums()
        flip = np.isin(z, how.flipped)
        moved = np.concatenate([continuous.weight * continuous.sign * continuous.far, g[flip]])
        b = (float(right.sum()) - float(moved.sum())) / how.divisor
        f = b - np.floor(b)
        count = len(right) + sum(len(some) for some in (*terms.column, *integers.column))
        sizes = size + float(np.abs(moved).sum()) + float(np.abs(g).sum())
        error = UNIT * (count + 10) * (1.0 + sizes / how.divisor) / EDGE**2
        if not (EDGE <= f <= 1 - EDGE and error <= WORST):
            return None
        factor = rounded_down(np.where(flip, -g, g) / how.divisor, f)
        return _written_back((z, factor, flip), continuous, slacks, (float(np.floor(b)), how.divisor * (1 - f), error))

    def _sum(self, how: Rounding) -> tuple[Terms, list[Slack], Floats]:
        """Terms of the weighted rows, slacks of those used against their open side, and terms of the right side."""
        terms, slacks, right = Terms(), [], []
        for at, weight in zip(how.rows.tolist(), how.weights.tolist(), strict=True):
            column, value, lower, upper = self.row(at)
            side = upper if (weight > 0 and np.isfinite(upper)) or not np.isfinite(lower) else lower
            terms.add(column, weight * value)
            right.append(weight * side)
            if weight > 0 and not np.isfinite(upper):
                slacks.append(Slack(column, -value, -lower, -weight))
            elif weight < 0 and not np.isfinite(lower):
                slacks.append(Slack(column, value, upper, weight))
        return terms, slacks, np.array(right)

    def _measured(self, how: Rounding, column: Ints, value: Floats) -> Continuous | None:
        """Continuous columns as they are to be measured; None where they cannot be."""
        sign, far = np.ones(len(column)), np.zeros(len(column))
        above = np.isin(column, how.upper)
        sign[above], far[above] = -1.0, self.stated.upper[column[above]]
        if not np.isfinite(far).all() or len(np.unique(how.column)) != len(how.column):
            return None
        place = {int(one): at for at, one in enumerate(column)}
        limits: dict[int, tuple[Ints, Floats]] = {}
        for one, row in zip(how.column.tolist(), how.variable.tolist(), strict=True):
            at = place.get(one)
            if at is None:
                continue
            limit = self.limit(row, one)
            if limit is None or above[at]:
                return None
            limits[at], sign[at], far[at] = limit[:2], -1.0, limit[2]
        return Continuous(column, value * sign, sign, far, limits)


def _written_back(
    whole: tuple[Ints, Floats, NDArray[np.bool_]],
    continuous: Continuous,
    slacks: list[Slack],
    scale: tuple[float, float, float],
) -> tuple[Ints, Floats, float]:
    """Row in x and z, weakened by the error of rounding."""
    (z, factor, flip), (right, divisor, error) = whole, scale
    out, moved = Terms(), [np.array([right]), -factor[flip]]
    out.add(z, np.where(flip, -factor, factor))
    kept = continuous.weight < 0
    weight = np.where(kept, continuous.weight, 0.0) / divisor
    out.add(continuous.column[kept], (weight * continuous.sign)[kept])
    moved.append((weight * continuous.sign * continuous.far)[kept])
    for at, (columns, multiple) in continuous.limits.items():
        if kept[at]:
            out.add(columns, weight[at] * multiple)
    for slack in slacks:
        out.add(slack.column, -slack.weight / divisor * slack.value)
        moved.append(np.array([-slack.weight / divisor * slack.bound]))
    sides = np.concatenate(moved)
    column, value, sizes = out.sums()
    lowered = value - error * (sizes + np.isin(column, z))
    return column, lowered, float(sides.sum()) + error * (float(np.abs(sides).sum()) + 1.0)


def rounded_down(value: Floats, f: Floats | float) -> Floats:
    """Function F of mixed-integer rounding for a right side with the fraction f, see `RelaxationRows.rounded`.

    Examples
    --------
    >>> rounded_down(np.array([0.25, 0.75, -1.5]), 0.5).tolist()
    [0.0, 0.5, -2.0]
    """
    down = np.floor(value)
    found: Floats = down + np.maximum(0.0, value - down - f) / (1.0 - f)
    return found
