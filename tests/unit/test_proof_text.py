"""How far a plan is proven is told in the same words everywhere: by duals, and beside it by the solver's claim."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from roots import TINY
from synergy.web.planning.round_view import Shown

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.cli.tables import print_plan
from synergy.dataset.read import read
from synergy.engine import match
from synergy.options import Options
from synergy.records.files import round_record
from synergy.round import run
from synergy.texts import proof_text

# dual and solver gap; English, Chinese
STATES: tuple[tuple[float | None, float | None, str, str], ...] = (
    (0.0, 0.0, "optimal, proven", "最优，已证明"),
    (None, 0.0, "optimal by the solver's claim", "按求解器的结论为最优"),
    (0.008, 0.0, "optimal by the solver's claim, proven to 0.8 %", "按求解器的结论为最优，已证明间隙 0.8 %"),
    (0.008, 0.004, "proven to 0.8 %, by the solver's claim 0.4 %", "已证明间隙 0.8 %，按求解器的结论为 0.4 %"),
    (None, 0.004, "not proven, by the solver's claim 0.4 %", "未证明，按求解器的结论 0.4 %"),
)


def _with(record: dict[str, Any], dual: float | None, solver: float | None) -> dict[str, Any]:
    bounds = {
        name: None if gap is None else record["value"] * (1 + gap) for name, gap in (("dual", dual), ("solver", solver))
    }
    return {**record, "proof": bounds}


@pytest.mark.parametrize(("dual", "solver", "en", "zh"), STATES)
def test_the_four_states_on_the_command_line_and_the_pages(
    dual: float | None, solver: float | None, en: str, zh: str
) -> None:
    dataset = read(TINY)
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    record = round_record(dataset, plan)
    stated = _with(record["plan"], dual, solver)
    for lang, said in (("en", en), ("zh", zh)):
        assert proof_text(stated, lang) == said
        assert Shown({**record, "plan": stated}, lang).proof() == said
        out = Console(record=True, width=200, file=StringIO())
        print_plan(Talk(lang, out), dataset, replace(plan, proof=stated["proof"]))
        assert said in out.export_text()


@pytest.mark.parametrize(("lang", "label"), [("en", "Seconds"), ("zh", "用时（秒）")])
def test_the_seconds_told_are_those_of_the_whole_run(lang: str, label: str) -> None:
    dataset = read(TINY)
    plan = run(dataset, Options(settlement="standalone")).plan
    assert plan is not None
    assert plan.solver["run_seconds"] >= plan.solver["seconds"] > 0
    out = Console(record=True, width=200, file=StringIO())
    print_plan(Talk(lang, out), dataset, replace(plan, solver={**plan.solver, "seconds": 0.2, "run_seconds": 4321.5}))
    (line,) = [one for one in out.export_text().splitlines() if one.strip().startswith(label)]
    assert line.split()[-1] == "4321.5"


def test_a_gap_is_never_told_smaller_than_it_is() -> None:
    plan = {"value": 1000.0, "proof": {"dual": 1008.41, "solver": None}}
    assert proof_text(plan, "en") == "proven to 0.85 %"


def test_a_smaller_gap_that_was_asked_for_has_to_be_reached() -> None:
    plan = {"value": 1000.0, "proof": {"dual": 1000.05, "solver": 1000.0}, "solver": {"gap_asked": 1e-6}}
    assert proof_text(plan, "en") == "optimal by the solver's claim, proven to 0.005 %"


def test_a_document_without_a_proof_has_its_solvers_claim() -> None:
    assert proof_text({"value": 1000.0, "bound": 1000.0}, "en") == "optimal by the solver's claim"


@pytest.mark.parametrize("settings", [[], ["--set", "allow_builds=false"]])
def test_verify_says_what_it_proved(settings: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "plan.json")
    assert run_command(["match", str(TINY), "--settlement", "none", "--out", out, *settings], Talk()) == 0
    capsys.readouterr()
    assert run_command(["verify", str(TINY), out, *settings], Talk()) == 0
    assert "proven here: value " in capsys.readouterr().out
