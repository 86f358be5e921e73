"""Question: which pair of sites, commodity, period and mode an explanation is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from synergy.dataset.dataset import Dataset
from synergy.errors import UsageError
from synergy.network.arcs import WITHIN
from synergy.network.network import Network
from synergy.network.places import Bools, Ints


@dataclass(frozen=True, slots=True)
class Question:
    """An exchange that somebody asks about.

    Parameters
    ----------
    origin, target : str
        Sites.
    commodity : str
    period : str
        "" for the whole year.
    mode : str
        "" for any.
    """

    origin: str
    target: str
    commodity: str
    period: str = ""
    mode: str = ""

    def check(self, dataset: Dataset) -> None:
        """Raise `UsageError` where the dataset does not know what is asked about."""
        sites, goods = dataset["sites"]["site"], dataset["commodities"]["commodity"]
        _known("site", self.origin, sites)
        _known("site", self.target, sites)
        _known("commodity", self.commodity, goods)
        if self.period:
            _known("period", self.period, dataset["periods"]["period"])
        if self.mode:
            _known("mode", self.mode, sorted({*dataset["transport"]["mode"], *dataset["links"]["mode"]}))

    def arcs(self, network: Network) -> Ints:
        """Return the exchanges between groups that are meant."""
        places, arcs = network.places, network.arcs
        origin = places.sites[network.sources.site[arcs.outlet]] == self.origin
        target = places.sites[network.sinks.site[arcs.inlet]] == self.target
        good = places.commodities[network.sources.commodity[arcs.outlet]] == self.commodity
        hit = origin & target & good
        if self.mode:
            modes = np.append(network.links.mode, "")
            hit &= (arcs.link != WITHIN) & (modes[arcs.link] == self.mode)
        return np.flatnonzero(hit)

    def periods(self, network: Network) -> Bools:
        """Return which periods are meant."""
        names = network.places.periods
        return np.asarray(names == self.period) if self.period else np.ones(len(names), dtype=bool)


def _known(what: str, name: str, known: Iterable[str]) -> None:
    """Raise an error with near names where an id is unknown."""
    names = [str(one) for one in known]
    if name in names:
        return
    near = difflib.get_close_matches(name, names, 3) or names[:3]
    zh = {"site": "厂区", "commodity": "物料", "period": "时段", "mode": "运输方式"}[what]
    raise UsageError(
        f"no such {what}: {name!r}; expected one of the dataset's, as {', '.join(near)} "
        f"/ 没有这个{zh}：{name!r}；应为数据集中的，例如 {'、'.join(near)}"
    )
