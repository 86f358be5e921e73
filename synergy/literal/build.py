"""The literal model: every constraint of the model contract as named rows, and all of them as one sparse matrix."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from synergy.dataset.sheet import Dataset
from synergy.literal.ends import LiteralEnds, basis_of, enough
from synergy.literal.exchanges import deals_of, limits_of, matches, partnership
from synergy.literal.parts import (
    Parts,
    capex,
    columns_of,
    emissions,
    enterprises_of,
    parts_of,
    reach_of,
    route_names,
    worth,
)
from synergy.literal.scope import Flags, Floats, Ints, Variant, named

ROW_COLUMNS = ("constraint", "subject", "commodity", "period")
BINARY = ("on", "built", "open", "partner")
KEPT = 20_000  # columns up to which the last model is kept
_last: dict[Dataset, LiteralModel] = {}


@dataclass(frozen=True, slots=True)
class LiteralModel:
    """Maximise cost . x subject to row_lower <= matrix x <= row_upper, column_lower <= x <= column_upper.

    Bounds are infinite where there is none; `matrix` is rows x columns.

    Parameters
    ----------
    cost : ndarray
        Money a year per unit of each column.
    integer : ndarray of bool
        Columns that are 0 or 1.
    rows : pandas.DataFrame
        constraint, subject, commodity, period of each row, "" where it has none. Subjects: id of an offer, need or
        store; of a unit, the facility's id or ``process@site`` (``process@site#size`` for a step of scale);
        ``from>to:mode`` of a link, ``from>to`` of a deal; ``kind:id/property`` for quality (a market's id with
        ``@site``); ``market@enterprise`` or, with a site, ``market``; ``enterprise|enterprise``; position of the rule
        in the settings for mode_share and fix.
    columns : pandas.DataFrame
        variable (flow, run, on, built, size, open, partner, level) and subject of each column, beside commodity,
        period, from_site, to_site, mode, outlet_kind, outlet_id, inlet_kind, inlet_id and arrival (part that arrives)
        of flows; kind of runs is in outlet_kind. All but arrival are categorical, "" where they mean nothing.
    reach : ndarray
        An upper bound of each column that follows from the rows; not part of the model.
    """

    matrix: csr_matrix
    row_lower: Floats
    row_upper: Floats
    column_lower: Floats
    column_upper: Floats
    cost: Floats
    integer: Flags
    rows: pd.DataFrame
    columns: pd.DataFrame
    reach: Floats


def build(dataset: Dataset, members: Collection[str] | None = None, variant: Variant = Variant.ROUND) -> LiteralModel:
    """Build the literal model of a coalition of enterprises; of all where no members are named.

    Public amounts are scaled by the members' weights, and the aims of the round bind all enterprises together alone.
    Variant ``QUO`` switches builds and links that cost capex off; ``TODAY`` also restricts exchanges between
    enterprises to the deals, and drops the scenario's aims.

    Raises
    ------
    UsageError
        A member that the dataset does not know.

    Notes
    -----
    Nothing is pruned, tightened or aggregated: a column for each outlet, inlet, mode and period. Time and memory are
    linear in the number of columns. The last model of a whole round is kept where it is small, as its bound is looked
    for and judged one after the other; tables of a dataset stay as they are.
    """
    whole = members is None and variant is Variant.ROUND
    kept = _last.get(dataset) if whole else None
    if kept is not None:
        return kept
    model = _assembled(parts_of(basis_of(dataset, members, variant)))
    if whole:
        _last.clear()
        if len(model.cost) <= KEPT:
            _last[dataset] = model
    return model


def _assembled(parts: Parts) -> LiteralModel:
    """Return the model of all rows, one block after the other, with read-only arrays."""
    stacked, columns = list(blocks(parts)), columns_of(parts)
    first = np.cumsum([0, *(len(block) for block in stacked)])
    entries: list[tuple[Ints, Ints, Floats]] = []
    for block, start in zip(stacked, first, strict=False):
        for entry in block.entries:
            row, column, value = np.broadcast_arrays(entry.row, entry.column, entry.value)
            entries.append(((row + start).ravel(), column.ravel(), value.astype(float).ravel()))
    row, column, value = (np.concatenate([entry[k] for entry in entries] or [np.zeros(0)]) for k in range(3))
    shape = int(first[-1]), len(columns)
    matrix = csr_matrix((value, (row.astype(np.int64), column.astype(np.int64))), shape=shape)
    matrix.sum_duplicates()
    integer = columns["variable"].isin(BINARY).to_numpy(dtype=bool)
    names = {name: np.concatenate([block.said(name) for block in stacked]) for name in ROW_COLUMNS}
    model = LiteralModel(
        matrix=matrix,
        row_lower=np.concatenate([block.lower for block in stacked]),
        row_upper=np.concatenate([block.upper for block in stacked]),
        column_lower=np.zeros(len(columns)),
        column_upper=np.where(integer, 1.0, np.inf),
        cost=worth(parts),
        integer=integer,
        rows=pd.DataFrame(names, dtype="str"),
        columns=columns,
        reach=reach_of(parts),
    )
    for array in (model.row_lower, model.row_upper, model.column_lower, model.column_upper, model.cost, model.integer):
        array.flags.writeable = False
    return model


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


def blocks(parts: Parts) -> Iterator[RowBlock]:
    """Yield every constraint of the contract, family by family."""
    yield from _offers(parts)
    yield from _recipes(parts)
    yield _needs(parts)
    yield from _runs(parts)
    yield from _loads(parts)
    yield from _stores(parts)
    yield from _sizes(parts)
    yield _links(parts)
    yield from _qualities(parts)
    yield _markets(parts)
    yield from _partners(parts)
    yield from _deals(parts)
    yield from _aims(parts)


def _offers(parts: Parts) -> Iterator[RowBlock]:
    """Limit flows out of an offer to its quantity (with must_clear they equal it), and those that leave to (1 - keep).

    Leaving are flows to other enterprises' sites, to other public sites and into stores: inside its own site keep binds
    for stores alone, also at a public place, for which every other site counts.
    """
    table, exchanges, scope, ends = parts.tables.offers, parts.exchanges, parts.scope, parts.outlets
    enterprise, public = scope.column("enterprise"), scope.column("public")
    end, period, row = _slots(ends, ("offer",))
    quantity = ends.most[end, period]
    cleared = table["must_clear"].to_numpy(dtype=bool)[ends.column("source")[end]]
    cleared &= scope.whole | ~public[ends.column("site")[end]]
    flows = _sums(row[exchanges.outlet, exchanges.period], np.arange(len(exchanges)))
    yield RowBlock("offer", *_named(parts, ends, end, period), np.where(cleared, quantity, -np.inf), quantity, (flows,))
    keep = np.zeros(len(ends.frame))
    keep[ends.column("kind") == "offer"] = table["keep"].to_numpy(dtype=float)
    end, period, row = _slots(ends, ("offer",), keep > 0)
    start, site = parts.start(), parts.end()
    leaving = (start != site) & ((enterprise[start] != enterprise[site]) | public[site])
    leaving |= parts.inlets.column("kind")[exchanges.inlet] == "store"
    flows = _sums(np.where(leaving, row[exchanges.outlet, exchanges.period], -1), np.arange(len(exchanges)))
    bounds = _bounds(len(end), upper=(1.0 - keep[end]) * ends.most[end, period])
    yield RowBlock("keep", *_named(parts, ends, end, period), *bounds, (flows,))


def _recipes(parts: Parts) -> Iterator[RowBlock]:
    """Set flows out of an output, and arrivals into an input, equal to its coefficient (without sign) * run."""
    exchanges = parts.exchanges
    for name, ends, side, value in (
        ("output", parts.outlets, exchanges.outlet, np.ones(len(exchanges))),
        ("input", parts.inlets, exchanges.inlet, exchanges.arrival),
    ):
        end, period, row = _slots(ends, ("facility", "build"))
        flows = _sums(row[side, exchanges.period], np.arange(len(exchanges)), value)
        activity = parts.run(ends.column("source")[end], period)
        runs = Entries(np.arange(len(end)), activity, -ends.column("coefficient")[end])
        yield RowBlock(name, *_named(parts, ends, end, period), *_bounds(len(end), 0.0, 0.0), (flows, runs))


def _needs(parts: Parts) -> RowBlock:
    """Limit arrivals at a need to its quantity; where it is required they equal it."""
    exchanges, ends = parts.exchanges, parts.inlets
    end, period, row = _slots(ends, ("need",))
    quantity = ends.most[end, period]
    required = parts.tables.needs["required"].to_numpy(dtype=bool)[ends.column("source")[end]]
    required &= parts.scope.whole | ~parts.scope.column("public")[ends.column("site")[end]]
    flows = _sums(row[exchanges.inlet, exchanges.period], np.arange(len(exchanges)), exchanges.arrival)
    lower = np.where(required, quantity, -np.inf)
    return RowBlock("need", *_named(parts, ends, end, period), lower, quantity, (flows,))


def _runs(parts: Parts) -> Iterator[RowBlock]:
    """Limit activity to the capacity, or the size of a build, available in the period."""
    frame, able = parts.units.frame, parts.units.able
    standing = np.flatnonzero(frame["kind"] == "facility")
    unit, period, ids, names = _periods(parts, standing)
    upper = frame["capacity"].to_numpy(dtype=float)[unit] * able[unit, period]
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    yield RowBlock("run", ids, "", names, *_bounds(len(unit), upper=upper), (activity,))
    unit, period, ids, names = _periods(parts, np.flatnonzero(frame["kind"] == "build"))
    activity = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    owner = parts.units.steps["unit"].to_numpy(dtype=np.int64)
    step, span = np.repeat(np.arange(len(owner)), parts.spans), np.tile(np.arange(parts.spans), len(owner))
    row = (owner[step] - len(standing)) * parts.spans + span
    sizes = Entries(row, parts.first["size"] + step, -able[owner[step], span])
    yield RowBlock("run", ids, "", names, *_bounds(len(unit), upper=0.0), (activity, sizes))


def _loads(parts: Parts) -> Iterator[RowBlock]:
    """Restrict facilities with a minimum load to off or between that and capacity; with must_run they are never off."""
    frame, able, switched = parts.units.frame, parts.units.able, parts.units.switched
    could = frame["capacity"].to_numpy(dtype=float)[:, None] * able
    least = frame["min_load"].to_numpy(dtype=float)
    unit, period, ids, names = _periods(parts, switched)
    rows = np.arange(len(unit))
    activity, on = parts.run(unit, period), parts.first["on"] + rows
    low = Entries(rows, activity, 1.0), Entries(rows, on, -least[unit] * could[unit, period])
    yield RowBlock("load_min", ids, "", names, *_bounds(len(unit), lower=0.0), low)
    high = Entries(rows, activity, 1.0), Entries(rows, on, -could[unit, period])
    yield RowBlock("load_max", ids, "", names, *_bounds(len(unit), upper=0.0), high)
    always = np.flatnonzero(frame["must_run"].to_numpy(dtype=bool) & (least > 0))
    unit, period, ids, names = _periods(parts, always)
    floor = Entries(np.arange(len(unit)), parts.run(unit, period), 1.0)
    bounds = _bounds(len(unit), lower=least[unit] * could[unit, period])
    yield RowBlock("load_min", ids, "", names, *bounds, (floor,))


def _stores(parts: Parts) -> Iterator[RowBlock]:
    """Balance the level of each store, bound it by the capacity, and bound withdrawals by the level carried over.

    The level before the first period is that after the last.
    """
    table, exchanges, spans = parts.tables.stores, parts.exchanges, parts.spans
    rows = np.arange(len(table) * spans)
    store, period = rows // spans, rows % spans
    left = 1.0 - table["loss"].to_numpy(dtype=float)[store]
    into, out = (
        np.where(ends.column("kind")[side] == "store", ends.column("source")[side] * spans + exchanges.period, -1)
        for ends, side in ((parts.inlets, exchanges.inlet), (parts.outlets, exchanges.outlet))
    )
    flows = np.arange(len(exchanges))
    arriving, leaving = _sums(into, flows, -exchanges.arrival), _sums(out, flows)
    held = Entries(rows, parts.level(store, period), 1.0)
    carried = Entries(rows, parts.level(store, period - 1), -left)
    names = named(table["store"], store), parts.scope.goods(table["commodity"].to_numpy()[store])
    when = parts.scope.when(period)
    yield RowBlock("store", *names, when, *_bounds(len(rows), 0.0, 0.0), (held, carried, arriving, leaving))
    capacity = table["capacity"].to_numpy(dtype=float)[store]
    yield RowBlock("level", *names, when, *_bounds(len(rows), upper=capacity), (held,))
    yield RowBlock("withdrawal", *names, when, *_bounds(len(rows), upper=0.0), (leaving, carried))


def _sizes(parts: Parts) -> Iterator[RowBlock]:
    """Bound the size of builds, and allow at most one step of scale of a process at a site."""
    steps = parts.units.steps
    rows = np.arange(len(steps))
    size, built = Entries(rows, parts.first["size"] + rows, 1.0), parts.first["built"] + rows
    low = Entries(rows, built, -steps["minimum"].to_numpy(dtype=float))
    yield RowBlock("size_min", steps["subject"], "", "", *_bounds(len(rows), lower=0.0), (size, low))
    high = Entries(rows, built, -steps["maximum"].to_numpy(dtype=float))
    yield RowBlock("size_max", steps["subject"], "", "", *_bounds(len(rows), upper=0.0), (size, high))
    ids = named(parts.units.frame["id"], steps["unit"])
    several = steps["subject"].to_numpy() != ids.to_numpy()
    group, names = pd.factorize(ids[several])
    one = Entries(group, built[several], 1.0)
    yield RowBlock("one_size", np.asarray(names), "", "", *_bounds(len(names), upper=1.0), (one,))


def _links(parts: Parts) -> RowBlock:
    """Limit flows over a link in a period to capacity * share(t), and to zero where it is not opened.

    Where a link that costs capex has no capacity, it is bounded by what its ends can send and take.
    """
    exchanges, routes = parts.exchanges, parts.routes
    capacity = routes["capacity"].to_numpy(dtype=float)
    bound = np.isfinite(capacity) | routes["new"].to_numpy(dtype=bool)
    among = np.flatnonzero(bound[exchanges.route])
    group, (route, period) = _grouped(exchanges.route[among], exchanges.period[among])
    flows = Entries(group, among, 1.0)
    carried = np.where(np.isfinite(capacity[route]), capacity[route] * parts.scope.shares[period], np.inf)
    carried = np.where(np.isinf(carried), _ends_allow(parts, among, group, len(route)), carried)
    position = np.full(len(routes), -1)
    position[parts.opened] = np.arange(len(parts.opened))
    new = position[route] >= 0
    opens = Entries(np.flatnonzero(new), parts.first["open"] + position[route[new]], -carried[new])
    names = named(route_names(parts), route), parts.scope.goods(routes["commodity"].to_numpy()[route])
    bounds = _bounds(len(route), upper=np.where(new, 0.0, carried))
    return RowBlock("link", *names, parts.scope.when(period), *bounds, (flows, opens))


def _qualities(parts: Parts) -> Iterator[RowBlock]:
    """Arrivals at an inlet with limits, weighed by value less limit, sum to 0 at most (least values: at least)."""
    exchanges, inlets = parts.exchanges, parts.inlets
    kinds = ("need", "facility", "build", "store", "market")
    for name, value, least, greatest in limits_of(parts.scope, parts.outlets, inlets):
        sides = ("quality_max", greatest, (-np.inf, 0.0)), ("quality_min", least, (0.0, np.inf))
        for constraint, limit, bounds in sides:
            end, period, row = _slots(inlets, kinds, ~np.isnan(limit))
            rows = row[exchanges.inlet, exchanges.period]
            excess = (value[exchanges.outlet] - limit[exchanges.inlet]) * exchanges.arrival
            flows = _sums(rows, np.arange(len(exchanges)), np.where(rows >= 0, excess, 0.0))
            ids, goods, spans = _named(parts, inlets, end, period)
            kind = named(inlets.frame["kind"], end)
            at = ("@" + parts.scope.place(inlets.column("site")[end])).where(kind == "market", "")
            subject = kind + ":" + ids + at + "/" + name
            yield RowBlock(constraint, subject, goods, spans, *_bounds(len(end), *bounds), (flows,))


def _markets(parts: Parts) -> RowBlock:
    """Limit flows to selling and from buying markets to the limit that their group shares."""
    table, exchanges, scope = parts.tables.markets, parts.exchanges, parts.scope
    group, names = pd.factorize(table["group"])
    first = pd.Series(group).drop_duplicates().index.to_numpy()
    limits = table["limit"].to_numpy(dtype=float)[first]
    period = table["period"].to_numpy(dtype=np.int64)[first]
    owner, span = np.nonzero(scope.present(period) & ~np.isnan(limits)[:, None])
    row = np.full((len(first) + 1, parts.spans), -1, dtype=np.int64)  # the last is that of ends that are no market
    row[owner, span] = np.arange(len(owner))
    entries = []
    for ends, side, value in (
        (parts.outlets, exchanges.outlet, np.ones(len(exchanges))),
        (parts.inlets, exchanges.inlet, exchanges.arrival),
    ):
        market = ends.column("kind") == "market"
        shared = np.full(len(ends.frame), -1, dtype=np.int64)
        shared[market] = group[ends.column("source")[market]]
        entries.append(_sums(row[shared[side], exchanges.period], np.arange(len(exchanges)), value))
    goods = scope.goods(table["commodity"].to_numpy()[first[owner]])
    bounds = _bounds(len(owner), upper=scope.spread(limits, period)[owner, span])
    return RowBlock("market", np.asarray(names)[owner], goods, scope.when(span), *bounds, tuple(entries))


def _partners(parts: Parts) -> Iterator[RowBlock]:
    """Restrict exchanges between enterprises to partners, at most max_partners for each enterprise."""
    most = parts.scope.settings.max_partners
    if most is None:
        return
    exchanges, couples, first = parts.exchanges, parts.couples, parts.first["partner"]
    among = np.flatnonzero(partnership(parts.scope, parts.start(), parts.end()))
    one, other = enterprises_of(parts, among)
    pairs = pd.MultiIndex.from_frame(couples)
    couple = pairs.get_indexer(pd.MultiIndex.from_arrays([one, other], names=["one", "other"]))
    group, (pair, commodity, period) = _grouped(couple, parts.commodity()[among], exchanges.period[among])
    flows = Entries(group, among, 1.0)
    switch = Entries(np.arange(len(pair)), first + pair, -_ends_allow(parts, among, group, len(pair)))
    names = named(couples["one"] + "|" + couples["other"], pair), parts.scope.goods(commodity)
    yield RowBlock("partner", *names, parts.scope.when(period), *_bounds(len(pair), upper=0.0), (flows, switch))
    sides = pd.concat([couples["one"], couples["other"]], ignore_index=True)
    row, members = pd.factorize(sides, sort=True)
    chosen = Entries(row, first + np.tile(np.arange(len(couples)), 2), 1.0)
    yield RowBlock("max_partners", np.asarray(members), "", "", *_bounds(len(members), upper=most), (chosen,))


def _deals(parts: Parts) -> Iterator[RowBlock]:
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
    group, (which, period) = _grouped(deal[exchanges.route[among]], exchanges.period[among])
    start, end = (parts.scope.place(table[side].to_numpy()[which]) for side in ("from", "to"))
    goods = parts.scope.goods(table["commodity"].to_numpy()[which])
    upper = table["quantity"].to_numpy(dtype=float)[which] * parts.scope.shares[period]
    bounds, flows = _bounds(len(which), upper=upper), Entries(group, among, 1.0)
    yield RowBlock("deal", start + ">" + end, goods, parts.scope.when(period), *bounds, (flows,))


def _aims(parts: Parts) -> Iterator[RowBlock]:
    """Yield the aims, which bind the grand coalition alone: capex budget, CO2 cap, mode shares and fixed flows.

    A mode share is that of some modes in the movements of a commodity between sites, by quantity leaving; a fixed flow
    is what leaves over the year between matching sites, over all modes.
    """
    scope, settings, exchanges = parts.scope, parts.scope.settings, parts.exchanges
    if not scope.whole or scope.variant is Variant.TODAY:
        return
    columns = np.arange(parts.first[""])
    if settings.capex_budget is not None:
        spent = Entries(0, columns, capex(parts))
        yield RowBlock("capex_budget", "", "", "", *_bounds(1, upper=settings.capex_budget), (spent,))
    if settings.co2_cap is not None:
        emitted = Entries(0, columns, emissions(parts))
        yield RowBlock("co2_cap", "", "", "", *_bounds(1, upper=settings.co2_cap), (emitted,))
    moved = np.flatnonzero(exchanges.route > 0)
    mode = parts.routes["mode"].to_numpy()[exchanges.route[moved]]
    ends = pd.DataFrame({"from": parts.start(), "to": parts.end(), "commodity": parts.commodity()}).iloc[moved]
    commodity = scope.dataset["commodities"]["commodity"].to_numpy()[ends["commodity"].to_numpy()]
    for index, rule in enumerate(settings.mode_share):
        counted = commodity == rule.commodity
        shares = Entries(0, moved[counted], np.isin(mode[counted], list(rule.modes)) - rule.minimum)
        yield RowBlock("mode_share", str(index), rule.commodity, "", *_bounds(1, lower=0.0), (shares,))
    for index, pattern in enumerate(settings.fix):
        fixed = Entries(0, moved[matches(scope, pattern, ends)], 1.0)
        bounds = _bounds(1, pattern.quantity or 0.0, pattern.quantity or 0.0)
        yield RowBlock("fix", str(index), pattern.commodity or "", "", *bounds, (fixed,))


def _ends_allow(parts: Parts, among: Ints, group: Ints, groups: int) -> Floats:
    """Return the most that the exchanges of each group can carry, by the limits of their outlets and inlets.

    It is no constraint of a plan, so there what the plan sends is allowed.
    """
    exchanges = parts.exchanges
    if parts.sent is not None:
        return np.bincount(group, weights=parts.sent[among], minlength=groups).astype(float)
    period = exchanges.period[among]
    given, taken = np.zeros(groups), np.zeros(groups)
    for side, ends, total in ((exchanges.outlet, parts.outlets, given), (exchanges.inlet, parts.inlets, taken)):
        seen = pd.DataFrame({"group": group, "end": side[among]}).drop_duplicates().index.to_numpy()
        np.add.at(total, group[seen], ends.most[side[among][seen], period[seen]])
    least = np.full(groups, 1.0)
    np.minimum.at(least, group, exchanges.arrival[among])
    with np.errstate(divide="ignore", invalid="ignore"):
        taken = np.where(least > 0, taken / least, np.inf)
    most = np.minimum(given, taken)
    return np.where(np.isinf(most), enough(parts.scope), most)


def _bounds(rows: int, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf) -> tuple[Floats, Floats]:
    """Return the bounds of so many rows, each one number or one for each row."""
    least, greatest = (np.broadcast_to(np.asarray(side, dtype=float), (rows,)).copy() for side in (lower, upper))
    return least, greatest


def _grouped(*keys: ArrayLike) -> tuple[Ints, list[Ints]]:
    """Return the group of each position by several integer keys, and the keys of each group in order."""
    stacked = np.stack([np.asarray(key, dtype=np.int64) for key in keys], axis=1)
    if not len(stacked):
        return np.zeros(0, dtype=np.int64), [np.zeros(0, dtype=np.int64) for _ in keys]
    span = stacked.max(axis=0) + 1
    flat = np.ravel_multi_index(tuple(stacked.T), tuple(span.tolist()))
    found, group = np.unique(flat, return_inverse=True)
    return group.astype(np.int64), [np.asarray(key) for key in np.unravel_index(found, tuple(span.tolist()))]


def _periods(parts: Parts, units: Ints) -> tuple[Ints, Ints, pd.Series[str], pd.Series[str]]:
    """Return position of unit and period, id and name of the period, for each unit in each period."""
    unit, period = np.repeat(units, parts.spans), np.tile(np.arange(parts.spans), len(units))
    return unit, period, named(parts.units.frame["id"], unit), parts.scope.when(period)


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
