"""Exchanges: every arc from an outlet to an inlet of one commodity, by mode and period, that may be at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.literal.ends import Ends
from synergy.literal.scope import Flags, Floats, Ints, Scope, Variant, pairs


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The arcs: one entry for each outlet, inlet, mode and period.

    Parameters
    ----------
    outlet, inlet, route, period : ndarray of int
        Positions of its ends, of its route (0: within one site) and of its period.
    arrival : ndarray
        Part of what leaves that arrives, 1 - loss.
    most : ndarray
        Greatest quantity that can leave, by its ends and its route; infinite where nothing states one.
    """

    outlet: Ints
    inlet: Ints
    route: Ints
    period: Ints
    arrival: Floats
    most: Floats

    def __len__(self) -> int:
        return len(self.outlet)


def exchanges_of(scope: Scope, outlets: Ends, inlets: Ends, routes: pd.DataFrame) -> Exchanges:
    """Return all exchanges of a scope; nothing is left out but what the contract rules out."""
    goods = len(scope.dataset["commodities"])
    near, far = _within(outlets, inlets, goods), _between(outlets, inlets, routes, goods)
    outlet, inlet = (np.concatenate(sides) for sides in zip(near, far[:2], strict=True))
    route = np.concatenate([np.zeros(len(near[0]), dtype=np.int64), far[2]])
    kept = feeds(outlets.column("kind")[outlet], inlets.column("kind")[inlet])
    kept &= stated(scope, outlets, inlets, (outlet, inlet))
    kept &= _dealt(scope, routes, route)
    outlet, inlet, route = outlet[kept], inlet[kept], route[kept]
    pair, period = np.nonzero(outlets.present[outlet] & inlets.present[inlet])
    outlet, inlet, route = outlet[pair], inlet[pair], route[pair]
    arrival = 1.0 - routes["loss"].to_numpy()[route]
    with np.errstate(divide="ignore"):
        taken = np.where(arrival > 0, inlets.most[inlet, period] / np.where(arrival > 0, arrival, 1.0), np.inf)
    carried = routes["capacity"].to_numpy()[route] * scope.shares[period]
    most = np.minimum(np.minimum(outlets.most[outlet, period], taken), carried)
    return Exchanges(outlet, inlet, route, period.astype(np.int64), arrival, most)


def partnership(scope: Scope, start: Ints, end: Ints) -> Flags:
    """Return which pairs of sites belong to two different enterprises."""
    enterprise = scope.column("enterprise")
    one, other = enterprise[start], enterprise[end]
    flags: Flags = (one != other) & (one != "") & (other != "")
    return flags


def _within(outlets: Ends, inlets: Ends, goods: int) -> tuple[Ints, Ints]:
    """Return pairs of ends at one site, of one of so many commodities."""
    outlet, inlet = (ends.column("site") * goods + ends.column("commodity") for ends in (outlets, inlets))
    return pairs(outlet, inlet)


def _between(outlets: Ends, inlets: Ends, routes: pd.DataFrame, goods: int) -> tuple[Ints, Ints, Ints]:
    """Return pairs of ends at two sites with each route between them."""
    commodity = routes["commodity"].to_numpy(dtype=np.int64)
    start, end = (np.flatnonzero(~ends.column("local")) for ends in (outlets, inlets))
    leaving, reaching = (
        (ends.column("site") * goods + ends.column("commodity"))[at] for ends, at in ((outlets, start), (inlets, end))
    )
    route, outlet = pairs(routes["from"].to_numpy(dtype=np.int64) * goods + commodity, leaving)
    way, inlet = pairs((routes["to"].to_numpy(dtype=np.int64) * goods + commodity)[route], reaching)
    return start[outlet[way]], end[inlet], route[way]


def feeds(outlet: Any, inlet: Any) -> Flags:
    """Which kinds may feed which: no store a store, no buying market a selling one or disposal."""
    stores = (outlet == "store") & (inlet == "store")
    through: Flags = (outlet == "market") & ((inlet == "market") | (inlet == "disposal"))
    allowed: Flags = ~(stores | through)
    return allowed


def stated(scope: Scope, outlets: Ends, inlets: Ends, pairs: tuple[Ints, Ints]) -> Flags:
    """Which pairs have an outlet that states every property that its inlet limits."""
    outlet, inlet = pairs
    known = np.ones(len(outlet), dtype=bool)
    for name in limited(scope):
        value = quality_values(scope, outlets, name)
        least, greatest = quality_limits(scope, inlets, name)
        bounded = ~(np.isnan(least) & np.isnan(greatest))
        known &= ~(bounded[inlet] & np.isnan(value)[outlet])
    return known


def limited(scope: Scope) -> list[str]:
    """Return the properties that some inlet limits."""
    return list(scope.dataset["limits"]["property"].unique())


def quality_values(scope: Scope, outlets: Ends, name: str) -> Floats:
    """Return what each outlet states for a property, NaN where nothing."""
    table = scope.dataset["qualities"]
    return _looked_up(scope, table[table["property"] == name], outlets)["value"].to_numpy(dtype=float)


def quality_limits(scope: Scope, inlets: Ends, name: str) -> tuple[Floats, Floats]:
    """Return the least and greatest mean of a property at each inlet, NaN where not limited."""
    table = scope.dataset["limits"]
    found = _looked_up(scope, table[table["property"] == name], inlets)
    return found["minimum"].to_numpy(dtype=float), found["maximum"].to_numpy(dtype=float)


def _looked_up(scope: Scope, table: pd.DataFrame, ends: Ends) -> pd.DataFrame:
    """Return the row of a table for the holder and commodity of each end."""
    table = table.assign(commodity=scope.commodity(table["commodity"]))
    return ends.frame[["holder", "commodity"]].merge(table, how="left", on=["holder", "commodity"])


def _dealt(scope: Scope, routes: pd.DataFrame, route: Ints) -> Flags:
    """Return which pairs may be: today, between enterprises, only those along a deal."""
    if scope.variant is not Variant.TODAY:
        return np.ones(len(route), dtype=bool)
    deals = deals_of(scope)[["from", "to", "commodity"]].assign(dealt=True)
    dealt = routes.merge(deals, how="left", on=["from", "to", "commodity"])["dealt"].notna().to_numpy()
    start, end = routes["from"].to_numpy(dtype=int), routes["to"].to_numpy(dtype=int)
    flags: Flags = (dealt | ~partnership(scope, start, end))[route]
    return flags


def deals_of(scope: Scope) -> pd.DataFrame:
    """Return what is traded today by from, to and commodity (positions): quantity a year."""
    deals = scope.dataset["deals"]
    sides = {side: scope.site(deals[f"{side}_site"]) for side in ("from", "to")}
    deals = deals.assign(**sides, commodity=scope.commodity(deals["commodity"]))
    deals = deals[(deals["from"] >= 0) & (deals["to"] >= 0)]
    return deals.groupby(["from", "to", "commodity"])["quantity"].sum().reset_index()
