"""Scaling: a model in units near 1, by powers of two, so that nothing is lost on the way there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.network.places import Bools, Floats

PASSES = 4
FINE = 1e-10  # the least tolerance that a solver takes
PART = 1e-5  # part of a capacity below which a compulsory amount asks for it: ten times what counts as none
WIDEST = 2.0**30  # no factor beyond: a model that needs more is said to be badly scaled


@dataclass(frozen=True, slots=True)
class Problem:
    """A model as a solver gets it: minimise ``cost @ y`` over scaled columns ``y = x / column``.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array
    row_lower, row_upper, lower, upper, cost : numpy.ndarray
        All scaled.
    integer : numpy.ndarray of bool
        Integer columns, whose factor is 1.
    row, column : numpy.ndarray
        Factors: scaled row = row * ``row``; x = y * ``column``.
    money : float
        Value in money is ``-money * cost @ y``.
    fine : bool
        Whether some of what is compulsory is so small that a solver has to be held to `FINE`.
    """

    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    cost: Floats
    integer: Bools
    row: Floats
    column: Floats
    money: float
    fine: bool = False


def _power(size: Floats) -> Floats:
    """Return the nearest power of two, 1 for nothing."""
    known = (size > 0) & np.isfinite(size)
    power: Floats = np.exp2(np.round(np.log2(np.where(known, size, 1.0))))
    return np.clip(power, 1 / WIDEST, WIDEST)


def _typical(matrix: sparse.csr_array) -> Floats:
    """Return the geometric mean of the least and the greatest size in each row, 0 for empty rows."""
    size = sparse.csr_array((np.abs(matrix.data), matrix.indices, matrix.indptr), shape=matrix.shape)
    count = np.diff(size.indptr)
    typical = np.zeros(matrix.shape[0])
    full = count > 0
    starts = size.indptr[:-1][full]
    if len(starts):
        typical[full] = np.sqrt(np.maximum.reduceat(size.data, starts) * np.minimum.reduceat(size.data, starts))
    return typical


def scaled(model: Model) -> Problem:
    """Return a model in units near 1: columns by what they can reach, then rows and columns in turn.

    Notes
    -----
    Geometric scaling (Curtis & Reid 1972, J. Inst. Maths Applics 10:118) after a start from the columns' bounds.
    """
    matrix = model.matrix.copy()
    matrix.data = np.where(matrix.data == 0, 0.0, matrix.data)
    matrix.eliminate_zeros()
    finite = np.where(np.isfinite(model.upper), np.abs(model.upper), 0.0)
    column = np.where(model.integer, 1.0, _power(finite))
    row = np.ones(matrix.shape[0])
    for _ in range(PASSES):
        current = sparse.csr_array(matrix.multiply(row[:, None]).multiply(column[None, :]))
        row = row / _power(_typical(current))
        current = sparse.csr_array(matrix.multiply(row[:, None]).multiply(column[None, :]))
        factor = _power(_typical(sparse.csr_array(current.T)))
        column = np.where(model.integer | (finite > 0), column, column / factor)
    matrix = sparse.csr_array(matrix.multiply(row[:, None]).multiply(column[None, :]))
    cost = -model.cost * column
    money = float(_power(np.array([np.abs(cost).max(initial=0.0) / 1e3]))[0])
    return Problem(
        matrix=matrix,
        row_lower=model.row_lower * row,
        row_upper=model.row_upper * row,
        lower=model.lower / column,
        upper=model.upper / column,
        cost=cost / money,
        integer=model.integer,
        row=row,
        column=column,
        money=money,
        fine=_fine(model),
    )


def _fine(model: Model) -> bool:
    """Whether something compulsory is a small part of what a link can carry that is opened by a yes or no.

    A solver takes a millionth for none: through a link for 60,000 that is 0.06 opened by nothing, all that a unit for
    1 t may need. The plan would have the unit and not the link, and its bound would be too low or too high.
    """
    forced = np.flatnonzero((model.lower > 0) & ~model.integer)
    flow = model.column("flow")
    if not len(forced) or not len(flow) or not model.integer.any():
        return False
    most = model.upper[flow.span]
    entries = sparse.coo_array(sparse.csc_array(model.matrix)[:, forced])
    amounts: Floats = np.abs(entries.data) * model.lower[forced][entries.coords[1]]
    return bool(amounts[amounts > 0].min(initial=np.inf) < PART * most[np.isfinite(most)].max(initial=0.0))
