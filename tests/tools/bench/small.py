"""Small instances that HiGHS alone solves within a minute; the engine gets the time that HiGHS took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import solvers
from bench.cases import SMALL
from bench.report import Line, ReportTable
from bench.runs import BenchRun, BenchTask, apart

LONGEST = 60.0  # seconds that HiGHS alone gets
CLOSE = 1e-3  # part of HiGHS's value by which the engine's may be worse
HEADS = (
    ("instance", "text"),
    ("rows", "count"),
    ("columns", "count"),
    ("binaries", "count"),
    ("HiGHS: seconds", "seconds"),
    ("value", "money"),
    ("gap", "fine"),
    ("Synergy: seconds", "seconds"),
    ("its value", "money"),
    ("its gap", "fine"),
    ("value / HiGHS's - 1", "fine"),
    ("time / HiGHS's", "ratio"),
    ("within 0.1 % or better", "text"),
)


def small(place: Path, seconds: float, pair: bool, names: Sequence[str] = tuple(SMALL)) -> Iterator[ReportTable]:
    """Yield the table of the small instances named, two side by side if `pair`.

    Their datasets are in `place`; `seconds` limits HiGHS alone, `LONGEST` at most.
    """
    limit = min(seconds, LONGEST)
    with ThreadPoolExecutor(2 if pair else 1) as pool:
        runs = list(pool.map(lambda name: _both(place / name, name, limit), names))
    rows = [_row(name, *both) for name, both in zip(names, runs, strict=True)]
    good = sum(row[-1] is True for row in rows)
    note = f"{good} of {len(rows)} within 0.1 % of HiGHS alone or better, in the time that HiGHS alone took"
    yield ReportTable(
        "small: one instance after the other, the engine in the time that HiGHS took", HEADS, rows, (note,)
    )


def _both(folder: Path, name: str, limit: float) -> tuple[BenchRun, BenchRun]:
    """Return the run of HiGHS, and the engine's with the time that HiGHS took as its limit."""
    make, firms, commodities, periods, seed = SMALL[name]
    make(folder, firms, commodities, periods, seed)
    theirs = apart(BenchTask(solvers.literal, folder, limit))
    return theirs, apart(BenchTask(solvers.ours, folder, theirs.seconds or limit))


def _row(name: str, theirs: BenchRun, ours: BenchRun) -> Line:
    better = theirs.value is None and ours.value is not None
    part = None
    if ours.value is not None and theirs.value:
        part = (ours.value - theirs.value) / abs(theirs.value)
        better = part >= -CLOSE
    return (
        name,
        *theirs.size,
        theirs.seconds,
        theirs.error or theirs.value,
        theirs.gap,
        ours.seconds,
        ours.error or ours.value,
        ours.gap,
        part,
        ours.seconds / theirs.seconds if theirs.seconds else None,
        better,
    )
