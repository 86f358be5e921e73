"""Post-processing: drop unused builds and links."""

from __future__ import annotations

import numpy as np

from synergy.model.build import Model
from synergy.model.highs import SolverSession, Status
from synergy.model.scaling import ScaledProblem, noiseless
from synergy.model.solve_params import SolveParams
from synergy.network.places import Floats, Ints

TRIES = 80  # decisions that are tried at most
IDLE = 40  # tries in a row that bring nothing
WORTH = 1e-9  # part of the value by which a plan has to be better


def trimmed(model: Model, x: Floats) -> Floats:
    """Drop unused builds and links from a plan; it stays feasible and its value does not decrease.

    A search that stops at a gap or time limit can leave them in its incumbent. `x`, shape (columns,), is in the model's
    units, integers whole.
    """
    network = model.candidates.network
    run, flow = model.column("run"), model.column("flow")
    active = noiseless(model, x) > 0
    runs = np.zeros(len(network.units.ids), bool)
    carries = np.zeros(len(network.links.mode), bool)
    if len(run):
        runs[run.key["unit"][active[run.span]]] = True
    if len(flow):
        over = network.arcs.link[flow.key["arc"][active[flow.span]]]
        carries[over[over >= 0]] = True
    kept = x.copy()
    for name in ("size", "built"):
        block = model.column(name)
        if len(block):
            idle = ~runs[network.units.steps.unit[block.key["step"]]]
            kept[block.positions[idle]] = 0.0
    opened = model.column("open")
    if len(opened):
        kept[opened.positions[~carries[opened.key["link"]]]] = 0.0
    return kept


def spared(model: Model, problem: ScaledProblem, x: Floats, params: SolveParams) -> Floats:
    """Drop builds and links with negative contribution from a plan; its value does not decrease.

    The LP value is concave in the fixed binaries, so dropping some gains at most the sum of their reduced costs: only
    binaries with a positive reduced cost are tried, the largest first. Builds and links left unused are dropped too.
    `x`, shape (columns,), is in the model's units, integers whole.
    """
    if params.asked():
        return x
    integer = np.flatnonzero(model.integer & (model.cost < 0))
    session = SolverSession(problem, relaxed=True, threads=params.threads, random_seed=params.seed)
    every = np.flatnonzero(model.integer)
    session.bound(every, x[every], x[every])
    answer = session.solve()
    tried: set[int] = set()
    idle = 0
    while answer.column_dual is not None and len(tried) < TRIES and idle < IDLE and not params.interrupted():
        dear = _dearest(answer.column_dual, integer, x, tried)
        if dear is None:
            break
        tried.add(dear)
        without = _without(model, problem, session, (x, dear))
        if without is None or model.cost @ without <= model.cost @ x + WORTH * abs(model.cost @ x):
            session.bound(np.array([dear]), np.ones(1), np.ones(1))
            idle += 1
            continue
        x, idle = without, 0
        session.bound(every, x[every], x[every])
        answer = session.solve()
    return x


def _dearest(dual: Floats, integer: Ints, x: Floats, tried: set[int]) -> int | None:
    """Return the selected binary with the largest positive reduced cost, None if there is none."""
    open_ = [column for column in integer[(x[integer] > 0.5) & (dual[integer] > 0)].tolist() if column not in tried]
    return max(open_, key=lambda column: float(dual[column]), default=None)


def _without(model: Model, problem: ScaledProblem, session: SolverSession, given: tuple[Floats, int]) -> Floats | None:
    """Return the best plan with one binary set to 0 and unused builds and links dropped, None if infeasible."""
    x, column = given
    session.bound(np.array([column]), np.zeros(1), np.zeros(1))
    answer = session.solve()
    if answer.status is not Status.OPTIMAL or answer.x is None:
        return None
    rest = np.clip(answer.x * problem.column, model.lower, model.upper)
    rest[model.integer] = x[model.integer]
    rest[column] = 0.0
    return trimmed(model, rest)
