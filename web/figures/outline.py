"""Map geometry: projection, label placement, and operator-supplied GeoJSON boundaries, validated and simplified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, isfinite, radians
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.described import unmarked

STEPS = 200  # of pushing apart at most
_SPIRAL = 2.399963  # golden angle in radians: points on a spiral never fall together

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # x0, y0, x1, y1
MOST_BYTES = 16 << 20
MOST_RINGS, MOST_POINTS = 2000, 500_000
LIGHT = 900  # points that are drawn at most, about 8 kB of a path
_FINEST = 1 / 1500  # of the longer side: less than a px
_AREAS = frozenset({"FeatureCollection", "Feature", "Polygon", "MultiPolygon"})
_WGS84 = ("CRS84", "4326", "4490")


@dataclass(frozen=True, slots=True)
class Projection:
    """Equirectangular projection from degrees to px, scaled east-west at the middle latitude.

    `west` and `north` are the upper left corner in degrees, `scale` px per degree of latitude, `shrink` the ratio of
    the lengths of a degree of longitude and one of latitude, `margin` the horizontal and vertical one in px.
    """

    west: float
    north: float
    scale: float
    shrink: float
    margin: Point

    def point(self, latitude: float, longitude: float) -> Point:
        """Return the position of a place in px from the upper left corner."""
        x = (longitude - self.west) * self.shrink * self.scale
        return self.margin[0] + x, self.margin[1] + (self.north - latitude) * self.scale


def projection(places: Sequence[Point], size: Point, margin: Point) -> tuple[Projection, Point]:
    """Return a projection that fits all places into the given size, and the resulting size of the map.

    Places are latitude and longitude in degrees, size and margin horizontal and vertical px.
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
    """Move overlapping circles apart, within a drawing area of a given size, and return their centres; all in px."""
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
    """Return whether two boxes overlap in more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@dataclass(frozen=True, slots=True)
class Tag:
    """Placed label: coordinates of its anchor, and the text anchor."""

    x: float
    y: float
    anchor: str


def tagged(wanted: Iterable[tuple[str, Point, float, float]], taken: list[Box], size: Point) -> dict[str, Tag]:
    """Place labels without overlaps, in the order of priority; labels without free space are omitted.

    A label has a key, centre and radius of its marker, and the width of its text, all in px. The boxes of placed labels
    are appended to `taken`.
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
    """Yield the candidate positions of a label: right, left, above, below."""
    (x, y), half, off = middle, 7.0, radius + 3.0
    yield Tag(x + off, y, "start"), (x + off - 2, y - half, x + off + wide + 4, y + half)
    yield Tag(x - off, y, "end"), (x - off - wide - 4, y - half, x - off + 2, y + half)
    for up in (y - off - half, y + off + half):
        yield Tag(x, up, "middle"), (x - wide / 2 - 2, up - half, x + wide / 2 + 2, up + half)


def rings(geojson: Mapping[str, Any]) -> Iterator[list[Point]]:
    """Yield the rings of all polygons of a GeoJSON document as latitude and longitude; other geometries are ignored."""
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
    """Remove the points of an outline that are less than `least` px from the previous one."""
    kept: list[Point] = []
    for one in points:
        if not kept or abs(one[0] - kept[-1][0]) + abs(one[1] - kept[-1][1]) >= least:
            kept.append(one)
    return kept


class OutlineError(ValueError):
    """Raised for a file that is not a valid GeoJSON document of areas; the message key is ``outline.CODE``."""

    def __init__(self, code: str, found: str = "") -> None:
        self.code, self.found = code, found.replace(" / ", "/")  # it parts languages where it is told
        super().__init__(f"{code}: {found}")


@dataclass(frozen=True, slots=True)
class Outlines:
    """Boundaries prepared for drawing: closed outlines in degrees, latitude first, and SHA-256 of the file or ""."""

    rings: tuple[tuple[Point, ...], ...] = field(default=(), repr=False, hash=False)  # many: the digest tells enough
    digest: str = ""


NONE = Outlines()


def outlines(file: Path) -> Outlines:
    """Read, validate and simplify the boundaries of a GeoJSON file.

    It holds a FeatureCollection, Feature, Polygon or MultiPolygon (RFC 7946), longitude and latitude in degrees, WGS
    84; names and properties are not read. At most `LIGHT` points are left by the algorithm of Douglas and Peucker,
    doi:10.3138/FM57-6770-U75U-7727.

    Raises
    ------
    OutlineError
        The file cannot be read, is too large, or is invalid.
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
    """Simplify closed outlines, in degrees, to at most `most` points in total, dropping those too small to be seen."""
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


def _thin(ring: NDArray[np.float64], step: float) -> list[int]:
    """Return the indices of the points needed to approximate a closed outline within a distance (Douglas-Peucker)."""
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
    """Return the outlines whose bounding box intersects the bounding box of the given places, both in degrees."""
    if not places:
        return [tuple(ring) for ring in found]
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    return [
        tuple(ring) for ring in found if (np.max(ring, axis=0) >= low).all() and (np.min(ring, axis=0) <= high).all()
    ]
