"""One proposal as a picture: its partners, and what goes from one to another, with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import networkx as nx
from markupsafe import Markup
from synergy.web.figures.geometry import Box, Point
from synergy.web.figures.layout import layered, packed
from synergy.web.figures.svg import FONT, LINE, Naming, arrow, document, fitted, label, number, tag, width

PAD = 12.0
WIDEST = 240.0
_ROOM = 1000.0
BOLD = 1.12  # how much wider a bold text is


@dataclass(frozen=True, slots=True)
class Partner:
    """Who takes part: id, name, and what is to be known there (what is built, what runs)."""

    key: str
    name: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes from one partner to another: commodity and amount in words."""

    origin: str
    target: str
    commodity: str
    amount: str


def flow(partners: Sequence[Partner], deliveries: Sequence[Delivery], naming: Naming) -> Markup:
    """Return the picture of a proposal, from left to right.

    Parameters
    ----------
    partners : sequence of Partner
        Everybody whom a delivery names; those without one stand apart.
    deliveries : sequence of Delivery
        Between two partners.
    naming : Naming
        Of the figure.

    Returns
    -------
    markupsafe.Markup
        SVG; "" without partners.
    """
    if not partners:
        return Markup("")
    graph, sizes = _graph(partners, deliveries)
    boxes, size = packed(layered(graph, sizes), _ROOM)
    head = f"{naming.ident}-head"
    ends = [part for number, one in enumerate(deliveries) for part in _ways(boxes, number, one, head)]
    middles = [_said(boxes[_name(number)], one) for number, one in enumerate(deliveries)]
    drawn = [_partner(boxes[one.key], one) for one in partners]
    inside = tag("g", {"transform": "translate(8 8)"}, *ends, *drawn, *middles)
    return document(naming, (size[0] + 16, size[1] + 16), arrow(head), inside)


def _name(number: int) -> str:
    """Return the node of a delivery: one of its own, so that no label covers another."""
    return f"\x00{number}"


def _graph(partners: Sequence[Partner], deliveries: Sequence[Delivery]) -> tuple[nx.DiGraph[str], Mapping[str, Point]]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    sizes: dict[str, Point] = {}
    for one in partners:
        graph.add_node(one.key)
        wide = (
            max(width(one.name) * BOLD, *(width(note) for note in one.notes), 0.0)
            if one.notes
            else width(one.name) * BOLD
        )
        sizes[one.key] = (min(WIDEST, wide + 2 * PAD), LINE * (1 + len(one.notes)) + PAD)
    for place, each in enumerate(deliveries):
        graph.add_edge(each.origin, _name(place))
        graph.add_edge(_name(place), each.target)
        wide = max(width(each.commodity), width(each.amount))
        sizes[_name(place)] = (min(WIDEST, wide), 2 * LINE)
    return graph, sizes


def _ways(boxes: Mapping[str, Box], place: int, one: Delivery, head: str) -> tuple[Markup, Markup]:
    """Return the two halves of a delivery, into its label and out of it."""
    middle = boxes[_name(place)]
    return _way(boxes[one.origin], middle, ""), _way(middle, boxes[one.target], f"url(#{head})")


def _way(one: Box, other: Box, mark: str) -> Markup:
    forwards = other[0] >= one[2]
    start = (one[2] if forwards else one[0], (one[1] + one[3]) / 2)
    end = (other[0] - 1 if forwards else other[2] + 1, (other[1] + other[3]) / 2)
    middle = (start[0] + end[0]) / 2
    way = "M{} {}C{} {} {} {} {} {}".format(*map(number, (*start, middle, start[1], middle, end[1], *end)))
    return tag("path", {"class": "way", "d": way, "stroke-width": 1.6, "marker-end": mark})


def _said(box: Box, one: Delivery) -> Markup:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    above = label((x, y - LINE / 2), fitted(one.commodity, WIDEST), "", "middle")
    return tag("g", {}, above, label((x, y + LINE / 2), one.amount, "soft", "middle"))


def _partner(box: Box, one: Partner) -> Markup:
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
