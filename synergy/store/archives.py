"""Datasets as bytes: what a round starts from and what it was frozen as, each by its digest."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from synergy.dataset.dataset import Dataset
from synergy.dataset.read import read
from synergy.dataset.write import write
from synergy.scenario import Scenario
from synergy.store.exact import canonical
from synergy.store.tables import snapshots
from synergy.store.words import refusal

_DATE = (1980, 1, 1, 0, 0, 0)  # the same tables, the same bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A dataset that nothing changes any more.

    Parameters
    ----------
    digest : str
        SHA-256 of the archive.
    tables : str
        `Dataset.digest`: of what the tables say.
    name : str
        Of the dataset.
    archive : bytes
        A zip archive of the folder, the same bytes for the same tables and settings.
    """

    digest: str
    tables: str
    name: str
    archive: bytes


def snapshot_of(dataset: Dataset) -> Snapshot:
    """Return a dataset, its scenario not applied, as a snapshot.

    Parameters
    ----------
    dataset : Dataset
        Checked.
    """
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
    """Return any archive of a dataset as a snapshot.

    Parameters
    ----------
    archive : bytes
        A zip archive of its folder.

    Raises
    ------
    DatasetError
        The dataset is wrong.
    """
    return snapshot_of(dataset_of(archive))


@contextmanager
def unpacked(archive: bytes) -> Iterator[Path]:
    """Yield a file that holds an archive, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="synergy-") as name:
        place = Path(name) / "dataset.zip"
        place.write_bytes(archive)
        yield place


def dataset_of(archive: bytes, scenario: Mapping[str, Any] | None = None) -> Dataset:
    """Return the dataset of an archive with a scenario applied.

    Parameters
    ----------
    archive : bytes
        As of a `Snapshot`.
    scenario : mapping, optional
        Record of a scenario: ``{name, settings, tables, scale}``.

    Returns
    -------
    Dataset

    Raises
    ------
    DatasetError
        The scenario does not fit the tables.
    """
    return _read(archive, None if scenario is None else canonical(scenario))


@lru_cache(maxsize=8)
def _read(archive: bytes, scenario: str | None) -> Dataset:
    """Return a dataset that was read before: nobody changes one, and reading takes most of a small step."""
    with unpacked(archive) as place:
        return read(place, None if scenario is None else scenario_of(json.loads(scenario)))


def scenario_of(record: Mapping[str, Any]) -> Scenario:
    """Return the scenario that a record of the store says."""
    tables = {table: tuple(rows) for table, rows in record.get("tables", {}).items()}
    return Scenario(
        record.get("name", "base"), dict(record.get("settings", {})), tables, tuple(record.get("scale", ()))
    )


def scenario_record(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as the store keeps it."""
    return {
        "name": scenario.name,
        "settings": dict(scenario.settings),
        "tables": {table: [dict(row) for row in rows] for table, rows in scenario.tables.items()},
        "scale": [dict(rule) for rule in scenario.scale],
    }


def keep(connection: Connection, snapshot: Snapshot, at: datetime) -> None:
    """Store a snapshot; one that is there is there once."""
    known = connection.execute(select(snapshots.c.digest).where(snapshots.c.digest == snapshot.digest)).first()
    if known is None:
        fields = {name: getattr(snapshot, name) for name in ("digest", "tables", "name", "archive")}
        connection.execute(insert(snapshots).values(**fields, created=at))


def archive(connection: Connection, digest: str) -> bytes:
    """Return the archive of a snapshot, its digest checked.

    Raises
    ------
    NotFoundError
        There is none, or its bytes are not what the digest says.
    """
    found = connection.execute(select(snapshots.c.archive).where(snapshots.c.digest == digest)).scalar()
    if found is None or hashlib.sha256(found).hexdigest() != digest:
        raise refusal("not_found", what="snapshot")
    return bytes(found)
