"""Scale: what can reach a unit that is below its least size or load, firm by firm."""

from __future__ import annotations

import numpy as np

from synergy.explanation.facts import Fact
from synergy.explanation.obstacles import owner_of
from synergy.explanation.trial import Exchange, Way
from synergy.network.ends import EndKind
from synergy.network.places import Floats, Ints


def scale_facts(exchange: Exchange, way: Way) -> dict[str, Fact]:
    """Return least size, what can reach the unit, and how many firms it takes.

    Parameters
    ----------
    exchange : Exchange
    way : Way
        A plan that has the unit.

    Returns
    -------
    dict of str to Fact
        ``unit`` (id), ``process``, ``least`` (activity a year), ``reach`` (activity a year that its scarcest input
        allows), ``short`` (least less reach, where that is less), ``firms`` (how many suppliers the least takes, by
        size), ``fewer`` (what one less is short of, activity a year).
    """
    network = exchange.trial.network
    unit, least = _unit(exchange, way)
    if unit is None:
        return {}
    places, units = network.places, network.units
    host = str(places.sites[units.site[unit]])
    own = owner_of(exchange.trial.dataset, host)
    process = str(places.processes[units.process[unit]])
    facts = {"unit": Fact(str(units.ids[unit]), own), "process": Fact(process, own), "least": Fact(least, own)}
    supply, good = _scarcest(exchange, unit)
    facts["input"] = Fact(good)
    if not np.isfinite(supply).all():
        return facts
    ranked = np.sort(supply[supply > 0])[::-1]
    total = np.cumsum(ranked)
    facts["reach"] = Fact(float(ranked.sum()))
    if not len(ranked) or total[-1] < least:
        facts["short"] = Fact(least - float(ranked.sum()))
        facts["firms"] = Fact(len(ranked))
        return facts
    needed = int(np.searchsorted(total, least * (1 - 1e-9))) + 1
    facts["firms"] = Fact(needed)
    if needed > 1:
        facts["fewer"] = Fact(least - float(total[needed - 2]))
    return facts


def _unit(exchange: Exchange, way: Way) -> tuple[int | None, float]:
    """Return the new or switched unit of a way and its least activity a year."""
    model, network = exchange.trial.model, exchange.trial.network
    chosen = exchange.own[exchange.needs(way) > 0.5]
    built, switch = model.column("built"), model.column("on")
    new = chosen[(chosen >= built.start) & (chosen < built.stop)]
    if len(new):
        step = built.key["step"][new[0] - built.start]
        return int(network.units.steps.unit[step]), float(network.units.steps.least[step])
    switched = chosen[(chosen >= switch.start) & (chosen < switch.stop)]
    if len(switched):
        unit = int(switch.key["unit"][switched[0] - switch.start])
        return unit, float(network.units.capacity[unit] * network.units.min_load[unit])
    return None, 0.0


def _scarcest(exchange: Exchange, unit: int) -> tuple[Floats, str]:
    """Return what each enterprise (public places last) can send a unit of its scarcest input, as activity a year."""
    network = exchange.trial.network
    members = np.flatnonzero((network.inlets.kind == EndKind.UNIT) & (network.inlets.ref == unit))
    best: tuple[Floats, str] = (np.array([np.inf]), "")
    for member in members:
        supply = _supply(exchange, int(network.inlets.group[member])) / network.inlets.coefficient[member]
        if supply.sum() < best[0].sum():
            best = (supply, str(network.places.commodities[network.inlets.commodity[member]]))
    return best


def _supply(exchange: Exchange, group: int) -> Floats:
    """Return what the outlets of each enterprise that reach a group could give it a year, outside markets too."""
    network, reach = exchange.trial.network, exchange.trial.reach
    arcs: Ints = np.flatnonzero(network.arcs.inlet == group)
    sources = np.unique(network.arcs.outlet[arcs])
    owner = network.places.owner[network.sources.site[sources]]
    flow = np.zeros(len(sources))
    place = np.searchsorted(sources, network.arcs.outlet[arcs])
    np.maximum.at(flow, place, reach.flow[arcs].sum(axis=1))
    amount = np.minimum(flow, reach.sent[sources].sum(axis=1))
    supply: Floats = np.bincount(owner % (len(network.places.enterprises) + 1), weights=amount).astype(float)
    return supply
