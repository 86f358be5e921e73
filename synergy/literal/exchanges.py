"""Exchanges: feasible arcs from an outlet to an inlet of one commodity, by mode and period, and their routes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Ids
from synergy.literal.ends import LiteralEnds
from synergy.literal.scope import CoalitionScope, Flags, Floats, Ints, Texts, Variant, annuity, pairs, positions
from synergy.scenario import Pattern

EARTH_KM = 6371.0088
ROUNDING = 1e-9  # part by which two ways to compute a distance may differ
PLACE = ["from", "to", "commodity", "mode"]
STAY = {"from": -1, "to": -1, "commodity": -1, "mode": "", "km": 0.0, "cost": 0.0, "loss": 0.0, "capacity": np.inf}
TRANSPORT_BLANK = {
    "cost_per_unit": 0.0,
    "cost_per_unit_km": 0.0,
    "loss_per_km": 0.0,
    "detour": 1.0,
    "fixed_capex": 0.0,
    "capex_per_km": 0.0,
    "co2_per_unit_km": 0.0,
    "lifetime_years": 20.0,
}


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The arcs: one entry for each outlet, inlet, mode and period.

    Parameters
    ----------
    outlet, inlet, route, period : ndarray of int
        Positions of its ends, of its route (0: within one site) and of its period.
    arrival : ndarray
        Fraction of the quantity leaving that arrives, 1 - loss.
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


def exchanges_of(scope: CoalitionScope, outlets: LiteralEnds, inlets: LiteralEnds, routes: pd.DataFrame) -> Exchanges:
    """Return all exchanges of a scope that the contract allows."""
    goods = len(scope.dataset["commodities"])
    leaving, reaching, passing, arriving = (
        (frame[site] * goods + frame["commodity"]).to_numpy(dtype=np.int64)
        for frame, site in ((outlets.frame, "site"), (inlets.frame, "site"), (routes, "from"), (routes, "to"))
    )
    outlet, inlet = pairs(leaving, reaching)  # within one site
    start, end = (np.flatnonzero(~ends.column("local")) for ends in (outlets, inlets))
    route, giver = pairs(passing, leaving[start])
    way, taker = pairs(arriving[route], reaching[end])
    route = np.append(np.zeros(len(outlet), dtype=np.int64), route[way])
    outlet, inlet = np.append(outlet, start[giver[way]]), np.append(inlet, end[taker])
    kept = feeds(outlets.column("kind")[outlet], inlets.column("kind")[inlet])
    kept &= stated(scope, outlets, inlets, (outlet, inlet))
    if scope.variant is Variant.TODAY:  # between enterprises only along a deal
        deals = deals_of(scope)[PLACE[:3]].assign(dealt=True)
        dealt = routes.merge(deals, how="left", on=PLACE[:3])["dealt"].notna().to_numpy()
        apart = partnership(scope, routes["from"].to_numpy(dtype=int), routes["to"].to_numpy(dtype=int))
        kept &= (dealt | ~apart)[route]
    outlet, inlet, route = outlet[kept], inlet[kept], route[kept]
    pair, period = np.nonzero(outlets.present[outlet] & inlets.present[inlet])
    outlet, inlet, route = outlet[pair], inlet[pair], route[pair]
    arrival = 1.0 - routes["loss"].to_numpy()[route]
    with np.errstate(divide="ignore"):
        taken = np.where(arrival > 0, inlets.most[inlet, period] / np.where(arrival > 0, arrival, 1.0), np.inf)
    carried = routes["capacity"].to_numpy()[route] * scope.shares[period]
    most = np.minimum(np.minimum(outlets.most[outlet, period], taken), carried)
    return Exchanges(outlet, inlet, route, period.astype(np.int64), arrival, most)


def partnership(scope: CoalitionScope, start: Ints, end: Ints) -> Flags:
    """Return which pairs of sites belong to two different enterprises."""
    enterprise = scope.column("enterprise")
    one, other = enterprise[start], enterprise[end]
    flags: Flags = (one != other) & (one != "") & (other != "")
    return flags


def feeds(outlet: Texts, inlet: Texts) -> Flags:
    """Return which kinds of ends may be joined: no store to a store, no buying market to a selling one or disposal."""
    stores = (outlet == "store") & (inlet == "store")
    through: Flags = (outlet == "market") & ((inlet == "market") | (inlet == "disposal"))
    allowed: Flags = ~(stores | through)
    return allowed


def stated(scope: CoalitionScope, outlets: LiteralEnds, inlets: LiteralEnds, pairs: tuple[Ints, Ints]) -> Flags:
    """Return which pairs have an outlet that states every property that its inlet limits."""
    outlet, inlet = pairs
    known = np.ones(len(outlet), dtype=bool)
    for _, value, least, greatest in limits_of(scope, outlets, inlets):
        bounded = ~(np.isnan(least) & np.isnan(greatest))
        known &= ~(bounded[inlet] & np.isnan(value)[outlet])
    return known


def limits_of(
    scope: CoalitionScope, outlets: LiteralEnds, inlets: LiteralEnds
) -> Iterator[tuple[str, Floats, Floats, Floats]]:
    """Yield each limited property, its value at each outlet, and its least and greatest mean at each inlet.

    A value or limit that is not stated is NaN.
    """
    for name in scope.dataset["limits"]["property"].unique():
        found = []
        for table, ends in (("qualities", outlets), ("limits", inlets)):
            rows = scope.dataset[table][scope.dataset[table]["property"] == name]
            rows = rows.assign(commodity=scope.commodity(rows["commodity"]))
            found.append(ends.frame[["holder", "commodity"]].merge(rows, how="left", on=["holder", "commodity"]))
        value, limits = found
        least, greatest = (limits[side].to_numpy(dtype=float) for side in ("minimum", "maximum"))
        yield str(name), value["value"].to_numpy(dtype=float), least, greatest


def deals_of(scope: CoalitionScope) -> pd.DataFrame:
    """Return the quantity a year traded today by from, to and commodity (positions)."""
    deals = scope.dataset["deals"]
    sides = {side: scope.site(deals[f"{side}_site"]) for side in ("from", "to")}
    deals = deals.assign(**sides, commodity=scope.commodity(deals["commodity"]))
    deals = deals[(deals["from"] >= 0) & (deals["to"] >= 0)]
    return deals.groupby(["from", "to", "commodity"])["quantity"].sum().reset_index()


@dataclass(frozen=True, slots=True)
class _Codes:
    """Integers that stand for from, to, commodity and mode of ways, in the order of `PLACE`.

    `shape` is the number of sites, sites, commodities and modes; `modes` their names, sorted.
    """

    shape: tuple[int, int, int, int]
    modes: Texts

    def of(self, start: Ints, end: Ints, commodity: Ints, mode: Ids) -> Ints:
        """Return the codes of ways, -1 where one is not known or stays at a site."""
        at = positions(self.modes, mode)
        known = (start >= 0) & (end >= 0) & (commodity >= 0) & (at >= 0) & (start != end)
        code = np.full(len(start), -1, dtype=np.int64)
        code[known] = np.ravel_multi_index((start[known], end[known], commodity[known], at[known]), self.shape)
        return code

    def ways(self, code: Ints) -> pd.DataFrame:
        """Return `PLACE` of codes."""
        start, end, commodity, mode = np.unravel_index(code, self.shape)
        return pd.DataFrame({"from": start, "to": end, "commodity": commodity, "mode": self.modes[mode]})


def routes_of(
    scope: CoalitionScope, outlets: LiteralEnds, inlets: LiteralEnds, wanted: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Ways between sites that have an outlet and an inlet of a commodity; of those `wanted` alone, if given.

    `wanted` has the columns `PLACE`, by position.

    Returns
    -------
    pandas.DataFrame
        `PLACE` with from, to and commodity as positions, km (NaN where unknown), cost, loss and co2 per unit leaving,
        capacity a year (infinite without one), capex undiscounted, annuity of a unit of it, and new where it costs any;
        in the order of `PLACE`. Row 0 stands for staying at a site.
    """
    links, transport = scope.dataset["links"], scope.dataset["transport"]
    named = [frame["mode"].to_numpy(dtype=object) for frame in (links, transport, wanted) if frame is not None]
    modes = np.unique(np.concatenate(named))
    codes = _Codes((len(scope.sites), len(scope.sites), len(scope.dataset["commodities"]), len(modes)), modes)
    start, end = (scope.site(links[side]) for side in ("from_site", "to_site"))
    laid = codes.of(start, end, scope.commodity(links["commodity"]), links["mode"])
    if wanted is None:
        by_mode, drawn = _pairs_between(scope, (outlets, inlets), codes, laid)
    else:
        start, end, commodity = (wanted[name].to_numpy(dtype=np.int64) for name in PLACE[:3])
        by_mode = codes.of(start, end, commodity, wanted["mode"])
        by_mode, drawn = by_mode[by_mode >= 0], laid[(laid >= 0) & np.isin(laid, by_mode)]
    ways = codes.ways(by_mode)
    carrier = _carrier(scope, ways)
    detour, most = (_cells(transport[name], carrier) for name in ("detour", "max_km"))
    code = np.union1d(by_mode[_distance(scope, ways) * detour <= most * (1.0 + ROUNDING)], drawn)
    known = np.flatnonzero(laid >= 0)
    ways, link = codes.ways(code), np.append(known, -1)[positions(laid[known], code)]
    routes = _priced(scope, ways, link)
    barred = (_cells(links["forbidden"], link, 0.0) > 0) | forbidden(scope, routes)
    barred |= routes["new"].to_numpy(dtype=bool) & (scope.variant is not Variant.ROUND)
    stay = pd.DataFrame([STAY | {"capex": 0.0, "annuity": 0.0, "co2": 0.0, "new": False}])
    return stay if barred.all() else pd.concat([stay, routes[~barred]], ignore_index=True)


def _pairs_between(
    scope: CoalitionScope, ends: tuple[LiteralEnds, LiteralEnds], codes: _Codes, laid: Ints
) -> tuple[Ints, Ints]:
    """Return the ways that an outlet, an inlet and a mode of the commodity allow, and the links that both ends do."""
    goods, transport = codes.shape[2], scope.dataset["transport"]
    leave, reach = (
        np.unique((side.column("site") * goods + side.column("commodity"))[~side.column("local")]) for side in ends
    )
    from_, carrier = pairs(leave % goods, scope.commodity(transport["commodity"]))
    way, to = pairs(leave[from_] % goods, reach % goods)
    start, mode = leave[from_[way]], transport["mode"].to_numpy(dtype=object)[carrier[way]]
    by_mode = codes.of(start // goods, reach[to] // goods, start % goods, mode)
    start, end, commodity, _ = np.unravel_index(laid[laid >= 0], codes.shape)
    drawn = np.isin(start * goods + commodity, leave) & np.isin(end * goods + commodity, reach)
    return by_mode[by_mode >= 0], laid[laid >= 0][drawn]


def _carrier(scope: CoalitionScope, ways: pd.DataFrame) -> Ints:
    """Return the row of `transport` of each way's mode and commodity, -1 where it has none."""
    transport = scope.dataset["transport"]
    modes, mode = np.unique(transport["mode"].to_numpy(dtype=object), return_inverse=True)
    known = scope.commodity(transport["commodity"]) * len(modes) + mode
    at = positions(modes, ways["mode"])
    return np.where(at < 0, -1, positions(known, ways["commodity"].to_numpy() * len(modes) + at))


def _cells(column: pd.Series, row: Ints, blank: float = np.nan) -> Floats:
    """Return the cells of a column in some rows; `blank` where the row is -1 or the cell is blank."""
    cells = np.append(column.to_numpy(dtype=float), np.nan)[row]
    return np.where(np.isnan(cells), blank, cells)


def matches(scope: CoalitionScope, pattern: Pattern, frame: pd.DataFrame) -> Flags:
    """Return which rows of from, to and commodity (positions) match a pattern; a missing key matches anything."""
    enterprise, site = scope.column("enterprise"), scope.column("site")
    commodity = scope.dataset["commodities"]["commodity"].to_numpy()
    wanted = (
        (pattern.from_enterprise, enterprise, "from"),
        (pattern.to_enterprise, enterprise, "to"),
        (pattern.from_site, site, "from"),
        (pattern.to_site, site, "to"),
        (pattern.commodity, commodity, "commodity"),
    )
    found: Flags = np.ones(len(frame), dtype=bool)
    for value, names, column in wanted:
        if value is not None:
            found &= names[frame[column].to_numpy(dtype=int)] == value
    return found


def forbidden(scope: CoalitionScope, ways: pd.DataFrame) -> Flags:
    """Return which ways between two sites the scenario forbids."""
    barred = np.zeros(len(ways), dtype=bool)
    for pattern in scope.settings.forbid:
        barred |= matches(scope, pattern, ways)
    return barred & (ways["from"] != ways["to"]).to_numpy()


def _distance(scope: CoalitionScope, ways: pd.DataFrame) -> Floats:
    """Return great-circle kilometres from site to site, by haversine; NaN where coordinates are missing."""
    start, end = ways["from"].to_numpy(dtype=int), ways["to"].to_numpy(dtype=int)
    latitude, longitude = (np.radians(scope.column(name).astype(float)) for name in ("latitude", "longitude"))
    south, north = latitude[start], latitude[end]
    half = np.sin((north - south) / 2) ** 2
    half += np.cos(south) * np.cos(north) * np.sin((longitude[end] - longitude[start]) / 2) ** 2
    km: Floats = 2.0 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return km


def _priced(scope: CoalitionScope, ways: pd.DataFrame, link: Ints) -> pd.DataFrame:
    """Return routes with the figures of their link (-1: none) or, where it states none, those of their mode."""
    links, transport, carrier = scope.dataset["links"], scope.dataset["transport"], _carrier(scope, ways)

    def of(name: str) -> Floats:
        return _cells(transport[name], carrier, TRANSPORT_BLANK.get(name, np.nan))

    def stated(name: str, computed: Floats) -> Floats:
        own = _cells(links[name], link)
        return np.where(np.isnan(own), computed, own)

    km = stated("km", _distance(scope, ways) * of("detour"))
    length = np.where(np.isnan(km), 0.0, km)  # without kilometres nothing is charged by them: the reader saw to it
    capex = stated("fixed_capex", of("fixed_capex") + of("capex_per_km") * length)
    capex = np.where(_cells(links["existing"], link, 0.0) > 0, 0.0, capex)
    public = scope.column("public")
    start, end = ways["from"].to_numpy(), ways["to"].to_numpy()
    part = np.where(public[start] & public[end], scope.column("part")[start], 1.0)
    capacity = stated("capacity", of("capacity")) * part
    figures = {
        "km": km,
        "cost": stated("cost_per_unit", of("cost_per_unit") + of("cost_per_unit_km") * length),
        "loss": stated("loss", np.minimum(1.0, of("loss_per_km") * length)),
        "capacity": np.where(np.isnan(capacity), np.inf, capacity),
        "capex": capex,
        "annuity": annuity(scope.settings.discount_rate, of("lifetime_years")),
        "co2": of("co2_per_unit_km") * length,
        "new": capex > 0,
    }
    return pd.concat([ways, pd.DataFrame(figures)], axis=1)
