"""Who takes part: members of a round, parties of its latest proposals, enterprises that have left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from synergy.store.names import Answer, MatchState
from synergy.store.tables import declarations, departures, matches, parties, proposals


def latest_run(round_id: int) -> Any:
    """Return the subquery of the latest run of a round that brought a plan."""
    done = (matches.c.round == round_id) & (matches.c.state == MatchState.DONE) & matches.c.plan.is_not(None)
    return select(matches.c.id).where(done).order_by(matches.c.number.desc()).limit(1).scalar_subquery()


def members(connection: Connection, round_id: int, *, late: bool = False) -> list[str]:
    """Return who takes part in a round, or those alone who have declared nothing."""
    wanted = select(declarations.c.enterprise).where(declarations.c.round == round_id)
    if late:
        wanted = wanted.where(declarations.c.submitted.is_(False))
    return list(connection.execute(wanted.order_by(declarations.c.enterprise)).scalars())


def involved(connection: Connection, round_id: int, *, silent: bool = False) -> list[str]:
    """Return who is part of a proposal of the latest run of a round, or those alone who owe one an answer."""
    wanted = select(parties.c.enterprise).join(proposals, proposals.c.id == parties.c.proposal)
    wanted = wanted.where(proposals.c.match == latest_run(round_id))
    if silent:
        wanted = wanted.where(parties.c.answer == Answer.NONE, proposals.c.answer != Answer.DECLINED)
    return list(connection.execute(wanted.distinct().order_by(parties.c.enterprise)).scalars())


def departed(connection: Connection, names: Iterable[str]) -> set[str]:
    """Return which of some enterprises have left."""
    wanted = select(departures.c.enterprise).where(departures.c.enterprise.in_(list(names)))
    return set(connection.execute(wanted).scalars())
