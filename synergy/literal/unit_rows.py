"""Constraints of units and links: what runs, what is built and what is opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from synergy.literal.bounds import capped
from synergy.literal.parts import Parts
from synergy.literal.rows import Block, Entries, at_least, at_most, grouped
from synergy.literal.scope import Floats, Ints, named


def _periods(parts: Parts, units: Ints) -> tuple[Ints, Ints, pd.Series[str], pd.Series[str]]:
    """Return position of unit and period, id and name of the period, for each unit in each period."""
    unit, period = np.repeat(units, parts.spans), np.tile(np.arange(parts.spans), len(units))
    return unit, period, named(parts.units.frame["id"], unit), parts.scope.when(period)


def runs(parts: Parts) -> Iterator[Block]:
    """Activity is at most what the capacity, or the size of a build, can do in the period."""
    frame, able = parts.units.frame, parts.units.able
    standing = np.flatnonzero(frame["kind"] == "facility")
    unit, period, ids, names = _periods(parts, standing)
    upper = frame["capacity"].to_numpy(dtype=float)[unit] * able[unit, period]
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    yield Block("run", ids, "", names, *at_most(len(unit), upper), (activity,))
    unit, period, ids, names = _periods(parts, np.flatnonzero(frame["kind"] == "build"))
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    owner = parts.units.steps["unit"].to_numpy(dtype=np.int64)
    step, span = np.repeat(np.arange(len(owner)), parts.spans), np.tile(np.arange(parts.spans), len(owner))
    row = (owner[step] - len(standing)) * parts.spans + span
    sizes = Entries(row, parts.first["size"] + step, -able[owner[step], span])
    yield Block("run", ids, "", names, *at_most(len(unit)), (activity, sizes))


def loads(parts: Parts) -> Iterator[Block]:
    """A facility with a least load is off, or runs between that and what it can do; must_run: it is never off."""
    frame, able, switched = parts.units.frame, parts.units.able, parts.units.switched
    could = frame["capacity"].to_numpy(dtype=float)[:, None] * able
    least = frame["min_load"].to_numpy(dtype=float)
    unit, period, ids, names = _periods(parts, switched)
    rows = np.arange(len(unit))
    activity, on = parts.run(unit, period), parts.first["on"] + rows
    low = Entries(rows, activity, 1.0), Entries(rows, on, -least[unit] * could[unit, period])
    yield Block("load_min", ids, "", names, *at_least(len(unit)), low)
    high = Entries(rows, activity, 1.0), Entries(rows, on, -could[unit, period])
    yield Block("load_max", ids, "", names, *at_most(len(unit)), high)
    always = np.flatnonzero(frame["must_run"].to_numpy(dtype=bool) & (least > 0))
    unit, period, ids, names = _periods(parts, always)
    lower = least[unit] * could[unit, period]
    floor = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    yield Block("load_min", ids, "", names, *at_least(len(unit), lower), (floor,))


def sizes(parts: Parts) -> Iterator[Block]:
    """What is built has a size between its bounds, and at most one step of scale is built at a site."""
    steps = parts.units.steps
    rows = np.arange(len(steps))
    size, built = Entries(rows, parts.first["size"] + rows, 1.0), parts.first["built"] + rows
    low = Entries(rows, built, -steps["minimum"].to_numpy(dtype=float))
    yield Block("size_min", steps["subject"], "", "", *at_least(len(rows)), (size, low))
    high = Entries(rows, built, -steps["maximum"].to_numpy(dtype=float))
    yield Block("size_max", steps["subject"], "", "", *at_most(len(rows)), (size, high))
    ids = named(parts.units.frame["id"], steps["unit"])
    several = steps["subject"].to_numpy() != ids.to_numpy()
    group, names = pd.factorize(ids[several])
    one = Entries(group, built[several], 1.0)
    yield Block("one_size", np.asarray(names), "", "", *at_most(len(names), 1.0), (one,))


def links(parts: Parts) -> Block:
    """What leaves over a link in a period is at most capacity * share(t), where it is open.

    Where a link that costs capex has no capacity, it is bounded by what its ends can send and take.
    """
    exchanges, routes = parts.exchanges, parts.routes
    capacity = routes["capacity"].to_numpy(dtype=float)
    bound = np.isfinite(capacity) | routes["new"].to_numpy(dtype=bool)
    among = np.flatnonzero(bound[exchanges.route])
    group, (route, period) = grouped(exchanges.route[among], exchanges.period[among])
    flows = Entries(group, among, 1.0)
    carried = np.where(np.isfinite(capacity[route]), capacity[route] * parts.scope.shares[period], np.inf)
    carried = np.where(np.isinf(carried), _ends_allow(parts, among, group, len(route)), carried)
    position = np.full(len(routes), -1)
    position[parts.opened] = np.arange(len(parts.opened))
    new = position[route] >= 0
    opens = Entries(np.flatnonzero(new), parts.first["open"] + position[route[new]], -carried[new])
    names = named(route_names(parts), route), parts.scope.goods(routes["commodity"].to_numpy()[route])
    bounds = at_most(len(route), np.where(new, 0.0, carried))
    return Block("link", *names, parts.scope.when(period), *bounds, (flows, opens))


def route_names(parts: Parts) -> pd.Series[str]:
    """Return ``from>to:mode`` of each route."""
    site = [*parts.scope.column("site"), ""]  # position -1: staying at a site
    start, end = (named(site, parts.routes[side]) for side in ("from", "to"))
    return start + ">" + end + ":" + parts.routes["mode"]


def _ends_allow(parts: Parts, among: Ints, group: Ints, groups: int) -> Floats:
    """Most that the exchanges of each group can carry: what their outlets give, and their inlets take.

    It is no constraint of a plan, so there what the plan sends is allowed.
    """
    exchanges = parts.exchanges
    if parts.sent is not None:
        return np.bincount(group, weights=parts.sent[among], minlength=groups).astype(float)
    period = exchanges.period[among]
    arrival = exchanges.arrival[among]
    given, taken = np.zeros(groups), np.zeros(groups)
    for side, ends, total in ((exchanges.outlet, parts.outlets, given), (exchanges.inlet, parts.inlets, taken)):
        seen = pd.DataFrame({"group": group, "end": side[among]}).drop_duplicates().index.to_numpy()
        np.add.at(total, group[seen], ends.most[side[among][seen], period[seen]])
    least = np.full(groups, 1.0)
    np.minimum.at(least, group, arrival)
    with np.errstate(divide="ignore", invalid="ignore"):
        taken = np.where(least > 0, taken / least, np.inf)
    return capped(parts.scope, np.minimum(given, taken))


def together(parts: Parts, block: Block, among: Ints, group: Ints) -> Block:
    """Return a block of groups of exchanges with the bound of what their ends allow; see `links`."""
    allowed = _ends_allow(parts, among, group, len(block))
    switch = block.entries[-1]
    return replace(block, entries=(*block.entries[:-1], Entries(switch.row, switch.column, -allowed)))
