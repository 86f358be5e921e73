"""The command `synergy bench`: run the selected benchmarks and return their tables."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from bench.cases import CASES, SMALL
from bench.claims import COUNT, claims
from bench.claims import QUICK as FEW
from bench.compare import compare
from bench.explained import asked, explained
from bench.links import ROWS, links
from bench.report import ReportTable
from bench.settlement import settlement
from bench.small import small
from synergy.errors import UsageError
from synergy.scenario import JSON

SECONDS, QUICK = 300.0, 15.0
MEMORY_GB = 16.0
BENCH = "synergy/bench/1"
PACKAGES = ("highspy", "ortools", "linopy", "pyomo", "numpy", "scipy", "pandas")


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of a benchmark run.

    `seconds` limits each run; `quick` uses small tables and few instances, to see that all works; `pair` runs two side
    by side, one thread each, where both bear the same load. `memory_gb` is the address space of a process, `count` the
    number of problems of `claims`, None for its own.
    """

    seconds: float = SECONDS
    quick: bool = False
    pair: bool = False
    memory_gb: float = MEMORY_GB
    count: int | None = None


Bench = Callable[[Setting, Path], Iterator[ReportTable]]


def _case(name: str) -> Bench:
    def measure(setting: Setting, place: Path) -> Iterator[ReportTable]:
        folder = CASES[name].make(place / name)
        yield from compare(name, CASES[name], folder, (setting.seconds, setting.pair, setting.memory_gb))

    return measure


def _small(setting: Setting, place: Path) -> Iterator[ReportTable]:
    yield from small(place, setting.seconds, setting.pair, list(SMALL)[: 2 if setting.quick else None])


def _links(setting: Setting, place: Path) -> Iterator[ReportTable]:
    yield from links(place / "links", ROWS // 10 if setting.quick else ROWS)


def _settlement(setting: Setting, place: Path) -> Iterator[ReportTable]:
    yield from settlement(place, setting.seconds, setting.pair)


def _explain(setting: Setting, _: Path) -> Iterator[ReportTable]:
    yield from explained(setting.seconds)
    if not setting.quick:
        yield from asked(setting.seconds)


def _claims(setting: Setting, _: Path) -> Iterator[ReportTable]:
    yield from claims(setting.count or (FEW if setting.quick else COUNT), 2 if setting.pair else 1)


# name -> takes the setting and an empty folder, and yields tables; what is measured anew is added here
BENCHES: Mapping[str, Bench] = MappingProxyType(
    {
        **{name: _case(name) for name in CASES},
        "small": _small,
        "links": _links,
        "settlement": _settlement,
        "explain": _explain,
        "claims": _claims,
    }
)


def main(names: Sequence[str], setting: Setting, show: Callable[[ReportTable], None]) -> dict[str, JSON]:
    """Run some or all `BENCHES`, show each table when ready, and return machine, setting and tables as plain values.

    Raises
    ------
    UsageError
        A name is unknown.
    """
    unknown = sorted(set(names) - set(BENCHES))
    if unknown:
        raise UsageError(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    tables: dict[str, list[dict[str, JSON]]] = {}
    for name in names or BENCHES:
        tables[name] = []
        with tempfile.TemporaryDirectory() as place:
            for sheet in BENCHES[name](setting, Path(place)):
                show(sheet)
                tables[name].append(sheet.record())
    return {
        "schema": BENCH,
        "machine": machine(),
        "seconds": setting.seconds,
        "side_by_side": setting.pair,
        "threads": 1,
        "benches": tables,
    }


def machine() -> dict[str, JSON]:
    """Return the hardware and versions that the figures depend on: processors, memory, versions."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(pages / 2**30, 1),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
