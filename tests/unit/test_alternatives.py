"""Alternatives: hand-computed losses, plans that differ in meaning, verified and told in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from roots import ROOT
from small_datasets import THREE_BUYERS, TWO_HOSTS, small

from synergy.candidates.scope import everyone
from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match, problem
from synergy.errors import VerificationError
from synergy.model.decode import integers_of
from synergy.model.local_branching import Near, Wish
from synergy.model.solve_params import SolveParams
from synergy.near_optimal.alternatives import _Search, alternatives, alternatives_record, sentence
from synergy.near_optimal.directions import DifferenceKind, Features, distance
from synergy.network.places import places_of
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import write_plan
from synergy.verification.verify import assert_valid

TINY = ROOT / "datasets" / "tiny"


def _plan(dataset: Dataset) -> Plan:
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    return plan


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    return dataset, _plan(dataset)


def test_a_build_at_the_other_host(tmp_path: Path) -> None:
    dataset = small(tmp_path / "hosts", TWO_HOSTS, discount_rate=0)
    plan = _plan(dataset)
    assert plan.value == pytest.approx(100 * 10 - 100 * 1 - 2000 / 20)
    [one] = alternatives(dataset, plan, within=0.02).found
    assert (one.way, one.subject) == (DifferenceKind.BUILD, ("MAKE", "b"))
    assert one.lost == pytest.approx(10)
    # build and partnership at b are gone, those at c are new: nothing is shared
    assert one.distance == 1.0
    assert one.plan.decisions.builds["site"].to_list() == ["c"]
    assert alternatives(dataset, plan, within=0.01).found == ()


@pytest.mark.parametrize("early", [True, False], ids=["before the search", "by an aim"])
def test_a_better_plan_becomes_the_plan(early: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = small(tmp_path / "hosts", TWO_HOSTS, discount_rate=0)
    best = match(dataset, Options(settlement="standalone")).plan
    assert best is not None
    [one] = alternatives(dataset, replace(best, remainder=best.gain)).found
    assert best.gain is not None
    gain = best.gain - one.lost
    worse = replace(one.plan, standalone=best.standalone, today=best.today, gain=gain, remainder=gain)
    if not early:  # as where the neighbourhood of a large plan is not searched through
        around = _Search._around
        monkeypatch.setattr(
            _Search, "_around", lambda self, wish, x: around(self, wish, x) if len(wish.closed) or wish.thrifty else x
        )
    found = alternatives(dataset, worse)
    assert found.better is not None
    assert found.plan is found.better
    assert found.better.value == pytest.approx(best.value)
    assert found.better.gain == pytest.approx(best.gain)
    assert (found.better.standalone, found.better.status) == (best.standalone, "optimal")
    assert_valid(dataset, found.better)
    assert all(other.lost >= 0 for other in found.found)
    record = alternatives_record(dataset, found)
    assert record["better"] == record["value"] == record["better_plan"]["value"]
    write_plan(worse, tmp_path / "plan.json")
    words = ["alternatives", str(tmp_path / "hosts"), str(tmp_path / "plan.json"), "--lang", "en"]
    talk = Talk("en")
    assert run_command(words, talk) == 0


def test_one_partner_fewer_takes_no_new_one(tmp_path: Path) -> None:
    dataset = small(tmp_path / "buyers", THREE_BUYERS)
    plan = _plan(dataset)
    assert plan.value == pytest.approx(50 * 10 + 50 * 9)
    found = alternatives(dataset, plan, within=0.5).found
    # to drop C is one partner fewer and fewest partnerships at once: one plan, told once
    assert [(one.way, one.subject) for one in found] == [(DifferenceKind.PARTNER, ("A", "C"))]
    assert found[0].lost == pytest.approx(450)
    assert found[0].features.partnerships == {("A", "B")}


def test_tiny_differs_in_meaning(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    found = alternatives(dataset, plan, within=0.05, params=SolveParams(time_limit=40.0))
    assert 3 <= len(found.found) <= 7
    assert len({one.way for one in found.found}) >= 3
    assert found.better is None
    for one in found.found:
        assert_valid(dataset, one.plan)
        assert one.lost == pytest.approx(plan.value - one.plan.value)
        assert -1e-6 * plan.value <= one.lost <= 0.05 * plan.value * (1 + 1e-6)
        assert one.distance >= found.apart
    for one, other in combinations(found.found, 2):
        assert distance(one.features, other.features) >= found.apart
    lost = [one.lost for one in found.found]
    assert lost == sorted(lost)
    for one in found.found:
        if one.way is DifferenceKind.BUILD:
            assert one.subject not in {(process, site) for process, site, _ in one.features.builds}
        if one.way is DifferenceKind.FEWER:
            assert len(one.features.partnerships) < len(found.features.partnerships)


def test_least_capex_within_a_loss(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    model = problem(dataset, everyone(places_of(dataset)))
    near = Near(model, integers_of(model, plan.decisions), SolveParams(gap=1e-6))
    base = near.rest(Wish())
    assert base is not None
    assert near.value(base) == pytest.approx(plan.value)
    floor = 0.9 * plan.value
    thrifty = near.around(Wish(least=floor, thrifty=True), base, 20.0)
    assert thrifty is not None
    spent = near.capex(thrifty)
    assert spent < near.capex(base)
    assert near.value(thrifty) >= floor - 1e-6 * plan.value
    # no plan with that much value spends less: with a little less capex the value is missed
    less = near.around(Wish(capex=spent * 0.999), near.rest(Wish(np.arange(len(model.cost))[model.integer])), 20.0)
    assert less is not None
    assert near.value(less) < floor


def test_distance_by_hand() -> None:
    one = Features(frozenset({("P", "a", "")}), frozenset(), frozenset({("A", "B")}), 0.0)
    other = Features(frozenset({("P", "b", "")}), frozenset(), frozenset({("A", "B")}), 0.0)
    assert distance(one, other) == pytest.approx(2 / 3)
    assert distance(one, one) == 0.0


def test_told_in_both_languages(tmp_path: Path) -> None:
    dataset = small(tmp_path / "hosts", TWO_HOSTS, discount_rate=0)
    found = alternatives(dataset, _plan(dataset))
    [one] = found.found
    assert sentence(dataset, found, one, "en") == "1.25 % less, without the new MAKE at b; capex 200 CNY more"
    assert sentence(dataset, found, one, "zh") == "价值少 1.25%，不在b新建MAKE；投资多 200 元"
    [record] = alternatives_record(dataset, found)["alternatives"]
    assert record["builds"] == {"gone": [["MAKE", "b", ""]], "new": [["MAKE", "c", ""]]}
    assert record["partnerships"] == {"gone": [["A", "B"]], "new": [["A", "C"]]}


def test_a_plan_of_other_tables_is_refused(tiny: tuple[Dataset, Plan], tmp_path: Path) -> None:
    with pytest.raises(VerificationError):
        alternatives(small(tmp_path / "hosts", TWO_HOSTS), tiny[1])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_command(lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = small(tmp_path / "hosts", TWO_HOSTS, discount_rate=0)
    write_plan(_plan(dataset), tmp_path / "plan.json")
    words = ["alternatives", str(tmp_path / "hosts"), str(tmp_path / "plan.json")]
    assert run_command([*words, "--lang", lang], Talk(lang)) == 0
    assert ("不在b新建MAKE" if lang == "zh" else "without the new MAKE") in capsys.readouterr().out
    assert run_command([*words, "--json"], Talk(lang)) == 0
    assert json.loads(capsys.readouterr().out)["alternatives"][0]["lost"] == pytest.approx(10)
    assert run_command([*words, "--within", "0"], Talk(lang)) == 0
