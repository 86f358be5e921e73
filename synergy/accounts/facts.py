"""Figures from the tables, by id: prices of ends, opex and CO2 of units, cost, emissions and capex of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.sheet import Dataset, Ids

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

MISSING = -1  # position of what no row answers to
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


def end_column(dataset: Dataset, kinds: Ids, ids: Ids, kind: str, column: str) -> Floats:
    """Return a numeric column for the ends of one kind (offer, need, store, market), NaN for unknown ids.

    It is 0 for ends of other kinds.
    """
    table = dataset[f"{kind}s"]
    return np.where(texts(kinds) == kind, take(table[column], find([ids], [table[kind]])), 0.0)


def split_build(ids: Ids) -> tuple[Texts, Texts]:
    """Split build ids ``<process>@<site>`` into process and site; site "" where there is no ``@``."""
    parts = pd.Series(texts(ids), dtype=object).map(lambda name: str(name).rpartition("@"))
    return texts([part[0] for part in parts]), texts([part[2] for part in parts])


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Money (`opex`, NaN where unknown) and t CO2 (`co2`) per unit of activity of some units, each of shape (n,)."""

    opex: Floats
    co2: Floats


def unit_facts(dataset: Dataset, kinds: Ids, ids: Ids) -> UnitFacts:
    """Return the figures of some units from the tables.

    By kind and id, shape (n,): ``facility`` and a facility's id, or ``build`` and ``<process>@<site>``.
    """
    facilities, processes = dataset["facilities"], dataset["processes"]
    facility = np.where(texts(kinds) == "facility", find([ids], [facilities["facility"]]), MISSING)
    name = np.where(texts(kinds) == "build", split_build(ids)[0], take_text(facilities["process"], facility))
    process = find([name], [processes["process"]])
    stated = take(facilities["opex"], facility)
    opex = np.where(np.isnan(stated), take(processes["opex"], process), stated)
    return UnitFacts(opex, take(processes["co2"], process))


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
    names = [texts(column) for column in (from_site, to_site, commodity, mode)]
    links, transport, sites = dataset["links"], dataset["transport"], dataset["sites"]
    row = find(names, [links[name] for name in ("from_site", "to_site", "commodity", "mode")])
    carrier = find([names[3], names[2]], [transport["mode"], transport["commodity"]])
    inside = names[0] == names[1]
    row[inside], carrier[inside] = MISSING, MISSING  # inside a site nothing is charged, whatever the tables say

    def general(name: str, blank: float = 0.0) -> Floats:
        return take(transport[name], carrier, blank)

    def own(name: str, computed: Floats) -> Floats:
        stated = take(links[name], row)
        return np.where(np.isnan(stated), computed, stated)

    ends = [find([ids], [sites["site"]]) for ids in names[:2]]
    points = [take(sites[name], rows) for rows in ends for name in ("latitude", "longitude")]
    km = own("km", np.where(inside, 0.0, great_circle(*points)) * general("detour", 1.0))
    length = np.nan_to_num(km)  # unknown only where the rates by km are 0
    capex = own("fixed_capex", general("fixed_capex") + general("capex_per_km") * length)
    capex = np.where(take(links["existing"], row, 0.0) > 0, 0.0, capex)
    return LinkFacts(
        km=km,
        cost=own("cost_per_unit", general("cost_per_unit") + general("cost_per_unit_km") * length),
        co2=general("co2_per_unit_km") * length,
        capex=capex,
        annual=capex * annuity(dataset.settings.discount_rate, general("lifetime_years", 20.0)),
    )


def great_circle(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Return the haversine distance in km between points in degrees, NaN where a coordinate is missing.

    R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984) 159.
    """
    phi_a, phi_b = np.deg2rad(lat_a), np.deg2rad(lat_b)
    chord = np.sin((phi_b - phi_a) / 2) ** 2
    chord = chord + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.deg2rad(lon_b - lon_a) / 2) ** 2
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arctan2(np.sqrt(chord), np.sqrt(np.clip(1 - chord, 0, None)))
    return distance


def annuity(rate: float, years: Floats) -> Floats:
    """Return the capital recovery factor ``r / (1 - (1 + r)^-n)``, and ``1 / n`` at r = 0."""
    years = np.asarray(years, dtype=float)
    if rate == 0:
        return 1.0 / years
    factor: Floats = rate / (1.0 - (1.0 + rate) ** -years)
    return factor


def texts(column: ArrayLike) -> Texts:
    """Return a column of ids as an array of Python strings."""
    return np.asarray(column, dtype=object)


def find(wanted: Sequence[Ids], known: Sequence[Ids]) -> Ints:
    """Return the position of each wanted key among the known ones, `MISSING` where there is none.

    Key columns: of shape (n,) to look up in those of the table, of shape (m,), whose keys are unique.
    """
    if len(wanted) == 1:
        return _positions(texts(wanted[0]), texts(known[0]))
    asked = np.zeros(len(wanted[0]), dtype=np.int64)
    held = np.zeros(len(known[0]), dtype=np.int64)
    near = np.ones(len(known[0]), dtype=bool)  # rows every part of whose key is asked for by somebody
    for left, right in zip(wanted, known, strict=True):
        codes, names = pd.factorize(texts(left))
        right_codes = _positions(texts(right), names)
        near &= right_codes >= 0
        asked = asked * (len(names) + 1) + codes
        held = held * (len(names) + 1) + right_codes
    rows = np.flatnonzero(near)
    position = _positions(asked, held[rows])
    return np.where(position >= 0, rows[position], MISSING) if len(rows) else np.full(len(asked), MISSING)


def _positions(wanted: Ints | Texts, known: Ints | Texts) -> Ints:
    """Return the position of each wanted value among unique known ones, `MISSING` where there is none."""
    if known.dtype != object:
        return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype=np.int64)
    at = {one: place for place, one in enumerate(known.tolist())}
    return np.fromiter((at.get(one, MISSING) for one in wanted.tolist()), dtype=np.int64, count=len(wanted))


def take(column: ArrayLike, rows: Ints, blank: float = np.nan) -> Floats:
    """Return the numbers of a column at some positions, of any shape, `blank` where the position is `MISSING`."""
    padded = np.append(np.asarray(column, dtype=float), blank)
    taken: Floats = padded[rows]
    return taken


def take_text(column: ArrayLike, rows: Ints) -> Texts:
    """Return the texts of a column at some positions, "" where the position is `MISSING`."""
    padded = np.append(texts(column), "")
    taken: Texts = padded[rows]
    return taken


EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
ROUNDING = 1e-9  # two ways to compute a distance differ by less, relatively
