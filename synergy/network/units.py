"""Units: existing facilities and possible builds, with their recipes and steps of scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset, Ids
from synergy.network.places import PUBLIC, Bools, Floats, Ints, Places, Texts, pairs, positions


def annuity(rate: float, years: Floats) -> Floats:
    """Return the capital recovery factor for `years` at `rate`, ``r / (1 - (1 + r)^-n)``, and ``1 / n`` at r = 0."""
    factor: Floats = 1.0 / years if rate == 0 else rate / -np.expm1(-years * np.log1p(rate))
    return factor


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
    never off; `available`, shape (n, periods), is the part of the capacity that may run in each period. `steps` are the
    sizes of the builds.

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
    steps: Steps
    recipe_unit: Ints
    recipe_commodity: Ints
    recipe_coefficient: Floats


def units_of(dataset: Dataset, places: Places) -> Units:
    """Return all units of a dataset: its facilities, and a build wherever one is allowed."""
    processes, facilities = dataset["processes"], dataset["facilities"]
    options = _build_options(dataset, places)
    standing, new = len(facilities), len(options)
    built, at = options["process"].to_numpy(int), options["site"].to_numpy(int)
    process = np.concatenate([positions(facilities["process"], places.processes), built])
    site = np.concatenate([positions(facilities["site"], places.sites), at])
    steps = _steps(dataset, options.assign(unit=np.arange(standing, standing + new)))
    capacity = np.concatenate([facilities["capacity"].to_numpy(float), np.zeros(new)])
    np.maximum.at(capacity, steps.unit, steps.most)
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
        available=_availability(dataset, places, process, site),
        steps=steps,
        recipe_unit=unit,
        recipe_commodity=positions(rows["commodity"], places.commodities)[row],
        recipe_coefficient=rows["coefficient"].to_numpy(float)[row],
    )


def _build_options(dataset: Dataset, places: Places) -> pd.DataFrame:
    """Return the allowed builds: process, site (indices), most (activity a year) and capex factor."""
    buildable = np.flatnonzero(dataset["processes"]["buildable"].to_numpy(bool))
    if not dataset.settings.allow_builds:
        buildable = buildable[:0]
    if "build_options" in dataset.given:
        rows = dataset["build_options"]
        options = pd.DataFrame(
            {
                "process": positions(rows["process"], places.processes),
                "site": positions(rows["site"], places.sites),
                "most": rows["max_capacity"].fillna(np.inf).to_numpy(float),
                "factor": rows["capex_factor"].to_numpy(float),
            }
        )
        options = options[options["process"].isin(buildable)]
    else:
        process, site = np.repeat(buildable, len(places.sites)), np.tile(np.arange(len(places.sites)), len(buildable))
        options = pd.DataFrame({"process": process, "site": site, "most": np.inf, "factor": 1.0})
    stepped = np.isin(options["process"], positions(dataset["sizes"]["process"], places.processes))
    public = places.owner[options["site"].to_numpy(int)] == PUBLIC
    possible: pd.DataFrame = options[~(stepped & public)]
    return possible.reset_index(drop=True)


def _steps(dataset: Dataset, options: pd.DataFrame) -> Steps:
    """Return the steps of the build options, which name their `unit`."""
    processes = dataset["processes"]
    figures = ["min_capacity", "max_capacity", "fixed_capex", "unit_capex"]
    sizes = dataset["sizes"][["process", "size", *figures]]
    whole = processes.loc[~processes["process"].isin(sizes["process"]), ["process", *figures]].assign(size="")
    table = pd.concat([whole, sizes], ignore_index=True) if len(sizes) else whole
    table = table.assign(process=positions(table["process"], processes["process"]))
    joined = options.merge(table, on="process", how="inner", sort=False)
    process = joined["process"].to_numpy(int)
    life = processes["lifetime_years"].to_numpy(float)[process]
    factor = joined["factor"].to_numpy(float)
    most = np.minimum(joined["max_capacity"].fillna(np.inf).to_numpy(float), joined["most"].to_numpy(float))
    least = joined["min_capacity"].to_numpy(float)
    possible = least <= most
    return Steps(
        unit=joined["unit"].to_numpy(int)[possible],
        size=joined["size"].to_numpy(object)[possible],
        least=least[possible],
        most=most[possible],
        fixed=(joined["fixed_capex"].to_numpy(float) * factor)[possible],
        unit_cost=(joined["unit_capex"].to_numpy(float) * factor)[possible],
        annuity=annuity(dataset.settings.discount_rate, life)[possible],
    )


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

    `stated` is the signature (> 0) by (holder, commodity id): holders that state the same values share one; 0 states
    nothing. `values`, shape (signatures, properties), is NaN where a signature does not state the property. `limits`
    has the columns holder, commodity (ids), property (index), minimum, maximum (NaN = none).
    """

    properties: Texts
    stated: pd.Series
    values: Floats
    limits: pd.DataFrame

    def signature(self, holder: Ids, commodity: Ids) -> Ints:
        """Return the signature of each (holder, commodity) pair of ids."""
        if not len(self.stated):
            return np.zeros(len(holder), dtype=np.int64)
        keys = pd.MultiIndex.from_arrays([np.asarray(holder, object), np.asarray(commodity, object)])
        return np.asarray(self.stated.reindex(keys, fill_value=0).to_numpy(), dtype=np.int64)

    def limited(self, holder: Ids, commodity: Ids) -> Bools:
        """Return whether each (holder, commodity) pair of ids has a limit."""
        if not len(self.limits):
            return np.zeros(len(holder), dtype=bool)
        known = pd.MultiIndex.from_frame(self.limits[["holder", "commodity"]])
        keys = pd.MultiIndex.from_arrays([np.asarray(holder, object), np.asarray(commodity, object)])
        return np.asarray(keys.isin(known))


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
    if not len(rows):
        return Qualities(properties, pd.Series(dtype=np.int64), np.full((1, len(properties)), np.nan), limits)
    table = rows.pivot_table(index=["holder", "commodity"], columns="property", values="value", aggfunc="first")
    table = table.reindex(columns=range(len(properties)))
    distinct, inverse = np.unique(table.to_numpy(), axis=0, return_inverse=True, equal_nan=True)
    stated_by = pd.Series(np.asarray(inverse).ravel() + 1, index=table.index, dtype=np.int64)
    return Qualities(properties, stated_by, np.vstack([np.full((1, len(properties)), np.nan), distinct]), limits)
