"""Runs: one solver on one dataset, watched: value and bound after so many seconds, time and memory of it all."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

MARKS = (30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run brought.

    Parameters
    ----------
    value, bound : float or None
        Of the plan, and proven; None where there is none.
    seconds, build_seconds : float
        Whole time, and that of building the model.
    memory_mb : float
        Peak resident memory of the process.
    size : tuple of int
        Rows, columns, binaries.
    marks : mapping of float to (float or None, float or None)
        Best value and bound after so many seconds.
    error : str
        Why there is nothing.
    """

    value: float | None = None
    bound: float | None = None
    seconds: float = 0.0
    build_seconds: float = 0.0
    memory_mb: float = 0.0
    size: tuple[int, int, int] = (0, 0, 0)
    marks: Mapping[float, tuple[float | None, float | None]] = field(default_factory=dict)
    error: str = ""


class Trace:
    """Best value and bound as time goes on."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.points: list[tuple[float, float | None, float | None]] = []

    def add(self, bound: float | None, value: float | None) -> None:
        """Write what is known now."""
        known = [None if part is None or abs(part) > 1e29 else float(part) for part in (value, bound)]
        self.points.append((time.monotonic() - self.started, known[0], known[1]))

    def marks(self, until: float) -> dict[float, tuple[float | None, float | None]]:
        """Return the last known pair at each mark up to `until`."""
        found: dict[float, tuple[float | None, float | None]] = {}
        for mark in MARKS:
            if mark <= until:
                before = [point for point in self.points if point[0] <= mark]
                found[mark] = (before[-1][1], before[-1][2]) if before else (None, None)
        return found


def apart(work: Callable[[str, float], Run], folder: Path, seconds: float) -> Run:
    """Return what a run brings in a process of its own, so that its memory is its own.

    Parameters
    ----------
    work : callable
        Takes the folder and the time limit.
    folder : pathlib.Path
        Dataset.
    seconds : float
        Time limit of the solver; the process is ended at three times that, and a minute.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, str(folder), seconds, theirs))
    process.start()
    theirs.close()
    try:
        result = ours.recv() if ours.poll(3 * seconds + 60) else Run(error="out of time")
    except EOFError:
        result = Run(error="out of memory or crashed")
    process.kill()
    process.join()
    return result


def _child(work: Callable[[str, float], Run], folder: str, seconds: float, pipe: Any) -> None:
    try:
        pipe.send(work(folder, seconds))
    except MemoryError:
        pipe.send(Run(error="out of memory"))


def memory() -> float:
    """Return the peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(folder: str, seconds: float) -> Run:
    """Match with the engine."""
    from synergy.dataset.read import read
    from synergy.engine import Options, match

    trace = Trace()
    options = Options(time_limit=seconds, settlement="none")
    outcome = match(read(folder), options, lambda event: trace.add(event.bound, event.best))
    plan = outcome.plan
    if plan is None:
        return Run(error=outcome.status, memory_mb=memory())
    trace.add(plan.bound, plan.value)
    total = time.monotonic() - trace.started
    solver = plan.solver
    return Run(
        value=plan.value,
        bound=plan.bound,
        seconds=total,
        build_seconds=float(solver["build_seconds"]),
        memory_mb=memory(),
        size=(solver["constraints"], solver["variables"], solver["binaries"]),
        marks=_closed(trace, seconds),
    )


def _closed(trace: Trace, seconds: float) -> dict[float, tuple[float | None, float | None]]:
    """Return the marks; after the end of a run what it ended with stands."""
    return trace.marks(max(seconds, MARKS[0]))


def literal(folder: str, seconds: float) -> Run:
    """HiGHS alone on the literal model of the contract: no pruning, no tightening."""
    import highspy

    from synergy.dataset.read import read
    from synergy.literal import build
    from synergy.literal.solve import hand_over
    from synergy.model.highs import Silent

    trace = Trace()
    model = build(read(folder))
    built = time.monotonic() - trace.started
    highs: Any = Silent()  # type: ignore[no-untyped-call]
    for name, option in {"time_limit": float(seconds), "mip_rel_gap": 1e-4, "threads": 1}.items():
        highs.setOptionValue(name, option)
    hand_over(highspy, highs, model)

    def hear(event: Any) -> None:
        trace.add(event.data_out.mip_dual_bound, event.data_out.mip_primal_bound)

    highs.cbMipInterrupt.subscribe(hear)
    highs.run()
    info = highs.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    value = info.objective_function_value if found else None
    bound = info.mip_dual_bound if model.integer.any() else value
    trace.add(bound, value)
    rows, columns = model.matrix.shape
    return Run(
        value=value,
        bound=None if bound is None or not np.isfinite(bound) else bound,
        seconds=time.monotonic() - trace.started,
        build_seconds=built,
        memory_mb=memory(),
        size=(rows, columns, int(model.integer.sum())),
        marks=_closed(trace, seconds),
    )
