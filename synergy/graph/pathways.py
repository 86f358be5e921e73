"""Pathways of a commodity: its process chains, ranked by margin and feasibility of supply and demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate, islice
from math import inf, isfinite

import numpy as np

from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.graph.catalogue import New, Technology, catalogue_of, holdings
from synergy.graph.prices import LEVELS, MarketPrices, Traded
from synergy.network.places import Floats
from synergy.proposals.names import Names, names
from synergy.scenario import JSON
from synergy.texts import LANGUAGES

DEPTH = 4
LEAST_SHARE = 0.1
HALF = 0.5  # part of the mass of the inputs from which one is a main input whatever it costs
TRACE = 0.2  # of the least share: part of the mass below which one is none, whatever it costs
MINOR = 0.01  # of the turnover: a last step that changes the margin by less is of no account
NOISE = 1e-9  # part of the largest amount below which a balance is closed
MOST = 5000  # chains
MOST_SCALES = 8
ENERGY = ("heat", "power", "right")
SCHEMA = "synergy/pathways/1"
Chain = tuple[tuple[str, str], ...]  # (process, what it takes of the chain), the first taking the start


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


@dataclass(frozen=True, slots=True)
class Pathway:
    """One process chain with its economics.

    Parameters
    ----------
    chain : tuple of (str, str)
        Each process and the commodity it takes from the chain; the first takes the starting commodity.
    scales : tuple of Scale
        By quantity; every step of scale that there is enough for, else the smallest.
    best : Scale
        The one with the greatest margin at middle prices, of those that lack nothing where there are any.
    added : float or None
        Contribution of the last step to the margin at middle prices; None for the first.
    least : float
        Units a year of the start that fill the smallest new unit of every step that may be built.
    lacking : float
        Shortfall to fill those without an existing unit; 0 where there is enough.
    firms : int or None
        Number of holders needed to fill them, the largest first; None if all together fall short.
    loop : bool
        Whether the last step gives back something that the chain took.
    minor : bool
        Whether the last step hardly changes the margin of the chain.
    ends : bool
        Whether an output of the last step has a market or leads back to the start.
    """

    chain: Chain
    line: MarginLine
    scales: tuple[Scale, ...]
    best: Scale
    added: float | None
    least: float
    lacking: float
    firms: int | None
    loop: bool
    minor: bool
    ends: bool

    @property
    def whole(self) -> bool:
        """Return whether start and inputs are in sufficient supply and all outputs have a buyer."""
        return not (self.lacking or self.best.short or self.best.unsold)

    @property
    def margins(self) -> tuple[float, float, float]:
        """Return the margin per unit of the start at low, middle and high prices, using new units where possible."""
        low, middle, high = self.best.margin.tolist()
        return low, middle, high


@dataclass(frozen=True, slots=True)
class Pathways:
    """All process chains of a commodity.

    Parameters
    ----------
    commodity : str
    depth : int
        Most processes in a chain.
    held : mapping of str to float
        Units a year in the region by owner, the largest first.
    bought : float
        Units a year that can be bought outside (may be infinite).
    worth : tuple of float
        Opportunity cost of a unit at low, middle and high prices (money).
    chains : tuple of Pathway
        The best first; those that lack something after those that do not.
    aids : tuple of str
        Processes of which the commodity is a mere aid.
    closed : tuple of str
        Processes that take it, stand nowhere and may not be built.
    cut : bool
        Whether there are more chains than were evaluated.
    """

    commodity: str
    depth: int
    held: Mapping[str, float]
    bought: float
    worth: tuple[float, float, float]
    chains: tuple[Pathway, ...]
    aids: tuple[str, ...]
    closed: tuple[str, ...]
    cut: bool


def pathways(dataset: Dataset, commodity: str, *, depth: int = DEPTH, least_share: float = LEAST_SHARE) -> Pathways:
    """Return all process chains of a commodity in the catalogue of processes.

    Parameters
    ----------
    dataset : Dataset
        Checked tables and settings; prices at their low and high end from ``price_low`` and ``price_high``.
    commodity : str
        Where the chains start.
    depth : int
        Most processes in a chain.
    least_share : float
        Part of the worth of a process's inputs (0..1) below which a commodity is a mere aid of it.

    Raises
    ------
    UsageError
        The dataset has no such commodity.

    Notes
    -----
    A margin is the revenue of all outputs, less the cost of other inputs, running cost with carbon, the annuity of new
    units, and the opportunity cost of the starting commodity (the revenue of its last unit in the region now).
    Co-products and co-inputs are priced by `synergy.graph.prices`; transport and limits on quality are left out.
    """
    goods = dataset["commodities"]
    known = goods["commodity"].to_list()
    if commodity not in known:
        raise UsageError(f"no such commodity: {commodity!r}; known: {', '.join(known[:20])}")
    technologies = catalogue_of(dataset)
    held = holdings(dataset, technologies)
    prices = MarketPrices(dataset, technologies, held)
    phase = goods["phase"].isin(ENERGY)
    mass = {str(name): float(size) for name, size in goods[~phase].set_index("commodity")["mass_t"].dropna().items()}
    catalogue = ProcessCatalogue(technologies, prices, frozenset(goods.loc[phase, "commodity"]), mass, least_share)
    own = dict(sorted(held.get(commodity, {}).items(), key=lambda pair: (-pair[1], pair[0])))
    rows = dataset["markets"][(dataset["markets"]["commodity"] == commodity) & (dataset["markets"]["side"] == "buy")]
    bought = float(rows["limit"].fillna(inf).sum())
    listed = list(islice(_chains(catalogue, commodity, depth), MOST + 1))
    users = catalogue.users(commodity)
    low, middle, high = prices.worth(commodity).tolist()
    return Pathways(
        commodity=commodity,
        depth=depth,
        held=own,
        bought=bought,
        worth=(low, middle, high),
        chains=_ranked(listed[:MOST], catalogue, own, bought),
        aids=tuple(n for n in users if technologies[n].possible and n not in catalogue.takers(commodity)),
        closed=tuple(n for n in users if not technologies[n].possible),
        cut=len(listed) > MOST,
    )


@dataclass(frozen=True, slots=True)
class ProcessCatalogue:
    """Search space of chains: processes, prices and rules for main inputs.

    `prices` give the share of each input in the inputs of a process; a commodity below `least_share` (0..1) of their
    worth is a mere aid, as fuel is. A chain ends in a commodity of `energy`: heat, power and rights are bought and
    sold, not carried on. `mass` is tons per unit of the commodities that state them, energy apart.
    """

    technologies: dict[str, Technology]
    prices: MarketPrices
    energy: frozenset[str]
    mass: Mapping[str, float]
    least_share: float

    def users(self, commodity: str) -> list[str]:
        """Return the processes that take a commodity."""
        return [name for name, one in self.technologies.items() if one.recipe.get(commodity, 0.0) < 0]

    def takers(self, commodity: str) -> list[str]:
        """Return the possible processes of which a commodity is a main input."""
        return [n for n in self.users(commodity) if self.technologies[n].possible and self._main(n, commodity)]

    def _main(self, process: str, commodity: str) -> bool:
        """Return whether a commodity is a main input of a process, by worth or by mass, and not a trace."""
        taken = {name: -size for name, size in self.technologies[process].recipe.items() if size < 0}
        mass = {name: size * self.mass[name] for name, size in taken.items() if name in self.mass}
        part = mass[commodity] / sum(mass.values()) if mass.get(commodity) else None
        if part is not None and part < TRACE * self.least_share:
            return False
        waste = not self._value(commodity) and float(self.prices.worth(commodity)[1]) < 0
        if waste or (part is not None and part >= HALF):
            return True  # what one pays to be rid of is what the process is for
        worth = {name: size * self._value(name) for name, size in taken.items()}
        return worth[commodity] >= self.least_share * sum(worth.values())

    def _value(self, commodity: str) -> float:
        """Return the middle price of a unit: its opportunity cost if positive, else its non-negative purchase cost."""
        worth = float(self.prices.worth(commodity)[1])
        return worth if worth > 0 else self.prices.cost(commodity)


def _chains(catalogue: ProcessCatalogue, commodity: str, depth: int, before: Chain = ()) -> Iterator[Chain]:
    """Yield all chains that carry on another by at most `depth` processes from a commodity, each before its extensions.

    A chain has no process twice and never passes on a commodity it contains already: a recycle ends it.
    """
    if not depth:
        return
    had = {taken for _, taken in before} | {commodity}
    ran = {process for process, _ in before}
    for process in catalogue.takers(commodity):
        if process in ran:
            continue
        chain = (*before, (process, commodity))
        yield chain
        for made, size in catalogue.technologies[process].recipe.items():
            if size > 0 and made not in had and made not in catalogue.energy:
                yield from _chains(catalogue, made, depth - 1, chain)


def _ranked(
    listed: list[Chain], catalogue: ProcessCatalogue, held: Mapping[str, float], bought: float
) -> tuple[Pathway, ...]:
    """Return the chains with their economics, ranked: sellable and feasible ones first, then by margin."""
    found: dict[Chain, Pathway] = {}
    technologies, prices, there = catalogue.technologies, catalogue.prices, sum(held.values())
    for chain in listed:
        line = _line_of(chain, technologies)
        scales = tuple(_scale_of(line, prices, size) for size in _quantities(line, prices, there + bought))
        best = max(scales, key=lambda scale: (not (scale.short or scale.unsold), float(scale.margin[1])))
        added = None
        if len(chain) > 1:  # against the shorter chain at the same quantity
            shorter = _scale_of(found[chain[:-1]].line, prices, best.quantity)
            added = float(best.margin[1] - shorter.margin[1])
        floor = _least(line, every=True)
        made = {name for name, size in technologies[chain[-1][0]].recipe.items() if size > 0}
        found[chain] = Pathway(
            chain=chain,
            line=line,
            scales=scales,
            best=best,
            added=added,
            least=floor,
            lacking=max(0.0, _least(line, every=False) - there - bought),
            firms=next((count for count, total in enumerate(accumulate(held.values()), 1) if total >= floor), None),
            loop=bool(made & {taken for _, taken in chain}),
            minor=added is not None and abs(added) < MINOR * sum(best.fetched.values()),
            ends=any(name == chain[0][1] or prices.outlets(name) for name in made),
        )
    return tuple(sorted(found.values(), key=lambda one: (not one.ends, not one.whole, -one.margins[1], one.chain)))


def _line_of(chain: Chain, technologies: dict[str, Technology]) -> MarginLine:
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


def _scale_of(line: MarginLine, prices: MarketPrices, quantity: float) -> Scale:
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


def _least(line: MarginLine, *, every: bool) -> float:
    """Return the quantity of the start (units a year) that fills the smallest new unit of each step.

    If not `every`, only the steps without an existing unit count.
    """
    sizes = [
        min(step.least for step in technology.steps) / activity
        for technology, activity in zip(line.technologies, line.activity, strict=True)
        if technology.steps and (every or not technology.facilities)
    ]
    return max(sizes, default=0.0)


def _quantities(line: MarginLine, prices: MarketPrices, there: float) -> list[float]:
    """Return at most `MOST_SCALES` quantities (units a year) at which a chain is evaluated.

    Limits of the steps of scale, the whole supply `there` of the start (which may be infinite), and the largest
    quantity for which inputs and outputs have a market; where nothing is built, the whole supply, or one unit.
    """
    steps = tuple(zip(line.technologies, line.activity, strict=True))
    limits = ((size, a) for one, a in steps for step in one.steps for size in (step.least, step.most))
    sizes = {size / activity for size, activity in limits if 0 < size < inf}
    # what may not be built runs within what stands
    fixed = (sum(unit.capacity for unit in one.facilities) / a for one, a in steps if not one.steps)
    most = min(fixed, default=inf)
    floor = _least(line, every=False) or min(sizes, default=0.0)
    top = min(max(there, floor), most)
    if floor <= top <= max(sizes, default=most):
        sizes.add(top)
    rest = {name: size for name, size in line.amounts.items() if name != line.start}
    sizes.add(min((prices.room(name, sold=size > 0) / abs(size) for name, size in rest.items()), default=inf))
    known = sorted(size for size in sizes if floor <= size <= top and 0 < size < inf)
    return known[:MOST_SCALES] or [min(floor or 1.0, most)]


def pathways_record(dataset: Dataset, found: Pathways) -> dict[str, JSON]:
    """Return pathways as JSON: money (dataset currency) per unit of commodity, amounts a year, None for infinite."""
    said = {lang: names(dataset, lang) for lang in LANGUAGES}
    return {
        "schema": SCHEMA,
        "dataset": {"name": dataset.name, "digest": dataset.digest},
        "commodity": found.commodity,
        "unit": said["en"].unit[found.commodity],
        "currency": dataset.settings.currency,
        "depth": found.depth,
        "holders": [{"enterprise": name, "quantity": size} for name, size in found.held.items()],
        "there": sum(found.held.values()),
        "bought": found.bought if isfinite(found.bought) else None,
        "given_up": dict(zip(LEVELS, found.worth, strict=True)),
        "chains": [_record(place, one, said) for place, one in enumerate(found.chains, 1)],
        "aids": list(found.aids),
        "closed": list(found.closed),
        "cut": found.cut,
    }


def _record(place: int, pathway: Pathway, said: dict[str, Names]) -> dict[str, JSON]:
    best = pathway.best
    return {
        "rank": place,
        **{f"title_{lang}": _title(pathway, of) for lang, of in said.items()},
        "steps": _steps(pathway),
        "amounts": pathway.line.amounts,
        "margin": _levels(best.margin),
        "margin_standing": _levels(best.standing),
        "added": pathway.added,
        "quantity": best.quantity,
        "least": pathway.least,
        "lacking": pathway.lacking,
        "firms": pathway.firms,
        "short": best.short,
        "unsold": best.unsold,
        "loop": pathway.loop,
        "minor": pathway.minor,
        "ends": pathway.ends,
        "scales": [
            {
                "quantity": scale.quantity,
                "margin": _levels(scale.margin),
                "margin_standing": _levels(scale.standing),
                "capex": scale.capex,
                "units": [asdict(unit) for unit in scale.units],
            }
            for scale in pathway.scales
        ],
    }


def _steps(pathway: Pathway) -> list[dict[str, JSON]]:
    rows = zip(pathway.chain, pathway.line.technologies, pathway.line.activity, strict=True)
    return [
        {
            "process": process,
            "takes": taken,
            "activity": activity,
            "buildable": bool(technology.steps),
            "policy_min": technology.policy_min,
            "facilities": [
                {"facility": unit.facility, "site": unit.site, "enterprise": unit.owner, "capacity": unit.capacity}
                for unit in technology.facilities
            ],
        }
        for (process, taken), technology, activity in rows
    ]


def _levels(money: Floats) -> dict[str, float]:
    return dict(zip(LEVELS, money.tolist(), strict=True))


def _title(pathway: Pathway, said: Names) -> str:
    """Return a chain as one line: commodities taken, processes, and products."""
    parts = [f"{said.commodity[taken]} → {said.process[process]}" for process, taken in pathway.chain]
    joined = ("、" if said.lang == "zh" else ", ").join(said.commodity[name] for name in products(pathway))
    return " → ".join([*parts, joined] if joined else parts)


def products(pathway: Pathway) -> list[str]:
    """Return the first three products sold by the last step of a chain, by decreasing revenue."""
    recipe = pathway.line.technologies[-1].recipe
    made = [name for name, size in recipe.items() if size > 0 and name in pathway.best.fetched]
    return sorted(made, key=lambda name: -pathway.best.fetched[name])[:3]
