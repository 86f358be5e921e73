"""Bands: what an exchange of the plan is worth to each side, the rest of the plan as it is.

With its yes-or-no decisions and all exchanges between enterprises held, the plan falls apart into one linear problem
for each enterprise. The seller's least price is what it would make of the quantity itself; the buyer's most is what it
would lose without it, less transport. The dual price of the plan lies between the two, since values are concave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.owners import owner_of
from synergy.coalitions.apart import Apart
from synergy.dataset.dataset import Dataset
from synergy.model.balances import arrivals
from synergy.model.build import Model
from synergy.model.noise import noiseless
from synergy.network.links import between_enterprises
from synergy.network.places import Floats, Ints
from synergy.settlement.trades import Trades

KEY = ["from_site", "to_site", "commodity"]


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The exchanges between enterprises that have a price.

    Parameters
    ----------
    key : pandas.DataFrame
        from_site, to_site, commodity of each.
    trades : Trades
        Who sells to whom, how much a year, and the band.
    """

    key: pd.DataFrame
    trades: Trades


@dataclass(frozen=True, slots=True)
class _Moved:
    """Columns of flows that make up the exchanges: which exchange, column, quantity and what arrives."""

    exchange: Ints
    column: Ints
    quantity: Floats
    arrived: Floats


def exchanges_of(dataset: Dataset, model: Model, x: Floats) -> Exchanges:
    """Return the exchanges of a plan between enterprises, with the band of prices of each.

    Parameters
    ----------
    dataset : Dataset
    model : Model
        Of the round.
    x : numpy.ndarray, shape (columns,)
        The plan.

    Returns
    -------
    Exchanges
        By from_site, to_site and commodity; quantities over all modes and periods.
    """
    key, moved = _moved(model, x)
    seller, buyer = (owner_of(dataset, key[name]) for name in ("from_site", "to_site"))
    count = len(key)
    quantity = np.bincount(moved.exchange, weights=moved.quantity, minlength=count).astype(float)
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    if count:
        low, high = _ends(Apart(model, x), moved, (seller, buyer))
    return Exchanges(key, Trades(seller, buyer, quantity, low, high))


def _ends(plan: Apart, moved: _Moved, sides: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
    """Return both ends of the bands; the dual price stands for a side that cannot do without the exchange."""
    seller, buyer = (side.tolist() for side in sides)
    count = len(seller)
    total = np.bincount(moved.exchange, weights=moved.quantity, minlength=count)
    cost = plan.model.cost[moved.column] * moved.quantity
    carried = np.bincount(moved.exchange, weights=cost, minlength=count) / total
    order = np.argsort(moved.exchange, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(moved.exchange, minlength=count))[:-1])
    kept, lost, price = np.empty(count), np.empty(count), np.empty(count)
    for at, part in enumerate(parts):
        column, quantity = moved.column[part], moved.quantity[part]
        kept[at] = plan.change(seller[at], "outlet", column, quantity)
        lost[at] = plan.change(buyer[at], "inlet", column, moved.arrived[part])
        price[at] = plan.price(seller[at], column, quantity)
    low, high = kept / total, -lost / total + carried
    either = np.where(np.isnan(price), np.where(np.isnan(low), high, low), price)
    either = np.nan_to_num(either)
    low, high = np.where(np.isnan(low), either, low), np.where(np.isnan(high), either, high)
    return np.minimum(low, high) + 0.0, np.maximum(low, high) + 0.0


def _moved(model: Model, x: Floats) -> tuple[pd.DataFrame, _Moved]:
    """Return the exchanges of a plan between enterprises, and the columns behind them."""
    network, flow = model.candidates.network, model.column("flow")
    arc = flow.key["arc"] if len(flow) else np.empty(0, np.int64)
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    origin, target = network.sources.site[source], network.sinks.site[sink]
    partner = between_enterprises(network.places, origin, target)
    amount = noiseless(model, x)[flow.span] if len(flow) else np.empty(0)
    which = np.flatnonzero(partner & (amount > 0))
    columns: dict[str, Any] = {
        "from_site": network.places.sites[origin[which]],
        "to_site": network.places.sites[target[which]],
        "commodity": network.places.commodities[network.sources.commodity[source[which]]],
    }
    table = pd.DataFrame(columns, dtype=object)
    number = np.asarray(table.groupby(KEY, sort=True).ngroup() if len(table) else [], dtype=np.int64)
    key = table.drop_duplicates(KEY).sort_values(KEY, kind="stable", ignore_index=True)
    part = arrivals(model.candidates, flow)[which]
    column = flow.positions[which]
    return key, _Moved(number, column, amount[which], amount[which] * part)
