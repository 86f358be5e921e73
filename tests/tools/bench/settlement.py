"""Settlement benchmark: the time of a core certificate relative to the matching time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.cases import CASES
from bench.report import Line, ReportTable
from bench.runs import BenchRun, BenchTask, Stopwatch, memory, together
from synergy.model.solve_params import Control, Event

# case -> times the seconds of matching that its certificate may take
ALLOWED = {"lvliang-year": 5.0, "lvliang": 10.0}
HEADS = (
    ("case", "text"),
    ("match s", "seconds"),
    ("alone s", "seconds"),
    ("core certificate s", "seconds"),
    ("certificate / match", "ratio"),
    ("allowed", "ratio"),
    ("within", "text"),
    ("excess / gain", "fine"),
    ("excess bound / gain", "fine"),
    ("coalitions", "count"),
    ("in core", "text"),
    ("MB", "mb"),
)


def settlement(place: Path, seconds: float, pair: bool) -> Iterator[ReportTable]:
    """Yield the table of certificates, the datasets being in `place`, matched for `seconds`, both at once if `pair`."""
    tasks = [
        BenchTask(core, CASES[name].make(place / name), seconds, patience=2.0 + times)
        for name, times in ALLOWED.items()
    ]
    rows = [_row(name, run) for name, run in zip(ALLOWED, together(tasks, pair), strict=True)]
    yield ReportTable("settlement: core certificates beside matching", HEADS, rows)


def core(folder: str, seconds: float) -> BenchRun:
    """Match and settle by the core; take the stage times from the progress events of the round."""
    from synergy.dataset.read import read
    from synergy.options import Options
    from synergy.round import run

    clock, begun = Stopwatch(), dict[str, float]()

    def hear(event: Event) -> None:
        begun.setdefault(event.phase, clock.seconds)

    dataset = read(folder)
    plan = run(dataset, Options(time_limit=clock.left(seconds), settlement="core"), Control(hear)).plan
    if plan is None or plan.settlement is None or "prices" not in begun:
        return BenchRun(error="no plan" if plan is None else "no settlement", seconds=clock.seconds, memory_mb=memory())
    found = plan.settlement
    gain = max(1.0, plan.gain or 0.0)
    return BenchRun(
        value=plan.value,
        bound=plan.bound,
        seconds=clock.seconds,
        memory_mb=memory(),
        stages={
            "match": begun["standalone"],
            "alone": begun["settlement"] - begun["standalone"],
            "settlement": begun["prices"] - begun["settlement"],
        },
        figures={
            "excess": _part(found["excess"], gain),
            "bound": _part(found["excess_bound"], gain),
            "tested": found["coalitions_tested"],
            "in_core": found["in_core"],
        },
    )


def _part(number: float | None, gain: float) -> float | None:
    return None if number is None else number / gain


def _row(name: str, run: BenchRun) -> Line:
    if run.error:
        return name, run.error, *(None for _ in HEADS[2:])
    match, certificate, figures = run.stages["match"], run.stages["settlement"], run.figures
    ratio = certificate / match
    return (
        name,
        match,
        run.stages["alone"],
        certificate,
        ratio,
        ALLOWED[name],
        ratio <= ALLOWED[name],
        figures["excess"],
        figures["bound"],
        figures["tested"],
        figures["in_core"],
        run.memory_mb,
    )
