"""Nothing wrong passes: a line of ledger, model, decoding or money is changed, and what always runs says so."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from mutants import AREAS, ROOT, compared, files_of
from mutations import mutated, mutations_of

PASSED = ("late", "lowered", "misstated")  # nothing said that a figure is not what it could or should be
# figures that may be wrong without being refused before a plan leaves, each with the reason
UNCHECKED = {
    "settlement.prices": "any price in the band carries the payoffs; the step of prices, what was asked and what "
    "the ends of the band follow from are not in the document",
    "settlement.lump_sums": "with prices and balances they make the transfer, which is checked; that they are least "
    "depends on the step of prices",
    "settlement.balances": "as lump sums",
    "settlement.payoffs": "one choice of many: sum, transfers, floors and stability are checked, the rule that "
    "chose them is not",
    "settlement.binding": "which coalitions are listed is a choice; what is said of each is checked",
    "settlement.excess": "that no coalition has it, verify alone finds, of up to four enterprises",
    "settlement.excess_bound": "as the excess",
    "settlement.in_core": "follows from the bound of the excess",
    "settlement.verdict": "as in_core",
    "settlement.coalitions_tested": "a count of what the search did",
    "settlement.notes": "what the search says of itself",
    "settlement.subsidy": "its bound, as that of the excess",
    "settlement.refused": "what was asked of prices is not in the document",
    "proposals.marginal_gain": "the best plan without a proposal is another solve",
    "proposals.own": "rests on the plan of each enterprise alone and on such solves",
    "proposals.terms": "prices, as those of the settlement",
    "status_quo": "its plans are not kept; verify solves them again",
}


def _fates(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What became of a sample, tried in a process of its own."""
    path = folder / "fates.json"
    command = [sys.executable, "tests/tools/mutants.py", "--json", str(path), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found


def _figures(fate: dict[str, Any]) -> set[str]:
    """Figures that were wrong."""
    named: str = fate["said"].partition(":")[0]
    return {figure.split()[0] for figure in named.split(", ")}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Fates of a sample with everything on."""
    return _fates(tmp_path_factory.mktemp("judged"), "--count", "40", "--seed", "1", "--worlds", "1")


def test_what_changes_a_figure_is_refused(judged: list[dict[str, Any]]) -> None:
    assert len(judged) == 40
    passed = [fate for fate in judged if fate["fate"] in PASSED]
    assert [fate for fate in passed if not _figures(fate) <= set(UNCHECKED)] == []
    assert Counter(fate["fate"] for fate in judged)["refused"] >= 3


def test_without_the_judge_most_pass(judged: list[dict[str, Any]], tmp_path: Path) -> None:
    fates = _fates(tmp_path, "--count", "40", "--seed", "1", "--worlds", "1", "--judge", "off")
    assert [fate["mutation"] for fate in fates] == [fate["mutation"] for fate in judged]
    counts = Counter(fate["fate"] for fate in fates)
    assert not counts["refused"] + counts["found"] + counts["late"]
    passed = [fate["mutation"] for fate in fates if fate["fate"] in PASSED]
    assert len(passed) >= 3  # all whose run brought a plan with another figure
    caught = [fate for fate in judged if fate["mutation"] in passed and fate["fate"] in ("refused", "found")]
    assert 2 * len(caught) > len(passed)  # by the judge alone


@pytest.mark.parametrize("area", AREAS)
def test_every_change_is_another_program(area: str) -> None:
    for file in files_of(area):
        stated = ast.dump(ast.parse((ROOT / file).read_text("utf-8")))
        every = mutations_of(file)
        for mutation in every[:: max(1, len(every) // 10)]:
            tree = mutated(mutation)
            assert ast.dump(tree) != stated
            compile(ast.unparse(tree), file, "exec")


def _document(**changed: Any) -> dict[str, Any]:
    rows: dict[str, Any] = {name: [] for name in ("runs", "levels", "builds", "links", "proof", "shadow_prices")}
    flows = [{"from_site": "a", "quantity": 2.0}, {"from_site": "b", "quantity": 3.0}]
    heads = {"value": 100.0, "bound": 100.0, "today": 40.0, "status_quo": 30.0, "standalone": {"A": 30.0, "B": None}}
    proposals = [{"id": "first", "flows": [0]}, {"id": "both", "flows": [0, 1]}]
    return {**rows, **heads, "flows": flows, "proposals": proposals, "emissions": {"co2": 5.0}, **changed}


TURNED = [{"from_site": "b", "quantity": 3.0}, {"from_site": "a", "quantity": 2.0}]
FOLLOWING = [{"id": "first", "flows": [1]}, {"id": "both", "flows": [1, 0]}]


@pytest.mark.parametrize(
    ("changed", "fate"),
    [
        ({}, "same"),
        ({"value": 100.00001}, "same"),
        ({"value": 101.0, "bound": 101.0}, "misstated"),
        ({"value": 99.0, "bound": 99.0}, "lowered"),
        ({"standalone": {"A": 30.0, "B": 1.0}}, "misstated"),
        ({"standalone": {"A": None, "B": None}}, "lowered"),
        ({"today": 39.0}, "lowered"),
        ({"bound": 99.0}, "misstated"),
        ({"bound": 110.0}, "lowered"),
        ({"emissions": {"co2": 5.1}}, "misstated"),
        ({"flows": TURNED, "proposals": FOLLOWING}, "same"),
        ({"flows": TURNED}, "misstated"),
        ({"proposals": FOLLOWING}, "misstated"),
        ({"flows": [{"from_site": "a", "quantity": 1.0}, {"from_site": "b", "quantity": 4.0}]}, "another"),
        ({"proof": [{"value": 1.0}]}, "another"),
    ],
)
def test_what_a_difference_means(changed: dict[str, Any], fate: str) -> None:
    assert compared(_document(), _document(**changed))[0] == fate
