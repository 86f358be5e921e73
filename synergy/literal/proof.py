"""Proof: what duals prove about the value of a linear model, computed without any rounding."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.dataset import Dataset
from synergy.literal.build import LiteralModel, build
from synergy.literal.rows import ROW_COLUMNS
from synergy.literal.scope import Floats

Whole = NDArray[np.object_]


def proven(model: LiteralModel, duals: pd.DataFrame) -> Fraction | None:
    """Return the bound on the value that duals prove, by weak duality.

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
        Exact for the model's coefficients as they are; None where the duals prove no finite bound.

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
    rows = _summed(_whole(dual), _whole(side))
    columns = _summed((priced[0][over], priced[1]), _whole(reach[over]))
    return rows + columns


def bound_of(dataset: Dataset, duals: pd.DataFrame) -> float | None:
    """Return the bound that duals prove on the value of a dataset, rounded up.

    Parameters
    ----------
    dataset : Dataset
    duals : pandas.DataFrame
        As for `proven`.

    Returns
    -------
    float or None
        The least number that is not below the exact bound; None where they prove none.
    """
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


def _summed(one: tuple[Whole, int], other: tuple[Whole, int]) -> Fraction:
    """Return the sum of products of two lists of numbers."""
    total = int((one[0] * other[0]).sum()) if len(one[0]) else 0
    return Fraction(total) * Fraction(2) ** (one[1] + other[1])


def _priced(model: LiteralModel, dual: Floats) -> tuple[Whole, int]:
    """Return what a unit of each column brings beyond what its rows ask for it."""
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
