"""Bounds by duals and derived rows: plans satisfy the rows, none is worth more, a changed proof is refused."""

from __future__ import annotations

import multiprocessing
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.webs import web
from random_datasets import random_dataset
from roots import CASES, HANG_S, TINY

from synergy import literal
from synergy.bounds.certify import Beside, certify, tighten
from synergy.bounds.master import Budget
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.errors import VerificationError
from synergy.literal.certificate import bound_of, proven
from synergy.literal.relaxation import RelaxationRows, Rounding, relaxation_of
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import plan_from_record, plan_record
from synergy.verification.verify import assert_valid, verify

NONE = np.empty(0, np.int64)
NEAR = 1e-6


def _found(dataset: Dataset) -> tuple[literal.LiteralModel, np.ndarray[Any, Any]] | None:
    """Literal model and its best plan, solved by itself; None where there is none."""
    model = literal.build(dataset)
    solution = literal.solve(model, time_limit=60, gap=1e-7)
    return None if solution.x is None else (model, solution.x)


def _yearly(model: literal.LiteralModel, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Sums of the columns that differ in their period alone, in the order of their first."""
    names = [name for name in model.columns if name not in ("period", "arrival")]
    group = model.columns.groupby(names, sort=False, observed=True).ngroup().to_numpy()
    return np.bincount(group, x)


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_no_plan_breaks_a_row_or_a_bound_that_a_proof_uses(start: int, tmp_path: Path) -> None:
    derived = 0
    for seed in range(start, start + 20):
        found = _found(random_dataset(seed).dataset(tmp_path / str(seed)))
        if found is None:
            continue
        model, x = found
        for yearly in (False, True):
            stated = relaxation_of(model, yearly=yearly)
            point = _yearly(model, x) if yearly else x
            assert (point <= stated.upper + NEAR * np.maximum(1, np.abs(point))).all(), seed
            found_bounds = list(tighten(stated, Budget(np.inf), -np.inf))
            if not found_bounds:
                continue
            certificate, bound = found_bounds[-1]
            value = float(model.cost @ x)
            assert bound >= value - NEAR * max(1.0, abs(value)), (seed, yearly)
            rows = RelaxationRows(stated)
            for how in certificate.derived:
                row = rows.rounded(how)
                assert row is not None
                column, weight, right = row
                size = float(np.abs(weight) @ np.abs(point[column])) + abs(right)
                assert weight @ point[column] <= right + NEAR * max(1.0, size), (seed, yearly)
                rows.derive(how, row)
                derived += 1
    assert derived > 20


def test_a_forcing_row_is_a_rounding() -> None:
    model = literal.build(read(CASES / "link_with_capex"))
    stated = relaxation_of(model)
    rows = RelaxationRows(stated)
    at = next(
        row
        for row in range(rows.count)
        if stated.rows["constraint"].iloc[row] == "link" and stated.integer[rows.row(row)[0]].any()
    )
    column, value, _, _ = rows.row(at)
    flow = column[~stated.integer[column]][:1]
    capacity = -float(value[stated.integer[column]][0])
    stated = replace(stated, upper=np.where(np.arange(len(stated.upper)) == flow[0], capacity / 4, stated.upper))
    how = Rounding(np.array([at]), np.array([1.0]), flow, NONE, NONE, NONE, capacity)
    row = RelaxationRows(stated).rounded(how)
    assert row is not None
    unit = row[1][row[0] == flow[0]][0]
    assert row[1] / unit == pytest.approx(np.where(row[0] == flow[0], 1.0, -capacity / 4))  # x <= (capacity / 4) open
    assert RelaxationRows(stated).rounded(replace(how, divisor=capacity / 4)) is None  # the right side's fraction is 0


def test_a_bound_counts_rounding_against_itself() -> None:
    stated = relaxation_of(literal.build(read(CASES / "transportation")))
    duals = np.random.default_rng(5).normal(size=len(stated.rows))
    exact = sum(
        abs(dual) * abs(side)
        for dual, side in zip(duals, np.where(duals > 0, stated.row_upper, stated.row_lower), strict=True)
        if np.isfinite(side)
    )
    bound = bound_of(RelaxationRows(stated), duals, np.empty(0))
    side = np.where(duals > 0, stated.row_upper, stated.row_lower)
    kept = np.where(np.isfinite(side), duals, 0.0)
    plain = kept @ np.where(kept == 0, 0.0, side) + np.maximum(stated.cost - kept @ stated.matrix, 0) @ stated.upper
    assert plain <= bound <= plain + 1e-9 * (abs(plain) + exact)


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    plan = match(dataset, Options(settlement="none", proof=100.0)).plan
    assert plan is not None
    return dataset, plan_from_record(plan_record(plan))


def test_a_proof_is_in_the_document_and_follows_from_it(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    assert_valid(dataset, plan)
    assert plan.proof["rows"]
    assert plan.value <= plan.bound == min(plan.proof["dual"], plan.proof["solver"])
    assert proven(literal.build(dataset), plan.proof) == pytest.approx(plan.proof["dual"], rel=1e-12)
    assert plan.proof["dual"] < plan.value * 1.005  # the relaxation alone is 5 % above


@pytest.mark.parametrize("change", ["dual", "weight", "divisor", "row", "duals", "kind", "name"])
def test_a_changed_proof_is_refused(tiny: tuple[Dataset, Plan], change: str) -> None:
    dataset, plan = tiny
    proof = {**plan.proof, "rows": [dict(row) for row in plan.proof["rows"]]}
    heavy = max(range(len(proof["rows"])), key=lambda at: proof["rows"][at]["dual"])
    if change == "dual":
        proof |= {"dual": plan.value, "solver": plan.bound}
    elif change == "weight":
        proof["rows"][heavy]["dual"] *= 1.01
    elif change == "divisor":
        proof["rows"][heavy]["divisor"] *= 1.01
    elif change == "row":
        proof["rows"][heavy]["rows"] = [[at, 1.01 * weight + 1.0] for at, weight in proof["rows"][heavy]["rows"]]
    elif change == "duals":
        proof["duals"] = proof["duals"][1:]
    elif change == "kind":
        proof["rows"][heavy]["kind"] = "wish"
    else:
        proof["row_names"] = ["no|such|row|", *proof["row_names"][1:]]
    with pytest.raises(VerificationError):
        assert_valid(dataset, replace(plan, proof=proof))


def test_a_bound_below_the_value_leaves_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    from synergy import engine

    solve = engine.solve
    monkeypatch.setattr(engine, "solve", lambda *given: replace(found := solve(*given), bound=0.9 * found.value))
    with pytest.raises(VerificationError, match="above its bound"):
        match(read(TINY), Options(settlement="none"))


def test_a_ledger_that_the_model_contradicts_leaves_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    from synergy import engine

    ledger = engine.accounts.ledger
    monkeypatch.setattr(
        engine.accounts, "ledger", lambda *given: replace(books := ledger(*given), value=1.001 * books.value)
    )
    with pytest.raises(VerificationError, match="objective"):
        match(read(TINY), Options(settlement="none"))


def test_a_document_of_before_still_verifies(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    record = {key: value for key, value in plan_record(plan).items() if key not in ("proof", "seal")}
    old = plan_from_record({**record, "duals": None})
    assert old.proof["solver"] == plan.bound
    assert "bound_claim" in {one.code for one in verify(dataset, old) if not one.refuses}
    assert_valid(dataset, old)


def test_periods_are_summed_to_a_relaxation() -> None:
    found = _found(read(CASES / "store_over_periods"))
    assert found is not None
    model, x = found
    stated = relaxation_of(model, yearly=True)
    point = _yearly(model, x)
    assert len(stated.cost) < len(model.cost)
    activity = stated.matrix @ point
    assert (activity <= stated.row_upper + NEAR).all()
    assert (activity >= stated.row_lower - NEAR).all()
    assert stated.cost @ point >= model.cost @ x - NEAR


def test_no_proof_is_looked_for_without_time() -> None:
    assert certify(read(TINY), Budget(0.0)) is None


def test_a_search_beside_is_not_held_up_by_a_proof_that_nobody_reads_yet(tmp_path: Path) -> None:
    dataset = read(web(tmp_path, 10, 6, 12))
    with Beside(dataset, 600) as beside:
        started = multiprocessing.active_children()
        for child in started:
            child.join(HANG_S)
        assert started
        assert [child.exitcode for child in started] == [0]
        assert beside.ended(300)
        found = beside.best
        assert found is not None
        assert len(pickle.dumps(found)) > 1 << 16  # more than a pipe holds


def test_a_proof_takes_a_part_of_the_work_of_the_search() -> None:
    dataset = read(TINY)
    plans = [match(dataset, Options(settlement="none", proof=part)).plan for part in (0.0, 0.0, 100.0)]
    short, again, whole = (plan_record(plan)["proof"] for plan in plans if plan is not None)
    assert short == again  # by the work that is done, not by the clock
    assert len(short["rows"]) < len(whole["rows"])
    assert whole["dual"] < short["dual"]
