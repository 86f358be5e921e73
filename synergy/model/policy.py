"""Policy constraints of the round: capex budget, CO2 cap, mode shares, fixed exchanges, partner limits."""

from __future__ import annotations

import numpy as np

from synergy.candidates.candidates import Candidates
from synergy.candidates.reach import reach_of
from synergy.errors import UsageError
from synergy.model.assembly import Assembly
from synergy.network.ends import InletClass
from synergy.network.links import WITHIN, between_enterprises, matches
from synergy.network.network import Network
from synergy.network.places import Floats, Ints


def add_aims(assembly: Assembly, candidates: Candidates) -> None:
    """Add the policy constraints that apply to v(N) only, if the scope is the round."""
    if candidates.scope.aims:
        _budget(assembly, candidates)
        _carbon(assembly, candidates)
        _mode_shares(assembly, candidates)
        _fixed(assembly, candidates)


def flow_co2(candidates: Candidates, assembly: Assembly) -> Floats:
    """Return the t CO2 per unit of each flow column, from its transport and its disposal."""
    network, flow = candidates.network, assembly.block("flow")
    if not len(flow):
        return np.empty(0)
    arcs, arc = network.arcs, flow.key["arc"]
    disposed = network.sinks.rank[arcs.inlet[arc]] == InletClass.DISPOSAL
    of_commodity = network.dataset["commodities"]["disposal_co2"].to_numpy(float)
    per_unit = of_commodity[network.sources.commodity[arcs.outlet[arc]]]
    emitted: Floats = arcs.over(network.links.co2, 0.0)[arc] + np.where(disposed, per_unit, 0.0)
    return emitted


def _budget(assembly: Assembly, candidates: Candidates) -> None:
    """Add the capex budget over all builds and links."""
    budget = candidates.network.dataset.settings.capex_budget
    if budget is None:
        return
    steps, links = candidates.network.units.steps, candidates.network.links
    row = assembly.add_rows("capex_budget", {"aim": np.zeros(1, np.int64)}, upper=budget)
    parts = (("built", "step", steps.fixed), ("size", "step", steps.unit_cost), ("open", "link", links.capex))
    for name, key, capex in parts:
        block = assembly.block(name)
        if len(block):
            assembly.add_entries(np.full(len(block), row.start), block.positions, capex[block.key[key]])


def _carbon(assembly: Assembly, candidates: Candidates) -> None:
    """Add the CO2 cap over processes, transport and disposal."""
    cap = candidates.network.dataset.settings.co2_cap
    if cap is None:
        return
    row = assembly.add_rows("co2_cap", {"aim": np.zeros(1, np.int64)}, upper=cap)
    run, flow = assembly.block("run"), assembly.block("flow")
    if len(run):
        emitted = candidates.network.units.co2[run.key["unit"]]
        assembly.add_entries(np.full(len(run), row.start), run.positions, emitted)
    assembly.add_entries(np.full(len(flow), row.start), flow.positions, flow_co2(candidates, assembly))


def _mode_shares(assembly: Assembly, candidates: Candidates) -> None:
    """Add the minimum share of certain modes in a commodity's flow between sites."""
    network, flow = candidates.network, assembly.block("flow")
    rules = network.dataset.settings.mode_share
    if not rules or not len(flow):
        return
    rows = assembly.add_rows("mode_share", {"aim": np.arange(len(rules))}, lower=0.0)
    link = network.arcs.link[flow.key["arc"]]
    over = np.flatnonzero(link != WITHIN)
    commodity = network.places.commodities[network.links.commodity[link[over]]]
    mode = network.links.mode[link[over]]
    for index, rule in enumerate(rules):
        moved = over[commodity == rule.commodity]
        counts = np.isin(mode[commodity == rule.commodity], np.asarray(rule.modes, dtype=object))
        assembly.add_entries(np.full(len(moved), rows.start + index), flow.start + moved, counts - rule.minimum)


def _fixed(assembly: Assembly, candidates: Candidates) -> None:
    """Add the fixed yearly totals of certain exchanges."""
    network, flow = candidates.network, assembly.block("flow")
    patterns = network.dataset.settings.fix
    if not patterns:
        return
    wanted = np.asarray([pattern.quantity or 0.0 for pattern in patterns])
    rows = assembly.add_rows("fix", {"aim": np.arange(len(patterns))}, lower=wanted, upper=wanted)
    if not len(flow):
        return
    arc = flow.key["arc"]
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    ends = (network.sources.site[source], network.sinks.site[sink], network.sources.commodity[source])
    for index, pattern in enumerate(patterns):
        hit = np.flatnonzero(matches(pattern, network.places, *ends))
        assembly.add_entries(np.full(len(hit), rows.start + index), flow.start + hit, 1.0)


def _bounded(candidates: Candidates, arc: Ints, period: Ints) -> Floats:
    """Return an upper bound on each flow, from its own bound and those of its two ends."""
    network, reach = candidates.network, candidates.reach
    kept = 1.0 - network.arcs.over(network.links.loss, 0.0)[arc]
    with np.errstate(divide="ignore"):
        taken = np.where(kept > 0, reach.received[network.arcs.inlet[arc], period] / kept, np.inf)
    most = np.minimum(np.minimum(reach.flow[arc, period], reach.sent[network.arcs.outlet[arc], period]), taken)
    if not np.isfinite(most).all():  # as the tables state them, ends may be bounded by what reaches them alone
        tight = reach_of(network, candidates.scope, reach.flow > 0)
        most = np.minimum(most, tight.flow[arc, period])
    _refuse_endless(network, arc[~np.isfinite(most)])
    return np.asarray(most)


def _refuse_endless(network: Network, arcs: Ints) -> None:
    """Raise an error if a flow has no finite bound from its ends or its link."""
    if not len(arcs):
        return
    source, sink = network.arcs.outlet[arcs[0]], network.arcs.inlet[arcs[0]]
    places = network.places
    good = places.commodities[network.sources.commodity[source]]
    ends = [places.sites[of] for of in (network.sources.site[source], network.sinks.site[sink])]
    raise UsageError(
        f"max_partners: nothing bounds how much {good} goes from {ends[0]} to {ends[1]}, so that partners cannot be "
        "counted; give the link a capacity, a market there a limit or a process a max_capacity "
        f"/ max_partners：{good} 从 {ends[0]} 到 {ends[1]} 的数量没有上限，无法计算合作方数量；"
        "请为线路设置 capacity、为市场设置 limit 或为工艺设置 max_capacity"
    )


def add_partners(assembly: Assembly, candidates: Candidates) -> None:
    """Add partner constraints: flow only between partners, and at most `max_partners` per enterprise."""
    network, flow, partner = candidates.network, assembly.block("flow"), assembly.block("partner")
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
