"""Workers beside a server: they do its runs, come again when they die, and leave with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from roots import HANG_S
from stores import PLANNER, ROOT, begun

from synergy.dataset.read import read
from synergy.dataset.sheet import yearly
from synergy.errors import NotFoundError
from synergy.store import freezing, queries, runs
from synergy.store.datasets import snapshot_of
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.worker import supervisor as supervising
from synergy.worker.supervisor import Supervisor
from synergy.worker.work import Habits, work_once

HABITS = Habits(idle=0.05)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Store]:
    """Return the address of a store with one run that waits, and the store."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    address = str(tmp_path / "store.db")
    store = make_store(address)
    ident = begun(store, options={"time_limit": 30.0, "settlement": "none"})
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    return address, store


def _until(true: Callable[[], bool]) -> bool:
    limit = time.monotonic() + HANG_S
    while not true() and time.monotonic() < limit:
        time.sleep(0.02)
    return true()


def _runs(store: Store) -> str:
    return queries.see_matches(store, PLANNER, 1)[0].state


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_workers_come_again_when_they_die_and_leave_when_told(
    there: tuple[str, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, store = there
    monkeypatch.setattr(supervising, "FIRST_S", 0.05)
    with Supervisor(address, 2, HABITS) as supervisor:
        first = supervisor.pids
        assert len(first) == 2
        os.kill(first[0], signal.SIGKILL)
        assert _until(lambda: supervisor.restarts == 1 and len(supervisor.pids) == 2)
        assert set(supervisor.pids) != set(first)
        assert _until(lambda: _runs(store) == "done")
        last = supervisor.pids
    assert supervisor.pids == ()
    assert not any(_alive(pid) for pid in {*first, *last})
    supervisor.start()  # and once more
    assert len(supervisor.pids) == 2
    supervisor.stop()
    store.close()


def test_a_run_under_way_goes_back_when_the_workers_are_stopped(there: tuple[str, Store]) -> None:
    address, store = there
    with Supervisor(address, 1, HABITS):
        assert _until(lambda: _runs(store) == "running")
    # released, or it was just about to end
    assert _runs(store) in ("requested", "done")
    store.close()


def test_workers_leave_with_a_server_that_is_killed(there: tuple[str, Store]) -> None:
    address, store = there
    code = (
        "import sys, time; from synergy.worker.supervisor import Supervisor; s = Supervisor(sys.argv[1], 2); s.start();"
        "print(*s.pids, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, address], cwd=ROOT, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pids = [int(word) for word in server.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_alive(pid) for pid in pids)
        server.kill()
    assert _until(lambda: not any(_alive(pid) for pid in pids))
    store.close()


def test_no_list_of_processes_shows_the_address(there: tuple[str, Store]) -> None:
    address, store = there
    with Supervisor(address, 1, HABITS) as supervisor:
        (pid,) = supervisor.pids
        assert address.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    store.close()


def test_a_search_that_is_halted_brings_its_best_plan(there: tuple[str, Store]) -> None:
    _, store = there
    content = snapshot_of(yearly(read(ROOT / "datasets" / "lvliang"))).archive
    options = {"gap": 0.0, "time_limit": 3000.0, "settlement": "none"}
    ident = begun(store, archive=content, options=options)
    freezing.freeze(store, PLANNER, ident)
    assert work_once(store, HABITS) is not None  # the small one
    runs.request_match(store, PLANNER, ident)
    worker = threading.Thread(target=work_once, args=(store, replace(HABITS, lease=timedelta(seconds=1.5))))
    worker.start()
    try:
        assert _until(lambda: any(one.best and float(one.best) for one in queries.see_progress(store, PLANNER, 2)))
    finally:
        runs.halt_search(store, PLANNER, ident)
        worker.join(HANG_S)
    (run,) = queries.see_matches(store, PLANNER, ident)
    assert (run.state, run.status) == ("done", "feasible")
    plan = queries.see_plan(store, PLANNER, ident).plan
    assert plan["gap"] > 0
    assert plan["value"] > 0
    with pytest.raises(NotFoundError):
        runs.halt_search(store, PLANNER, ident)
    store.close()
