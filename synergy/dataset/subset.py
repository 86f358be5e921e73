"""Subset: the part of a dataset that some enterprises and the public places have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from synergy.dataset.schema import HOLDERS, YEAR, own_column
from synergy.dataset.sheet import Dataset

_OF_SITE = ("offers", "needs", "facilities", "stores", "build_options")


def subset(dataset: Dataset, enterprises: Collection[str]) -> Dataset:
    """Restrict a dataset to some enterprises and the public places.

    Sites and enterprises stay known, so that names and shares of public resources keep their meaning.
    """
    sites = dataset["sites"]
    inside = sites.loc[sites["enterprise"].isin([*enterprises, ""]), "site"]
    tables = dict(dataset.tables)
    given = dataset.given
    if "build_options" not in given:
        tables["build_options"], given = _everywhere(dataset), given | {"build_options"}
    for table in _OF_SITE:
        tables[table] = tables[table][tables[table]["site"].isin(inside)]
    markets, links, deals = (tables[name] for name in ("markets", "links", "deals"))
    tables["markets"] = markets[(markets["site"] == "") | markets["site"].isin(inside)]
    for name, frame in (("links", links), ("deals", deals)):
        tables[name] = frame[frame["from_site"].isin(inside) & frame["to_site"].isin(inside)]
    for table, holders in HOLDERS.items():
        tables[table] = _held(tables, table, holders)
    return replace(dataset, tables=tables, given=given)


def _held(tables: Mapping[str, pd.DataFrame], table: str, holders: Collection[str]) -> pd.DataFrame:
    """Return the rows of a table whose holder remains, as a row of one of some tables."""
    known = {ident for holder in holders for ident in tables[holder][own_column(holder)]}
    return tables[table][tables[table]["holder"].isin(known)]


def _everywhere(dataset: Dataset) -> pd.DataFrame:
    """Return the build options of a dataset that names none: every buildable process at every site."""
    processes, sites = dataset["processes"], dataset["sites"]["site"].to_numpy(object)
    buildable = processes.loc[processes["buildable"], "process"].to_numpy(object)
    return pd.DataFrame(
        {
            "process": np.repeat(buildable, len(sites)),
            "site": np.tile(sites, len(buildable)),
            "max_capacity": np.nan,
            "capex_factor": 1.0,
        }
    )


def yearly(dataset: Dataset) -> Dataset:
    """Return a dataset with one period: amounts summed, prices and availability averaged over the year.

    An approximation: the effect of seasons and stores is lost.
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
