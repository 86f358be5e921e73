"""A second opinion on LPs from OR-Tools' GLOP, for what HiGHS cannot settle."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from synergy.model.highs import Answer, Status
from synergy.model.scaling import Problem
from synergy.solvers import ORTOOLS, ortools

# by GLOP's own names
STATUSES = {
    "OPTIMAL": Status.OPTIMAL,
    "FEASIBLE": Status.STOPPED,
    "INFEASIBLE": Status.INFEASIBLE,
    "UNBOUNDED": Status.UNBOUNDED,
}  # everything else says nothing


def glop(problem: Problem, seconds: float) -> Answer:
    """Solve a problem's relaxation with GLOP.

    Parameters
    ----------
    problem : Problem
        Integer columns may take any value.
    seconds : float
        Time limit.

    Returns
    -------
    Answer
    """
    helper = ortools(ORTOOLS)
    model = helper.ModelBuilderHelper()
    fill: Any = model.fill_model_from_sparse_data
    limits = (problem.lower, problem.upper, problem.cost, problem.row_lower, problem.row_upper)
    fill(*limits, sparse.csr_matrix(problem.matrix))
    solver = helper.ModelSolverHelper("glop")
    solver.set_time_limit_in_seconds(seconds)
    solver.solve(model)
    status = STATUSES.get(solver.status().name, Status.FAILED)
    if status not in (Status.OPTIMAL, Status.STOPPED) or not solver.has_solution():
        return Answer(status, np.inf, -np.inf, None)
    x = np.asarray(solver.variable_values(), dtype=float)
    value = float(problem.cost @ x)
    done = status is Status.OPTIMAL
    duals = (np.asarray(solver.dual_values()), np.asarray(solver.reduced_costs())) if done else (None, None)
    return Answer(status, value, value if done else -np.inf, x, *duals)
