"""Units, outlets and inlets of a coalition: what makes, gives or takes a commodity at a site in a period."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from synergy.dataset.sheet import Dataset
from synergy.literal.scope import (
    CoalitionScope,
    Flags,
    Floats,
    Ints,
    Variant,
    annuity,
    named,
    pairs,
    positions,
    scope_of,
)

KEPT = 50_000  # ends up to which the last basis is kept
ROUNDS = 50  # chains of unlimited builds longer than this are bounded by `enough` alone

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
AMOUNTS = (
    ("offers", "quantity"),
    ("needs", "quantity"),
    ("facilities", "capacity"),
    ("stores", "capacity"),
    ("markets", "limit"),
    ("processes", "max_capacity"),
    ("sizes", "max_capacity"),
    ("transport", "capacity"),
)
# columns of some ends, and presence and amounts of `LiteralEnds`
_Kind = tuple[Mapping[str, NDArray[np.generic]], Flags, Floats]
_last: dict[Dataset, CoalitionBasis] = {}


@dataclass(frozen=True, slots=True)
class LiteralUnits:
    """Production units: existing facilities first, then builds that may be.

    Parameters
    ----------
    frame : pandas.DataFrame
        kind, id, process, site, capacity (NaN for builds), min_load, must_run, opex and co2.
    able : ndarray, units x periods
        share(t) * availability: activity of a unit of yearly capacity in the period.
    most : ndarray, units x periods
        Greatest activity, infinite where nothing states one.
    steps : pandas.DataFrame
        Each size that a build may have: unit, subject, minimum and maximum (activity a year), capex fixed and variable
        (per unit of size), and annuity.
    """

    frame: pd.DataFrame
    able: Floats
    most: Floats
    steps: pd.DataFrame

    @property
    def switched(self) -> Ints:
        """Positions of units with an on/off binary: those with a minimum load that need not run."""
        loaded = self.frame["min_load"].to_numpy() > 0
        return np.flatnonzero(loaded & ~self.frame["must_run"].to_numpy(dtype=bool))


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
        return CoalitionBasis(self.scope, self.tables, units, *_ends(self.scope, self.tables, units))


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
    tables, units = _tables(scope), _units(scope)
    basis = CoalitionBasis(scope, tables, units, *_ends(scope, tables, units))
    if whole:
        _last.clear()
        if len(basis.outlets.frame) + len(basis.inlets.frame) <= KEPT:
            _last[dataset] = basis
    return basis


def bounded(basis: CoalitionBasis) -> LiteralUnits:
    """Return units whose steps of scale all have a finite maximum size, as big-M of their binaries.

    Where none is stated it is the least that the inputs allow: all that the outlets of a commodity can give in a
    period, over what a unit of activity takes of it.
    """
    units, outlets, inlets = basis.units, basis.outlets, basis.inlets
    made, fed = (np.isin(ends.column("kind"), ["facility", "build"]) for ends in (outlets, inlets))
    maker, output = outlets.column("source")[made], outlets.column("coefficient")[made, None]
    eater, input_ = inlets.column("source")[fed], inlets.column("coefficient")[fed, None]
    steps, most, given = units.steps, units.most, outlets.most.copy()
    size = steps["maximum"].to_numpy(dtype=float).copy()
    blank = np.isinf(size)
    for _ in range(ROUNDS):
        given[made] = most[maker] * output
        supply = np.zeros((len(basis.scope.dataset["commodities"]), given.shape[1]))
        np.add.at(supply, outlets.column("commodity"), given)
        activity = np.full(units.able.shape, np.inf)
        np.minimum.at(activity, eater, supply[inlets.column("commodity")[fed]] / input_)
        yearly = np.where(units.able > 0, activity / np.where(units.able > 0, units.able, 1.0), 0.0)
        reach = yearly.max(axis=1, initial=0.0)  # of a unit that takes nothing it is infinite
        before = size.copy()
        size[blank] = np.minimum(size, reach[steps["unit"].to_numpy()])[blank]
        most = _most(units.frame, steps.assign(maximum=size), units.able)
        if np.array_equal(before, size):
            break
    size[np.isinf(size)] = enough(basis.scope)
    steps = steps.assign(maximum=np.where(blank, np.maximum(size, steps["minimum"].to_numpy(dtype=float)), size))
    return replace(units, steps=steps, most=_most(units.frame, steps, units.able))


def enough(scope: CoalitionScope) -> float:
    """Return a big-M quantity that exceeds the flows of any plan: ten times all amounts in the dataset."""
    total = sum(float(scope.dataset[table][column].sum()) for table, column in AMOUNTS)
    return 10.0 * max(1.0, total)


def _tables(scope: CoalitionScope) -> CoalitionTables:
    """Return offers, needs, stores, and a row for each market and each site that reaches it by itself.

    Public amounts are scaled by the coalition's share; markets of a `group` share their limit.
    """
    part = scope.column("part")
    offers, needs, stores, markets = (scope.here(table) for table in ("offers", "needs", "stores", "markets"))
    offers, needs = (frame.assign(quantity=frame["quantity"] * part[frame["site"]]) for frame in (offers, needs))
    stores = stores.assign(capacity=stores["capacity"] * part[stores["site"]])
    everywhere = markets["site"].to_numpy() < 0
    sites = pd.DataFrame({"site": np.arange(len(scope.sites))})
    own = markets[everywhere].drop(columns="site").merge(sites, how="cross").assign(local=True)
    both = pd.concat([own, markets[~everywhere].assign(local=False)], ignore_index=True)
    site, local = both["site"].to_numpy(dtype=int), both["local"].astype(bool)
    group = (both["market"] + "@" + scope.owner(site)).where(local, both["market"])
    limit = both["limit"].to_numpy(dtype=float) * part[site]
    return CoalitionTables(offers, needs, stores, both.assign(local=local, limit=limit, group=group))


def _units(scope: CoalitionScope) -> LiteralUnits:
    """Return the facilities, with the part of each capacity that the coalition has, and the builds."""
    table, processes = scope.here("facilities"), scope.dataset["processes"]
    process, own = positions(processes["process"], table["process"]), table["opex"].to_numpy(dtype=float)
    facilities = pd.DataFrame(
        {
            "kind": "facility",
            "id": table["facility"],
            "process": table["process"],
            "site": table["site"],
            "capacity": table["capacity"].to_numpy(dtype=float) * scope.column("part")[table["site"]],
            "min_load": table["min_load"],
            "must_run": table["must_run"],
            "opex": np.where(np.isnan(own), processes["opex"].to_numpy(dtype=float)[process], own),
            "co2": processes["co2"].to_numpy(dtype=float)[process],
        }
    )
    builds, steps = _builds(scope)
    frame = pd.concat([facilities, builds], ignore_index=True)
    steps = steps.assign(unit=steps["unit"] + len(facilities))
    table = scope.dataset["availability"]
    holders = table["holder"].unique()
    factors = np.ones((len(holders) + 1, len(scope.shares)))  # the last row stands for those without a factor
    factors[positions(holders, table["holder"]), positions(scope.periods, table["period"])] = table["factor"]
    facility = np.where(frame["kind"] == "facility", positions(holders, frame["id"]), -1)
    enterprise = positions(holders, scope.owner(frame["site"].to_numpy()))
    able = factors[facility] * factors[positions(holders, frame["process"])] * factors[enterprise] * scope.shares
    return LiteralUnits(frame, able, _most(frame, steps, able), steps)


def _most(frame: pd.DataFrame, steps: pd.DataFrame, able: Floats) -> Floats:
    """Return units x periods of greatest activity, a build's in its greatest step; 0 where nothing is available."""
    capacity = frame["capacity"].fillna(0.0).to_numpy(dtype=float).copy()
    np.maximum.at(capacity, steps["unit"].to_numpy(), steps["maximum"].to_numpy(dtype=float))
    with np.errstate(invalid="ignore"):
        most: Floats = np.where(able > 0, capacity[:, None] * able, 0.0)
    return most


def _builds(scope: CoalitionScope) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the candidate builds, and their steps of scale by position of the build."""
    processes = scope.dataset["processes"]
    names = processes["process"].to_numpy(dtype=object)
    allowed = scope.variant is Variant.ROUND and scope.settings.allow_builds
    buildable = np.flatnonzero(processes["buildable"].to_numpy(dtype=bool) & allowed)
    if "build_options" in scope.dataset.given:
        options = scope.here("build_options")
        process, site = positions(names, options["process"]), options["site"].to_numpy(dtype=np.int64)
        most, factor = (options[name].to_numpy(dtype=float) for name in ("max_capacity", "capex_factor"))
    else:
        at, site = (part.ravel() for part in np.indices((len(buildable), len(scope.sites))))
        process = buildable[at]
        most, factor = np.full(len(site), np.nan), np.ones(len(site))
    stepped = np.isin(names, scope.dataset["sizes"]["process"].to_numpy(dtype=object))
    kept = np.isin(process, buildable) & ~(stepped[process] & scope.column("public")[site])
    process, site = process[kept], site[kept]
    opex, co2 = (processes[name].to_numpy(dtype=float)[process] for name in ("opex", "co2"))
    frame = pd.DataFrame(
        {
            "kind": "build",
            "id": named(names, process) + "@" + scope.place(site),
            "process": names[process],
            "site": site,
            "capacity": np.nan,
            "min_load": 0.0,
            "must_run": False,
            "opex": opex,
            "co2": co2,
        }
    )
    return frame, _steps(scope, (process, site, most[kept], factor[kept]), frame["id"])


def _steps(scope: CoalitionScope, builds: tuple[Ints, Ints, Floats, Floats], ids: pd.Series[str]) -> pd.DataFrame:
    """Return the sizes each build may have: the process's own four figures, or its steps of scale.

    `builds` has the process and site (positions), greatest capacity (NaN: none is stated) and factor of capex of each.
    """
    process, site, here, factor = builds
    processes, sizes = scope.dataset["processes"], scope.dataset["sizes"]
    owner = positions(processes["process"], sizes["process"])
    plain = np.flatnonzero(~np.isin(process, owner))
    stepped, size = pairs(process, owner)
    unit = np.concatenate([plain, stepped])
    order = np.argsort(unit, kind="stable")
    unit = unit[order]

    def of(name: str) -> Floats:
        own, steps = (table[name].to_numpy(dtype=float) for table in (processes, sizes))
        return np.concatenate([own[process[plain]], steps[size]])[order]

    greatest = np.fmin(of("max_capacity"), here[unit])
    part = scope.column("part")[site[unit]]
    years = processes["lifetime_years"].to_numpy(dtype=float)[process[unit]]
    step = np.concatenate([np.full(len(plain), ""), ("#" + sizes["size"]).to_numpy(dtype=object)[size]])[order]
    return pd.DataFrame(
        {
            "unit": unit,
            "subject": named(ids, unit) + named(step, np.arange(len(step))),
            "minimum": of("min_capacity"),
            "maximum": np.where(np.isnan(greatest), np.inf, greatest * part),
            "fixed": of("fixed_capex") * factor[unit],
            "variable": of("unit_capex") * factor[unit],
            "annuity": annuity(scope.settings.discount_rate, years),
        }
    )


def _ends(scope: CoalitionScope, tables: CoalitionTables, units: LiteralUnits) -> tuple[LiteralEnds, LiteralEnds]:
    """Return the outlets (offers, outputs, stores, buying markets) and the inlets (needs, inputs, stores ...)."""
    stores, goods, spans = tables.stores, scope.dataset["commodities"], len(scope.shares)
    capacity, loss, charge = (stores[name].to_numpy(dtype=float) for name in ("capacity", "loss", "charge_cost"))
    places = {name: stores[name] for name in ("site", "commodity")}
    store: dict[str, ArrayLike] = {"kind": "store", "id": stores["store"], **places}
    given = np.repeat((capacity * (1.0 - loss))[:, None], spans, axis=1)
    taken = np.repeat(capacity[:, None], spans, axis=1)
    cost, co2 = (goods[f"disposal_{name}"].to_numpy(dtype=float) for name in ("cost", "co2"))
    commodity, site = (at.ravel() for at in np.indices((len(goods), len(scope.sites))))
    allowed = ~np.isnan(cost[commodity])
    commodity, site = commodity[allowed], site[allowed]
    disposal: dict[str, ArrayLike] = {
        "kind": "disposal",
        "id": "",
        "site": site,
        "commodity": commodity,
        "price": -cost[commodity],
        "co2": co2[commodity],
        "local": True,
    }
    outlets = [
        _dated(scope, "offer", tables.offers, -1.0),
        _recipes(scope, units, 1.0),
        _filled(scope, store, given),
        _traded(scope, tables.markets, "buy"),
    ]
    inlets = [
        _dated(scope, "need", tables.needs, 1.0),
        _recipes(scope, units, -1.0),
        _filled(scope, {**store, "price": -charge}, taken),
        _traded(scope, tables.markets, "sell"),
        _filled(scope, disposal, np.full((len(site), spans), np.inf)),
    ]
    return _joined(outlets), _joined(inlets)


def _dated(scope: CoalitionScope, kind: str, table: pd.DataFrame, sign: float) -> _Kind:
    """Return offers or needs, each in its period or in all of them; their price is paid with a sign."""
    period, amount = table["period"].to_numpy(dtype=np.int64), table["quantity"].to_numpy(dtype=float)
    price = sign * table["price"].to_numpy(dtype=float)
    places = {name: table[name] for name in ("site", "commodity")}
    columns: dict[str, ArrayLike] = {"kind": kind, "id": table[kind], "price": price, **places}
    return _filled(scope, columns, scope.spread(amount, period), period)


def _recipes(scope: CoalitionScope, units: LiteralUnits, sign: float) -> _Kind:
    """Return the outputs (sign 1) or inputs (sign -1) of all units."""
    recipes, processes = scope.dataset["recipes"], scope.dataset["processes"]["process"]
    recipes = recipes[recipes["coefficient"] * sign > 0]
    source, line = pairs(*(positions(processes, frame["process"]) for frame in (units.frame, recipes)))
    coefficient = np.abs(recipes["coefficient"].to_numpy(dtype=float)[line])
    unit = units.frame.iloc[source]
    columns: dict[str, ArrayLike] = {
        "kind": unit["kind"],
        "id": unit["id"],
        "site": unit["site"],
        "commodity": scope.commodity(recipes["commodity"])[line],
        "holder": unit["process"],
        "source": source,
        "coefficient": coefficient,
    }
    return _filled(scope, columns, units.most[source] * coefficient[:, None])


def _traded(scope: CoalitionScope, markets: pd.DataFrame, side: str) -> _Kind:
    """Return the markets of one side; each is bounded by the limit that its group shares."""
    source = np.flatnonzero(markets["side"] == side)
    here = markets.iloc[source]
    period = here["period"].to_numpy(dtype=np.int64)
    price, limit = (here[name].to_numpy(dtype=float) for name in ("price", "limit"))
    if side == "buy":
        price = -price
    places = {name: here[name] for name in ("site", "commodity", "local")}
    columns: dict[str, ArrayLike] = {"kind": "market", "id": here["market"], "source": source, "price": price, **places}
    return _filled(scope, columns, scope.spread(np.where(np.isnan(limit), np.inf, limit), period), period)


def _filled(scope: CoalitionScope, columns: Mapping[str, ArrayLike], most: Floats, period: Ints | None = None) -> _Kind:
    """Return ends of one kind, with defaults for what their columns leave out; without a period they are in all."""
    size = len(most)
    every: dict[str, ArrayLike] = {
        "holder": columns["id"],
        "source": np.arange(size),
        "coefficient": 1.0,
        "price": 0.0,
        "co2": 0.0,
        "local": False,
        **columns,
    }
    filled: dict[str, NDArray[np.generic]] = {
        name: np.broadcast_to(np.asarray(every[name], dtype=kept), size) for name, kept in END_TYPES.items()
    }
    return filled, np.ones(most.shape, dtype=bool) if period is None else scope.present(period), most


def _joined(kinds: Sequence[_Kind]) -> LiteralEnds:
    """Return the ends of all kinds, one after the other."""
    columns, present, most = zip(*kinds, strict=True)
    frame = pd.DataFrame({name: np.concatenate([some[name] for some in columns]) for name in END_TYPES})
    return LiteralEnds(frame, np.concatenate(present), np.concatenate(most))
