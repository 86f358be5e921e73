"""Database engines of a store, one for writing and one read-only, for SQLite and PostgreSQL, and migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)

from synergy.errors import UsageError
from synergy.store.messages import refusal, unavailable

BUSY_MS = 10_000  # how long a writer waits for another one
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_FORBIDDEN = "42501"  # of PostgreSQL: the account of the database may not do it
_HELD: ContextVar[tuple[Engine, Connection] | None] = ContextVar("held", default=None)  # by a `moment`


@contextmanager
def _answered() -> Iterator[None]:
    """Translate driver errors into store errors: database unavailable, or value not storable."""
    try:
        yield
    # PostgreSQL calls a transaction that may only read, as on a standby, an internal error
    except (OperationalError, InterfaceError, InternalError) as error:
        raise unavailable(error) from error
    except DataError as error:  # PostgreSQL: a number beyond its column, or a text with NUL
        raise refusal("no_value") from error
    except OverflowError as error:
        if "SQLite" not in str(error):
            raise
        raise refusal("no_value") from error
    except DBAPIError as error:
        # of no subclass: what lies there is no database
        forbidden = getattr(error.orig, "sqlstate", None) == _FORBIDDEN
        if error.connection_invalidated or forbidden or type(error) is DatabaseError:
            raise unavailable(error) from error
        raise


@dataclass(frozen=True, slots=True)
class Database:
    """Writing and read-only engines of one database, ``sqlite:///file`` or ``postgresql+psycopg://...``.

    The reader cannot write, whatever the statement. Every access raises `UnavailableError` where the database is
    locked, full, read-only, unreachable or broken; nothing is stored then.
    """

    url: URL
    writer: Engine
    reader: Engine

    @property
    def file(self) -> Path | None:
        """Return the file of a SQLite database, None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in an atomic write transaction."""
        with _answered(), self.writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a read-only transaction, on a consistent snapshot of the database."""
        held = _HELD.get()
        if held is not None and held[0] is self.reader:
            with _answered():
                yield held[1]
            return
        with _answered(), self.reader.connect() as connection:
            yield connection

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Run all reads of this thread inside one transaction, on a consistent snapshot of the database.

        Nothing is changed inside: what is read after it would not show it.
        """
        with self.read() as connection:
            mark = _HELD.set((self.reader, connection))
            try:
                yield
            finally:
                _HELD.reset(mark)

    def close(self) -> None:
        """Close all connections."""
        self.writer.dispose()
        self.reader.dispose()


def database(address: str | Path) -> Database:
    """Return the engines of a database, a file or a URL of SQLite or PostgreSQL, without connecting yet.

    `UsageError`: the address is of neither kind.
    """
    url = _url(address)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    # transactions at the default level: every writer takes the lock of the chain first, see `commit`
    reading = {"options": "-c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"}
    writer = create_engine(url, pool_pre_ping=True)
    return Database(url, writer, create_engine(url, pool_pre_ping=True, connect_args=reading))


def _url(address: str | Path) -> URL:
    text = str(address)
    if "://" not in text:
        return URL.create("sqlite", database=str(Path(text).absolute()))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise UsageError(f"{text.split('://', maxsplit=1)[0]}://...: not an address of a database") from error
    kind = url.drivername.partition("+")[0]
    if kind not in _DRIVERS or (kind == "sqlite" and not url.database):
        raise UsageError(f"{url.drivername}://: expected sqlite:///FILE or postgresql+psycopg://...")
    return url.set(drivername=_DRIVERS[kind])


def _sqlite(url: URL) -> Database:
    path = url.database or ""
    writer = create_engine(url, connect_args={"timeout": BUSY_MS / 1000})
    quoted = Path(path).absolute().as_uri().removeprefix("file://")
    reader = create_engine(
        "sqlite://",
        poolclass=QueuePool,  # not the one for databases in memory, which this address would get
        creator=lambda: sqlite3.connect(
            f"file:{quoted}?mode=ro", uri=True, timeout=BUSY_MS / 1000, check_same_thread=False
        ),
    )
    # deferred transactions fail at once when two of them read before they write
    _listen(writer, "BEGIN IMMEDIATE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
    _listen(reader, "BEGIN", "query_only=ON")
    return Database(url, writer, reader)


def _listen(engine: Engine, begin: str, *pragmas: str) -> None:
    """Begin transactions of a SQLite engine by a statement, instead of the implicit ones of Python's driver."""

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in (*pragmas, f"busy_timeout={BUSY_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest schema version."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(base: Database) -> str | None:
    """Return the schema version of a database, None where it holds no store."""
    with base.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(base: Database) -> None:
    """Migrate a database, which may be empty, to the newest schema version, in one transaction."""
    with base.write() as connection:
        command.upgrade(_config(connection), "head")
