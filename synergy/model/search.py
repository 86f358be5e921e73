"""Search: find the best plan of a problem with binary decisions, with a proven upper bound on its value.

The relaxation gives a bound and reduced costs. Slope scaling gives good plans early: fixed costs are spread over the
amounts used in the previous round. The best of these plans is improved by fix-and-optimise (`improved`), binaries are
fixed by reduced costs, and HiGHS's branch and bound follows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import sparse

from synergy.model.heuristics import improved, polished, slopes
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem
from synergy.model.solve_params import SolveParams, relative_gap
from synergy.network.places import Ints

SMALL = 300  # yes-or-no decisions up to which HiGHS needs no help
CUTS = 12  # rounds of forcing rows
BROKEN = 1e-3  # part of a forcing row's greatest value by which it has to be broken
ROOT_LOOKS = 20  # of HiGHS at its limits, for the first rounds of cuts
TIGHT = 0.015  # gap after them that branching closes
RELAXED_PART = 0.25  # of the time that is left, for a relaxation where there is a plan already
LARGE = 40_000  # columns from which an interior point is faster than the simplex


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
    begun = NOTHING if knowledge.beginning is None else knowledge.beginning.sketch()
    params.found(begun.x, begun.value, begun.bound)
    if len(integer) <= SMALL:
        known = None if begun.x is None else _Start(begun, begun.bound, integer[:0])
        answer = _branch(problem, params, known)
        return polished(problem, answer if known is None else _better(answer, known), params)
    if relative_gap(begun.bound, begun.value) <= params.gap:
        return polished(stated, replace(begun, status=Status.OPTIMAL), params)
    session = relaxation(problem, params, 1.0 if begun.x is None else RELAXED_PART)
    relaxed = session.solve()
    session.set(solver="simplex")  # from here on bases are warm
    if begun.x is None or relaxed.value > begun.bound:
        # where the periods' relaxation says less than their sum, its forcing rows cost more than they bring
        problem, relaxed = tightened(problem, relaxed, session, (knowledge.forcing, params))
    if not _solved(relaxed) and begun.x is None:
        return polished(stated, _branch(problem, params, None), params)
    start = _start(problem, (relaxed, begun), session, (knowledge, params))
    value = start.best.value
    if start.best.x is not None and relative_gap(start.bound, value) <= params.gap:
        answer = replace(start.best, status=Status.OPTIMAL, bound=start.bound)
    elif params.interrupted():
        answer = replace(start.best, status=Status.STOPPED, bound=start.bound)
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
        if relaxed.status is not Status.OPTIMAL or relaxed.x is None or params.interrupted():
            break
        broken = forcing.broken(relaxed.x * problem.column, BROKEN)
        if not len(broken):
            break
        rows = sparse.csr_array(forcing.rows(broken).multiply(problem.column[None, :]))
        largest = np.maximum.reduceat(np.abs(rows.data), rows.indptr[:-1])
        rows = sparse.csr_array(sparse.diags_array(1.0 / largest) @ rows)
        session.add_rows(rows, np.full(len(broken), -np.inf), np.zeros(len(broken)))
        session.set(time_limit=max(params.left, 1.0))
        answer = session.solve()
        if answer.status is not Status.OPTIMAL:
            break
        relaxed = answer
        parts.append(rows)
        sides += len(broken)
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


def _start(
    problem: ScaledProblem,
    known: tuple[SolverResult, SolverResult],
    session: SolverSession,
    given: tuple[Knowledge, SolveParams],
) -> _Start:
    """Return the best heuristic plan (starting plan or slope scaling, then fix-and-optimise) and fixed columns.

    `known` holds the relaxation and the first plan.
    """
    (relaxed, best), (knowledge, params) = known, given
    solved = _solved(relaxed)
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
        answer = _branch(problem, params, start, patient=False)
        best = _better(answer, start)
        bound = best.bound
    best = improved(problem, best, bound, knowledge.parts, params)
    return _Start(best, bound, _dropped(problem, relaxed, best))


def _dropped(problem: ScaledProblem, relaxed: SolverResult, best: SolverResult) -> Ints:
    """Return the binaries that reduced-cost fixing sets to 0, given the gap of the plan to the relaxation."""
    integer = np.flatnonzero(problem.integer)
    if best.x is None or relaxed.column_dual is None or not _solved(relaxed):
        return integer[:0]
    room = best.value - relaxed.value
    return integer[(relaxed.column_dual[integer] > room * (1 + 1e-6)) & (best.x[integer] < 0.5)]


def _session(problem: ScaledProblem, params: SolveParams) -> SolverSession:
    """Return a MIP session with the gap, seed and threads of its parameters."""
    session = SolverSession(
        problem,
        threads=params.threads,
        random_seed=params.seed,
        time_limit=max(params.left, 1.0),
        mip_rel_gap=params.gap,
    )
    session.stop = params.stop
    return session


def _branch(problem: ScaledProblem, params: SolveParams, start: _Start | None, *, patient: bool = True) -> SolverResult:
    """Run HiGHS's branch and bound from the incumbent, with the dropped columns fixed at 0.

    Without `patient` it ends after the first rounds of cuts, unless the remaining gap is small enough to branch on.
    """
    session = _session(problem, params)
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
        return hopeless or params.interrupted()

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
