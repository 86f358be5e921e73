"""Links: what can carry a commodity between two sites, by transport rows and by explicit rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.dataset import Dataset
from synergy.network.ends import BETWEEN, Groups
from synergy.network.places import PUBLIC, Bools, Floats, Ints, Places, positions
from synergy.network.units import annuity
from synergy.scenario import Pattern

_TRANSPORT = (
    "cost_per_unit",
    "cost_per_unit_km",
    "loss_per_km",
    "detour",
    "fixed_capex",
    "capex_per_km",
    "capacity",
    "co2_per_unit_km",
    "lifetime_years",
)
_WITHOUT_ROW = {"detour": 1.0, "lifetime_years": 20.0, "capacity": np.nan}  # the contract: blank cells then fall to 0


@dataclass(frozen=True, slots=True)
class Links:
    """Directed links between two sites, one row a commodity and mode.

    Parameters
    ----------
    origin, target, commodity : numpy.ndarray of int64, shape (n,)
        Sites and commodity, indices into `Places`.
    mode : numpy.ndarray of object
        Name of the mode.
    km, cost, loss, co2 : numpy.ndarray
        Length, money per unit leaving (carbon apart), part lost, t CO2 per unit leaving.
    capacity : numpy.ndarray
        Units a year, infinite where none is stated.
    capex, annual : numpy.ndarray
        Money to open it (0 where it stands already) and its annuity.
    """

    origin: Ints
    target: Ints
    commodity: Ints
    mode: NDArray[np.object_]
    km: Floats
    cost: Floats
    loss: Floats
    co2: Floats
    capacity: Floats
    capex: Floats
    annual: Floats

    def take(self, which: Any) -> Links:
        """Return some of the links."""
        return Links(*[getattr(self, name)[which] for name in self.__slots__])


@dataclass(frozen=True, slots=True)
class Remote:
    """Pairs of sites that could exchange a commodity but for distance or a ban: what explains a missing link.

    Parameters
    ----------
    origin, target, commodity : numpy.ndarray of int64, shape (n,)
        The pair and the commodity.
    mode : numpy.ndarray of object
        Mode that would carry it.
    code : numpy.ndarray of object
        ``distance`` or ``forbidden``.
    number : numpy.ndarray
        Kilometres too far; 0 for a ban.
    """

    origin: Ints
    target: Ints
    commodity: Ints
    mode: NDArray[np.object_]
    code: NDArray[np.object_]
    number: Floats


def matches(pattern: Pattern, places: Places, origin: Ints, target: Ints, commodity: Ints) -> Bools:
    """Return which exchanges between sites a pattern means."""
    hit: Bools = np.not_equal(origin, target)
    ends = ((pattern.from_site, pattern.from_enterprise, origin), (pattern.to_site, pattern.to_enterprise, target))
    for site, enterprise, index in ends:
        if site is not None:
            hit = hit & (places.sites[index] == site)
        if enterprise is not None:
            owners = np.append(places.enterprises, "")
            hit = hit & (owners[places.owner[index]] == enterprise)
    if pattern.commodity is not None:
        hit = hit & (places.commodities[commodity] == pattern.commodity)
    return hit


def links_of(dataset: Dataset, places: Places, outlets: Groups, inlets: Groups) -> tuple[Links, Remote]:
    """Return every link over which some outlet could reach some inlet, and the pairs that are too far or banned."""
    left, right = _sending(outlets), _taking(inlets)
    explicit = _explicit(dataset, places)
    carried = _by_transport(dataset, places, (left, right))
    key = ["origin", "target", "commodity", "mode"]
    far = carried["km"] > carried["max_km"]
    given = pd.MultiIndex.from_frame(carried[key]).isin(pd.MultiIndex.from_frame(explicit[key]))
    remote = carried[far & ~given]
    used = _among(explicit, left) & _among(explicit, right)
    table = pd.concat([carried[~far & ~given], explicit[used]], ignore_index=True)
    banned = table["forbidden"].to_numpy(bool, copy=True)
    for pattern in dataset.settings.forbid:
        ends = (table[name].to_numpy(np.int64) for name in ("origin", "target", "commodity"))
        banned |= matches(pattern, places, *ends)
    stopped = table[banned].assign(over=0.0, code="forbidden")
    remote = remote.assign(over=remote["km"] - remote["max_km"], code="distance")
    gone = pd.concat([remote[[*key, "code", "over"]], stopped[[*key, "code", "over"]]], ignore_index=True)
    table = table[~banned].sort_values(key, kind="stable", ignore_index=True)
    return _links(table, dataset.settings.discount_rate), Remote(
        origin=gone["origin"].to_numpy(np.int64),
        target=gone["target"].to_numpy(np.int64),
        commodity=gone["commodity"].to_numpy(np.int64),
        mode=gone["mode"].to_numpy(object),
        code=gone["code"].to_numpy(object),
        number=gone["over"].to_numpy(float),
    )


def _sending(outlets: Groups) -> pd.DataFrame:
    """Return (origin, commodity) of all that can leave a site."""
    sends: Bools = np.asarray(BETWEEN.any(axis=1))[outlets.rank]
    return pd.DataFrame({"origin": outlets.site[sends], "commodity": outlets.commodity[sends]}).drop_duplicates()


def _taking(inlets: Groups) -> pd.DataFrame:
    """Return (target, commodity) of all that a site can take from another."""
    takes: Bools = np.asarray(BETWEEN.any(axis=0))[inlets.rank]
    return pd.DataFrame({"target": inlets.site[takes], "commodity": inlets.commodity[takes]}).drop_duplicates()


def _among(table: pd.DataFrame, ends: pd.DataFrame) -> Bools:
    """Return which rows have one of the ends."""
    found: Bools = pd.MultiIndex.from_frame(table[list(ends.columns)]).isin(pd.MultiIndex.from_frame(ends))
    return found


def _by_transport(dataset: Dataset, places: Places, ends: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Return pairs of ends x transport rows, with kilometres; pairs without coordinates have none."""
    transport = dataset["transport"]
    rows = transport[["mode", "max_km", *_TRANSPORT]].assign(
        commodity=positions(transport["commodity"], places.commodities)
    )
    left, right = ends
    # only what some mode carries: pairs grow with the square of the sites
    pairs = left[left["commodity"].isin(rows["commodity"])].merge(right, on="commodity", how="inner")
    table = pairs[pairs["origin"] != pairs["target"]].merge(rows, on="commodity", how="inner")
    straight = places.great_circle(table["origin"].to_numpy(int), table["target"].to_numpy(int))
    table = table.assign(km=straight * table["detour"].to_numpy(float))
    table = table[table["km"].notna()]
    blank = {"link_cost": np.nan, "link_loss": np.nan, "link_capex": np.nan, "link_capacity": np.nan}
    return table.assign(existing=False, forbidden=False, **blank)


def _explicit(dataset: Dataset, places: Places) -> pd.DataFrame:
    """Return the rows of `links` with what their transport row says beside them."""
    links = dataset["links"]
    table = pd.DataFrame(
        {
            "origin": positions(links["from_site"], places.sites),
            "target": positions(links["to_site"], places.sites),
            "commodity": positions(links["commodity"], places.commodities),
            "mode": links["mode"].to_numpy(object),
            "link_km": links["km"].to_numpy(float),
            "link_cost": links["cost_per_unit"].to_numpy(float),
            "link_loss": links["loss"].to_numpy(float),
            "link_capex": links["fixed_capex"].to_numpy(float),
            "link_capacity": links["capacity"].to_numpy(float),
            "existing": links["existing"].to_numpy(bool),
            "forbidden": links["forbidden"].to_numpy(bool),
        }
    )
    table = table[table["origin"] != table["target"]]
    transport = dataset["transport"]
    rows = transport[["mode", *_TRANSPORT]].assign(commodity=positions(transport["commodity"], places.commodities))
    table = table.merge(rows.astype({"mode": object}), on=["commodity", "mode"], how="left")
    for name in _TRANSPORT:
        if name != "capacity":
            table[name] = table[name].fillna(_WITHOUT_ROW.get(name, 0.0))
    straight = places.great_circle(table["origin"].to_numpy(int), table["target"].to_numpy(int))
    km = table["link_km"].to_numpy(float)
    table["km"] = np.where(np.isnan(km), straight * table["detour"].to_numpy(float), km)
    return table.drop(columns="link_km").assign(max_km=np.inf)


def _links(table: pd.DataFrame, rate: float) -> Links:
    """Return the arrays of a table of links: its own figures before those of the transport row."""
    column = {name: table[name].to_numpy(float) for name in (*_TRANSPORT, "km")}
    km = np.nan_to_num(column["km"])  # unknown only where nothing is charged by it

    def own(name: str, computed: Floats) -> Floats:
        given = table[f"link_{name}"].to_numpy(float)
        return np.where(np.isnan(given), computed, given)

    capacity = own("capacity", column["capacity"])
    capex = own("capex", column["fixed_capex"] + column["capex_per_km"] * km)
    capex = np.where(table["existing"].to_numpy(bool), 0.0, capex)
    return Links(
        origin=table["origin"].to_numpy(np.int64),
        target=table["target"].to_numpy(np.int64),
        commodity=table["commodity"].to_numpy(np.int64),
        mode=table["mode"].to_numpy(object),
        km=column["km"],
        cost=own("cost", column["cost_per_unit"] + column["cost_per_unit_km"] * km),
        loss=own("loss", np.minimum(1.0, column["loss_per_km"] * km)),
        co2=column["co2_per_unit_km"] * km,
        capacity=np.where(np.isnan(capacity), np.inf, capacity),
        capex=capex,
        annual=capex * annuity(rate, column["lifetime_years"]),
    )


def between_enterprises(places: Places, origin: Ints, target: Ints) -> Bools:
    """Return whether an exchange is a partnership: two sites of different enterprises, none of them public."""
    left, right = places.owner[origin], places.owner[target]
    partnership: Bools = (left != right) & (left != PUBLIC) & (right != PUBLIC)
    return partnership
