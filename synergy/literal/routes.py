"""Routes: how a commodity can get from one site to another, what it costs, loses, emits and takes to open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.literal.ends import Ends
from synergy.literal.scope import Flags, Floats, Ints, Scope, Variant, annuity, pairs, positions
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


def great_circle(latitude: tuple[Floats, Floats], longitude: tuple[Floats, Floats]) -> Floats:
    """Return kilometres between points in degrees: haversine on a sphere of radius 6371.0088 km."""
    south, north = (np.radians(side) for side in latitude)
    west, east = (np.radians(side) for side in longitude)
    half = np.sin((north - south) / 2) ** 2 + np.cos(south) * np.cos(north) * np.sin((east - west) / 2) ** 2
    km: Floats = 2.0 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return km


@dataclass(frozen=True, slots=True)
class _Codes:
    """Integers that stand for from, to, commodity and mode of ways, in the order of `PLACE`.

    Parameters
    ----------
    shape : tuple of int
        Number of sites, of sites, of commodities and of modes.
    modes : ndarray of str
        Names of the modes, sorted.
    """

    shape: tuple[int, int, int, int]
    modes: NDArray[Any]

    def of(self, start: Ints, end: Ints, commodity: Ints, mode: Any) -> Ints:
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
        (infinite without one), km NaN where unknown, capex undiscounted and new where it costs any; in the order of
        `PLACE`. Row 0 stands for staying at a site.
    """
    links, transport = scope.dataset["links"], scope.dataset["transport"]
    named = [frame["mode"].to_numpy(dtype=object) for frame in (links, transport, wanted) if frame is not None]
    modes = np.unique(np.concatenate(named))
    codes = _Codes((len(scope.sites), len(scope.sites), len(scope.dataset["commodities"]), len(modes)), modes)
    start, end = (scope.site(links[side]) for side in ("from_site", "to_site"))
    laid = codes.of(start, end, scope.commodity(links["commodity"]), links["mode"])
    if wanted is None:
        by_mode, drawn = _between(scope, (outlets, inlets), codes, laid)
    else:
        start, end, commodity = (wanted[name].to_numpy(dtype=np.int64) for name in PLACE[:3])
        by_mode = codes.of(start, end, commodity, wanted["mode"])
        by_mode, drawn = by_mode[by_mode >= 0], laid[(laid >= 0) & np.isin(laid, by_mode)]
    code = np.union1d(by_mode[_near(scope, codes.ways(by_mode))], drawn)
    known = np.flatnonzero(laid >= 0)
    ways, link = codes.ways(code), np.append(known, -1)[positions(laid[known], code)]
    routes = _priced(scope, ways, link)
    barred = _cells(links["forbidden"], link, 0.0) > 0
    closed = routes["new"].to_numpy(dtype=bool) & (scope.variant is not Variant.ROUND)
    open_ = routes[~(barred | _forbidden(scope, routes) | closed)]
    stay = pd.DataFrame([STAY | {"capex": 0.0, "annuity": 0.0, "co2": 0.0, "new": False}])
    return pd.concat([stay, open_], ignore_index=True) if len(open_) else stay


def _between(scope: Scope, ends: tuple[Ends, Ends], codes: _Codes, laid: Ints) -> tuple[Ints, Ints]:
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


def _carrier(scope: Scope, ways: pd.DataFrame) -> Ints:
    """Return the row of `transport` of each way's mode and commodity, -1 where it has none."""
    transport = scope.dataset["transport"]
    modes, mode = np.unique(transport["mode"].to_numpy(dtype=object), return_inverse=True)
    known = scope.commodity(transport["commodity"]) * len(modes) + mode
    at = positions(modes, ways["mode"])
    return np.where(at < 0, -1, positions(known, ways["commodity"].to_numpy() * len(modes) + at))


def _cells(column: pd.Series[Any], row: Ints, blank: float = np.nan) -> Floats:
    """Return the cells of a column in some rows; `blank` where the row is -1 or the cell is blank."""
    cells = np.append(column.to_numpy(dtype=float), np.nan)[row]
    return np.where(np.isnan(cells), blank, cells)


def _near(scope: Scope, ways: pd.DataFrame) -> Flags:
    """Return which ways are within the greatest distance of their mode."""
    transport, carrier = scope.dataset["transport"], _carrier(scope, ways)
    most = _cells(transport["max_km"], carrier) * (1.0 + ROUNDING)
    near: Flags = _distance(scope, ways) * _cells(transport["detour"], carrier) <= most
    return near


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


def _distance(scope: Scope, pairs: pd.DataFrame) -> Floats:
    """Return great-circle kilometres between two columns of sites; NaN where coordinates are missing."""
    start, end = pairs["from"].to_numpy(dtype=int), pairs["to"].to_numpy(dtype=int)
    latitude, longitude = (scope.column(name).astype(float) for name in ("latitude", "longitude"))
    return great_circle((latitude[start], latitude[end]), (longitude[start], longitude[end]))


def _priced(scope: Scope, ways: pd.DataFrame, link: Ints) -> pd.DataFrame:
    """Return routes with what their link states (-1: none), else what their mode comes to over its kilometres."""
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
