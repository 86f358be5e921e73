"""Uploaded datasets of the association, stored by digest, from which rounds are created."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import ColumnElement, select, true

from synergy.dataset.decode import first_sign
from synergy.dataset.described import load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.read import check
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.dataset.sources import PACKAGE
from synergy.errors import DatasetError, Problem
from synergy.records.studies import DatasetHead, DatasetMade
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive, keep, snapshot_of
from synergy.store.commit import Step, Transaction, commit
from synergy.store.store import Store
from synergy.store.tables import matches, rounds, snapshots

UNPACKED = 256 << 20  # bytes of all files of an archive
_BOOK = "[Content_Types].xml"
Found = tuple[Dataset | None, tuple[Problem, ...]]


def add_dataset(store: Store, actor: Actor, content: bytes, key: str | None = None) -> DatasetMade:
    """Validate and store a dataset uploaded by a planner in a format of `read_upload`.

    Raises
    ------
    DatasetError
        It is wrong; nothing is kept.
    """
    require(actor, Action.CREATE_ROUND, Resource("snapshot"))
    found, problems = read_upload(content)
    if found is None:
        raise DatasetError(problems)
    snapshot = snapshot_of(found)
    made = DatasetMade(dataset=snapshot.digest, name=snapshot.name, tables=snapshot.tables)

    def body(change: Transaction) -> DatasetMade:
        keep(change.connection, snapshot, change.at)
        change.event("dataset.add", f"dataset:{snapshot.digest}", {"name": snapshot.name})
        return made

    return commit(store, actor, Step("dataset.add", made.document(), key), DatasetMade, body)


def list_datasets(store: Store, actor: Actor) -> list[DatasetHead]:
    """Return the stored datasets, the frozen ones of rounds among them, the latest first."""
    return _listed(store, actor, true())


def list_starts(store: Store, actor: Actor) -> list[DatasetHead]:
    """Return the stored datasets from which a round can be created, as `list_datasets` does.

    The frozen dataset of a round holds declarations: it is no base for another one, unless one was made from it.
    """
    frozen = select(rounds.c.frozen).where(rounds.c.frozen.is_not(None)).union(select(matches.c.snapshot))
    return _listed(store, actor, snapshots.c.digest.not_in(frozen) | snapshots.c.digest.in_(select(rounds.c.base)))


def _listed(store: Store, actor: Actor, which: ColumnElement[bool]) -> list[DatasetHead]:
    require(actor, Action.SEE_PLANS, Resource("snapshot"))
    columns = snapshots.c
    wanted = select(columns.digest.label("dataset"), columns.name, columns.tables, columns.created).where(which)
    with store.database.read() as connection:
        rows = connection.execute(wanted.order_by(columns.created.desc(), columns.digest)).all()
    return [DatasetHead.of(row) for row in rows]


def dataset_archive(store: Store, actor: Actor, digest: str) -> bytes:
    """Return a dataset by its digest as a zip archive of its folder.

    Raises
    ------
    NotFoundError
        There is none of this digest.
    """
    require(actor, Action.SEE_PLANS, Resource("snapshot"))
    with store.database.read() as connection:
        return archive(connection, digest)


def read_upload(content: bytes) -> Found:
    """Read and validate an uploaded dataset, and return it with its problems; the format is detected from the content.

    It is a zip archive of a folder, an ``.xlsx`` workbook, or a JSON object as ``synergy schema dataset`` describes it,
    with ``name`` and ``synergy`` (settings) beside the tables.
    """
    with TemporaryDirectory(prefix="synergy-") as folder:
        if first_sign(content) == "{":
            return _document(Path(folder) / "dataset", content)
        place = Path(folder) / "dataset.zip"
        place.write_bytes(content)
        try:
            with zipfile.ZipFile(place) as packed:
                names, size = packed.namelist(), sum(entry.file_size for entry in packed.infolist())
        except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
            return check(place)
        if size > UNPACKED:
            findings = Findings()
            findings.add("zip_bomb", Where(place.name), f"{size} bytes")
            return None, tuple(findings.problems())
        return check(place.rename(place.with_suffix(".xlsx")) if _BOOK in names else place)


def _document(folder: Path, content: bytes) -> Found:
    """Read a dataset given as a JSON object, its tables written to files for the ordinary reader."""
    findings = Findings()
    record = load_document(content, "dataset.json", findings)
    for name, rows in (record or {}).items():
        listed = isinstance(rows, list) and all(isinstance(row, dict) and _flat(row) for row in rows)
        if name not in ("name", "synergy") and not (name in TABLES and listed):
            findings.add("document", Where("dataset.json"), name, reason=f"{name}: expected a table as a list of rows")
    if record is None or findings.refused:
        return None, tuple(findings.problems())
    folder.mkdir()
    for name in TABLES:
        if name in record:
            _table(folder / f"{name}.csv", record[name])
    package = {"name": str(record.get("name", "dataset")), "synergy": record.get("synergy", {})}
    (folder / PACKAGE).write_text(json.dumps(package, ensure_ascii=False), encoding="utf-8")
    return check(folder)


def _flat(row: Mapping[str, object]) -> bool:
    return not any(isinstance(cell, list | dict) for cell in row.values())


def _table(place: Path, rows: list[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)
