"""What a plan commits to: its builds and links, and who deals with whom in what; amounts follow the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.model.build import Model
from synergy.model.encode import integers_of
from synergy.model.near import Wish
from synergy.network.links import between_enterprises
from synergy.network.places import Bools, Floats, Ints, positions
from synergy.plan import Decisions


@dataclass(frozen=True, slots=True)
class Stand:
    """A plan's commitments in a model.

    Parameters
    ----------
    whole : numpy.ndarray, shape (columns,)
        Its yes-or-no decisions.
    wish : Wish
        Sizes as built, no dealings that the plan has not.
    sunk : float
        Money a year that its builds and links cost and that the model, which may leave them out, does not know.
    """

    whole: Floats
    wish: Wish
    sunk: float


def stand_of(model: Model, decisions: Decisions) -> Stand:
    """Return what a plan commits to in a model of its dataset, or of one with other figures.

    Parameters
    ----------
    model : Model
    decisions : Decisions
    """
    whole = integers_of(model, decisions)
    units, size = model.candidates.network.units, model.column("size")
    steps, builds = units.steps, decisions.builds
    step = size.key["step"] if len(size) else np.empty(0, np.int64)
    name = (builds["process"].astype(object) + "@" + builds["site"].astype(object)).to_numpy(object)
    keys = [
        pd.MultiIndex.from_arrays(side)
        for side in ((units.ids[steps.unit[step]], steps.size[step]), (name, builds["size"].to_numpy(object)))
    ]
    place = keys[1].get_indexer(keys[0])
    capacity = np.where(place >= 0, np.append(builds["capacity"].to_numpy(float), 0.0)[place], 0.0)
    lacking = ~keys[1].isin(keys[0])
    sunk = float(builds["annual_cost"].to_numpy(float)[lacking].sum())
    fits = capacity <= np.maximum(model.upper[size.span], 0.0)
    return Stand(
        whole, Wish(closed=_strangers(model, decisions), fixed=size.positions[fits], amounts=capacity[fits]), sunk
    )


def _strangers(model: Model, decisions: Decisions) -> Ints:
    """Return the flow columns between enterprises that do not deal with each other in the commodity."""
    flow = model.column("flow")
    if not len(flow):
        return np.empty(0, np.int64)
    network, places = model.candidates.network, model.candidates.network.places
    arc = flow.key["arc"]
    origin = network.sources.site[network.arcs.outlet[arc]]
    target = network.sinks.site[network.arcs.inlet[arc]]
    commodity = network.sources.commodity[network.arcs.outlet[arc]]
    between: Bools = between_enterprises(places, origin, target)
    firms, goods = len(places.enterprises), len(places.commodities)
    key = (places.owner[origin] * firms + places.owner[target]) * goods + commodity
    flows = decisions.flows
    ends = [positions(flows[name], places.sites) for name in ("from_site", "to_site")]
    known = (places.owner[ends[0]] * firms + places.owner[ends[1]]) * goods
    known += positions(flows["commodity"], places.commodities)
    return flow.start + np.flatnonzero(between & ~np.isin(key, known))
