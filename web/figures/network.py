"""Graphs: who is partner of whom, and what becomes of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import networkx as nx
from markupsafe import Markup
from synergy.web.figures.geometry import Box, Point
from synergy.web.figures.layout import layered, packed, springs
from synergy.web.figures.svg import Naming, arrow, document, fitted, label, link, number, tag, width

MOST = 90  # nodes by name; groups where there are more
ROOM = 980.0  # width in px before components go below each other
HIGH = 26.0
WIDEST, NARROW = 210.0, 150.0  # of a firm, of a commodity
PAD = 10.0


@dataclass(frozen=True, slots=True)
class Tie:
    """An edge: from where to where, what it is in words, where it leads, and whether it is new."""

    origin: str
    target: str
    said: str
    href: str = ""
    new: bool = False


def partnerships(ties: Sequence[Tie], names: Mapping[str, str], naming: Naming) -> Markup:
    """Return the graph of partnerships: enterprises as boxes, partners connected, both directions as one.

    Parameters
    ----------
    ties : sequence of Tie
        Deliveries.
    names : mapping of str to str
        Names of the nodes.
    naming : Naming
        Of the figure.
    """
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edges_from((one.origin, one.target) for one in ties if one.origin != one.target)
    return _drawn(springs(graph, _sizes(graph, names, WIDEST)), ties, names, (naming, False))


def products(ties: Sequence[Tie], names: Mapping[str, str], naming: Naming) -> Markup:
    """Return the graph of products: commodities as boxes from left to right, what becomes of what.

    Parameters
    ----------
    ties, names, naming
        As for `partnerships`.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((one.origin, one.target) for one in ties if one.origin != one.target)
    return _drawn(layered(graph, _sizes(graph, names, NARROW)), ties, names, (naming, True))


def _sizes(graph: nx.Graph[str], names: Mapping[str, str], widest: float) -> dict[str, Point]:
    return {key: (min(widest, width(names.get(key, key)) + 2 * PAD), HIGH) for key in graph}


def _drawn(
    parts: Sequence[dict[str, Box]], ties: Sequence[Tie], names: Mapping[str, str], how: tuple[Naming, bool]
) -> Markup:
    """Return boxes and lines between them; lines of one pair are one, with all its words."""
    naming, directed = how
    if not parts:
        return Markup("")
    boxes, size = packed(parts, ROOM)
    pairs: dict[tuple[str, str], list[Tie]] = {}
    for one in ties:
        if one.origin != one.target:
            pair = (one.origin, one.target)
            pairs.setdefault(pair if directed else (min(pair), max(pair)), []).append(one)
    head = f"{naming.ident}-head"
    lines = [_edge(pair, found, (boxes, names), head if directed else "") for pair, found in sorted(pairs.items())]
    nodes = [_node(names.get(key, key), box) for key, box in sorted(boxes.items())]
    # a way back leaves the last column to the right and reaches the first from the left
    side = 8 + max((_bend(boxes[one], boxes[other]) for one, other in pairs if directed), default=0.0)
    inside = tag("g", {"transform": f"translate({number(side)} 8)"}, *lines, *nodes)
    return document(naming, (size[0] + 2 * side, size[1] + 16), arrow(head) if directed else "", inside)


def _node(name: str, box: Box) -> Markup:
    room = box[2] - box[0] - PAD
    shown = fitted(name, room)
    whole = tag("title", {}, name) if shown != name else Markup("")
    place = {"x": box[0], "y": box[1], "width": box[2] - box[0], "height": box[3] - box[1], "rx": HIGH / 2}
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return tag("g", {}, whole, tag("rect", {"class": "box", **place}), label(middle, shown, "", "middle"))


def _edge(
    pair: tuple[str, str], ties: Sequence[Tie], standing: tuple[Mapping[str, Box], Mapping[str, str]], head: str
) -> Markup:
    boxes, names = standing
    one, other = boxes[pair[0]], boxes[pair[1]]
    way = _layered_way(one, other) if head else _straight(one, other)
    shown = [tie.said for tie in ties[:8]] + ([f"+{len(ties) - 8}"] if len(ties) > 8 else [])
    sign = "→" if head else "–"
    first = f"{names.get(pair[0], pair[0])} {sign} {names.get(pair[1], pair[1])}"
    said = tag("title", {}, "\n".join([first, *shown]))
    kind = "way new" if any(tie.new for tie in ties) else "way"
    thick = f"{min(1.2 + 0.5 * (len(ties) - 1), 5.0):.1f}"
    mark = f"url(#{head})" if head else ""
    hrefs = {tie.href for tie in ties}
    path = tag("path", {"class": kind, "d": way, "stroke-width": thick, "marker-end": mark}, said)
    return link(hrefs.pop() if len(hrefs) == 1 else "", path)


def _straight(one: Box, other: Box) -> str:
    """Return a line between the middles of two boxes; the boxes are drawn over its ends."""
    (x0, y0), (x1, y1) = (((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (one, other))
    return f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}"


def _layered_way(one: Box, other: Box) -> str:
    """Return a curve from the right side of a box to the left side of another, back round where it goes backwards."""
    start, end = (one[2], (one[1] + one[3]) / 2), (other[0] - 1, (other[1] + other[3]) / 2)
    bend = _bend(one, other) or max((end[0] - start[0]) / 2, 26.0)
    parts = (*start, start[0] + bend, start[1], end[0] - bend, end[1], *end)
    return "M{} {}C{} {} {} {} {} {}".format(*map(number, parts))


def _bend(one: Box, other: Box) -> float:
    """Return how far the control points of a way back stand off its boxes; 0 where it goes on."""
    back = one[2] - (other[0] - 1)
    return 26.0 + 0.12 * hypot(back, (one[1] + one[3] - other[1] - other[3]) / 2) if back > 0 else 0.0
