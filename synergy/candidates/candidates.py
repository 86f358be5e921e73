"""Candidates: presolve of a network; exchanges, builds and links left after dominance and bound arguments.

Bounds of units, groups and flows are tightened by propagation to a fixed point: a unit runs no more than its scarcest
input allows and than its outputs can go somewhere; a group sends no more than its members make and its exchanges carry.
Each bound is implied by the constraints of the contract, so tightening by it changes no optimum; it makes the
relaxation tight.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.candidates.scope import Scope
from synergy.dataset.schema import TABLES
from synergy.network.ends import BETWEEN, EndKind, InletClass, OutletClass
from synergy.network.network import WITHIN, Network, between_enterprises, matches
from synergy.network.places import PUBLIC, Bools, Floats, Ints, positions

ROUNDS = 12  # of tightening: the bounds shrink fast; what is left after that is loose but valid


class ExclusionReason(IntEnum):
    """Reason why an exchange is ruled out; the number stored with it quantifies the reason."""

    CANDIDATE = 0
    NOT_MEMBER = 1  # an end takes no part
    NO_DEAL = 2  # today: nothing is traded along this pair
    NO_CAPITAL = 3  # the link would have to be built
    QUALITY_UNSTATED = 4  # the outlet does not state a quality that the inlet limits
    MARKET = 5  # money per unit by which selling and buying outside is better
    LARGER_LINK = 6  # another link of the pair carries all there is at no higher cost
    NOTHING_TO_SEND = 7  # the outlet has nothing that could leave
    NOTHING_TO_TAKE = 8  # the inlet can take nothing


@dataclass(frozen=True, slots=True)
class ReachBounds:
    """Upper bounds by period.

    `run`, shape (units, periods), is the most activity; `given` and `taken`, by outlet or inlet, the most that each
    member gives or takes; `sent` and `received`, by source or sink, the most that each group sends or receives; `flow`,
    shape (arcs, periods), the most that leaves over each exchange, 0 where it cannot be; `link`, shape
    (links, periods), the capacity of each link, public links in the members' share.
    """

    run: Floats
    given: Floats
    taken: Floats
    sent: Floats
    received: Floats
    flow: Floats
    link: Floats


@dataclass(frozen=True, slots=True)
class Candidates:
    """Exchanges, builds and links left for the model, with bounds and the reasons for the others.

    `reach` holds bounds of units, members, groups and flows, 0 for excluded ones. `reason`, shape (arcs, periods), is
    the `ExclusionReason` of each exchange, `number`, of the same shape, the quantity that goes with it, if any. `step`,
    shape (steps,), marks the steps of scale that may be built; `size`, shape (units,), is the yearly capacity that
    suffices for all that a unit can run. `least`, shape (units, periods), is the least activity of each unit while it
    is on; `kept`, shape (arcs,), the fraction of a flow that arrives (one minus the loss of its link).
    """

    network: Network
    scope: Scope
    reach: ReachBounds
    reason: NDArray[np.int8]
    number: Floats
    step: Bools
    size: Floats
    least: Floats
    kept: Floats


def candidates_of(network: Network, scope: Scope, *, prune: bool = True, tight: bool = True) -> Candidates:
    """Return the candidates of a scope.

    Without `prune`, exchanges that are feasible but dominated are kept (the property test compares both); without
    `tight`, the bounds that the tables state.
    """
    arcs, units, places, steps = network.arcs, network.units, network.places, network.units.steps
    shape = (len(arcs.link), len(places.share))
    reason, number = np.zeros(shape, dtype=np.int8), np.zeros(shape)
    for code, out in _ruled_out(network, scope).items():
        reason[(reason == 0) & out[:, None]] = code
    if prune:
        beaten = beaten_by_market(network)
        first = (reason == 0) & (beaten >= 0)
        reason[first] = ExclusionReason.MARKET
        number[first] = beaten[first]
    reach = reach_of(network, scope, reason == 0, tight=tight)
    if prune:
        large = np.append(_larger_than_need(network, reach), False)[arcs.link]
        reason[(reason == 0) & large[:, None]] = ExclusionReason.LARGER_LINK
        reach = reach_of(network, scope, reason == 0)
    empty = (reason == 0) & (reach.flow <= 0)
    nothing = empty & (reach.sent[arcs.outlet] <= 0)
    reason[nothing] = ExclusionReason.NOTHING_TO_SEND
    reason[empty & ~nothing] = ExclusionReason.NOTHING_TO_TAKE
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = reach.run / (places.share[None, :] * units.available)
    size: Floats = np.asarray(np.nan_to_num(needed, nan=0.0, posinf=np.inf).max(axis=1, initial=0.0))
    part = scope.parts(places)[1][units.site]
    room = part[steps.unit]
    step = scope.capital & (size[steps.unit] > 0) & (room > 0) & (steps.least <= steps.most * room)
    if prune:
        # a step whose least size exceeds the need is beaten where a smaller one costs less
        need = size[steps.unit]
        with np.errstate(invalid="ignore"):
            at_need = steps.fixed + steps.unit_cost * np.maximum(need, steps.least)
        cheapest = np.full(len(size), np.inf)
        np.minimum.at(cheapest, steps.unit, np.where((steps.most >= need) & np.isfinite(at_need), at_need, np.inf))
        floor = steps.fixed + steps.unit_cost * steps.least
        step &= ~((steps.least > need) & (floor > cheapest[steps.unit]))
    load = np.where(units.min_load > 0, units.capacity, 0.0) * units.min_load * part
    least = np.asarray(load[:, None] * places.share[None, :] * units.available)
    kept = 1.0 - np.append(network.links.loss, 0.0)[arcs.link]
    return Candidates(network, scope, reach, reason, number, step, size, least, kept)


def _ruled_out(network: Network, scope: Scope) -> dict[ExclusionReason, Bools]:
    """Return masks of the exchanges excluded by the scope or by a missing quality, in order of precedence."""
    arcs, links, places = network.arcs, network.links, network.places
    active, _ = scope.parts(places)
    origin, target = network.sources.site[arcs.outlet], network.sinks.site[arcs.inlet]
    out = {ExclusionReason.NOT_MEMBER: ~(active[origin] & active[target])}
    if scope.deals:
        deals, commodity = network.dataset["deals"], network.sources.commodity[arcs.outlet]
        ends = [positions(deals[name], places.sites) for name in ("from_site", "to_site")]
        known = pd.MultiIndex.from_arrays([*ends, positions(deals["commodity"], places.commodities)])
        dealt = np.asarray(pd.MultiIndex.from_arrays([origin, target, commodity]).isin(known))
        out[ExclusionReason.NO_DEAL] = between_enterprises(places, origin, target) & ~dealt
    if not scope.capital:
        out[ExclusionReason.NO_CAPITAL] = np.append(links.capex > 0, False)[arcs.link] & (arcs.link != WITHIN)
    limits = quality_rows(network)
    limited = np.zeros((len(network.sinks.site), len(network.qualities.properties)), dtype=bool)
    limited[limits["sink"].to_numpy(int), limits["property"].to_numpy(int)] = True
    if limited.any():
        silent = np.isnan(network.qualities.values)[network.sources.signature[arcs.outlet]]
        out[ExclusionReason.QUALITY_UNSTATED] = np.asarray((limited[arcs.inlet] & silent).any(axis=1))
    return out


def quality_rows(network: Network) -> pd.DataFrame:
    """Return the quality limits of each sink: sink, property, minimum, maximum (NaN = none)."""
    limits = network.qualities.limits
    row = np.flatnonzero(network.inlets.alone)
    if not len(limits) or not len(row):
        return pd.DataFrame({"sink": [], "property": [], "minimum": [], "maximum": []}).astype({"sink": int})
    holders = pd.DataFrame(
        {
            "sink": network.inlets.group[row],
            "holder": holder_ids(network, row),
            "commodity": network.places.commodities[network.inlets.commodity[row]],
        }
    )
    joined = holders.merge(limits, on=["holder", "commodity"], how="inner", sort=False)
    return joined[["sink", "property", "minimum", "maximum"]]


def holder_ids(network: Network, inlets: Ints) -> Any:
    """Return the id of the holder of each inlet in its table: need, store, market or process."""
    ends, dataset = network.inlets, network.dataset
    kind, ref = ends.kind[inlets], ends.ref[inlets]
    names = np.empty(len(inlets), dtype=object)
    for end, table in ((EndKind.NEED, "needs"), (EndKind.STORE, "stores"), (EndKind.MARKET, "markets")):
        hit = kind == end
        names[hit] = dataset[table][TABLES[table].key[0]].to_numpy(object)[ref[hit]]
    hit = kind == EndKind.UNIT
    names[hit] = network.places.processes[network.units.process[ref[hit]]]
    return names


def _market_prices(network: Network, side: str) -> tuple[Floats, Floats]:
    """Return the best prices of the markets of one side: at unlimited markets without a site, and in each group.

    The former are by commodity and period, the latter by sink or source. Selling: the highest, -inf where there is no
    market; buying: the lowest, inf where there is none.
    """
    selling, markets, places = side == "sell", network.dataset["markets"], network.places
    better, worst = (np.maximum, -np.inf) if selling else (np.minimum, np.inf)
    price = markets["price"].to_numpy(float)
    free = (markets["side"] == side) & (markets["site"] == "") & markets["limit"].isna()
    limits = network.qualities.limits
    free &= positions((markets["market"], markets["commodity"]), (limits["holder"], limits["commodity"])) < 0
    row = np.flatnonzero(free.to_numpy(bool))
    commodity = positions(markets["commodity"].iloc[row], places.commodities)
    period = positions(markets["period"].iloc[row], places.periods)
    outside = np.full((len(places.commodities), len(places.share)), worst)
    for index in range(len(places.share)):
        here = (period < 0) | (period == index)
        better.at(outside[:, index], commodity[here], price[row[here]])
    ends, groups = (network.inlets, network.sinks) if selling else (network.outlets, network.sources)
    at = np.flatnonzero((ends.kind == EndKind.MARKET) & (ends.rank == (InletClass if selling else OutletClass).PLACE))
    sited = np.full(len(groups.site), worst)
    better.at(sited, ends.group[at], price[ends.ref[at]])
    return outside, sited


def beaten_by_market(network: Network) -> Floats:
    """Return the loss per unit of each exchange between sites relative to trading at outside markets.

    Two sites that can sell and buy outside without limit need no exchange that costs more than the difference of the
    two prices. At a market with a site its own price replaces one of them. Shape (arcs, periods), positive or 0:
    dominated by that much; negative: not dominated; -inf where no such market exists.
    """
    arcs, links, sources, sinks = network.arcs, network.links, network.sources, network.sinks
    settings = network.dataset.settings
    over = np.flatnonzero(arcs.link != WITHIN)
    outlet, inlet, link = arcs.outlet[over], arcs.inlet[over], arcs.link[over]
    commodity = sources.commodity[outlet]
    (sold, at_sinks), (bought, at_sources) = (_market_prices(network, side) for side in ("sell", "buy"))
    worth, paid = sold[commodity], bought[commodity]
    at_place, into_place = sources.rank[outlet] == OutletClass.PLACE, sinks.rank[inlet] == InletClass.PLACE
    worth[at_place] = at_sources[outlet[at_place]][:, None]
    paid[network.inlets.alone[sinks.first[inlet]]] = np.inf
    paid[into_place] = at_sinks[inlet[into_place]][:, None]
    # an exchange from one market's place to another's is no trade-off of this kind
    paid[at_place & into_place] = np.inf
    cost = (links.cost + settings.carbon_price * links.co2)[link]
    loss = np.full((len(arcs.link), worth.shape[1]), -np.inf)
    known = np.isfinite(worth) & np.isfinite(paid)
    with np.errstate(invalid="ignore"):
        loss[over] = np.where(known, cost[:, None] - ((1 - links.loss[link])[:, None] * paid - worth), -np.inf)
    # an exchange that is fixed, or counts for a mode share, may be asked for although it does not pay
    asked = np.zeros(len(links.mode), dtype=bool)
    for pattern in settings.fix:
        asked |= matches(pattern, network.places, links.origin, links.target, links.commodity)
    names = network.places.commodities[links.commodity]
    for rule in settings.mode_share:
        asked |= (names == rule.commodity) & np.isin(links.mode, np.asarray(rule.modes, dtype=object))
    loss[np.append(asked, False)[arcs.link]] = -np.inf
    return loss


def _larger_than_need(network: Network, reach: ReachBounds) -> Bools:
    """Return the links dominated by another link of sufficient capacity at no higher cost of any kind."""
    links, most, owner = network.links, reach.link, network.places.owner
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


def reach_of(network: Network, scope: Scope, allowed: Bools, *, tight: bool = True) -> ReachBounds:
    """Return the upper bounds for the members of a scope.

    `allowed`, shape (arcs, periods) or (arcs, 1), marks the exchanges that are not ruled out. Without `tight` the
    bounds stated in the tables are kept, so that a conflict can be reported in their terms.
    """
    places, units, arcs, links = network.places, network.units, network.arcs, network.links
    owner, (_, part) = places.owner, scope.parts(places)
    unit_part = part[units.site] * (scope.capital | ~units.is_build)
    run = shared(units.capacity[:, None] * places.share[None, :] * units.available, unit_part[:, None])
    common = ((owner[links.origin] == PUBLIC) & (owner[links.target] == PUBLIC))[:, None]
    link_part = np.where(common, part[links.origin][:, None], 1.0)
    most = shared(links.capacity[:, None] * places.share[None, :], link_part, common)
    kept = 1.0 - np.append(links.loss, 0.0)[arcs.link][:, None]
    limit = np.vstack([most, np.full((1, most.shape[1]), np.inf)])[arcs.link]
    limit = shared(limit, np.broadcast_to(allowed, limit.shape).astype(float))
    given, taken = (
        shared(ends.amount, part[ends.site][:, None], owner[ends.site][:, None] == PUBLIC)
        for ends in (network.outlets, network.inlets)
    )
    units_out, units_in = (np.flatnonzero(ends.kind == EndKind.UNIT) for ends in (network.outlets, network.inlets))
    sides = ((network.outlets, units_out, given), (network.inlets, units_in, taken))
    for _ in range(ROUNDS):
        # of units, by their activity; all others as the tables state it
        for ends, row, amount in sides:
            amount[row] = shared(run[ends.ref[row]], ends.coefficient[row][:, None])
        sent = sums(network.outlets.group, given, len(network.sources.site))
        received = sums(network.inlets.group, taken, len(network.sinks.site))
        flow = limit
        if not tight:
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = np.nan_to_num(received[arcs.inlet] / kept, nan=np.inf, posinf=np.inf)
        flow = np.where(limit > 0, np.minimum(np.minimum(limit, sent[arcs.outlet]), reached), 0.0)
        sent = np.minimum(sent, sums(arcs.outlet, flow, len(sent)))
        received = np.minimum(received, sums(arcs.inlet, shared(flow, kept), len(received)))
        before, run = run, run.copy()
        for (ends, row, _), group in zip(sides, (sent, received), strict=True):
            np.minimum.at(run, ends.ref[row], group[ends.group[row]] / ends.coefficient[row][:, None])
        if np.array_equal(run, before):
            break
    return ReachBounds(run, given, taken, sent, received, flow, most)


def wanted(network: Network, reach: ReachBounds) -> Floats:
    """Return the greatest useful flow of each link, from its two ends' supply and demand, shape (links, periods).

    Capacities of the link and of its rivals are ignored.
    """
    links, commodities = network.links, len(network.places.commodities)
    outgoing: Bools = np.asarray(BETWEEN.any(axis=1))[network.sources.rank]
    incoming: Bools = np.asarray(BETWEEN.any(axis=0))[network.sinks.rank]
    cells = len(network.places.sites) * commodities
    sent_at = network.sources.site[outgoing] * commodities + network.sources.commodity[outgoing]
    taken_at = network.sinks.site[incoming] * commodities + network.sinks.commodity[incoming]
    sent = sums(sent_at, reach.sent[outgoing], cells)
    taken = sums(taken_at, reach.received[incoming], cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        received = taken[links.target * commodities + links.commodity] / (1 - links.loss[:, None])
    received = np.nan_to_num(received, nan=np.inf, posinf=np.inf)
    most: Floats = np.minimum(sent[links.origin * commodities + links.commodity], received)
    return most


def shared(amount: Floats, factor: Floats, public: Bools | bool = False) -> Floats:
    """Return amounts times factors, where infinity times 0 is 0; unlimited public amounts stay unlimited even then.

    A factor, shape (n, 1), is the members' share, 0 for non-members.
    """
    with np.errstate(invalid="ignore"):
        product = np.nan_to_num(amount * factor, nan=0.0, posinf=np.inf)
    part: Floats = np.where(public & np.isposinf(amount), np.inf, product)
    return part


def sums(index: Ints, amount: Floats, size: int) -> Floats:
    """Return column sums of `amount` by `index`, shape (size, periods); infinite parts make infinite sums."""
    total = np.zeros((size, amount.shape[1]))
    for period in range(amount.shape[1]):
        total[:, period] = np.bincount(index, weights=amount[:, period], minlength=size)
    return total
