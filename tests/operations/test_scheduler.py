"""A cluster helps: the same plan as alone, and a worker of it that is killed costs no more than what it was at."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from distributed import LocalCluster
from stores import tiny

from synergy.errors import UsageError
from synergy.store.results import RunEnd, plan_digest
from synergy.worker.scheduler import executor
from synergy.worker.solve import Task, solve

OPTIONS = {"time_limit": 30.0, "settlement": "core"}
SCENARIO = {"name": "base"}

pytestmark = pytest.mark.filterwarnings("ignore")  # of Dask's own


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Yield a cluster of two processes on this machine."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as one:
        yield one


def _digest(ended: RunEnd) -> str:
    assert ended.record is not None
    return plan_digest(ended.record["plan"])


def test_a_cluster_gives_the_same_plan_and_survives_a_kill(cluster: Any) -> None:
    alone = _digest(solve(Task(tiny(), SCENARIO, OPTIONS)))
    killed: list[int] = []

    def kill() -> None:
        limit = time.monotonic() + 60
        while not killed and time.monotonic() < limit:
            busy = {one.address for one in list(cluster.scheduler.workers.values()) if one.processing}
            for nanny in cluster.workers.values():
                if nanny.worker_address in busy:
                    os.kill(nanny.pid, signal.SIGKILL)
                    killed.append(nanny.pid)
                    break
            time.sleep(0.001)

    killer = threading.Thread(target=kill)
    killer.start()
    helped = solve(Task(tiny(), SCENARIO, OPTIONS, cluster.scheduler_address))
    killer.join()
    assert _digest(helped) == alone
    assert killed


def test_an_address_is_on_this_machine_or_encrypted() -> None:
    for address in ("tcp://10.0.0.1:8786", "10.0.0.1:8786", "tcp://example.org:1"):
        with pytest.raises(UsageError, match="tls"), executor(address):
            pass
    with executor(None) as none:
        assert none is None
