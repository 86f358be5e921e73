"""Notices to enterprises and planners, with deduplication and read marks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, select

from synergy.records.accounts import Notice
from synergy.records.figures import Record
from synergy.records.names import State
from synergy.store.access import Action, Actor, Resource, involved, members, only_own, require
from synergy.store.commit import Step, Transaction, commit
from synergy.store.messages import message
from synergy.store.store import Store
from synergy.store.tables import marks, notices, rounds

SOON = timedelta(hours=48)  # before a deadline, those who are late are told
MOST = 500  # notices that are listed, the latest
PLANNERS = None  # for whom a notice is that is for no enterprise


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """Content of a notice.

    `kind` is its name in `synergy.store.messages.MESSAGES`; `subject` the code of the proposal, or number of the
    partnership, that it is about; `fields` are values of the placeholders, and more for programs: nothing that its
    readers may not see. `once` is a deduplication key: no recipient gets two notices of one kind and round with the
    same key; "": always sent.
    """

    kind: str
    round_id: int | None = None
    subject: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    once: str = ""


def post(change: Transaction, to: Iterable[str | None], told: NoticeContent) -> None:
    """Post a notice inside a transaction to enterprises, or to `PLANNERS`; duplicate recipients are ignored."""
    rows = []
    for name in dict.fromkeys(to):
        key = f"{told.kind}:{told.round_id}:{told.once}:{name}" if told.once else None
        # no number: it would tell how much others are told
        row = {"code": "N" + secrets.token_hex(10), "at": change.at, "enterprise": name, "kind": told.kind}
        row |= {"round": told.round_id, "subject": told.subject, "fields": dict(told.fields), "once": key}
        rows.append(row)
    keys = [row["once"] for row in rows if row["once"] is not None]
    found = change.connection.execute(select(notices.c.once).where(notices.c.once.in_(keys))).scalars() if keys else ()
    known = set(found)
    news = [row for row in rows if row["once"] is None or row["once"] not in known]
    if news:
        change.connection.execute(insert(notices), news)


def approaching(store: Store, actor: Actor) -> int:
    """Notify late enterprises of a deadline within `SOON`, once each; return the number of such rounds."""
    require(actor, Action.WORK, Resource("notice"))
    with store.database.read() as connection:
        near = _near(store, connection)
    if not near:
        return 0

    def body(change: Transaction) -> Record:
        for ident, kind, deadline in _near(store, change.connection):
            late = _late(change.connection, ident, kind)
            post(change, late, NoticeContent(kind, ident, "", {"deadline": deadline}, once=deadline))
        return Record()

    commit(store, actor, Step("notice.approaching"), Record, body)
    return len(near)


def _near(store: Store, connection: Connection) -> list[tuple[int, str, str]]:
    """Return the rounds with a near deadline and late members not yet notified: id, kind of notice, deadline."""
    now = store.now()
    found = []
    for state, column, kind in (
        (State.DECLARING, rounds.c.deadline, "declare_by"),
        (State.RESPONDING, rounds.c.answer_by, "answer_by"),
    ):
        own = (rounds.c.state == state) & (column > now) & (column <= now + SOON)
        for ident, deadline in connection.execute(select(rounds.c.id, column).where(own)).all():
            said = deadline.isoformat(timespec="minutes")
            keys = [f"{kind}:{ident}:{said}:{name}" for name in _late(connection, ident, kind)]
            known = set(connection.execute(select(notices.c.once).where(notices.c.once.in_(keys))).scalars())
            if set(keys) - known:
                found.append((ident, kind, said))
    return found


def _late(connection: Connection, round_id: int, kind: str) -> list[str]:
    if kind == "declare_by":
        return members(connection, round_id, late=True)
    return involved(connection, round_id, silent=True)


def list_notices(store: Store, actor: Actor, *, unread: bool = False) -> list[Notice]:
    """Return the notices of the actor's enterprise, or of the planners, at most `MOST`, the latest first.

    `unread` leaves out those that this account has marked.
    """
    own = _own(actor)
    mark = select(marks.c.at).where(marks.c.notice == notices.c.id, marks.c.account == actor.name).scalar_subquery()
    wanted = select(notices, notices.c.code.label("notice"), mark.label("marked")).where(own)
    if unread:
        wanted = wanted.where(mark.is_(None))
    with store.database.read() as connection:
        rows = connection.execute(wanted.order_by(notices.c.id.desc()).limit(MOST)).all()
    return [Notice.of(row, **message(row.kind, row.fields), read=row.marked is not None) for row in rows]


def unread(store: Store, actor: Actor) -> int:
    """Return the number of unread notices of an account."""
    own = only_own(actor, Action.SEE_NOTICES, "notice")
    given = {"account": actor.name} | ({"enterprise": actor.enterprise} if own else {})
    with store.database.read() as connection:
        return int(connection.execute(_unread(own), given).scalar_one())


@lru_cache
def _unread(own: bool) -> Select[int]:
    """Return the query that counts unread notices, for an enterprise or for planners."""
    whose = notices.c.enterprise == bindparam("enterprise") if own else notices.c.enterprise.is_(None)
    done = select(marks.c.notice).where(marks.c.account == bindparam("account"))
    return select(func.count()).select_from(notices).where(whose, notices.c.id.not_in(done))


def mark_read(store: Store, actor: Actor, codes: Sequence[str] | None = None) -> int:
    """Mark notices of `list_notices` as read by an account, by default all; return how many were unread.

    Codes of notices of others are ignored.
    """
    own = _own(actor, Action.MARK_NOTICES)
    if codes is not None:
        own &= notices.c.code.in_(list(codes))
    done = select(marks.c.notice).where(marks.c.account == actor.name)
    with store.database.write() as connection:
        news = connection.execute(select(notices.c.id).where(own, notices.c.id.not_in(done))).scalars().all()
        rows = [{"notice": ident, "account": actor.name, "at": store.now()} for ident in news]
        if rows:
            connection.execute(insert(marks), rows)
    return len(rows)


def _own(actor: Actor, action: Action = Action.SEE_NOTICES) -> ColumnElement[bool]:
    """Return the condition that a notice is addressed to an actor."""
    return (
        notices.c.enterprise == actor.enterprise
        if only_own(actor, action, "notice")
        else notices.c.enterprise.is_(None)
    )
