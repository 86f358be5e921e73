"""Benchmark cases: the datasets, how each is generated, and which runs apply to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy import sparse

from bench.generate import generate
from bench.webs import web
from bench.wide import wide
from synergy.dataset.package import write
from synergy.dataset.read import read
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset, subset, yearly
from synergy.literal.build import LiteralModel
from synergy.literal.scope import Flags, Floats

SITES = 31  # of the first trial of the domain's tables
HOLDERS = ("offers", "needs", "facilities", "stores", "processes", "markets", "enterprises")


@dataclass(frozen=True, slots=True)
class Case:
    """Benchmark dataset, with a note on it and `make`, which writes it into a folder.

    `tools` says whether linopy and Pyomo build and solve it too; `pruned`, whether HiGHS alone also gets the engine's
    own model, as the literal one may be too much for it.
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
    """Return the first enterprises, in table order, whose sites add up to a given number.

    An enterprise with more sites than are still wanted is skipped.
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
    """Return the part of a dataset that belongs to some enterprises and the public places."""
    part = subset(dataset, enterprises)
    known = {holder for table in HOLDERS for holder in part[table][TABLES[table].key[0]]}
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


@dataclass(frozen=True, slots=True)
class Variables:
    """All variables of one kind (``flow``, ``run``, ``on`` ...), in consecutive columns.

    `lower`, `upper` and `cost` (money a year that one unit brings) are of shape (stop - start,).
    """

    name: str
    start: int
    stop: int
    binary: bool
    lower: Floats
    upper: Floats
    cost: Floats


@dataclass(frozen=True, slots=True)
class Constraints:
    """All rows of one constraint (``offer``, ``need`` ...) and one sense: ``<=``, ``>=`` or ``=``.

    The name has the sense where a constraint has several. `right` is of shape (rows,), `matrix` of shape (rows, columns
    of the whole model); every row has some coefficients.
    """

    name: str
    sense: str
    right: Floats
    matrix: sparse.csr_array


def variables_of(model: LiteralModel) -> list[Variables]:
    """Return the variables of a literal model, kind by kind."""
    kinds = model.columns["variable"].to_numpy(object)
    starts = np.flatnonzero(np.append(True, kinds[1:] != kinds[:-1])) if len(kinds) else np.empty(0, np.int64)
    return [
        Variables(
            name=str(kinds[start]),
            start=int(start),
            stop=int(stop),
            binary=bool(model.integer[start]),
            lower=model.column_lower[start:stop],
            upper=model.column_upper[start:stop],
            cost=model.cost[start:stop],
        )
        for start, stop in zip(starts, [*starts[1:], len(kinds)], strict=True)
    ]


def constraints_of(model: LiteralModel) -> Iterator[Constraints]:
    """Yield the constraints of a literal model, family by family, without rows that have no coefficients."""
    names = model.rows["constraint"].to_numpy(object)
    matrix = sparse.csr_array(model.matrix)
    filled = np.diff(matrix.indptr) > 0
    for name in dict.fromkeys(names):
        here = filled & (names == name)
        for sense, chosen, right in _senses(model):
            rows = np.flatnonzero(here & chosen)
            if len(rows):
                yield Constraints(f"{name} {sense}", sense, right[rows], matrix[rows])


def _senses(model: LiteralModel) -> list[tuple[str, Flags, Floats]]:
    """Return the rows of each sense, with right sides; a row with two different bounds appears twice."""
    low, high = model.row_lower, model.row_upper
    equal = low == high
    return [
        ("=", equal, high),
        ("<=", ~equal & np.isfinite(high), high),
        (">=", ~equal & np.isfinite(low), low),
    ]
