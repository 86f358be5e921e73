"""SVG generation: escaped elements, labels, line charts, and text width estimation."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

FONT = 12.0  # size of labels in px, as the style sheet has it
LINE = 15.0  # height of a line of labels
_SMALL = 400.0  # px of width from which a figure scrolls on a telephone, as it would be too small to read
COLOURS = 8  # classes c0 to c7 of the style sheet
_NARROW, _WIDE_LATIN = frozenset("iljtfrI.,:;'|!()[] -"), frozenset("mwMWQO@%&")
_MORE = "…"
SIZE = (640.0, 200.0)
TOP, LOW = 14.0, 26.0  # px above, and for the seconds below
MOST = 240  # points of a line


@dataclass(frozen=True, slots=True)
class Naming:
    """Element id of a figure, unique on its page, with its title and a description for screen readers."""

    ident: str
    title: str
    desc: str


def tag(name: str, attributes: Mapping[str, object], *children: object) -> Markup:
    """Return an SVG element with escaped content; attributes that are None or "" are omitted.

    Numbers have at most one decimal; `Markup` is inserted unchanged, other children as escaped text.

    Examples
    --------
    >>> str(tag("text", {"x": 1.26, "class": ""}, "<b>"))
    '<text x="1.3">&lt;b&gt;</text>'
    """
    given = "".join(f' {key}="{_cell(value)}"' for key, value in attributes.items() if value not in (None, ""))
    inside = "".join(map(escape, children))
    return Markup(f"<{name}{given}>{inside}</{name}>") if inside else Markup(f"<{name}{given}/>")


def _cell(value: object) -> str:
    return number(value) if isinstance(value, float | int) else str(escape(value))


def number(value: float) -> str:
    """Format a coordinate with at most one decimal.

    Examples
    --------
    >>> number(3.0), number(-0.04), number(2.25)
    ('3', '0', '2.2')
    """
    shown = f"{value:.1f}".removesuffix(".0")
    return "0" if shown == "-0" else shown


def document(naming: Naming, size: tuple[float, float], *children: object) -> Markup:
    """Return a complete SVG figure with title and description, its size in px; later children are drawn on top."""
    width, height = (round(value) for value in size)
    ident = naming.ident
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "drawn small" if size[0] <= _SMALL else "drawn",
        "id": ident,
        "viewBox": f"0 0 {width} {height}",
        "width": width,
        "height": height,
        "role": "group",
        "aria-labelledby": f"{ident}-t {ident}-d",
    }
    title = tag("title", {"id": f"{ident}-t"}, naming.title)
    desc = tag("desc", {"id": f"{ident}-d"}, naming.desc)
    return tag("svg", attributes, title, desc, *children)


def link(href: str, *children: object) -> Markup:
    """Wrap children in a link; return them unchanged if `href` is "".

    Links in figures are excluded from keyboard navigation, as the table next to the figure contains the same links.
    """
    inside = Markup("".join(map(escape, children)))
    return tag("a", {"href": href, "tabindex": "-1"}, inside) if href else inside


def merged(attributes: Mapping[str, object], name: str, said: Sequence[str], hrefs: Iterable[str]) -> Markup:
    """Return a path for several things, with the first of their texts as its title, and the link that all share."""
    more = [f"+{len(said) - 8}"] if len(said) > 8 else []
    links = set(hrefs)
    path = tag("path", attributes, tag("title", {}, "\n".join([name, *said[:8], *more])))
    return link(links.pop() if len(links) == 1 else "", path)


def width(text: str, size: float = FONT) -> float:
    """Return a conservative estimate of the width of a text in px; Chinese characters are one em wide.

    Examples
    --------
    >>> width("焦炉煤气") > 1.5 * width("coke")
    True
    """
    return size * sum(map(_em, text))


def _em(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    if unicodedata.combining(sign):
        return 0.0
    if sign in _NARROW:
        return 0.36
    return 0.92 if sign in _WIDE_LATIN else 0.68 if sign.isupper() else 0.59


def fitted(text: str, room: float, size: float = FONT) -> str:
    """Truncate a text to a width, marking truncation with an ellipsis.

    Examples
    --------
    >>> fitted("coke", 100.0), fitted("coke oven gas", 50.0)
    ('coke', 'coke o…')
    """
    if width(text, size) <= room:
        return text
    left = room - width(_MORE, size)
    used = 0.0
    for place, sign in enumerate(text):
        used += size * _em(sign)
        if used > left:
            return text[:place].rstrip() + _MORE
    return text


def cut(text: str, room: float) -> tuple[str, Markup]:
    """Return a text truncated to a width, and the element with its whole text for a pointer; none if it fits."""
    shown = fitted(text, room)
    return shown, tag("title", {}, text) if shown != text else Markup("")


def label(place: tuple[float, float], text: str, kind: str = "", anchor: str = "start") -> Markup:
    """Return a text element at x of its anchor (``start``, ``middle`` or ``end``) and y of its vertical centre."""
    attributes = {
        "x": place[0],
        "y": place[1] + FONT * 0.35,
        "class": kind,
        "text-anchor": "" if anchor == "start" else anchor,
    }
    return tag("text", attributes, text)


def colour(place: int) -> str:
    """Return the CSS class of the colour for the item at an index."""
    return f"c{place % COLOURS}"


def arrow(ident: str) -> Markup:
    """Return the definition of an arrow head for ``marker-end``."""
    shape = tag("path", {"class": "point", "d": "M0 0L7 3.5L0 7z"})
    size = {"markerWidth": 7, "markerHeight": 7, "refX": 6, "refY": 3.5, "orient": "auto"}
    return tag("defs", {}, tag("marker", {"id": ident, "markerUnits": "userSpaceOnUse", **size}, shape))


@dataclass(frozen=True, slots=True)
class ProgressPoint:
    """Solver progress at a point in time: value of the best plan and bound, None if not yet available."""

    seconds: float
    best: float | None
    bound: float | None


def curve(
    points: Sequence[ProgressPoint], said: tuple[str, str], money: Callable[[float], str], naming: Naming
) -> Markup:
    """Return the step chart of best plan value and bound over time as SVG; "" before the first plan is found.

    `said` are the labels of best plan and bound, and `money` formats a value.
    """
    bests = [(one.seconds, one.best) for one in points if one.best is not None]
    if not bests:
        return Markup("")
    bounds = [(one.seconds, one.bound) for one in points if one.bound is not None]
    values = [value for _, value in bests] + [value for _, value in bounds]
    least, greatest = min(values), max(values)
    last = max(points[-1].seconds, 1e-9)
    # a bound far away would press the best plan flat
    spread = max(greatest - least, abs(greatest) * 1e-9, 1e-9)
    texts = [money(greatest), money(least)]
    left = max(map(width, texts)) + 10
    tail = max(map(width, said)) + 14
    wide, high = SIZE[0] - left - tail, SIZE[1] - TOP - LOW

    def at(second: float, value: float) -> tuple[float, float]:
        return left + wide * second / last, TOP + high * (greatest - value) / spread

    grid = [_grid(left, wide, y, text) for y, text in zip((TOP, TOP + high), texts, strict=True)]
    lines = [
        _steps([at(*one) for one in series], kind, at(last, series[-1][1]))
        for series, kind in ((bests, "best"), (bounds, "bound"))
        if series
    ]
    ends = _ends([at(last, series[-1][1]) for series in (bests, bounds) if series], said)
    zero, end = (
        label((left, SIZE[1] - 10), "0 s", "soft"),
        label((left + wide, SIZE[1] - 10), f"{last:,.0f} s", "soft", "end"),
    )
    return document(naming, SIZE, *grid, *lines, *ends, zero, end)


def _grid(left: float, wide: float, y: float, text: str) -> Markup:
    line = tag("path", {"class": "ruler", "d": f"M{number(left)} {number(y)}h{number(wide)}"})
    return tag("g", {}, line, label((left - 6, y), text, "soft", "end"))


def _steps(points: Sequence[tuple[float, float]], kind: str, last: tuple[float, float]) -> Markup:
    """Return a step line of a series of points."""
    kept = [*points[:: max(1, len(points) // MOST)], points[-1]]
    way = "M{} {}".format(*map(number, kept[0]))
    way += "".join(f"H{number(x)}V{number(y)}" for x, y in [*kept[1:], last])
    return tag("path", {"class": f"line {kind}", "d": way})


def _ends(ends: Sequence[tuple[float, float]], said: Sequence[str]) -> list[Markup]:
    """Return the labels at the ends of the lines, moved apart if they would overlap."""
    places = [list(one) for one in ends]
    if len(places) == 2 and abs(places[0][1] - places[1][1]) < FONT + 3:
        middle = (places[0][1] + places[1][1]) / 2
        places[0][1], places[1][1] = middle + (FONT + 3) / 2, middle - (FONT + 3) / 2
    return [label((x + 6, y), text) for (x, y), text in zip(places, said, strict=False)]
