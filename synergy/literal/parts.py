"""Parts of the literal model, and its columns: their positions, names, bounds, value, emissions and owners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.literal.ends import CoalitionBasis, CoalitionTables, LiteralEnds, LiteralUnits, bounded
from synergy.literal.exchanges import Exchanges, exchanges_of, partnership, routes_of
from synergy.literal.scope import CoalitionScope, Flags, Floats, Ints, named, positions

NAME_COLUMNS = (
    "variable",
    "subject",
    "commodity",
    "period",
    "from_site",
    "to_site",
    "mode",
    "outlet_kind",
    "outlet_id",
    "inlet_kind",
    "inlet_id",
)
_Coded = tuple[Ints, ArrayLike]  # positions, and the names at them


@dataclass(frozen=True, slots=True)
class Parts:
    """Components of a literal model.

    `opened` are positions of routes that an exchange uses and that cost capex; `couples`, where max_partners is set,
    pairs of enterprises that may exchange, by name (one, other). `first` is the first column of each kind of variable,
    in their order, "" the number of all columns; `sent` the quantities of the exchanges where these are those of a
    plan.
    """

    scope: CoalitionScope
    tables: CoalitionTables
    units: LiteralUnits
    outlets: LiteralEnds
    inlets: LiteralEnds
    routes: pd.DataFrame
    exchanges: Exchanges
    opened: Ints
    couples: pd.DataFrame
    first: Mapping[str, int]
    sent: Floats | None = None

    @property
    def spans(self) -> int:
        """Number of periods."""
        return len(self.scope.shares)

    def start(self) -> Ints:
        """Return the site each exchange leaves."""
        site: Ints = self.outlets.column("site")[self.exchanges.outlet]
        return site

    def end(self) -> Ints:
        """Return the site each exchange reaches."""
        site: Ints = self.inlets.column("site")[self.exchanges.inlet]
        return site

    def commodity(self) -> Ints:
        """Return the commodity of each exchange."""
        commodity: Ints = self.outlets.column("commodity")[self.exchanges.outlet]
        return commodity

    def run(self, unit: Ints, period: Ints) -> Ints:
        """Return the columns of activities."""
        return self.first["run"] + unit * self.spans + period

    def level(self, store: Ints, period: Ints) -> Ints:
        """Return the columns of levels; the period before the first is the last."""
        return self.first["level"] + store * self.spans + period % self.spans

    def by_kind(self, values: Mapping[str, Floats]) -> Floats:
        """Return a number for each column: those given of a kind of variable, 0 for other kinds."""
        column = np.zeros(self.first[""])
        for variable, value in values.items():
            column[self.first[variable] : self.first[variable] + len(value)] = value
        return column


def parts_of(basis: CoalitionBasis) -> Parts:
    """Return all parts of a model of a coalition."""
    if np.isinf(basis.units.steps["maximum"].to_numpy(dtype=float)).any():
        basis = basis.sized(bounded(basis))
    scope, outlets, inlets = basis.scope, basis.outlets, basis.inlets
    routes = routes_of(scope, outlets, inlets)
    exchanges = exchanges_of(scope, outlets, inlets, routes)
    used = np.zeros(len(routes), dtype=bool)
    used[exchanges.route] = True
    opened = np.flatnonzero(used & routes["new"].to_numpy(dtype=bool))
    none = pd.DataFrame()
    return numbered(Parts(scope, basis.tables, basis.units, outlets, inlets, routes, exchanges, opened, none, {}))


def numbered(parts: Parts) -> Parts:
    """Parts with the pairs of enterprises that may exchange, and the columns of all variables."""
    couples = pd.DataFrame({"one": pd.Series(dtype="str"), "other": pd.Series(dtype="str")})
    if parts.scope.settings.max_partners is not None:
        one, other = enterprises_of(parts, partnership(parts.scope, parts.start(), parts.end()))
        couples = pd.DataFrame({"one": one, "other": other}).drop_duplicates()
        couples = couples.sort_values(["one", "other"], ignore_index=True)
    spans, steps = parts.spans, len(parts.units.steps)
    counts = {
        "flow": len(parts.exchanges),
        "run": len(parts.units.frame) * spans,
        "on": len(parts.units.switched) * spans,
        "built": steps,
        "size": steps,
        "open": len(parts.opened),
        "partner": len(couples),
        "level": len(parts.tables.stores) * spans,
    }
    ends = np.cumsum([0, *counts.values()])
    return replace(parts, couples=couples, first=dict(zip([*counts, ""], ends.tolist(), strict=True)))


def enterprises_of(parts: Parts, among: Ints | Flags) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return the two enterprises of exchanges, the one first by name first."""
    start, end = (parts.scope.owner(side[among]) for side in (parts.start(), parts.end()))
    return start.where(start <= end, end), end.where(start <= end, start)


def columns_of(parts: Parts) -> pd.DataFrame:
    """Return the names of all columns, see `LiteralModel`."""
    counts = np.diff(list(parts.first.values()))
    known = _names(parts)
    frame: dict[str, pd.Categorical] = {"variable": _coded([(np.repeat(np.arange(len(known)), counts), list(known))])}
    for name in NAME_COLUMNS[1:]:
        pieces = [
            names.get(name, (np.zeros(count, dtype=np.int64), [""]))
            for names, count in zip(known.values(), counts, strict=True)
        ]
        frame[name] = _coded(pieces)
    return pd.DataFrame(frame | {"arrival": np.append(parts.exchanges.arrival, np.ones(counts[1:].sum()))})


def _coded(pieces: list[_Coded]) -> pd.Categorical:
    """Return pieces of names by position, one after the other, as a categorical."""
    names = [np.asarray(names, dtype=object) for _, names in pieces]
    first = np.cumsum([0, *(len(some) for some in names)])
    code, categories = pd.factorize(np.concatenate(names))
    position = np.concatenate([codes + start for (codes, _), start in zip(pieces, first, strict=False)])
    return pd.Categorical.from_codes(code[position.astype(np.int64)], categories=pd.Index(categories))


def _names(parts: Parts) -> dict[str, dict[str, _Coded]]:
    """Return the names of each kind of variable, in their order."""
    exchanges, routes, units, spans = parts.exchanges, parts.routes, parts.units, parts.spans
    goods, stores = parts.scope.dataset["commodities"]["commodity"], parts.tables.stores["store"]
    site = [*parts.scope.column("site"), ""]
    start, end, good = (routes[name].to_numpy(dtype=int)[parts.opened] for name in ("from", "to", "commodity"))
    couples = parts.couples["one"] + "|" + parts.couples["other"]
    steps: dict[str, _Coded] = {"subject": (np.arange(len(units.steps)), units.steps["subject"])}

    def timed(chosen: Ints, subject: pd.Series) -> dict[str, _Coded]:
        period = np.tile(np.arange(spans), len(chosen))
        return {"subject": (np.repeat(chosen, spans), subject), "period": (period, parts.scope.periods)}

    def activity(chosen: Ints) -> dict[str, _Coded]:
        kind = np.repeat(chosen, spans), units.frame["kind"]
        return {**timed(chosen, units.frame["id"]), "outlet_kind": kind}

    return {
        "flow": {
            "commodity": (parts.commodity(), goods),
            "period": (exchanges.period, parts.scope.periods),
            "from_site": (parts.start(), site),
            "to_site": (parts.end(), site),
            "mode": (exchanges.route, routes["mode"]),
            "outlet_kind": (exchanges.outlet, parts.outlets.column("kind")),
            "outlet_id": (exchanges.outlet, parts.outlets.column("id")),
            "inlet_kind": (exchanges.inlet, parts.inlets.column("kind")),
            "inlet_id": (exchanges.inlet, parts.inlets.column("id")),
        },
        "run": activity(np.arange(len(units.frame))),
        "on": activity(units.switched),
        "built": steps,
        "size": steps,
        "open": {
            "subject": (parts.opened, route_names(parts)),
            "commodity": (good, goods),
            "from_site": (start, site),
            "to_site": (end, site),
            "mode": (parts.opened, routes["mode"]),
        },
        "partner": {"subject": (np.arange(len(couples)), couples)},
        "level": timed(np.arange(len(stores)), stores),
    }


def route_names(parts: Parts) -> pd.Series[str]:
    """Return ``from>to:mode`` of each route."""
    site = [*parts.scope.column("site"), ""]  # position -1: staying at a site
    start, end = (named(site, parts.routes[side]) for side in ("from", "to"))
    return start + ">" + end + ":" + parts.routes["mode"]


def reach_of(parts: Parts) -> Floats:
    """Return an upper bound of each column that follows from the rows, infinite where none does."""
    return np.concatenate(
        [
            parts.exchanges.most,
            parts.units.most.ravel(),
            np.ones(parts.first["size"] - parts.first["on"]),
            parts.units.steps["maximum"].to_numpy(dtype=float),
            np.ones(parts.first["level"] - parts.first["open"]),
            np.repeat(parts.tables.stores["capacity"].to_numpy(dtype=float), parts.spans),
        ]
    )


def worth(parts: Parts) -> Floats:
    """Return the objective coefficients: money a year that one unit of each column brings."""
    exchanges, inlets = parts.exchanges, parts.inlets
    disposed = inlets.column("kind")[exchanges.inlet] == "disposal"
    brought = np.where(disposed, 0.0, inlets.column("price")[exchanges.inlet] * exchanges.arrival)
    values: dict[str, Floats] = {
        "flow": brought + supply(parts) - parts.routes["cost"].to_numpy(dtype=float)[exchanges.route],
        "run": -np.repeat(parts.units.frame["opex"].to_numpy(dtype=float), parts.spans),
        "level": -np.repeat(parts.tables.stores["hold_cost"].to_numpy(dtype=float), parts.spans),
    }
    paid = capex(parts) * annuities(parts)
    return parts.by_kind(values) - paid - parts.scope.settings.carbon_price * emissions(parts)


def supply(parts: Parts) -> Floats:
    """Return the money of the giving site per unit leaving over each exchange: the good, or its disposal."""
    exchanges, inlets = parts.exchanges, parts.inlets
    disposed = inlets.column("kind")[exchanges.inlet] == "disposal"
    brought = inlets.column("price")[exchanges.inlet] * exchanges.arrival
    money: Floats = np.where(disposed, brought, parts.outlets.column("price")[exchanges.outlet])
    return money


def capex(parts: Parts) -> Floats:
    """Return the undiscounted capex of one unit of each column."""
    fixed, variable = (parts.units.steps[name].to_numpy(dtype=float) for name in ("fixed", "variable"))
    opened = parts.routes["capex"].to_numpy(dtype=float)[parts.opened]
    return parts.by_kind({"built": fixed, "size": variable, "open": opened})


def annuities(parts: Parts) -> Floats:
    """Return the yearly cost of one unit of capex of each column."""
    steps = parts.units.steps["annuity"].to_numpy(dtype=float)
    opened = parts.routes["annuity"].to_numpy(dtype=float)[parts.opened]
    return parts.by_kind({"built": steps, "size": steps, "open": opened})


def emissions(parts: Parts) -> Floats:
    """Return the t CO2 of one unit of each column: of runs, of transport and of disposal."""
    exchanges = parts.exchanges
    moved = parts.routes["co2"].to_numpy(dtype=float)[exchanges.route]
    flow = moved + parts.inlets.column("co2")[exchanges.inlet] * exchanges.arrival
    return parts.by_kind({"flow": flow, "run": np.repeat(parts.units.frame["co2"].to_numpy(dtype=float), parts.spans)})


def collected(parts: Parts, x: Floats) -> pd.Series[float]:
    """Return the own accounts of each enterprise, money a year, before payments between enterprises; sum is the value.

    Notes
    -----
    The cost of having a good belongs to the enterprise whose site gives it, all else of a flow to the one whose site
    takes it; where that is public, to the enterprise at the other end. What has no enterprise belongs to all by weight.
    The order is that of the table of enterprises.
    """
    enterprises, units, flows = parts.scope.dataset["enterprises"], parts.units, len(parts.exchanges)
    firm = positions(enterprises["enterprise"], parts.scope.column("enterprise"))  # of each site, -1 for public places
    at_unit = firm[units.frame["site"].to_numpy(dtype=np.int64)]
    at_step = at_unit[units.steps["unit"].to_numpy(dtype=np.int64)]
    at_store = firm[parts.tables.stores["site"].to_numpy(dtype=np.int64)]
    giver, taker = firm[parts.start()], firm[parts.end()]
    origin, target = (firm[parts.routes[side].to_numpy(dtype=np.int64)[parts.opened]] for side in ("from", "to"))
    others = [  # in the order of the columns
        np.repeat(at_unit, parts.spans),
        np.repeat(at_unit[units.switched], parts.spans),
        at_step,
        at_step,
        np.where(target < 0, origin, target),
        np.full(len(parts.couples), -1),
        np.repeat(at_store, parts.spans),
    ]
    total, given = worth(parts) * x, supply(parts) * x[:flows]
    own = np.zeros(len(enterprises) + 1)  # the last is nobody's
    np.add.at(own, np.where(giver < 0, taker, giver), given)
    np.add.at(own, np.where(taker < 0, giver, taker), total[:flows] - given)
    np.add.at(own, np.concatenate(others), total[flows:])
    weight = enterprises["weight"].to_numpy(dtype=float)
    return pd.Series(own[:-1] + own[-1] * weight / weight.sum(), index=enterprises["enterprise"].to_numpy(object))
