"""Figures of one proposal: flow diagram of its deliveries and map of its sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import networkx as nx
from markupsafe import Markup
from synergy.web.figures.map import MapLine, Place, charted, degrees, draw_map
from synergy.web.figures.network import layered, packed
from synergy.web.figures.outline import NONE, Box, Outlines, Point
from synergy.web.figures.svg import FONT, LINE, Naming, arrow, document, fitted, label, number, tag, width
from synergy.web.texts import word

from synergy.records.figures import SiteLabel
from synergy.records.proposals import Line
from synergy.texts import say
from synergy.units import amount

KEPT = 128  # pictures of each kind
PAD = 12.0
WIDEST = 240.0
_ROOM = 1000.0
BOLD = 1.12  # how much wider a bold text is


class Viewer(NamedTuple):
    """Who looks at a figure: id of the enterprise, "" for planners and auditors; language; names of commodities."""

    looker: str
    lang: str
    good_name: Callable[[str], str]


def flow_picture(
    lines: Sequence[Line], notes: Mapping[str, Sequence[str]], names: Callable[[str], str], viewer: Viewer
) -> Markup:
    """Return the flow diagram of the deliveries between the enterprises of a proposal.

    `notes` stand under the name of an enterprise, such as units built there; the name of "" is that of a public site.
    """
    keys = dict.fromkeys(end for one in lines for end in (one.from_enterprise, one.to_enterprise))
    partners = [
        DrawnPartner(key or "#", names(key), tuple(notes.get(key, ()))) for key in [*keys, *(notes.keys() - keys)]
    ]
    sums: dict[tuple[str, str, str, str], Decimal] = {}
    for one in lines:
        key = (one.from_enterprise or "#", one.to_enterprise or "#", one.commodity, one.quantity.unit)
        sums[key] = sums.get(key, Decimal(0)) + one.quantity.value
    deliveries = [
        DrawnDelivery(origin, target, viewer.good_name(good), amount(float(quantity), unit, viewer.lang))
        for (origin, target, good, unit), quantity in sums.items()
        if origin != target
    ]
    return _flow(viewer.looker, tuple(partners), tuple(deliveries), viewer.lang)


def map_picture(
    lines: Sequence[Line], sites: Mapping[str, SiteLabel], viewer: Viewer, bounds: Outlines = NONE
) -> Markup:
    """Return the map of the sites of a proposal, or "" if a site is unknown or there are fewer than two.

    `bounds` are supplied by the operator.
    """
    lang = viewer.lang
    ends = dict.fromkeys(end for one in lines for end in (one.from_site, one.to_site))
    if not ends or not set(ends) <= set(sites) or len(ends) < 2:
        return Markup("")
    places = [
        Place(
            site,
            say((told.name_en, told.name_zh), lang) or site,
            told.county,
            degrees(told.latitude),
            degrees(told.longitude),
            not told.enterprise,
        )
        for site, told in ((end, sites[end]) for end in ends)
    ]
    ways = [
        MapLine(one.from_site, one.to_site, viewer.good_name(one.commodity))
        for one in lines
        if one.from_site != one.to_site
    ]
    return _map(viewer.looker, tuple(places), tuple(ways), lang, bounds)


# A picture follows from what it shows, and is kept by all of that. Who looks is part of it too: how soon one comes
# tells nobody that a partner has looked at it.
@lru_cache(KEPT)
def _flow(_looker: str, partners: tuple[DrawnPartner, ...], deliveries: tuple[DrawnDelivery, ...], lang: str) -> Markup:
    return flow(partners, deliveries, Naming("flow", word("offer.flow", lang), word("offer.flow_desc", lang)))


@lru_cache(KEPT)
def _map(_looker: str, places: tuple[Place, ...], ways: tuple[MapLine, ...], lang: str, bounds: Outlines) -> Markup:
    naming = Naming("map", word("offer.map", lang), word("offer.map_desc", lang))
    return draw_map(charted(places, ways, lang, bounds.rings, near_by=True), lang, naming)


@dataclass(frozen=True, slots=True)
class DrawnPartner:
    """Participant of a proposal: id, name and notes shown below the name."""

    key: str
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DrawnDelivery:
    """Delivery from one participant to another: formatted commodity and amount."""

    origin: str
    target: str
    commodity: str
    amount: str


def flow(partners: Sequence[DrawnPartner], deliveries: Sequence[DrawnDelivery], naming: Naming) -> Markup:
    """Return the flow diagram of a proposal as SVG, laid out from left to right; "" without partners.

    Partners without a delivery are drawn apart.
    """
    if not partners:
        return Markup("")
    graph, sizes = _graph(partners, deliveries)
    boxes, size = packed(layered(graph, sizes), _ROOM)
    head = f"{naming.ident}-head"
    ends: list[Markup] = []
    middles: list[Markup] = []
    for place, one in enumerate(deliveries):  # from the supplier to the label, and on to the user
        middle = boxes[_name(place)]
        ends += [_way(boxes[one.origin], middle, ""), _way(middle, boxes[one.target], f"url(#{head})")]
        middles.append(_said(middle, one))
    drawn = [_partner(boxes[each.key], each) for each in partners]
    inside = tag("g", {"transform": "translate(8 8)"}, *ends, *drawn, *middles)
    return document(naming, (size[0] + 16, size[1] + 16), arrow(head), inside)


def _name(number: int) -> str:
    """Return the graph node of a delivery label; each label has its own node to avoid overlaps."""
    return f"\x00{number}"


def _graph(
    partners: Sequence[DrawnPartner], deliveries: Sequence[DrawnDelivery]
) -> tuple[nx.DiGraph[str], Mapping[str, Point]]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    sizes: dict[str, Point] = {}
    for one in partners:
        graph.add_node(one.key)
        wide = max([width(one.name) * BOLD, *map(width, one.notes)])
        sizes[one.key] = (min(WIDEST, wide + 2 * PAD), LINE * (1 + len(one.notes)) + PAD)
    for place, each in enumerate(deliveries):
        graph.add_edge(each.origin, _name(place))
        graph.add_edge(_name(place), each.target)
        wide = max(width(each.commodity), width(each.amount))
        sizes[_name(place)] = (min(WIDEST, wide), 2 * LINE)
    return graph, sizes


def _way(one: Box, other: Box, mark: str) -> Markup:
    forwards = other[0] >= one[2]
    start = (one[2] if forwards else one[0], (one[1] + one[3]) / 2)
    end = (other[0] - 1 if forwards else other[2] + 1, (other[1] + other[3]) / 2)
    middle = (start[0] + end[0]) / 2
    way = "M{} {}C{} {} {} {} {} {}".format(*map(number, (*start, middle, start[1], middle, end[1], *end)))
    return tag("path", {"class": "way", "d": way, "stroke-width": 1.6, "marker-end": mark})


def _said(box: Box, one: DrawnDelivery) -> Markup:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    above = label((x, y - LINE / 2), fitted(one.commodity, WIDEST), "", "middle")
    return tag("g", {}, above, label((x, y + LINE / 2), one.amount, "soft", "middle"))


def _partner(box: Box, one: DrawnPartner) -> Markup:
    place = {"x": box[0], "y": box[1], "width": box[2] - box[0], "height": box[3] - box[1], "rx": 6}
    room, x = box[2] - box[0] - PAD, (box[0] + box[2]) / 2
    top = box[1] + PAD / 2 + FONT * 0.62
    shown = fitted(one.name, room / BOLD)
    whole = tag("title", {}, "\n".join([one.name, *one.notes]))
    lines = [label((x, top), shown, "strong", "middle")]
    lines += [
        label((x, top + LINE * row), fitted(note, room), "soft", "middle") for row, note in enumerate(one.notes, 1)
    ]
    return tag("g", {}, whole, tag("rect", {"class": "box", **place}), *lines)
