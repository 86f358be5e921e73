"""Pathways of a commodity: its process chains, ranked by margin and feasibility of supply and demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from math import inf, isfinite

from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.graph.catalogue import catalogue_of, holdings
from synergy.graph.margins import MarginLine, Scale, least, line_of, quantities, scale_of
from synergy.graph.prices import LEVELS, MarketPrices
from synergy.graph.search import Chain, ProcessCatalogue, chains
from synergy.network.places import Floats
from synergy.proposals.names import Names, names
from synergy.scenario import JSON
from synergy.texts import LANGUAGES

DEPTH = 4
LEAST_SHARE = 0.1
MINOR = 0.01  # of the turnover: a last step that changes the margin by less is of no account
MOST = 5000  # chains
ENERGY = ("heat", "power", "right")
SCHEMA = "synergy/pathways/1"


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
    known = dataset["commodities"]["commodity"].to_list()
    if commodity not in known:
        raise UsageError(f"no such commodity: {commodity!r}; known: {', '.join(known[:20])}")
    technologies = catalogue_of(dataset)
    held = holdings(dataset, technologies)
    prices = MarketPrices(dataset, technologies, held)
    phase = dataset["commodities"]["phase"].isin(ENERGY)
    energy = frozenset(dataset["commodities"].loc[phase, "commodity"])
    goods = dataset["commodities"][~phase].set_index("commodity")["mass_t"].dropna()
    mass = {str(name): float(size) for name, size in goods.items()}
    catalogue = ProcessCatalogue(technologies, prices, energy, mass, least_share)
    own = dict(sorted(held.get(commodity, {}).items(), key=lambda pair: (-pair[1], pair[0])))
    rows = dataset["markets"][(dataset["markets"]["commodity"] == commodity) & (dataset["markets"]["side"] == "buy")]
    bought = float(rows["limit"].fillna(inf).sum())
    listed = list(islice(chains(catalogue, commodity, depth), MOST + 1))
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


def _ranked(
    listed: list[Chain], catalogue: ProcessCatalogue, held: Mapping[str, float], bought: float
) -> tuple[Pathway, ...]:
    """Return the chains with their economics, ranked: sellable and feasible ones first, then by margin."""
    found: dict[Chain, Pathway] = {}
    technologies = dict(catalogue.technologies)
    for chain in listed:
        line = line_of(chain, technologies)
        there = sum(held.values())
        scales = tuple(
            scale_of(line, catalogue.prices, size) for size in quantities(line, catalogue.prices, there + bought)
        )
        best = max(scales, key=lambda scale: (not (scale.short or scale.unsold), float(scale.margin[1])))
        added = None
        if len(chain) > 1:  # against the shorter chain at the same quantity
            shorter = scale_of(found[chain[:-1]].line, catalogue.prices, best.quantity)
            added = float(best.margin[1] - shorter.margin[1])
        floor = least(line, every=True)
        made = {name for name, size in technologies[chain[-1][0]].recipe.items() if size > 0}
        found[chain] = Pathway(
            chain=chain,
            line=line,
            scales=scales,
            best=best,
            added=added,
            least=floor,
            lacking=max(0.0, least(line, every=False) - there - bought),
            firms=_firms(held, floor),
            loop=bool(made & {taken for _, taken in chain}),
            minor=added is not None and abs(added) < MINOR * best.turnover,
            ends=any(name == chain[0][1] or catalogue.prices.outlets(name) for name in made),
        )
    return tuple(sorted(found.values(), key=lambda one: (not one.ends, not one.whole, -one.margins[1], one.chain)))


def _firms(held: Mapping[str, float], floor: float) -> int | None:
    """Return how many of the largest holders are needed to reach a quantity, None if all together fall short."""
    total = 0.0
    for count, amount in enumerate(held.values(), 1):
        total += amount
        if total >= floor:
            return count
    return None


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
        "chains": [_chain(place, one, said) for place, one in enumerate(found.chains, 1)],
        "aids": list(found.aids),
        "closed": list(found.closed),
        "cut": found.cut,
    }


def _chain(place: int, pathway: Pathway, said: dict[str, Names]) -> dict[str, JSON]:
    best = pathway.best
    return {
        "rank": place,
        **{f"title_{lang}": arrow(pathway, of) for lang, of in said.items()},
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
        "scales": [_scale(scale) for scale in pathway.scales],
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


def _scale(scale: Scale) -> dict[str, JSON]:
    return {
        "quantity": scale.quantity,
        "margin": _levels(scale.margin),
        "margin_standing": _levels(scale.standing),
        "capex": scale.capex,
        "units": [{name: getattr(unit, name) for name in type(unit).__slots__} for unit in scale.units],
    }


def _levels(money: Floats) -> dict[str, float]:
    return dict(zip(LEVELS, money.tolist(), strict=True))


def products(pathway: Pathway, most: int = 3) -> list[str]:
    """Return the products sold by the last step of a chain, by decreasing revenue."""
    recipe = pathway.line.technologies[-1].recipe
    made = [name for name, size in recipe.items() if size > 0 and name in pathway.best.fetched]
    return sorted(made, key=lambda name: -pathway.best.fetched[name])[:most]


def arrow(pathway: Pathway, said: Names) -> str:
    """Return a chain as one line, with names in one language: commodities taken, processes, and products."""
    parts = [f"{said.commodity[taken]} → {said.process[process]}" for process, taken in pathway.chain]
    joined = ("、" if said.lang == "zh" else ", ").join(said.commodity[name] for name in products(pathway))
    return " → ".join([*parts, joined] if joined else parts)
