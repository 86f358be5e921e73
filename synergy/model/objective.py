"""Objective: the value in money a year, as the model contract defines it."""

from __future__ import annotations

import numpy as np

from synergy.candidates.candidates import Candidates
from synergy.model.aims import flow_co2
from synergy.model.assembly import Assembly
from synergy.network.ends import EndKind, Ends, InletClass
from synergy.network.places import Floats


def objective(assembly: Assembly, candidates: Candidates) -> Floats:
    """Return what one unit of each column adds to the value (money a year), shape (columns,)."""
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
    """Return the price of each offer, need and market among some ends, 0 for units and stores."""
    dataset = candidates.network.dataset
    price = np.zeros(len(ends.kind))
    for kind, table in ((EndKind.OFFER, "offers"), (EndKind.NEED, "needs"), (EndKind.MARKET, "markets")):
        hit = ends.kind == kind
        price[hit] = dataset[table]["price"].to_numpy(float)[ends.ref[hit]]
    return price


def _flow_value(candidates: Candidates, arc: np.ndarray) -> Floats:
    """Return transport and disposal cost of each flow as a value; an offer is not paid for what is disposed of."""
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
