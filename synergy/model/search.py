"""Search: the best plan of a problem with yes-or-no decisions, and a bound on what any plan could be worth."""

from __future__ import annotations

import numpy as np

from synergy.model.effort import Effort
from synergy.model.highs import Answer, Session, Status
from synergy.model.scaling import Problem


def search(problem: Problem, effort: Effort) -> Answer:
    """Return the best answer found within the effort."""
    session = Session(
        problem,
        threads=effort.threads,
        random_seed=effort.seed,
        time_limit=max(effort.left, 1.0),
        mip_rel_gap=effort.gap,
    )

    def hear(bound: float, value: float) -> bool:
        effort.say("search", -bound * problem.money, -value * problem.money)
        return effort.interrupted()

    session.listen(hear)
    return polished(problem, session.solve(), effort)


def polished(problem: Problem, answer: Answer, effort: Effort) -> Answer:
    """Return the answer with whole integers and the best continuous rest for them."""
    if answer.x is None:
        return answer
    integer = np.flatnonzero(problem.integer)
    whole = np.round(answer.x[integer])
    session = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    session.bound(integer, whole, whole)
    rest = session.solve()
    if rest.status is not Status.OPTIMAL or rest.x is None:
        return answer
    x = rest.x.copy()
    x[integer] = whole
    return Answer(answer.status, rest.value, min(answer.bound, rest.value), x, nodes=answer.nodes)
