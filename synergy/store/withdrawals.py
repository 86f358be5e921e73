"""Departure of enterprises from the association; tokens and backups for administrators."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from synergy.records.accounts import Departed, Departure, IssuedToken, Readmitted
from synergy.records.audit import Backup, BackupMade
from synergy.records.names import Answer, Stage, State
from synergy.store.access import Action, Actor, Resource, departed, latest_run, require
from synergy.store.backup import back_up
from synergy.store.commit import Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.rounds import StepOptions
from synergy.store.store import Store
from synergy.store.tables import (
    declarations,
    declared,
    departures,
    parties,
    partnerships,
    proposals,
    rounds,
    rulings,
    tokens,
    users,
)

_EARLY = (State.DRAFT, State.DECLARING)
_OPEN = (State.FROZEN, State.REVIEW, State.PUBLISHED, State.RESPONDING)
_ENDINGS = (".db", ".dump")
_BLOCK = 1 << 20


def depart(store: Store, actor: Actor, enterprise: str, asked: StepOptions | None = None) -> Departed:
    """Remove an enterprise: disable its accounts, and withdraw its declarations from rounds not yet frozen.

    The history is not removed. In rounds that are frozen with it and have no open proposal of it, the next run forbids
    every exchange with it. The note is the reason.

    Raises
    ------
    NotFoundError
        No account and no round knows it, or it has left already.
    ConflictError
        A run with it is under way.
    RefusedError
        It is part of proposals that are open, or of partnerships that have not ended.
    """
    require(actor, Action.REMOVE_ENTERPRISE, Resource("enterprise"))
    asked = asked or StepOptions()
    if len(asked.note) > 1000:
        raise refusal("bad_value", what="reason", value=len(asked.note), expected="<= 1000")
    given = {"enterprise": enterprise, "reason": asked.note}

    def body(change: Transaction) -> Departed:
        connection = change.connection
        if not _known(connection, enterprise):
            raise refusal("not_found", what="enterprise")
        _refuse_open(connection, enterprise)
        gone = Departed(
            enterprise=enterprise,
            accounts=_closed(change, enterprise),
            withdrawn=_withdrawn(connection, enterprise),
            forbidden=_forbidden(change, enterprise),
        )
        connection.execute(insert(departures).values(**given, at=change.at, actor=actor.name))
        detail = gone.model_dump(exclude={"enterprise"}) | {"reason": asked.note}
        change.event("enterprise.depart", f"enterprise:{enterprise}", detail)
        post(change, [PLANNERS], NoticeContent("departed", None, "", given))
        return gone

    return commit(store, actor, Step("enterprise.depart", given, asked.key), Departed, body)


def readmit(store: Store, actor: Actor, enterprise: str, asked: StepOptions | None = None) -> Readmitted:
    """Readmit an enterprise that has left; its accounts stay disabled until they are enabled."""
    require(actor, Action.REMOVE_ENTERPRISE, Resource("enterprise"))
    asked = asked or StepOptions()

    def body(change: Transaction) -> Readmitted:
        done = change.connection.execute(delete(departures).where(departures.c.enterprise == enterprise))
        if done.rowcount != 1:
            raise refusal("not_found", what="enterprise")
        change.event("enterprise.readmit", f"enterprise:{enterprise}", {"note": asked.note})
        return Readmitted(enterprise=enterprise)

    return commit(store, actor, Step("enterprise.readmit", {"enterprise": enterprise}, asked.key), Readmitted, body)


def list_departures(store: Store, actor: Actor) -> list[Departure]:
    """Return the enterprises that have left and were not readmitted, by enterprise, for administrators."""
    require(actor, Action.REMOVE_ENTERPRISE, Resource("enterprise"))
    with store.database.read() as connection:
        rows = connection.execute(select(departures).order_by(departures.c.enterprise)).all()
    return [Departure.of(row) for row in rows]


def _known(connection: Connection, enterprise: str) -> bool:
    """Return whether an enterprise has an account or takes part in a round, and has not left."""
    if departed(connection, [enterprise]):
        return False
    account = select(users.c.id).where(users.c.enterprise == enterprise)
    part = select(declarations.c.round).where(declarations.c.enterprise == enterprise)
    return any(connection.execute(wanted.limit(1)).first() is not None for wanted in (account, part))


def _refuse_open(connection: Connection, enterprise: str) -> None:
    """Refuse while a run, a proposal or a partnership with an enterprise is open."""
    part = _rounds(connection, enterprise, (State.MATCHING,))
    if part:
        raise refusal("busy")
    offered: list[str] = []
    for ident in _rounds(connection, enterprise, _OPEN):
        offered += _proposals(connection, ident, enterprise)
    inside = select(parties.c.proposal).where(parties.c.enterprise == enterprise)
    held = partnerships.c.proposal.in_(inside) & (partnerships.c.stage != Stage.ENDED)
    running = [str(one) for one in connection.execute(select(partnerships.c.id).where(held)).scalars()]
    if offered or running:
        said = {"proposals": ", ".join(offered[:5]) or "-", "partnerships": ", ".join(running[:5]) or "-"}
        raise refusal("open", enterprise=enterprise, **said)


def _rounds(connection: Connection, enterprise: str, states: tuple[State, ...]) -> list[int]:
    wanted = (
        select(rounds.c.id)
        .join(declarations, declarations.c.round == rounds.c.id)
        .where(declarations.c.enterprise == enterprise, rounds.c.state.in_(states))
    )
    return list(connection.execute(wanted.order_by(rounds.c.id)).scalars())


def _proposals(connection: Connection, round_id: int, enterprise: str) -> list[str]:
    """Return the proposals of an enterprise in the latest run of a round that no party has declined."""
    wanted = (
        select(proposals.c.code)
        .join(parties, parties.c.proposal == proposals.c.id)
        .where(proposals.c.match == latest_run(round_id), proposals.c.answer != Answer.DECLINED)
    )
    return list(connection.execute(wanted.where(parties.c.enterprise == enterprise)).scalars())


def _closed(change: Transaction, enterprise: str) -> list[str]:
    """Disable the accounts of an enterprise, revoke their tokens, and return their names."""
    connection = change.connection
    found = connection.execute(select(users).where(users.c.enterprise == enterprise).order_by(users.c.name)).all()
    for row in found:
        change.bump(users, {"id": row.id}, row.version, "user", disabled=True)
        live = (tokens.c.user == row.id) & tokens.c.revoked.is_(None)
        connection.execute(update(tokens).where(live).values(revoked=change.at))
    return [row.name for row in found]


def _withdrawn(connection: Connection, enterprise: str) -> list[int]:
    """Remove an enterprise and its declarations from the rounds not yet frozen, and return these rounds."""
    early = _rounds(connection, enterprise, _EARLY)
    for table in (declared, declarations):
        connection.execute(delete(table).where(table.c.enterprise == enterprise, table.c.round.in_(early)))
    return early


def _forbidden(change: Transaction, enterprise: str) -> list[int]:
    """Forbid exchanges with an enterprise in the frozen rounds still open, and return these rounds."""
    found = _rounds(change.connection, enterprise, _OPEN)
    told = {"kind": "forbid", "cause": "departed", "at": change.at, "actor": change.actor.name}
    for ident in found:
        rows = [
            {**told, "round": ident, "pattern": {side: enterprise}} for side in ("from_enterprise", "to_enterprise")
        ]
        change.connection.execute(insert(rulings), rows)
    return found


def all_tokens(store: Store, actor: Actor) -> list[IssuedToken]:
    """Return the metadata of the active tokens of all accounts, the next to end first, for administrators."""
    require(actor, Action.MANAGE_USERS, Resource("token"))
    wanted = (
        select(tokens, users.c.name)
        .join(users, users.c.id == tokens.c.user)
        .where(tokens.c.revoked.is_(None), tokens.c.expires > store.now())
        .order_by(tokens.c.expires)
    )
    with store.database.read() as connection:
        rows = connection.execute(wanted).all()
    return [IssuedToken.of(row) for row in rows]


def make_copy(store: Store, actor: Actor, folder: Path, key: str | None = None) -> BackupMade:
    """Back up the store into a folder on its own machine; the content is not downloaded.

    The folder is created where it does not exist, readable by its owner alone. The same key makes no second backup.

    Raises
    ------
    UsageError
        It cannot be written.
    RefusedError
        A backup was made within this second.
    """
    require(actor, Action.MANAGE_USERS, Resource("user"))
    at = store.now()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ending = _ENDINGS[0] if store.database.file is not None else _ENDINGS[1]
    target = folder / f"synergy-{at:%Y%m%dT%H%M%SZ}{ending}"
    if target.exists():
        raise refusal("taken", what="file", name=target.name)
    back_up(store.database.url.render_as_string(hide_password=False), target)
    copy = BackupMade(file=target.name, bytes=target.stat().st_size, sha256=_digest(target), at=at)

    def body(change: Transaction) -> BackupMade:
        change.event("backup.make", "store", {"file": copy.file, "sha256": copy.sha256})
        return copy

    made = commit(store, actor, Step("backup.make", {}, key), BackupMade, body)
    if made.file != target.name:  # the key has made one before
        target.unlink()
    return made


def copies(actor: Actor, folder: Path) -> list[Backup]:
    """Return the backups in a folder, the latest first, for administrators."""
    require(actor, Action.MANAGE_USERS, Resource("user"))
    found = [one for ending in _ENDINGS for one in folder.glob(f"synergy-*{ending}")]
    rows = [(one.name, one.stat()) for one in sorted(found, reverse=True)]
    return [Backup(file=name, bytes=stat.st_size, at=datetime.fromtimestamp(stat.st_mtime, UTC)) for name, stat in rows]


def _digest(file: Path) -> str:
    sums = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            sums.update(block)
    return sums.hexdigest()
