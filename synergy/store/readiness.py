"""Readiness checks: writable store, live worker."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from synergy.errors import SynergyError
from synergy.records.names import MatchState
from synergy.store.migrations.run import current, head
from synergy.store.store import Store
from synergy.store.tables import beats, matches

EVERY = timedelta(seconds=10)  # between two beats of a worker
SILENT = timedelta(seconds=60)  # without a beat, after which a worker is taken for lost
KEPT = timedelta(days=1)  # of beats of workers that have gone
FRESH = timedelta(seconds=2)  # within which nothing is written again: whoever asks needs no account
SERVER = "server"  # name of the beat by which a server tries whether something can be stored
_LAST = f"SELECT max(at) FROM beats WHERE name = '{SERVER}'"


def beat(store: Store, name: str) -> None:
    """Store a heartbeat of a process, whose name has at most 64 characters.

    Raises
    ------
    UnavailableError
        Nothing can be stored.
    """
    with store.database.write() as connection:
        _beat(store, connection, name)


def ready(store: Store) -> dict[str, bool]:
    """Return whether declarations can be stored (``store``) and runs will be processed (``worker``).

    The store is of this program's version, and a beat that is written is read again from where the address leads: this
    detects a full disk, a database that may only be read and a file that was taken away. A worker is alive whose last
    beat is younger than `SILENT`, or that holds a run whose lease goes on.
    """
    try:
        stores = current(store.database) == head() and _kept(store)
        return {"store": stores, "worker": stores and _alive(store)}
    except (SynergyError, SQLAlchemyError, sqlite3.Error):
        return {"store": False, "worker": False}


def _beat(store: Store, connection: Connection, name: str) -> None:
    at = store.now()
    if not connection.execute(update(beats).where(beats.c.name == name).values(at=at)).rowcount:
        connection.execute(delete(beats).where(beats.c.at < at - KEPT))
        connection.execute(insert(beats).values(name=name, at=at))


def _kept(store: Store) -> bool:
    """Return whether a heartbeat can be written and read back from the address of the store."""
    last = select(beats.c.at).where(beats.c.name == SERVER)
    with store.database.read() as connection:
        known = connection.execute(last).scalar()
    if known is None or known < store.now() - FRESH:
        beat(store, SERVER)
    file = store.database.file
    if file is None:
        return True
    if not file.exists():
        return False
    with store.database.read() as connection:
        inside = connection.exec_driver_sql(_LAST).scalar()
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as outside:
        return bool(outside.execute(_LAST).fetchone() == (inside,))


def _alive(store: Store) -> bool:
    """Return whether a worker has a recent heartbeat, or holds a run under an unexpired lease."""
    at = store.now()
    beating = select(beats.c.name).where(beats.c.name != SERVER, beats.c.at > at - SILENT).limit(1)
    busy = select(matches.c.id).where(matches.c.state == MatchState.RUNNING, matches.c.lease > at).limit(1)
    with store.database.read() as connection:
        return connection.execute(beating).first() is not None or connection.execute(busy).first() is not None
