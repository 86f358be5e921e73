"""Units: facilities that stand and builds that may, with their steps of scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.literal.scope import Floats, Ints, Scope, annuity, positions

UNIT_COLUMNS = ("kind", "id", "process", "site", "capacity", "min_load", "must_run", "opex", "co2")
STEP_COLUMNS = ("unit", "subject", "minimum", "maximum", "fixed", "variable", "annuity")


@dataclass(frozen=True, slots=True)
class Units:
    """What runs: facilities first, then builds.

    Parameters
    ----------
    frame : pandas.DataFrame
        `UNIT_COLUMNS`; capacity is NaN for builds, capex is on their steps.
    able : ndarray, units x periods
        share(t) * availability: what a unit of yearly capacity can do in the period.
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
        """Positions of units that are off or at their least load."""
        loaded = self.frame["min_load"].to_numpy() > 0
        return np.flatnonzero(loaded & ~self.frame["must_run"].to_numpy(dtype=bool))


def units_of(scope: Scope) -> Units:
    """Return all units of a scope."""
    facilities, (builds, steps) = _facilities(scope), _builds(scope)
    frame = pd.concat([facilities, builds], ignore_index=True)
    steps = steps.assign(unit=steps["unit"] + len(facilities))
    able = _availability(scope, frame) * scope.shares
    capacity = frame["capacity"].fillna(0.0).to_numpy(dtype=float).copy()
    np.maximum.at(capacity, steps["unit"].to_numpy(), steps["maximum"].to_numpy(dtype=float))
    return Units(frame, able, most_of(capacity, able), steps)


def most_of(capacity: Floats, able: Floats) -> Floats:
    """Return units x periods of greatest activity; nothing where nothing is available."""
    with np.errstate(invalid="ignore"):
        most: Floats = np.where(able > 0, capacity[:, None] * able, 0.0)
    return most


def _facilities(scope: Scope) -> pd.DataFrame:
    """Return the facilities with the part of each capacity that the coalition has."""
    frame = scope.here("facilities")
    process = scope.dataset["processes"].set_index("process").loc[frame["process"]]
    own = frame["opex"].to_numpy(dtype=float)
    frame = frame.assign(
        kind="facility",
        id=frame["facility"],
        capacity=frame["capacity"] * scope.column("part")[frame["site"]],
        opex=np.where(np.isnan(own), process["opex"].to_numpy(), own),
        co2=process["co2"].to_numpy(),
    )
    return frame[list(UNIT_COLUMNS)]


def _builds(scope: Scope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the builds that may be, and their steps of scale by position of the build."""
    processes = scope.dataset["processes"]
    processes = processes[processes["buildable"] & scope.builds]
    sites = pd.DataFrame({"site": np.arange(len(scope.sites))})
    if "build_options" in scope.dataset.given:
        options = scope.here("build_options")
    else:
        options = processes[["process"]].merge(sites, how="cross").assign(max_capacity=np.nan, capex_factor=1.0)
    sizes = scope.dataset["sizes"]
    options = options[options["process"].isin(processes["process"])]
    stepped = options["process"].isin(sizes["process"]).to_numpy()
    options = options[~(stepped & scope.column("public")[options["site"]])].reset_index(drop=True)
    process = processes.set_index("process").loc[options["process"]].reset_index()
    ids = options["process"] + "@" + scope.place(options["site"].to_numpy())
    frame = options.assign(
        kind="build", id=ids, capacity=np.nan, min_load=0.0, must_run=False, opex=process["opex"], co2=process["co2"]
    )
    return frame[list(UNIT_COLUMNS)], _steps(scope, frame, process)


def _steps(scope: Scope, builds: pd.DataFrame, process: pd.DataFrame) -> pd.DataFrame:
    """Return the sizes each build may have: the process's own four figures, or its steps of scale."""
    four = ["min_capacity", "max_capacity", "fixed_capex", "unit_capex"]
    sizes = scope.dataset["sizes"]
    base = builds[["process", "site", "id", "max_capacity", "capex_factor"]].rename(columns={"max_capacity": "here"})
    base = base.assign(unit=np.arange(len(base)), years=process["lifetime_years"], subject=base["id"])
    stepped = base["process"].isin(sizes["process"])
    plain = pd.concat([base, process[four]], axis=1)[~stepped]
    steps = base[stepped].merge(sizes[["process", "size", *four]], on="process")
    both = pd.concat([plain, steps.assign(subject=steps["id"] + "#" + steps["size"])], ignore_index=True)
    part = scope.column("part")[both["site"].to_numpy(dtype=int)]
    greatest = np.fmin(both["max_capacity"].to_numpy(dtype=float), both["here"].to_numpy(dtype=float))
    greatest = np.where(np.isnan(greatest), np.inf, greatest)
    factor = both["capex_factor"].to_numpy(dtype=float)
    both = both.assign(
        minimum=both["min_capacity"].astype(float),
        maximum=np.where(np.isinf(greatest), np.inf, np.where(np.isinf(greatest), 0.0, greatest) * part),
        fixed=both["fixed_capex"] * factor,
        variable=both["unit_capex"] * factor,
        annuity=annuity(scope.settings.discount_rate, both["years"].to_numpy(dtype=float)),
    )
    return both.sort_values("unit", kind="stable", ignore_index=True)[list(STEP_COLUMNS)]


def _availability(scope: Scope, frame: pd.DataFrame) -> Floats:
    """Return units x periods: the product of the factors of facility, process and enterprise."""
    table = scope.dataset["availability"]
    names = table["holder"].unique()
    factors = np.ones((len(names) + 1, len(scope.shares)))  # the last row stands for those without a factor
    factors[positions(names, table["holder"]), positions(scope.periods, table["period"])] = table["factor"]
    enterprise = positions(names, scope.owner(frame["site"].to_numpy()))
    own = np.where(frame["kind"] == "facility", positions(names, frame["id"]), -1)
    product: Floats = factors[own] * factors[positions(names, frame["process"])] * factors[enterprise]
    return product
