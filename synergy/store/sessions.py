"""Sessions of people: they end where the password changes or the account is disabled."""

from __future__ import annotations

from sqlalchemy import select

from synergy.store.access import Actor
from synergy.store.people import actor_of
from synergy.store.store import Store
from synergy.store.tables import users
from synergy.store.words import refusal


def seen(store: Store, actor: Actor) -> int:
    """Return the version of an account, which a session keeps."""
    with store.database.read() as connection:
        return int(connection.execute(select(users.c.version).where(users.c.id == actor.user)).scalar_one())


def resume(store: Store, user: int, version: int) -> Actor:
    """Return whose session it is.

    Parameters
    ----------
    store : Store
    user : int
        Row of the account.
    version : int
        As from `seen` when the session began.

    Raises
    ------
    DeniedError
        The account was changed or disabled since.
    """
    with store.database.read() as connection:
        row = connection.execute(select(users).where(users.c.id == user)).one_or_none()
    if row is None or row.disabled or row.version != version:
        raise refusal("signed_out")
    return actor_of(row)
