"""Model -> Solution: choose the solver by problem structure, map its status, unscale its result.

Pure network problems go to OR-Tools' min-cost flow and linear sum assignment, with quantities and costs as integers:
scaled, rounded, and kept far enough below 2^63 that no sum overflows. Node potentials for the proof come from shortest
paths in the residual graph, at the true costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.decode import integers_of
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.linking_cuts import forcing_of
from synergy.model.scaling import ScaledProblem, noiseless, scaled
from synergy.model.search import SMALL, Knowledge, held, parts_of, polished, search
from synergy.model.solve_params import SolveParams, relative_gap
from synergy.model.starts import Beginning, GivenStart, Keeper
from synergy.network.places import Floats, Ints
from synergy.solvers import ORTOOLS, ortools

# families of columns and rows of a problem that only moves goods: offers to needs and markets, link by link
_MOVING_COLUMNS = frozenset({"flow", "give", "take"})
_MOVING_ROWS = frozenset({"outlet", "inlet", "link"})
SPARE_PART = 0.03  # of the time, to leave out what does not pay
DONE = 1e-4  # gap at which that can bring nothing that counts
TRIES = 80  # decisions that are tried for it at most
IDLE = 40  # tries in a row that bring nothing
WORTH = 1e-9  # part of the value by which a plan has to be better
MANY = 80_000  # columns from which many periods begin with their aggregate
METHOD = "HiGHS branch and bound"
LARGEST = 2.0**60  # of any sum of costs or quantities as integers
FINEST = 1e-9  # part of the largest quantity that may be rounded away
PASSES = 200  # of the shortest-path search; more means a negative cycle
# by GLOP's own names; everything else says nothing
GLOP = {
    "OPTIMAL": Status.OPTIMAL,
    "FEASIBLE": Status.STOPPED,
    "INFEASIBLE": Status.INFEASIBLE,
    "UNBOUNDED": Status.UNBOUNDED,
}


class Structure(StrEnum):
    """Kinds of problem, the easiest first."""

    EMPTY = "empty"
    ASSIGNMENT = "assignment"
    FLOW = "flow"
    LINEAR = "linear"
    INTEGER = "integer"


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
    single = np.diff(model.matrix.indptr)[model.rows["link"].span] == 1
    moving = columns <= _MOVING_COLUMNS and rows <= _MOVING_ROWS and bool(single.all())
    if not moving or not (np.abs(model.matrix.data) == 1.0).all():
        return Structure.LINEAR
    # an assignment: all gives and takes have lower bound 0 and one common upper bound, and each stands alone
    traded = np.concatenate([model.columns["give"].positions, model.columns["take"].positions])
    upper, flow = model.upper[traded], model.columns["flow"]
    moved = np.asarray(abs(model.matrix[:, flow.span]).sum(axis=1))
    members = np.diff(model.matrix.indptr) - moved
    alone = bool((members[moved > 0] <= 1).all()) and len(flow) * 2 == int(moved.sum())  # none is disposed of
    same = bool(len(upper)) and bool(np.isfinite(upper).all()) and not (upper != upper[0]).any()
    equal = same and alone and not model.lower[traded].any() and not len(model.rows["link"])
    return Structure.ASSIGNMENT if equal else Structure.FLOW


def _empty(model: Model, _params: SolveParams) -> Solution:
    """Return the empty solution of a model without columns, if the rows allow it."""
    allowed = bool((model.row_lower <= 0).all() and (model.row_upper >= 0).all())
    status = Status.OPTIMAL if allowed else Status.INFEASIBLE
    x = np.empty(0) if allowed else None
    return Solution(status, 0.0, 0.0, x, np.zeros(len(model.row_lower)), "nothing to decide")


def _assignment(model: Model, params: SolveParams) -> Solution:
    """Solve by OR-Tools' linear sum assignment, certified by node potentials."""
    graph = graph_of(model)
    x = linear_sum_assignment(graph, model)
    if x is None:
        return _flow(model, params)
    return _proven(model, params, graph, x, "OR-Tools linear sum assignment")


def _flow(model: Model, params: SolveParams) -> Solution:
    """Solve by OR-Tools' min-cost flow, certified by node potentials; as an LP if integers are too coarse."""
    graph = graph_of(model)
    inner = (graph.tail < graph.nodes - 1) & (graph.head < graph.nodes - 1)
    # factors that make quantities and costs integers, if there are any
    finite = graph.room[np.isfinite(graph.room)]
    total = float(finite.sum()) or 1.0
    largest = max(float(np.abs(graph.cost).max(initial=0.0)), 1.0)
    amount = 2.0 ** math.floor(math.log2(LARGEST / 2**10 / total))
    money = 2.0 ** math.floor(math.log2(LARGEST / (graph.nodes + 1) / largest / 4))
    exact = float(finite.min(initial=np.inf, where=finite > 0))
    fine = exact * amount * FINEST >= 1 and money * largest >= 1 / FINEST
    product = float((np.abs(graph.cost) * np.where(np.isfinite(graph.room), graph.room, total)).sum())
    shrink = product * amount * money / LARGEST
    if shrink > 1:
        half = 2.0 ** math.ceil(math.log2(shrink) / 2)
        amount, money = amount / half, money / half
        fine = exact * amount >= 1e6 and money * largest >= 1e6
    if not fine or not np.isfinite(graph.room[inner]).all():
        return _linear(model, params)
    room = np.where(np.isfinite(graph.room), graph.room, 0.0)
    most = np.rint(room * amount)
    upper = np.where(np.isfinite(graph.room), most, most.sum()).astype(np.int64)
    lower, cost = (np.rint(part).astype(np.int64) for part in (graph.lower * amount, graph.cost * money))
    solver = ortools("graph.python.min_cost_flow").SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(graph.tail, graph.head, upper - lower, cost)
    # what has to flow does so beforehand, and unbalances the nodes
    supply = np.zeros(graph.nodes, dtype=np.int64)
    np.subtract.at(supply, graph.tail, lower)
    np.add.at(supply, graph.head, lower)
    solver.set_nodes_supplies(np.arange(graph.nodes), supply)
    status = solver.solve()
    if status == solver.INFEASIBLE:
        return Solution(Status.INFEASIBLE, -np.inf, -np.inf, None, None, "OR-Tools min-cost flow")
    if status != solver.OPTIMAL:
        raise ValueError(f"min-cost flow ended with status {status}")
    x: Floats = np.minimum(np.maximum((solver.flows(arcs) + lower) / amount, graph.lower), graph.room)
    return _proven(model, params, graph, x, "OR-Tools min-cost flow")


def _proven(model: Model, params: SolveParams, graph: Graph, x: Floats, method: str) -> Solution:
    """Return a flow with its duals, the node potentials that certify it; solve as an LP if none do.

    Bellman-Ford over the residual arcs: ``potential[head] <= potential[tail] + cost`` on every arc with room left.
    """
    scale = np.where(np.isfinite(graph.upper), np.maximum(graph.upper, 1.0), 1.0)
    ahead, back = graph.upper - x > 1e-12 * scale, x - graph.lower > 1e-12 * scale
    tail = np.concatenate([graph.tail[ahead], graph.head[back]])
    head = np.concatenate([graph.head[ahead], graph.tail[back]])
    cost = np.concatenate([graph.cost[ahead], -graph.cost[back]])
    noise = 1e-12 * max(float(np.abs(cost).max(initial=0.0)), 1.0)
    distance = np.zeros(graph.nodes)
    for _ in range(PASSES):
        shorter = distance.copy()
        np.minimum.at(shorter, head, distance[tail] + cost)
        if (distance - shorter <= noise).all():
            break
        distance = shorter
    else:
        return _linear(model, params)
    dual = np.zeros(len(model.row_lower))
    dual[: graph.nodes - 1] = shorter[-1] - shorter[:-1]
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


def glop(problem: ScaledProblem, seconds: float) -> SolverResult:
    """Solve the LP relaxation of a problem with GLOP, within a time limit in seconds."""
    helper = ortools(ORTOOLS)
    model = helper.ModelBuilderHelper()
    limits = (problem.lower, problem.upper, problem.cost, problem.row_lower, problem.row_upper)
    model.fill_model_from_sparse_data(*limits, sparse.csr_matrix(problem.matrix))
    solver = helper.ModelSolverHelper("glop")
    solver.set_time_limit_in_seconds(seconds)
    solver.solve(model)
    status = GLOP.get(solver.status().name, Status.FAILED)
    if status not in (Status.OPTIMAL, Status.STOPPED) or not solver.has_solution():
        return SolverResult(status, np.inf, -np.inf, None)
    x = np.asarray(solver.variable_values(), dtype=float)
    value = float(problem.cost @ x)
    done = status is Status.OPTIMAL
    duals = (np.asarray(solver.dual_values()), np.asarray(solver.reduced_costs())) if done else (None, None)
    return SolverResult(status, value, value if done else -np.inf, x, *duals)


def _integer(model: Model, params: SolveParams) -> Solution:
    """Solve a MILP: relaxation, primal heuristics, branch and bound; multi-period problems start from an aggregate."""
    problem, memory = scaled(model), params.memory
    known = Knowledge(forcing_of(model), parts_of(model))
    periods = len(model.candidates.network.places.share)
    if periods > 1 and len(model.cost) > MANY and int(model.integer.sum()) > SMALL:
        params.say("year")
        known = replace(known, beginning=Beginning(model, problem, known, params))
    keeper = None if memory is None else Keeper(problem, params, memory)
    if keeper is not None:
        params = replace(params, note=keeper.note)
        known = known if keeper.answer.x is None else replace(known, beginning=GivenStart(keeper.answer, None))
    if memory is not None and memory.plans:
        session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
        wholes = [integers_of(model, plan)[problem.integer] for plan in memory.plans]
        best = min((held(session, problem, whole) for whole in wholes), key=lambda answer: answer.value)
        memory.fits = best.x is not None
        known = replace(known, beginning=GivenStart(best, known.beginning)) if memory.fits else known
    elif keeper is not None and keeper.done:  # the search had finished before its run was interrupted
        close = relative_gap(keeper.answer.bound, keeper.answer.value) <= params.gap
        answer = replace(keeper.answer, status=Status.OPTIMAL if close else Status.STOPPED)
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
    if keeper is not None:
        keeper.end(replace(answer, x=x / problem.column, value=-value / problem.money))
    return replace(found, x=x, value=value)


def _unscaled(model: Model, problem: ScaledProblem, answer: SolverResult, method: str) -> Solution:
    """Return an answer in the model's units."""
    x = None if answer.x is None else np.clip(answer.x * problem.column, model.lower, model.upper)
    dual = None if answer.row_dual is None else -answer.row_dual * problem.row * problem.money
    value = -np.inf if x is None else float(model.cost @ x)
    bound = -answer.bound * problem.money
    return Solution(answer.status, value, bound, x, dual, method, answer.nodes)


@dataclass(frozen=True, slots=True)
class Graph:
    """A pure network-flow model as arcs between nodes; the last node is the common source and sink.

    `tail` and `head` are the nodes of each column: flow from outlet to inlet row, give into an outlet row, take out of
    an inlet row. `lower`, `upper` and `cost` are its bounds and unit cost; `room` is the upper bound, that of exchanges
    tightened by the supply and demand of their two ends. `nodes` counts the last one too.
    """

    tail: Ints
    head: Ints
    lower: Floats
    upper: Floats
    cost: Floats
    room: Floats
    nodes: int


def graph_of(model: Model) -> Graph:
    """Return the graph of a model of structure ``flow`` or ``assignment``."""
    rows = len(model.rows["outlet"]) + len(model.rows["inlet"])
    columns = len(model.cost)
    tail, head = np.full(columns, rows), np.full(columns, rows)
    matrix = model.matrix.tocoo()
    row, column, value = matrix.coords[0], matrix.coords[1], matrix.data
    conserved = row < rows
    # a row balances what comes (+1) and what goes (-1)
    comes, goes = conserved & (value > 0), conserved & (value < 0)
    head[column[comes]] = row[comes]
    tail[column[goes]] = row[goes]
    upper = model.upper.copy()
    block = model.rows["link"]
    bound = model.matrix[block.span].tocoo()
    np.minimum.at(upper, bound.coords[1], model.row_upper[block.span][bound.coords[0]])
    room = upper.copy()
    flow = model.columns["flow"].positions
    for near, far, side in ((head, tail, tail), (tail, head, head)):
        # all that enters a node from outside, and all that leaves it there
        outer = np.setdiff1d(np.flatnonzero(far == rows), flow)
        total = np.zeros(rows + 1)
        np.add.at(total, near[outer], upper[outer])
        total[rows] = np.inf
        room[flow] = np.minimum(room[flow], total[side[flow]])
    return Graph(tail, head, model.lower, upper, -model.cost, room, rows + 1)


def linear_sum_assignment(graph: Graph, model: Model) -> Floats | None:
    """Return the optimal assignment of a model of structure ``assignment``, by OR-Tools' linear sum assignment.

    Unmatched supply and demand nodes get a dummy partner at zero cost, so that the matching is complete. None where the
    algorithm gives up, as on costs beyond its range.
    """
    moved = model.columns["flow"].positions
    price = np.zeros(graph.nodes)
    give, take = model.columns["give"].positions, model.columns["take"].positions
    giver, taker = np.full(graph.nodes, -1), np.full(graph.nodes, -1)
    giver[graph.head[give]], taker[graph.tail[take]] = np.arange(len(give)), np.arange(len(take))
    price[graph.head[give]] += graph.cost[give]
    price[graph.tail[take]] += graph.cost[take]
    moved = moved[(giver[graph.tail[moved]] >= 0) & (taker[graph.head[moved]] >= 0)]
    left, right = giver[graph.tail[moved]], taker[graph.head[moved]]
    cost = graph.cost[moved] + price[graph.tail[moved]] + price[graph.head[moved]]
    cost = np.minimum(cost, 0.0)  # a pair that loses is no better than none
    # the algorithm multiplies costs by the number of nodes, and prices fall by as many times that
    sides = len(give) + len(take) + 1
    largest = max(float(np.abs(cost).max(initial=0.0)), 1.0) * 2 * sides * sides
    money = 2.0 ** math.floor(math.log2(LARGEST / 8 / largest))
    givers, takers = np.arange(len(give)), np.arange(len(take))
    solver = ortools("graph.python.linear_sum_assignment").SimpleLinearSumAssignment()
    # left: givers, then one idle partner for each taker; right: takers, then one for each giver
    rows = np.concatenate([left, givers, len(give) + takers, len(give) + right])
    columns = np.concatenate([right, len(take) + givers, takers, len(take) + left])
    weights = np.rint(np.concatenate([cost, np.zeros(len(give) + len(take) + len(left))]) * money).astype(np.int64)
    solver.add_arcs_with_cost(rows, columns, weights)
    if solver.solve() != solver.OPTIMAL:
        return None
    mate = np.array([solver.right_mate(node) for node in range(len(give))], dtype=np.int64)
    chosen = (mate[left] == right) & (cost < 0)
    x = np.zeros(len(model.cost))
    unit = graph.upper[give[0]] if len(give) else 0.0
    x[moved[chosen]] = unit
    x[give[left[chosen]]] = unit
    x[take[right[chosen]]] = unit
    return x


def trimmed(model: Model, x: Floats) -> Floats:
    """Drop unused builds and links from a plan; it stays feasible and its value does not decrease.

    A search that stops at a gap or time limit can leave them in its incumbent. `x`, shape (columns,), is in the model's
    units, integers whole.
    """
    network = model.candidates.network
    run, flow, opened = (model.columns[name] for name in ("run", "flow", "open"))
    active = noiseless(model, x) > 0
    runs = np.zeros(len(network.units.ids), bool)
    runs[run.key["unit"][active[run.span]]] = True
    carries = np.zeros(len(network.links.mode) + 1, bool)  # the last stands for exchanges inside a site
    carries[network.arcs.link[flow.key["arc"][active[flow.span]]]] = True
    kept = x.copy()
    for block in (model.columns["size"], model.columns["built"]):
        kept[block.positions[~runs[network.units.steps.unit[block.key["step"]]]]] = 0.0
    kept[opened.positions[~carries[opened.key["link"]]]] = 0.0
    return kept


def spared(model: Model, problem: ScaledProblem, x: Floats, params: SolveParams) -> Floats:
    """Drop builds and links with negative contribution from a plan; its value does not decrease.

    The LP value is concave in the fixed binaries, so dropping some gains at most the sum of their reduced costs: only
    binaries with a positive reduced cost are tried, the largest first. Builds and links left unused are dropped too.
    `x`, shape (columns,), is in the model's units, integers whole.
    """
    if params.stop is not None and params.stop():
        return x
    every = np.flatnonzero(model.integer)
    costly = every[model.cost[every] < 0]
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    session.bound(every, x[every], x[every])
    answer = session.solve()
    tried, idle = np.zeros(len(x), bool), 0
    while answer.column_dual is not None and tried.sum() < TRIES and idle < IDLE and not params.ended():
        dual = answer.column_dual
        left = costly[(x[costly] > 0.5) & (dual[costly] > 0) & ~tried[costly]]
        if not len(left):
            break
        dearest = left[[np.argmax(dual[left])]]
        tried[dearest] = True
        session.bound(dearest, np.zeros(1), np.zeros(1))
        rest = session.solve()
        without: Floats | None = None
        if rest.status is Status.OPTIMAL and rest.x is not None:
            without = np.clip(rest.x * problem.column, model.lower, model.upper)
            without[every] = x[every]
            without[dearest] = 0.0
            without = trimmed(model, without)
        if without is None or model.cost @ without <= model.cost @ x + WORTH * abs(model.cost @ x):
            session.bound(dearest, np.ones(1), np.ones(1))
            idle += 1
            continue
        x, idle = without, 0
        session.bound(every, x[every], x[every])
        answer = session.solve()
    return x


SOLVERS: Mapping[Structure, Callable[[Model, SolveParams], Solution]] = MappingProxyType(
    {
        Structure.EMPTY: _empty,
        Structure.ASSIGNMENT: _assignment,
        Structure.FLOW: _flow,
        Structure.LINEAR: _linear,
        Structure.INTEGER: _integer,
    }
)
