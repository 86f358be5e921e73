"""Books: the rows of a plan beside their terms in the literal model, computed without the engine's ledger."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import numpy as np

from synergy.dataset.sheet import Dataset, Ids
from synergy.literal.point import point_of
from synergy.literal.scope import Flags, Floats, Texts, Variant, positions
from synergy.literal.value import emissions, worth
from synergy.plan import Decisions

LINK_KEY = ("from_site", "to_site", "commodity", "mode")


def texts(column: Ids) -> Texts:
    """Return a column of ids as an array of strings."""
    return np.asarray(column, dtype=object)


class Books:
    """Derived quantities of a plan that the checks use.

    Its members and variant name the contract's problem by which it is judged; all enterprises together by default.
    `point` is the plan as a point of the literal model; `quantity` and `arrived` are the quantities of each flow sent
    and received, as stated in the plan; `moves` flags flows from one site to another.
    """

    def __init__(
        self,
        dataset: Dataset,
        decisions: Decisions,
        members: Collection[str] | None = None,
        variant: Variant = Variant.ROUND,
    ) -> None:
        frames = {name: getattr(decisions, name).reset_index(drop=True) for name in Decisions.__slots__}
        self.dataset, self.decisions = dataset, Decisions(**frames)
        self.point = point_of(dataset, self.decisions, members, variant)
        flows = self.decisions.flows
        self.quantity, self.arrived = (flows[name].to_numpy(float) for name in ("quantity", "arrived"))
        self.moves: Flags = texts(flows["from_site"]) != texts(flows["to_site"])

    def owner(self, sites: Ids) -> Texts:
        """Return the enterprise of each site, "" for public places and unknown sites."""
        table = self.dataset["sites"]
        return np.append(texts(table["enterprise"]), "")[positions(table["site"], sites)]

    @cached_property
    def giver(self) -> Texts:
        """Return the enterprise whose site each flow leaves."""
        return self.owner(self.decisions.flows["from_site"])

    @cached_property
    def taker(self) -> Texts:
        """Return the enterprise whose site each flow reaches."""
        return self.owner(self.decisions.flows["to_site"])

    @property
    def partnership(self) -> Flags:
        """Return whether each flow is an exchange between two enterprises."""
        apart: Flags = (self.giver != self.taker) & (self.giver != "") & (self.taker != "")
        return apart

    @cached_property
    def km(self) -> Floats:
        """Return the route length of each flow, NaN if it is unknown."""
        parts, km = self.point.parts, np.full(len(self.quantity), np.nan)
        kept = self.point.flow >= 0
        km[kept] = parts.routes["km"].to_numpy(float)[parts.exchanges.route[self.point.flow[kept]]]
        return km

    @cached_property
    def money(self) -> Floats:
        """Return the money a year of each column of the model; the sum is the value."""
        money: Floats = worth(self.point.parts) * self.point.x
        return money

    @cached_property
    def co2(self) -> Floats:
        """Return the emission of each column of the model, in t a year."""
        emitted: Floats = emissions(self.point.parts) * self.point.x
        return emitted

    @cached_property
    def turnover(self) -> float:
        """Return the sum of absolute money terms, the scale for tolerances on sums."""
        return float(np.abs(self.money).sum())

    @cached_property
    def peak(self) -> Floats:
        """Return the largest quantity of each commodity that flows in the plan."""
        parts, peak = self.point.parts, np.zeros(len(self.dataset["commodities"]))
        np.maximum.at(peak, parts.commodity(), self.point.x[: len(parts.exchanges)])
        return peak

    def named(self, row: int) -> str:
        """Return a text that identifies one flow."""
        flow = self.decisions.flows.iloc[row]
        ends = f"{flow['outlet_kind']} {flow['outlet_id']} > {flow['inlet_kind']} {flow['inlet_id']}".rstrip()
        way = f"{flow['from_site']}>{flow['to_site']}" + (f" by {flow['mode']}" if flow["mode"] else "")
        return f"flows[{row}] {ends} {flow['commodity']} {way} {flow['period']}"
