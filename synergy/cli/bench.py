"""Benchmark command: run benchmarks and print each table as it completes, or one JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synergy.bench.main import QUICK, SECONDS, Setting, main
from synergy.bench.report import ReportTable, show
from synergy.cli.console import Talk


def run_bench(talk: Talk, names: Sequence[str], *, seconds: float | None, as_json: bool, **given: Any) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    talk : Talk
        Output and language.
    names : sequence of str
        Names of the benchmarks; all if empty.
    seconds : float or None
        Time limit of each run; None for the default, which depends on ``quick``.
    as_json : bool
        Print one JSON document; the tables then go to standard error.
    **given : bool
        Fields of `synergy.bench.main.Setting`.
    """
    limit = seconds if seconds is not None else QUICK if given.get("quick") else SECONDS
    console = talk.err if as_json else talk.out

    def print_sheet(sheet: ReportTable) -> None:
        show(sheet, console)

    record = main(names, Setting(seconds=limit, **given), print_sheet)
    if as_json:
        talk.document(record)
    return 0
