"""The data package of a dataset: its name, its settings, and which file holds which table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from synergy.dataset.documents import load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.dataset.schema import TABLES
from synergy.dataset.sources import PACKAGE, Source


@dataclass(frozen=True, slots=True)
class Package:
    """What a data package says, and the file of each table that is there.

    Parameters
    ----------
    name : str
        Of the package, or of the folder.
    files : mapping of str to str
        File by table.
    settings : mapping of str to object
        Raw values.
    says : str
        Where the settings stand, for messages.
    """

    name: str
    files: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    says: str = PACKAGE


def package_of(source: Source, findings: Findings) -> Package:
    """Return the data package of a dataset; a bare folder of tables is one too.

    Parameters
    ----------
    source : Source
        The files.
    findings : Findings
        Takes faults of the package, missing tables and files that no table has.

    Returns
    -------
    Package
    """
    record: dict[str, Any] = {}
    if PACKAGE in source.sizes:
        record = load_document(source.load(PACKAGE), PACKAGE, findings) or {}
    files = {table: f"{table}.csv" for table in TABLES if f"{table}.csv" in source.sizes}
    files |= _resources(record.get("resources"), source, findings)
    for name, table in TABLES.items():
        if table.required and name not in files:
            findings.add("missing_table", Where(name), "", table=name)
    read = set(files.values())
    for name in sorted(source.sizes):
        if "/" not in name and name.lower().endswith(".csv") and name not in read:
            alike = near(name[:-4], list(TABLES), count=1)
            findings.add("unknown_file", Where(name), name, **suggestion(f"{one}.csv" for one in alike))
    settings = record.get("synergy", {})
    if not isinstance(settings, dict):
        fields: dict[str, object] = {"expected": "an object", "expected_zh": "对象", "hint": ""}
        findings.add("wrong_kind", Where(PACKAGE, None, "/synergy"), settings, **fields)
        settings = {}
    title = record.get("name")
    return Package(title if isinstance(title, str) and title else source.name, files, settings)


def _resources(resources: Any, source: Source, findings: Findings) -> dict[str, str]:
    """Return the files that resources name for tables."""
    files: dict[str, str] = {}
    listed = resources if isinstance(resources, list) else []
    if resources is not None and not isinstance(resources, list):
        fields: dict[str, object] = {"expected": "a list", "expected_zh": "列表", "hint": ""}
        findings.add("wrong_kind", Where(PACKAGE, None, "/resources"), resources, **fields)
    for place, resource in enumerate(listed):
        table, path = (resource.get("name"), resource.get("path")) if isinstance(resource, dict) else (None, None)
        if not isinstance(table, str) or table not in TABLES or path is None:
            continue
        where = Where(PACKAGE, None, f"/resources/{place}/path")
        plain = PurePosixPath(path).as_posix() if isinstance(path, str) else ""
        if plain in source.sizes and ".." not in plain.split("/"):
            files[table] = plain
        else:
            findings.add("unsafe_path", where, path)
    return files
