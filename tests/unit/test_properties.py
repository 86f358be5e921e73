"""Properties of the value, on random datasets drawn by hypothesis."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_datasets import FEATURES, RandomDataset, random_dataset

from synergy.candidates.scope import coalition
from synergy.dataset.sheet import Dataset, subset
from synergy.engine import match, problem
from synergy.model.solve import solve
from synergy.model.solve_params import SolveParams
from synergy.options import Options

SEEDS = st.integers(1000, 9999)
NEAR = 1e-6
few = settings(max_examples=25, deadline=None, derandomize=True)


def _read(made: RandomDataset) -> Dataset:
    with tempfile.TemporaryDirectory() as place:
        return made.dataset(Path(place))


def _value(dataset: Dataset) -> float:
    plan = match(dataset, Options(gap=1e-9, settlement="none")).plan
    return -np.inf if plan is None else plan.value


@few
@given(SEEDS)
def test_more_supply_is_never_worse(seed: int) -> None:
    made = random_dataset(seed, FEATURES - {"compulsory", "keep"})
    before, after = _value(_read(made)), made.tables["offers"]
    more = replace(made, tables={**made.tables, "offers": after.assign(quantity=after["quantity"] * 1.5)})
    assert _value(_read(more)) >= before - NEAR * max(1.0, abs(before))


@few
@given(SEEDS)
def test_the_order_of_rows_changes_no_value(seed: int) -> None:
    made = random_dataset(seed)
    turned = {name: table if name == "periods" else table.iloc[::-1] for name, table in made.tables.items()}
    assert _value(_read(replace(made, tables=turned))) == pytest.approx(_value(_read(made)), rel=NEAR, abs=NEAR)


@few
@given(SEEDS)
def test_names_change_no_value(seed: int) -> None:
    made = random_dataset(seed, FEATURES - {"aims", "partners"})
    firms = {name: f"z{name}" for name in made.tables["enterprises"]["enterprise"]}
    columns = ("enterprise", "holder")
    renamed = {
        name: table.assign(**{column: table[column].replace(firms) for column in columns if column in table})
        for name, table in made.tables.items()
    }
    assert _value(_read(replace(made, tables=renamed))) == pytest.approx(_value(_read(made)), rel=NEAR, abs=NEAR)


@few
@given(SEEDS, st.data())
def test_coalitions_are_worth_more_together(seed: int, data: st.DataObject) -> None:
    dataset = _read(random_dataset(seed))
    firms = list(dataset["enterprises"]["enterprise"])
    left = set(data.draw(st.lists(st.sampled_from(firms), min_size=1, unique=True)))
    right = set(firms) - left

    def worth(members: set[str]) -> float:
        if not members:
            return 0.0
        inside = np.isin(np.asarray(firms, dtype=object), list(members))
        solution = solve(problem(subset(dataset, members), coalition(inside)), SolveParams(gap=1e-9))
        return -np.inf if solution.x is None else solution.value

    apart = worth(left) + worth(right)
    assert worth(set(firms)) >= apart - NEAR * max(1.0, abs(apart)) or apart == -np.inf


@few
@given(SEEDS, st.sampled_from([1e-3, 7.0, 1e4]))
def test_money_scales(seed: int, factor: float) -> None:
    made = random_dataset(seed, FEATURES - {"aims"})
    money = ("price", "opex", "fixed_capex", "unit_capex", "capex_per_km", "cost_per_unit", "cost_per_unit_km")
    money += ("disposal_cost", "charge_cost", "hold_cost")
    scaled = {
        name: table.assign(**{column: table[column] * factor for column in money if column in table})
        for name, table in made.tables.items()
    }
    rules = {**made.settings, "carbon_price": made.settings.get("carbon_price", 0.0) * factor}
    after = _value(_read(replace(made, tables=scaled, settings=rules)))
    before = _value(_read(made))
    assert after == pytest.approx(factor * before, rel=1e-5, abs=1e-5 * factor)
