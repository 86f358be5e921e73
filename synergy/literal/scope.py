"""Scope: the sites that take part, their share of public resources, and the rules that bind them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset, Ids
from synergy.errors import UsageError
from synergy.scenario import Settings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


class Variant(StrEnum):
    """Variant of the problem: the round, or nothing new, with each alone (status quo) or along the deals of today."""

    ROUND = "round"
    QUO = "status_quo"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class CoalitionScope:
    """The part of a dataset that a coalition may use, with positions instead of ids.

    Parameters
    ----------
    sites : pandas.DataFrame
        Sites of the coalition and public places by position: site, enterprise, latitude, longitude, public, and part
        (1, at public places weight(S) / weight(N)).
    whole : bool
        The coalition is everyone, so what is compulsory at a public place is.
    """

    dataset: Dataset
    variant: Variant
    sites: pd.DataFrame
    whole: bool

    @property
    def settings(self) -> Settings:
        """Settings in force."""
        return self.dataset.settings

    @property
    def shares(self) -> Floats:
        """Part of the year of each period."""
        return self.dataset.shares

    @property
    def periods(self) -> pd.Index[str]:
        """Names of the periods."""
        names: pd.Index[str] = pd.Index(self.dataset["periods"]["period"])
        return names

    def column(self, name: str) -> NDArray[Any]:
        """Return one column of the sites."""
        return self.sites[name].to_numpy()

    def here(self, table: str) -> pd.DataFrame:
        """Return the rows of a table whose site takes part, site and commodity and period as positions.

        A blank or unknown period is -1; so is a blank site of a market, which is kept.
        """
        frame = self.dataset[table][list(TABLES[table].names)].reset_index(drop=True)  # no columns it does not know
        site = self.site(frame["site"])
        kept = (site >= 0) | (frame["site"] == "").to_numpy()
        frame = frame.assign(site=site)
        if "commodity" in frame:
            frame["commodity"] = self.commodity(frame["commodity"])
        if "period" in frame:
            frame["period"] = positions(self.periods, frame["period"])
        return pd.DataFrame(frame[kept]).reset_index(drop=True)

    def site(self, ids: Ids) -> Ints:
        """Return the positions of sites, -1 for those that take no part."""
        return positions(self.sites["site"], ids)

    def commodity(self, ids: Ids) -> Ints:
        """Return the positions of commodities."""
        return positions(self.dataset["commodities"]["commodity"], ids)

    def goods(self, at: Ints) -> pd.Series[str]:
        """Return the names of commodities at positions."""
        return named(self.dataset["commodities"]["commodity"], at)

    def when(self, at: Ints) -> pd.Series[str]:
        """Return the names of periods at positions."""
        return named(self.periods, at)

    def place(self, at: Ints) -> pd.Series[str]:
        """Return the names of sites at positions."""
        return named(self.sites["site"], at)

    def owner(self, at: Ints) -> pd.Series[str]:
        """Return the enterprises of sites at positions, "" of public places."""
        return named(self.sites["enterprise"], at)

    def present(self, period: Ints) -> Flags:
        """Return rows x periods: where something of a period (-1: of every one) is there."""
        flags: Flags = (period[:, None] < 0) | (period[:, None] == np.arange(len(self.shares)))
        return flags

    def spread(self, amount: Floats, period: Ints) -> Floats:
        """Return rows x periods: an amount of its period, or of the year spread over it by share(t); else 0."""
        with np.errstate(invalid="ignore"):
            spread = np.where(period[:, None] < 0, amount[:, None] * self.shares, amount[:, None])
        whole: Floats = np.where(self.present(period), spread, 0.0)
        return whole


def scope_of(
    dataset: Dataset, members: Collection[str] | None = None, variant: Variant = Variant.ROUND
) -> CoalitionScope:
    """Return the scope of a coalition (all enterprises by default): its sites, and its share of public resources.

    Raises
    ------
    UsageError
        A member that the dataset does not know.
    """
    enterprises = dataset["enterprises"]
    everyone = set(enterprises["enterprise"])
    chosen = everyone if members is None else set(members)
    if chosen - everyone:
        raise UsageError(f"unknown enterprises: {', '.join(sorted(chosen - everyone))}")
    weight = enterprises["weight"].to_numpy(dtype=float)
    whole = chosen == everyone
    part = 1.0 if whole else weight[enterprises["enterprise"].isin(chosen)].sum() / weight.sum()
    sites = dataset["sites"][["site", "enterprise", "latitude", "longitude"]]
    public = sites["enterprise"] == ""
    sites = sites.assign(public=public, part=np.where(public, part, 1.0))
    sites = sites[public | sites["enterprise"].isin(chosen)].reset_index(drop=True)
    return CoalitionScope(dataset, variant, sites, whole)


def positions(names: Ids | Ints, ids: Ids | Ints) -> Ints:
    """Return the positions of ids among names, -1 for unknown ids."""
    known = np.asarray(names)
    if known.dtype.kind == "i":
        return np.asarray(pd.Index(known).get_indexer(pd.Index(ids)), dtype=np.int64)
    at = {name: place for place, name in enumerate(known.tolist())}
    wanted = np.asarray(ids, dtype=object).tolist()
    return np.fromiter((at.get(name, -1) for name in wanted), dtype=np.int64, count=len(wanted))


def pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return the positions of all pairs of equal keys, by those of `left`, then by those of `right`."""
    order = np.argsort(right, kind="stable")
    first, last = (np.searchsorted(right[order], left, side) for side in ("left", "right"))
    one = np.repeat(np.arange(len(left)), last - first)
    before = np.cumsum(last - first) - (last - first)
    return one, order[first[one] + np.arange(len(one)) - before[one]]


def named(names: Ids, at: Ints | pd.Series) -> pd.Series[str]:
    """Return the names at positions, numbered anew."""
    return pd.Series(np.asarray(names, dtype=object)[np.asarray(at, dtype=np.int64)], dtype="str")


def annuity(rate: float, years: Floats) -> Floats:
    """Return the yearly cost of one unit of capex: r / (1 - (1 + r)^-n), and 1/n at r = 0."""
    if rate == 0.0:
        return 1.0 / years
    yearly: Floats = rate / (1.0 - (1.0 + rate) ** -years)
    return yearly
