"""The benchmarks measure what they say: partners agree, makers repeat themselves, tables hold what runs brought."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench import solvers, tool_linopy, tool_pyomo
from bench.cases import SITES, SMALL, Case, constraints_of, cut, first_sites, variables_of
from bench.compare import HIGHS, OURS, compare, marks_sheet, sizes_sheet, whole_sheet
from bench.generate import generate
from bench.links import checked, read_alone, write_links
from bench.main import BENCHES, Setting, main
from bench.report import ReportTable, written
from bench.runs import BenchRun, BenchTask, Stopwatch, apart, marks_until
from bench.settlement import core
from bench.webs import web
from bench.wide import wide
from roots import ROOT

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import check, read
from synergy.dataset.sheet import yearly
from synergy.errors import UsageError
from synergy.literal import build, solve

TINY = ROOT / "datasets" / "tiny"
MAKERS = {"generate": generate, "web": web, "wide": wide}


@pytest.fixture(scope="module")
def value() -> float:
    return solve(build(read(TINY))).value


@pytest.mark.filterwarnings("ignore")  # the tools' own
@pytest.mark.parametrize(
    "work",
    [solvers.ours, solvers.literal, solvers.candidates, tool_linopy.run, tool_pyomo.run],
    ids=["ours", "literal", "candidates", "linopy", "pyomo"],
)
def test_every_partner_finds_the_same_value(work, value: float) -> None:
    run = work(str(TINY), 20.0)
    assert run.error == ""
    assert run.value == pytest.approx(value, rel=1e-6)
    assert value * (1 - 1e-9) <= run.bound <= value * (1 + 1.1e-4)
    assert run.memory_mb > 50
    assert 0 < run.build_seconds < run.seconds
    assert run.stages["read"] + run.stages["build"] + run.stages["solve"] <= run.seconds + 1e-3
    assert min(run.stages.values()) > 0


def test_the_engine_run_measures_every_stage() -> None:
    run = solvers.ours(str(TINY), 20.0)
    assert set(run.stages) == {"read", "build", "solve", "verify", "write"}
    assert sum(run.stages.values()) == pytest.approx(run.seconds, abs=0.05)
    assert list(run.marks) == [20.0]
    assert run.marks[20.0] == (run.value, run.bound)


def test_alone_is_the_sum_of_the_plan_document() -> None:
    from synergy.engine import match

    plan = match(read(TINY)).plan
    assert plan is not None
    assert plan.standalone is not None
    assert solvers.alone(str(TINY), 20.0).value == pytest.approx(sum(plan.standalone.values()), rel=1e-3)  # type: ignore[arg-type]


def test_families_are_the_whole_literal_model() -> None:
    model = build(read(TINY))
    kinds = variables_of(model)
    assert [kind.start for kind in kinds] == [0, *(kind.stop for kind in kinds[:-1])]
    assert kinds[-1].stop == len(model.cost)
    assert all(model.integer[kind.start : kind.stop].all() == kind.binary for kind in kinds)
    families = list(constraints_of(model))
    two_sided = (model.row_lower != model.row_upper) & np.isfinite(model.row_lower) & np.isfinite(model.row_upper)
    filled = np.diff(model.matrix.indptr) > 0
    assert sum(len(family.right) for family in families) == (filled.sum() + (filled & two_sided).sum())
    assert len({family.name for family in families}) == len(families)


def _greedy(folder: str, seconds: float) -> BenchRun:
    return BenchRun(value=float(np.ones(2**32).sum()))


def _gone(folder: str, seconds: float) -> BenchRun:
    import no_such_package  # noqa: F401

    return BenchRun()


def test_what_fails_is_said() -> None:
    assert apart(BenchTask(_greedy, TINY, 20.0, memory_gb=4.0)).error == "out of memory"
    assert apart(BenchTask(_gone, TINY, 20.0)).error == "not installed: no_such_package"


def test_the_literal_model_is_not_tried_without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "_allowed", lambda: 1e5)
    assert solvers.literal(str(TINY), 20.0).error.startswith("out of memory: about")


def test_a_certificate_is_timed() -> None:
    run = core(str(TINY), 20.0)
    assert run.error == ""
    assert set(run.stages) == {"match", "alone", "settlement"}
    assert sum(run.stages.values()) < run.seconds
    assert run.figures["in_core"] is True
    assert run.figures["excess"] <= 1e-6


def test_memory_is_estimated_from_one_period(tmp_path: Path) -> None:
    dataset = read(wide(tmp_path / "wide", 12, 8, 4))
    estimated = solvers.memory_needed(dataset) / solvers.BYTES_A_COLUMN
    assert estimated == pytest.approx(build(dataset).matrix.shape[1], rel=0.15)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_generated_regions_are_sound_and_repeat_themselves(make, tmp_path: Path) -> None:
    one, two, other = (make(tmp_path / str(index), 12, 9, 3, seed) for index, seed in enumerate((5, 5, 6)))
    texts = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in (one, two, other)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    dataset, problems = check(one)
    assert dataset is not None, problems
    assert build(dataset).integer.sum() > 10


def test_the_first_sites_of_lvliang() -> None:
    dataset = yearly(read(ROOT / "datasets" / "lvliang"))
    chosen = first_sites(dataset, SITES)
    owners = dataset["sites"]["enterprise"]
    assert owners.isin(chosen).sum() == SITES
    order = list(dataset["enterprises"]["enterprise"])
    assert [order.index(name) for name in chosen] == sorted(order.index(name) for name in chosen)
    part = cut(dataset, chosen)
    assert set(part["facilities"]["site"]) <= set(dataset["sites"].loc[owners.isin([*chosen, ""]), "site"])
    assert 0 < len(part["availability"]) < len(dataset["availability"])


def test_marks_are_what_was_known_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert marks_until(300.0) == (30.0, 60.0, 120.0, 300.0)
    assert marks_until(45.0) == (30.0, 45.0)
    clock = Stopwatch()
    clock.points = [(10.0, None, 9.0), (50.0, 5.0, 8.0), (61.0, 6.0, 7.0)]
    assert clock.marks(60.0) == {30.0: (None, 9.0), 60.0: (6.0, 7.0)}


def _runs() -> dict[str, BenchRun]:
    ours = BenchRun(90.0, 100.0, 60, 62, 1, 200, (5, 6, 7), {30.0: (80.0, 110.0), 60.0: (90.0, 100.0)}, {"build": 3.1})
    theirs = BenchRun(
        60.0, 120.0, 60, 124, 2, 800, (50, 60, 70), {30.0: (None, 130.0), 60.0: (60.0, 120.0)}, {"build": 1}
    )
    return {OURS: ours, HIGHS: theirs, "HiGHS by Pyomo": BenchRun(error="not installed: pyomo")}


def _rows(sheet: ReportTable) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = sheet.record()["rows"]
    return rows


def test_tables_hold_figures_and_ratios() -> None:
    rows = _rows(marks_sheet("case", _runs(), BenchRun(value=40.0), 60.0))
    first, last = rows[0], next(row for row in rows if row["seconds"] == 60.0)
    assert (first["run"], first["value"], first["gap / HiGHS's"]) == (OURS, 80.0, None)
    assert first["(bound - value) / gain"] == pytest.approx(30 / 50)
    assert rows[1]["value"] == "no plan"
    assert rows[2]["value"] == "not installed: pyomo"
    assert last["gap / HiGHS's"] == pytest.approx((10 / 90) / (60 / 60))
    assert last["value / HiGHS's - 1"] == pytest.approx(0.5)
    no_plan = _runs() | {
        HIGHS: BenchRun(marks=dict.fromkeys((30.0, 60.0), (None, None))),
        "HiGHS, our candidates": _runs()[HIGHS],
    }
    assert _rows(marks_sheet("case", no_plan, BenchRun(), 60.0))[-4]["value / HiGHS's - 1"] == pytest.approx(0.5)
    whole = _rows(whole_sheet("case", _runs()))
    assert whole[0]["build+verify+write"] == pytest.approx(0.05)
    assert (whole[1]["Synergy's s / its"], whole[1]["Synergy's MB / its"]) == (0.5, 0.25)
    assert _rows(sizes_sheet("case", _runs()))[1]["columns"] == 60
    assert [written(cell, "part") for cell in (0.25, None, "no plan", True)] == ["25.00%", "-", "no plan", "yes"]


def test_links_are_counted_and_checked(tmp_path: Path) -> None:
    folder = write_links(tmp_path / "links", rows=500)
    assert len(pd.read_csv(folder / "links.csv").drop_duplicates(["from_site", "to_site"])) == 500
    assert checked(str(folder), 10.0).size[0] == read_alone(str(folder), 10.0).size[0] == 500
    assert checked(str(folder), 10.0).error == ""


def test_a_whole_case(tmp_path: Path) -> None:
    case = Case("the smallest", lambda folder: TINY, pruned=True)
    sheets = list(compare("tiny", case, TINY, (20.0, True, 4.0)))
    rows = _rows(sheets[0])
    assert [row["run"] for row in rows] == [OURS, HIGHS, "HiGHS, our candidates"]
    assert rows[0]["value"] == pytest.approx(rows[1]["value"], rel=1e-6)
    assert rows[0]["value / HiGHS's - 1"] == pytest.approx(0.0, abs=1e-6)
    assert all(row["whole s"] > 0.2 and row["MB"] > 50 for row in _rows(sheets[2]))


def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = ReportTable("made", (("run", "text"), ("MB", "mb")), [("one", 2.0)])
    monkeypatch.setattr("bench.main.BENCHES", {"made": lambda setting, place: iter([sheet])})
    assert run_command(["bench", "made", "--json", "--seconds", "7", "--side-by-side"], Talk("en")) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["seconds"], record["side_by_side"]) == (7.0, True)
    assert record["benches"]["made"] == [{"title": "made", "rows": [{"run": "one", "MB": 2.0}], "notes": []}]
    assert run_command(["bench", "made"], Talk("en")) == 0
    assert "made" in capsys.readouterr().out
    with pytest.raises(UsageError, match="no such benchmark: other"):
        main(["other"], Setting(), print)


def test_the_list_of_benchmarks() -> None:
    assert {
        "lvliang-year",
        "lvliang-31",
        "generated-60",
        "generated-120",
        "lvliang",
        "wide",
        "small",
        "links",
        "settlement",
    } <= set(BENCHES)
    assert len(SMALL) == 10
