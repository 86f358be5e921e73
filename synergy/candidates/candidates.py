"""Candidates: presolve of a network; exchanges, builds and links left after dominance and bound arguments.

Bounds of units, groups and flows are tightened by propagation to a fixed point: a unit runs no more than its scarcest
input allows and than its outputs can go somewhere; a group sends no more than its members make and its exchanges carry.
Each bound is implied by the constraints of the contract, so tightening by it changes no optimum; it makes the
relaxation tight.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.candidates.scope import Scope
from synergy.dataset.schema import own_column
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
    shape (arcs, periods), the most that leaves over each exchange, 0 where it cannot be.
    """

    run: Floats
    given: Floats
    taken: Floats
    sent: Floats
    received: Floats
    flow: Floats


@dataclass(frozen=True, slots=True)
class Candidates:
    """Exchanges, builds and links left for the model, with bounds and the reasons for the others.

    `reach` holds bounds of units, members, groups and flows, 0 for excluded ones. `reason`, shape (arcs, periods), is
    the `ExclusionReason` of each exchange, `number`, of the same shape, the quantity that goes with it, if any. `step`,
    shape (steps,), marks the steps of scale that may be built; `size`, shape (units,), is the yearly capacity that
    suffices for all that a unit can run.
    """

    network: Network
    scope: Scope
    reach: ReachBounds
    reason: NDArray[np.int8]
    number: Floats
    step: Bools
    size: Floats


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
        large = np.append(_larger_than_need(network, scope, reach), False)[arcs.link]
        reason[(reason == 0) & large[:, None]] = ExclusionReason.LARGER_LINK
        reach = reach_of(network, scope, reason == 0)
    empty = (reason == 0) & (reach.flow <= 0)
    nothing = empty & (reach.sent[arcs.outlet] <= 0)
    reason[nothing] = ExclusionReason.NOTHING_TO_SEND
    reason[empty & ~nothing] = ExclusionReason.NOTHING_TO_TAKE
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = reach.run / (places.share[None, :] * units.available)
    size: Floats = np.asarray(np.nan_to_num(needed, nan=0.0, posinf=np.inf).max(axis=1, initial=0.0))
    part = scope.factor(places)[units.site[steps.unit]]
    step = scope.capital & (size[steps.unit] > 0) & (part > 0) & (steps.least <= steps.most * part)
    if prune:
        step &= ~_steps_too_large(network, size)
    return Candidates(network, scope, reach, reason, number, step, size)


def _ruled_out(network: Network, scope: Scope) -> dict[ExclusionReason, Bools]:
    """Return masks of the exchanges excluded by the scope or by a missing quality, in order of precedence."""
    arcs, links, places = network.arcs, network.links, network.places
    active = scope.sites(places)
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
        names[hit] = dataset[table][own_column(table)].to_numpy(object)[ref[hit]]
    hit = kind == EndKind.UNIT
    names[hit] = network.places.processes[network.units.process[ref[hit]]]
    return names


def _outside_prices(network: Network, side: str) -> Floats:
    """Return the best price by commodity and period at unlimited markets without a site.

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
    """Return the best price of the markets in each group: highest for sinks, lowest for sources."""
    ends, groups = (network.inlets, network.sinks) if side == "sell" else (network.outlets, network.sources)
    rank = InletClass.PLACE if side == "sell" else OutletClass.PLACE
    row = np.flatnonzero((ends.kind == EndKind.MARKET) & (ends.rank == rank))
    best = np.full(len(groups.site), -np.inf if side == "sell" else np.inf)
    price = network.dataset["markets"]["price"].to_numpy(float)[ends.ref[row]]
    (np.maximum if side == "sell" else np.minimum).at(best, ends.group[row], price)
    return best


def beaten_by_market(network: Network) -> Floats:
    """Return the loss per unit of each exchange between sites relative to trading at outside markets.

    Two sites that can sell and buy outside without limit need no exchange that costs more than the difference of the
    two prices. At a market with a site its own price replaces one of them. Shape (arcs, periods), positive or 0:
    dominated by that much; negative: not dominated; -inf where no such market exists.
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
    """Return the arcs that a policy constraint may require although they do not pay: fixed or mode-share arcs."""
    arcs, links, settings = network.arcs, network.links, network.dataset.settings
    wanted = np.zeros(len(links.mode), dtype=bool)
    for pattern in settings.fix:
        wanted |= matches(pattern, network.places, links.origin, links.target, links.commodity)
    names = network.places.commodities[links.commodity]
    for rule in settings.mode_share:
        wanted |= (names == rule.commodity) & np.isin(links.mode, np.asarray(rule.modes, dtype=object))
    return np.append(wanted, False)[arcs.link]


def _larger_than_need(network: Network, scope: Scope, reach: ReachBounds) -> Bools:
    """Return the links dominated by another link of sufficient capacity at no higher cost of any kind."""
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


def _steps_too_large(network: Network, size: Floats) -> Bools:
    """Return the steps of scale whose least size exceeds the need, where a smaller step costs less.

    `size`, shape (units,), is the yearly capacity that suffices for all that each unit can run.
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


def reach_of(network: Network, scope: Scope, allowed: Bools, *, tight: bool = True) -> ReachBounds:
    """Return the upper bounds for the members of a scope.

    `allowed`, shape (arcs, periods) or (arcs, 1), marks the exchanges that are not ruled out. Without `tight` the
    bounds stated in the tables are kept, so that a conflict can be reported in their terms.
    """
    places, units, arcs = network.places, network.units, network.arcs
    factor = scope.factor(places)
    unit_part = factor[units.site] * (scope.capital | ~units.is_build)
    run = _times(units.capacity[:, None] * places.share[None, :] * units.available, unit_part[:, None])
    kept = 1.0 - arcs.over(network.links.loss, 0.0)[:, None]
    most = carried(network, scope)
    limit = np.vstack([most, np.full((1, most.shape[1]), np.inf)])[arcs.link]
    limit = _times(limit, np.broadcast_to(allowed, limit.shape).astype(float))
    bounds = _stated(network, factor, run, limit)
    for _ in range(ROUNDS if tight else 0):
        bounds = _tightened(network, _stated(network, factor, run, limit), kept)
        if np.array_equal(bounds.run, run):
            break
        run = bounds.run
    return bounds


def _stated(network: Network, factor: Floats, run: Floats, limit: Floats) -> ReachBounds:
    """Return the bounds without propagation: each member's share of what the tables state, units by their activity."""
    public = network.places.owner == PUBLIC
    sides: list[tuple[Floats, Floats]] = []
    for ends, group in ((network.outlets, network.sources), (network.inlets, network.sinks)):
        amount = shared(ends.amount, factor[ends.site][:, None], public[ends.site][:, None])
        row = ends.kind == EndKind.UNIT
        amount[row] = _times(run[ends.ref[row]], ends.coefficient[row][:, None])
        sides.append((amount, sums(ends.group, amount, len(group.site))))
    (given, sent), (taken, received) = sides
    return ReachBounds(run, given, taken, sent, received, limit)


def _tightened(network: Network, stated: ReachBounds, kept: Floats) -> ReachBounds:
    """Perform one round of bound propagation from the activity bounds of units and back to them."""
    arcs, limit = network.arcs, stated.flow
    flow = np.minimum(np.minimum(limit, stated.sent[arcs.outlet]), _per(stated.received[arcs.inlet], kept))
    flow = np.where(limit > 0, flow, 0.0)
    sent = np.minimum(stated.sent, sums(arcs.outlet, flow, len(network.sources.site)))
    received = np.minimum(stated.received, sums(arcs.inlet, _times(flow, kept), len(network.sinks.site)))
    run = stated.run.copy()
    for ends, group in ((network.outlets, sent), (network.inlets, received)):
        row = np.flatnonzero(ends.kind == EndKind.UNIT)
        np.minimum.at(run, ends.ref[row], group[ends.group[row]] / ends.coefficient[row][:, None])
    return replace(stated, run=run, sent=sent, received=received, flow=flow)


def carried(network: Network, scope: Scope) -> Floats:
    """Return the capacity of each link, public links in the members' share, shape (links, periods)."""
    links, places = network.links, network.places
    public = (places.owner[links.origin] == PUBLIC) & (places.owner[links.target] == PUBLIC)
    part = np.where(public, scope.public_part(places), 1.0)
    return shared(links.capacity[:, None] * places.share[None, :], part[:, None], public[:, None])


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
    received = _per(taken[links.target * commodities + links.commodity], 1 - links.loss[:, None])
    most: Floats = np.minimum(sent[links.origin * commodities + links.commodity], received)
    return most


def shared(amount: Floats, factor: Floats, public: Bools) -> Floats:
    """Return the members' share of amounts; unlimited public amounts stay unlimited for any share, even 0.

    `factor`, shape (n, 1), is the share of each, 0 for non-members.
    """
    part: Floats = np.where(public & np.isposinf(amount), np.inf, _times(amount, factor))
    return part


def sums(index: Ints, amount: Floats, size: int) -> Floats:
    """Return column sums of `amount` by `index`, shape (size, periods); infinite parts make infinite sums."""
    total = np.zeros((size, amount.shape[1]))
    for period in range(amount.shape[1]):
        total[:, period] = np.bincount(index, weights=amount[:, period], minlength=size)
    return total


def _times(amount: Floats, factor: Floats) -> Floats:
    """Return the product, with infinity times 0 equal to 0."""
    with np.errstate(invalid="ignore"):
        product: Floats = np.nan_to_num(amount * factor, nan=0.0, posinf=np.inf)
    return product


def _per(amount: Floats, coefficient: Floats) -> Floats:
    """Return the quotient, with division by 0 giving infinity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = np.nan_to_num(amount / coefficient, nan=np.inf, posinf=np.inf)
    return quotient
