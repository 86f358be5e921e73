"""GeoJSON export of the map of a round: sites and the deliveries between them."""

from __future__ import annotations

from collections.abc import Sequence

from synergy.web.figures.plan_data import Material, Sent

from synergy.scenario import JSON

DEGREES = 6  # decimals; the seventh is a centimetre


def features(material: Material, sent: Sequence[Sent]) -> dict[str, JSON]:
    """Return sites as points and deliveries as straight lines, omitting sites without coordinates and their lines.

    It is a FeatureCollection of RFC 7946: WGS 84, longitude first. Points have ``{site, name, county}``, lines ``{from,
    to, commodity, name, quantity, unit, proposals}`` with quantities a year.
    """
    places = material.places(end for one in sent for end in (one.origin, one.target))
    known = {
        one.key: [round(one.longitude, DEGREES), round(one.latitude, DEGREES)]
        for one in places
        if one.latitude is not None and one.longitude is not None
    }
    points = [
        _feature("Point", known[one.key], {"site": one.key, "name": one.name, "county": one.county})
        for one in places
        if one.key in known
    ]
    lines = [
        _feature("LineString", [known[one.origin], known[one.target]], _delivery(material, one))
        for one in sent
        if one.origin in known and one.target in known
    ]
    return {"type": "FeatureCollection", "features": points + lines}


def _feature(kind: str, coordinates: JSON, properties: dict[str, JSON]) -> dict[str, JSON]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _delivery(material: Material, one: Sent) -> dict[str, JSON]:
    return {
        "from": one.origin,
        "to": one.target,
        "commodity": one.commodity,
        "name": material.good_name(one.commodity),
        "quantity": one.quantity,
        "unit": material.unit(one.commodity),
        "proposals": len(one.proposals),
    }
