"""Migration of a database to the newest schema version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from synergy.store.database import Database


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """Return the newest schema version."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(base: Database) -> str | None:
    """Return the schema version of a database, None where it holds no store.

    Raises
    ------
    UnavailableError
        It does not answer.
    """
    with base.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(base: Database) -> None:
    """Migrate a database, which may be empty, to the newest schema version, in one transaction.

    Raises
    ------
    UnavailableError
        The database does not answer; nothing was changed.
    """
    with base.write() as connection:
        command.upgrade(_config(connection), "head")
