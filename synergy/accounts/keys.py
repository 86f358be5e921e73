"""Vectorised lookup of table rows by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

MISSING = -1  # position of what no row answers to


def texts(column: Any) -> Texts:
    """Return a column of ids as an array of Python strings."""
    return np.asarray(column, dtype=object)


def find(wanted: Sequence[Any], known: Sequence[Any]) -> Ints:
    """Return the position of each wanted key among the known ones, `MISSING` where there is none.

    Parameters
    ----------
    wanted : sequence of array_like of str
        Key columns to look up, each of shape (n,).
    known : sequence of array_like of str
        The same columns of the table, each of shape (m,); its keys are unique.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
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


def _positions(wanted: NDArray[Any], known: NDArray[Any]) -> Ints:
    """Return the position of each wanted value among unique known ones, `MISSING` where there is none."""
    if known.dtype != object:
        return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype=np.int64)
    at = {one: place for place, one in enumerate(known.tolist())}
    return np.fromiter((at.get(one, MISSING) for one in wanted.tolist()), dtype=np.int64, count=len(wanted))


def take(column: Any, rows: Ints, blank: float = np.nan) -> Floats:
    """Return the numbers of a column at some positions, `blank` where the position is `MISSING`.

    Parameters
    ----------
    column : array_like of float
        The column, shape (m,).
    rows : numpy.ndarray of int64
        Positions, any shape.
    blank : float
        Value for missing rows.

    Returns
    -------
    numpy.ndarray, of the shape of `rows`
    """
    padded = np.append(np.asarray(column, dtype=float), blank)
    taken: Floats = padded[rows]
    return taken


def take_flag(column: Any, rows: Ints) -> Bools:
    """Return the flags of a column at some positions, false where the position is `MISSING`."""
    padded = np.append(np.asarray(column, dtype=bool), False)
    taken: Bools = padded[rows]
    return taken


def take_text(column: Any, rows: Ints) -> Texts:
    """Return the texts of a column at some positions, "" where the position is `MISSING`."""
    padded = np.append(texts(column), "")
    taken: Texts = padded[rows]
    return taken
