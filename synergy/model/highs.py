"""Interface to HiGHS: pass a problem once, change bounds, costs and rows in place, keep the basis warm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from synergy.halting import Stop
from synergy.model.scaling import FINE, ScaledProblem
from synergy.network.places import Floats, Ints
from synergy.solvers import highs, run

DEVEX = 1  # HiGHS's number of the weights that a warm start need not compute anew, row by row
LIE = 1e-6  # relative difference between the value that is told and the plan's that rounding does not explain
AT_LOWER, BASIC, AT_UPPER = 0, 1, 2  # HiGHS's numbers of where a column or row is


class Status(StrEnum):
    """Status of a solve."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    STOPPED = "stopped"  # a limit or an interrupt; there may be a solution
    FAILED = "failed"  # numerics or memory: nothing can be said


# by HiGHS's own names
STATUSES = {
    "kOptimal": Status.OPTIMAL,
    "kModelEmpty": Status.OPTIMAL,
    "kInfeasible": Status.INFEASIBLE,
    "kUnbounded": Status.UNBOUNDED,
    "kUnboundedOrInfeasible": Status.UNBOUNDED,  # told apart by solving without an objective
    "kTimeLimit": Status.STOPPED,
    "kIterationLimit": Status.STOPPED,
    "kSolutionLimit": Status.STOPPED,
    "kInterrupt": Status.STOPPED,
    "kHighsInterrupt": Status.STOPPED,
    "kObjectiveBound": Status.STOPPED,
    "kObjectiveTarget": Status.STOPPED,
    "kMemoryLimit": Status.FAILED,
    "kNotset": Status.FAILED,
    "kLoadError": Status.FAILED,
    "kModelError": Status.FAILED,
    "kPresolveError": Status.FAILED,
    "kSolveError": Status.FAILED,
    "kPostsolveError": Status.FAILED,
    "kUnknown": Status.FAILED,
}


@dataclass(frozen=True, slots=True)
class SolverResult:
    """Result of a solve, in the scaled problem's units (minimisation).

    `value` is the objective of `x` (inf without one), `bound` a proven lower bound; `row_dual` and `column_dual` are
    the duals of an LP, `nodes` are those of branch and bound.
    """

    status: Status
    value: float
    bound: float
    x: Floats | None
    row_dual: Floats | None = None
    column_dual: Floats | None = None
    nodes: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """Simplex basis: the status of each column and row, in HiGHS's codes."""

    columns: NDArray[np.int8]
    rows: NDArray[np.int8]


@cache
def silent_class() -> Any:
    """Return the class of HiGHS objects without any output, so that standard output carries results alone."""
    parent: Any = highs().Highs

    class Silent(parent):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802 - HiGHS's own name; its constructor calls it before any option
            self.silent()
            super().enableCallbacks()

    return Silent


class SolverSession:
    """Hold one HiGHS object with one problem, under HiGHS options by name; `relaxed` drops integrality."""

    def __init__(self, problem: ScaledProblem, *, relaxed: bool = False, **options: float | str) -> None:
        self.highs = silent_class()()
        held = {f"{name}_feasibility_tolerance": FINE for name in ("mip", "primal")} if problem.fine else {}
        self.set(**({"threads": 1} | held | options))
        self.columns, self._cost = len(problem.cost), problem.cost.copy()
        self._integer, self._best = np.flatnonzero(problem.integer), np.inf
        self._found: Floats | None = None
        self.stop: Stop | None = None
        self._hears = False
        lp, matrix = highs().HighsLp(), problem.matrix
        lp.num_col_, lp.num_row_ = len(problem.cost), len(problem.row_lower)
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.cost, problem.lower, problem.upper
        lp.row_lower_, lp.row_upper_ = problem.row_lower, problem.row_upper
        lp.a_matrix_.format_ = highs().MatrixFormat.kRowwise
        lp.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        lp.a_matrix_.index_ = matrix.indices.astype(np.int32)
        lp.a_matrix_.value_ = matrix.data
        if problem.integer.any() and not relaxed:
            kinds = (highs().HighsVarType.kContinuous, highs().HighsVarType.kInteger)
            lp.integrality_ = [kinds[int(flag)] for flag in problem.integer]
        if self.highs.passModel(lp) == highs().HighsStatus.kError:
            raise ValueError("HiGHS refused the model: a coefficient or bound is not a number it can hold")

    def set(self, **options: float | str) -> None:
        """Set options; an unknown option or invalid value is an error. A `time_limit` counts from now."""
        if "time_limit" in options:
            # HiGHS counts from its first solve
            options["time_limit"] = float(options["time_limit"]) + self.highs.getRunTime()
        for name, value in options.items():
            if self.highs.setOptionValue(name, value) != highs().HighsStatus.kOk:
                raise ValueError(f"HiGHS does not take {name} = {value!r}")

    def bound(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change bounds of some columns; the basis is kept."""
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower.astype(float), upper.astype(float))

    def limit(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Change limits of some rows; the basis is kept."""
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self.highs.changeRowBounds(row, low, high)

    def price(self, columns: Ints, cost: Floats) -> None:
        """Change the cost of some columns; the basis is kept."""
        self._cost[columns] = cost
        self.highs.changeColsCost(len(columns), columns.astype(np.int32), cost.astype(float))

    def add_rows(self, matrix: sparse.csr_array, lower: Floats, upper: Floats) -> None:
        """Add rows; the basis is kept."""
        self.highs.addRows(
            matrix.shape[0],
            lower,
            upper,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )

    def warm(self, other: SolverSession) -> None:
        """Warm-start from the basis of another session with the same columns and rows."""
        basis = other.highs.getBasis()
        if basis.valid:
            self.highs.setBasis(basis)

    def basis(self) -> Basis | None:
        """Return the basis of the last solve, for `rebase`; None where there is none."""
        basis = self.highs.getBasis()
        if not basis.valid:
            return None
        sides = (basis.col_status, basis.row_status)
        columns, rows = (np.fromiter((int(one) for one in side), np.int8, len(side)) for side in sides)
        return Basis(columns, rows)

    def rebase(self, basis: Basis | None) -> None:
        """Set a basis, or none, and clear all other solver state, so that later solves are reproducible."""
        self.highs.clearSolver()
        if basis is None:
            return
        kept, kinds = highs().HighsBasis(), highs().HighsBasisStatus
        kept.col_status, kept.row_status = (
            [kinds(one) for one in side.tolist()] for side in (basis.columns, basis.rows)
        )
        kept.valid, kept.alien = True, False
        self.highs.setBasis(kept)

    def start(self, x: Floats) -> None:
        """Set a solution as the MIP start.

        Of whole numbers alone, which HiGHS completes: 1.16.0 carries a whole solution into the presolved problem at a
        wrong value now and then, and prunes by it.
        """
        self._best = float((self._cost * x).sum())
        self.highs.setSolution(len(self._integer), self._integer.astype(np.int32), x[self._integer])

    def listen(
        self, hear: Callable[[float, float], bool], found: Callable[[Floats, float, float], None] | None = None
    ) -> None:
        """Call ``hear(bound, value)`` during a MIP solve, with the incumbent's value; True interrupts the solve.

        ``found(x, value, bound)`` takes each plan, with the bound at that time.
        """

        def improving(event: Any) -> None:
            x = np.array(event.data_out.mip_solution)
            value = float((self._cost * x).sum())
            if value < self._best:
                self._best, self._found = value, x
            hear(event.data_out.mip_dual_bound, self._best)
            if found is not None:
                found(x, value, event.data_out.mip_dual_bound)

        def interrupt(event: Any) -> None:
            if hear(event.data_out.mip_dual_bound, self._best):
                event.data_in.user_interrupt = True

        self.highs.cbMipImprovingSolution.subscribe(improving)
        self.highs.cbMipInterrupt.subscribe(interrupt)

    @property
    def timed(self) -> bool:
        """Return whether the last solve ended at the time limit."""
        return bool(self.highs.getModelStatus().name == "kTimeLimit")

    def solve(self) -> SolverResult:
        """Solve the current problem; if `stop` interrupts it, return the best solution reported so far."""
        if self.stop is not None and not self._hears:
            self._hears = True
            self.highs.cbSimplexInterrupt.subscribe(self._ask)
            self.highs.cbIpmInterrupt.subscribe(self._ask)
        if not run(self.highs, self.stop):
            self.highs = silent_class()()  # the one that still computes belongs to nobody
            value = np.inf if self._found is None else self._best
            return SolverResult(Status.STOPPED, value, -np.inf, self._found)
        info, raw = self.highs.getInfo(), self.highs.getModelStatus()
        status = STATUSES[raw.name]
        feasible = info.primal_solution_status == highs().SolutionStatus.kSolutionStatusFeasible
        solution = self.highs.getSolution()
        x = np.asarray(solution.col_value) if feasible and len(solution.col_value) else None
        if self.columns == 0:
            x = np.empty(0)
        mip = info.mip_node_count >= 0
        value = np.inf if x is None else float((self._cost * x).sum())
        if mip and abs(value - info.objective_function_value) > LIE * max(1.0, abs(value)) and x is not None:
            status = Status.STOPPED  # what was pruned by a value that is not the plan's is not proven
        bound = info.mip_dual_bound if mip else (value if status is Status.OPTIMAL else -np.inf)
        proven = not mip and solution.dual_valid
        row_dual = np.asarray(solution.row_dual) if proven else None
        column_dual = np.asarray(solution.col_dual) if proven else None
        return SolverResult(status, value, bound, x, row_dual, column_dual, nodes=max(0, int(info.mip_node_count)))

    def _ask(self, event: Any) -> None:
        """Interrupt the solve of a relaxation when `stop` requests it."""
        if self.stop is not None and self.stop():
            event.data_in.user_interrupt = True
