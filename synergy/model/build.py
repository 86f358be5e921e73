"""Candidates -> Model: assemble variables, constraints and objective into one sparse MILP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from synergy.candidates.candidates import Candidates
from synergy.model import assembly, capacities, policy
from synergy.model.assembly import Assembly, Block
from synergy.model.policy import flow_co2
from synergy.model.variables import add_variables
from synergy.network.ends import EndKind, Ends, InletClass
from synergy.network.places import Bools, Floats

FAMILIES = (
    assembly.add_outlets,
    assembly.add_inlets,
    assembly.add_stores,
    assembly.add_qualities,
    capacities.add_loads,
    capacities.add_builds,
    capacities.add_links,
    capacities.add_keeps,
    capacities.add_markets,
    capacities.add_deals,
    policy.add_partners,
    policy.add_aims,
)


@dataclass(frozen=True, slots=True)
class Model:
    """Hold the MILP: maximise ``cost @ x``, ``row_lower <= matrix @ x <= row_upper``, ``lower <= x <= upper``.

    `columns` and `rows` are families with the keys of their members. `matrix` is (rows, columns), row limits are
    (rows,), other arrays (columns,). Columns are in units of the commodities and activities, `cost` in money a year.
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
    """Build the model of a problem from the exchanges, builds and links left open."""
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


def objective(assembly: Assembly, candidates: Candidates) -> Floats:
    """Return the objective coefficient of each column (money a year), shape (columns,)."""
    network = candidates.network
    dataset, units, links = network.dataset, network.units, network.links
    carbon = dataset.settings.carbon_price
    size = max((block.stop for block in assembly.columns.values()), default=0)
    cost = np.zeros(size)
    for name, key, value in (
        ("run", "unit", -(units.opex + carbon * units.co2)),
        ("size", "step", -units.steps.annuity * units.steps.unit_cost),
        ("built", "step", -units.steps.annuity * units.steps.fixed),
        ("open", "link", -links.annual),
        ("level", "store", -dataset["stores"]["hold_cost"].to_numpy(float)),
        ("put", "store", -dataset["stores"]["charge_cost"].to_numpy(float)),
        ("give", "end", -_prices(candidates, network.outlets)),
        ("take", "end", _prices(candidates, network.inlets)),
    ):
        block = assembly.block(name)
        if len(block):
            cost[block.span] = value[block.key[key]]
    flow = assembly.block("flow")
    if len(flow):
        cost[flow.span] = _flow_value(candidates, flow.key["arc"]) - carbon * flow_co2(candidates, assembly)
    return cost


def _prices(candidates: Candidates, ends: Ends) -> Floats:
    """Return the price of each offer, need and market end, 0 for units and stores."""
    dataset = candidates.network.dataset
    price = np.zeros(len(ends.kind))
    for kind, table in ((EndKind.OFFER, "offers"), (EndKind.NEED, "needs"), (EndKind.MARKET, "markets")):
        hit = ends.kind == kind
        price[hit] = dataset[table]["price"].to_numpy(float)[ends.ref[hit]]
    return price


def _flow_value(candidates: Candidates, arc: np.ndarray) -> Floats:
    """Return the objective value of each flow: transport and disposal cost, and the refund of disposed offers."""
    network = candidates.network
    value = -network.arcs.over(network.links.cost, 0.0)[arc]
    source = network.arcs.outlet[arc]
    disposed = network.sinks.rank[network.arcs.inlet[arc]] == InletClass.DISPOSAL
    per_unit = network.dataset["commodities"]["disposal_cost"].fillna(0.0).to_numpy(float)
    value -= np.where(disposed, per_unit[network.sources.commodity[source]], 0.0)
    first = network.sources.first[source]
    offered = network.outlets.alone[first] & (network.outlets.kind[first] == EndKind.OFFER)
    refund = np.where(disposed & offered, _prices(candidates, network.outlets)[first], 0.0)
    result: Floats = value + refund
    return result
