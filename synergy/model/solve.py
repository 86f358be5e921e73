"""Model -> Solution: the solver that fits its structure, its status mapped, its figures in the model's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.model.build import Model
from synergy.model.effort import Effort
from synergy.model.highs import Answer, Session, Status
from synergy.model.scaling import Problem, scaled
from synergy.network.places import Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """What a solver brought.

    Parameters
    ----------
    status : Status
    value, bound : float
        Money a year: of `x`, and proven.
    x : numpy.ndarray or None
        Values of the columns, integers whole.
    row_dual : numpy.ndarray or None
        Duals of the rows (money per unit of the row's right side), for LPs.
    method : str
        What solved it.
    nodes : int
        Branch-and-bound nodes.
    """

    status: Status
    value: float
    bound: float
    x: Floats | None
    row_dual: Floats | None
    method: str
    nodes: int = 0


def solve(model: Model, effort: Effort) -> Solution:
    """Return the best solution found within the effort."""
    problem = scaled(model)
    if model.integer.any():
        return _integer(model, problem, effort)
    session = Session(problem, threads=effort.threads, random_seed=effort.seed, time_limit=effort.left)
    return _unscaled(model, problem, session.solve(), "HiGHS LP")


def _integer(model: Model, problem: Problem, effort: Effort) -> Solution:
    session = Session(
        problem, threads=effort.threads, random_seed=effort.seed, time_limit=effort.left, mip_rel_gap=effort.gap
    )

    def hear(bound: float, value: float) -> bool:
        effort.say("search", -bound * problem.money, -value * problem.money)
        return effort.interrupted()

    session.listen(hear)
    answer = session.solve()
    return _unscaled(model, problem, polished(problem, answer, effort), "HiGHS MIP")


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


def _unscaled(model: Model, problem: Problem, answer: Answer, method: str) -> Solution:
    """Return an answer in the model's units."""
    x = None if answer.x is None else np.clip(answer.x * problem.column, model.lower, model.upper)
    dual = None if answer.row_dual is None else -answer.row_dual * problem.row * problem.money
    value = -np.inf if x is None else float(model.cost @ x)
    bound = -answer.bound * problem.money
    return Solution(answer.status, value, max(bound, value), x, dual, method, answer.nodes)
