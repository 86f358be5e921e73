"""Runs of a round as a planner asks for them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update

from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Change, Record, Step, commit, inserted
from synergy.store.names import MatchState, State
from synergy.store.policy import composed, prices_of
from synergy.store.rounds import Asked, fits, moved, round_row
from synergy.store.store import Store
from synergy.store.tables import matches, rounds, rulings
from synergy.store.verdicts import library, verdicts
from synergy.store.words import refusal

_VERSIONS = ("synergy-matching", "highspy", "ortools", "numpy", "pandas", "scipy")
ACTIVE = (MatchState.REQUESTED, MatchState.RUNNING)
_DONE = (matches.c.round == bindparam("of")) & (matches.c.state == MatchState.DONE) & matches.c.plan.is_not(None)
# the checkpoint is large, and nobody looks at it
_LATEST = select(*(column for column in matches.c if column.name != "checkpoint"))
_LATEST = _LATEST.where(_DONE).order_by(matches.c.number.desc()).limit(1)


def request_match(store: Store, actor: Actor, round_id: int, asked: Asked | None = None) -> Record:
    """Ask for a run; from a round that is responding, with what was answered: accepted is fixed, declined forbidden.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner.
    round_id : int
        Frozen, in review or responding.
    asked : Asked, optional
        Its `start`: runs of any round that brought a plan, the best of which that fits the search begins with.

    Returns
    -------
    dict
        ``{round, version, state, match, number}``.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or Asked()
    with store.database.read() as connection:
        known = library(connection, round_row(connection, round_id))
        begun = select(matches.c.id).where(matches.c.id.in_(asked.start), matches.c.plan.is_not(None))
        if len(connection.execute(begun).all()) < len(set(asked.start)):
            raise refusal("not_found", what="match")

    def body(change: Change) -> Record:
        connection = change.connection
        row = round_row(connection, round_id)
        if row.state == State.MATCHING:
            raise refusal("busy")
        fits(row, "match")
        if row.state == State.RESPONDING:
            latest = latest_match(connection, round_id)
            news = [] if latest is None else verdicts(connection, latest.id, known)
            if news:
                told = {"round": round_id, "match": latest and latest.id, "at": change.at, "actor": actor.name}
                connection.execute(insert(rulings), [{**told, **one} for one in news])
        number = connection.execute(select(func.count()).where(matches.c.round == round_id)).scalar_one() + 1
        rules = standing(connection, round_id)
        asked_prices = prices_of(rules)
        values = {
            "round": round_id,
            "number": number,
            "state": MatchState.REQUESTED,
            "snapshot": row.frozen,
            "scenario": composed(row.scenario, rules),
            "options": {name: value for name, value in row.options.items() if name != "ladder"}
            | ({"prices": asked_prices} if asked_prices else {})
            | ({"start": sorted(set(asked.start))} if asked.start else {}),
            "versions": {name: version(name) for name in _VERSIONS} | {"python": sys.version.split()[0]},
            "requested": change.at,
            "requester": actor.name,
        }
        match = inserted(connection, matches, **values)
        return moved(change, row, "match", asked, {"match": match}) | {"match": match, "number": number}

    return commit(store, actor, Step("round.match", {"round": round_id, **asked.given}, asked.key), body)


def standing(connection: Connection, round_id: int) -> list[tuple[str, Record]]:
    """Return kind and pattern of the rulings of a round that were not withdrawn, the earliest first."""
    own = (rulings.c.round == round_id) & rulings.c.withdrawn.is_(False)
    rows = connection.execute(select(rulings.c.kind, rulings.c.pattern).where(own).order_by(rulings.c.id))
    return [(row.kind, row.pattern) for row in rows]


def latest_match(connection: Connection, round_id: int) -> Row[Any] | None:
    """Return the latest run of a round that brought a plan, None where there is none; without its checkpoint."""
    return connection.execute(_LATEST, {"of": round_id}).one_or_none()


def back(change: Change, round_id: int, match: int, step: str, detail: Mapping[str, Any]) -> None:
    """Bring a round back from matching to where it can be matched again.

    Parameters
    ----------
    change : Change
        The transaction.
    round_id, match : int
        The round and the run that ended without proposals.
    step : str
        Name of the event.
    detail : mapping
        For the event.
    """
    done = latest_match(change.connection, round_id)
    state = State.FROZEN if done is None else State.REVIEW
    change.connection.execute(
        update(rounds)
        .where(rounds.c.id == round_id, rounds.c.state == State.MATCHING)
        .values(state=state, version=rounds.c.version + 1)
    )
    change.event(step, f"match:{match}", {**detail, "state": state}, round_id)


def halt_search(store: Store, actor: Actor, round_id: int, asked: Asked | None = None) -> Record:
    """Ask the run of a round to search no longer: the best plan so far, or the first one, is settled and proposed.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner.
    round_id : int
    asked : Asked, optional

    Returns
    -------
    dict
        ``{match, state}``.

    Raises
    ------
    NotFoundError
        No run is under way.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or Asked()

    def body(change: Change) -> Record:
        row = _under_way(change.connection, round_id)
        change.connection.execute(update(matches).where(matches.c.id == row.id).values(halt=True))
        change.event("match.halt", f"match:{row.id}", {"note": asked.note}, round_id)
        return {"match": row.id, "state": row.state}

    return commit(store, actor, Step("match.halt", {"round": round_id, **asked.given}, asked.key), body)


def cancel_match(store: Store, actor: Actor, round_id: int, asked: Asked | None = None) -> Record:
    """Ask to cancel the run of a round: at once where nobody holds it, else as soon as its worker hears of it.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner.
    round_id : int
    asked : Asked, optional

    Returns
    -------
    dict
        ``{match, state}``.
    """
    require(actor, Action.RUN_ROUND, Resource("round"))
    asked = asked or Asked()

    def body(change: Change) -> Record:
        connection = change.connection
        row = _under_way(connection, round_id)
        same = update(matches).where(matches.c.id == row.id)
        if row.state == MatchState.REQUESTED or row.lease < change.at:
            connection.execute(same.values(state=MatchState.CANCELLED, finished=change.at, lease=None))
            back(change, round_id, row.id, "match.cancelled", {"note": asked.note})
            return {"match": row.id, "state": MatchState.CANCELLED}
        connection.execute(same.values(cancel=True))
        change.event("match.cancel", f"match:{row.id}", {"note": asked.note}, round_id)
        return {"match": row.id, "state": MatchState.RUNNING}

    return commit(store, actor, Step("match.cancel", {"round": round_id, **asked.given}, asked.key), body)


def _under_way(connection: Connection, round_id: int) -> Row[Any]:
    round_row(connection, round_id)
    own = (matches.c.round == round_id) & matches.c.state.in_(ACTIVE)
    row = connection.execute(select(matches).where(own).with_for_update()).one_or_none()
    if row is None:
        raise refusal("not_found", what="match")
    return row
