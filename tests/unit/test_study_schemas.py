"""Documents of explain, pathways, alternatives and sensitivity follow the JSON Schemas that are printed for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from bench.explained import questions
from explain_worlds import WORLDS
from roots import ROOT

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.explanation.explain import Explainer
from synergy.graph.pathways import pathways, pathways_record
from synergy.model.solve_params import SolveParams
from synergy.near_optimal.alternatives import alternatives, alternatives_record
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import plan_from_record, write_plan
from synergy.records.plain import plain
from synergy.records.schema import STUDIES
from synergy.uncertainty.sensitivity import sensitivity, sensitivity_record

TINY = ROOT / "datasets" / "tiny"


def _follows(schema: dict[str, Any], document: Any) -> None:
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(plain(document), allow_nan=False)))


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    return dataset, plan


@pytest.mark.parametrize("name", list(STUDIES))
def test_a_schema_is_one_and_refuses_other_documents(name: str) -> None:
    schema = STUDIES[name]()
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": schema["$id"]}, schema)


def test_explanations_of_planner_and_firm(tiny: tuple[Dataset, Plan]) -> None:
    explainer = Explainer(*tiny)
    owner = tiny[0]["sites"].set_index("site")["enterprise"]
    seen = set()
    for question in questions(explainer, 12, np.random.default_rng(1)):
        answer = explainer.ask(question)
        seen.add(answer.in_plan)
        _follows(STUDIES["explain"](), answer.record())
        for site in (question.origin, question.target):
            if owner[site]:
                _follows(STUDIES["explain"](), answer.record(owner[site]))
    flow = tiny[1].decisions.flows.query("from_site != to_site").iloc[0]
    answer = Explainer(*tiny).ask(type(question)(flow["from_site"], flow["to_site"], flow["commodity"]))
    assert answer.in_plan
    _follows(STUDIES["explain"](), answer.record())


@pytest.mark.parametrize("name", list(WORLDS)[::4])
def test_explanations_with_changes(tmp_path: Path, name: str) -> None:
    world = WORLDS[name]
    dataset = world.dataset(tmp_path)
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    _follows(STUDIES["explain"](), Explainer(dataset, plan).ask(world.question).record())


def test_pathways_of_every_commodity(tiny: tuple[Dataset, Plan]) -> None:
    for commodity in tiny[0]["commodities"]["commodity"]:
        _follows(STUDIES["pathways"](), pathways_record(tiny[0], pathways(tiny[0], commodity)))


def test_alternatives_and_sensitivity(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    found = alternatives(dataset, plan, within=0.2)
    assert found.found
    assert found.stopped is None
    for one in alternatives_record(dataset, found)["alternatives"]:
        assert plan_from_record(one["plan"]).value == one["value"]
    _follows(STUDIES["alternatives"](), alternatives_record(dataset, found))
    told = sensitivity(dataset, plan)
    assert told.found
    assert told.stopped is None
    _follows(STUDIES["sensitivity"](), sensitivity_record(dataset, told))


def test_what_the_clock_stops_says_so(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    late = alternatives(dataset, plan, within=0.2, params=SolveParams(time_limit=0.0))
    assert late.stopped == "clock"
    _follows(STUDIES["alternatives"](), alternatives_record(dataset, late))
    asked = sensitivity(dataset, plan, params=SolveParams(stop=lambda: True))
    assert asked.stopped == "request"
    assert sensitivity_record(dataset, asked)["stopped"] == "request"


@pytest.mark.parametrize(("lang", "said"), [("en", "Stopped by the clock"), ("zh", "因到时停止")])
def test_the_terminal_says_that_the_clock_stopped_it(
    tiny: tuple[Dataset, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str, said: str
) -> None:
    write_plan(tiny[1], tmp_path / "plan.json")
    words = ["alternatives", str(TINY), str(tmp_path / "plan.json"), "--time-limit", "0.000001"]
    assert run_command(words, Talk(lang)) == 0
    assert said in capsys.readouterr().out
