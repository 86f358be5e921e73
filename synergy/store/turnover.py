"""Turnover of a dataset: money that its rows can move a year, bounded so that sums can be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.errors import StoreError
from synergy.records.names import Sheet
from synergy.store.messages import refusal
from synergy.store.overlay import COLUMNS

LEAST_AMOUNT = Decimal("0.001")  # of a row that has any: a plan is kept to six decimals, and its parts need figures too
MOST_AMOUNT = Decimal(10**11)  # of a row, in its unit
MOST_MONEY = Decimal(10**12)  # price times amount of a row
MOST_SUM = 4e12  # of all rows: below half of what the store keeps, for a plan adds costs and revenues to it
_ROWS = 3  # that are named
_ROUNDS = 50  # of what makes what: more than the steps of any chain of processes
_SIGNS = {"sell": ">", "buy": "<"}  # the way of the goods, from a row to a market or back


class Turnover(NamedTuple):
    """Money that a row of a table can move in a year, at its own price and at the market's.

    `market` is where most of it is moved, behind the direction of the goods; "" for its own price alone.
    """

    money: float
    table: str
    ident: str
    market: str = ""


class _PotentialTrade(NamedTuple):
    """Potential sale of a row to markets, or purchase from them."""

    table: str
    ident: str
    commodity: str
    side: str
    amount: float


def turnovers(dataset: Dataset) -> list[Turnover]:
    """Return the turnover of each offer, need, facility and market, the largest first.

    A row counts with its own price and with the market value of its amount of the commodity; a market with as much of
    its commodity as rows, and plants that may be built, can bring there or fetch.
    """
    own = _own(dataset)
    trades = _trades(dataset)
    prices = _Prices(dataset["markets"])
    moved: dict[tuple[str, str], list[tuple[float, str]]] = {}
    traded: dict[tuple[str, str], float] = {}
    for one in trades:
        traded[one.commodity, one.side] = traded.get((one.commodity, one.side), 0.0) + one.amount
        if one.ident:
            moved.setdefault((one.table, one.ident), []).append(prices.most(one))
    found = []
    for key, money in own.items():
        best = max(moved.get(key, []), default=(0.0, ""))
        total = money + sum(one for one, _ in moved.get(key, []))
        if total:
            found.append(Turnover(total, *key, best[1] if best[0] > money else ""))
    found += prices.turnovers(traded)
    return sorted(found, key=lambda one: (-one.money, one.table, one.ident))


def _own(dataset: Dataset) -> dict[tuple[str, str], float]:
    """Return the money of each row at its own price."""
    opex = dataset["processes"].set_index("process")["opex"]
    found: dict[tuple[str, str], float] = {}
    for table, (name, _, amount, price) in COLUMNS.items():
        frame = dataset[table]
        prices = _numbers(frame[price])
        if table is Sheet.FACILITIES:  # without a cost of its own it has that of its process
            prices = prices.fillna(frame["process"].map(opex))
        money = np.abs(prices.fillna(0.0).to_numpy(float) * _numbers(frame[amount]).fillna(0.0).to_numpy(float))
        found |= {(str(table), str(ident)): one for ident, one in zip(frame[name], money.tolist(), strict=True)}
    return found


def _numbers(cells: pd.Series) -> pd.Series[float]:
    """Return cells as numbers, with NaN for blank or invalid ones."""
    return pd.to_numeric(cells, errors="coerce").astype(float)


def _trades(dataset: Dataset) -> list[_PotentialTrade]:
    """Return the potential market trades of rows, and of plants that may be built (without a name)."""
    found = []
    for table, side in ((Sheet.OFFERS, "sell"), (Sheet.NEEDS, "buy")):
        frame = dataset[table]
        if table is Sheet.NEEDS:  # any other buys for no more than its own price, which counts already
            frame = frame[frame["required"].astype(str).str.casefold() == "true"]
        name, _, amount, _ = COLUMNS[table]
        columns = (frame[name], frame["commodity"], _numbers(frame[amount]).fillna(0.0))
        found += [
            _PotentialTrade(str(table), str(one), str(good), side, most)
            for one, good, most in zip(*columns, strict=True)
        ]
    return found + _run(dataset, found)


def _run(dataset: Dataset, offered: Sequence[_PotentialTrade]) -> list[_PotentialTrade]:
    """Return the potential trades of facilities and of plants that may be built, limited by supply of inputs."""
    recipes: dict[str, list[tuple[str, float]]] = {}
    frame = dataset["recipes"]
    for process, good, part in zip(frame["process"], frame["commodity"], frame["coefficient"], strict=True):
        recipes.setdefault(str(process), []).append((str(good), float(part)))
    plants = _plants(dataset)
    there: dict[str, float] = {}
    for one in offered:
        if one.side == "sell":
            there[one.commodity] = there.get(one.commodity, 0.0) + one.amount
    markets = dataset["markets"]
    markets = markets[markets["side"] == "buy"]
    for good, most in zip(markets["commodity"], _numbers(markets["limit"]).fillna(np.inf), strict=True):
        there[str(good)] = there.get(str(good), 0.0) + most
    runs = [0.0] * len(plants)
    for _ in range(_ROUNDS):
        supply = dict(there)
        for (_, process, _), run in zip(plants, runs, strict=True):
            for good, part in recipes.get(process, []):
                if part > 0:
                    supply[good] = supply.get(good, 0.0) + run * part
        after = [
            min([most, *(supply.get(good, 0.0) / -part for good, part in recipes.get(process, []) if part < 0)])
            for _, process, most in plants
        ]
        if after == runs:
            break
        runs = after
    return [
        _PotentialTrade("facilities", ident, good, "sell" if part > 0 else "buy", run * abs(part))
        for (ident, process, _), run in zip(plants, runs, strict=True)
        for good, part in recipes.get(process, [])
        if run > 0
    ]


def _plants(dataset: Dataset) -> list[tuple[str, str, float]]:
    """Return name, process and largest activity of facilities, and of plants that may be built: all sites, no name."""
    standing = dataset["facilities"]
    columns = (standing["facility"], standing["process"], _numbers(standing["capacity"]).fillna(0.0))
    found = [(str(ident), str(process), most) for ident, process, most in zip(*columns, strict=True)]
    processes, places = dataset["processes"], len(dataset["sites"])
    largest = dataset["sizes"].groupby("process")["max_capacity"].max().to_dict()
    options = (processes[name] for name in ("process", "max_capacity", "buildable"))
    for process, most, may in zip(*options, strict=True):
        if may:
            found.append(("", str(process), places * max(0.0 if np.isnan(most) else most, largest.get(process, 0.0))))
    return found


class _Prices:
    """Market prices by commodity and side."""

    def __init__(self, markets: pd.DataFrame) -> None:
        self._rows: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
        limits = _numbers(markets["limit"]).fillna(np.inf)
        columns = (markets[name] for name in ("commodity", "side", "market", "price"))
        for good, side, ident, price, limit in zip(*columns, limits, strict=True):
            self._rows.setdefault((str(good), str(side)), []).append((str(ident), abs(float(price)), float(limit)))

    def most(self, trade: _PotentialTrade) -> tuple[float, str]:
        """Return the largest money that a trade can move at one market, and the label of that market."""
        rows = self._rows.get((trade.commodity, trade.side), [])
        money, ident = max(((price * min(limit, trade.amount), ident) for ident, price, limit in rows), default=(0, ""))
        return money, f"{_SIGNS[trade.side]} markets {ident}"

    def turnovers(self, traded: Mapping[tuple[str, str], float]) -> list[Turnover]:
        """Return the turnover of each market, for the tradable amounts by commodity and side."""
        found = (
            Turnover(price * min(limit, traded.get(key, 0.0)), "markets", ident)
            for key, rows in self._rows.items()
            for ident, price, limit in rows
        )
        return [one for one in found if one.money]


def large(rows: Sequence[Turnover], what: str) -> StoreError:
    """Return the error for money beyond the storable range, with the rows, the largest first, that move most of it.

    `what`, in `synergy.store.messages.NOUNS`, is too large.
    """
    told = [f"{one.table} {one.ident}{one.market and ' ' + one.market} ({one.money:.3g})" for one in rows[:_ROWS]]
    return refusal("large", what=what, most=f"{MOST_SUM:.2g}", rows=", ".join(told))


def bounded(dataset: Dataset, what: str) -> None:
    """Refuse a dataset whose total turnover is beyond the storable range, as `large` says it."""
    # at a market nobody buys or sells more than what is offered, needed and run, which is counted there
    rows = [one for one in turnovers(dataset) if one.table != "markets"]
    if sum(one.money for one in rows) > MOST_SUM:
        raise large(rows, what)
