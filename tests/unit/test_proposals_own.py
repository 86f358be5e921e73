"""What a proposal is to each enterprise: what it would lose without it, emits, builds and lays."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from proposal_worlds import decide, flow, plan_of, world
from roots import ROOT
from test_proposals import ALONE, direct, methanol

from synergy.coalitions.settle import Loss
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.options import Options
from synergy.plan import Decisions, Proposal
from synergy.proposals import Context, propose
from synergy.round import Round, run


@pytest.fixture
def small(tmp_path: Path) -> Dataset:
    return world(tmp_path)


@cache
def tiny_round() -> Round:
    return run(read(ROOT / "datasets" / "tiny"), Options(settlement="core"))


def told(dataset: Dataset, decisions: Decisions) -> dict[str, Proposal]:
    proposals, _ = propose(dataset, plan_of(dataset, decisions, ALONE), Context(ALONE))
    return {one.id: one for one in proposals}


def test_emissions_are_the_taker_s_and_make_up_what_is_saved(small: Dataset) -> None:
    one = told(small, direct())["deal:OVEN>GLASS:GAS"]
    assert dict(one.own["OVEN"]) == pytest.approx({"value": None, "co2": -48.0, "capex": 0.0, "annual": 0.0})
    assert math.fsum(part["co2"] or 0.0 for part in one.own.values()) == pytest.approx(-one.co2_saved)
    assert one.terms[0].km == pytest.approx(5.8357, abs=0.001)


def test_who_builds_and_who_fetches_pays(small: Dataset) -> None:
    sold = flow("G1 build:METHANOL@G1 > G1 market:FUEL-SELL FUEL", 100)
    one = told(small, methanol(100.0, sold))["build:METHANOL@G1"]
    capex = 1000 + 900 * 100 + 600
    assert {name: part["capex"] for name, part in one.own.items()} == pytest.approx(
        {"GLASS": capex, "COKE": 0.0, "OVEN": 0.0}
    )
    assert one.own["GLASS"]["annual"] == pytest.approx(capex * 0.08 / (1 - 1.08**-20))


def test_nothing_is_known_without_the_plans_alone(small: Dataset) -> None:
    plan = plan_of(small, direct())
    assert [dict(one.own) for one in propose(small, plan, Context())[0]] == [{}]


def test_an_idle_plan_changes_nothing(small: Dataset) -> None:
    assert told(small, decide()) == {}


def test_a_loss_is_what_the_books_of_one_side_say() -> None:
    done = tiny_round()
    assert done.plan is not None
    own = {one.id: one.own for one in done.plan.proposals}
    # gas that does not reach the glass works: 950 less the pipe's 8 and what is lost on the way
    glass = own["deal:EAST>GLASS:COG"]["GLASS"]["value"]
    assert glass == pytest.approx(60_000 * (950 * 0.998 - 8))
    # tar that the new unit does not take goes outside at 3150
    assert own["build:TAR_DIST@EAST-1"]["WEST"]["value"] == pytest.approx(-46_000 * 3150)
    # gas that the alumina works does not take is flared at 10
    assert own["deal:WEST>ALUMINA:COG"]["WEST"]["value"] == pytest.approx(10 * 145_781.33, rel=1e-6)
    # an oven that has to run cannot give back the right to do so
    assert own["deal:@RAILHEAD>WEST:COKE_RIGHT"]["WEST"]["value"] is None


def test_a_host_loses_its_build_with_the_proposal() -> None:
    done = tiny_round()
    assert done.plan is not None
    assert done.outcome.found is not None
    loss = Loss(done.dataset, *done.outcome.found)
    one = next(one for one in done.plan.proposals if one.id == "build:COG_LNG@EAST-1")
    value = loss.of("EAST", one.flows, one.builds, one.links)
    assert value == pytest.approx(one.own["EAST"]["value"])
    assert value is not None
    kept = loss.of("EAST", one.flows, (), one.links)
    assert kept is not None
    # with the unit standing, the neighbour's gas alone is missing: its own goes on into it
    share = one.terms[0].quantity / 359_000
    assert 0 < kept < value
    assert kept == pytest.approx(value * share, rel=0.2)


def test_the_loss_of_one_side_holds_nothing_of_the_other() -> None:
    done = tiny_round()
    assert done.plan is not None
    needs = done.dataset["needs"].assign(price=[949.0])
    other = replace(done.dataset, tables={**done.dataset.tables, "needs": needs})
    again = run(other, Options(settlement="core")).plan
    assert again is not None
    for ident, part in (("deal:EAST>GLASS:COG", "EAST"), ("deal:WEST>ALUMINA:COG", "ALUMINA")):
        first, second = ({one.id: one.own for one in plan.proposals}[ident][part] for plan in (done.plan, again))
        assert first["value"] == pytest.approx(second["value"], rel=1e-9)
