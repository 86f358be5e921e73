"""Network diagrams: partnerships between enterprises, and conversions between commodities."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot
from typing import TypeVar

import networkx as nx
import numpy as np
from markupsafe import Markup
from synergy.web.figures.outline import Box, Point, cross
from synergy.web.figures.svg import Naming, arrow, cut, document, label, merged, number, tag, width

MOST = 90  # nodes by name; groups where there are more
ROOM = 980.0  # width in px before components go below each other
HIGH = 26.0
WIDEST, NARROW = 210.0, 150.0  # of a firm, of a commodity
PAD = 10.0
Key = TypeVar("Key", bound=Hashable)
GAP = 14.0  # px between two boxes
LAYERS_GAP = 56.0  # px between two layers, where the edges are seen
STEPS = 400
_LARGE = 250  # nodes of a component that springs still can lay out in a moment


@dataclass(frozen=True, slots=True)
class Tie:
    """Edge of a graph: origin, target, description, link, and whether it is new."""

    origin: str
    target: str
    said: str
    href: str = ""
    new: bool = False


def partnerships(ties: Sequence[Tie], names: Mapping[str, str], naming: Naming) -> Markup:
    """Return the undirected graph of partnerships as SVG, with enterprises as boxes; `names` are those of the nodes."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edges_from((one.origin, one.target) for one in ties if one.origin != one.target)
    return _drawn(springs(graph, _sizes(graph, names, WIDEST)), ties, names, naming)


def products(ties: Sequence[Tie], names: Mapping[str, str], naming: Naming) -> Markup:
    """Return the graph of conversions between commodities as SVG, laid out from left to right, see `partnerships`."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((one.origin, one.target) for one in ties if one.origin != one.target)
    return _drawn(layered(graph, _sizes(graph, names, NARROW)), ties, names, naming, directed=True)


def _sizes(graph: nx.Graph[str], names: Mapping[str, str], widest: float) -> dict[str, Point]:
    return {key: (min(widest, width(names.get(key, key)) + 2 * PAD), HIGH) for key in graph}


def _drawn(
    parts: Sequence[dict[str, Box]],
    ties: Sequence[Tie],
    names: Mapping[str, str],
    naming: Naming,
    *,
    directed: bool = False,
) -> Markup:
    """Return the boxes and edges as SVG; edges of the same pair are merged, with all their descriptions."""
    if not parts:
        return Markup("")
    boxes, size = packed(parts, ROOM)
    pairs: dict[tuple[str, str], list[Tie]] = {}
    for one in ties:
        if one.origin != one.target:
            pair = (one.origin, one.target)
            pairs.setdefault(pair if directed else (min(pair), max(pair)), []).append(one)
    head = f"{naming.ident}-head"
    lines = [_edge(pair, found, boxes, names, head if directed else "") for pair, found in sorted(pairs.items())]
    nodes = [_node(names.get(key, key), box) for key, box in sorted(boxes.items())]
    # a way back leaves the last column to the right and reaches the first from the left
    side = 8 + max((_bend(boxes[one], boxes[other]) for one, other in pairs if directed), default=0.0)
    inside = tag("g", {"transform": f"translate({number(side)} 8)"}, *lines, *nodes)
    return document(naming, (size[0] + 2 * side, size[1] + 16), arrow(head) if directed else "", inside)


def _node(name: str, box: Box) -> Markup:
    shown, whole = cut(name, box[2] - box[0] - PAD)
    place = {"x": box[0], "y": box[1], "width": box[2] - box[0], "height": box[3] - box[1], "rx": HIGH / 2}
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return tag("g", {}, whole, tag("rect", {"class": "box", **place}), label(middle, shown, "", "middle"))


def _edge(
    pair: tuple[str, str], ties: Sequence[Tie], boxes: Mapping[str, Box], names: Mapping[str, str], head: str
) -> Markup:
    one, other = boxes[pair[0]], boxes[pair[1]]
    way = _layered_way(one, other) if head else _straight(one, other)
    name = f"{names.get(pair[0], pair[0])} {'→' if head else '–'} {names.get(pair[1], pair[1])}"
    kind = "way new" if any(tie.new for tie in ties) else "way"
    thick = f"{min(1.2 + 0.5 * (len(ties) - 1), 5.0):.1f}"
    look = {"class": kind, "d": way, "stroke-width": thick, "marker-end": f"url(#{head})" if head else ""}
    return merged(look, name, [tie.said for tie in ties], (tie.href for tie in ties))


def _straight(one: Box, other: Box) -> str:
    """Return the path between the centres of two boxes; the boxes are drawn over its ends."""
    (x0, y0), (x1, y1) = (((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (one, other))
    return f"M{number(x0)} {number(y0)}L{number(x1)} {number(y1)}"


def _layered_way(one: Box, other: Box) -> str:
    """Return the curve from the right side of a box to the left side of another, looping if it runs backwards."""
    start, end = (one[2], (one[1] + one[3]) / 2), (other[0] - 1, (other[1] + other[3]) / 2)
    bend = _bend(one, other) or max((end[0] - start[0]) / 2, 26.0)
    parts = (*start, start[0] + bend, start[1], end[0] - bend, end[1], *end)
    return "M{} {}C{} {} {} {} {} {}".format(*map(number, parts))


def _bend(one: Box, other: Box) -> float:
    """Return the offset of the control points of a backward edge; 0 for a forward edge."""
    back = one[2] - (other[0] - 1)
    return 26.0 + 0.12 * hypot(back, (one[1] + one[3] - other[1] - other[3]) / 2) if back > 0 else 0.0


def packed(parts: Sequence[dict[str, Box]], room: float, gap: float = 2 * GAP) -> tuple[dict[str, Box], Point]:
    """Arrange the boxes of components in rows, the largest component first; return them, and the total size.

    `room` is the maximum width in px, unless one component is wider, and `gap` the px between two components.
    """
    order = sorted(parts, key=lambda one: (-len(one), min(one)))
    found: dict[str, Box] = {}
    x = y = high = wide = 0.0
    for part in order:
        lefts, tops, rights, bottoms = zip(*part.values(), strict=True)
        left, top, right, bottom = min(lefts), min(tops), max(rights), max(bottoms)
        if x > 0 and x + right - left > room:
            x, y, high = 0.0, y + high + gap, 0.0
        for key, box in part.items():
            found[key] = (box[0] - left + x, box[1] - top + y, box[2] - left + x, box[3] - top + y)
        x += right - left + gap
        wide, high = max(wide, x - gap), max(high, bottom - top)
    return found, (wide, y + high)


def springs(graph: nx.Graph[str], sizes: Mapping[str, Point]) -> list[dict[str, Box]]:
    """Return the boxes of each component in a spring layout (Kamada and Kawai 1989), from sizes of the nodes in px."""
    return [_sprung(graph.subgraph(nodes), sizes) for nodes in _components(graph)]


def _components(graph: nx.Graph[str]) -> list[list[str]]:
    return sorted((sorted(nodes) for nodes in nx.connected_components(graph)), key=lambda one: (-len(one), one[0]))


def _sprung(graph: nx.Graph[str], sizes: Mapping[str, Point]) -> dict[str, Box]:
    nodes = sorted(graph)
    plain: nx.Graph[str] = nx.Graph()
    plain.add_nodes_from(nodes)
    plain.add_edges_from(sorted((min(edge), max(edge)) for edge in graph.edges))
    if len(nodes) == 1:
        spots = np.zeros((1, 2))
    else:
        start = nx.circular_layout(plain)
        place = nx.kamada_kawai_layout(plain, pos=start) if len(nodes) <= _LARGE else start
        spots = np.array([place[key] for key in nodes])
    wide = np.array([sizes[key] for key in nodes])
    # px for the length of an edge: room for a box and something to see of the edge
    ties = np.array([[nodes.index(one), nodes.index(other)] for one, other in plain.edges]).reshape(-1, 2)
    lengths = np.hypot(*(spots[ties[:, 0]] - spots[ties[:, 1]]).T) if len(ties) else np.ones(1)
    spots = spots * (wide[:, 0].mean() * 1.15 / max(float(np.median(lengths)), 1e-9)) * np.array([1.0, 0.62])
    return dict(zip(nodes, separated(spots, wide), strict=True))


def separated(spots: np.ndarray, sizes: np.ndarray, gap: float = GAP) -> list[Box]:
    """Return boxes around the given centres, pushed apart along the axis of least overlap until none overlap.

    Centres and sizes are of shape (n, 2), in px as the minimum distance `gap`.
    """
    at = spots.astype(float) + np.arange(len(spots))[:, None] * np.array([0.013, 0.007])
    reach = (sizes[:, None, :] + sizes[None, :, :]) / 2 + gap
    for _ in range(STEPS):
        way = at[:, None, :] - at[None, :, :]
        lack = reach - np.abs(way)
        hit = (lack > 1e-6).all(axis=2)
        np.fill_diagonal(hit, False)
        if not hit.any():
            break
        axis = np.argmin(lack, axis=2)
        push = np.where(np.arange(2) == axis[..., None], lack, 0.0) * np.where(way >= 0, 1.0, -1.0)
        at += 0.5 * np.where(hit[..., None], push, 0.0).sum(axis=1) / np.maximum(hit.sum(axis=1), 1)[:, None] * 1.05
    half = sizes / 2
    return _lowered(
        [(float(x - w), float(y - h), float(x + w), float(y + h)) for (x, y), (w, h) in zip(at, half, strict=True)], gap
    )


def _lowered(boxes: Sequence[Box], gap: float) -> list[Box]:
    """Move boxes that still overlap a box above them down by the necessary distance."""
    found = list(boxes)
    done: list[Box] = []
    for place in sorted(range(len(boxes)), key=lambda one: (boxes[one][1], boxes[one][0])):
        left, top, right, bottom = boxes[place]
        while under := [one for one in done if cross((left, top, right, bottom), one)]:
            down = max(one[3] for one in under) + gap - top
            top, bottom = top + down, bottom + down
        found[place] = (left, top, right, bottom)
        done.append(found[place])
    return found


def layered(graph: nx.DiGraph[str], sizes: Mapping[str, Point]) -> list[dict[str, Box]]:
    """Return the boxes of each component in layers from left to right, ignoring edges that close cycles; px."""
    return [_layers(graph.subgraph(nodes), sizes) for nodes in _components(graph.to_undirected())]


def _layers(graph: nx.DiGraph[str], sizes: Mapping[str, Point]) -> dict[str, Box]:
    level = _levels(graph)
    columns: list[list[str]] = [[] for _ in range(max(level.values()) + 1)]
    for key in sorted(graph):
        columns[level[key]].append(key)
    columns = _untangled(columns, graph)
    found: dict[str, Box] = {}
    x = 0.0
    for column in columns:
        wide = max(sizes[key][0] for key in column)
        y = -sum(sizes[key][1] + GAP for key in column) / 2
        for key in column:
            found[key] = (x, y, x + sizes[key][0], y + sizes[key][1])
            y += sizes[key][1] + GAP
        x += wide + LAYERS_GAP
    return found


def _levels(graph: nx.DiGraph[str]) -> dict[str, int]:
    """Return the longest path length to each node after removing edges that close cycles."""
    ordered: nx.DiGraph[str] = nx.DiGraph()
    ordered.add_nodes_from(sorted(graph))
    ordered.add_edges_from(sorted((one, other) for one, other in graph.edges if one != other))
    while not nx.is_directed_acyclic_graph(ordered):
        circle = nx.find_cycle(ordered, source=None)
        ordered.remove_edge(*circle[-1][:2])
    level = dict.fromkeys(ordered, 0)
    for key in nx.topological_sort(ordered):
        for after in ordered.successors(key):
            level[after] = max(level[after], level[key] + 1)
    return level


def _untangled(columns: list[list[str]], graph: nx.DiGraph[str]) -> list[list[str]]:
    """Reduce edge crossings: repeatedly sort each column by the mean position of the neighbours."""
    near = graph.to_undirected()
    for _ in range(6):
        place = {key: spot / max(1, len(column) - 1) for column in columns for spot, key in enumerate(column)}
        columns = [
            sorted(column, key=lambda key: (sum(place[one] for one in sorted(near[key])) / max(1, len(near[key])), key))
            for column in columns
        ]
    return columns
