"""Cases: the datasets that are measured, how each is made, and what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

from synergy.bench.generate import generate
from synergy.bench.webs import web
from synergy.bench.wide import wide
from synergy.dataset.dataset import Dataset
from synergy.dataset.read import read
from synergy.dataset.schema import own_column
from synergy.dataset.subset import subset
from synergy.dataset.write import write
from synergy.dataset.yearly import yearly

SITES = 31  # of the first trial of the domain's tables
HOLDERS = ("offers", "needs", "facilities", "stores", "processes", "markets", "enterprises")


@dataclass(frozen=True, slots=True)
class Case:
    """A dataset to be measured.

    Parameters
    ----------
    note : str
        What it is.
    make : callable
        Writes it into a folder.
    tools : bool
        Whether linopy and Pyomo build and solve it too.
    pruned : bool
        Whether HiGHS alone also gets the engine's own model, as the literal one may be too much for it.
    """

    note: str
    make: Callable[[Path], Path]
    tools: bool = False
    pruned: bool = False


def _lvliang() -> Dataset:
    with as_file(files("synergy.datasets") / "lvliang") as source:
        return read(source)


def _written(dataset: Dataset, folder: Path) -> Path:
    write(dataset, folder)
    return folder


def first_sites(dataset: Dataset, sites: int) -> list[str]:
    """Return the first enterprises, in the order of their table, whose sites make a number.

    Parameters
    ----------
    dataset : Dataset
    sites : int
        How many; an enterprise with more sites than are still wanted is passed over.
    """
    count = dataset["sites"]["enterprise"].value_counts()
    chosen: list[str] = []
    for enterprise in dataset["enterprises"]["enterprise"]:
        own = int(count.get(enterprise, 0))
        if own <= sites:
            chosen.append(str(enterprise))
            sites -= own
    return chosen


def cut(dataset: Dataset, enterprises: Collection[str]) -> Dataset:
    """Return the part of a dataset that some enterprises and the public places have, without rows about others.

    Parameters
    ----------
    dataset : Dataset
    enterprises : collection of str
        Ids of those who take part.
    """
    part = subset(dataset, enterprises)
    known = {holder for table in HOLDERS for holder in part[table][own_column(table)]}
    about = {name: part[name][part[name]["holder"].isin(known)] for name in ("qualities", "limits", "availability")}
    return replace(part, tables={**part.tables, **about})


def _first(folder: Path) -> Path:
    year = yearly(_lvliang())
    return _written(cut(year, first_sites(year, SITES)), folder)


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "lvliang-year": Case(
            "Lvliang, the year as one period", lambda folder: _written(yearly(_lvliang()), folder), tools=True
        ),
        "lvliang-31": Case(
            f"the same, the first enterprises of the table whose sites make {SITES}, and public places",
            _first,
            tools=True,
        ),
        "generated-60": Case(
            "60 firms, 40 commodities, 12 periods, fixed charges",
            lambda folder: generate(folder, firms=60, commodities=40, periods=12, seed=1),
        ),
        "generated-120": Case(
            "120 firms, 40 commodities, 12 periods, fixed charges",
            lambda folder: generate(folder, firms=120, commodities=40, periods=12, seed=2),
        ),
        "wide": Case(
            "180 firms far apart, 12 commodities, 12 periods, open markets: the relaxation is nearly whole",
            lambda folder: wide(folder, firms=180, commodities=12, periods=12, seed=1),
        ),
        "lvliang": Case("Lvliang, twelve months", lambda folder: _written(_lvliang(), folder), pruned=True),
    }
)

# Ten instances of both makers that took HiGHS alone from 9 s to about a minute, whatever the engine did with them: one
# of the makers; firms, commodities, periods, seed.
SMALL: Mapping[str, tuple[Callable[..., Path], int, int, int, int]] = MappingProxyType(
    {
        "web-30": (web, 30, 12, 1, 1),
        "web-26": (web, 26, 12, 1, 2),
        "web-34": (web, 34, 12, 1, 3),
        "web-24": (web, 24, 14, 2, 4),
        "web-28": (web, 28, 14, 2, 31),
        "generated-40": (generate, 40, 20, 1, 16),
        "generated-36": (generate, 36, 20, 2, 21),
        "generated-40b": (generate, 40, 20, 1, 22),
        "generated-30": (generate, 30, 20, 4, 23),
        "generated-44": (generate, 44, 24, 1, 24),
    }
)
