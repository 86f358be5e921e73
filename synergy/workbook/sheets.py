"""Convert a sheet of a workbook to a raw table, with the line of each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from synergy.dataset.columns import ColumnType
from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import MOST_COLUMNS
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Cells, TableData, Words
from synergy.dataset.typed import UNREADABLE
from synergy.scenario import Cell

BookCell = int | Cell | dict[str, str]
_EXACT = 1e15
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_LETTERS = 26


@dataclass(frozen=True, slots=True)
class Laid:
    """Sheet laid out as a table of texts, with the column of each name, from 1."""

    sheet: TableData
    places: dict[str, int]


def laid_out(
    page: SheetPage, table: str, named: tuple[Callable[[str], str], Callable[[Sequence[str]], bool]], findings: Findings
) -> Laid | None:
    """Return a sheet as a table of texts; None where rows and columns cannot be separated.

    `named` gives the column that a header cell means, and whether a row is a second header. Errors and formulas without
    a value become `UNREADABLE` texts; merged cells, doubled names and hidden rows are reported.
    """
    if not page.rows or not any(text_of(cell).strip() for cell in page.rows[0]):
        if not page.rows:
            findings.add("empty_file", Where(table))
        else:
            findings.add("two_row_header", Where(table, 1))
        return None
    known_as, second_header = named
    header = [known_as(text_of(cell)) if text_of(cell).strip() else "" for cell in page.rows[0]]
    while header and not header[-1]:
        header.pop()
    if not _sound(page, table, header, findings):
        return None
    for line, row in enumerate(page.rows[1:3], start=2):
        if second_header([text_of(cell) for cell in row]):
            findings.add("two_row_header", Where(table, line))
            return None
    odd = _odd(page)
    kept = [line for line, row in enumerate(page.rows[1:], start=2) if line in odd or any(c != "" for c in row)]
    _hidden(page, table, kept, findings)
    places = {name: place for place, name in enumerate(header, start=1) if name}
    columns: dict[str, Cells] = {
        name: Words.of([*_cells(page, kept, (place, odd), (table, name, findings))]) for name, place in places.items()
    }
    return Laid(TableData(table, np.array(kept, dtype=np.int64), columns), places)


def _sound(page: SheetPage, table: str, header: Sequence[str], findings: Findings) -> bool:
    if len(header) > MOST_COLUMNS:
        findings.add("too_many_columns", Where(table, 1), len(header), most=MOST_COLUMNS)
        return False
    sound = True
    for first, left, last, right in page.merged:
        if first <= len(page.rows):
            findings.add(
                "merged_cells", Where(table, first), "", range=f"{letters(left)}{first}:{letters(right)}{last}"
            )
            sound = False
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        findings.add("double_header", Where(table, 1, name), name)
        sound = False
    nameless = {place for row in page.rows[1:] for place, cell in enumerate(row) if cell != ""}
    for place in sorted(nameless):
        if place >= len(header) or not header[place]:
            findings.add("nameless_column", Where(table, 1), letters(place + 1))
            sound = False
    return sound


def _odd(page: SheetPage) -> dict[int, dict[int, str]]:
    """Return by row and column, from 1, the cells for which the spreadsheet has no value."""
    odd: dict[int, dict[int, str]] = {}
    for cell, said in {**page.errors, **page.formulas}.items():
        found = _CELL.fullmatch(cell)
        if found is not None:
            odd.setdefault(int(found[2]), {})[number(found[1])] = said
    return odd


def _hidden(page: SheetPage, table: str, kept: Sequence[int], findings: Findings) -> None:
    if not page.visible:
        findings.add("hidden_sheet", Where(table), page.name)
    for row in sorted(set(page.hidden_rows) & set(kept)):
        findings.add("hidden_row", Where(table, row))
    for place in page.hidden_columns:
        if place <= len(page.rows[0]) and page.rows[0][place - 1] != "":
            findings.add("hidden_column", Where(table, None, text_of(page.rows[0][place - 1])), letters(place))


def _cells(
    page: SheetPage, rows: Sequence[int], where: tuple[int, dict[int, dict[int, str]]], sink: tuple[str, str, Findings]
) -> Iterator[str]:
    """Yield one column as texts; report dates in columns of ids and labels."""
    (place, odd), (table, name, findings) = where, sink
    column = TABLES[table].column(name) if table in TABLES else None
    kind = ColumnType.TEXT if column is None else column.kind
    for line in rows:
        said = odd[line].get(place) if line in odd else None
        if said is not None:
            yield UNREADABLE + said
            continue
        row = page.rows[line - 1]
        cell = row[place - 1] if place <= len(row) else ""
        text = text_of(cell)
        if isinstance(cell, dict) and kind in (ColumnType.ID, ColumnType.LABEL):
            findings.add("cell_date", Where(table, line, name), text, instead=text)
        if isinstance(cell, float) and abs(cell) >= _EXACT and kind in (ColumnType.ID, ColumnType.LABEL):
            text = f"{cell:.14e}"  # digits behind the fifteenth are not kept by a spreadsheet
        yield text


@dataclass(frozen=True, slots=True)
class SheetPage:
    """One sheet; rows and columns are counted from 1.

    The cells of `rows`, from A1 on, are numbers, texts, true and false, ``{"date": ...}`` or ``{"span": ...}``; "" =
    blank. `errors` and `formulas` are the cells that hold an error, and formulas without a value, by their place as
    ``D5``. `merged` has the first row, first column, last row and last column of merged cells; `visible` says whether
    its tab is shown.
    """

    name: str
    rows: Sequence[Sequence[BookCell]]
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


def text_of(cell: BookCell) -> str:
    """Return a cell as CSV text; numbers with the fewest digits that round-trip.

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
