"""Units: existing facilities and candidate builds, with their steps of scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.literal.scope import CoalitionScope, Floats, Ints, annuity, named, pairs, positions

UNIT_COLUMNS = ("kind", "id", "process", "site", "capacity", "min_load", "must_run", "opex", "co2")
STEP_COLUMNS = ("unit", "subject", "minimum", "maximum", "fixed", "variable", "annuity")


@dataclass(frozen=True, slots=True)
class LiteralUnits:
    """Production units: facilities first, then builds.

    Parameters
    ----------
    frame : pandas.DataFrame
        `UNIT_COLUMNS`; capacity is NaN for builds, capex is on their steps.
    able : ndarray, units x periods
        share(t) * availability: activity of a unit of yearly capacity in the period.
    most : ndarray, units x periods
        Greatest activity, infinite where nothing states one.
    steps : pandas.DataFrame
        `STEP_COLUMNS`: each size a build may have: bounds of it (activity a year), capex fixed and per unit of it.
    """

    frame: pd.DataFrame
    able: Floats
    most: Floats
    steps: pd.DataFrame

    @property
    def switched(self) -> Ints:
        """Positions of units with an on/off binary: those with a minimum load that need not run."""
        loaded = self.frame["min_load"].to_numpy() > 0
        return np.flatnonzero(loaded & ~self.frame["must_run"].to_numpy(dtype=bool))


def units_of(scope: CoalitionScope) -> LiteralUnits:
    """Return all units of a scope."""
    facilities, (builds, steps) = _facilities(scope), _builds(scope)
    frame = pd.concat([facilities, builds], ignore_index=True)
    steps = steps.assign(unit=steps["unit"] + len(facilities))
    able = _availability(scope, frame) * scope.shares
    capacity = frame["capacity"].fillna(0.0).to_numpy(dtype=float).copy()
    np.maximum.at(capacity, steps["unit"].to_numpy(), steps["maximum"].to_numpy(dtype=float))
    return LiteralUnits(frame, able, most_of(capacity, able), steps)


def most_of(capacity: Floats, able: Floats) -> Floats:
    """Return units x periods of greatest activity; nothing where nothing is available."""
    with np.errstate(invalid="ignore"):
        most: Floats = np.where(able > 0, capacity[:, None] * able, 0.0)
    return most


def _facilities(scope: CoalitionScope) -> pd.DataFrame:
    """Return the facilities with the part of each capacity that the coalition has."""
    frame, processes = scope.here("facilities"), scope.dataset["processes"]
    process = positions(processes["process"], frame["process"])
    own = frame["opex"].to_numpy(dtype=float)
    columns = {
        "kind": "facility",
        "id": frame["facility"],
        "process": frame["process"],
        "site": frame["site"],
        "capacity": frame["capacity"].to_numpy(dtype=float) * scope.column("part")[frame["site"]],
        "min_load": frame["min_load"],
        "must_run": frame["must_run"],
        "opex": np.where(np.isnan(own), processes["opex"].to_numpy(dtype=float)[process], own),
        "co2": processes["co2"].to_numpy(dtype=float)[process],
    }
    return pd.DataFrame(columns, columns=list(UNIT_COLUMNS), index=frame.index)


def _builds(scope: CoalitionScope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the candidate builds, and their steps of scale by position of the build."""
    processes = scope.dataset["processes"]
    names = processes["process"].to_numpy(dtype=object)
    buildable = np.flatnonzero(processes["buildable"].to_numpy(dtype=bool) & scope.builds)
    if "build_options" in scope.dataset.given:
        options = scope.here("build_options")
        process, site = positions(names, options["process"]), options["site"].to_numpy(dtype=np.int64)
        most, factor = (options[name].to_numpy(dtype=float) for name in ("max_capacity", "capex_factor"))
    else:
        at, site = (part.ravel() for part in np.indices((len(buildable), len(scope.sites))))
        process = buildable[at]
        most, factor = np.full(len(site), np.nan), np.ones(len(site))
    stepped = np.isin(names, scope.dataset["sizes"]["process"].to_numpy(dtype=object))
    allowed = np.isin(process, buildable) & ~(stepped[process] & scope.column("public")[site])
    process, site = process[allowed], site[allowed]
    opex, co2 = (processes[name].to_numpy(dtype=float)[process] for name in ("opex", "co2"))
    columns = {
        "kind": "build",
        "id": named(names, process) + "@" + scope.place(site),
        "process": names[process],
        "site": site,
        "capacity": np.nan,
        "min_load": 0.0,
        "must_run": False,
        "opex": opex,
        "co2": co2,
    }
    frame = pd.DataFrame(columns, columns=list(UNIT_COLUMNS))
    return frame, _steps(scope, (process, site, most[allowed], factor[allowed]), frame["id"])


def _steps(scope: CoalitionScope, builds: tuple[Ints, Ints, Floats, Floats], ids: pd.Series[str]) -> pd.DataFrame:
    """Return the sizes each build may have: the process's own four figures, or its steps of scale.

    `builds` has the process and site (positions), greatest capacity (NaN: none is stated) and factor of capex of each.
    """
    process, site, here, factor = builds
    processes, sizes = scope.dataset["processes"], scope.dataset["sizes"]
    plain = np.flatnonzero(~np.isin(process, positions(processes["process"], sizes["process"])))
    stepped, size = pairs(process, positions(processes["process"], sizes["process"]))
    unit = np.concatenate([plain, stepped])
    order = np.argsort(unit, kind="stable")
    unit = unit[order]

    def of(name: str) -> Floats:
        own, steps = (table[name].to_numpy(dtype=float) for table in (processes, sizes))
        return np.concatenate([own[process[plain]], steps[size]])[order]

    greatest = np.fmin(of("max_capacity"), here[unit])
    part = scope.column("part")[site[unit]]
    years = processes["lifetime_years"].to_numpy(dtype=float)[process[unit]]
    step = np.concatenate([np.full(len(plain), ""), ("#" + sizes["size"]).to_numpy(dtype=object)[size]])[order]
    columns = {
        "unit": unit,
        "subject": named(ids, unit) + named(step, np.arange(len(step))),
        "minimum": of("min_capacity"),
        "maximum": np.where(np.isnan(greatest), np.inf, greatest * part),
        "fixed": of("fixed_capex") * factor[unit],
        "variable": of("unit_capex") * factor[unit],
        "annuity": annuity(scope.settings.discount_rate, years),
    }
    return pd.DataFrame(columns, columns=list(STEP_COLUMNS))


def _availability(scope: CoalitionScope, frame: pd.DataFrame) -> Floats:
    """Return units x periods: the product of the factors of facility, process and enterprise."""
    table = scope.dataset["availability"]
    names = table["holder"].unique()
    factors = np.ones((len(names) + 1, len(scope.shares)))  # the last row stands for those without a factor
    factors[positions(names, table["holder"]), positions(scope.periods, table["period"])] = table["factor"]
    enterprise = positions(names, scope.owner(frame["site"].to_numpy()))
    own = np.where(frame["kind"] == "facility", positions(names, frame["id"]), -1)
    product: Floats = factors[own] * factors[positions(names, frame["process"])] * factors[enterprise]
    return product
