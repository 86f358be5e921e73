"""Catalogue: processes with recipes, steps of scale and existing units, and regional supply by commodity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

import numpy as np

from synergy.dataset.sheet import Dataset
from synergy.formulas import annuity
from synergy.proposals.names import owners


@dataclass(frozen=True, slots=True)
class ScaleStep:
    """A step of scale: capex is ``fixed + unit * capacity`` for a capacity (activity a year) from `least` to `most`."""

    size: str
    least: float
    most: float
    fixed: float
    unit: float


@dataclass(frozen=True, slots=True)
class ExistingUnit:
    """An existing unit; `owner` is an enterprise, or "@" and the site of a public place."""

    facility: str
    site: str
    owner: str
    capacity: float


@dataclass(frozen=True, slots=True)
class New:
    """New units for some activity: their step, number, capacity (activity a year) and capex (money)."""

    process: str
    size: str
    count: int
    capacity: float
    capex: float


@dataclass(frozen=True, slots=True)
class Technology:
    """A process of the catalogue.

    Parameters
    ----------
    recipe : mapping of str to float
        Units of each commodity per activity, > 0 made, < 0 used.
    opex, standing_opex : float
        Money per activity with carbon at its price: of a new unit, and of existing ones (by capacity).
    annuity : float
        Yearly payment on one unit of capex.
    steps : tuple of ScaleStep
        Empty where it may not be built.
    facilities : tuple of ExistingUnit
        Largest first.
    policy_min : float or None
        Least size that policy allows, activity a year.
    """

    process: str
    recipe: Mapping[str, float]
    opex: float
    standing_opex: float
    annuity: float
    steps: tuple[ScaleStep, ...]
    facilities: tuple[ExistingUnit, ...]
    policy_min: float | None

    @property
    def possible(self) -> bool:
        """Return whether the process has existing units or may be built."""
        return bool(self.steps or self.facilities)

    def new(self, activity: float) -> New:
        """Return the cheapest new units for an activity a year, all of one step and at least its least size.

        Their capex is infinite if the process may not be built.
        """
        best = New(self.process, "", 0, 0.0, inf)
        for step in self.steps:
            count = max(1, ceil(activity / step.most * (1 - 1e-12))) if step.most < inf else 1
            capacity = max(activity, count * step.least)
            capex = count * step.fixed + step.unit * capacity
            if capex < best.capex:
                best = New(self.process, step.size, count, capacity, capex)
        return best


def catalogue_of(dataset: Dataset) -> dict[str, Technology]:
    """Return the processes of a dataset by id, with the builds allowed and the carbon price of its settings."""
    processes, recipes = dataset["processes"], dataset["recipes"]
    carbon, factor = dataset.settings.carbon_price, _factors(dataset)
    yearly = annuity(dataset.settings.discount_rate, processes["lifetime_years"].to_numpy(float))
    recipe: dict[str, dict[str, float]] = {process: {} for process in processes["process"]}
    for process, commodity, size in zip(*(recipes[name] for name in recipes.columns[:3]), strict=True):
        if size:
            recipe[process][commodity] = float(size)
    found, owner = {}, owners(dataset).to_dict()
    for row, part in zip(processes.to_dict("records"), yearly.tolist(), strict=True):
        process = str(row["process"])
        here = dataset["facilities"][dataset["facilities"]["process"] == process]
        here = here.sort_values("capacity", ascending=False, kind="stable")
        capacity, opex = here["capacity"].to_numpy(float), here["opex"].fillna(row["opex"]).to_numpy(float)
        mean = float(opex @ capacity / capacity.sum()) if capacity.sum() > 0 else float(row["opex"])
        units = zip(here["facility"], here["site"], capacity.tolist(), strict=True)
        policy = float(row["policy_min"])
        found[process] = Technology(
            process=process,
            recipe=recipe[process],
            opex=float(row["opex"]) + carbon * float(row["co2"]),
            standing_opex=mean + carbon * float(row["co2"]),
            annuity=part,
            steps=_steps(dataset, process, factor[process]) if process in factor else (),
            facilities=tuple(ExistingUnit(str(name), str(site), owner[site], size) for name, site, size in units),
            policy_min=None if np.isnan(policy) else policy,
        )
    return found


def _factors(dataset: Dataset) -> dict[str, float]:
    """Return the least capex factor of each process that may be built somewhere."""
    processes = dataset["processes"]
    buildable = set(processes.loc[processes["buildable"].to_numpy(bool), "process"])
    if not dataset.settings.allow_builds:
        return {}
    if "build_options" not in dataset.given:
        return dict.fromkeys(buildable, 1.0)
    options = dataset["build_options"]
    least = options.groupby("process")["capex_factor"].min()
    return {str(process): float(factor) for process, factor in least.items() if process in buildable}


def _steps(dataset: Dataset, process: str, factor: float) -> tuple[ScaleStep, ...]:
    """Return the steps of scale of a process, or its own four figures as the only step."""
    sizes, own = (table[table["process"] == process] for table in (dataset["sizes"], dataset["processes"]))
    rows = (sizes if len(sizes) else own.assign(size="")).to_dict("records")
    return tuple(
        ScaleStep(
            size=str(row["size"]),
            least=float(row["min_capacity"]),
            most=inf if np.isnan(row["max_capacity"]) else float(row["max_capacity"]),
            fixed=float(row["fixed_capex"]) * factor,
            unit=float(row["unit_capex"]) * factor,
        )
        for row in rows
    )


def holdings(dataset: Dataset, catalogue: Mapping[str, Technology]) -> Mapping[str, Mapping[str, float]]:
    """Return the regional supply: units a year of each commodity by owner, from offers and existing units.

    Units count at full capacity, less what `availability` takes away.
    """
    owner, share = owners(dataset).to_dict(), dict(zip(dataset["periods"]["period"], dataset.shares, strict=True))
    held: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    offers = dataset["offers"]
    for site, commodity, quantity in zip(offers["site"], offers["commodity"], offers["quantity"], strict=True):
        held[commodity][owner[site]] += float(quantity)
    left: defaultdict[tuple[str, str], float] = defaultdict(lambda: 1.0)
    rows = dataset["availability"]
    for holder, period, factor in zip(rows["holder"], rows["period"], rows["factor"], strict=True):
        left[holder, period] *= float(factor)
    for technology in catalogue.values():
        for unit in technology.facilities:
            names = (unit.facility, technology.process, unit.owner)
            part = sum(size * np.prod([left[name, when] for name in names]) for when, size in share.items())
            for commodity, coefficient in technology.recipe.items():
                if coefficient > 0:
                    held[commodity][unit.owner] += unit.capacity * float(part) * coefficient
    return held
