"""What cannot pay: exchanges that selling and buying outside beats, pipes larger than need be, steps too large."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.candidates.reach import Reach, carried, wanted
from synergy.candidates.scope import Scope
from synergy.network.arcs import WITHIN
from synergy.network.ends import EndKind, InletClass, OutletClass
from synergy.network.links import matches
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats, positions


def _outside_prices(network: Network, side: str) -> Floats:
    """Return the best price by commodity and period at which any site trades outside without limit.

    Selling: the highest, -inf where there is none; buying: the lowest, inf where there is none.
    """
    markets, places = network.dataset["markets"], network.places
    free = (markets["side"] == side) & (markets["site"] == "") & markets["limit"].isna()
    free &= ~network.qualities.limited(markets["market"], markets["commodity"])
    rows = markets[free.to_numpy(bool)]
    commodity, period = positions(rows["commodity"], places.commodities), positions(rows["period"], places.periods)
    worst = -np.inf if side == "sell" else np.inf
    best = np.full((len(places.commodities), len(places.share)), worst)
    better = np.maximum if side == "sell" else np.minimum
    price = rows["price"].to_numpy(float)
    for index in range(len(places.share)):
        here = (period < 0) | (period == index)
        better.at(best[:, index], commodity[here], price[here])
    return best


def _place_prices(network: Network, side: str) -> Floats:
    """Return by group the best price of the markets that stand there: highest of sinks, lowest of sources."""
    ends, groups = (network.inlets, network.sinks) if side == "sell" else (network.outlets, network.sources)
    rank = InletClass.PLACE if side == "sell" else OutletClass.PLACE
    row = np.flatnonzero((ends.kind == EndKind.MARKET) & (ends.rank == rank))
    best = np.full(len(groups.site), -np.inf if side == "sell" else np.inf)
    price = network.dataset["markets"]["price"].to_numpy(float)[ends.ref[row]]
    (np.maximum if side == "sell" else np.minimum).at(best, ends.group[row], price)
    return best


def beaten_by_market(network: Network) -> Floats:
    """Return by how much money a unit each exchange between sites loses against trading outside.

    Whoever could sell outside without limit and whoever could buy there need no exchange that costs more than the
    difference of the two prices. At a market with a site its own price takes the place of one of them.

    Returns
    -------
    numpy.ndarray, shape (arcs, periods)
        Positive or 0: dominated by that much; negative: not dominated; -inf where no such market exists.
    """
    arcs, links, sources, sinks = network.arcs, network.links, network.sources, network.sinks
    carbon = network.dataset.settings.carbon_price
    over = np.flatnonzero(arcs.link != WITHIN)
    outlet, inlet, link = arcs.outlet[over], arcs.inlet[over], arcs.link[over]
    commodity = sources.commodity[outlet]
    worth = _outside_prices(network, "sell")[commodity]
    at_place = sources.rank[outlet] == OutletClass.PLACE
    worth[at_place] = _place_prices(network, "buy")[outlet[at_place]][:, None]
    paid = _outside_prices(network, "buy")[commodity]
    paid[network.inlets.alone[sinks.first[inlet]]] = np.inf
    into_place = sinks.rank[inlet] == InletClass.PLACE
    paid[into_place] = _place_prices(network, "sell")[inlet[into_place]][:, None]
    # an exchange from one market's place to another's is no trade-off of this kind
    paid[at_place & into_place] = np.inf
    cost = (links.cost + carbon * links.co2)[link]
    loss = np.full((len(arcs.link), worth.shape[1]), -np.inf)
    known = np.isfinite(worth) & np.isfinite(paid)
    with np.errstate(invalid="ignore"):
        loss[over] = np.where(known, cost[:, None] - ((1 - links.loss[link])[:, None] * paid - worth), -np.inf)
    loss[_asked_for(network)] = -np.inf
    return loss


def _asked_for(network: Network) -> Bools:
    """Return the arcs that an aim of the round may want though they do not pay: fixed, or of a mode with a share."""
    arcs, links, settings = network.arcs, network.links, network.dataset.settings
    wanted = np.zeros(len(links.mode), dtype=bool)
    for pattern in settings.fix:
        wanted |= matches(pattern, network.places, links.origin, links.target, links.commodity)
    names = network.places.commodities[links.commodity]
    for rule in settings.mode_share:
        wanted |= (names == rule.commodity) & np.isin(links.mode, np.asarray(rule.modes, dtype=object))
    return np.append(wanted, False)[arcs.link]


def larger_than_need(network: Network, scope: Scope, reach: Reach) -> Bools:
    """Return the links beside which another carries all that can flow at no higher cost of any kind.

    Parameters
    ----------
    network, scope : Network, Scope
        The problem.
    reach : Reach
        Bounds of flows.

    Returns
    -------
    numpy.ndarray of bool, shape (links,)
    """
    links = network.links
    most, owner = carried(network, scope), network.places.owner
    ample: Bools = np.asarray((most >= wanted(network, reach)).all(axis=1))
    # between public places a coalition has a part of the capacity, and what it wants does not shrink alike
    public = (owner[links.origin] == PUBLIC) & (owner[links.target] == PUBLIC)
    ample &= ~public | np.isinf(most).all(axis=1)
    cost = links.cost + network.dataset.settings.carbon_price * links.co2
    table = pd.DataFrame(
        {"origin": links.origin, "target": links.target, "commodity": links.commodity, "link": np.arange(len(cost))}
    )
    table = table[(links.annual > 0) | ample]
    pairs = table[ample[table["link"]]].merge(table, on=["origin", "target", "commodity"], suffixes=("_a", "_b"))
    a, b = pairs["link_a"].to_numpy(int), pairs["link_b"].to_numpy(int)
    figures = (cost, links.loss, links.co2, links.annual, links.capex)
    no_worse = np.all([figure[a] <= figure[b] for figure in figures], axis=0)
    better = np.any([figure[a] < figure[b] for figure in figures], axis=0) | (a < b)
    beaten = np.zeros(len(cost), dtype=bool)
    beaten[b[no_worse & better & (a != b)]] = True
    shared = {rule.commodity for rule in network.dataset.settings.mode_share}
    beaten &= ~np.isin(network.places.commodities[links.commodity], np.asarray(sorted(shared), dtype=object))
    return beaten


def steps_too_large(network: Network, size: Floats) -> Bools:
    """Return the steps of scale that start beyond what a unit can ever use, where a smaller step costs no more.

    Parameters
    ----------
    network : Network
        The problem.
    size : numpy.ndarray, shape (units,)
        Yearly capacity that suffices for all that each unit can run.

    Returns
    -------
    numpy.ndarray of bool, shape (steps,)
    """
    steps = network.units.steps
    need = size[steps.unit]
    floor = steps.fixed + steps.unit_cost * steps.least
    enough = steps.most >= need
    with np.errstate(invalid="ignore"):
        at_need = np.where(enough, steps.fixed + steps.unit_cost * np.maximum(need, steps.least), np.inf)
    cheapest = np.full(len(size), np.inf)
    np.minimum.at(cheapest, steps.unit, np.where(np.isfinite(at_need), at_need, np.inf))
    beaten: Bools = (steps.least > need) & (floor > cheapest[steps.unit])
    return beaten
