"""Pure network problems, solved by OR-Tools' min-cost flow and linear sum assignment.

Quantities and costs go in as integers: scaled, rounded, and kept far enough below 2^63 that no sum overflows. Node
potentials for the proof come from shortest paths in the residual graph, at the true costs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from synergy.model.build import Model
from synergy.network.places import Floats, Ints
from synergy.solvers import ortools

LARGEST = 2.0**60  # of any sum of costs or quantities
FINEST = 1e-9  # part of the largest quantity that may be rounded away
PASSES = 200  # of the shortest-path search; more means a negative cycle


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
    rows = sum(len(model.rows[name]) for name in ("outlet", "inlet") if name in model.rows)
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
    block = model.rows.get("link")
    if block is not None and len(block):
        bound = model.matrix[block.span].tocoo()
        of, limit = bound.coords[1], model.row_upper[block.span][bound.coords[0]]
        np.minimum.at(upper, of, limit)
    room = upper.copy()
    flow = model.column("flow").positions
    for near, far, side in ((head, tail, tail), (tail, head, head)):
        # all that enters a node from outside, and all that leaves it there
        outer = np.setdiff1d(np.flatnonzero(far == rows), flow)
        total = np.zeros(rows + 1)
        np.add.at(total, near[outer], upper[outer])
        total[rows] = np.inf
        room[flow] = np.minimum(room[flow], total[side[flow]])
    return Graph(tail, head, model.lower, upper, -model.cost, room, rows + 1)


def fits(graph: Graph) -> bool:
    """Return whether the problem can be scaled to integers at sufficient precision; otherwise an LP is needed."""
    inner = (graph.tail < graph.nodes - 1) & (graph.head < graph.nodes - 1)
    return bool(np.isfinite(graph.room[inner]).all()) and _scales(graph) is not None


def _scales(graph: Graph) -> tuple[float, float] | None:
    """Return the factors that make quantities and costs integers, None if there are none."""
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
    return (amount, money) if fine else None


def flow(graph: Graph) -> Floats | None:
    """Return the min-cost flow by OR-Tools, None if the bounds are infeasible."""
    scales = _scales(graph)
    if scales is None:
        raise ValueError("the quantities and costs do not fit into integers")
    amount, money = scales
    total = np.rint(np.where(np.isfinite(graph.room), graph.room, 0.0) * amount).sum()
    upper = np.rint(np.where(np.isfinite(graph.room), graph.room * amount, total)).astype(np.int64)
    lower = np.rint(graph.lower * amount).astype(np.int64)
    cost = np.rint(graph.cost * money).astype(np.int64)
    min_cost_flow = ortools("graph.python.min_cost_flow")
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(graph.tail, graph.head, upper - lower, cost)
    # what has to flow does so beforehand, and unbalances the nodes
    supply = np.zeros(graph.nodes, dtype=np.int64)
    np.subtract.at(supply, graph.tail, lower)
    np.add.at(supply, graph.head, lower)
    solver.set_nodes_supplies(np.arange(graph.nodes), supply)
    status = solver.solve()
    if status == solver.INFEASIBLE:
        return None
    if status != solver.OPTIMAL:
        raise ValueError(f"min-cost flow ended with status {status}")
    result: Floats = (solver.flows(arcs) + lower) / amount
    return np.minimum(np.maximum(result, graph.lower), graph.room)


def assignment(graph: Graph, model: Model) -> Floats | None:
    """Return the optimal assignment of a model of structure ``assignment``, by OR-Tools' linear sum assignment.

    Unmatched supply and demand nodes get a dummy partner at zero cost, so that the matching is complete. None where the
    algorithm gives up, as on costs beyond its range.
    """
    moved = model.column("flow").positions
    price = np.zeros(graph.nodes)
    give, take = model.column("give").positions, model.column("take").positions
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
    linear_sum_assignment = ortools("graph.python.linear_sum_assignment")
    solver = linear_sum_assignment.SimpleLinearSumAssignment()
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


def potentials(graph: Graph, x: Floats) -> Floats | None:
    """Return node potentials that certify a flow as optimal, None if it is not.

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
            return shorter
        distance = shorter
    return None
