"""A second solver refuses what is stated below a plan that it finds, and keeps silent on right plans."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from bench.claims import claimed, small_problem
from random_datasets import random_dataset
from roots import TINY

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import write_plan
from synergy.verification import deep
from synergy.verification.verify import verify


@cache
def _plans() -> tuple[Dataset, Plan, Plan]:
    """Tiny, its best plan, and a worse one: the best without anything new."""
    dataset = read(TINY)
    best = match(dataset, Options(gap=1e-7, settlement="none")).plan
    worse = match(read(TINY, None, {"allow_builds": False}), Options(settlement="none")).plan
    assert best is not None
    assert worse is not None
    return dataset, best, replace(worse, dataset=best.dataset, scenario=best.scenario)


def _stated(plan: Plan, bound: float, asked: float) -> Plan:
    """Plan with a bound that is a solver's claim alone."""
    gap = abs(bound - plan.value) / max(1.0, abs(plan.value))
    return replace(
        plan,
        bound=bound,
        gap=gap,
        status="optimal" if gap <= asked else "feasible",
        proof={"dual": None, "solver": bound, "duals": None},
        shadow_prices=(),
        solver={**plan.solver, "gap_asked": asked},
    )


def test_a_plan_stated_optimal_below_a_better_one_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, best, worse = _plans()
    stated = _stated(worse, worse.value, 1e-4)
    assert not [finding for finding in verify(dataset, stated) if finding.refuses]
    value = deep.better_value(dataset, stated)
    assert value == pytest.approx(best.value, rel=1e-5)
    assert [finding.code for finding in deep.refused_by(stated, value)] == ["better"]
    write_plan(stated, tmp_path / "plan.json")
    assert run_command(["verify", str(TINY), str(tmp_path / "plan.json")], Talk()) == 1
    assert "better bound: a second solver found a plan worth" in capsys.readouterr().out


@pytest.mark.parametrize(("lang", "words"), [("en", "inside the gap"), ("zh", "在间隙之内找到价值")])
def test_a_better_plan_inside_the_gap_is_told(
    lang: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, best, worse = _plans()
    stated = _stated(worse, best.bound, 1e-4)
    value = deep.better_value(dataset, stated)
    assert value == pytest.approx(best.value, rel=1e-5)
    assert deep.refused_by(stated, value) == ()
    write_plan(stated, tmp_path / "plan.json")
    assert run_command(["verify", str(TINY), str(tmp_path / "plan.json")], Talk(lang)) == 0
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(8))
def test_it_keeps_silent_on_right_plans(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path)
    plan = match(dataset, Options(gap=1e-7, settlement="none")).plan
    if plan is not None:
        assert deep.better_value(dataset, _stated(plan, plan.bound, 1e-4)) is None


def test_a_match_ends_with_an_error_where_it_refuses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["match", str(TINY), "--settlement", "none", "--second-opinion"]
    assert run_command(given, Talk()) == 0
    monkeypatch.setattr(deep, "better_value", lambda *_: 1e12)
    assert run_command(given, Talk()) == 1
    assert "above the bound" in capsys.readouterr().err


def test_a_match_takes_a_better_plan_inside_the_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small_problem(tmp_path / "small", 1)
    given = ["match", str(tmp_path / "small"), "--settlement", "none", "--gap", "0.5", "--json"]
    values = []
    for more in ([], ["--second-opinion"]):
        assert run_command(given + more, Talk()) == 0
        said = capsys.readouterr()
        assert ("searching on" in said.err) == bool(more)
        values.append(json.loads(said.out)["value"])
    best = match(read(tmp_path / "small"), Options(gap=1e-6, settlement="none")).plan
    assert best is not None
    assert values[0] < values[1] == pytest.approx(best.value, rel=2e-6)


def test_prices_of_a_linear_rest_stand_beside_a_proof_of_other_duals(tmp_path: Path) -> None:
    """Where the yes-or-no decisions fall away before the solving, the prices are none of the duals of the proof."""
    dataset = small_problem(tmp_path, 11)
    plan = match(dataset, Options(settlement="none", time_limit=100.0)).plan
    assert plan is not None
    assert plan.shadow_prices
    assert plan.proof["columns"]
    assert not [finding for finding in verify(dataset, plan) if finding.refuses]


def test_the_claims_of_random_problems_hold() -> None:
    said = [claimed(seed) for seed in range(3)]
    assert said[0].linear
    assert said[0].said == ("optimal, proven by duals alone",)
    assert not any("wrong" in name or "second opinion" in name for one in said for name in one.said)
    assert not any(one.fault for one in said)
