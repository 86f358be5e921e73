"""Backup and restoration of a store, and snapshots of datasets."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, insert, select

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.dataset.write import write
from synergy.errors import UsageError
from synergy.records.documents import ScenarioJSON
from synergy.records.figures import Measures
from synergy.records.labels import labels
from synergy.scenario import Scenario
from synergy.store.column_types import canonical
from synergy.store.database import Database, database
from synergy.store.messages import refusal
from synergy.store.store import private
from synergy.store.tables import snapshots

_PAGES = 200  # copied at a time, so that writers are not kept waiting
_DATE = (1980, 1, 1, 0, 0, 0)  # the same tables, the same bytes
_MOST = 32  # datasets whose measures are cached
_MEASURES: dict[str, Measures] = {}  # by digest, so that what is cached can never be out of date


def back_up(address: str | Path, target: Path) -> Path:
    """Back up a live store into one new file, written atomically, and return the file.

    It is a SQLite database, or a dump of PostgreSQL by `pg_dump`. The key of the audit chain is not in it: keep that
    somewhere else.

    Raises
    ------
    UsageError
        It exists already, or cannot be written.
    """
    if target.exists():
        raise UsageError(f"{target}: exists already; a copy replaces nothing")
    base = database(address)
    try:
        handle, name = tempfile.mkstemp(dir=target.resolve().parent, prefix=f".{target.name}.", suffix=".part")
        os.close(handle)
        part = Path(name)
        try:
            _copy_server(base, part) if base.file is None else _copy_file(base, part)
            part.replace(target)
        finally:
            for left in (part, *part.parent.glob(f"{part.name}-*")):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror or error}") from error
    finally:
        base.close()
    return target


def _copy_file(base: Database, part: Path) -> None:
    """Copy a SQLite database with its online backup API, and check the integrity of the copy."""
    source_file = base.file
    if source_file is None or not source_file.exists():
        raise refusal("no_store", place=source_file)
    source, copy = sqlite3.connect(f"file:{source_file}?mode=ro", uri=True), sqlite3.connect(part)
    try:
        source.backup(copy, pages=_PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise refusal("unavailable", said="integrity_check")
    finally:
        source.close()
        copy.close()
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _copy_server(base: Database, part: Path) -> None:
    _server("pg_dump", ["--format=custom", "--no-owner", f"--file={part}"], base)


def restore(source: Path, address: str | Path) -> None:
    """Restore a backup of `back_up` to an address that holds no store yet.

    Raises
    ------
    UsageError
        There is no such backup, or a store is at the address already.
    """
    base = database(address)
    try:
        if not source.is_file():
            raise UsageError(f"{source}: no such copy")
        if base.file is None:
            _server("pg_restore", ["--exit-on-error", "--single-transaction", "--no-owner", str(source)], base)
            return
        if base.file.exists():
            raise UsageError(f"{base.file}: a store stands there; move it away first")
        with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as copy:
            sound = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        copy.close()
        if not sound:
            raise UsageError(f"{source}: the copy is damaged")
        part = base.file.with_name(f".{base.file.name}.part")
        part.unlink(missing_ok=True)
        with source.open("rb") as content, private(part) as file:
            shutil.copyfileobj(content, file)
        part.replace(base.file)
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{source}: {error}") from error
    finally:
        base.close()


def _server(program: str, words: list[str], base: Database) -> None:
    """Run a PostgreSQL client program on a database, the password passed by an environment variable."""
    url = base.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [program, *words, "--dbname" if program == "pg_restore" else "-d", url]
    environment = os.environ | ({"PGPASSWORD": str(base.url.password)} if base.url.password else {})
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    except FileNotFoundError as error:
        raise UsageError(f"{program}: not found; install the client programs of PostgreSQL") from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{program}: {(error.stderr or '').strip()}") from error


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
    with tempfile.TemporaryDirectory(prefix="synergy-") as name:
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
    """Return a snapshot of the dataset in a zip archive of its folder.

    Raises
    ------
    DatasetError
        The dataset is wrong.
    """
    return snapshot_of(dataset_of(archive))


@contextmanager
def unpacked(archive: bytes) -> Iterator[Path]:
    """Yield the path of a temporary file that holds an archive."""
    with tempfile.TemporaryDirectory(prefix="synergy-") as name:
        place = Path(name) / "dataset.zip"
        place.write_bytes(archive)
        yield place


def dataset_of(archive: bytes, scenario: ScenarioJSON | None = None) -> Dataset:
    """Return the dataset of the archive of a `Snapshot`, with a scenario applied.

    Raises
    ------
    DatasetError
        The scenario does not fit the tables.
    """
    return _read(archive, None if scenario is None else canonical(scenario))


@lru_cache(maxsize=8)
def _read(archive: bytes, scenario: str | None) -> Dataset:
    """Return the dataset of an archive from a cache; datasets are immutable, and reading one is slow."""
    with unpacked(archive) as place:
        return read(place, None if scenario is None else scenario_of(json.loads(scenario)))


def measures_of(connection: Connection, digest: str) -> Measures:
    """Return the currency, and the units and names of commodities and processes of a stored dataset, cached."""
    known = _MEASURES.get(digest)
    if known is None:
        dataset = dataset_of(archive(connection, digest))
        known = _MEASURES[digest] = Measures.model_validate({"currency": dataset.settings.currency, **labels(dataset)})
        while len(_MEASURES) > _MOST:
            _MEASURES.pop(next(iter(_MEASURES)), None)
    return known


def scenario_of(record: ScenarioJSON) -> Scenario:
    """Return the scenario of a stored record."""
    tables = {table: tuple(rows) for table, rows in record.get("tables", {}).items()}
    return Scenario(
        record.get("name", "base"), dict(record.get("settings", {})), tables, tuple(record.get("scale", ()))
    )


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
    """Return the archive of a snapshot after a check of its digest.

    Raises
    ------
    NotFoundError
        There is none, or its bytes do not match the digest.
    """
    found = connection.execute(select(snapshots.c.archive).where(snapshots.c.digest == digest)).scalar()
    if found is None or hashlib.sha256(found).hexdigest() != digest:
        raise refusal("not_found", what="snapshot")
    return bytes(found)
