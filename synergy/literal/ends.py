"""Outlets and inlets: everything that has a commodity in a period, and everything that takes one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.literal.scope import Flags, Floats, Scope, Variant, scope_of
from synergy.literal.units import Units, units_of

KEPT = 50_000  # ends up to which the last basis is kept

END_COLUMNS = (
    "kind",
    "id",
    "site",
    "commodity",
    "holder",  # whose quality or limit counts
    "source",  # position in the frame of its kind: offers, needs, units, stores or markets
    "coefficient",  # units per unit of activity, > 0; 1 for what is no unit
    "price",  # money per unit that the end brings (> 0) or costs (< 0)
    "co2",  # t per unit
    "local",  # reached from its own site alone
)


@dataclass(frozen=True, slots=True)
class Ends:
    """Outlets, or inlets.

    Parameters
    ----------
    frame : pandas.DataFrame
        `END_COLUMNS`, one row for each end at a site, whatever the period.
    present : ndarray of bool, ends x periods
        Where the end is there.
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
class Tables:
    """The tables that a coalition may use, commodities and sites as positions, amounts scaled by its part."""

    offers: pd.DataFrame
    needs: pd.DataFrame
    stores: pd.DataFrame
    markets: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Basis:
    """What a coalition has and takes, before any way between sites.

    Parameters
    ----------
    scope : Scope
    tables : Tables
    units : Units
    outlets, inlets : Ends
    """

    scope: Scope
    tables: Tables
    units: Units
    outlets: Ends
    inlets: Ends

    def sized(self, units: Units) -> Basis:
        """Return the basis with other greatest sizes of units, which bound what leaves and enters them."""
        ends = (of(self.scope, self.tables, units) for of in (outlets_of, inlets_of))
        return Basis(self.scope, self.tables, units, *ends)


_last: dict[Dataset, Basis] = {}


def basis_of(dataset: Dataset, members: Collection[str] | None = None, variant: Variant = Variant.ROUND) -> Basis:
    """Return the basis of a coalition.

    Parameters
    ----------
    dataset : Dataset
    members : collection of str, optional
        See `synergy.literal.build.build`.
    variant : Variant

    Returns
    -------
    Basis

    Notes
    -----
    That of a whole round is kept where it is small: a proof is looked for in its model, and its plan is judged by it.
    """
    whole = members is None and variant is Variant.ROUND
    kept = _last.get(dataset) if whole else None
    if kept is not None:
        return kept
    scope = scope_of(dataset, members, variant)
    tables, units = tables_of(scope), units_of(scope)
    basis = Basis(scope, tables, units, outlets_of(scope, tables, units), inlets_of(scope, tables, units))
    if whole:
        _last.clear()
        if len(basis.outlets.frame) + len(basis.inlets.frame) <= KEPT:
            _last[dataset] = basis
    return basis


def tables_of(scope: Scope) -> Tables:
    """Return offers, needs, stores, and markets by site, each with its part of what is public."""
    part = scope.column("part")
    offers, needs, stores = (scope.here(table) for table in ("offers", "needs", "stores"))
    offers, needs = (frame.assign(quantity=frame["quantity"] * part[frame["site"]]) for frame in (offers, needs))
    stores = stores.assign(capacity=stores["capacity"] * part[stores["site"]])
    return Tables(offers, needs, stores, _markets(scope))


def _markets(scope: Scope) -> pd.DataFrame:
    """Return a row for each market and each site that reaches it by itself; group names who shares its limit."""
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


def outlets_of(scope: Scope, tables: Tables, units: Units) -> Ends:
    """Return the outlets: offers, outputs, stores and buying markets."""
    offers, stores = tables.offers, tables.stores
    markets = tables.markets[tables.markets["side"] == "buy"]
    period = offers["period"].to_numpy()
    offered = offers.assign(kind="offer", id=offers["offer"], holder=offers["offer"], price=-offers["price"])
    given = _ends(offered), scope.present(period), scope.spread(offers["quantity"].to_numpy(dtype=float), period)
    stored = _ends(stores.assign(kind="store", id=stores["store"], holder=stores["store"], price=0.0))
    held = stores["capacity"].to_numpy(dtype=float) * (1.0 - stores["loss"].to_numpy(dtype=float))
    everywhen = _everywhen(scope, len(stores))
    kept = stored, everywhen, everywhen * held[:, None]
    bought = markets.assign(price=-markets["price"])
    return _join([given, _flows(scope, units, 1.0), kept, _market_ends(scope, bought)])


def inlets_of(scope: Scope, tables: Tables, units: Units) -> Ends:
    """Return the inlets: needs, inputs, stores, selling markets and disposal."""
    needs, stores = tables.needs, tables.stores
    markets = tables.markets[tables.markets["side"] == "sell"]
    period = needs["period"].to_numpy()
    needed = _ends(needs.assign(kind="need", id=needs["need"], holder=needs["need"]))
    taken = needed, scope.present(period), scope.spread(needs["quantity"].to_numpy(dtype=float), period)
    stored = _ends(
        stores.assign(kind="store", id=stores["store"], holder=stores["store"], price=-stores["charge_cost"])
    )
    everywhen = _everywhen(scope, len(stores))
    kept = stored, everywhen, everywhen * stores["capacity"].to_numpy(dtype=float)[:, None]
    return _join([taken, _flows(scope, units, -1.0), kept, _market_ends(scope, markets), _disposal(scope)])


def _flows(scope: Scope, units: Units, sign: float) -> tuple[pd.DataFrame, Flags, Floats]:
    """Return the outputs (sign 1) or inputs (sign -1) of all units."""
    recipes = scope.dataset["recipes"]
    recipes = recipes[recipes["coefficient"] * sign > 0]
    recipes = recipes.assign(commodity=scope.commodity(recipes["commodity"]))
    frame = units.frame[["kind", "id", "site", "process"]].assign(source=np.arange(len(units.frame)))
    frame = frame.merge(recipes[["process", "commodity", "coefficient"]], on="process")
    frame = frame.assign(holder=frame["process"], coefficient=frame["coefficient"].abs(), price=0.0)
    source, coefficient = frame["source"].to_numpy(dtype=int), frame["coefficient"].to_numpy(dtype=float)
    return _ends(frame), _everywhen(scope, len(frame)), units.most[source] * coefficient[:, None]


def _market_ends(scope: Scope, markets: pd.DataFrame) -> tuple[pd.DataFrame, Flags, Floats]:
    """Return markets of one side as ends; the limit is that of all who share it, so it bounds each."""
    period = markets["period"].to_numpy()
    limit = markets["limit"].fillna(np.inf).to_numpy(dtype=float)
    frame = markets.assign(kind="market", id=markets["market"], holder=markets["market"], source=markets.index)
    return _ends(frame), scope.present(period), scope.spread(limit, period)


def _disposal(scope: Scope) -> tuple[pd.DataFrame, Flags, Floats]:
    """Return disposal at every site of every commodity that may be disposed of."""
    commodities = scope.dataset["commodities"].reset_index(drop=True)
    allowed = commodities[commodities["disposal_cost"].notna()]
    frame = pd.DataFrame(
        {"commodity": allowed.index, "price": -allowed["disposal_cost"].to_numpy(), "co2": allowed["disposal_co2"]}
    ).merge(pd.DataFrame({"site": np.arange(len(scope.sites))}), how="cross")
    frame = frame.assign(kind="disposal", id="", holder="", local=True)
    everywhen = _everywhen(scope, len(frame))
    return _ends(frame), everywhen, np.where(everywhen, np.inf, 0.0)


def _everywhen(scope: Scope, rows: int) -> Flags:
    """Return rows x periods, all true."""
    return np.ones((rows, len(scope.shares)), dtype=bool)


def _ends(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of one kind with `END_COLUMNS`, what it does not say filled in."""
    filled: dict[str, Any] = {"coefficient": 1.0, "price": 0.0, "co2": 0.0, "local": False}
    filled["source"] = np.arange(len(frame))
    return frame.assign(**{name: value for name, value in filled.items() if name not in frame})[list(END_COLUMNS)]


def _join(kinds: Sequence[tuple[pd.DataFrame, Flags, Floats]]) -> Ends:
    """Return the ends of all kinds, one after the other."""
    frames, present, most = zip(*kinds, strict=True)
    frame = pd.concat([frame for frame in frames if len(frame)] or [frames[0]], ignore_index=True)
    whole = {"site": np.int64, "commodity": np.int64, "source": np.int64, "local": bool, "price": float, "co2": float}
    return Ends(frame.astype(whole), np.concatenate(present), np.concatenate(most))
