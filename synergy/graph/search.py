"""Search: enumerate the acyclic process chains from a commodity through its main-input uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from synergy.graph.catalogue import Technology
from synergy.graph.prices import MarketPrices

HALF = 0.5  # part of the mass of the inputs from which one is a main input whatever it costs


TRACE = 0.2  # of the least share: part of the mass below which one is none, whatever it costs


Chain = tuple[tuple[str, str], ...]  # (process, what it takes of the chain), the first taking the start


@dataclass(frozen=True, slots=True)
class ProcessCatalogue:
    """Search space of chains: processes, prices and rules for main inputs.

    `prices` give the share of each input in the inputs of a process; a commodity below `least_share` (0..1) of their
    worth is a mere aid, as fuel is. A chain ends in a commodity of `energy`: heat, power and rights are bought and
    sold, not carried on. `mass` is tons per unit of the commodities that state them, energy apart.
    """

    technologies: Mapping[str, Technology]
    prices: MarketPrices
    energy: frozenset[str]
    mass: Mapping[str, float]
    least_share: float

    def main(self, process: str, commodity: str) -> bool:
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

    def users(self, commodity: str) -> list[str]:
        """Return the processes that take a commodity."""
        return [name for name, one in self.technologies.items() if one.recipe.get(commodity, 0.0) < 0]

    def takers(self, commodity: str) -> list[str]:
        """Return the possible processes of which a commodity is a main input."""
        named = [name for name in self.users(commodity) if self.technologies[name].possible]
        return [name for name in named if self.main(name, commodity)]


def chains(catalogue: ProcessCatalogue, start: str, depth: int) -> Iterator[Chain]:
    """Yield all chains of at most `depth` processes from a commodity, each before its extensions.

    A chain has no process twice and never passes on a commodity it contains already: a recycle ends it.
    """
    yield from _from(catalogue, (), start, depth)


def _from(catalogue: ProcessCatalogue, chain: Chain, commodity: str, depth: int) -> Iterator[Chain]:
    if not depth:
        return
    had = {taken for _, taken in chain} | {commodity}
    ran = {process for process, _ in chain}
    for process in catalogue.takers(commodity):
        if process in ran:
            continue
        longer = (*chain, (process, commodity))
        yield longer
        for made, size in catalogue.technologies[process].recipe.items():
            if size > 0 and made not in had and made not in catalogue.energy:
                yield from _from(catalogue, longer, made, depth - 1)
