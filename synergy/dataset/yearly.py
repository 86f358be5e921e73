"""Yearly: a dataset with its periods put together, as a first look at a problem of many periods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.dataset.schema import YEAR


def yearly(dataset: Dataset) -> Dataset:
    """Return a dataset with one period: amounts summed, prices and availability averaged over the year.

    Parameters
    ----------
    dataset : Dataset
        With any number of periods.

    Returns
    -------
    Dataset
        An approximation: what seasons and stores do is lost.
    """
    share = pd.Series(dataset.shares, index=dataset["periods"]["period"].to_numpy(object))
    name = YEAR[0]
    hours = float(dataset["periods"]["hours"].sum())
    tables = dict(dataset.tables)
    tables["periods"] = pd.DataFrame({"period": [name], "hours": [hours]}, index=[1])
    for table in ("offers", "needs"):
        tables[table] = tables[table].assign(period="")
    tables["markets"] = _markets(dataset["markets"], share)
    tables["availability"] = _availability(dataset["availability"], share, name)
    return replace(dataset, name=f"{dataset.name}-{name}", tables=tables)


def _markets(markets: pd.DataFrame, share: pd.Series[float]) -> pd.DataFrame:
    """Markets of a period keep their amount; where that is without limit, they share one average price."""
    seasonal = (markets["period"] != "").to_numpy(bool)
    endless = seasonal & markets["limit"].isna().to_numpy(bool)
    if endless.any():
        weight = share.reindex(markets["period"].astype(object)).to_numpy(float)
        rows = markets.loc[endless, ["commodity", "side", "site"]].assign(
            weight=weight[endless], money=markets["price"].to_numpy(float)[endless] * weight[endless]
        )
        total = rows.groupby(["commodity", "side", "site"])[["weight", "money"]].transform("sum")
        price = markets["price"].to_numpy(float).copy()
        price[endless] = (total["money"] / total["weight"]).to_numpy(float)
        markets = markets.assign(price=price)
    return markets.assign(period="")


def _availability(rows: pd.DataFrame, share: pd.Series[float], name: str) -> pd.DataFrame:
    """Average factors by the length of their periods; a period without a row counts in full."""
    weight = share.reindex(rows["period"].astype(object)).to_numpy(float)
    lost = pd.Series(weight * (1 - rows["factor"].to_numpy(float)), index=rows["holder"].to_numpy(object))
    factor = 1 - lost.groupby(level=0, sort=False).sum()
    holders = np.asarray(factor.index, dtype=object)
    return pd.DataFrame({"holder": holders, "period": name, "factor": np.maximum(factor.to_numpy(float), 0.0)})
