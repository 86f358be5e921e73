"""The literal model in linopy: variables by kind, constraints by family, sums by groups of terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bench.cases import Constraints, Variables, constraints_of, variables_of
from bench.runs import BenchRun, Stopwatch, finite, memory
from synergy.literal.build import LiteralModel

if TYPE_CHECKING:
    from linopy import LinearExpression, Model, Variable


def run(folder: str, seconds: float) -> BenchRun:
    """Read, build with linopy and solve with HiGHS."""
    import linopy  # noqa: F401 - its import belongs to no figure but the whole process

    from synergy.dataset.read import read
    from synergy.literal.build import build

    clock = Stopwatch()
    dataset = read(folder)
    read_seconds = clock.seconds
    literal = build(dataset)
    model = linopy_model(literal)
    options = {"time_limit": clock.left(seconds), "mip_rel_gap": 1e-4, "threads": 1, "output_flag": False}
    model.solve("highs", io_api="direct", progress=False, **options)
    info, solved = model.solver_model.getInfo(), model.solver_model.getRunTime()
    found = info.primal_solution_status == 2
    total = clock.seconds
    build_seconds = total - solved - read_seconds
    return BenchRun(
        value=finite(model.objective.value) if found else None,
        bound=finite(info.mip_dual_bound if literal.integer.any() else info.objective_function_value),
        seconds=total,
        build_seconds=build_seconds,
        memory_mb=memory(),
        size=(*literal.matrix.shape, int(literal.integer.sum())),
        stages={"read": read_seconds, "build": build_seconds, "solve": solved},
    )


def linopy_model(literal: LiteralModel) -> Any:
    """Return the literal model as a `linopy.Model`.

    Rows differ much in length, so the sparse backing of linopy 0.10 is used: padded to the longest row, a family like
    the market limits would not fit into memory.
    """
    import linopy

    linopy.options["semantics"] = "v1"
    model: Any = linopy.Model(sparse=True)
    kinds = variables_of(literal)
    variables = [_variable(model, kind) for kind in kinds]
    worth = [(kind.cost * variable).sum() for kind, variable in zip(kinds, variables, strict=True) if kind.cost.any()]
    model.add_objective(linopy.merge(worth, join="outer"), sense="max")
    for family in constraints_of(literal):
        terms = _terms(family, kinds, variables)
        left = terms[0] if len(terms) == 1 else linopy.merge(terms, join="outer")
        right = pd.Series(family.right, pd.RangeIndex(len(family.right), name="row"))
        model.add_constraints(left, family.sense, right.loc[left.indexes["row"]], name=family.name)
    return model


def _variable(model: Model, kind: Variables) -> Variable:
    index = [pd.RangeIndex(kind.stop - kind.start, name=kind.name)]
    if kind.binary:
        return model.add_variables(coords=index, name=kind.name, binary=True)
    return model.add_variables(lower=kind.lower, upper=kind.upper, coords=index, name=kind.name)


def _terms(family: Constraints, kinds: list[Variables], variables: list[Variable]) -> list[LinearExpression]:
    """Return a sum by row for each kind of variable in a constraint family."""
    entries = family.matrix.tocoo()
    row, column = entries.coords
    found = []
    for kind, variable in zip(kinds, variables, strict=True):
        here = np.flatnonzero((column >= kind.start) & (column < kind.stop))
        if not len(here):
            continue
        term = pd.RangeIndex(len(here), name=kind.name)
        chosen = variable.isel({kind.name: column[here] - kind.start}).assign_coords({kind.name: term})
        groups = pd.Series(row[here], term, name="row")
        found.append((pd.Series(entries.data[here], term) * chosen).groupby(groups).sum())
    return found
