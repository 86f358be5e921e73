"""Search: find the best plan of a problem with binary decisions, with a proven upper bound on its value.

The relaxation gives a bound and reduced costs. Slope scaling gives good plans early: fixed costs are spread over the
amounts used in the previous round. The best of these plans is improved by fix-and-optimise, binaries are
fixed by reduced costs, and HiGHS's branch and bound follows.

A part that is re-optimised holds the binaries that concern one commodity: builds that use or make it, links that carry
it, on/off switches of units that run on it. Commodities with few binaries share a part. The largest parts come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem
from synergy.model.solve_params import SolveParams, relative_gap
from synergy.network.places import Bools, Floats, Ints

SMALL = 300  # yes-or-no decisions up to which HiGHS needs no help
CUTS = 12  # rounds of forcing rows
BROKEN = 1e-3  # part of a forcing row's greatest value by which it has to be broken
ROOT_LOOKS = 20  # of HiGHS at its limits, for the first rounds of cuts
TIGHT = 0.015  # gap after them that branching closes
RELAXED_PART = 0.25  # of the time that is left, for a relaxation where there is a plan already
LARGE = 40_000  # columns from which an interior point is faster than the simplex
LEAST = 300  # decisions of a part, unless there are no more
LOOKS = 48  # of HiGHS at its limits, in a part: its measure of work that no clock disturbs
SECONDS_PART = 0.5  # of the time that is left, for one part
NEAR = 5e-4  # gap within a part that suffices
WORTH = 1e-4  # part of the value that a part has to bring to be worth another
IDLE = 2  # parts in a row that bring less
SLOPES = 24  # rounds of slope scaling; later ones change little
USED = 1e-6  # part of a yes-or-no that counts as used

NOTHING = SolverResult(Status.STOPPED, np.inf, -np.inf, None)


@dataclass(frozen=True, slots=True)
class _Start:
    """Result of the heuristic phase: the best answer, the bound, and columns fixed at 0."""

    best: SolverResult
    bound: float
    dropped: Ints


class Begins(Protocol):
    """Source of starting plans from a simpler problem, each with the bound that the simpler problem proves."""

    def sketch(self) -> SolverResult:
        """Return a plan within seconds."""
        ...

    def plan(self) -> SolverResult:
        """Return a good plan."""
        ...


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Model structure passed to the search along with the scaled problem.

    `forcing` are rows that the relaxation may violate, in the model's units; `parts` are binary columns that are
    re-optimised together; `beginning` is the source of starting plans for multi-period problems.
    """

    forcing: Forcing
    parts: tuple[Ints, ...] = ()
    beginning: Begins | None = None


def search(problem: ScaledProblem, params: SolveParams, knowledge: Knowledge) -> SolverResult:
    """Return the best answer found within the limits, for a problem whose integer columns (it has some) are all binary.

    It has the best proven bound; its integers are whole and its continuous part is best for them.
    """
    stated, integer = problem, np.flatnonzero(problem.integer)
    best = NOTHING if knowledge.beginning is None else knowledge.beginning.sketch()
    params.found(best.x, best.value, best.bound)
    if len(integer) <= SMALL:
        known = None if best.x is None else _Start(best, best.bound, integer[:0])
        answer = _branch(problem, params, known)
        return polished(problem, answer if known is None else _better(answer, known), params)
    if relative_gap(best.bound, best.value) <= params.gap:
        return polished(stated, replace(best, status=Status.OPTIMAL), params)
    session = relaxation(problem, params, 1.0 if best.x is None else RELAXED_PART)
    relaxed = session.solve()
    session.set(solver="simplex")  # from here on bases are warm
    if best.x is None or relaxed.value > best.bound:
        # where the periods' relaxation says less than their sum, its forcing rows cost more than they bring
        problem, relaxed = tightened(problem, relaxed, session, (knowledge.forcing, params))
    solved = _solved(relaxed)
    if not solved and best.x is None:
        return polished(stated, _branch(problem, params, None), params)
    bound = max(best.bound, relaxed.value) if solved else best.bound
    params.say("relaxation", -bound * problem.money, -best.value * problem.money)
    if knowledge.beginning is not None and relative_gap(bound, best.value) > params.gap:
        plan = knowledge.beginning.plan()
        bound = max(bound, plan.bound)
        params.found(plan.x, plan.value, bound)
        best = min(best, plan, key=lambda answer: answer.value)
    if best.x is None and solved:
        best = slopes(problem, relaxed, session, (knowledge.forcing, params))
        start = _Start(best, bound, _dropped(problem, relaxed, best))
        best = _better(_branch(problem, params, start, patient=False), start)
        bound = best.bound
    best = _improved(problem, best, bound, knowledge.parts, params)
    start = _Start(best, bound, _dropped(problem, relaxed, best))
    if best.x is not None and relative_gap(bound, best.value) <= params.gap:
        answer = replace(best, status=Status.OPTIMAL, bound=bound)
    elif params.ended():
        answer = replace(best, status=Status.STOPPED, bound=bound)
    else:
        answer = _better(_branch(problem, params, start), start)
    return polished(stated, answer, params)


def _solved(relaxed: SolverResult) -> bool:
    """Return whether a relaxation was solved to optimality with duals."""
    return relaxed.status is Status.OPTIMAL and relaxed.x is not None and relaxed.column_dual is not None


def tightened(
    problem: ScaledProblem, relaxed: SolverResult, session: SolverSession, given: tuple[Forcing, SolveParams]
) -> tuple[ScaledProblem, SolverResult]:
    """Tighten the relaxation by the forcing rows that it violates; return the problem and its new relaxation.

    `session` holds `relaxed`; it gets the rows too.
    """
    forcing, params = given
    parts, sides = [problem.matrix], 0
    for _ in range(CUTS):
        if relaxed.status is not Status.OPTIMAL or relaxed.x is None or params.ended():
            break
        broken = forcing.broken(relaxed.x * problem.column, BROKEN)
        if broken is None:
            break
        rows, size = sparse.csr_array(broken.multiply(problem.column[None, :])), broken.shape[0]
        largest = np.maximum.reduceat(np.abs(rows.data), rows.indptr[:-1])
        rows = sparse.csr_array(sparse.diags_array(1.0 / largest) @ rows)
        session.add_rows(rows, np.full(size, -np.inf), np.zeros(size))
        session.set(time_limit=max(params.left, 1.0))
        answer = session.solve()
        if answer.status is not Status.OPTIMAL:
            break
        relaxed = answer
        parts.append(rows)
        sides += size
        params.say("relaxation", -relaxed.value * problem.money)
    if not sides:
        return problem, relaxed
    return replace(
        problem,
        matrix=sparse.csr_array(sparse.vstack(parts)),
        row_lower=np.append(problem.row_lower, np.full(sides, -np.inf)),
        row_upper=np.append(problem.row_upper, np.zeros(sides)),
        row=np.append(problem.row, np.ones(sides)),
    ), relaxed


def _better(answer: SolverResult, start: _Start) -> SolverResult:
    """Return the better of two answers, with the tighter of their bounds."""
    if answer.status not in (Status.OPTIMAL, Status.STOPPED):
        # a plan is known: that there is none, or that nothing can be said, is numerics
        return replace(start.best, status=Status.STOPPED, bound=start.bound)
    bound = max(answer.bound, start.bound)
    if start.best.value < answer.value:
        answer = replace(answer, x=start.best.x, value=start.best.value)
    return replace(answer, bound=min(bound, answer.value))


def relaxation(problem: ScaledProblem, params: SolveParams, part: float = 1.0) -> SolverSession:
    """Return a session with the LP relaxation, set to interior point with crossover if it is large.

    It may take the given part of the time that is left.
    """
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    if len(problem.cost) > LARGE:
        session.set(solver="ipm")
    session.set(time_limit=max(params.left * part, 1.0))
    session.stop = params.stop
    return session


def _dropped(problem: ScaledProblem, relaxed: SolverResult, best: SolverResult) -> Ints:
    """Return the binaries that reduced-cost fixing sets to 0, given the gap of the plan to the relaxation."""
    integer = np.flatnonzero(problem.integer)
    if best.x is None or relaxed.column_dual is None or not _solved(relaxed):
        return integer[:0]
    room = best.value - relaxed.value
    return integer[(relaxed.column_dual[integer] > room * (1 + 1e-6)) & (best.x[integer] < 0.5)]


def _branch(problem: ScaledProblem, params: SolveParams, start: _Start | None, *, patient: bool = True) -> SolverResult:
    """Run HiGHS's branch and bound from the incumbent, with the dropped columns fixed at 0.

    Without `patient` it ends after the first rounds of cuts, unless the remaining gap is small enough to branch on.
    """
    session = SolverSession(
        problem,
        threads=params.threads,
        random_seed=params.seed,
        time_limit=max(params.left, 1.0),
        mip_rel_gap=params.gap,
    )
    session.stop = params.stop
    known = -np.inf if start is None else start.bound
    best = np.inf if start is None else start.best.value
    if start is not None:
        session.bound(start.dropped, np.zeros(len(start.dropped)), np.zeros(len(start.dropped)))
        if start.best.x is not None:
            session.start(start.best.x)
    looks = 0

    def hear(bound: float, value: float) -> bool:
        nonlocal looks
        looks += 1
        bound, value = max(bound, known), min(value, best)
        params.say("search", -bound * problem.money, -value * problem.money)
        params.found(None, np.inf, bound)
        hopeless = not patient and looks == ROOT_LOOKS and relative_gap(bound, value) > TIGHT
        return hopeless or params.ended() is not None

    session.listen(hear, params.note)
    return session.solve()


def sketched(problem: ScaledProblem, params: SolveParams, forcing: Forcing, bound: float) -> SolverResult:
    """Return the best plan of slope scaling alone, for many small solves that need no proof.

    Integer columns are all binary. The number of rounds limits it, not its time; `forcing` decides which of rival
    decisions to keep. Its bound is the better of the relaxation's and the one proven already, in the problem's units.
    """
    session = relaxation(problem, params)
    relaxed = session.solve()
    session.set(solver="simplex")
    if relaxed.status is not Status.OPTIMAL or relaxed.x is None:
        return replace(relaxed, x=None, value=np.inf)
    best = slopes(problem, relaxed, session, (forcing, params))
    return replace(best, bound=max(relaxed.value, bound))


def parts_of(model: Model) -> tuple[Ints, ...]:
    """Return the fix-and-optimise parts: binary columns by commodities, the largest first; parts may overlap."""
    units, links = model.candidates.network.units, model.candidates.network.links
    built, on, opened = (model.columns[name] for name in ("built", "on", "open"))
    shape = (len(model.candidates.network.places.commodities), len(model.cost))
    # incidences of commodities and units, of units and columns, of commodities and columns
    recipe = sparse.csr_array(
        (np.ones(len(units.recipe_unit)), (units.recipe_commodity, units.recipe_unit)), shape=(shape[0], len(units.ids))
    )
    unit = np.concatenate([units.steps.unit[built.key["step"]], on.key["unit"]])
    column = np.concatenate([built.positions, on.positions])
    decides = sparse.csr_array((np.ones(len(column)), (unit, column)), shape=(len(units.ids), shape[1]))
    carries = sparse.csr_array(
        (np.ones(len(opened)), (links.commodity[opened.key["link"]], opened.positions)), shape=shape
    )
    touched = sparse.csr_array(recipe @ decides + carries)
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


def _improved(
    problem: ScaledProblem, best: SolverResult, bound: float, parts: Sequence[Ints], params: SolveParams
) -> SolverResult:
    """Improve a plan by fix-and-optimise: re-solve each part with all other binaries fixed.

    Fix-and-optimise (Sahling, Buschkuehl, Tempelmeier & Helber 2009, Computers & Operations Research 36:2546). Each
    part (binary columns that may change together) ends by work, not by the clock, unless time runs out. `bound` is
    proven, for the listener.
    """
    idle = 0
    for part in parts:
        if best.x is None or idle == IDLE or relative_gap(bound, best.value) <= params.gap or params.ended():
            break
        before = best.value
        best = _reoptimised(problem, best, part, (bound, params))
        params.found(best.x, best.value, bound)
        idle = 0 if before - best.value > WORTH * abs(before) else idle + 1
    return best


def _reoptimised(
    problem: ScaledProblem, best: SolverResult, part: Ints, given: tuple[float, SolveParams]
) -> SolverResult:
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
        return looks > LOOKS or relative_gap(bound, min(value, best.value)) <= params.gap or params.ended() is not None

    session.listen(hear)
    session.stop = params.stop
    answer = session.solve()
    return best if answer.x is None or answer.value >= best.value else replace(answer, status=Status.STOPPED)


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
    best = NOTHING
    trial = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    trial.warm(session)
    seen: set[bytes] = set()
    for _ in range(SLOPES):
        if params.ended():
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


def held(session: SolverSession, problem: ScaledProblem, whole: Floats) -> SolverResult:
    """Return the optimal continuous variables for given binaries, solved in a reusable session."""
    integer = np.flatnonzero(problem.integer)
    session.bound(integer, whole, whole)
    answer = session.solve()
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return NOTHING
    x = answer.x.copy()
    x[integer] = whole
    return replace(answer, status=Status.STOPPED, bound=-np.inf, x=x)


def polished(problem: ScaledProblem, answer: SolverResult, params: SolveParams) -> SolverResult:
    """Return the answer with integral binaries, the optimal continuous variables for them, and their duals."""
    if answer.x is None:
        return answer
    whole = np.round(answer.x[problem.integer])
    if params.stop is not None and params.stop() and np.array_equal(whole, answer.x[problem.integer]):
        return answer  # the rest is the best for them already, or near it
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    rest = held(session, problem, whole)
    if rest.x is None:
        return answer
    return replace(rest, status=answer.status, bound=min(answer.bound, rest.value), nodes=answer.nodes)
