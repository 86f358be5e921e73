"""Compute the figures of all proposals at once: gain, CO2 saved, capex and annuities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.dataset.sheet import Dataset
from synergy.network.places import Floats
from synergy.proposals.bundles import Booked, Bundles, Changes, build_names, changes
from synergy.proposals.gains import Walk, line_values, walk
from synergy.proposals.quality import marked


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of all proposals, each array of shape (proposals,).

    Parameters
    ----------
    gain : numpy.ndarray or None
        Money a year against the plans alone; None where these are unknown.
    co2 : numpy.ndarray
        t CO2 a year saved against the reference plan; 0 where there is none.
    capex, annual : numpy.ndarray
        Money, and its annuity, of builds and of the parts of links.
    links : scipy.sparse.csr_matrix, shape (proposals, links)
        Part of each opened link.
    """

    gain: Floats | None
    co2: Floats
    capex: Floats
    annual: Floats
    links: sparse.csr_matrix


def figures(now: Booked, bundles: Bundles, against: Attribution) -> Figures:
    """Return the figures of all proposals of a plan."""
    count = len(bundles.ids)
    links = bundles.link_shares(now.flows, now.links)
    number = build_names(now.builds).map(bundles.builds)
    capex, annual = (_built(now.builds[column], number, count) for column in ("capex", "annual"))
    return Figures(
        gain=against.gain(now, bundles) if against.alone is not None else None,
        co2=against.saved(now, bundles),
        capex=capex + links @ now.links["capex"].to_numpy(dtype=float),
        annual=annual + links @ now.links["annual"].to_numpy(dtype=float),
        links=links,
    )


@dataclass(frozen=True, slots=True)
class Attribution:
    """Reference plans of a plan, and the attribution of the differences to the proposals.

    `owner` is by site, `alone` the enterprises' plans alone, side by side, `today` the plan behind `today`; None =
    unknown.
    """

    dataset: Dataset
    owner: pd.Series
    alone: Booked | None
    today: Booked | None

    def gain(self, now: Booked, bundles: Bundles) -> Floats:
        """Return the gain of each proposal against the standalone plans."""
        return self._given(now, bundles, self.alone, "value")

    def saved(self, now: Booked, bundles: Bundles) -> Floats:
        """Return the CO2 that each proposal saves against today, else against the standalone plans."""
        saved: Floats = 0.0 - self._given(now, bundles, self.today or self.alone, "co2")
        return saved

    def _given(self, now: Booked, bundles: Bundles, other: Booked | None, column: str) -> Floats:
        """Return the change of one column against another plan, attributed to the proposals."""
        if other is None:
            return np.zeros(len(bundles.ids))
        changed = changes(now, other)
        return self.path(changed, bundles).attribute(line_values(changed, column))

    def path(self, changed: Changes, bundles: Bundles) -> Walk:
        """Return the walk that attributes changes to the proposals."""
        return walk(self.dataset, changed, bundles.line_shares(changed, marked(changed.flows, self.owner)))


def _built(values: pd.Series, number: pd.Series, count: int) -> Floats:
    """Return the sum of a column of the builds by proposal."""
    known = number.notna().to_numpy()
    rows = number.to_numpy(dtype=float)[known].astype(np.int64)
    total: Floats = np.zeros(count)
    np.add.at(total, rows, values.to_numpy(dtype=float)[known])
    return total
