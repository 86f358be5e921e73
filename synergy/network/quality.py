"""Qualities that outlets state and limits that inlets set, as signatures and rows of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.network.places import Floats, Ints, positions


@dataclass(frozen=True, slots=True)
class Qualities:
    """What holders state and demand, for the commodities that anybody limits.

    Parameters
    ----------
    properties : numpy.ndarray of object
        Names of the limited qualities.
    stated : pandas.Series
        Signature (> 0) by (holder, commodity id): holders that state the same values share one; 0 states nothing.
    values : numpy.ndarray, shape (signatures, properties)
        Stated values, NaN where a signature does not state the property.
    limits : pandas.DataFrame
        holder, commodity (ids), property (index), minimum, maximum (NaN = none).
    """

    properties: Any
    stated: pd.Series
    values: Floats
    limits: pd.DataFrame

    def signature(self, holder: Any, commodity: Any) -> Ints:
        """Return the signature of each (holder, commodity) pair of ids."""
        if not len(self.stated):
            return np.zeros(len(holder), dtype=np.int64)
        keys = pd.MultiIndex.from_arrays([np.asarray(holder, object), np.asarray(commodity, object)])
        return np.asarray(self.stated.reindex(keys, fill_value=0).to_numpy(), dtype=np.int64)

    def limited(self, holder: Any, commodity: Any) -> Any:
        """Return whether each (holder, commodity) pair of ids has a limit."""
        if not len(self.limits):
            return np.zeros(len(holder), dtype=bool)
        known = pd.MultiIndex.from_frame(self.limits[["holder", "commodity"]])
        keys = pd.MultiIndex.from_arrays([np.asarray(holder, object), np.asarray(commodity, object)])
        return np.asarray(keys.isin(known))


def qualities_of(dataset: Dataset) -> Qualities:
    """Return the qualities that matter: those of commodities that some holder limits."""
    limits = dataset["limits"]
    limits = limits[limits["minimum"].notna() | limits["maximum"].notna()]  # a row with neither has no effect
    properties = np.asarray(sorted(set(limits["property"])), dtype=object)
    limits = pd.DataFrame(
        {
            "holder": limits["holder"].astype(object),
            "commodity": limits["commodity"].astype(object),
            "property": positions(limits["property"], properties),
            "minimum": limits["minimum"],
            "maximum": limits["maximum"],
        }
    )
    stated = dataset["qualities"]
    wanted = set(zip(limits["commodity"], limits["property"], strict=True))
    rows = pd.DataFrame(
        {
            "holder": stated["holder"].astype(object),
            "commodity": stated["commodity"].astype(object),
            "property": positions(stated["property"], properties),
            "value": stated["value"].astype(float),
        }
    )
    rows = rows[[pair in wanted for pair in zip(rows["commodity"], rows["property"], strict=True)]]
    if not len(rows):
        return Qualities(properties, pd.Series(dtype=np.int64), np.full((1, len(properties)), np.nan), limits)
    table = rows.pivot_table(index=["holder", "commodity"], columns="property", values="value", aggfunc="first")
    table = table.reindex(columns=range(len(properties)))
    distinct, inverse = np.unique(table.to_numpy(), axis=0, return_inverse=True, equal_nan=True)
    stated_by = pd.Series(np.asarray(inverse).ravel() + 1, index=table.index, dtype=np.int64)
    return Qualities(properties, stated_by, np.vstack([np.full((1, len(properties)), np.nan), distinct]), limits)
