"""The life of a round on the command line alone, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from stores import NAMES, ROOT

from synergy.cli import answers
from synergy.cli.commands import commands
from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.cli.words import WORDS
from synergy.texts import ladder_note

TINY = str(ROOT / "datasets" / "tiny")


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs one command as somebody and returns the document it printed."""
    monkeypatch.setenv("SYNERGY_DB", str(tmp_path / "synergy.db"))
    monkeypatch.delenv("SYNERGY_USER", raising=False)
    monkeypatch.delenv("SYNERGY_TOKEN", raising=False)

    def command(line: str, who: str = "", status: int = 0) -> Any:
        words = line.split() + (["--as", who] if who else [])
        assert run([*words, "--json"], Talk("en")) == status, capsys.readouterr().err
        out = capsys.readouterr().out
        return json.loads(out) if out else None

    return command


@pytest.fixture
def tell(say: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs one command as a planner of Shanxi does, and returns what it printed."""

    def named(talk: Talk, name: str) -> str:
        return talk.say(f"head.{name}")  # a field without a name is an error here

    monkeypatch.setattr(answers, "head", named)

    def command(line: str, who: str) -> str:
        assert run([*line.split(), "--as", who], Talk("zh")) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return command


def test_everything_can_be_done_on_the_command_line(
    say: Any, tell: Any, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    _people(say)
    say("user add eve --role editor", "root", status=1)
    say("user list", "anna", status=1)
    ident = say(f"round create {TINY} --name first --time-limit 30 --ladder 0 --settlement standalone", "anna")["round"]
    tell(f"round open {ident}", "anna")
    tell(f"round remind {ident}", "anna")
    (need,) = say(f"declaration submit {ident} GLASS --need GLASS-1/COG/60000/950", "glass")["entries"]
    assert need["ident"] == "GLASS-HEAT"  # the need that the dataset has
    say(f"declaration submit {ident} GLASS --need EAST-1/COG/1", "glass", status=3)
    say(f"declaration submit {ident} EAST --nothing", "glass", status=1)
    for name in NAMES[:4]:
        tell(f"declaration repeat {ident} {name}", name.lower())
    tell(f"round freeze {ident}", "anna")
    done = say(f"run request {ident} --here", "anna")
    assert done["proposals"] == 6
    assert say(f"run replay {done['match']}", "anna")["same"]
    _look(say, tell, ident, done["match"])
    tell(f"round publish {ident}", "anna")
    tell(f"round collect {ident}", "anna")
    gas = say(f"proposal list {ident}", "glass")[0]
    assert "gain" not in gas
    assert run(f"proposal show {gas['proposal']} --as glass".split(), Talk("zh")) == 0
    shown = capsys.readouterr().out
    assert "本企业年增益" in shown
    # the number of a line, which a counter-offer names, and figures with their units
    assert re.search(r"序号 .* 60000 千 Nm3 ", shown, re.DOTALL)
    assert run(f"proposal show {gas['proposal']} --as anna".split(), Talk("en")) == 0
    shown = capsys.readouterr().out
    assert "Gain: " in shown
    assert "Own gain" not in shown
    assert "GLASS" in shown
    for who in ("glass", "east"):
        say(f"proposal answer {gas['proposal']} accepted", who)
    say(f"proposal answer {gas['proposal']} accepted", "west", status=1)
    again = say(f"run request {ident} --here", "anna")
    shown = say(f"run compare {done['match']} {again['match']}", "anna")
    assert any(ruling["kind"] == "fix" for ruling in shown["inputs"]["rulings"])
    assert "622,721,778 元" in tell(f"run compare {done['match']} {again['match']}", "anna")
    say(f"round publish {ident}", "anna")
    say(f"round collect {ident}", "anna")
    (partnership,) = say(f"round conclude {ident}", "anna")["partnerships"]
    _follow(tell, ident, partnership)
    (need,) = say(f"declaration balance {ident} GLASS", "glass")
    _balanced(need)
    head = say("audit verify", "anna")["head"]
    say("backup make " + str(tmp_path / "copy.db"))
    say(f"partnership follow {partnership} running", "anna")
    monkeypatch.setenv("SYNERGY_DB", str(tmp_path / "other.db"))
    monkeypatch.setenv("SYNERGY_AUDIT_KEY_FILE", str(tmp_path / "synergy.db.key"))
    say("backup restore " + str(tmp_path / "copy.db"))
    restored = say(f"audit verify --head {head['number']}:{head['mac']}", "anna")
    assert (restored["sound"], restored["head"]) == (True, head)
    assert say("partnership list", "anna")[0]["stage"] == "permits"


def _balanced(need: Any) -> None:
    """Expect that all of a need is committed, as quantities with their unit."""
    amounts = [{"value": size, "unit": "kNm3"} for size in ("60000", "60000", "0")]
    assert [need[name] for name in ("declared", "committed", "free")] == amounts


def _people(say: Any) -> None:
    """Make a store with a planner and an editor of each enterprise."""
    say("db init --administrator root")
    say("user add anna --role planner", "root")
    for name in NAMES:
        say(f"user add {name.lower()} --role editor --enterprise {name}", "root")


def _look(say: Any, tell: Any, ident: int, run: int) -> None:
    """Look at what was matched, and rule on it."""
    assert "重新求解" in tell(f"run replay {run}", "anna")
    tell(f"ruling add {ident} note --note look", "anna")
    tell(f"ruling add {ident} forbid --pattern commodity=TAR", "anna")
    say(f"ruling add {ident} forbid", "anna", status=1)
    say(f"run halt {ident}", "anna", status=1)  # nothing is searched for
    assert "禁止" in tell(f"ruling list {ident}", "anna")
    tell(f"ruling withdraw {ident} 2", "anna")
    for shown, word in (("list", "已达到"), ("progress", "搜索"), ("plan", "上界")):
        assert word in tell(f"run {shown} {ident}", "anna")


def _follow(tell: Any, ident: int, partnership: int) -> None:
    """Take a partnership further, and look back."""
    assert "审批" in tell(f"partnership follow {partnership} permits", "east")
    assert "60000 千 Nm3" in tell(f"declaration balance {ident} GLASS", "glass")
    tell("partnership list", "anna")
    tell(f"audit events {ident}", "anna")
    tell("notice list", "anna")
    tell("audit verify", "anna")


def _declaring(say: Any) -> int:
    """Return a round in which GLASS may declare."""
    say("db init --administrator root")
    say("user add anna --role planner", "root")
    say("user add glass --role editor --enterprise GLASS", "root")
    ident = int(say(f"round create {TINY} --name first --deadline 2126-12-10", "anna")["round"])
    say(f"round open {ident}", "anna")
    return ident


def test_a_figure_that_is_right_though_far_off_is_marked_as_checked(say: Any, capsys: Any) -> None:
    line = f"declaration submit {_declaring(say)} GLASS --need GLASS-1/COG/60000000/950 --as glass --lang en"
    assert run(line.split(), Talk("en")) == 3
    said = capsys.readouterr().err
    assert "--need GLASS-1/COG/60000000/950:amount" in said
    assert "--checked" in said
    assert run([*line.split(), "--checked"], Talk("en")) == 0
    assert "60000000" in capsys.readouterr().out


def test_a_forgotten_file_withdraws_nothing(say: Any) -> None:
    ident = _declaring(say)
    say(f"declaration submit {ident} GLASS --need GLASS-1/COG/60000", "glass")
    say(f"declaration submit {ident} GLASS", "glass", status=2)
    say(f"declaration submit {ident} GLASS --need GLASS-1/COG/60000 --nothing", "glass", status=2)
    assert len(say(f"declaration show {ident} GLASS", "glass")["entries"]) == 1
    assert say(f"declaration submit {ident} GLASS --nothing", "glass")["entries"] == []


def test_a_deadline_that_is_a_day_is_its_end(say: Any, capsys: Any) -> None:
    ident = _declaring(say)
    assert run(f"round show {ident} --as anna".split(), Talk("zh")) == 0
    assert "截止：2126-12-10 23:59" in capsys.readouterr().out


def test_a_deadline_is_moved_where_it_is_named_and_not_over(say: Any, capsys: Any) -> None:
    ident = _declaring(say)
    say(f"round extend {ident} --deadline 2127-01-02T03:04Z --note asked", "anna")
    say(f"round extend {ident} --answer-by 2127-02-03T04:05Z", "anna")
    told = say(f"round show {ident}", "anna")
    assert told["deadline"] == "2127-01-02T03:04:00+00:00"
    assert told["answer_by"] == "2127-02-03T04:05:00+00:00"
    say(f"round extend {ident}", "anna", status=1)
    say(f"round extend {ident} --deadline 2127-01-02T03:04Z", "glass", status=1)
    say(f"round extend {ident} --deadline tomorrow", "anna", status=2)
    for lang, sentence in (("en", "is over already"), ("zh", "已过去")):
        line = f"round extend {ident} --deadline 2020-01-02T03:04Z --as anna --lang {lang}"
        assert run(line.split(), Talk(lang)) == 1
        assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("step", [0.0, 0.12])
def test_totals_of_a_round_on_the_ladder_say_so(say: Any, capsys: Any, step: float) -> None:
    _people(say)
    made = f"round create {TINY} --name first --time-limit 30 --ladder {step} --settlement none"
    ident = say(made, "anna")["round"]
    for line in (f"round open {ident}", f"round freeze {ident}", f"run request {ident} --here"):
        say(line, "anna")
    for lang in ("en", "zh"):
        assert run(f"run plan {ident} --as anna --lang {lang}".split(), Talk(lang)) == 0
        assert (ladder_note(0.12, lang) in capsys.readouterr().err.replace("\n", " ")) == (step > 0)


def test_a_token_does_what_its_scopes_allow(say: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    say("db init --administrator root")
    say("user add anna --role planner", "root")
    token = say("token add erp --scope read", "anna")
    monkeypatch.setenv("SYNERGY_TOKEN", token["token"])
    assert say("round list") == []
    say(f"round create {TINY} --name first", status=1)
    say(f"token revoke {token['id']}", "anna")
    say("round list", status=1)


def test_nobody_in_particular_does_nothing(say: Any) -> None:
    say("round list", "nobody", status=1)
    say("db init --administrator root")
    say("round list", status=2)
    say("round list", "nobody", status=1)


def _parameters(command: click.Command, path: str = "") -> list[str]:
    keys = [f"command.{path}{command.name}"]
    keys += [f"option.{one.name}" for one in command.params if isinstance(one, click.Option)]
    if isinstance(command, click.Group):
        below = "" if command.name == "synergy" else f"{path}{command.name}."
        keys += [key for inner in command.commands.values() for key in _parameters(inner, below)]
    return keys


def test_every_command_and_option_has_words_in_both_languages() -> None:
    assert [key for key in _parameters(commands) if key not in WORDS and not key.endswith(".lang")] == []
