"""Benchmark command: run benchmarks and print each table as it completes, or one JSON document."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from synergy.cli.console import Talk
from synergy.errors import UsageError

if TYPE_CHECKING:
    from bench.report import ReportTable


class BenchOptions(TypedDict):
    """Options of a benchmark: fields of `bench.main.Setting`."""

    quick: bool
    pair: bool
    count: int | None


def run_bench(
    talk: Talk, names: Sequence[str], *, seconds: float | None, as_json: bool, **given: Unpack[BenchOptions]
) -> int:
    """Run the benchmarks, which stand in ``tests/tools/bench`` of a source checkout.

    Parameters
    ----------
    names : sequence of str
        All if empty.
    seconds : float or None
        Time limit of each run; None for the default, which depends on ``quick``.
    as_json : bool
        Print one JSON document; the tables then go to standard error.

    Raises
    ------
    UsageError
        Synergy is installed from a wheel, or a name is unknown.
    """
    tools = Path(__file__).resolve().parents[2] / "tests" / "tools"
    if not (tools / "bench" / "main.py").is_file():
        raise UsageError(
            "benchmarks need a source checkout, and this is an installed package; in a clone of the repository: "
            "pip install -e '.[bench]', then synergy bench"
        )
    sys.path.insert(0, str(tools))
    from bench.main import QUICK, SECONDS, Setting, main
    from bench.report import show

    limit = seconds if seconds is not None else QUICK if given["quick"] else SECONDS
    console = talk.err if as_json else talk.out

    def print_sheet(sheet: ReportTable) -> None:
        show(sheet, console)

    record = main(names, Setting(seconds=limit, **given), print_sheet)
    if as_json:
        talk.document(record)
    return 0
