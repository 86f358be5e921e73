"""Subset: the part of a dataset that some enterprises and the public places have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.dataset.schema import HOLDERS, own_column

_OF_SITE = ("offers", "needs", "facilities", "stores", "build_options")


def subset(dataset: Dataset, enterprises: Collection[str]) -> Dataset:
    """Return a dataset in which only some enterprises and the public places have or take anything.

    Sites and enterprises stay known, so that shares of what is public and names keep their meaning.

    Parameters
    ----------
    dataset : Dataset
        The whole.
    enterprises : collection of str
        Ids of those who take part.

    Returns
    -------
    Dataset
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
    """Return the rows of a table whose holder is still there, as a row of one of some tables."""
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
