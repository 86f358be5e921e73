"""The command line: documents on standard output, exit statuses of the contract, both languages."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path

import click
import jsonschema
import pytest
from roots import ROOT

from synergy.cli.commands import commands
from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.cli.rounds import RENAMED
from synergy.cli.words import CLICK, FILE_WORDS, SERVING_WORDS, SETTLEMENT_WORDS, WORDS
from synergy.cli.words_rounds import ROUND_WORDS, STUDY_WORDS
from synergy.errors import UsageError, VerificationError
from synergy.records.schema import STUDIES, dataset_schema, plan_schema, proposal_schema

TINY = str(ROOT / "datasets" / "tiny")
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
    "proof",
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


def test_a_refused_plan_is_told_with_its_findings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise VerificationError(["value value: claimed 2, found 1"])

    monkeypatch.setattr("synergy.round.assert_valid", refuse)
    assert _run("match", TINY, "--settlement", "none", "--json") == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["findings"] == ["value value: claimed 2, found 1"]
    assert "claimed 2, found 1" in said.err


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
    assert set(json.loads(capsys.readouterr().out)) == {"dataset", "plan", "proposal", *STUDIES}


def test_every_word_is_there_in_both_languages() -> None:
    parts = (FILE_WORDS, ROUND_WORDS, STUDY_WORDS, SETTLEMENT_WORDS, SERVING_WORDS)
    assert [key for part in parts for key, pair in part.items() if WORDS[key] != pair] == []  # one word, one meaning
    assert [key for key, pair in WORDS.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []
    files = [ROOT / "synergy" / "cli" / name for name in ("words.py", "words_rounds.py")]
    keys = Counter(key for file in files for key in re.findall(r'^ {8}"([^"]+)": \(', file.read_text("utf-8"), re.M))
    assert [key for key, count in keys.items() if count > 1] == []
    assert sum(keys.values()) == len(WORDS)


def test_what_click_says_is_still_what_it_says() -> None:
    said = {node.value for path in Path(click.__file__).parent.glob("*.py") for node in _texts(path)}
    assert [text for text in CLICK if text not in said] == []


def _texts(path: Path) -> list[ast.Constant]:
    return [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)]


@pytest.mark.parametrize(
    ("words", "en", "zh"),
    [
        (["match"], "Missing argument 'DATASET'.", "缺少参数 'DATASET'."),
        (["user", "add", "ann"], "Missing option '--role'.", "缺少选项 '--role'."),
        (["match", TINY, "--gap"], "Option '--gap' requires an argument.", "选项 '--gap' 需要一个值。"),
        (["match", TINY, "--json=1"], "Option '--json' does not take a value.", "选项 '--json' 不带值。"),
        (["match", TINY, "--gapp", "1"], "No such option '--gapp'. Did you mean", "没有选项 '--gapp' （是否指"),
        (["match", TINY, "more"], "unexpected extra argument (more)", "多余的参数（more）"),
        (
            ["match", TINY, "--set", "x"],
            "'--set': 'x' found, expected key=value",
            "'--set' 的值无效：现为 'x'，应为 key=value",
        ),
        (
            ["match", TINY, "--gap", "nan"],
            "Invalid value for '--gap': 'nan' found, expected a number >= 0",
            "'--gap' 的值无效：现为 'nan'，应为 >= 0 的数",
        ),
        (
            ["match", TINY, "--seed", "-1"],
            "'-1' found, expected a number >= 0, <= 2147483647",
            "现为 '-1'，应为 >= 0, <= 2147483647 的数",
        ),
        (["match", TINY, "--seed", "9" * 400], "999' found, expected a number >= 0", "999'，应为 >= 0"),
        (
            ["match", TINY, "--settlement", "luck"],
            "Invalid value for '--settlement': 'luck' is not one of 'core'",
            "'--settlement' 的值无效：'luck' 不在可选值之内：'core'",
        ),
        (
            ["round", "extend", "1", "--deadline", "tomorrow"],
            "Invalid value for '--deadline': 'tomorrow' found, expected a time such as 2026-12-01T18:00",
            "'--deadline' 的值无效：现为 'tomorrow'，应为 时间，如 2026-12-01T18:00",
        ),
        (
            ["declaration", "submit", "1", "GLASS", "--need", "GLASS-1/COG"],
            "'--need': 'GLASS-1/COG' found, expected SITE/COMMODITY/AMOUNT[/PRICE]",
            "'--need' 的值无效：现为 'GLASS-1/COG'，应为 SITE/COMMODITY/AMOUNT[/PRICE]",
        ),
        (
            ["proposal", "answer", "P0", "countered", "--counter", "x/5"],
            "Invalid value for '--counter': 'x/5' found, expected LINE/QUANTITY[/PRICE]",
            "'--counter' 的值无效：现为 'x/5'，应为 LINE/QUANTITY[/PRICE]",
        ),
        (
            ["ruling", "add", "1", "forbid", "--pattern", "TAR"],
            "Invalid value for '--pattern': 'TAR' found, expected key=value",
            "'--pattern' 的值无效：现为 'TAR'，应为 key=value",
        ),
        (
            ["audit", "verify", "--head", "7"],
            "Invalid value for '--head': '7' found, expected NUMBER:MAC",
            "'--head' 的值无效：现为 '7'，应为 NUMBER:MAC",
        ),
        (
            ["match", TINY, "--out", "nowhere/plan.json"],
            "Invalid value for '--out': 'nowhere/plan.json' found, expected a file in an existing folder",
            "'--out' 的值无效：现为 'nowhere/plan.json'，应为 现有文件夹中的文件",
        ),
        (
            ["template", "form.csv"],
            "Invalid value for 'FILE.xlsx': 'form.csv' found, expected a file that ends in .xlsx",
            "'FILE.xlsx' 的值无效：现为 'form.csv'，应为 以 .xlsx 结尾的文件",
        ),
        (
            ["pathways", TINY, "--commodity", "GAZ"],
            "Invalid value for '--commodity': 'GAZ' found, expected a commodity of the dataset, such as ",
            "'--commodity' 的值无效：现为 'GAZ'，应为 数据集中的物料，如 ",
        ),
        (["match", "--help"], "Usage: synergy match [OPTIONS] DATASET", "用法： synergy match [OPTIONS] DATASET"),
        (["match", "--help"], "Options:", "选项:"),
        (["user", "--help"], "Commands:", "命令:"),
    ],
)
def test_click_speaks_the_language_of_the_call(
    words: list[str], en: str, zh: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for lang, own, other in (("zh", zh, en), ("en", en, zh)):
        assert run(words, Talk(lang)) == (0 if "--help" in words else 2)
        shown = "".join(capsys.readouterr())
        assert own in shown
        assert other not in shown


@pytest.mark.parametrize("words", [["-h"], ["match", "-h"], ["run", "request", "-h"]], ids=" ".join)
def test_help_has_a_short_name(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(*words) == 0
    assert "-h, --help" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("old", "new"), RENAMED.items(), ids=list(RENAMED))
def test_a_former_command_names_the_new_one(old: str, new: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = {"en": f"`synergy round {old}` is now `synergy {new}`", "zh": f"`synergy round {old}` 现为 `synergy {new}`"}
    for words in ("", "--help", "-h", "1", "1 GLASS --need GLASS-1/COG/1 --as li --json", "--no-such-option"):
        assert run(["round", old, *words.split()], Talk(lang)) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert said[lang] in printed.err
        assert f"synergy {new} --help" in printed.err


def test_the_new_command_of_a_former_one_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = {f"{name} {verb}" for name, one in commands.commands.items() for verb in getattr(one, "commands", {})}
    assert [new for new in RENAMED.values() if new not in known] == []
    assert _run("round", "--help") == 0
    listed = re.findall(r"^  ([a-z]+)  ", capsys.readouterr().out, re.M)
    assert len(listed) > 10
    assert set(listed) & set(RENAMED) == set()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["chek", TINY], 2, ("'chek'. (Did you mean one of: 'check'", "'chek' （是否指其中之一：'check'")),
        (["check", "cut.zip"], 3, ("ends too early: the copy or download was cut short", "复制或下载不完整")),
        (["match", TINY, "--scenario", "row.toml"], 3, ("did you mean 'GLASS-HEAT'?", "是否为 'GLASS-HEAT'？")),
        (["verify", TINY, "empty.json"], 3, ("a key is missing", "缺少键")),
    ],
)
def test_a_slip_is_said_in_one_language_with_what_was_meant(
    words: list[str],
    status: int,
    said: tuple[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut.zip").write_bytes(b"PK\x03\x04 cut")
    Path("row.toml").write_text('[[tables.needs]]\nneed = "GLASS-HEAD"\nquantity = 1\ncommodity = "COG"\n', "utf-8")
    Path("empty.json").write_text("{}", encoding="utf-8")
    for lang, own, other in (("en", said[0], said[1]), ("zh", said[1], said[0])):
        assert run([*words, "--lang", lang], Talk(lang)) == status
        shown = "".join(capsys.readouterr())
        assert shown.count(own) >= 1
        assert other not in shown


def test_an_error_of_both_languages_is_said_in_one() -> None:
    error = UsageError("no site 'A / B' / 没有厂区 'A / B'")
    assert error.sentence("en") == "no site 'A / B'"
    assert error.sentence("zh") == "没有厂区 'A / B'"
    assert UsageError("km / h").sentence("zh") == "km / h"


@pytest.mark.parametrize(("lang", "said"), [("en", "(places: 20)"), ("zh", "（共 20 处）")])
def test_a_scenario_of_rows_that_do_not_fit_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str, said: str
) -> None:
    rows = "".join(
        f'[[tables.availability]]\nholder = "EAST-COKE"\nperiod = "M{month:02d}"\nfactor = 0.5\n' for month in range(20)
    )
    scenario = tmp_path / "stagger.toml"
    scenario.write_text(rows, encoding="utf-8")
    for command in ("check", "match"):
        assert run([command, TINY, "--scenario", str(scenario)], Talk(lang)) == 3
        told = [line for line in "".join(capsys.readouterr()).splitlines() if "/tables/availability/" in line]
        about = [line for line in told if "/period" in line]
        assert len(about) == 1
        assert "/tables/availability/*/period 'M00, M01, M02, …'" in about[0]
        assert said in about[0]
    _run("check", TINY, "--scenario", str(scenario), "--json")
    each = [one for one in json.loads(capsys.readouterr().out) if one["column"].endswith("/period")]
    assert len(each) == 20
