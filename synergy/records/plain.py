"""Plain JSON values of plan contents: no numpy types, no NaN, no tuples."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from synergy.scenario import JSON, Cell

Kind = TypeVar("Kind")
KEY = "seal"
_EVEN = frozenset({str, float, type(None)})


def plain(value: object) -> Any:
    """Return a text, number, bool, None, fraction, or mappings and sequences of them as a plain JSON value.

    Numbers that are not finite become None, fractions texts such as ``"2/3"``.

    Examples
    --------
    >>> plain({"a": (1, float("nan"), Fraction(2, 3))})
    {'a': [1, None, '2/3']}
    """
    if type(value) is float:  # most of what a document holds
        return value + 0.0 if math.isfinite(value) else None
    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    return _number(value) if isinstance(value, Real) else _listed(value)


def _number(value: Real) -> int | float | str | None:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Fraction):
        return str(value)
    number = float(value)
    return number + 0.0 if math.isfinite(number) else None  # + 0.0: no negative zero


def _listed(value: object) -> list[JSON] | str:
    if isinstance(value, np.ndarray | Sequence | set | frozenset):
        return [plain(inner) for inner in (value.tolist() if isinstance(value, np.ndarray) else value)]
    return str(value)


def rows(frame: pd.DataFrame, names: Sequence[str], kind: Callable[..., Kind]) -> list[Kind]:
    """Return some columns of a frame as a list of plain records of a kind, keys in the order of the names."""
    columns = [cells(frame[name]) for name in names]
    return [kind(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def cells(column: pd.Series) -> list[Cell]:
    """Return a column as plain values: numbers as floats (None where not finite), everything else as text."""
    if column.dtype.kind in "fiu":
        numbers = column.to_numpy(dtype=float) + 0.0
        found = numbers.tolist()
        missing = ~np.isfinite(numbers)
        for place in np.flatnonzero(missing):
            found[place] = None
        return list(found)
    return [str(cell) for cell in column.to_numpy(dtype=object)]


def sealed(record: Mapping[str, object]) -> str:
    """Return the seal (checksum) of a plan document: the SHA-256 of its other keys, sorted, numbers as floats.

    Neither order, indent nor ``1`` for ``1.0`` matters. It detects accidental changes only, since a seal can be
    recomputed: the claims of a plan are verified from the tables (`synergy.verify`), with a seal or without.

    Examples
    --------
    >>> sealed({"value": 1, "gap": 0.5}) == sealed({"gap": 0.5, "value": 1.0, "seal": "any"})
    True
    """
    rest = {key: _even(value) for key, value in record.items() if key != KEY}
    text = json.dumps(rest, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def broken(record: Mapping[str, object]) -> bool:
    """Return whether a document has a seal that does not match; a document without a seal is not broken."""
    return KEY in record and record[KEY] != sealed(record)


def _even(value: object) -> object:
    """Return a plain value with all its numbers as floats."""
    if isinstance(value, Mapping):
        # a call less for each of most of what a document holds
        return {str(key): inner if type(inner) in _EVEN else _even(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [inner if type(inner) in _EVEN else _even(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
