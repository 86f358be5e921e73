"""The literal model in Pyomo: a `ConcreteModel` with a rule for each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.cases import Constraints, constraints_of, variables_of
from bench.runs import BenchRun, Stopwatch, finite, memory
from synergy.literal.build import LiteralModel


def run(folder: str, seconds: float) -> BenchRun:
    """Read, build with Pyomo and solve with HiGHS."""
    import pyomo.environ  # noqa: F401 - its import belongs to no figure but the whole process
    from pyomo.contrib.appsi.solvers import Highs

    from synergy.dataset.read import read
    from synergy.literal.build import build

    clock = Stopwatch()
    dataset = read(folder)
    read_seconds = clock.seconds
    literal = build(dataset)
    model = pyomo_model(literal)
    solver = Highs()
    solver.config.load_solution = False
    solver.highs_options = {"threads": 1, "mip_rel_gap": 1e-4}
    solver.config.time_limit = clock.left(seconds)
    result = solver.solve(model)
    total, solved = clock.seconds, result.wallclock_time
    value, bound = result.best_feasible_objective, result.best_objective_bound
    return BenchRun(
        value=finite(value),
        bound=finite(bound),
        seconds=total,
        build_seconds=total - solved - read_seconds,
        memory_mb=memory(),
        size=(*literal.matrix.shape, int(literal.integer.sum())),
        stages={"read": read_seconds, "build": total - solved - read_seconds, "solve": solved},
    )


def pyomo_model(literal: LiteralModel) -> Any:
    """Return the literal model as a `pyomo.environ.ConcreteModel`."""
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    columns: list[Any] = []
    for kind in variables_of(literal):
        lower, upper = kind.lower.tolist(), [None if np.isinf(bound) else bound for bound in kind.upper.tolist()]
        bounds = dict(enumerate(zip(lower, upper, strict=True)))
        domain = pyo.Binary if kind.binary else pyo.NonNegativeReals
        variable = pyo.Var(pyo.RangeSet(0, kind.stop - kind.start - 1), domain=domain, bounds=bounds)
        model.add_component(kind.name, variable)
        columns.extend(variable.values())
    worth = zip(literal.cost.tolist(), columns, strict=True)
    model.value = pyo.Objective(expr=pyo.quicksum(cost * column for cost, column in worth), sense=pyo.maximize)
    for family in constraints_of(literal):
        model.add_component(family.name, _constraint(pyo, family, columns))
    return model


def _constraint(pyo: Any, family: Constraints, columns: list[Any]) -> Any:
    """Return a constraint family as an indexed constraint."""
    start, index, value = (part.tolist() for part in (family.matrix.indptr, family.matrix.indices, family.matrix.data))
    right = family.right.tolist()

    def rule(_model: Any, row: int) -> Any:
        span = range(start[row], start[row + 1])
        left = pyo.quicksum(value[place] * columns[index[place]] for place in span)
        if family.sense == "=":
            return left == right[row]
        return left <= right[row] if family.sense == "<=" else left >= right[row]

    return pyo.Constraint(pyo.RangeSet(0, len(right) - 1), rule=rule)
