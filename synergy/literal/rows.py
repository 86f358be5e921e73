"""Rows: one constraint family as a block of named rows, and blocks joined into a matrix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from synergy.literal.bounds import capped
from synergy.literal.ends import LiteralEnds
from synergy.literal.exchanges import deals_of, limited, matches, partnership, quality_limits, quality_values
from synergy.literal.parts import Parts, enterprises_of
from synergy.literal.scope import Flags, Floats, Ints, Variant, named
from synergy.literal.value import capex, emissions

ROW_COLUMNS = ("constraint", "subject", "commodity", "period")


@dataclass(frozen=True, slots=True)
class Entries:
    """Coefficients of a block: rows (counted in the block), columns and values, broadcast to one length."""

    row: ArrayLike
    column: ArrayLike
    value: ArrayLike


@dataclass(frozen=True, slots=True)
class RowBlock:
    """The rows of one constraint family: lower <= coefficients . x <= upper.

    `subject`, `commodity` and `period` are one a row or one for all, "" for none; entries of one row and column add up.
    """

    constraint: str
    subject: ArrayLike
    commodity: ArrayLike
    period: ArrayLike
    lower: Floats
    upper: Floats
    entries: tuple[Entries, ...]

    def __len__(self) -> int:
        return len(self.lower)

    def said(self, name: str) -> NDArray[np.object_]:
        """Return one of `ROW_COLUMNS`, broadcast to all rows."""
        value = np.asarray(getattr(self, name), dtype=object)
        return np.broadcast_to(value, (len(self),))


def at_most(rows: int, upper: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return the bounds of rows ``<= upper``."""
    return np.full(rows, -np.inf), np.broadcast_to(np.asarray(upper, dtype=float), (rows,)).copy()


def at_least(rows: int, lower: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return the bounds of rows ``>= lower``."""
    return np.broadcast_to(np.asarray(lower, dtype=float), (rows,)).copy(), np.full(rows, np.inf)


def equal(rows: int, value: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Return the bounds of rows ``== value``."""
    both = np.broadcast_to(np.asarray(value, dtype=float), (rows,))
    return both.copy(), both.copy()


def joined(blocks: Sequence[RowBlock], columns: int) -> tuple[csr_matrix, Floats, Floats, pd.DataFrame]:
    """Return matrix, lower and upper bounds, and names of the rows of all blocks, one after the other."""
    first = np.cumsum([0, *(len(block) for block in blocks)])
    parts: list[tuple[Ints, Ints, Floats]] = []
    for block, start in zip(blocks, first, strict=False):
        for entry in block.entries:
            row, column, value = np.broadcast_arrays(entry.row, entry.column, entry.value)
            parts.append(((row + start).ravel(), column.ravel(), value.astype(float).ravel()))
    row, column, value = (np.concatenate([part[k] for part in parts] or [np.zeros(0)]) for k in range(3))
    matrix = csr_matrix((value, (row.astype(np.int64), column.astype(np.int64))), shape=(int(first[-1]), columns))
    matrix.sum_duplicates()
    lower = np.concatenate([block.lower for block in blocks])
    upper = np.concatenate([block.upper for block in blocks])
    names = {name: np.concatenate([block.said(name) for block in blocks]) for name in ROW_COLUMNS}
    return matrix, lower, upper, pd.DataFrame(names, dtype="str")


def grouped(*keys: ArrayLike) -> tuple[Ints, list[Ints]]:
    """Return the group of each position by several integer keys, and the keys of each group in order."""
    stacked = np.stack([np.asarray(key, dtype=np.int64) for key in keys], axis=1)
    if not len(stacked):
        return np.zeros(0, dtype=np.int64), [np.zeros(0, dtype=np.int64) for _ in keys]
    span = stacked.max(axis=0) + 1
    flat = np.ravel_multi_index(tuple(stacked.T), tuple(span.tolist()))
    found, group = np.unique(flat, return_inverse=True)
    return group.astype(np.int64), [np.asarray(key) for key in np.unravel_index(found, tuple(span.tolist()))]


def partners(parts: Parts) -> Iterator[RowBlock]:
    """Restrict exchanges between enterprises to partners, at most max_partners for each enterprise."""
    most = parts.scope.settings.max_partners
    if most is None:
        return
    exchanges, couples = parts.exchanges, parts.couples
    among = np.flatnonzero(partnership(parts.scope, parts.start(), parts.end()))
    one, other = enterprises_of(parts, among)
    pairs = pd.MultiIndex.from_frame(couples)
    couple = pairs.get_indexer(pd.MultiIndex.from_arrays([one, other], names=["one", "other"]))
    group, (pair, commodity, period) = grouped(couple, parts.commodity()[among], exchanges.period[among])
    flows = Entries(group, among, 1.0)
    switch = Entries(np.arange(len(pair)), parts.first["partner"] + pair, -1.0)
    names = named(couples["one"] + "|" + couples["other"], pair), parts.scope.goods(commodity)
    block = RowBlock("partner", *names, parts.scope.when(period), *at_most(len(pair)), (flows, switch))
    yield together(parts, block, among, group)
    sides = pd.concat([couples["one"], couples["other"]], ignore_index=True)
    row, members = pd.factorize(sides, sort=True)
    chosen = Entries(row, parts.first["partner"] + np.tile(np.arange(len(couples)), 2), 1.0)
    yield RowBlock("max_partners", np.asarray(members), "", "", *at_most(len(members), most), (chosen,))


def deals(parts: Parts) -> Iterator[RowBlock]:
    """Limit flows between enterprises today to quantity * share(t) of their deal."""
    if parts.scope.variant is not Variant.TODAY:
        return
    exchanges, routes = parts.exchanges, parts.routes
    table = deals_of(parts.scope)
    known = routes.assign(route=np.arange(len(routes)))[["from", "to", "commodity", "route"]]
    found = known.merge(table.reset_index(names="deal"), on=["from", "to", "commodity"])
    deal = np.full(len(routes), -1, dtype=np.int64)
    deal[found["route"]] = found["deal"]
    among = np.flatnonzero(partnership(parts.scope, parts.start(), parts.end()))
    group, (which, period) = grouped(deal[exchanges.route[among]], exchanges.period[among])
    start, end = (parts.scope.place(table[side].to_numpy()[which]) for side in ("from", "to"))
    goods = parts.scope.goods(table["commodity"].to_numpy()[which])
    upper = table["quantity"].to_numpy(dtype=float)[which] * parts.scope.shares[period]
    flows = Entries(group, among, 1.0)
    yield RowBlock("deal", start + ">" + end, goods, parts.scope.when(period), *at_most(len(which), upper), (flows,))


def aims(parts: Parts) -> Iterator[RowBlock]:
    """Yield the aims, which bind the grand coalition alone: capex budget, CO2 cap, mode shares and fixed flows."""
    if not parts.scope.aims:
        return
    settings, columns = parts.scope.settings, np.arange(parts.first[""])
    if settings.capex_budget is not None:
        spent = Entries(0, columns, capex(parts))
        yield RowBlock("capex_budget", "", "", "", *at_most(1, settings.capex_budget), (spent,))
    if settings.co2_cap is not None:
        emitted = Entries(0, columns, emissions(parts))
        yield RowBlock("co2_cap", "", "", "", *at_most(1, settings.co2_cap), (emitted,))
    yield from _mode_shares(parts)
    yield from _fixed(parts)


def _mode_shares(parts: Parts) -> Iterator[RowBlock]:
    """Require a minimum share of some modes in the movements of a commodity between sites, by quantity leaving."""
    moved = np.flatnonzero(parts.exchanges.route > 0)
    route = parts.exchanges.route[moved]
    mode = parts.routes["mode"].to_numpy()[route]
    commodity = parts.scope.dataset["commodities"]["commodity"].to_numpy()[parts.commodity()[moved]]
    for index, rule in enumerate(parts.scope.settings.mode_share):
        counted = commodity == rule.commodity
        value = np.isin(mode[counted], list(rule.modes)) - rule.minimum
        entries = Entries(0, moved[counted], value)
        yield RowBlock("mode_share", str(index), rule.commodity, "", *at_least(1), (entries,))


def _fixed(parts: Parts) -> Iterator[RowBlock]:
    """Fix the quantity that leaves over the year between matching sites, over all modes."""
    moved = np.flatnonzero(parts.exchanges.route > 0)
    ends = pd.DataFrame({"from": parts.start(), "to": parts.end(), "commodity": parts.commodity()}).iloc[moved]
    for index, pattern in enumerate(parts.scope.settings.fix):
        entries = Entries(0, moved[matches(parts.scope, pattern, ends)], 1.0)
        bounds = equal(1, pattern.quantity or 0.0)
        yield RowBlock("fix", str(index), pattern.commodity or "", "", *bounds, (entries,))


def _periods(parts: Parts, units: Ints) -> tuple[Ints, Ints, pd.Series[str], pd.Series[str]]:
    """Return position of unit and period, id and name of the period, for each unit in each period."""
    unit, period = np.repeat(units, parts.spans), np.tile(np.arange(parts.spans), len(units))
    return unit, period, named(parts.units.frame["id"], unit), parts.scope.when(period)


def runs(parts: Parts) -> Iterator[RowBlock]:
    """Limit activity to the capacity, or the size of a build, available in the period."""
    frame, able = parts.units.frame, parts.units.able
    standing = np.flatnonzero(frame["kind"] == "facility")
    unit, period, ids, names = _periods(parts, standing)
    upper = frame["capacity"].to_numpy(dtype=float)[unit] * able[unit, period]
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    yield RowBlock("run", ids, "", names, *at_most(len(unit), upper), (activity,))
    unit, period, ids, names = _periods(parts, np.flatnonzero(frame["kind"] == "build"))
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    owner = parts.units.steps["unit"].to_numpy(dtype=np.int64)
    step, span = np.repeat(np.arange(len(owner)), parts.spans), np.tile(np.arange(parts.spans), len(owner))
    row = (owner[step] - len(standing)) * parts.spans + span
    sizes = Entries(row, parts.first["size"] + step, -able[owner[step], span])
    yield RowBlock("run", ids, "", names, *at_most(len(unit)), (activity, sizes))


def loads(parts: Parts) -> Iterator[RowBlock]:
    """Restrict facilities with a minimum load to off or between that and capacity; with must_run they are never off."""
    frame, able, switched = parts.units.frame, parts.units.able, parts.units.switched
    could = frame["capacity"].to_numpy(dtype=float)[:, None] * able
    least = frame["min_load"].to_numpy(dtype=float)
    unit, period, ids, names = _periods(parts, switched)
    rows = np.arange(len(unit))
    activity, on = parts.run(unit, period), parts.first["on"] + rows
    low = Entries(rows, activity, 1.0), Entries(rows, on, -least[unit] * could[unit, period])
    yield RowBlock("load_min", ids, "", names, *at_least(len(unit)), low)
    high = Entries(rows, activity, 1.0), Entries(rows, on, -could[unit, period])
    yield RowBlock("load_max", ids, "", names, *at_most(len(unit)), high)
    always = np.flatnonzero(frame["must_run"].to_numpy(dtype=bool) & (least > 0))
    unit, period, ids, names = _periods(parts, always)
    lower = least[unit] * could[unit, period]
    floor = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    yield RowBlock("load_min", ids, "", names, *at_least(len(unit), lower), (floor,))


def sizes(parts: Parts) -> Iterator[RowBlock]:
    """Bound the size of builds, and allow at most one step of scale of a process at a site."""
    steps = parts.units.steps
    rows = np.arange(len(steps))
    size, built = Entries(rows, parts.first["size"] + rows, 1.0), parts.first["built"] + rows
    low = Entries(rows, built, -steps["minimum"].to_numpy(dtype=float))
    yield RowBlock("size_min", steps["subject"], "", "", *at_least(len(rows)), (size, low))
    high = Entries(rows, built, -steps["maximum"].to_numpy(dtype=float))
    yield RowBlock("size_max", steps["subject"], "", "", *at_most(len(rows)), (size, high))
    ids = named(parts.units.frame["id"], steps["unit"])
    several = steps["subject"].to_numpy() != ids.to_numpy()
    group, names = pd.factorize(ids[several])
    one = Entries(group, built[several], 1.0)
    yield RowBlock("one_size", np.asarray(names), "", "", *at_most(len(names), 1.0), (one,))


def links(parts: Parts) -> RowBlock:
    """Limit flows over a link in a period to capacity * share(t), and to zero where it is not opened.

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
    return RowBlock("link", *names, parts.scope.when(period), *bounds, (flows, opens))


def route_names(parts: Parts) -> pd.Series[str]:
    """Return ``from>to:mode`` of each route."""
    site = [*parts.scope.column("site"), ""]  # position -1: staying at a site
    start, end = (named(site, parts.routes[side]) for side in ("from", "to"))
    return start + ">" + end + ":" + parts.routes["mode"]


def _ends_allow(parts: Parts, among: Ints, group: Ints, groups: int) -> Floats:
    """Return the most that the exchanges of each group can carry, by the limits of their outlets and inlets.

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


def together(parts: Parts, block: RowBlock, among: Ints, group: Ints) -> RowBlock:
    """Return a block of groups of exchanges with the big-M of their ends; see `links`."""
    allowed = _ends_allow(parts, among, group, len(block))
    switch = block.entries[-1]
    return replace(block, entries=(*block.entries[:-1], Entries(switch.row, switch.column, -allowed)))


def _slots(ends: LiteralEnds, kinds: tuple[str, ...], among: Flags | None = None) -> tuple[Ints, Ints, Ints]:
    """Return ends and periods that have a row, and the row of each end x period (-1: none)."""
    chosen = np.isin(ends.column("kind"), kinds)
    if among is not None:
        chosen = chosen & among
    end, period = np.nonzero(ends.present & chosen[:, None])
    row = np.full(ends.present.shape, -1, dtype=np.int64)
    row[end, period] = np.arange(len(end))
    return end.astype(np.int64), period.astype(np.int64), row


def _named(
    parts: Parts, ends: LiteralEnds, end: Ints, period: Ints
) -> tuple[pd.Series[str], pd.Series[str], pd.Series[str]]:
    """Return id, commodity and period of rows of ends."""
    goods = parts.scope.goods(ends.column("commodity")[end])
    return named(ends.frame["id"], end), goods, parts.scope.when(period)


def _sums(row: Ints, flows: Ints, value: Floats | float = 1.0) -> Entries:
    """Return entries of flows in their rows, those without a row left out."""
    kept = row >= 0
    return Entries(row[kept], flows[kept], np.broadcast_to(value, row.shape)[kept])


def offers(parts: Parts) -> RowBlock:
    """Limit flows out of an offer to its quantity; with must_clear they equal it."""
    table, exchanges = parts.tables.offers, parts.exchanges
    end, period, row = _slots(parts.outlets, ("offer",))
    source = parts.outlets.column("source")[end]
    quantity = parts.outlets.most[end, period]
    public = parts.scope.column("public")[parts.outlets.column("site")[end]]
    cleared = table["must_clear"].to_numpy(dtype=bool)[source] & (parts.scope.whole | ~public)
    lower = np.where(cleared, quantity, -np.inf)
    entries = _sums(row[exchanges.outlet, exchanges.period], np.arange(len(exchanges)))
    names = _named(parts, parts.outlets, end, period)
    return RowBlock("offer", names[0], names[1], names[2], lower, quantity, (entries,))


def keeps(parts: Parts) -> RowBlock:
    """Limit flows to other enterprises' sites, other public sites and stores to (1 - keep) of an offer.

    Inside its own site it binds for stores alone, also at a public place, for which every other site counts.
    """
    table, exchanges, scope = parts.tables.offers, parts.exchanges, parts.scope
    keep = np.zeros(len(parts.outlets.frame))
    offered = parts.outlets.column("kind") == "offer"
    keep[offered] = table["keep"].to_numpy(dtype=float)
    end, period, row = _slots(parts.outlets, ("offer",), keep > 0)
    enterprise, public = scope.column("enterprise"), scope.column("public")
    start, site = parts.start(), parts.end()
    away = (start != site) & ((enterprise[start] != enterprise[site]) | public[site])
    away |= parts.inlets.column("kind")[exchanges.inlet] == "store"
    entries = _sums(np.where(away, row[exchanges.outlet, exchanges.period], -1), np.arange(len(exchanges)))
    names = _named(parts, parts.outlets, end, period)
    bounds = at_most(len(end), (1.0 - keep[end]) * parts.outlets.most[end, period])
    return RowBlock("keep", names[0], names[1], names[2], *bounds, (entries,))


def needs(parts: Parts) -> RowBlock:
    """Limit arrivals at a need to its quantity; where it is required they equal it."""
    table, exchanges = parts.tables.needs, parts.exchanges
    end, period, row = _slots(parts.inlets, ("need",))
    quantity = parts.inlets.most[end, period]
    public = parts.scope.column("public")[parts.inlets.column("site")[end]]
    required = table["required"].to_numpy(dtype=bool)[parts.inlets.column("source")[end]]
    lower = np.where(required & (parts.scope.whole | ~public), quantity, -np.inf)
    entries = _sums(row[exchanges.inlet, exchanges.period], np.arange(len(exchanges)), exchanges.arrival)
    names = _named(parts, parts.inlets, end, period)
    return RowBlock("need", names[0], names[1], names[2], lower, quantity, (entries,))


def outputs(parts: Parts) -> RowBlock:
    """Set flows out of an output equal to coefficient * run."""
    exchanges = parts.exchanges
    return _recipe(parts, "output", parts.outlets, exchanges.outlet, np.ones(len(exchanges)))


def inputs(parts: Parts) -> RowBlock:
    """Set arrivals into an input equal to -coefficient * run."""
    return _recipe(parts, "input", parts.inlets, parts.exchanges.inlet, parts.exchanges.arrival)


def _recipe(parts: Parts, name: str, ends: LiteralEnds, side: Ints, value: Floats) -> RowBlock:
    """Return rows that tie the flows of an output or input to the activity of its unit."""
    end, period, row = _slots(ends, ("facility", "build"))
    flows = _sums(row[side, parts.exchanges.period], np.arange(len(parts.exchanges)), value)
    activity = parts.run(ends.column("source")[end], period)
    runs = Entries(np.arange(len(end)), activity, -ends.column("coefficient")[end])
    names = _named(parts, ends, end, period)
    return RowBlock(name, names[0], names[1], names[2], *equal(len(end)), (flows, runs))


def qualities(parts: Parts) -> Iterator[RowBlock]:
    """Arrivals at an inlet with limits, weighed by value less limit, sum to 0 at most (least values: at least)."""
    for name in limited(parts.scope):
        value = quality_values(parts.scope, parts.outlets, name)
        least, greatest = quality_limits(parts.scope, parts.inlets, name)
        yield _quality(parts, f"quality_max/{name}", value, greatest)
        yield _quality(parts, f"quality_min/{name}", value, least)


def _quality(parts: Parts, rule: str, value: Floats, limit: Floats) -> RowBlock:
    """Return the rows of one property and one side."""
    constraint, name = rule.split("/", 1)
    exchanges, inlets = parts.exchanges, parts.inlets
    bounded = ~np.isnan(limit)
    end, period, row = _slots(inlets, ("need", "facility", "build", "store", "market"), bounded)
    rows = row[exchanges.inlet, exchanges.period]
    excess = (value[exchanges.outlet] - limit[exchanges.inlet]) * exchanges.arrival
    entries = _sums(rows, np.arange(len(exchanges)), np.where(rows >= 0, excess, 0.0))
    ids, goods, spans = _named(parts, inlets, end, period)
    kind = named(inlets.frame["kind"], end)
    at = ("@" + parts.scope.place(inlets.column("site")[end])).where(kind == "market", "")
    bounds = at_most(len(end)) if constraint == "quality_max" else at_least(len(end))
    return RowBlock(constraint, kind + ":" + ids + at + "/" + name, goods, spans, *bounds, (entries,))


def markets(parts: Parts) -> RowBlock:
    """Limit flows to selling and from buying markets to the limit that their group shares."""
    table, exchanges = parts.tables.markets, parts.exchanges
    group, names = pd.factorize(table["group"])
    bought = _at_market(parts.outlets, group)[exchanges.outlet]
    sold = _at_market(parts.inlets, group)[exchanges.inlet]
    first = pd.Series(group).drop_duplicates().index.to_numpy()
    limits = table["limit"].to_numpy(dtype=float)[first]
    period = table["period"].to_numpy(dtype=np.int64)[first]
    listed = parts.scope.present(period) & ~np.isnan(limits)[:, None]
    owner, span = np.nonzero(listed)
    row = np.full(listed.shape, -1, dtype=np.int64)
    row[owner, span] = np.arange(len(owner))
    flows = np.arange(len(exchanges))
    leaving = _sums(np.where(bought >= 0, row[bought, exchanges.period], -1) if len(row) else bought, flows)
    reaching = np.where(sold >= 0, row[sold, exchanges.period], -1) if len(row) else sold
    upper = parts.scope.spread(limits, period)[owner, span]
    goods = parts.scope.goods(table["commodity"].to_numpy()[first[owner]])
    both = (leaving, _sums(reaching, flows, exchanges.arrival))
    return RowBlock(
        "market", np.asarray(names)[owner], goods, parts.scope.when(span), *at_most(len(owner), upper), both
    )


def _at_market(ends: LiteralEnds, group: Ints) -> Ints:
    """Return the group that shares a market's limit, of each end; -1 for those that are no market."""
    found = np.full(len(ends.frame), -1, dtype=np.int64)
    market = ends.column("kind") == "market"
    found[market] = group[ends.column("source")[market]]
    return found


def stores(parts: Parts) -> Iterator[RowBlock]:
    """Balance the level of each store, bound it by the capacity, and bound withdrawals by the level carried over.

    The level before the first period is that after the last.
    """
    table, exchanges, spans = parts.tables.stores, parts.exchanges, parts.spans
    store, period = (np.arange(len(table) * spans) // spans, np.arange(len(table) * spans) % spans)
    left = 1.0 - table["loss"].to_numpy(dtype=float)[store]
    rows = np.arange(len(store))
    taken = parts.outlets.column("kind")[exchanges.outlet] == "store"
    put = parts.inlets.column("kind")[exchanges.inlet] == "store"
    source, target = (parts.outlets.column("source"), parts.inlets.column("source"))
    out = np.where(taken, source[exchanges.outlet] * spans + exchanges.period, -1)
    into = np.where(put, target[exchanges.inlet] * spans + exchanges.period, -1)
    flows = np.arange(len(exchanges))
    now, before = parts.level(store, period), parts.level(store, period - 1)
    names, goods = named(table["store"], store), parts.scope.goods(table["commodity"].to_numpy()[store])
    when = parts.scope.when(period)
    kept, held = Entries(rows, before, -left), Entries(rows, now, 1.0)
    moved = (_sums(into, flows, -exchanges.arrival), _sums(out, flows))
    count = len(store)
    yield RowBlock("store", names, goods, when, *equal(count), (held, kept, *moved))
    room = at_most(count, table["capacity"].to_numpy(dtype=float)[store])
    yield RowBlock("level", names, goods, when, *room, (held,))
    yield RowBlock("withdrawal", names, goods, when, *at_most(count), (_sums(out, flows), kept))
