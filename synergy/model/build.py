"""Candidates -> Model: all variables, constraints and the objective as one sparse problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from synergy.candidates.candidates import Candidates
from synergy.model import aims, balances, capacities
from synergy.model.assembly import Assembly, Block
from synergy.model.objective import objective
from synergy.model.variables import add_variables
from synergy.network.places import Bools, Floats

FAMILIES = (
    balances.add_outlets,
    balances.add_inlets,
    balances.add_stores,
    balances.add_qualities,
    capacities.add_loads,
    capacities.add_builds,
    capacities.add_links,
    capacities.add_keeps,
    capacities.add_markets,
    capacities.add_deals,
    aims.add_partners,
    aims.add_aims,
)


@dataclass(frozen=True, slots=True)
class Model:
    """Maximise ``cost @ x`` with ``row_lower <= matrix @ x <= row_upper``, ``lower <= x <= upper``, some x integer.

    Parameters
    ----------
    candidates : Candidates
        What the columns mean.
    columns, rows : dict of str to Block
        Families and what each member is about.
    matrix : scipy.sparse.csr_array, shape (rows, columns)
    row_lower, row_upper : numpy.ndarray, shape (rows,)
    lower, upper, cost : numpy.ndarray, shape (columns,)
        Units of the commodities and activities; money a year.
    integer : numpy.ndarray of bool, shape (columns,)
    """

    candidates: Candidates
    columns: dict[str, Block]
    rows: dict[str, Block]
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    cost: Floats
    integer: Bools

    def column(self, name: str) -> Block:
        """Return a family of columns, empty where the problem has none."""
        return self.columns.get(name, Block(0, 0, {}))


def build(candidates: Candidates) -> Model:
    """Return the model of a problem.

    Parameters
    ----------
    candidates : Candidates
        What may be decided.

    Returns
    -------
    Model
    """
    assembly = Assembly()
    add_variables(assembly, candidates)
    for family in FAMILIES:
        family(assembly, candidates)
    lower, upper, integer = assembly.bounds()
    row_lower, row_upper = assembly.limits()
    return Model(
        candidates=candidates,
        columns=assembly.columns,
        rows=assembly.rows,
        matrix=assembly.matrix(),
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=np.maximum(lower, upper),
        cost=objective(assembly, candidates),
        integer=integer,
    )
