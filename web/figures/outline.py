"""Boundaries of an operator for the map: read from GeoJSON, checked, and simplified until they are light."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, isfinite, radians
from pathlib import Path
from typing import Any

import numpy as np
from synergy.web.figures.geometry import Point, rings

from synergy.dataset.decode import unmarked

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
