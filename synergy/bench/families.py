"""Families: the literal model cut as a modeller would write it, by kind of variable and by constraint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synergy.literal.build import LiteralModel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variables:
    """All variables of one kind, which stand together.

    Parameters
    ----------
    name : str
        ``flow``, ``run``, ``on`` ...
    start, stop : int
        Their columns.
    binary : bool
        Whether they are 0 or 1.
    lower, upper, cost : numpy.ndarray, shape (stop - start,)
        Bounds, and money a year that one unit brings.
    """

    name: str
    start: int
    stop: int
    binary: bool
    lower: Floats
    upper: Floats
    cost: Floats


@dataclass(frozen=True, slots=True)
class Constraints:
    """All rows of one constraint and one sense.

    Parameters
    ----------
    name : str
        ``offer``, ``need`` ..., with the sense where a constraint has several.
    sense : str
        ``<=``, ``>=`` or ``=``.
    right : numpy.ndarray, shape (rows,)
        Right sides.
    matrix : scipy.sparse.csr_array, shape (rows, columns of the whole model)
        Coefficients; every row has some.
    """

    name: str
    sense: str
    right: Floats
    matrix: sparse.csr_array


def variables_of(model: LiteralModel) -> list[Variables]:
    """Return the variables of a literal model, kind by kind."""
    kinds = model.columns["variable"].to_numpy(object)
    starts = np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1])) if len(kinds) else np.empty(0, np.int64)
    return [
        Variables(
            name=str(kinds[start]),
            start=int(start),
            stop=int(stop),
            binary=bool(model.integer[start]),
            lower=model.column_lower[start:stop],
            upper=model.column_upper[start:stop],
            cost=model.cost[start:stop],
        )
        for start, stop in zip(starts, [*starts[1:], len(kinds)], strict=True)
    ]


def constraints_of(model: LiteralModel) -> Iterator[Constraints]:
    """Yield the constraints of a literal model, family by family; rows without coefficients say nothing."""
    names = model.rows["constraint"].to_numpy(object)
    matrix = sparse.csr_array(model.matrix)
    filled = np.diff(matrix.indptr) > 0
    for name in dict.fromkeys(names):
        here = filled & (names == name)
        for sense, chosen, right in _senses(model):
            rows = np.flatnonzero(here & chosen)
            if len(rows):
                yield Constraints(f"{name} {sense}", sense, right[rows], matrix[rows])


def _senses(model: LiteralModel) -> list[tuple[str, NDArray[np.bool_], Any]]:
    """Return which rows are read in which sense; one with two different bounds is read twice."""
    low, high = model.row_lower, model.row_upper
    equal = low == high
    return [
        ("=", equal, high),
        ("<=", ~equal & np.isfinite(high), high),
        (">=", ~equal & np.isfinite(low), low),
    ]
