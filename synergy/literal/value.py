"""Value: yearly value, capex and emissions of one unit of each column."""

from __future__ import annotations

import numpy as np

from synergy.literal.parts import Parts
from synergy.literal.scope import Floats


def worth(parts: Parts) -> Floats:
    """Return the objective coefficients: money a year that one unit of each column brings."""
    exchanges, inlets, routes = parts.exchanges, parts.inlets, parts.routes
    disposed = inlets.column("kind")[exchanges.inlet] == "disposal"
    brought = np.where(disposed, 0.0, inlets.column("price")[exchanges.inlet] * exchanges.arrival)
    flow = brought + supply(parts) - routes["cost"].to_numpy(dtype=float)[exchanges.route]
    yearly = _zeros(parts)
    _put(parts, yearly, "flow", flow)
    _put(parts, yearly, "run", -np.repeat(parts.units.frame["opex"].to_numpy(dtype=float), parts.spans))
    _put(parts, yearly, "level", -np.repeat(parts.tables.stores["hold_cost"].to_numpy(dtype=float), parts.spans))
    return yearly - capex(parts) * annuities(parts) - parts.scope.settings.carbon_price * emissions(parts)


def supply(parts: Parts) -> Floats:
    """Return the money of the giving site per unit leaving over each exchange: the good, or its disposal."""
    exchanges, inlets = parts.exchanges, parts.inlets
    disposed = inlets.column("kind")[exchanges.inlet] == "disposal"
    brought = inlets.column("price")[exchanges.inlet] * exchanges.arrival
    money: Floats = np.where(disposed, brought, parts.outlets.column("price")[exchanges.outlet])
    return money


def capex(parts: Parts) -> Floats:
    """Return the undiscounted capex of one unit of each column."""
    steps, spent = parts.units.steps, _zeros(parts)
    _put(parts, spent, "built", steps["fixed"].to_numpy(dtype=float))
    _put(parts, spent, "size", steps["variable"].to_numpy(dtype=float))
    _put(parts, spent, "open", parts.routes["capex"].to_numpy(dtype=float)[parts.opened])
    return spent


def emissions(parts: Parts) -> Floats:
    """Return the t CO2 of one unit of each column: of runs, of transport and of disposal."""
    exchanges, emitted = parts.exchanges, _zeros(parts)
    moved = parts.routes["co2"].to_numpy(dtype=float)[exchanges.route]
    _put(parts, emitted, "flow", moved + parts.inlets.column("co2")[exchanges.inlet] * exchanges.arrival)
    _put(parts, emitted, "run", np.repeat(parts.units.frame["co2"].to_numpy(dtype=float), parts.spans))
    return emitted


def annuities(parts: Parts) -> Floats:
    """Return the yearly cost of one unit of capex of each column."""
    steps, yearly = parts.units.steps["annuity"].to_numpy(dtype=float), _zeros(parts)
    _put(parts, yearly, "built", steps)
    _put(parts, yearly, "size", steps)
    _put(parts, yearly, "open", parts.routes["annuity"].to_numpy(dtype=float)[parts.opened])
    return yearly


def _zeros(parts: Parts) -> Floats:
    """Return a zero for each column."""
    return np.zeros(parts.first[""])


def _put(parts: Parts, column: Floats, variable: str, value: Floats) -> None:
    """Write the numbers of one kind of variable."""
    start = parts.first[variable]
    column[start : start + len(value)] = value
