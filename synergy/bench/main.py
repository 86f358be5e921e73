"""The command `synergy bench`: which cases, which runs, and the tables that come of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType

from rich.console import Console
from rich.table import Table

from synergy.bench.generate import generate
from synergy.bench.runs import Run, apart, literal, ours
from synergy.dataset.read import read
from synergy.dataset.write import write
from synergy.dataset.yearly import yearly
from synergy.errors import UsageError

SECONDS, QUICK = 300.0, 30.0


def _lvliang(folder: Path) -> Path:
    with as_file(files("datasets") / "lvliang") as source:
        write(read(source), folder)
    return folder


def _year(folder: Path) -> Path:
    with as_file(files("datasets") / "lvliang") as source:
        write(yearly(read(source)), folder)
    return folder


# name -> writes the dataset into a folder
CASES: Mapping[str, Callable[[Path], Path]] = MappingProxyType(
    {
        "lvliang-year": _year,
        "generated-60": lambda folder: generate(folder, firms=60, commodities=40, periods=12, seed=1),
        "generated-120": lambda folder: generate(folder, firms=120, commodities=40, periods=12, seed=2),
        "lvliang": _lvliang,
    }
)


def main(arguments: Sequence[str] = ()) -> int:
    """Run the benchmarks and print their tables.

    Parameters
    ----------
    arguments : sequence of str
        ``--quick`` for short times, and names of `CASES`; all where none is named.

    Returns
    -------
    int
        Exit status.

    Raises
    ------
    UsageError
        A name is unknown.
    """
    names = [name for name in arguments if name != "--quick"] or list(CASES)
    unknown = sorted(set(names) - set(CASES))
    if unknown:
        raise UsageError(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(CASES)}")
    seconds = QUICK if "--quick" in arguments else SECONDS
    console = Console()
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            folder = CASES[name](Path(place) / name)
            runs = {"Synergy": apart(ours, folder, seconds), "HiGHS, literal": apart(literal, folder, seconds)}
        console.print(_marks(name, runs))
        console.print(_sizes(runs))
    return 0


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}g}"


def _gap(value: float | None, bound: float | None) -> str:
    if value is None or bound is None:
        return "-"
    return f"{abs(bound - value) / max(1.0, abs(value)):.3%}"


def _marks(name: str, runs: Mapping[str, Run]) -> Table:
    """Return value, bound and gap of each run at each mark."""
    table = Table(title=name)
    for head in ("run", "seconds", "value", "bound", "gap"):
        table.add_column(head, justify="left" if head == "run" else "right")
    for label, run in runs.items():
        for mark, (value, bound) in run.marks.items():
            table.add_row(label, f"{mark:.0f}", _figure(value, 7), _figure(bound, 7), _gap(value, bound))
        if run.error:
            table.add_row(label, "-", run.error, "-", "-")
    return table


def _sizes(runs: Mapping[str, Run]) -> Table:
    """Return size, time and memory of each run, and the ratio of the first to the others."""
    table = Table()
    for head in ("run", "rows", "columns", "binaries", "build s", "whole s", "memory MB", "time ratio", "memory ratio"):
        table.add_column(head, justify="left" if head == "run" else "right")
    first = next(iter(runs.values()))
    for label, run in runs.items():
        times = first.seconds / run.seconds if run.seconds else None
        peaks = first.memory_mb / run.memory_mb if run.memory_mb else None
        figures = (run.build_seconds, run.seconds, run.memory_mb, times, peaks)
        table.add_row(label, *(str(part) for part in run.size), *(_figure(part, 3) for part in figures))
    return table
