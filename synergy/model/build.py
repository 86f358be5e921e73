"""Candidates -> Model: assemble variables, constraints and objective into one sparse MILP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.candidates.candidates import Candidates, reach_of, sums, wanted
from synergy.errors import UsageError
from synergy.model.assembly import (
    Assembly,
    Families,
    add_balances,
    add_qualities,
    distinct,
    positions_of,
)
from synergy.network.ends import EndKind, InletClass
from synergy.network.network import WITHIN, between_enterprises, matches
from synergy.network.places import PUBLIC, Bools, Floats, Ints, positions


@dataclass(frozen=True, slots=True)
class Model:
    """Hold the MILP: maximise ``cost @ x``, ``row_lower <= matrix @ x <= row_upper``, ``lower <= x <= upper``.

    `columns` and `rows` are families with the keys of their members. `matrix` is (rows, columns), row limits are
    (rows,), other arrays (columns,). Columns are in units of the commodities and activities, `cost` in money a year.
    """

    candidates: Candidates
    columns: Families
    rows: Families
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    cost: Floats
    integer: Bools


def build(candidates: Candidates) -> Model:
    """Build the model of a problem from the exchanges, builds and links left open."""
    assembly = Assembly()
    for family in FAMILIES:
        family(assembly, candidates)
    lower, upper, integer = (np.concatenate(part) for part in zip(*assembly.bounds, strict=True))
    row_lower, row_upper = (np.concatenate(part) for part in zip(*assembly.limits, strict=True))
    row, column, value = (np.concatenate(part) for part in zip(*assembly.entries, strict=True))
    matrix = sparse.csr_array((value, (row, column)), shape=(len(row_lower), len(lower)))
    matrix.sum_duplicates()
    return Model(
        candidates=candidates,
        columns=assembly.columns,
        rows=assembly.rows,
        matrix=matrix,
        row_lower=row_lower,
        row_upper=row_upper,
        lower=lower,
        upper=np.maximum(lower, upper),
        cost=objective(assembly.columns, candidates),
        integer=integer,
    )


def objective(columns: Families, candidates: Candidates) -> Floats:
    """Return the objective coefficient of each column (money a year), shape (columns,)."""
    network = candidates.network
    dataset, units, links, arcs = network.dataset, network.units, network.links, network.arcs
    carbon = dataset.settings.carbon_price
    price = [np.zeros(len(ends.kind)) for ends in (network.outlets, network.inlets)]
    for kind, table in ((EndKind.OFFER, "offers"), (EndKind.NEED, "needs"), (EndKind.MARKET, "markets")):
        for ends, known in zip((network.outlets, network.inlets), price, strict=True):
            hit = ends.kind == kind
            known[hit] = dataset[table]["price"].to_numpy(float)[ends.ref[hit]]
    cost = np.zeros(sum(map(len, columns.values())))
    for name, key, value in (
        ("run", "unit", -(units.opex + carbon * units.co2)),
        ("size", "step", -units.steps.annuity * units.steps.unit_cost),
        ("built", "step", -units.steps.annuity * units.steps.fixed),
        ("open", "link", -links.annual),
        ("level", "store", -dataset["stores"]["hold_cost"].to_numpy(float)),
        ("put", "store", -dataset["stores"]["charge_cost"].to_numpy(float)),
        ("give", "end", -price[0]),
        ("take", "end", price[1]),
    ):
        block = columns[name]
        cost[block.span] = value[block.key[key]]
    # a flow pays its transport and disposal; what is disposed of gets the price of its offer back
    flow = columns["flow"]
    arc, source = flow.key["arc"], arcs.outlet[flow.key["arc"]]
    disposed = network.sinks.rank[arcs.inlet[arc]] == InletClass.DISPOSAL
    per_unit = dataset["commodities"]["disposal_cost"].fillna(0.0).to_numpy(float)
    first = network.sources.first[source]
    offered = network.outlets.alone[first] & (network.outlets.kind[first] == EndKind.OFFER)
    paid = np.append(links.cost, 0.0)[arcs.link[arc]] + np.where(
        disposed, per_unit[network.sources.commodity[source]], 0.0
    )
    refund = np.where(disposed & offered, price[0][first], 0.0)
    cost[flow.span] = refund - paid - carbon * _flow_co2(candidates, arc)
    return cost


def _flow_co2(candidates: Candidates, arc: Ints) -> Floats:
    """Return the t CO2 per unit leaving over each arc, from its transport and its disposal."""
    network = candidates.network
    disposed = network.sinks.rank[network.arcs.inlet[arc]] == InletClass.DISPOSAL
    of_commodity = network.dataset["commodities"]["disposal_co2"].to_numpy(float)
    per_unit = of_commodity[network.sources.commodity[network.arcs.outlet[arc]]]
    emitted: Floats = np.append(network.links.co2, 0.0)[network.arcs.link[arc]] + np.where(disposed, per_unit, 0.0)
    return emitted


def _add_activities(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``flow``, what leaves over each arc, ``run``, the activity of each unit, and ``on``, if it has a least load.

    The latter is binary.
    """
    arc, period = np.nonzero(candidates.reason == 0)
    assembly.add_columns("flow", {"arc": arc, "period": period}, upper=candidates.reach.flow[arc, period])
    units, scope, least = candidates.network.units, candidates.scope, candidates.least
    stepped = np.zeros(len(units.ids), dtype=bool)
    stepped[units.steps.unit[candidates.step]] = True
    active = scope.parts(candidates.network.places)[0][units.site] & (~units.is_build | stepped)
    forced = (units.must_run & active)[:, None] & (least > 0)
    unit, period = np.nonzero((active[:, None] & (candidates.reach.run > 0)) | forced)
    lower = np.where(units.must_run[unit], least[unit, period], 0.0)
    upper = np.maximum(candidates.reach.run[unit, period], lower)
    assembly.add_columns("run", {"unit": unit, "period": period}, lower=lower, upper=upper)
    switch = (least[unit, period] > 0) & ~units.must_run[unit]
    key = {"unit": unit[switch], "period": period[switch]}
    assembly.add_columns("on", key, upper=1.0, integer=True)


def _add_ends(assembly: Assembly, candidates: Candidates) -> None:
    """Add what offers and buying markets ``give`` and needs and selling markets ``take``; stores ``put`` and ``draw``.

    Each store has a ``level`` too.
    """
    network, reach = candidates.network, candidates.reach
    active, part = candidates.scope.parts(network.places)
    binding = np.append(np.ones(len(network.places.enterprises), bool), candidates.scope.duties)  # the last: PUBLIC
    sides = (
        ("give", network.outlets, reach.given, reach.sent, EndKind.OFFER, "offers", "must_clear"),
        ("take", network.inlets, reach.taken, reach.received, EndKind.NEED, "needs", "required"),
    )
    for name, ends, amount, group, kind, table, column in sides:
        stated = ends.kind == kind
        flag = np.zeros(len(ends.kind), dtype=bool)
        flag[stated] = network.dataset[table][column].to_numpy(bool)[ends.ref[stated]]
        flag &= binding[network.places.owner[ends.site]]
        own = (stated | (ends.kind == EndKind.MARKET)) & active[ends.site]
        useful = (amount > 0) & ((group[ends.group] > 0) | flag[:, None])
        end, period = np.nonzero(own[:, None] & useful)
        lower = np.where(flag[end], amount[end, period], 0.0)
        assembly.add_columns(name, {"end": end, "period": period}, lower=lower, upper=amount[end, period])
    periods = np.arange(len(network.places.share))
    capacity = network.dataset["stores"]["capacity"].to_numpy(float)
    for name, ends in (("put", network.inlets), ("draw", network.outlets)):
        row = np.flatnonzero((ends.kind == EndKind.STORE) & (part[ends.site] > 0))
        end = np.repeat(row, len(periods))
        key = {"end": end, "period": np.tile(periods, len(row)), "store": ends.ref[end]}
        assembly.add_columns(name, key)
        if name == "draw":
            held = {"store": ends.ref[end], "period": key["period"]}
            assembly.add_columns("level", held, upper=capacity[ends.ref[end]] * part[ends.site[end]])


def _add_decisions(assembly: Assembly, candidates: Candidates) -> None:
    """Add the ``size`` of each step of a new build, in yearly capacity, and the binaries of decisions.

    These are ``built`` for steps that need one, ``open`` for links that cost capex and, if the number of partners is
    limited, ``partner`` for pairs of enterprises.
    """
    network, arcs, links = candidates.network, candidates.network.arcs, candidates.network.links
    units, steps, owner = network.units, network.units.steps, network.places.owner
    step = np.flatnonzero(candidates.step)
    most = np.minimum(steps.most, np.maximum(candidates.size[steps.unit], steps.least))
    assembly.add_columns("size", {"step": step}, upper=most[step])
    rivals = np.bincount(steps.unit[step], minlength=len(units.ids))[steps.unit] > 1
    binary = candidates.step & ((steps.fixed > 0) | (steps.least > 0) | rivals)
    assembly.add_columns("built", {"step": np.flatnonzero(binary)}, upper=1.0, integer=True)
    arc = np.flatnonzero((candidates.reason == 0).any(axis=1))
    link = np.unique(arcs.link[arc[arcs.link[arc] != WITHIN]])
    assembly.add_columns("open", {"link": link[links.capex[link] > 0]}, upper=1.0, integer=True)
    if network.dataset.settings.max_partners is None:
        return
    origin, target = network.sources.site[arcs.outlet[arc]], network.sinks.site[arcs.inlet[arc]]
    deal = between_enterprises(network.places, origin, target)
    pair = np.stack([owner[origin[deal]], owner[target[deal]]])
    pairs = np.unique(np.sort(pair, axis=0), axis=1)
    assembly.add_columns("partner", {"one": pairs[0], "other": pairs[1]}, upper=1.0, integer=True)


def _add_capacities(assembly: Assembly, candidates: Candidates) -> None:
    """Add on/off constraints of units with a least load, and the capacity constraints of new units: run within size.

    A unit with a least load runs at zero, or between the least load and the upper bound.
    """
    units, share = candidates.network.units, candidates.network.places.share
    on, run, size = (assembly.columns[name] for name in ("on", "run", "size"))
    if len(on):
        unit, period = on.key["unit"], on.key["period"]
        column = positions_of(run, "unit", len(share), len(units.ids))[unit, period]
        low, high = assembly.add_rows("load_min", on.key, lower=0.0), assembly.add_rows("load_max", on.key, upper=0.0)
        for rows, limit in ((low, candidates.least), (high, candidates.reach.run)):
            assembly.add_entries(rows.positions, column, 1.0)
            assembly.add_entries(rows.positions, on.positions, -limit[unit, period])
    if not len(size):
        return
    fresh = np.flatnonzero(units.is_build[run.key["unit"]])
    unit, period = run.key["unit"][fresh], run.key["period"][fresh]
    per_size = share[period] * units.available[unit, period]
    rows = assembly.add_rows("run", {"unit": unit, "period": period}, upper=0.0)
    assembly.add_entries(rows.positions, run.start + fresh, 1.0)
    of = positions_of(rows, "unit", len(share), len(units.ids))[units.steps.unit[size.key["step"]]]
    step, when = np.nonzero(of >= 0)
    place = of[step, when]
    assembly.add_entries(place, size.start + step, -per_size[place - rows.start])


def _add_steps(assembly: Assembly, candidates: Candidates) -> None:
    """Add the binaries' bounds on the size of each step of scale, at most one step per unit, and bounds on its run.

    The last, that of its reach times its binaries, is implied, but tightens.
    """
    units, steps, share = candidates.network.units, candidates.network.units.steps, candidates.network.places.share
    size, built, run = (assembly.columns[name] for name in ("size", "built", "run"))
    if not len(built):
        return
    column = np.full(len(steps.unit), -1)
    column[size.key["step"]] = size.positions
    step, of = built.key["step"], steps.unit[built.key["step"]]
    most = np.minimum(steps.most, np.maximum(candidates.size[steps.unit], steps.least))[step]
    bounded, floor = np.isfinite(most), steps.least[step] > 0
    high = assembly.add_rows("size_max", {"step": step[bounded]}, upper=0.0)
    low = assembly.add_rows("size_min", {"step": step[floor]}, lower=0.0)
    for rows, which, limit in ((high, bounded, most), (low, floor, steps.least[step])):
        assembly.add_entries(rows.positions, column[step[which]], 1.0)
        assembly.add_entries(rows.positions, built.positions[which], -limit[which])
    binaries = np.bincount(of, minlength=len(units.ids))
    several = binaries[of] > 1
    names, row = np.unique(of[several], return_inverse=True)
    one = assembly.add_rows("one_size", {"unit": names}, upper=1.0)
    assembly.add_entries(one.start + row, built.positions[several], 1.0)
    fresh = np.flatnonzero(units.is_build[run.key["unit"]])
    unit, period = run.key["unit"][fresh], run.key["period"][fresh]
    reach, widest = candidates.reach.run[unit, period], np.zeros(len(units.ids))
    np.maximum.at(widest, steps.unit[candidates.step], steps.most[candidates.step])
    full = widest[unit] * share[period] * units.available[unit, period]
    # every step has to be a binary, or a unit could run without any of them
    whole = (binaries > 0) & (binaries == np.bincount(steps.unit[size.key["step"]], minlength=len(units.ids)))
    tight = np.isfinite(reach) & (reach < full * (1 - 1e-9)) & whole[unit]
    rows = assembly.add_rows("reach", {"unit": unit[tight], "period": period[tight]}, upper=0.0)
    assembly.add_entries(rows.positions, run.start + fresh[tight], 1.0)
    row = positions_of(rows, "unit", len(share), len(units.ids))[of]
    step, when = np.nonzero(row >= 0)
    place = row[step, when]
    assembly.add_entries(place, built.start + step, -reach[tight][place - rows.start])


def _add_links(assembly: Assembly, candidates: Candidates) -> None:
    """Add link capacities; on links with capex the bound is a variable upper bound on the opening binary."""
    network, flow, opened = candidates.network, assembly.columns["flow"], assembly.columns["open"]
    arcs, links = network.arcs, network.links
    over = np.flatnonzero(arcs.link[flow.key["arc"]] != WITHIN)
    if not len(over):
        return
    link, period = arcs.link[flow.key["arc"][over]], flow.key["period"][over]
    column = np.full(len(links.mode), -1)
    column[opened.key["link"]] = opened.positions
    capacity = candidates.reach.link
    every = arcs.link != WITHIN
    most = np.minimum(capacity, sums(arcs.link[every], candidates.reach.flow[every], len(links.mode)))
    shared = np.minimum(most, wanted(network, candidates.reach))
    limited = (column[link] >= 0) | np.isfinite(capacity[link, period])
    row, key = distinct({"link": link[limited], "period": period[limited]})
    priced = column[key["link"]] >= 0
    # a link without any bound opens for nothing: whatever paid over it would be unbounded anyhow
    free = priced & ~np.isfinite(shared[key["link"], key["period"]])
    bound = np.where(free, np.inf, np.where(priced, 0.0, capacity[key["link"], key["period"]]))
    rows = assembly.add_rows("link", key, upper=bound)
    assembly.add_entries(rows.start + row, flow.start + over[limited], 1.0)
    which = np.flatnonzero(priced & np.isfinite(shared[key["link"], key["period"]]))
    most_open = shared[key["link"][which], key["period"][which]]
    assembly.add_entries(rows.start + which, column[key["link"][which]], -most_open)


def _add_keeps(assembly: Assembly, candidates: Candidates) -> None:
    """Limit the amount of an offer that leaves its owner or is stored to the part it need not keep."""
    network, flow = candidates.network, assembly.columns["flow"]
    outlets, owner = network.outlets, network.places.owner
    offered = np.flatnonzero(outlets.kind == EndKind.OFFER)
    keep = np.zeros(len(outlets.kind))
    keep[offered] = network.dataset["offers"]["keep"].to_numpy(float)[outlets.ref[offered]]
    group = np.zeros(len(network.sources.site), dtype=int) - 1
    group[outlets.group[keep > 0]] = np.flatnonzero(keep > 0)
    if not len(flow) or not (keep > 0).any():
        return
    arc, period = flow.key["arc"], flow.key["period"]
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    from_site, to_site, rank = network.sources.site[source], network.sinks.site[sink], network.sinks.rank[sink]
    # free of it: markets without a site, disposal, and all but stores at the offer's own site, a public one included
    leaves = (rank < InletClass.OUTSIDE) & (from_site != to_site)
    leaves &= (owner[from_site] != owner[to_site]) | (owner[to_site] == PUBLIC)
    leaves |= rank == InletClass.STORE
    which = np.flatnonzero(leaves & (group[source] >= 0))
    row, key = distinct({"end": group[source[which]], "period": period[which]})
    amount = candidates.reach.given[key["end"], key["period"]]
    rows = assembly.add_rows("keep", key, upper=(1 - keep[key["end"]]) * amount)
    assembly.add_entries(rows.start + row, flow.start + which, 1.0)


def _add_markets(assembly: Assembly, candidates: Candidates) -> None:
    """Add the limit of each market without a site per enterprise; public places count as one enterprise."""
    network = candidates.network
    owner, markets = network.places.owner, network.dataset["markets"]
    anywhere = (markets["site"] == "").to_numpy(bool)
    for name, ends in (("give", network.outlets), ("take", network.inlets)):
        block = assembly.columns[name]
        if not len(block):
            continue
        end, period = block.key["end"], block.key["period"]
        limit = (candidates.reach.given if name == "give" else candidates.reach.taken)[end, period]
        hit = np.flatnonzero((ends.kind[end] == EndKind.MARKET) & np.isfinite(limit))
        hit = hit[anywhere[ends.ref[end[hit]]]]
        key = np.stack([ends.ref[end[hit]], owner[ends.site[end[hit]]], period[hit]])
        groups, row, count = np.unique(key, axis=1, return_inverse=True, return_counts=True)
        row = np.asarray(row).ravel()
        shared = count > 1
        amount = np.zeros(groups.shape[1])
        amount[row] = limit[hit]
        place = np.cumsum(shared) - 1
        keys = {"market": groups[0, shared], "enterprise": groups[1, shared], "period": groups[2, shared]}
        rows = assembly.add_rows(f"market_{name}", keys, upper=amount[shared])
        inside = shared[row]
        assembly.add_entries(rows.start + place[row[inside]], block.start + hit[inside], 1.0)


def _add_deals(assembly: Assembly, candidates: Candidates) -> None:
    """Limit exchanges between enterprises to the quantities of today's deals, for the status quo."""
    network, flow = candidates.network, assembly.columns["flow"]
    if not candidates.scope.deals or not len(flow):
        return
    deals, places = network.dataset["deals"], network.places
    table = pd.DataFrame(
        {
            "origin": positions(deals["from_site"], places.sites),
            "target": positions(deals["to_site"], places.sites),
            "commodity": positions(deals["commodity"], places.commodities),
            "quantity": deals["quantity"].to_numpy(float),
        }
    )
    table = table.groupby(["origin", "target", "commodity"], as_index=False).sum()
    table["deal"] = np.arange(len(table))
    arc = flow.key["arc"]
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    columns = pd.DataFrame(
        {
            "origin": network.sources.site[source],
            "target": network.sinks.site[sink],
            "commodity": network.sources.commodity[source],
            "period": flow.key["period"],
            "column": flow.positions,
        }
    )
    partner = between_enterprises(places, network.sources.site[source], network.sinks.site[sink])
    joined = columns[partner].merge(table, on=["origin", "target", "commodity"], how="inner", sort=False)
    row, key = distinct({part: joined[part].to_numpy(np.int64) for part in ("deal", "period")})
    most = table["quantity"].to_numpy(float)[key["deal"]] * places.share[key["period"]]
    rows = assembly.add_rows("deal", key, upper=most)
    assembly.add_entries(rows.start + row, joined["column"].to_numpy(np.int64), 1.0)


def _add_partners(assembly: Assembly, candidates: Candidates) -> None:
    """Add partner constraints: flow only between partners, and at most `max_partners` per enterprise."""
    network, flow, partner = candidates.network, assembly.columns["flow"], assembly.columns["partner"]
    if not len(partner):
        return
    owner, arc = network.places.owner, flow.key["arc"]
    origin = network.sources.site[network.arcs.outlet[arc]]
    target = network.sinks.site[network.arcs.inlet[arc]]
    deal = np.flatnonzero(between_enterprises(network.places, origin, target))
    size = len(network.places.enterprises)
    table = np.full((size, size), -1)
    table[partner.key["one"], partner.key["other"]] = partner.positions
    pair = np.sort(np.stack([owner[origin[deal]], owner[target[deal]]]), axis=0)
    most = _bounded(candidates, arc[deal], flow.key["period"][deal])
    rows = assembly.add_rows("partner", {"flow": deal}, upper=0.0)
    assembly.add_entries(rows.positions, flow.start + deal, 1.0)
    assembly.add_entries(rows.positions, table[pair[0], pair[1]], -most)
    limit = network.dataset.settings.max_partners or 0
    firms = np.unique(np.concatenate([partner.key["one"], partner.key["other"]]))
    count = assembly.add_rows("max_partners", {"enterprise": firms}, upper=limit)
    for side in ("one", "other"):
        assembly.add_entries(count.start + np.searchsorted(firms, partner.key[side]), partner.positions, 1.0)


def _bounded(candidates: Candidates, arc: Ints, period: Ints) -> Floats:
    """Return an upper bound on each flow, from its own bound and those of its two ends; an error if there is none."""
    network, reach, places = candidates.network, candidates.reach, candidates.network.places
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    kept = 1.0 - np.append(network.links.loss, 0.0)[network.arcs.link[arc]]
    with np.errstate(divide="ignore"):
        taken = np.where(kept > 0, reach.received[sink, period] / kept, np.inf)
    most: Floats = np.minimum(np.minimum(reach.flow[arc, period], reach.sent[source, period]), taken)
    if not np.isfinite(most).all():  # as the tables state them, ends may be bounded by what reaches them alone
        most = np.minimum(most, reach_of(network, candidates.scope, reach.flow > 0).flow[arc, period])
    endless = np.flatnonzero(~np.isfinite(most))
    if not len(endless):
        return most
    source, sink = source[endless[0]], sink[endless[0]]
    good = places.commodities[network.sources.commodity[source]]
    ends = [places.sites[of] for of in (network.sources.site[source], network.sinks.site[sink])]
    raise UsageError(
        f"max_partners: nothing bounds how much {good} goes from {ends[0]} to {ends[1]}, so that partners cannot be "
        "counted; give the link a capacity, a market there a limit or a process a max_capacity "
        f"/ max_partners：{good} 从 {ends[0]} 到 {ends[1]} 的数量没有上限，无法计算合作方数量；"
        "请为线路设置 capacity、为市场设置 limit 或为工艺设置 max_capacity"
    )


def _add_aims(assembly: Assembly, candidates: Candidates) -> None:
    """Add the policy constraints, which apply to v(N) only: capex budget, CO2 cap, mode shares, fixed exchanges."""
    network, settings, flow = candidates.network, candidates.network.dataset.settings, assembly.columns["flow"]
    if not candidates.scope.aims:
        return
    arcs, links, arc = network.arcs, network.links, flow.key["arc"]
    if settings.capex_budget is not None:
        steps = network.units.steps
        row = assembly.add_rows("capex_budget", {"aim": np.zeros(1, np.int64)}, upper=settings.capex_budget)
        parts = (("built", "step", steps.fixed), ("size", "step", steps.unit_cost), ("open", "link", links.capex))
        for name, key, capex in parts:
            block = assembly.columns[name]
            assembly.add_entries(row.start, block.positions, capex[block.key[key]])
    if settings.co2_cap is not None:
        row = assembly.add_rows("co2_cap", {"aim": np.zeros(1, np.int64)}, upper=settings.co2_cap)
        run = assembly.columns["run"]
        assembly.add_entries(row.start, run.positions, network.units.co2[run.key["unit"]])
        assembly.add_entries(row.start, flow.positions, _flow_co2(candidates, arc))
    # the minimum share of certain modes in a commodity's flow between sites
    if settings.mode_share and len(flow):
        rows = assembly.add_rows("mode_share", {"aim": np.arange(len(settings.mode_share))}, lower=0.0)
        over = np.flatnonzero(arcs.link[arc] != WITHIN)
        link = arcs.link[arc[over]]
        for index, rule in enumerate(settings.mode_share):
            mine = network.places.commodities[links.commodity[link]] == rule.commodity
            counts = np.isin(links.mode[link[mine]], np.asarray(rule.modes, dtype=object))
            assembly.add_entries(rows.start + index, flow.start + over[mine], counts - rule.minimum)
    # the fixed yearly totals of certain exchanges
    if settings.fix:
        total = np.asarray([pattern.quantity or 0.0 for pattern in settings.fix])
        rows = assembly.add_rows("fix", {"aim": np.arange(len(settings.fix))}, lower=total, upper=total)
        source, sink = arcs.outlet[arc], arcs.inlet[arc]
        ends = (network.sources.site[source], network.sinks.site[sink], network.sources.commodity[source])
        for index, pattern in enumerate(settings.fix):
            hit = np.flatnonzero(matches(pattern, network.places, *ends))
            assembly.add_entries(rows.start + index, flow.start + hit, 1.0)


# columns, then rows; the order of families is that of the columns and rows of the model
FAMILIES = (
    _add_activities,
    _add_ends,
    _add_decisions,
    add_balances,
    add_qualities,
    _add_capacities,
    _add_steps,
    _add_links,
    _add_keeps,
    _add_markets,
    _add_deals,
    _add_partners,
    _add_aims,
)
