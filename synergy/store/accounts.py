"""User accounts: creation, sign-in, sessions, passwords, and API tokens, of which the store keeps only hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from synergy.dataset.typed import folded
from synergy.records.accounts import Account, AccountChanged, AccountMade, IssuedToken, Token, TokenEnded, TokenMade
from synergy.records.figures import Ident, Record, Time
from synergy.records.names import OF_AN_ENTERPRISE, Role
from synergy.store.access import SCOPES, Action, Actor, Resource, departed, require
from synergy.store.commit import Step, Transaction, commit, inserted
from synergy.store.messages import existing, refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions
from synergy.store.rows import UserRow
from synergy.store.store import Store
from synergy.store.tables import sessions, tokens, users

# asked for every page: made once
_LIVE = (
    select(users)
    .join(sessions, sessions.c.user == users.c.id)
    .where(sessions.c.hash == bindparam("key"), sessions.c.expires > bindparam("at"), users.c.disabled.is_(False))
)
SHORTEST = 10  # characters of a password
TOLD = (5, 50, 500, 5000)  # wrong passwords in a row of which the owner is told
# one alphabet and Han, so that no two names look alike; written as they go into an address
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_NAME = re.compile(rf"[A-Za-z0-9{_HAN}][A-Za-z0-9{_HAN}._@+-]{{0,63}}")
PREFIX = "syn_"  # of a token
LONGEST = 366  # days of a token
_HASHER = PasswordHasher()
MACHINE = Actor("machine", Role.ADMINISTRATOR)  # whoever may open the database, before there is any account


@dataclass(frozen=True, slots=True)
class Session:
    """Sign-in session of an account; `one_time`: another account set the password, which has to be changed first."""

    actor: Actor
    one_time: bool


def _hash(key: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(key.encode()).hexdigest()


def begin(store: Store, who: Actor, hours: float) -> str:
    """Start a session for an authenticated account, and return its key, of which the store keeps only a hash."""
    if who.user is None:
        raise refusal("signed_out")
    key, at = secrets.token_urlsafe(32), store.now()
    row = {"user": who.user, "hash": _hash(key), "created": at, "expires": at + timedelta(hours=hours)}
    with store.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires <= at))
        connection.execute(insert(sessions).values(**row))
    return key


def resume(store: Store, key: str) -> Session:
    """Return the session that belongs to a key of `begin`; `DeniedError` where it has ended."""
    with store.database.read() as connection:
        row = connection.execute(_LIVE, {"key": _hash(key), "at": store.now()}).one_or_none()
    if row is None:
        raise refusal("signed_out")
    return Session(actor_of(row), bool(row.one_time))


def one_time(store: Store, who: Actor) -> bool:
    """Return whether the password of an account must be changed before any other action."""
    with store.database.read() as connection:
        return bool(connection.execute(select(users.c.one_time).where(users.c.id == who.user)).scalar())


def end(store: Store, key: str) -> None:
    """End a session."""
    with store.database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == _hash(key)))


@dataclass(frozen=True, slots=True)
class AccountData:
    """Data of a new account.

    `name` is unique whatever its case, at most 64 characters: letters of English, Han, digits and ``._-@+``.
    `enterprise` is needed for editors and readers, possible for clients. Without a password it cannot sign in and uses
    tokens alone; `one_time` is whether the password has to be changed at the first sign-in.
    """

    name: str
    role: Role
    enterprise: str | None = None
    password: str | None = None
    one_time: bool = False


@cache
def _nobody() -> str:
    # verified where there is no account, so that an unknown name takes as long as a wrong password
    return _HASHER.hash("nobody")


def hashed(password: str) -> str:
    """Return the argon2id hash of a password; `RefusedError` where it is too short."""
    if len(password) < SHORTEST:
        raise refusal("weak_password", length=len(password), least=SHORTEST)
    return _HASHER.hash(password)


def add_user(store: Store, actor: Actor, account: AccountData, asked: StepOptions | None = None) -> AccountMade:
    """Create an account; `actor` is an administrator, or `MACHINE` for the first one.

    Raises
    ------
    ConflictError
        The name is taken.
    RefusedError
        An invalid name, a role without its enterprise or with one it does not take, a weak password.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    asked = asked or StepOptions()
    account = replace(account, name=unicodedata.normalize("NFKC", account.name).strip())
    _sensible(account)
    password = None if account.password is None else hashed(account.password)
    told = {"name": account.name, "role": account.role, "enterprise": account.enterprise}

    def body(change: Transaction) -> AccountMade:
        names = change.connection.execute(select(users.c.name)).scalars()
        alike = next((name for name in names if folded(name) == folded(account.name)), None)
        if alike is not None:
            raise refusal("taken", what="user", name=alike)
        if departed(change.connection, [account.enterprise or ""]):
            raise refusal("left", enterprise=account.enterprise)
        other = {"password": password, "one_time": account.one_time, "created": change.at}
        ident = inserted(change.connection, users, **told, **other)
        change.event("user.add", f"user:{account.name}", told)
        return AccountMade(user=ident, name=account.name, role=account.role, enterprise=account.enterprise)

    return commit(store, actor, Step("user.add", told, asked.key), AccountMade, body)


def _sensible(account: AccountData) -> None:
    if account.role is Role.WORKER or account.role not in set(Role):
        expected = ", ".join(role for role in Role if role is not Role.WORKER)
        raise refusal("unknown", what="role", name=account.role, expected=expected)
    if not _NAME.fullmatch(account.name) or account.name in ("machine", "worker"):
        told = "".join(sign if sign.isprintable() else "?" for sign in account.name[:80])
        raise refusal("bad_name", name=told or "-")
    takes = account.role in OF_AN_ENTERPRISE
    if takes and not account.enterprise:
        raise refusal("bad_value", what="enterprise", value="-", expected=f"{account.role} --enterprise")
    if account.enterprise and not takes and account.role is not Role.CLIENT:
        raise refusal("bad_value", what="enterprise", value=account.enterprise, expected="-")


def _row(connection: Connection, name: str) -> UserRow | None:
    if "\0" in name or len(name) > 200:  # nobody's: PostgreSQL does not even look for it
        return None
    return connection.execute(select(users).where(users.c.name == name)).one_or_none()


def change_user(
    store: Store,
    actor: Actor,
    name: str,
    asked: StepOptions | None = None,
    *,
    password: str | None = None,
    disabled: bool | None = None,
) -> AccountChanged:
    """Change the password of an account, or disable or enable it; either ends all its tokens and sessions.

    None leaves a value as it is. Administrators may change any account; every account may change its own password. A
    password set by another account has to be changed at the next sign-in.
    """
    own = password is not None and disabled is None
    action = Action.OWN_ACCOUNT if own else Action.MANAGE_USERS
    require(actor, action, Resource("user", owner=name))
    asked = asked or StepOptions()
    values: dict[str, object] = {"failures": 0}
    if disabled is not None:
        values["disabled"] = disabled
    if password is not None:
        values |= {"password": hashed(password), "one_time": actor.name != name}
    changed = [field for field in ("disabled", "password") if field in values]

    def body(change: Transaction) -> AccountChanged:
        row = existing(_row(change.connection, name), "user")
        seen = row.version if asked.version is None else asked.version
        change.bump(users, {"id": row.id}, seen, "user", **values)
        live = (tokens.c.user == row.id) & tokens.c.revoked.is_(None)
        change.connection.execute(update(tokens).where(live).values(revoked=change.at))
        change.connection.execute(delete(sessions).where(sessions.c.user == row.id))
        closed = row.disabled if disabled is None else disabled
        change.event("user.change", f"user:{name}", {"changed": changed, "disabled": closed})
        return AccountChanged(user=row.id, name=name, disabled=closed, version=seen + 1)

    return commit(store, actor, Step("user.change"), AccountChanged, body)


def list_users(store: Store, actor: Actor) -> list[Account]:
    """Return all accounts, by name."""
    require(actor, Action.SEE_USERS, Resource("user"))
    with store.database.read() as connection:
        rows = connection.execute(select(users, users.c.id.label("user")).order_by(users.c.name))
        return [Account.of(row) for row in rows]


def name_of(store: Store, actor: Actor, user: int) -> str:
    """Return the name of an account by its id, for administrators; `NotFoundError` where there is none."""
    require(actor, Action.MANAGE_USERS, Resource("user"))
    with store.database.read() as connection:
        found = connection.execute(select(users.c.name).where(users.c.id == user)).scalar_one_or_none()
    return str(existing(found, "user"))


def empty(store: Store) -> bool:
    """Return whether the store has no accounts yet, so that the first one can be created without sign-in."""
    with store.database.read() as connection:
        return connection.execute(select(func.count()).select_from(users)).scalar_one() == 0


def actor_of(row: UserRow, scopes: frozenset[str] | None = None) -> Actor:
    """Return the actor that an account row represents."""
    return Actor(row.name, Role(row.role), row.enterprise, scopes, row.id)


def known(store: Store, name: str) -> Actor:
    """Return the actor of an account without a password check; `DeniedError` where there is none, or it is disabled."""
    with store.database.read() as connection:
        row = _row(connection, name)
    if row is None or row.disabled:
        raise refusal("signed_out")
    return actor_of(row)


def sign_in(store: Store, name: str, password: str, *, resting: bool = False) -> Actor:
    """Return the actor authenticated by a name and a password.

    `resting` refuses the right password too, as after many wrong ones from the same address. `DeniedError`: either is
    wrong, or the account is disabled or rests; the cause is not disclosed, nor by the response time.
    """
    with store.database.read() as connection:
        row = _row(connection, name)
    known = None if row is None or row.disabled or resting else row.password
    right = _matches(known or _nobody(), password) and known is not None
    if row is not None and not resting and (row.failures or not right):
        _count(store, row, right=right)
    if not right or row is None:
        raise refusal("signed_out")
    return actor_of(row)


def wrong_passwords(store: Store, name: str) -> int:
    """Return the number of failed sign-ins of an account since the last success; 0 for an unknown name."""
    with store.database.read() as connection:
        row = _row(connection, name)
    return 0 if row is None else row.failures


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except VerificationError:
        return False


def _count(store: Store, row: UserRow, *, right: bool) -> None:
    """Update the failed sign-in counter of an account; record an event and notify the owner at certain counts."""
    same = users.c.id == row.id
    with store.database.write() as connection:
        connection.execute(update(users).where(same).values(failures=0 if right else users.c.failures + 1))
        count = int(connection.execute(select(users.c.failures).where(same)).scalar_one())
    if count not in TOLD or row.disabled:
        return

    def body(change: Transaction) -> Record:
        change.event("user.tried", f"user:{row.name}", {"count": count})
        if row.enterprise is not None or row.role == Role.PLANNER:
            told = NoticeContent("tried", fields={"account": row.name, "count": count})
            post(change, [row.enterprise or PLANNERS], told)
        return Record()

    commit(store, MACHINE, Step("user.tried"), Record, body)


class _Seeded(Record):
    """A created token as it is stored for a repeated request: with a seed instead of the secret."""

    id: Ident
    label: str
    scopes: list[str]
    expires: Time
    seed: str


def add_token(
    store: Store, actor: Actor, label: str, scopes: Sequence[str], days: int = 90, key: str | None = None
) -> TokenMade:
    """Create an API token for the actor's own account, who is signed in: a token makes no tokens.

    It never has more than the permissions of the account. The same idempotency key gives the same token.
    `RefusedError`: a scope is not in `SCOPES`, or there are more days than `LONGEST`.
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
        other = {"user": user, "created": change.at, "hash": _hash(_token(store, seed))}
        ident = inserted(change.connection, tokens, **row, **other)
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
    wanted = select(users.c.name).join(tokens, tokens.c.user == users.c.id).where(tokens.c.id == ident)
    with store.database.read() as connection:
        owner = connection.execute(wanted).scalar()
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
        rows = connection.execute(select(tokens).where(tokens.c.user == actor.user).order_by(tokens.c.id))
        return [Token.of(row) for row in rows]


def actor_of_token(store: Store, token: str) -> Actor:
    """Return the actor of a token, restricted to its scopes; `DeniedError`, without a cause, where it does not hold."""
    wanted = select(users, *(tokens.c[name] for name in ("scopes", "expires", "revoked")))
    wanted = wanted.join(tokens, tokens.c.user == users.c.id)
    with store.database.read() as connection:
        found = connection.execute(wanted.where(tokens.c.hash == _hash(token))).one_or_none()
    if found is None or found.revoked is not None or found.expires <= store.now() or found.disabled:
        raise refusal("signed_out")
    return actor_of(found, frozenset(found.scopes))


def all_tokens(store: Store, actor: Actor) -> list[IssuedToken]:
    """Return the metadata of the active tokens of all accounts, the next to end first, for administrators."""
    require(actor, Action.MANAGE_USERS, Resource("token"))
    wanted = select(tokens, users.c.name).join(users, users.c.id == tokens.c.user).order_by(tokens.c.expires)
    live = wanted.where(tokens.c.revoked.is_(None), tokens.c.expires > store.now())
    with store.database.read() as connection:
        return [IssuedToken.of(row) for row in connection.execute(live)]
