"""Workers: many small tasks side by side over a `concurrent.futures.Executor`, with the same bits for any number.

What all tasks need is pickled once and made into a tool by each process that gets it; tasks go out in chunks whose
size does not depend on the number of workers, and their results come back in order.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

Tool = Callable[[Any], Any]

_kept: dict[str, Tool] = {}  # the tools of this process, by the digest of what they were made from
KEPT = 4


@contextmanager
def pool(workers: int) -> Iterator[Executor | None]:
    """Open a pool of processes; none where one worker does it all in this process.

    Parameters
    ----------
    workers : int

    Yields
    ------
    Executor or None
    """
    if workers <= 1:
        yield None
        return
    # solvers have threads, which a forked process would inherit half
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


class Spread:
    """A tool for many tasks, here or in the processes of an executor.

    Parameters
    ----------
    make : callable
        Makes the tool from what it needs; a function of a module.
    needs : object
        Can be pickled.
    executor : Executor or None
        None: tasks are done here.
    chunk : int
        Tasks that go out together.
    """

    def __init__(self, make: Callable[[Any], Tool], needs: Any, executor: Executor | None, chunk: int = 1) -> None:
        self._make, self._needs, self._executor, self._chunk = make, needs, executor, chunk
        self._tool: Tool | None = None
        self._frozen: tuple[str, bytes] | None = None

    def map(self, tasks: Sequence[Any], heard: Callable[[int], None] | None = None) -> list[Any]:
        """Return the results of some tasks in their order.

        Parameters
        ----------
        tasks : sequence
            Can be pickled.
        heard : callable, optional
            Hears how many are done.
        """
        results: list[Any] = []
        for chunk in self._chunks(tasks):
            results += chunk
            if heard is not None:
                heard(len(results))
        return results

    def _chunks(self, tasks: Sequence[Any]) -> Iterator[list[Any]]:
        parts = [tasks[start : start + self._chunk] for start in range(0, len(tasks), self._chunk)]
        if self._executor is None or len(parts) < 2:
            yield from (self._here(part) for part in parts)
            return
        if self._frozen is None:
            frozen = pickle.dumps(self._needs)
            self._frozen = (hashlib.sha256(frozen).hexdigest(), frozen)
        try:
            futures = [self._executor.submit(_run, self._make, *self._frozen, list(part)) for part in parts]
        except BrokenExecutor:  # by a process that died earlier: it takes nothing any more
            yield from (self._here(part) for part in parts)
            return
        try:
            for part, future in zip(parts, futures, strict=True):
                yield self._result(part, future)
        finally:
            for future in futures:
                future.cancel()

    def _result(self, part: Sequence[Any], future: Future[list[Any]]) -> list[Any]:
        """Return what a future brought; what a broken pool lost is done here."""
        try:
            return future.result()
        except BrokenExecutor:
            return self._here(part)

    def _here(self, part: Sequence[Any]) -> list[Any]:
        """Return the results of some tasks, done in this process."""
        self._tool = self._tool or self._make(self._needs)
        return [self._tool(task) for task in part]


def _run(make: Callable[[Any], Tool], digest: str, frozen: bytes, tasks: list[Any]) -> list[Any]:
    """Do some tasks in a process that keeps its tools."""
    key = f"{make.__module__}.{make.__qualname__}:{digest}"
    if key not in _kept:
        while len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = make(pickle.loads(frozen))
    return [_kept[key](task) for task in tasks]
