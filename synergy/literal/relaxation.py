"""Relaxation: the literal model without integrality, its periods summed, every column bounded."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix, vstack

from synergy.literal.build import LiteralModel
from synergy.literal.columns import NAME_COLUMNS
from synergy.literal.rows import ROW_COLUMNS
from synergy.literal.scope import Flags, Floats, Ints

ROUNDS = 20  # of bound propagation


SLACK = 1e-9  # relative widening of a propagated bound, above any rounding of the sums behind it


AT_LEAST = ">="  # after the constraint of the second row that a summed row with two bounds becomes


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
        upper=np.minimum(model.column_upper, np.inf),
        cost=model.cost,
        integer=model.integer,
        rows=model.rows,
        columns=model.columns,
    )
    if yearly:
        stated = summed(stated)
    return replace(stated, upper=propagated(stated))


def summed(stated: Relaxation) -> Relaxation:
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
    above, below = (
        np.flatnonzero(np.isfinite(upper)),
        np.flatnonzero(np.isfinite(lower) & ~(equal & np.isfinite(upper))),
    )
    names = stated.rows.iloc[row_first].assign(period="")
    apart = names.iloc[below].assign(
        constraint=names["constraint"]
        .iloc[below]
        .where(~np.isfinite(upper[below]), names["constraint"].iloc[below] + AT_LEAST)
    )
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
    for reduce, bound in ((np.minimum, np.minimum), (np.maximum, np.maximum)):
        extreme = reduce.reduceat(value, first) if len(first) else value
        extreme = np.where(partial, bound(extreme, 0.0), extreme)
        one = csr_matrix((extreme, place), shape=(matrix.shape[0], groups))
        found.append(one)
    return found[0], found[1]


def propagated(stated: Relaxation, rounds: int = ROUNDS) -> Floats:
    """Upper bounds of the columns by propagation over the rows, see `relaxation_of`."""
    matrix, upper = stated.matrix, stated.upper.copy()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    column, value = matrix.indices, matrix.data
    for _ in range(rounds):
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
