"""Audit chain of events: query and verification."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import BindParameter, Executable, bindparam, or_, select

from synergy.records.audit import Chain, Event, Head
from synergy.records.proposals import Happening
from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.answers import proposal_row
from synergy.store.commit import START
from synergy.store.rows import EventRow
from synergy.store.store import Store, signed
from synergy.store.tables import chain, events, matches, partnerships, proposals

_BATCH = 1000
_ROUND = ("round.publish", "round.collect", "round.conclude", "round.cancel")
_TOLD = ("answer", "reason", "stage")  # figures of a counter-offer stand in the proposal


def history(
    store: Store, actor: Actor, round_id: int | None = None, limit: int = 1000, before: int | None = None
) -> list[Event]:
    """Return the latest events, in descending order: of one round if given, before a number to continue a page."""
    require(actor, Action.SEE_EVENTS, Resource("round"))
    wanted = select(events).order_by(events.c.number.desc()).limit(limit)
    if round_id is not None:
        wanted = wanted.where(events.c.round == round_id)
    if before is not None:
        wanted = wanted.where(events.c.number < before)
    with store.database.read() as connection:
        return [Event.of(row) for row in connection.execute(wanted)]


def verify_chain(store: Store, actor: Actor, expected: Head | None = None) -> Chain:
    """Recompute the audit chain and verify its events and its head.

    A head published earlier (`expected`) must be in the chain; otherwise its tail was cut off.
    """
    require(actor, Action.VERIFY_CHAIN, Resource("round"))
    with store.database.read() as connection:
        tip = connection.execute(select(chain.c.number, chain.c.mac)).one()
        number, mac, broken = 0, START, None
        held = expected is None or expected.number == 0
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
                if expected is not None and number == expected.number:
                    held = mac == expected.mac
            if len(rows) < _BATCH:
                break
    if broken is None and (tip.number, tip.mac) != (number, mac):
        broken = number + 1
    return Chain(sound=broken is None and held, count=number, head=Head.of(tip), broken=broken)


_PLACE = (
    select(matches.c.round, matches.c.finished, partnerships.c.id.label("partnership"))
    .join(proposals, proposals.c.match == matches.c.id)
    .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
    .where(proposals.c.id == bindparam("proposal"))
)


def story(store: Store, actor: Actor, code: str) -> list[Happening]:
    """Return the history of a proposal, the earliest event first: answers, steps of its round and stages.

    An enterprise sees no answers of others.
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
        return [_event(number, one) for number, one in enumerate(connection.execute(_wanted(own), given), start=1)]


@lru_cache
def _wanted(own: bool) -> Executable:
    """Return the query for the events of a proposal, with the answers of one enterprise or of all."""
    answers: BindParameter[str] = bindparam("answers")
    told = or_(
        events.c.subject == answers if own else events.c.subject.like(answers, escape="\\"),
        (events.c.action == "follow") & (events.c.subject == bindparam("partnership")),
        events.c.action.in_(_ROUND) & (events.c.at >= bindparam("finished")),
    )
    return select(events).where(events.c.round == bindparam("round"), told).order_by(events.c.number)


def _event(number: int, row: EventRow) -> Happening:
    enterprise = row.subject.split(":")[2] if row.action == "answer" else ""
    detail = {} if row.action.startswith("round.") else row.detail
    told = {name: detail.get(name) or None for name in _TOLD}
    return Happening.of(row, **told, number=number, enterprise=enterprise)
