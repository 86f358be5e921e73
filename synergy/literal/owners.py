"""Owners: the enterprise to which the money of each column belongs (own accounts of the model contract)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.literal.parts import Parts
from synergy.literal.scope import Floats, Ints, positions
from synergy.literal.value import supply, worth

NOWHERE = -1  # site of what has none, as a partnership


def collected(parts: Parts, x: Floats) -> pd.Series[float]:
    """Return the own accounts of each enterprise, money a year, before payments between enterprises; sum is the value.

    Notes
    -----
    The cost of having a good belongs to the enterprise whose site gives it, all else of a flow to the one whose site
    takes it; where that is public, to the enterprise at the other end. What has no enterprise belongs to all by weight.
    The order is that of the table of enterprises.
    """
    flows = len(parts.exchanges)
    total, given = worth(parts) * x, supply(parts) * x[:flows]
    start, end = _owner(parts, parts.start()), _owner(parts, parts.end())
    leads, starts = (
        _owner(parts, parts.routes[side].to_numpy(dtype=np.int64)[parts.opened]) for side in ("to", "from")
    )
    owner = _owner(parts, _places(parts))
    owner[parts.first["open"] : parts.first["partner"]] = _either(leads, starts)
    enterprises = parts.scope.dataset["enterprises"]
    own = np.zeros(len(enterprises) + 1)  # the last is nobody's
    np.add.at(own, _either(start, end), given)
    np.add.at(own, _either(end, start), total[:flows] - given)
    np.add.at(own, owner[flows:], total[flows:])
    weight = enterprises["weight"].to_numpy(dtype=float)
    return pd.Series(own[:-1] + own[-1] * weight / weight.sum(), index=enterprises["enterprise"].to_numpy(object))


def _places(parts: Parts) -> Ints:
    """Site of each column that is no flow and no link."""
    frame, steps, stores, first = parts.units.frame, parts.units.steps, parts.tables.stores, parts.first
    site = frame["site"].to_numpy(dtype=np.int64)
    place = np.full(first[""], NOWHERE, dtype=np.int64)
    place[first["run"] : first["on"]] = np.repeat(site, parts.spans)
    place[first["on"] : first["built"]] = np.repeat(site[parts.units.switched], parts.spans)
    hosts = site[steps["unit"].to_numpy(dtype=np.int64)]
    place[first["built"] : first["size"]] = place[first["size"] : first["open"]] = hosts
    place[first["level"] :] = np.repeat(stores["site"].to_numpy(dtype=np.int64), parts.spans)
    return place


def _owner(parts: Parts, site: Ints) -> Ints:
    """Position of the enterprise of each site, -1 for public places."""
    sites = positions(parts.scope.dataset["enterprises"]["enterprise"], parts.scope.column("enterprise"))
    return np.append(sites, -1)[site]


def _either(one: Ints, other: Ints) -> Ints:
    """First owner, the second where the first place is public."""
    return np.where(one < 0, other, one)
