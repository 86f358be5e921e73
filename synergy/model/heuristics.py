"""Primal heuristics: fix-and-optimise by commodity, dynamic slope scaling and rounding.

A part holds the binaries that concern one commodity: builds that use or make it, links that carry it, on/off switches
of units that run on it. Commodities with few binaries share a part. The largest parts come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem
from synergy.model.solve_params import SolveParams, relative_gap
from synergy.network.places import Bools, Floats, Ints

LEAST = 300  # decisions of a part, unless there are no more
LOOKS = 48  # of HiGHS at its limits, in a part: its measure of work that no clock disturbs
SECONDS_PART = 0.5  # of the time that is left, for one part
NEAR = 5e-4  # gap within a part that suffices
WORTH = 1e-4  # part of the value that a part has to bring to be worth another
IDLE = 2  # parts in a row that bring less
SLOPES = 24  # rounds of slope scaling; later ones change little
USED = 1e-6  # part of a yes-or-no that counts as used


def parts_of(model: Model) -> tuple[Ints, ...]:
    """Return the fix-and-optimise parts: binary columns by commodities, the largest first; parts may overlap."""
    touched = _touched(model)
    size = np.diff(touched.indptr)
    order = np.argsort(-size, kind="stable")
    parts: list[Ints] = []
    open_part = np.empty(0, np.int64)
    for commodity in order[size[order] > 0]:
        open_part = np.union1d(open_part, touched.indices[touched.indptr[commodity] : touched.indptr[commodity + 1]])
        if len(open_part) >= LEAST:
            parts.append(open_part)
            open_part = np.empty(0, np.int64)
    return (*parts, open_part) if len(open_part) else tuple(parts)


def _touched(model: Model) -> sparse.csr_array:
    """Return the incidence of commodities and the binary columns that concern them, shape (commodities, columns)."""
    network = model.candidates.network
    units, steps = network.units, network.units.steps
    shape = (len(network.places.commodities), len(model.cost))
    recipe = sparse.csr_array(
        (np.ones(len(units.recipe_unit)), (units.recipe_commodity, units.recipe_unit)), shape=(shape[0], len(units.ids))
    )
    columns, of = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for name, unit in (("built", steps.unit), ("on", np.arange(len(units.ids)))):
        block = model.column(name)
        if len(block):
            columns.append(block.positions)
            of.append(unit[block.key["step" if name == "built" else "unit"]])
    column, unit = np.concatenate(columns), np.concatenate(of)
    decides = sparse.csr_array((np.ones(len(column)), (unit, column)), shape=(len(units.ids), shape[1]))
    opened = model.column("open")
    link = opened.key["link"] if len(opened) else np.empty(0, np.int64)
    carries = sparse.csr_array((np.ones(len(link)), (network.links.commodity[link], opened.positions)), shape=shape)
    return sparse.csr_array(recipe @ decides + carries)


def improved(
    problem: ScaledProblem, best: SolverResult, bound: float, parts: Sequence[Ints], params: SolveParams
) -> SolverResult:
    """Improve a plan by fix-and-optimise: re-solve each part with all other binaries fixed.

    Fix-and-optimise (Sahling, Buschkuehl, Tempelmeier & Helber 2009, Computers & Operations Research 36:2546). Each
    part (binary columns that may change together) ends by work, not by the clock, unless time runs out. `bound` is
    proven, for the listener.
    """
    idle = 0
    for part in parts:
        if best.x is None or idle == IDLE or relative_gap(bound, best.value) <= params.gap or params.interrupted():
            break
        before = best.value
        best = _solved(problem, best, part, (bound, params))
        params.found(best.x, best.value, bound)
        idle = 0 if before - best.value > WORTH * abs(before) else idle + 1
    return best


def _solved(problem: ScaledProblem, best: SolverResult, part: Ints, given: tuple[float, SolveParams]) -> SolverResult:
    """Return the best plan that differs from the incumbent in one part only."""
    bound, params = given
    known: Floats = best.x if best.x is not None else np.empty(0)
    held: Bools = problem.integer.copy()
    held[part] = False
    columns = np.flatnonzero(held)
    session = SolverSession(
        problem,
        threads=params.threads,
        random_seed=params.seed,
        time_limit=max(params.left * SECONDS_PART, 1.0),
        mip_rel_gap=max(params.gap, NEAR),
    )
    session.bound(columns, np.round(known[columns]), np.round(known[columns]))
    session.start(known)
    looks = 0

    def hear(_: float, value: float) -> bool:
        nonlocal looks
        looks += 1
        params.say("parts", -bound * problem.money, -min(value, best.value) * problem.money)
        return looks > LOOKS or relative_gap(bound, min(value, best.value)) <= params.gap or params.interrupted()

    session.listen(hear)
    session.stop = params.stop
    answer = session.solve()
    return best if answer.x is None or answer.value >= best.value else replace(answer, status=Status.STOPPED)


@dataclass(frozen=True, slots=True)
class Hint:
    """Hold values (0 or 1) of binary columns in a plan of a simpler problem, and its proven bound (scaled units)."""

    columns: Ints
    values: Floats
    bound: float


def slopes(
    problem: ScaledProblem, relaxed: SolverResult, session: SolverSession, given: tuple[Forcing, SolveParams]
) -> SolverResult:
    """Return the best plan of dynamic slope scaling of the binary columns.

    Dynamic slope scaling (Kim & Pardalos 1999, Operations Research Letters 24:195).
    """
    forcing, params = given
    integer = np.flatnonzero(problem.integer)
    own = problem.cost[integer]
    slope, part = own.copy(), np.zeros(len(integer)) if relaxed.x is None else relaxed.x[integer]
    best = SolverResult(Status.STOPPED, np.inf, -np.inf, None)
    trial = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    trial.warm(session)
    seen: set[bytes] = set()
    for _ in range(SLOPES):
        if params.interrupted():
            break
        slope = np.where(part > USED, own / np.maximum(part, USED), slope)
        session.price(integer, slope)
        session.set(time_limit=max(params.left, 1.0))
        answer = session.solve()
        if answer.x is None:
            break
        part = answer.x[integer]
        chosen = forcing.chosen(part, integer, USED)
        if chosen.tobytes() in seen:
            break
        seen.add(chosen.tobytes())
        plan = held(trial, problem, chosen.astype(float))
        if plan.value < best.value:
            best = plan
            params.found(best.x, best.value, relaxed.value)
            params.say("slopes", -relaxed.value * problem.money, -best.value * problem.money)
    return best


def hinted(problem: ScaledProblem, hint: Hint, given: tuple[Forcing, SolveParams]) -> SolverResult:
    """Return the plan that follows from a hint; the remaining binaries are rounded up from the relaxation."""
    forcing, params = given
    integer = np.flatnonzero(problem.integer)
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    session.set(time_limit=max(params.left, 1.0))
    session.bound(hint.columns, hint.values, hint.values)
    rest = session.solve()
    if rest.x is None:
        return SolverResult(Status.STOPPED, np.inf, -np.inf, None)
    best = held(session, problem, forcing.chosen(rest.x[integer], integer, USED).astype(float))
    params.say("year", -hint.bound * problem.money, -best.value * problem.money)
    return best


def held(session: SolverSession, problem: ScaledProblem, whole: Floats) -> SolverResult:
    """Return the optimal continuous variables for given binaries, solved in a reusable session."""
    integer = np.flatnonzero(problem.integer)
    session.bound(integer, whole, whole)
    answer = session.solve()
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return SolverResult(Status.STOPPED, np.inf, -np.inf, None)
    x = answer.x.copy()
    x[integer] = whole
    return replace(answer, status=Status.STOPPED, bound=-np.inf, x=x)


def polished(problem: ScaledProblem, answer: SolverResult, params: SolveParams) -> SolverResult:
    """Return the answer with integral binaries, the optimal continuous variables for them, and their duals."""
    if answer.x is None:
        return answer
    whole = np.round(answer.x[problem.integer])
    if params.asked() and np.array_equal(whole, answer.x[problem.integer]):
        return answer  # the rest is the best for them already, or near it
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    rest = held(session, problem, whole)
    if rest.x is None:
        return answer
    return replace(rest, status=answer.status, bound=min(answer.bound, rest.value), nodes=answer.nodes)
