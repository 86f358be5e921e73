"""Benchmark command: run benchmarks and print each table as it completes, or one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from synergy.bench.main import QUICK, SECONDS, Setting, main
from synergy.bench.report import ReportTable, show
from synergy.cli.console import Talk


class BenchOptions(TypedDict):
    """Options of a benchmark: fields of `synergy.bench.main.Setting`."""

    quick: bool
    pair: bool
    count: int | None


def run_bench(
    talk: Talk, names: Sequence[str], *, seconds: float | None, as_json: bool, **given: Unpack[BenchOptions]
) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    names : sequence of str
        All if empty.
    seconds : float or None
        Time limit of each run; None for the default, which depends on ``quick``.
    as_json : bool
        Print one JSON document; the tables then go to standard error.
    """
    limit = seconds if seconds is not None else QUICK if given["quick"] else SECONDS
    console = talk.err if as_json else talk.out

    def print_sheet(sheet: ReportTable) -> None:
        show(sheet, console)

    record = main(names, Setting(seconds=limit, **given), print_sheet)
    if as_json:
        talk.document(record)
    return 0
