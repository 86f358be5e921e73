"""Transport figures between two sites by a mode: cost, loss and emissions, with the contract's defaults."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.accounts.keys import MISSING, Bools, Floats, Ints, find, take, take_flag, texts
from synergy.dataset.sheet import Dataset, Ids

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
ROUNDING = 1e-9  # two ways to compute a distance differ by less, relatively


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Figures of some (from_site, to_site, commodity, mode), each array of shape (n,).

    `km` is the length, 0 inside a site, NaN where it is unknown and nothing is charged by it; `cost` is money per unit
    leaving, carbon apart; `loss` the part lost, 0..1; `co2` t CO2 per unit leaving; `capacity` units leaving a year,
    infinite where none is stated; `capex` and `annual` are the money to open it (0 where it stands already) and its
    annuity. `possible`: inside a site with mode "", or between two sites by a row of `links` that is not forbidden or
    by a row of `transport` whose max_km is kept.
    """

    km: Floats
    cost: Floats
    loss: Floats
    co2: Floats
    capacity: Floats
    capex: Floats
    annual: Floats
    possible: Bools


def annuity(rate: float, years: Floats) -> Floats:
    """Return the capital recovery factor ``r / (1 - (1 + r)^-n)``, and ``1 / n`` at r = 0."""
    years = np.asarray(years, dtype=float)
    if rate == 0:
        return 1.0 / years
    factor: Floats = rate / (1.0 - (1.0 + rate) ** -years)
    return factor


def great_circle(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Return the haversine distance in km between points in degrees, NaN where a coordinate is missing.

    R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984) 159.
    """
    phi_a, phi_b = np.deg2rad(lat_a), np.deg2rad(lat_b)
    chord = np.sin((phi_b - phi_a) / 2) ** 2
    chord = chord + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.deg2rad(lon_b - lon_a) / 2) ** 2
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arctan2(np.sqrt(chord), np.sqrt(np.clip(1 - chord, 0, None)))
    return distance


def distances(dataset: Dataset, from_site: Ids, to_site: Ids) -> Floats:
    """Return great-circle distances in km between sites, by id, 0 from a site to itself, NaN where unknown."""
    sites = dataset["sites"]
    ends = [find([ids], [sites["site"]]) for ids in (from_site, to_site)]
    points = [take(sites[name], rows) for rows in ends for name in ("latitude", "longitude")]
    return np.where(texts(from_site) == texts(to_site), 0.0, great_circle(*points))


def link_facts(dataset: Dataset, from_site: Ids, to_site: Ids, commodity: Ids, mode: Ids) -> LinkFacts:
    """Return the figures of some links from the tables, with annuities at the dataset's discount rate.

    Ids have shape (n,), mode "" inside a site. Unknown links have ``possible`` false and the figures of a free link.
    """
    names = [texts(column) for column in (from_site, to_site, commodity, mode)]
    links, transport = dataset["links"], dataset["transport"]
    row = find(names, [links[name] for name in ("from_site", "to_site", "commodity", "mode")])
    carrier = find([names[3], names[2]], [transport["mode"], transport["commodity"]])
    inside = names[0] == names[1]
    row[inside], carrier[inside] = MISSING, MISSING  # inside a site nothing is charged, whatever the tables say

    def general(name: str, blank: float = 0.0) -> Floats:
        return take(transport[name], carrier, blank)

    def own(name: str, computed: Floats) -> Floats:
        stated = take(links[name], row)
        return np.where(np.isnan(stated), computed, stated)

    straight = distances(dataset, names[0], names[1])
    km = own("km", straight * general("detour", 1.0))
    length = np.nan_to_num(km)  # unknown only where the rates by km are 0
    capex = own("fixed_capex", general("fixed_capex") + general("capex_per_km") * length)
    capex = np.where(take_flag(links["existing"], row), 0.0, capex)
    capacity = own("capacity", general("capacity", np.nan))
    return LinkFacts(
        km=km,
        cost=own("cost_per_unit", general("cost_per_unit") + general("cost_per_unit_km") * length),
        loss=own("loss", np.minimum(1.0, general("loss_per_km") * length)),
        co2=general("co2_per_unit_km") * length,
        capacity=np.where(np.isnan(capacity), np.inf, capacity),
        capex=capex,
        annual=capex * annuity(dataset.settings.discount_rate, general("lifetime_years", 20.0)),
        possible=_possible(dataset, row, carrier, km, (inside, names[3] == "")),
    )


def _possible(dataset: Dataset, row: Ints, carrier: Ints, km: Floats, within: tuple[Bools, Bools]) -> Bools:
    """Return which links are allowed; `within`: both ends are one site, the mode is blank."""
    inside, blank = within
    banned = take_flag(dataset["links"]["forbidden"], row)
    reach = take(dataset["transport"]["max_km"], carrier) * (1 + ROUNDING)
    near = (row != MISSING) | ((carrier != MISSING) & (km <= reach))
    possible: Bools = np.where(inside, blank, near & ~banned & ~blank)
    return possible
