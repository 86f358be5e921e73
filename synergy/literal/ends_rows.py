"""Constraints of outlets and inlets: offers, what of them stays, outputs, needs, inputs, quality and markets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from synergy.literal.ends import Ends
from synergy.literal.exchanges import limited, quality_limits, quality_values
from synergy.literal.parts import Parts
from synergy.literal.rows import Block, Entries, at_least, at_most, equal
from synergy.literal.scope import Flags, Floats, Ints, named


def _slots(ends: Ends, kinds: tuple[str, ...], among: Flags | None = None) -> tuple[Ints, Ints, Ints]:
    """Return ends and periods that have a row, and the row of each end x period (-1: none)."""
    chosen = np.isin(ends.column("kind"), kinds)
    if among is not None:
        chosen = chosen & among
    end, period = np.nonzero(ends.present & chosen[:, None])
    row = np.full(ends.present.shape, -1, dtype=np.int64)
    row[end, period] = np.arange(len(end))
    return end.astype(np.int64), period.astype(np.int64), row


def _named(parts: Parts, ends: Ends, end: Ints, period: Ints) -> tuple[pd.Series[str], pd.Series[str], pd.Series[str]]:
    """Return id, commodity and period of rows of ends."""
    goods = parts.scope.goods(ends.column("commodity")[end])
    return named(ends.frame["id"], end), goods, parts.scope.when(period)


def _sums(row: Ints, flows: Ints, value: Floats | float = 1.0) -> Entries:
    """Return entries of flows in their rows, those without a row left out."""
    kept = row >= 0
    return Entries(row[kept], flows[kept], np.broadcast_to(value, row.shape)[kept])


def offers(parts: Parts) -> Block:
    """Flows out of an offer are at most its quantity; with must_clear they are all of it."""
    table, exchanges = parts.tables.offers, parts.exchanges
    end, period, row = _slots(parts.outlets, ("offer",))
    source = parts.outlets.column("source")[end]
    quantity = parts.outlets.most[end, period]
    public = parts.scope.column("public")[parts.outlets.column("site")[end]]
    cleared = table["must_clear"].to_numpy(dtype=bool)[source] & (parts.scope.whole | ~public)
    lower = np.where(cleared, quantity, -np.inf)
    entries = _sums(row[exchanges.outlet, exchanges.period], np.arange(len(exchanges)))
    names = _named(parts, parts.outlets, end, period)
    return Block("offer", names[0], names[1], names[2], lower, quantity, (entries,))


def keeps(parts: Parts) -> Block:
    """To other enterprises' sites, to other public sites and into stores goes at most (1 - keep) of an offer.

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
    return Block("keep", names[0], names[1], names[2], *bounds, (entries,))


def needs(parts: Parts) -> Block:
    """Arrivals at a need are at most its quantity, and all of it when required."""
    table, exchanges = parts.tables.needs, parts.exchanges
    end, period, row = _slots(parts.inlets, ("need",))
    quantity = parts.inlets.most[end, period]
    public = parts.scope.column("public")[parts.inlets.column("site")[end]]
    required = table["required"].to_numpy(dtype=bool)[parts.inlets.column("source")[end]]
    lower = np.where(required & (parts.scope.whole | ~public), quantity, -np.inf)
    entries = _sums(row[exchanges.inlet, exchanges.period], np.arange(len(exchanges)), exchanges.arrival)
    names = _named(parts, parts.inlets, end, period)
    return Block("need", names[0], names[1], names[2], lower, quantity, (entries,))


def outputs(parts: Parts) -> Block:
    """Flows out of an output are coefficient * run."""
    exchanges = parts.exchanges
    return _recipe(parts, "output", parts.outlets, exchanges.outlet, np.ones(len(exchanges)))


def inputs(parts: Parts) -> Block:
    """Arrivals into an input are -coefficient * run."""
    return _recipe(parts, "input", parts.inlets, parts.exchanges.inlet, parts.exchanges.arrival)


def _recipe(parts: Parts, name: str, ends: Ends, side: Ints, value: Floats) -> Block:
    """Return rows that tie the flows of an output or input to the activity of its unit."""
    end, period, row = _slots(ends, ("facility", "build"))
    flows = _sums(row[side, parts.exchanges.period], np.arange(len(parts.exchanges)), value)
    activity = parts.run(ends.column("source")[end], period)
    runs = Entries(np.arange(len(end)), activity, -ends.column("coefficient")[end])
    names = _named(parts, ends, end, period)
    return Block(name, names[0], names[1], names[2], *equal(len(end)), (flows, runs))


def qualities(parts: Parts) -> Iterator[Block]:
    """Arrivals at an inlet with limits, weighed by value less limit, sum to 0 at most (least values: at least)."""
    for name in limited(parts.scope):
        value = quality_values(parts.scope, parts.outlets, name)
        least, greatest = quality_limits(parts.scope, parts.inlets, name)
        yield _quality(parts, f"quality_max/{name}", value, greatest)
        yield _quality(parts, f"quality_min/{name}", value, least)


def _quality(parts: Parts, rule: str, value: Floats, limit: Floats) -> Block:
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
    return Block(constraint, kind + ":" + ids + at + "/" + name, goods, spans, *bounds, (entries,))


def markets(parts: Parts) -> Block:
    """Arrivals at a selling market, and what leaves a buying one, are at most the limit of all who share it."""
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
    return Block("market", np.asarray(names)[owner], goods, parts.scope.when(span), *at_most(len(owner), upper), both)


def _at_market(ends: Ends, group: Ints) -> Ints:
    """Return the group that shares a market's limit, of each end; -1 for those that are no market."""
    found = np.full(len(ends.frame), -1, dtype=np.int64)
    market = ends.column("kind") == "market"
    found[market] = group[ends.column("source")[market]]
    return found


def stores(parts: Parts) -> Iterator[Block]:
    """A level is what is left of the last one, and arrivals, less withdrawals; it has room, nothing passes through.

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
    yield Block("store", names, goods, when, *equal(count), (held, kept, *moved))
    room = at_most(count, table["capacity"].to_numpy(dtype=float)[store])
    yield Block("level", names, goods, when, *room, (held,))
    yield Block("withdrawal", names, goods, when, *at_most(count), (_sums(out, flows), kept))
