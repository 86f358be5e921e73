"""Datasets of the store: immutable snapshots by digest, and uploads of the association for new rounds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import ColumnElement, Connection, insert, select, true

from synergy.dataset.described import first_sign, load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.package import PACKAGE, write
from synergy.dataset.read import check, read
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.errors import DatasetError, Problem
from synergy.records.documents import ScenarioJSON
from synergy.records.figures import Measures
from synergy.records.files import labels
from synergy.records.runs import DatasetHead, DatasetMade
from synergy.scenario import Scenario
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.column_types import canonical
from synergy.store.commit import Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.store.tables import matches, rounds, snapshots

UNPACKED = 256 << 20  # bytes of all files of an archive
_DATE = (1980, 1, 1, 0, 0, 0)  # the same tables, the same bytes
_MOST = 32  # datasets whose measures are cached
_MEASURES: dict[str, Measures] = {}  # by digest, so that what is cached can never be out of date
_BOOK = "[Content_Types].xml"
Found = tuple[Dataset | None, tuple[Problem, ...]]


def add_dataset(store: Store, actor: Actor, content: bytes, key: str | None = None) -> DatasetMade:
    """Validate and store a dataset uploaded in a format of `read_upload`; `DatasetError` where it is wrong."""
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
        rows = connection.execute(wanted.order_by(columns.created.desc(), columns.digest))
        return [DatasetHead.of(row) for row in rows]


def dataset_archive(store: Store, actor: Actor, digest: str) -> bytes:
    """Return a dataset by its digest as a zip archive of its folder; `NotFoundError` where there is none."""
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
            return _read_document(Path(folder) / "dataset", content)
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


def _read_document(folder: Path, content: bytes) -> Found:
    """Read a dataset given as a JSON object, its tables written to files for the ordinary reader."""
    findings = Findings()
    record = load_document(content, "dataset.json", findings)
    for name, rows in (record or {}).items():
        listed = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
        flat = listed and not any(isinstance(cell, list | dict) for row in rows for cell in row.values())
        if name not in ("name", "synergy") and not (name in TABLES and flat):
            findings.add("document", Where("dataset.json"), name, reason=f"{name}: expected a table as a list of rows")
    if record is None or findings.refused:
        return None, tuple(findings.problems())
    folder.mkdir()
    for name in TABLES:
        if name in record:
            columns = list(dict.fromkeys(column for row in record[name] for column in row))
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([_cell(row.get(column)) for column in columns] for row in record[name])
    package = {"name": str(record.get("name", "dataset")), "synergy": record.get("synergy", {})}
    (folder / PACKAGE).write_text(json.dumps(package, ensure_ascii=False), encoding="utf-8")
    return check(folder)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Immutable snapshot of a dataset.

    `archive` is a zip archive of its folder, the same bytes for the same tables and settings; `digest` is its SHA-256,
    and `tables` that of the content (`Dataset.digest`).
    """

    digest: str
    tables: str
    name: str
    archive: bytes


def snapshot_of(dataset: Dataset) -> Snapshot:
    """Return a snapshot of a checked dataset, without its scenario."""
    with TemporaryDirectory(prefix="synergy-") as name:
        folder = Path(name)
        write(dataset, folder)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for path in sorted(folder.iterdir()):
                archive.writestr(zipfile.ZipInfo(path.name, _DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
        again = read(folder)
    content = buffer.getvalue()
    return Snapshot(hashlib.sha256(content).hexdigest(), again.digest, dataset.name, content)


@lru_cache(maxsize=4)
def snapshot_from(archive: bytes) -> Snapshot:
    """Return a snapshot of the dataset in a zip archive of its folder; `DatasetError` where it is wrong."""
    return snapshot_of(dataset_of(archive))


def dataset_of(archive: bytes, scenario: ScenarioJSON | None = None) -> Dataset:
    """Return the dataset of the archive of a `Snapshot`, a scenario applied; `DatasetError` where that does not fit."""
    return _read(archive, None if scenario is None else canonical(scenario))


@lru_cache(maxsize=8)
def _read(archive: bytes, scenario: str | None) -> Dataset:
    """Return the dataset of an archive from a cache; datasets are immutable, and reading one is slow."""
    known: Scenario | None = None
    if scenario is not None:
        record: ScenarioJSON = json.loads(scenario)
        tables = {table: tuple(rows) for table, rows in record.get("tables", {}).items()}
        settings, scale = dict(record.get("settings", {})), tuple(record.get("scale", ()))
        known = Scenario(record.get("name", "base"), settings, tables, scale)
    with TemporaryDirectory(prefix="synergy-") as folder:
        place = Path(folder) / "dataset.zip"
        place.write_bytes(archive)
        return read(place, known)


def measures_of(connection: Connection, digest: str) -> Measures:
    """Return the currency, and the units and names of commodities and processes of a stored dataset, cached."""
    known = _MEASURES.get(digest)
    if known is None:
        dataset = dataset_of(archive(connection, digest))
        known = _MEASURES[digest] = Measures.model_validate({"currency": dataset.settings.currency, **labels(dataset)})
        while len(_MEASURES) > _MOST:
            _MEASURES.pop(next(iter(_MEASURES)), None)
    return known


def scenario_record(scenario: Scenario) -> ScenarioJSON:
    """Return the record of a scenario for storage."""
    return {
        "name": scenario.name,
        "settings": dict(scenario.settings),
        "tables": {table: [dict(row) for row in rows] for table, rows in scenario.tables.items()},
        "scale": [dict(rule) for rule in scenario.scale],
    }


def keep(connection: Connection, snapshot: Snapshot, at: datetime) -> None:
    """Store a snapshot unless one with the same digest exists."""
    known = connection.execute(select(snapshots.c.digest).where(snapshots.c.digest == snapshot.digest)).first()
    if known is None:
        fields = {name: getattr(snapshot, name) for name in ("digest", "tables", "name", "archive")}
        connection.execute(insert(snapshots).values(**fields, created=at))


def archive(connection: Connection, digest: str) -> bytes:
    """Return the archive of a snapshot; `NotFoundError` where there is none, or its bytes do not match the digest."""
    found = connection.execute(select(snapshots.c.archive).where(snapshots.c.digest == digest)).scalar()
    if found is None or hashlib.sha256(found).hexdigest() != digest:
        raise refusal("not_found", what="snapshot")
    return bytes(found)
