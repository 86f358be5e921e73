"""Store: a database, the key of its audit chain, and a clock."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from synergy.store.database import Database, database
from synergy.store.files import private
from synergy.store.migrations.run import current, head, upgrade
from synergy.store.words import refusal

_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html#the_database_header
KEY_FILE = "SYNERGY_AUDIT_KEY_FILE"  # where the key lies if not beside the database
KEY_BYTES = 32


def _utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Store:
    """Where rounds are kept.

    Parameters
    ----------
    database : Database
        Its engines.
    secret : bytes
        Key of the audit chain and of the codes of proposals; it is kept outside the database.
    now : callable
        The clock, in UTC.
    """

    database: Database
    secret: bytes = field(repr=False)
    now: Callable[[], datetime] = _utc

    def close(self) -> None:
        """Close all connections."""
        self.database.close()


def key_file(base: Database) -> Path:
    """Return where the key of the audit chain lies: ``SYNERGY_AUDIT_KEY_FILE``, else beside the database's file.

    Parameters
    ----------
    base : Database
        SQLite, or a server, whose key lies in the working folder.
    """
    named = os.environ.get(KEY_FILE)
    if named:
        return Path(named)
    file = base.file
    return Path("synergy.key") if file is None else file.with_name(file.name + ".key")


def make_store(address: str | Path) -> Store:
    """Make a store where there is none yet, and open it.

    Parameters
    ----------
    address : str or pathlib.Path
        A file, or a URL of SQLite or PostgreSQL.

    Returns
    -------
    Store

    Raises
    ------
    RefusedError
        A newer program made the one that is there, or a development version before 0.1.0.
    """
    base = database(address)
    try:
        if base.file is not None:
            _private(base.file)
        with base.write():  # the file, or the error that says why there is none
            pass
        _known(base)
        upgrade(base)
    finally:
        base.close()
    place = key_file(base)
    if not place.exists():
        with private(place) as file:
            file.write(secrets.token_hex(KEY_BYTES).encode())
    return open_store(address)


def _private(file: Path) -> None:
    """Make the file of a database that its owner alone may read, and take one that is there from everybody else.

    SQLite makes the files beside it (``-wal``, ``-shm``) with the rights of the database.
    """
    if not file.parent.is_dir() or file.is_dir():
        return  # the database says what is wrong
    if not file.exists():
        with suppress(OSError), private(file):
            pass
    for one in (file, *file.parent.glob(f"{file.name}-*")):
        rights = stat.S_IMODE(one.stat().st_mode)
        if rights & stat.S_IRWXO:
            with suppress(OSError):  # another account's
                one.chmod(rights & ~stat.S_IRWXO)


def open_store(address: str | Path) -> Store:
    """Open a store that is there.

    Parameters
    ----------
    address : str or pathlib.Path
        A file, or a URL of SQLite or PostgreSQL.

    Returns
    -------
    Store

    Raises
    ------
    RefusedError
        No store, one of another version, or its key is missing.
    """
    base = database(address)
    try:
        return Store(base, _secret(base))
    except BaseException:
        base.close()
        raise


def _is_sqlite(file: Path) -> bool:
    """Return whether a file may be a database: another file would be told as one that does not answer for a moment."""
    with file.open("rb") as content:
        start = content.read(len(_MAGIC))
    return start in (b"", _MAGIC)  # an empty file is a database without tables


def _said(base: Database) -> str:
    """Return what a database is called in a command, without its password."""
    return base.url.render_as_string(hide_password=True) if base.file is None else str(base.file)


def _known(base: Database) -> str | None:
    """Return the version of a store, None where there is none, and refuse one that this program does not know."""
    found, wanted = current(base), head()
    if found is not None and found < wanted:  # no version was released before this one
        raise refusal("old_store", place=_said(base), found=found)
    if found is not None and found > wanted:
        raise refusal("new_store", place=_said(base), found=found, expected=wanted)
    return found


def _secret(base: Database) -> bytes:
    """Return the key of a store, and refuse one that this program cannot work with."""
    if base.file is not None and not (base.file.is_file() and _is_sqlite(base.file)):
        raise refusal("no_store", place=base.file)
    if _known(base) is None:
        raise refusal("no_store", place=_said(base))
    place = key_file(base)
    if not place.exists():
        raise refusal("no_key", place=place)
    return bytes.fromhex(place.read_text("ascii").strip())
