"""Notices to enterprises and planners, with deduplication and read marks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select

from synergy.store.access import Action, Actor, Reach, Resource, involved, members, reach, require
from synergy.store.commit import Record, Step, Transaction, commit
from synergy.store.messages import message
from synergy.store.names import State
from synergy.store.store import Store
from synergy.store.tables import marks, notices, rounds

SOON = timedelta(hours=48)  # before a deadline, those who are late are told
MOST = 500  # notices that are listed, the latest
PLANNERS = None  # for whom a notice is that is for no enterprise


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """Content of a notice.

    Parameters
    ----------
    kind : str
        Its name in `synergy.store.messages.MESSAGES`.
    round_id : int or None
        The round that it is about.
    subject : str
        Code of the proposal, or number of the partnership, that it is about.
    fields : mapping
        Values of the placeholders of the message, and more for programs; nothing that its readers may not see.
    once : str
        Deduplication key: no recipient gets two notices of one kind and round with the same key. "": always sent.
    """

    kind: str
    round_id: int | None = None
    subject: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    once: str = ""


def post(change: Transaction, to: Iterable[str | None], told: NoticeContent) -> None:
    """Post a notice to enterprises, or to `PLANNERS`, inside a transaction.

    Parameters
    ----------
    change : Transaction
        The transaction.
    to : iterable of str or None
        Recipients; duplicates are ignored.
    told : NoticeContent
        The content.
    """
    rows = []
    for name in dict.fromkeys(to):
        key = f"{told.kind}:{told.round_id}:{told.once}:{name}" if told.once else None
        # no number: it would tell how much others are told
        row = {"code": "N" + secrets.token_hex(10), "at": change.at, "enterprise": name, "kind": told.kind}
        row |= {"round": told.round_id, "subject": told.subject, "fields": dict(told.fields), "once": key}
        rows.append(row)
    keys = [row["once"] for row in rows if row["once"] is not None]
    known = set(change.connection.execute(select(notices.c.once).where(notices.c.once.in_(keys))).scalars())
    news = [row for row in rows if row["once"] is None or row["once"] not in known]
    if news:
        change.connection.execute(insert(notices), news)


def approaching(store: Store, actor: Actor) -> int:
    """Notify late enterprises of an approaching deadline, once each.

    Parameters
    ----------
    store : Store
    actor : Actor
        The worker's.

    Returns
    -------
    int
        Rounds with a deadline within `SOON`.
    """
    require(actor, Action.WORK, Resource("notice"))
    with store.database.read() as connection:
        near = _near(store, connection)
    if not near:
        return 0

    def body(change: Transaction) -> Record:
        for ident, kind, deadline in _near(store, change.connection):
            late = _late(change.connection, ident, kind)
            post(change, late, NoticeContent(kind, ident, "", {"deadline": deadline}, once=deadline))
        return {}

    commit(store, actor, Step("notice.approaching"), body)
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


def list_notices(store: Store, actor: Actor, *, unread: bool = False) -> list[Record]:
    """Return the notices of an enterprise, or of the planners, the latest first.

    Parameters
    ----------
    store : Store
    actor : Actor
        Of the enterprise, or a planner.
    unread : bool
        Only notices that this account has not marked.

    Returns
    -------
    list of dict
        ``{notice, at, round, kind, subject, fields, text_en, text_zh, read}``, at most `MOST`: subject is the code of a
        proposal or the number of a partnership, "" where there is none.
    """
    own = _own(actor)
    mark = select(marks.c.at).where(marks.c.notice == notices.c.id, marks.c.account == actor.name).scalar_subquery()
    wanted = select(notices, mark.label("marked")).where(own)
    if unread:
        wanted = wanted.where(mark.is_(None))
    with store.database.read() as connection:
        rows = connection.execute(wanted.order_by(notices.c.id.desc()).limit(MOST)).all()
    names = ("round", "kind", "subject", "fields")
    return [
        {
            "notice": row.code,
            "at": row.at.isoformat(),
            **{name: row._mapping[name] for name in names},
            **message(row.kind, row.fields),
            "read": row.marked is not None,
        }
        for row in rows
    ]


def unread(store: Store, actor: Actor) -> int:
    """Return the number of unread notices of an account.

    Parameters
    ----------
    store, actor
        As for `list_notices`.
    """
    own = _is_own(actor)
    given = {"account": actor.name} | ({"enterprise": actor.enterprise} if own else {})
    with store.database.read() as connection:
        return int(connection.execute(_unread(own), given).scalar_one())


@lru_cache
def _unread(own: bool) -> Select[Any]:
    """Return the query that counts unread notices, for an enterprise or for planners."""
    whose = notices.c.enterprise == bindparam("enterprise") if own else notices.c.enterprise.is_(None)
    done = select(marks.c.notice).where(marks.c.account == bindparam("account"))
    return select(func.count()).select_from(notices).where(whose, notices.c.id.not_in(done))


def mark_read(store: Store, actor: Actor, codes: Sequence[str] | None = None) -> int:
    """Mark notices as read by an account.

    Parameters
    ----------
    store : Store
    actor : Actor
        As for `list_notices`.
    codes : sequence of str, optional
        Of notices; those of others are ignored. None: all notices of the actor.

    Returns
    -------
    int
        How many were not marked before.
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


def _own(actor: Actor, action: Action = Action.SEE_NOTICES) -> Any:
    """Return the condition that a notice is addressed to an actor."""
    return notices.c.enterprise == actor.enterprise if _is_own(actor, action) else notices.c.enterprise.is_(None)


def _is_own(actor: Actor, action: Action = Action.SEE_NOTICES) -> bool:
    """Return whether an actor receives the notices of its enterprise, rather than those of planners."""
    own = reach(actor, action) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, action, Resource("notice", mine))
    return own
