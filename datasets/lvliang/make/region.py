"""Who is there and where: members, their sites, ovens and public places."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cached_property

from synergy.datasets.lvliang.make.sources import Row, by, rules, table

MARKS = {"public": ("", ""), "estimate": (" (illustrative)", "（示意）"), "synthetic": (" (synthetic)", "（模拟）")}
_KM_PER_DEGREE = 111.2
_EARTH_KM = 6371.0088


@dataclass(frozen=True)
class Oven:
    """A battery: where it stands, its process and yearly capacity (t of coke), and its class A, B or C."""

    facility: str
    site: str
    enterprise: str
    process: str
    capacity: float
    grade: str
    start: str
    evidence: str
    source: str

    @property
    def dry(self) -> bool:
        """Whether its coke is quenched dry."""
        return self.process.endswith("_CDQ")


class Region:
    """The members and places of the region, as the source tables and the placement rule give them."""

    @cached_property
    def members(self) -> dict[str, dict[str, str]]:
        """Enterprises by id."""
        return by("members", "enterprise")

    @cached_property
    def owned(self) -> dict[str, Row]:
        """Sites of enterprises by id, with coordinates."""
        return {row["site"]: {**row, **_position(row)} for row in table("sites")}

    @cached_property
    def places(self) -> dict[str, Row]:
        """Public places by id, with coordinates."""
        return {row["site"]: {**row, **_position(row)} for row in table("places")}

    @cached_property
    def ovens(self) -> tuple[Oven, ...]:
        """All batteries, in the order of the source table."""
        seen: dict[str, int] = {}
        ovens = []
        for row in table("ovens"):
            site = row["site"]
            seen[site] = seen.get(site, 0) + 1
            name = f"{site}-OVEN" + (str(seen[site]) if seen[site] > 1 else "")
            owner = self.owned[site]["enterprise"]
            capacity = float(row["capacity_10kt"]) * 10_000
            facts = (row["start"], row["evidence"], row["source"])
            ovens.append(Oven(name, site, owner, row["process"], capacity, row["class"], *facts))
        return tuple(ovens)

    @cached_property
    def oven_sites(self) -> dict[str, float]:
        """Coking capacity (t/a) by site."""
        sizes: dict[str, float] = {}
        for oven in self.ovens:
            sizes[oven.site] = sizes.get(oven.site, 0.0) + oven.capacity
        return sizes

    def evidence(self, site: str) -> str:
        """Return the evidence of the enterprise of a site."""
        return self.members[self.owned[site]["enterprise"]]["evidence"]

    def mountain(self, site: str) -> bool:
        """Whether a site lies in a mountain county."""
        county = by("geography", "county_en")[self.owned[site]["county"]]
        return county["terrain"] == "mountain" or county["terrain"].startswith("mountain ")

    def km(self, start: str, end: str) -> float:
        """Return the great-circle distance of two sites."""
        a, b = ((self.owned.get(site) or self.places[site]) for site in (start, end))
        phi, psi = math.radians(a["latitude"]), math.radians(b["latitude"])
        half_lat, half_lon = (psi - phi) / 2, math.radians(b["longitude"] - a["longitude"]) / 2
        chord = math.sin(half_lat) ** 2 + math.cos(phi) * math.cos(psi) * math.sin(half_lon) ** 2
        return 2 * _EARTH_KM * math.asin(math.sqrt(chord))

    def nearest_ovens(self, site: str) -> str:
        """Return the coking site nearest to a site."""
        return min(self.oven_sites, key=lambda other: (self.km(site, other), other))


def _position(row: dict[str, str]) -> Row:
    """Return the coordinates of a site: given, or placed in its county by rule and seed."""
    if row["latitude"]:
        return {"latitude": float(row["latitude"]), "longitude": float(row["longitude"])}
    named = [other for other in table("sites") if other["county"] == row["county"] and other["latitude"]]
    seat = by("geography", "county_en")[row["county"]]
    latitudes = [float(other["latitude"]) for other in named] or [float(seat["lat"])]
    longitudes = [float(other["longitude"]) for other in named] or [float(seat["lon"])]
    # a generator of its own for each site: adding a member moves no other
    chance = random.Random(f"{rules()['seed']:.0f}:{row['site']}")
    radius = rules()["spread_km"] * math.sqrt(chance.random())
    angle = 2 * math.pi * chance.random()
    latitude = sum(latitudes) / len(latitudes) + radius * math.cos(angle) / _KM_PER_DEGREE
    narrow = _KM_PER_DEGREE * math.cos(math.radians(latitude))
    longitude = sum(longitudes) / len(longitudes) + radius * math.sin(angle) / narrow
    return {"latitude": round(latitude, 4), "longitude": round(longitude, 4)}


def enterprises(region: Region, retained: dict[str, float]) -> list[Row]:
    """Return the `enterprises` table; a coke maker's weight in public resources is its retained right in Mt."""
    rows = []
    for name, row in region.members.items():
        en, zh = MARKS[row["evidence"]]
        weight = max(0.5, round(retained.get(name, 0.0) / 1e6, 2))
        texts: Row = {"name_en": row["name_en"] + en, "name_zh": row["name_zh"] + zh}
        facts: Row = {"evidence": row["evidence"], "source": row["source"]}
        rows.append(
            {"enterprise": name, **texts, "county": row["county"], "size": row["size"], "weight": weight} | facts
        )
    return rows


def sites(region: Region) -> list[Row]:
    """Return the `sites` table: those of enterprises, then public places."""
    rows = []
    for name, row in region.owned.items():
        member = region.members[row["enterprise"]]
        evidence = member["evidence"]
        en, zh = MARKS[evidence]
        if evidence == "public" and row["confidence"] != "published":
            evidence = "estimate"
        texts = (f"{member['name_en']}, {row['name_en']}{en}", f"{member['name_zh']}{row['name_zh']}{zh}")
        rows.append(_site(name, row, texts, evidence) | {"enterprise": row["enterprise"]})
    rows += [_site(name, row, (row["name_en"], row["name_zh"]), "estimate") for name, row in region.places.items()]
    return rows


def _site(name: str, row: Row, names: tuple[str, str], evidence: str) -> Row:
    place: Row = {"county": row["county"], "latitude": row["latitude"], "longitude": row["longitude"]}
    named: Row = {"site": name, "enterprise": None, "name_en": names[0], "name_zh": names[1]}
    return {**named, **place, "evidence": evidence, "source": row["source"]}


def base_activity(oven: Oven) -> float:
    """Return the coke (t/a) of a battery at the calibrated base."""
    return oven.capacity * rules()["base_output"]
