"""Published and constructed cases: the engine and the literal model reach their optima, and the plans are valid."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from roots import CASES

from synergy import literal
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.options import Options
from synergy.round import Round, run
from synergy.verification.verify import verify

FOLDER = CASES
CASES = sorted(path.parent for path in FOLDER.glob("*/expected.json"))
NAMES = [path.name for path in CASES]
# families of constraints without which some case has another optimum
FAMILIES = (
    "offer",
    "keep",
    "output",
    "input",
    "need",
    "run",
    "load_min",
    "load_max",
    "store",
    "withdrawal",
    "size_min",
    "size_max",
    "one_size",
    "link",
    "quality_max",
    "quality_min",
    "market",
    "capex_budget",
    "co2_cap",
    "mode_share",
    "fix",
    "partner",
    "max_partners",
)


def _expected(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((path / "expected.json").read_text("utf-8"))
    assert record["source"]
    return record


@cache
def _dataset(path: Path) -> Dataset:
    return read(path)


@cache
def _round(path: Path) -> Round:
    return run(_dataset(path), Options(gap=1e-7, settlement="standalone"))


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_engine_reaches_the_optimum(path: Path) -> None:
    expected, plan = _expected(path), _round(path).plan
    assert plan is not None
    assert plan.status == "optimal"
    assert plan.value == pytest.approx(expected["value"], rel=1e-4, abs=1e-6)
    if "standalone" in expected:
        alone = {name: value and pytest.approx(value, rel=1e-4) for name, value in expected["standalone"].items()}
        assert plan.standalone == alone  # None where no plan satisfies it
    if "gain" in expected:
        assert plan.gain == pytest.approx(expected["gain"], abs=1e-6)


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_literal_model_reaches_the_optimum(path: Path) -> None:
    solution = literal.solve(literal.build(_dataset(path)))
    assert solution.value == pytest.approx(_expected(path)["value"], rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("path", CASES, ids=NAMES)
def test_plans_of_cases_are_valid(path: Path) -> None:
    plan = _round(path).plan
    assert plan is not None
    assert [finding.line() for finding in verify(_dataset(path), plan) if finding.refuses] == []


def test_polley_takes_the_published_water() -> None:
    plan = _round(FOLDER / "polley2000").plan
    assert plan is not None
    flows, expected = plan.decisions.flows, _expected(FOLDER / "polley2000")
    assert flows.loc[flows["outlet_kind"] == "market", "quantity"].sum() == pytest.approx(expected["fresh_water"])
    assert flows.loc[flows["inlet_kind"] == "disposal", "quantity"].sum() == pytest.approx(expected["effluent"])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_constraints_bites_somewhere(family: str) -> None:
    assert any(_bites(path, family) for path in CASES)


def _bites(path: Path, family: str) -> bool:
    model = literal.build(_dataset(path))
    rows = (model.rows["constraint"] == family).to_numpy(bool)
    if not rows.any():
        return False
    loose = replace(
        model,
        row_lower=np.where(rows, -np.inf, model.row_lower),
        row_upper=np.where(rows, np.inf, model.row_upper),
    )
    with_it, without = literal.solve(model), literal.solve(loose)
    return without.status != "optimal" or abs(with_it.value - without.value) > 1e-6


def test_no_family_is_forgotten() -> None:
    known = {name for path in CASES for name in literal.build(_dataset(path)).rows["constraint"].unique()}
    assert known - {"level", "deal"} <= set(FAMILIES)
