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
# file, function and change of those that may pass, each with the reason
ACCEPTED: dict[tuple[str, str, str], str] = {}


def _fates(folder: Path, *words: str) -> list[dict[str, Any]]:
    """What became of a sample, tried in a process of its own."""
    path = folder / "fates.json"
    command = [sys.executable, "tests/mutants.py", "--json", str(path), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return found


def _key(fate: dict[str, Any]) -> tuple[str, str, str]:
    mutation = fate["mutation"]
    return mutation["file"], mutation["function"], mutation["change"]


def test_what_changes_a_figure_is_refused(tmp_path: Path) -> None:
    fates = _fates(tmp_path, "--count", "40", "--seed", "1", "--worlds", "1")
    assert len(fates) == 40
    passed = [(_key(fate), fate["fate"], fate["said"]) for fate in fates if fate["fate"] in PASSED]
    assert [one for one in passed if one[0] not in ACCEPTED] == []
    assert Counter(fate["fate"] for fate in fates)["refused"] >= 5


def test_without_the_judge_most_pass(tmp_path: Path) -> None:
    fates = _fates(tmp_path, "--count", "20", "--seed", "1", "--worlds", "1", "--judge", "off")
    counts = Counter(fate["fate"] for fate in fates)
    assert not counts["refused"] + counts["found"] + counts["late"]
    assert sum(counts[fate] for fate in PASSED) >= 5


@pytest.mark.parametrize("area", AREAS)
def test_every_change_is_another_program(area: str) -> None:
    for file in files_of(area):
        stated = ast.dump(ast.parse((ROOT / file).read_text("utf-8")))
        every = mutations_of(file)
        for mutation in every[:: max(1, len(every) // 10)]:
            tree = mutated(mutation)
            assert ast.dump(tree) != stated
            compile(ast.unparse(tree), file, "exec")


def test_what_is_accepted_can_still_be_drawn_and_has_a_reason() -> None:
    for file, function, change in ACCEPTED:
        assert (file, function, change) in {one.key for one in mutations_of(file)}
    assert all(reason.strip() for reason in ACCEPTED.values())


def _document(**changed: Any) -> dict[str, Any]:
    rows: dict[str, Any] = {name: [] for name in ("runs", "levels", "builds", "links", "duals", "shadow_prices")}
    flows = [{"from_site": "a", "quantity": 2.0}, {"from_site": "b", "quantity": 3.0}]
    heads = {"value": 100.0, "bound": 100.0, "today": 40.0, "status_quo": 30.0, "standalone": {"A": 30.0, "B": None}}
    return {**rows, **heads, "flows": flows, "emissions": {"co2": 5.0}, **changed}


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
        ({"flows": [{"from_site": "b", "quantity": 3.0}, {"from_site": "a", "quantity": 2.0}]}, "same"),
        ({"flows": [{"from_site": "a", "quantity": 1.0}, {"from_site": "b", "quantity": 4.0}]}, "another"),
        ({"duals": [{"value": 1.0}]}, "another"),
    ],
)
def test_what_a_difference_means(changed: dict[str, Any], fate: str) -> None:
    assert compared(_document(), _document(**changed))[0] == fate
