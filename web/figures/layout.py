"""Where the nodes of a graph stand: each component by itself, boxes that never cover each other, packed in rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

import networkx as nx
import numpy as np
from synergy.web.figures.geometry import Box, Point, cross

Key = TypeVar("Key", bound=Hashable)
GAP = 14.0  # px between two boxes
LAYERS_GAP = 56.0  # px between two layers, where the edges are seen
STEPS = 400
_LARGE = 250  # nodes of a component that springs still can lay out in a moment


def packed(parts: Sequence[dict[str, Box]], room: float, gap: float = 2 * GAP) -> tuple[dict[str, Box], Point]:
    """Return boxes of components beside and below each other, the largest first.

    Parameters
    ----------
    parts : sequence of dict
        Boxes of the nodes of each component.
    room : float
        Greatest width in px, unless one component is wider.
    gap : float
        px between two components.

    Returns
    -------
    boxes : dict
    size : tuple of float
        Width and height of all.
    """
    order = sorted(parts, key=lambda one: (-len(one), min(one)))
    found: dict[str, Box] = {}
    x = y = high = wide = 0.0
    for part in order:
        left, top, right, bottom = _hull(part.values())
        if x > 0 and x + right - left > room:
            x, y, high = 0.0, y + high + gap, 0.0
        for key, box in part.items():
            found[key] = (box[0] - left + x, box[1] - top + y, box[2] - left + x, box[3] - top + y)
        x += right - left + gap
        wide, high = max(wide, x - gap), max(high, bottom - top)
    return found, (wide, y + high)


def _hull(boxes: Iterable[Box]) -> Box:
    corners = np.array(list(boxes))
    return (*map(float, corners[:, :2].min(axis=0)), *map(float, corners[:, 2:].max(axis=0)))  # type: ignore[return-value]


def springs(graph: nx.Graph[str], sizes: Mapping[str, Point]) -> list[dict[str, Box]]:
    """Return the boxes of each component, connected ones near each other (Kamada and Kawai 1989).

    Parameters
    ----------
    graph : networkx.Graph
    sizes : mapping of str to tuple of float
        Width and height of each node in px.
    """
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
    """Return boxes round middles, pushed apart along the shorter way until none covers another.

    Parameters
    ----------
    spots, sizes : array, shape (n, 2)
        Middles; widths and heights, px.
    gap : float
        px left between two.
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
    """Return boxes of which those that still cover one above them are moved down as far as they must."""
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
    """Return the boxes of each component in columns from left to right, along the edges as far as circles allow.

    Parameters
    ----------
    graph : networkx.DiGraph
    sizes : mapping of str to tuple of float
        Width and height of each node in px.
    """
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
    """Return the longest way to each node in the graph without the edges that close circles."""
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
    """Return columns, each in the order of the mean places of neighbours, some times over."""
    near = graph.to_undirected()
    for _ in range(6):
        place = {key: spot / max(1, len(column) - 1) for column in columns for spot, key in enumerate(column)}
        columns = [
            sorted(
                column,
                key=lambda key: (sum(place[one] for one in sorted(near[key])) / max(1, len(near[key])), key),
            )
            for column in columns
        ]
    return columns
