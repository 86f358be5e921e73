"""Backup and restoration of a store."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from synergy.errors import UsageError
from synergy.records.accounts import Backup, BackupMade
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Step, Transaction, commit
from synergy.store.database import Database, database
from synergy.store.messages import refusal
from synergy.store.store import Store, private

_ENDINGS = (".db", ".dump")  # of backups of SQLite, PostgreSQL
_PAGES = 200  # copied at a time, so that writers are not kept waiting


def back_up(address: str | Path, target: Path) -> Path:
    """Back up a live store into one new file, written atomically, and return the file.

    It is a SQLite database, or a dump of PostgreSQL by `pg_dump`. The key of the audit chain is not in it: keep that
    somewhere else. `UsageError`: the file exists already, or cannot be written.
    """
    if target.exists():
        raise UsageError(f"{target}: exists already; a copy replaces nothing")
    base = database(address)
    try:
        handle, name = tempfile.mkstemp(dir=target.resolve().parent, prefix=f".{target.name}.", suffix=".part")
        os.close(handle)
        part = Path(name)
        try:
            if base.file is None:
                _server("pg_dump", ["--format=custom", "--no-owner", f"--file={part}"], base)
            else:
                _copy_file(base.file, part)
            part.replace(target)
        finally:
            for left in (part, *part.parent.glob(f"{part.name}-*")):
                left.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror or error}") from error
    finally:
        base.close()
    return target


def _copy_file(file: Path, part: Path) -> None:
    """Copy a SQLite database with its online backup API, and check the integrity of the copy."""
    if not file.exists():
        raise refusal("no_store", place=file)
    source, copy = sqlite3.connect(f"file:{file}?mode=ro", uri=True), sqlite3.connect(part)
    try:
        source.backup(copy, pages=_PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise refusal("unavailable", said="integrity_check")
    finally:
        source.close()
        copy.close()
    with part.open("rb+") as written:
        os.fsync(written.fileno())


def restore(source: Path, address: str | Path) -> None:
    """Restore a backup of `back_up` to an address; `UsageError`: no such backup, or a store is there already."""
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


def make_copy(store: Store, actor: Actor, folder: Path, key: str | None = None) -> BackupMade:
    """Back up the store into a folder on its own machine; the content is not downloaded.

    The folder is created where it does not exist, readable by its owner alone. The same key makes no second backup.

    Raises
    ------
    UsageError
        It cannot be written.
    RefusedError
        A backup was made within this second.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    at = store.now()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending = _ENDINGS[0] if store.database.file is not None else _ENDINGS[1]
    target = folder / f"synergy-{at:%Y%m%dT%H%M%SZ}{ending}"
    if target.exists():
        raise refusal("taken", what="file", name=target.name)
    back_up(store.database.url.render_as_string(hide_password=False), target)
    with target.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    copy = BackupMade(file=target.name, bytes=target.stat().st_size, sha256=digest, at=at)

    def body(change: Transaction) -> BackupMade:
        change.event("backup.make", "store", {"file": copy.file, "sha256": copy.sha256})
        return copy

    made = commit(store, actor, Step("backup.make", {}, key), BackupMade, body)
    if made.file != target.name:  # the key has made one before
        target.unlink()
    return made


def copies(actor: Actor, folder: Path) -> list[Backup]:
    """Return the backups in a folder, the latest first, for administrators."""
    require(actor, Action.MANAGE_USERS, Resource("user"))
    found = [one for ending in _ENDINGS for one in folder.glob(f"synergy-*{ending}")]
    rows = [(one.name, one.stat()) for one in sorted(found, reverse=True)]
    return [Backup(file=name, bytes=stat.st_size, at=datetime.fromtimestamp(stat.st_mtime, UTC)) for name, stat in rows]
