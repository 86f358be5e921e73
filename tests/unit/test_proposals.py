"""Proposals: what belongs together, kinds, states, gains that sum, titles, notes."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from proposal_worlds import decide, flow, plan_of, world
from random_datasets import random_dataset
from roots import TINY
from synergy.web.planning.round_view import Shown

from synergy.cli.console import Talk
from synergy.cli.tables import print_plan
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.options import Options
from synergy.plan import Decisions, Kind, Plan, Proposal
from synergy.proposals import Context, propose
from synergy.proposals.description import build_notes
from synergy.proposals.names import amount
from synergy.records.files import labels, plan_record
from synergy.round import run
from synergy.texts import gain_note

TO_GLASS = "O1 offer:O1-GAS > G1 need:G1-HEAT GAS"
FLARE = "O1 offer:O1-GAS > O1 disposal: GAS"
BUY = "G1 market:GAS-BUY > G1 need:G1-HEAT GAS"
ALONE = {
    "OVEN": decide([flow(FLARE, 100), flow("O2 offer:O2-GAS > O2 need:O2-HEAT GAS", 20)]),
    "COKE": decide([flow("C1 offer:C1-GAS > C1 disposal: GAS", 100)]),
    "GLASS": decide([flow(BUY, 60)]),
    "ALU": decide(),
}
KEEP = [flow("O2 offer:O2-GAS > O2 need:O2-HEAT GAS", 20)]


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    return world(tmp_path)


def told(
    dataset: Dataset, decisions: Decisions, today: Decisions | None = None, **more: object
) -> tuple[dict[str, Proposal], float, Plan]:
    """Return the proposals by id, the remainder and the plan; both sum to the gain."""
    plan = plan_of(dataset, decisions, ALONE)
    proposals, remainder = propose(dataset, plan, Context(ALONE, today, **more))  # type: ignore[arg-type]
    assert plan.gain is not None
    assert remainder is not None
    total = math.fsum([*(one.gain or 0.0 for one in proposals), remainder])
    assert total == pytest.approx(plan.gain, rel=1e-9)
    assert [one.id for one in proposals] == [
        one.id for one in sorted(proposals, key=lambda one: (-(one.gain or 0.0), one.id))
    ]
    return {one.id: one for one in proposals}, remainder, plan


def direct(*more: tuple[object, ...], quantity: float = 60.0) -> Decisions:
    """Gas that was flared goes to the glass works, which bought it outside."""
    rest = [
        flow(TO_GLASS, quantity, "main"),
        flow(FLARE, 100 - quantity),
        flow("C1 offer:C1-GAS > C1 disposal: GAS", 100),
    ]
    return decide([*KEEP, *rest, *more])


def methanol(activity: float, *flows: tuple[object, ...], **more: object) -> Decisions:
    """The glass works builds methanol on both coke makers' gas; the rest is as alone."""
    gas = [
        flow("O1 offer:O1-GAS > G1 build:METHANOL@G1 GAS", activity, "main"),
        flow("C1 offer:C1-GAS > G1 build:METHANOL@G1 GAS", activity, "pipe"),
        flow(FLARE, 100 - activity),
        flow(BUY, 60),
    ]
    rest = [*KEEP, flow("C1 offer:C1-GAS > C1 disposal: GAS", 100 - activity)]
    return decide(
        [*gas, *(row for row in rest if row[5] > 0), *flows],
        [("build", "METHANOL@G1", "year", activity), *more.get("runs", ())],  # type: ignore[misc]
        [("METHANOL", "G1", activity), *more.get("builds", ())],  # type: ignore[misc]
        [("C1", "G1", "GAS", "pipe")],
    )


def test_a_direct_exchange_earns_what_both_ends_save(small: Dataset) -> None:
    proposals, remainder, _ = told(small, direct(), today=ALONE["GLASS"])
    assert list(proposals) == ["deal:OVEN>GLASS:GAS"]
    one = proposals["deal:OVEN>GLASS:GAS"]
    assert one.gain == pytest.approx(60 * 10 + 60 * 500 - 60 * 5)
    assert remainder == pytest.approx(0.0, abs=1e-9)
    assert (one.kind, one.state, one.scope, one.host) == (Kind.REALLOCATION, "new", "between", "")
    assert one.enterprises == ("OVEN", "GLASS")
    assert [(t.from_site, t.to_site, t.commodity, t.quantity, t.price) for t in one.terms] == [
        ("O1", "G1", "GAS", 60.0, None)
    ]
    assert one.payback_years == 0.0
    assert one.title_en == "Coke oven gas from Oven Works to Glass Works: 60 k Nm3 a year over 5.8 km"
    assert one.title_zh == "焦炉煤气：焦化厂 → 玻璃厂，每年 6 万 Nm3，5.8 km"
    codes = {(note["code"], note["subject"]) for note in one.notes}
    assert codes == {("hazard", "GAS"), ("evidence", "OVEN"), ("evidence", "GLASS")}


def test_co2_is_saved_against_today_where_it_is_known(small: Dataset) -> None:
    against_alone = told(small, direct())[0]["deal:OVEN>GLASS:GAS"].co2_saved
    against_same = told(small, direct(), today=direct())[0]["deal:OVEN>GLASS:GAS"].co2_saved
    assert against_alone == pytest.approx(60 * 0.8)
    assert against_same == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("quantity", "state"), [(60, "running"), (60.3, "running"), (20, "changed"), (0, "new")])
def test_states_are_read_off_the_deals(tmp_path: Path, quantity: float, state: str) -> None:
    dataset = world(tmp_path, deals=f"from_site,to_site,commodity,quantity\nO2,G1,GAS,{quantity}")
    assert told(dataset, direct())[0]["deal:OVEN>GLASS:GAS"].state == state


def test_rights_are_reallocated_without_a_road(small: Dataset) -> None:
    right = flow("O1 offer:O1-QUOTA > C1 need:C1-QUOTA QUOTA", 300, "paper")
    pool = flow("PUB offer:PUB-QUOTA > C1 need:C1-QUOTA QUOTA", 200, "paper")
    proposals, remainder, _ = told(small, direct(right, pool))
    one = proposals["deal:OVEN>COKE:QUOTA"]
    assert one.kind is Kind.REALLOCATION
    assert one.title_en == "Right to make coke from Oven Works to Coke Works: 300 t a year"
    assert one.gain == pytest.approx(300 * 49)
    public = proposals["deal:@PUB>COKE:QUOTA"]
    assert (public.enterprises, public.scope) == (("COKE",), "between")
    assert "Public pool" in public.title_en
    assert remainder == pytest.approx(0.0, abs=1e-9)


def test_an_unused_facility_makes_an_extension(small: Dataset) -> None:
    gas = flow("C1 offer:C1-GAS > A1 facility:A1-KILN GAS", 100, "main")
    rest = [
        flow("A1 offer:A1-ORE > A1 facility:A1-KILN ORE", 500),
        flow("A1 facility:A1-KILN > A1 market:STUFF-SELL STUFF", 500),
    ]
    decisions = decide([*KEEP, flow(FLARE, 100), flow(BUY, 60), gas, *rest], [("facility", "A1-KILN", "year", 500.0)])
    proposals, remainder, _ = told(small, decisions)
    one = proposals["deal:COKE>ALU:GAS"]
    assert one.kind is Kind.EXTENSION
    assert one.gain == pytest.approx(100 * 10 - 100 * 5 + 500 * 300 - 500 * 10)  # the kiln's own lines follow the gas
    assert remainder == pytest.approx(0.0, abs=1e-9)
    assert ("start", "A1-KILN") in {(note["code"], note["subject"]) for note in one.notes}


def test_a_second_supplier_is_a_reinforcement(small: Dataset) -> None:
    today = decide([flow(TO_GLASS, 60, "main")])
    gas = [flow(TO_GLASS, 40, "main"), flow("C1 offer:C1-GAS > G1 need:G1-HEAT GAS", 20, "main")]
    rest = [flow(FLARE, 60), flow("C1 offer:C1-GAS > C1 disposal: GAS", 80)]
    proposals, _, _ = told(small, decide([*KEEP, *gas, *rest]), today=today)
    assert proposals["deal:COKE>GLASS:GAS"].kind is Kind.REINFORCEMENT
    assert proposals["deal:OVEN>GLASS:GAS"].kind is Kind.REALLOCATION


def test_between_sites_of_one_enterprise_only_what_is_not_done_alone(small: Dataset) -> None:
    inner = flow("O1 offer:O1-GAS > O2 need:O2-HEAT GAS", 10, "main")
    decisions = decide([*KEEP, inner, flow(FLARE, 90), flow(BUY, 60), flow("C1 offer:C1-GAS > C1 disposal: GAS", 100)])
    one = told(small, decisions)[0]["deal:OVEN>OVEN:GAS"]
    assert (one.scope, one.kind, one.enterprises) == ("within", Kind.REALLOCATION, ("OVEN",))
    assert one.gain == pytest.approx(10 * 10 + 10 * 700 - 10 * 5)
    assert "Oven main to Oven annex" in one.title_en
    plan = plan_of(small, decisions, ALONE | {"OVEN": decide([*KEEP, inner, flow(FLARE, 90)])})
    same, remainder = propose(small, plan, Context(ALONE | {"OVEN": decide([*KEEP, inner, flow(FLARE, 90)])}))
    assert same == ()
    assert remainder == pytest.approx(0.0, abs=1e-9)


def test_a_build_is_one_proposal_with_host_and_suppliers(small: Dataset) -> None:
    decisions = methanol(100.0, flow("G1 build:METHANOL@G1 > G1 market:FUEL-SELL FUEL", 100))
    proposals, remainder, plan = told(small, decisions)
    assert list(proposals) == ["build:METHANOL@G1"]
    one = proposals["build:METHANOL@G1"]
    assert (one.kind, one.state, one.scope, one.host) == (Kind.EXTENSION, "new", "between", "GLASS")
    assert one.enterprises == ("GLASS", "COKE", "OVEN")
    assert one.commodities == ("GAS", "FUEL")
    assert [one.flows, one.builds, one.links] == [(0, 1, 5), (0,), (0,)]
    assert one.capex == pytest.approx(1000 + 900 * 100 + 600)
    assert one.gain == pytest.approx(plan.gain)
    annual = one.capex * 0.08 / (1 - 1.08**-20)
    assert one.payback_years == pytest.approx(one.capex / (plan.gain + annual))
    assert remainder == pytest.approx(0.0, abs=1e-6)
    assert one.title_en == (
        "New at Glass Works: Gas to methanol, 100 t methanol a year, on 200 k Nm3 a year of coke oven gas from "
        "Coke Works and Oven Works; makes 100 t of methanol for the market"
    )
    assert one.title_zh == (
        "玻璃厂新建焦炉煤气制甲醇（100 吨/年）：用炼焦厂、焦化厂的焦炉煤气 20 万 Nm3/年，产甲醇 100 吨/年，外销"
    )
    notes = {note["code"]: note for note in one.notes}
    assert notes["policy_min"]["kept"] is True
    assert {"permit", "hazard", "evidence"} <= set(notes)


def test_a_build_that_replaces_purchases_is_a_supplement(small: Dataset) -> None:
    use = flow("G1 build:METHANOL@G1 > G1 need:G1-FUEL FUEL", 30)
    today = decide([flow("G1 market:FUEL-BUY > G1 need:G1-FUEL FUEL", 30)])
    assert told(small, methanol(30.0, use), today=today)[0]["build:METHANOL@G1"].kind is Kind.SUPPLEMENT


def test_two_builds_in_a_row_share_what_passes_between_them(small: Dataset) -> None:
    passed = flow("G1 build:METHANOL@G1 > A1 build:FINE@A1 FUEL", 100, "truck")
    sold = flow("A1 build:FINE@A1 > A1 market:STUFF-SELL STUFF", 400)
    decisions = methanol(
        100.0, passed, sold, runs=[("build", "FINE@A1", "year", 100.0)], builds=[("FINE", "A1", 100.0)]
    )
    proposals, remainder, plan = told(small, decisions)
    assert set(proposals) == {"build:METHANOL@G1", "build:FINE@A1"}
    shared = set(proposals["build:METHANOL@G1"].flows) & set(proposals["build:FINE@A1"].flows)
    assert len(shared) == 1
    assert remainder == pytest.approx(0.0, abs=1e-6)
    assert plan.gain is not None
    assert all(one.gain is not None and 0 < one.gain < plan.gain for one in proposals.values())
    assert proposals["build:METHANOL@G1"].kind is Kind.EXTENSION


def test_a_link_is_paid_by_quantity_sent_over_it(small: Dataset) -> None:
    decisions = methanol(100.0, flow("G1 build:METHANOL@G1 > G1 market:FUEL-SELL FUEL", 100))
    more = flow("C1 offer:C1-GAS > G1 need:G1-HEAT GAS", 25, "pipe")
    flows = decisions.flows.copy()
    flows.loc[len(flows)] = list(more)
    both = Decisions(flows, decisions.runs, decisions.levels, decisions.builds, decisions.links)
    proposals, _, _ = told(small, both)
    assert proposals["deal:COKE>GLASS:GAS"].capex == pytest.approx(600 * 25 / 125)
    assert proposals["deal:COKE>GLASS:GAS"].links == proposals["build:METHANOL@G1"].links == (0,)
    assert sum(one.capex for one in proposals.values()) == pytest.approx(1000 + 900 * 100 + 600)


def test_a_build_of_its_own_is_no_proposal(small: Dataset) -> None:
    own = decide(
        [
            flow("O1 offer:O1-GAS > O1 build:METHANOL@O1 GAS", 100),
            flow("O1 build:METHANOL@O1 > O1 market:FUEL-SELL FUEL", 50),
            *KEEP,
        ],
        [("build", "METHANOL@O1", "year", 50.0)],
        [("METHANOL", "O1", 50.0)],
    )
    rest = decide([flow("C1 offer:C1-GAS > C1 disposal: GAS", 100), flow(BUY, 60)])
    flows = pd.concat([own.flows, rest.flows], ignore_index=True)
    decisions = Decisions(flows, own.runs, own.levels, own.builds, own.links)
    alone = ALONE | {"OVEN": own}
    proposals, remainder = propose(small, plan_of(small, decisions, alone), Context(alone))
    assert proposals == ()
    assert remainder == pytest.approx(0.0, abs=1e-9)
    assert list(told(small, decisions)[0]) == ["build:METHANOL@O1"]  # unless it is not built alone
    assert told(small, decisions)[0]["build:METHANOL@O1"].scope == "within"


def test_suppliers_of_one_taker_share_by_quantity(small: Dataset) -> None:
    gas = [
        flow("O1 offer:O1-GAS > G1 need:G1-HEAT GAS", 45, "main"),
        flow("C1 offer:C1-GAS > G1 need:G1-HEAT GAS", 15, "main"),
    ]
    rest = [flow(FLARE, 55), flow("C1 offer:C1-GAS > C1 disposal: GAS", 85)]
    proposals, _, plan = told(small, decide([*KEEP, *gas, *rest]))
    assert plan.gain is not None
    assert proposals["deal:OVEN>GLASS:GAS"].gain == pytest.approx(0.75 * plan.gain)
    assert proposals["deal:COKE>GLASS:GAS"].gain == pytest.approx(0.25 * plan.gain)


def test_a_change_that_no_proposal_causes_is_the_remainder(small: Dataset) -> None:
    better = decide([flow(TO_GLASS, 60, "main"), flow(FLARE, 40), flow("C1 offer:C1-GAS > C1 disposal: GAS", 100)])
    proposals, remainder, _ = told(small, better)  # O2 does not use its own gas any more
    assert remainder == pytest.approx(-20 * 700)
    assert proposals["deal:OVEN>GLASS:GAS"].gain == pytest.approx(60 * 505)


def test_marginal_gains_are_asked_for(small: Dataset) -> None:
    asked: list[object] = []

    def without(flows: object, builds: object, links: object) -> float | None:
        asked.append((flows, builds, links))
        return 1000.0

    proposals, _, plan = told(small, direct(), without=without)
    assert proposals["deal:OVEN>GLASS:GAS"].marginal_gain == pytest.approx(plan.value - 1000.0)
    assert asked == [((1,), (), ())]
    assert told(small, direct())[0]["deal:OVEN>GLASS:GAS"].marginal_gain is None


def test_without_plans_alone_there_are_proposals_but_no_gains(small: Dataset) -> None:
    proposals, remainder = propose(small, plan_of(small, direct()), Context())
    assert remainder is None
    assert {one.id for one in proposals} == {"deal:OVEN>GLASS:GAS"}
    assert all(one.gain is None and one.payback_years is None for one in proposals)


def test_an_empty_plan_has_no_proposals(small: Dataset) -> None:
    proposals, remainder = propose(small, plan_of(small, decide(), {}), Context())
    assert proposals == ()
    assert remainder == 0.0


def test_the_order_of_rows_changes_nothing(small: Dataset) -> None:
    decisions = methanol(100.0, flow("G1 build:METHANOL@G1 > G1 market:FUEL-SELL FUEL", 100))
    turned = Decisions(
        decisions.flows[::-1].reset_index(drop=True),
        decisions.runs,
        decisions.levels,
        decisions.builds,
        decisions.links,
    )
    one, other = told(small, decisions)[0], told(small, turned)[0]
    assert list(one) == list(other)
    for ident, first in one.items():
        assert first.title_zh == other[ident].title_zh
        assert first.gain == pytest.approx(other[ident].gain)
        assert first.terms == other[ident].terms
    assert propose(small, plan_of(small, decisions, ALONE), Context(ALONE)) == propose(
        small, plan_of(small, decisions, ALONE), Context(ALONE)
    )


@pytest.mark.parametrize(
    ("quantity", "unit", "en", "zh"),
    [
        (38000, "kNm3", "38 M Nm3", "3800 万 Nm3"),
        (420000, "kNm3", "420 M Nm3", "4.2 亿 Nm3"),
        (231234, "t", "231 kt", "23.1 万吨"),
        (3900000, "MWh", "3.9 TWh", "39 亿 kWh"),
        (12.5, "t tar", "12.5 t tar", "12.5 吨"),
        (0.25, "GJ", "0.25 GJ", "0.25 GJ"),
        (1234567, "piece", "1.23 M piece", "123 万 piece"),
    ],
)
def test_amounts_are_said_as_people_say_them(quantity: float, unit: str, en: str, zh: str) -> None:
    assert amount(quantity, unit, "en") == en
    assert amount(quantity, unit, "zh") == zh


@pytest.mark.parametrize("seed", [90028, 90033])
def test_lines_that_answer_one_another_alone_end_in_the_remainder(seed: int, tmp_path: Path) -> None:
    plan = run(random_dataset(seed).dataset(tmp_path / "ring"), Options(settlement="standalone", gap=1e-8)).plan
    assert plan is not None
    assert plan.proposals
    gains = sum(proposal.gain or 0.0 for proposal in plan.proposals)
    assert gains + (plan.remainder or 0.0) == pytest.approx(plan.gain)


def test_a_build_that_concerns_public_places_alone_is_a_proposal_of_no_enterprise(tmp_path: Path) -> None:
    plan = run(random_dataset(90059).dataset(tmp_path / "public"), Options(settlement="standalone")).plan
    assert plan is not None
    assert {proposal.host for proposal in plan.proposals if not proposal.enterprises} == {"pub"}


def test_a_permit_is_told_in_both_languages() -> None:
    found = {note["code"]: note for note in build_notes(read(TINY), "TAR_DIST", 110_000.0)}
    assert found["permit"]["text"] == "permit: chemical park"
    assert found["permit"]["text_zh"] == "需审批：化工园区"


@pytest.mark.parametrize(("lang", "said"), [("en", "(capex budget)"), ("zh", "（投资预算）")])
def test_a_gain_against_what_the_round_forbids_says_so(
    lang: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = TINY
    for budget, expected in ((40e6, 1), (None, 0)):
        dataset = read(place, overrides={} if budget is None else {"capex_budget": budget})
        plan = run(dataset, Options(settlement="standalone")).plan
        assert plan is not None
        assert any((proposal.gain or 0.0) < -1e8 for proposal in plan.proposals) == (budget is not None)
        for proposal in plan.proposals:
            texts = [note["text" if lang == "en" else "text_zh"] for note in proposal.notes if note["code"] == "aims"]
            assert [said in text for text in texts] == [True] * expected
        print_plan(Talk(lang), dataset, plan)
        assert (said in " ".join(capsys.readouterr().out.split())) == (expected > 0)
        record = {"plan": plan_record(plan), "labels": labels(dataset), "currency": "CNY"}
        assert (said in Shown(record, lang).gain_note()) == (expected > 0)


def test_one_enterprise_alone_is_bound_by_the_aims() -> None:
    assert gain_note({"capex_budget": 1.0}, 1, "en") == ""
    assert gain_note({"fix": [{"quantity": 1}], "co2_cap": 0.0}, 2, "en").count("(CO2 cap, fixed exchanges)") == 1
