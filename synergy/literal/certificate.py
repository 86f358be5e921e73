"""Certificates: duals, and derived rows, that prove a bound on the value by one pass over the literal model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.sheet import Dataset
from synergy.literal.build import ROW_COLUMNS, LiteralModel, build
from synergy.literal.parts import NAME_COLUMNS
from synergy.literal.relaxation import ROUNDS, UNIT, Relaxation, RelaxationRows, Rounding, relaxation_of
from synergy.literal.scope import Floats, Ints
from synergy.scenario import JSON

PERIODS_SUMMED = "periods_summed"
PROPAGATED = f"propagated_over_rows_{ROUNDS}_times"
ROUNDED = "mixed_integer_rounding"
_Whole = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class BoundCertificate:
    """Certificate of a bound on the value of a literal model.

    `duals`, shape (rows,), are of the rows of the relaxation, money per unit; `derived` are rows to derive, in their
    order, with duals `weights` >= 0, shape (derived,). `yearly`: the periods of the relaxation are summed.
    """

    duals: Floats
    derived: tuple[Rounding, ...]
    weights: Floats
    yearly: bool = False


def bound_of(rows: RelaxationRows, duals: Floats, weights: Floats) -> float:
    """Return the bound on the value (money a year) by weak duality, safe against rounding; infinite if none is proven.

    Parameters
    ----------
    rows : RelaxationRows
        A relaxation and the rows derived so far.
    duals : numpy.ndarray, shape (rows,)
        Any number: a dual whose sign asks for a bound that its row does not have counts as nothing.
    weights : numpy.ndarray, shape (derived,)
        Negative ones count as nothing.

    Notes
    -----
    For every y, ``max c x`` over ``L <= A x <= U, 0 <= x <= r`` is at most ``sum over rows of (y > 0: y U, y < 0: y L)
    + sum over columns of max(0, r d)`` with d = c - A' y (weak duality; Dantzig 1963, Linear Programming and
    Extensions, ch. 6). Each d is raised by its error of rounding: as many units as it has terms, of the sum of their
    sizes; the last sums are exact (`math.fsum`) and their products rounded up.
    """
    stated = rows.stated
    side = np.where(duals > 0, stated.row_upper, stated.row_lower)
    duals = np.where(np.isfinite(side), duals, 0.0)
    matrix = stated.matrix
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    used = duals[row] != 0.0
    columns = [matrix.indices[used].astype(np.int64)]
    asked = [duals[row[used]] * matrix.data[used]]
    money = [duals[duals != 0.0] * side[duals != 0.0]]
    for weight, (column, value, right) in zip(weights.tolist(), rows.derived, strict=True):
        if weight > 0:
            columns.append(column)
            asked.append(weight * value)
            money.append(np.array([weight * right]))
    column, share, count = np.concatenate(columns), np.concatenate(asked), len(stated.cost)
    size = np.abs(stated.cost) + np.bincount(column, np.abs(share), count)
    priced = stated.cost - np.bincount(column, share, count)
    priced = priced + UNIT * (np.bincount(column, minlength=count) + 4) * size
    over = priced > 0
    if not np.isfinite(stated.upper[over]).all():
        return math.inf
    parts = np.concatenate([*money, priced[over] * stated.upper[over]])
    return math.nextafter(math.fsum(parts + UNIT * np.abs(parts)), math.inf)


def proven(model: LiteralModel, record: Mapping[str, Any]) -> float | None:
    """Return the bound (money a year, above any rounding) that a plan document proves; None for no finite bound.

    `record` has ``duals``, ``columns`` and ``rows`` as `recorded` writes them; without ``columns`` and ``rows`` the
    duals are of the model's rows alone.

    Raises
    ------
    KeyError
        A row or column that the model does not have.
    """
    yearly = PERIODS_SUMMED in (record.get("columns") or ())
    stated = relaxation_of(model, yearly=yearly)
    rows, certificate = RelaxationRows(stated), _read(stated, record, yearly)
    for how in certificate.derived:
        found = rows.rounded(how)
        if found is None:
            return None
        rows.derive(how, found)
    bound = bound_of(rows, certificate.duals, certificate.weights)
    return bound if math.isfinite(bound) else None


def recorded(stated: Relaxation, certificate: BoundCertificate) -> dict[str, JSON]:
    """Return a certificate by names, as stored in the plan document.

    Returns
    -------
    dict
        ``duals``: list of ``{constraint, subject, commodity, period, value}``; ``columns``: rules of their bounds;
        ``rows``: list of ``{kind, dual, divisor, rows: [[row, weight]], upper: [column], limited: [[column, row]],
        flipped: [column]}``, numbers being positions in ``row_names`` and ``column_names``, those of derived rows
        going on after the names.
    """
    used_rows = sorted({int(row) for how in certificate.derived for row in (*how.rows, *how.variable)})
    used_rows = [row for row in used_rows if row < len(stated.rows)]
    used = sorted({int(one) for how in certificate.derived for one in (*how.upper, *how.column, *how.flipped)})
    row = {at: place for place, at in enumerate(used_rows)}
    row |= {len(stated.rows) + at: len(used_rows) + at for at in range(len(certificate.derived))}
    column = {at: place for place, at in enumerate(used)}
    held = np.flatnonzero(certificate.duals)
    duals = stated.rows.iloc[held].astype(object).assign(value=certificate.duals[held])
    return {
        "duals": [{str(key): value for key, value in one.items()} for one in duals.to_dict("records")],
        "columns": [PERIODS_SUMMED, PROPAGATED] if certificate.yearly else [PROPAGATED],
        "rows": [
            {
                "kind": ROUNDED,
                "dual": weight,
                "divisor": how.divisor,
                "rows": [[row[int(at)], value] for at, value in zip(how.rows, how.weights.tolist(), strict=True)],
                "upper": [column[int(one)] for one in how.upper],
                "limited": [[column[int(one)], row[int(at)]] for one, at in zip(how.column, how.variable, strict=True)],
                "flipped": [column[int(one)] for one in how.flipped],
            }
            for how, weight in zip(certificate.derived, certificate.weights.tolist(), strict=True)
        ],
        "row_names": _names(stated.rows.iloc[used_rows], ROW_COLUMNS),
        "column_names": _names(stated.columns.iloc[used], NAME_COLUMNS),
    }


def exactly_proven(model: LiteralModel, duals: pd.DataFrame) -> Fraction | None:
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
    known, given = (pd.MultiIndex.from_frame(frame[list(ROW_COLUMNS)].astype(object)) for frame in (model.rows, duals))
    place = known.get_indexer(given)
    dual = np.zeros(len(model.rows))
    dual[place[place >= 0]] = duals["value"].to_numpy(float)[place >= 0]
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


def bound_of_duals(dataset: Dataset, duals: pd.DataFrame) -> float | None:
    """Return the least number not below what duals prove of the value of a dataset; None where they prove no bound."""
    exact = exactly_proven(build(dataset), duals)
    if exact is None:
        return None
    near = float(exact)
    return near if Fraction(near) >= exact else math.nextafter(near, math.inf)


def _whole(number: Floats) -> tuple[_Whole, int]:
    """Return floats as whole numbers and the power of two that they are multiples of."""
    part, power = np.frexp(number)
    digits = np.ldexp(part, 53).astype(np.int64)
    power = np.where(digits == 0, 0, power - 53)
    least = int(power.min(initial=0))
    return digits.astype(object) << (power - least).astype(object), least


def _rounded_sums(one: tuple[_Whole, int], other: tuple[_Whole, int]) -> Fraction:
    """Return the sum of products of two lists of numbers."""
    total = int((one[0] * other[0]).sum()) if len(one[0]) else 0
    return Fraction(total) * Fraction(2) ** (one[1] + other[1])


def _priced(model: LiteralModel, dual: Floats) -> tuple[_Whole, int]:
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


def _names(frame: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    parts = [frame[key].astype(object).to_numpy() for key in keys]
    return ["|".join(map(str, one)) for one in zip(*parts, strict=True)]


def _read(stated: Relaxation, record: Mapping[str, Any], yearly: bool) -> BoundCertificate:
    derived = record.get("rows") or ()
    if any(one["kind"] != ROUNDED for one in derived):
        raise KeyError("rows of a kind that is not known")
    place = {name: at for at, name in enumerate(_names(stated.rows, ROW_COLUMNS))}
    duals = np.zeros(len(stated.rows))
    for one in record["duals"] or ():
        duals[place["|".join(str(one[key]) for key in ROW_COLUMNS)]] = float(one["value"])
    count = len(stated.rows)
    row = [place[name] for name in record.get("row_names") or ()]
    row += [count + at for at in range(len(derived))]
    wanted = set(record.get("column_names") or ())
    known = {
        name: at for at, name in enumerate(_names(stated.columns, NAME_COLUMNS) if wanted else ()) if name in wanted
    }
    column = [known[name] for name in record.get("column_names") or ()]

    def at(numbers: Sequence[int], places: list[int]) -> Ints:
        return np.array([places[number] for number in numbers], dtype=np.int64)

    return BoundCertificate(
        duals,
        tuple(
            Rounding(
                at([number for number, _ in one["rows"]], row),
                np.array([value for _, value in one["rows"]], dtype=float),
                at(one["upper"], column),
                at([number for number, _ in one["limited"]], column),
                at([number for _, number in one["limited"]], row),
                at(one["flipped"], column),
                float(one["divisor"]),
            )
            for one in derived
        ),
        np.array([float(one["dual"]) for one in derived]),
        yearly,
    )
