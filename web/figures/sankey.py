"""Sankey diagram of suppliers, commodities and users: drawing, layout, and aggregation of many streams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup
from synergy.web.figures.svg import FONT, Naming, colour, cut, document, label, link, tag, width

BAR = 10.0  # width of suppliers and users, px
RUN = 205.0  # what a ribbon runs over
PAD = 8.0
MARGIN = 230.0  # greatest room for labels on each side
INSIDE = 230.0  # greatest width of a commodity
HEAD = 30.0  # for the names of the columns
SWEEPS = 6  # of the order of the columns
LEAST = 18.0  # height of a commodity with one ribbon, px
SLOT = 16.0  # least height of a node with its label
GAP = 6.0  # between two nodes
BOX = 36.0  # least height of a commodity with two lines in it
LIMIT = 150  # ribbons that one picture can carry
OTHERS = "\x00others"  # key of what is not shown by name; no id has such a sign
_MOST, _FEWEST = 14, 5  # groups by name


@dataclass(frozen=True, slots=True)
class SankeyNames:
    """Localized names and links of a Sankey diagram; `firm` has groups too, and ids without a name are shown unchanged.

    `amount` formats a quantity of a commodity with its unit, `heads` stand above the three columns, `others` is the
    name of the merged rest, and `lead` makes the link of a ribbon of several proposals from firm and commodity.
    """

    firm: Mapping[str, str]
    commodity: Mapping[str, str]
    amount: Callable[[float, str], str]
    heads: tuple[str, str, str]
    others: str
    lead: Callable[[str, str], str] | None = None

    def of_firm(self, key: str) -> str:
        """Return the name of a firm, a group or the merged remainder."""
        return self.others if key == OTHERS else self.firm.get(key, key)

    def of_good(self, key: str) -> str:
        """Return the name of a commodity."""
        return self.commodity.get(key, key)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Horizontal layout in px: positions of the bars and the commodity box, box width, and total width."""

    left: float
    box: float
    inside: float
    right: float
    whole: float


def sankey(streams: Sequence[Stream], names: SankeyNames, naming: Naming) -> Markup:
    """Return a Sankey diagram as SVG, "" without streams; reduce large numbers with `grouped` first."""
    if not streams:
        return Markup("")
    layout = laid_out(streams)
    frame = _frame(layout, names)
    goods = sorted({ribbon.commodity for ribbon in layout.ribbons})
    shade = {good: colour(place) for place, good in enumerate(goods)}
    ribbons = [_ribbon(one, frame, names, shade[one.commodity]) for one in layout.ribbons]
    totals = {good: sum(one.quantity for one in layout.ribbons if one.commodity == good) / 2 for good in goods}
    nodes = [_node(node, frame, names, totals) for node in layout.nodes]
    places = ((frame.left, "end"), (frame.box + frame.inside / 2, "middle"), (frame.right + BAR, "start"))
    titles = (label((x, FONT), said, "head", at) for (x, at), said in zip(places, names.heads, strict=True))
    inside = tag("g", {"transform": f"translate(0 {HEAD:.0f})"}, *ribbons, *nodes)
    return document(naming, (frame.whole, layout.height + HEAD + PAD), *titles, inside)


def _frame(layout: Layout, names: SankeyNames) -> _Frame:
    """Return the horizontal layout, with margins that fit the labels."""
    sides: list[float] = []
    for column in (0, 2):
        said = [names.of_firm(node.key) for node in layout.nodes if node.column == column]
        sides.append(min(MARGIN, max(map(width, [*said, names.heads[column]])) + PAD))
    goods = [names.of_good(node.key) for node in layout.nodes if node.column == 1]
    inside = min(INSIDE, max(110.0, max(map(width, goods)) + 2 * PAD))
    left = sides[0]
    box = left + BAR + RUN
    right = box + inside + RUN
    return _Frame(left, box, inside, right, right + BAR + sides[1])


def _ribbon(one: Ribbon, frame: _Frame, names: SankeyNames, shade: str) -> Markup:
    start, end = (frame.left + BAR, frame.box) if one.column == 0 else (frame.box + frame.inside, frame.right)
    middle = (start + end) / 2
    high, low = f"{one.left:.1f}", f"{one.right:.1f}"
    way = f"M{start:.0f} {high}C{middle:.0f} {high} {middle:.0f} {low} {end:.0f} {low}"
    ends = (names.of_firm(one.firm), names.of_good(one.commodity))
    first, second = ends if one.column == 0 else ends[::-1]
    said = tag("title", {}, f"{first} → {second}: {names.amount(one.quantity, one.commodity)}")
    kind = f"ribbon {shade}" + (" thin" if one.thick < 1 else "")
    href = one.href or (names.lead(one.firm, one.commodity) if names.lead and one.firm != OTHERS else "")
    return link(href, tag("path", {"class": kind, "d": way, "stroke-width": f"{one.thick:.2f}"}, said))


def _node(node: Node, frame: _Frame, names: SankeyNames, totals: Mapping[str, float]) -> Markup:
    middle = node.top + node.height / 2
    if node.column == 1:
        return _box(node, frame, names, totals[node.key])
    x = frame.left if node.column == 0 else frame.right
    bar = tag("rect", {"class": "bar", "x": x, "y": node.top, "width": BAR, "height": max(node.height, 1.0)})
    shown, whole = cut(names.of_firm(node.key), MARGIN - PAD)
    place, anchor = ((x - PAD / 2, middle), "end") if node.column == 0 else ((x + BAR + PAD / 2, middle), "start")
    return tag("g", {}, whole, bar, label(place, shown, "", anchor))


def _box(node: Node, frame: _Frame, names: SankeyNames, total: float) -> Markup:
    """Return the box of a commodity with its name and the total quantity exchanged."""
    centre = (frame.box + frame.inside / 2, node.top + node.height / 2)
    place = {"x": frame.box, "y": node.top, "width": frame.inside, "height": node.height, "rx": 4}
    shown, whole = cut(names.of_good(node.key), frame.inside - PAD)
    above = label((centre[0], centre[1] - FONT * 0.6), shown, "", "middle")
    below = label((centre[0], centre[1] + FONT * 0.7), names.amount(total, node.key), "soft", "middle")
    return tag("g", {}, whole, tag("rect", {"class": "box", **place}), above, below)


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
    halves: dict[tuple[int, str, str], float] = defaultdict(float)  # quantity by column, firm and commodity
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
    found = []
    for key, href in hrefs.items():
        (side, firm, good), (left, right) = key, ends[key]
        found.append(Ribbon(firm, good, side, halves[key], left, right, thick[key], href))
    return found


@dataclass(frozen=True, slots=True)
class Grouped:
    """Streams reduced to a number that fits into a figure, between firms or, `by_group`, between groups and `OTHERS`.

    `left_out` counts the commodities omitted from the figure; the table still lists them.
    """

    streams: tuple[Stream, ...]
    by_group: bool = False
    left_out: int = 0


def grouped(streams: Sequence[Stream], group: Mapping[str, str], limit: int = LIMIT, always: bool = False) -> Grouped:
    """Reduce streams to at most `limit` ribbons by grouping firms, merging small groups and omitting commodities.

    `group` is the group of each firm; one without forms its own. `always` groups even if the streams are within the
    limit.
    """
    if count(streams) <= limit and not always:
        return Grouped(tuple(streams))
    found = _by(streams, {end: group.get(end) or end for one in streams for end in (one.supplier, one.user)})
    most = _MOST
    weight = _weights(found)
    names = sorted(weight, key=lambda name: (-weight[name], name))
    shown = found
    while count(shown) > limit and most >= _FEWEST:
        kept = set(names[:most])
        shown = _by(found, {name: name if name in kept else OTHERS for name in names})
        most -= 3
    left_out = 0
    while count(shown) > limit:
        goods: dict[str, int] = defaultdict(int)
        for one in shown:
            goods[one.commodity] += 1
        least = min(goods, key=lambda good: (goods[good], good))
        shown = tuple(one for one in shown if one.commodity != least)
        left_out += 1
    return Grouped(tuple(shown), by_group=True, left_out=left_out)


def count(streams: Sequence[Stream]) -> int:
    """Return the number of ribbons of streams: one per supplier or user and commodity."""
    left = {(one.supplier, one.commodity) for one in streams}
    return len(left) + len({(one.user, one.commodity) for one in streams})


def _by(streams: Sequence[Stream], name: Mapping[str, str]) -> tuple[Stream, ...]:
    """Return streams summed by group; a sum keeps the link only if all its streams share it."""
    sums: dict[tuple[str, str, str], Stream] = {}
    for one in streams:
        key = (name[one.supplier], one.commodity, name[one.user])
        before = sums.get(key)
        quantity = one.quantity + (before.quantity if before else 0.0)
        href = one.href if before is None or before.href == one.href else ""
        sums[key] = replace(one, supplier=key[0], user=key[2], quantity=quantity, href=href)
    return tuple(sums[key] for key in sorted(sums))


def _weights(streams: Sequence[Stream]) -> dict[str, float]:
    """Return the weight of each group: the sum of its shares in the total quantity of each commodity."""
    totals: dict[str, float] = defaultdict(float)
    for one in streams:
        totals[one.commodity] += one.quantity
    found: dict[str, float] = defaultdict(float)
    for one in streams:
        for end in (one.supplier, one.user):
            found[end] += one.quantity / totals[one.commodity]
    return found
