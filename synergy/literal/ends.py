"""Outlets and inlets: all sources and sinks of a commodity in a period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.sheet import Dataset
from synergy.literal.scope import CoalitionScope, Flags, Floats, Ints, Variant, pairs, positions, scope_of
from synergy.literal.units import LiteralUnits, units_of

KEPT = 50_000  # ends up to which the last basis is kept

END_TYPES: Mapping[str, type] = {
    "kind": object,
    "id": object,
    "site": np.int64,
    "commodity": np.int64,
    "holder": object,  # whose quality or limit counts
    "source": np.int64,  # position in the frame of its kind: offers, needs, units, stores or markets
    "coefficient": float,  # units per unit of activity, > 0; 1 for what is no unit
    "price": float,  # money per unit that the end brings (> 0) or costs (< 0)
    "co2": float,  # t per unit
    "local": bool,  # reached from its own site alone
}
# columns of some ends, and presence and amounts of `LiteralEnds`
_Kind = tuple[Mapping[str, NDArray[np.generic]], Flags, Floats]
_last: dict[Dataset, CoalitionBasis] = {}


@dataclass(frozen=True, slots=True)
class LiteralEnds:
    """Outlets, or inlets.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of `END_TYPES`, one row for each end at a site, whatever the period.
    present : ndarray of bool, ends x periods
        Where the end exists.
    most : ndarray, ends x periods
        Greatest quantity that leaves (outlet) or arrives (inlet), infinite where nothing states one.
    """

    frame: pd.DataFrame
    present: Flags
    most: Floats

    def column(self, name: str) -> Any:
        """Return one column of the frame as an array."""
        return self.frame[name].to_numpy()


@dataclass(frozen=True, slots=True)
class CoalitionTables:
    """Tables that a coalition may use: commodities and sites as positions, amounts scaled by its share."""

    offers: pd.DataFrame
    needs: pd.DataFrame
    stores: pd.DataFrame
    markets: pd.DataFrame


@dataclass(frozen=True, slots=True)
class CoalitionBasis:
    """Units, outlets and inlets of a coalition, before any transport between sites."""

    scope: CoalitionScope
    tables: CoalitionTables
    units: LiteralUnits
    outlets: LiteralEnds
    inlets: LiteralEnds

    def sized(self, units: LiteralUnits) -> CoalitionBasis:
        """Return the basis with other maximum sizes of units, which bound their outlets and inlets."""
        ends = (of(self.scope, self.tables, units) for of in (outlets_of, inlets_of))
        return CoalitionBasis(self.scope, self.tables, units, *ends)


def basis_of(
    dataset: Dataset, members: Collection[str] | None = None, variant: Variant = Variant.ROUND
) -> CoalitionBasis:
    """Return the basis of a coalition, see `synergy.literal.build.build` for its members.

    That of a whole round is kept where it is small: a proof is looked for in its model, and its plan is judged by it.
    """
    whole = members is None and variant is Variant.ROUND
    kept = _last.get(dataset) if whole else None
    if kept is not None:
        return kept
    scope = scope_of(dataset, members, variant)
    tables, units = tables_of(scope), units_of(scope)
    basis = CoalitionBasis(scope, tables, units, outlets_of(scope, tables, units), inlets_of(scope, tables, units))
    if whole:
        _last.clear()
        if len(basis.outlets.frame) + len(basis.inlets.frame) <= KEPT:
            _last[dataset] = basis
    return basis


def tables_of(scope: CoalitionScope) -> CoalitionTables:
    """Return offers, needs, stores, and markets by site, public amounts scaled by the coalition's share."""
    part = scope.column("part")
    offers, needs, stores = (scope.here(table) for table in ("offers", "needs", "stores"))
    offers, needs = (frame.assign(quantity=frame["quantity"] * part[frame["site"]]) for frame in (offers, needs))
    stores = stores.assign(capacity=stores["capacity"] * part[stores["site"]])
    return CoalitionTables(offers, needs, stores, _markets(scope))


def _markets(scope: CoalitionScope) -> pd.DataFrame:
    """Return a row for each market and each site that reaches it by itself; markets of a group share its limit."""
    markets = scope.here("markets")
    everywhere = markets["site"].to_numpy() < 0
    sites = pd.DataFrame({"site": np.arange(len(scope.sites))})
    own = markets[everywhere].drop(columns="site").merge(sites, how="cross").assign(local=True)
    placed = markets[~everywhere].assign(local=False)
    both = pd.concat([own, placed], ignore_index=True)
    site = both["site"].to_numpy(dtype=int)
    owner = both["market"] + "@" + scope.owner(site)
    limit = both["limit"].to_numpy(dtype=float) * scope.column("part")[site]
    local = both["local"].astype(bool)
    return both.assign(local=local, limit=limit, group=owner.where(local, both["market"]))


def outlets_of(scope: CoalitionScope, tables: CoalitionTables, units: LiteralUnits) -> LiteralEnds:
    """Return the outlets: offers, outputs, stores and buying markets."""
    offers, stores = tables.offers, tables.stores
    held = stores["capacity"].to_numpy(dtype=float) * (1.0 - stores["loss"].to_numpy(dtype=float))
    return _join(
        [
            _dated(scope, "offer", offers, {"price": -offers["price"].to_numpy(dtype=float)}),
            _flows(scope, units, 1.0),
            _stored(scope, stores, held, 0.0),
            _at_markets(scope, tables.markets, "buy"),
        ]
    )


def inlets_of(scope: CoalitionScope, tables: CoalitionTables, units: LiteralUnits) -> LiteralEnds:
    """Return the inlets: needs, inputs, stores, selling markets and disposal."""
    needs, stores = tables.needs, tables.stores
    room, cost = (stores[name].to_numpy(dtype=float) for name in ("capacity", "charge_cost"))
    return _join(
        [
            _dated(scope, "need", needs, {"price": needs["price"].to_numpy(dtype=float)}),
            _flows(scope, units, -1.0),
            _stored(scope, stores, room, -cost),
            _at_markets(scope, tables.markets, "sell"),
            _disposal(scope),
        ]
    )


def _dated(scope: CoalitionScope, kind: str, table: pd.DataFrame, more: Mapping[str, Floats]) -> _Kind:
    """Return offers or needs, each in its period or in all of them."""
    period, amount = table["period"].to_numpy(dtype=np.int64), table["quantity"].to_numpy(dtype=float)
    columns = _columns(kind, table[kind], (table["site"], table["commodity"]), more)
    return columns, scope.present(period), scope.spread(amount, period)


def _stored(scope: CoalitionScope, stores: pd.DataFrame, most: Floats, price: Floats | float) -> _Kind:
    """Return one side of the stores, with the most that it gives or takes in a period."""
    columns = _columns("store", stores["store"], (stores["site"], stores["commodity"]), {"price": price})
    everywhen = _everywhen(scope, len(stores))
    return columns, everywhen, everywhen * most[:, None]


def _flows(scope: CoalitionScope, units: LiteralUnits, sign: float) -> _Kind:
    """Return the outputs (sign 1) or inputs (sign -1) of all units."""
    recipes, processes = scope.dataset["recipes"], scope.dataset["processes"]["process"]
    recipes = recipes[recipes["coefficient"] * sign > 0]
    source, line = pairs(*(positions(processes, frame["process"]) for frame in (units.frame, recipes)))
    coefficient = np.abs(recipes["coefficient"].to_numpy(dtype=float)[line])
    kind, name, site, process = (units.frame[name].to_numpy()[source] for name in ("kind", "id", "site", "process"))
    more = {"holder": process, "source": source, "coefficient": coefficient}
    columns = _columns(kind, name, (site, scope.commodity(recipes["commodity"])[line]), more)
    return columns, _everywhen(scope, len(source)), units.most[source] * coefficient[:, None]


def _at_markets(scope: CoalitionScope, markets: pd.DataFrame, side: str) -> _Kind:
    """Return markets of one side as ends; each is bounded by the limit that its group shares."""
    source = np.flatnonzero(markets["side"] == side)
    site, commodity, period = (
        markets[name].to_numpy(dtype=np.int64)[source] for name in ("site", "commodity", "period")
    )
    price, limit = (markets[name].to_numpy(dtype=float)[source] for name in ("price", "limit"))
    more = {"source": source, "local": markets["local"].to_numpy(dtype=bool)[source]}
    more["price"] = price if side == "sell" else -price
    columns = _columns("market", markets["market"].to_numpy(dtype=object)[source], (site, commodity), more)
    return columns, scope.present(period), scope.spread(np.where(np.isnan(limit), np.inf, limit), period)


def _disposal(scope: CoalitionScope) -> _Kind:
    """Return disposal at every site of every commodity that may be disposed of."""
    cost, co2 = (scope.dataset["commodities"][f"disposal_{name}"].to_numpy(dtype=float) for name in ("cost", "co2"))
    commodity, site = (at.ravel() for at in np.indices((len(cost), len(scope.sites))))
    allowed = ~np.isnan(cost[commodity])
    commodity, site = commodity[allowed], site[allowed]
    more = {"price": -cost[commodity], "co2": co2[commodity], "local": True}
    columns = _columns("disposal", "", (site, commodity), more)
    everywhen = _everywhen(scope, len(site))
    return columns, everywhen, np.where(everywhen, np.inf, 0.0)


def _everywhen(scope: CoalitionScope, rows: int) -> Flags:
    """Return rows x periods, all true."""
    return np.ones((rows, len(scope.shares)), dtype=bool)


def _columns(
    kind: ArrayLike, name: ArrayLike, at: tuple[Ints | pd.Series, Ints | pd.Series], more: Mapping[str, ArrayLike]
) -> dict[str, NDArray[np.generic]]:
    """Return the `END_TYPES` columns of ends of one kind at sites and of commodities, with defaults filled in."""
    site, commodity = at
    columns = {"kind": kind, "id": name, "site": site, "commodity": commodity, "holder": name}
    columns |= {"source": np.arange(len(site)), "coefficient": 1.0, "price": 0.0, "co2": 0.0, "local": False, **more}
    return {
        column: np.broadcast_to(np.asarray(columns[column], dtype=kept), len(site))
        for column, kept in END_TYPES.items()
    }


def _join(kinds: Sequence[_Kind]) -> LiteralEnds:
    """Return the ends of all kinds, one after the other."""
    columns, present, most = zip(*kinds, strict=True)
    frame = pd.DataFrame({name: np.concatenate([some[name] for some in columns]) for name in END_TYPES})
    return LiteralEnds(frame, np.concatenate(present), np.concatenate(most))
