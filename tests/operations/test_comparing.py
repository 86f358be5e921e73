"""Comparison of runs: every shipped scenario is named by what it changes, and nothing is told that is not known."""

from __future__ import annotations

import pytest
from roots import LVLIANG

from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario
from synergy.dataset.sheet import Dataset
from synergy.records.figures import Measures
from synergy.records.runs import ChangeCause, ComparedInputs
from synergy.store.comparison import _apart, _ComparedRun, _inputs, _sole

SHIPPED = sorted(path.stem for path in (LVLIANG / "scenarios").glob("*.toml") if path.stem != "base")


UNITS = Measures(currency="CNY", commodities={}, processes={})


@pytest.fixture(scope="module")
def base() -> Dataset:
    return read(LVLIANG)


def _found(before: Dataset, after: Dataset) -> ComparedInputs:
    return _inputs((_ComparedRun({}, before, UNITS), _ComparedRun({}, after, UNITS)))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_shipped_scenario_changes_is_named(name: str, base: Dataset) -> None:
    scenario = load_scenario(LVLIANG / "scenarios" / f"{name}.toml")
    found = _found(base, read(LVLIANG, scenario))
    tables = {row["table"] for row in found.rows}
    assert {str(rule["table"]) for rule in scenario.scale} | set(scenario.tables) <= tables
    assert set(scenario.settings) - {"forbid", "fix"} <= set(found.settings)
    assert found.rows or found.settings


def test_the_same_inputs_do_not_differ(base: Dataset) -> None:
    assert _found(base, base) == ComparedInputs(settings=[], rulings=[], rows=[])


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [((100, 110), (105, 120), False), ((100, 104), (105, 120), True), ((100, 100), (100, 100), False)],
)
def test_values_are_apart_only_beyond_both_gaps(
    one: tuple[float, float], other: tuple[float, float], apart: bool
) -> None:
    plans = [dict(zip(("value", "bound"), figures, strict=True)) for figures in (one, other)]
    assert _apart(*plans) == apart


@pytest.mark.parametrize(
    ("name", "sole"),
    [
        ("carbon_price", ChangeCause(cause="setting", what="carbon_price")),
        ("winter_stagger", ChangeCause(cause="dataset", what="availability")),
        ("capacity_cut", ChangeCause(cause="declaration", what="offers")),
    ],
)
def test_a_cause_is_named_where_it_alone_differs(name: str, sole: ChangeCause, base: Dataset) -> None:
    found = _found(base, read(LVLIANG, load_scenario(LVLIANG / "scenarios" / f"{name}.toml")))
    assert _sole(found) == sole
    more = found.model_copy(update={"settings": [*found.settings, "discount_rate"]})
    assert _sole(more) is None
