"""Network: links between sites by commodity and mode, arcs over them, and all of a dataset as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.network.ends import BETWEEN, INSIDE, Ends, Groups, inlets_of, outlets_of
from synergy.network.places import PUBLIC, Bools, Floats, Ints, Places, Texts, pairs, places_of, positions
from synergy.network.units import Qualities, Units, annuity, qualities_of, units_of
from synergy.scenario import Pattern

WITHIN = -1  # link index of an exchange inside one site


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


@dataclass(frozen=True, slots=True)
class _Ways:
    """Site pairs with a commodity and a mode (name), and their rows in `transport` and `links`, -1 for none."""

    origin: Ints
    target: Ints
    commodity: Ints
    mode: Texts
    carrier: Ints
    own: Ints

    def take(self, which: Ints | Bools) -> _Ways:
        """Return a subset of the ways."""
        return _Ways(*[getattr(self, name)[which] for name in self.__slots__])

    def joined(self, other: _Ways) -> _Ways:
        """Return these ways followed by the others."""
        return _Ways(*[np.concatenate([getattr(one, name) for one in (self, other)]) for name in self.__slots__])

    def km(self, dataset: Dataset, places: Places) -> Floats:
        """Return the length: that of the explicit link, else great-circle distance times the mode's detour factor."""
        stated = _cells(dataset["links"]["km"], self.own, np.nan)
        straight = places.great_circle(self.origin, self.target)
        return np.where(np.isnan(stated), straight * _cells(dataset["transport"]["detour"], self.carrier, 1.0), stated)

    def codes(self, places: Places, modes: Texts) -> Ints:
        """Return an integer code for each way, ordered by origin, target, commodity and mode."""
        shape = (len(places.sites), len(places.sites), len(places.commodities), max(1, len(modes)))
        ways = self.origin, self.target, self.commodity, positions(self.mode, modes)
        codes: Ints = np.ravel_multi_index(ways, shape).astype(np.int64)
        return codes


def links_of(dataset: Dataset, places: Places, outlets: Groups, inlets: Groups) -> tuple[Links, Remote]:
    """Return all links that join some outlet to some inlet, and the pairs that are too far apart or banned."""
    goods = len(places.commodities)
    sends, takes = np.any(BETWEEN[outlets.rank], axis=1), np.any(BETWEEN[:, inlets.rank], axis=0)
    left, right = (
        np.unique((groups.site * goods + groups.commodity)[some])
        for groups, some in ((outlets, sends), (inlets, takes))
    )
    carried, explicit = _by_transport(dataset, places, left, right), _explicit(dataset, places)
    modes = np.unique(np.concatenate([carried.mode, explicit.mode]))
    km = carried.km(dataset, places)
    carried, km = carried.take(~np.isnan(km)), km[~np.isnan(km)]
    over = km - _cells(dataset["transport"]["max_km"], carried.carrier, np.inf)
    given = np.isin(carried.codes(places, modes), explicit.codes(places, modes))
    used = np.isin(explicit.origin * goods + explicit.commodity, left)
    used &= np.isin(explicit.target * goods + explicit.commodity, right)
    far = (over > 0) & ~given
    ways = carried.take((over <= 0) & ~given).joined(explicit.take(used))
    banned = _cells(dataset["links"]["forbidden"], ways.own, 0.0) > 0
    for pattern in dataset.settings.forbid:
        banned |= matches(pattern, places, ways.origin, ways.target, ways.commodity)
    gone = carried.take(far).joined(ways.take(banned))
    code = np.repeat(np.array(["distance", "forbidden"], dtype=object), [far.sum(), banned.sum()])
    number = np.concatenate([over[far], np.zeros(banned.sum())])
    remote = Remote(gone.origin, gone.target, gone.commodity, gone.mode, code, number)
    ways = ways.take(~banned)
    return _links(dataset, places, ways.take(np.argsort(ways.codes(places, modes), kind="stable"))), remote


def _by_transport(dataset: Dataset, places: Places, left: Ints, right: Ints) -> _Ways:
    """Return the ways given by `transport` modes from the (site, commodity) pairs in `left` to those in `right`.

    Sites and commodities are given as site * commodities + commodity.
    """
    transport, goods = dataset["transport"], len(places.commodities)
    start, carrier = pairs(left % goods, positions(transport["commodity"], places.commodities))
    way, end = pairs((left % goods)[start], right % goods)
    origin, target = left[start[way]] // goods, right[end] // goods
    between = origin != target
    origin, target, carrier, end = origin[between], target[between], carrier[way[between]], end[between]
    mode = transport["mode"].to_numpy(object)[carrier]
    return _Ways(origin, target, right[end] % goods, mode, carrier, np.full(len(end), -1, dtype=np.int64))


def _explicit(dataset: Dataset, places: Places) -> _Ways:
    """Return the rows of `links` between two sites, with the rows of `transport` of their mode and commodity."""
    links, transport = dataset["links"], dataset["transport"]
    origin, target = (positions(links[side], places.sites) for side in ("from_site", "to_site"))
    own = np.flatnonzero(origin != target)
    commodity, mode = positions(links["commodity"], places.commodities)[own], links["mode"].to_numpy(object)[own]
    modes, known = np.unique(transport["mode"].to_numpy(object), return_inverse=True)
    keys = positions(transport["commodity"], places.commodities) * len(modes) + known
    at = positions(mode, modes)
    carrier = np.where(at < 0, -1, positions(commodity * len(modes) + at, keys))
    return _Ways(origin[own], target[own], commodity, mode, carrier, own)


def _cells(column: pd.Series, row: Ints, blank: float) -> Floats:
    """Return the cells of a column in some rows; `blank` where the row is -1 or the cell is blank."""
    cells = np.append(column.to_numpy(float), np.nan)[row]
    return np.where(np.isnan(cells), blank, cells)


def _links(dataset: Dataset, places: Places, ways: _Ways) -> Links:
    """Return links; figures of the explicit row take precedence over those of the `transport` row."""

    def of(name: str, blank: float = 0.0) -> Floats:
        return _cells(dataset["transport"][name], ways.carrier, blank)

    def stated(name: str, computed: Floats) -> Floats:
        own = _cells(dataset["links"][name], ways.own, np.nan)
        return np.where(np.isnan(own), computed, own)

    stretch = ways.km(dataset, places)
    km = np.nan_to_num(stretch)  # unknown only where nothing is charged by it
    capex = stated("fixed_capex", of("fixed_capex") + of("capex_per_km") * km)
    capex = np.where(_cells(dataset["links"]["existing"], ways.own, 0.0) > 0, 0.0, capex)
    return Links(
        origin=ways.origin,
        target=ways.target,
        commodity=ways.commodity,
        mode=ways.mode,
        km=stretch,
        cost=stated("cost_per_unit", of("cost_per_unit") + of("cost_per_unit_km") * km),
        loss=stated("loss", np.minimum(1.0, of("loss_per_km") * km)),
        co2=of("co2_per_unit_km") * km,
        capacity=stated("capacity", of("capacity", np.inf)),
        capex=capex,
        annual=capex * annuity(dataset.settings.discount_rate, of("lifetime_years", 20.0)),
    )


def between_enterprises(places: Places, origin: Ints, target: Ints) -> Bools:
    """Return whether an exchange is a partnership: between sites of two different enterprises, none public."""
    left, right = places.owner[origin], places.owner[target]
    partnership: Bools = (left != right) & (left != PUBLIC) & (right != PUBLIC)
    return partnership


@dataclass(frozen=True, slots=True)
class Arcs:
    """Arcs between outlet and inlet groups, the same in all periods; `link` carries it, `WITHIN` inside a site."""

    outlet: Ints
    inlet: Ints
    link: Ints

    def over(self, figure: Floats, inside: float) -> Floats:
        """Return a link figure by arc, `inside` where there is no link."""
        by_arc: Floats = np.append(figure, inside)[self.link]
        return by_arc


def arcs_of(outlets: Groups, inlets: Groups, links: Links) -> Arcs:
    """Return all arcs that the classes of their ends allow."""
    goods = 1 + max((int(part.commodity.max(initial=0)) for part in (outlets, inlets, links)), default=0)
    leaving, reaching = (groups.site * goods + groups.commodity for groups in (outlets, inlets))
    near, there = pairs(leaving, reaching)
    inside = INSIDE[outlets.rank[near], inlets.rank[there]]
    link, out = pairs(links.origin * goods + links.commodity, leaving)
    way, into = pairs((links.target * goods + links.commodity)[link], reaching)
    link, out = link[way], out[way]
    between = BETWEEN[outlets.rank[out], inlets.rank[into]]
    return Arcs(
        np.concatenate([near[inside], out[between]]),
        np.concatenate([there[inside], into[between]]),
        np.concatenate([np.full(inside.sum(), WITHIN), link[between]]),
    )


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
    outlets, sources = outlets_of(dataset, places, units, qualities)
    inlets, sinks = inlets_of(dataset, places, units, qualities)
    links, remote = links_of(dataset, places, sources, sinks)
    arcs = arcs_of(sources, sinks, links)
    return Network(
        dataset=dataset,
        places=places,
        units=units,
        qualities=qualities,
        outlets=outlets,
        inlets=inlets,
        sources=sources,
        sinks=sinks,
        links=links,
        remote=remote,
        arcs=arcs,
    )
