"""User accounts: creation, sign-in, sessions and passwords."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from synergy.dataset.numbers import folded
from synergy.store.access import Action, Actor, Resource, departed, require
from synergy.store.commit import Record, Step, Transaction, commit, inserted
from synergy.store.messages import refusal
from synergy.store.names import OF_AN_ENTERPRISE, Role
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions
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
MACHINE = Actor("machine", Role.ADMINISTRATOR)  # whoever may open the database, before there is any account


@dataclass(frozen=True, slots=True)
class Session:
    """Sign-in session of an account.

    Parameters
    ----------
    actor : Actor
        Who signed in.
    one_time : bool
        Whether the password was set by another account and has to be changed first.
    """

    actor: Actor
    one_time: bool


def _hash(key: str) -> str:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(key.encode()).hexdigest()


def begin(store: Store, who: Actor, hours: float) -> str:
    """Start a session for an authenticated account.

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
    """Return the session that belongs to a key.

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

    Parameters
    ----------
    name : str
        Unique whatever its case, at most 64 characters: letters of English, Han, digits and ``._-@+``.
    role : Role
        Its role.
    enterprise : str or None
        Whose it is: needed for editors and readers, possible for clients.
    password : str or None
        None: it cannot sign in, tokens alone.
    one_time : bool
        Whether the password has to be changed at the first sign-in.
    """

    name: str
    role: Role
    enterprise: str | None = None
    password: str | None = None
    one_time: bool = False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    # verified where there is no account, so that an unknown name takes as long as a wrong password
    return _hasher().hash("nobody")


def hashed(password: str) -> str:
    """Return the argon2id hash of a password.

    Raises
    ------
    RefusedError
        It is too short.
    """
    if len(password) < SHORTEST:
        raise refusal("weak_password", length=len(password), least=SHORTEST)
    return _hasher().hash(password)


def add_user(store: Store, actor: Actor, account: AccountData, asked: StepOptions | None = None) -> Record:
    """Create an account.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator; `MACHINE` for the first one.
    account : AccountData
    asked : StepOptions, optional

    Returns
    -------
    dict
        ``{user, name, role, enterprise}``.

    Raises
    ------
    ConflictError
        The name is taken.
    RefusedError
        No plain name, a role without its enterprise or with one it does not take, a weak password.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    asked = asked or StepOptions()
    account = replace(account, name=unicodedata.normalize("NFKC", account.name).strip())
    _sensible(account)
    password = None if account.password is None else hashed(account.password)
    told = {"name": account.name, "role": account.role, "enterprise": account.enterprise}

    def body(change: Transaction) -> Record:
        alike = next((name for name in _names(change.connection) if folded(name) == folded(account.name)), None)
        if alike is not None:
            raise refusal("taken", what="user", name=alike)
        if departed(change.connection, [account.enterprise or ""]):
            raise refusal("left", enterprise=account.enterprise)
        ident = inserted(
            change.connection, users, **told, password=password, one_time=account.one_time, created=change.at
        )
        change.event("user.add", f"user:{account.name}", told)
        return {"user": ident, **told}

    return commit(store, actor, Step("user.add", told, asked.key), body)


def _sensible(account: AccountData) -> None:
    if account.role is Role.WORKER or account.role not in set(Role):
        expected = ", ".join(role for role in Role if role is not Role.WORKER)
        raise refusal("unknown", what="role", name=account.role, expected=expected)
    if not _NAME.fullmatch(account.name) or account.name in ("machine", "worker"):
        raise refusal(
            "bad_name", name="".join(sign if sign.isprintable() else "?" for sign in account.name[:80]) or "-"
        )
    takes = account.role in OF_AN_ENTERPRISE
    if takes and not account.enterprise:
        raise refusal("bad_value", what="enterprise", value="-", expected=f"{account.role} --enterprise")
    if account.enterprise and not takes and account.role is not Role.CLIENT:
        raise refusal("bad_value", what="enterprise", value=account.enterprise, expected="-")


def _names(connection: Connection) -> Iterable[str]:
    return connection.execute(select(users.c.name)).scalars()


def _row(connection: Connection, name: str) -> Row[Any] | None:
    if "\0" in name or len(name) > 200:  # nobody's: PostgreSQL does not even look for it
        return None
    return connection.execute(select(users).where(users.c.name == name)).one_or_none()


def change_user(store: Store, actor: Actor, name: str, asked: StepOptions | None = None, **changes: Any) -> Record:
    """Change the password of an account, or disable or enable it.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator; every account may change its own password.
    name : str
        The account.
    asked : StepOptions, optional
    **changes : object
        ``password`` (str) or ``disabled`` (bool). Either ends all tokens and sessions of the account; a password that
        another account sets has to be changed at the next sign-in.

    Returns
    -------
    dict
        ``{user, name, disabled, version}``.
    """
    own = set(changes) == {"password"}
    action = Action.OWN_ACCOUNT if own else Action.MANAGE_USERS
    require(actor, action, Resource("user", owner=name))
    asked = asked or StepOptions()
    values: dict[str, Any] = {"failures": 0}
    if "password" in changes:
        values |= {"password": hashed(str(changes["password"])), "one_time": actor.name != name}
    if "disabled" in changes:
        values["disabled"] = bool(changes["disabled"])

    def body(change: Transaction) -> Record:
        row = _row(change.connection, name)
        if row is None:
            raise refusal("not_found", what="user")
        seen = row.version if asked.version is None else asked.version
        change.bump(users, {"id": row.id}, seen, "user", **values)
        live = (tokens.c.user == row.id) & tokens.c.revoked.is_(None)
        change.connection.execute(update(tokens).where(live).values(revoked=change.at))
        change.connection.execute(delete(sessions).where(sessions.c.user == row.id))
        disabled = values.get("disabled", row.disabled)
        change.event("user.change", f"user:{name}", {"changed": sorted(changes), "disabled": disabled})
        return {"user": row.id, "name": name, "disabled": disabled, "version": seen + 1}

    return commit(store, actor, Step("user.change"), body)


def list_users(store: Store, actor: Actor) -> list[Record]:
    """Return all accounts, by name.

    Returns
    -------
    list of dict
        ``{user, name, role, enterprise, disabled, version, failures}``: never a hash.
    """
    require(actor, Action.SEE_USERS, Resource("user"))
    with store.database.read() as connection:
        rows = connection.execute(select(users).order_by(users.c.name)).all()
    names = ("name", "role", "enterprise", "disabled", "version")
    return [{"user": row.id, **{name: row._mapping[name] for name in names}, "failures": row.failures} for row in rows]


def name_of(store: Store, actor: Actor, user: int) -> str:
    """Return the name of an account by its id.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator.
    user : int

    Raises
    ------
    NotFoundError
        There is none.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    with store.database.read() as connection:
        found = connection.execute(select(users.c.name).where(users.c.id == user)).scalar_one_or_none()
    if found is None:
        raise refusal("not_found", what="user")
    return str(found)


def empty(store: Store) -> bool:
    """Return whether the store has no accounts yet, so that the first one can be created without sign-in."""
    with store.database.read() as connection:
        return connection.execute(select(func.count()).select_from(users)).scalar_one() == 0


def actor_of(row: Row[Any], scopes: frozenset[str] | None = None) -> Actor:
    """Return the actor that an account row represents."""
    return Actor(row.name, Role(row.role), row.enterprise, scopes, row.id)


def known(store: Store, name: str) -> Actor:
    """Return the actor of an account without a password check, for callers with direct database access.

    Raises
    ------
    DeniedError
        There is no such account, or it is disabled.
    """
    with store.database.read() as connection:
        row = _row(connection, name)
    if row is None or row.disabled:
        raise refusal("signed_out")
    return actor_of(row)


def sign_in(store: Store, name: str, password: str, *, resting: bool = False) -> Actor:
    """Return the actor authenticated by a name and a password.

    Parameters
    ----------
    store : Store
    name, password : str
        As typed.
    resting : bool
        Whether the right password is refused too, as after many wrong ones from the same address.

    Raises
    ------
    DeniedError
        Either is wrong, or the account is disabled or rests; the cause is not disclosed, nor by the response time.
    """
    with store.database.read() as connection:
        row = _row(connection, name)
    able = row is not None and row.password is not None and not row.disabled and not resting
    right = _matches(row.password if able and row is not None else _nobody(), password) and able
    if row is not None and not resting and (row.failures or not right):
        _count(store, row, right=right)
    if not right or row is None:
        raise refusal("signed_out")
    return actor_of(row)


def wrong_passwords(store: Store, name: str) -> int:
    """Return the number of failed sign-ins of an account since the last success; 0 for an unknown name."""
    with store.database.read() as connection:
        return int(getattr(_row(connection, name), "failures", 0))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password)
    except VerificationError:
        return False


def _count(store: Store, row: Row[Any], *, right: bool) -> None:
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
            post(
                change,
                [row.enterprise or PLANNERS],
                NoticeContent("tried", fields={"account": row.name, "count": count}),
            )
        return {}

    commit(store, MACHINE, Step("user.tried"), body)
