"""What must hold of any settlement: efficiency, floors, symmetry, truth of excess and bound, the least subsidy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from games import Market, coalitions
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from synergy.settlement.division import Base, RuleOptions, Towards
from synergy.settlement.game import Assignment, Bools, Floats, Found, TableGame, Worth
from synergy.settlement.rules import Shares, settle
from synergy.settlement.solutions import extremes

METHODS = ("core", "nucleolus", "shapley", "proportional")
CLOSE = 1e-6
Values = dict[frozenset[int], float]


def superadditive(raw: Values, players: int) -> Values:
    """Return the cover: what a coalition is worth when it may split up."""
    cover: Values = {}
    for chosen in map(frozenset, coalitions(players)):
        halves = [frozenset(half) for size in range(1, len(chosen)) for half in combinations(sorted(chosen), size)]
        cover[chosen] = max([raw[chosen], *(cover[half] + cover[chosen - half] for half in halves)])
    return cover


@st.composite
def covers(draw: st.DrawFn, least: int = 2, most: int = 5) -> tuple[int, Values]:
    """Draw a superadditive game of whole values."""
    players = draw(st.integers(least, most))
    number = st.integers(-20, 20)
    raw = {frozenset(chosen): float(draw(number) * len(chosen)) for chosen in coalitions(players)}
    return players, superadditive(raw, players)


def table(players: int, values: Values) -> TableGame:
    return TableGame(tuple(f"e{at}" for at in range(players)), values.__getitem__)


def shared(game: TableGame, method: str, **options: object) -> Shares:
    base = Base("equal", np.ones(len(game.players)))
    return settle(game, method, RuleOptions(base=base, **options))


def listed_rows(players: int, values: Values) -> tuple[Floats, Floats]:
    """Return all coalitions but the whole, and their values."""
    proper = [chosen for chosen in coalitions(players) if len(chosen) < players]
    rows = np.array([[float(at in chosen) for at in range(players)] for chosen in proper]).reshape(-1, players)
    return rows, np.array([values[frozenset(chosen)] for chosen in proper])


def least_core(players: int, values: Values) -> float:
    """Return the least excess by one linear program over all coalitions, floors kept; negative where that is."""
    rows, worth = listed_rows(players, values)
    low = [(values[frozenset({at})], None) for at in range(players)]
    answer = linprog(
        np.append(np.zeros(players), 1.0),
        A_ub=-np.column_stack([rows, np.ones(len(rows))]),
        b_ub=-worth,
        A_eq=np.append(np.ones(players), 0.0)[None, :],
        b_eq=[values[frozenset(range(players))]],
        bounds=[*low, (None, None)],
        method="highs",
    )
    return float(answer.fun)


def cost_of_stability(players: int, values: Values) -> float:
    """Return the least sum that pays every coalition but the whole, less v(N)."""
    rows, worth = listed_rows(players, values)
    answer = linprog(np.ones(players), A_ub=-rows, b_ub=-worth, bounds=(None, None), method="highs")
    return max(0.0, float(answer.fun) - values[frozenset(range(players))])


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(drawn=covers())
def test_all_is_shared_and_nobody_loses(method: str, drawn: tuple[int, Values]) -> None:
    players, values = drawn
    shares = shared(table(players, values), method)
    assert shares.payoff.sum() == pytest.approx(values[frozenset(range(players))], abs=CLOSE)
    assert (shares.payoff >= [values[frozenset({at})] - CLOSE for at in range(players)]).all()


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(drawn=covers())
def test_excess_and_claim_are_true(method: str, drawn: tuple[int, Values]) -> None:
    players, values = drawn
    shares = shared(table(players, values), method)
    rows, worth = listed_rows(players, values)
    excess = float(np.max(worth - rows @ shares.payoff))
    proof = shares.certificate
    assert proof.excess == pytest.approx(excess, abs=CLOSE)
    assert proof.excess <= proof.bound + 1e-12
    assert (proof.verdict == "stable") == (excess <= proof.tolerance)
    for one in proof.binding:
        members = [int(name[1:]) for name in one.enterprises]
        assert one.value == values[frozenset(members)]
        assert one.payoff == pytest.approx(shares.payoff[members].sum())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=covers(3))
def test_core_has_the_least_excess(drawn: tuple[int, Values]) -> None:
    players, values = drawn
    shares = shared(table(players, values), "core")
    least = least_core(players, values)
    if least > CLOSE:
        assert shares.certificate.excess == pytest.approx(least, abs=CLOSE)
        assert shares.notes[0].code == "core_empty"
    else:
        assert shares.certificate.verdict == "stable"
    assert shared(table(players, values), "nucleolus").certificate.excess == pytest.approx(least, abs=CLOSE)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(drawn=covers(3), seed=st.integers(0, 999))
def test_nucleolus_has_the_least_excesses_one_after_another(drawn: tuple[int, Values], seed: int) -> None:
    players, values = drawn
    rows, worth = listed_rows(players, values)
    floor = np.array([values[frozenset({at})] for at in range(players)])
    gain = values[frozenset(range(players))] - floor.sum()
    nucleolus = shared(table(players, values), "nucleolus").payoff
    weights = np.random.default_rng(seed).dirichlet(np.full(players, 0.5), 20)
    others = [*(floor + gain * weights), *((nucleolus + other) / 2 for other in floor + gain * weights)]
    least = np.sort(worth - rows @ nucleolus)[::-1]
    for other in others:
        differs = np.sort(worth - rows @ other)[::-1] - least
        apart = np.flatnonzero(np.abs(differs) > CLOSE)
        assert not len(apart) or differs[apart[0]] > 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn=covers(3), less=st.integers(0, 30))
def test_least_subsidy_is_the_cost_of_stability(drawn: tuple[int, Values], less: int) -> None:
    players, values = drawn
    everybody = frozenset(range(players))
    values = {**values, everybody: values[everybody] - less}  # an aim of the round binds all together alone
    shares = shared(table(players, values), "core")
    cost = cost_of_stability(players, values)
    if cost <= CLOSE:
        assert shares.subsidy is None
        return
    given_out = shares.subsidy
    assert given_out is not None
    assert given_out.total == pytest.approx(cost, abs=CLOSE)
    assert given_out.least == pytest.approx(cost, abs=CLOSE)
    assert (given_out.to >= 0).all()
    rows, worth = listed_rows(players, values)
    assert float(np.max(worth - rows @ given_out.payoff)) <= CLOSE
    assert given_out.payoff.sum() == pytest.approx(values[everybody] + cost, abs=CLOSE)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(drawn=covers(3), order=st.randoms(use_true_random=False))
def test_names_change_nothing(drawn: tuple[int, Values], order: object) -> None:
    players, values = drawn
    place = list(range(players))
    order.shuffle(place)  # type: ignore[attr-defined]
    moved = {frozenset(place[at] for at in chosen): worth for chosen, worth in values.items()}
    for method in METHODS:
        first = shared(table(players, values), method).payoff
        second = shared(table(players, moved), method).payoff
        assert second[place] == pytest.approx(first, abs=CLOSE)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(sizes=st.lists(st.integers(0, 9), min_size=2, max_size=5))
def test_equals_get_the_same_and_dummies_nothing(sizes: list[int]) -> None:
    worth = cache(lambda inside: float(sum(sizes[at] for at in inside) ** 2))
    game = TableGame(tuple(f"e{at}" for at in range(len(sizes))), worth)
    for method in ("core", "nucleolus", "shapley"):
        payoff = shared(game, method).payoff
        for one, other in combinations(range(len(sizes)), 2):
            if sizes[one] == sizes[other]:
                assert payoff[one] == pytest.approx(payoff[other], abs=CLOSE)
        assert payoff[[size == 0 for size in sizes]] == pytest.approx(0, abs=CLOSE)


def test_components_are_settled_apart() -> None:
    pairs = {frozenset({0, 1}): 4.0, frozenset({2, 3}): 10.0}
    worth = cache(lambda inside: sum(value for pair, value in pairs.items() if pair <= inside))
    game = TableGame(("a", "b", "c", "d"), worth, parts=(np.array([0, 1]), np.array([2, 3])))
    for method in METHODS:
        shares = shared(game, method)
        assert pytest.approx([2, 2, 5, 5]) == shares.payoff
        assert shares.certificate.excess == pytest.approx(0)
        assert shares.certificate.verdict == "stable"


def test_an_aim_of_the_round_joins_components() -> None:
    pairs = {frozenset({0, 1}): 4.0, frozenset({2, 3}): 10.0}

    def worth(inside: frozenset[int]) -> float:
        return sum(value for pair, value in pairs.items() if pair <= inside) - 3.0 * (len(inside) == 4)

    shares = shared(TableGame(("a", "b", "c", "d"), worth, parts=(np.array([0, 1]), np.array([2, 3]))), "core")
    assert shares.payoff.sum() == pytest.approx(11)
    assert shares.certificate.excess == pytest.approx(1.5)
    assert shares.subsidy is not None
    assert shares.subsidy.total == pytest.approx(3)


def test_no_floor_without_a_plan() -> None:
    values = {frozenset({0}): -np.inf, frozenset({1}): 0.0, frozenset({0, 1}): 7.0}
    shares = settle(table(2, values), "core")
    assert shares.payoff.sum() == pytest.approx(7)
    assert shares.payoff[1] >= 0
    assert shares.record()["payoffs"]["e0"]["standalone"] is None
    assert shares.record()["payoffs"]["e0"]["gain"] is None


def test_who_has_no_plan_alone_may_cost_the_others_nothing() -> None:
    # the first must be rid of something that costs 9 with the others' help; they earn 5 together without it
    values = {frozenset(chosen): -np.inf if 0 in chosen else 0.0 for chosen in coalitions(3)}
    values |= {frozenset({1, 2}): 5.0, frozenset({0, 1, 2}): -4.0}
    shares = settle(table(3, values), "core")
    assert pytest.approx([-9, 2.5, 2.5]) == shares.payoff
    assert shares.certificate.verdict == "stable"
    assert shares.notes == ()


@pytest.mark.parametrize("method", METHODS)
def test_one_enterprise_keeps_what_it_has(method: str) -> None:
    shares = shared(TableGame(("a",), lambda inside: 3.0), method)
    assert shares.payoff.tolist() == [3.0]
    assert shares.certificate.verdict == "stable"
    assert shares.record()["excess"] == 0


class Counted(TableGame):
    """A table that counts how often it is searched."""

    searches = 0

    def worst(self, payoff: Floats, among: Bools | None = None) -> Found:
        Counted.searches += 1
        return super().worst(payoff, among)


@pytest.mark.parametrize(
    ("players", "method", "searched"), [(4, "core", False), (5, "core", True), (7, "shapley", False)]
)
def test_what_is_known_is_not_searched(players: int, method: str, searched: bool) -> None:
    Counted.searches = 0
    game = Counted(tuple("abcdefg"[:players]), lambda inside: float(len(inside) ** 2))
    assert settle(game, method).certificate.verdict == "stable"
    assert (Counted.searches > 0) == searched


def test_a_gap_of_values_is_a_gap_of_the_claim() -> None:
    def worth(inside: frozenset[int]) -> Worth:
        value = float(len(inside) ** 2)
        return Worth(value, value + (1.0 if len(inside) == 2 else 0.0))

    proof = settle(TableGame(("a", "b", "c"), worth), "core").certificate
    assert proof.excess == pytest.approx(-2)
    assert proof.bound == pytest.approx(-1)
    assert proof.verdict == "stable"
    wide = settle(TableGame(("a", "b", "c"), lambda inside: Worth(worth(inside).value, 20.0)), "core").certificate
    assert wide.verdict == "open"
    assert wide.verdict != "stable"


def test_rounds_used_up_leave_a_bound() -> None:
    rng = np.random.default_rng(3)
    structure = Assignment(np.arange(20), np.arange(20, 45), rng.uniform(0, 9, (20, 25)))
    duals = np.concatenate(extremes(structure)[1]) + 0.01
    shares = settle(Market(structure, start=duals), "core", RuleOptions(rounds=3, towards=Towards.EQUAL))
    full = settle(Market(structure), "core")
    assert [note.code for note in shares.notes][-1] == "rounds_used_up"
    assert shares.certificate.excess <= shares.certificate.bound <= 0.01 * 45
    assert full.certificate.verdict == "stable"
    near = settle(Market(structure, start=duals), "core")
    assert near.certificate.verdict == "stable"
    assert near.certificate.tested < full.certificate.tested


@dataclass(frozen=True)
class SideBySide(TableGame):
    """A table valued by several workers."""

    workers: int = 1

    def values(self, many: list[Bools]) -> list[Worth]:
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(self.value, many))


@pytest.mark.parametrize("method", ["core", "nucleolus", "shapley"])
def test_workers_change_no_bit(method: str) -> None:
    weight = np.random.default_rng(5).uniform(1, 2, 6)
    worth = cache(lambda inside: float(weight[sorted(inside)].sum() ** 2))
    game = SideBySide(tuple("abcdef"), worth)
    payoffs = [settle(replace(game, workers=workers), method).payoff.tobytes() for workers in (1, 2, 4)]
    assert len(set(payoffs)) == 1


def test_sampled_shapley_value_covers_the_exact_one() -> None:
    weight = np.random.default_rng(7).uniform(0, 3, 9)
    worth = cache(lambda inside: float(np.exp(weight[sorted(inside)].sum() / 6) - 1))
    game = TableGame(tuple("abcdefghi"), worth)
    exact = settle(game, "shapley").payoff
    sampled = settle(game, "shapley", RuleOptions(exact=5, samples=200, seed=1))
    assert sampled.interval is not None
    assert (np.abs(sampled.payoff - exact) <= 2 * sampled.interval).all()
    assert sampled.payoff.sum() == pytest.approx(exact.sum())
    assert [note.code for note in sampled.notes] == ["sampled"]
    again = settle(game, "shapley", RuleOptions(exact=5, samples=200, seed=1))
    assert (again.payoff == sampled.payoff).all()
    other = settle(game, "shapley", RuleOptions(exact=5, samples=200, seed=2))
    assert (other.payoff != sampled.payoff).any()


def test_notes_are_said_in_both_languages() -> None:
    values = {frozenset(chosen): 5.0 * (len(chosen) == 2) + 6.0 * (len(chosen) == 3) for chosen in coalitions(3)}
    note = settle(table(3, values), "core").notes[0]
    assert "e0, e1, e2" in note.sentence("en")
    assert "e0、e1、e2" in note.sentence("zh")
    assert "1 M CNY short" in replace(note, number=1e6).sentence("en", "CNY", {"e0": "East"})
    assert "East, e1, e2" in note.sentence("en", "CNY", {"e0": "East"})
    assert "100 万元" in replace(note, number=1e6).sentence("zh", "CNY")
