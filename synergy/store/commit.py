"""Atomic and idempotent steps on a store, with their events in the audit chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from synergy.store.access import Actor
from synergy.store.column_types import canonical
from synergy.store.messages import refusal
from synergy.store.store import Store, signed
from synergy.store.tables import chain, events, requests

Record = dict[str, Any]
START = "0" * 64  # what the first event follows
_HEAD = select(chain.c.mac)


@dataclass(frozen=True, slots=True)
class Step:
    """Request of a change, with its arguments and idempotency key.

    Parameters
    ----------
    name : str
        Of the step, as in the events.
    given : mapping
        Arguments of the call; a repeated key has to come with the same ones.
    key : str or None
        Idempotency key of the caller.
    """

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the name and the arguments."""
        return hashlib.sha256(canonical([self.name, dict(self.given)]).encode()).hexdigest()


@dataclass(slots=True)
class Transaction:
    """Write transaction: its connection, actor, time, and the head of the audit chain.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In the transaction.
    store : Store
        Its secret signs the events.
    actor : Actor
        Who changes.
    at : datetime.datetime
        When.
    number, mac : int, str
        Head of the chain.
    """

    connection: Connection
    store: Store
    actor: Actor
    at: datetime
    number: int
    mac: str

    def event(self, action: str, subject: str, detail: Mapping[str, Any], round_id: int | None = None) -> None:
        """Append an event to the audit chain.

        Parameters
        ----------
        action : str
            Name of the event.
        subject : str
            Object of the event, as ``round:3``.
        detail : mapping
            The changes; no password, no token.
        round_id : int or None
            The round that it belongs to.
        """
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

    def bump(self, table: Table, key: Mapping[str, Any], version: int, what: str, **values: Any) -> None:
        """Update a row under optimistic locking: only if its version is still the one that was read.

        Parameters
        ----------
        table : sqlalchemy.Table
            With a `version`.
        key : mapping
            Columns that name the row.
        version : int
            As it was seen.
        what : str
            Noun of the error.
        **values : object
            New values.

        Raises
        ------
        ConflictError
            The row has been changed meanwhile.
        """
        same = [table.c[name] == value for name, value in key.items()]
        done = self.connection.execute(
            update(table).where(*same, table.c.version == version).values(version=version + 1, **values)
        )
        if done.rowcount != 1:
            found = self.connection.execute(select(table.c.version).where(*same)).scalar()
            raise refusal("stale", what=what, given=version, found=found)


def inserted(connection: Connection, table: Table, **values: Any) -> int:
    """Insert a row and return its generated id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def head(store: Store) -> str:
    """Return the MAC at the head of the audit chain, which changes with every event and only then."""
    with store.database.read() as connection:
        return str(connection.execute(_HEAD).scalar_one())


def commit(store: Store, actor: Actor, step: Step, body: Callable[[Transaction], Record]) -> Record:
    """Execute a step in one transaction; a repeated idempotency key returns the result of the first call.

    Parameters
    ----------
    store : Store
        The store to change.
    actor : Actor
        The account; access has been checked before.
    step : Step
        The request.
    body : callable
        Does it and returns a plain record; whatever it raises leaves everything as it was.

    Returns
    -------
    dict
        The record of the body, or of the first time.

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
        known = _known(connection, actor, step)
        if known is not None:
            return known
        change = Transaction(connection, store, actor, store.now(), number, mac)
        result: Record = json.loads(canonical(body(change)))
        if change.number != number:
            connection.execute(update(chain).values(number=change.number, mac=change.mac))
        if step.key is not None:
            row = {"actor": actor.name, "key": step.key, "digest": step.digest, "result": result, "at": change.at}
            connection.execute(insert(requests).values(**row))
        return result


def _known(connection: Connection, actor: Actor, step: Step) -> Record | None:
    """Return the stored result of an earlier step with the same key, None where there is none."""
    if step.key is None:
        return None
    found = connection.execute(
        select(requests.c.digest, requests.c.result).where(requests.c.actor == actor.name, requests.c.key == step.key)
    ).one_or_none()
    if found is None:
        return None
    if found.digest != step.digest:
        raise refusal("key_reused", key=step.key)
    return dict(found.result)
