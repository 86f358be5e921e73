"""Layout of Sankey diagrams in three columns: suppliers, commodities and users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

SWEEPS = 6  # of the order of the columns
LEAST = 18.0  # height of a commodity with one ribbon, px
SLOT = 16.0  # least height of a node with its label
GAP = 6.0  # between two nodes
BOX = 36.0  # least height of a commodity with two lines in it
_Halves = dict[tuple[int, str, str], float]  # column, firm, commodity: quantity


@dataclass(frozen=True, slots=True)
class Stream:
    """Annual delivery of one commodity from one enterprise to another, in its unit, with a link to its proposals."""

    supplier: str
    commodity: str
    user: str
    quantity: float
    href: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """Node of a supplier, commodity or user: key, column (0, 1, 2), top and height in px."""

    key: str
    column: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Ribbon between two adjacent columns, summing all streams between the same two nodes.

    Column 0 leads from suppliers to commodities, 1 on to users. `left` and `right` are the vertical centres of its ends
    in px, `thick` its height in px, proportional to the quantity within a commodity.
    """

    firm: str
    commodity: str
    column: int
    quantity: float
    left: float
    right: float
    thick: float
    href: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Layout of a diagram: nodes, ribbons and total height in px."""

    nodes: tuple[Node, ...]
    ribbons: tuple[Ribbon, ...]
    height: float


def laid_out(streams: Sequence[Stream]) -> Layout:
    """Compute the layout of a diagram of streams with positive quantities, independent of their order.

    Ribbon heights are proportional to quantities within a commodity, but not between commodities, whose units such as
    tons and cubic metres are not comparable.
    """
    halves: _Halves = defaultdict(float)
    leads: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for one in sorted(streams, key=lambda each: (each.supplier, each.commodity, each.user)):
        for key in ((0, one.supplier, one.commodity), (1, one.user, one.commodity)):
            halves[key] += one.quantity
            leads[key].add(one.href)
    scale = _scales(halves)
    thick = {key: quantity * scale[key[2]] for key, quantity in halves.items()}
    columns = _ordered(halves)
    heights = _heights(thick)
    nodes, height = _placed(columns, heights)
    rank = {(column, key): place for column, keys in enumerate(columns) for place, key in enumerate(keys)}
    hrefs = {key: min(found) if len(found) == 1 else "" for key, found in leads.items()}
    ribbons = _ribbons(halves, thick, hrefs, (nodes, rank))
    return Layout(tuple(nodes.values()), tuple(ribbons), height)


def _scales(halves: Mapping[tuple[int, str, str], float]) -> dict[str, float]:
    """Return the scale of each commodity in px per unit; commodities with more ribbons are drawn taller."""
    found = {}
    for good in {key[2] for key in halves}:
        sides = [[amount for key, amount in halves.items() if key[2] == good and key[0] == side] for side in (0, 1)]
        most = max(len(side) for side in sides)
        found[good] = LEAST * most**0.5 / sum(sides[0])
    return found


def _heights(thick: Mapping[tuple[int, str, str], float]) -> dict[tuple[int, str], float]:
    """Return the drawn height of each node."""
    found: dict[tuple[int, str], float] = defaultdict(float)
    for (side, firm, good), value in thick.items():
        found[2 * side, firm] += value
        if side == 0:
            found[1, good] += value
    return found


def _ordered(halves: Iterable[tuple[int, str, str]]) -> tuple[list[str], ...]:
    """Return the order of the three columns, sorting nodes by the mean position of their neighbours."""
    ties: list[tuple[set[str], dict[str, set[str]], dict[str, set[str]]]] = []
    keys = list(halves)
    for side in (0, 1):
        firms: dict[str, set[str]] = defaultdict(set)
        goods: dict[str, set[str]] = defaultdict(set)
        for _, firm, good in (key for key in keys if key[0] == side):
            firms[firm].add(good)
            goods[good].add(firm)
        ties.append((set(firms), firms, goods))
    middle = sorted({key[2] for key in keys})
    outer = [sorted(each[0]) for each in ties]
    for _ in range(SWEEPS):
        place = {good: number / max(1, len(middle) - 1) for number, good in enumerate(middle)}
        outer = [sorted(outer[side], key=_mean(ties[side][1], place)) for side in (0, 1)]
        around: dict[str, list[float]] = defaultdict(list)
        for side in (0, 1):
            last = max(1, len(outer[side]) - 1)
            spots = {firm: number / last for number, firm in enumerate(outer[side])}
            for good, firms_of in ties[side][2].items():
                around[good] += [spots[firm] for firm in sorted(firms_of)]
        middle = sorted(middle, key=lambda good: (sum(around[good]) / len(around[good]), good))
    return outer[0], middle, outer[1]


def _mean(ties: Mapping[str, set[str]], place: Mapping[str, float]) -> Callable[[str], tuple[float, str]]:
    return lambda key: (sum(place[one] for one in sorted(ties[key])) / len(ties[key]), key)


def _placed(
    columns: Sequence[Sequence[str]], heights: Mapping[tuple[int, str], float]
) -> tuple[dict[tuple[int, str], Node], float]:
    """Return the nodes placed from top to bottom, with all columns spread over the same height."""
    slots = [
        [max(heights[column, key], BOX if column == 1 else SLOT) for key in keys] for column, keys in enumerate(columns)
    ]
    height = max(sum(each) + GAP * (len(each) - 1) for each in slots)
    nodes = {}
    for column, keys in enumerate(columns):
        spare = height - sum(slots[column])
        gap = spare / (len(keys) + 1) if len(keys) == 1 else min(spare / (len(keys) - 1), 4 * GAP)
        top = (height - sum(slots[column]) - gap * (len(keys) - 1)) / 2
        for key, slot in zip(keys, slots[column], strict=True):
            drawn = slot if column == 1 else heights[column, key]
            nodes[column, key] = Node(key, column, top + (slot - drawn) / 2, drawn)
            top += slot + gap
    return nodes, height


def _ribbons(
    halves: Mapping[tuple[int, str, str], float],
    thick: Mapping[tuple[int, str, str], float],
    hrefs: Mapping[tuple[int, str, str], str],
    standing: tuple[Mapping[tuple[int, str], Node], Mapping[tuple[int, str], int]],
) -> list[Ribbon]:
    """Return the ribbons, stacked at each node in the order of their opposite ends."""
    nodes, rank = standing
    ends: dict[tuple[int, str, str], list[float]] = {key: [0.0, 0.0] for key in halves}
    for (column, name), node in nodes.items():
        for side in (0, 1):
            mine = [key for key in halves if key[0] == side and name == (key[2] if column == 1 else key[1])]
            if column not in (1, 2 * side) or not mine:
                continue
            other = [(rank[2 * side, key[1]] if column == 1 else rank[1, key[2]], key) for key in mine]
            top = node.top + (node.height - sum(thick[key] for key in mine)) / 2
            for _, key in sorted(other):
                # what is left of a ribbon is its firm for suppliers, its commodity for users
                ends[key][(column == 1) if side == 0 else (column == 2)] = top + thick[key] / 2
                top += thick[key]
    return [
        _ribbon((side, firm, good), halves, thick, (ends[side, firm, good], href))
        for (side, firm, good), href in hrefs.items()
    ]


def _ribbon(
    key: tuple[int, str, str],
    halves: Mapping[tuple[int, str, str], float],
    thick: Mapping[tuple[int, str, str], float],
    rest: tuple[Sequence[float], str],
) -> Ribbon:
    side, firm, good = key
    (left, right), href = rest
    return Ribbon(firm, good, side, halves[key], left, right, thick[key], href)
