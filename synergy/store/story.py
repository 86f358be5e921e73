"""What has happened to a proposal, as far as somebody may see it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, or_, select

from synergy.store.access import Action, Actor, Reach, reach
from synergy.store.commit import Record
from synergy.store.responding import proposal_row
from synergy.store.store import Store
from synergy.store.tables import events, matches, partnerships

_ROUND = ("round.publish", "round.collect", "round.conclude", "round.cancel")
_TOLD = ("answer", "reason", "counter", "stage")


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
        found = connection.execute(select(matches.c.round, matches.c.finished).where(matches.c.id == row.match)).one()
        made = select(partnerships.c.id).where(partnerships.c.proposal == row.id)
        partnership = connection.execute(made).scalar()
        answers = f"proposal:{code}:{actor.enterprise}" if own else f"proposal:{code}:%"
        wanted = or_(
            events.c.subject.like(answers, escape="\\") if not own else events.c.subject == answers,
            (events.c.action == "follow") & (events.c.subject == f"partnership:{partnership}"),
            events.c.action.in_(_ROUND) & (events.c.at >= found.finished),
        )
        rows = connection.execute(select(events).where(events.c.round == found.round, wanted).order_by(events.c.number))
        return [_event(one) for one in rows]


def _event(row: Row[Any]) -> Record:
    enterprise = row.subject.split(":")[2] if row.action == "answer" else ""
    told = {name: row.detail[name] for name in _TOLD if row.detail.get(name)}
    if row.action.startswith("round."):
        told = {}
    return {"at": row.at.isoformat(), "action": row.action, "enterprise": enterprise, **told}
