"""API tokens: scoped, expiring, shown once and stored as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from synergy.records.accounts import Token, TokenEnded, TokenMade
from synergy.records.figures import Ident, Record, Time
from synergy.store.access import SCOPES, Action, Actor, Resource, require
from synergy.store.accounts import actor_of
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.store.tables import tokens, users

PREFIX = "syn_"
LONGEST = 366  # days


class _Seeded(Record):
    """A created token as it is stored for a repeated request: with a seed instead of the secret."""

    id: Ident
    label: str
    scopes: list[str]
    expires: Time
    seed: str


def _hash(token: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(token.encode()).hexdigest()


def add_token(
    store: Store, actor: Actor, label: str, scopes: Sequence[str], days: int = 90, key: str | None = None
) -> TokenMade:
    """Create an API token for the actor's own account, who is signed in: a token makes no tokens.

    It never has more than the permissions of the account. The same idempotency key gives the same token.

    Raises
    ------
    RefusedError
        A scope that is not in `SCOPES`, or more days than `LONGEST`.
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

    def body(change: Transaction) -> _Seeded:
        row = {"label": label, "scopes": given["scopes"], "expires": change.at + timedelta(days=days)}
        ident = inserted(
            change.connection, tokens, **row, user=user, created=change.at, hash=_hash(_token(store, seed))
        )
        made = _Seeded.model_validate({"id": ident, **row, "seed": seed})
        change.event("token.add", f"token:{ident}", made.model_dump(mode="json", exclude={"id", "seed"}))
        return made

    made = commit(store, actor, Step("token.add", given, key), _Seeded, body)
    return TokenMade(**made.model_dump(exclude={"seed"}), token=_token(store, made.seed))


def _token(store: Store, seed: str) -> str:
    """Return the token derived from a seed and the key of the store, so that it need not be stored."""
    return PREFIX + hmac.new(store.secret, f"token:{seed}".encode(), hashlib.sha256).hexdigest()


def revoke_token(store: Store, actor: Actor, ident: int) -> TokenEnded:
    """Revoke a token of the actor's own account; an administrator may revoke any."""
    with store.database.read() as connection:
        owner = connection.execute(
            select(users.c.name).join(tokens, tokens.c.user == users.c.id).where(tokens.c.id == ident)
        ).scalar()
    require(actor, Action.OWN_ACCOUNT, Resource("token", owner=owner))
    return _ended(store, actor, ident)


def end_token(store: Store, actor: Actor, ident: int) -> TokenEnded:
    """Revoke a token of any account, as an administrator or a program of one."""
    require(actor, Action.MANAGE_USERS, Resource("token"))
    return _ended(store, actor, ident)


def _ended(store: Store, actor: Actor, ident: int) -> TokenEnded:
    def body(change: Transaction) -> TokenEnded:
        live = (tokens.c.id == ident) & tokens.c.revoked.is_(None)
        if change.connection.execute(update(tokens).where(live).values(revoked=change.at)).rowcount != 1:
            raise refusal("not_found", what="token")
        change.event("token.revoke", f"token:{ident}", {})
        return TokenEnded(id=ident, revoked=change.at)

    return commit(store, actor, Step("token.revoke"), TokenEnded, body)


def list_tokens(store: Store, actor: Actor) -> list[Token]:
    """Return the metadata of the tokens of the actor's own account."""
    require(actor, Action.OWN_ACCOUNT, Resource("token", owner=actor.name))
    with store.database.read() as connection:
        rows = connection.execute(select(tokens).where(tokens.c.user == actor.user).order_by(tokens.c.id)).all()
    return [Token.of(row) for row in rows]


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
