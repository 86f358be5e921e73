"""Figures from the tables, by id: prices of ends, opex and CO2 of units, cost, emissions and capex of links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.sheet import Dataset, Ids
from synergy.formulas import annuity, great_circle
from synergy.network.network import CARRIER
from synergy.network.places import Floats, Ints, Texts, positions

MISSING = -1  # position of what no row answers to


def end_column(dataset: Dataset, kinds: Ids, ids: Ids, kind: str, column: str) -> Floats:
    """Return a numeric column for the ends of one kind (offer, need, store, market), NaN for unknown ids.

    It is 0 for ends of other kinds.
    """
    table = dataset[f"{kind}s"]
    return np.where(np.asarray(kinds, object) == kind, take(table[column], positions(ids, table[kind])), 0.0)


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Site, money (`opex`, NaN where unknown) and t CO2 (`co2`) per unit of activity of some units, of shape (n,) each.

    The site is "" where it is unknown.
    """

    site: Texts
    opex: Floats
    co2: Floats


def unit_facts(dataset: Dataset, kinds: Ids, ids: Ids) -> UnitFacts:
    """Return the figures of some units from the tables.

    By kind and id, shape (n,): ``facility`` and a facility's id, or ``build`` and ``<process>@<site>``.
    """
    facilities, processes, kind = dataset["facilities"], dataset["processes"], np.asarray(kinds, object)
    facility = np.where(kind == "facility", positions(ids, facilities["facility"]), MISSING)
    parts = [str(name).rpartition("@") for name in np.asarray(ids, object).tolist()]
    made, place = (np.array([part[at] for part in parts], object) for at in (0, 2))
    name = np.where(kind == "build", made, take(facilities["process"], facility, ""))
    site = np.where(kind == "build", place, take(facilities["site"], facility, ""))
    process = positions(name, processes["process"])
    stated = take(facilities["opex"], facility)
    opex = np.where(np.isnan(stated), take(processes["opex"], process), stated)
    return UnitFacts(site, opex, take(processes["co2"], process))


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Figures of some (from_site, to_site, commodity, mode), each array of shape (n,).

    `km` is the length, 0 inside a site, NaN where it is unknown and nothing is charged by it; `cost` is money per unit
    leaving, carbon apart; `co2` t CO2 per unit leaving; `capex` and `annual` are the money to open it (0 where it
    stands already) and its annuity.
    """

    km: Floats
    cost: Floats
    co2: Floats
    capex: Floats
    annual: Floats


def link_facts(dataset: Dataset, from_site: Ids, to_site: Ids, commodity: Ids, mode: Ids) -> LinkFacts:
    """Return the figures of some links from the tables, with annuities at the dataset's discount rate.

    Ids have shape (n,), mode "" inside a site. Unknown links have the figures of a free link.
    """
    links, transport, sites = dataset["links"], dataset["transport"], dataset["sites"]
    known = tuple(links[name] for name in ("from_site", "to_site", "commodity", "mode"))
    row = positions((from_site, to_site, commodity, mode), known)
    carrier = positions((mode, commodity), (transport["mode"], transport["commodity"]))
    inside = np.asarray(from_site, object) == np.asarray(to_site, object)
    row[inside], carrier[inside] = MISSING, MISSING  # inside a site nothing is charged, whatever the tables say
    own = {name: take(links[name], row) for name in ("km", "fixed_capex", "cost_per_unit")}
    general = {name: take(transport[name], carrier, blank) for name, blank in CARRIER.items()}

    ends = (positions(ids, sites["site"]) for ids in (from_site, to_site))
    straight = great_circle(*((take(sites["latitude"], end), take(sites["longitude"], end)) for end in ends))
    straight = np.where(inside, 0.0, straight) * general["detour"]
    km = np.where(np.isnan(own["km"]), straight, own["km"])

    length = np.nan_to_num(km)  # unknown only where the rates by km are 0
    cost = general["cost_per_unit"] + general["cost_per_unit_km"] * length
    capex = general["fixed_capex"] + general["capex_per_km"] * length
    capex = np.where(np.isnan(own["fixed_capex"]), capex, own["fixed_capex"])
    capex = np.where(take(links["existing"], row, 0.0) > 0, 0.0, capex)
    return LinkFacts(
        km=km,
        cost=np.where(np.isnan(own["cost_per_unit"]), cost, own["cost_per_unit"]),
        co2=general["co2_per_unit_km"] * length,
        capex=capex,
        annual=capex * annuity(dataset.settings.discount_rate, general["lifetime_years"]),
    )


def take(column: ArrayLike, rows: Ints, blank: float | str = np.nan) -> NDArray[Any]:
    """Return the cells of a column at some positions, of any shape, `blank` where the position is `MISSING`.

    They are numbers, or texts where `blank` is one.
    """
    cells = np.asarray(column, dtype=object if isinstance(blank, str) else float)
    return np.append(cells, blank)[rows]
