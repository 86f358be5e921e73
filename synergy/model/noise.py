"""Noise: values of columns that a solver leaves where there should be none, told from amounts that are small."""

from __future__ import annotations

import numpy as np

from synergy.model.assembly import Block
from synergy.model.balances import arrivals
from synergy.model.build import Model
from synergy.model.scaling import PART
from synergy.network.ends import EndKind, Ends
from synergy.network.places import Floats, Ints

NOISE = 1e-9  # part of what a column could be, or of what there is beside it, below which a value is nothing
_ENDS = (("give", "outlet"), ("draw", "outlet"), ("take", "inlet"), ("put", "inlet"))


def noiseless(model: Model, x: Floats) -> Floats:
    """Values of a model's columns, those that are noise at 0.

    Parameters
    ----------
    model : Model
    x : numpy.ndarray, shape (columns,)
        In the model's units.

    Returns
    -------
    numpy.ndarray, shape (columns,)

    Notes
    -----
    A bound says little where it is a million times what there is to do: a need of 1e-4 is met over a pipe for 1e8, from
    a market without limit, by a plant of any size. So flows are held against the greatest flow of their commodity too,
    and what gives, takes or runs against the flows that it gives or takes. Where something small is compulsory, flows
    to and from it are held against that.
    """
    most = np.where(np.isfinite(model.upper) & (model.upper > 0), model.upper, np.inf)
    scale = np.where(np.isfinite(most), most, 1.0)
    flow, network = model.column("flow"), model.candidates.network
    if len(flow):
        commodity = network.sources.commodity[network.arcs.outlet[flow.key["arc"]]]
        peak = np.zeros(len(network.places.commodities))
        np.maximum.at(peak, commodity, np.abs(x[flow.span]))
        scale[flow.span] = np.minimum(most[flow.span], np.minimum(peak[commodity], _least(model, flow, peak)))
        carried: Floats = np.where(np.abs(x) < NOISE * scale, 0.0, x)[flow.span]
        moved = {side: _moved(model, flow, carried, side) for side in ("outlet", "inlet")}
        for name, side in _ENDS:
            block = model.column(name)
            if len(block):
                ends: Ends = network.outlets if side == "outlet" else network.inlets
                beside = moved[side][ends.group[block.key["end"]], block.key["period"]]
                scale[block.span] = np.minimum(most[block.span], beside)
        run = model.column("run")
        if len(run):
            spoken = _possible(model, moved)[run.key["unit"], run.key["period"]]
            scale[run.span] = np.where(spoken > 0, np.minimum(scale[run.span], spoken), scale[run.span])
    cleaned = np.where(np.abs(x) < NOISE * scale, 0.0, x)
    return _fed(model, cleaned, NOISE * peak) if len(flow) else cleaned


def _fed(model: Model, x: Floats, nothing: Floats) -> Floats:
    """Values without what leaves from nothing and units that run on nothing, down the chain.

    A solver keeps a balance to a part of the greatest amount in it: beside a million tons, a unit for a kilogram runs
    without its input. `nothing` is what counts as none of each commodity.
    """
    flow, run, network = model.column("flow"), model.column("run"), model.candidates.network
    if not len(run):
        return x
    x, arc, when = x.copy(), flow.key["arc"], flow.key["period"]
    places = (run.key["unit"], run.key["period"])
    activity: Floats = np.zeros((len(network.units.ids), len(network.places.share)))
    needs, makes = (
        np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
        for ends in (network.inlets, network.outlets)
    )
    arrived, source = arrivals(model.candidates, flow), network.arcs.outlet[arc]
    least = nothing[network.sinks.commodity[network.inlets.group[needs]]]
    while True:
        activity[places] = x[run.span]
        given = np.zeros((len(network.sources.site), activity.shape[1]))
        np.add.at(given, network.outlets.group[makes], activity[network.outlets.ref[makes]])
        for name in ("give", "draw"):
            block = model.column(name)
            if len(block):
                np.add.at(given, (network.outlets.group[block.key["end"]], block.key["period"]), x[block.span])
        idle = (given[source, when] <= 0) & (x[flow.span] > nothing[network.sources.commodity[source]])
        x[flow.span] = np.where(idle, 0.0, x[flow.span])
        came = _moved(model, flow, x[flow.span] * arrived, "inlet")[network.inlets.group[needs]]
        starved = np.zeros(activity.shape, dtype=bool)
        wanted = activity[network.inlets.ref[needs]] * network.inlets.coefficient[needs, None]
        np.logical_or.at(starved, network.inlets.ref[needs], (came <= 0) & (wanted > least[:, None]))
        gone = starved[places]
        if not gone.any():
            return x
        x[run.span] = np.where(gone, 0.0, x[run.span])


def _moved(model: Model, flow: Block, carried: Floats, side: str) -> Floats:
    """Sum of what leaves each group of outlets, or makes for each group of inlets, shape (groups, periods)."""
    network = model.candidates.network
    group: Ints = (network.arcs.outlet if side == "outlet" else network.arcs.inlet)[flow.key["arc"]]
    groups = network.sources if side == "outlet" else network.sinks
    total: Floats = np.zeros((len(groups.site), len(network.places.share)))
    np.add.at(total, (group, flow.key["period"]), np.abs(carried))
    return total


def _least(model: Model, flow: Block, peak: Floats) -> Floats:
    """Return the least that is compulsory at an end of each flow, inf where nothing small is."""
    network = model.candidates.network
    found = np.full(len(flow), np.inf)
    run = model.column("run")
    for ends, group, traded in (
        (network.outlets, network.arcs.outlet, "give"),
        (network.inlets, network.arcs.inlet, "take"),
    ):
        least = np.full((len(ends.kind), len(network.places.share)), np.inf)
        if len(run):
            forced = np.zeros((len(network.units.ids), least.shape[1]))
            forced[run.key["unit"], run.key["period"]] = model.lower[run.span]
            unit = np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
            least[unit] = forced[ends.ref[unit]] * ends.coefficient[unit, None]
        block = model.column(traded)
        if len(block):
            least[block.key["end"], block.key["period"]] = model.lower[block.span]
        least[(least <= 0) | (least >= PART * peak[ends.commodity][:, None])] = np.inf
        grouped = np.full((int(ends.group.max(initial=-1)) + 1, least.shape[1]), np.inf)
        np.minimum.at(grouped, ends.group, least)
        found = np.minimum(found, grouped[group[flow.key["arc"]], flow.key["period"]])
    return found


def _possible(model: Model, moved: dict[str, Floats]) -> Floats:
    """Greatest activity of each unit that flows at its ends speak of, 0 where none do, shape (units, periods)."""
    network = model.candidates.network
    most: Floats = np.zeros((len(network.units.ids), len(network.places.share)))
    for ends, side in ((network.outlets, "outlet"), (network.inlets, "inlet")):
        mine = np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
        np.maximum.at(most, ends.ref[mine], moved[side][ends.group[mine]] / ends.coefficient[mine, None])
    return most
