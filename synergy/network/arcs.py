"""Arcs: which group of outlets may feed which group of inlets, inside a site or over a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synergy.network.ends import BETWEEN, INSIDE, Groups
from synergy.network.links import Links
from synergy.network.places import Floats, Ints, pairs

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
    goods = 1 + max((int(part.commodity.max(initial=0)) for part in (outlets, inlets, links)), default=0)
    leaving, reaching = (groups.site * goods + groups.commodity for groups in (outlets, inlets))
    near, there = pairs(leaving, reaching)
    inside = INSIDE[outlets.rank[near], inlets.rank[there]]
    link, out = pairs(links.origin * goods + links.commodity, leaving)
    way, into = pairs((links.target * goods + links.commodity)[link], reaching)
    link, out = link[way], out[way]
    between = BETWEEN[outlets.rank[out], inlets.rank[into]]
    return Arcs(
        np.concatenate([near[inside], out[between]]),
        np.concatenate([there[inside], into[between]]),
        np.concatenate([np.full(inside.sum(), WITHIN), link[between]]),
    )
