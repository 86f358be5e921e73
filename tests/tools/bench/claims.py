"""Claim tests: the engine's claims on random small problems, checked by a second solver run to its end."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bench.generate import generate
from bench.report import ReportTable
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.errors import SynergyError
from synergy.literal.build import build
from synergy.options import Options
from synergy.plan import Plan
from synergy.solvers import highs
from synergy.verification.deep import BETTER, SECONDS, best_value
from synergy.verification.verify import assert_valid

COUNT, QUICK = 500, 20
GAP = 1e-4
LIMIT = 10.0  # seconds for a plan
LINEAR = 4  # every fourth problem has no yes-or-no decision
HEADS = (("what the engine says", "text"), ("problems", "count"), ("of them linear", "count"))
PROVEN, CLAIMED, FEASIBLE = "optimal, proven by duals alone", "optimal by the solver's claim", "feasible"
NONE, REFUSED = "no plan", "refused by the judge or the engine's checks"
ERROR, INSIDE = "second opinion: better than the bound (error)", "second opinion: better, inside the gap"
WRONG_PROVEN = "wrong: proven, and a better plan exists"
WRONG_CLAIMED = "wrong: by the solver's claim, and a better plan exists"
WRONG_NONE = "wrong: no plan, and one exists"
PASSED = "wrong, and not refused by the second opinion"
ROWS = (PROVEN, CLAIMED, FEASIBLE, NONE, REFUSED, ERROR, INSIDE, WRONG_PROVEN, WRONG_CLAIMED, WRONG_NONE, PASSED)


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """Verdicts on one problem: names of `ROWS`, whether it is linear, and why it was refused."""

    said: tuple[str, ...]
    linear: bool
    fault: str = ""


def claims(count: int = COUNT, workers: int = 1) -> Iterator[ReportTable]:
    """Yield the table of claims for `count` problems."""
    highs()  # a solver that the trials refuse ends it here
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        found = list(pool.map(claimed, range(count), chunksize=max(1, count // (8 * workers))))
    rows = [
        (name, sum(name in one.said for one in found), sum(name in one.said and one.linear for one in found))
        for name in ROWS
    ]
    linear = sum(one.linear for one in found)
    closed = sum(one.linear and PROVEN in one.said for one in found)
    solved = sum(one.linear and bool({PROVEN, CLAIMED, FEASIBLE} & set(one.said)) for one in found)
    note = f"duals close {closed} of the {solved} linear problems with a plan (of {linear})"
    yield ReportTable(
        f"claims: {count} random small problems, gap {GAP:g}",
        HEADS,
        rows,
        (note, *(one.fault for one in found if one.fault)),
    )


def small_problem(folder: Path, seed: int) -> Dataset:
    """Return a random small problem: three to six firms; partner limits and minimum loads in turn.

    Every `LINEAR`-th problem has no binary decision.
    """
    random = np.random.default_rng(seed)
    firms, goods, periods = (int(random.integers(*span)) for span in ((3, 7), (4, 8), (1, 4)))
    generate(folder, firms, goods, periods, seed)
    if seed % LINEAR == 0:
        for name in ("processes", "recipes", "build_options"):
            (folder / f"{name}.csv").unlink()
        frame = pd.read_csv(folder / "transport.csv")
        frame[frame["mode"] == "road"].drop(columns=["capex_per_km", "capacity"]).to_csv(
            folder / "transport.csv", index=False
        )
        return read(folder)
    if seed % LINEAR == 1:
        _units(folder, random)
    return read(folder, overrides={"max_partners": int(random.integers(1, 3))} if seed % LINEAR == 2 else None)


def _units(folder: Path, random: np.random.Generator) -> None:
    """Write existing units that are off or at a minimum load or more."""
    sites, processes = (pd.read_csv(folder / f"{name}.csv") for name in ("sites", "processes"))
    count = len(sites)
    frame = pd.DataFrame(
        {
            "facility": [f"U{at}" for at in range(count)],
            "site": sites["site"],
            "process": random.choice(processes["process"], count),
            "capacity": random.uniform(10_000, 60_000, count).round(),
            "min_load": random.uniform(0.3, 0.8, count).round(2),
        }
    )
    frame.to_csv(folder / "facilities.csv", index=False)


def claimed(seed: int) -> ClaimCheck:
    """Return the engine's claim on a small problem, checked against a second solver."""
    with tempfile.TemporaryDirectory() as place:
        dataset = small_problem(Path(place) / "small", seed)
    model = build(dataset)
    linear = not model.integer.any()
    try:
        plan = match(dataset, Options(gap=GAP, time_limit=LIMIT, settlement="none")).plan
        if plan is not None:
            assert_valid(dataset, plan)
    except SynergyError as error:
        return ClaimCheck((REFUSED,), linear, f"problem {seed} refused: {error}")
    return ClaimCheck(_judged(plan, best_value(model, SECONDS)), linear)


def _judged(plan: Plan | None, best: float | None) -> tuple[str, ...]:
    """Return the names of a plan's claim and of the verdict on it, given the best known value."""
    if plan is None:
        return (NONE,) if best is None else (NONE, WRONG_NONE)
    size, dual = max(1.0, abs(plan.value)), plan.proof["dual"]
    closed = dual is not None and dual - plan.value <= GAP * size
    said = [PROVEN if closed else CLAIMED if plan.status == "optimal" else FEASIBLE]
    more = -np.inf if best is None else best - plan.value
    over = best is not None and best > plan.bound + BETTER * size
    if over:
        said.append(ERROR)
    elif more > BETTER * size:
        said.append(INSIDE)
    if more > (GAP + BETTER) * size and said[0] != FEASIBLE:
        said.append(WRONG_PROVEN if closed else WRONG_CLAIMED)
        said += [] if over else [PASSED]
    return tuple(said)
