"""Atomic and idempotent steps on a store, and the audit chain of their events."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Table, insert, select, update

from synergy.records.accounts import Chain, Event, Head
from synergy.records.figures import Record
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.column_types import canonical
from synergy.store.messages import refusal
from synergy.store.store import Store, signed
from synergy.store.tables import chain, events, requests

Answered = TypeVar("Answered", bound=Record)
START = "0" * 64  # what the first event follows
_BATCH = 1000  # events verified at a time
_HEAD = select(chain.c.mac)


@dataclass(frozen=True, slots=True)
class Step:
    """Request of a change: its name as in the events, its arguments, and the idempotency key of the caller.

    A repeated key has to come with the same arguments.
    """

    name: str
    given: Mapping[str, object] = field(default_factory=dict)
    key: str | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the name and the arguments."""
        return hashlib.sha256(canonical([self.name, dict(self.given)]).encode()).hexdigest()


@dataclass(slots=True)
class Transaction:
    """Write transaction: connection, store (its secret signs events), actor, time, and head of the audit chain."""

    connection: Connection
    store: Store
    actor: Actor
    at: datetime
    number: int
    mac: str

    def event(self, action: str, subject: str, detail: Mapping[str, object], round_id: int | None = None) -> None:
        """Append an event to the audit chain: object, as ``round:3``, and changes, without passwords and tokens."""
        self.number += 1
        row = {
            "number": self.number,
            "at": self.at,
            "actor": self.actor.name,
            "action": action,
            "subject": subject,
            "round": round_id,
            "detail": dict(detail),
            "previous": self.mac,
        }
        self.mac = signed(self.store.secret, row)
        self.connection.execute(insert(events).values(**row, mac=self.mac))

    def bump(self, table: Table, key: Mapping[str, object], version: int, what: str, **values: object) -> None:
        """Update a row under optimistic locking: `ConflictError` unless its version is the one that was read.

        `key` has the columns that identify the row, `what` is the noun of the error.
        """
        same = [table.c[name] == value for name, value in key.items()]
        done = self.connection.execute(
            update(table).where(*same, table.c.version == version).values(version=version + 1, **values)
        )
        if done.rowcount != 1:
            found = self.connection.execute(select(table.c.version).where(*same)).scalar()
            raise refusal("stale", what=what, given=version, found=found)


def inserted(connection: Connection, table: Table, **values: object) -> int:
    """Insert a row and return its generated id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def head(store: Store) -> str:
    """Return the MAC at the head of the audit chain, which changes with every event and only then."""
    with store.database.read() as connection:
        return str(connection.execute(_HEAD).scalar_one())


def commit(
    store: Store, actor: Actor, step: Step, kind: type[Answered], body: Callable[[Transaction], Answered]
) -> Answered:
    """Execute a step in one transaction; a repeated idempotency key returns the record of the first call.

    Access has been checked before. `body` makes the change and returns its record; whatever it raises leaves everything
    as it was. `kind` is the class of the record, by which that of an earlier call is read.

    Raises
    ------
    ConflictError
        The key was used for something else, or the body found a newer version.
    UnavailableError
        The database did not answer; nothing was stored.
    """
    with store.database.write() as connection:
        # the row of the chain is the lock that puts writers in line, on a server too
        number, mac = connection.execute(select(chain.c.number, chain.c.mac).with_for_update()).one()
        asked = (requests.c.actor == actor.name) & (requests.c.key == step.key)
        wanted = select(requests.c.digest, requests.c.result).where(asked)
        known = None if step.key is None else connection.execute(wanted).one_or_none()
        if known is not None:
            if known.digest != step.digest:
                raise refusal("key_reused", key=step.key)
            return kind.model_validate(known.result)
        change = Transaction(connection, store, actor, store.now(), number, mac)
        result = body(change)
        if change.number != number:
            connection.execute(update(chain).values(number=change.number, mac=change.mac))
        if step.key is not None:
            row = {"actor": actor.name, "key": step.key, "digest": step.digest, "at": change.at}
            connection.execute(insert(requests).values(**row, result=result.document()))
        return result


def history(
    store: Store, actor: Actor, round_id: int | None = None, limit: int = 1000, before: int | None = None
) -> list[Event]:
    """Return the latest events, in descending order: of one round if given, before a number to continue a page."""
    require(actor, Action.SEE_EVENTS, Resource("round"))
    wanted = select(events).order_by(events.c.number.desc()).limit(limit)
    if round_id is not None:
        wanted = wanted.where(events.c.round == round_id)
    if before is not None:
        wanted = wanted.where(events.c.number < before)
    with store.database.read() as connection:
        return [Event.of(row) for row in connection.execute(wanted)]


def verify_chain(store: Store, actor: Actor, expected: Head | None = None) -> Chain:
    """Recompute the audit chain and verify its events and its head.

    A head published earlier (`expected`) must be in the chain; otherwise its tail was cut off.
    """
    require(actor, Action.VERIFY_CHAIN, Resource("round"))
    with store.database.read() as connection:
        tip = connection.execute(select(chain.c.number, chain.c.mac)).one()
        number, mac, broken = 0, START, None
        held = expected is None or expected.number == 0
        while broken is None:
            later = select(events).where(events.c.number > number).order_by(events.c.number).limit(_BATCH)
            rows = connection.execute(later).all()
            for row in rows:
                linked = row.number == number + 1 and row.previous == mac
                if not linked or signed(store.secret, dict(row._mapping)) != row.mac:
                    broken = number + 1
                    break
                number, mac = row.number, row.mac
                if expected is not None and number == expected.number:
                    held = mac == expected.mac
            if len(rows) < _BATCH:
                break
    if broken is None and (tip.number, tip.mac) != (number, mac):
        broken = number + 1
    return Chain(sound=broken is None and held, count=number, head=Head.of(tip), broken=broken)
