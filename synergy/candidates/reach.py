"""Reach: bound tightening of units, groups and flows by propagation to a fixed point.

A fixed point of simple bounds: a unit runs no more than its scarcest input allows and than its outputs can go
somewhere; a group sends no more than its members make and its exchanges carry. Each bound is implied by the
constraints of the contract, so tightening by it changes no optimum; it makes the relaxation tight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.candidates.scope import Scope
from synergy.network.ends import BETWEEN, EndKind, Ends
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats, Ints

ROUNDS = 12  # the bounds shrink fast; what is left after that is loose but valid


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


def _times(amount: Floats, factor: Floats) -> Floats:
    """Return the product, with infinity times 0 equal to 0."""
    with np.errstate(invalid="ignore"):
        product: Floats = np.nan_to_num(amount * factor, nan=0.0, posinf=np.inf)
    return product


def shared(amount: Floats, factor: Floats, public: Bools) -> Floats:
    """Return the members' share of amounts; unlimited public amounts stay unlimited for any share, even 0.

    `factor`, shape (n, 1), is the share of each, 0 for non-members.
    """
    part: Floats = np.where(public & np.isposinf(amount), np.inf, _times(amount, factor))
    return part


def _per(amount: Floats, coefficient: Floats) -> Floats:
    """Return the quotient, with division by 0 giving infinity."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Floats = np.nan_to_num(amount / coefficient, nan=np.inf, posinf=np.inf)
    return quotient


def sums(index: Ints, amount: Floats, size: int) -> Floats:
    """Return column sums of `amount` by `index`, shape (size, periods); infinite parts make infinite sums."""
    total = np.zeros((size, amount.shape[1]))
    for period in range(amount.shape[1]):
        total[:, period] = np.bincount(index, weights=amount[:, period], minlength=size)
    return total


def _smallest(index: Ints, amount: Floats, start: Floats) -> Floats:
    """Return `start` lowered to the minimum of `amount` by `index`."""
    result = start.copy()
    np.minimum.at(result, index, amount)
    return result


def carried(network: Network, scope: Scope) -> Floats:
    """Return the capacity of each link, public links in the members' share, shape (links, periods)."""
    links, places = network.links, network.places
    public = (places.owner[links.origin] == PUBLIC) & (places.owner[links.target] == PUBLIC)
    part = np.where(public, scope.public_part(places), 1.0)
    return shared(links.capacity[:, None] * places.share[None, :], part[:, None], public[:, None])


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
    if not tight:
        return _stated(network, factor, run, limit)
    bounds = ReachBounds(run, *([np.empty(0)] * 5))
    for _ in range(ROUNDS):
        bounds = _tightened(network, factor, bounds.run, limit, kept)
        if np.array_equal(bounds.run, run):
            break
        run = bounds.run
    return bounds


def _stated(network: Network, factor: Floats, run: Floats, limit: Floats) -> ReachBounds:
    """Return the bounds stated in the tables, without propagation."""
    given, taken = (_members(network, ends, factor, run) for ends in (network.outlets, network.inlets))
    sent = sums(network.outlets.group, given, len(network.sources.site))
    received = sums(network.inlets.group, taken, len(network.sinks.site))
    return ReachBounds(run, given, taken, sent, received, limit)


def _tightened(network: Network, factor: Floats, run: Floats, limit: Floats, kept: Floats) -> ReachBounds:
    """Perform one round of bound propagation from the activity bounds of units and back to them."""
    arcs, outlets, inlets = network.arcs, network.outlets, network.inlets
    given = _members(network, outlets, factor, run)
    taken = _members(network, inlets, factor, run)
    sources, sinks = len(network.sources.site), len(network.sinks.site)
    sent = sums(outlets.group, given, sources)
    received = sums(inlets.group, taken, sinks)
    flow = np.minimum(np.minimum(limit, sent[arcs.outlet]), _per(received[arcs.inlet], kept))
    flow = np.where(limit > 0, flow, 0.0)
    sent = np.minimum(sent, sums(arcs.outlet, flow, sources))
    received = np.minimum(received, sums(arcs.inlet, _times(flow, kept), sinks))
    for ends, group in ((outlets, sent), (inlets, received)):
        row = np.flatnonzero(ends.kind == EndKind.UNIT)
        most = group[ends.group[row]] / ends.coefficient[row][:, None]
        run = _smallest(ends.ref[row], most, run)
    return ReachBounds(run, given, taken, sent, received, flow)


def _members(network: Network, ends: Ends, factor: Floats, run: Floats) -> Floats:
    """Return the upper bound of each member's supply or intake: its share of amounts, units by their activity."""
    public = network.places.owner == PUBLIC
    amount = shared(ends.amount, factor[ends.site][:, None], public[ends.site][:, None])
    row = ends.kind == EndKind.UNIT
    amount[row] = _times(run[ends.ref[row]], ends.coefficient[row][:, None])
    return amount


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
