"""A dataset in a workbook: a sheet for each table, laid out as texts with their lines, and one for the settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import MOST_COLUMNS, real_type
from synergy.dataset.package import PACKED, Package
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.settings import plain
from synergy.dataset.sheet import Cells, TableData, Words
from synergy.dataset.typed import (
    ASIDE,
    SETTINGS,
    TABLE_NAMES,
    UNREADABLE,
    folded,
    known_as,
    looked,
    names_a_column,
    near,
    second_header,
    suggestion,
)
from synergy.errors import Problem
from synergy.scenario import JSON, Cell

CLAIMS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".xltx", ".xltm", ".ods", ".et")  # what calls itself a workbook
_CHILD = Path(__file__).with_name("child.py")
_OLE = b"\xd0\xcf\x11\xe0"
_WORKBOOK = {"expected": "an .xlsx workbook", "expected_zh": ".xlsx 工作簿"}
_SMALL_PART = 4 << 20  # below so many bytes the ratio says nothing


@dataclass(frozen=True, slots=True)
class WorkbookTables:
    """Tables of a workbook as texts (None: unreadable sheet), and its name and settings as a data package.

    `tabs` is the sheet of each table, `places` the column of each of its names, from 1.
    """

    package: Package
    sheets: Mapping[str, TableData | None]
    tabs: Mapping[str, str]
    places: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def located(self, problem: Problem) -> Problem:
        """Return a problem with the workbook cell at which it stands."""
        if problem.table not in self.tabs:
            return problem
        place = self.places.get(problem.table, {}).get(problem.column)
        cell = "" if problem.row is None else f"{'' if place is None else letters(place)}{problem.row}"
        return replace(problem, cell=f"{self.tabs[problem.table]}!{cell}".rstrip("!"))


def read_workbook(path: Path, findings: Findings) -> WorkbookTables | None:
    """Return the tables of a workbook; None where it cannot be read at all."""
    found = pages(path, findings)
    if found is None:
        return None
    by_table = _by_table(found, findings)
    sheets: dict[str, TableData | None] = {}
    places: dict[str, dict[str, int]] = {}
    for table in TABLES:
        if table in by_table:
            named = (partial(known_as, table), partial(second_header, known=partial(names_a_column, table)))
            laid = laid_out(by_table[table], table, named, findings)
            sheets[table] = None if laid is None else laid.sheet
            places[table] = {} if laid is None else laid.places
        elif TABLES[table].required:
            findings.add("missing_table", Where(table), "", table=table)
    settings = _settings(by_table[SETTINGS].rows) if SETTINGS in by_table else {}
    name = settings.pop("name", None)
    package = Package(str(name or path.stem), {table: table for table in sheets}, settings, SETTINGS)
    return WorkbookTables(package, sheets, {table: page.name for table, page in by_table.items()}, places)


def _by_table(found: Sequence[SheetPage], findings: Findings) -> dict[str, SheetPage]:
    by_table: dict[str, SheetPage] = {}
    for page in found:
        table = TABLE_NAMES.get(looked(page.name), "")
        if not table:
            if folded(page.name) not in ASIDE and any(any(cell != "" for cell in row) for row in page.rows):
                hints = suggestion(near(page.name, list(TABLE_NAMES)))
                findings.add("unknown_sheet", Where(page.name), page.name, **hints)
        elif table in by_table:
            findings.add("double_sheet", Where(table), page.name, table=table)
        else:
            by_table[table] = page
    return by_table


def _settings(rows: Sequence[Sequence[BookCell]]) -> dict[str, JSON]:
    """Parse the rows of a settings sheet: a name and a value each, lists as JSON."""
    found: dict[str, JSON] = {}
    for row in rows:
        cells = [*row, "", ""]
        name = text_of(cells[0]).strip()
        if name and folded(name) not in ("setting", "设置", "项目"):
            found["name" if name == "名称" else name] = plain(text_of(cells[1]))
    return {name: value for name, value in found.items() if value is not None}


_KINDS = (  # a part that tells the kind of a package
    ("xl/workbook.bin", "an .xlsb workbook", ".xlsb 工作簿"),
    ("word/document.xml", "a Word document", "Word 文档"),
    ("ppt/presentation.xml", "a presentation", "演示文稿"),
    ("content.xml", "an OpenDocument file", "OpenDocument 文件"),
)


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """Size, memory and time limits of a workbook.

    `size` and `unpacked` are bytes of the file and of all its parts together, `ratio` unpacked to packed bytes of a
    part that is not small, `entries` the number of parts. The child may map `memory` bytes and is ended after
    `seconds`.
    """

    size: int = 32 << 20
    unpacked: int = 128 << 20
    ratio: int = 150
    entries: int = 2000
    memory: int = 1 << 30
    seconds: int = 30


LIMITS = WorkbookLimits()


def pages(path: Path, findings: Findings, limits: WorkbookLimits = LIMITS) -> list[SheetPage] | None:
    """Return the sheets of a workbook; report the reason of a refusal, and parts that were ignored."""
    where = Where(path.name)
    size = path.stat().st_size
    if size > limits.size:
        findings.add("workbook_size", where, "", size=size, most=limits.size)
        return None
    if not size:
        findings.add("empty_file", where)
        return None
    if not _package(path, where, findings, limits):
        return None
    found = _parsed(path, limits)
    if isinstance(found, tuple):
        code, value = found
        fields = {"reason": value, "memory": limits.memory >> 20, "seconds": limits.seconds, "size": value}
        findings.add(code, where, "" if code in ("workbook_broken", "workbook_cells") else value, **fields)
        return None
    return found


def _package(path: Path, where: Where, findings: Findings, limits: WorkbookLimits) -> bool:
    """Check a workbook before anything of it is unpacked; report faults and return whether it may be parsed."""
    if not zipfile.is_zipfile(path):
        _no_package(path, where, findings)
        return False
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        findings.add("workbook_broken", where, "", reason=str(error))
        return False
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        kind = next(((en, zh) for part, en, zh in _KINDS if part in names), ("a zip archive", "zip 压缩包"))
        findings.add("wrong_type", where, "", kind=kind[0], kind_zh=kind[1], **_WORKBOOK)
        return False
    if not _within(entries, where, findings, limits):
        return False
    if any(name.startswith(("xl/vbaProject", "xl/macrosheets/")) for name in names):
        findings.add("workbook_macros", where)
    if any(name.startswith("xl/externalLinks/") for name in names):
        findings.add("workbook_links", where)
    return True


def _no_package(path: Path, where: Where, findings: Findings) -> None:
    with path.open("rb") as file:
        head = file.read(1 << 20)
    if head.startswith(_OLE) and "EncryptedPackage".encode("utf-16-le") in head:
        findings.add("workbook_password", where)
        return
    kind = real_type(head)
    if kind is not None and head.startswith(b"PK"):
        findings.add("workbook_broken", where, "", reason="the end of the file is missing")
        return
    if kind is None:
        page = head.lstrip()[:200].lower().startswith((b"<html", b"<!doctype html", b"<table", b"<meta"))
        kind = {"kind": "a web page", "kind_zh": "网页"} if page else {"kind": "text", "kind_zh": "文本"}
    findings.add("wrong_type", where, "", **kind, **_WORKBOOK)


def _within(entries: list[zipfile.ZipInfo], where: Where, findings: Findings, limits: WorkbookLimits) -> bool:
    total = sum(entry.file_size for entry in entries)
    if any(entry.flag_bits & 1 for entry in entries):
        findings.add("workbook_password", where)
    elif any(entry.compress_type not in PACKED for entry in entries):
        findings.add("zip_packed", where)
    elif len(entries) > limits.entries:
        findings.add("zip_bomb", where, f"{len(entries)} parts")
    elif total > limits.unpacked:
        findings.add("zip_bomb", where, f"{total} bytes")
    else:
        swollen = [one for one in entries if one.file_size > max(_SMALL_PART, limits.ratio * one.compress_size)]
        if not swollen:
            return True
        findings.add("zip_bomb", where, swollen[0].filename)
    return False


def _parsed(path: Path, limits: WorkbookLimits) -> list[SheetPage] | tuple[str, str]:
    """Run the child parser and return the sheets, or the code and value of a fault; an abnormal exit is one."""
    command = [sys.executable, "-P", str(_CHILD), str(path), str(limits.memory), str(limits.seconds)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds + 10, check=False
        )
    except subprocess.TimeoutExpired:
        return "workbook_time", ""
    if done.returncode == 0:
        try:
            found = json.loads(done.stdout)
        except ValueError:
            return "workbook_broken", "its content cannot be told"
        return tuple(found["fault"]) if "fault" in found else [SheetPage(**one) for one in found["sheets"]]
    if done.returncode in (-24, -9) or b"Killed" in done.stderr[-200:]:  # SIGXCPU
        return "workbook_time", ""
    if done.returncode == -6 or b"alloc" in done.stderr or b"MemoryError" in done.stderr:
        return "workbook_memory", ""
    return "workbook_broken", f"its reader stopped with status {done.returncode}"


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
        findings.add("two_row_header" if page.rows else "empty_file", Where(table, 1 if page.rows else None))
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
            merged = f"{letters(left)}{first}:{letters(right)}{last}"
            findings.add("merged_cells", Where(table, first), "", range=merged)
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
    column = TABLES[table].by_name.get(name) if table in TABLES else None
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
