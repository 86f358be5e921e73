"""Audit chain of events: query and verification."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, or_, select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.answers import proposal_row
from synergy.store.commit import START, Record
from synergy.store.store import Store, signed
from synergy.store.tables import chain, events, matches, partnerships, proposals

_BATCH = 1000
_ROUND = ("round.publish", "round.collect", "round.conclude", "round.cancel")
_TOLD = ("answer", "reason", "counter", "stage")


def history(
    store: Store, actor: Actor, round_id: int | None = None, limit: int = 1000, before: int | None = None
) -> list[Record]:
    """Return events, the latest first.

    Parameters
    ----------
    store : Store
    actor : Actor
    round_id : int, optional
        Those of one round.
    limit : int
        At most so many.
    before : int, optional
        Those before this number alone, to go on from a page.

    Returns
    -------
    list of dict
        ``{number, at, actor, action, subject, round, detail, mac}``.
    """
    require(actor, Action.SEE_EVENTS, Resource("round"))
    wanted = select(events).order_by(events.c.number.desc()).limit(limit)
    if round_id is not None:
        wanted = wanted.where(events.c.round == round_id)
    if before is not None:
        wanted = wanted.where(events.c.number < before)
    with store.database.read() as connection:
        return [_told(row) for row in connection.execute(wanted)]


def _told(row: Row[Any]) -> Record:
    record = dict(row._mapping)
    return {name: value for name, value in record.items() if name != "previous"} | {"at": row.at.isoformat()}


def verify_chain(store: Store, actor: Actor, expected: Mapping[str, Any] | None = None) -> Record:
    """Recompute the audit chain and verify its events and its head.

    Parameters
    ----------
    store : Store
    actor : Actor
    expected : mapping, optional
        A head published earlier, ``{number, mac}``: the chain has to hold it, or its tail was cut off.

    Returns
    -------
    dict
        ``{sound, count, head: {number, mac}, broken}``; broken is the number of the first event that does not follow
        from those before it, None where all do.
    """
    require(actor, Action.VERIFY_CHAIN, Resource("round"))
    with store.database.read() as connection:
        tip = connection.execute(select(chain.c.number, chain.c.mac)).one()
        number, mac, broken = 0, START, None
        held = expected is None or int(expected["number"]) == 0
        while broken is None:
            rows = connection.execute(
                select(events).where(events.c.number > number).order_by(events.c.number).limit(_BATCH)
            ).all()
            for row in rows:
                if (
                    row.number != number + 1
                    or row.previous != mac
                    or signed(store.secret, dict(row._mapping)) != row.mac
                ):
                    broken = number + 1
                    break
                number, mac = row.number, row.mac
                if expected is not None and number == int(expected["number"]):
                    held = mac == expected["mac"]
            if len(rows) < _BATCH:
                break
    if broken is None and (tip.number, tip.mac) != (number, mac):
        broken = number + 1
    sound = broken is None and held
    return {"sound": sound, "count": number, "head": {"number": tip.number, "mac": tip.mac}, "broken": broken}


_PLACE = (
    select(matches.c.round, matches.c.finished, partnerships.c.id.label("partnership"))
    .join(proposals, proposals.c.match == matches.c.id)
    .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
    .where(proposals.c.id == bindparam("proposal"))
)


def story(store: Store, actor: Actor, code: str) -> list[Record]:
    """Return the history of a proposal, the earliest event first.

    Parameters
    ----------
    store : Store
    actor : Actor
        An enterprise sees its own answers, steps of the round and stages, but no answers of others.
    code : str
        The proposal's.

    Returns
    -------
    list of dict
        ``{at, action, enterprise, ...}``: action ``answer`` (with answer, reason, counter), ``follow`` (with stage,
        reason) or a step of the round; enterprise, whose answer it is.
    """
    own = reach(actor, Action.SEE_PROPOSAL) is Reach.OWN
    with store.database.read() as connection:
        row = proposal_row(connection, actor, Action.SEE_PROPOSAL, code)
        found = connection.execute(_PLACE, {"proposal": row.id}).one()
        given = {
            "round": found.round,
            "finished": found.finished,
            "answers": f"proposal:{code}:{actor.enterprise}" if own else f"proposal:{code}:%",
            "partnership": f"partnership:{found.partnership}",
        }
        return [_event(one) for one in connection.execute(_wanted(own), given)]


@lru_cache
def _wanted(own: bool) -> Select[Any]:
    """Return the query for the events of a proposal, with the answers of one enterprise or of all."""
    answers: BindParameter[str] = bindparam("answers")
    told = or_(
        events.c.subject == answers if own else events.c.subject.like(answers, escape="\\"),
        (events.c.action == "follow") & (events.c.subject == bindparam("partnership")),
        events.c.action.in_(_ROUND) & (events.c.at >= bindparam("finished")),
    )
    return select(events).where(events.c.round == bindparam("round"), told).order_by(events.c.number)


def _event(row: Row[Any]) -> Record:
    enterprise = row.subject.split(":")[2] if row.action == "answer" else ""
    told = {name: row.detail[name] for name in _TOLD if row.detail.get(name)}
    if row.action.startswith("round."):
        told = {}
    return {"at": row.at.isoformat(), "action": row.action, "enterprise": enterprise, **told}
