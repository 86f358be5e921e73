"""Routes: how a commodity can get from one site to another, what it costs, loses, emits and takes to open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synergy.literal.ends import Ends
from synergy.literal.scope import Flags, Floats, Scope, Variant, annuity
from synergy.scenario import Pattern

EARTH_KM = 6371.0088
ROUNDING = 1e-9  # part by which two ways to compute a distance may differ
PLACE = ["from", "to", "commodity", "mode"]
ROUTE_COLUMNS = (*PLACE, "km", "cost", "loss", "capacity", "capex", "annuity", "co2", "new")
STAY = {"from": -1, "to": -1, "commodity": -1, "mode": "", "km": 0.0, "cost": 0.0, "loss": 0.0, "capacity": np.inf}
TRANSPORT_BLANK = {"cost_per_unit": 0.0, "cost_per_unit_km": 0.0, "loss_per_km": 0.0, "detour": 1.0} | {
    "fixed_capex": 0.0,
    "capex_per_km": 0.0,
    "co2_per_unit_km": 0.0,
    "lifetime_years": 20.0,
}
LINK_NUMBERS = ["km", "cost_per_unit", "loss", "capacity", "fixed_capex"]


def great_circle(latitude: tuple[Floats, Floats], longitude: tuple[Floats, Floats]) -> Floats:
    """Return kilometres between points in degrees: haversine on a sphere of radius 6371.0088 km."""
    south, north = (np.radians(side) for side in latitude)
    west, east = (np.radians(side) for side in longitude)
    half = np.sin((north - south) / 2) ** 2 + np.cos(south) * np.cos(north) * np.sin((east - west) / 2) ** 2
    km: Floats = 2.0 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return km


def routes_of(scope: Scope, outlets: Ends, inlets: Ends, wanted: pd.DataFrame | None = None) -> pd.DataFrame:
    """Ways between sites that have an outlet and an inlet of a commodity.

    Parameters
    ----------
    scope : Scope
    outlets, inlets : Ends
    wanted : pandas.DataFrame, optional
        `PLACE` of the ways to look at, by position; all that the ends allow when left out.

    Returns
    -------
    pandas.DataFrame
        `ROUTE_COLUMNS`: from, to and commodity as positions, cost and loss and CO2 per unit leaving, capacity a year
        (infinite without one), km NaN where unknown, capex undiscounted and new where it costs any. Row 0 stands for
        staying at a site.
    """
    leave = outlets.frame.loc[~outlets.frame["local"], ["site", "commodity"]].rename(columns={"site": "from"})
    reach = inlets.frame.loc[~inlets.frame["local"], ["site", "commodity"]].rename(columns={"site": "to"})
    links, transport = _links(scope), _transport(scope)
    carried = transport[["mode", "commodity", "max_km", "detour"]]
    if wanted is None:
        by_mode = leave.drop_duplicates().merge(carried).merge(reach.drop_duplicates())
        drawn = links[PLACE].merge(leave.drop_duplicates()).merge(reach.drop_duplicates())
    else:
        by_mode, drawn = wanted.merge(carried), links[PLACE].merge(wanted)
    by_mode = by_mode[by_mode["from"] != by_mode["to"]]
    near = _distance(scope, by_mode) * by_mode["detour"] <= by_mode["max_km"] * (1.0 + ROUNDING)
    by_mode = by_mode[near]
    routes = pd.concat([by_mode[PLACE], drawn[PLACE]], ignore_index=True).drop_duplicates(ignore_index=True)
    routes = routes.merge(links, how="left", on=PLACE)
    routes = routes.merge(transport, how="left", on=["mode", "commodity"], suffixes=("_link", ""))
    routes = _priced(scope, routes.fillna(TRANSPORT_BLANK))
    barred = routes["forbidden"].to_numpy(dtype=bool) | _forbidden(scope, routes)
    closed = routes["new"].to_numpy(dtype=bool) & (scope.variant is not Variant.ROUND)
    open_ = routes.loc[~(barred | closed), list(ROUTE_COLUMNS)].sort_values(PLACE, kind="stable")
    stay = pd.DataFrame([STAY | {"capex": 0.0, "annuity": 0.0, "co2": 0.0, "new": False}])
    return pd.concat([stay, open_], ignore_index=True) if len(open_) else stay


def matches(scope: Scope, pattern: Pattern, frame: pd.DataFrame) -> Flags:
    """Return which rows of from, to and commodity (positions) a pattern means; a missing key means anything."""
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


def _forbidden(scope: Scope, routes: pd.DataFrame) -> Flags:
    """Return which routes the scenario forbids."""
    barred = np.zeros(len(routes), dtype=bool)
    for pattern in scope.settings.forbid:
        barred |= matches(scope, pattern, routes)
    return barred


def _links(scope: Scope) -> pd.DataFrame:
    """Return the links between sites of the scope, ends as positions."""
    links = scope.dataset["links"]
    places = {side: scope.site(links[f"{side}_site"]) for side in ("from", "to")}
    links = links.assign(**places, commodity=scope.commodity(links["commodity"]))
    links = links[(places["from"] >= 0) & (places["to"] >= 0) & (places["from"] != places["to"])]
    return pd.DataFrame(links[[*PLACE, *LINK_NUMBERS, "existing", "forbidden"]])


def _transport(scope: Scope) -> pd.DataFrame:
    """Return the modes of each commodity."""
    transport = scope.dataset["transport"]
    columns = ["mode", "commodity", "max_km", "capacity", *TRANSPORT_BLANK]
    return transport.assign(commodity=scope.commodity(transport["commodity"]))[columns]


def _distance(scope: Scope, pairs: pd.DataFrame) -> Floats:
    """Return great-circle kilometres between two columns of sites; NaN where coordinates are missing."""
    start, end = pairs["from"].to_numpy(dtype=int), pairs["to"].to_numpy(dtype=int)
    latitude, longitude = (scope.column(name).astype(float) for name in ("latitude", "longitude"))
    return great_circle((latitude[start], latitude[end]), (longitude[start], longitude[end]))


def _priced(scope: Scope, routes: pd.DataFrame) -> pd.DataFrame:
    """Return routes with what a link states, else what its mode comes to over its kilometres."""

    def of(name: str) -> Any:
        return routes[name].to_numpy(dtype=float)

    def stated(name: str, computed: Floats) -> Floats:
        own = of(name)
        return np.where(np.isnan(own), computed, own)

    km = stated("km", _distance(scope, routes) * of("detour"))
    length = np.where(np.isnan(km), 0.0, km)  # without kilometres nothing is charged by them: the reader saw to it
    existing = routes["existing"].fillna(False).to_numpy(dtype=bool)
    capex = stated("fixed_capex_link", of("fixed_capex") + of("capex_per_km") * length)
    capex = np.where(existing, 0.0, capex)
    public = scope.column("public")
    start, end = routes["from"].to_numpy(dtype=int), routes["to"].to_numpy(dtype=int)
    part = np.where(public[start] & public[end], scope.column("part")[start], 1.0)
    capacity = stated("capacity_link", of("capacity")) * part
    return routes.assign(
        km=km,
        cost=stated("cost_per_unit_link", of("cost_per_unit") + of("cost_per_unit_km") * length),
        loss=stated("loss", np.minimum(1.0, of("loss_per_km") * length)),
        capacity=np.where(np.isnan(capacity), np.inf, capacity),
        capex=capex,
        annuity=annuity(scope.settings.discount_rate, of("lifetime_years")),
        co2=of("co2_per_unit_km") * length,
        new=capex > 0,
        forbidden=routes["forbidden"].fillna(False).astype(bool),
    )
