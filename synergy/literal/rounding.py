"""Mixed-integer rounding: rows that every plan satisfies and the relaxation does not, derived from stated rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.sheet import Dataset
from synergy.literal.build import LiteralModel, build
from synergy.literal.relaxation import Relaxation
from synergy.literal.rows import ROW_COLUMNS
from synergy.literal.scope import Floats, Ints

EDGE = 0.005  # least distance of the right side's fraction from 0 and 1
UNIT = 2.0**-52  # relative error of a floating-point operation, twice over
WORST = 1e-6  # greatest error of a coefficient of a derived row that is accepted
Whole = NDArray[np.object_]


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
        return column, _summed(place, value, len(column)), _summed(place, np.abs(value), len(column))


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


def _summed(place: Ints, value: Floats, size: int) -> Floats:
    sums: Floats = np.bincount(place, value, size).astype(float)
    return sums


def proven(model: LiteralModel, duals: pd.DataFrame) -> Fraction | None:
    """Return the bound on the value that duals prove, by weak duality; None where they prove no finite bound.

    Parameters
    ----------
    model : LiteralModel
        Integers may take any value between 0 and 1: the bound then holds for the relaxation.
    duals : pandas.DataFrame
        constraint, subject, commodity, period, value (money per unit of the row); rows left out are worth nothing. A
        dual of the sign that its row does not allow counts as nothing.

    Returns
    -------
    fractions.Fraction or None
        Exact for the model's coefficients as they are.

    Notes
    -----
    For any y, ``max c x`` over ``l <= A x <= u, 0 <= x <= r`` is at most ``sum y_i * (u_i if y_i > 0 else l_i)
    + sum r_j * max(0, c_j - y A_j)`` (weak duality; Dantzig 1963, Linear Programming and Extensions, ch. 6).
    Floating-point numbers are whole numbers times a power of two, and the sums are sums of those.
    """
    dual = aligned(model, duals)
    side = np.where(dual > 0, model.row_upper, model.row_lower)
    dual = np.where(np.isfinite(side), dual, 0.0)
    side = np.where(dual == 0.0, 0.0, side)
    reach = np.minimum(model.column_upper, model.reach)
    priced = _priced(model, dual)
    over = np.array([value > 0 for value in priced[0]], dtype=bool)
    if not np.isfinite(reach[over]).all():
        return None
    rows = _rounded_sums(_whole(dual), _whole(side))
    columns = _rounded_sums((priced[0][over], priced[1]), _whole(reach[over]))
    return rows + columns


def bound_of(dataset: Dataset, duals: pd.DataFrame) -> float | None:
    """Return the least number not below the bound of `proven` on the value of a dataset; None if none is proven."""
    exact = proven(build(dataset), duals)
    if exact is None:
        return None
    near = float(exact)
    return near if Fraction(near) >= exact else math.nextafter(near, math.inf)


def aligned(model: LiteralModel, duals: pd.DataFrame) -> Floats:
    """Return duals in the order of the model's rows, 0 for those left out."""
    names = list(ROW_COLUMNS)
    known = pd.MultiIndex.from_frame(model.rows.astype(object))
    given = pd.MultiIndex.from_frame(duals[names].astype(object))
    place = known.get_indexer(given)
    dual = np.zeros(len(model.rows))
    dual[place[place >= 0]] = duals["value"].to_numpy(float)[place >= 0]
    return dual


def _whole(number: Floats) -> tuple[Whole, int]:
    """Return floats as whole numbers and the power of two that they are multiples of."""
    part, power = np.frexp(number)
    digits = np.ldexp(part, 53).astype(np.int64)
    power = np.where(digits == 0, 0, power - 53)
    least = int(power.min(initial=0))
    return digits.astype(object) << (power - least).astype(object), least


def _rounded_sums(one: tuple[Whole, int], other: tuple[Whole, int]) -> Fraction:
    """Return the sum of products of two lists of numbers."""
    total = int((one[0] * other[0]).sum()) if len(one[0]) else 0
    return Fraction(total) * Fraction(2) ** (one[1] + other[1])


def _priced(model: LiteralModel, dual: Floats) -> tuple[Whole, int]:
    """Return the reduced cost of each column, exact: whole numbers and the power of two that they are multiples of."""
    matrix: Any = model.matrix.tocsc()
    values, rows = _whole(matrix.data), _whole(dual)
    products = values[0] * rows[0][matrix.indices]
    starts, filled = matrix.indptr[:-1], np.diff(matrix.indptr) > 0
    asked = np.zeros(len(model.cost), dtype=object)
    if filled.any():
        asked[filled] = np.add.reduceat(products, starts[filled])
    cost = _whole(model.cost)
    power = min(cost[1], values[1] + rows[1])
    brought = cost[0] << (cost[1] - power)
    return brought - (asked << (values[1] + rows[1] - power)), power
