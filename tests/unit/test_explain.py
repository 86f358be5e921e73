"""Explanations: each reason has a case in which it is the reason, each change was made and the exchange entered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.explained import checked, questions
from explain_worlds import WORLDS, World
from random_datasets import CONVEX, random_dataset
from roots import TINY

import synergy
from synergy import literal
from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.errors import UsageError
from synergy.explanation.answer import Answer
from synergy.explanation.explain import Explainer, explain, nearest
from synergy.explanation.facts import PUBLIC, Change, Fact, changed, may_see
from synergy.explanation.texts import CHANGES, REASONS
from synergy.explanation.trial import Question, Trial
from synergy.explanation.what_if import WhatIfAnswer
from synergy.options import Options
from synergy.plan import Plan
from synergy.records.files import write_plan
from synergy.round import run
from synergy.scenario import Pattern, Scenario

NAMES = list(WORLDS)
ASIDE = {"in_plan", "in_plan_needed", "within_gap", "compulsory"}  # have tests of their own


def _planned(dataset: Dataset) -> Plan:
    plan = match(dataset, Options(gap=1e-9, settlement="none")).plan
    assert plan is not None
    return plan


def _worlds(folder: Path, name: str) -> tuple[World, Dataset, Plan, Answer]:
    world = WORLDS[name]
    dataset = world.dataset(folder)
    plan = _planned(dataset)
    return world, dataset, plan, Explainer(dataset, plan).ask(world.question)


@pytest.mark.parametrize("name", NAMES)
def test_each_reason_is_found_and_said(name: str, tmp_path: Path) -> None:
    world, _, _, answer = _worlds(tmp_path, name)
    assert answer.code == world.code
    assert set(world.enters) <= {change.kind for change in answer.changes}
    if world.number is not None:
        assert answer.reasons[0].facts["number"].value == pytest.approx(world.number, rel=2e-3)
    english, chinese = answer.text("en"), answer.text("zh")
    assert english.isascii()
    assert all(part not in english + chinese for part in ("{", "None", "nan"))


@pytest.mark.parametrize("name", NAMES)
def test_forced_in_it_is_no_better(name: str, tmp_path: Path) -> None:
    """The contract's model word by word, with a part of what could be exchanged fixed, brings no more than the plan."""
    world, dataset, plan, answer = _worlds(tmp_path, name)
    asked = Pattern(from_site="a", to_site="b", commodity="x", quantity=1.0)
    fixed = replace(dataset, settings=replace(dataset.settings, fix=(*dataset.settings.fix, asked)))
    solution = literal.solve(literal.build(fixed))
    if not world.mode:
        assert solution.status == "infeasible" or solution.value <= plan.bound + 1e-6
    forced = answer.facts.get("forced_value")
    if forced is not None:
        assert forced.value <= plan.bound + 1e-6 * max(1.0, abs(plan.bound))


def _solved(dataset: Dataset, question: Question, more: Mapping[str, float]) -> float:
    """Return what is exchanged in the best plan of the contract's model, with more money on some variables."""
    model = literal.build(dataset)
    columns = model.columns
    hit = (columns["from_site"] == question.origin) & (columns["to_site"] == question.target)
    hit &= columns["commodity"] == question.commodity
    if question.mode:
        hit &= columns["mode"] == question.mode
    cost = model.cost.copy()
    for variable, amount in more.items():
        mine = (columns["variable"] == variable) & (hit | (variable == "built"))
        cost[mine.to_numpy(bool)] += amount
    solution = literal.solve(replace(model, cost=cost))
    assert solution.x is not None
    return float(solution.x[(hit & (columns["variable"] == "flow")).to_numpy(bool)].sum())


def _made(dataset: Dataset, question: Question, change: Change, part: float = 1.0) -> float | None:
    """Return what is exchanged once a change, or a part of it, is made; None where a test cannot make it."""
    amount = part * float(change.facts["amount"].value) if "amount" in change.facts else 0.0
    mended = changed(dataset, change.tables, change.settings)
    if change.kind == "subsidy" and not change.facts:  # any tips it
        return None
    if change.kind == "subsidy":
        return _solved(mended, question, {"flow": amount * (1 + 1e-6) if part == 1.0 else amount})
    if change.kind == "grant":
        more = amount * (1 + 1e-6) if part == 1.0 else amount
        return max(_solved(mended, question, {name: more}) for name in ("open", "built"))
    if part == 1.0 and (change.tables or change.settings) and not change.kind.startswith("without"):
        return _solved(mended, question, {})
    return None


@pytest.mark.parametrize("name", NAMES)
def test_each_change_brings_it_in(name: str, tmp_path: Path) -> None:
    world, dataset, _, answer = _worlds(tmp_path, name)
    for change in answer.changes:
        quantity = _made(dataset, world.question, change)
        assert quantity is None or quantity > 0, change.kind
        if change.kind in ("subsidy", "grant") and change.facts:  # and less would not do
            assert (_made(dataset, world.question, change, 0.99) or 0.0) <= 1e-7, change.kind


@pytest.mark.parametrize("name", NAMES)
def test_no_amount_of_a_change_is_noise(name: str, tmp_path: Path) -> None:
    answer = _worlds(tmp_path, name)[3]
    for change in answer.changes:
        if change.kind in ("subsidy", "transport") and "amount" in change.facts:
            assert abs(change.facts["amount"].value) > 1e-4, change.kind
    if answer.code == "tie":
        assert [change.facts for change in answer.changes if change.kind == "subsidy"] == [{}]
        assert CHANGES["subsidy"].bare_en in answer.text("en")


def test_a_change_is_a_scenario(tmp_path: Path) -> None:
    world, dataset, _, answer = _worlds(tmp_path, "no_inlet")
    change = next(one for one in answer.changes if one.kind == "price_paid")
    scenario = Scenario("what if", tables={name: tuple(rows) for name, rows in change.tables.items()})
    assert _solved(read(tmp_path, scenario), world.question, {}) > 0
    assert _solved(dataset, world.question, {}) == 0


def test_every_reason_has_a_case() -> None:
    assert {world.code for world in WORLDS.values()} | ASIDE == set(REASONS)


def test_pooled_builds_are_said_in_firms(tmp_path: Path) -> None:
    answer = _worlds(tmp_path, "build_cost")[3]
    assert "3 firms are needed, 2 would be 10 t x short" in answer.text("en")
    assert "需要 3 家企业，2 家还差 10 吨 x" in answer.text("zh")


def test_what_is_compulsory_elsewhere_is_said(tmp_path: Path) -> None:
    tables = {
        "needs": "need,site,commodity,quantity,price,required\nn,b,x,100,5,false\nm,c,x,100,0,true",
        "links": "from_site,to_site,commodity,mode,cost_per_unit\na,b,x,road,2\na,c,x,road,2",
    }
    dataset = World("compulsory", tables).dataset(tmp_path)
    answer = explain(dataset, _planned(dataset), "a", "b", "x")
    assert {reason.code for reason in answer.reasons} == {"supply_exhausted", "compulsory"}


def test_a_plan_stopped_early_says_what_it_left(tmp_path: Path) -> None:
    links = {"links": "from_site,to_site,commodity,mode,cost_per_unit,fixed_capex\na,b,x,pipe,1,400"}
    dataset = World("within_gap", links).dataset(tmp_path)
    plan = _planned(dataset)
    done = plan.decisions
    nothing = replace(done, flows=done.flows.iloc[:0], links=done.links.iloc[:0])
    answer = explain(dataset, replace(plan, decisions=nothing, value=0.0, status="feasible"), "a", "b", "x")
    assert answer.code == "within_gap"
    assert answer.reasons[0].facts["number"].value == pytest.approx(plan.value)
    assert answer.facts["forced_value"].value <= plan.bound + 1e-6


def test_an_exchange_of_the_plan_says_what_it_brings_and_what_throws_it_out(tmp_path: Path) -> None:
    tables = {
        "needs": "need,site,commodity,quantity,price\nn,b,x,100,5\nm,c,x,150,4",
        "links": "from_site,to_site,commodity,mode,cost_per_unit\na,b,x,road,2\na,c,x,road,2",
    }
    dataset = World("in_plan", tables).dataset(tmp_path)
    answer = explain(dataset, _planned(dataset), "a", "b", "x")
    assert answer.in_plan
    assert answer.facts["brings"].value == pytest.approx(100.0)
    assert [(one["site"].value, one["more"].value) for one in answer.alternatives] == [("c", pytest.approx(100.0))]
    out = {change.kind: change.facts["amount"].value for change in answer.changes}
    assert out["charge"] == pytest.approx(1.0, rel=1e-3)
    assert out["price_paid_less"] == pytest.approx(1.0, rel=2e-3)
    assert "price_asked_more" in out
    assert _solved(dataset, answer.question, {"flow": -1.001 * out["charge"]}) == 0
    assert _solved(dataset, answer.question, {"flow": -0.99 * out["charge"]}) > 0


def test_a_price_asked_throws_out_what_is_then_disposed_of(tmp_path: Path) -> None:
    """What is disposed of is not paid for: beyond 3 (5 less 2 of carriage) disposal for nothing is better."""
    tables = {
        "commodities": "commodity,unit,phase,disposal_cost\nx,t,solid,0",
        "offers": "offer,site,commodity,quantity,price,must_clear\no,a,x,100,1,true",
    }
    dataset = World("in_plan", tables).dataset(tmp_path)
    answer = explain(dataset, _planned(dataset), "a", "b", "x")
    out = {change.kind: change.facts["amount"].value for change in answer.changes}
    assert out["price_asked_more"] == pytest.approx(2.0, rel=2e-3)


def test_an_exchange_that_has_to_be_is_said_to_be_needed(tmp_path: Path) -> None:
    tables = {"needs": "need,site,commodity,quantity,price,required\nn,b,x,100,5,true"}
    dataset = World("in_plan_needed", tables).dataset(tmp_path)
    assert explain(dataset, _planned(dataset), "a", "b", "x").code == "in_plan_needed"


def test_one_period_may_be_asked_about(tmp_path: Path) -> None:
    tables = {
        "periods": "period,hours\nearly,4000\nlate,4760",
        "needs": "need,site,commodity,period,quantity,price\nn,b,x,early,50,5",
    }
    dataset = World("", tables).dataset(tmp_path)
    plan = _planned(dataset)
    assert explain(dataset, plan, "a", "b", "x", period="early").in_plan
    late = explain(dataset, plan, "a", "b", "x", period="late")
    assert late.code in ("nothing_to_take", "nothing_to_send", "need_met")


# who may see what


def test_a_firm_sees_what_is_public_its_own_or_shared() -> None:
    assert not may_see("A", Fact(1.0))
    assert may_see("", Fact(1.0))
    assert may_see("A", Fact(1.0, PUBLIC))
    assert may_see("A", Fact(1.0, frozenset({"A"})))
    assert not may_see("A", Fact(1.0, frozenset({"A", "B"})))
    assert may_see("A", Fact(1.0, frozenset({"A", "B"}), frozenset({"A", "B"})))
    assert not may_see("C", Fact(1.0, frozenset({"A", "B"}), frozenset({"A", "B"})))


CANARIES = {  # the same worlds with another firm's figures changed: whatever A sees has to stay
    "cost": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,2.47193"},
    "need_met": {"offers": "offer,site,commodity,quantity,price\no,a,x,100,1\np,c,x,140,0.37193"},
    "supply_exhausted": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,4.97193\nm,c,x,150,8.97193"},
    "quality": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,4.97193"},
    "build_cost": {"offers": "offer,site,commodity,quantity,price\no,a,x,20,0\np,c,x,19.31,0\nq,d,x,18.31,0"},
    "max_partners": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,4.97193\nm,c,x,150,4.97193"},
    "capex_budget": {"needs": "need,site,commodity,quantity,price\nn,b,x,100,4.97193"},
    "tie": {"offers": "offer,site,commodity,quantity,price\no,a,x,100,1\np,c,x,140,0.37193"},
    "too_far": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,4.97193"},
    "market": {"needs": "need,site,commodity,quantity,price\nn,b,x,87.31,4.97193"},
}


@pytest.mark.parametrize("name", list(CANARIES))
def test_a_firm_s_view_does_not_change_with_others_figures(name: str, tmp_path: Path) -> None:
    said = []
    for place, tables in enumerate(({}, CANARIES[name])):
        folder = tmp_path / str(place)
        folder.mkdir()
        world = replace(WORLDS[name], tables={**WORLDS[name].tables, **tables})
        dataset = world.dataset(folder)
        answer = Explainer(dataset, _planned(dataset)).ask(world.question)
        said.append((answer.record("A"), answer.text("en", "A"), answer.text("zh", "A")))
        assert answer.record() != answer.record("A")
    assert said[0] == said[1]
    assert "7193" not in str(said)
    assert "31" not in said[0][1] + said[0][2]


def test_a_firm_sees_its_own_and_public_figures(tmp_path: Path) -> None:
    far = _worlds(tmp_path, "too_far")[3]
    assert far.record("A")["reasons"][0]["number"] == pytest.approx(1.1195, rel=1e-3)
    assert "too far: 11.12 km" in far.text("en", "A")
    outside = _worlds(tmp_path, "market")[3]
    assert outside.record("A")["reasons"][0]["number"] == pytest.approx(1.5)  # both ends know their link
    dirty = _worlds(tmp_path, "quality")[3]
    assert dirty.record("A")["reasons"][0]["value"] == 12
    assert "limit" not in dirty.record("A")["reasons"][0]
    assert dirty.record("B")["reasons"][0]["limit"] == 10


def test_a_firm_asks_about_its_own_exchanges(tiny: tuple[Dataset, Plan]) -> None:
    answer = explain(*tiny, "EAST-1", "GLASS-1", "COG")
    assert answer.record("GLASS")["facts"] == {"quantity": pytest.approx(60000.0)}
    assert not answer.record("GLASS")["alternatives"]
    with pytest.raises(UsageError, match="WEST"):
        answer.record("WEST")


# the calls


@pytest.fixture(scope="module")
def tiny() -> tuple[Dataset, Plan]:
    dataset = read(TINY)
    plan = run(dataset, Options(settlement="standalone")).plan
    assert plan is not None
    return dataset, plan


def test_five_lines_explain(tiny: tuple[Dataset, Plan]) -> None:
    answer = synergy.explain(*tiny, origin="EAST-1", target="GLASS-1", commodity="COG")
    assert answer.in_plan
    assert answer.facts["brings"].value > 0
    assert "In the plan" in answer.text("en")
    assert "在方案中" in answer.text("zh")


def test_the_nearest_partners_are_explained(tiny: tuple[Dataset, Plan]) -> None:
    explainer = Explainer(*tiny)
    for firm in (False, True):
        answers = nearest(explainer, "TARCO", firm=firm)
        assert 0 < len(answers) <= 3
        assert all("TARCO-1" in (one.question.origin, one.question.target) for one in answers)
        assert not any(one.in_plan for one in answers)
    with pytest.raises(UsageError, match="NOBODY"):
        nearest(explainer, "NOBODY")


def test_each_plant_that_is_not_built_is_told_with_what_it_lacks_a_year(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    explainer = Explainer(dataset, plan)
    built = set(zip(plan.decisions.builds["process"], plan.decisions.builds["site"], strict=True))
    places = set(zip(dataset["build_options"]["process"], dataset["build_options"]["site"], strict=True))
    names = dataset["processes"].set_index("process")
    assert places - built
    for process, site in places - built:
        said = {}
        for origin in ("WEST-1", "EAST-1"):  # whatever it could be fed from
            answer = explainer.ask(Question(origin, site, {"TAR_DIST": "TAR", "COG_LNG": "COG"}[process]))
            for reason in answer.reasons:
                if reason.code == "build_cost" and reason.facts["process"].value == process:
                    said[reason.facts["number"].value] = answer
        assert said, (process, site)
        for lacks, answer in said.items():
            lost = answer.facts["value"].value - answer.facts["forced_value"].value  # with it, as solved again
            assert 0 < lacks <= lost + 1.0
            for lang, figure in (("en", f"{lacks / 1e6:.3g} M CNY/a"), ("zh", f"{lacks / 1e4:.3g} 万元/年")):
                assert names.at[process, f"name_{lang}"] in answer.text(lang)
                assert figure in answer.text(lang)


def test_the_nearest_are_not_in_the_plan_though_another_plan_is_as_good(tmp_path: Path) -> None:
    dataset = random_dataset(2015, CONVEX).dataset(tmp_path / "d")
    explainer = Explainer(dataset, _planned(dataset))
    for enterprise in ("A", "B"):
        assert not any(answer.in_plan for answer in nearest(explainer, enterprise))


def test_unknown_names_are_said_with_near_ones(tiny: tuple[Dataset, Plan]) -> None:
    with pytest.raises(UsageError, match="EAST-1"):
        explain(*tiny, "EAST1", "GLASS-1", "COG")


def test_a_plan_of_another_dataset_is_refused(tiny: tuple[Dataset, Plan], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="another dataset"):
        Explainer(World("", {}).dataset(tmp_path), tiny[1])


def test_everything_is_said_in_both_languages() -> None:
    for saying in (*REASONS.values(), *CHANGES.values()):
        for english, chinese in ((saying.en, saying.zh), (saying.bare_en, saying.bare_zh)):
            assert english.isascii()
            assert not chinese.isascii()
        for name in saying.kinds:
            assert f"{{{name}}}" in saying.en
            assert f"{{{name}}}" in saying.zh
        assert "{" not in saying.bare_en + saying.bare_zh


def test_a_what_if_is_what_the_changed_dataset_is_worth(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    asked = synergy.WhatIfs(dataset, plan)
    for table, ident, column, figure in (
        ("markets", "COKE-GATE", "price", 1500.0),
        ("markets", "LNG-1", "limit", 50000.0),
        ("markets", "LNG-2", "limit", 50000.0),  # had none: solved anew
        ("needs", "GLASS-HEAT", "quantity", 30000.0),
        ("needs", "GLASS-HEAT", "price", 800.0),
        ("offers", "CITY-RIGHT", "quantity", 400000.0),
        ("offers", "EAST-RIGHT", "quantity", 1400000.0),
        ("offers", "CITY-RIGHT", "price", 20.0),
        ("facilities", "ALUMINA-NG", "capacity", 700000.0),
    ):
        key = str(dataset[table].columns[0])
        mended = changed(dataset, {table: [{key: ident, column: figure}]})
        found = asked.ask(table, ident, column, figure)
        assert found.value == pytest.approx(Trial(mended, plan.decisions).value, rel=1e-9), (ident, column)
        assert found.more == pytest.approx(found.value - asked.value)
    assert asked.ask("markets", "COKE-GATE", "price", 1440.0).more == pytest.approx(0.0, abs=1.0)
    for wrong in (("markets", "NONE", "price"), ("markets", "LNG-1", "side"), ("sites", "EAST-1", "latitude")):
        with pytest.raises(UsageError):
            asked.ask(*wrong, 1.0)


def test_a_what_if_without_a_plan_names_what_has_to_run(tiny: tuple[Dataset, Plan]) -> None:
    dataset, plan = tiny
    asked = synergy.WhatIfs(dataset, plan)
    for change, named in (
        (("offers", "EAST-RIGHT", "quantity", 0.0), {"EAST-OVEN"}),
        (("facilities", "EAST-OVEN", "capacity", 1e9), {"EAST-OVEN"}),
        (("markets", "COAL-BUY", "limit", 1.0), {"EAST-OVEN", "WEST-OVEN"}),
    ):
        found = asked.ask(*change)
        assert found.value is None
        assert found.kept_on
        assert set(found.kept_on) <= named
        for lang in ("en", "zh"):
            assert all(one in found.reason(lang) for one in found.kept_on)
            assert "{" not in found.reason(lang)
    assert asked.ask("offers", "EAST-RIGHT", "quantity", 1500000.0).reason() == ""
    assert WhatIfAnswer(None, None).reason("zh") != WhatIfAnswer(None, None).reason("en") != ""


def test_the_command_explains_a_plan_file(
    tiny: tuple[Dataset, Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "plan.json"
    write_plan(tiny[1], place)

    def said(*words: str, lang: str = "en", status: int = 0) -> str:
        assert run_command(["explain", str(TINY), str(place), *words], Talk(lang)) == status
        printed = capsys.readouterr()
        return printed.out if status == 0 else printed.err

    pair = ("--from", "EAST-1", "--to", "TARCO-1", "--commodity", "TAR")
    assert "Not in the plan" in said(*pair)
    assert "不在方案中" in said(*pair, lang="zh")
    record = json.loads(said(*pair, "--json"))
    assert record["view"] == "planner"
    assert record["changes"][0]["checked"]
    firm = json.loads(said(*pair, "--json", "--view", "firm", "--as", "TARCO"))
    assert (firm["view"], firm["facts"]) == ("firm", {})
    assert "West Coking" in said("--enterprise", "TARCO")
    assert "more than one" not in said("--enterprise", "TARCO", "--as", "TARCO")
    assert "--from" in said("--from", "EAST-1", status=2)
    assert "--as" in said(*pair, "--view", "firm", status=2)
    assert "TARCO" in said("--enterprise", "EAST", "--as", "TARCO", status=2)
    assert "WEST" in said(*pair, "--as", "WEST", status=2)
    assert "carbon_price" in said(*pair, "--set", "carbon_price=50", status=2)


# samples


def _sound(explainer: Explainer, question: Question) -> None:
    """Every reason holds when it is forced in, every change brings it in when made anew, and all of it can be said."""
    done = checked(explainer, question)
    answer = done.answer
    assert answer.reasons
    assert answer.text("en")
    assert answer.text("zh")
    assert answer.record()
    assert done.forced is not False
    assert False not in done.changes, [change.kind for change in answer.changes]


def test_twenty_pairs_of_tiny_are_explained(tiny: tuple[Dataset, Plan]) -> None:
    explainer = Explainer(*tiny)
    for question in questions(explainer, 20, np.random.default_rng(4)):
        _sound(explainer, question)


@pytest.mark.parametrize("seed", range(12))
def test_pairs_of_random_datasets_are_explained(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    outcome = match(dataset, Options(gap=1e-9, settlement="none"))
    if outcome.plan is None:
        assert literal.solve(literal.build(dataset)).status == outcome.status
        return
    explainer = Explainer(dataset, outcome.plan)
    for question in questions(explainer, 2, np.random.default_rng(seed)):
        _sound(explainer, question)
