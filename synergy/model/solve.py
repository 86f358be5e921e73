"""Model -> Solution: choose the solver by problem structure, map its status, unscale its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from scipy import sparse

from synergy.model import network_flow
from synergy.model.aggregate import Beginning
from synergy.model.build import Model
from synergy.model.checkpoint import GivenStart, Keeper, Resumed, ended
from synergy.model.decode import integers_of
from synergy.model.heuristics import held, parts_of, polished
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.linking_cuts import forcing_of
from synergy.model.postprocess import spared, trimmed
from synergy.model.scaling import ScaledProblem, scaled
from synergy.model.search import SMALL, Begins, Knowledge, search
from synergy.model.solve_params import Memory, SolveParams, relative_gap
from synergy.network.places import Floats
from synergy.solvers import ORTOOLS, ortools

# families of columns and rows of a problem that only moves goods: offers to needs and markets, link by link
_MOVING_COLUMNS = frozenset({"flow", "give", "take"})
_MOVING_ROWS = frozenset({"outlet", "inlet", "link"})
SPARE_PART = 0.03  # of the time, to leave out what does not pay
DONE = 1e-4  # gap at which that can bring nothing that counts
MANY = 80_000  # columns from which many periods begin with their aggregate
METHOD = "HiGHS branch and bound"


class Structure(StrEnum):
    """Kinds of problem, the easiest first."""

    EMPTY = "empty"
    ASSIGNMENT = "assignment"
    FLOW = "flow"
    LINEAR = "linear"
    INTEGER = "integer"


def structure_of(model: Model) -> Structure:
    """Return the kind of a model.

    A flow problem has no losses and no rows besides flow conservation; a link capacity is allowed if it bounds a single
    exchange. An assignment is a flow problem in which all supplies and demands have the same upper bound and lower
    bound 0.
    """
    if not len(model.cost):
        return Structure.EMPTY
    if model.integer.any():
        return Structure.INTEGER
    columns = {name for name, block in model.columns.items() if len(block)}
    rows = {name for name, block in model.rows.items() if len(block)}
    if not (columns <= _MOVING_COLUMNS and rows <= _MOVING_ROWS):
        return Structure.LINEAR
    if not (np.abs(model.matrix.data) == 1.0).all() or not _single_links(model):
        return Structure.LINEAR
    return Structure.ASSIGNMENT if _equal_amounts(model) else Structure.FLOW


def _single_links(model: Model) -> bool:
    """Return whether every link capacity applies to a single flow."""
    block = model.rows.get("link")
    if block is None or not len(block):
        return True
    per_row = np.diff(model.matrix.indptr)[block.span]
    return bool((per_row == 1).all())


def _equal_amounts(model: Model) -> bool:
    """Return whether all gives and takes have lower bound 0 and one common upper bound, one per group."""
    if "link" in model.rows and len(model.rows["link"]):
        return False
    ends = [model.columns[name].span for name in ("give", "take") if name in model.columns]
    upper = np.concatenate([model.upper[span] for span in ends])
    lower = np.concatenate([model.lower[span] for span in ends])
    flow = model.column("flow")
    moved = np.asarray(abs(model.matrix[:, flow.span]).sum(axis=1))
    members = np.diff(model.matrix.indptr) - moved
    alone = bool((members[moved > 0] <= 1).all())
    disposal = len(flow) * 2 != int(moved.sum())
    same = bool(len(upper)) and np.isfinite(upper).all() and (upper == upper[0]).all()
    return bool(same and not lower.any() and alone and not disposal)


@dataclass(frozen=True, slots=True)
class Solution:
    """Result of solving a model: column values `x`, integers whole, their value and a proven bound (money a year).

    `row_dual` are the duals of an LP's rows (money per unit of the row's right side), `method` is the solver used,
    `nodes` are those of branch and bound.
    """

    status: Status
    value: float
    bound: float
    x: Floats | None
    row_dual: Floats | None
    method: str
    nodes: int = 0


def solve(model: Model, params: SolveParams) -> Solution:
    """Return the best solution found within the limits, by the solver that fits the model's structure."""
    structure = structure_of(model)
    params = params.steady()
    solution = SOLVERS[structure](model, params)
    params.say("solved", solution.bound, solution.value)
    return solution


def _empty(model: Model, _params: SolveParams) -> Solution:
    """Return the empty solution of a model without columns, if the rows allow it."""
    allowed = bool((model.row_lower <= 0).all() and (model.row_upper >= 0).all())
    status = Status.OPTIMAL if allowed else Status.INFEASIBLE
    x = np.empty(0) if allowed else None
    return Solution(status, 0.0, 0.0, x, np.zeros(len(model.row_lower)), "nothing to decide")


def _assignment(model: Model, params: SolveParams) -> Solution:
    """Solve by OR-Tools' linear sum assignment, certified by node potentials."""
    graph = network_flow.graph_of(model)
    x = network_flow.assignment(graph, model)
    if x is None:
        return _flow(model, params)
    return _proven(model, params, graph, x, "OR-Tools linear sum assignment")


def _flow(model: Model, params: SolveParams) -> Solution:
    """Solve by OR-Tools' min-cost flow, certified by node potentials; as an LP if integers are too coarse."""
    graph = network_flow.graph_of(model)
    if not network_flow.fits(graph):
        return _linear(model, params)
    x = network_flow.flow(graph)
    if x is None:
        return Solution(Status.INFEASIBLE, -np.inf, -np.inf, None, None, "OR-Tools min-cost flow")
    return _proven(model, params, graph, x, "OR-Tools min-cost flow")


def _proven(model: Model, params: SolveParams, graph: network_flow.Graph, x: Floats, method: str) -> Solution:
    """Return a flow with its duals; solve as an LP if no potentials certify it."""
    price = network_flow.potentials(graph, x)
    if price is None:
        return _linear(model, params)
    dual = np.zeros(len(model.row_lower))
    dual[: graph.nodes - 1] = price[-1] - price[:-1]
    value = float(model.cost @ x)
    return Solution(Status.OPTIMAL, value, value, x, dual, method)


def _linear(model: Model, params: SolveParams) -> Solution:
    """Solve by HiGHS's simplex, falling back to OR-Tools' GLOP on failure."""
    problem = scaled(model)
    session = SolverSession(problem, threads=params.threads, random_seed=params.seed, time_limit=max(params.left, 1.0))
    answer, method = settled(session.solve(), problem), "HiGHS simplex"
    if answer.status is Status.FAILED:
        answer, method = glop(problem, max(params.left, 1.0)), "OR-Tools GLOP"
    return _unscaled(model, problem, answer, method)


def settled(answer: SolverResult, problem: ScaledProblem) -> SolverResult:
    """Resolve an unbounded-or-infeasible status by a feasibility solve without objective."""
    if answer.status is not Status.UNBOUNDED:
        return answer
    session = SolverSession(problem, relaxed=True)
    session.price(np.arange(len(problem.cost)), np.zeros(len(problem.cost)))
    feasible = session.solve().status is Status.OPTIMAL
    return SolverResult(Status.UNBOUNDED if feasible else Status.INFEASIBLE, np.inf, -np.inf, None)


def _integer(model: Model, params: SolveParams) -> Solution:
    """Solve a MILP: relaxation, primal heuristics, branch and bound; multi-period problems start from an aggregate."""
    problem = scaled(model)
    known = Knowledge(forcing_of(model), parts_of(model))
    periods = len(model.candidates.network.places.share)
    if periods > 1 and len(model.cost) > MANY and int(model.integer.sum()) > SMALL:
        params.say("year")
        known = replace(known, beginning=Beginning(model, problem, known, params))
    keeper = None if params.memory is None else Keeper(problem, params, params.memory)
    if keeper is not None:
        params = replace(params, note=keeper.note)
        known = known if keeper.answer.x is None else replace(known, beginning=Resumed(keeper.answer))
    if params.memory is not None and params.memory.plans:
        known = replace(known, beginning=_given((model, problem), params, params.memory, known.beginning))
    elif keeper is not None and keeper.done:
        answer = ended(keeper.answer, params.gap)
        return _unscaled(model, problem, polished(problem, answer, params), METHOD)
    answer = search(problem, replace(params, time_limit=params.time_limit * (1 - SPARE_PART)), known)
    answer = settled(answer, problem)
    found = _unscaled(model, problem, answer, METHOD)
    if found.x is None:
        return found
    x = trimmed(model, found.x)
    if relative_gap(found.bound, float(model.cost @ x)) > DONE:
        x = spared(model, problem, x, params)
    value = float(model.cost @ x)
    found = replace(found, x=x, value=value)
    if keeper is not None:
        keeper.end(replace(answer, x=x / problem.column, value=-value / problem.money))
    return found


def _given(
    begun: tuple[Model, ScaledProblem], params: SolveParams, memory: Memory, otherwise: Begins | None
) -> Begins | None:
    """Return a start from the best feasible of the given plans, combined with the default start."""
    model, problem = begun
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    wholes = [integers_of(model, plan)[problem.integer] for plan in memory.plans]
    best = min((held(session, problem, whole) for whole in wholes), key=lambda answer: answer.value)
    memory.fits = best.x is not None
    return GivenStart(best, otherwise) if memory.fits else otherwise


def _unscaled(model: Model, problem: ScaledProblem, answer: SolverResult, method: str) -> Solution:
    """Return an answer in the model's units."""
    x = None if answer.x is None else np.clip(answer.x * problem.column, model.lower, model.upper)
    dual = None if answer.row_dual is None else -answer.row_dual * problem.row * problem.money
    value = -np.inf if x is None else float(model.cost @ x)
    bound = -answer.bound * problem.money
    return Solution(answer.status, value, bound, x, dual, method, answer.nodes)


SOLVERS: Mapping[Structure, Callable[[Model, SolveParams], Solution]] = MappingProxyType(
    {
        Structure.EMPTY: _empty,
        Structure.ASSIGNMENT: _assignment,
        Structure.FLOW: _flow,
        Structure.LINEAR: _linear,
        Structure.INTEGER: _integer,
    }
)


# by GLOP's own names
STATUSES = {
    "OPTIMAL": Status.OPTIMAL,
    "FEASIBLE": Status.STOPPED,
    "INFEASIBLE": Status.INFEASIBLE,
    "UNBOUNDED": Status.UNBOUNDED,
}  # everything else says nothing


def glop(problem: ScaledProblem, seconds: float) -> SolverResult:
    """Solve the LP relaxation of a problem with GLOP, within a time limit in seconds."""
    helper = ortools(ORTOOLS)
    model = helper.ModelBuilderHelper()
    limits = (problem.lower, problem.upper, problem.cost, problem.row_lower, problem.row_upper)
    model.fill_model_from_sparse_data(*limits, sparse.csr_matrix(problem.matrix))
    solver = helper.ModelSolverHelper("glop")
    solver.set_time_limit_in_seconds(seconds)
    solver.solve(model)
    status = STATUSES.get(solver.status().name, Status.FAILED)
    if status not in (Status.OPTIMAL, Status.STOPPED) or not solver.has_solution():
        return SolverResult(status, np.inf, -np.inf, None)
    x = np.asarray(solver.variable_values(), dtype=float)
    value = float(problem.cost @ x)
    done = status is Status.OPTIMAL
    duals = (np.asarray(solver.dual_values()), np.asarray(solver.reduced_costs())) if done else (None, None)
    return SolverResult(status, value, value if done else -np.inf, x, *duals)
