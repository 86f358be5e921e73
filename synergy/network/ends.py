"""Outlets (supply nodes) and inlets (demand nodes), and the groups of interchangeable members.

Nothing is transshipped, so a plan decides for every outlet where its commodity goes. Outlets of one site that cannot
be distinguished by any constraint (the same commodity, quality and kind) form one group: the model decides between
groups, and a plan is split among members afterwards. This is exact and saves most of the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools, Floats, Ints, Places, positions
from synergy.network.units import Qualities, Units

# rows: OutletClass, columns: InletClass
INSIDE = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 1], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=bool)
BETWEEN = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 0, 0, 0]], dtype=bool)


class OutletClass(IntEnum):
    """Class of an outlet by the inlets it may feed: own goods any; a store no store; a market no market or disposal."""

    OWN = 0
    STORE = 1
    ACCESS = 2  # a buying market without a site, at a site
    PLACE = 3  # a buying market with a site


class InletClass(IntEnum):
    """Class of an inlet by the outlets it may take from."""

    OWN = 0
    STORE = 1
    PLACE = 2  # a selling market with a site
    OUTSIDE = 3  # a selling market without a site, at a site
    DISPOSAL = 4


class EndKind(IntEnum):
    """Kind of an end; `ref` of a member is a row of that kind's table, for units an index into `Units`."""

    OFFER = 0
    UNIT = 1
    STORE = 2
    MARKET = 3
    NEED = 4
    DISPOSAL = 5


@dataclass(frozen=True, slots=True)
class Ends:
    """Outlets or inlets, one row per holder and commodity, with amounts by period; arrays of shape (n,).

    `kind` is an `EndKind`, `ref` the row in the table of that kind (unit index for units, commodity for disposal),
    `rank` an `OutletClass` or `InletClass`. `coefficient` is the amount per activity of a unit (> 0), 1 for others;
    `amount`, shape (n, periods), the most it gives or takes in each period (units of the commodity; may be infinite).
    `signature` is the quality that an outlet states (row of `Qualities.values`), 0 for inlets. `alone`: it must stand
    alone in its group, `group`, an index into `Groups`.
    """

    kind: Ints
    ref: Ints
    site: Ints
    commodity: Ints
    rank: Ints
    coefficient: Floats
    amount: Floats
    signature: Ints
    alone: Bools
    group: Ints


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of interchangeable outlets, or inlets, at one site; arrays of shape (groups,).

    Attributes are shared by the members; `first` is one member of each group, the only one where it stands alone.
    """

    site: Ints
    commodity: Ints
    rank: Ints
    signature: Ints
    first: Ints


def ends_of(
    dataset: Dataset, places: Places, units: Units, qualities: Qualities, *, inlets: bool
) -> tuple[Ends, Groups]:
    """Return all outlets, or all inlets, and their groups.

    Markets without a site are placed at every site that could use them, disposal at every site with an outlet for it.
    An inlet with quality limits forms its own group.
    """
    disposable = dataset["commodities"]["disposal_cost"].notna().to_numpy(bool)
    sign = -1 if inlets else 1
    rows, others = (_own_ends(dataset, places, units, one) for one in (sign, -sign))
    # units last, as the order of ends is that of columns, and a solver's way depends on it
    here = others.iloc[np.argsort(others["kind"] == EndKind.UNIT, kind="stable")][["site", "commodity"]]
    here = here.drop_duplicates(ignore_index=True)
    parts = [rows, _market_ends(dataset, places, "sell" if inlets else "buy", here)]
    if inlets:
        gone = here[disposable[here["commodity"].to_numpy(int)]]
        left = {"kind": int(EndKind.DISPOSAL), "ref": gone["commodity"], "rank": int(InletClass.DISPOSAL)}
        parts.append(gone.assign(**left, coefficient=1.0, holder=""))
    table = pd.concat(parts, ignore_index=True)
    commodity = table["commodity"].to_numpy(int)
    key, alone = (table["holder"], places.commodities[commodity]), np.zeros(len(table), dtype=bool)
    signature = np.zeros(len(table), dtype=np.int64)
    if inlets:
        limits = qualities.limits
        alone = positions(key, (limits["holder"], limits["commodity"])) >= 0
    else:
        signature = np.append(qualities.signature, 0)[positions(key, (qualities.holder, qualities.commodity))]
        offers = dataset["offers"]  # they stand first
        priced = (offers["price"].to_numpy(float) != 0) & disposable[commodity[: len(offers)]]
        alone[: len(offers)] = (offers["keep"].to_numpy(float) > 0) | priced
    return _grouped(table.assign(signature=signature, alone=alone), _amounts(dataset, places, units, table, sign))


def _own_ends(dataset: Dataset, places: Places, units: Units, sign: int) -> pd.DataFrame:
    """Return the outlets (sign 1) or inlets (sign -1) of enterprises: offers or needs, then units, then stores."""
    kinds = {"offer": (EndKind.OFFER, OutletClass.OWN), "need": (EndKind.NEED, InletClass.OWN)}
    kinds |= {"store": (EndKind.STORE, OutletClass.STORE)}  # InletClass.STORE is the same number
    own, held = (
        pd.DataFrame(
            {
                "kind": int(kinds[name][0]),
                "ref": np.arange(len(dataset[f"{name}s"])),
                "site": positions(dataset[f"{name}s"]["site"], places.sites),
                "commodity": positions(dataset[f"{name}s"]["commodity"], places.commodities),
                "rank": int(kinds[name][1]),
                "coefficient": 1.0,
                "holder": dataset[f"{name}s"][name].to_numpy(object),
            }
        )
        for name in ("offer" if sign > 0 else "need", "store")
    )
    row = np.flatnonzero(np.sign(units.recipe_coefficient) == sign)
    unit = units.recipe_unit[row]
    run = pd.DataFrame(
        {
            "kind": int(EndKind.UNIT),
            "ref": unit,
            "site": units.site[unit],
            "commodity": units.recipe_commodity[row],
            "rank": int(OutletClass.OWN),
            "coefficient": np.abs(units.recipe_coefficient[row]),
            "holder": places.processes[units.process[unit]],
        }
    )
    return pd.concat([own, run, held], ignore_index=True)


def _market_ends(dataset: Dataset, places: Places, side: str, here: pd.DataFrame) -> pd.DataFrame:
    """Return the markets of one side: at their site or, without a site, at each site with a matching end."""
    markets = dataset["markets"]
    row = np.flatnonzero((markets["side"] == side).to_numpy(bool))
    table = pd.DataFrame(
        {
            "ref": row,
            "commodity": positions(markets["commodity"].iloc[row], places.commodities),
            "at": positions(markets["site"].iloc[row], places.sites),
            "holder": markets["market"].to_numpy(object)[row],
        }
    )
    sited = table[table["at"] >= 0].rename(columns={"at": "site"})
    anywhere = table[table["at"] < 0].drop(columns="at").merge(here, on="commodity", how="inner", sort=False)
    place, access = (OutletClass.PLACE, OutletClass.ACCESS) if side == "buy" else (InletClass.PLACE, InletClass.OUTSIDE)
    rows = pd.concat([sited.assign(rank=int(place)), anywhere.assign(rank=int(access))], ignore_index=True)
    return rows.assign(kind=int(EndKind.MARKET), coefficient=1.0)


def _amounts(dataset: Dataset, places: Places, units: Units, rows: pd.DataFrame, sign: int) -> Floats:
    """Return the amount of each end by period: yearly ones spread by share, those of a period in place.

    A blank quantity is unlimited, and so is disposal.
    """
    kind, ref, share = rows["kind"].to_numpy(int), rows["ref"].to_numpy(int), places.share
    amount: Floats = np.full((len(rows), len(share)), np.inf)
    limited = ((EndKind.OFFER, "offers", "quantity"), (EndKind.NEED, "needs", "quantity"))
    for one, name, column in (*limited, (EndKind.MARKET, "markets", "limit")):
        hit, table = kind == one, dataset[name]
        quantity = table[column].fillna(np.inf).to_numpy(float)[ref[hit], None]
        period = positions(table["period"], places.periods)[ref[hit], None]
        amount[hit] = np.where(period < 0, quantity * share, np.where(np.arange(len(share)) == period, quantity, 0.0))
    hit, stores = kind == EndKind.STORE, dataset["stores"]
    held = stores["capacity"] * (1 - stores["loss"]) if sign > 0 else stores["capacity"]
    amount[hit] = held.to_numpy(float)[ref[hit], None]
    hit = kind == EndKind.UNIT
    amount[hit] = units.most[ref[hit]] * rows["coefficient"].to_numpy(float)[hit, None]
    return amount


def _grouped(rows: pd.DataFrame, amount: Floats) -> tuple[Ends, Groups]:
    """Return the ends of some rows, grouped where they are indistinguishable to all constraints."""
    whole = {name: rows[name].to_numpy(np.int64) for name in ("kind", "ref", "site", "commodity", "rank", "signature")}
    alone = rows["alone"].to_numpy(bool)
    shared = (whole[name] for name in ("site", "commodity", "rank", "signature"))
    key = np.stack([*shared, np.where(alone, np.arange(len(rows)), -1)])
    _, first, group = np.unique(key, axis=1, return_index=True, return_inverse=True)
    ends = Ends(
        **whole,
        coefficient=rows["coefficient"].to_numpy(float),
        amount=amount,
        alone=alone,
        group=np.asarray(group).ravel(),
    )
    return ends, Groups(ends.site[first], ends.commodity[first], ends.rank[first], ends.signature[first], first)
