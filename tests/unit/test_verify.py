"""The judge passes good plans and refuses each kind of alteration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from roots import TINY

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.errors import VerificationError
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import plan_from_record, plan_record
from synergy.round import run
from synergy.verification.verify import assert_valid, verify


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read(TINY)


@pytest.fixture(scope="module")
def plan(dataset: Dataset) -> Plan:
    made = run(dataset, Options(settlement="standalone")).plan
    assert made is not None
    return made


def _cell(frame: str, column: str, change: Callable[[Any], Any], row: int = 0) -> Callable[[Plan], Plan]:
    def alter(plan: Plan) -> Plan:
        table: pd.DataFrame = getattr(plan.decisions, frame).copy()
        table[column] = table[column].astype(object)
        table.loc[row, column] = change(table.loc[row, column])
        return replace(plan, decisions=replace(plan.decisions, **{frame: table.infer_objects()}))

    return alter


def _without(frame: str, row: int = 0) -> Callable[[Plan], Plan]:
    def alter(plan: Plan) -> Plan:
        table: pd.DataFrame = getattr(plan.decisions, frame)
        return replace(plan, decisions=replace(plan.decisions, **{frame: table.drop(index=row).reset_index(drop=True)}))

    return alter


def _claim(**changes: Callable[[Any], Any]) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, **{name: change(getattr(plan, name)) for name, change in changes.items()})


def _proposal(**changes: Callable[[Any], Any]) -> Callable[[Plan], Plan]:
    def alter(plan: Plan) -> Plan:
        first, *rest = plan.proposals
        changed = replace(first, **{name: change(getattr(first, name)) for name, change in changes.items()})
        return replace(plan, proposals=(changed, *rest))

    return alter


def _more(value: float) -> float:
    return value * 1.001 + 1e-3


ALTERED: dict[str, Callable[[Plan], Plan]] = {
    "flow quantity": _cell("flows", "quantity", _more),
    "flow arrived": _cell("flows", "arrived", _more),
    "flow site": _cell("flows", "to_site", lambda _: "WEST-1"),
    "flow outlet": _cell("flows", "outlet_id", lambda _: "nobody"),
    "flow inlet kind": _cell("flows", "inlet_kind", lambda _: "store"),
    "flow mode": _cell("flows", "mode", lambda _: "balloon"),
    "flow period": _cell("flows", "period", lambda _: "never"),
    "flow missing": _without("flows"),
    "run": _cell("runs", "activity", _more),
    "run missing": _without("runs"),
    "run twice": lambda plan: replace(
        plan, decisions=replace(plan.decisions, runs=pd.concat([plan.decisions.runs] * 2, ignore_index=True))
    ),
    "build capacity": _cell("builds", "capacity", lambda size: size * 0.5),
    "build capex": _cell("builds", "capex", _more),
    "build annual cost": _cell("builds", "annual_cost", _more),
    "build step": _cell("builds", "size", lambda _: "huge"),
    "build missing": _without("builds"),
    "link capex": _cell("links", "capex", _more),
    "link annual cost": _cell("links", "annual_cost", _more),
    "link length": _cell("links", "km", _more),
    "link missing": _without("links"),
    "value": _claim(value=_more),
    "bound": _claim(bound=lambda bound: bound * 0.9),
    "gap": _claim(gap=lambda gap: gap + 0.01),
    "status": _claim(status=lambda _: "feasible"),
    "gain": _claim(gain=_more),
    "standalone": _claim(standalone=lambda values: {**values, "EAST": values["EAST"] + 1e6}),
    "standalone stranger": _claim(standalone=lambda values: {**values, "NOBODY": 0.0}),
    "remainder": _claim(remainder=lambda rest: rest + 1e5),
    "co2": _claim(emissions=lambda emitted: {**emitted, "co2": _more(emitted["co2"])}),
    "digest": _claim(dataset=lambda head: {**head, "digest": "0" * 64}),
    "name": _claim(dataset=lambda head: {**head, "name": "other"}),
    "scenario": _claim(scenario=lambda settings: {**settings, "discount_rate": 0.01}),
    "proposal gain": _proposal(gain=_more),
    "proposal capex": _proposal(capex=_more),
    "proposal payback": _proposal(payback_years=_more),
    "proposal flows": _proposal(flows=lambda rows: (*rows, 9999)),
    "proposal builds": _proposal(builds=lambda rows: (*rows, 99)),
    "proposal enterprises": _proposal(enterprises=lambda firms: firms[:1]),
    "proposal of nobody": _proposal(enterprises=lambda _: ()),
    "proposal title": _proposal(title_zh=lambda _: " "),
    "proposal kind": _proposal(kind=lambda _: "miracle"),
    "proposal state": _proposal(state=lambda _: "maybe"),
    "proposal scope": _proposal(scope=lambda _: "beyond"),
    "proposal terms": _proposal(terms=lambda terms: (replace(terms[0], quantity=terms[0].quantity * 1.1), *terms[1:])),
    "proposal twice": lambda plan: replace(plan, proposals=(*plan.proposals, plan.proposals[0])),
}


def test_a_good_plan_passes(dataset: Dataset, plan: Plan) -> None:
    assert [finding.line() for finding in verify(dataset, plan) if finding.refuses] == []
    assert_valid(dataset, plan)


def test_it_still_passes_after_a_file(dataset: Dataset, plan: Plan) -> None:
    assert_valid(dataset, plan_from_record(plan_record(plan)))


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_plan_is_refused(dataset: Dataset, plan: Plan, name: str) -> None:
    altered = ALTERED[name](plan)
    with pytest.raises(VerificationError):
        assert_valid(dataset, altered)
