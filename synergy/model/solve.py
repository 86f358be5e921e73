"""Model -> Solution: the solver that fits its structure, its status mapped, its figures in the model's units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from synergy.model import moving
from synergy.model.begin import Beginning
from synergy.model.build import Model
from synergy.model.checkpoint import Given, Keeper, Resumed, ended
from synergy.model.effort import Effort, Memory, relative_gap
from synergy.model.encode import integers_of
from synergy.model.forcing import forcing_of
from synergy.model.glop import glop
from synergy.model.highs import Answer, Session, Status
from synergy.model.improve import parts_of
from synergy.model.plans import held, polished
from synergy.model.scaling import Problem, scaled
from synergy.model.search import SMALL, Begins, Knowledge, search
from synergy.model.spare import spared
from synergy.model.structure import Structure, structure_of
from synergy.model.trim import trimmed
from synergy.network.places import Floats

SPARE_PART = 0.03  # of the time, to leave out what does not pay
DONE = 1e-4  # gap at which that can bring nothing that counts
MANY = 80_000  # columns from which many periods begin with their aggregate
METHOD = "HiGHS branch and bound"


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
    """Return the best solution found within the effort, by the solver that fits the model's structure.

    Parameters
    ----------
    model : Model
    effort : Effort
        When to stop, and who listens.

    Returns
    -------
    Solution
    """
    structure = structure_of(model)
    effort = effort.steady()
    solution = SOLVERS[structure](model, effort)
    effort.say("solved", solution.bound, solution.value)
    return solution


def _empty(model: Model, _effort: Effort) -> Solution:
    """Nothing can be decided: doing nothing is all there is, if the rows allow it."""
    allowed = bool((model.row_lower <= 0).all() and (model.row_upper >= 0).all())
    status = Status.OPTIMAL if allowed else Status.INFEASIBLE
    x = np.empty(0) if allowed else None
    return Solution(status, 0.0, 0.0, x, np.zeros(len(model.row_lower)), "nothing to decide")


def _assignment(model: Model, effort: Effort) -> Solution:
    """OR-Tools' linear sum assignment, proven by potentials."""
    graph = moving.graph_of(model)
    x = moving.assignment(graph, model)
    if x is None:
        return _flow(model, effort)
    return _proven(model, effort, graph, x, "OR-Tools linear sum assignment")


def _flow(model: Model, effort: Effort) -> Solution:
    """OR-Tools' min-cost flow, proven by potentials; an LP where integers cannot hold the figures."""
    graph = moving.graph_of(model)
    if not moving.fits(graph):
        return _linear(model, effort)
    x = moving.flow(graph)
    if x is None:
        return Solution(Status.INFEASIBLE, -np.inf, -np.inf, None, None, "OR-Tools min-cost flow")
    return _proven(model, effort, graph, x, "OR-Tools min-cost flow")


def _proven(model: Model, effort: Effort, graph: moving.Graph, x: Floats, method: str) -> Solution:
    """Return a flow with its proof; without one, the LP decides."""
    price = moving.potentials(graph, x)
    if price is None:
        return _linear(model, effort)
    dual = np.zeros(len(model.row_lower))
    dual[: graph.nodes - 1] = price[-1] - price[:-1]
    value = float(model.cost @ x)
    return Solution(Status.OPTIMAL, value, value, x, dual, method)


def _linear(model: Model, effort: Effort) -> Solution:
    """HiGHS's simplex; where it can say nothing, OR-Tools' GLOP."""
    problem = scaled(model)
    session = Session(problem, threads=effort.threads, random_seed=effort.seed, time_limit=max(effort.left, 1.0))
    answer, method = settled(session.solve(), problem), "HiGHS simplex"
    if answer.status is Status.FAILED:
        answer, method = glop(problem, max(effort.left, 1.0)), "OR-Tools GLOP"
    return _unscaled(model, problem, answer, method)


def settled(answer: Answer, problem: Problem) -> Answer:
    """Tell unbounded from infeasible where HiGHS does not: without an objective only one of them stays."""
    if answer.status is not Status.UNBOUNDED:
        return answer
    session = Session(problem, relaxed=True)
    session.price(np.arange(len(problem.cost)), np.zeros(len(problem.cost)))
    feasible = session.solve().status is Status.OPTIMAL
    return Answer(Status.UNBOUNDED if feasible else Status.INFEASIBLE, np.inf, -np.inf, None)


def _integer(model: Model, effort: Effort) -> Solution:
    """Search: relaxation, primal heuristics and HiGHS's branch and bound; many periods begin with their aggregate."""
    problem = scaled(model)
    known = Knowledge(forcing_of(model), parts_of(model))
    periods = len(model.candidates.network.places.share)
    if periods > 1 and len(model.cost) > MANY and int(model.integer.sum()) > SMALL:
        effort.say("year")
        known = replace(known, beginning=Beginning(model, problem, known, effort))
    keeper = None if effort.memory is None else Keeper(problem, effort, effort.memory)
    if keeper is not None:
        effort = replace(effort, note=keeper.note)
        known = known if keeper.answer.x is None else replace(known, beginning=Resumed(keeper.answer))
    if effort.memory is not None and effort.memory.plans:
        known = replace(known, beginning=_given((model, problem), effort, effort.memory, known.beginning))
    elif keeper is not None and keeper.done:
        answer = ended(keeper.answer, effort.gap)
        return _unscaled(model, problem, polished(problem, answer, effort), METHOD)
    answer = search(problem, replace(effort, time_limit=effort.time_limit * (1 - SPARE_PART)), known)
    answer = settled(answer, problem)
    found = _unscaled(model, problem, answer, METHOD)
    if found.x is None:
        return found
    x = trimmed(model, found.x)
    if relative_gap(found.bound, float(model.cost @ x)) > DONE:
        x = spared(model, problem, x, effort)
    value = float(model.cost @ x)
    found = replace(found, x=x, value=value)
    if keeper is not None:
        keeper.end(replace(answer, x=x / problem.column, value=-value / problem.money))
    return found


def _given(begun: tuple[Model, Problem], effort: Effort, memory: Memory, otherwise: Begins | None) -> Begins | None:
    """Where a search begins that is given plans: with the best that fits, beside where it would have begun."""
    model, problem = begun
    session = Session(problem, relaxed=True, threads=effort.threads, random_seed=effort.seed)
    wholes = [integers_of(model, plan)[problem.integer] for plan in memory.plans]
    best = min((held(session, problem, whole) for whole in wholes), key=lambda answer: answer.value)
    memory.fits = best.x is not None
    return Given(best, otherwise) if memory.fits else otherwise


def _unscaled(model: Model, problem: Problem, answer: Answer, method: str) -> Solution:
    """Return an answer in the model's units."""
    x = None if answer.x is None else np.clip(answer.x * problem.column, model.lower, model.upper)
    dual = None if answer.row_dual is None else -answer.row_dual * problem.row * problem.money
    value = -np.inf if x is None else float(model.cost @ x)
    bound = -answer.bound * problem.money
    return Solution(answer.status, value, bound, x, dual, method, answer.nodes)


SOLVERS: Mapping[Structure, Callable[[Model, Effort], Solution]] = MappingProxyType(
    {
        Structure.EMPTY: _empty,
        Structure.ASSIGNMENT: _assignment,
        Structure.FLOW: _flow,
        Structure.LINEAR: _linear,
        Structure.INTEGER: _integer,
    }
)
