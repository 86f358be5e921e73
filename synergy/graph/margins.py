"""Margins: profit of a chain per unit of its starting commodity, at each step of scale."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from synergy.graph.catalogue import New, Technology
from synergy.graph.prices import MarketPrices, Traded
from synergy.graph.search import Chain
from synergy.network.places import Floats

NOISE = 1e-9  # part of the largest amount below which a balance is closed


MOST_SCALES = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """Economics of a chain at one quantity.

    Parameters
    ----------
    quantity : float
        Units a year of the starting commodity.
    margin : numpy.ndarray, shape (3,)
        Money per unit of the starting commodity at low, middle and high prices, every step that may be built new.
    standing : numpy.ndarray, shape (3,)
        The same without capital for the steps with existing units.
    capex : float
        Money, undiscounted, of all steps that may be built.
    short, unsold : dict of str to float
        Units a year of inputs without a source or a price, and of outputs without a buyer.
    fetched : dict of str to float
        Money per unit of the starting commodity that each product fetches at middle prices.
    """

    quantity: float
    margin: Floats
    standing: Floats
    capex: float
    units: tuple[New, ...]
    short: dict[str, float]
    unsold: dict[str, float]
    fetched: dict[str, float]

    @property
    def turnover(self) -> float:
        """Return the revenue of all products per unit of the starting commodity at middle prices."""
        return sum(self.fetched.values())


@dataclass(frozen=True, slots=True)
class MarginLine:
    """A chain with its amounts per unit of the starting commodity.

    `activity` is that of each technology; `amounts` are the net output (> 0) or input (< 0) of each commodity, without
    intermediates passed on.
    """

    start: str
    technologies: tuple[Technology, ...]
    activity: tuple[float, ...]
    amounts: dict[str, float]


def line_of(chain: Chain, technologies: dict[str, Technology]) -> MarginLine:
    """Return the amounts of a chain per unit of its start; intermediates are passed on in full."""
    start = chain[0][1]
    amounts, activity, quantity = {start: 1.0}, [], 1.0
    for place, (process, taken) in enumerate(chain):
        recipe = technologies[process].recipe
        activity.append(quantity / -recipe[taken])
        for commodity, size in recipe.items():
            amounts[commodity] = amounts.get(commodity, 0.0) + size * activity[-1]
        if place + 1 < len(chain):
            quantity = recipe[chain[place + 1][1]] * activity[-1]
    noise = NOISE * max(abs(size) for size in amounts.values())
    kept = {commodity: size for commodity, size in amounts.items() if abs(size) > noise}
    return MarginLine(start, tuple(technologies[process] for process, _ in chain), tuple(activity), kept)


def scale_of(line: MarginLine, prices: MarketPrices, quantity: float) -> Scale:
    """Return the economics of a chain at a quantity of the starting commodity (units a year)."""
    short: dict[str, float] = {}
    unsold: dict[str, float] = {}
    fetched: dict[str, float] = {}
    money = np.zeros(3)
    for commodity, size in line.amounts.items():
        if commodity == line.start:  # comes back, or is taken again on the way: worth what is given up with it
            traded = Traded(abs(size) * quantity * prices.worth(commodity), 0.0)
        else:
            traded = (prices.sale if size > 0 else prices.purchase)(commodity, abs(size) * quantity)
        money += traded.money if size > 0 else -traded.money
        if size > 0 and traded.money[1] > 0:
            fetched[commodity] = float(traded.money[1]) / quantity
        if size < 0 and not prices.priced(commodity):
            short[commodity] = -size * quantity
        elif traded.left > NOISE * abs(size) * quantity:
            (unsold if size > 0 else short)[commodity] = traded.left
    units, running, annual, fresh = [], np.zeros(2), 0.0, 0.0
    for technology, activity in zip(line.technologies, line.activity, strict=True):
        size = activity * quantity
        unit = technology.new(size)
        capital = 0.0 if not technology.steps else technology.annuity * unit.capex
        units += [unit] if technology.steps else []
        annual += capital
        fresh += 0.0 if technology.facilities else capital
        own = technology.standing_opex if technology.facilities else technology.opex
        running += size * np.array([technology.opex if technology.steps else own, own])
    worth = prices.worth(line.start)
    return Scale(
        quantity=quantity,
        margin=(money - running[0] - annual) / quantity - worth,
        standing=(money - running[1] - fresh) / quantity - worth,
        capex=sum(unit.capex for unit in units),
        units=tuple(units),
        short=short,
        unsold=unsold,
        fetched=fetched,
    )


def least(line: MarginLine, *, every: bool) -> float:
    """Return the quantity of the start (units a year) that fills the smallest new unit of each step.

    If not `every`, only the steps without an existing unit count.
    """
    sizes = [
        min(step.least for step in technology.steps) / activity
        for technology, activity in zip(line.technologies, line.activity, strict=True)
        if technology.steps and (every or not technology.facilities)
    ]
    return max(sizes, default=0.0)


def quantities(line: MarginLine, prices: MarketPrices, there: float) -> list[float]:
    """Return at most `MOST_SCALES` quantities (units a year) at which a chain is evaluated.

    Limits of the steps of scale, the whole supply `there` of the start (which may be infinite), and the largest
    quantity for which inputs and outputs have a market; where nothing is built, the whole supply, or one unit.
    """
    steps = tuple(zip(line.technologies, line.activity, strict=True))
    sizes = {
        size / activity
        for technology, activity in steps
        for step in technology.steps
        for size in (step.least, step.most)
        if 0 < size < inf
    }
    # what may not be built runs within what stands
    most = min((_capacity(one) / activity for one, activity in steps if not one.steps), default=inf)
    floor = least(line, every=False) or min(sizes, default=0.0)
    top = min(max(there, floor), most)
    if floor <= top <= max(sizes, default=most):
        sizes.add(top)
    rest = {name: size for name, size in line.amounts.items() if name != line.start}
    sizes.add(min((prices.room(name, sold=size > 0) / abs(size) for name, size in rest.items()), default=inf))
    known = sorted(size for size in sizes if floor <= size <= top and 0 < size < inf)
    return known[:MOST_SCALES] or [min(floor or 1.0, most)]


def _capacity(technology: Technology) -> float:
    return sum(unit.capacity for unit in technology.facilities)
