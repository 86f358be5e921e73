"""Worker: claim a run, solve it in a child process, renew its lease, store progress, publish the result."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from synergy.errors import ConflictError, UnavailableError, VerificationError
from synergy.model.solve_params import Event
from synergy.records.names import Wanted
from synergy.records.runs import Requested
from synergy.scenario import JSON
from synergy.store.access import WORKER
from synergy.store.leases import (
    EVERY,
    LEASE,
    Claim,
    beat,
    cancelled,
    claim,
    fail,
    keep_checkpoint,
    note_progress,
    release,
    renew,
)
from synergy.store.notices import approaching
from synergy.store.results import RunEnd, finish
from synergy.store.store import Store
from synergy.worker.causes import cause, died, lasting, late, sentence
from synergy.worker.solve import Failure, Message, Task, solve, solve_for, told
from synergy.worker.studies import study

_POLL_S = 0.1  # how often a child is listened to
_ASK_S = 1.0  # how often a lease is renewed at most, and a wish to halt or to cancel heard with it
_FLUSH_S = 0.5  # how often progress is stored
_TELL_S = 60.0  # how often enterprises are told of deadlines that are near
_LEAVE_S = 10.0  # for the studies to be left when the runs have ended
_LOG = logging.getLogger("synergy.worker")


def _name() -> str:
    return f"{socket.gethostname()[:50]}:{os.getpid()}"


@dataclass(frozen=True, slots=True)
class Habits:
    """Configuration of a worker.

    `lease` is how long it may be silent before another one takes its run, `idle` seconds between two looks for work,
    `limit` seconds that one run may take in all; then it has failed. `apart`: a run is solved in a process of its own;
    without one nothing renews the lease while it is solved. `workers` are processes for parallel work, None: as set by
    the round; the plan is the same for any number. `scheduler` is the address of a Dask cluster that helps.
    """

    lease: timedelta = LEASE
    idle: float = 1.0
    limit: float = 3600.0
    apart: bool = True
    workers: int | None = None
    scheduler: str | None = None
    name: str = field(default_factory=_name)

    def task(self, held: Claim) -> Task:
        """Return the solver task of a run."""
        options = held.options.copy()
        if self.workers is not None:
            options["workers"] = self.workers
        return Task(held.archive, held.scenario, options, self.scheduler, held.checkpoint, held.plans)


def work(store: Store, habits: Habits, stop: Callable[[], bool]) -> int:
    """Process runs until stopped, answer studies beside them, and notify enterprises of near deadlines.

    `stop` is asked between and during runs; a run that is stopped goes back and another worker takes it. Return the
    number of runs that ended here.
    """
    over = threading.Event()
    given = (store, habits.idle, lambda: over.is_set() or stop())
    # whatever ends the runs, the process ends: no study holds it
    aside = threading.Thread(target=study, args=given, name="studies", daemon=True)
    aside.start()
    try:
        return _runs(store, habits, stop)
    finally:
        over.set()
        aside.join(_LEAVE_S)


def _runs(store: Store, habits: Habits, stop: Callable[[], bool]) -> int:
    done, told, beaten = 0, -math.inf, -math.inf
    while not stop():
        if time.monotonic() - beaten > EVERY.total_seconds():
            beaten = time.monotonic()
            _guarded(lambda: beat(store, _name()))
        if time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            _guarded(lambda: approaching(store, WORKER))
        if _guarded(lambda: work_once(store, habits, stop)) is None:
            time.sleep(habits.idle)
        else:
            done += 1
    return done


def _guarded(do: Callable[[], object]) -> object:
    """Return the result of a step, None where it fails, so that the worker continues."""
    try:
        return do()
    except UnavailableError:
        return None
    except Exception as error:
        _LOG.error("a step of the worker failed: %s", cause(error))
        return None


def work_once(store: Store, habits: Habits | None = None, stop: Callable[[], bool] | None = None) -> Requested | None:
    """Claim and process one run; None where there was nothing to do or the run went to another worker."""
    habits = habits or Habits()
    held = claim(store, WORKER, habits.name, habits.lease)
    if held is None:
        return None
    try:
        if habits.apart:
            return _Watch(store, habits, held, stop or (lambda: False)).watch()
        return _here(store, held, habits.task(held))
    except ConflictError:  # the lease was lost: nothing of this attempt may be stored
        return None
    except UnavailableError:
        raise
    except Exception as error:
        _LOG.error("run %d, attempt %d, failed: %s", held.match, held.attempt, cause(error))
        with suppress(ConflictError):
            return fail(store, WORKER, held, sentence(error), again=not lasting(error))
        return None


def _here(store: Store, held: Claim, task: Task) -> Requested:
    """Solve in the current process, for tests and small datasets."""
    events: list[Event] = []
    try:
        ended = solve(task, events.append, keep=lambda record: keep_checkpoint(store, WORKER, held, record))
    except VerificationError as error:
        return fail(store, WORKER, held, error.said, error.findings)
    if events:
        note_progress(store, WORKER, held, dict(enumerate(map(told, events))))
    return finish(store, WORKER, held, ended)


@dataclass(slots=True)
class _Watch:
    """Supervision of a child process that solves a run."""

    store: Store
    habits: Habits
    held: Claim
    stop: Callable[[], bool]
    waiting: dict[int, dict[str, JSON]] = field(default_factory=dict)
    count: int = 0
    checkpoint: dict[str, JSON] | None = None
    halted: bool = False

    def watch(self) -> Requested | None:
        """Run the child process to its end and store the outcome."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(
            target=solve_for, args=(theirs, self.habits.task(self.held)), name=f"match-{self.held.match}"
        )
        child.start()
        theirs.close()
        try:
            return self._followed(child, ours)
        finally:
            child.kill()
            child.join()
            ours.close()

    def _followed(self, child: SpawnProcess, pipe: Connection[Wanted, Message]) -> Requested | None:
        started = renewed = flushed = time.monotonic()
        while True:
            heard = self._heard(child, pipe)
            now = time.monotonic()
            if heard is not None:
                return self._ended(heard)
            if now - started > self.habits.limit:
                return fail(self.store, WORKER, self.held, late(self.habits.limit))
            if self.stop():
                self._flush()
                release(self.store, WORKER, self.held)
                return None
            if now - flushed > _FLUSH_S:
                self._flush()
                flushed = now
            if now - renewed > min(_ASK_S, self.habits.lease.total_seconds() / 3):
                wanted = renew(self.store, WORKER, self.held, self.habits.lease)
                if wanted is Wanted.CANCEL:
                    return cancelled(self.store, WORKER, self.held)
                if wanted is Wanted.HALT and not self.halted:
                    with suppress(OSError):  # a child that has died is heard of next
                        pipe.send(wanted)
                    self.halted = True
                renewed = now

    def _ended(self, end: RunEnd | Failure) -> Requested:
        """Store the outcome of the child process."""
        if isinstance(end, RunEnd):
            self._flush()
            return finish(self.store, WORKER, self.held, end)
        if end.findings:
            self._flush()
        return fail(self.store, WORKER, self.held, end.said, end.findings, again=end.again)

    def _heard(self, child: SpawnProcess, pipe: Connection[Wanted, Message]) -> RunEnd | Failure | None:
        """Return how the child process ended, None where it has not; take its notes."""
        try:
            if not pipe.poll(_POLL_S):
                return None if child.is_alive() or pipe.poll() else Failure(died(child.exitcode))
            heard = pipe.recv()
        except (EOFError, OSError):
            child.join(1.0)
            return Failure(died(child.exitcode))
        if isinstance(heard, RunEnd | Failure):
            return heard
        if heard.checkpoint:
            self.checkpoint = heard.record
        else:
            self.waiting[self.count] = heard.record
            self.count += 1
        return None

    def _flush(self) -> None:
        if self.waiting:
            note_progress(self.store, WORKER, self.held, self.waiting)
            self.waiting = {}
        if self.checkpoint is not None:
            keep_checkpoint(self.store, WORKER, self.held, self.checkpoint)
            self.checkpoint = None
