"""Read queries by role: rounds, runs, plans, progress and proposals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, func, select

from synergy.store.access import Action, Actor, Reach, Resource, reach, require
from synergy.store.answers import proposal_row
from synergy.store.column_types import written
from synergy.store.commit import Record
from synergy.store.messages import refusal
from synergy.store.names import State
from synergy.store.proposal_views import own_part, whole
from synergy.store.results import unpacked_record
from synergy.store.rounds import round_row
from synergy.store.runs import latest_match
from synergy.store.store import Store
from synergy.store.tables import chain, declarations, lines, matches, parties, progress, proposals, rounds

SHOWN = (State.PUBLISHED, State.RESPONDING, State.CONCLUDED)  # when enterprises see proposals
AT_ONCE = 500  # ids that a database is asked for in one statement
_PUBLIC = [
    rounds.c[name] for name in ("id", "name", "state", "version", "deadline", "answer_by", "anonymous", "created")
]
# asked for every page of an enterprise: made once
_ALL_ROUNDS = select(*_PUBLIC).order_by(rounds.c.id.desc())
_COUNTS = select(declarations.c.round, func.count(), func.sum(case((declarations.c.submitted, 1), else_=0))).group_by(
    declarations.c.round
)
_COUNT = _COUNTS.where(declarations.c.round == bindparam("ident"))
_ONE_ROUND = select(*_PUBLIC).where(rounds.c.id == bindparam("ident"))
_OVER = [case((column < bindparam("now"), 1)) for column in (rounds.c.deadline, rounds.c.answer_by)]
_PASSED = select(func.count(_OVER[0]) + func.count(_OVER[1]))
_STATE = select(rounds.c.state).where(rounds.c.id == bindparam("ident"))
_ROUND_OF = select(rounds).join(matches, matches.c.round == rounds.c.id).where(matches.c.id == bindparam("match"))
_PLAN_OF = select(matches.c.plan).where(matches.c.id == bindparam("match"))
_SAID = select(parties).where(parties.c.proposal == bindparam("proposal")).order_by(parties.c.enterprise)
_SIDES = tuple(
    select(table).where(table.c.proposal.in_(bindparam("some", expanding=True))).order_by(table.c.proposal, order)
    for table, order in ((parties, parties.c.enterprise), (lines, lines.c.number))
)
_EXCHANGED = select(lines).where(lines.c.proposal == bindparam("proposal")).order_by(lines.c.number)
_MATCH = ("round", "number", "state", "status", "attempt", "digest", "snapshot", "fault", "diagnosis", "options")
_TIMES = ("requested", "started", "finished")


def list_rounds(store: Store, actor: Actor) -> list[Record]:
    """Return the public facts of all rounds, the latest first.

    Returns
    -------
    list of dict
        ``{round, name, state, version, deadline, answer_by, anonymous, created, members, declared}``.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        rows = connection.execute(_ALL_ROUNDS).all()
        counts = _counts(connection)
    return [_round(row, counts.get(row.id, (0, 0))) for row in rows]


def see_round(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the public facts of one round.

    Returns
    -------
    dict
        As from `list_rounds`.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        row = connection.execute(_ONE_ROUND, {"ident": round_id}).one_or_none()
        if row is None:
            raise refusal("not_found", what="round")
        return _round(row, _counts(connection, round_id).get(round_id, (0, 0)))


def state_of(store: Store, actor: Actor, round_id: int) -> str:
    """Return the state of a round, which is public.

    Raises
    ------
    NotFoundError
        There is no such round.
    """
    require(actor, Action.SEE_ROUNDS, Resource("round"))
    with store.database.read() as connection:
        found = connection.execute(_STATE, {"ident": round_id}).scalar_one_or_none()
    if found is None:
        raise refusal("not_found", what="round")
    return str(found)


def passed(store: Store) -> int:
    """Return the number of deadlines of rounds that have passed, by which cached pages expire."""
    with store.database.read() as connection:
        return int(connection.execute(_PASSED, {"now": store.now()}).scalar_one())


def _counts(connection: Connection, round_id: int | None = None) -> dict[int, tuple[int, int]]:
    """Return the numbers of members and of declarations by round, for one round or for all."""
    rows = connection.execute(_COUNTS) if round_id is None else connection.execute(_COUNT, {"ident": round_id})
    return {one: (int(members), int(submitted)) for one, members, submitted in rows}


def _round(row: Row[Any], counts: tuple[int, int]) -> Record:
    members, submitted = counts
    return {
        "round": row.id,
        "name": row.name,
        "state": row.state,
        "version": row.version,
        "deadline": None if row.deadline is None else row.deadline.isoformat(),
        "answer_by": None if row.answer_by is None else row.answer_by.isoformat(),
        "anonymous": row.anonymous,
        "created": row.created.isoformat(),
        "members": members,
        "declared": submitted,
    }


def see_matches(store: Store, actor: Actor, round_id: int) -> list[Record]:
    """Return the runs of a round without their plans.

    Returns
    -------
    list of dict
        ``{match, number, state, status, attempt, value, gain, digest, snapshot, fault, diagnosis, options, versions,
        requested, started, finished}``.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        round_row(connection, round_id)
        rows = connection.execute(select(matches).where(matches.c.round == round_id).order_by(matches.c.number)).all()
    return [_match(row) for row in rows]


def _match(row: Row[Any]) -> Record:
    names = ("number", "state", "status", "attempt", "digest", "snapshot", "fault", "diagnosis", "options", "versions")
    times = ("requested", "started", "finished")
    told: Record = {"match": row.id} | {name: row._mapping[name] for name in names}
    told |= {name: written(row._mapping[name]) for name in ("value", "gain")}
    return told | {name: None if row._mapping[name] is None else row._mapping[name].isoformat() for name in times}


def match_input(store: Store, actor: Actor, match: int) -> Record:
    """Return the inputs and the result of a run, for replay or comparison.

    Returns
    -------
    dict
        ``{match, round, snapshot, scenario, options, checkpoint, record, digest, status}``; record is the record of the
        round with plan and labels, None where there is no plan; checkpoint the start of its last attempt, if any.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        row = connection.execute(select(matches).where(matches.c.id == match)).one_or_none()
        if row is None:
            raise refusal("not_found", what="match")
    names = ("round", "snapshot", "scenario", "options", "checkpoint", "digest", "status")
    record = None if row.plan is None else unpacked_record(row.plan)
    return {"match": row.id, **{name: row._mapping[name] for name in names}, "record": record}


def see_plan(store: Store, actor: Actor, round_id: int) -> Record:
    """Return the record of the latest plan of a round, with the head of the audit chain.

    Returns
    -------
    dict
        As from `synergy.records.rounds.round_record`, with ``match``, ``digest`` and ``chain``.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    with store.database.read() as connection:
        round_row(connection, round_id)
        row = latest_match(connection, round_id)
        head = connection.execute(select(chain.c.number, chain.c.mac)).one()
    if row is None:
        raise refusal("not_found", what="match")
    told = {"match": row.id, "digest": row.digest, "chain": {"number": head.number, "mac": head.mac}}
    return {**unpacked_record(row.plan), **told}


def see_progress(store: Store, actor: Actor, match: int, after: tuple[int, int] = (0, -1)) -> list[Record]:
    """Return the progress records of a run.

    Parameters
    ----------
    store, actor
    match : int
    after : tuple of int
        Attempt and number of the last one that was seen.

    Returns
    -------
    list of dict
        ``{attempt, number, at, phase, seconds, best, bound, gap, done, total}`` in order.
    """
    require(actor, Action.SEE_PLANS, Resource("match"))
    later = (progress.c.attempt > after[0]) | ((progress.c.attempt == after[0]) & (progress.c.number > after[1]))
    wanted = select(progress).where(progress.c.match == match, later).order_by(progress.c.attempt, progress.c.number)
    with store.database.read() as connection:
        rows = connection.execute(wanted).all()
    return [{"attempt": row.attempt, "number": row.number, "at": row.at.isoformat(), **row.record} for row in rows]


def list_proposals(store: Store, actor: Actor, round_id: int, code: str | None = None) -> list[Record]:
    """Return the proposals of a round that an actor may see, each in the view of its role.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner sees them whole from the review on, an enterprise its part of those it is part of once published.
    round_id : int
    code : str, optional
        Of one that is wanted alone.

    Returns
    -------
    list of dict
        See `synergy.store.proposal_views`.
    """
    own = reach(actor, Action.SEE_PROPOSAL) is Reach.OWN
    mine = frozenset({actor.enterprise} if own and actor.enterprise else ())
    require(actor, Action.SEE_PROPOSAL, Resource("proposal", mine))
    with store.database.read() as connection:
        row = round_row(connection, round_id)
        latest = latest_match(connection, round_id)
        if latest is None or (own and row.state not in SHOWN):
            return []
        given: Record = {"match": latest.id} | ({} if code is None else {"code": code})
        given |= {"enterprise": actor.enterprise} if own else {}
        found = connection.execute(_listed(own, code is not None), given).all()
        said, exchanged = _sides(connection, found)
    if not own:
        return [{"round": row.id, **whole(one, said[one.id], exchanged[one.id])} for one in found]
    seen = (str(actor.enterprise), unpacked_record(latest.plan), store.secret)
    return [{"round": row.id, **own_part((row, one), said[one.id], exchanged[one.id], seen)} for one in found]


@lru_cache
def _listed(own: bool, one: bool) -> Select[Any]:
    """Return the query for the proposals of a run, optionally of one enterprise or with one code."""
    wanted = select(proposals).where(proposals.c.match == bindparam("match"))
    if one:
        wanted = wanted.where(proposals.c.code == bindparam("code"))
    if not own:
        return wanted.order_by(proposals.c.id)
    inside = select(parties.c.proposal).where(parties.c.enterprise == bindparam("enterprise"))
    # by code: an order by gain would tell of gains
    return wanted.where(proposals.c.id.in_(inside)).order_by(proposals.c.code)


def _sides(connection: Connection, found: Sequence[Row[Any]]) -> list[dict[int, list[Row[Any]]]]:
    """Return the parties and the lines of proposals, grouped by proposal, from batched queries."""
    sides: list[dict[int, list[Row[Any]]]] = []
    idents = [one.id for one in found]
    for wanted in _SIDES:
        by: dict[int, list[Row[Any]]] = defaultdict(list)
        for start in range(0, len(idents), AT_ONCE):
            for each in connection.execute(wanted, {"some": idents[start : start + AT_ONCE]}):
                by[each.proposal].append(each)
        sides.append(by)
    return sides


def see_proposal(store: Store, actor: Actor, code: str) -> Record:
    """Return one proposal in the view of the actor's role.

    Raises
    ------
    NotFoundError
        There is none, it is others', or it is not published.
    """
    with store.database.read() as connection:
        one = proposal_row(connection, actor, Action.SEE_PROPOSAL, code)
        row = connection.execute(_ROUND_OF, {"match": one.match}).one()
        if reach(actor, Action.SEE_PROPOSAL) is Reach.OWN and row.state not in SHOWN:
            raise refusal("not_found", what="proposal")
        return _seen(store, connection, actor, (row, one))


def _seen(store: Store, connection: Connection, actor: Actor, place: tuple[Row[Any], Row[Any]]) -> Record:
    row, one = place
    own = reach(actor, Action.SEE_PROPOSAL) is Reach.OWN
    said = connection.execute(_SAID, {"proposal": one.id}).all()
    exchanged = connection.execute(_EXCHANGED, {"proposal": one.id}).all()
    if not own:
        return {"round": row.id, **whole(one, said, exchanged)}
    record = unpacked_record(connection.execute(_PLAN_OF, {"match": one.match}).scalar_one())
    return {"round": row.id, **own_part(place, said, exchanged, (str(actor.enterprise), record, store.secret))}


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
    """Return the declaration status of the enterprises of a round, without the entries.

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
