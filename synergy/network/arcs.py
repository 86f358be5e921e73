"""Arcs: which group of outlets may feed which group of inlets, inside a site or over a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.network.ends import BETWEEN, INSIDE, Groups
from synergy.network.links import Links
from synergy.network.places import Floats, Ints

WITHIN = -1  # link index of an exchange inside one site


@dataclass(frozen=True, slots=True)
class Arcs:
    """Exchanges between groups, all periods in one.

    Parameters
    ----------
    outlet, inlet : numpy.ndarray of int64, shape (n,)
        Groups of outlets and of inlets.
    link : numpy.ndarray of int64
        Link that carries it, `WITHIN` inside a site.
    """

    outlet: Ints
    inlet: Ints
    link: Ints

    def over(self, figure: Floats, inside: float) -> Floats:
        """Return a figure of links by arc, `inside` where there is no link."""
        by_arc: Floats = np.append(figure, inside)[self.link]
        return by_arc

    def take(self, which: Any) -> Arcs:
        """Return some of the arcs."""
        return Arcs(self.outlet[which], self.inlet[which], self.link[which])


def arcs_of(outlets: Groups, inlets: Groups, links: Links) -> Arcs:
    """Return every exchange that the kinds of its ends allow."""
    out = pd.DataFrame(
        {"outlet": np.arange(len(outlets.site)), "origin": outlets.site, "commodity": outlets.commodity}
    ).assign(given=outlets.rank)
    into = pd.DataFrame(
        {"inlet": np.arange(len(inlets.site)), "target": inlets.site, "commodity": inlets.commodity}
    ).assign(taken=inlets.rank)
    inside = out.merge(into, left_on=["origin", "commodity"], right_on=["target", "commodity"], how="inner", sort=False)
    inside = inside[INSIDE[inside["given"], inside["taken"]]].assign(link=WITHIN)
    over = pd.DataFrame({"link": np.arange(len(links.mode)), "origin": links.origin, "target": links.target}).assign(
        commodity=links.commodity
    )
    between = over.merge(out, on=["origin", "commodity"], how="inner", sort=False)
    between = between.merge(into, on=["target", "commodity"], how="inner", sort=False)
    between = between[BETWEEN[between["given"], between["taken"]]]
    both = pd.concat([part[["outlet", "inlet", "link"]] for part in (inside, between)], ignore_index=True)
    return Arcs(*[both[name].to_numpy(np.int64) for name in ("outlet", "inlet", "link")])
