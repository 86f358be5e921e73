"""Sites, enterprises and periods as arrays, and conversion of ids to indices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset

PUBLIC = -1  # enterprise index of a public place

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]
Keys = ArrayLike | tuple[ArrayLike, ...]  # a column of ids, or several


def positions(ids: Keys, known: Keys) -> Ints:
    """Return the position of each id among the known, unique ones, -1 for unknown ids (a blank, say).

    Ids of several columns, as tuples of them, are known where all their parts are.
    """
    wanted, held = (
        list(zip(*[np.asarray(part, dtype=object).tolist() for part in side], strict=True))
        if isinstance(side, tuple)
        else np.asarray(side, dtype=object).tolist()
        for side in (ids, known)
    )
    at = {one: place for place, one in enumerate(held)}
    return np.fromiter((at.get(one, -1) for one in wanted), dtype=np.int64, count=len(wanted))


def pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the positions of all pairs of equal keys, ordered by position in `left`, then in `right`.

    Examples
    --------
    >>> pairs(np.array([3, 7]), np.array([7, 3, 7]))
    (array([0, 1, 1]), array([1, 0, 2]))
    """
    order = np.argsort(right, kind="stable")
    first, last = (np.searchsorted(right[order], left, side) for side in ("left", "right"))
    one = np.repeat(np.arange(len(left)), last - first)
    before = np.cumsum(last - first) - (last - first)
    return one, order[first[one] + np.arange(len(one)) - before[one]]


@dataclass(frozen=True, slots=True)
class Places:
    """Enterprises, sites, commodities, processes and periods as arrays of ids in the order of their tables.

    `owner` is the enterprise of each site, `PUBLIC` for public places, `latitude` and `longitude` its degrees, NaN
    where unknown; `share`, shape (periods,), is the part of the year of each period, `weight`, shape (enterprises,),
    each enterprise's share of public capacity.
    """

    enterprises: Texts
    sites: Texts
    commodities: Texts
    processes: Texts
    periods: Texts
    owner: Ints
    latitude: Floats
    longitude: Floats
    share: Floats
    weight: Floats


def places_of(dataset: Dataset) -> Places:
    """Return the places of a dataset."""
    tables = ("enterprises", "sites", "commodities", "processes", "periods")
    ids = {table: dataset[table][TABLES[table].key[0]].to_numpy(dtype=object) for table in tables}
    sites = dataset["sites"]
    return Places(
        **ids,
        owner=positions(sites["enterprise"], ids["enterprises"]),
        latitude=sites["latitude"].to_numpy(dtype=float),
        longitude=sites["longitude"].to_numpy(dtype=float),
        share=dataset.shares,
        weight=dataset["enterprises"]["weight"].to_numpy(dtype=float),
    )
