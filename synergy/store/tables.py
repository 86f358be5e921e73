"""The tables of a store."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from synergy.store.columns import choice, flag, metadata, of, own_id, typed, version, word
from synergy.store.exact import Document, Instant, Micro
from synergy.store.names import OF_AN_ENTERPRISE, Answer, MatchState, Role, Sheet, Stage, State

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
typed(*metadata.tables.values())
