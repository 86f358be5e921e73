"""The command line: documents on standard output, exit statuses of the contract, both languages."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from synergy.cli.main import run
from synergy.cli.talk import Talk
from synergy.cli.words import WORDS
from synergy.records.schema import dataset_schema, plan_schema, proposal_schema

ROOT = Path(__file__).parents[1]
TINY = str(ROOT / "datasets" / "tiny")
CASES = Path(__file__).parent / "cases"
KEYS = [
    "schema",
    "dataset",
    "scenario",
    "status",
    "value",
    "bound",
    "gap",
    "status_quo",
    "today",
    "gain",
    "standalone",
    "settlement",
    "duals",
    "flows",
    "runs",
    "levels",
    "builds",
    "links",
    "emissions",
    "proposals",
    "remainder",
    "shadow_prices",
    "solver",
]


def _run(*words: str) -> int:
    return run(list(words), Talk("en"))


def test_match_prints_one_plan_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("match", TINY, "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert set(KEYS) <= set(plan)
    jsonschema.validate(plan, plan_schema())
    for proposal in plan["proposals"]:
        jsonschema.validate(proposal, proposal_schema())


def test_a_plan_file_is_verified_and_an_altered_one_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "plan.json"
    assert _run("match", TINY, "--out", str(place)) == 0
    assert _run("verify", TINY, str(place)) == 0
    plan = json.loads(place.read_text("utf-8"))
    plan["flows"][0]["quantity"] *= 1.01
    place.write_text(json.dumps(plan), encoding="utf-8")
    capsys.readouterr()
    assert _run("verify", TINY, str(place), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["valid"]
    assert told["findings"]


def test_a_scenario_goes_with_its_plan(tmp_path: Path) -> None:
    place = tmp_path / "plan.json"
    settings = ("--set", "carbon_price=50", "--set", "allow_builds=false")
    assert _run("match", TINY, *settings, "--out", str(place)) == 0
    assert _run("verify", TINY, str(place), *settings) == 0
    assert _run("verify", TINY, str(place)) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_tables_for_people(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["match", TINY, "--lang", lang], Talk(lang)) == 0
    printed = capsys.readouterr().out
    assert ("协同增益" in printed) == (lang == "zh")


def test_check_lists_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("check", TINY, "--json") == 0
    capsys.readouterr()
    (tmp_path / "enterprises.csv").write_text("enterprise\nA\nA\n", encoding="utf-8")
    (tmp_path / "sites.csv").write_text("site,enterprise,latitude\na,Z,200\n", encoding="utf-8")
    (tmp_path / "commodities.csv").write_text("commodity,unit\nx,t\n", encoding="utf-8")
    assert _run("check", str(tmp_path), "--json") in (1, 3)
    problems = json.loads(capsys.readouterr().out)
    assert {"table", "row", "column", "value", "message", "hint"} <= set(problems[0])
    assert {(entry["table"], entry["column"]) for entry in problems} >= {("sites", "enterprise"), ("sites", "latitude")}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["match"], 2),
        (["match", TINY, "--gap", "much"], 2),
        (["match", TINY, "--settlement", "luck"], 2),
        (["no-such-command"], 2),
        (["match", str(ROOT / "nowhere")], 3),
        (["match", TINY, "--set", "co2_cap=0"], 4),
    ],
)
def test_exit_statuses(words: list[str], status: int) -> None:
    assert run(words, Talk("en")) == status


def test_schemas_are_schemas(capsys: pytest.CaptureFixture[str]) -> None:
    for made in (plan_schema(), proposal_schema(), dataset_schema()):
        jsonschema.Draft202012Validator.check_schema(made)
    assert _run("schema") == 0
    assert set(json.loads(capsys.readouterr().out)) == {"dataset", "plan", "proposal"}


def test_every_word_is_there_in_both_languages() -> None:
    assert [key for key, pair in WORDS.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []
