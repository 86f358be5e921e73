"""The judge by itself: what the written model allows passes, each constraint and each figure that is wrong is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from random_datasets import random_dataset
from roots import TINY
from test_cases import CASES, FAMILIES, FOLDER

from synergy import literal
from synergy.accounts import facts, ledger, owners
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.errors import VerificationError
from synergy.literal.build import LiteralModel
from synergy.literal.parts import collected
from synergy.options import Options
from synergy.plan import BUILD_COLUMNS, FLOW_COLUMNS, FLOW_ENDS, LINK_COLUMNS, Decisions, Plan
from synergy.round import run
from synergy.verification.books import Book, Books
from synergy.verification.verify import assert_valid, check_rows, check_strays, verify

# what is found where a switch is off though it should be on: the judge switches on what runs or is exchanged
SWITCHED = {"load_min": "load", "load_max": "load", "partner": "max_partners", "quality_max": "quality"}
CODES = SWITCHED | {"quality_min": "quality", "size_min": "size"}


def _decisions(model: LiteralModel, x: np.ndarray) -> Decisions:
    """Decisions that a point of the literal model is; capex is no matter here."""
    kept = model.columns.astype({name: object for name in model.columns if name != "arrival"}).assign(amount=x)
    kept = kept[kept["amount"] > 1e-9]
    by = {str(name): rows for name, rows in kept.groupby("variable")}
    empty = kept.iloc[:0]
    flow, size = by.get("flow", empty), by.get("size", empty)
    flows = flow.assign(quantity=flow["amount"], arrived=flow["amount"] * flow["arrival"])
    names = [
        (*whole.rpartition("@")[::2], step) for whole, _, step in (name.partition("#") for name in size["subject"])
    ]
    builds = pd.DataFrame(names, columns=["process", "site", "size"]).assign(capacity=size["amount"].to_numpy())
    runs, levels = by.get("run", empty), by.get("level", empty)
    return Decisions(
        flows=flows[[*FLOW_COLUMNS, *FLOW_ENDS]],
        runs=runs.rename(columns={"outlet_kind": "kind", "subject": "id", "amount": "activity"}),
        levels=levels.rename(columns={"subject": "store", "amount": "level"}),
        builds=builds.reindex(columns=list(BUILD_COLUMNS), fill_value=0.0),
        links=by.get("open", empty).reindex(columns=list(LINK_COLUMNS), fill_value=0.0),
    )


def _judged(dataset: Dataset, model: LiteralModel, x: np.ndarray) -> tuple[Books, set[str]]:
    """Books of a point, and the codes of what is found in its rows."""
    book, books = Book(), Books(dataset, _decisions(model, x))
    check_strays(book, books)
    check_rows(book, books)
    return books, {finding.code for finding in book.found}


def _optima() -> Iterator[tuple[Dataset, LiteralModel, np.ndarray, float]]:
    for path in CASES:
        dataset = read(path)
        model = literal.build(dataset)
        solution = literal.solve(model)
        assert solution.x is not None
        yield dataset, model, solution.x, solution.value


def test_an_optimum_of_the_written_model_is_worth_what_the_judge_says() -> None:
    for dataset, model, x, value in _optima():
        books, found = _judged(dataset, model, x)
        assert found == set(), dataset.name
        assert float(books.money.sum()) == pytest.approx(value, rel=1e-9, abs=1e-6), dataset.name


@pytest.mark.parametrize("seed", range(60))
def test_random_optima_pass_and_their_accounts_are_those_of_the_ledger(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    model = literal.build(dataset)
    solution = literal.solve(model, gap=1e-9)
    if solution.x is None:
        assert solution.status == "infeasible"
        return
    books, found = _judged(dataset, model, solution.x)
    assert found == set()
    near = 1e-7 * max(1.0, books.turnover)
    assert float(books.money.sum()) == pytest.approx(solution.value, abs=near)
    own = collected(books.point.parts, books.point.x)
    assert own.sum() == pytest.approx(float(books.money.sum()), abs=near)
    told = owners.collected(dataset, books.decisions)
    assert own.to_dict() == pytest.approx(told.to_dict(), abs=near)


@cache
def _model(path: Path) -> tuple[Dataset, LiteralModel, float]:
    dataset = read(path)
    model = literal.build(dataset)
    return dataset, model, literal.solve(model).value


def _without(path: Path, family: str) -> tuple[Dataset, LiteralModel, np.ndarray] | None:
    """Best plan without a family of constraints, None where it is no better."""
    dataset, model, value = _model(path)
    rows = (model.rows["constraint"] == family).to_numpy(bool)
    if not rows.any():
        return None
    lower, upper = np.where(rows, -np.inf, model.row_lower), np.where(rows, np.inf, model.row_upper)
    loose = literal.solve(replace(model, row_lower=lower, row_upper=upper))
    if loose.x is None or abs(loose.value - value) <= 1e-6:
        return None
    return dataset, model, loose.x


@pytest.mark.parametrize("family", FAMILIES)
def test_a_plan_that_breaks_one_family_of_constraints_is_refused_for_it(family: str) -> None:
    broken = [point for path in CASES if (point := _without(path, family))]
    assert broken
    for dataset, model, x in broken:
        books, found = _judged(dataset, model, x)
        if family == "size_max":  # what is not built has no size: the judge counts it as built and finds the cost
            assert found or float(books.money.sum()) < float(model.cost @ x) - 1e-6
        else:
            assert CODES.get(family, family) in found or {"must_clear", "required"} & found, dataset.name


@cache
def _plans() -> tuple[tuple[Dataset, Plan], ...]:
    made = []
    for name in ("losses", "store_over_periods", "steps_of_scale", "link_with_capex"):
        dataset = read(FOLDER / name)
        plan = run(dataset, Options(gap=1e-7, settlement="core")).plan
        assert plan is not None
        made.append((dataset, plan))
    return tuple(made)


FIGURES = (
    ("flows", "quantity"),
    ("flows", "arrived"),
    ("runs", "activity"),
    ("levels", "level"),
    ("builds", "capacity"),
    ("builds", "capex"),
    ("builds", "annual_cost"),
    ("links", "km"),
    ("links", "capex"),
    ("links", "annual_cost"),
)


@pytest.mark.parametrize(("frame", "column"), FIGURES)
def test_one_figure_that_is_changed_is_refused(frame: str, column: str) -> None:
    tried = 0
    for dataset, plan in _plans():
        table = getattr(plan.decisions, frame)
        for row in range(min(len(table), 3)):
            if np.isnan(table[column].iloc[row]):
                continue
            changed = table.copy()
            changed[column] = changed[column].astype(float)
            changed.loc[row, column] = changed[column].iloc[row] * 1.001 + 1e-3
            altered = replace(plan, decisions=replace(plan.decisions, **{frame: changed}))
            assert any(one.refuses for one in verify(dataset, altered)), (dataset.name, row)
            tried += 1
    assert tried


@pytest.mark.parametrize("key", ["payoff", "standalone", "gain", "transfer"])
def test_a_changed_figure_of_a_settlement_is_refused(key: str) -> None:
    for dataset, plan in _plans():
        assert plan.settlement is not None
        name, row = next(iter(plan.settlement["payoffs"].items()))
        if row[key] is None:
            continue
        payoffs = {**plan.settlement["payoffs"], name: {**row, key: row[key] * 1.001 + 1.0}}
        altered = replace(plan, settlement={**plan.settlement, "payoffs": payoffs})
        assert any(one.refuses for one in verify(dataset, altered)), dataset.name


def _dearer_sales(monkeypatch: pytest.MonkeyPatch) -> None:
    right = facts.end_column

    def wrong(dataset: Dataset, kinds: Any, ids: Any, kind: str, column: str) -> Any:
        return right(dataset, kinds, ids, kind, column) * (1.01 if kind == "market" else 1.0)

    monkeypatch.setattr(ledger, "end_column", wrong)


def _cheaper_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    right = facts.unit_facts

    def wrong(dataset: Dataset, kinds: Any, ids: Any) -> facts.UnitFacts:
        found = right(dataset, kinds, ids)
        return replace(found, opex=found.opex * 0.5)

    monkeypatch.setattr(ledger, "unit_facts", wrong)


@pytest.mark.parametrize("fault", [_dearer_sales, _cheaper_runs])
def test_a_fault_of_the_ledger_does_not_pass(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = read(TINY)
    plan = run(dataset, Options(settlement="none")).plan
    assert plan is not None
    fault(monkeypatch)
    told = ledger.value(dataset, plan.decisions)
    assert told > plan.value * 1.001
    with pytest.raises(VerificationError, match="value"):
        assert_valid(dataset, replace(plan, value=told, bound=max(told, plan.bound)))
    with pytest.raises(VerificationError):
        run(dataset, Options(settlement="none"))


@pytest.mark.parametrize("figure", ["standalone", "today", "flow", "baseline_co2"])
def test_the_plans_that_it_is_compared_with_are_judged_too(figure: str) -> None:
    dataset = read(TINY)
    outcome = run(dataset, Options(settlement="standalone")).outcome
    plan, alone, today = outcome.plan, dict(outcome.standalone), outcome.today
    assert plan is not None
    assert plan.standalone is not None
    assert today is not None
    assert_valid(dataset, plan, alone, today)
    name = next(name for name, decisions in alone.items() if len(decisions.flows))
    if figure == "flow":
        flows = alone[name].flows
        alone[name] = replace(alone[name], flows=flows.assign(quantity=flows["quantity"] * 1.5))
    elif figure == "baseline_co2":
        plan = replace(plan, emissions={**plan.emissions, figure: (plan.emissions[figure] or 0.0) * 1.001 + 1.0})
    elif figure == "today":
        plan = replace(plan, today=(plan.today or 0.0) * 1.001 + 1.0)
    else:
        more = abs(plan.standalone[name] or 0.0) * 0.001 + 1.0
        values = {**plan.standalone, name: (plan.standalone[name] or 0.0) + more}
        plan = replace(plan, standalone=values, gain=(plan.gain or 0.0) - more)
    with pytest.raises(VerificationError, match=f"standalone.{name}" if figure in ("standalone", "flow") else "today"):
        assert_valid(dataset, plan, alone, today)


STRAYS: dict[str, tuple[str, str]] = {
    "from_site": ("nowhere", "no table has it"),
    "period": ("never", "no table has it"),
    "outlet_id": ("nobody", "no such outlet of this commodity"),
    "inlet_kind": ("store", "no such inlet of this commodity"),
    "mode": ("balloon", "no such way"),
}


@pytest.mark.parametrize("column", STRAYS)
def test_a_row_that_is_no_variable_is_named(column: str) -> None:
    dataset, plan = _plans()[0]
    value, text = STRAYS[column]
    flows = plan.decisions.flows.astype({column: object})
    flows.loc[0, column] = value
    found = verify(dataset, replace(plan, decisions=replace(plan.decisions, flows=flows)))
    assert any(one.subject.startswith("flows[0]") and text in one.text for one in found)


def test_what_nothing_bounds_may_be_of_any_size(tmp_path: Path) -> None:
    """Bounds that the written model derives for builds and links without any of their own bind no plan."""
    tables = {
        "enterprises": "enterprise\nA\nB",
        "sites": "site,enterprise\na,A\nb,B",
        "commodities": "commodity,unit\nraw,t\ngood,t",
        "offers": "offer,site,commodity,quantity,price\no,a,raw,100,1",
        "processes": "process,buildable,fixed_capex,unit_capex,lifetime_years\nmake,true,10,1,10",
        "recipes": "process,commodity,coefficient\nmake,raw,-1\nmake,good,1",
        "build_options": "process,site\nmake,b",
        "needs": "need,site,commodity,quantity,price\nn,b,good,100,20",
        "links": "from_site,to_site,commodity,mode,km,fixed_capex\na,b,raw,pipe,5,100",
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    dataset = read(tmp_path)
    plan = run(dataset, Options(settlement="none")).plan
    assert plan is not None
    assert len(plan.decisions.links) == len(plan.decisions.builds) == 1
    shut = replace(plan, decisions=replace(plan.decisions, links=plan.decisions.links.iloc[:0]))
    assert "link" in {one.code for one in verify(dataset, shut) if one.refuses}
    larger = plan.decisions.builds.assign(capacity=1e9)
    found = verify(dataset, replace(plan, decisions=replace(plan.decisions, builds=larger)))
    assert "size" not in {one.code for one in found}
    assert "capex" in {one.code for one in found}
