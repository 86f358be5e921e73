"""Data package of a dataset: its name, its settings, and the file of each table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import PurePosixPath

from synergy.dataset.decode import USUAL, unmarked
from synergy.dataset.described import UNDESCRIBED, Description, description_of, load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import raw_sheet
from synergy.dataset.numbers import near, suggestion
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import TableData
from synergy.dataset.sources import DATA, PACKAGE, TEXTS, Source, table_file
from synergy.workbook.names import known_as, looked, table_named, tables

_HEAD = 65_536  # bytes of a file in which its header has to end
_SURE = 0.75  # likeness from which a name is a slip of another


@dataclass(frozen=True, slots=True)
class Package:
    """Data package as read: settings, table descriptions, and the file or rows of each table.

    `files` has the file by table, the package itself where it holds the rows; these are in `rows`, as CSV. `settings`
    are raw values; `says` is their place, for messages.
    """

    name: str
    files: Mapping[str, str]
    settings: Mapping[str, object] = field(default_factory=dict)
    says: str = PACKAGE
    described: Mapping[str, Description] = field(default_factory=dict)
    rows: Mapping[str, str] = field(default_factory=dict)

    def sheet(self, table: str, source: Source, findings: Findings) -> TableData | None:
        """Return a table as texts; None where it cannot be read."""
        data = self.rows[table].encode() if table in self.rows else source.load(self.files[table])
        return raw_sheet(data, table, findings, description=self.described.get(table, UNDESCRIBED))


def package_of(source: Source, findings: Findings) -> Package:
    """Return the data package of a dataset; a bare folder of tables counts as one.

    Reports faults of the package, missing tables, and files that are meant as tables or that no table has.
    """
    record: dict[str, object] = {}
    if PACKAGE in source.sizes:
        record = load_document(source.load(PACKAGE), PACKAGE, findings) or {}
    found = _Resources(source, findings)
    found.take(record.get("resources"))
    files = _files(source, found, findings)
    for name, table in TABLES.items():
        if table.required and name not in files:
            findings.add("missing_table", Where(name), "", table=name)
    settings = record.get("synergy", {})
    if not isinstance(settings, dict):
        fields: dict[str, object] = {"expected": "an object", "expected_zh": "对象", "hint": ""}
        findings.add("wrong_kind", Where(PACKAGE, None, "/synergy"), settings, **fields)
        settings = {}
    title = record.get("name")
    name = title if isinstance(title, str) and title else source.name
    return Package(name, files, settings, described=found.described, rows=found.rows)


class _Resources:
    """Tables in the resources of a data package: files, inline rows and cell formats."""

    def __init__(self, source: Source, findings: Findings) -> None:
        self.files: dict[str, str] = {}
        self.described: dict[str, Description] = {}
        self.rows: dict[str, str] = {}
        self.listed = False
        self._source, self._findings = source, findings

    def take(self, resources: object) -> None:
        """Take the list of resources."""
        self.listed = isinstance(resources, list)
        if resources is not None and not self.listed:
            self._wrong(Where(PACKAGE, None, "/resources"), resources, ("a list", "列表"))
        for place, resource in enumerate(resources if isinstance(resources, list) else []):
            where = Where(PACKAGE, None, f"/resources/{place}")
            if isinstance(resource, dict):
                self._resource(resource, where)
            else:
                self._wrong(where, resource, ("an object", "对象"))

    def _wrong(self, where: Where, value: object, expected: tuple[str, str]) -> None:
        fields: dict[str, object] = {"expected": expected[0], "expected_zh": expected[1], "hint": ""}
        self._findings.add("wrong_kind", where, value, **fields)

    def _resource(self, resource: Mapping[str, object], where: Where) -> None:
        path = resource.get("path")
        if isinstance(path, list) and len(path) == 1:
            path = path[0]
        named = str(resource.get("name", ""))
        table = table_named(named) or (table_file(path)[0] if isinstance(path, str) else "")
        if table not in TABLES:
            self._stranger(named, resource, where)
        elif table in self.files:
            first = self.files[table] if table not in self.rows else f"{PACKAGE}: data"
            self._findings.add(
                "double_file", where._replace(column=f"{where.column}/name"), named, table=table, first=first
            )
        elif ("data" in resource) == (path is not None):
            self._wrong(where, sorted(resource), ("either path or data", "path 或 data 之一"))
        else:
            self.described[table] = description_of(resource, table, where, self._findings)
            if "data" in resource:
                self._data(table, resource["data"], where._replace(column=f"{where.column}/data"))
            else:
                self._path(table, path, where._replace(column=f"{where.column}/path"))

    def _stranger(self, named: str, resource: Mapping[str, object], where: Where) -> None:
        """Report a resource whose name is no table, with a suggestion where it resembles one."""
        data = resource.get("data")
        columns = list(data[0]) if isinstance(data, list) and data and isinstance(data[0], dict | list) else []
        table = _slip_of(named) or _by_header(columns)
        where = where._replace(column=f"{where.column}/name")
        if table:
            self._findings.add("unknown_resource", where, named, **suggestion([table]))
        else:
            self._findings.add("spare_resource", where, named)

    def _path(self, table: str, path: object, where: Where) -> None:
        plain = PurePosixPath(path).as_posix() if isinstance(path, str) else ""
        if isinstance(path, list):
            fields: dict[str, object] = {"expected": "one file for a table", "expected_zh": "每表一个文件"}
            self._findings.add("not_followed", where, path, **fields)
        elif plain in self._source.sizes and ".." not in plain.split("/"):
            self.files[table] = plain
        else:
            self._findings.add("unsafe_path", where, path)

    def _data(self, table: str, data: object, where: Where) -> None:
        self.files[table] = PACKAGE
        if isinstance(data, str):  # a file in a text
            self.rows[table] = data
            self.described[table] = replace(self.described[table], encoding="")
            return
        rows = _lists(data, table, self.described[table])
        if rows is None:
            self._wrong(where, data, ("a list of rows, each of names and plain values", "行的列表，每行为名称和值"))
        else:
            self.described[table] = replace(self.described[table], encoding="", dialect=USUAL)
            self.rows[table] = _as_csv(rows)


def _lists(data: object, table: str, description: Description) -> list[list[str]] | None:
    """Return inline rows of a document as texts under a header; None where they are no rows."""
    if not isinstance(data, list) or not data:
        return None if data != [] else [list(description.names or TABLES[table].names)]
    headless = not description.dialect.header
    if all(isinstance(row, dict) for row in data):
        names = list(dict.fromkeys(str(name) for row in data for name in row))
        rows: list[list[object]] = [[row.get(name) for name in names] for row in data]
    elif all(isinstance(row, list) for row in data):
        names = list(description.names) if headless else [str(name) for name in data[0]]
        rows = data if headless else data[1:]
    else:
        return None
    if any(isinstance(cell, dict | list) for row in rows for cell in row):
        return None
    columns = [known_as(table, name) for name in names]
    ends = [[*columns, *[""] * len(row)][: len(row)] for row in rows]
    texts = [
        [description.written(*one) for one in zip(end, row, strict=True)] for end, row in zip(ends, rows, strict=True)
    ]
    return [names, *texts]


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    return target.getvalue()


def _files(source: Source, found: _Resources, findings: Findings) -> dict[str, str]:
    """Return the file of each table: those that the data package lists, and those named like tables."""
    files = dict(found.files)
    strangers = []
    for name in sorted(source.sizes):
        table, readable = table_file(name)
        if name in (PACKAGE, *found.files.values()):
            continue
        if not table:
            strangers.append(name)
        elif readable and "/" not in name and table not in files:
            files[table] = name
        elif "/" not in name and readable and table not in found.files:
            findings.add("double_file", Where(name), name, table=table, first=files[table])
        else:
            strangers.append(name)
    for name in strangers:
        _stranger(name, source, (files, found.listed), findings)
    return files


def _stranger(name: str, source: Source, known: tuple[Mapping[str, str], bool], findings: Findings) -> None:
    """Report a file that is not read; one that may hold a missing table refuses the dataset."""
    files, listed = known
    table, readable = table_file(name)
    inner = "/" in name
    if name.lower().startswith("datapackage."):
        findings.add("not_followed", Where(name), name, expected=PACKAGE, expected_zh=PACKAGE)
    elif table in files:
        if not inner:
            findings.add("spare_file", Where(name), name, table=table, first=files[table])
    elif table:
        if not (inner and listed):  # a data package says which files count
            findings.add("table_file", Where(name), name, table=table)
    elif not (inner and listed) and (meant := _meant(name, source, readable)) and meant not in files:
        findings.add("table_file", Where(name), name, table=meant)
    elif PurePosixPath(name).suffix.lower() in (".csv", *DATA) and not (inner and listed):
        alike = [one for one in near(PurePosixPath(name).stem, list(TABLES), count=1) if one not in files]
        findings.add("unknown_file", Where(name), name, **suggestion(f"{one}.csv" for one in alike))


def _meant(name: str, source: Source, readable: bool) -> str:
    """Return the table that a file under another name probably holds; "" for none.

    Decided by its header, a near miss of its name, or a word in its name where its ending is one of tables.
    """
    place = PurePosixPath(name)
    stem, ending = place.name.partition(".")[0], place.suffix.lower()
    by_header = _by_header(_header(source, name)) if readable else ""
    if by_header or ending not in ("", *TEXTS, *DATA):
        return by_header
    words = [word for word in looked(stem).split() if ending != ".txt"]
    titles = [called for called in tables() if not called.isascii() and called in stem]
    return _slip_of(stem) or next((table for table in map(table_named, words + titles) if table in TABLES), "")


def _slip_of(name: str) -> str:
    """Return the table of which a name is a misspelling; "" for none."""
    close = near(name, list(TABLES), count=1)
    return next((one for one in close if SequenceMatcher(None, looked(name), looked(one)).ratio() >= _SURE), "")


def _header(source: Source, name: str) -> list[str]:
    """Return the cells of the first line of a file, however they are separated."""
    data = source.load(name)[:_HEAD]
    try:
        text = unmarked(data[: data.rfind(b"\n") + 1] or data)
    except UnicodeDecodeError:
        text = data.decode("gb18030", "replace")
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max((next(csv.reader([first], delimiter=mark), []) for mark in ",;\t|~，"), key=len)


def _by_header(header: Sequence[str]) -> str:
    """Return the table whose required columns a header has, if at least half of the header is of it; "" for none."""
    best, most = "", 1
    for name, table in TABLES.items():
        columns = {known_as(name, cell) for cell in header} & set(table.names)
        needed = {column.name for column in table.columns if column.required}
        if needed <= columns and len(columns) > most and 2 * len(columns) >= len(header):
            best, most = name, len(columns)
    return best
