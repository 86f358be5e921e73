"""Units: existing facilities and possible builds, with their recipes and steps of scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.formulas import annuity
from synergy.network.places import PUBLIC, Bools, Floats, Ints, Places, Texts, pairs, positions


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps of scale of builds: one row per step, or one step from the process's own four figures; shape (n,).

    `size` is the name of the step, "" where the process has none; `least` and `most` are the yearly capacity (activity
    a year; `most` may be infinite); `fixed` and `unit_cost` are capex in money, and per yearly capacity, the site's
    factor in; `annuity` is the yearly payment on one unit of capex.
    """

    unit: Ints
    size: Texts
    least: Floats
    most: Floats
    fixed: Floats
    unit_cost: Floats
    annuity: Floats


@dataclass(frozen=True, slots=True)
class Units:
    """Units: facilities first, then possible builds; arrays of shape (n,).

    `ids` are a facility's id, or ``<process>@<site>``; `process` and `site` are indices into `Places`. `capacity` is
    activity a year, of a build the most that any step allows (may be infinite); `opex` and `co2` are money and t CO2
    per unit of activity; `min_load` is the least load while on, as a fraction of capacity, 0 for none; `must_run`:
    never off; `available`, shape (n, periods), is the part of the capacity that may run in each period, `most`, of the
    same shape, the greatest activity in it. `steps` are the sizes of the builds.

    The recipe has one row for each commodity of each unit, its coefficient in units of the commodity per activity, > 0
    made, < 0 used.
    """

    ids: Texts
    is_build: Bools
    process: Ints
    site: Ints
    capacity: Floats
    opex: Floats
    co2: Floats
    min_load: Floats
    must_run: Bools
    available: Floats
    most: Floats
    steps: Steps
    recipe_unit: Ints
    recipe_commodity: Ints
    recipe_coefficient: Floats


def units_of(dataset: Dataset, places: Places) -> Units:
    """Return all units of a dataset: its facilities, and a build wherever one is allowed."""
    processes, facilities = dataset["processes"], dataset["facilities"]
    standing = len(facilities)
    built, at, steps = _builds(dataset, places)
    new = len(built)
    process = np.concatenate([positions(facilities["process"], places.processes), built])
    site = np.concatenate([positions(facilities["site"], places.sites), at])
    capacity = np.concatenate([facilities["capacity"].to_numpy(float), np.zeros(new)])
    np.maximum.at(capacity, steps.unit, steps.most)
    available = _availability(dataset, places, process, site)
    with np.errstate(invalid="ignore"):
        most = np.nan_to_num(capacity[:, None] * places.share[None, :] * available, nan=0.0, posinf=np.inf)
    given = np.concatenate([facilities["opex"].to_numpy(float), np.full(new, np.nan)])
    names = places.processes[built] + "@" + places.sites[at]
    rows = dataset["recipes"]
    rows = rows[rows["coefficient"].to_numpy(float) != 0]
    unit, row = pairs(process, positions(rows["process"], places.processes))
    return Units(
        ids=np.concatenate([facilities["facility"].to_numpy(object), names.astype(object)]),
        is_build=np.arange(standing + new) >= standing,
        process=process,
        site=site,
        capacity=capacity,
        opex=np.where(np.isnan(given), processes["opex"].to_numpy(float)[process], given),
        co2=processes["co2"].to_numpy(float)[process],
        min_load=np.concatenate([facilities["min_load"].to_numpy(float), np.zeros(new)]),
        must_run=np.concatenate([facilities["must_run"].to_numpy(bool), np.zeros(new, bool)]),
        available=available,
        most=most,
        steps=steps,
        recipe_unit=unit,
        recipe_commodity=positions(rows["commodity"], places.commodities)[row],
        recipe_coefficient=rows["coefficient"].to_numpy(float)[row],
    )


def _builds(dataset: Dataset, places: Places) -> tuple[Ints, Ints, Steps]:
    """Return the process and the site (indices) of each allowed build, and the steps of scale of all of them."""
    processes, rate = dataset["processes"], dataset.settings.discount_rate
    buildable = np.flatnonzero(processes["buildable"].to_numpy(bool) & dataset.settings.allow_builds)
    if "build_options" in dataset.given:
        rows = dataset["build_options"]
        process, site = positions(rows["process"], places.processes), positions(rows["site"], places.sites)
        most, factor = rows["max_capacity"].fillna(np.inf).to_numpy(float), rows["capex_factor"].to_numpy(float)
    else:
        process, site = np.repeat(buildable, len(places.sites)), np.tile(np.arange(len(places.sites)), len(buildable))
        most, factor = np.full(len(process), np.inf), np.ones(len(process))
    stepped = np.isin(process, positions(dataset["sizes"]["process"], places.processes))
    possible = np.isin(process, buildable) & ~(stepped & (places.owner[site] == PUBLIC))
    process, site, most, factor = process[possible], site[possible], most[possible], factor[possible]

    # a process without steps of its own is one step of its four figures
    figures = ["min_capacity", "max_capacity", "fixed_capex", "unit_capex"]
    sizes = dataset["sizes"][["process", "size", *figures]]
    whole = processes.loc[~processes["process"].isin(sizes["process"]), ["process", *figures]].assign(size="")
    table = pd.concat([whole, sizes], ignore_index=True) if len(sizes) else whole
    build, step = pairs(process, positions(table["process"], processes["process"]))
    greatest = np.minimum(table["max_capacity"].fillna(np.inf).to_numpy(float)[step], most[build])
    fits = table["min_capacity"].to_numpy(float)[step] <= greatest
    build, step = build[fits], step[fits]
    steps = Steps(
        unit=len(dataset["facilities"]) + build,
        size=table["size"].to_numpy(object)[step],
        least=table["min_capacity"].to_numpy(float)[step],
        most=greatest[fits],
        fixed=table["fixed_capex"].to_numpy(float)[step] * factor[build],
        unit_cost=table["unit_capex"].to_numpy(float)[step] * factor[build],
        annuity=annuity(rate, processes["lifetime_years"].to_numpy(float)[process[build]]),
    )
    return process, site, steps


def _availability(dataset: Dataset, places: Places, process: Ints, site: Ints) -> Floats:
    """Return the product of all availability factors that apply, by unit and period."""
    rows = dataset["availability"]
    holder, period = rows["holder"], positions(rows["period"], places.periods)
    factor = rows["factor"].to_numpy(float)
    # what is no facility stands at -1, as does no place: the last row of a table, without a factor
    standing = np.append(np.arange(len(dataset["facilities"])), np.full(len(process) - len(dataset["facilities"]), -1))
    product: Floats = np.ones((len(process), len(places.periods)))
    for known, of in (
        (dataset["facilities"]["facility"].to_numpy(object), standing),
        (places.processes, process),
        (places.enterprises, places.owner[site]),
    ):
        index = positions(holder, known)
        table = np.ones((len(known) + 1, len(places.periods)))
        np.multiply.at(table, (index[index >= 0], period[index >= 0]), factor[index >= 0])
        product *= table[of]
    return product


@dataclass(frozen=True, slots=True)
class Qualities:
    """Qualities stated by holders and limits on them, for properties with a limit.

    `holder` and `commodity`, shape (stated,), are the ids of who states any: holder i has the signature `signature[i]`
    (> 0), and those that state the same values share one; 0 states nothing. `values`, shape (signatures, properties),
    is NaN where a signature does not state the property. `limits` has the columns holder, commodity (ids), property
    (index), minimum, maximum (NaN = none).
    """

    properties: Texts
    holder: Texts
    commodity: Texts
    signature: Ints
    values: Floats
    limits: pd.DataFrame


def qualities_of(dataset: Dataset) -> Qualities:
    """Return the relevant qualities: properties of commodities limited by some holder."""
    limits = dataset["limits"]
    limits = limits[limits["minimum"].notna() | limits["maximum"].notna()]  # a row with neither has no effect
    properties = np.asarray(sorted(set(limits["property"])), dtype=object)
    limits = pd.DataFrame(
        {
            "holder": limits["holder"].astype(object),
            "commodity": limits["commodity"].astype(object),
            "property": positions(limits["property"], properties),
            "minimum": limits["minimum"],
            "maximum": limits["maximum"],
        }
    )
    stated = dataset["qualities"]
    wanted = set(zip(limits["commodity"], limits["property"], strict=True))
    rows = pd.DataFrame(
        {
            "holder": stated["holder"].astype(object),
            "commodity": stated["commodity"].astype(object),
            "property": positions(stated["property"], properties),
            "value": stated["value"].astype(float),
        }
    )
    rows = rows[[pair in wanted for pair in zip(rows["commodity"], rows["property"], strict=True)]]
    silent = np.full((1, len(properties)), np.nan)
    if not len(rows):
        nobody = np.empty(0, object)
        return Qualities(properties, nobody, nobody, np.empty(0, np.int64), silent, limits)
    table = rows.pivot_table(index=["holder", "commodity"], columns="property", values="value", aggfunc="first")
    table = table.reindex(columns=range(len(properties)))
    distinct, inverse = np.unique(table.to_numpy(), axis=0, return_inverse=True, equal_nan=True)
    holder, commodity = (table.index.get_level_values(name).to_numpy(object) for name in ("holder", "commodity"))
    signature = np.asarray(inverse).ravel() + 1
    return Qualities(properties, holder, commodity, signature, np.vstack([silent, distinct]), limits)
