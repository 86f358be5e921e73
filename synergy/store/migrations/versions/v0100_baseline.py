"""Schema of version 0.1.0, identical for SQLite and PostgreSQL.

Its helpers are local copies, so that later changes of `synergy.store.tables` do not affect this migration.
"""

from __future__ import annotations

from alembic import op
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
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import SchemaItem

revision = "0100"
down_revision = None

_ROW = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only a column that is exactly INTEGER
_RUNS = ("requested", "running", "done", "failed", "cancelled")
_ANSWERS = ("none", "interested", "accepted", "declined", "countered")
_ACTIVE = text("state IN ('requested', 'running')")


def _id() -> SchemaItem:
    """Return the auto-increment primary key column."""
    return Column("id", _ROW, primary_key=True, autoincrement=True)


def _of(name: str, key: str, *, nullable: bool = False, primary_key: bool = False) -> SchemaItem:
    """Return a foreign key column."""
    kind = String(64) if key.endswith(".digest") else _ROW
    return Column(name, kind, ForeignKey(key), nullable=nullable, primary_key=primary_key)


def _word(name: str, length: int = 64, *, nullable: bool = False, primary_key: bool = False) -> list[SchemaItem]:
    """Return a text column and the check of its length."""
    null = f" OR {name} IS NULL" if nullable else ""
    check = CheckConstraint(f"length({name}) <= {length}{null}", name=name)
    return [Column(name, String(length), nullable=nullable, primary_key=primary_key), check]


def _choice(name: str, words: tuple[str, ...], default: str | None = None) -> list[SchemaItem]:
    """Return a column restricted to a set of words, and its check."""
    listed = ", ".join(f"'{word}'" for word in words)
    column = Column(name, String(16), nullable=False, server_default=default)
    return [column, CheckConstraint(f"{name} IN ({listed})", name=name)]


def _whole(name: str, *, nullable: bool = False) -> list[SchemaItem]:
    """Return an integer column for money, an amount or a time, and its type check for SQLite."""
    check = CheckConstraint(f"typeof({name}) IN ('integer', 'null')", name=f"{name}_type")
    return [Column(name, BigInteger, nullable=nullable), check.ddl_if(dialect="sqlite")]


def _flag(name: str) -> SchemaItem:
    """Return a boolean column, false by default."""
    return Column(name, Boolean(create_constraint=True, name=name), nullable=False, server_default=text("false"))


def _count(name: str, least: int | None = 0, default: int = 0) -> list[SchemaItem]:
    """Return a counter column and the check of its minimum."""
    column = Column(name, Integer, nullable=False, server_default=str(default))
    return [column] if least is None else [column, CheckConstraint(f"{name} >= {least}", name=name)]


def _version() -> list[SchemaItem]:
    """Return the row version column and its check."""
    return _count("version", 1, 1)


def _document(name: str, *, nullable: bool = False) -> SchemaItem:
    """Return a text column of unlimited length."""
    return Column(name, Text, nullable=nullable)


def upgrade() -> None:
    """Create all tables."""
    _rounds()
    _runs()
    _proposals()
    _accounts()
    _events()
    _beside()


def _rounds() -> None:
    """Create the tables of snapshots, rounds and declarations."""
    op.create_table(
        "snapshots",
        *_word("digest", primary_key=True),
        *_word("tables"),
        *_word("name", 200),
        Column("archive", LargeBinary, nullable=False),
        *_whole("created"),
    )
    states = ("draft", "declaring", "frozen", "matching", "review", "published", "responding", "concluded", "cancelled")
    op.create_table(
        "rounds",
        _id(),
        *_word("name", 200),
        *_choice("state", states),
        *_version(),
        _of("base", "snapshots.digest"),
        _of("frozen", "snapshots.digest", nullable=True),
        _document("scenario"),
        _document("options"),
        _flag("anonymous"),
        *_whole("deadline", nullable=True),
        *_whole("answer_by", nullable=True),
        _of("previous", "rounds.id", nullable=True),
        *_whole("created"),
        *_word("creator"),
    )
    op.create_table(
        "declarations",
        _of("round", "rounds.id", primary_key=True),
        *_word("enterprise", primary_key=True),
        _flag("submitted"),
        *_word("origin", 16),
        *_count("reminders", None),
        *_version(),
        *_whole("at", nullable=True),
    )
    op.create_table(
        "declared",
        _of("round", "rounds.id", primary_key=True),
        *_choice("sheet", ("offers", "needs", "facilities")),
        *_word("ident", primary_key=True),
        *_word("enterprise"),
        *_word("site"),
        *_word("subject"),
        *_word("period"),
        *_whole("amount"),
        *_whole("price", nullable=True),
        _document("other"),
        _document("assumed"),
        CheckConstraint("amount >= 0", name="amount"),
        ForeignKeyConstraint(["round", "enterprise"], ["declarations.round", "declarations.enterprise"]),
        Index(None, "round", "enterprise"),
    )


def _runs() -> None:
    """Create the tables of runs, their progress and rulings."""
    op.create_table(
        "matches",
        _id(),
        _of("round", "rounds.id"),
        Column("number", Integer, nullable=False),
        *_choice("state", _RUNS),
        _of("snapshot", "snapshots.digest"),
        _document("scenario"),
        _document("options"),
        _document("versions"),
        *_count("attempt"),
        *_word("worker", 200, nullable=True),
        *_whole("lease", nullable=True),
        _flag("cancel"),
        _flag("halt"),
        _document("checkpoint", nullable=True),
        *_word("status", 16, nullable=True),
        *_word("digest", nullable=True),
        Column("plan", LargeBinary),
        *_whole("value", nullable=True),
        *_whole("gain", nullable=True),
        _document("diagnosis", nullable=True),
        _document("fault", nullable=True),
        *_whole("requested"),
        *_word("requester"),
        *_whole("started", nullable=True),
        *_whole("finished", nullable=True),
        UniqueConstraint("round", "number"),
        CheckConstraint("state <> 'done' OR status IS NOT NULL", name="ended"),
        Index(None, "state"),
        # one run at a time for each round
        Index("ux_matches_active", "round", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    )
    op.create_table(
        "progress",
        _of("match", "matches.id", primary_key=True),
        Column("attempt", Integer, primary_key=True),
        Column("number", Integer, primary_key=True),
        *_whole("at"),
        _document("record"),
    )
    op.create_table(
        "rulings",
        _id(),
        _of("round", "rounds.id"),
        _of("match", "matches.id", nullable=True),
        *_word("kind", 16),
        *_word("cause", 16),
        _document("pattern"),
        _flag("withdrawn"),
        *_whole("at"),
        *_word("actor"),
        CheckConstraint("kind IN ('forbid', 'fix', 'cap', 'build', 'price', 'note')", name="known"),
    )


def _proposals() -> None:
    """Create the tables of proposals, their parties and lines, and partnerships."""
    op.create_table(
        "proposals",
        _id(),
        _of("match", "matches.id"),
        *_word("code", 32),
        *_word("ident", 400),
        *_word("kind", 16),
        *_choice("answer", _ANSWERS, "none"),
        *_version(),
        _document("record"),
        *_whole("gain", nullable=True),
        *_whole("capex"),
        UniqueConstraint("match", "ident"),
        UniqueConstraint("code"),
        Index(None, "match"),
    )
    op.create_table(
        "parties",
        _of("proposal", "proposals.id", primary_key=True),
        *_word("enterprise", primary_key=True),
        *_choice("answer", _ANSWERS, "none"),
        *_version(),
        *_word("reason", 1000),
        _document("counter", nullable=True),
        *_whole("at", nullable=True),
        *_word("actor", nullable=True),
        Index(None, "enterprise"),
    )
    op.create_table(
        "lines",
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
        *_whole("quantity"),
        *_whole("price", nullable=True),
        CheckConstraint("quantity >= 0", name="quantity"),
    )
    op.create_table(
        "partnerships",
        _id(),
        _of("proposal", "proposals.id"),
        _of("round", "rounds.id"),
        *_choice("stage", ("agreed", "permits", "financing", "building", "running", "ended"), "agreed"),
        *_version(),
        *_word("reason", 1000),
        *_whole("since"),
        UniqueConstraint("proposal"),
    )


def _accounts() -> None:
    """Create the tables of accounts, tokens, sessions and departures."""
    op.create_table(
        "users",
        _id(),
        *_word("name"),
        *_choice("role", ("planner", "editor", "reader", "auditor", "client", "administrator", "worker")),
        *_word("enterprise", nullable=True),
        _document("password", nullable=True),
        _flag("disabled"),
        _flag("one_time"),
        *_count("failures", None),
        *_version(),
        *_whole("created"),
        UniqueConstraint("name"),
        CheckConstraint("role NOT IN ('editor', 'reader') OR enterprise IS NOT NULL", name="member"),
    )
    op.create_table(
        "tokens",
        _id(),
        _of("user", "users.id"),
        *_word("label", 200),
        *_word("hash"),
        _document("scopes"),
        *_whole("created"),
        *_whole("expires"),
        *_whole("revoked", nullable=True),
        UniqueConstraint("hash"),
        Index(None, "user"),
    )
    op.create_table(
        "sessions",
        _id(),
        _of("user", "users.id"),
        *_word("hash"),
        *_whole("created"),
        *_whole("expires"),
        UniqueConstraint("hash"),
        Index(None, "user"),
    )
    op.create_table(
        "departures",
        *_word("enterprise", primary_key=True),
        *_whole("at"),
        *_word("actor"),
        *_word("reason", 1000),
    )


def _events() -> None:
    """Create the tables of the audit chain, idempotent requests, notices and heartbeats."""
    op.create_table(
        "events",
        Column("number", _ROW, primary_key=True, autoincrement=False),
        *_whole("at"),
        *_word("actor"),
        *_word("action"),
        *_word("subject", 130),
        _of("round", "rounds.id", nullable=True),
        _document("detail"),
        *_word("previous"),
        *_word("mac"),
        Index(None, "round"),
    )
    chain = op.create_table(
        "chain",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("number", _ROW, nullable=False),
        *_word("mac"),
        CheckConstraint("id = 1", name="one"),
    )
    op.bulk_insert(chain, [{"id": 1, "number": 0, "mac": "0" * 64}])
    op.create_table(
        "requests",
        *_word("actor", primary_key=True),
        *_word("key", 200, primary_key=True),
        *_word("digest"),
        _document("result"),
        *_whole("at"),
    )
    op.create_table(
        "notices",
        _id(),
        *_whole("at"),
        *_word("code", 32),
        *_word("kind", 32),
        *_word("enterprise", nullable=True),
        _of("round", "rounds.id", nullable=True),
        *_word("subject", 130),
        _document("fields"),
        *_word("once", 200, nullable=True),
        UniqueConstraint("code"),
        UniqueConstraint("once"),
        Index(None, "enterprise"),
    )
    op.create_table(
        "marks",
        _of("notice", "notices.id", primary_key=True),
        *_word("account", primary_key=True),
        *_whole("at"),
    )
    op.create_table("beats", *_word("name", primary_key=True), *_whole("at"))


def _beside() -> None:
    """Create the tables of studies, webhooks and their deliveries."""
    op.create_table(
        "studies",
        _id(),
        _of("round", "rounds.id"),
        _of("match", "matches.id", nullable=True),
        *_choice("kind", ("explanation", "pathways", "sensitivity", "alternatives")),
        _document("asked"),
        *_word("actor"),
        *_word("enterprise", nullable=True),
        *_choice("state", _RUNS),
        *_count("attempt"),
        *_whole("lease", nullable=True),
        Column("result", LargeBinary),
        _document("fault", nullable=True),
        *_whole("requested"),
        *_whole("finished", nullable=True),
        Index(None, "round"),
        Index(None, "state"),
    )
    op.create_table(
        "webhooks",
        _id(),
        _of("user", "users.id"),
        *_word("url", 500),
        _document("actions"),
        Column("seen", _ROW, nullable=False),
        *_whole("created"),
        *_whole("ended", nullable=True),
        *_version(),
        Index(None, "user"),
    )
    op.create_table(
        "deliveries",
        _id(),
        _of("webhook", "webhooks.id"),
        Column("event", _ROW, nullable=False),
        *_choice("state", ("waiting", "sent", "failed")),
        *_count("attempts"),
        *_whole("due"),
        Column("status", Integer),
        *_word("said", 200, nullable=True),
        *_whole("at", nullable=True),
        UniqueConstraint("webhook", "event"),
        Index(None, "state", "due"),
    )
