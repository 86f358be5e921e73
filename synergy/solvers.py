"""Import the solvers in one fixed order, and test HiGHS on problems of known optimum.

OR-Tools carries a HiGHS of its own, and some releases of highspy cannot be loaded beside it: highspy goes first. Some
releases call a plan optimal that is not: none solves anything here before it has passed the trials, once a process.
``SYNERGY_UNTESTED_SOLVER=1`` leaves the trials out; it is for experiments with a solver that is known to be wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any

import numpy as np

from synergy.errors import SolverError
from synergy.halting import Stop, watched

NEEDED = ("highspy>=1.16", "ortools>=9.12.4544")  # as in pyproject.toml
UNTESTED = "SYNERGY_UNTESTED_SOLVER"
ORTOOLS = "linear_solver.python.model_builder_helper"
_NEAR = 1e-6  # of a value, relative; of a row or bound, absolute
_INF = np.inf
_COUNTED: ContextVar[Work | None] = ContextVar("counted", default=None)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A minimisation over columns of at least 0, and its optimum.

    `upper`, shape (columns,), are upper bounds; those of 1 are of integer columns. `rows` have coefficients, lower and
    upper limit each. `best` is the least cost, None where no plan exists.
    """

    name: str
    name_zh: str
    cost: tuple[float, ...]
    upper: tuple[float, ...]
    rows: tuple[tuple[tuple[float, ...], float, float], ...]
    best: float | None


TRIALS = (
    SelfTest(
        "transport",
        "运输",
        (4, 6, 9, 5, 3, 8),
        (_INF,) * 6,
        (
            ((1, 1, 1, 0, 0, 0), -_INF, 30),
            ((0, 0, 0, 1, 1, 1), -_INF, 40),
            ((1, 0, 0, 1, 0, 0), 20, 20),
            ((0, 1, 0, 0, 1, 0), 25, 25),
            ((0, 0, 1, 0, 0, 1), 15, 15),
        ),
        275,
    ),
    SelfTest(
        "buy at 3 or build for 5000",
        "按 3 外购或花 5000 新建",
        (3, 0, 5000),
        (_INF, _INF, 1),
        (((1, 1, 0), 10, 10), ((0, 1, -80), -_INF, 0)),
        30,
    ),
    SelfTest(
        "one partner of two",
        "两个伙伴选一个",
        (-5, -5, 0, 0),
        (_INF, _INF, 1, 1),
        (
            ((1, 1, 0, 0), -_INF, 100),
            ((1, 0, -60, 0), -_INF, 0),
            ((0, 1, 0, -40), -_INF, 0),
            ((0, 0, 1, 1), -_INF, 1),
        ),
        -300,
    ),
    SelfTest(
        "three units for two needs",
        "三套装置供两种需求",
        (2, 3, 4, 1, 9, 60, 70, 30),
        (_INF,) * 5 + (1,) * 3,
        (
            ((1, 1, 0, 0, 1, 0, 0, 0), 20, _INF),
            ((0, 0, 1, 1, 1, 0, 0, 0), 15, _INF),
            ((1, 0, 1, 0, 0, -25, 0, 0), -_INF, 0),
            ((0, 1, 0, 0, 0, 0, -40, 0), -_INF, 0),
            ((0, 0, 0, 1, 0, 0, 0, -12), -_INF, 0),
        ),
        154,
    ),
    SelfTest("a half of two whole ones", "两个整数之和取一半", (1, 1), (1, 1), (((2, 2), 1, 1),), None),
)


@cache
def highs() -> ModuleType:
    """Module `highspy`, after it has passed the trials, with OR-Tools loaded behind it.

    Raises
    ------
    SolverError
        It cannot be imported beside OR-Tools, or answers a trial wrongly.
    """
    try:
        module = import_module("highspy")
        import_module(f"ortools.{ORTOOLS}")
    except ImportError as error:
        raise _refusal(f"cannot be imported ({error})", f"无法导入（{error}）") from error
    if os.environ.get(UNTESTED) != "1":
        try_out(module)
    return module


def ortools(name: str) -> ModuleType:
    """Return a module of OR-Tools by its name after ``ortools.``, imported after highspy."""
    highs()
    return import_module(f"ortools.{name}")


@dataclass(slots=True)
class Work:
    """Simplex iterations done: a measure of work that is the same on any machine."""

    iterations: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count the simplex iterations of this thread's solves in the context, without those of inner contexts."""
    work = Work()
    token = _COUNTED.set(work)
    try:
        yield work
    finally:
        _COUNTED.reset(token)


def run(solver: Any, stop: Stop | None = None) -> bool:
    """Run a `highspy.Highs` with the number of threads in its options, and return whether it finished.

    Where `stop` broke it off (see `synergy.halting.watched`), it must not be touched again. The first solve of a thread
    fixes their number, and a run with another one ends at once with an error: then HiGHS's scheduler starts anew.
    """
    module = highs()

    def work() -> None:
        if solver.run() == module.HighsStatus.kError:
            module.Highs.resetGlobalScheduler(True)
            solver.run()

    ended, count = watched(work, stop), _COUNTED.get()
    if ended and count is not None:
        count.iterations += max(0, int(solver.getInfo().simplex_iteration_count))
    return ended


def try_out(module: ModuleType) -> None:
    """Test `highspy` on every trial.

    Raises
    ------
    SolverError
        An answer is not the known optimum, or the plan with it is none of that value.
    """
    kind = module.HighsModelStatus
    for trial in TRIALS:
        matrix = np.array([coefficients for coefficients, _, _ in trial.rows], dtype=float)
        lower, upper = (np.array([row[side] for row in trial.rows], dtype=float) for side in (1, 2))
        cost, most = np.array(trial.cost, dtype=float), np.array(trial.upper, dtype=float)
        rows, columns = matrix.shape
        start = np.arange(0, matrix.size, columns, dtype=np.int32)
        index = np.tile(np.arange(columns, dtype=np.int32), rows)
        solver = module._core._Highs()
        for name, value in {"output_flag": False, "threads": 1, "mip_rel_gap": 0.0}.items():
            solver.setOptionValue(name, value)
        forms = (module.MatrixFormat.kRowwise, module.ObjSense.kMinimize, 0.0)
        sides, whole = (cost, np.zeros(columns), most, lower, upper), (most == 1).astype(np.int32)
        solver.passModel(columns, rows, matrix.size, *forms, *sides, start, index, matrix.ravel(), whole)
        solver.run()

        # the minimum found: None where no plan is reported, NaN where the plan is none
        status, x = solver.getModelStatus(), np.array(solver.getSolution().col_value)
        found = None if status == kind.kInfeasible else np.nan
        if status == kind.kOptimal and len(x) == columns:
            told, made = float(solver.getInfo().objective_function_value), matrix @ x
            fits = (x >= -_NEAR).all() and (x <= most + _NEAR).all() and (abs(x - x.round())[most == 1] <= _NEAR).all()
            fits = fits and (made >= lower - _NEAR).all() and (made <= upper + _NEAR).all()
            found = told if fits and abs(told - cost @ x) <= _NEAR * max(1.0, abs(told)) else np.nan
        if found == trial.best or (found and trial.best and abs(found - trial.best) <= _NEAR * abs(trial.best)):
            continue
        there, due = _said(found), _said(trial.best)
        raise _refusal(
            f"solves a problem of known optimum ({trial.name}) wrongly: {there[0]} found, {due[0]} expected",
            f"解错了一个已知最优值的问题（{trial.name_zh}）：得到 {there[1]}，应为 {due[1]}",
        )


def _said(value: float | None) -> tuple[str, str]:
    if value is None:
        return "no plan", "无可行方案"
    return ("a plan that is none", "不成立的方案") if np.isnan(value) else (f"{value:g}", f"{value:g}")


def _refusal(en: str, zh: str) -> SolverError:
    """Return an error with the installed versions, the failure and the remedy."""
    ours, theirs = f"highspy {_installed('highspy')}", f"OR-Tools {_installed('ortools')}"
    mend = "pip install " + " ".join(f"'{one}'" for one in NEEDED)
    return SolverError(f"{ours} beside {theirs} {en}; needed: {mend} / {ours} 与 {theirs} {zh}；需要：{mend}")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(none)"
