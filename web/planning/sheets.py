"""A table as people read it and programs take it: texts with units for the one, plain values for the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synergy.web import tables

MOST = 100  # rows of one page


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key for programs, its label for people, its unit, and whether it is figures.

    A column that is not `shown` is in the files alone.
    """

    key: str
    label: str
    unit: str = ""
    number: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: what people read, the plain value behind it, and where it leads."""

    text: str
    value: Any = None
    href: str = ""

    @property
    def plain(self) -> Any:
        """Return what a program takes: nothing where people see a dash."""
        if self.value is None:
            return None if self.text in ("", "–") else self.text
        return self.value


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named table.

    Parameters
    ----------
    name : str
        For addresses and files.
    caption : str
        For people.
    columns : tuple of Column
    rows : tuple of tuple of Cell
        As long as the columns.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def shown(self) -> tuple[Column, ...]:
        """Return the columns that people see."""
        return tuple(one for one in self.columns if one.shown)

    def named(self, file: str) -> tables.Table:
        """Return the table as files have it, under the name of a file: plain values, units in the heads."""
        columns = [tables.Column(one.key, one.label, one.unit, one.number) for one in self.columns]
        keys = [one.key for one in self.columns]
        rows = [dict(zip(keys, (cell.plain for cell in row), strict=True)) for row in self.rows]
        return tables.Table(file, self.caption, columns, rows)

    def visible(self, first: int | None = 0) -> list[list[tuple[Column, Cell]]]:
        """Return the rows of a page that people see, from one on, each cell with its column; None: of all pages."""
        rows = self.rows if first is None else self.rows[first : first + MOST]
        return [[pair for pair in zip(self.columns, row, strict=True) if pair[0].shown] for row in rows]

    def first(self, given: str | None) -> int:
        """Return the first row of the page that is wanted; 0 where nothing sensible is."""
        wanted = int(given) if given and given.isascii() and given.isdigit() and len(given) < 9 else 0
        return wanted // MOST * MOST if wanted < len(self.rows) else 0

    def pages(self) -> list[tuple[int, int, int]]:
        """Return the pages of a table that does not fit on one: where each starts, its rows as people count them."""
        whole = len(self.rows)
        starts = range(0, whole, MOST) if whole > MOST else ()
        return [(start, start + 1, min(start + MOST, whole)) for start in starts]


def cells(*values: Any) -> tuple[Cell, ...]:
    """Return cells of texts, or of pairs of text and plain value, or of cells as they are."""
    made: Sequence[Cell] = [
        one if isinstance(one, Cell) else Cell(*one) if isinstance(one, tuple) else Cell(str(one)) for one in values
    ]
    return tuple(made)
