"""How a search went: the best plan and the proven bound over the seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from synergy.web.figures.svg import FONT, Naming, document, label, number, tag, width

SIZE = (640.0, 200.0)
TOP, LOW = 14.0, 26.0  # px above, and for the seconds below
MOST = 240  # points of a line


@dataclass(frozen=True, slots=True)
class Told:
    """What was known at a second: value of the best plan and bound, None where there is none yet."""

    seconds: float
    best: float | None
    bound: float | None


def curve(points: Sequence[Told], said: tuple[str, str], money: Callable[[float], str], naming: Naming) -> Markup:
    """Return the best plan and the bound over time, as steps.

    Parameters
    ----------
    points : sequence of Told
        In the order of time.
    said : tuple of str
        Names of best plan and bound.
    money : callable
        Value to a text.
    naming : Naming
        Of the figure.

    Returns
    -------
    markupsafe.Markup
        SVG; "" before the first plan.
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
    """Return a line that stays until something better is found."""
    kept = [*points[:: max(1, len(points) // MOST)], points[-1]]
    way = "M{} {}".format(*map(number, kept[0]))
    way += "".join(f"H{number(x)}V{number(y)}" for x, y in [*kept[1:], last])
    return tag("path", {"class": f"line {kind}", "d": way})


def _ends(ends: Sequence[tuple[float, float]], said: Sequence[str]) -> list[Markup]:
    """Return the names at the ends of the lines, never one on the other."""
    places = [list(one) for one in ends]
    if len(places) == 2 and abs(places[0][1] - places[1][1]) < FONT + 3:
        middle = (places[0][1] + places[1][1]) / 2
        places[0][1], places[1][1] = middle + (FONT + 3) / 2, middle - (FONT + 3) / 2
    return [label((x + 6, y), text) for (x, y), text in zip(places, said, strict=False)]
