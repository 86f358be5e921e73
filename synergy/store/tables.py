"""Table definitions of the store."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

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
from sqlalchemy.schema import SchemaItem

from synergy.records.names import OF_AN_ENTERPRISE, Answer, MatchState, Role, Sending, Sheet, Stage, State, StudyKind
from synergy.store.column_types import Document, Instant, Micro

# the migrations go by it too: it stays as it is
CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=CONVENTION)


def own_id() -> Column[int]:
    """Return the auto-increment primary key column."""
    # SQLite counts only a column that is exactly INTEGER
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def word(name: str, length: int = 64, *, nullable: bool = False, primary_key: bool = False) -> list[SchemaItem]:
    """Return a text column and the check of its length in characters, which SQLite does not enforce."""
    null = f" OR {name} IS NULL" if nullable else ""
    check = CheckConstraint(f"length({name}) <= {length}{null}", name=name)
    return [Column(name, String(length), nullable=nullable, primary_key=primary_key), check]


def choice(name: str, words: Iterable[StrEnum], default: str | None = None) -> list[SchemaItem]:
    """Return a column restricted to a set of words, and its check; `default` is for rows that do not state it."""
    listed = ", ".join(f"'{word}'" for word in words)
    column = Column(name, String(16), nullable=False, server_default=default)
    return [column, CheckConstraint(f"{name} IN ({listed})", name=name)]


def version() -> list[SchemaItem]:
    """Return the row version column and its check."""
    column = Column("version", Integer, nullable=False, server_default="1")
    return [column, CheckConstraint("version >= 1", name="version")]


def flag(name: str) -> list[SchemaItem]:
    """Return a boolean column, false by default."""
    return [Column(name, Boolean(create_constraint=True, name=name), nullable=False, server_default=text("false"))]


def of(
    name: str, key: str, *, nullable: bool = False, primary_key: bool = False, unique: bool | None = None
) -> SchemaItem:
    """Return a foreign key column; `key` is the ``table.column`` that it points to."""
    kind = String(64) if key.endswith("digest") else BigInteger().with_variant(Integer, "sqlite")
    return Column(name, kind, ForeignKey(key), nullable=nullable, primary_key=primary_key, unique=unique)


snapshots = Table(
    "snapshots",
    metadata,
    *word("digest", primary_key=True),
    *word("tables"),
    *word("name", 200),
    Column("archive", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
)
rounds = Table(
    "rounds",
    metadata,
    own_id(),
    *word("name", 200),
    *choice("state", State),
    *version(),
    of("base", "snapshots.digest"),
    of("frozen", "snapshots.digest", nullable=True),
    Column("scenario", Document, nullable=False),
    Column("options", Document, nullable=False),
    *flag("anonymous"),
    Column("deadline", Instant),
    Column("answer_by", Instant),
    of("previous", "rounds.id", nullable=True),
    Column("created", Instant, nullable=False),
    *word("creator"),
)
declarations = Table(
    "declarations",
    metadata,
    of("round", "rounds.id", primary_key=True),
    *word("enterprise", primary_key=True),
    *flag("submitted"),
    *word("origin", 16),
    Column("reminders", Integer, nullable=False, server_default="0"),
    *version(),
    Column("at", Instant),
)
declared = Table(
    "declared",
    metadata,
    of("round", "rounds.id", primary_key=True),
    *choice("sheet", Sheet),
    *word("ident", primary_key=True),
    *word("enterprise"),
    *word("site"),
    *word("subject"),
    *word("period"),
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
    own_id(),
    of("round", "rounds.id"),
    Column("number", Integer, nullable=False),
    *choice("state", MatchState),
    of("snapshot", "snapshots.digest"),
    Column("scenario", Document, nullable=False),
    Column("options", Document, nullable=False),
    Column("versions", Document, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    *word("worker", 200, nullable=True),
    Column("lease", Instant),
    *flag("cancel"),
    *flag("halt"),
    Column("checkpoint", Document),
    *word("status", 16, nullable=True),
    *word("digest", nullable=True),
    Column("plan", LargeBinary),
    Column("value", Micro),
    Column("gain", Micro),
    Column("diagnosis", Document),
    Column("fault", Text),
    Column("requested", Instant, nullable=False),
    *word("requester"),
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
    of("match", "matches.id", primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("record", Document, nullable=False),
)
proposals = Table(
    "proposals",
    metadata,
    own_id(),
    of("match", "matches.id"),
    *word("code", 32),
    *word("ident", 400),
    *word("kind", 16),
    *choice("answer", Answer, "none"),
    *version(),
    Column("record", Document, nullable=False),
    Column("gain", Micro),
    Column("capex", Micro, nullable=False),
    UniqueConstraint("match", "ident"),
    UniqueConstraint("code"),
)
parties = Table(
    "parties",
    metadata,
    of("proposal", "proposals.id", primary_key=True),
    *word("enterprise", primary_key=True),
    *choice("answer", Answer, "none"),
    *version(),
    *word("reason", 1000),
    Column("counter", Document),
    Column("at", Instant),
    *word("actor", nullable=True),
)
lines = Table(
    "lines",
    metadata,
    of("proposal", "proposals.id", primary_key=True),
    Column("number", Integer, primary_key=True),
    *word("from_enterprise"),
    *word("from_site"),
    *word("to_enterprise"),
    *word("to_site"),
    *word("commodity"),
    *word("mode"),
    *word("outlet_kind", 16),
    *word("outlet", 130),
    *word("inlet_kind", 16),
    *word("inlet", 130),
    Column("quantity", Micro, nullable=False),
    Column("price", Micro),
    CheckConstraint("quantity >= 0", name="quantity"),
)
rulings = Table(
    "rulings",
    metadata,
    own_id(),
    of("round", "rounds.id"),
    of("match", "matches.id", nullable=True),
    *word("kind", 16),
    *word("cause", 16),
    Column("pattern", Document, nullable=False),
    *flag("withdrawn"),
    Column("at", Instant, nullable=False),
    *word("actor"),
    CheckConstraint("kind IN ('forbid', 'fix', 'cap', 'build', 'price', 'note')", name="known"),
)
partnerships = Table(
    "partnerships",
    metadata,
    own_id(),
    of("proposal", "proposals.id", unique=True),
    of("round", "rounds.id"),
    *choice("stage", Stage, "agreed"),
    *version(),
    *word("reason", 1000),
    Column("since", Instant, nullable=False),
)
users = Table(
    "users",
    metadata,
    own_id(),
    *word("name"),
    *choice("role", Role),
    *word("enterprise", nullable=True),
    Column("password", Text),
    *flag("disabled"),
    *flag("one_time"),
    Column("failures", Integer, nullable=False, server_default="0"),
    *version(),
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
    own_id(),
    of("user", "users.id"),
    *word("label", 200),
    *word("hash"),
    Column("scopes", Document, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("revoked", Instant),
    UniqueConstraint("hash"),
)
sessions = Table(
    "sessions",
    metadata,
    own_id(),
    of("user", "users.id"),
    *word("hash"),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    UniqueConstraint("hash"),
)
events = Table(
    "events",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    *word("actor"),
    *word("action"),
    *word("subject", 130),
    of("round", "rounds.id", nullable=True),
    Column("detail", Document, nullable=False),
    *word("previous"),
    *word("mac"),
)
chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    *word("mac"),
    CheckConstraint("id = 1", name="one"),
)
requests = Table(
    "requests",
    metadata,
    *word("actor", primary_key=True),
    *word("key", 200, primary_key=True),
    *word("digest"),
    Column("result", Document, nullable=False),
    Column("at", Instant, nullable=False),
)
notices = Table(
    "notices",
    metadata,
    own_id(),
    Column("at", Instant, nullable=False),
    *word("code", 32),
    *word("kind", 32),
    *word("enterprise", nullable=True),
    of("round", "rounds.id", nullable=True),
    *word("subject", 130),
    Column("fields", Document, nullable=False),
    *word("once", 200, nullable=True),
    UniqueConstraint("code"),
    UniqueConstraint("once"),
)
marks = Table(
    "marks",
    metadata,
    of("notice", "notices.id", primary_key=True),
    *word("account", primary_key=True),
    Column("at", Instant, nullable=False),
)
departures = Table(
    "departures",
    metadata,
    *word("enterprise", primary_key=True),
    Column("at", Instant, nullable=False),
    *word("actor"),
    *word("reason", 1000),
)
beats = Table("beats", metadata, *word("name", primary_key=True), Column("at", Instant, nullable=False))
Index(None, notices.c.enterprise)
Index(None, proposals.c.match)
Index(None, matches.c.state)
Index(None, tokens.c.user)
Index(None, sessions.c.user)
Index(None, parties.c.enterprise)
Index(None, events.c.round)
studies = Table(
    "studies",
    metadata,
    own_id(),
    of("round", "rounds.id"),
    of("match", "matches.id", nullable=True),
    *choice("kind", StudyKind),
    Column("asked", Document, nullable=False),
    *word("actor"),
    *word("enterprise", nullable=True),
    *choice("state", MatchState),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("lease", Instant),
    Column("result", LargeBinary),
    Column("fault", Text),
    Column("requested", Instant, nullable=False),
    Column("finished", Instant),
    CheckConstraint("attempt >= 0", name="attempt"),
)
webhooks = Table(
    "webhooks",
    metadata,
    own_id(),
    of("user", "users.id"),
    *word("url", 500),
    Column("actions", Document, nullable=False),
    Column("seen", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("created", Instant, nullable=False),
    Column("ended", Instant),
    *version(),
)
deliveries = Table(
    "deliveries",
    metadata,
    own_id(),
    of("webhook", "webhooks.id"),
    Column("event", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    *choice("state", Sending),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due", Instant, nullable=False),
    Column("status", Integer),
    *word("said", 200, nullable=True),
    Column("at", Instant),
    UniqueConstraint("webhook", "event"),
    CheckConstraint("attempts >= 0", name="attempts"),
)
Index(None, studies.c.round)
Index(None, studies.c.state)
Index(None, webhooks.c.user)
Index(None, deliveries.c.state, deliveries.c.due)
for _table in metadata.tables.values():
    for _column in list(_table.columns):
        if isinstance(_column.type, Micro | Instant):  # SQLite does not enforce that numbers and times are integers
            _check = CheckConstraint(f"typeof({_column.name}) IN ('integer', 'null')", name=f"{_column.name}_type")
            _table.append_constraint(_check.ddl_if(dialect="sqlite"))
