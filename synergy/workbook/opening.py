"""Open a workbook: limits before parsing, parsing in a child process with limits of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synergy.dataset.decode import real_type
from synergy.dataset.findings import Findings, Where
from synergy.dataset.sources import PACKED
from synergy.workbook.book import Page

ENDINGS = (".xlsx", ".xlsm")
CLAIMS = (*ENDINGS, ".xls", ".xlsb", ".xltx", ".xltm", ".ods", ".et")  # what calls itself a workbook
_CHILD = Path(__file__).with_name("child.py")
_OLE = b"\xd0\xcf\x11\xe0"
_WORKBOOK = {"expected": "an .xlsx workbook", "expected_zh": ".xlsx 工作簿"}
_KINDS = (  # a part that tells the kind of a package
    ("xl/workbook.bin", "an .xlsb workbook", ".xlsb 工作簿"),
    ("word/document.xml", "a Word document", "Word 文档"),
    ("ppt/presentation.xml", "a presentation", "演示文稿"),
    ("content.xml", "an OpenDocument file", "OpenDocument 文件"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a workbook may be and take.

    Parameters
    ----------
    size, unpacked : int
        Bytes of the file, and of all its parts together.
    ratio : int
        Unpacked to packed bytes of a part that is not small.
    entries : int
        Parts.
    memory : int
        Bytes that the child may map.
    seconds : int
        Until the child is ended.
    """

    size: int = 32 << 20
    unpacked: int = 128 << 20
    ratio: int = 150
    entries: int = 2000
    memory: int = 1 << 30
    seconds: int = 30


LIMITS = Limits()
SMALL = 4 << 20  # below so many bytes the ratio says nothing


def pages(path: Path, findings: Findings, limits: Limits = LIMITS) -> list[Page] | None:
    """Return the sheets of a workbook.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    findings : Findings
        Takes why it is refused, and what in it was left aside.
    limits : Limits
        What it may be and take.

    Returns
    -------
    list of Page or None
    """
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
    if "fault" in found:
        code, value = found["fault"]
        fields = {"reason": value, "memory": limits.memory >> 20, "seconds": limits.seconds, "size": value}
        findings.add(code, where, "" if code in ("workbook_broken", "workbook_cells") else value, **fields)
        return None
    return [Page(**one) for one in found["sheets"]]


def _package(path: Path, where: Where, findings: Findings, limits: Limits) -> bool:
    """Say what is wrong with a workbook before anything of it is unpacked; return whether nothing is."""
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


def _within(entries: list[zipfile.ZipInfo], where: Where, findings: Findings, limits: Limits) -> bool:
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


def _parsed(path: Path, limits: Limits) -> dict[str, Any]:
    """Return what the child says; a child that died says that by its end."""
    command = [sys.executable, "-P", str(_CHILD), str(path), str(limits.memory), str(limits.seconds)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limits.seconds + 10, check=False
        )
    except subprocess.TimeoutExpired:
        return {"fault": ["workbook_time", ""]}
    if done.returncode == 0:
        try:
            found: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return {"fault": ["workbook_broken", "its content cannot be told"]}
        return found
    if done.returncode in (-24, -9) or b"Killed" in done.stderr[-200:]:  # SIGXCPU
        return {"fault": ["workbook_time", ""]}
    if done.returncode == -6 or b"alloc" in done.stderr or b"MemoryError" in done.stderr:
        return {"fault": ["workbook_memory", ""]}
    return {"fault": ["workbook_broken", f"its reader stopped with status {done.returncode}"]}
