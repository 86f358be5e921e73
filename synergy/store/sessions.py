"""Sessions of people: they end with time, when one leaves, when the password changes or the account is disabled."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, insert, select

from synergy.store.access import Actor
from synergy.store.people import actor_of
from synergy.store.store import Store
from synergy.store.tables import sessions, users
from synergy.store.words import refusal

# asked for every page: made once
_LIVE = (
    select(users)
    .join(sessions, sessions.c.user == users.c.id)
    .where(sessions.c.hash == bindparam("key"), sessions.c.expires > bindparam("at"), users.c.disabled.is_(False))
)


@dataclass(frozen=True, slots=True)
class Session:
    """Whose session it is.

    Parameters
    ----------
    actor : Actor
        Who signed in.
    one_time : bool
        Whether the password was given by somebody else and has to be changed first.
    """

    actor: Actor
    one_time: bool


def _hash(key: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(key.encode()).hexdigest()


def begin(store: Store, who: Actor, hours: float) -> str:
    """Begin a session of somebody who has just signed in.

    Parameters
    ----------
    store : Store
    who : Actor
    hours : float
        How long it lasts.

    Returns
    -------
    str
        Its key: the store keeps only a hash of it.
    """
    if who.user is None:
        raise refusal("signed_out")
    key, at = secrets.token_urlsafe(32), store.now()
    row = {"user": who.user, "hash": _hash(key), "created": at, "expires": at + timedelta(hours=hours)}
    with store.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires <= at))
        connection.execute(insert(sessions).values(**row))
    return key


def resume(store: Store, key: str) -> Session:
    """Return whose session it is.

    Parameters
    ----------
    store : Store
    key : str
        As from `begin`.

    Raises
    ------
    DeniedError
        It has ended.
    """
    with store.database.read() as connection:
        row = connection.execute(_LIVE, {"key": _hash(key), "at": store.now()}).one_or_none()
    if row is None:
        raise refusal("signed_out")
    return Session(actor_of(row), bool(row.one_time))


def one_time(store: Store, who: Actor) -> bool:
    """Return whether the password of an account has to be changed before anything else."""
    with store.database.read() as connection:
        return bool(connection.execute(select(users.c.one_time).where(users.c.id == who.user)).scalar())


def end(store: Store, key: str) -> None:
    """End a session."""
    with store.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == _hash(key)))
