"""Enterprises that leave: refused while something with them is open; what they did stays in the record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Change, Record, Step, commit
from synergy.store.membership import departed, latest_run
from synergy.store.names import Answer, Stage, State
from synergy.store.notices import PLANNERS, Told, post
from synergy.store.rounds import Asked
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
from synergy.store.words import refusal

_EARLY = (State.DRAFT, State.DECLARING)
_OPEN = (State.FROZEN, State.REVIEW, State.PUBLISHED, State.RESPONDING)


def depart(store: Store, actor: Actor, enterprise: str, asked: Asked | None = None) -> Record:
    """Let an enterprise leave: its accounts are closed, and what it declared in rounds not yet frozen is withdrawn.

    Nothing of what happened is removed. In rounds that are frozen with it and have no open proposal of it, the next run
    forbids every exchange with it.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator.
    enterprise : str
        Its id.
    asked : Asked, optional
        Idempotency key; the note is the reason.

    Returns
    -------
    dict
        ``{enterprise, accounts: [name], withdrawn: [round], forbidden: [round]}``.

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
    asked = asked or Asked()
    if len(asked.note) > 1000:
        raise refusal("bad_value", what="reason", value=len(asked.note), expected="<= 1000")

    def body(change: Change) -> Record:
        connection = change.connection
        if not _known(connection, enterprise):
            raise refusal("not_found", what="enterprise")
        _refuse_open(connection, enterprise)
        told = {
            "accounts": _closed(change, enterprise),
            "withdrawn": _withdrawn(connection, enterprise),
            "forbidden": _forbidden(change, enterprise),
        }
        row = {"enterprise": enterprise, "at": change.at, "actor": actor.name, "reason": asked.note}
        connection.execute(insert(departures).values(**row))
        change.event("enterprise.depart", f"enterprise:{enterprise}", told | {"reason": asked.note})
        post(change, [PLANNERS], Told("departed", None, "", {"enterprise": enterprise, "reason": asked.note}))
        return {"enterprise": enterprise, **told}

    given = {"enterprise": enterprise, "reason": asked.note}
    return commit(store, actor, Step("enterprise.depart", given, asked.key), body)


def readmit(store: Store, actor: Actor, enterprise: str, asked: Asked | None = None) -> Record:
    """Let an enterprise that has left take part again; its accounts stay closed until they are enabled.

    Parameters
    ----------
    store, actor, enterprise, asked
        As for `depart`.

    Returns
    -------
    dict
        ``{enterprise}``.
    """
    require(actor, Action.REMOVE_ENTERPRISE, Resource("enterprise"))
    asked = asked or Asked()

    def body(change: Change) -> Record:
        done = change.connection.execute(delete(departures).where(departures.c.enterprise == enterprise))
        if done.rowcount != 1:
            raise refusal("not_found", what="enterprise")
        change.event("enterprise.readmit", f"enterprise:{enterprise}", {"note": asked.note})
        return {"enterprise": enterprise}

    return commit(store, actor, Step("enterprise.readmit", {"enterprise": enterprise}, asked.key), body)


def list_departures(store: Store, actor: Actor) -> list[Record]:
    """Return the enterprises that have left and were not let in again.

    Parameters
    ----------
    store : Store
    actor : Actor
        An administrator.

    Returns
    -------
    list of dict
        ``{enterprise, at, actor, reason}``, by enterprise.
    """
    require(actor, Action.REMOVE_ENTERPRISE, Resource("enterprise"))
    with store.database.read() as connection:
        rows = connection.execute(select(departures).order_by(departures.c.enterprise)).all()
    names = ("enterprise", "actor", "reason")
    return [{name: row._mapping[name] for name in names} | {"at": row.at.isoformat()} for row in rows]


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
    """Return the proposals of the latest run of a round that an enterprise is part of and nobody declined."""
    wanted = (
        select(proposals.c.code)
        .join(parties, parties.c.proposal == proposals.c.id)
        .where(proposals.c.match == latest_run(round_id), proposals.c.answer != Answer.DECLINED)
    )
    return list(connection.execute(wanted.where(parties.c.enterprise == enterprise)).scalars())


def _closed(change: Change, enterprise: str) -> list[str]:
    """Disable the accounts of an enterprise, end their tokens, and return their names."""
    connection = change.connection
    found = connection.execute(select(users).where(users.c.enterprise == enterprise).order_by(users.c.name)).all()
    for row in found:
        change.bump(users, {"id": row.id}, row.version, "user", disabled=True)
        live = (tokens.c.user == row.id) & tokens.c.revoked.is_(None)
        connection.execute(update(tokens).where(live).values(revoked=change.at))
    return [row.name for row in found]


def _withdrawn(connection: Connection, enterprise: str) -> list[int]:
    """Take an enterprise out of the rounds that are not frozen, with what it declared, and return them."""
    early = _rounds(connection, enterprise, _EARLY)
    for table in (declared, declarations):
        own: Any = (table.c.enterprise == enterprise) & table.c.round.in_(early)
        connection.execute(delete(table).where(own))
    return early


def _forbidden(change: Change, enterprise: str) -> list[int]:
    """Forbid exchanges with an enterprise in what frozen rounds are still matched, and return them."""
    found = _rounds(change.connection, enterprise, _OPEN)
    told = {"kind": "forbid", "cause": "departed", "at": change.at, "actor": change.actor.name}
    for ident in found:
        rows = [
            {**told, "round": ident, "pattern": {side: enterprise}} for side in ("from_enterprise", "to_enterprise")
        ]
        change.connection.execute(insert(rulings), rows)
    return found
