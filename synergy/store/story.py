"""What has happened to a proposal, as far as somebody may see it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, or_, select

from synergy.store.access import Action, Actor, Reach, reach
from synergy.store.commit import Record
from synergy.store.responding import proposal_row
from synergy.store.store import Store
from synergy.store.tables import events, matches, partnerships, proposals

_ROUND = ("round.publish", "round.collect", "round.conclude", "round.cancel")
_TOLD = ("answer", "reason", "counter", "stage")
_PLACE = (
    select(matches.c.round, matches.c.finished, partnerships.c.id.label("partnership"))
    .join(proposals, proposals.c.match == matches.c.id)
    .outerjoin(partnerships, partnerships.c.proposal == proposals.c.id)
    .where(proposals.c.id == bindparam("proposal"))
)


def story(store: Store, actor: Actor, code: str) -> list[Record]:
    """Return what has happened to a proposal, the earliest first.

    Parameters
    ----------
    store : Store
    actor : Actor
        An enterprise hears of its own answers, of steps of the round and of stages; not what others answered.
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
    """Return what asks for the events that tell of a proposal: one enterprise's answers, or everybody's."""
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
