"""Prices: sale and purchase prices at the gate, by tier, at low, middle and high price levels.

All prices are at their low, middle or high end together, as in a scenario of low or of high prices. Commodities without
a market are priced by today's deals, by the cheapest single-product process, or by the cost of disposal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.graph.catalogue import Technology
from synergy.network.places import Floats

LEVELS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class Tier:
    """Price tier: an amount a year (units) at a price (money per unit at the three levels)."""

    amount: float
    price: Floats


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
        self._sell, self._buy = _markets(dataset, "sell"), _markets(dataset, "buy")
        self._needs = _tiers(dataset["needs"], dataset["needs"]["quantity"].to_numpy(float))
        self._deals = _deals(dataset["deals"])
        self._offered = frozenset(dataset["offers"]["commodity"])
        self._worth: dict[str, Floats] = {}

    def outlets(self, commodity: str, sellers: int = 1) -> list[Tier]:
        """Return the sale tiers of a commodity, the best price first: needs, selling markets, else today's deals.

        The limit of a market without a site applies to each of the `sellers` enterprises.
        """
        sold = [Tier(tier.amount * (sellers if own else 1), tier.price) for tier, own in self._sell.get(commodity, ())]
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
            return bought[0][0].price
        if not self._sell.get(commodity) and commodity in self._deals:
            return self._deals[commodity]
        room = 0.0
        for tier in tiers:
            room += tier.amount
            if room >= there:
                return tier.price
        return np.full(3, -self._disposal.get(commodity, 0.0))

    def _sources(self, commodity: str, seen: frozenset[str]) -> list[Tier]:
        """Return the purchase tiers of a commodity, the cheapest first: markets, regional supply, own production."""
        tiers = [tier for tier, _ in self._buy.get(commodity, [])]
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
            cost = np.full(3, technology.opex + _unit_capital(technology))
            for name, size in technology.recipe.items():
                if size < 0:
                    tiers = self._sources(name, seen | {commodity})
                    cost = cost - size * (tiers[0].price if tiers else 0.0)
            cost = cost / technology.recipe[commodity]
            best = cost if best is None or cost[1] < best[1] else best
        return best


def _unit_capital(technology: Technology) -> float:
    """Return the yearly capital cost per unit of activity in the cheapest step at full use, 0 if not buildable."""
    costs = [step.unit + (step.fixed / step.most if 0 < step.most < inf else 0.0) for step in technology.steps]
    return technology.annuity * min(costs, default=0.0)


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


def ends(table: pd.DataFrame, column: str) -> Floats:
    """Return a numeric column at its low, middle and high end, shape (rows, 3); an end not stated is the middle.

    The ends are in ``<column>_low`` and ``<column>_high``.
    """
    middle = table[column].to_numpy(float)
    parts = [table[f"{column}_{end}"].to_numpy(float) if f"{column}_{end}" in table else middle for end in LEVELS[::2]]
    low, high = (np.where(np.isnan(part), middle, part) for part in parts)
    return np.stack([np.minimum(low, middle), middle, np.maximum(high, middle)], axis=1)


def _tiers(table: pd.DataFrame, amount: Floats) -> dict[str, list[Tier]]:
    found: dict[str, list[Tier]] = {}
    for commodity, size, price in zip(table["commodity"], amount.tolist(), ends(table, "price"), strict=True):
        found.setdefault(commodity, []).append(Tier(size, price))
    return found


def _markets(dataset: Dataset, side: str) -> dict[str, list[tuple[Tier, bool]]]:
    """Return the market tiers of one side by commodity, and whether each limit applies per enterprise."""
    table = dataset["markets"][dataset["markets"]["side"] == side]
    found: dict[str, list[tuple[Tier, bool]]] = {}
    limit = table["limit"].fillna(inf).to_numpy(float)
    tiers = zip(table["commodity"], limit.tolist(), ends(table, "price"), table["site"], strict=True)
    for commodity, size, price, site in tiers:
        found.setdefault(commodity, []).append((Tier(size, price), site == ""))
    best_first = -1 if side == "sell" else 1
    return {name: sorted(of, key=lambda pair: best_first * pair[0].price[1]) for name, of in found.items()}


def _deals(table: pd.DataFrame) -> dict[str, Floats]:
    """Return the quantity-weighted mean price of today's deals by commodity."""
    priced = table[table["price"].notna() & (table["quantity"] > 0)]
    price, quantity = ends(priced, "price"), priced["quantity"].to_numpy(float)
    found = {}
    for commodity in dict.fromkeys(priced["commodity"]):
        rows = (priced["commodity"] == commodity).to_numpy(bool)
        found[str(commodity)] = quantity[rows] @ price[rows] / quantity[rows].sum()
    return found
