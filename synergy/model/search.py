"""Search: the best plan of a problem with yes-or-no decisions, and a bound on what any plan could be worth.

The relaxation gives a bound and reduced costs. Slope scaling gives good plans early: yes-or-no costs are spread over
what was used last time, so that the relaxation learns what to leave alone. The best of them is solved again part by
part (`improve`), decisions that the bound rules out are fixed, and HiGHS's branch and bound goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.model.effort import Effort, relative_gap
from synergy.model.forcing import Forcing
from synergy.model.highs import Answer, Session, Status
from synergy.model.improve import improved
from synergy.model.plans import Hint, hinted, polished, slopes
from synergy.model.scaling import Problem
from synergy.network.places import Ints

SMALL = 300  # yes-or-no decisions up to which HiGHS needs no help
CUTS = 12  # rounds of forcing rows
BROKEN = 1e-3  # part of a forcing row's greatest value by which it has to be broken
ROOT_LOOKS = 20  # of HiGHS at its limits, in the first rounds of cuts
ROOT_PART = 0.25  # of the time that is left, for them
LARGE = 40_000  # columns from which an interior point is faster than the simplex


@dataclass(frozen=True, slots=True)
class _Start:
    """What the cheap part of the search brought: the best answer, the bound, and decisions ruled out."""

    best: Answer
    bound: float
    dropped: Ints


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the model knows of its columns beside the scaled problem.

    Parameters
    ----------
    forcing : Forcing
        Rows that the relaxation may break, in the model's units.
    parts : tuple of numpy.ndarray of int64
        Yes-or-no columns that are solved again together.
    hint : callable or None
        Returns where to begin; asked once the relaxation is solved.
    """

    forcing: Forcing
    parts: tuple[Ints, ...] = ()
    hint: Callable[[], Hint] | None = None


def search(problem: Problem, effort: Effort, knowledge: Knowledge) -> Answer:
    """Return the best answer found within the effort.

    Parameters
    ----------
    problem : Problem
        With integer columns, all of them yes-or-no.
    effort : Effort
        When to stop, and who listens.
    knowledge : Knowledge

    Returns
    -------
    Answer
        With the best proven bound; its integers are whole and its continuous part is best for them.
    """
    stated, integer = problem, np.flatnonzero(problem.integer)
    if len(integer) <= SMALL:
        return polished(problem, _branch(problem, effort, None), effort)
    session = relaxation(problem, effort)
    relaxed = session.solve()
    session.set(solver="simplex")  # from here on bases are warm
    problem, relaxed = tightened(problem, relaxed, session, (knowledge.forcing, effort))
    if relaxed.status is not Status.OPTIMAL or relaxed.x is None or relaxed.column_dual is None:
        return polished(stated, _branch(problem, effort, None), effort)
    effort.say("relaxation", -relaxed.value * problem.money)
    start = _start(problem, relaxed, session, (knowledge, effort))
    value = start.best.value
    if start.best.x is not None and relative_gap(start.bound, value) <= effort.gap:
        answer = replace(start.best, status=Status.OPTIMAL, bound=start.bound)
    elif effort.interrupted():
        answer = replace(start.best, status=Status.STOPPED, bound=start.bound)
    else:
        answer = _better(_branch(problem, effort, start), start)
    return polished(stated, answer, effort)


def tightened(
    problem: Problem, relaxed: Answer, session: Session, given: tuple[Forcing, Effort]
) -> tuple[Problem, Answer]:
    """Return the problem with the forcing rows that its relaxation broke, and the relaxation that keeps them.

    Parameters
    ----------
    problem : Problem
    relaxed : Answer
        Of the session.
    session : Session
        Holds the relaxation; it gets the rows too.
    given : tuple of Forcing and Effort
    """
    forcing, effort = given
    parts, sides = [problem.matrix], 0
    for _ in range(CUTS):
        if relaxed.status is not Status.OPTIMAL or relaxed.x is None or effort.interrupted():
            break
        broken = forcing.broken(relaxed.x * problem.column, BROKEN)
        if not len(broken):
            break
        rows = sparse.csr_array(forcing.rows(broken).multiply(problem.column[None, :]))
        largest = np.maximum.reduceat(np.abs(rows.data), rows.indptr[:-1])
        rows = sparse.csr_array(sparse.diags_array(1.0 / largest) @ rows)
        session.add_rows(rows, np.full(len(broken), -np.inf), np.zeros(len(broken)))
        session.set(time_limit=max(effort.left, 1.0))
        answer = session.solve()
        if answer.status is not Status.OPTIMAL:
            break
        relaxed = answer
        parts.append(rows)
        sides += len(broken)
        effort.say("relaxation", -relaxed.value * problem.money)
    if not sides:
        return problem, relaxed
    return replace(
        problem,
        matrix=sparse.csr_array(sparse.vstack(parts)),
        row_lower=np.append(problem.row_lower, np.full(sides, -np.inf)),
        row_upper=np.append(problem.row_upper, np.zeros(sides)),
        row=np.append(problem.row, np.ones(sides)),
    ), relaxed


def _better(answer: Answer, start: _Start) -> Answer:
    """Return the better of two answers with the better of two bounds."""
    bound = max(answer.bound, start.bound)
    if start.best.value < answer.value:
        answer = replace(answer, x=start.best.x, value=start.best.value)
    return replace(answer, bound=min(bound, answer.value))


def relaxation(problem: Problem, effort: Effort) -> Session:
    """Return a session with the relaxation: for an interior point and a crossover where it is large.

    Parameters
    ----------
    problem : Problem
    effort : Effort
        Its time limit, threads and seed.
    """
    session = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    if len(problem.cost) > LARGE:
        session.set(solver="ipm")
    session.set(time_limit=max(effort.left, 1.0))
    return session


def _start(problem: Problem, relaxed: Answer, session: Session, given: tuple[Knowledge, Effort]) -> _Start:
    """Return the best plan of slope scaling, or of a hint, solved again part by part, and what the bound rules out."""
    knowledge, effort = given
    if knowledge.hint is None:
        best = slopes(problem, relaxed, session, (knowledge.forcing, effort))
        bound = _rooted(problem, best, relaxed.value, effort)
    else:
        hint = knowledge.hint()
        bound = max(relaxed.value, hint.bound)
        best = hinted(problem, bound, hint, (knowledge.forcing, effort))
    best = improved(problem, best, bound, knowledge.parts, effort)
    integer = np.flatnonzero(problem.integer)
    dropped = np.empty(0, np.int64)
    if best.x is not None and relaxed.column_dual is not None:
        room = best.value - relaxed.value
        out = (relaxed.column_dual[integer] > room * (1 + 1e-6)) & (best.x[integer] < 0.5)
        dropped = integer[out]
    return _Start(best, bound, dropped)


def _rooted(problem: Problem, best: Answer, bound: float, effort: Effort) -> float:
    """Return the bound after HiGHS's first rounds of cuts: early, so that a search that is good enough ends early."""
    session = _session(problem, effort, effort.left * ROOT_PART)
    session.set(mip_max_nodes=1, mip_heuristic_effort=0.0, mip_allow_restart=False)
    if best.x is not None:
        session.start(best.x)
    found, looks = bound, 0

    def hear(proven: float, _: float) -> bool:
        nonlocal found, looks
        looks += 1
        found = max(found, min(proven, best.value))
        effort.say("root", -found * problem.money, -best.value * problem.money)
        return looks > ROOT_LOOKS or relative_gap(found, best.value) <= effort.gap or effort.interrupted()

    session.listen(hear)
    return max(found, min(session.solve().bound, best.value))


def _session(problem: Problem, effort: Effort, seconds: float) -> Session:
    """Return a MIP session with the effort's gap, seed and threads."""
    return Session(
        problem,
        threads=effort.threads,
        random_seed=effort.seed,
        time_limit=max(seconds, 1.0),
        mip_rel_gap=effort.gap,
    )


def _branch(problem: Problem, effort: Effort, start: _Start | None) -> Answer:
    """Return HiGHS's answer, from the best plan so far and without what is ruled out."""
    session = _session(problem, effort, effort.left)
    known = -np.inf if start is None else start.bound
    best = np.inf if start is None else start.best.value
    if start is not None:
        session.bound(start.dropped, np.zeros(len(start.dropped)), np.zeros(len(start.dropped)))
        if start.best.x is not None:
            session.start(start.best.x)

    def hear(bound: float, value: float) -> bool:
        effort.say("search", -max(bound, known) * problem.money, -min(value, best) * problem.money)
        return effort.interrupted()

    session.listen(hear)
    return session.solve()


def sketched(problem: Problem, effort: Effort, forcing: Forcing, bound: float) -> Answer:
    """Return the best plan of slope scaling alone: for problems of which many are solved and none needs a proof.

    Parameters
    ----------
    problem : Problem
        With integer columns, all of them yes-or-no.
    effort : Effort
        The number of rounds limits it, not its time.
    forcing : Forcing
        Which of rival decisions to keep.
    bound : float
        Proven already, in the problem's units.

    Returns
    -------
    Answer
        With that bound.
    """
    session = relaxation(problem, effort)
    relaxed = session.solve()
    session.set(solver="simplex")
    if relaxed.status is not Status.OPTIMAL or relaxed.x is None:
        return replace(relaxed, x=None, value=np.inf)
    best = slopes(problem, relaxed, session, (forcing, effort))
    return replace(best, bound=max(relaxed.value, bound))
