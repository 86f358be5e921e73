"""A plan's frames as arrays of positions, with what the tables say of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.accounts.facts import UnitFacts, unit_facts
from synergy.accounts.keys import Bools, Floats, Ints, Texts, find, take_text, texts
from synergy.accounts.ledger import (
    Ledger,
    build_accounts,
    flow_accounts,
    level_accounts,
    link_accounts,
    run_accounts,
)
from synergy.accounts.links import LinkFacts, link_facts
from synergy.dataset.dataset import Dataset
from synergy.plan import Decisions
from synergy.scenario import Pattern
from synergy.verify.ends import Ends, ends_of

LINK_KEY = ("from_site", "to_site", "commodity", "mode")


@dataclass(frozen=True, slots=True)
class View:
    """Everything the rules ask about, computed once.

    Parameters
    ----------
    dataset, decisions
        The tables and the frames, rows numbered from 0.
    outlets, inlets : Ends
        The two ends of each flow.
    facts : LinkFacts
        What carries each flow.
    origin, target, commodity, period : numpy.ndarray of int64
        Rows of `sites`, `commodities` and `periods` of each flow; -1 where unknown.
    quantity, arrived : numpy.ndarray
        Units that leave and arrive.
    giver, taker : numpy.ndarray of str
        Enterprises at the two ends, "" at public places.
    peak : numpy.ndarray, shape (commodities + 1,)
        Largest quantity of each commodity that flows in the plan.
    units : UnitFacts
        What the tables say of each row of runs.
    ledger : Ledger
        Accounts of all rows.
    """

    dataset: Dataset
    decisions: Decisions
    outlets: Ends
    inlets: Ends
    facts: LinkFacts
    origin: Ints
    target: Ints
    commodity: Ints
    period: Ints
    quantity: Floats
    arrived: Floats
    giver: Texts
    taker: Texts
    peak: Floats
    units: UnitFacts
    ledger: Ledger

    @property
    def moves(self) -> Bools:
        """Whether each flow goes from one site to another."""
        moved: Bools = self.origin != self.target
        return moved

    @property
    def partnership(self) -> Bools:
        """Whether each flow is an exchange between two enterprises."""
        apart: Bools = (self.giver != self.taker) & (self.giver != "") & (self.taker != "")
        return apart

    def flow_name(self, row: int) -> str:
        """Return one flow in words."""
        flow = self.decisions.flows.iloc[row]
        ends = f"{flow['outlet_kind']} {flow['outlet_id']} > {flow['inlet_kind']} {flow['inlet_id']}".rstrip()
        way = f"{flow['from_site']}>{flow['to_site']}" + (f" by {flow['mode']}" if flow["mode"] else "")
        return f"flows[{row}] {ends} {flow['commodity']} {way} {flow['period']}"


def view_of(dataset: Dataset, decisions: Decisions) -> View:
    """Return the view of some decisions; what is unknown has position -1 and NaN money."""
    plain = Decisions(**{name: getattr(decisions, name).reset_index(drop=True) for name in Decisions.__slots__})
    flows = plain.flows
    facts = link_facts(dataset, *[flows[name] for name in LINK_KEY])
    sites = dataset["sites"]
    origin, target = (find([flows[name]], [sites["site"]]) for name in ("from_site", "to_site"))
    commodity = find([flows["commodity"]], [dataset["commodities"]["commodity"]])
    quantity, arrived = (flows[name].to_numpy(float) for name in ("quantity", "arrived"))
    peak = np.zeros(len(dataset["commodities"]) + 1)
    np.maximum.at(peak, commodity, np.nan_to_num(quantity))
    accounts = Ledger(
        flows=flow_accounts(dataset, flows, facts),
        runs=run_accounts(dataset, plain.runs),
        levels=level_accounts(dataset, plain.levels),
        builds=build_accounts(dataset, plain.builds),
        links=link_accounts(dataset, plain.links),
    )
    return View(
        dataset=dataset,
        decisions=plain,
        outlets=ends_of(dataset, flows, "outlet"),
        inlets=ends_of(dataset, flows, "inlet"),
        facts=facts,
        origin=origin,
        target=target,
        commodity=commodity,
        period=find([flows["period"]], [dataset["periods"]["period"]]),
        quantity=quantity,
        arrived=arrived,
        giver=take_text(sites["enterprise"], origin),
        taker=take_text(sites["enterprise"], target),
        peak=peak,
        units=unit_facts(dataset, plain.runs["kind"], plain.runs["id"]),
        ledger=accounts,
    )


def matching(view: View, pattern: Pattern, frame: pd.DataFrame) -> Bools:
    """Return which rows of a frame with the two sites and the commodity a pattern of the scenario means."""
    sites = view.dataset["sites"]
    ends = [texts(frame[name]) for name in ("from_site", "to_site")]
    firms = [take_text(sites["enterprise"], find([end], [sites["site"]])) for end in ends]
    wanted: tuple[tuple[str | None, Any], ...] = (
        (pattern.from_site, ends[0]),
        (pattern.to_site, ends[1]),
        (pattern.from_enterprise, firms[0]),
        (pattern.to_enterprise, firms[1]),
        (pattern.commodity, texts(frame["commodity"])),
    )
    hit: Bools = ends[0] != ends[1]
    for name, column in wanted:
        if name is not None:
            hit = hit & (column == name)
    return hit
