"""The seal of a plan document: a digest by which a document that was changed after it was written is known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

KEY = "seal"
_EVEN = frozenset({str, float, type(None)})


def sealed(record: Mapping[str, Any]) -> str:
    """Return the seal that belongs to a plan document.

    Parameters
    ----------
    record : mapping
        The document, its own `seal` not counted.

    Returns
    -------
    str
        SHA-256 of the other keys, sorted, numbers as floats: neither order, indent nor ``1`` for ``1.0`` matters.

    Notes
    -----
    It finds accidents and careless hands. Who means it can seal anew: what a plan claims is recomputed from the tables
    (`synergy.verify`), seal or not.

    Examples
    --------
    >>> sealed({"value": 1, "gap": 0.5}) == sealed({"gap": 0.5, "value": 1.0, "seal": "any"})
    True
    """
    rest = {key: _even(value) for key, value in record.items() if key != KEY}
    text = json.dumps(rest, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def broken(record: Mapping[str, Any]) -> bool:
    """Return whether a document has a seal that is not its own; one without a seal is as it is."""
    return KEY in record and record[KEY] != sealed(record)


def _even(value: Any) -> Any:
    """Return a plain value with all its numbers as floats."""
    if isinstance(value, Mapping):
        # a call less for each of most of what a document holds
        return {str(key): inner if type(inner) in _EVEN else _even(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [inner if type(inner) in _EVEN else _even(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
