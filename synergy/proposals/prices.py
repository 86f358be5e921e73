"""A yardstick price for every commodity, to weigh what has no common unit; nobody pays it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from synergy.dataset.dataset import Dataset

LEAST = 1e-3  # part of the median yardstick that even a worthless commodity weighs


def yardsticks(dataset: Dataset) -> pd.Series:
    """Return a positive price per unit of each commodity.

    The median of what markets, needs and deals pay for it; where nobody states a price, what its disposal costs, else
    what its energy, else its mass, is worth at the median of the priced commodities; else the median yardstick of all.

    Parameters
    ----------
    dataset : Dataset
        The tables.

    Returns
    -------
    pandas.Series
        Money per unit, by commodity, positive.
    """
    said = pd.concat([dataset[table][["commodity", "price"]] for table in ("markets", "needs", "deals")])
    said = said[said["price"].abs() > 0]
    known = said["price"].abs().groupby(said["commodity"]).median()
    goods = dataset["commodities"].set_index("commodity")
    price = known.reindex(goods.index)
    price = price.fillna(goods["disposal_cost"].where(goods["disposal_cost"] > 0))
    for content in ("energy_gj", "mass_t"):
        amount = goods[content].where(goods[content] > 0)
        price = price.fillna(amount * _middle(price / amount, np.nan))
    middle = _middle(price, 1.0)
    return price.fillna(middle).clip(lower=LEAST * middle).astype(float)


def _middle(values: pd.Series, otherwise: float) -> float:
    """Return the median of what is known."""
    known = values.dropna()
    return float(known.median()) if len(known) else otherwise
