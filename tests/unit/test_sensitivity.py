"""Sensitivity: hand-computed regrets and changes of gain, intervals checked by the reader, figures nobody stated."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from roots import ROOT
from small_datasets import THREE_BUYERS, TWO_HOSTS, small

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import check, read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.errors import VerificationError
from synergy.model.solve_params import SolveParams
from synergy.options import Options
from synergy.uncertainty.figures import Origin, changed, subject
from synergy.uncertainty.sensitivity import End, Sensitivity, Uncertain, sensitivity, sensitivity_record

NEEDS = "need site commodity quantity price price_low price_high\nNB b X 50 10 - -\nNC c X 50 9 5 12\nND d X 50 8.9 - -"


def _found(dataset: Dataset) -> Sensitivity:
    return sensitivity(dataset, params=SolveParams(gap=1e-6, time_limit=40.0))


def _one(found: Sensitivity, table: str, column: str) -> Uncertain:
    return next(one for one in found.found if (one.figure.table, one.figure.column) == (table, column))


def _end(one: Uncertain, name: str) -> End:
    return next(end for end in one.ends if end.end == name)


def test_regret_of_a_price_by_hand(tmp_path: Path) -> None:
    found = _found(small(tmp_path / "buyers", {**THREE_BUYERS, "needs": NEEDS}))
    assert found.value == pytest.approx(950)
    one = found.found[0]
    assert (one.figure.table, one.figure.rows[0].key, one.figure.origin) == ("needs", ("NC",), Origin.DECLARED)
    low, high = _end(one, "low"), _end(one, "high")
    # at 5 C would be left for D: 500 + 445; who deals with B and C gets 500 + 250
    assert (low.change, low.regret) == (pytest.approx(-5), pytest.approx(195))
    assert (high.change, high.regret) == (pytest.approx(150), 0)
    assert (low.gain, high.gain) == (pytest.approx(-5), pytest.approx(150))  # nobody earns anything alone
    assert (one.worst, one.expected) == (pytest.approx(195), pytest.approx(195 / 6))
    assert one.changes
    assert one.searched


def test_a_price_at_its_default_is_uncertain(tmp_path: Path) -> None:
    found = _found(small(tmp_path / "buyers", {**THREE_BUYERS, "needs": NEEDS}))
    one = _one(found, "offers", "price")
    assert (one.figure.origin, one.figure.rows[0].high) == (Origin.DEFAULT, 10.0)
    assert [end.end for end in one.ends] == ["high"]
    assert _end(one, "high").change == pytest.approx(-950)
    assert one.worst == 0.0
    assert not one.changes


def test_an_amount_by_hand(tmp_path: Path) -> None:
    offers = "offer site commodity quantity quantity_low quantity_high price\nOX a X 100 60 140 1"
    one = _one(_found(small(tmp_path / "buyers", {**THREE_BUYERS, "offers": offers})), "offers", "quantity")
    low, high = _end(one, "low"), _end(one, "high")
    assert (low.change, low.regret) == (pytest.approx(-40 * 8), 0)
    # 40 more would go to D, with whom nobody deals
    assert (high.change, high.regret) == (pytest.approx(40 * 7.9), pytest.approx(40 * 7.9))


def test_regret_of_a_build_by_hand(tmp_path: Path) -> None:
    markets = "market commodity side price price_low price_high\nM Y sell 10 1.5 20"
    found = _found(small(tmp_path / "hosts", {**TWO_HOSTS, "markets": markets}, discount_rate=0))
    assert found.value == pytest.approx(800)
    one = _one(found, "markets", "price")
    low, high = _end(one, "low"), _end(one, "high")
    # nothing would be built at 1.5; what stands earns 0.5 on 100 t and costs 100
    assert (low.change, low.regret, low.distance) == (pytest.approx(-800), pytest.approx(50), 1.0)
    assert (high.change, high.regret, high.distance) == (pytest.approx(1000), 0, 0)


def test_a_price_moves_at_all_markets_of_a_commodity(tmp_path: Path) -> None:
    markets = (
        "market commodity side price price_low price_high limit\nM1 Y sell 12 10 14 50\nM2 Y sell 10 8 12 -\n"
        "M3 X buy 30 20 40 -"
    )
    found = _found(small(tmp_path / "hosts", {**TWO_HOSTS, "markets": markets}, discount_rate=0))
    grouped = {tuple(row.key[0] for row in one.figure.rows): one for one in found.found}
    assert {("M1", "M2"), ("M3",)} <= set(grouped)
    assert _end(grouped["M1", "M2"], "high").change == pytest.approx(200)
    assert grouped["M3",].worst == 0


def test_a_quality_that_nobody_stated(tmp_path: Path) -> None:
    limits = "holder commodity property maximum\nNC X S 1"
    found = _found(small(tmp_path / "buyers", {**THREE_BUYERS, "limits": limits}))
    assert found.value == pytest.approx(500 + 445)
    one = _one(found, "qualities", "value")
    assert (one.figure.origin, one.figure.rows[0].key) == (Origin.UNSTATED, ("OX", "X", "S"))
    high = _end(one, "high")
    assert (high.change, high.regret) == (pytest.approx(5), pytest.approx(5))


def test_what_a_running_cost_of_others_says(tmp_path: Path) -> None:
    tables = {
        **TWO_HOSTS,
        "facilities": "facility site process capacity opex\nF1 b MAKE 10 3\nF2 c MAKE 10 -",
        "build_options": "process site",
    }
    one = _one(_found(small(tmp_path / "hosts", tables)), "facilities", "opex")
    assert [(row.key, row.low, row.value, row.high) for row in one.figure.rows] == [(("F2",), 1.0, 1.0, 3.0)]
    assert _end(one, "high").change == pytest.approx(-20)


def test_the_reader_checks_intervals(tmp_path: Path) -> None:
    cases = {
        "high_below": ("9 5 8", {"range_order"}),
        "low_above": ("9 10 12", {"range_order"}),
        "no_number": ("9 cheap 12", {"not_number"}),
        "blank_is_its_default": ("- 1 2", {"range_order"}),  # a price left blank is 0
        "sound": ("9 9 9", set()),
    }
    for name, (numbers, codes) in cases.items():
        needs = f"need site commodity quantity price price_low price_high\nNC c X 50 {numbers}"
        folder = tmp_path / name
        try:
            small(folder, {**THREE_BUYERS, "needs": needs})
        except Exception:
            assert codes
        _, problems = check(folder)
        assert {problem.code for problem in problems} == codes
        assert all(problem.row == 2 for problem in problems)
    kept = read(tmp_path / "sound")["needs"]
    assert (kept["price_low"].to_list(), kept["price_high"].to_list()) == ([9.0], [9.0])


def test_changes_are_those_of_matching_anew() -> None:
    tiny = read(ROOT / "datasets" / "tiny")
    needs, offers = tiny["needs"], tiny["offers"]
    needs = needs.assign(price_low=0.5 * needs["price"], price_high=2 * needs["price"])
    offers = offers.assign(price=offers["price"].where(offers["price"] > 0, 1e-6))  # none at its default
    dataset = replace(tiny, tables={**tiny.tables, "needs": needs, "offers": offers})
    options = Options(gap=1e-6, settlement="standalone")
    before = match(dataset, options).plan
    [one] = _found(dataset).found
    assert before is not None
    assert before.gain is not None
    assert one.worst
    for end in one.ends:
        after = match(changed(dataset, one.figure, end.end), options).plan
        assert after is not None
        assert after.gain is not None
        assert end.change == pytest.approx(after.value - before.value, abs=1e-5 * before.value)
        assert end.gain == pytest.approx(after.gain - before.gain, abs=1e-5 * before.value)


def test_tiny_and_a_plan_of_other_tables(tmp_path: Path) -> None:
    tiny = read(ROOT / "datasets" / "tiny")
    plan = match(tiny, Options(settlement="none")).plan
    assert plan is not None
    found = sensitivity(tiny, plan, params=SolveParams(time_limit=40.0))
    assert found.known == len(found.found) == 2  # two rights without a price, and nothing else
    right = next(one for one in found.found if one.figure.rows[0].key == ("EAST-RIGHT",))
    assert _end(right, "high").change == pytest.approx(-1_500_000 * 10)
    with pytest.raises(VerificationError):
        sensitivity(small(tmp_path / "buyers", THREE_BUYERS), plan)


def test_a_large_problem_is_judged_by_the_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    periods = "period hours\nP1 4380\nP2 4380"
    dataset = small(tmp_path / "buyers", {**THREE_BUYERS, "needs": NEEDS, "periods": periods})
    assert not _found(dataset).yearly
    monkeypatch.setattr(sys.modules["synergy.uncertainty.sensitivity"], "LARGE", 0)
    found = _found(dataset)
    assert found.yearly
    assert found.found[0].worst == pytest.approx(195)


def test_told_in_both_languages(tmp_path: Path) -> None:
    dataset = small(tmp_path / "buyers", {**THREE_BUYERS, "needs": NEEDS})
    found = _found(dataset)
    first = found.found[0].figure
    assert subject(dataset, first, "en") == "Highest paid at the gate: NC (X, c)"
    assert subject(dataset, first, "zh") == "到厂最高价：NC（X、c）"
    record = sensitivity_record(dataset, found)["figures"][0]
    assert record["rows"] == [{"line": 3, "key": ["NC"], "low": 5.0, "value": 9.0, "high": 12.0}]
    assert record["plan_changes"] is True


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_command(lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small(tmp_path / "buyers", {**THREE_BUYERS, "needs": NEEDS})
    words = ["sensitivity", str(tmp_path / "buyers"), "--time-limit", "20"]
    assert run_command([*words, "--lang", lang], Talk(lang)) == 0
    printed = capsys.readouterr().out
    assert ("最该核实：到厂最高价：NC" if lang == "zh" else "Ask first for: Highest paid at the gate: NC") in printed
    assert run_command([*words, "--json"], Talk(lang)) == 0
    assert json.loads(capsys.readouterr().out)["figures"][0]["regret_worst"] == pytest.approx(195)
