"""Tables of what happens beside a round: questions about its plan, and calls to other machines."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from synergy.store.columns import choice, metadata, of, own_id, typed, version, word
from synergy.store.exact import Document, Instant
from synergy.store.names import MatchState, Sending, StudyKind

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
typed(studies, webhooks, deliveries)
