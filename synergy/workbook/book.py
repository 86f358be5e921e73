"""A workbook as it was parsed: its sheets with what stands in each cell and what is odd about the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Page:
    """One sheet.

    Parameters
    ----------
    name : str
        As on its tab.
    rows : sequence of sequence
        Cells from A1 on: numbers, texts, true and false, ``{"date": ...}`` or ``{"span": ...}``; "" = blank.
    errors, formulas : mapping of str to str
        Cells that hold an error, and formulas without a value, by their place as ``D5``.
    hidden_rows, hidden_columns : sequence of int
        Counted from 1.
    merged : sequence of tuple of int
        First row, first column, last row, last column of merged cells, from 1.
    visible : bool
        Whether its tab is shown.
    """

    name: str
    rows: Sequence[Sequence[Any]]
    errors: Mapping[str, str] = field(default_factory=dict)
    formulas: Mapping[str, str] = field(default_factory=dict)
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    merged: Sequence[Sequence[int]] = ()
    visible: bool = True


def letters(column: int) -> str:
    """Return the name of a column that is counted from 1.

    Examples
    --------
    >>> letters(1), letters(27), letters(16384)
    ('A', 'AA', 'XFD')
    """
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        name = chr(ord("A") + rest) + name
    return name


def number(column: str) -> int:
    """Return the number, from 1, of a column by its letters.

    Examples
    --------
    >>> number("A"), number("AA"), number("XFD")
    (1, 27, 16384)
    """
    total = 0
    for letter in column:
        total = _LETTERS * total + ord(letter) - ord("A") + 1
    return total


def text_of(cell: Any) -> str:
    """Return a cell as the text that stands for it in a CSV file; numbers in as few digits as read back the same.

    Examples
    --------
    >>> text_of(100.0), text_of(0.1), text_of(True), text_of({"date": "2026-03-01T00:00:00"})
    ('100', '0.1', 'true', '2026-03-01')
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) < 1e16 and cell.is_integer() else repr(cell)
    if isinstance(cell, dict):
        return str(cell.get("date", cell.get("span", ""))).removesuffix("T00:00:00")
    return "" if cell is None else str(cell)
