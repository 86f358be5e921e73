"""Assembly: columns, rows and entries collected by family, and the sparse matrix they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synergy.network.places import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Block:
    """A family of columns or rows that stand together.

    Parameters
    ----------
    start, stop : int
        Where it stands.
    key : mapping of str to numpy.ndarray
        What each of its columns or rows is about, by name (``arc``, ``unit``, ``period`` ...).
    """

    start: int
    stop: int
    key: Mapping[str, NDArray[Any]]

    @property
    def span(self) -> slice:
        """Return the positions as a slice."""
        return slice(self.start, self.stop)

    @property
    def positions(self) -> Ints:
        """Return the positions."""
        return np.arange(self.start, self.stop)

    def __len__(self) -> int:
        """Return how many there are."""
        return self.stop - self.start


EMPTY = Block(0, 0, {})


@dataclass(slots=True)
class Assembly:
    """What a model is put together in; the order of calls is the order of columns and rows."""

    columns: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Block] = field(default_factory=dict)
    _bounds: list[tuple[Floats, Floats, Bools]] = field(default_factory=list)
    _limits: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)

    def add_columns(
        self, name: str, key: Mapping[str, Any], *, lower: Any = 0.0, upper: Any = np.inf, integer: bool = False
    ) -> Block:
        """Add a family of variables; their cost is set by `objective`."""
        start = max((block.stop for block in self.columns.values()), default=0)
        size = len(next(iter(key.values())))
        block = Block(start, start + size, {part: np.asarray(values) for part, values in key.items()})
        self.columns[name] = block
        low, high = (np.broadcast_to(np.asarray(bound, float), (size,)) for bound in (lower, upper))
        self._bounds.append((low, high, np.full(size, integer)))
        return block

    def add_rows(self, name: str, key: Mapping[str, Any], *, lower: Any = -np.inf, upper: Any = np.inf) -> Block:
        """Add a family of constraints ``lower <= row <= upper``."""
        start = max((block.stop for block in self.rows.values()), default=0)
        size = len(next(iter(key.values())))
        block = Block(start, start + size, {part: np.asarray(values) for part, values in key.items()})
        self.rows[name] = block
        low, high = (np.broadcast_to(np.asarray(bound, float), (size,)) for bound in (lower, upper))
        self._limits.append((low, high))
        return block

    def add_entries(self, row: Any, column: Any, value: Any) -> None:
        """Add coefficients; those of one place add up."""
        row, column = np.asarray(row, np.int64), np.asarray(column, np.int64)
        value = np.broadcast_to(np.asarray(value, float), row.shape)
        self._entries.append((row, column, value))

    def block(self, name: str) -> Block:
        """Return a family of columns, empty where the problem has none."""
        return self.columns.get(name, EMPTY)

    def matrix(self) -> sparse.csr_array:
        """Return the sparse matrix of all entries, shape (rows, columns)."""
        rows = max((block.stop for block in self.rows.values()), default=0)
        columns = max((block.stop for block in self.columns.values()), default=0)
        parts = self._entries or [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        matrix = sparse.csr_array((value, (row, column)), shape=(rows, columns))
        matrix.sum_duplicates()
        return matrix

    def bounds(self) -> tuple[Floats, Floats, Bools]:
        """Return lower and upper bounds of the columns, and which are integer."""
        if not self._bounds:
            return np.empty(0), np.empty(0), np.empty(0, bool)
        lower, upper, integer = (np.concatenate(part) for part in zip(*self._bounds, strict=True))
        return lower, upper, integer

    def limits(self) -> tuple[Floats, Floats]:
        """Return lower and upper limits of the rows."""
        if not self._limits:
            return np.empty(0), np.empty(0)
        lower, upper = (np.concatenate(part) for part in zip(*self._limits, strict=True))
        return lower, upper


def distinct(key: Mapping[str, Any]) -> tuple[Ints, dict[str, Ints]]:
    """Return the position of each tuple of integers among the distinct ones, and the distinct ones by name."""
    table = np.stack([np.asarray(values, np.int64) for values in key.values()])
    unique, row = np.unique(table, axis=1, return_inverse=True)
    return np.asarray(row, np.int64).ravel(), dict(zip(key, unique, strict=True))
