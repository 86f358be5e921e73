"""Decision variables of the model contract, by family."""

from __future__ import annotations

import numpy as np

from synergy.candidates.candidates import Candidates
from synergy.model.assembly import Assembly
from synergy.network.ends import EndKind, Ends
from synergy.network.links import WITHIN, between_enterprises
from synergy.network.places import PUBLIC, Bools, Floats


def add_variables(assembly: Assembly, candidates: Candidates) -> None:
    """Add all families of variables of the problem."""
    _flows(assembly, candidates)
    _units(assembly, candidates)
    _ends(assembly, candidates)
    _stores(assembly, candidates)
    _builds(assembly, candidates)
    _links(assembly, candidates)
    _partners(assembly, candidates)


def least_run(candidates: Candidates) -> Floats:
    """Return the least activity of each unit while it is on, shape (units, periods)."""
    units, places = candidates.network.units, candidates.network.places
    part = candidates.scope.factor(places)[units.site]
    capacity = np.where(units.min_load > 0, units.capacity, 0.0) * units.min_load * part
    return np.asarray(capacity[:, None] * places.share[None, :] * units.available)


def _flows(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``flow``: the amount leaving over each arc in each period."""
    arc, period = np.nonzero(candidates.reason == 0)
    assembly.add_columns("flow", {"arc": arc, "period": period}, upper=candidates.reach.flow[arc, period])


def _units(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``run``, the activity of each unit, and ``on``, the on/off binary of units with a least load."""
    units, scope = candidates.network.units, candidates.scope
    least = least_run(candidates)
    stepped = np.zeros(len(units.ids), dtype=bool)
    stepped[units.steps.unit[candidates.step]] = True
    active = scope.sites(candidates.network.places)[units.site] & (~units.is_build | stepped)
    forced = (units.must_run & active)[:, None] & (least > 0)
    unit, period = np.nonzero((active[:, None] & (candidates.reach.run > 0)) | forced)
    lower = np.where(units.must_run[unit], least[unit, period], 0.0)
    upper = np.maximum(candidates.reach.run[unit, period], lower)
    assembly.add_columns("run", {"unit": unit, "period": period}, lower=lower, upper=upper)
    switch = (least[unit, period] > 0) & ~units.must_run[unit]
    key = {"unit": unit[switch], "period": period[switch]}
    assembly.add_columns("on", key, upper=1.0, integer=True)


def _compulsory(candidates: Candidates, ends: Ends, flag: Bools) -> Bools:
    """Return which ends must give or take their full amount; duties at public places do not bind coalitions."""
    public = candidates.network.places.owner[ends.site] == PUBLIC
    compulsory: Bools = flag & (candidates.scope.duties | ~public)
    return compulsory


def _ends(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``give``, the supply of offers and buying markets, and ``take``, the intake of needs and selling markets."""
    network, reach = candidates.network, candidates.reach
    active = candidates.scope.sites(network.places)
    sides = (
        ("give", network.outlets, reach.given, reach.sent, EndKind.OFFER, "offers", "must_clear"),
        ("take", network.inlets, reach.taken, reach.received, EndKind.NEED, "needs", "required"),
    )
    for name, ends, amount, group, kind, table, column in sides:
        stated = ends.kind == kind
        flag = np.zeros(len(ends.kind), dtype=bool)
        flag[stated] = network.dataset[table][column].to_numpy(bool)[ends.ref[stated]]
        flag = _compulsory(candidates, ends, flag)
        own = (stated | (ends.kind == EndKind.MARKET)) & active[ends.site]
        useful = (amount > 0) & ((group[ends.group] > 0) | flag[:, None])
        end, period = np.nonzero(own[:, None] & useful)
        lower = np.where(flag[end], amount[end, period], 0.0)
        assembly.add_columns(name, {"end": end, "period": period}, lower=lower, upper=amount[end, period])


def _stores(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``put``, ``draw`` and ``level`` of each store."""
    network = candidates.network
    part = candidates.scope.factor(network.places)
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


def needs_binary(candidates: Candidates) -> Bools:
    """Return which steps of scale need a binary: those with a fixed cost, a least size or rival steps."""
    steps, units = candidates.network.units.steps, candidates.network.units
    rivals = np.bincount(steps.unit[candidates.step], minlength=len(units.ids))[steps.unit] > 1
    binary: Bools = candidates.step & ((steps.fixed > 0) | (steps.least > 0) | rivals)
    return binary


def _builds(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``size``, the yearly capacity of each step of a new build, and ``built``, its binary."""
    steps = candidates.network.units.steps
    step = np.flatnonzero(candidates.step)
    most = np.minimum(steps.most, np.maximum(candidates.size[steps.unit], steps.least))
    assembly.add_columns("size", {"step": step}, upper=most[step])
    assembly.add_columns("built", {"step": np.flatnonzero(needs_binary(candidates))}, upper=1.0, integer=True)


def _links(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``open``: the binary of each link that costs capex."""
    links, arcs = candidates.network.links, candidates.network.arcs
    used = arcs.link[(candidates.reason == 0).any(axis=1) & (arcs.link != WITHIN)]
    link = np.unique(used)
    link = link[links.capex[link] > 0]
    assembly.add_columns("open", {"link": link}, upper=1.0, integer=True)


def _partners(assembly: Assembly, candidates: Candidates) -> None:
    """Add ``partner``: the binary of each pair of enterprises, if the number of partners is limited."""
    network = candidates.network
    if network.dataset.settings.max_partners is None:
        return
    arcs, owner = network.arcs, network.places.owner
    arc = np.flatnonzero((candidates.reason == 0).any(axis=1))
    origin, target = network.sources.site[arcs.outlet[arc]], network.sinks.site[arcs.inlet[arc]]
    deal = between_enterprises(network.places, origin, target)
    pair = np.stack([owner[origin[deal]], owner[target[deal]]])
    pairs = np.unique(np.sort(pair, axis=0), axis=1)
    assembly.add_columns("partner", {"one": pairs[0], "other": pairs[1]}, upper=1.0, integer=True)
