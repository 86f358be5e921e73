"""Run the frozen SQL of a version in the dialect of the database."""

from __future__ import annotations

from pathlib import Path

from alembic import op

_FOLDER = Path(__file__).parent / "versions"


def run_script(name: str) -> None:
    """Run the statements of ``<name>.<dialect>.sql``, each ended by a semicolon at the end of a line.

    Parameters
    ----------
    name : str
        Of the version.
    """
    connection = op.get_bind()
    text = (_FOLDER / f"{name}.{connection.dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
