"""Schematic map: sites or counties at their coordinates, and deliveries as lines between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, log2
from types import MappingProxyType

from markupsafe import Markup
from synergy.web.figures.outline import Box, Point, Projection, Tag, near, projection, spread, tagged, thinned
from synergy.web.figures.svg import FONT, Naming, arrow, document, label, merged, number, tag, width

SIZE = (860.0, 760.0)
MARGIN = (60.0, 60.0)
# of one proposal: few places fit beside a telephone's edges, and no map is a page high
_PHONE, _NEAR, _LOW, _A_NAME, _EDGE = 332.0, 640.0, 160.0, 20.0, 34.0
_FEW = 4  # sites
MOST_PLACES, MOST_LINES = 120, 150  # by name; counties where there are more
_BOW = 0.14  # of a line, by its length: there and back are two lines

# id: name in English, in Chinese, latitude and longitude of the seat in degrees. Public table of administrative
# coordinates (datasets/lvliang/sources/geography.csv); its datum is 0.6 km off WGS 84 at most, less than a px here
COUNTIES: Mapping[str, tuple[str, str, float, float]] = MappingProxyType(
    {
        "Xiaoyi": ("Xiaoyi", "孝义市", 37.146294, 111.778818),
        "Fenyang": ("Fenyang", "汾阳市", 37.261756, 111.770477),
        "Wenshui": ("Wenshui", "文水县", 37.438101, 112.028866),
        "Jiaocheng": ("Jiaocheng", "交城县", 37.551963, 112.156064),
        "Lishi": ("Lishi", "离石区", 37.51786, 111.150695),
        "Liulin": ("Liulin", "柳林县", 37.429772, 110.889007),
        "Zhongyang": ("Zhongyang", "中阳县", 37.357058, 111.179657),
        "Jiaokou": ("Jiaokou", "交口县", 36.982186, 111.181151),
        "Lanxian": ("Lanxian", "岚县", 38.279299, 111.671917),
        "Xingxian": ("Xingxian", "兴县", 38.462389, 111.127667),
        "Linxian": ("Linxian", "临县", 37.950758, 110.992093),
        "Fangshan": ("Fangshan", "方山县", 37.894631, 111.244098),
        "Shilou": ("Shilou", "石楼县", 36.99857, 110.834634),
    }
)
# cities and counties around it where goods go to
AROUND: Mapping[str, str] = MappingProxyType({"Taiyuan": "太原市", "Jiexiu": "介休市", "Lvliang": "吕梁市"})


@dataclass(frozen=True, slots=True)
class Place:
    """Site on the map, in WGS 84 degrees, or near the seat of its county if None; a public one is drawn as a square."""

    key: str
    name: str
    county: str
    latitude: float | None = None
    longitude: float | None = None
    public: bool = False


def degrees(value: float | str | None) -> float | None:
    """Return a coordinate as of a label of a site; None where it is unknown."""
    return None if value is None or value == "" else float(value)


@dataclass(frozen=True, slots=True)
class MapLine:
    """Delivery between two sites, with its description and link."""

    origin: str
    target: str
    said: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class _Marker:
    """Marker on the map: a site, or a county with all its sites."""

    key: str
    name: str
    at: Point
    radius: float
    public: bool
    busy: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Content of a map: markers by key, lines, positions of county names, outlines, and the size in px."""

    spots: Mapping[str, _Marker]
    lines: Mapping[tuple[str, str], tuple[MapLine, ...]]
    counties: Mapping[str, Point]
    outlines: tuple[tuple[Point, ...], ...]
    size: Point
    by_county: bool = False


def charted(
    places: Sequence[Place],
    lines: Sequence[MapLine],
    lang: str,
    outlines: Sequence[Sequence[Point]] = (),
    by_county: bool = False,
    near_by: bool = False,
) -> Chart:
    """Lay out the markers, lines, county names and outlines of a map.

    `outlines` are boundaries supplied by the operator, latitude and longitude; those near the sites are drawn.
    `by_county` groups sites by county even if they are few; `near_by` sites are those of one proposal, for which a
    small map is enough.
    """
    seats = _seats(places)
    sites = {one.key: _where(one, seats, order) for order, one in enumerate(sorted(places, key=lambda one: one.key))}
    bounds = near(outlines, [*seats.values(), *sites.values()])
    known = [place for outline in bounds for place in outline]
    room, margin = _small(places, len(seats)) if near_by else (SIZE, MARGIN)
    flat, size = projection([*seats.values(), *sites.values(), *known] or [(37.5, 111.1)], room, margin)
    pairs = {(one.origin, one.target) for one in lines}
    many = by_county or len(places) > MOST_PLACES or len(pairs) > MOST_LINES
    group = {one.key: one.county if many else one.key for one in places}
    ties: dict[tuple[str, str], list[MapLine]] = defaultdict(list)
    for one in lines:
        key = (group[one.origin], group[one.target])
        if key[0] != key[1]:
            ties[key].append(one)
    busy = Counter(end for pair, found in ties.items() for end in pair for _ in found)
    spots = _county_spots(places, seats, flat, lang, busy) if many else _site_spots(places, sites, flat, size, busy)
    named = {} if many else {county: flat.point(*seat) for county, seat in seats.items() if county}
    drawn = tuple(tuple(thinned([flat.point(*place) for place in outline])) for outline in bounds)
    told = {key: tuple(found) for key, found in sorted(ties.items())}
    return Chart({one.key: one for one in spots}, told, named, drawn, size, many)


def _small(places: Sequence[Place], counties: int) -> tuple[Point, Point]:
    """Return the maximum size and the margins of the map of a proposal, with side margins for half a label."""
    wide = _PHONE if len(places) <= _FEW else _NEAR
    high = min(_LOW + _A_NAME * (len(places) + counties), 0.6 * _NEAR)
    beside = min(max(width(one.name) for one in places) / 2 + 6, wide / 3)
    return (wide, high), (beside, _EDGE)


def _seats(places: Sequence[Place]) -> dict[str, Point]:
    """Return the position of each county name: the seat of the county, or the mean of its sites.

    Includes all counties of Lvliang if at least half of the sites are there, else only counties with sites.
    """
    found: dict[str, list[Point]] = defaultdict(list)
    for one in places:
        found[one.county] += [] if one.latitude is None or one.longitude is None else [(one.latitude, one.longitude)]
    at_home = sum(one.county in COUNTIES for one in places)
    seats = {name: known[2:] for name, known in COUNTIES.items() if name in found or 2 * at_home >= len(places)}
    for county, sites in sorted(found.items()):
        if county not in seats:
            middle = [sum(one[axis] for one in sites) / len(sites) for axis in (0, 1)] if sites else [37.5, 111.1]
            seats[county] = (middle[0], middle[1])
    return seats


def _where(one: Place, seats: Mapping[str, Point], order: int) -> Point:
    """Return the coordinates of a site; without coordinates, a position near the seat of its county."""
    if one.latitude is not None and one.longitude is not None:
        return one.latitude, one.longitude
    latitude, longitude = seats[one.county]
    return latitude + 0.01 * (order % 5 - 2), longitude + 0.01 * (order % 7 - 3)


def _site_spots(
    places: Sequence[Place], sites: Mapping[str, Point], flat: Projection, size: Point, busy: Mapping[str, int]
) -> list[_Marker]:
    order = sorted(places, key=lambda one: one.key)
    radii = [5.0 if busy.get(one.key) else 3.5 for one in order]
    spotted = spread([flat.point(*sites[one.key]) for one in order], radii, size)
    return [
        _Marker(one.key, one.name, at, radius, one.public, busy.get(one.key, 0))
        for one, at, radius in zip(order, spotted, radii, strict=True)
    ]


def _county_spots(
    places: Sequence[Place], seats: Mapping[str, Point], flat: Projection, lang: str, busy: Mapping[str, int]
) -> list[_Marker]:
    count = Counter(one.county for one in places)
    names = sorted(seats)
    radii = [4.0 + 2.2 * count[name] ** 0.5 for name in names]
    spotted = spread([flat.point(*seats[name]) for name in names], radii, SIZE)
    return [
        _Marker(name, f"{county_name(name, lang)} ({count[name]})", at, radius, False, busy.get(name, 0) + count[name])
        for name, at, radius in zip(names, spotted, radii, strict=True)
    ]


def draw_map(chart: Chart, lang: str, naming: Naming, chosen: Iterable[str] = ()) -> Markup:
    """Return the map as SVG, from the layout of `charted`; labels of the markers in `chosen` have priority."""
    size, head = chart.size, f"{naming.ident}-head"
    shapes = [tag("path", {"class": "county", "d": _closed(outline)}) for outline in chart.outlines if len(outline) > 2]
    lines = [_line(pair, lines, chart.spots, head) for pair, lines in chart.lines.items()]
    first = set(chosen)
    spots = sorted(chart.spots.values(), key=lambda one: (one.key not in first, -one.busy, one.key))
    taken: list[Box] = [
        (one.at[0] - one.radius, one.at[1] - one.radius, one.at[0] + one.radius, one.at[1] + one.radius)
        for one in spots
    ]
    wanted = [(one.key, one.at, one.radius, width(one.name)) for one in spots if one.busy or len(spots) <= 40]
    placed = tagged(wanted, taken, size) if len(spots) <= _FEW else {}  # a site of so few never goes without a name
    counties = _county_labels(chart, taken, lang)
    placed = placed or tagged(wanted, taken, size)
    marks = [_spot(one) for one in spots]
    texts = [label((spot.x, spot.y), chart.spots[key].name, "", spot.anchor) for key, spot in placed.items()]
    frame = tag("rect", {"class": "frame", "x": 1, "y": 1, "width": size[0] - 2, "height": size[1] - 2, "rx": 6})
    return document(naming, size, arrow(head), frame, *shapes, *counties, *lines, *marks, *texts)


def _county_labels(chart: Chart, taken: list[Box], lang: str) -> list[Markup]:
    """Return the county labels, placed at the county seat or, if that is occupied, near it."""
    said = {county: county_name(county, lang) for county in chart.counties}
    seats = chart.counties.items()
    wanted = [(county, at, off, width(said[county], FONT + 3)) for off in (-3.0, 14.0) for county, at in seats]
    placed: dict[str, Tag] = {}
    for one in wanted:
        if one[0] not in placed:
            placed |= tagged([one], taken, chart.size)
    return [label((spot.x, spot.y), said[county], "place", spot.anchor) for county, spot in placed.items()]


def _spot(one: _Marker) -> Markup:
    said = tag("title", {}, one.name)
    x, y = one.at
    kind = "spot" if one.busy else "spot idle"
    if one.public:
        side = 1.8 * one.radius
        place = {"x": x - side / 2, "y": y - side / 2, "width": side, "height": side}
        return tag("rect", {"class": f"{kind} public", **place}, said)
    return tag("circle", {"class": kind, "cx": x, "cy": y, "r": one.radius}, said)


def _line(pair: tuple[str, str], lines: Sequence[MapLine], spots: Mapping[str, _Marker], head: str) -> Markup:
    """Return all deliveries from one marker to another as one curved line."""
    one, other = spots[pair[0]], spots[pair[1]]
    (x0, y0), (x1, y1) = one.at, other.at
    length = max(hypot(x1 - x0, y1 - y0), 1e-6)
    bow = ((x0 + x1) / 2 + _BOW * (y1 - y0), (y0 + y1) / 2 - _BOW * (x1 - x0))
    room = other.radius + 2
    back = max(hypot(x1 - bow[0], y1 - bow[1]), 1e-6)
    end = (x1 - (x1 - bow[0]) / back * room, y1 - (y1 - bow[1]) / back * room) if length > 2 * room else (x1, y1)
    way = "M{} {}Q{} {} {} {}".format(*map(number, (x0, y0, *bow, *end)))
    thick = f"{1.2 + 0.6 * log2(len(lines)):.1f}"
    look = {"class": "way", "d": way, "stroke-width": thick, "marker-end": f"url(#{head})"}
    name = f"{one.name} → {other.name}"
    return merged(look, name, [each.said for each in lines], (each.href for each in lines))


def _closed(points: Sequence[Point]) -> str:
    # whole px, each step from the one before: half the length
    whole = [(round(x), round(y)) for x, y in points]
    steps = [f"{x - u} {y - v}" for (u, v), (x, y) in pairwise(whole)]
    return f"M{whole[0][0]} {whole[0][1]}l{' '.join(steps)}z"


def county_name(county: str, lang: str) -> str:
    """Return the localized name of a county of a dataset; unknown counties are returned unchanged.

    Examples
    --------
    >>> county_name("Xiaoyi", "zh"), county_name("Hexi", "zh")
    ('孝义市', 'Hexi')
    """
    known = COUNTIES.get(county)
    if known is None:
        return AROUND.get(county, county) if lang == "zh" else county
    return known[1] if lang == "zh" else known[0]
