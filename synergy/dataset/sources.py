"""Source files of a dataset: a folder or a zip archive, with or without an enclosing folder.

Names are looked up, never used as paths.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from synergy.dataset.decode import LIMIT, real_type
from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES
from synergy.workbook.names import table_named

PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack a few kilobytes to gigabytes at once
MOST_ENTRIES = 2000
MOST_RATIO = 200  # unpacked to packed bytes; tables of text reach 10 to 30
SMALL = 8 << 20  # below so many bytes the ratio says nothing
PACKAGE = "datapackage.json"
TEXTS = (".csv", ".txt", ".tsv", ".tab")
# what else tables are kept in, and what packs them
DATA = (
    *(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et", ".numbers"),
    *(".json", ".jsonl", ".ndjson", ".parquet", ".feather", ".arrow", ".dat", ".db", ".sqlite", ".xml"),
    *(".gz", ".bz2", ".xz", ".zst", ".zip", ".7z", ".rar"),
)
_EXPECTED = {
    "expected": "a folder, a zip archive or an .xlsx workbook of a dataset",
    "expected_zh": "数据集文件夹、zip 压缩包或 .xlsx 工作簿",
}


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
        source: Source | None = _folder(path)
    elif path.is_file():
        source = _archive(path, findings)
    else:
        findings.add("not_found", Where(path.name), str(path))
        return None
    if source is None:
        return None
    source = _packaged(source)
    size = sum(size for name, size in source.sizes.items() if name == PACKAGE or table_file(name)[1])
    if size > LIMIT:
        findings.add("too_large", Where(path.name), size, most=LIMIT)
        return None
    return _rooted(source, Where(path.name), findings)


def _packaged(source: Source) -> Source:
    """Return the files, a data package in each folder by its usual name whatever its case."""
    names = {}
    for name in source.sizes:
        place = PurePosixPath(name)
        usual = place.with_name(PACKAGE).as_posix()
        if place.name != PACKAGE and place.name.lower() in (PACKAGE, f"{PACKAGE}.txt") and usual not in source.sizes:
            names[name] = usual
    old = {names.get(name, name): name for name in source.sizes}
    return Source(source.name, {name: source.sizes[file] for name, file in old.items()}, lambda n: source.load(old[n]))


def table_file(name: str) -> tuple[str, bool]:
    """Return the table that a file name denotes ("" for none), and whether its endings are those of a text table.

    Examples
    --------
    >>> table_file("Offers.csv.txt"), table_file("data/供给.csv"), table_file("offers.xlsx"), table_file("notes.txt")
    (('offers', True), ('offers', True), ('offers', False), ('', True))
    """
    stem = PurePosixPath(name).name
    endings: list[str] = []
    while (ending := PurePosixPath(stem).suffix.lower()) in (*TEXTS, *DATA):
        endings.append(ending)
        stem = stem[: -len(ending)]
    table = table_named(stem)
    return table if table in TABLES else "", bool(endings) and set(endings) <= set(TEXTS)


def _rooted(source: Source, where: Where, findings: Findings) -> Source | None:
    """Return the files of the folder that holds the tables, by their names in it."""
    needed = {name for name, table in TABLES.items() if table.required}
    inside = {
        PurePosixPath(name).parent
        for name in source.sizes
        if PurePosixPath(name).name == PACKAGE or table_file(name)[0] in needed
    }
    tops = sorted(str(one) for one in inside if not inside & set(one.parents))
    if len(tops) > 1:
        findings.add("two_datasets", where, "", folders=", ".join(tops[:6]))
        return None
    if tops in ([], ["."]):
        return source
    cut = len(tops[0]) + 1
    below = {name[cut:]: name for name in source.sizes if name.startswith(f"{tops[0]}/")}
    aside = [name for name in source.sizes if not name.startswith(f"{tops[0]}/") and all(table_file(name))]
    for name in aside:
        findings.add("table_file", Where(name), name, table=table_file(name)[0])
    return Source(
        source.name, {name: source.sizes[old] for name, old in below.items()}, lambda n: source.load(below[n])
    )


def _folder(path: Path) -> Source:
    """Return the files of a folder and of those right inside it."""
    found = [one for one in [*sorted(path.iterdir()), *sorted(path.glob("*/*"))] if one.is_file()]
    root = path.resolve()
    files = {one.relative_to(path).as_posix(): one for one in found if one.resolve().is_relative_to(root)}
    named = {name: one for name, one in files.items() if not _aside(name)}
    return Source(root.name, {name: one.stat().st_size for name, one in named.items()}, lambda n: named[n].read_bytes())


def _archive(path: Path, findings: Findings) -> Source | None:
    where = Where(path.name)
    with path.open("rb") as file:
        start = file.read(16)
    kind = real_type(start)
    if not zipfile.is_zipfile(path):
        if path.suffix.lower() == ".zip" or (kind is not None and "zip" in kind["kind"].split()):
            cut = kind is not None and "zip" in kind["kind"].split()
            findings.add("zip_cut" if cut else "zip_not", where, path.stat().st_size)
            return None
        alone = {"kind": "a single file of something else", "kind_zh": "其他类型的单个文件"}
        findings.add("wrong_type", where, "", **(kind or alone), **_EXPECTED)
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [one for one in archive.infolist() if not one.is_dir() and not _aside(one.filename)]
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        findings.add("zip_broken", where, "", reason=str(error))
        return None
    if not _harmless(entries, where, findings):
        return None
    by_name = _without_folder(entries)
    if "[Content_Types].xml" in by_name:
        if "xl/workbook.xml" in by_name:
            findings.add("workbook_named", where)
        else:
            findings.add("wrong_type", where, "", kind="an office document", kind_zh="Office 文档", **_EXPECTED)
        return None
    return _unpacked(path, by_name, findings)


def _unpacked(path: Path, by_name: dict[str, zipfile.ZipInfo], findings: Findings) -> Source:
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
    if len(entries) > MOST_ENTRIES:
        findings.add("zip_bomb", where, f"{len(entries)} files")
    for entry in entries:
        if entry.flag_bits & 1:
            findings.add("zip_password", where, entry.filename)
        if entry.file_size > SMALL and entry.file_size > MOST_RATIO * entry.compress_size:
            findings.add("zip_bomb", where, entry.filename)
        if entry.compress_type not in PACKED:
            findings.add("zip_packed", where, entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            findings.add("unsafe_path", where, entry.filename)
    if sum(entry.file_size for entry in entries) > LIMIT:
        findings.add("zip_bomb", where, f"{sum(entry.file_size for entry in entries)} bytes")
    return not findings.refused


def _aside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _without_folder(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Map names to entries; enclosing folders that hold everything are stripped."""
    names = {entry.filename: entry for entry in entries}
    while len({name.split("/", 1)[0] for name in names}) == 1 and all("/" in name for name in names):
        names = {name.split("/", 1)[1]: entry for name, entry in names.items()}
    return names
