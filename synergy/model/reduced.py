"""Problem reduction: find the columns that can be non-zero once the binaries are fixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from synergy.model.scaling import ScaledProblem
from synergy.network.places import Floats, Ints

ROUNDS = 4  # of closing what closed columns close
NOTHING = 1e-12
ENDLESS = 1e30


def open_columns(problem: ScaledProblem) -> Ints:
    """Return the columns that can be non-zero when integer columns stay within their upper bounds.

    For example, flows over a link that is not opened are closed by the link's row.
    """
    upper, matrix = problem.upper.copy(), sparse.csr_array(problem.matrix)
    rows = matrix.shape[0]
    row, column = np.repeat(np.arange(rows), np.diff(matrix.indptr)), matrix.indices
    for _ in range(ROUNDS):
        below = np.bincount(row, weights=_below(matrix.data, problem.lower[column], upper[column]), minlength=rows)
        # nothing in such a row can be negative, and its sum may not be positive: what is positive in it is nothing
        shut = (problem.row_upper <= NOTHING) & (below <= NOTHING)
        hit = column[shut[row] & (matrix.data > 0) & (problem.lower[column] >= 0) & (upper[column] > 0)]
        if not len(hit):
            break
        upper[hit] = 0.0
    return np.flatnonzero((upper > 0) | (problem.lower < 0))


def _below(data: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return how far below 0 each matrix entry's contribution to its row can get."""
    least = np.where(data > 0, data * np.clip(lower, -ENDLESS, 0.0), data * np.clip(upper, 0.0, ENDLESS))
    return -least


def narrowed(problem: ScaledProblem, columns: Ints) -> tuple[ScaledProblem, Ints]:
    """Return the problem restricted to some columns (the others are 0), and the indices of the rows it keeps."""
    matrix = sparse.csr_array(sparse.csr_array(problem.matrix)[:, columns])
    rows = np.flatnonzero((np.diff(matrix.indptr) > 0) | (problem.row_lower > 0) | (problem.row_upper < 0))
    return replace(
        problem,
        matrix=sparse.csr_array(matrix[rows]),
        row_lower=problem.row_lower[rows],
        row_upper=problem.row_upper[rows],
        lower=problem.lower[columns],
        upper=problem.upper[columns],
        cost=problem.cost[columns],
        integer=problem.integer[columns],
        row=problem.row[rows],
        column=problem.column[columns],
    ), rows
