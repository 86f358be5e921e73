"""A dataset in a workbook: a sheet for each table, and one for the settings."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from synergy.dataset.decode import real_type
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import folded, near, suggestion
from synergy.dataset.package import Package
from synergy.dataset.schema import TABLES
from synergy.dataset.settings import plain
from synergy.dataset.sheet import TableData
from synergy.dataset.sources import PACKED
from synergy.errors import Problem
from synergy.scenario import JSON
from synergy.workbook.names import ASIDE, SETTINGS, known_as, second_header, table_named, tables
from synergy.workbook.sheets import BookCell, SheetPage, laid_out, letters, text_of

ENDINGS = (".xlsx", ".xlsm")
CLAIMS = (*ENDINGS, ".xls", ".xlsb", ".xltx", ".xltm", ".ods", ".et")  # what calls itself a workbook
_CHILD = Path(__file__).with_name("child.py")
_OLE = b"\xd0\xcf\x11\xe0"
_WORKBOOK = {"expected": "an .xlsx workbook", "expected_zh": ".xlsx 工作簿"}
SMALL = 4 << 20  # below so many bytes the ratio says nothing


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
            named = (partial(known_as, table), partial(second_header, table))
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
        table = table_named(page.name)
        if not table:
            if folded(page.name) not in ASIDE and any(any(cell != "" for cell in row) for row in page.rows):
                findings.add(
                    "unknown_sheet", Where(page.name), page.name, **suggestion(near(page.name, list(tables())))
                )
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
        swollen = [one for one in entries if one.file_size > max(SMALL, limits.ratio * one.compress_size)]
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
