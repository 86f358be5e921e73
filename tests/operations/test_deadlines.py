"""Deadlines to the microsecond, and clocks that are set: what is in time, and whose lease is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from stores import PLANNER, begun, editor, responding_round, tiny

from synergy.errors import ConflictError, RefusedError
from synergy.records.names import Answer, MatchState, Seat, StudyKind
from synergy.store import answers, declarations, freezing, queries, runs, studies
from synergy.store.access import WORKER
from synergy.store.answers import Reply
from synergy.store.leases import LEASE, claim, renew
from synergy.store.results import RunEnd, finish
from synergy.store.store import Store
from synergy.store.tables import matches, rounds

TICK = timedelta(microseconds=1)
DUE = datetime(2126, 4, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(("tick", "taken"), [(-TICK, True), (timedelta(0), True), (TICK, False)])
def test_a_declaration_is_in_time_up_to_the_deadline_itself(store: Store, tick: timedelta, taken: bool) -> None:
    seat = Seat(begun(store, deadline=DUE), "GLASS")
    then = replace(store, now=lambda: DUE + tick)
    if taken:
        assert declarations.repeat(then, editor("GLASS"), seat).version == 2
    else:
        with pytest.raises(RefusedError):
            declarations.repeat(then, editor("GLASS"), seat)
    assert queries.passed(then) == (0 if taken else 1)
    version = declarations.repeat(then, PLANNER, seat).version  # the planner is never late
    assert version == (3 if taken else 2)


@pytest.mark.parametrize(("tick", "taken"), [(-TICK, True), (timedelta(0), True), (TICK, False)])
def test_an_answer_is_in_time_up_to_the_deadline_itself(store: Store, tick: timedelta, taken: bool) -> None:
    ident = responding_round(store)
    with store.database.write() as connection:
        connection.execute(update(rounds).where(rounds.c.id == ident).values(answer_by=DUE))
    then = replace(store, now=lambda: DUE + tick)
    code = queries.list_proposals(store, editor("GLASS"), ident)[0].proposal
    if taken:
        assert answers.answer(then, editor("GLASS"), code, Reply(Answer.INTERESTED)).answer == "interested"
    else:
        with pytest.raises(RefusedError):
            answers.answer(then, editor("GLASS"), code, Reply(Answer.INTERESTED))


def _asked(store: Store) -> int:
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    return runs.request_match(store, PLANNER, ident).match


def test_a_run_does_not_wait_for_a_clock_that_was_ahead(store: Store) -> None:
    match = _asked(store)
    ahead = replace(store, now=lambda: datetime.now(UTC) + timedelta(hours=9))
    lost = claim(ahead, WORKER, "lost")  # its process dies, then the clock is set right
    assert lost is not None
    found = claim(store, WORKER, "next")
    assert found is not None
    assert (found.match, found.attempt) == (match, lost.attempt + 1)


def test_a_worker_that_lives_keeps_its_run_when_the_clock_is_set(store: Store) -> None:
    _asked(store)
    for moved in (timedelta(hours=9), timedelta(hours=-9)):
        held = claim(store, WORKER, "one")
        assert held is not None
        moment = datetime.now(UTC) + moved
        then = replace(store, now=lambda moment=moment: moment)
        renew(then, WORKER, held)  # the first thing that it does by the new clock
        assert claim(then, WORKER, "other") is None
        with store.database.write() as connection:
            connection.execute(update(matches).values(state=MatchState.REQUESTED, lease=None))


def test_who_was_overtaken_while_the_clock_was_ahead_brings_nothing(store: Store) -> None:
    match = _asked(store)
    held = claim(store, WORKER, "one")
    ahead = replace(store, now=lambda: datetime.now(UTC) + LEASE + TICK)
    other = claim(ahead, WORKER, "other")
    assert held is not None
    assert other is not None
    with pytest.raises(ConflictError):
        finish(store, WORKER, held, RunEnd("no_plan", None))
    with store.database.read() as connection:
        row = connection.execute(select(matches).where(matches.c.id == match)).one()
    assert (row.state, row.attempt) == (MatchState.RUNNING, other.attempt)


def test_a_study_does_not_wait_for_a_clock_that_was_ahead(store: Store) -> None:
    ident = responding_round(store)
    asked = studies.StudyQuestion(StudyKind.ALTERNATIVES, {"within": 0.1, "time_limit": 5.0})
    studies.ask(store, PLANNER, ident, asked)
    ahead = replace(store, now=lambda: datetime.now(UTC) + timedelta(hours=9))
    assert studies.claim_study(ahead, WORKER) is not None
    assert studies.claim_study(store, WORKER) is not None


def test_nobody_is_late_without_a_deadline(store: Store) -> None:
    seat = Seat(begun(store, archive=tiny()), "GLASS")
    far = replace(store, now=lambda: DUE)
    assert declarations.repeat(far, editor("GLASS"), seat).version == 2
