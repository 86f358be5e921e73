"""Rows: one constraint family as a block of named rows, and blocks joined into a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix

from synergy.literal.scope import Floats, Ints

ROW_COLUMNS = ("constraint", "subject", "commodity", "period")


@dataclass(frozen=True, slots=True)
class Entries:
    """Coefficients of a block: rows (counted in the block), columns and values, broadcast to one length."""

    row: ArrayLike
    column: ArrayLike
    value: ArrayLike


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one constraint family: lower <= coefficients . x <= upper.

    Parameters
    ----------
    constraint : str
        Name of the family.
    subject, commodity, period : array_like of str, or str
        What each row speaks about; "" where it is about no commodity or no period.
    lower, upper : ndarray
        Bounds, one a row.
    entries : tuple of Entries
        Coefficients; those of one row and column add up.
    """

    constraint: str
    subject: Any
    commodity: Any
    period: Any
    lower: Floats
    upper: Floats
    entries: tuple[Entries, ...]

    def __len__(self) -> int:
        return len(self.lower)

    def said(self, name: str) -> Any:
        """Return one of `ROW_COLUMNS`, spread over all rows."""
        value = np.asarray(getattr(self, name), dtype=object)
        return np.broadcast_to(value, (len(self),))


def at_most(rows: int, upper: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return bounds of rows that may be nothing or less, up to a number."""
    return np.full(rows, -np.inf), np.broadcast_to(np.asarray(upper, dtype=float), (rows,)).copy()


def at_least(rows: int, lower: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return bounds of rows that have to reach a number."""
    return np.broadcast_to(np.asarray(lower, dtype=float), (rows,)).copy(), np.full(rows, np.inf)


def equal(rows: int, value: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return bounds of rows that have to be a number."""
    both = np.broadcast_to(np.asarray(value, dtype=float), (rows,))
    return both.copy(), both.copy()


def joined(blocks: Sequence[Block], columns: int) -> tuple[csr_matrix, Floats, Floats, pd.DataFrame]:
    """Return matrix, lower and upper bounds, and names of the rows of all blocks, one after the other."""
    first = np.cumsum([0, *(len(block) for block in blocks)])
    parts: list[tuple[Ints, Ints, Floats]] = []
    for block, start in zip(blocks, first, strict=False):
        for entry in block.entries:
            row, column, value = np.broadcast_arrays(entry.row, entry.column, entry.value)
            parts.append(((row + start).ravel(), column.ravel(), value.astype(float).ravel()))
    row, column, value = (np.concatenate([part[k] for part in parts] or [np.zeros(0)]) for k in range(3))
    matrix = csr_matrix((value, (row.astype(np.int64), column.astype(np.int64))), shape=(int(first[-1]), columns))
    matrix.sum_duplicates()
    lower = np.concatenate([block.lower for block in blocks])
    upper = np.concatenate([block.upper for block in blocks])
    names = {name: np.concatenate([block.said(name) for block in blocks]) for name in ROW_COLUMNS}
    return matrix, lower, upper, pd.DataFrame(names, dtype="str")


def grouped(*keys: ArrayLike) -> tuple[Ints, list[Ints]]:
    """Return the group of each position by several integer keys, and the keys of each group in order."""
    stacked = np.stack([np.asarray(key, dtype=np.int64) for key in keys], axis=1)
    if not len(stacked):
        return np.zeros(0, dtype=np.int64), [np.zeros(0, dtype=np.int64) for _ in keys]
    span = stacked.max(axis=0) + 1
    flat = np.ravel_multi_index(tuple(stacked.T), tuple(span.tolist()))
    found, group = np.unique(flat, return_inverse=True)
    return group.astype(np.int64), [np.asarray(key) for key in np.unravel_index(found, tuple(span.tolist()))]
