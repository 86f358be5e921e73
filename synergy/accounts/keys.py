"""Vectorised lookup of table rows by id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.sheet import Ids

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

MISSING = -1  # position of what no row answers to


def texts(column: ArrayLike) -> Texts:
    """Return a column of ids as an array of Python strings."""
    return np.asarray(column, dtype=object)


def find(wanted: Sequence[Ids], known: Sequence[Ids]) -> Ints:
    """Return the position of each wanted key among the known ones, `MISSING` where there is none.

    Key columns: of shape (n,) to look up in those of the table, of shape (m,), whose keys are unique.
    """
    if len(wanted) == 1:
        return _positions(texts(wanted[0]), texts(known[0]))
    asked = np.zeros(len(wanted[0]), dtype=np.int64)
    held = np.zeros(len(known[0]), dtype=np.int64)
    near = np.ones(len(known[0]), dtype=bool)  # rows every part of whose key is asked for by somebody
    for left, right in zip(wanted, known, strict=True):
        codes, names = pd.factorize(texts(left))
        right_codes = _positions(texts(right), names)
        near &= right_codes >= 0
        asked = asked * (len(names) + 1) + codes
        held = held * (len(names) + 1) + right_codes
    rows = np.flatnonzero(near)
    position = _positions(asked, held[rows])
    return np.where(position >= 0, rows[position], MISSING) if len(rows) else np.full(len(asked), MISSING)


def _positions(wanted: Ints | Texts, known: Ints | Texts) -> Ints:
    """Return the position of each wanted value among unique known ones, `MISSING` where there is none."""
    if known.dtype != object:
        return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype=np.int64)
    at = {one: place for place, one in enumerate(known.tolist())}
    return np.fromiter((at.get(one, MISSING) for one in wanted.tolist()), dtype=np.int64, count=len(wanted))


def take(column: ArrayLike, rows: Ints, blank: float = np.nan) -> Floats:
    """Return the numbers of a column at some positions, of any shape, `blank` where the position is `MISSING`."""
    padded = np.append(np.asarray(column, dtype=float), blank)
    taken: Floats = padded[rows]
    return taken


def take_flag(column: ArrayLike, rows: Ints) -> Bools:
    """Return the flags of a column at some positions, false where the position is `MISSING`."""
    padded = np.append(np.asarray(column, dtype=bool), False)
    taken: Bools = padded[rows]
    return taken


def take_text(column: ArrayLike, rows: Ints) -> Texts:
    """Return the texts of a column at some positions, "" where the position is `MISSING`."""
    padded = np.append(texts(column), "")
    taken: Texts = padded[rows]
    return taken
