"""Departure of enterprises from the association, and their readmission."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from synergy.records.accounts import Departed, Departure, Readmitted
from synergy.records.names import Answer, Stage, State
from synergy.store.access import Action, Actor, Resource, departed, latest_run, require
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
        _refuse_unknown(connection, enterprise)
        _refuse_open(connection, enterprise)
        accounts, early = _closed(change, enterprise), _rounds(connection, enterprise, _EARLY)
        for table in (declared, declarations):
            connection.execute(delete(table).where(table.c.enterprise == enterprise, table.c.round.in_(early)))
        barred = _forbidden(change, enterprise)
        gone = Departed(enterprise=enterprise, accounts=accounts, withdrawn=early, forbidden=barred)
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
        rows = connection.execute(select(departures).order_by(departures.c.enterprise))
        return [Departure.of(row) for row in rows]


def _refuse_unknown(connection: Connection, enterprise: str) -> None:
    """Refuse an enterprise that has left, or has no account and takes part in no round."""
    account = select(users.c.id).where(users.c.enterprise == enterprise)
    part = select(declarations.c.round).where(declarations.c.enterprise == enterprise)
    if departed(connection, [enterprise]) or all(
        connection.execute(wanted.limit(1)).first() is None for wanted in (account, part)
    ):
        raise refusal("not_found", what="enterprise")


def _refuse_open(connection: Connection, enterprise: str) -> None:
    """Refuse while a run, a proposal or a partnership with an enterprise is open."""
    if _rounds(connection, enterprise, (State.MATCHING,)):
        raise refusal("busy")
    mine = select(proposals.c.code).join(parties, parties.c.proposal == proposals.c.id)
    offered: list[str] = []
    for ident in _rounds(connection, enterprise, _OPEN):
        still = mine.where(proposals.c.match == latest_run(ident), proposals.c.answer != Answer.DECLINED)
        offered += connection.execute(still.where(parties.c.enterprise == enterprise)).scalars()
    inside = select(parties.c.proposal).where(parties.c.enterprise == enterprise)
    held = partnerships.c.proposal.in_(inside) & (partnerships.c.stage != Stage.ENDED)
    running = [str(one) for one in connection.execute(select(partnerships.c.id).where(held)).scalars()]
    if offered or running:
        said = {"proposals": ", ".join(offered[:5]) or "-", "partnerships": ", ".join(running[:5]) or "-"}
        raise refusal("open", enterprise=enterprise, **said)


def _rounds(connection: Connection, enterprise: str, states: tuple[State, ...]) -> list[int]:
    wanted = select(rounds.c.id).join(declarations, declarations.c.round == rounds.c.id).order_by(rounds.c.id)
    own = wanted.where(declarations.c.enterprise == enterprise, rounds.c.state.in_(states))
    return list(connection.execute(own).scalars())


def _closed(change: Transaction, enterprise: str) -> list[str]:
    """Disable the accounts of an enterprise, revoke their tokens, and return their names."""
    connection = change.connection
    found = connection.execute(select(users).where(users.c.enterprise == enterprise).order_by(users.c.name)).all()
    for row in found:
        change.bump(users, {"id": row.id}, row.version, "user", disabled=True)
        live = (tokens.c.user == row.id) & tokens.c.revoked.is_(None)
        connection.execute(update(tokens).where(live).values(revoked=change.at))
    return [row.name for row in found]


def _forbidden(change: Transaction, enterprise: str) -> list[int]:
    """Forbid exchanges with an enterprise in the frozen rounds still open, and return these rounds."""
    found = _rounds(change.connection, enterprise, _OPEN)
    told = {"kind": "forbid", "cause": "departed", "at": change.at, "actor": change.actor.name}
    for ident in found:
        sides = ({side: enterprise} for side in ("from_enterprise", "to_enterprise"))
        rows = [{**told, "round": ident, "pattern": pattern} for pattern in sides]
        change.connection.execute(insert(rulings), rows)
    return found
