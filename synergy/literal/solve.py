"""Solve the literal model with HiGHS, as one problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synergy.literal.build import LiteralModel
from synergy.literal.scope import Floats
from synergy.solvers import highs, run


@dataclass(frozen=True, slots=True)
class LiteralSolution:
    """Result of a HiGHS run: value (NaN without a plan) and proven bound, money a year, and the plan by column.

    `status` is ``optimal`` (within the gap asked), ``feasible`` (time ran out), ``infeasible``, ``unbounded`` or
    ``no_plan`` (time ran out before any plan). `duals` exist for LPs at an optimum: worth of one more unit of each
    row's bound.
    """

    status: str
    value: float
    bound: float
    x: Floats | None
    duals: Floats | None


_INFEASIBLE = LiteralSolution("infeasible", np.nan, -np.inf, None, None)


def solve(
    model: LiteralModel,
    time_limit: float | None = None,
    gap: float = 0.0,
    threads: int = 1,
    tolerance: float | None = None,
) -> LiteralSolution:
    """Return the best plan of a literal model, or the best within `time_limit` seconds; stop at the relative `gap`.

    `tolerance` is by how much rows and whole numbers may be missed; HiGHS's own (1e-7 and 1e-6) when left out.
    """
    if not len(model.cost):
        if (model.row_lower > 0).any() or (model.row_upper < 0).any():
            return _INFEASIBLE
        return LiteralSolution("optimal", 0.0, 0.0, np.zeros(0), np.zeros(len(model.rows)))
    highspy = highs()
    solver = highspy._core._Highs()  # the class around it prints a banner before it can be told not to
    options = {"output_flag": False, "mip_rel_gap": gap, "threads": threads}
    if time_limit is not None:
        options["time_limit"] = float(time_limit)
    if tolerance is not None:
        options |= {f"{name}_feasibility_tolerance": tolerance for name in ("mip", "primal", "dual")}
    for name, value in options.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise ValueError(f"HiGHS refused {name} = {value!r}")
    hand_over(solver, model)
    run(solver)
    return _read(solver, model)


def hand_over(solver: Any, model: LiteralModel) -> None:
    """Pass the model arrays to a HiGHS object."""
    matrix = model.matrix
    solver.passModel(
        matrix.shape[1],
        matrix.shape[0],
        matrix.nnz,
        highs().MatrixFormat.kRowwise,
        highs().ObjSense.kMaximize,
        0.0,
        model.cost,
        model.column_lower,
        model.column_upper,
        model.row_lower,
        model.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        model.integer.astype(np.int32),
    )


def _read(solver: Any, model: LiteralModel) -> LiteralSolution:
    """Read the result from HiGHS after a run, with every model status mapped."""
    status, found = solver.getModelStatus(), solver.getInfo()
    kinds = highs().HighsModelStatus
    if status == kinds.kUnboundedOrInfeasible:  # a zero objective tells which
        count = len(model.cost)
        solver.changeColsCost(count, np.arange(count, dtype=np.int32), np.zeros(count))
        run(solver)
        status = kinds.kInfeasible if solver.getModelStatus() == kinds.kInfeasible else kinds.kUnbounded
    if status == kinds.kInfeasible:
        return _INFEASIBLE
    if status == kinds.kUnbounded:
        return LiteralSolution("unbounded", np.inf, np.inf, None, None)
    if status == kinds.kOptimal:
        word = "optimal"
    elif status in (kinds.kTimeLimit, kinds.kIterationLimit, kinds.kSolutionLimit, kinds.kInterrupt):
        word = "feasible" if found.primal_solution_status == 2 else "no_plan"
    else:
        raise RuntimeError(f"HiGHS ended with {solver.modelStatusToString(status)}")
    binary = bool(model.integer.any())
    bound = found.mip_dual_bound if binary else found.objective_function_value if word == "optimal" else np.inf
    if word == "no_plan":
        return LiteralSolution(word, np.nan, float(bound), None, None)
    solution = solver.getSolution()
    duals = None if binary or word != "optimal" else np.asarray(solution.row_dual, dtype=float)
    x = np.asarray(solution.col_value)
    return LiteralSolution(word, float(found.objective_function_value), float(bound), x, duals)
