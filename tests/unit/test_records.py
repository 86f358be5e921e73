"""The plan document: it follows its schema, and what is read back is the plan that was written."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_datasets import random_dataset
from roots import CASES, TINY

from synergy.dataset.read import read
from synergy.errors import DatasetError
from synergy.options import Options
from synergy.plan import Decisions, Plan
from synergy.records.files import dumps, loads, plan_from_record, plan_problems, plan_record, read_plan, write_plan
from synergy.records.schema import plan_schema, proposal_schema
from synergy.round import run

SOLVED = sorted(path.parent for path in CASES.glob("*/expected.json"))
DATASETS = [TINY, *SOLVED]


@pytest.fixture(scope="module", params=DATASETS, ids=lambda path: path.name)
def plan(request: pytest.FixtureRequest) -> Plan:
    made = run(read(request.param), Options(settlement="standalone")).plan
    assert made is not None
    return made


def _same(one: Plan, other: Plan) -> None:
    for field in fields(Plan):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, Decisions):
            for frame in Decisions.__slots__:
                pd.testing.assert_frame_equal(getattr(left, frame), getattr(right, frame), check_dtype=False)
        else:
            assert _plain(left) == _plain(right), field.name


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda other: [getattr(other, f.name) for f in fields(other)]))


def test_a_document_follows_its_schema(plan: Plan) -> None:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    record = plan_record(plan)
    jsonschema.Draft202012Validator(schema).validate(record)
    for proposal in record["proposals"]:
        jsonschema.Draft202012Validator(proposal_schema()).validate(proposal)


def test_what_is_read_is_what_was_written(plan: Plan) -> None:
    again = plan_from_record(loads(dumps(plan_record(plan))))
    _same(plan, again)
    assert dumps(plan_record(again)) == dumps(plan_record(plan))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(3000, 9999), st.sampled_from(["none", "standalone"]))
def test_any_plan_survives_a_file(seed: int, settlement: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        made = run(random_dataset(seed).dataset(Path(place) / "set"), Options(settlement=settlement)).plan
        if made is None:
            return
        file = Path(place) / "plan.json"
        write_plan(made, file)
        again = read_plan(file)
    jsonschema.Draft202012Validator(plan_schema()).validate(plan_record(made))
    _same(made, again)


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    made = run(read(TINY), Options(settlement="standalone")).plan
    assert made is not None
    return plan_record(made)


KEYS = sorted(plan_schema()["required"])


@pytest.mark.parametrize("key", KEYS)
def test_a_document_without_a_key_is_refused(record: dict[str, Any], key: str) -> None:
    assert key in record
    with pytest.raises(DatasetError, match=key):
        plan_from_record({name: value for name, value in record.items() if name != key})


@pytest.mark.parametrize("key", KEYS)
def test_a_value_of_another_kind_is_refused(record: dict[str, Any], key: str) -> None:
    with pytest.raises(DatasetError) as caught:
        plan_from_record({**record, key: True})
    assert any(problem.column == f"/{key}" for problem in caught.value.problems)
    assert all(problem.message and problem.message_zh for problem in caught.value.problems)


def test_missing_keys_are_one_fault() -> None:
    faults = plan_problems({})
    assert len(faults) == 1
    assert "schema" in faults[0].message
    assert "solver" in faults[0].message
