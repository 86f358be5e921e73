"""Network: links between sites by commodity and mode, arcs over them, and all of a dataset as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.formulas import annuity, great_circle
from synergy.network.ends import BETWEEN, INSIDE, Ends, Groups, ends_of
from synergy.network.places import (
    PUBLIC,
    Bools,
    Floats,
    Ints,
    Places,
    Texts,
    pairs,
    places_of,
    positions,
)
from synergy.network.units import Qualities, Units, qualities_of, units_of
from synergy.scenario import Pattern

WITHIN = -1  # link index of an exchange inside one site
WAY = ("origin", "target", "commodity", "mode")  # key of a link
# of a mode, and what they are where they are blank
CARRIER = {
    "detour": 1.0,
    "fixed_capex": 0.0,
    "capex_per_km": 0.0,
    "cost_per_unit": 0.0,
    "cost_per_unit_km": 0.0,
    "co2_per_unit_km": 0.0,
    "loss_per_km": 0.0,
    "capacity": np.inf,
    "lifetime_years": 20.0,
}


@dataclass(frozen=True, slots=True)
class Links:
    """Directed links between two sites, one row per commodity and mode; arrays of shape (n,).

    Sites and commodity are indices into `Places`, `mode` is a name. `km` is the length, `cost` money per unit leaving
    (carbon apart), `loss` the part lost, `co2` t CO2 per unit leaving, `capacity` units a year, infinite where none is
    stated; `capex` and `annual` are the money to open it (0 where it stands already) and its annuity.
    """

    origin: Ints
    target: Ints
    commodity: Ints
    mode: Texts
    km: Floats
    cost: Floats
    loss: Floats
    co2: Floats
    capacity: Floats
    capex: Floats
    annual: Floats


@dataclass(frozen=True, slots=True)
class Remote:
    """Site pairs without a link because of distance or a ban, to explain missing links; arrays of shape (n,).

    `mode` is the one that would carry the commodity, `code` is ``distance`` or ``forbidden``, `number` the kilometres
    too far, 0 for a ban.
    """

    origin: Ints
    target: Ints
    commodity: Ints
    mode: Texts
    code: Texts
    number: Floats


def matches(pattern: Pattern, places: Places, origin: Ints, target: Ints, commodity: Ints) -> Bools:
    """Return which exchanges between sites match a pattern."""
    hit: Bools = np.not_equal(origin, target)
    ends = ((pattern.from_site, pattern.from_enterprise, origin), (pattern.to_site, pattern.to_enterprise, target))
    for site, enterprise, index in ends:
        if site is not None:
            hit = hit & (places.sites[index] == site)
        if enterprise is not None:
            owners = np.append(places.enterprises, "")
            hit = hit & (owners[places.owner[index]] == enterprise)
    if pattern.commodity is not None:
        hit = hit & (places.commodities[commodity] == pattern.commodity)
    return hit


def links_of(dataset: Dataset, places: Places, outlets: Groups, inlets: Groups) -> tuple[Links, Remote]:
    """Return all links that join some outlet to some inlet, and the pairs that are too far apart or banned."""
    goods = len(places.commodities)
    sends, takes = np.any(BETWEEN[outlets.rank], axis=1), np.any(BETWEEN[:, inlets.rank], axis=0)
    left, right = (
        np.unique((groups.site * goods + groups.commodity)[some])
        for groups, some in ((outlets, sends), (inlets, takes))
    )
    ways = _ways(dataset, places, left, right)
    origin, target, commodity = (ways[name].to_numpy(int) for name in ("origin", "target", "commodity"))
    carrier, own, km = ways["carrier"].to_numpy(int), ways["own"].to_numpy(int), ways["km"].to_numpy(float)
    explicit = own >= 0
    # an explicit link takes the place of the one that its mode gives, which stands before it
    general = ~explicit & ~np.isnan(km) & ~ways.duplicated(list(WAY), keep="last").to_numpy(bool)
    over = km - _cells(dataset["transport"]["max_km"], carrier, np.inf)
    used = np.isin(origin * goods + commodity, left) & np.isin(target * goods + commodity, right)
    possible = np.where(explicit, used, general & (over <= 0))
    banned = _cells(dataset["links"]["forbidden"], own, 0.0) > 0
    for pattern in dataset.settings.forbid:
        banned |= matches(pattern, places, origin, target, commodity)
    far, out = np.flatnonzero(general & (over > 0)), np.flatnonzero(possible & banned)
    gone = ways.iloc[np.concatenate([far, out])]
    code = np.repeat(np.array(["distance", "forbidden"], dtype=object), [len(far), len(out)])
    number = np.concatenate([over[far], np.zeros(len(out))])
    remote = Remote(**{name: gone[name].to_numpy() for name in WAY}, code=code, number=number)
    possible[out] = False
    return _links(dataset, ways[possible].sort_values(list(WAY), kind="stable")), remote


def _ways(dataset: Dataset, places: Places, left: Ints, right: Ints) -> pd.DataFrame:
    """Return the ways that `transport` modes give from `left` to `right`, then those in the rows of `links`.

    `left` and `right` are (site, commodity) pairs as site * commodities + commodity. Columns: `WAY`; `carrier` and
    `own`, the rows in `transport` and `links`, -1 for none; `km`, that of the row in `links`, else great-circle
    distance times the mode's detour factor, NaN where a coordinate is missing.
    """
    transport, links, goods = dataset["transport"], dataset["links"], len(places.commodities)
    start, carrier = pairs(left % goods, positions(transport["commodity"], places.commodities))
    way, end = pairs((left % goods)[start], right % goods)
    carrier = carrier[way]
    given = {
        "origin": left[start[way]] // goods,
        "target": right[end] // goods,
        "commodity": right[end] % goods,
        "mode": transport["mode"].to_numpy(object)[carrier],
        "carrier": carrier,
        "own": np.full(len(end), -1, dtype=np.int64),
    }
    stated = {
        "origin": positions(links["from_site"], places.sites),
        "target": positions(links["to_site"], places.sites),
        "commodity": positions(links["commodity"], places.commodities),
        "mode": links["mode"].to_numpy(object),
        "carrier": positions((links["commodity"], links["mode"]), (transport["commodity"], transport["mode"])),
        "own": np.arange(len(links)),
    }
    ways = pd.DataFrame({name: np.concatenate([given[name], stated[name]]) for name in given})
    ways = ways[ways["origin"] != ways["target"]].reset_index(drop=True)

    ends = (ways[name].to_numpy(int) for name in ("origin", "target"))
    straight = great_circle(*((places.latitude[end], places.longitude[end]) for end in ends))
    straight = straight * _cells(transport["detour"], ways["carrier"].to_numpy(int), CARRIER["detour"])
    km = _cells(links["km"], ways["own"].to_numpy(int), np.nan)
    return ways.assign(km=np.where(np.isnan(km), straight, km))


def _cells(column: pd.Series, row: Ints, blank: float) -> Floats:
    """Return the cells of a column in some rows; `blank` where the row is -1 or the cell is blank."""
    cells = np.append(column.to_numpy(float), np.nan)[row]
    return np.where(np.isnan(cells), blank, cells)


def _links(dataset: Dataset, ways: pd.DataFrame) -> Links:
    """Return links; figures of the explicit row take precedence over those of the `transport` row."""
    carrier, own = ways["carrier"].to_numpy(int), ways["own"].to_numpy(int)
    km = np.nan_to_num(ways["km"].to_numpy(float))  # unknown only where nothing is charged by it
    of = {name: _cells(dataset["transport"][name], carrier, blank) for name, blank in CARRIER.items()}
    figures = {
        "fixed_capex": of["fixed_capex"] + of["capex_per_km"] * km,
        "cost_per_unit": of["cost_per_unit"] + of["cost_per_unit_km"] * km,
        "loss": np.minimum(1.0, of["loss_per_km"] * km),
        "capacity": of["capacity"],
    }
    for name, computed in figures.items():
        stated = _cells(dataset["links"][name], own, np.nan)
        figures[name] = np.where(np.isnan(stated), computed, stated)
    capex = np.where(_cells(dataset["links"]["existing"], own, 0.0) > 0, 0.0, figures["fixed_capex"])
    return Links(
        **{name: ways[name].to_numpy() for name in (*WAY, "km")},
        cost=figures["cost_per_unit"],
        loss=figures["loss"],
        co2=of["co2_per_unit_km"] * km,
        capacity=figures["capacity"],
        capex=capex,
        annual=capex * annuity(dataset.settings.discount_rate, of["lifetime_years"]),
    )


def between_enterprises(places: Places, origin: Ints, target: Ints) -> Bools:
    """Return whether an exchange is a partnership: between sites of two different enterprises, none public."""
    left, right = places.owner[origin], places.owner[target]
    partnership: Bools = (left != right) & (left != PUBLIC) & (right != PUBLIC)
    return partnership


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs between outlet and inlet groups, the same in all periods; `link` carries it, `WITHIN` inside a site.

    A figure by link is one by arc with what it is inside a site behind it: ``np.append(figure, inside)[arcs.link]``.
    """

    outlet: Ints
    inlet: Ints
    link: Ints


@dataclass(frozen=True, slots=True)
class Network:
    """A dataset as arrays: supply nodes, demand nodes, units, links and arcs.

    Prices and names are looked up in `dataset`. `outlets` and `inlets` are the members of the groups `sources` and
    `sinks`.
    """

    dataset: Dataset
    places: Places
    units: Units
    qualities: Qualities
    outlets: Ends
    inlets: Ends
    sources: Groups
    sinks: Groups
    links: Links
    remote: Remote
    arcs: Arcs


def network_of(dataset: Dataset) -> Network:
    """Build the network of a checked dataset, with all arcs that links and the rules of the contract allow."""
    places = places_of(dataset)
    units = units_of(dataset, places)
    qualities = qualities_of(dataset)
    outlets, sources = ends_of(dataset, places, units, qualities, inlets=False)
    inlets, sinks = ends_of(dataset, places, units, qualities, inlets=True)
    links, remote = links_of(dataset, places, sources, sinks)

    # arcs: inside a site, then over the links
    goods = 1 + max((int(part.commodity.max(initial=0)) for part in (sources, sinks, links)), default=0)
    leaving, reaching = (groups.site * goods + groups.commodity for groups in (sources, sinks))
    near, there = pairs(leaving, reaching)
    inside = INSIDE[sources.rank[near], sinks.rank[there]]
    link, out = pairs(links.origin * goods + links.commodity, leaving)
    way, into = pairs((links.target * goods + links.commodity)[link], reaching)
    link, out = link[way], out[way]
    between = BETWEEN[sources.rank[out], sinks.rank[into]]
    arcs = Arcs(
        np.concatenate([near[inside], out[between]]),
        np.concatenate([there[inside], into[between]]),
        np.concatenate([np.full(inside.sum(), WITHIN), link[between]]),
    )
    return Network(dataset, places, units, qualities, outlets, inlets, sources, sinks, links, remote, arcs)
