"""Sheets written with headers, notes, formats and drop-downs; no text of a cell becomes a formula."""

from __future__ import annotations

import datetime
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from synergy.scenario import Cell

ROOM = 500  # rows below the last one that have drop-downs too
_LONGEST = 255  # characters of a list that a drop-down may hold itself
_STARTS = "=+-@\t\r＝＋－＠"  # what a spreadsheet may take for the beginning of a formula
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """Header cell of a column that is written, with a comment; a required one is marked.

    `kind` is ``text``, ``number``, ``flag`` or ``date``. The words of its drop-down are `choices`, or in the cells
    `source`, as ``=Sites!$A$2:$A$600``; if `strict`, other words are refused by the spreadsheet.
    """

    label: str
    note: str = ""
    required: bool = False
    kind: str = "text"
    choices: Sequence[str] = ()
    source: str = ""
    strict: bool = True


class Writer:
    """A workbook that is being written."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        head = {"bold": True, "font_color": "#1f2d3d", "bottom": 1, "text_wrap": True, "valign": "top"}
        self.head = book.add_format({**head, "bg_color": "#e8eef4"})
        self.needed = book.add_format({**head, "bg_color": "#ffe9c7"})
        self.text = book.add_format({"num_format": "@"})
        self.quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.wide = book.add_format({"text_wrap": True, "valign": "top"})

    def table(self, name: str, heads: Sequence[HeaderCell], rows: Iterable[Sequence[Cell]]) -> None:
        """Write one sheet: a header row, rows, a drop-down where a column has one."""
        sheet = self.book.add_worksheet(name)
        widths = [min(40, max(10, 2 + _width(head.label))) for head in heads]
        last = 0
        for last, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                self._cell(sheet, (last, place), cell, heads[place].kind)
                widths[place] = min(40, max(widths[place], 2 + _width(str(cell))))
        for place, head in enumerate(heads):
            sheet.set_column(place, place, widths[place], self._format(head.kind))
            sheet.write_string(0, place, head.label, self.needed if head.required else self.head)
            if head.note:
                sheet.write_comment(0, place, head.note, {"x_scale": 2, "font_size": 9, "author": ""})
            self._choice(sheet, place, last, head)
        sheet.freeze_panes(1, 0)

    def notes(self, name: str, rows: Iterable[Sequence[str]]) -> None:
        """Write a sheet of texts for people, two columns wide."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 28, self.wide)
        sheet.set_column(1, 1, 90, self.wide)
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(line, place, cell, self.head if not line else self.wide)

    def lists(self, name: str, columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Write the words of long drop-downs to a hidden sheet; return where each list stands."""
        sheet = self.book.add_worksheet(name)
        sheet.hide()
        found = {}
        for place, (key, words) in enumerate(columns.items()):
            sheet.write_column(0, place, list(words), self.text)
            letter = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
            found[key] = f"={quoted(name)}!{letter}$1:{letter}${max(1, len(words))}"
        return found

    def _format(self, kind: str) -> Format | None:
        return {"text": self.text, "date": self.date}.get(kind)

    def _cell(self, sheet: Worksheet, place: tuple[int, int], cell: Cell, kind: str) -> None:
        if cell is None or cell == "" or (isinstance(cell, float) and not math.isfinite(cell)):
            return
        if isinstance(cell, bool) or (kind == "flag" and cell in ("true", "false")):
            sheet.write_boolean(*place, cell is True or cell == "true")
        elif kind == "number" and not isinstance(cell, str):
            sheet.write_number(*place, float(cell))
        elif kind == "date" and (day := _day(str(cell))) is not None:
            sheet.write_datetime(*place, day, self.date)
        else:
            text = str(cell)
            sheet.write_string(*place, text, self.quoted if text[:1] in _STARTS else self.text)

    def _choice(self, sheet: Worksheet, place: int, last: int, head: HeaderCell) -> None:
        listed = head.source or (list(head.choices) if len(",".join(head.choices)) <= _LONGEST else None)
        if listed:
            how = "stop" if head.strict else "information"
            rule = {"validate": "list", "source": listed, "error_type": how, "ignore_blank": True}
            sheet.data_validation(1, place, last + ROOM, place, rule)


def quoted(name: str) -> str:
    """Return the name of a sheet as a formula needs it."""
    return "'" + name.replace("'", "''") + "'"


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _day(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None


@contextmanager
def written_to(target: io.BytesIO) -> Iterator[Writer]:
    """Yield a workbook that is written to memory when it is left; the same content gives the same bytes."""
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"created": datetime.datetime(2000, 1, 1)})
    writer = Writer(book)
    yield writer
    book.close()
