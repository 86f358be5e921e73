"""Data of the figures: deliveries, filtered proposals and conversions from the record of a round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synergy.web.figures.map import Place, county_name, degrees

from synergy.records.documents import FlowJSON, PlanJSON, ProposalJSON
from synergy.records.runs import PlanRecord
from synergy.scenario import JSON
from synergy.units import amount

PUBLIC = "#"  # before the id of a place that is nobody's, where firms stand
COUNTY = "@"  # before a county, where firms stand


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters on a plan: kind of proposals, commodity of deliveries, county and firm of an end; "" matches all."""

    kind: str = ""
    county: str = ""
    commodity: str = ""
    firm: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """Annual delivery between two sites: quantity at the origin, and ids of the proposals that include it."""

    origin: str
    target: str
    commodity: str
    quantity: float
    proposals: tuple[str, ...] = ()


class Material:
    """Accessor of the plan of a round for figures, in one language."""

    def __init__(self, record: PlanRecord, lang: str) -> None:
        self.plan: PlanJSON = dict(record)["plan"]
        self.labels, self.lang = record.labels, lang

    def firm(self, site: str) -> str:
        """Return the enterprise that owns a site, or a key of the site itself if it is public."""
        return self.labels["sites"].get(site, {}).get("enterprise") or PUBLIC + site

    def county(self, site: str) -> str:
        """Return the county of a site."""
        return str(self.labels["sites"].get(site, {}).get("county", ""))

    def site_name(self, site: str) -> str:
        """Return the localized name of a site."""
        return self._name("sites", site)

    def good_name(self, commodity: str) -> str:
        """Return the localized name of a commodity."""
        return self._name("commodities", commodity)

    def firm_name(self, key: str) -> str:
        """Return the localized name of a firm, a public site or a county."""
        if key.startswith(PUBLIC):
            return self.site_name(key[1:])
        return county_name(key[1:], self.lang) if key.startswith(COUNTY) else self._name("enterprises", key)

    def _name(self, table: str, ident: str) -> str:
        label = self.labels[table].get(ident)
        return ident if label is None else str(label[f"name_{self.lang}"])

    def unit(self, commodity: str) -> str:
        """Return the unit of a commodity, or "" if unknown."""
        return str(self.labels["commodities"].get(commodity, {}).get("unit", ""))

    def amount(self, quantity: float, commodity: str) -> str:
        """Return a formatted annual quantity with its unit."""
        return f"{amount(quantity, self.unit(commodity), self.lang)}{'/年' if self.lang == 'zh' else ' a year'}"

    def group(self) -> dict[str, str]:
        """Return the county key of each firm and public site; those without a county map to themselves."""
        found: dict[str, str] = {}
        for site, label in sorted(self.labels["sites"].items()):
            firm = self.firm(site)
            home = self.labels["enterprises"].get(firm, {}).get("county") or label.get("county", "")
            found[firm] = COUNTY + str(home) if home else firm
        return found

    def sent(self, choice: Choice | None = None) -> list[Sent]:
        """Return the deliveries between sites, summed by origin, target and commodity and sorted by id."""
        choice = choice or Choice()
        behind = self._behind(choice.kind)
        sums: dict[tuple[str, str, str], float] = defaultdict(float)
        named: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for place, flow in enumerate(self.plan["flows"]):
            if flow["from_site"] == flow["to_site"] or not self._chosen(flow, choice):
                continue
            if choice.kind and place not in behind:
                continue
            key = (flow["from_site"], flow["to_site"], flow["commodity"])
            sums[key] += flow["quantity"]
            named[key] |= behind.get(place, set())
        return [Sent(*key, sums[key], tuple(sorted(named[key]))) for key in sorted(sums) if sums[key] > 0]

    def _behind(self, kind: str) -> dict[int, set[str]]:
        """Return the ids of the proposals of a kind that include each flow, by flow index."""
        found: dict[int, set[str]] = defaultdict(set)
        for proposal in self.plan["proposals"]:
            if kind in ("", proposal["kind"]):
                for place in proposal["flows"]:
                    found[place].add(proposal["id"])
        return found

    def _chosen(self, flow: FlowJSON, choice: Choice) -> bool:
        ends = (flow["from_site"], flow["to_site"])
        if choice.commodity and flow["commodity"] != choice.commodity:
            return False
        if choice.county and choice.county not in map(self.county, ends):
            return False
        return not choice.firm or choice.firm in map(self.firm, ends)

    def proposals(self, choice: Choice) -> list[ProposalJSON]:
        """Return the proposals of the plan that match the filters."""
        return [one for one in self.plan["proposals"] if self._fits(one, choice)]

    def _fits(self, proposal: ProposalJSON, choice: Choice) -> bool:
        if choice.kind and proposal["kind"] != choice.kind:
            return False
        if choice.firm and choice.firm not in proposal["enterprises"]:
            return False
        if choice.commodity and choice.commodity not in proposal["commodities"]:
            return False
        counties = {self.county(end) for term in proposal["terms"] for end in (term["from"], term["to"])}
        counties |= {self.county(self.plan["builds"][place]["site"]) for place in proposal["builds"]}
        return not choice.county or choice.county in counties

    def places(self, busy: Iterable[str]) -> list[Place]:
        """Return the sites to show on a map: all sites of enterprises, and the public ones among the busy."""
        used = set(busy)
        return [
            Place(
                site,
                self.site_name(site),
                str(label.get("county", "")),
                degrees(label.get("latitude")),
                degrees(label.get("longitude")),
                public=not label.get("enterprise"),
            )
            for site, label in sorted(self.labels["sites"].items())
            if label.get("enterprise") or site in used
        ]

    def products(self) -> list[tuple[str, str, int, int]]:
        """Return the conversions between commodities: input, output, number of plants, and number of new plants."""
        into: dict[tuple[str, str], set[str]] = defaultdict(set)
        out: dict[tuple[str, str], set[str]] = defaultdict(set)
        for flow in self.plan["flows"]:
            for end, found in ((flow["inlet"], into), (flow["outlet"], out)):
                if end["kind"] in ("facility", "build"):
                    found[end["kind"], end["id"]].add(flow["commodity"])
        plants: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for (kind, ident), goods in sorted(into.items()):
            for made in sorted(out.get((kind, ident), ())):
                for used in sorted(goods):
                    plants[used, made][0] += 1
                    plants[used, made][1] += kind == "build"
        return [(*pair, *count) for pair, count in sorted(plants.items()) if pair[0] != pair[1]]  # type: ignore[misc]


def between(sent: Sequence[Sent], material: Material) -> list[Sent]:
    """Return the deliveries between different owners."""
    return [one for one in sent if material.firm(one.origin) != material.firm(one.target)]


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
    found: list[JSON] = []
    for place in places:
        if place.key in known:
            told: dict[str, JSON] = {"site": place.key, "name": place.name, "county": place.county}
            found.append(_feature("Point", known[place.key], told))
    for one in sent:
        if one.origin in known and one.target in known:
            told = {"from": one.origin, "to": one.target, "commodity": one.commodity}
            told |= {"name": material.good_name(one.commodity), "quantity": one.quantity}
            told |= {"unit": material.unit(one.commodity), "proposals": len(one.proposals)}
            found.append(_feature("LineString", [known[one.origin], known[one.target]], told))
    return {"type": "FeatureCollection", "features": found}


def _feature(kind: str, coordinates: JSON, properties: dict[str, JSON]) -> dict[str, JSON]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
