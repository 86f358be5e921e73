"""Published games, to 1e-6: each with its source in `games.py`."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pytest
from games import (
    LISTED,
    Market,
    airport,
    airport_nucleolus,
    airport_shapley,
    bankruptcy,
    council_1958,
    horse_market,
    in_order,
    linear_production,
    shapley_shubik,
    tva,
)
from synergy.web.api.routes.rounds import Settlement
from synergy.web.texts import WORDS

from synergy.cli.words import SETTLEMENT_WORDS
from synergy.settlement import ASKED
from synergy.settlement.division import Base, RuleOptions, Towards
from synergy.settlement.game import REASONS, RuleUndefined, TableGame
from synergy.settlement.rules import RULES, settle
from synergy.settlement.solutions import extremes

PRECISE = {"rel": 1e-9, "abs": 1e-6}


def _payoff(game: TableGame | Market, method: str, **options: object) -> object:
    return pytest.approx(settle(game, method, RuleOptions(**options)).payoff, **PRECISE)


def test_tennessee_valley() -> None:
    case = LISTED["TVA"]
    assert _payoff(tva(), "shapley") == [-cost for cost in case["shapley_cost"]]
    assert _payoff(tva(), "nucleolus") == [-cost for cost in case["nucleolus_cost"]]
    assert settle(tva(), "core").certificate.verdict == "stable"


def test_gloves() -> None:
    game = TableGame.listed("123", LISTED["glove"]["v"])
    assert pytest.approx(LISTED["glove"]["shapley"], abs=1e-6) == settle(game, "shapley").payoff
    assert _payoff(game, "core") == LISTED["glove"]["core"][0]
    assert _payoff(game, "nucleolus") == LISTED["glove"]["core"][0]
    unstable = settle(game, "shapley").certificate
    assert unstable.verdict == "beaten"
    assert unstable.excess == pytest.approx(1 / 6)
    assert [set(one.enterprises) for one in unstable.binding] == [{"1", "2"}, {"1", "3"}]


def test_empty_core() -> None:
    case = LISTED["empty_core"]
    shares = settle(TableGame.listed("123", case["v"]), "core")
    assert pytest.approx([2, 2, 2]) == shares.payoff
    assert shares.certificate.excess == pytest.approx(case["least_core_eps"])
    assert shares.certificate.verdict != "stable"
    assert [note.code for note in shares.notes] == ["core_empty"]
    assert _payoff(TableGame.listed("123", case["v"]), "shapley") == case["shapley"]


def test_least_subsidy_of_the_empty_core() -> None:
    subsidy = settle(TableGame.listed("123", LISTED["empty_core"]["v"]), "core").subsidy
    assert subsidy is not None
    assert subsidy.total == pytest.approx(1.5)  # three pairs of 5 cover everybody twice: 7.5 are needed, 6 are there
    assert pytest.approx([0.5, 0.5, 0.5]) == subsidy.to
    assert subsidy.bound <= 1e-9


@pytest.mark.parametrize(
    ("estate", "shares"), [(100, [100 / 3] * 3), (200, [50, 75, 75]), (300, [50, 100, 150])], ids=str
)
def test_bankruptcy_of_the_talmud(estate: float, shares: list[float]) -> None:
    assert _payoff(bankruptcy(estate), "nucleolus") == shares


@pytest.mark.parametrize("costs", [(1, 2, 3, 4), (5, 6, 7, 20, 21), (3, 3, 8, 8.5, 12, 30), (1, 10, 11, 12)], ids=str)
def test_airport(costs: tuple[float, ...]) -> None:
    assert _payoff(airport(costs), "shapley") == (-airport_shapley(costs)).tolist()
    assert _payoff(airport(costs), "nucleolus") == (-airport_nucleolus(costs)).tolist()


def test_council_of_1958() -> None:
    assert _payoff(council_1958(), "shapley") == [14 / 60, 14 / 60, 14 / 60, 9 / 60, 9 / 60, 0]
    assert settle(council_1958(), "core").payoff[5] == pytest.approx(0, abs=1e-9)  # Luxembourg never decides


def test_three_person_majority() -> None:
    game = TableGame.listed("123", {"12": 1, "13": 1, "23": 1, "123": 1})  # von Neumann, Morgenstern (1944), chapter V
    assert _payoff(game, "nucleolus") == [1 / 3] * 3
    assert settle(game, "core").certificate.excess == pytest.approx(1 / 3)


def test_owen_point_of_linear_production() -> None:
    game = linear_production()
    assert _payoff(game, "owen") == [230, 282, 480]  # resources at their dual prices of 8 and 6
    assert _payoff(game, "nucleolus") == [149, 192, 651]  # as the manual of the R package coopProductGame prints it
    assert settle(game, "owen").certificate.verdict == "stable"


def test_insurance_deposits() -> None:
    # Lemaire (1991), Cooperative game theory and its insurance applications, ASTIN Bulletin 21, 17-40
    game = in_order("123", [46125, 17437.5, 5812.5, 69187.5, 53812.5, 30750, 90000])
    assert _payoff(game, "shapley") == [51750, 25875, 12375]
    assert _payoff(game, "nucleolus") == [52687.5, 24468.75, 12843.75]


def test_nucleolus_by_which_nobody_loses() -> None:
    # Peleg, Sudhoelter (2007), Theory of Cooperative Games, example 5.5.12: without floors it is (3, 3, -4)
    assert _payoff(in_order("123", [0, 0, 0, 10, 0, 0, 2]), "nucleolus") == [1, 1, 0]


def test_three_persons_of_the_lecture() -> None:
    # Ferguson, Game Theory (UCLA), part IV, exercises on the nucleolus
    assert _payoff(in_order("123", [-1, 0, 1, 3, 4, 2, 5]), "nucleolus") == [8 / 3, 2 / 3, 5 / 3]


def test_four_persons_of_the_manual() -> None:
    # manual of the R package CoopGame 0.2.2, `nucleolus`
    values = [0, 0, 0, 0, 5, 5, 8, 9, 10, 8, 13, 15, 16, 17, 21]
    assert _payoff(in_order("1234", values), "nucleolus") == [3.5, 4.5, 5.5, 7.5]


def test_houses_of_shapley_and_shubik() -> None:
    structure = shapley_shubik()
    assert structure.worth.tolist() == [[5, 8, 2], [7, 9, 6], [2, 3, 0]]
    seller_best, buyer_best = extremes(structure)
    assert np.concatenate(seller_best) == pytest.approx([5, 6, 1, 1, 3, 0], abs=1e-6)
    assert np.concatenate(buyer_best) == pytest.approx([3, 5, 0, 2, 5, 1], abs=1e-6)
    shares = settle(Market(structure), "midpoint")
    assert pytest.approx([4, 5.5, 0.5, 1.5, 4, 0.5]) == shares.payoff
    assert shares.certificate.verdict == "stable"
    assert settle(Market(structure), "core").certificate.verdict == "stable"


def test_an_assignment_is_known_by_its_pairs() -> None:
    market = Market(shapley_shubik())
    game = TableGame(market.players, lambda inside: market.value(np.isin(np.arange(6), list(inside))).value)
    shares = settle(game, "midpoint")
    assert pytest.approx([4, 5.5, 0.5, 1.5, 4, 0.5]) == shares.payoff


def test_horse_market() -> None:
    structure = horse_market()
    asked = np.array([10, 11, 15, 17, 20])
    seller_best, buyer_best = extremes(structure)
    assert seller_best[0][:5] + asked == pytest.approx([21.5] * 5)  # prices lie between 21 and 21.50
    assert buyer_best[0][:5] + asked == pytest.approx([21] * 5)
    shares = settle(Market(structure), "midpoint")
    assert pytest.approx(21.25 - asked) == shares.payoff[:5]
    assert shares.payoff[5:8].tolist() == [0, 0, 0]
    assert shares.certificate.verdict == "stable"


def test_eighteen_players_need_few_coalitions() -> None:
    shares = settle(Market(horse_market()), "core")
    assert shares.certificate.verdict == "stable"
    assert shares.certificate.tested < 100
    assert shares.payoff.sum() == pytest.approx(130 - 73)  # what five buyers offer, what five sellers ask


def test_near_the_duals_no_round_is_needed() -> None:
    structure = horse_market()
    duals = np.concatenate(extremes(structure)[0])
    shares = settle(Market(structure, start=duals), "core", RuleOptions(towards=Towards.DUALS, rounds=0))
    assert pytest.approx(duals) == shares.payoff
    assert shares.certificate.verdict == "stable"


def test_proportional_to_a_base() -> None:
    base = Base("capacity", np.array([1.0, 2.0, 0.0]))
    shares = settle(TableGame.listed("123", {"1": 2, "12": 5, "123": 8}), "proportional", RuleOptions(base=base))
    assert pytest.approx([4, 4, 0]) == shares.payoff
    assert shares.certificate.verdict == "stable"


REFUSED = {
    "gain_negative": ("shapley", TableGame.listed("12", {"1": 3, "2": 3, "12": 5}), {}),
    "too_many_players": ("nucleolus", Market(horse_market()), {}),
    "no_duals": ("owen", TableGame.listed("12", {"12": 1}), {}),
    "relaxation_gap": ("owen", TableGame(("1", "2"), lambda inside: len(inside) // 2, start=np.array([1.0, 0.5])), {}),
    "no_assignment": ("midpoint", TableGame.listed("123", {"12": 1, "13": 1, "23": 1, "123": 2}), {}),
    "not_assignment": (
        "midpoint",
        TableGame(("1", "2", "3", "4", "5", "6"), lambda inside: float(len(inside) > 5), assignment=shapley_shubik()),
        {},
    ),
    "bad_base": ("proportional", TableGame.listed("12", {"12": 1}), {}),
    "no_base": ("proportional", TableGame.listed("12", {"12": 1}), {"base": Base("capacity", np.zeros(2))}),
    "coalition_without_plan": ("shapley", TableGame.listed("12", {"1": -np.inf, "12": 1}), {}),
    "no_plan": ("core", TableGame.listed("12", {"12": -np.inf}), {}),
    "unbounded": ("nucleolus", TableGame.listed("12", {"1": -np.inf, "12": 1}), {}),
}


@pytest.mark.parametrize("reason", REASONS)
def test_rules_say_why_they_are_not_defined(reason: str) -> None:
    method, game, options = REFUSED[reason]
    with pytest.raises(RuleUndefined) as raised:
        settle(game, method, RuleOptions(**options))
    assert raised.value.reason == reason
    assert raised.value.sentence("zh") != raised.value.sentence("en")


def test_refusals_name_enterprises_in_the_language_asked_for() -> None:
    refusal = RuleUndefined("shapley", "coalition_without_plan", coalition=tuple("abcde"))
    assert "a, b, c, d and 1 more" in refusal.sentence("en")
    assert "a、b、c、d等 5 家" in refusal.sentence("zh")
    assert "1000 万" in RuleUndefined("owen", "relaxation_gap", gap=1e7).sentence("zh")


def test_every_rule_can_be_asked_for_everywhere() -> None:
    assert (*RULES, "standalone", "none") == ASKED
    assert get_args(Settlement) == ASKED
    assert {name.removeprefix("draft.rule.") for name in WORDS if name.startswith("draft.rule.")} == set(ASKED)
    assert {name.removeprefix("rule.") for name in WORDS if name.startswith("rule.")} == set(ASKED)
    for said in SETTLEMENT_WORDS["option.settlement"]:
        assert all(re.search(rf"(?<![a-z]){name}(?![a-z])", said) for name in ASKED)


def test_every_rule_is_tested() -> None:
    assert set(RULES) == {"core", "nucleolus", "shapley", "owen", "midpoint", "proportional"}
    assert all(len(set(rule.title)) == 2 for rule in RULES.values())
