"""Benchmark runs in separate processes: value and bound over time, total time, and peak memory."""

from __future__ import annotations

import math
import multiprocessing
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

MARKS = (30.0, 60.0, 120.0, 300.0)
GRACE = 180.0  # seconds for what stands around the solver: reading, building, writing
PER_GB = 2**30
SAID = 60  # letters of an error that a table has room for

Pair = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class BenchRun:
    """Result of a run.

    `value` and `bound` are money a year of the plan, and proven; None where there is none, `error` has the reason.
    `seconds` run from after the imports to the end of the work, `whole_seconds` are those of the process, with its
    start and imports, `build_seconds` from the dataset to the start of the solver. `memory_mb` is the peak resident
    memory of the process; `size` counts rows, columns, binaries of the model. `marks` has the best value and bound
    after so many seconds, `stages` the seconds of read, build, solve, verify, write, where the run has them.
    """

    value: float | None = None
    bound: float | None = None
    seconds: float = 0.0
    whole_seconds: float = 0.0
    build_seconds: float = 0.0
    memory_mb: float = 0.0
    size: tuple[int, int, int] = (0, 0, 0)
    marks: Mapping[float, Pair] = field(default_factory=dict)
    stages: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gap(self) -> float | None:
        """Return ``|bound - value| / max(1, |value|)``, the gap of the plan document."""
        return relative(self.value, self.bound)


def relative(value: float | None, bound: float | None) -> float | None:
    """Return the relative gap of a value and a bound; None where one is missing."""
    if value is None or bound is None:
        return None
    return abs(bound - value) / max(1.0, abs(value))


def marks_until(seconds: float) -> tuple[float, ...]:
    """Return the time marks of a run: those of `MARKS` before its time limit, and the limit itself."""
    return (*(mark for mark in MARKS if mark < seconds), seconds)


class Stopwatch:
    """Timer of a run, with the history of best value and bound."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.points: list[tuple[float, float | None, float | None]] = []

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    def left(self, limit: float) -> float:
        """Return the time left of a limit, at least one second."""
        return max(1.0, limit - self.seconds)

    def add(self, value: float | None, bound: float | None) -> None:
        """Add the current value and bound to the history."""
        self.points.append((self.seconds, finite(value), finite(bound)))

    def marks(self, until: float) -> dict[float, Pair]:
        """Return the last known value and bound at each mark; after the end of a run, its final pair."""
        found: dict[float, Pair] = {}
        for mark in marks_until(until):
            last = mark == until  # a solver leaves a moment after its limit
            before = [point for point in self.points if last or point[0] <= mark]
            found[mark] = (before[-1][1], before[-1][2]) if before else (None, None)
        return found


def finite(number: float | None) -> float | None:
    """Return a number, None for missing, infinite or solver-infinity values."""
    return None if number is None or not math.isfinite(number) or abs(number) > 1e29 else float(number)


def memory() -> float:
    """Return the peak resident memory of this process in MB.

    ``ru_maxrss`` of a child starts at its parent's; the kernel's own mark of the process is read where there is one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@dataclass(frozen=True, slots=True)
class BenchTask:
    """Work to run on a dataset folder in a process of its own.

    `work` takes the folder and the time limit in seconds, and is found by name in the new process. `memory_gb` is the
    address space of the process, None for all there is; the process is ended after `patience` times the limit, and
    `GRACE` seconds.
    """

    work: Callable[[str, float], BenchRun]
    folder: Path
    seconds: float
    memory_gb: float | None = None
    patience: float = 2.0


def apart(task: BenchTask) -> BenchRun:
    """Run a task in a process of its own, so that its memory is measured separately, and return the result."""
    context = multiprocessing.get_context("spawn")
    mine, others = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(task, others))
    started = time.monotonic()
    process.start()
    others.close()
    try:
        run = mine.recv() if mine.poll(task.patience * task.seconds + GRACE) else BenchRun(error="out of time")
    except EOFError:
        process.join()
        run = BenchRun(error=_ended(process.exitcode))
    whole = time.monotonic() - started
    process.join(GRACE if not run.error else 1.0)
    process.kill()
    process.join()
    return replace(run, whole_seconds=whole)


def together(tasks: Sequence[BenchTask], pair: bool) -> list[BenchRun]:
    """Run tasks and return their results in order; two at a time if `pair` is true."""
    with ThreadPoolExecutor(2 if pair else 1) as pool:
        return list(pool.map(apart, tasks))


def _child(task: BenchTask, pipe: Connection) -> None:
    if task.memory_gb is not None:
        resource.setrlimit(resource.RLIMIT_AS, (int(task.memory_gb * PER_GB),) * 2)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # solvers greet there; standard output carries results alone
    try:
        pipe.send(task.work(str(task.folder), task.seconds))
    except MemoryError:
        pipe.send(BenchRun(error="out of memory", memory_mb=memory()))
    except ModuleNotFoundError as error:
        pipe.send(BenchRun(error=f"not installed: {error.name}"))
    except Exception as error:  # a run that fails is a line of the table, not the end of the others
        traceback.print_exc()
        first = str(error).partition("\n")[0]
        pipe.send(BenchRun(error=f"failed: {type(error).__name__}: {first[:SAID]}"))


def _ended(code: int | None) -> str:
    """Return the reason why a process ended without a result; a solver without memory aborts."""
    if code in (-signal.SIGKILL, -signal.SIGABRT):
        return "out of memory"
    return f"ended with status {code}"
