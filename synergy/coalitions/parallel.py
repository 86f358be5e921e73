"""Many small tasks side by side, with the same bits for any number of workers, and a shelf for their results.

What all tasks need is pickled once and made into a tool by each process that gets it; tasks go out in chunks whose
size does not depend on the number of workers, and their results come back in order. Where a process is lost, what it
and the others of its pool had not brought is handed to other processes. A shelf keeps results in the checkpoints of a
run for its next attempt, under the mark of what they depend on; what another mark stands on is not looked at.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Generic, ParamSpec, TypeVar

from synergy.halting import LOOK_S, Halted, check
from synergy.model.solve_params import Memory

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Need = TypeVar("_Need")
_Task = TypeVar("_Task")
_Kept = TypeVar("_Kept", str, list[str | bool])
_Make = Callable[[_Need], Callable[[_Task], _T]]  # of a tool

_kept: dict[str, Callable[[Any], Any]] = {}  # the tools of this process, by the digest of what they were made from
KEPT = 4
PAUSE = 2.0  # seconds between two checkpoints of the same shelf
FRESH = 3  # times that lost processes are replaced for the same tasks, before these are done here


class Pool(Executor):
    """Process pool on this machine that starts other processes when one of them is lost, which breaks them all."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._inner = self._started()

    def _started(self) -> ProcessPoolExecutor:
        # solvers have threads, which a forked process would inherit half; a key that interrupts reaches the whole
        # process group, and the parent handles it
        context, deaf = multiprocessing.get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=signal.signal, initargs=deaf)

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the ids of the processes that run now."""
        return tuple(self._inner._processes or ())

    def submit(self, task: Callable[_P, _T], /, *args: _P.args, **named: _P.kwargs) -> Future[_T]:
        """Hand out a call; see `concurrent.futures.Executor.submit`."""
        return self._inner.submit(task, *args, **named)

    def renew(self) -> None:
        """Start other processes; when it returns, everything that was handed out before is done or lost."""
        self._inner.shutdown()
        self._inner = self._started()

    def abandon(self) -> None:
        """End the processes whatever they do, and start others when something is handed out."""
        for process in list((self._inner._processes or {}).values()):
            process.kill()
        self._inner.shutdown(cancel_futures=True)
        self._inner = self._started()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes; see `concurrent.futures.Executor.shutdown`."""
        self._inner.shutdown(wait, cancel_futures=cancel_futures)


@contextmanager
def pool(workers: int) -> Iterator[Pool | None]:
    """Open a pool of processes; none where one worker does it all in this process."""
    if workers <= 1:
        yield None
        return
    with Pool(workers) as executor:
        yield executor


class Spread(Generic[_Need, _Task, _T]):
    """A tool for many tasks, here or in the processes of an executor.

    `make`, a function of a module, makes the tool from `needs`, which can be pickled. Tasks go out `chunk` at a time;
    without an executor they are done here.
    """

    def __init__(self, make: _Make[_Need, _Task, _T], needs: _Need, executor: Executor | None, chunk: int = 1) -> None:
        self._make, self._needs, self._executor, self._chunk = make, needs, executor, chunk
        self._tool: Callable[[_Task], _T] | None = None
        self._frozen: tuple[str, bytes] | None = None

    def results(self, tasks: Sequence[_Task]) -> Iterator[list[_T]]:
        """Yield the results of picklable tasks in their order, as many at a time as are done together."""
        parts = [tasks[start : start + self._chunk] for start in range(0, len(tasks), self._chunk)]
        futures: list[Future[list[_T]]] = []
        if self._executor is not None and len(parts) > 1:
            if self._frozen is None:
                frozen = pickle.dumps(self._needs)
                self._frozen = (hashlib.sha256(frozen).hexdigest(), frozen)
            futures = [self._sent(part) for part in parts]
        fresh = FRESH if isinstance(self._executor, Pool) else 0
        try:
            for place, part in enumerate(parts):
                while futures and _lost(futures[place]) and fresh and isinstance(self._executor, Pool):
                    fresh -= 1
                    self._executor.renew()
                    futures = [
                        self._sent(again) if _lost(future) else future
                        for again, future in zip(parts, futures, strict=True)
                    ]
                if futures and not _lost(futures[place]):
                    yield futures[place].result()
                    continue
                self._tool = self._tool or self._make(self._needs)
                done = []
                for task in part:
                    check()
                    done.append(self._tool(task))
                yield done
        except Halted:
            if futures and isinstance(self._executor, Pool):
                self._executor.abandon()
            raise
        finally:
            for future in futures:
                future.cancel()

    def _sent(self, part: Sequence[_Task]) -> Future[list[_T]]:
        """Submit some tasks; those that an executor refuses count as lost."""
        assert self._executor is not None
        assert self._frozen is not None
        try:
            return self._executor.submit(_run, self._make, self._frozen, list(part))
        except BrokenExecutor as error:  # by a process that died earlier
            lost: Future[list[_T]] = Future()
            lost.set_exception(error)
            return lost


def _lost(future: Future[list[_T]]) -> bool:
    """Return, when it is done, whether a future was lost with its process; requests to stop are handled meanwhile."""
    while not wait([future], LOOK_S).done:
        check()
    return isinstance(future.exception(), BrokenExecutor)


def _run(make: _Make[_Need, _Task, _T], needs: tuple[str, bytes], tasks: list[_Task]) -> list[_T]:
    """Do some tasks in a process that keeps its tools."""
    digest, frozen = needs
    key = f"{make.__module__}.{make.__qualname__}:{digest}"
    if key not in _kept:
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = make(pickle.loads(frozen))
    return [_kept[key](task) for task in tasks]


class Shelf(Generic[_Kept]):
    """Cache of the results of one kind in the checkpoints of a run, by name; `found` are those that are stored.

    `mark` stands for what the results depend on. Without `memory` nothing is kept, nothing found.
    """

    def __init__(self, memory: Memory | None, name: str, mark: str) -> None:
        self._memory, self._name, self._mark = memory, name, mark
        start = None if memory is None or memory.start is None else memory.start.get(name)
        same = isinstance(start, Mapping) and start.get("mark") == mark
        self.found: dict[str, _Kept] = dict(start["found"]) if same and start is not None else {}
        self._noted, self._told = len(self.found), time.monotonic()

    def put(self, found: Mapping[str, _Kept], *, now: bool = False) -> None:
        """Store some results, plain JSON; what is not saved yet is saved at intervals, or now."""
        self.found.update(found)
        due = now or time.monotonic() - self._told > PAUSE
        if due and self._memory is not None and len(self.found) != self._noted:
            self._noted, self._told = len(self.found), time.monotonic()
            self._memory.note({self._name: {"mark": self._mark, "found": dict(self.found)}})
