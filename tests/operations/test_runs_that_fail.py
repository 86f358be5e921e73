"""Runs that fail: whatever breaks one, it ends as a failed run with a sentence, and the worker goes on to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import StatementError
from stores import PLANNER, ROOT, begun, editor, solved

from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario
from synergy.errors import DatasetError, RefusedError, UnavailableError
from synergy.forms.context import Row, Rows
from synergy.forms.submitting import judge_rows
from synergy.records.figures import BeyondError, millionths
from synergy.records.names import Seat, Sheet
from synergy.records.runs import Run
from synergy.scenario import Scenario
from synergy.store import declarations, freezing, leases, notices, queries, runs
from synergy.store.access import WORKER
from synergy.store.column_types import Micro
from synergy.store.datasets import snapshot_of
from synergy.store.overlay import Entry
from synergy.store.results import RunEnd
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.tables import snapshots
from synergy.store.turnover import MOST_SUM, turnovers
from synergy.worker import work as working
from synergy.worker.solve import Task
from synergy.worker.work import Habits, work, work_once

HERE = Habits(apart=False, idle=0.01)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return an empty store in a file."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "audit.key"))
    return make_store(tmp_path / "store.db")


def requested(store: Store, **given: Any) -> int:
    """Return a round whose run is asked for."""
    ident = begun(store, **given)
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    return ident


def run_of(store: Store, ident: int) -> Run:
    """Return the last run of a round."""
    return queries.see_matches(store, PLANNER, ident)[-1]


def _quick(task: Task, *_: Any, **__: Any) -> RunEnd:
    return solved(leases.Claim(0, 1, 0, task.archive, task.scenario, task.options, None))


def _with_a_checkpoint(task: Task, listen: Any, keep: Callable[[dict[str, Any]], None]) -> RunEnd:
    keep({"part": 1})
    return _quick(task)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("12,345 CNY of EAST"),
        StatementError("12,345", "UPDATE", {}, ValueError("EAST")),
        MemoryError(),
        RecursionError("12,345"),
        KeyError("EAST"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("step", ["solve", "finish", "keep_checkpoint"])
def test_whatever_breaks_a_run_ends_it_and_the_worker_goes_on(
    step: str, error: Exception, small: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = requested(small), requested(small)
    monkeypatch.setattr(working, "solve", _with_a_checkpoint)
    ours = getattr(working, step)

    def breaks(*given: Any, **more: Any) -> Any:
        held = next((one.match for one in given if isinstance(one, leases.Claim)), None)
        if held == 1 or (step == "solve" and run_of(small, broken).state == "running"):
            raise error
        return ours(*given, **more)

    monkeypatch.setattr(working, step, breaks)
    ended = work(small, HERE, lambda: run_of(small, sound).state == "done")
    assert ended == leases.ATTEMPTS + 1
    failed = run_of(small, broken)
    assert (failed.state, failed.attempt) == ("failed", leases.ATTEMPTS)
    fault = failed.fault or ""
    assert "fault of the program" in fault
    assert "程序故障" in fault
    assert queries.see_round(small, PLANNER, broken).state == "frozen"
    (told,) = [one for one in notices.list_notices(small, PLANNER) if one.kind == "failed"]
    said = [record.getMessage() for record in caplog.records if record.name == "synergy.worker"]
    assert len(said) == leases.ATTEMPTS
    assert all(type(error).__name__ in line and "breaks" in line for line in said)
    assert not any("12,345" in text or "EAST" in text for text in (*said, fault, str(told.document())))


def test_a_step_outside_of_a_run_stops_nothing(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ident = requested(small)
    failing = iter([ValueError("a"), KeyError("b"), UnavailableError("c", "c", "c")])
    ours = leases.claim

    def claim(*given: Any) -> Any:
        error = next(failing, None)
        if error is not None:
            raise error
        return ours(*given)

    def broken(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(working, "claim", claim)
    monkeypatch.setattr(working, "approaching", broken)
    monkeypatch.setattr(working, "solve", _quick)
    assert work(small, HERE, lambda: run_of(small, ident).state == "done") == 1


def test_a_worker_whose_runs_end_for_good_does_not_wait_for_studies(
    small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stops(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(working, "_runs", stops)
    with pytest.raises(KeyboardInterrupt):
        work(small, HERE, lambda: False)
    assert "studies" not in [one.name for one in threading.enumerate()]

    never = threading.Event()
    monkeypatch.setattr(working, "study", lambda *_: never.wait())
    monkeypatch.setattr(working, "_LEAVE_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        work(small, HERE, lambda: False)
    assert all(one.daemon for one in threading.enumerate() if one.name == "studies")  # it holds no process
    never.set()


def test_a_run_that_its_workers_do_not_survive_is_given_up(store: Store) -> None:
    ident, other = requested(store), requested(store)
    for attempt in range(1, leases.DEATHS + 1):
        lost = leases.claim(store, WORKER, "lost", timedelta(seconds=-1))
        assert lost is not None
        assert lost.attempt == attempt
    held = leases.claim(store, WORKER, "next")
    assert held is not None
    assert held.round == other
    failed = run_of(store, ident)
    assert failed.state == "failed"
    assert "ended without a word" in (failed.fault or "")
    assert queries.see_round(store, PLANNER, ident).state == "frozen"


def test_a_run_that_is_given_back_is_not_counted_as_broken(store: Store) -> None:
    requested(store)
    for _ in range(2 * leases.DEATHS):
        held = leases.claim(store, WORKER, "w")
        assert held is not None
        leases.release(store, WORKER, held)
    assert leases.claim(store, WORKER, "w") is not None


def test_a_run_whose_dataset_is_lost_does_not_stand_in_the_way(store: Store) -> None:
    ident = requested(store)
    with store.database.write() as connection:
        connection.execute(update(snapshots).values(archive=b"else"))
    assert leases.claim(store, WORKER, "w") is None
    assert "freeze again" in (run_of(store, ident).fault or "")


def test_a_plan_whose_money_cannot_be_kept_names_what_to_correct(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dear = Scenario(scale=({"table": "markets", "column": "price", "where": {"market": "COKE-GATE"}, "factor": 1e9},))
    ident = requested(small, scenario=dear, options={"time_limit": 30.0, "settlement": "none"})
    done = work_once(small, HERE)
    assert done is not None
    assert done.state == "failed"
    failed = run_of(small, ident)
    fault = failed.fault or ""
    assert failed.attempt == 1  # it would end the same way again
    assert "correct the price or the amount" in fault
    assert "markets COKE-GATE" in fault
    assert "facilities EAST-OVEN > markets COKE-GATE" in fault  # whose amount it is
    assert "PRODUCTS" not in fault
    assert "金额超出" in fault


def _need(amount: str, price: str) -> Entry:
    return Entry(
        sheet=Sheet.NEEDS, site="GLASS-1", subject="COG", amount=Decimal(amount), price=Decimal(price), ident="N"
    )


@pytest.mark.parametrize(
    ("amount", "price", "code"),
    [
        ("60000", "100000000000", "form_money"),
        ("1000000000001", "0", "form_beyond"),
        ("0.000001", "1", "form_small"),
        ("0.0001", "1", "form_small"),
    ],
)
def test_what_no_plan_can_keep_is_refused_by_every_way_in(amount: str, price: str, code: str, small: Store) -> None:
    ident = begun(small)
    with pytest.raises(DatasetError) as refused:
        declarations.declare(small, editor("GLASS"), Seat(ident, "GLASS"), [_need(amount, price)])
    (problem,) = refused.value.problems
    assert (problem.code, problem.table, problem.row) == (code, "needs", 1)
    cells = {"site": "GLASS-1", "subject": "COG", "amount": amount, "price": price, "checked": "yes"}
    rows = Rows([Row(Sheet.NEEDS, 7, cells)], units=False)
    judged = judge_rows(small, editor("GLASS"), Seat(ident, "GLASS"), rows)
    assert judged.refused
    assert [(one.code, one.row) for one in judged.problems if one.severity == "error"] == [(code, 7)]
    assert all(one.message_zh for one in judged.problems)


def test_rows_that_fit_each_and_not_together_are_named_before_the_round_is_frozen(small: Store) -> None:
    ident = begun(small)
    many = [replace(_need("1000000000", "900"), ident=f"N{number}") for number in range(5)]
    declarations.declare(small, editor("GLASS"), Seat(ident, "GLASS"), many)
    with pytest.raises(RefusedError, match="needs N0"):
        freezing.freeze(small, PLANNER, ident)
    declarations.declare(small, PLANNER, Seat(ident, "GLASS"), many[:1])
    assert freezing.freeze(small, PLANNER, ident).state == "frozen"


def _row(sheet: str, subject: str, amount: str, **other: str) -> Entry:
    return Entry(sheet=Sheet(sheet), site="GLASS-1", subject=subject, amount=Decimal(amount), ident="X", other=other)


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        (_row("offers", "COKE", "100000000000"), "offers X > markets COKE-GATE"),
        (_row("offers", "COKE", "3000000000"), "offers X > markets COKE-GATE"),
        (_row("needs", "NG", "100000000000", required="true"), "needs X < markets NG-BUY"),
        (_row("facilities", "COG_LNG", "7000000000"), ""),  # no gas for it
        (_row("offers", "COG", "100000000000", must_clear="true"), ""),  # no market takes it
        (_row("needs", "NG", "100000000000"), ""),  # nobody buys dearer than it pays
        (_row("offers", "TAR", "100000000000"), ""),  # the market takes 60,000 t, plants no more than they may have
        (_row("offers", "COKE", "100000000"), ""),
    ],
    ids=lambda one: f"{one.sheet} {one.subject} {one.amount}" if isinstance(one, Entry) else "",
)
def test_amounts_count_at_the_prices_of_their_own_markets(entry: Entry, named: str, small: Store) -> None:
    ident = begun(small)
    declarations.declare(small, editor("GLASS"), Seat(ident, "GLASS"), [entry])
    if not named:
        assert freezing.freeze(small, PLANNER, ident).state == "frozen"
        return
    with pytest.raises(RefusedError, match=named) as refused:
        freezing.freeze(small, PLANNER, ident)
    said = refused.value.en.partition("amount of ")[2]
    assert said.startswith(named)
    assert not any(other in said for other in ("PRODUCTS", "LNG-2", "ALUMINA-SELL"))


def test_two_rows_that_make_an_amount_together_are_named(small: Store) -> None:
    """An oven without the right to make coke moves nothing; with it, all that it may make."""
    ident = begun(small)
    oven, right = _row("facilities", "OVEN", "7000000000"), _row("offers", "COKE_RIGHT", "7000000000")
    declarations.declare(small, editor("GLASS"), Seat(ident, "GLASS"), [oven, replace(right, ident="Y")])
    with pytest.raises(RefusedError, match=r"facilities X [<>] markets"):
        freezing.freeze(small, PLANNER, ident)
    declarations.declare(small, PLANNER, Seat(ident, "GLASS"), [oven])
    assert freezing.freeze(small, PLANNER, ident).state == "frozen"


@pytest.mark.parametrize("name", ["tiny", "lvliang"])
def test_what_is_shipped_is_far_from_what_cannot_be_kept(name: str, small: Store) -> None:
    place = ROOT / "datasets" / name
    archive = snapshot_of(read(place)).archive
    ident = begun(small, archive=archive)
    assert freezing.freeze(small, PLANNER, ident).state == "frozen"
    for scenario in (Scenario(), *map(load_scenario, sorted(place.glob("scenarios/*.toml")))):
        rows = turnovers(read(place, scenario))
        assert sum(one.money for one in rows if one.table != "markets") < MOST_SUM / 10


@pytest.mark.parametrize("value", ["9223372036854.775808", "1e300", "Infinity", "NaN"])
def test_a_number_beyond_what_can_be_kept_says_so(value: str) -> None:
    with pytest.raises(BeyondError):
        millionths(Decimal(value))
    with pytest.raises(BeyondError):
        Micro().process_bind_param(Decimal(value), None)  # type: ignore[arg-type]
