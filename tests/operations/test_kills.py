"""Kill -9 in the middle of transactions and runs: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import kills
import pytest
from stores import KINDS, PLANNER, ROOT, begun

from synergy.store import freezing, queries, runs
from synergy.store.leases import LEASE
from synergy.store.store import KEY_FILE, make_store
from synergy.worker.work import Habits, work_once

KILLS = 20  # on each kind of database; `python tests/tools/kills.py` does 200


@pytest.mark.parametrize("kind", KINDS)
def test_a_life_under_kills(kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: object) -> None:
    server = request.getfixturevalue("server") if kind == "postgresql" else None
    address = str(tmp_path / "store.db") if server is None else server.fresh("synergy_kills")
    record = kills.run(address, tmp_path, KILLS)
    assert record.kills >= KILLS
    assert record.inside >= 0.7, record.where
    assert record.where["run"] > 0
    assert record.where["transaction"] > 0


def test_a_worker_that_is_killed_leaves_no_child_and_its_run_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    address = str(tmp_path / "store.db")
    store = make_store(address)
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    match = runs.request_match(store, PLANNER, ident).match
    command = [sys.executable, "-m", "synergy", "worker", "--db", address]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        children = _children(process.pid)
        limit = time.monotonic() + 60
        while not (children and queries.see_progress(store, PLANNER, match)) and time.monotonic() < limit:
            time.sleep(0.05)
            children = _children(process.pid)
        assert children
        assert queries.see_matches(store, PLANNER, ident)[0].state == "running"
        process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    while any(_alive(child) for child in children) and time.monotonic() < killed + 10:
        time.sleep(0.05)
    assert not any(_alive(child) for child in children)
    assert work_once(store, Habits(apart=False)) is None  # its lease still holds
    later = make_store(address)
    object.__setattr__(later, "now", lambda: store.now() + LEASE)
    done = work_once(later, Habits(apart=False))
    assert done is not None
    assert done.state == "done"
    assert queries.see_matches(store, PLANNER, ident)[0].attempt == 2
    later.close()
    store.close()


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(one) for one in listed.read_text("ascii").split()] if listed.exists() else []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
