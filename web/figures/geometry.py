"""Places on paper: degrees to px, what lies too near pushed apart, labels put where nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

import numpy as np

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
