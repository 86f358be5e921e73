"""Capacity constraints of units, steps of scale, links, offers, markets and deals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.candidates.candidates import Candidates
from synergy.candidates.reach import carried, sums, wanted
from synergy.model.assembly import Assembly, distinct, positions_of
from synergy.model.variables import least_run
from synergy.network.ends import EndKind, InletClass
from synergy.network.links import WITHIN, between_enterprises
from synergy.network.places import PUBLIC, positions


def add_loads(assembly: Assembly, candidates: Candidates) -> None:
    """Add on/off constraints of units with a least load: zero, or between the least load and the upper bound."""
    on, run = assembly.block("on"), assembly.block("run")
    if not len(on):
        return
    units, periods = candidates.network.units, len(candidates.network.places.share)
    table = positions_of(run, "unit", periods, len(units.ids))
    unit, period = on.key["unit"], on.key["period"]
    column = table[unit, period]
    least, most = least_run(candidates)[unit, period], candidates.reach.run[unit, period]
    low = assembly.add_rows("load_min", dict(on.key), lower=0.0)
    assembly.add_entries(low.positions, column, 1.0)
    assembly.add_entries(low.positions, on.positions, -least)
    high = assembly.add_rows("load_max", dict(on.key), upper=0.0)
    assembly.add_entries(high.positions, column, 1.0)
    assembly.add_entries(high.positions, on.positions, -most)


def add_builds(assembly: Assembly, candidates: Candidates) -> None:
    """Add capacity constraints of new units: run within size, size within its step, at most one step a site."""
    units, steps = candidates.network.units, candidates.network.units.steps
    size, built, run = (assembly.block(name) for name in ("size", "built", "run"))
    if not len(size):
        return
    fresh = np.flatnonzero(units.is_build[run.key["unit"]])
    unit, period = run.key["unit"][fresh], run.key["period"][fresh]
    per_size = candidates.network.places.share[period] * units.available[unit, period]
    rows = assembly.add_rows("run", {"unit": unit, "period": period}, upper=0.0)
    assembly.add_entries(rows.positions, run.start + fresh, 1.0)
    row = positions_of(rows, "unit", len(candidates.network.places.share), len(units.ids))
    for block in (size, built):
        of = row[steps.unit[block.key["step"]]] if len(block) else np.empty((0, 1), np.int64)
        step, when = np.nonzero(of >= 0)
        place = of[step, when]
        if block is size:
            assembly.add_entries(place, size.start + step, -per_size[place - rows.start])
    _steps(assembly, candidates)
    _tight_runs(assembly, candidates, fresh)


def _steps(assembly: Assembly, candidates: Candidates) -> None:
    """Add size limits of each step of scale as variable bounds on its binary, and at most one step per unit."""
    units, steps = candidates.network.units, candidates.network.units.steps
    size, built = assembly.block("size"), assembly.block("built")
    if not len(built):
        return
    column = np.full(len(steps.unit), -1)
    column[size.key["step"]] = size.positions
    step = built.key["step"]
    most = np.minimum(steps.most, np.maximum(candidates.size[steps.unit], steps.least))[step]
    bounded = np.isfinite(most)
    high = assembly.add_rows("size_max", {"step": step[bounded]}, upper=0.0)
    assembly.add_entries(high.positions, column[step[bounded]], 1.0)
    assembly.add_entries(high.positions, built.positions[bounded], -most[bounded])
    floor = steps.least[step] > 0
    low = assembly.add_rows("size_min", {"step": step[floor]}, lower=0.0)
    assembly.add_entries(low.positions, column[step[floor]], 1.0)
    assembly.add_entries(low.positions, built.positions[floor], -steps.least[step[floor]])
    of = steps.unit[step]
    several = np.bincount(of, minlength=len(units.ids))[of] > 1
    names, row = np.unique(of[several], return_inverse=True)
    one = assembly.add_rows("one_size", {"unit": names}, upper=1.0)
    assembly.add_entries(one.start + row, built.positions[several], 1.0)


def _tight_runs(assembly: Assembly, candidates: Candidates, fresh: np.ndarray) -> None:
    """Bound the run of each new unit by its reach times its build binaries (implied, but tightens)."""
    units, steps = candidates.network.units, candidates.network.units.steps
    built, run = assembly.block("built"), assembly.block("run")
    if not len(built):
        return
    binary = np.zeros(len(units.ids), dtype=int)
    np.add.at(binary, steps.unit[built.key["step"]], 1)
    total = np.bincount(steps.unit[assembly.block("size").key["step"]], minlength=len(units.ids))
    unit, period = run.key["unit"][fresh], run.key["period"][fresh]
    most = candidates.reach.run[unit, period]
    widest = np.zeros(len(units.ids))
    np.maximum.at(widest, steps.unit[candidates.step], steps.most[candidates.step])
    full = widest[unit] * candidates.network.places.share[period] * units.available[unit, period]
    # every step has to be a binary, or a unit could run without any of them
    tight = np.isfinite(most) & (most < full * (1 - 1e-9)) & (binary[unit] > 0) & (binary[unit] == total[unit])
    rows = assembly.add_rows("reach", {"unit": unit[tight], "period": period[tight]}, upper=0.0)
    assembly.add_entries(rows.positions, run.start + fresh[tight], 1.0)
    row = positions_of(rows, "unit", len(candidates.network.places.share), len(units.ids))
    step, when = np.nonzero(row[steps.unit[built.key["step"]]] >= 0)
    place = row[steps.unit[built.key["step"][step]], when]
    assembly.add_entries(place, built.start + step, -most[tight][place - rows.start])


def add_links(assembly: Assembly, candidates: Candidates) -> None:
    """Add link capacities; on links with capex the bound is a variable upper bound on the opening binary."""
    network, flow, opened = candidates.network, assembly.block("flow"), assembly.block("open")
    arcs, links = network.arcs, network.links
    over = np.flatnonzero(arcs.link[flow.key["arc"]] != WITHIN) if len(flow) else np.empty(0, np.int64)
    if not len(over):
        return
    link, period = arcs.link[flow.key["arc"][over]], flow.key["period"][over]
    column = np.full(len(links.mode), -1)
    column[opened.key["link"] if len(opened) else []] = opened.positions
    capacity = carried(network, candidates.scope)
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


def add_keeps(assembly: Assembly, candidates: Candidates) -> None:
    """Limit the amount of an offer that leaves its owner or is stored to the part it need not keep."""
    network, flow = candidates.network, assembly.block("flow")
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


def add_markets(assembly: Assembly, candidates: Candidates) -> None:
    """Add the limit of each market without a site per enterprise; public places count as one enterprise."""
    network = candidates.network
    owner, markets = network.places.owner, network.dataset["markets"]
    anywhere = (markets["site"] == "").to_numpy(bool)
    for name, ends in (("give", network.outlets), ("take", network.inlets)):
        block = assembly.block(name)
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


def add_deals(assembly: Assembly, candidates: Candidates) -> None:
    """Limit exchanges between enterprises to the quantities of today's deals, for the status quo."""
    network, flow = candidates.network, assembly.block("flow")
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
