"""A run that was broken off goes on from its last checkpoint: it begins with that plan and never ends worse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

import pytest
from random_datasets import random_dataset
from stores import PLANNER, ROOT, begun, tiny

from synergy.accounts.ledger import value
from synergy.candidates.scope import everyone
from synergy.coalitions.parallel import FRESH, Spread, pool
from synergy.dataset.read import read
from synergy.dataset.sheet import yearly
from synergy.engine import alone_of, match, problem
from synergy.errors import NotFoundError, VerificationError
from synergy.model.decode import decode
from synergy.model.solve import Solution, solve
from synergy.model.solve_params import Control, Memory, SolveParams
from synergy.network.places import places_of
from synergy.options import Options
from synergy.records.documents import PlanJSON
from synergy.store import freezing, queries, runs
from synergy.store.access import WORKER
from synergy.store.leases import LEASE, claim, keep_checkpoint
from synergy.store.results import RunEnd, unpacked_record
from synergy.store.rounds import StepOptions
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.worker.solve import Task, replay
from synergy.worker.solve import solve as solved
from synergy.worker.work import Habits, work_once

NEAR = 1e-7
SCENARIO, OPTIONS = {"name": "base"}, {"time_limit": 30.0, "settlement": "none"}


def _plan(ended: RunEnd) -> PlanJSON:
    assert ended.record is not None
    return ended.record["plan"]


@pytest.fixture(scope="module")
def model() -> Any:
    """Return a problem whose search takes all its steps."""
    dataset = yearly(read(ROOT / "datasets" / "lvliang"))
    return problem(dataset, everyone(places_of(dataset)))


def _search(model: Any, start: dict[str, Any] | None, stop_at: int) -> tuple[list[dict[str, Any]], Solution, Memory]:
    """Search until so many checkpoints were kept."""
    kept: list[dict[str, Any]] = []
    memory = Memory(start, kept.append)
    params = SolveParams(
        0.02, 120.0, stop=lambda: len([one for one in kept if not one["done"]]) >= stop_at, memory=memory
    )
    return kept, solve(model, params), memory


def test_a_search_goes_on_from_what_was_kept(model: Any) -> None:
    kept, _, memory = _search(model, None, 3)
    assert not memory.resumed
    first = kept[2]  # the process dies here
    assert first["chosen"]
    again, solution, memory = _search(model, first, 2)
    assert memory.resumed
    assert again[0]["value"] >= first["value"] - NEAR * abs(first["value"])
    assert solution.value >= first["value"] - NEAR * abs(first["value"])
    if first["bound"] is not None:
        assert solution.bound <= first["bound"] + NEAR * abs(first["bound"])
    values = [one["value"] for one in again]
    assert values == sorted(values)
    assert again[-1]["seconds"] >= first["seconds"]


def test_a_search_that_had_ended_is_not_made_again(model: Any) -> None:
    kept, solution, _ = _search(model, None, 2)
    assert kept[-1]["done"]
    again, same, memory = _search(model, kept[-1], 99)
    assert memory.resumed
    assert same.value == pytest.approx(solution.value, rel=NEAR)
    assert same.bound == pytest.approx(solution.bound, rel=NEAR)
    assert len(again) == 1


def test_a_checkpoint_of_another_problem_is_not_looked_at(model: Any) -> None:
    kept, _, _ = _search(model, None, 1)
    for strange in ({"part": 1}, {**kept[0], "problem": "another"}, {**kept[0], "chosen": None}):
        found, _, memory = _search(model, strange, 1)
        assert not memory.resumed
        assert found[0]["problem"] == kept[0]["problem"]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Store, int, int]]:
    """Yield a store with a run that waits: its address, the store, the round and the run."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    address = str(tmp_path / "store.db")
    store = make_store(address)
    ident = begun(store, options=OPTIONS)
    freezing.freeze(store, PLANNER, ident)
    yield address, store, ident, runs.request_match(store, PLANNER, ident).match
    store.close()


def test_the_next_attempt_is_given_what_the_last_one_kept(waiting: tuple[str, Store, int, int]) -> None:
    _, store, _, match = waiting
    lost = claim(store, WORKER, "lost", timedelta(seconds=-1))
    assert lost is not None
    kept: list[dict[str, Any]] = []
    solved(Task(lost.archive, lost.scenario, lost.options), keep=kept.append)
    keep_checkpoint(store, WORKER, lost, kept[0])
    done = work_once(store, Habits(apart=False))
    assert done is not None
    assert done.state == "done"
    given = queries.match_input(store, PLANNER, match)
    assert given.checkpoint == kept[0]
    assert given.record is not None
    plan = given.record["plan"]
    assert plan["solver"]["resumed"]
    assert plan["value"] >= kept[0]["value"] - NEAR * abs(kept[0]["value"])
    assert replay(store, PLANNER, match).same


def test_a_child_whose_plan_is_refused_ends_the_run(
    waiting: tuple[str, Store, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store, ident, _ = waiting

    def refuse(*_: object, **__: object) -> None:
        raise VerificationError(["value value: claimed 2, found 1"])

    monkeypatch.setattr("synergy.worker.solve.solve", refuse)

    class Child:
        """Solves in this process as soon as it is started."""

        def __init__(self, target: Callable[..., None], args: tuple[Any, ...], name: str) -> None:
            self.start = partial(target, *args)

        def is_alive(self) -> bool:
            return False

        kill = join = is_alive

    monkeypatch.setattr(SpawnContext, "Process", Child)
    done = work_once(store, Habits())
    assert done is not None
    assert done.state == "failed"
    (match,) = queries.see_matches(store, PLANNER, ident)
    assert "of its claims do not follow" in match.fault
    assert match.diagnosis == [{"code": "refused", "text": "value value: claimed 2, found 1"}]


def test_a_worker_that_is_killed_leaves_its_checkpoint(waiting: tuple[str, Store, int, int]) -> None:
    address, store, ident, match = waiting

    def kept() -> Any:
        return queries.match_input(store, PLANNER, match).checkpoint

    command = [sys.executable, "-m", "synergy", "worker", "--db", address]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        limit = time.monotonic() + 120
        while kept() is None and queries.see_matches(store, PLANNER, ident)[0].state != "done":
            assert time.monotonic() < limit
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    if queries.see_matches(store, PLANNER, ident)[0].state == "running":  # else it was just done
        later = store.now() + 2 * LEASE
        object.__setattr__(store, "now", lambda: later)
        assert work_once(store, Habits(apart=False)) is not None
        record = queries.match_input(store, PLANNER, match).record
        assert record is not None
        assert record["plan"]["solver"]["resumed"]
    assert queries.see_matches(store, PLANNER, ident)[0].state == "done"


def test_small_problems_go_on_too() -> None:
    kept: list[dict[str, Any]] = []
    first = solved(Task(tiny(), SCENARIO, OPTIONS), keep=kept.append)
    again = solved(Task(tiny(), SCENARIO, OPTIONS, checkpoint=kept[0]))
    before, after = _plan(first), _plan(again)
    assert after["value"] == pytest.approx(before["value"], rel=1e-4)
    assert after["solver"]["resumed"]
    assert not before["solver"]["resumed"]


def test_a_search_begins_with_the_best_of_the_plans_that_it_is_given(tmp_path: Path) -> None:
    fitted = 0
    for seed in range(12):
        dataset = random_dataset(seed).dataset(tmp_path / f"{seed}")
        best = match(dataset, Options(gap=1e-9, settlement="none")).plan
        if best is None or not best.solver["binaries"]:
            continue
        frames = {one.name: getattr(best.decisions, one.name).iloc[:0] for one in fields(best.decisions)}
        nothing = replace(best.decisions, **frames)
        memory = Memory(plans=[nothing, best.decisions])
        again = match(dataset, Options(gap=10.0, settlement="none"), Control(memory=memory)).plan
        assert memory.fits
        assert again is not None
        assert again.value == pytest.approx(best.value, rel=NEAR, abs=NEAR), seed
        fitted += 1
    assert fitted >= 5


def test_a_plan_of_like_inputs_is_taken_where_it_fits(model: Any) -> None:
    first = solve(model, SolveParams(0.2, 120.0))
    assert first.x is not None
    decisions, _ = decode(model, first.x)
    dear = yearly(read(ROOT / "datasets" / "lvliang", overrides={"carbon_price": 5.0}))
    memory = Memory(plans=[decisions])
    found = solve(problem(dear, everyone(places_of(dear))), SolveParams(0.4, 120.0, memory=memory))
    assert memory.fits
    assert found.value >= value(dear, decisions) - NEAR * abs(first.value)


def test_plans_that_do_not_fit_are_left_out() -> None:
    folder = ROOT / "datasets" / "tiny"
    plan = match(read(folder), Options(settlement="none")).plan
    assert plan is not None
    memory = Memory(plans=[plan.decisions])
    found = match(read(folder, overrides={"capex_budget": 0.0}), Options(settlement="none"), Control(memory=memory))
    assert not memory.fits
    assert found.plan is not None
    assert not len(found.plan.decisions.builds)


def test_a_run_is_given_the_plans_of_others(waiting: tuple[str, Store, int, int]) -> None:
    _, store, ident, first = waiting
    assert work_once(store, Habits(apart=False)) is not None
    for unknown in (first + 99, -1):
        with pytest.raises(NotFoundError, match="run not found"):
            runs.request_match(store, PLANNER, ident, StepOptions(start=(first, unknown)))
    second = runs.request_match(store, PLANNER, ident, StepOptions(start=(first,))).match
    held = claim(store, WORKER, "one", timedelta(seconds=-1))
    assert held is not None
    before = queries.match_input(store, PLANNER, first).record
    assert before is not None
    assert [unpacked_record(one) for one in held.plans] == [before]
    assert work_once(store, Habits(apart=False)) is not None
    given = queries.match_input(store, PLANNER, second)
    assert given.options["start"] == [first]
    assert given.record is not None
    assert given.record["plan"]["value"] == pytest.approx(before["plan"]["value"])
    assert replay(store, PLANNER, second).same


@pytest.mark.parametrize("method", ["core", "shapley"])
def test_what_was_settled_is_not_computed_again(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies in its settlement goes on from the plan, what each has alone and the values that it knew."""
    monkeypatch.setattr("synergy.coalitions.parallel.PAUSE", -1.0)  # each value is kept as it comes
    task = Task(tiny(), SCENARIO, OPTIONS | {"settlement": method})
    kept: list[dict[str, Any]] = []
    whole = solved(task, keep=lambda record: kept.append(json.loads(json.dumps(record))))
    known = [one for one in kept if "coalitions" in one]
    assert len(known) > 2
    assert known[0]["done"]  # the search had ended before
    last, middle = known[-1], known[len(known) // 2]
    assert len(last["alone"]["found"]) == 5
    assert len(last["coalitions"]["found"]) > len(middle["coalitions"]["found"]) > 0
    done = _counted(monkeypatch)
    again: list[dict[str, Any]] = []
    resumed = _plan(solved(replace(task, checkpoint=middle), keep=again.append))
    assert "alone" not in done
    assert len(done) == len(last["coalitions"]["found"]) - len(middle["coalitions"]["found"])
    assert again[-1]["coalitions"] == last["coalitions"]
    assert all(one["alone"] == last["alone"] for one in again)
    first = _plan(whole)
    assert resumed["value"] == pytest.approx(first["value"], rel=NEAR)
    assert [one["own"] for one in resumed["proposals"]] == [one["own"] for one in first["proposals"]]
    for name, figures in first["settlement"]["payoffs"].items():
        assert resumed["settlement"]["payoffs"][name] == pytest.approx(figures, rel=1e-6)
    if method == "shapley":  # what stands on something else is not taken
        done.clear()
        strange = {name: {**last[name], "mark": "x"} for name in ("alone", "coalitions")}
        solved(replace(task, checkpoint={**last, **strange}))
        assert done.count("alone") == 5
        assert len(done) == 5 + len(last["coalitions"]["found"])


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each result adds its kind when it is computed."""
    done: list[str] = []
    for module, name in (("synergy.engine", "alone_of"), ("synergy.coalitions.game", "Solver")):
        make, kind = getattr(import_module(module), name), name.partition("_")[0]

        def counting(needs: Any, make: Any = make, kind: str = kind) -> Any:
            tool = make(needs)
            return lambda task: (done.append(kind), tool(task))[1]

        monkeypatch.setattr(f"{module}.{name}", counting)
    return done


SETTLING = """
import os, signal, sys
from datetime import timedelta
from synergy.coalitions import parallel
from synergy.store.access import WORKER
from synergy.store.leases import claim, keep_checkpoint
from synergy.store.store import open_store
from synergy.worker.solve import Task, solve

def keep(record):
    keep_checkpoint(store, WORKER, held, record)
    if "coalitions" in record:
        os.kill(os.getpid(), signal.SIGKILL)

parallel.PAUSE = -1.0
store = open_store(sys.argv[1])
held = claim(store, WORKER, "lost", timedelta(seconds=-1))
solve(Task(held.archive, held.scenario, held.options), keep=keep)
"""


def test_a_worker_that_is_killed_in_the_settlement_does_not_match_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    address = str(tmp_path / "store.db")
    store = make_store(address)
    ident = begun(store, options=OPTIONS | {"settlement": "core"})
    freezing.freeze(store, PLANNER, ident)
    match = runs.request_match(store, PLANNER, ident).match
    with subprocess.Popen([sys.executable, "-c", SETTLING, address], cwd=ROOT) as process:
        assert process.wait(120) == -signal.SIGKILL
    done = work_once(store, Habits(apart=False))
    assert done is not None
    assert done.state == "done"
    start = queries.match_input(store, PLANNER, match).checkpoint
    assert start is not None
    assert start["done"]
    assert len(start["alone"]["found"]) == 5
    assert start["coalitions"]["found"]
    told = [one.phase for one in queries.see_progress(store, PLANNER, match) if one.attempt == 2]
    assert "settlement" in told
    assert not {"relaxation", "search", "slopes"} & set(told)
    assert replay(store, PLANNER, match).same
    store.close()


def test_a_process_that_dies_costs_what_it_was_at() -> None:
    needs = (read(ROOT / "datasets" / "tiny"), SolveParams(1e-6, 60.0))
    alone = [one.value for part in Spread(alone_of, needs, None).results(range(5)) for one in part]
    with pool(2) as side:
        assert side is not None
        spread = Spread(alone_of, needs, side)
        assert [one.value for part in spread.results(range(5)) for one in part] == alone
        before = side.pids
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert [one.value for part in spread.results(range(5)) for one in part] == alone  # lost, or refused from now on
        assert side.pids
        assert set(side.pids).isdisjoint(before)


def noted(folder: str) -> Any:
    """Return a tool that notes each task before it does it; some tasks kill the process that has them."""

    def tool(task: tuple[str, int]) -> tuple[str, int]:
        name, deaths = task
        with (Path(folder) / name).open("a") as file:
            file.write(f"{os.getpid()}\n")
        if _times(folder, name) <= deaths:
            if name == "deadly":  # the other one is at work then, or was
                _until(lambda: _times(folder, "first") > 0)
            os.kill(os.getpid(), signal.SIGKILL)
        return name, deaths

    return tool


def _times(folder: str, name: str) -> int:
    place = Path(folder) / name
    return len(place.read_text().split()) if place.exists() else 0


def _until(done: Any) -> None:
    limit = time.monotonic() + 30
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_what_a_lost_process_had_is_done_by_another_one(tmp_path: Path) -> None:
    tasks = [("first", 0), ("deadly", 1), ("third", 0), ("last", 0)]
    with pool(2) as side:
        assert side is not None
        assert [one for part in Spread(noted, str(tmp_path), side).results(tasks) for one in part] == tasks
        pids = (tmp_path / "deadly").read_text().split()
        assert len(pids) == len(set(pids)) == 2
        assert str(os.getpid()) not in pids
        assert int(pids[-1]) in side.pids
    assert _times(str(tmp_path), "first") <= 2  # at most lost with the first death, never done again for others


def test_after_some_losses_the_tasks_are_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert FRESH == 3
    monkeypatch.setattr("synergy.coalitions.parallel.FRESH", 1)
    tasks = [("first", 0), ("never", 99), ("last", 0)]
    mine = str(os.getpid())
    with pool(2) as side:
        assert side is not None
        spread = Spread(only_here, (str(tmp_path), mine), side)
        assert [one for part in spread.results(tasks) for one in part] == tasks
        pids = (tmp_path / "never").read_text().split()
        assert len(pids) == 1 + 1 + 1
        assert pids[-1] == mine
        assert mine not in pids[:-1]


def only_here(needs: tuple[str, str]) -> Any:
    """Return a tool that does deadly tasks in one process alone."""
    folder, mine = needs
    tool = noted(folder)

    def either(task: tuple[str, int]) -> tuple[str, int]:
        if str(os.getpid()) != mine:
            return tool(task)  # type: ignore[no-any-return]
        with (Path(folder) / task[0]).open("a") as file:
            file.write(f"{mine}\n")
        return task

    return either
