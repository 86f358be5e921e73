"""Ledger: accounts of a plan, one row per flow, run, level, build and link, signed as in the value.

``ledger(dataset, decisions)`` gives a `Ledger` of five frames aligned with those of the `Decisions` (same index), and
their sums; ``value(dataset, decisions)`` and ``co2(dataset, decisions)`` are these alone. Every column of money is
signed as it enters the value: revenue positive, cost negative; ``net`` is their sum.

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

from synergy.accounts.facts import end_column, link_facts, take, unit_facts
from synergy.dataset.sheet import Dataset
from synergy.formulas import annuity
from synergy.network.places import positions
from synergy.plan import Decisions

LINK = ("from_site", "to_site", "commodity", "mode")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Money (a year, signed as in the value) and t CO2 (a year) of each row of a plan, by the decisions' indices.

    `value` is the sum of all ``net`` columns in money a year, `co2` the emissions of processes, transport and disposal
    in t CO2 a year.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame
    builds: pd.DataFrame
    links: pd.DataFrame
    value: float
    co2: float


def ledger(dataset: Dataset, decisions: Decisions) -> Ledger:
    """Return the accounts of a plan at the dataset's prices, costs, emissions, discount rate and carbon price."""
    flows, builds = _flow_accounts(dataset, decisions.flows), _build_accounts(dataset, decisions.builds)

    run = unit_facts(dataset, decisions.runs["kind"], decisions.runs["id"])
    activity, price = decisions.runs["activity"].to_numpy(float), dataset.settings.carbon_price
    opex, carbon, emitted = -run.opex * activity, -price * run.co2 * activity, run.co2 * activity
    table = {"opex": opex, "carbon": carbon, "net": opex + carbon, "co2": emitted}
    runs = pd.DataFrame(table | {"per_activity": -run.opex - price * run.co2}, index=decisions.runs.index)

    held, stores = decisions.levels, dataset["stores"]
    rate = -take(stores["hold_cost"], positions(held["store"], stores["store"]))
    hold = rate * held["level"].to_numpy(float)
    levels = pd.DataFrame({"hold": hold, "net": hold, "per_level": rate}, index=held.index)

    link = link_facts(dataset, *[decisions.links[name] for name in LINK])
    table = {"km": link.km, "capex": link.capex, "annual": link.annual, "net": -link.annual}
    links = pd.DataFrame(table, index=decisions.links.index)

    value = float(sum(frame["net"].sum() for frame in (flows, runs, levels, builds, links)))
    return Ledger(flows, runs, levels, builds, links, value, float(flows["co2"].sum() + runs["co2"].sum()))


def value(dataset: Dataset, decisions: Decisions) -> float:
    """Return the value of a plan, in money a year."""
    return ledger(dataset, decisions).value


def co2(dataset: Dataset, decisions: Decisions) -> float:
    """Return the emissions of a plan, in t CO2 a year."""
    return ledger(dataset, decisions).co2


def _flow_accounts(dataset: Dataset, flows: pd.DataFrame) -> pd.DataFrame:
    """Return the accounts of flows, with their rates by what leaves and by what arrives."""
    kind, ids = flows["inlet_kind"].to_numpy(object), flows["inlet_id"]
    origin, origin_id = flows["outlet_kind"], flows["outlet_id"]
    facts = link_facts(dataset, *[flows[name] for name in LINK])
    commodities = dataset["commodities"]
    commodity = positions(flows["commodity"], commodities["commodity"])
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
    table |= {"net": np.sum(list(table.values()), axis=0), "co2": emitted * quantity}
    rates = {"per_quantity": leaving, "per_arrived": arriving}
    table |= {name: np.sum(list(parts.values()), axis=0) for name, parts in rates.items()}
    return pd.DataFrame(table, index=flows.index)


def _build_accounts(dataset: Dataset, builds: pd.DataFrame) -> pd.DataFrame:
    """Return capex and annuity of builds from their capacities; NaN where process or step of scale are unknown."""
    processes, sizes, options = dataset["processes"], dataset["sizes"], dataset["build_options"]
    process = builds["process"]
    row = positions(process, processes["process"])
    step = positions((process, builds["size"]), (sizes["process"], sizes["size"]))
    option = positions((process, builds["site"]), (options["process"], options["site"]))
    stepped = np.isin(process.to_numpy(object), sizes["process"].to_numpy(object))
    fixed, unit = (
        np.where(stepped, take(sizes[name], step), take(processes[name], row)) for name in ("fixed_capex", "unit_capex")
    )
    factor = take(options["capex_factor"], option, 1.0)
    capex = fixed * factor + unit * factor * builds["capacity"].to_numpy(float)
    annual = capex * annuity(dataset.settings.discount_rate, take(processes["lifetime_years"], row))
    return pd.DataFrame({"capex": capex, "annual": annual, "net": -annual}, index=builds.index)
