"""Duals prove the bound of linear problems without any rounding, told in the rows of the model contract."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from random_datasets import CONVEX, random_dataset
from roots import CASES

from synergy import literal
from synergy.dataset.read import read
from synergy.engine import match
from synergy.errors import VerificationError
from synergy.literal.certificate import exactly_proven
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import plan_from_record, plan_record
from synergy.verification.verify import assert_valid

CHUNK = 25


@pytest.mark.parametrize("start", range(0, 100, CHUNK))
def test_duals_prove_the_bound_exactly(start: int, tmp_path: Path) -> None:
    linear = 0
    for seed in range(start, start + CHUNK):
        dataset = random_dataset(seed, CONVEX).dataset(tmp_path / str(seed))
        plan = match(dataset, Options(settlement="none")).plan
        if plan is None or plan.proof.get("columns") or plan.proof.get("duals") is None:
            continue
        linear += 1
        bound = exactly_proven(literal.build(dataset), pd.DataFrame(list(plan.proof["duals"])))
        assert bound is not None, seed
        assert bound - Fraction(plan.value) <= Fraction(1, 10**9) * max(1, abs(Fraction(plan.value))), seed
    assert linear > CHUNK // 2


@pytest.mark.parametrize("name", ["transportation", "assignment", "shapley_shubik1971"])
def test_whole_numbers_are_proven_without_any_gap(name: str) -> None:
    dataset = read(CASES / name)
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    assert plan.proof["duals"] is not None
    assert exactly_proven(literal.build(dataset), pd.DataFrame(list(plan.proof["duals"]))) == Fraction(plan.value)


def _plan(name: str) -> Plan:
    plan = match(read(CASES / name), Options(settlement="none")).plan
    assert plan is not None
    assert plan.proof["duals"]
    return plan_from_record(plan_record(plan))


def test_an_altered_dual_is_refused() -> None:
    dataset, plan = read(CASES / "transportation"), _plan("transportation")
    assert_valid(dataset, plan)
    first, *rest = plan.proof["duals"]
    for value in (first["value"] * 1.01 + 1.0, float("nan")):
        with pytest.raises(VerificationError):
            assert_valid(dataset, replace(plan, proof={**plan.proof, "duals": [{**first, "value": value}, *rest]}))
    with pytest.raises(VerificationError):
        assert_valid(dataset, replace(plan, proof={**plan.proof, "duals": []}))


def test_an_altered_shadow_price_is_refused() -> None:
    dataset, plan = read(CASES / "transportation"), _plan("transportation")
    first, *rest = plan.shadow_prices
    with pytest.raises(VerificationError):
        assert_valid(dataset, replace(plan, shadow_prices=({**first, "value": first["value"] + 1.0}, *rest)))


def test_a_shadow_price_is_what_one_more_unit_is_worth(tmp_path: Path) -> None:
    near = 0
    for seed in range(40):
        made = random_dataset(seed, CONVEX)
        plan = match(made.dataset(tmp_path / str(seed)), Options(settlement="none")).plan
        if plan is None or plan.proof.get("columns") or plan.proof.get("duals") is None:
            continue
        offers = [row for row in plan.shadow_prices if row["constraint"] == "offer" and row["value"] > 0]
        for row in offers[:1]:
            table = made.tables["offers"].copy()
            hit = table["offer"] == row["subject"]
            table["quantity"] = table["quantity"].astype(float)
            table.loc[hit, "quantity"] -= 1e-3
            fewer = replace(made, tables={**made.tables, "offers": table})
            less = match(fewer.dataset(tmp_path / f"{seed}-less"), Options(settlement="none")).plan
            assert less is not None
            # concave: the last unit is worth at least its price, and no more than the jump at a kink
            assert plan.value - less.value >= row["value"] * 1e-3 * _part(made.tables, row) - 1e-7, seed
            near += 1
    assert near > 10


def _part(tables: dict[str, pd.DataFrame], row: dict[str, object]) -> float:
    """Return what part of a change of an offer's quantity falls into one period."""
    offers = tables["offers"].set_index("offer")
    period = offers["period"].get(row["subject"]) if "period" in offers else None
    if period is not None and not pd.isna(period):
        return 1.0
    if "periods" not in tables:
        return 1.0
    hours = tables["periods"].set_index("period")["hours"]
    return float(hours[row["period"]] / hours.sum())
