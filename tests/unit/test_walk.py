"""Walks: what a plan's own decisions bring to nested coalitions, between what is proven and what is known; sampling."""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from random_datasets import random_dataset
from roots import TINY

from synergy import literal
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.parallel import pool
from synergy.coalitions.parametric import Solver
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import Outcome, match
from synergy.network.network import network_of
from synergy.network.places import Bools
from synergy.options import Options
from synergy.settlement.division import RuleOptions
from synergy.settlement.game import TableGame, Worth
from synergy.settlement.rules import settle


def _outcome(dataset: Dataset) -> Outcome:
    return match(dataset, Options(gap=1e-9, settlement="standalone"))


def _game(dataset: Dataset, outcome: Outcome, executor: Executor | None = None) -> CoalitionGame:
    plan = outcome.plan
    assert plan is not None
    known = Known(Worth(plan.value, plan.bound), plan.standalone or {}, outcome.found)
    return CoalitionGame(network_of(dataset), known, executor=executor, small=0, quick=True)


def _nested(size: int) -> list[Bools]:
    """Every coalition but nobody and everybody, by the sizes that orders of joining have."""
    every = [np.array(members) for members in product((False, True), repeat=size)]
    return sorted((one for one in every if 0 < one.sum() < size), key=lambda one: int(one.sum()))


@pytest.mark.parametrize("seed", [None, 3, 9, 14, 20])
def test_a_walk_lies_between_what_all_have_alone_and_what_the_contract_says(seed: int | None, tmp_path: Path) -> None:
    dataset = read(TINY) if seed is None else random_dataset(seed).dataset(tmp_path / "d")
    outcome = _outcome(dataset)
    if outcome.plan is None:
        assert outcome.status == "infeasible"
        return
    game = _game(dataset, outcome)
    solver = Solver(game._prepared)
    names = dataset["enterprises"]["enterprise"].to_numpy(object)
    for members, worth in zip(_nested(len(names)), game.values(_nested(len(names))), strict=True):
        solution = literal.solve(literal.build(dataset, members=set(names[members])))
        best = solution.value if solution.status == "optimal" else -np.inf
        room = 1e-5 * max(1.0, abs(best)) if np.isfinite(best) else 0.0
        assert worth.value <= best + room
        assert worth.bound >= best - room
        kept = solver._kept(solver.frame.of(members))
        if kept.x is not None:
            assert worth.value >= -kept.value * solver.frame.problem.money - room


def test_a_walk_has_the_same_bits_for_any_number_of_workers() -> None:
    dataset = read(TINY)
    outcome = _outcome(dataset)
    orders = [np.array([[0, 3, 1, 4, 2]]), np.array([[2, 4, 1, 3, 0]])]
    many = [np.isin(np.arange(5), order[0, : size + 1]) for order in orders for size in range(4)]
    bits = []
    for workers in (1, 2):
        with pool(workers) as executor:
            bits.append([worth.value.hex() for worth in _game(dataset, outcome, executor).values(many)])
    assert bits[0] == bits[1]


def test_a_sampled_rule_of_a_hard_game_says_what_it_rests_on() -> None:
    dataset = read(TINY)
    outcome = _outcome(dataset)
    game = _game(dataset, outcome)
    shares = settle(game, "shapley", RuleOptions(exact=2, samples=6, batch=3, precise=0.0))
    notes = {note.code: note.number for note in shares.notes}
    assert notes["sampled"] == 6
    assert shares.interval is not None
    assert (shares.interval >= 0).all()
    assert outcome.plan is not None
    assert shares.payoff.sum() == pytest.approx(outcome.plan.value)
    if "values_open" in notes:
        assert notes["values_open"] > 0
    again = settle(_game(dataset, outcome), "shapley", RuleOptions(exact=2, samples=6, batch=3, precise=0.0))
    assert (again.payoff == shares.payoff).all()


def test_sampling_ends_when_it_is_told_to_and_says_so() -> None:
    asked = []

    def ended() -> str | None:
        asked.append(1)
        return "clock" if len(asked) > 2 else None

    weight = np.arange(1.0, 7.0)
    game = TableGame(tuple("abcdef"), lambda inside: float(weight[sorted(inside)].sum() ** 3))
    shares = settle(game, "shapley", RuleOptions(exact=4, samples=1000, batch=3, precise=0.0, ended=ended))
    assert {note.code: note.number for note in shares.notes}["sampled"] == 9
    assert [note.code for note in shares.notes] == ["sampled", "stopped_by_clock"]
    assert shares.payoff.sum() == pytest.approx(21**3)


def test_sampling_ends_when_it_is_precise() -> None:
    game = TableGame(tuple("abcdef"), lambda inside: float(len(inside)))  # everybody always adds 1
    shares = settle(game, "shapley", RuleOptions(exact=4, samples=1000, batch=3))
    assert [(note.code, note.number) for note in shares.notes] == [("sampled", 3.0)]
    assert shares.interval is not None
    assert shares.interval.max() == pytest.approx(0, abs=1e-12)


def test_an_interval_of_few_pairs_is_as_wide_as_students() -> None:
    weight = np.random.default_rng(3).uniform(0, 3, 8)
    game = TableGame(tuple("abcdefgh"), lambda inside: float(np.exp(weight[sorted(inside)].sum() / 6) - 1))
    exact = settle(game, "shapley").payoff
    inside = []
    for seed in range(30):
        shares = settle(game, "shapley", RuleOptions(exact=5, samples=4, batch=4, precise=0.0, seed=seed))
        assert shares.interval is not None
        inside += (np.abs(shares.payoff - exact) <= shares.interval).tolist()
    assert 0.85 <= float(np.mean(inside)) <= 0.995  # 0.95 but for the skewness of few pairs
