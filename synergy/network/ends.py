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
Data = Ints | Floats | Bools | pd.Series


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


def outlets_of(dataset: Dataset, places: Places, units: Units, qualities: Qualities) -> tuple[Ends, Groups]:
    """Return all outlets and their groups; markets without a site are placed at every site that could use them."""
    offers, stores, markets = dataset["offers"], dataset["stores"], dataset["markets"]["market"].to_numpy(object)
    disposable = dataset["commodities"]["disposal_cost"].notna().to_numpy(bool)
    site, commodity = _at(offers, places)
    apart = (offers["keep"].to_numpy(float) > 0) | ((offers["price"].to_numpy(float) != 0) & disposable[commodity])
    signature = qualities.signature(offers["offer"], offers["commodity"])
    ref = np.arange(len(offers))
    own = _frame(EndKind.OFFER, ref, site, commodity, OutletClass.OWN, signature=signature, alone=apart)
    made, made_amount = _unit_ends(units, places, +1)
    process = places.processes[units.process[made["ref"]]]
    made["signature"] = qualities.signature(process, places.commodities[made["commodity"]])
    signature = qualities.signature(stores["store"], stores["commodity"])
    ref = np.arange(len(stores))
    held = _frame(EndKind.STORE, ref, *_at(stores, places), OutletClass.STORE, signature=signature)
    held_amount = np.repeat((stores["capacity"] * (1 - stores["loss"])).to_numpy(float)[:, None], len(places.share), 1)
    here = _sites_with(dataset, places, units, inlets=True)
    bought, bought_amount = _market_ends(dataset, places, "buy", here)
    bought["signature"] = qualities.signature(markets[bought["ref"]], places.commodities[bought["commodity"]])
    amounts = [_per_period(offers, "quantity", places), made_amount, held_amount, bought_amount]
    return _grouped(pd.concat([own, made, held, bought], ignore_index=True), np.concatenate(amounts))


def inlets_of(dataset: Dataset, places: Places, units: Units, qualities: Qualities) -> tuple[Ends, Groups]:
    """Return all inlets and their groups; an inlet with quality limits forms its own group."""
    needs, stores, markets = dataset["needs"], dataset["stores"], dataset["markets"]["market"].to_numpy(object)
    apart = qualities.limited(needs["need"], needs["commodity"])
    wanted = _frame(EndKind.NEED, np.arange(len(needs)), *_at(needs, places), InletClass.OWN, alone=apart)
    used, used_amount = _unit_ends(units, places, -1)
    process = places.processes[units.process[used["ref"]]]
    used["alone"] = qualities.limited(process, places.commodities[used["commodity"]])
    apart = qualities.limited(stores["store"], stores["commodity"])
    held = _frame(EndKind.STORE, np.arange(len(stores)), *_at(stores, places), InletClass.STORE, alone=apart)
    held_amount = np.repeat(stores["capacity"].to_numpy(float)[:, None], len(places.share), 1)
    here = _sites_with(dataset, places, units, inlets=False)
    sold, sold_amount = _market_ends(dataset, places, "sell", here)
    sold["alone"] = qualities.limited(markets[sold["ref"]], places.commodities[sold["commodity"]])
    disposable = dataset["commodities"]["disposal_cost"].notna().to_numpy(bool)
    gone = here[disposable[here["commodity"].to_numpy(int)]]
    left = _frame(EndKind.DISPOSAL, gone["commodity"], gone["site"], gone["commodity"], InletClass.DISPOSAL)
    endless = np.full((len(left), len(places.share)), np.inf)
    amounts = [_per_period(needs, "quantity", places), used_amount, held_amount, sold_amount, endless]
    return _grouped(pd.concat([wanted, used, held, sold, left], ignore_index=True), np.concatenate(amounts))


def unit_amounts(units: Units, share: Floats) -> Floats:
    """Return the greatest activity of each unit in each period, shape (units, periods)."""
    with np.errstate(invalid="ignore"):
        most = units.capacity[:, None] * share[None, :] * units.available
    return np.nan_to_num(most, nan=0.0, posinf=np.inf)


def _unit_ends(units: Units, places: Places, sign: int) -> tuple[pd.DataFrame, Floats]:
    """Return the outputs (sign 1) or inputs (sign -1) of all units."""
    row = np.flatnonzero(np.sign(units.recipe_coefficient) == sign)
    unit, size = units.recipe_unit[row], np.abs(units.recipe_coefficient[row])
    frame = _frame(EndKind.UNIT, unit, units.site[unit], units.recipe_commodity[row], 0, coefficient=size)
    return frame, unit_amounts(units, places.share)[unit] * size[:, None]


def _market_ends(dataset: Dataset, places: Places, side: str, here: pd.DataFrame) -> tuple[pd.DataFrame, Floats]:
    """Return the markets of one side: at their site or, without a site, at each site with a matching end."""
    markets = dataset["markets"]
    row = np.flatnonzero((markets["side"] == side).to_numpy(bool))
    table = pd.DataFrame(
        {
            "ref": row,
            "commodity": positions(markets["commodity"].iloc[row], places.commodities),
            "at": positions(markets["site"].iloc[row], places.sites),
        }
    )
    sited = table[table["at"] >= 0].rename(columns={"at": "site"})
    anywhere = table[table["at"] < 0].drop(columns="at").merge(here, on="commodity", how="inner", sort=False)
    place, access = (OutletClass.PLACE, OutletClass.ACCESS) if side == "buy" else (InletClass.PLACE, InletClass.OUTSIDE)
    rows = pd.concat([sited.assign(rank=int(place)), anywhere.assign(rank=int(access))], ignore_index=True)
    frame = _frame(EndKind.MARKET, rows["ref"], rows["site"], rows["commodity"], rows["rank"])
    return frame, _per_period(markets, "limit", places)[rows["ref"].to_numpy(int)]


def _sites_with(dataset: Dataset, places: Places, units: Units, *, inlets: bool) -> pd.DataFrame:
    """Return the (site, commodity) pairs that have an own inlet, or an own outlet (stores count as both)."""
    table = dataset["needs" if inlets else "offers"]
    row = units.recipe_coefficient < 0 if inlets else units.recipe_coefficient > 0
    run = (units.site[units.recipe_unit[row]], units.recipe_commodity[row])
    parts = (_at(table, places), _at(dataset["stores"], places), run)
    site, commodity = (np.concatenate(part) for part in zip(*parts, strict=True))
    return pd.DataFrame({"site": site, "commodity": commodity}).drop_duplicates(ignore_index=True)


def _at(table: pd.DataFrame, places: Places) -> tuple[Ints, Ints]:
    """Return the site and the commodity of each row of a table."""
    return positions(table["site"], places.sites), positions(table["commodity"], places.commodities)


def _frame(kind: EndKind, ref: Data, site: Data, commodity: Data, rank: Data | int, **more: Data) -> pd.DataFrame:
    """Return the attributes of `Ends` but amounts and groups, with their defaults."""
    frame = pd.DataFrame({"ref": ref, "site": site, "commodity": commodity, "rank": rank})
    return frame.assign(kind=int(kind), **({"coefficient": 1.0, "signature": 0, "alone": False} | more))


def _per_period(table: pd.DataFrame, name: str, places: Places) -> Floats:
    """Return quantities by period: yearly ones spread by share, those of a period in place; blank is unlimited."""
    quantity, period = table[name].to_numpy(float)[:, None], positions(table["period"], places.periods)[:, None]
    yearly = np.where(np.isnan(quantity), np.inf, quantity)
    spread = np.where(period < 0, yearly * places.share, 0.0)
    amount: Floats = np.where(np.arange(len(places.share)) == period, yearly, spread)
    return amount


def _grouped(rows: pd.DataFrame, amount: Floats) -> tuple[Ends, Groups]:
    """Return the ends of the rows of `_frame`, grouped where they are indistinguishable to all constraints."""
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
