"""Supervision of workers beside a server: start, restart on failure, drain on stop.

``with Supervisor(address, count=2): serve()`` is all that a server does. Each worker is a process of its own, so that
no solver ever stands in the way of a page. Address and habits reach it by its standard input, where no list of
processes shows a password; when that closes, because the server stops or was killed, the worker gives its run back and
leaves.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from synergy.store.store import open_store
from synergy.worker.work import Habits, work

_LOOK_S = 0.2
FIRST_S, LONGEST_S = 0.5, 30.0  # waited before a worker that died is started again: twice as long each time
STEADY_S = 60.0  # a worker that lived so long died of something new
DRAIN_S = 20.0  # for giving runs back


@dataclass(slots=True)
class _Post:
    """Slot for a worker process, with its restart times."""

    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    again: float = 0.0
    wait: float = FIRST_S


@dataclass(slots=True)
class Supervisor:
    """Supervisor that keeps a number of workers of a store running; 0 for none, where others do the runs.

    `habits` say how they work, except for the name.
    """

    address: str
    count: int = 1
    habits: Habits = field(default_factory=Habits)
    restarts: int = field(default=0, init=False)
    _posts: list[_Post] = field(default_factory=list, init=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _watcher: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the workers and their monitoring; no effect once started."""
        if self._watcher is not None:
            return
        self._over.clear()
        self._posts = [_Post() for _ in range(self.count)]
        for post in self._posts:
            self._fill(post)
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def stop(self, seconds: float = DRAIN_S) -> None:
        """Stop the workers, which release their runs; kill those that exceed the time limit of all together."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        running = [post.process for post in self._posts if post.process is not None]
        self._posts = []
        for process in running:
            _closed(process)
        limit = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(0.0, limit - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the ids of the running worker processes."""
        found = [post.process for post in self._posts]
        return tuple(one.pid for one in found if one is not None and one.returncode is None)

    def __enter__(self) -> Self:
        """Start the workers."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the workers."""
        self.stop()

    def _fill(self, post: _Post) -> None:
        """Start a worker process and send it its configuration."""
        process = subprocess.Popen([sys.executable, "-m", "synergy.worker.supervisor"], stdin=subprocess.PIPE)
        post.process, post.started = process, time.monotonic()
        told = {
            "address": str(self.address),
            "lease": self.habits.lease.total_seconds(),
            **{name: getattr(self.habits, name) for name in ("idle", "limit", "apart", "workers", "scheduler")},
        }
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # one that is dead already will be started again
            process.stdin.write(json.dumps(told).encode() + b"\n")
            process.stdin.flush()

    def _watch(self) -> None:
        """Restart workers that have died, with exponential backoff."""
        while not self._over.wait(_LOOK_S):
            now = time.monotonic()
            for post in self._posts:
                if post.process is not None and post.process.poll() is not None:
                    _closed(post.process)
                    if now - post.started > STEADY_S:
                        post.wait = FIRST_S
                    post.process, post.again = None, now + post.wait
                    post.wait = min(2 * post.wait, LONGEST_S)
                elif post.process is None and now >= post.again:
                    self._fill(post)
                    self.restarts += 1


def _closed(process: subprocess.Popen[bytes]) -> None:
    """Close the standard input of a worker, which stops it."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.close()


def main() -> None:
    """Run one worker of a supervisor, with the configuration in the first line of its input, until the input closes."""
    # an interrupt at the terminal reaches the server too, which says when to stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    told = json.loads(line)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: over.set())
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    store = open_store(told.pop("address"))
    try:
        work(store, Habits(**{**told, "lease": timedelta(seconds=told["lease"])}), over.is_set)
    finally:
        store.close()


def _listen(over: threading.Event) -> None:
    """Set an event when the standard input closes, because the server is gone."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    over.set()


if __name__ == "__main__":
    main()
