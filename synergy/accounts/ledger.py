"""Ledger: accounts of a plan, one row per flow, run, level, build and link, signed as in the value.

``ledger(dataset, decisions)`` gives a `Ledger` of five frames aligned with those of the `Decisions` (same index);
``value(dataset, decisions)`` and ``co2(dataset, decisions)`` are its sums. Every column of money is signed as it enters
the value: revenue positive, cost negative; ``net`` is their sum.

========  =====================================================================================
frame     columns
========  =====================================================================================
flows     need, sale, purchase, offer, disposal, charge, transport, carbon, net, co2;
          per_quantity, per_arrived with net = per_quantity * quantity + per_arrived * arrived
runs      opex, carbon, net, co2; per_activity
levels    hold, net; per_level
builds    capex, annual, net; annual = annuity of capex, net = -annual
links     km, capex, annual, net
========  =====================================================================================

Figures of unknown ids are NaN; quantities are used as given, without checks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.accounts.facts import Floats, annuity, end_column, find, link_facts, take, texts, unit_facts
from synergy.dataset.sheet import Dataset
from synergy.plan import Decisions


@dataclass(frozen=True, slots=True)
class Ledger:
    """Money (a year, signed as in the value) and t CO2 (a year) of each row of a plan, by the decisions' indices."""

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame
    builds: pd.DataFrame
    links: pd.DataFrame

    @property
    def value(self) -> float:
        """Return the value in money a year: the sum of all ``net`` columns."""
        return float(sum(frame["net"].sum() for frame in self.frames))

    @property
    def turnover(self) -> float:
        """Return the sum of the absolute ``net`` columns: the reference for tolerances on the value."""
        return float(sum(frame["net"].abs().sum() for frame in self.frames))

    @property
    def co2(self) -> float:
        """Return the emissions of processes, transport and disposal, in t CO2 a year."""
        return float(self.flows["co2"].sum() + self.runs["co2"].sum())

    @property
    def capex(self) -> float:
        """Return the undiscounted capex of builds and links, in money."""
        return float(self.builds["capex"].sum() + self.links["capex"].sum())

    @property
    def frames(self) -> tuple[pd.DataFrame, ...]:
        """Return the five frames in the order of the plan document."""
        return (self.flows, self.runs, self.levels, self.builds, self.links)


def ledger(dataset: Dataset, decisions: Decisions) -> Ledger:
    """Return the accounts of a plan at the dataset's prices, costs, emissions, discount rate and carbon price."""
    return Ledger(
        flows=_flow_accounts(dataset, decisions.flows),
        runs=_run_accounts(dataset, decisions.runs),
        levels=_level_accounts(dataset, decisions.levels),
        builds=_build_accounts(dataset, decisions.builds),
        links=_link_accounts(dataset, decisions.links),
    )


def value(dataset: Dataset, decisions: Decisions) -> float:
    """Return the value of a plan, in money a year."""
    return ledger(dataset, decisions).value


def co2(dataset: Dataset, decisions: Decisions) -> float:
    """Return the emissions of a plan, in t CO2 a year."""
    return ledger(dataset, decisions).co2


def _flow_accounts(dataset: Dataset, flows: pd.DataFrame) -> pd.DataFrame:
    kind, ids = texts(flows["inlet_kind"]), flows["inlet_id"]
    origin, origin_id = texts(flows["outlet_kind"]), flows["outlet_id"]
    facts = link_facts(dataset, *[flows[name] for name in ("from_site", "to_site", "commodity", "mode")])
    commodities = dataset["commodities"]
    commodity = find([flows["commodity"]], [commodities["commodity"]])
    disposed = kind == "disposal"
    emitted = facts.co2 + np.where(disposed, take(commodities["disposal_co2"], commodity), 0.0)
    leaving = {
        "purchase": -end_column(dataset, origin, origin_id, "market", "price"),
        "offer": np.where(disposed, 0.0, -end_column(dataset, origin, origin_id, "offer", "price")),
        "disposal": np.where(disposed, -take(commodities["disposal_cost"], commodity), 0.0),
        "transport": -facts.cost,
        "carbon": -dataset.settings.carbon_price * emitted,
    }
    arriving = {
        "need": end_column(dataset, kind, ids, "need", "price"),
        "sale": end_column(dataset, kind, ids, "market", "price"),
        "charge": -end_column(dataset, kind, ids, "store", "charge_cost"),
    }
    quantity, arrived = (flows[name].to_numpy(float) for name in ("quantity", "arrived"))
    columns = {name: rate * arrived for name, rate in arriving.items()}
    columns |= {name: rate * quantity for name, rate in leaving.items()}
    order = ("need", "sale", "purchase", "offer", "disposal", "charge", "transport", "carbon")
    table = {name: columns[name] for name in order}
    table |= {"net": _total(table), "co2": emitted * quantity}
    table |= {"per_quantity": _total(leaving), "per_arrived": _total(arriving)}
    return pd.DataFrame(table, index=flows.index)


def _run_accounts(dataset: Dataset, runs: pd.DataFrame) -> pd.DataFrame:
    facts = unit_facts(dataset, runs["kind"], runs["id"])
    activity = runs["activity"].to_numpy(float)
    price = dataset.settings.carbon_price
    table = {"opex": -facts.opex * activity, "carbon": -price * facts.co2 * activity}
    table |= {"net": _total(table), "co2": facts.co2 * activity}
    table |= {"per_activity": -facts.opex - price * facts.co2}
    return pd.DataFrame(table, index=runs.index)


def _level_accounts(dataset: Dataset, levels: pd.DataFrame) -> pd.DataFrame:
    stores = dataset["stores"]
    rate = -take(stores["hold_cost"], find([levels["store"]], [stores["store"]]))
    hold = rate * levels["level"].to_numpy(float)
    return pd.DataFrame({"hold": hold, "net": hold, "per_level": rate}, index=levels.index)


def _build_accounts(dataset: Dataset, builds: pd.DataFrame) -> pd.DataFrame:
    """Return capex and annuity of builds from their capacities; NaN where process or step of scale are unknown."""
    processes, sizes, options = dataset["processes"], dataset["sizes"], dataset["build_options"]
    process = builds["process"]
    row = find([process], [processes["process"]])
    step = find([process, builds["size"]], [sizes["process"], sizes["size"]])
    option = find([process, builds["site"]], [options["process"], options["site"]])
    stepped = np.isin(texts(process), texts(sizes["process"]))
    fixed, unit = (
        np.where(stepped, take(sizes[name], step), take(processes[name], row)) for name in ("fixed_capex", "unit_capex")
    )
    factor = take(options["capex_factor"], option, 1.0)
    capex = fixed * factor + unit * factor * builds["capacity"].to_numpy(float)
    annual = capex * annuity(dataset.settings.discount_rate, take(processes["lifetime_years"], row))
    return pd.DataFrame({"capex": capex, "annual": annual, "net": -annual}, index=builds.index)


def _link_accounts(dataset: Dataset, links: pd.DataFrame) -> pd.DataFrame:
    facts = link_facts(dataset, *[links[name] for name in ("from_site", "to_site", "commodity", "mode")])
    table = {"km": facts.km, "capex": facts.capex, "annual": facts.annual, "net": -facts.annual}
    return pd.DataFrame(table, index=links.index)


def _total(columns: dict[str, Floats]) -> Floats:
    """Return the sum of some columns."""
    total: Floats = np.sum(list(columns.values()), axis=0)
    return total
