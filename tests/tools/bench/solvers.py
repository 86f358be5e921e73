"""Benchmark runs: the engine as a whole, HiGHS alone on the literal model, and HiGHS on the engine's model."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.runs import BenchRun, Stopwatch, finite, memory
from synergy.solvers import highs, run

if TYPE_CHECKING:
    from synergy.dataset.sheet import Dataset

GAP = 1e-4
BYTES_A_COLUMN = 5_000  # peak memory of HiGHS and the arrays: 1.4 kB measured on wide regions, 5.7 kB on Lvliang's year


def ours(folder: str, seconds: float) -> BenchRun:
    """Read, match, verify and write, as ``synergy match --settlement none --out`` does."""
    from synergy.dataset.read import read
    from synergy.engine import match
    from synergy.model.solve_params import Control
    from synergy.options import Options
    from synergy.records.files import write_plan
    from synergy.verification.verify import assert_valid

    clock = _started()
    dataset = read(folder)
    times = [clock.seconds]
    options = Options(gap=GAP, time_limit=clock.left(seconds), settlement="none")
    plan = match(dataset, options, Control(lambda event: clock.add(event.best, event.bound))).plan
    times.append(clock.seconds)
    if plan is None:
        return BenchRun(error="no plan", seconds=clock.seconds, memory_mb=memory(), marks=clock.marks(seconds))
    clock.add(plan.value, plan.bound)
    assert_valid(dataset, plan)
    times.append(clock.seconds)
    with TemporaryDirectory() as place:
        write_plan(plan, Path(place) / "plan.json")
    times.append(clock.seconds)
    solver = plan.solver
    build = float(solver["build_seconds"])
    stages = dict(zip(("read", "solve", "verify", "write"), np.diff([0.0, *times]).tolist(), strict=True))
    stages["build"], stages["solve"] = build, stages["solve"] - build
    return BenchRun(
        value=plan.value,
        bound=plan.bound,
        seconds=times[-1],
        build_seconds=build,
        memory_mb=memory(),
        size=(solver["constraints"], solver["variables"], solver["binaries"]),
        marks=clock.marks(seconds),
        stages=stages,
    )


def alone(folder: str, seconds: float) -> BenchRun:
    """Return a run with the sum of the enterprises' standalone values, the reference for the gain of cooperation."""
    from synergy.candidates.scope import coalition
    from synergy.dataset.read import read
    from synergy.dataset.sheet import subset
    from synergy.engine import problem
    from synergy.model.solve import solve
    from synergy.model.solve_params import SolveParams

    clock = _started()
    dataset = read(folder)
    enterprises = dataset["enterprises"]["enterprise"].to_numpy(object)
    total = 0.0
    for index, enterprise in enumerate(enterprises):
        model = problem(subset(dataset, {enterprise}), coalition(np.arange(len(enterprises)) == index))
        solution = solve(model, SolveParams(GAP, seconds))
        if solution.x is None:
            return BenchRun(error=f"no plan for {enterprise} alone", seconds=clock.seconds, memory_mb=memory())
        total += solution.value
    return BenchRun(value=total, seconds=clock.seconds, memory_mb=memory())


def literal(folder: str, seconds: float) -> BenchRun:
    """Solve the literal model of the contract with HiGHS alone: no pruning, no tightening."""
    from synergy.dataset.read import read
    from synergy.literal.build import build
    from synergy.literal.solve import hand_over
    from synergy.model.highs import silent_class

    clock = _started()
    dataset = read(folder)
    times = [clock.seconds]
    needed = memory_needed(dataset)
    if needed > _allowed():
        error = f"out of memory: about {needed / 2**30:.0f} GB needed"
        return BenchRun(error=error, seconds=clock.seconds, memory_mb=memory())
    model = build(dataset)
    solver = silent_class()()
    hand_over(solver, model)
    times.append(clock.seconds)
    size = (*model.matrix.shape, int(model.integer.sum()))
    return _highs(solver, clock, (times, seconds), size, 1.0)


def candidates(folder: str, seconds: float) -> BenchRun:
    """Solve the engine's candidate model with HiGHS alone: pruned and bounded, without cuts and heuristics."""
    from synergy.candidates.scope import everyone
    from synergy.dataset.read import read
    from synergy.engine import problem
    from synergy.model.highs import SolverSession
    from synergy.model.scaling import scaled
    from synergy.network.places import places_of

    clock = _started()
    dataset = read(folder)
    times = [clock.seconds]
    stated = scaled(problem(dataset, everyone(places_of(dataset))))
    session = SolverSession(stated)
    times.append(clock.seconds)
    size = (*stated.matrix.shape, int(stated.integer.sum()))
    return _highs(session.highs, clock, (times, seconds), size, -stated.money)


def _started() -> Stopwatch:
    """Return a clock started after the solvers are loaded and garbage is collected."""
    highs()
    gc.collect()
    return Stopwatch()


def _highs(
    solver: Any, clock: Stopwatch, spent: tuple[list[float], float], size: tuple[int, int, int], money: float
) -> BenchRun:
    """Run HiGHS on its loaded model, and return the result in money."""
    times, seconds = spent

    def hear(event: Any) -> None:
        clock.add(_times(event.data_out.mip_primal_bound, money), _times(event.data_out.mip_dual_bound, money))

    for name, option in {"time_limit": clock.left(seconds), "mip_rel_gap": GAP, "threads": 1}.items():
        solver.setOptionValue(name, option)
    solver.cbMipImprovingSolution.subscribe(hear)
    solver.cbMipInterrupt.subscribe(hear)
    run(solver)
    info = solver.getInfo()
    found = info.primal_solution_status == highs().SolutionStatus.kSolutionStatusFeasible
    value = _times(info.objective_function_value, money) if found else None
    bound = _times(info.mip_dual_bound, money) if size[2] else value
    clock.add(value, bound)
    total = clock.seconds
    return BenchRun(
        value=value,
        bound=bound,
        seconds=total,
        build_seconds=times[1] - times[0],
        memory_mb=memory(),
        size=size,
        marks=clock.marks(seconds),
        stages={"read": times[0], "build": times[1] - times[0], "solve": total - times[1]},
        error="" if found else "no plan",
    )


def _times(number: float, money: float) -> float | None:
    known = finite(number)
    return None if known is None else known * money


def memory_needed(dataset: Dataset) -> float:
    """Return an estimate of the bytes that HiGHS needs for the literal model of a dataset.

    The model of the first period is built; the others are about as large.
    """
    from synergy.literal.build import build

    first = dataset["periods"].iloc[:1]
    here = ["", *first["period"]]
    tables = {
        name: frame[frame["period"].isin(here)] if "period" in frame else frame
        for name, frame in dataset.tables.items()
    }
    columns = build(replace(dataset, tables={**tables, "periods": first})).matrix.shape[1]
    return float(columns) * len(dataset["periods"]) * BYTES_A_COLUMN


def _allowed() -> float:
    """Return the address-space limit of this process in bytes, infinite without one."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return float("inf") if limit == resource.RLIM_INFINITY else float(limit)
