"""Prices: sale and purchase prices at the gate, by tier, at low, middle and high price levels.

All prices are at their low, middle or high end together, as in a scenario of low or of high prices. Commodities without
a market are priced by today's deals, by the cheapest single-product process, or by the cost of disposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from math import inf

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.graph.catalogue import Technology
from synergy.network.places import Floats

LEVELS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Tier:
    """Price tier: an amount a year (units), in all or of `each` enterprise, at three levels of price (money a unit)."""

    amount: float
    price: Floats
    each: bool = False


@dataclass(frozen=True, slots=True)
class Traded:
    """Money a year at the three levels for a quantity, and the part of it (units) beyond all tiers."""

    money: Floats
    left: float


class MarketPrices:
    """Prices of a dataset, with its catalogue and the regional supply of each commodity by owner."""

    def __init__(
        self, dataset: Dataset, catalogue: Mapping[str, Technology], held: Mapping[str, Mapping[str, float]]
    ) -> None:
        self._catalogue, self._held = catalogue, held
        commodities = dataset["commodities"]
        cost = commodities["disposal_cost"] + dataset.settings.carbon_price * commodities["disposal_co2"]
        self._disposal = {c: float(v) for c, v in zip(commodities["commodity"], cost, strict=True) if not np.isnan(v)}
        markets = dataset["markets"]
        self._sell, self._buy = (_tiers(markets[markets["side"] == side], "limit") for side in ("sell", "buy"))
        self._needs = _tiers(dataset["needs"], "quantity")
        self._deals = _deals(dataset["deals"])
        self._offered = frozenset(dataset["offers"]["commodity"])
        self._worth: dict[str, Floats] = {}

    def outlets(self, commodity: str, sellers: int = 1) -> list[Tier]:
        """Return the sale tiers of a commodity, the best price first: needs, selling markets, else today's deals.

        The limit of a market without a site applies to each of the `sellers` enterprises.
        """
        sold = [Tier(tier.amount * (sellers if tier.each else 1), tier.price) for tier in self._sell.get(commodity, ())]
        tiers = sorted(self._needs.get(commodity, []) + sold, key=lambda tier: -tier.price[1])
        if not sold and commodity in self._deals:
            tiers.append(Tier(inf, self._deals[commodity]))
        return tiers

    def sale(self, commodity: str, quantity: float) -> Traded:
        """Return the revenue of a yearly quantity; the unsold part is disposed of where that is allowed."""
        tiers = self.outlets(commodity)
        if commodity in self._disposal:
            tiers = [*tiers, Tier(inf, np.full(3, -self._disposal[commodity]))]
        return _filled(tiers, quantity)

    def purchase(self, commodity: str, quantity: float) -> Traded:
        """Return the cost of a yearly quantity; amounts beyond all sources cost the highest price."""
        tiers = self._sources(commodity, frozenset())
        bought = _filled(tiers, quantity)
        if bought.left and tiers:
            bought = Traded(bought.money + bought.left * tiers[-1].price, bought.left)
        return bought

    def room(self, commodity: str, *, sold: bool) -> float:
        """Return the yearly quantity for which there is a buyer or disposal, or a source."""
        if sold:
            return inf if commodity in self._disposal else sum(tier.amount for tier in self.outlets(commodity))
        return sum(tier.amount for tier in self._sources(commodity, frozenset()))

    def worth(self, commodity: str) -> Floats:
        """Return the opportunity cost of a unit: marginal revenue in the region, else purchase or disposal cost.

        Money per unit at low, middle and high prices, shape (3,); negative where disposal is paid for.
        """
        if commodity not in self._worth:
            self._worth[commodity] = self._given_up(commodity) + 0.0  # no minus zero
        return self._worth[commodity]

    def priced(self, commodity: str) -> bool:
        """Return whether a unit has a price, from a market, need, deal, offer, process or disposal."""
        known = (self._buy, self._sell, self._needs, self._deals, self._disposal, self._offered)
        return any(commodity in one for one in known) or self._made(commodity, frozenset()) is not None

    def cost(self, commodity: str) -> float:
        """Return the middle price of the first unit bought, never negative; 0 if it has no source."""
        tiers = self._sources(commodity, frozenset())
        return max(0.0, float(tiers[0].price[1])) if tiers else 0.0

    def _given_up(self, commodity: str) -> Floats:
        holders = self._held.get(commodity, {})
        there, tiers = sum(holders.values()), self.outlets(commodity, max(1, len(holders)))
        bought = self._buy.get(commodity, [])
        if bought and not (there and tiers):
            return min(bought, key=lambda tier: tier.price[1]).price
        if not self._sell.get(commodity) and commodity in self._deals:
            return self._deals[commodity]
        rooms = zip(tiers, accumulate(tier.amount for tier in tiers), strict=True)
        disposed = np.full(3, -self._disposal.get(commodity, 0.0))
        return next((tier.price for tier, room in rooms if room >= there), disposed)

    def _sources(self, commodity: str, seen: frozenset[str]) -> list[Tier]:
        """Return the purchase tiers of a commodity, the cheapest first: markets, regional supply, own production."""
        tiers = list(self._buy.get(commodity, []))
        there = sum(self._held.get(commodity, {}).values())
        made = None if tiers else self._made(commodity, seen)
        if there and (self.outlets(commodity) or tiers or made is None):
            tiers.append(Tier(there, np.maximum(self.worth(commodity), 0.0)))
        if made is not None:
            tiers.append(Tier(inf, made))
        return sorted(tiers, key=lambda tier: tier.price[1])

    def _made(self, commodity: str, seen: frozenset[str]) -> Floats | None:
        """Return the least cost of production of a unit by a single-product process in its largest step."""
        best: Floats | None = None
        for technology in self._catalogue.values():
            makes = [name for name, size in technology.recipe.items() if size > 0]
            if makes != [commodity] or not technology.possible or commodity in seen:
                continue
            # capital in the cheapest step at full use
            steps = (step.unit + (step.fixed / step.most if 0 < step.most < inf else 0.0) for step in technology.steps)
            cost = np.full(3, technology.opex + technology.annuity * min(steps, default=0.0))
            for name, size in technology.recipe.items():
                if size < 0:
                    tiers = self._sources(name, seen | {commodity})
                    cost = cost - size * (tiers[0].price if tiers else 0.0)
            cost = cost / technology.recipe[commodity]
            best = cost if best is None or cost[1] < best[1] else best
        return best


def _filled(tiers: list[Tier], quantity: float) -> Traded:
    """Return the money of a quantity assigned to tiers in order."""
    money, left = np.zeros(3), quantity
    for tier in tiers:
        part = min(left, tier.amount)
        money += part * tier.price
        left -= part
        if left <= 0:
            break
    return Traded(money, max(left, 0.0))


def _ends(table: pd.DataFrame) -> Floats:
    """Return the low, middle and high prices of a table, shape (rows, 3); an end not stated is the middle."""
    middle = table["price"].to_numpy(float)
    parts = [table[f"price_{end}"].to_numpy(float) if f"price_{end}" in table else middle for end in ("low", "high")]
    low, high = (np.where(np.isnan(part), middle, part) for part in parts)
    return np.stack([np.minimum(low, middle), middle, np.maximum(high, middle)], axis=1)


def _tiers(table: pd.DataFrame, column: str) -> dict[str, list[Tier]]:
    """Return the tiers of needs or markets by commodity; a market without a site gives its limit to each enterprise."""
    found: dict[str, list[Tier]] = {}
    amounts = table[column].fillna(inf).to_numpy(float).tolist()
    rows = zip(table["commodity"], amounts, _ends(table), (table["site"] == "").tolist(), strict=True)
    for commodity, amount, price, each in rows:
        found.setdefault(commodity, []).append(Tier(amount, price, each))
    return found


def _deals(table: pd.DataFrame) -> dict[str, Floats]:
    """Return the quantity-weighted mean price of today's deals by commodity."""
    priced = table[table["price"].notna() & (table["quantity"] > 0)]
    price, quantity = _ends(priced), priced["quantity"].to_numpy(float)
    found = {}
    for commodity in dict.fromkeys(priced["commodity"]):
        rows = (priced["commodity"] == commodity).to_numpy(bool)
        found[str(commodity)] = quantity[rows] @ price[rows] / quantity[rows].sum()
    return found
