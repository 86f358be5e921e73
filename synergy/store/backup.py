"""Copies of a store: made while it runs, put back whole."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

from synergy.errors import UsageError
from synergy.store.database import Database, database
from synergy.store.files import private
from synergy.store.words import refusal

_PAGES = 200  # copied at a time, so that writers are not kept waiting


def back_up(address: str | Path, target: Path) -> Path:
    """Copy a store into one file while it is used; the copy is checked, and is there whole or not at all.

    The key of the audit chain is not in it: keep that somewhere else.

    Parameters
    ----------
    address : str or pathlib.Path
        The store.
    target : pathlib.Path
        The file: a SQLite database, or a dump of PostgreSQL (`pg_dump` has to be there).

    Returns
    -------
    pathlib.Path
        The file.

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
    """Copy a SQLite database by its own means, which see one state of it, and check the copy."""
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
    """Put a copy back in place of a store, which must not be there or be empty.

    Parameters
    ----------
    source : pathlib.Path
        As `back_up` made it.
    address : str or pathlib.Path
        Where the store is to be.

    Raises
    ------
    UsageError
        There is no such copy, or a store stands where it would go.
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
    """Run a program of PostgreSQL on a database; the password goes by the environment, where nobody reads it."""
    url = base.url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    command = [program, *words, "--dbname" if program == "pg_restore" else "-d", url]
    environment = os.environ | ({"PGPASSWORD": str(base.url.password)} if base.url.password else {})
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    except FileNotFoundError as error:
        raise UsageError(f"{program}: not found; install the client programs of PostgreSQL") from error
    except subprocess.CalledProcessError as error:
        raise UsageError(f"{program}: {(error.stderr or '').strip()}") from error
