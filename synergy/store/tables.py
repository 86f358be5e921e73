"""The tables: names of constraints, exact types, and what may stand in each column."""

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
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from synergy.store.exact import Document, Instant, Micro
from synergy.store.names import OF_AN_ENTERPRISE, Answer, MatchState, Role, Sheet, Stage, State

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=CONVENTION)


def _id() -> Column[Any]:
    # SQLite counts only a column that is exactly INTEGER
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _word(name: str, length: int = 64, **rules: Any) -> list[Any]:
    """Return a column of a text and the check that it is one and not too long, which SQLite does not do by itself."""
    null = " OR " + name + " IS NULL" if rules.get("nullable") else ""
    check = CheckConstraint(f"length({name}) <= {length}{null}", name=name)
    return [Column(name, String(length), **{"nullable": False, **rules}), check]


def _choice(name: str, words: Iterable[StrEnum], default: str | None = None) -> list[Any]:
    listed = ", ".join(f"'{word}'" for word in words)
    column = Column(name, String(16), nullable=False, server_default=default)
    return [column, CheckConstraint(f"{name} IN ({listed})", name=name)]


def _version() -> list[Any]:
    column = Column("version", Integer, nullable=False, server_default="1")
    return [column, CheckConstraint("version >= 1", name="version")]


def _flag(name: str) -> list[Any]:
    return [Column(name, Boolean(create_constraint=True, name=name), nullable=False, server_default=text("false"))]


def _of(name: str, key: str, **rules: Any) -> Column[Any]:
    kind = String(64) if key.endswith("digest") else BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, ForeignKey(key), **{"nullable": False, **rules})


snapshots = Table(
    "snapshots",
    metadata,
    *_word("digest", primary_key=True),
    *_word("tables"),
    *_word("name", 200),
    Column("archive", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
)
rounds = Table(
    "rounds",
    metadata,
    _id(),
    *_word("name", 200),
    *_choice("state", State),
    *_version(),
    _of("base", "snapshots.digest"),
    _of("frozen", "snapshots.digest", nullable=True),
    Column("scenario", Document, nullable=False),
    Column("options", Document, nullable=False),
    *_flag("anonymous"),
    Column("deadline", Instant),
    Column("answer_by", Instant),
    _of("previous", "rounds.id", nullable=True),
    Column("created", Instant, nullable=False),
    *_word("creator"),
)
declarations = Table(
    "declarations",
    metadata,
    _of("round", "rounds.id", primary_key=True),
    *_word("enterprise", primary_key=True),
    *_flag("submitted"),
    *_word("origin", 16),
    Column("reminders", Integer, nullable=False, server_default="0"),
    *_version(),
    Column("at", Instant),
)
declared = Table(
    "declared",
    metadata,
    _of("round", "rounds.id", primary_key=True),
    *_choice("sheet", Sheet),
    *_word("ident", primary_key=True),
    *_word("enterprise"),
    *_word("site"),
    *_word("subject"),
    *_word("period"),
    Column("amount", Micro, nullable=False),
    Column("price", Micro),
    Column("other", Document, nullable=False),
    Column("assumed", Document, nullable=False),
    CheckConstraint("amount >= 0", name="amount"),
    ForeignKeyConstraint(["round", "enterprise"], ["declarations.round", "declarations.enterprise"]),
    Index(None, "round", "enterprise"),
)
matches = Table(
    "matches",
    metadata,
    _id(),
    _of("round", "rounds.id"),
    Column("number", Integer, nullable=False),
    *_choice("state", MatchState),
    _of("snapshot", "snapshots.digest"),
    Column("scenario", Document, nullable=False),
    Column("options", Document, nullable=False),
    Column("versions", Document, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    *_word("worker", 200, nullable=True),
    Column("lease", Instant),
    *_flag("cancel"),
    Column("checkpoint", Document),
    *_word("status", 16, nullable=True),
    *_word("digest", nullable=True),
    Column("plan", LargeBinary),
    Column("value", Micro),
    Column("gain", Micro),
    Column("diagnosis", Document),
    Column("fault", Text),
    Column("requested", Instant, nullable=False),
    *_word("requester"),
    Column("started", Instant),
    Column("finished", Instant),
    UniqueConstraint("round", "number"),
    CheckConstraint("attempt >= 0", name="attempt"),
    CheckConstraint("state <> 'done' OR status IS NOT NULL", name="ended"),
)
# one run at a time for each round
Index(
    "ux_matches_active",
    matches.c.round,
    unique=True,
    sqlite_where=matches.c.state.in_(["requested", "running"]),
    postgresql_where=matches.c.state.in_(["requested", "running"]),
)
progress = Table(
    "progress",
    metadata,
    _of("match", "matches.id", primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("record", Document, nullable=False),
)
proposals = Table(
    "proposals",
    metadata,
    _id(),
    _of("match", "matches.id"),
    *_word("code", 32),
    *_word("ident", 400),
    *_word("kind", 16),
    *_choice("answer", Answer, "none"),
    *_version(),
    Column("record", Document, nullable=False),
    Column("gain", Micro),
    Column("capex", Micro, nullable=False),
    UniqueConstraint("match", "ident"),
    UniqueConstraint("code"),
)
parties = Table(
    "parties",
    metadata,
    _of("proposal", "proposals.id", primary_key=True),
    *_word("enterprise", primary_key=True),
    *_choice("answer", Answer, "none"),
    *_version(),
    *_word("reason", 1000),
    Column("counter", Document),
    Column("at", Instant),
    *_word("actor", nullable=True),
)
lines = Table(
    "lines",
    metadata,
    _of("proposal", "proposals.id", primary_key=True),
    Column("number", Integer, primary_key=True),
    *_word("from_enterprise"),
    *_word("from_site"),
    *_word("to_enterprise"),
    *_word("to_site"),
    *_word("commodity"),
    *_word("mode"),
    *_word("outlet_kind", 16),
    *_word("outlet", 130),
    *_word("inlet_kind", 16),
    *_word("inlet", 130),
    Column("quantity", Micro, nullable=False),
    Column("price", Micro),
    CheckConstraint("quantity >= 0", name="quantity"),
)
rulings = Table(
    "rulings",
    metadata,
    _id(),
    _of("round", "rounds.id"),
    _of("match", "matches.id", nullable=True),
    *_word("kind", 16),
    *_word("cause", 16),
    Column("pattern", Document, nullable=False),
    *_flag("withdrawn"),
    Column("at", Instant, nullable=False),
    *_word("actor"),
    CheckConstraint("kind IN ('forbid', 'fix', 'cap', 'build', 'price', 'note')", name="known"),
)
partnerships = Table(
    "partnerships",
    metadata,
    _id(),
    _of("proposal", "proposals.id", unique=True),
    _of("round", "rounds.id"),
    *_choice("stage", Stage, "agreed"),
    *_version(),
    *_word("reason", 1000),
    Column("since", Instant, nullable=False),
)
users = Table(
    "users",
    metadata,
    _id(),
    *_word("name"),
    *_choice("role", Role),
    *_word("enterprise", nullable=True),
    Column("password", Text),
    *_flag("disabled"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked", Instant),
    *_version(),
    Column("created", Instant, nullable=False),
    UniqueConstraint("name"),
    CheckConstraint(
        f"role NOT IN ({', '.join(repr(str(role)) for role in sorted(OF_AN_ENTERPRISE))}) OR enterprise IS NOT NULL",
        name="member",
    ),
)
tokens = Table(
    "tokens",
    metadata,
    _id(),
    _of("user", "users.id"),
    *_word("label", 200),
    *_word("hash"),
    Column("scopes", Document, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("revoked", Instant),
    UniqueConstraint("hash"),
)
events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    *_word("actor"),
    *_word("action"),
    *_word("subject", 130),
    _of("round", "rounds.id", nullable=True),
    Column("detail", Document, nullable=False),
    *_word("previous"),
    *_word("mac"),
)
chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    *_word("mac"),
    CheckConstraint("id = 1", name="one"),
)
requests = Table(
    "requests",
    metadata,
    *_word("actor", primary_key=True),
    *_word("key", 200, primary_key=True),
    *_word("digest"),
    Column("result", Document, nullable=False),
    Column("at", Instant, nullable=False),
)
Index(None, proposals.c.match)
Index(None, matches.c.state)
Index(None, tokens.c.user)
Index(None, parties.c.enterprise)
Index(None, events.c.round)


def _typed() -> None:
    """Refuse in SQLite, which accepts anything anywhere, what is no whole number where one belongs."""
    for table in metadata.tables.values():
        for column in list(table.columns):
            if isinstance(column.type, Micro | Instant):
                check = CheckConstraint(f"typeof({column.name}) IN ('integer', 'null')", name=f"{column.name}_type")
                table.append_constraint(check.ddl_if(dialect="sqlite"))


_typed()
