"""Plans of a problem with yes-or-no decisions, found fast: by slopes, from a hint, as the best rest of decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synergy.model.effort import Effort
from synergy.model.forcing import Forcing
from synergy.model.highs import Answer, Session, Status
from synergy.model.scaling import Problem
from synergy.network.places import Floats, Ints

SLOPES = 24  # rounds of slope scaling; later ones change little
USED = 1e-6  # part of a yes-or-no that counts as used


@dataclass(frozen=True, slots=True)
class Hint:
    """Values that some yes-or-no columns have in a plan of a simpler problem.

    Parameters
    ----------
    columns : numpy.ndarray of int64
    values : numpy.ndarray
        0 or 1.
    bound : float
        Proven by the simpler problem, in the scaled problem's units.
    """

    columns: Ints
    values: Floats
    bound: float


def slopes(problem: Problem, relaxed: Answer, session: Session, given: tuple[Forcing, Effort]) -> Answer:
    """Return the best plan that slope scaling passed.

    Notes
    -----
    Dynamic slope scaling (Kim & Pardalos 1999, Operations Research Letters 24:195), on the yes-or-no columns.
    """
    forcing, effort = given
    integer = np.flatnonzero(problem.integer)
    own = problem.cost[integer]
    slope, part = own.copy(), np.zeros(len(integer)) if relaxed.x is None else relaxed.x[integer]
    best = Answer(Status.STOPPED, np.inf, -np.inf, None)
    trial = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    trial.warm(session)
    seen: set[bytes] = set()
    for _ in range(SLOPES):
        if effort.interrupted():
            break
        slope = np.where(part > USED, own / np.maximum(part, USED), slope)
        session.price(integer, slope)
        session.set(time_limit=max(effort.left, 1.0))
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
            effort.found(best.x, best.value, relaxed.value)
            effort.say("slopes", -relaxed.value * problem.money, -best.value * problem.money)
    return best


def hinted(problem: Problem, hint: Hint, given: tuple[Forcing, Effort]) -> Answer:
    """Return the plan that follows from a hint: what it leaves open is switched on where the relaxation wants it."""
    forcing, effort = given
    integer = np.flatnonzero(problem.integer)
    session = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    session.set(time_limit=max(effort.left, 1.0))
    session.bound(hint.columns, hint.values, hint.values)
    rest = session.solve()
    if rest.x is None:
        return Answer(Status.STOPPED, np.inf, -np.inf, None)
    best = held(session, problem, forcing.chosen(rest.x[integer], integer, USED).astype(float))
    effort.say("year", -hint.bound * problem.money, -best.value * problem.money)
    return best


def held(session: Session, problem: Problem, whole: Floats) -> Answer:
    """Return the best continuous rest for given yes-or-no decisions, in a session kept for that."""
    integer = np.flatnonzero(problem.integer)
    session.bound(integer, whole, whole)
    answer = session.solve()
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return Answer(Status.STOPPED, np.inf, -np.inf, None)
    x = answer.x.copy()
    x[integer] = whole
    return replace(answer, status=Status.STOPPED, bound=-np.inf, x=x)


def polished(problem: Problem, answer: Answer, effort: Effort) -> Answer:
    """Return the answer with whole integers and the best continuous rest for them, with that rest's duals."""
    if answer.x is None:
        return answer
    whole = np.round(answer.x[problem.integer])
    if effort.asked() and np.array_equal(whole, answer.x[problem.integer]):
        return answer  # the rest is the best for them already, or near it
    session = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    rest = held(session, problem, whole)
    if rest.x is None:
        return answer
    return replace(rest, status=answer.status, bound=min(answer.bound, rest.value), nodes=answer.nodes)
