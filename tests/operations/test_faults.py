"""The n-th call of the database fails, for every n of a round: nothing is left, and the same step then succeeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from postgres import Cluster
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from stores import ADMIN, NAMES, OPTIONS, PLANNER, Place, begun, editor, proposals, solved, tiny

from synergy.errors import UnavailableError
from synergy.records.names import Answer, Seat, Stage
from synergy.store import (
    answers,
    commit,
    declarations,
    freezing,
    leases,
    notices,
    queries,
    review,
    rounds,
    runs,
    withdrawals,
)
from synergy.store.access import WORKER
from synergy.store.answers import Reply
from synergy.store.leases import ready
from synergy.store.results import finish
from synergy.store.rounds import StepOptions
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.tables import metadata

Step = Callable[[], Any]


class Faults:
    """Counts the calls of both engines and lets one of them fail."""

    def __init__(self, store: Store) -> None:
        self.count, self.at = 0, 0
        for engine in (store.database.writer, store.database.reader):
            event.listen(engine, "before_cursor_execute", lambda *_given: self._call())
            event.listen(engine, "commit", lambda _connection: self._call())

    def _call(self) -> None:
        self.count += 1
        if self.count == self.at:
            raise OperationalError("a call", None, sqlite3.OperationalError("disk I/O error"))

    @contextmanager
    def failing(self, at: int) -> Iterator[None]:
        """Let the n-th call from now on fail; 0: none."""
        self.count, self.at = 0, at
        try:
            yield
        finally:
            self.at = 0


def _dump(store: Store) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    with store.database.read() as connection:
        return {
            name: sorted(map(repr, connection.execute(table.select()).all())) for name, table in metadata.tables.items()
        }


def _life(store: Store) -> Iterator[Step]:
    """Yield the steps of a round, each a call that can be made again."""
    yield lambda: rounds.create(
        store,
        PLANNER,
        rounds.Draft(name="r", archive=tiny(), options=OPTIONS, ladder=0.0),
    )
    ident = queries.list_rounds(store, PLANNER)[0].round  # a server counts those that failed too
    yield lambda: rounds.advance(store, PLANNER, ident, "open")
    for name in NAMES[:2]:
        yield lambda name=name: declarations.repeat(store, editor(name), Seat(ident, name))
    yield lambda: rounds.remind(store, PLANNER, ident)
    yield lambda: freezing.freeze(store, PLANNER, ident)
    yield from _match(store, ident)
    yield lambda: review.rule(store, PLANNER, ident, ("note", {"text": "seen"}))
    yield from _answers(store, ident)
    yield from _match(store, ident)
    yield lambda: rounds.advance(store, PLANNER, ident, "publish", StepOptions(key="publish"))
    yield lambda: rounds.advance(store, PLANNER, ident, "collect")
    yield lambda: answers.conclude(store, PLANNER, ident)
    for one in answers.followed(store, PLANNER)[:1]:
        for stage in (Stage.PERMITS, Stage.ENDED):
            yield lambda one=one, stage=stage: answers.follow(
                store, PLANNER, one.partnership, stage, StepOptions(note="so")
            )
    yield lambda: notices.mark_read(store, editor("EAST"))
    yield lambda: withdrawals.depart(store, ADMIN, "TARCO", StepOptions(key="gone"))


def _match(store: Store, ident: int) -> Iterator[Step]:
    yield lambda: runs.request_match(store, PLANNER, ident)
    held: list[leases.Claim] = []

    def claimed() -> None:
        found = leases.claim(store, WORKER, "w")
        assert found is not None
        held.append(found)

    yield claimed
    yield lambda: leases.renew(store, WORKER, held[0])
    yield lambda: leases.note_progress(store, WORKER, held[0], {0: {"phase": "search"}})
    yield lambda: leases.keep_checkpoint(store, WORKER, held[0], {"part": 1})
    ended = solved(held[0])
    yield lambda: finish(store, WORKER, held[0], ended)


def _answers(store: Store, ident: int) -> Iterator[Step]:
    for name in ("publish", "collect"):
        yield lambda name=name: rounds.advance(store, PLANNER, ident, name)
    found = proposals(store, ident)
    said = {
        "build:TAR_DIST@EAST-1": (("EAST", Reply(Answer.ACCEPTED)), ("WEST", Reply(Answer.ACCEPTED))),
        "build:COG_LNG@EAST-1": (("EAST", Reply(Answer.DECLINED, "no")),),
    }
    for about, replies in said.items():
        for enterprise, reply in replies:
            code = found[about].proposal
            yield lambda e=enterprise, r=reply, c=code: answers.answer(store, editor(e), c, r, StepOptions(key=c + e))


def test_every_call_fails_once(place: Place) -> None:
    store = place.store
    faults = Faults(store)
    steps = calls = 0
    for step in _life(store):
        before, at = _dump(store), 1
        while True:
            with faults.failing(at):
                try:
                    step()
                except UnavailableError:
                    failed = True
                else:
                    failed = False
            if not failed:
                break
            assert _dump(store) == before, (steps, at)
            calls, at = calls + 1, at + 1
        assert at > 1
        steps += 1
    assert commit.verify_chain(store, PLANNER).sound
    assert (steps, calls > 300) == (31, True), (steps, calls)


def test_a_full_disk_stores_nothing(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    before = _dump(store)
    event.listen(
        store.database.writer,
        "begin",
        lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"),
    )
    with pytest.raises(UnavailableError, match="full"):
        rounds.create(store, PLANNER, rounds.Draft(name="r", archive=tiny()))
    assert _dump(store) == before
    store.close()


@pytest.mark.parametrize(
    ("lite", "statement"),
    [(True, "PRAGMA query_only = ON"), (False, "SET TRANSACTION READ ONLY"), (False, "SET LOCAL ROLE pg_monitor")],
    ids=["lite", "standby", "forbidden"],
)
def test_a_database_that_takes_nothing_does_not_answer(place: Place, lite: bool, statement: str) -> None:
    store = place.store
    if lite != (store.database.file is not None):
        return
    before = _dump(store)
    event.listen(store.database.writer, "begin", lambda connection: connection.exec_driver_sql(statement))
    with pytest.raises(UnavailableError):
        rounds.create(store, PLANNER, rounds.Draft(name="r", archive=tiny()))
    with pytest.raises(UnavailableError):
        leases.claim(store, WORKER, "w")
    assert not ready(store)["store"]
    assert _dump(store) == before


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
def test_a_server_of_the_database_that_crashed_is_met_again(place: Place, server: Cluster) -> None:
    store = place.store
    ident = begun(store)
    before = _dump(store)
    server.stop()
    try:
        for _ in range(2):  # connections that were open, and new ones
            with pytest.raises(UnavailableError):
                freezing.freeze(store, PLANNER, ident)
            assert not ready(store)["store"]
    finally:
        server.start()
    assert _dump(store) == before
    assert ready(store)["store"]
    freezing.freeze(store, PLANNER, ident)
    assert commit.verify_chain(store, PLANNER).sound
