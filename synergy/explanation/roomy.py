"""Roomy: a plan's problem whose bounds leave room for more to give and take, though what is stated still binds.

The engine tightens every bound by what can reach it. A question such as "what if there were more of it" needs the
bounds that would hold then, so the problem is built for ends that are `ROOM` times as large, and only the columns and
rows that state an amount are set back.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import everyone
from synergy.model.build import Model, build
from synergy.network.ends import EndKind, Ends, unit_amounts
from synergy.network.network import Network
from synergy.network.places import Floats

ROOM = 11.0


def roomy(network: Network) -> Model:
    """Return the problem of all, nothing pruned, with room.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Model
        The same problem as the network's own: the same plans satisfy it, with the same values.
    """
    units = network.units
    standing = ~units.is_build
    large = replace(
        units,
        capacity=np.where(standing, units.capacity * ROOM, units.capacity),
        min_load=np.where(standing, units.min_load / ROOM, units.min_load),
    )
    wide = replace(
        network,
        units=large,
        outlets=_larger(network.outlets, standing),
        inlets=_larger(network.inlets, standing),
    )
    model = build(candidates_of(wide, everyone(network.places), prune=False))
    return _stated(model, network)


def _larger(ends: Ends, standing: np.ndarray) -> Ends:
    """Return ends that have or take more: all but stores and new units."""
    grown = np.isin(ends.kind, (EndKind.OFFER, EndKind.NEED, EndKind.MARKET))
    unit = np.flatnonzero(ends.kind == EndKind.UNIT)
    grown[unit[standing[ends.ref[unit]]]] = True
    return replace(ends, amount=np.where(grown[:, None], ends.amount * ROOM, ends.amount))


def _stated(model: Model, network: Network) -> Model:
    """Return the model with all stated amounts as they are."""
    lower, upper, row_upper = model.lower.copy(), model.upper.copy(), model.row_upper.copy()
    for name in ("give", "take"):
        span = model.column(name).span
        lower[span], upper[span] = lower[span] / ROOM, upper[span] / ROOM
    run = model.column("run")
    if len(run):
        most: Floats = unit_amounts(network.units, network.places.share)[run.key["unit"], run.key["period"]]
        upper[run.span] = np.maximum(np.minimum(upper[run.span], most), lower[run.span])
    for name in ("keep", "market_give", "market_take"):
        block = model.rows.get(name)
        if block is not None:
            row_upper[block.span] /= ROOM
    return replace(model, lower=lower, upper=upper, row_upper=row_upper)
