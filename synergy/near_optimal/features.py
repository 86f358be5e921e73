"""Features of a plan: what is built and who deals with whom, and how far two plans are apart in them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.plan import Decisions


@dataclass(frozen=True, slots=True)
class Features:
    """What a plan means, amounts apart.

    Parameters
    ----------
    builds : frozenset of (str, str, str)
        Process, site and step of scale.
    links : frozenset of (str, str, str, str)
        From site, to site, commodity and mode of the links opened at a cost.
    partnerships : frozenset of (str, str)
        Pairs of enterprises that exchange anything.
    capex : float
        Undiscounted (money).
    """

    builds: frozenset[tuple[str, str, str]]
    links: frozenset[tuple[str, str, str, str]]
    partnerships: frozenset[tuple[str, str]]
    capex: float

    @property
    def all(self) -> frozenset[tuple[str, ...]]:
        """Return builds, links and partnerships as one set."""
        return frozenset[tuple[str, ...]]().union(self.builds, self.links, self.partnerships)


def features_of(dataset: Dataset, decisions: Decisions) -> Features:
    """Return the features of some decisions.

    Parameters
    ----------
    dataset : Dataset
        Says who owns which site.
    decisions : Decisions
    """
    builds, links, flows = decisions.builds, decisions.links, decisions.flows
    owner = dict(zip(dataset["sites"]["site"], dataset["sites"]["enterprise"], strict=True))
    ends = pd.DataFrame({name: flows[name].map(owner) for name in ("from_site", "to_site")}).drop_duplicates()
    pairs = {
        (min(one, other), max(one, other))
        for one, other in zip(ends["from_site"], ends["to_site"], strict=True)
        if one and other and one != other
    }
    steps = zip(builds["process"], builds["site"], builds["size"], strict=True)
    opened = zip(*(links[name] for name in ("from_site", "to_site", "commodity", "mode")), strict=True)
    return Features(
        builds=frozenset((str(process), str(site), str(size)) for process, site, size in steps),
        links=frozenset((str(a), str(b), str(c), str(d)) for a, b, c, d in opened),
        partnerships=frozenset(pairs),
        capex=float(builds["capex"].sum() + links["capex"].sum()),
    )


def distance(one: Features, other: Features) -> float:
    """Return how far two plans are apart: the part of their builds, links and partnerships that only one has.

    Notes
    -----
    Jaccard's distance, a metric on sets (Levandowsky & Winter 1971, Nature 234:34); 0 for two empty plans.
    """
    both = one.all | other.all
    return len(one.all ^ other.all) / len(both) if both else 0.0
