"""What a program asks for one by one: a run, and who of a round has declared."""

from __future__ import annotations

from sqlalchemy import select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.commit import Record
from synergy.store.exact import written
from synergy.store.rounds import round_row
from synergy.store.store import Store
from synergy.store.tables import declarations, matches
from synergy.store.words import refusal

_MATCH = ("round", "number", "state", "status", "attempt", "digest", "snapshot", "fault", "diagnosis", "options")
_TIMES = ("requested", "started", "finished")


def see_match(store: Store, actor: Actor, match: int) -> Record:
    """Return one run without its plan.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    match : int

    Returns
    -------
    dict
        ``{match, round, number, state, status, attempt, value, gain, digest, snapshot, fault, diagnosis, options,
        cancel, requested, started, finished}``.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    wanted = [matches.c[name] for name in ("id", *_MATCH, *_TIMES, "value", "gain", "cancel")]
    with store.database.read() as connection:
        row = connection.execute(select(*wanted).where(matches.c.id == match)).one_or_none()
    if row is None:
        raise refusal("not_found", what="match")
    told: Record = {"match": row.id, "cancel": row.cancel, **{name: row._mapping[name] for name in _MATCH}}
    told |= {name: written(row._mapping[name]) for name in ("value", "gain")}
    return told | {name: None if row._mapping[name] is None else row._mapping[name].isoformat() for name in _TIMES}


def list_declarations(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """Return who takes part in a round and who has declared, without what.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor sees all of them, an enterprise its own.
    round_id : int

    Returns
    -------
    list of dict
        ``{round, enterprise, version, submitted, origin, reminders, at}``, by enterprise.
    """
    own = reach(actor, Action.SEE_DECLARATION) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.SEE_DECLARATION, Resource("declaration", mine))
    wanted = select(declarations).where(declarations.c.round == round_id).order_by(declarations.c.enterprise)
    if own:
        wanted = wanted.where(declarations.c.enterprise == actor.enterprise)
    with store.database.read() as connection:
        round_row(connection, round_id)
        rows = connection.execute(wanted).all()
    names = ("round", "enterprise", "version", "submitted", "origin", "reminders")
    return [
        {name: row._mapping[name] for name in names} | {"at": None if row.at is None else row.at.isoformat()}
        for row in rows
    ]
