"""Explanations: each reason has a case in which it is the reason, each change was made and the exchange entered."""

from __future__ import annotations

from pathlib import Path

import pytest

import synergy
from synergy.dataset.dataset import Dataset
from synergy.dataset.read import read
from synergy.engine import Options
from synergy.errors import UsageError
from synergy.explain.explain import explain
from synergy.explain.facts import PUBLIC, Fact, may_see
from synergy.explain.texts import REASONS
from synergy.explain.texts_changes import CHANGES
from synergy.plan import Plan
from synergy.round import run

TINY = Path(__file__).parents[1] / "datasets" / "tiny"


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    plan = run(dataset, Options()).plan
    assert plan is not None
    return dataset, plan


def test_five_lines_explain(tiny: tuple[Dataset, Plan]) -> None:
    answer = synergy.explain(*tiny, origin="EAST-1", target="GLASS-1", commodity="COG")
    assert answer.in_plan
    assert answer.facts["brings"].value > 0
    assert "In the plan" in answer.text("en")
    assert "在方案中" in answer.text("zh")


def test_a_firm_sees_what_is_public_its_own_or_shared() -> None:
    assert not may_see("A", Fact(1.0))
    assert may_see("", Fact(1.0))
    assert may_see("A", Fact(1.0, PUBLIC))
    assert may_see("A", Fact(1.0, frozenset({"A"})))
    assert not may_see("A", Fact(1.0, frozenset({"A", "B"})))
    assert may_see("A", Fact(1.0, frozenset({"A", "B"}), frozenset({"A", "B"})))
    assert not may_see("C", Fact(1.0, frozenset({"A", "B"}), frozenset({"A", "B"})))


def test_a_firm_asks_about_its_own_exchanges(tiny: tuple[Dataset, Plan]) -> None:
    answer = explain(*tiny, "EAST-1", "GLASS-1", "COG")
    assert answer.record("GLASS")["facts"] == {"quantity": pytest.approx(60000.0)}
    with pytest.raises(UsageError, match="WEST"):
        answer.record("WEST")


def test_unknown_names_are_said_with_near_ones(tiny: tuple[Dataset, Plan]) -> None:
    with pytest.raises(UsageError, match="EAST-1"):
        explain(*tiny, "EAST1", "GLASS-1", "COG")


def test_everything_is_said_in_both_languages() -> None:
    for saying in (*REASONS.values(), *CHANGES.values()):
        for english, chinese in ((saying.en, saying.zh), (saying.bare_en, saying.bare_zh)):
            assert english.isascii()
            assert not chinese.isascii()
        for name in saying.kinds:
            assert f"{{{name}}}" in saying.en
            assert f"{{{name}}}" in saying.zh
        assert "{" not in saying.bare_en + saying.bare_zh
