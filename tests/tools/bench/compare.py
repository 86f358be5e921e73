"""Compare the engine with HiGHS alone and the modelling tools on one case, at equal time on one thread each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import solvers, tool_linopy, tool_pyomo
from bench.cases import Case
from bench.report import ReportTable
from bench.runs import BenchRun, BenchTask, marks_until, relative, together
from bench.solvers import GAP
from synergy.scenario import Cell

OURS, HIGHS = "Synergy", "HiGHS, literal"
MARKS_HEADS = (
    ("seconds", "mb"),
    ("run", "text"),
    ("value", "money"),
    ("bound", "money"),
    ("gap", "fine"),
    ("(bound - value) / gain", "part"),
    ("gap / HiGHS's", "ratio"),
    ("value / HiGHS's - 1", "fine"),
)
STAGES = ("read", "build", "solve", "verify", "write")
SIZE_HEADS = (
    ("run", "text"),
    ("rows", "count"),
    ("columns", "count"),
    ("binaries", "count"),
    *((f"{stage} s", "ratio") for stage in STAGES),
)
WHOLE_HEADS = (
    ("run", "text"),
    ("gap", "fine"),
    ("whole s", "seconds"),
    ("build+verify+write", "part"),
    ("MB", "mb"),
    ("Synergy's s / its", "ratio"),
    ("Synergy's MB / its", "ratio"),
)


def compare(name: str, case: Case, folder: Path, limits: tuple[float, bool, float]) -> Iterator[ReportTable]:
    """Yield the tables of a case.

    `limits` are the seconds of each run, whether two run side by side, and GB of memory for each.
    """
    seconds, pair, memory_gb = limits
    works = {OURS: solvers.ours, HIGHS: solvers.literal}
    if case.tools:
        works |= {"HiGHS by linopy": tool_linopy.run, "HiGHS by Pyomo": tool_pyomo.run}
    if case.pruned:
        works["HiGHS, our candidates"] = solvers.candidates
    tasks = [BenchTask(work, folder, seconds, memory_gb) for work in (*works.values(), solvers.alone)]
    *runs, single = together(tasks, pair)
    done = dict(zip(works, runs, strict=True))
    yield marks_sheet(f"{name}: {case.note}", done, single, seconds)
    yield sizes_sheet(name, done)
    yield whole_sheet(name, done)


def marks_sheet(title: str, runs: Mapping[str, BenchRun], alone: BenchRun, seconds: float) -> ReportTable:
    """Return value, bound and gap of the engine and its rivals at each time mark.

    `runs` has the engine's first; those without marks are left out. The gain by which all are measured is that of the
    engine's last plan over the sum of the standalone values (`alone`). The engine stands beside HiGHS on the literal
    model, or on the engine's own where HiGHS found no plan of the literal one.
    """
    plan = runs[OURS].value
    gain = None if plan is None or alone.value is None else plan - alone.value
    rival = _rival(runs)
    beside = {label: run for label, run in runs.items() if run.marks or run.error}
    rows = [
        (mark, label, *_figures(run, mark, gain), *(_beside(run, rival, mark) if label == OURS else (None, None)))
        for mark in marks_until(seconds)
        for label, run in beside.items()
    ]
    notes = [f"{label}: {run.error}" for label, run in runs.items() if run.error]
    if gain is not None:
        notes.append(f"gain of the engine's plan {gain:.6e}, sum of all enterprises alone {alone.value:.6e}")
    elif alone.error:
        notes.append(f"no gain: {alone.error}")
    return ReportTable(title, MARKS_HEADS, rows, tuple(notes))


def _rival(runs: Mapping[str, BenchRun]) -> BenchRun | None:
    """Return the run of HiGHS on the literal model, or on the engine's own if the literal one gave no plan."""
    alone = [run for label, run in runs.items() if label.startswith("HiGHS,") and run.marks]
    return next((run for run in alone if run.value is not None), alone[0] if alone else None)


def _figures(run: BenchRun, mark: float, gain: float | None) -> tuple[Cell, Cell, Cell, Cell]:
    """Return value, bound, gap, and bound-value distance relative to the gain; missing values as text."""
    if not run.marks:
        return run.error, None, None, None
    value, bound = run.marks[mark]
    far = None if value is None or bound is None or not gain or gain <= 0 else (bound - value) / gain
    return (
        "no plan" if value is None else value,
        "no bound" if bound is None else bound,
        relative(value, bound),
        far,
    )


def _beside(run: BenchRun, rival: BenchRun | None, mark: float) -> tuple[Cell, Cell]:
    """Return the gap relative to the rival's, and the relative improvement of the value."""
    if rival is None or not run.marks:
        return None, None
    gap, other = relative(*run.marks[mark]), relative(*rival.marks[mark])
    value, theirs = run.marks[mark][0], rival.marks[mark][0]
    ratio: Cell = None if gap is None or not other else gap / other
    if gap is not None and other is not None and max(gap, other) <= GAP:
        ratio = "both done"
    return ratio, None if value is None or not theirs else (value - theirs) / abs(theirs)


def sizes_sheet(name: str, runs: Mapping[str, BenchRun]) -> ReportTable:
    """Return the model sizes and the seconds of each stage."""
    rows = [(label, *run.size, *(run.stages.get(stage) for stage in STAGES)) for label, run in runs.items()]
    return ReportTable(f"{name}: sizes and stages", SIZE_HEADS, rows)


def whole_sheet(name: str, runs: Mapping[str, BenchRun]) -> ReportTable:
    """Return gap, time and memory of each whole process, and the ratios to them of the engine, whose run is first."""
    first = runs[OURS]
    rows = [
        (label, run.gap, run.whole_seconds, _beside_solving(run), run.memory_mb or None, *_ratios(first, run))
        for label, run in runs.items()
    ]
    return ReportTable(f"{name}: whole processes, from start to end", WHOLE_HEADS, rows)


def _beside_solving(run: BenchRun) -> Cell:
    """Return the fraction of process time spent on building, verifying and writing."""
    if not run.stages or not run.whole_seconds:
        return None
    return sum(run.stages.get(stage, 0.0) for stage in ("build", "verify", "write")) / run.whole_seconds


def _ratios(first: BenchRun, run: BenchRun) -> tuple[Cell, Cell]:
    """Return time and memory of the engine relative to those of a run."""
    if run is first or run.error:
        return None, None
    return first.whole_seconds / run.whole_seconds, first.memory_mb / run.memory_mb
