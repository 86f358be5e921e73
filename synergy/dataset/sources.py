"""Where a dataset lies: a folder or a zip archive of one. Names are looked up, never used as paths."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from synergy.dataset.decode import LIMIT, real_type
from synergy.dataset.findings import Findings, Where

MOST_ENTRIES = 2000
MOST_RATIO = 200  # unpacked to packed bytes; tables of text reach 10 to 30
SMALL = 8 << 20  # below so many bytes the ratio says nothing
PACKAGE = "datapackage.json"
_EXPECTED = {
    "expected": "a folder, a zip archive or an .xlsx workbook of a dataset",
    "expected_zh": "数据集文件夹、zip 压缩包或 .xlsx 工作簿",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a dataset.

    Parameters
    ----------
    name : str
        Of the folder or the archive.
    sizes : mapping of str to int
        Bytes of each file by its name, with ``/`` in names of files in folders.
    load : callable
        Returns the bytes of one of them.
    """

    name: str
    sizes: Mapping[str, int]
    load: Callable[[str], bytes]


def open_source(path: Path, findings: Findings) -> Source | None:
    """Return the files of a dataset.

    Parameters
    ----------
    path : pathlib.Path
        Folder, its ``datapackage.json``, or a zip archive.
    findings : Findings
        Takes why it cannot be opened.

    Returns
    -------
    Source or None
    """
    if path.name == PACKAGE and path.is_file():
        path = path.parent
    if path.is_dir():
        source: Source | None = _folder(path)
    elif path.is_file():
        source = _archive(path, findings)
    else:
        findings.add("not_found", Where(path.name), str(path))
        return None
    if source is not None and sum(source.sizes.values()) > LIMIT:
        findings.add("too_large", Where(path.name), sum(source.sizes.values()), most=LIMIT)
        return None
    return source


def _folder(path: Path) -> Source:
    """Return the files of a folder; those in folders right inside it are read where a resource names them."""
    tables = [one for one in sorted(path.iterdir()) if one.suffix.lower() == ".csv"] + sorted(path.glob("*/*.csv"))
    inside = [one for one in [*tables, path / PACKAGE] if one.is_file()]
    root = path.resolve()
    files = {one.relative_to(path).as_posix(): one for one in inside if one.resolve().is_relative_to(root)}
    return Source(root.name, {name: one.stat().st_size for name, one in files.items()}, lambda n: files[n].read_bytes())


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
        if stat.S_ISLNK(entry.external_attr >> 16):
            findings.add("unsafe_path", where, entry.filename)
    if sum(entry.file_size for entry in entries) > LIMIT:
        findings.add("zip_bomb", where, f"{sum(entry.file_size for entry in entries)} bytes")
    return not findings.refused


def _aside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


def _without_folder(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the entries by name; a folder that holds everything is left out of the names."""
    tops = {entry.filename.split("/", 1)[0] if "/" in entry.filename else "" for entry in entries}
    cut = len(tops.pop()) + 1 if len(tops) == 1 and "" not in tops else 0
    return {entry.filename[cut:]: entry for entry in entries}
