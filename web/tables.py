"""Tables and their exports as JSON, CSV and XLSX, protected against spreadsheet formula injection."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from flask import Response

from synergy.workbook.writing import HeaderCell, written_to

KINDS = ("json", "csv", "xlsx")
_TYPES = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "graphml": "application/graphml+xml",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# what a spreadsheet takes for the beginning of a formula, full-width forms too, behind blanks as well
_FORMULA = re.compile(r"[\s\u200b-\u200f\ufeff]*[=+\-@＝＋－＠]|[\t\r]")
_NAME = re.compile(r"[^\w.-]+")
Value = bool | float | str | Decimal | None
_Value = TypeVar("_Value", bound=Value)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """Column of a table: key, localized label, unit, whether numeric; one that is not `shown` is in files alone."""

    key: str
    label: str
    unit: str = ""
    number: bool = False
    shown: bool = True

    @property
    def head(self) -> str:
        """Return the label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class NamedTable:
    """Table for display and export: file name without extension, title, columns in order, rows by column key."""

    name: str
    title: str
    columns: Sequence[TableColumn]
    rows: Sequence[Mapping[str, Value]]

    @property
    def cells(self) -> list[list[Value]]:
        """Return the rows as lists in the order of the columns."""
        return [[row.get(column.key) for column in self.columns] for row in self.rows]


def guarded(value: _Value) -> _Value | str:
    """Escape a cell value against formula injection: prefix texts that look like a formula with an apostrophe.

    Examples
    --------
    >>> guarded("=1+1"), guarded("＝cmd"), guarded(-5), guarded("a=b")
    ("'=1+1", "'＝cmd", -5, 'a=b')
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def as_json(table: NamedTable) -> bytes:
    """Serialize a table as JSON: ``{name, title, columns: [{key, label, unit}], rows: [{key: value}]}``."""
    columns = [{"key": one.key, "label": one.label, "unit": one.unit} for one in table.columns]
    rows = [{column.key: row.get(column.key) for column in table.columns} for row in table.rows]
    record = {"name": table.name, "title": table.title, "columns": columns, "rows": rows}
    return json.dumps(record, ensure_ascii=False, allow_nan=False, default=str).encode()  # a decimal number as a text


def as_csv(table: NamedTable) -> bytes:
    """Serialize a table as CSV in UTF-8 with a byte order mark, which spreadsheets need for Chinese text."""
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow([guarded(column.head) for column in table.columns])
    writer.writerows([[guarded(_text(cell)) for cell in row] for row in table.cells])
    return target.getvalue().encode("utf-8-sig")


def as_xlsx(table: NamedTable) -> bytes:
    """Serialize a table as an XLSX workbook with one sheet and numeric cells for numbers."""
    target = io.BytesIO()
    heads = [HeaderCell(str(guarded(one.head)), kind="number" if one.number else "text") for one in table.columns]
    with written_to(target) as book:
        book.table(sheet_name(table.title), heads, ([_cell(cell) for cell in row] for row in table.cells))
    return target.getvalue()


def twin(table: NamedTable, kind: str) -> Response:
    """Return a table as a file download in one of `KINDS`.

    Raises
    ------
    KeyError
        The format is not in `KINDS`.
    """
    data = {"json": as_json, "csv": as_csv, "xlsx": as_xlsx}[kind](table)
    return file(data, f"{table.name}.{kind}")


def file(data: bytes, name: str) -> Response:
    """Return bytes as a file download with a sanitized file name."""
    kind = name.rpartition(".")[2]
    answer = Response(data, content_type=_TYPES.get(kind, "application/octet-stream"))
    safe = _NAME.sub("-", name)
    answer.headers.set("Content-Disposition", "attachment", filename=safe)
    return answer


def sheet_name(title: str) -> str:
    """Return a title as a valid worksheet name: at most 31 characters, none of ``[]:*?/\\``.

    Examples
    --------
    >>> sheet_name("Gas: a/b")
    'Gas  a b'
    """
    return re.sub(r"[\[\]:*?/\\]", " ", title).strip("' ")[:31] or "1"


def _text(value: Value) -> str | float | Decimal:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def _cell(value: Value) -> bool | float | str | None:
    return float(value) if isinstance(value, Decimal) else guarded(value)
