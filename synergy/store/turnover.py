"""Turnover of a dataset: money that its rows can move a year, so that sums of it can be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.errors import StoreError
from synergy.store.words import refusal

LEAST_AMOUNT = Decimal("0.001")  # of a row that has any: a plan is kept to six decimals, and its parts need figures too
MOST_AMOUNT = Decimal(10**11)  # of a row, in its unit
MOST_MONEY = Decimal(10**12)  # price times amount of a row
MOST_SUM = 4e12  # of all rows: below half of what the store keeps, for a plan adds costs and revenues to it
_ROWS = 3  # that are named
# table: columns of the name, of the amount and of the price
_COLUMNS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "offers": ("offer", "quantity", "price"),
        "needs": ("need", "quantity", "price"),
        "facilities": ("facility", "capacity", "opex"),
        "markets": ("market", "limit", "price"),
    }
)


class Turnover(NamedTuple):
    """Money that a row can move, in the currency of the dataset."""

    money: float
    table: str
    ident: str


def turnovers(dataset: Dataset) -> list[Turnover]:
    """Turnover of each offer, need, facility and market, the largest first.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Turnover
        A market without a limit counts with the largest amount that anybody offers or needs.
    """
    traded = [float(dataset[table]["quantity"].max()) for table in ("offers", "needs") if len(dataset[table])]
    opex = dataset["processes"].set_index("process")["opex"]
    found = []
    for table, (name, amount, price) in _COLUMNS.items():
        frame = dataset[table]
        prices = frame[price]
        if table == "facilities":  # without a cost of its own it has that of its process
            prices = prices.fillna(frame["process"].map(opex))
        amounts = frame[amount].fillna(max(traded, default=0.0))
        money = np.abs(prices.fillna(0.0).to_numpy(float) * amounts.to_numpy(float))
        found += [
            Turnover(one, table, str(ident)) for one, ident in zip(money.tolist(), frame[name], strict=True) if one
        ]
    return sorted(found, key=lambda one: (-one.money, one.table, one.ident))


def large(rows: Sequence[Turnover], what: str) -> StoreError:
    """Error on money that cannot be kept, with the rows that move most of it.

    Parameters
    ----------
    rows : sequence of Turnover
        The largest first.
    what : str
        Noun of what is too large, in `synergy.store.words.NOUNS`.
    """
    named = ", ".join(f"{one.table} {one.ident} ({one.money:.3g})" for one in rows[:_ROWS])
    return refusal("large", what=what, most=f"{MOST_SUM:.2g}", rows=named)


def bounded(dataset: Dataset, what: str) -> None:
    """Refuse a dataset whose money cannot be kept.

    Parameters
    ----------
    dataset : Dataset
    what : str
        As for `large`.

    Raises
    ------
    RefusedError
        With the rows that move most.
    """
    # at a market nobody buys or sells more than what is offered, needed and run
    rows = [one for one in turnovers(dataset) if one.table != "markets"]
    if sum(one.money for one in rows) > MOST_SUM:
        raise large(rows, what)
