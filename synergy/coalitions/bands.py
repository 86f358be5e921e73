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
from synergy.dataset.dataset import Dataset
from synergy.model.balances import arrivals
from synergy.model.build import Model
from synergy.model.decode import NOISE
from synergy.model.highs import Answer, Session, Status
from synergy.model.scaling import scaled
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


class _Held:
    """The plan's linear rest, decoupled, in a solver."""

    def __init__(self, model: Model, x: Floats) -> None:
        self.model, self.x, self.problem = model, x, scaled(model)
        self.session = Session(self.problem, relaxed=True)
        self._row = self._rows_of()
        self._whole = np.flatnonzero(model.integer)
        held = np.concatenate([self._whole, self.crossing()])
        value = x[held] / self.problem.column[held]
        self.session.bound(held, value, value)
        self.base: Answer = self.session.solve()

    def crossing(self) -> Ints:
        """Return the columns of flows between different enterprises, or with a public place."""
        network, flow = self.model.candidates.network, self.model.column("flow")
        if not len(flow):
            return np.empty(0, np.int64)
        arc = flow.key["arc"]
        origin = network.sources.site[network.arcs.outlet[arc]]
        target = network.sinks.site[network.arcs.inlet[arc]]
        crossing: Ints = flow.positions[network.places.owner[origin] != network.places.owner[target]]
        return crossing

    def _rows_of(self) -> dict[str, Ints]:
        """Return the balance row of each flow column at its outlet and at its inlet, -1 where there is none."""
        network, flow = self.model.candidates.network, self.model.column("flow")
        periods = len(network.places.share)
        found = {}
        for name, group in (("outlet", network.arcs.outlet), ("inlet", network.arcs.inlet)):
            block = self.model.rows[name]
            size = int(group.max(initial=-1)) + 1
            table = np.full((max(size, int(block.key["group"].max(initial=-1)) + 1), periods), -1)
            table[block.key["group"], block.key["period"]] = block.positions
            found[name] = table[group[flow.key["arc"]], flow.key["period"]] if len(flow) else np.empty(0, np.int64)
        return found

    def price(self, moved: _Moved, count: int) -> Floats:
        """Return the dual price at the gate of each exchange, NaN where there is none."""
        flow = self.model.column("flow")
        row = self._row["outlet"][moved.column - flow.start]
        if self.base.row_dual is None:
            return np.full(count, np.nan)
        dual = self.base.row_dual * self.problem.row * self.problem.money
        worth = np.bincount(moved.exchange, weights=dual[row] * moved.quantity, minlength=count)
        total = np.bincount(moved.exchange, weights=moved.quantity, minlength=count)
        return worth / total

    def change(self, side: str, column: Ints, amount: Floats) -> float:
        """Return the change of value where some flows do not leave their outlets, or do not reach their inlets."""
        flow = self.model.column("flow")
        row = self._row[side][column - flow.start]
        rows, place = np.unique(row, return_inverse=True)
        # outlet rows say what members give less what leaves; inlet rows what arrives less what members take
        sign = -1.0 if side == "outlet" else 1.0
        shift = sign * np.bincount(place, weights=amount) * self.problem.row[rows]
        self.session.limit(rows, shift, shift)
        answer = self.session.solve()
        if answer.status is not Status.OPTIMAL:  # what runs or is built cannot go on as it is: it may do less
            whole, value = self._whole, self.x[self._whole]
            self.session.bound(whole, np.zeros(len(whole)), value)
            answer = self.session.solve()
            self.session.bound(whole, value, value)
        self.session.limit(rows, np.zeros(len(rows)), np.zeros(len(rows)))
        if answer.status is not Status.OPTIMAL:
            return float("nan")
        return -(answer.value - self.base.value) * self.problem.money


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
        low, high = _ends(_Held(model, x), moved, count)
    return Exchanges(key, Trades(seller, buyer, quantity, low, high))


def _ends(held: _Held, moved: _Moved, count: int) -> tuple[Floats, Floats]:
    """Return both ends of the bands; the dual price stands for a side that cannot do without the exchange."""
    cost = held.model.cost[moved.column]
    total = np.bincount(moved.exchange, weights=moved.quantity, minlength=count)
    carried = np.bincount(moved.exchange, weights=cost * moved.quantity, minlength=count) / total
    order = np.argsort(moved.exchange, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(moved.exchange, minlength=count))[:-1])
    kept = [held.change("outlet", moved.column[part], moved.quantity[part]) for part in parts]
    lost = [held.change("inlet", moved.column[part], moved.arrived[part]) for part in parts]
    low, high = np.array(kept) / total, -np.array(lost) / total + carried
    price = held.price(moved, count)
    either = np.where(np.isnan(price), np.where(np.isnan(low), high, low), price)
    either = np.nan_to_num(either)
    low, high = np.where(np.isnan(low), either, low), np.where(np.isnan(high), either, high)
    return np.minimum(low, high), np.maximum(low, high)


def _moved(model: Model, x: Floats) -> tuple[pd.DataFrame, _Moved]:
    """Return the exchanges of a plan between enterprises, and the columns behind them."""
    network, flow = model.candidates.network, model.column("flow")
    arc = flow.key["arc"] if len(flow) else np.empty(0, np.int64)
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    origin, target = network.sources.site[source], network.sinks.site[sink]
    partner = between_enterprises(network.places, origin, target)
    amount = x[flow.span]
    scale = np.where(np.isfinite(model.upper[flow.span]), np.maximum(model.upper[flow.span], 0.0), 1.0)
    which = np.flatnonzero(partner & (amount > NOISE * scale))
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
