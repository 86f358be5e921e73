"""What an administrator keeps an eye on: everybody's tokens, and copies of the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import back_up
from synergy.store.commit import Change, Record, Step, commit
from synergy.store.store import Store
from synergy.store.tables import tokens, users
from synergy.store.words import refusal

_ENDINGS = (".db", ".dump")
_BLOCK = 1 << 20


def all_tokens(store: Store, actor: Actor) -> list[Record]:
    """Return the tokens of all accounts that hold still, never the tokens themselves.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator.

    Returns
    -------
    list of dict
        ``{id, name, label, scopes, created, expires}``, the next to end first.
    """
    require(actor, Action.MANAGE_USERS, Resource("token"))
    wanted = (
        select(tokens, users.c.name)
        .join(users, users.c.id == tokens.c.user)
        .where(tokens.c.revoked.is_(None), tokens.c.expires > store.now())
        .order_by(tokens.c.expires)
    )
    with store.database.read() as connection:
        rows = connection.execute(wanted).all()
    return [
        {
            "id": row.id,
            "name": row.name,
            "label": row.label,
            "scopes": row.scopes,
            "created": row.created.isoformat(),
            "expires": row.expires.isoformat(),
        }
        for row in rows
    ]


def make_copy(store: Store, actor: Actor, folder: Path, key: str | None = None) -> Record:
    """Copy the store into a folder of its machine; what is in it goes to nobody's browser.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator.
    folder : pathlib.Path
        It is made where it is not there; its owner alone can read what is in it.
    key : str, optional
        Idempotency key: sent again, no second copy.

    Returns
    -------
    dict
        ``{file, bytes, sha256, at}``; the file is a name in the folder.

    Raises
    ------
    UsageError
        It cannot be written.
    RefusedError
        A copy was made within this second.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    at = store.now()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending = _ENDINGS[0] if store.database.file is not None else _ENDINGS[1]
    target = folder / f"synergy-{at:%Y%m%dT%H%M%SZ}{ending}"
    if target.exists():
        raise refusal("taken", what="file", name=target.name)
    back_up(store.database.url.render_as_string(hide_password=False), target)
    told = {"file": target.name, "bytes": target.stat().st_size, "sha256": _digest(target), "at": at.isoformat()}

    def body(change: Change) -> Record:
        change.event("backup.make", "store", {name: told[name] for name in ("file", "sha256")})
        return told

    made = commit(store, actor, Step("backup.make", {}, key), body)
    if made["file"] != target.name:  # the key has made one before
        target.unlink()
    return made


def copies(actor: Actor, folder: Path) -> list[Record]:
    """Return the copies that lie in a folder, the latest first.

    Parameters
    ----------
    actor : Actor
        An administrator.
    folder : pathlib.Path

    Returns
    -------
    list of dict
        ``{file, bytes, at}``.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    found = [one for ending in _ENDINGS for one in folder.glob(f"synergy-*{ending}")]
    rows = [(one.name, one.stat()) for one in sorted(found, reverse=True)]
    return [
        {"file": name, "bytes": stat.st_size, "at": datetime.fromtimestamp(stat.st_mtime, UTC).isoformat()}
        for name, stat in rows
    ]


def _digest(file: Path) -> str:
    sums = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            sums.update(block)
    return sums.hexdigest()
