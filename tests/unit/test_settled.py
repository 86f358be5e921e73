"""Settlements of whole rounds: what the plan claims is true by the contract's model, and refused where it is not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from random_datasets import random_dataset
from roots import CASES, ROOT

from synergy import literal
from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset, yearly
from synergy.errors import UsageError
from synergy.model.solve_params import Control, Event
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import plan_from_record, plan_record, write_plan
from synergy.round import run
from synergy.settlement import ASKED
from synergy.settlement.game import RuleUndefined
from synergy.settlement.rules import RULES
from synergy.verification.deep import coalitions_again
from synergy.verification.verify import verify

TINY = ROOT / "datasets" / "tiny"


def _worth(dataset: Dataset, members: tuple[str, ...]) -> float:
    solution = literal.solve(literal.build(dataset, members=members))
    return solution.value if solution.status == "optimal" else -float("inf")


def _refused(dataset: Dataset, plan: Plan, *, coalitions: bool = False) -> list[str]:
    found = verify(dataset, plan) + (coalitions_again(dataset, plan) if coalitions else ())
    return [finding.code for finding in found if finding.refuses]


@pytest.mark.parametrize("seed", range(0, 42, 3))
def test_all_that_a_settlement_claims_is_true(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    plan = run(dataset, Options(gap=1e-9, settlement="core")).plan
    if plan is None:
        assert _worth(dataset, tuple(dataset["enterprises"]["enterprise"])) == -float("inf")
        return
    settlement = plan.settlement
    assert settlement is not None
    assert plan.standalone is not None
    scale = max(1.0, abs(plan.value))
    near = 3e-5 * scale
    payoff = {name: row["payoff"] for name, row in settlement["payoffs"].items()}
    assert sum(payoff.values()) == pytest.approx(plan.value, rel=1e-9, abs=1e-6)
    alone = {name: value for name, value in plan.standalone.items() if value is not None}
    if plan.gain is not None and plan.gain >= 0:
        assert all(payoff[name] >= value - near for name, value in alone.items())
    units = [round(row["transfer"] / settlement["unit"]) for row in settlement["payoffs"].values()]
    assert sum(units) == 0
    excess = max(
        (
            _worth(dataset, members) - sum(payoff[name] for name in members)
            for size in range(1, len(payoff))
            for members in combinations(payoff, size)
        ),
        default=0.0,
    )
    if excess > -float("inf"):
        assert settlement["excess"] == pytest.approx(excess, abs=near)
        assert settlement["excess_bound"] == pytest.approx(excess, abs=near)
    assert settlement["in_core"] == (settlement["excess_bound"] <= settlement["tolerance"])
    assert _refused(dataset, plan) == []
    assert plan_record(plan_from_record(plan_record(plan))) == plan_record(plan)


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    plan = run(dataset, Options(settlement="core")).plan
    assert plan is not None
    return dataset, plan


def test_the_tiny_region_is_settled(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    settlement = plan.settlement
    assert settlement is not None
    assert settlement["in_core"]
    assert _refused(dataset, plan, coalitions=True) == []
    terms = [term for proposal in plan.proposals for term in proposal.terms if proposal.scope == "between"]
    listed = {(row["from"], row["to"], row["commodity"]): row["price"] for row in settlement["prices"]}
    priced = [term for term in terms if term.price is not None]
    assert len(priced) == len(listed) > 3
    assert all(listed[(term.from_site, term.to_site, term.commodity)] == term.price for term in priced)
    assert all(row["low"] <= row["price"] <= row["high"] for row in settlement["prices"])


def _spoiled(settlement: dict[str, Any], key: str) -> None:
    first, second = list(settlement["payoffs"])[:2]
    rows = settlement["payoffs"]
    if key == "payoff":  # somebody below what it is worth alone, the sum as before
        rows[first]["payoff"] -= 5e7
        rows[second]["payoff"] += 5e7
    elif key == "payoffs":
        rows[first]["payoff"] += 1e6
    elif key == "transfers":
        rows[first]["transfer"] += 1.0
    elif key == "excess":
        settlement["excess"] = settlement["excess_bound"] = -1e9
    elif key == "in_core":
        settlement["in_core"] = False
    elif key == "binding":
        settlement["binding"][0]["payoff"] += 1e6
    elif key == "prices":
        settlement["prices"][0]["price"] *= 2
    elif key == "lump_sum":
        settlement["lump_sums"][first] = settlement["lump_sums"].get(first, 0.0) + 1.0
    elif key == "coalition":
        settlement["binding"][0]["value"] += 1e6
        settlement["excess"] = settlement["excess_bound"] = 1e6
        settlement["in_core"] = False


@pytest.mark.parametrize(
    "key",
    ["payoff", "payoffs", "transfers", "excess", "in_core", "binding", "prices", "lump_sum", "coalition"],
)
def test_a_false_claim_is_found(key: str, tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    settlement = copy.deepcopy(dict(plan.settlement or {}))
    _spoiled(settlement, key)
    assert key in _refused(dataset, replace(plan, settlement=settlement), coalitions=key == "coalition")


def test_an_excess_that_no_coalition_has_is_found(tmp_path: Path) -> None:
    dataset = random_dataset(7).dataset(tmp_path / "d")
    plan = run(dataset, Options(gap=1e-7, settlement="core")).plan
    assert plan is not None
    settlement = dict(plan.settlement or {})
    assert _refused(dataset, plan, coalitions=True) == []
    more = {key: settlement[key] + 50.0 for key in ("excess", "excess_bound")}
    altered = {**settlement, **more, "in_core": False, "verdict": "beaten"}
    assert "excess" in _refused(dataset, replace(plan, settlement=altered), coalitions=True)


# Shapley, Shubik (1971): half way between the sellers' and the buyers' best, see `tests/unit/test_settlement.py`
HOUSES = {"seller1": 4.0, "seller2": 5.5, "seller3": 0.5, "buyer1": 1.5, "buyer2": 4.0, "buyer3": 0.5}


def test_the_houses_are_settled_from_their_tables() -> None:
    dataset = read(CASES / "shapley_shubik1971")
    plan = run(dataset, Options(settlement="midpoint")).plan
    assert plan is not None
    settlement = plan.settlement
    assert settlement is not None
    assert {name: row["payoff"] for name, row in settlement["payoffs"].items()} == pytest.approx(HOUSES)
    assert settlement["in_core"]
    assert settlement["lump_sums"] == {}  # prices alone carry the payoffs: 18 + 4, 15 + 5.5, 19 + 0.5
    assert {row["seller"]: row["price"] for row in settlement["prices"]} == pytest.approx(
        {"seller1": 22.0, "seller2": 20.5, "seller3": 19.5}
    )
    assert _refused(dataset, plan, coalitions=True) == []


@pytest.mark.parametrize("case", ["assignment", "transportation"])
def test_the_duals_of_a_linear_problem_are_in_the_core(case: str) -> None:
    dataset = read(CASES / case)
    plan = run(dataset, Options(settlement="owen")).plan
    assert plan is not None
    assert plan.settlement is not None
    assert plan.settlement["verdict"] == "stable"
    assert _refused(dataset, plan, coalitions=True) == []


@pytest.mark.parametrize("case", ["fixed_exchange", "capex_budget", "carbon_cap", "public_share", "few_partners"])
def test_cases_are_settled(case: str) -> None:
    dataset = read(CASES / case)
    plan = run(dataset, Options(settlement="core")).plan
    assert plan is not None
    settlement = plan.settlement
    assert settlement is not None
    assert _refused(dataset, plan, coalitions=True) == []
    if case == "fixed_exchange":  # the aim costs 210 more than cooperation brings
        assert plan.gain == pytest.approx(-210)
        assert settlement["subsidy"]["total"] == pytest.approx(210)
    else:
        assert settlement["in_core"]


@pytest.mark.parametrize(
    ("key", "spoil"),
    [
        ("total", lambda given: given | {"total": given["total"] - 50}),
        ("to", lambda given: given | {"to": {name: -money for name, money in given["to"].items()}}),
        ("nobody", lambda given: given | {"to": {"NOBODY": given["total"]}}),
        ("least", lambda given: given | {"least": given["total"] + 100}),
        ("payoffs", lambda given: given | {"payoffs": {name: money - 90 for name, money in given["payoffs"].items()}}),
    ],
)
def test_a_spoiled_subsidy_is_refused(key: str, spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    dataset = read(CASES / "fixed_exchange")
    plan = run(dataset, Options(settlement="core")).plan
    assert plan is not None
    record = plan_record(plan)
    assert _refused(dataset, plan_from_record(record)) == []
    record["settlement"]["subsidy"] = spoil(record["settlement"]["subsidy"])
    assert "subsidy" in _refused(dataset, plan_from_record(record)), key


def test_what_the_clock_stopped_says_so_everywhere(
    tiny: tuple[Dataset, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, plan = tiny
    assert plan.settlement is not None
    note = {"code": "stopped_by_clock", "number": 3.0, "enterprises": list(plan.settlement["payoffs"])}
    late = replace(plan, settlement={**plan.settlement, "notes": [note]})
    [warning] = [one for one in verify(dataset, late) if one.code == "by_clock"]
    assert not warning.refuses
    write_plan(late, tmp_path / "plan.json")
    for lang, said in (("en", "the clock ended it"), ("zh", "因到时停止")):
        assert run_command(["verify", str(TINY), str(tmp_path / "plan.json"), "--time-limit", "0"], Talk(lang)) == 0
        assert said in capsys.readouterr().err
    bare = {key: value for key, value in plan_record(plan).items() if key != "seal"}
    (tmp_path / "bare.json").write_text(json.dumps(bare), encoding="utf-8")
    assert run_command(["verify", str(TINY), str(tmp_path / "bare.json"), "--time-limit", "0"], Talk("en")) == 0
    assert "seal: the document has none" in capsys.readouterr().err


def test_a_linear_plan_without_duals_is_told() -> None:
    dataset = read(CASES / "fixed_exchange")
    plan = run(dataset, Options(settlement="none")).plan
    assert plan is not None
    assert "no_duals" not in {one.code for one in verify(dataset, plan)}
    assert "no_duals" in {
        one.code for one in verify(dataset, replace(plan, proof={"dual": None, "solver": plan.bound}, shadow_prices=()))
    }


def test_a_round_has_the_same_bits_for_any_number_of_workers(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    other = run(dataset, Options(settlement="core", workers=2)).plan
    assert other is not None
    assert other.settlement == plan.settlement
    assert other.standalone == plan.standalone
    assert other.proposals == plan.proposals


def test_who_asks_to_stop_gets_what_the_duals_prove() -> None:
    dataset, asked = read(TINY), []

    def listen(event: Event) -> None:
        asked.append(event.phase)

    plan = run(dataset, Options(settlement="core"), Control(listen, lambda: "settlement" in asked)).plan
    assert plan is not None
    assert plan.settlement is not None
    assert {"settlement", "prices"} <= set(asked)
    assert plan.settlement["verdict"] == "open"
    assert plan.settlement["excess_bound"] < abs(plan.value)
    assert "stopped_by_request" in {note["code"] for note in plan.settlement["notes"]}
    assert _refused(dataset, plan) == []


@pytest.mark.parametrize("case", ["polley2000", "steps_of_scale"])
def test_plans_far_from_the_best_are_settled(case: str) -> None:
    dataset = read(CASES / case)
    plan = run(dataset, Options(gap=0.5, settlement="core")).plan
    assert plan is not None
    assert plan.settlement is not None
    assert _refused(dataset, plan) == []


def test_rules_of_the_command_are_those_there_are() -> None:
    assert set(ASKED) == {*RULES, "standalone", "none"}


@pytest.mark.parametrize("method", ["nucleolus", "shapley", "proportional"])
def test_other_rules_settle_the_tiny_region(method: str, tiny: tuple[Dataset, Plan]) -> None:
    dataset, _ = tiny
    plan = run(dataset, Options(settlement=method)).plan
    assert plan is not None
    assert plan.settlement is not None
    assert plan.settlement["method"] == method
    assert _refused(dataset, plan) == []


def test_undefined_rules_are_refused_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["match", str(TINY), "--settlement", "midpoint", "--lang", "zh"], Talk("zh")) == 2
    assert "指派" in capsys.readouterr().err
    with pytest.raises(RuleUndefined):
        run(read(TINY), Options(settlement="owen"))
    with pytest.raises(RuleUndefined, match="at most 12"):  # said before any plan is sought
        run(yearly(read(ROOT / "datasets" / "lvliang")), Options(settlement="nucleolus"))
    with pytest.raises(UsageError, match="luck"):
        run(read(TINY), Options(settlement="luck"))
    with pytest.raises(UsageError, match="base"):
        run(read(TINY), Options(settlement="proportional", base="luck"))


def test_the_command_settles_by_default(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "plan.json"
    assert run_command(["match", str(TINY), "--out", str(out)], Talk("en")) == 0
    assert "Stable" in capsys.readouterr().out
    assert json.loads(out.read_text("utf-8"))["settlement"]["method"] == "core"
    assert run_command(["verify", str(TINY), str(out)], Talk("en")) == 0
