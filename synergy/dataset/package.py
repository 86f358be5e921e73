"""Files of a dataset: a folder or a zip archive, and its data package; a dataset written as one.

Names are looked up, never used as paths.
"""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path, PurePosixPath

import pandas as pd

from synergy.dataset.described import UNDESCRIBED, USUAL, Description, description_of, load_document, unmarked
from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import LIMIT, raw_sheet, real_type
from synergy.dataset.schema import TABLES, Column, ColumnType, Table
from synergy.dataset.sheet import Dataset, TableData
from synergy.dataset.typed import TABLE_NAMES, known_as, looked, near, suggestion
from synergy.errors import UsageError
from synergy.outputs import written_whole
from synergy.scenario import JSON

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a few kilobytes to gigabytes at once
_MOST_ENTRIES = 2000
_MOST_RATIO = 200  # unpacked to packed bytes; tables of text reach 10 to 30
_SMALL = 8 << 20  # below so many bytes the ratio says nothing
PACKAGE = "datapackage.json"
_TEXTS = (".csv", ".txt", ".tsv", ".tab")
# what else tables are kept in, and what packs them
_DATA = (
    *(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et", ".numbers"),
    *(".json", ".jsonl", ".ndjson", ".parquet", ".feather", ".arrow", ".dat", ".db", ".sqlite", ".xml"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar"),
)
_EXPECTED = {
    "expected": "a folder, a zip archive or an .xlsx workbook of a dataset",
    "expected_zh": "数据集文件夹、zip 压缩包或 .xlsx 工作簿",
}
_TYPES = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "boolean"}
_DAY = r"\d{4}(-\d{1,2}(-\d{1,2})?)?"
_HEAD = 65_536  # bytes of a file in which its header has to end
_ASIDE = re.compile(r"(?:^|/)(?:\.(?!/|$)|__MACOSX)")  # a hidden file or folder, or one of a packing program
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
    found, resources = _Resources(source, findings), record.get("resources")
    found.listed = isinstance(resources, list)
    if resources is not None and not found.listed:
        findings.add_expected("wrong_kind", Where(PACKAGE, None, "/resources"), resources, "a list", "列表")
    for place, resource in enumerate(resources if isinstance(resources, list) else []):
        where = Where(PACKAGE, None, f"/resources/{place}")
        if isinstance(resource, dict):
            found.add(resource, where)
        else:
            findings.add_expected("wrong_kind", where, resource, "an object", "对象")
    files = _files(source, found, findings)
    for name, table in TABLES.items():
        if table.required and name not in files:
            findings.add("missing_table", Where(name), "", table=name)
    settings = record.get("synergy", {})
    if not isinstance(settings, dict):
        findings.add_expected("wrong_kind", Where(PACKAGE, None, "/synergy"), settings, "an object", "对象")
        settings = {}
    title = record.get("name")
    name = title if isinstance(title, str) and title else source.name
    return Package(name, files, settings, described=found.described, rows=found.rows)


@dataclass(slots=True)
class _Resources:
    """Tables in the resources of a data package: files, inline rows and cell formats; whether it lists any."""

    source: Source
    findings: Findings
    files: dict[str, str] = field(default_factory=dict)
    described: dict[str, Description] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    listed: bool = False

    def add(self, resource: Mapping[str, object], where: Where) -> None:
        """Add one resource."""
        path = resource.get("path")
        if isinstance(path, list) and len(path) == 1:
            path = path[0]
        named = str(resource.get("name", ""))
        table = TABLE_NAMES.get(looked(named), "") or (_table_file(path)[0] if isinstance(path, str) else "")
        if table not in TABLES:
            self._stranger(named, resource, where)
            return
        if table in self.files:
            first = self.files[table] if table not in self.rows else f"{PACKAGE}: data"
            there = where._replace(column=f"{where.column}/name")
            self.findings.add("double_file", there, named, table=table, first=first)
            return
        if ("data" in resource) == (path is not None):
            expected = ("either path or data", "path 或 data 之一")
            self.findings.add_expected("wrong_kind", where, sorted(resource), *expected)
            return
        self.described[table] = description_of(resource, table, where, self.findings)
        there = where._replace(column=f"{where.column}/{'data' if 'data' in resource else 'path'}")
        plain = PurePosixPath(path).as_posix() if isinstance(path, str) else ""
        if "data" in resource:
            self._data(table, resource["data"], there)
        elif isinstance(path, list):
            self.findings.add_expected("not_followed", there, path, "one file for a table", "每表一个文件")
        elif plain in self.source.sizes and ".." not in plain.split("/"):
            self.files[table] = plain
        else:
            self.findings.add("unsafe_path", there, path)

    def _stranger(self, named: str, resource: Mapping[str, object], where: Where) -> None:
        """Report a resource whose name is no table, with a suggestion where it resembles one."""
        data = resource.get("data")
        columns = list(data[0]) if isinstance(data, list) and data and isinstance(data[0], dict | list) else []
        table = _slip_of(named) or _by_header(columns)
        where = where._replace(column=f"{where.column}/name")
        if table:
            self.findings.add("unknown_resource", where, named, **suggestion([table]))
        else:
            self.findings.add("spare_resource", where, named)

    def _data(self, table: str, data: object, where: Where) -> None:
        self.files[table] = PACKAGE
        if isinstance(data, str):  # a file in a text
            self.rows[table] = data
            self.described[table] = replace(self.described[table], encoding="")
            return
        rows = _lists(data, table, self.described[table])
        if rows is None:
            expected = ("a list of rows, each of names and plain values", "行的列表，每行为名称和值")
            self.findings.add_expected("wrong_kind", where, data, *expected)
        else:
            self.described[table] = replace(self.described[table], encoding="", dialect=USUAL)
            target = io.StringIO()
            csv.writer(target, lineterminator="\n").writerows(rows)
            self.rows[table] = target.getvalue()


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


def _files(source: Source, found: _Resources, findings: Findings) -> dict[str, str]:
    """Return the file of each table: those that the data package lists, and those named like tables."""
    files = dict(found.files)
    strangers = []
    for name in sorted(source.sizes):
        table, readable = _table_file(name)
        if name in (PACKAGE, *found.files.values()):
            continue
        named = bool(table) and readable and "/" not in name
        if named and table not in files:
            files[table] = name
        elif named and table not in found.files:
            findings.add("double_file", Where(name), name, table=table, first=files[table])
        else:
            strangers.append(name)
    for name in strangers:
        _stranger(name, source, (files, found.listed), findings)
    return files


def _stranger(name: str, source: Source, known: tuple[Mapping[str, str], bool], findings: Findings) -> None:
    """Report a file that is not read; one that may hold a missing table refuses the dataset."""
    files, listed = known
    table, readable = _table_file(name)
    inner = "/" in name
    if name.lower().startswith("datapackage."):
        findings.add_expected("not_followed", Where(name), name, PACKAGE, PACKAGE)
    elif table in files:
        if not inner:
            findings.add("spare_file", Where(name), name, table=table, first=files[table])
    elif table:
        if not (inner and listed):  # a data package says which files count
            findings.add("table_file", Where(name), name, table=table)
    elif not (inner and listed) and (meant := _meant(name, source, readable)) and meant not in files:
        findings.add("table_file", Where(name), name, table=meant)
    elif PurePosixPath(name).suffix.lower() in (".csv", *_DATA) and not (inner and listed):
        alike = [one for one in near(PurePosixPath(name).stem, list(TABLES), count=1) if one not in files]
        findings.add("unknown_file", Where(name), name, **suggestion(f"{one}.csv" for one in alike))


def _meant(name: str, source: Source, readable: bool) -> str:
    """Return the table that a file under another name probably holds; "" for none.

    Decided by its header, a near miss of its name, or a word in its name where its ending is one of tables.
    """
    place = PurePosixPath(name)
    stem, ending = place.name.partition(".")[0], place.suffix.lower()
    by_header = _by_header(_header(source, name)) if readable else ""
    if by_header or ending not in ("", *_TEXTS, *_DATA):
        return by_header
    words = [word for word in looked(stem).split() if ending != ".txt"]
    titles = [called for called in TABLE_NAMES if not called.isascii() and called in stem]
    named = (TABLE_NAMES.get(looked(word), "") for word in words + titles)
    return _slip_of(stem) or next((table for table in named if table in TABLES), "")


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


@dataclass(frozen=True, slots=True)
class Source:
    """Files of a dataset in a folder or archive; names of files in folders have ``/``.

    `sizes` is the bytes of each file by its name; `load` returns the content of one.
    """

    name: str
    sizes: Mapping[str, int]
    load: Callable[[str], bytes]


def open_source(path: Path, findings: Findings) -> Source | None:
    """Return the files of a folder, its ``datapackage.json`` or a zip archive; None and a finding if unreadable."""
    if path.name == PACKAGE and path.is_file():
        path = path.parent
    if path.is_dir():
        # files of the folder and of those right inside it; what is hidden or leads out of it is no part of it
        root, found = path.resolve(), [*sorted(path.iterdir()), *sorted(path.glob("*/*"))]
        kept = [one for one in found if one.is_file() and one.resolve().is_relative_to(root)]
        named = ((one.relative_to(path).as_posix(), one) for one in kept)
        inside = {name: one for name, one in named if not _ASIDE.search(name)}
        sizes = {name: one.stat().st_size for name, one in inside.items()}
        source: Source | None = Source(root.name, sizes, lambda name: inside[name].read_bytes())
    elif path.is_file():
        source = _archive(path, findings)
    else:
        findings.add("not_found", Where(path.name), str(path))
        return None
    if source is None:
        return None
    # a data package counts by its usual name, whatever the case of its own
    files: dict[str, str] = {}
    for name in source.sizes:
        place = PurePosixPath(name)
        usual = place.with_name(PACKAGE).as_posix()
        meant = place.name != PACKAGE and place.name.lower() in (PACKAGE, f"{PACKAGE}.txt")
        files[usual if meant and usual not in source.sizes else name] = name
    sizes, load = {name: source.sizes[file] for name, file in files.items()}, source.load
    source = Source(source.name, sizes, lambda name: load(files[name]))
    size = sum(size for name, size in source.sizes.items() if name == PACKAGE or _table_file(name)[1])
    if size > LIMIT:
        findings.add("too_large", Where(path.name), size, most=LIMIT)
        return None
    return _rooted(source, Where(path.name), findings)


def _table_file(name: str) -> tuple[str, bool]:
    """Return the table that a file name denotes ("" for none), and whether its endings are those of a text table.

    Examples
    --------
    >>> _table_file("Offers.csv.txt"), _table_file("data/供给.csv")
    (('offers', True), ('offers', True))
    >>> _table_file("offers.xlsx"), _table_file("notes.txt")
    (('offers', False), ('', True))
    """
    stem = PurePosixPath(name).name
    endings: list[str] = []
    while (ending := PurePosixPath(stem).suffix.lower()) in (*_TEXTS, *_DATA):
        endings.append(ending)
        stem = stem[: -len(ending)]
    table = TABLE_NAMES.get(looked(stem), "")
    return table if table in TABLES else "", bool(endings) and set(endings) <= set(_TEXTS)


def _rooted(source: Source, where: Where, findings: Findings) -> Source | None:
    """Return the files of the folder that holds the tables, by their names in it."""
    needed = {name for name, table in TABLES.items() if table.required}
    inside = {
        PurePosixPath(name).parent
        for name in source.sizes
        if PurePosixPath(name).name == PACKAGE or _table_file(name)[0] in needed
    }
    tops = sorted(str(one) for one in inside if not inside & set(one.parents))
    if len(tops) > 1:
        findings.add("two_datasets", where, "", folders=", ".join(tops[:6]))
        return None
    if tops in ([], ["."]):
        return source
    cut = len(tops[0]) + 1
    below = {name[cut:]: name for name in source.sizes if name.startswith(f"{tops[0]}/")}
    aside = [name for name in source.sizes if not name.startswith(f"{tops[0]}/") and all(_table_file(name))]
    for name in aside:
        findings.add("table_file", Where(name), name, table=_table_file(name)[0])
    return Source(
        source.name, {name: source.sizes[old] for name, old in below.items()}, lambda n: source.load(below[n])
    )


def _archive(path: Path, findings: Findings) -> Source | None:
    where = Where(path.name)
    with path.open("rb") as file:
        start = file.read(16)
    kind = real_type(start)
    if not zipfile.is_zipfile(path):
        cut = kind is not None and "zip" in kind["kind"].split()
        if path.suffix.lower() == ".zip" or cut:
            findings.add("zip_cut" if cut else "zip_not", where, path.stat().st_size)
            return None
        alone = {"kind": "a single file of something else", "kind_zh": "其他类型的单个文件"}
        findings.add("wrong_type", where, "", **(kind or alone), **_EXPECTED)
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir() and not _ASIDE.search(one.filename)]
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        findings.add("zip_broken", where, "", reason=str(error))
        return None
    if not _harmless(entries, where, findings):
        return None
    by_name = {entry.filename: entry for entry in entries}
    while len({name.split("/", 1)[0] for name in by_name}) == 1 and all("/" in name for name in by_name):
        by_name = {name.split("/", 1)[1]: entry for name, entry in by_name.items()}  # out of what encloses everything
    if "[Content_Types].xml" in by_name:
        if "xl/workbook.xml" in by_name:
            findings.add("workbook_named", where)
        else:
            findings.add("wrong_type", where, "", kind="an office document", kind_zh="Office 文档", **_EXPECTED)
        return None

    def load(name: str) -> bytes:
        entry = by_name[name]
        try:
            with zipfile.ZipFile(path) as archive, archive.open(entry) as file:
                return file.read(entry.file_size + 1)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, zlib.error) as error:
            findings.add("zip_broken", Where(name), "", reason=str(error))
            return b""

    return Source(path.stem, {name: entry.file_size for name, entry in by_name.items()}, load)


def _harmless(entries: list[zipfile.ZipInfo], where: Where, findings: Findings) -> bool:
    if len(entries) > _MOST_ENTRIES:
        findings.add("zip_bomb", where, f"{len(entries)} files")
    for entry in entries:
        if entry.flag_bits & 1:
            findings.add("zip_password", where, entry.filename)
        if entry.file_size > _SMALL and entry.file_size > _MOST_RATIO * entry.compress_size:
            findings.add("zip_bomb", where, entry.filename)
        if entry.compress_type not in PACKED:
            findings.add("zip_packed", where, entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            findings.add("unsafe_path", where, entry.filename)
    if (total := sum(entry.file_size for entry in entries)) > LIMIT:
        findings.add("zip_bomb", where, f"{total} bytes")
    return not findings.refused


def write(dataset: Dataset, folder: str | Path, head: Mapping[str, JSON] | None = None) -> None:
    """Write a dataset: one CSV for each table that was given, and ``datapackage.json`` with its settings.

    Parameters
    ----------
    dataset : Dataset
        A scenario that was applied to it is in the tables and settings that are written.
    folder : str or pathlib.Path
        Made where it is missing. Tables in it are replaced.
    head : mapping, optional
        Further properties of the data package: title, licences, sources.

    Raises
    ------
    UsageError
        The folder holds a table that the dataset has not: it would be read back as part of it.

    Notes
    -----
    Optional columns that say nothing but their default are left out.
    """
    target = Path(folder)
    given = [name for name in TABLES if name in dataset.given or TABLES[name].required]
    strangers = [name for name in TABLES if name not in given and (target / f"{name}.csv").exists()]
    if strangers:
        raise UsageError(f"{target} holds tables that the dataset has not: {', '.join(strangers)}")
    target.mkdir(parents=True, exist_ok=True)
    headers: dict[str, list[str]] = {}
    for name in given:
        frame = written(TABLES[name], dataset[name])
        written_whole(target / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode())
        headers[name] = [str(column) for column in frame.columns]
    resources: list[JSON] = [_resource(TABLES[name], headers[name], headers) for name in given]
    record = {"name": dataset.name, **(head or {}), "resources": resources}
    record["synergy"] = {key: value for key, value in dataset.settings.record().items() if value not in (None, [])}
    text = json.dumps(record, ensure_ascii=False, indent=2)
    written_whole(target / PACKAGE, (text + "\n").encode())


def written(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of a `Dataset` as written: plain numbers, true and false, optional columns of defaults dropped."""
    columns = {}
    for name in frame.columns:
        column, cells = table.by_name.get(str(name)), frame[name]
        if column is not None and not column.required and _default(cells, column.default):
            continue
        if cells.dtype == bool:
            cells = cells.map({True: "true", False: "false"})
        elif pd.api.types.is_numeric_dtype(cells):
            whole = cells.isna() | ((cells == cells.round()) & (cells.abs() < 2**53))
            cells = cells.astype("Int64") if bool(whole.all()) else cells
        columns[name] = cells
    return pd.DataFrame(columns, index=frame.index)


def _default(cells: pd.Series, default: float | bool | str | None) -> bool:
    """Whether all cells of a column have the default value of the column."""
    if cells.dtype == bool:
        return not bool(cells.any())
    if pd.api.types.is_numeric_dtype(cells):
        return bool(cells.isna().all()) if default is None else bool((cells == default).all())
    return bool((cells == "").all())


def _resource(table: Table, header: Sequence[str], present: Collection[str]) -> dict[str, JSON]:
    schema: dict[str, JSON] = {"fields": [_field(table, name) for name in header], "missingValues": [""]}
    schema["primaryKey"] = list(table.key)
    keys: list[JSON] = []
    for column in table.columns:  # each that references exactly one table
        if len(column.refs) == 1 and column.refs[0] in present and column.name in header:
            target = TABLES[column.refs[0]]
            keys.append({"fields": [column.name], "reference": {"resource": target.name, "fields": [target.key[0]]}})
    if keys:
        schema["foreignKeys"] = keys
    resource = {"name": table.name, "type": "table", "path": f"{table.name}.csv", "scheme": "file", "format": "csv"}
    return resource | {"mediatype": "text/csv", "encoding": "utf-8", "description": table.en, "schema": schema}


def _field(table: Table, name: str) -> dict[str, JSON]:
    column = table.by_name.get(name)
    if column is None:
        return {"name": name, "type": "number" if name in table.numeric else "string"}
    field: dict[str, JSON] = {"name": name, "type": _TYPES.get(column.kind, "string"), "description": column.en}
    if column.kind is ColumnType.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column.unit:
        field["unit"] = column.unit
    rules = _constraints(column, alone=table.key == (name,))
    return field | ({"constraints": rules} if rules else {})


def _constraints(column: Column, *, alone: bool) -> dict[str, JSON]:
    rules: dict[str, JSON] = {"required": True} if column.required else {}
    if alone:
        rules["unique"] = True
    if column.kind is ColumnType.DATE:
        rules["pattern"] = _DAY
    if column.choices:
        rules["enum"] = list(column.choices)
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return rules | {name: bound for name, bound in bounds.items() if bound is not None}
