"""Sankey diagram of suppliers, commodities and users, with quantities as ribbon widths."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from synergy.web.figures.grouping import OTHERS
from synergy.web.figures.sankey_layout import Layout, Node, Ribbon, Stream, laid_out
from synergy.web.figures.svg import FONT, Naming, colour, document, fitted, label, link, tag, width

BAR = 10.0  # width of suppliers and users, px
RUN = 205.0  # what a ribbon runs over
PAD = 8.0
MARGIN = 230.0  # greatest room for labels on each side
INSIDE = 230.0  # greatest width of a commodity
HEAD = 30.0  # for the names of the columns


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
    heads = _heads(frame, names)
    inside = tag("g", {"transform": f"translate(0 {HEAD:.0f})"}, *ribbons, *nodes)
    return document(naming, (frame.whole, layout.height + HEAD + PAD), heads, inside)


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


def _heads(frame: _Frame, names: SankeyNames) -> Markup:
    places = ((frame.left, "end"), (frame.box + frame.inside / 2, "middle"), (frame.right + BAR, "start"))
    return Markup("").join(
        label((x, FONT), said, "head", anchor) for (x, anchor), said in zip(places, names.heads, strict=True)
    )


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
    name = names.of_firm(node.key)
    shown = fitted(name, MARGIN - PAD)
    whole = tag("title", {}, name) if shown != name else Markup("")
    place, anchor = ((x - PAD / 2, middle), "end") if node.column == 0 else ((x + BAR + PAD / 2, middle), "start")
    return tag("g", {}, whole, bar, label(place, shown, "", anchor))


def _box(node: Node, frame: _Frame, names: SankeyNames, total: float) -> Markup:
    """Return the box of a commodity with its name and the total quantity exchanged."""
    centre = (frame.box + frame.inside / 2, node.top + node.height / 2)
    place = {"x": frame.box, "y": node.top, "width": frame.inside, "height": node.height, "rx": 4}
    name = names.of_good(node.key)
    shown = fitted(name, frame.inside - PAD)
    whole = tag("title", {}, name) if shown != name else Markup("")
    above = label((centre[0], centre[1] - FONT * 0.6), shown, "", "middle")
    below = label((centre[0], centre[1] + FONT * 0.7), names.amount(total, node.key), "soft", "middle")
    return tag("g", {}, whole, tag("rect", {"class": "box", **place}), above, below)
