"""Bring a database to a version of the tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from synergy.store.database import Database
from synergy.store.words import refusal


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest version."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def versions() -> list[str]:
    """Return all versions, the oldest first."""
    return [str(one.revision) for one in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def current(base: Database) -> str | None:
    """Return the version of a database, None where it holds no store.

    Parameters
    ----------
    base : Database

    Raises
    ------
    UnavailableError
        It does not answer.
    """
    with base.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(base: Database, version: str = "head") -> None:
    """Bring a database to a version, in one transaction.

    Parameters
    ----------
    base : Database
        An empty one gets all tables.
    version : str
        At least its own.

    Raises
    ------
    UnavailableError
        The database does not answer, or rows would be left that point nowhere; nothing was changed.
    """
    with base.writer.connect() as connection:
        lite = base.file is not None
        if lite:
            # batch mode makes tables anew, which would delete what points to them
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        try:
            with connection.begin():
                command.upgrade(_config(connection), version)
                if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise refusal("unavailable", said="foreign_key_check")
        finally:
            if lite:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
                connection.commit()
