"""Small linear programs, through HiGHS as scipy calls it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synergy.settlement.game import Floats


@dataclass(frozen=True, slots=True)
class Program:
    """Minimise ``cost @ x`` over ``rows @ x >= right``, ``same @ x == equal``, ``x >= low``.

    `cost` and `low` have shape (n,), `rows` (m, n) and `same` (p, n). Matrices are dense or sparse; lower bounds may be
    minus infinity.
    """

    cost: Floats
    low: Floats
    rows: Any
    right: Floats
    same: Any = None
    equal: Floats | None = None


@dataclass(frozen=True, slots=True)
class Optimum:
    """An optimal solution: the point, its cost, and multipliers (zero or more) of the rows and of the lower bounds."""

    point: Floats
    cost: float
    multipliers: Floats
    held: Floats


def minimise(program: Program) -> Optimum | None:
    """Return an optimal solution of a linear program, None where it has none.

    Its numbers should be of the size of 1: the solver's tolerances are absolute.
    """
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    solve: Any = linprog
    answer = solve(
        program.cost,
        A_ub=-program.rows,
        b_ub=-program.right,
        A_eq=program.same,
        b_eq=program.equal,
        bounds=np.column_stack([program.low, np.full(len(program.low), np.inf)]),
        method="highs",
    )
    if answer.status != 0:
        return None
    floats = np.float64
    return Optimum(
        np.asarray(answer.x, floats),
        float(answer.fun),
        -np.asarray(answer.ineqlin.marginals, floats),
        np.asarray(answer.lower.marginals, floats),
    )
