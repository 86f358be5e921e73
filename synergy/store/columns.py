"""Columns that tables have in common: names of constraints, exact types, and what may stand in each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    text,
)

from synergy.store.exact import Instant, Micro

# the migrations go by it too: it stays as it is
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=CONVENTION)


def typed(*tables: Table) -> None:
    """Refuse in SQLite, which accepts anything anywhere, what is no whole number where one belongs.

    Parameters
    ----------
    *tables : sqlalchemy.Table
        Whose columns of numbers and moments get a check each.
    """
    for table in tables:
        for column in list(table.columns):
            if isinstance(column.type, Micro | Instant):
                check = CheckConstraint(f"typeof({column.name}) IN ('integer', 'null')", name=f"{column.name}_type")
                table.append_constraint(check.ddl_if(dialect="sqlite"))


def own_id() -> Column[Any]:
    """Return the column of a number that the database gives each row."""
    # SQLite counts only a column that is exactly INTEGER
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def word(name: str, length: int = 64, **rules: Any) -> list[Any]:
    """Return a column of a text and the check that it is not too long, which SQLite does not do by itself.

    Parameters
    ----------
    name : str
        Of the column, and of its check.
    length : int
        Most characters.
    **rules : object
        Of `sqlalchemy.Column`; not null unless they say so.
    """
    null = " OR " + name + " IS NULL" if rules.get("nullable") else ""
    check = CheckConstraint(f"length({name}) <= {length}{null}", name=name)
    return [Column(name, String(length), **{"nullable": False, **rules}), check]


def choice(name: str, words: Iterable[StrEnum], default: str | None = None) -> list[Any]:
    """Return a column of one of a few words, and the check that it is one.

    Parameters
    ----------
    name : str
        Of the column, and of its check.
    words : iterable of enum.StrEnum
        Those.
    default : str, optional
        What a row has that does not say it.
    """
    listed = ", ".join(f"'{word}'" for word in words)
    column = Column(name, String(16), nullable=False, server_default=default)
    return [column, CheckConstraint(f"{name} IN ({listed})", name=name)]


def version() -> list[Any]:
    """Return the column that counts the changes of a row, and its check."""
    column = Column("version", Integer, nullable=False, server_default="1")
    return [column, CheckConstraint("version >= 1", name="version")]


def flag(name: str) -> list[Any]:
    """Return a column of yes or no; no where a row does not say it."""
    return [Column(name, Boolean(create_constraint=True, name=name), nullable=False, server_default=text("false"))]


def of(name: str, key: str, **rules: Any) -> Column[Any]:
    """Return a column that points to a row of another table.

    Parameters
    ----------
    name : str
        Of the column.
    key : str
        ``table.column`` that it points to.
    **rules : object
        Of `sqlalchemy.Column`; not null unless they say so.
    """
    kind = String(64) if key.endswith("digest") else BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, ForeignKey(key), **{"nullable": False, **rules})
