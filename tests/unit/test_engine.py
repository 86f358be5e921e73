"""The engine: solver by structure, conflicts and loops by name, the same plan again, interrupts, events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import highspy
import pandas as pd
import pytest
from bench.generate import generate
from roots import CASES, TINY
from small_datasets import TWO_HOSTS, small

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.explanation.facts import changed
from synergy.model.highs import AT_LOWER, AT_UPPER, BASIC, STATUSES
from synergy.model.solve_params import Control, Event
from synergy.options import Options
from synergy.round import run


@pytest.mark.parametrize(
    ("case", "solver"),
    [
        ("assignment", "OR-Tools linear sum assignment"),
        ("transportation", "OR-Tools min-cost flow"),
        ("shapley_shubik1971", "HiGHS simplex"),
        ("steps_of_scale", "HiGHS branch and bound"),
    ],
)
def test_solver_follows_structure(case: str, solver: str) -> None:
    plan = match(read(CASES / case), Options(settlement="none")).plan
    assert plan is not None
    assert plan.solver["name"] == solver


def _two_firms(folder: Path, needs: str) -> Dataset:
    tables = {
        "enterprises": "enterprise\nA\nB",
        "sites": "site,enterprise,latitude,longitude\na,A,,\nb,B,,",
        "commodities": "commodity,unit\nx,t",
        "offers": "offer,site,commodity,quantity\no1,a,x,50",
        "needs": needs,
        "links": "from_site,to_site,commodity,mode\na,b,x,road",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    return read(folder)


def test_conflict_is_named_in_the_user_s_words(tmp_path: Path) -> None:
    needs = "need,site,commodity,quantity,required\nn1,b,x,80,true\nn2,a,x,10,false"
    outcome = match(_two_firms(tmp_path, needs))
    assert (outcome.status, outcome.plan) == ("infeasible", None)
    found = {(cause["constraint"], cause["subject"]) for cause in outcome.diagnosis}
    assert found == {("need_required", "n1"), ("offer", "o1")}
    assert all(cause["text_en"] and cause["text_zh"] for cause in outcome.diagnosis)


def test_the_same_plan_again() -> None:
    dataset = read(TINY)
    first, again = (match(dataset, Options(seed=7)).plan for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.value == again.value
    assert first.standalone == again.standalone
    for name in ("flows", "runs", "builds", "links"):
        pd.testing.assert_frame_equal(getattr(first.decisions, name), getattr(again.decisions, name))


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return read(generate(tmp_path_factory.mktemp("region"), firms=60, commodities=40, periods=1, seed=1))


def test_events_close_in_on_the_best_plan(region: Dataset) -> None:
    heard: list[Event] = []
    plan = match(region, Options(gap=0.01, time_limit=60, settlement="none"), Control(heard.append)).plan
    assert plan is not None
    assert plan.gap <= 0.01
    phases = [event.phase for event in heard]
    assert phases[0] == "network"
    assert {"relaxation", "slopes", "solved"} <= set(phases)
    bests = [event.best for event in heard if event.best is not None and event.phase == "slopes"]
    assert bests == sorted(bests)
    bounds = [event.bound for event in heard if event.bound is not None]
    assert min(bounds) >= plan.value - 1e-6 * abs(plan.value)


def test_an_interrupt_returns_what_there_is(region: Dataset) -> None:
    seen: list[Event] = []
    outcome = match(region, Options(gap=0.0, settlement="none"), Control(seen.append, lambda: len(seen) > 8))
    assert outcome.status == "feasible"
    assert outcome.plan is not None
    assert outcome.plan.gap > 0
    assert outcome.plan.solver["stopped_by_clock"]


def test_nothing_to_decide_is_a_plan(tmp_path: Path) -> None:
    (tmp_path / "enterprises.csv").write_text("enterprise\nA\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text("site,enterprise\na,A\n", encoding="utf-8")
    (tmp_path / "commodities.csv").write_text("commodity,unit\nx,t\n", encoding="utf-8")
    plan = match(read(tmp_path)).plan
    assert plan is not None
    assert (plan.value, plan.gain, plan.status) == (0.0, 0.0, "optimal")


def test_large_identical_regions_stay_within_limits(tmp_path: Path) -> None:
    firms = [f"F{index:04d}" for index in range(2000)]
    pd.DataFrame({"enterprise": firms}).to_csv(tmp_path / "enterprises.csv", index=False)
    places = pd.DataFrame({"site": firms, "enterprise": firms, "latitude": 37.0, "longitude": 111.0})
    places.assign(longitude=[111 + index / 1e4 for index in range(2000)]).to_csv(tmp_path / "sites.csv", index=False)
    pd.DataFrame({"commodity": ["x"], "unit": "t"}).to_csv(tmp_path / "commodities.csv", index=False)
    for table, key, price in (("offers", "offer", 1.0), ("needs", "need", 3.0)):
        frame = pd.DataFrame(
            {key: [f"{key}{firm}" for firm in firms], "site": firms, "commodity": "x", "quantity": 5.0}
        )
        frame.assign(price=price).to_csv(tmp_path / f"{table}.csv", index=False)
    plan = match(read(tmp_path), Options(settlement="none")).plan
    assert plan is not None
    assert plan.value == pytest.approx(2000 * 5 * 2)


def test_a_build_table_without_rows_builds_nothing(tmp_path: Path) -> None:
    everywhere = {name: rows for name, rows in TWO_HOSTS.items() if name != "build_options"}
    plan = match(small(tmp_path / "everywhere", everywhere), Options(settlement="none")).plan
    assert plan is not None
    assert len(plan.decisions.builds)
    nowhere = small(tmp_path / "nowhere", {**everywhere, "build_options": "process site"})
    assert "build_options" in nowhere.given
    plan = match(nowhere, Options(settlement="none")).plan
    assert plan is not None
    assert plan.value == 0
    assert not len(plan.decisions.builds)


def test_every_status_of_the_solver_is_mapped() -> None:
    assert set(highspy.HighsModelStatus.__members__) == set(STATUSES)


def test_numbers_of_bases_are_the_solvers_own() -> None:
    kinds = highspy.HighsBasisStatus
    assert [kinds(one) for one in (AT_LOWER, BASIC, AT_UPPER)] == [kinds.kLower, kinds.kBasic, kinds.kUpper]


def test_a_unit_for_a_kilogram_runs_with_its_inputs_or_not_at_all() -> None:
    """Beside 1.5 Mt of the same commodity a solver keeps the balance of 0.001 t within its tolerance by nothing."""
    plan = run(read(CASES / "tiny_beside_a_million"), Options(gap=1e-3, settlement="none")).plan
    assert plan is not None
    runs, flows = plan.decisions.runs, plan.decisions.flows
    fed = set(flows.loc[flows["inlet_kind"] == "facility", "inlet_id"])
    assert set(runs["id"]) <= fed
    assert plan.value == pytest.approx(886.6e6, rel=1e-7)


def _new(capacity: float) -> dict[str, list[dict[str, Any]]]:
    unit = {"facility": "NEW", "site": "TARCO-1", "process": "TAR_DIST", "capacity": capacity}
    return {"facilities": [unit | {"min_load": 1.0, "must_run": True}]}


def _need(quantity: float) -> dict[str, list[dict[str, Any]]]:
    row = {"need": "NEW", "site": "TARCO-1", "commodity": "COG", "quantity": quantity, "price": 0.0, "required": True}
    return {"needs": [row]}


@pytest.mark.parametrize("rows", [_new(1e-2), _new(0.3), _new(3.0), _need(1e-3), _need(1e-2)])
def test_what_is_compulsory_and_tiny_has_the_link_that_it_needs(rows: dict[str, list[dict[str, Any]]]) -> None:
    """A unit for 1 t needs 0.06 of gas: a millionth of what its pipe can carry, which a solver takes for none."""
    plan = run(changed(read(TINY), rows), Options(gap=1e-3, settlement="none")).plan
    assert plan is not None  # and the judge has passed it
    links = plan.decisions.links
    assert ((links["to_site"] == "TARCO-1") & (links["commodity"] == "COG")).any()
    assert plan.bound >= plan.value * (1 - 1e-9)
    flows = plan.decisions.flows
    here = flows[(flows["inlet_id"] == "NEW") & (flows["commodity"] == "COG")]
    ((_, (row,)),) = rows.items()
    wanted = row.get("quantity") or 0.06 * row["capacity"]
    assert here["arrived"].sum() == pytest.approx(wanted, rel=1e-4)


def test_a_compulsory_tenth_of_a_kilogram_passes_the_judge() -> None:
    """Its output of 0.000095 t is a billionth of what there is of it: none, were it not compulsory."""
    rows = _new(1e-4)
    rows["facilities"][0]["min_load"] = 0.5
    plan = run(changed(read(TINY), rows), Options(gap=1e-3, settlement="none")).plan
    assert plan is not None
    assert "NEW" in set(plan.decisions.runs["id"])
