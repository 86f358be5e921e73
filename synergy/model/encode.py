"""Decisions -> the whole numbers of a model: which steps, links, switches and partnerships a plan has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synergy.model.build import Model
from synergy.network.places import Bools, Floats
from synergy.plan import Decisions


def integers_of(model: Model, decisions: Decisions) -> Floats:
    """Return what the integer columns of a model are in some decisions; the inverse of `decode` for them.

    Parameters
    ----------
    model : Model
        Of the same dataset, or of one that differs in amounts and prices.
    decisions : Decisions
        A plan.

    Returns
    -------
    numpy.ndarray, shape (columns,)
        0 or 1; 0 for all columns that are not integer. What the model does not know is left out.
    """
    whole = np.zeros(len(model.cost))
    for name, known in (("built", _built), ("open", _opened), ("on", _running), ("partner", _partners)):
        block = model.column(name)
        if len(block):
            whole[block.span] = known(model, decisions)
    return whole


def _among(known: tuple[Any, ...], wanted: tuple[Any, ...]) -> Bools:
    """Return which tuples of texts stand among the wanted ones."""
    keys = [pd.MultiIndex.from_arrays([np.asarray(part, dtype=object) for part in side]) for side in (known, wanted)]
    return np.asarray(keys[0].isin(keys[1]))


def _built(model: Model, decisions: Decisions) -> Bools:
    """Return which steps of scale are built."""
    units, builds = model.candidates.network.units, decisions.builds
    step = model.column("built").key["step"]
    name = builds["process"].astype(object) + "@" + builds["site"].astype(object)
    size = builds["size"] if "size" in builds else np.full(len(builds), "")
    return _among((units.ids[units.steps.unit[step]], units.steps.size[step]), (name, size))


def _opened(model: Model, decisions: Decisions) -> Bools:
    """Return which links are opened."""
    network, link = model.candidates.network, model.column("open").key["link"]
    places, links = network.places, network.links
    known: tuple[Any, ...] = (places.sites[links.origin[link]], places.sites[links.target[link]])
    known += (places.commodities[links.commodity[link]], links.mode[link])
    opened = decisions.links
    return _among(known, tuple(opened[name] for name in ("from_site", "to_site", "commodity", "mode")))


def _running(model: Model, decisions: Decisions) -> Bools:
    """Return which facilities with a least load are on, by period."""
    network, block = model.candidates.network, model.column("on")
    runs = decisions.runs[decisions.runs["activity"] > 0]
    known = (network.units.ids[block.key["unit"]], network.places.periods[block.key["period"]])
    return _among(known, (runs["id"], runs["period"]))


def _partners(model: Model, decisions: Decisions) -> Bools:
    """Return which enterprises exchange anything."""
    places, block = model.candidates.network.places, model.column("partner")
    owner = pd.Series(np.append(places.enterprises, "")[places.owner], index=places.sites)
    ends = [decisions.flows[name].astype(object).map(owner).to_numpy(object) for name in ("from_site", "to_site")]
    one, other = (places.enterprises[block.key[name]] for name in ("one", "other"))
    both = (np.concatenate(ends), np.concatenate(ends[::-1]))
    return _among((one, other), both)
