"""Store: a database, the key of its audit chain, and a clock."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from synergy.store.column_types import canonical
from synergy.store.database import Database, current, database, head, upgrade
from synergy.store.messages import refusal
from synergy.store.tables import events

_MAGIC = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html#the_database_header
KEY_FILE = "SYNERGY_AUDIT_KEY_FILE"  # where the key lies if not beside the database
KEY_BYTES = 32
_KEY = re.compile(rb"[0-9a-fA-F]{%d}" % (2 * KEY_BYTES))


@dataclass(frozen=True, slots=True)
class Store:
    """Store of rounds: database, key of the audit chain, and clock (in UTC).

    The key also determines the codes of proposals; it is kept outside the database.
    """

    database: Database
    secret: bytes = field(repr=False)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()


def key_file(base: Database) -> Path:
    """Return the path of the audit key: ``SYNERGY_AUDIT_KEY_FILE``, else beside the database file.

    The key of a database on a server is in the working folder.
    """
    named = os.environ.get(KEY_FILE)
    if named:
        return Path(named)
    file = base.file
    return Path("synergy.key") if file is None else file.with_name(file.name + ".key")


def signed(secret: bytes, row: Mapping[str, object]) -> str:
    """Return the HMAC-SHA256 of an event, in 64 hexadecimal digits; it covers that of the event before it."""
    names = ("number", "at", "actor", "action", "subject", "round", "detail", "previous")
    return hmac.new(secret, canonical([row[name] for name in names]).encode(), hashlib.sha256).hexdigest()


def make_store(address: str | Path) -> Store:
    """Create a store at a file or database URL where none exists, and open it.

    `RefusedError`: a store of a newer program, or of a version before 0.1.0, is there; or its key is missing or another
    one.
    """
    base = database(address)
    try:
        if base.file is not None:
            _private(base.file)
        with base.write():  # the file, or the error that says why there is none
            pass
        _known(base)
        upgrade(base)
        place = key_file(base)
        if not place.exists() and _begun(base) is None:
            with private(place) as file:
                file.write(secrets.token_hex(KEY_BYTES).encode())
    finally:
        base.close()
    return open_store(address)


def _private(file: Path) -> None:
    """Create a database file private to its owner, or remove the access of others to an existing one.

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
    """Open an existing store at a file or database URL.

    `RefusedError`: no store, one of another version, or its key is missing, malformed, of another store, or readable by
    all.
    """
    base = database(address)
    try:
        return Store(base, _secret(base))
    except BaseException:
        base.close()
        raise


def _said(base: Database) -> str:
    """Return the name of a database for messages, without its password."""
    return base.url.render_as_string(hide_password=True) if base.file is None else str(base.file)


def _known(base: Database) -> str | None:
    """Return the schema version of a store, None where there is none; refuse an unsupported version."""
    found, wanted = current(base), head()
    if found is not None and found < wanted:  # no version was released before this one
        raise refusal("old_store", place=_said(base), found=found)
    if found is not None and found > wanted:
        raise refusal("new_store", place=_said(base), found=found, expected=wanted)
    return found


def _secret(base: Database) -> bytes:
    """Return the audit key of a store; refuse a key that is missing, malformed, exposed or of another store."""
    if base.file is not None:
        start: bytes | None = None
        if base.file.is_file():
            with base.file.open("rb") as content:
                start = content.read(len(_MAGIC))
        if start not in (b"", _MAGIC):  # an empty file is a database without tables
            raise refusal("no_store", place=base.file)
    if _known(base) is None:
        raise refusal("no_store", place=_said(base))
    place = key_file(base)
    if not place.is_file():
        raise refusal("no_key", place=place)
    rights = stat.S_IMODE(place.stat().st_mode)
    if os.name == "posix" and rights & stat.S_IRWXO:
        raise refusal("open_key", place=place, found=f"{rights:04o}")
    text = place.read_bytes().strip()
    if not _KEY.fullmatch(text):
        raise refusal("bad_key", place=place, digits=2 * KEY_BYTES)
    secret, first = bytes.fromhex(text.decode()), _begun(base)
    if first is not None and not hmac.compare_digest(signed(secret, first), str(first["mac"])):
        raise refusal("other_key", place=place)
    return secret


def _begun(base: Database) -> dict[str, object] | None:
    """Return the first event of a store, None where there is none and any key will do."""
    with base.read() as connection:
        first = connection.execute(select(events).order_by(events.c.number).limit(1)).first()
    return None if first is None else first._asdict()


def private(place: Path) -> BinaryIO:
    """Create a new file for writing, accessible by its owner alone; `FileExistsError` where there is one."""
    return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
