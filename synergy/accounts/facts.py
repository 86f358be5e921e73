"""Cost figures of ends, units and builds from the tables: prices, opex, CO2, capex by size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.accounts.keys import MISSING, Bools, Floats, Ints, Texts, find, take, take_flag, take_text, texts
from synergy.accounts.links import annuity
from synergy.dataset.sheet import Dataset, Ids

# table that knows the ids of a kind of outlet or inlet, and its key
END_TABLES = {
    "offer": ("offers", "offer"),
    "need": ("needs", "need"),
    "facility": ("facilities", "facility"),
    "store": ("stores", "store"),
    "market": ("markets", "market"),
}
_STEP = ("min_capacity", "max_capacity", "fixed_capex", "unit_capex")


def rows_of_kind(dataset: Dataset, kinds: Ids, ids: Ids, kind: str) -> Ints:
    """Return the table row of each end of one kind, a key of `END_TABLES`; `MISSING` for ends of other kinds."""
    table, key = END_TABLES[kind]
    rows = find([ids], [dataset[table][key]])
    return np.where(texts(kinds) == kind, rows, MISSING)


def end_column(dataset: Dataset, kinds: Ids, ids: Ids, kind: str, column: str) -> Floats:
    """Return a numeric column for the ends of one kind, 0 for ends of other kinds, NaN for unknown ids."""
    rows = rows_of_kind(dataset, kinds, ids, kind)
    return np.where(texts(kinds) == kind, take(dataset[END_TABLES[kind][0]][column], rows), 0.0)


def split_build(ids: Ids) -> tuple[Texts, Texts]:
    """Split build ids ``<process>@<site>`` into process and site; site "" where there is no ``@``."""
    parts = pd.Series(texts(ids), dtype=object).map(lambda name: str(name).rpartition("@"))
    return texts([part[0] for part in parts]), texts([part[2] for part in parts])


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Figures of some facilities and builds, each array of shape (n,).

    `facility`, `process` and `site` are rows in `facilities` (`MISSING` for builds), `processes` and `sites`, `MISSING`
    where unknown; `opex` is money per unit of activity, NaN where unknown, `co2` t CO2 per unit of activity.
    """

    facility: Ints
    process: Ints
    site: Ints
    opex: Floats
    co2: Floats


def unit_facts(dataset: Dataset, kinds: Ids, ids: Ids) -> UnitFacts:
    """Return the figures of some units from the tables.

    By kind and id, shape (n,): ``facility`` and a facility's id, or ``build`` and ``<process>@<site>``.
    """
    facilities, processes = dataset["facilities"], dataset["processes"]
    facility = rows_of_kind(dataset, kinds, ids, "facility")
    build_process, build_site = split_build(ids)
    new = texts(kinds) == "build"
    process_id = np.where(new, build_process, take_text(facilities["process"], facility))
    site_id = np.where(new, build_site, take_text(facilities["site"], facility))
    process = find([process_id], [processes["process"]])
    stated = take(facilities["opex"], facility)
    return UnitFacts(
        facility=facility,
        process=process,
        site=find([site_id], [dataset["sites"]["site"]]),
        opex=np.where(np.isnan(stated), take(processes["opex"], process), stated),
        co2=take(processes["co2"], process),
    )


@dataclass(frozen=True, slots=True)
class StepFacts:
    """Figures of some new builds, each array of shape (n,).

    `least` and `most` bound the yearly capacity (activity a year; `most` may be infinite). `fixed` is the fixed capex
    (money), `unit` capex per yearly capacity, both with the site's factor; `factor` is the annuity per unit of capex.
    `allowed`: buildable here, by this step, under the settings.
    """

    least: Floats
    most: Floats
    fixed: Floats
    unit: Floats
    factor: Floats
    allowed: Bools


def step_facts(dataset: Dataset, process: Ids, site: Ids, size: Ids) -> StepFacts:
    """Return the figures of builds of a process at a site by a step of scale, from the tables.

    Ids have shape (n,), size "" where the process has no `sizes`. Figures are NaN where process or step are unknown.
    """
    processes, sizes, options = dataset["processes"], dataset["sizes"], dataset["build_options"]
    row = find([process], [processes["process"]])
    step = find([process, size], [sizes["process"], sizes["size"]])
    option = find([process, site], [options["process"], options["site"]])
    place = find([site], [dataset["sites"]["site"]])
    stepped = np.isin(texts(process), texts(sizes["process"]))
    figures = {name: np.where(stepped, take(sizes[name], step), take(processes[name], row)) for name in _STEP}
    factor = take(options["capex_factor"], option, 1.0)
    most = np.fmin(figures["max_capacity"], take(options["max_capacity"], option))
    public = take_text(dataset["sites"]["enterprise"], place) == ""
    optional = option != MISSING if "build_options" in dataset.given else np.ones(len(row), bool)
    buildable = take_flag(processes["buildable"], row)
    known = np.where(stepped, (step != MISSING) & ~public, texts(size) == "")
    return StepFacts(
        least=figures["min_capacity"],
        most=np.where(np.isnan(most), np.inf, most),
        fixed=figures["fixed_capex"] * factor,
        unit=figures["unit_capex"] * factor,
        factor=annuity(dataset.settings.discount_rate, take(processes["lifetime_years"], row)),
        allowed=buildable & optional & known & (place != MISSING) & dataset.settings.allow_builds,
    )
