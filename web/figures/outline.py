"""Boundaries of an operator for the map: read from GeoJSON, checked, and simplified until they are light."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, isfinite, radians
from pathlib import Path
from typing import Any

import numpy as np

from synergy.dataset.decode import unmarked

STEPS = 200  # of pushing apart at most
_SPIRAL = 2.399963  # golden angle in radians: points on a spiral never fall together

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to px: a plain map, east-west shortened as at the middle latitude.

    Parameters
    ----------
    west, north : float
        Corner, degrees.
    scale : float
        px a degree of latitude.
    shrink : float
        Length of a degree of longitude by one of latitude.
    margin : tuple of float
        px at the sides, and above and below.
    """

    west: float
    north: float
    scale: float
    shrink: float
    margin: Point

    def point(self, latitude: float, longitude: float) -> Point:
        """Return where a place lies, px from the upper left corner."""
        x = (longitude - self.west) * self.shrink * self.scale
        return self.margin[0] + x, self.margin[1] + (self.north - latitude) * self.scale


def projection(places: Sequence[Point], size: Point, margin: Point) -> tuple[Projection, Point]:
    """Return the projection that shows all places, and the size of the map.

    Parameters
    ----------
    places : sequence of tuple of float
        Latitude and longitude in degrees.
    size : tuple of float
        Greatest width and height in px.
    margin : tuple of float
        px beside the places, and above and below them.
    """
    south, north = min(one[0] for one in places), max(one[0] for one in places)
    west, east = min(one[1] for one in places), max(one[1] for one in places)
    shrink = cos(radians((south + north) / 2))
    wide, high = max((east - west) * shrink, 1e-3), max(north - south, 1e-3)
    beside, above = margin
    scale = min((size[0] - 2 * beside) / wide, (size[1] - 2 * above) / high)
    found = Projection(west, north, scale, shrink, margin)
    return found, (wide * scale + 2 * beside, high * scale + 2 * above)


def spread(points: Sequence[Point], radii: Sequence[float], size: Point, gap: float = 3.0) -> list[Point]:
    """Return circles pushed apart until none covers another, as near to where they were as that allows.

    Parameters
    ----------
    points : sequence of tuple of float
        Middles.
    radii : sequence of float
        px.
    size : tuple of float
        Width and height of the paper, which none leaves.
    gap : float
        px left between two.
    """
    at = np.array(points, dtype=float).reshape(-1, 2)
    radius = np.array(radii, dtype=float)
    count = np.arange(len(at))
    # a hair beside each other, so that two at the same place know where to go
    at += 0.01 * np.sqrt(count + 1)[:, None] * np.column_stack([np.cos(_SPIRAL * count), np.sin(_SPIRAL * count)])
    apart = radius[:, None] + radius[None, :] + gap
    np.fill_diagonal(apart, 0.0)
    for _ in range(STEPS):
        way = at[:, None, :] - at[None, :, :]
        distance = np.hypot(way[..., 0], way[..., 1])
        lack = np.where(distance < apart, apart - distance, 0.0)
        if not (lack > 1e-6).any():
            break
        at += (way / np.maximum(distance, 1e-9)[..., None] * (0.52 * lack)[..., None]).sum(axis=1)
        at = np.clip(at, radius[:, None], np.array(size) - radius[:, None])
    return [(float(x), float(y)) for x, y in at]


def cross(one: Box, other: Box) -> bool:
    """Return whether two boxes have more than an edge in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@dataclass(frozen=True, slots=True)
class Tag:
    """A label that found its place: x and y of its anchor, and the anchor."""

    x: float
    y: float
    anchor: str


def tagged(wanted: Iterable[tuple[str, Point, float, float]], taken: list[Box], size: Point) -> dict[str, Tag]:
    """Return where labels stand that touch nothing; the first wanted are the first served, some find no place.

    Parameters
    ----------
    wanted : iterable of tuple
        Key, middle and radius of what it belongs to, width of the text: all px.
    taken : list of tuple of float
        Boxes where no label may stand; those that found a place are added.
    size : tuple of float
        Of the paper.
    """
    found: dict[str, Tag] = {}
    for key, middle, radius, wide in wanted:
        for tag, box in _around(middle, radius, wide):
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
            if inside and not any(cross(box, other) for other in taken):
                taken.append(box)
                found[key] = tag
                break
    return found


def _around(middle: Point, radius: float, wide: float) -> Iterator[tuple[Tag, Box]]:
    """Yield where a label can stand: right, left, above, below."""
    (x, y), half, off = middle, 7.0, radius + 3.0
    yield Tag(x + off, y, "start"), (x + off - 2, y - half, x + off + wide + 4, y + half)
    yield Tag(x - off, y, "end"), (x - off - wide - 4, y - half, x - off + 2, y + half)
    for up in (y - off - half, y + off + half):
        yield Tag(x, up, "middle"), (x - wide / 2 - 2, up - half, x + wide / 2 + 2, up + half)


def rings(geojson: Mapping[str, Any]) -> Iterator[list[Point]]:
    """Yield the outlines of a GeoJSON document as latitude and longitude; what is no area is left out.

    Parameters
    ----------
    geojson : mapping
        FeatureCollection, Feature, Polygon or MultiPolygon, WGS 84.
    """
    kind = geojson.get("type")
    if kind == "FeatureCollection":
        for one in geojson.get("features", []):
            yield from rings(one)
    elif kind == "Feature":
        yield from rings(geojson.get("geometry") or {})
    elif kind in ("Polygon", "MultiPolygon"):
        parts = geojson["coordinates"] if kind == "MultiPolygon" else [geojson["coordinates"]]
        for part in parts:
            for ring in part:
                yield [(float(place[1]), float(place[0])) for place in ring]


def thinned(points: Sequence[Point], least: float = 1.5) -> list[Point]:
    """Return an outline without points that lie less than `least` px from the one before."""
    kept: list[Point] = []
    for one in points:
        if not kept or abs(one[0] - kept[-1][0]) + abs(one[1] - kept[-1][1]) >= least:
            kept.append(one)
    return kept


MOST_BYTES = 16 << 20
MOST_RINGS, MOST_POINTS = 2000, 500_000
LIGHT = 900  # points that are drawn at most, about 8 kB of a path
_FINEST = 1 / 1500  # of the longer side: less than a px
_AREAS = frozenset({"FeatureCollection", "Feature", "Polygon", "MultiPolygon"})
_WGS84 = ("CRS84", "4326", "4490")


class OutlineError(ValueError):
    """A file that is no map of areas.

    Parameters
    ----------
    code : str
        What is wrong: the end of the name of its words, ``outline.CODE``.
    found : str
        What was found.
    """

    def __init__(self, code: str, found: str = "") -> None:
        self.code, self.found = code, found.replace(" / ", "/")  # it parts languages where it is told
        super().__init__(f"{code}: {found}")


@dataclass(frozen=True, slots=True)
class Outlines:
    """Boundaries as they are drawn.

    Parameters
    ----------
    rings : tuple of tuple of tuple of float
        Closed outlines, latitude and longitude in degrees.
    digest : str
        Of the file; "" where there is none.
    """

    rings: tuple[tuple[Point, ...], ...] = field(default=(), repr=False, hash=False)  # many: the digest tells enough
    digest: str = ""


NONE = Outlines()


def outlines(file: Path) -> Outlines:
    """Return the boundaries of a GeoJSON file.

    Parameters
    ----------
    file : pathlib.Path
        FeatureCollection, Feature, Polygon or MultiPolygon (RFC 7946), longitude and latitude in degrees, WGS 84; the
        areas alone are drawn, no name and no property is read.

    Returns
    -------
    Outlines
        At most `LIGHT` points, by the algorithm of Douglas and Peucker, doi:10.3138/FM57-6770-U75U-7727.

    Raises
    ------
    OutlineError
        It cannot be read, is too large, or is no such file.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise OutlineError("large", f"{file.stat().st_size:,}")
        data = file.read_bytes()
    except OSError as error:
        raise OutlineError("unreadable", error.strerror or str(error)) from error
    try:
        record = json.loads(unmarked(data))
    except (ValueError, RecursionError) as error:
        raise OutlineError("no_json", str(error)[:120]) from error
    found = _areas(record)
    return Outlines(simplified(found), hashlib.sha256(data).hexdigest())


def _areas(record: Any) -> list[list[Point]]:
    kind = record.get("type") if isinstance(record, dict) else type(record).__name__
    if kind not in _AREAS:
        raise OutlineError("kind", str(kind)[:60])
    crs = record.get("crs")
    if crs is not None and not any(one in json.dumps(crs) for one in _WGS84):
        raise OutlineError("projected", json.dumps(crs)[:120])
    try:
        found = list(rings(record))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise OutlineError("shape", f"{type(error).__name__}: {error}"[:120]) from error
    count = sum(map(len, found))
    if not found:
        raise OutlineError("empty", str(kind))
    if len(found) > MOST_RINGS or count > MOST_POINTS:
        raise OutlineError("many", f"{len(found):,}; {count:,}")
    for number, ring in enumerate(found, start=1):
        _ring(number, ring)
    return found


def _ring(number: int, ring: Sequence[Point]) -> None:
    for latitude, longitude in ring:
        if not (isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
            raise OutlineError("degrees", f"{number}: {longitude}, {latitude}")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise OutlineError("open", str(number))


def simplified(found: Sequence[Sequence[Point]], most: int = LIGHT) -> tuple[tuple[Point, ...], ...]:
    """Return outlines with so many points at most, as near to what they were as that allows.

    Parameters
    ----------
    found : sequence of sequence of tuple of float
        Closed outlines, latitude and longitude in degrees.
    most : int
        Points.
    """
    whole = np.array([place for ring in found for place in ring])
    shrink = cos(radians(float(whole[:, 0].mean())))
    flat = [np.array(ring) * (1.0, shrink) for ring in found]
    step = max(float(np.ptp(np.concatenate(flat), axis=0).max()), 1e-9) * _FINEST
    while True:
        kept = [_thin(ring, step) for ring in flat]
        # what has become a line, or is smaller than a dot, is no area
        shown = [(ring, keep) for ring, keep in zip(found, kept, strict=True) if len(keep) > 3]
        if sum(len(keep) for _, keep in shown) <= most:
            return tuple(tuple(ring[number] for number in keep) for ring, keep in shown)
        step *= 1.4


def _thin(ring: Any, step: float) -> list[int]:
    """Return the points of a closed outline that are needed to stay within a distance of it."""
    keep, waiting = {0, len(ring) - 1}, [(0, len(ring) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        way, off = ring[last] - ring[first], ring[first + 1 : last] - ring[first]
        length = float(np.hypot(*way))
        far = np.abs(way[0] * off[:, 1] - way[1] * off[:, 0]) / length if length > 0 else np.hypot(off[:, 0], off[:, 1])
        at = int(far.argmax())
        if far[at] > step:
            middle = first + 1 + at
            keep.add(middle)
            waiting += [(first, middle), (middle, last)]
    return sorted(keep)


def near(found: Sequence[Sequence[Point]], places: Sequence[Point]) -> list[tuple[Point, ...]]:
    """Return the outlines whose boxes meet the box of some places: what lies further off is not drawn.

    Parameters
    ----------
    found : sequence of sequence of tuple of float
        Outlines.
    places : sequence of tuple of float
        All latitude and longitude in degrees.
    """
    if not places:
        return [tuple(ring) for ring in found]
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    return [
        tuple(ring) for ring in found if (np.max(ring, axis=0) >= low).all() and (np.min(ring, axis=0) <= high).all()
    ]
