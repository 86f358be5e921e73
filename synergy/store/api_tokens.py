"""API tokens: scoped, expiring, shown once and stored as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from synergy.store.access import SCOPES, Action, Actor, Resource, require
from synergy.store.accounts import actor_of
from synergy.store.commit import Record, Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.store.tables import tokens, users

PREFIX = "syn_"
LONGEST = 366  # days


def _hash(token: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(token.encode()).hexdigest()


def add_token(
    store: Store, actor: Actor, label: str, scopes: Sequence[str], days: int = 90, key: str | None = None
) -> Record:
    """Create an API token for the actor's own account.

    Parameters
    ----------
    store : Store
    actor : Actor
        Signed in; a token makes no tokens.
    label : str
        For people.
    scopes : sequence of str
        Its scopes, of `synergy.store.access.SCOPES`; never more than the permissions of the account.
    days : int
        How long it holds, at most `LONGEST`.
    key : str, optional
        Idempotency key: sent again, the same token.

    Returns
    -------
    dict
        ``{id, token, label, scopes, expires}``: the token is shown this once, and kept nowhere.

    Raises
    ------
    RefusedError
        An unknown scope, or too long a time.
    """
    require(actor, Action.OWN_ACCOUNT, Resource("token", owner=actor.name))
    for scope in scopes:
        if scope not in SCOPES:
            raise refusal("unknown", what="scope", name=scope, expected=", ".join(SCOPES))
    if not scopes or not 0 < days <= LONGEST or len(label) > 200:
        raise refusal("bad_value", what="token", value=f"{len(scopes)} scopes, {days} d", expected=f"<= {LONGEST} d")
    if actor.user is None:
        raise refusal("signed_out")
    user, seed = actor.user, secrets.token_urlsafe(32)
    given = {"label": label, "scopes": sorted(set(scopes)), "days": days}

    def body(change: Transaction) -> Record:
        expires = change.at + timedelta(days=days)
        row = {"user": user, "label": label, "scopes": given["scopes"], "created": change.at, "expires": expires}
        ident = inserted(change.connection, tokens, **row, hash=_hash(_token(store, seed)))
        told = {"label": label, "scopes": row["scopes"], "expires": expires.isoformat()}
        change.event("token.add", f"token:{ident}", told)
        return {"id": ident, **told, "seed": seed}

    made = commit(store, actor, Step("token.add", given, key), body)
    return {name: one for name, one in made.items() if name != "seed"} | {"token": _token(store, made["seed"])}


def _token(store: Store, seed: str) -> str:
    """Return the token derived from a seed and the key of the store, so that it need not be stored."""
    return PREFIX + hmac.new(store.secret, f"token:{seed}".encode(), hashlib.sha256).hexdigest()


def revoke_token(store: Store, actor: Actor, ident: int) -> Record:
    """Revoke a token of the actor's own account; an administrator may revoke any.

    Returns
    -------
    dict
        ``{id, revoked}``.
    """
    with store.database.read() as connection:
        owner = connection.execute(
            select(users.c.name).join(tokens, tokens.c.user == users.c.id).where(tokens.c.id == ident)
        ).scalar()
    require(actor, Action.OWN_ACCOUNT, Resource("token", owner=owner))
    return _ended(store, actor, ident)


def end_token(store: Store, actor: Actor, ident: int) -> Record:
    """Revoke a token of any account.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator, or a program of one.
    ident : int
        The token.

    Returns
    -------
    dict
        ``{id, revoked}``.
    """
    require(actor, Action.MANAGE_USERS, Resource("token"))
    return _ended(store, actor, ident)


def _ended(store: Store, actor: Actor, ident: int) -> Record:
    def body(change: Transaction) -> Record:
        live = (tokens.c.id == ident) & tokens.c.revoked.is_(None)
        if change.connection.execute(update(tokens).where(live).values(revoked=change.at)).rowcount != 1:
            raise refusal("not_found", what="token")
        change.event("token.revoke", f"token:{ident}", {})
        return {"id": ident, "revoked": change.at.isoformat()}

    return commit(store, actor, Step("token.revoke"), body)


def list_tokens(store: Store, actor: Actor) -> list[Record]:
    """Return the metadata of the tokens of the actor's own account.

    Returns
    -------
    list of dict
        ``{id, label, scopes, created, expires, revoked}``.
    """
    require(actor, Action.OWN_ACCOUNT, Resource("token", owner=actor.name))
    with store.database.read() as connection:
        rows = connection.execute(select(tokens).where(tokens.c.user == actor.user).order_by(tokens.c.id)).all()
    times = ("created", "expires", "revoked")
    return [
        {"id": row.id, "label": row.label, "scopes": row.scopes}
        | {name: None if row._mapping[name] is None else row._mapping[name].isoformat() for name in times}
        for row in rows
    ]


def actor_of_token(store: Store, token: str) -> Actor:
    """Return the actor authenticated by a token, restricted to its scopes.

    Raises
    ------
    DeniedError
        It is unknown, has ended, or its account is disabled; the cause is not disclosed.
    """
    with store.database.read() as connection:
        found = connection.execute(
            select(users, tokens.c.scopes, tokens.c.expires, tokens.c.revoked)
            .join(tokens, tokens.c.user == users.c.id)
            .where(tokens.c.hash == _hash(token))
        ).one_or_none()
    if found is None or found.revoked is not None or found.expires <= store.now() or found.disabled:
        raise refusal("signed_out")
    return actor_of(found, frozenset(found.scopes))
