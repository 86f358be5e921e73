"""Bench as the command line does it: measure, print each table as soon as it is there, or one document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from synergy.bench.main import QUICK, SECONDS, Setting, main
from synergy.bench.report import Sheet, show
from synergy.cli.console import Talk


def run_bench(talk: Talk, names: Sequence[str], *, seconds: float | None, as_json: bool, **given: Any) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    talk : Talk
        Where to.
    names : sequence of str
        Which ones; all where none is named.
    seconds : float or None
        Limit of each run; None: what the other options say.
    as_json : bool
        One document instead of tables, which go to standard error as they come.
    **given : bool
        Fields of `synergy.bench.main.Setting`.
    """
    limit = seconds if seconds is not None else QUICK if given.get("quick") else SECONDS
    console = talk.err if as_json else talk.out

    def print_sheet(sheet: Sheet) -> None:
        show(sheet, console)

    record = main(names, Setting(seconds=limit, **given), print_sheet)
    if as_json:
        talk.document(record)
    return 0
