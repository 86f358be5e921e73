"""Values of coalitions, warm in one problem, against cold models and against the contract's model word by word."""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from random_datasets import random_dataset
from roots import CASES
from small_datasets import small

from synergy import literal
from synergy.candidates.scope import coalition
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.parallel import pool
from synergy.coalitions.parametric import Solver, frame_of, prepare
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import alone_of, match, problem
from synergy.model.solve import solve
from synergy.model.solve_params import SolveParams
from synergy.network.network import network_of
from synergy.network.places import Bools
from synergy.options import Options
from synergy.settlement.game import Worth

NEAR = 1e-5
SEEDS = 24


def _game(dataset: Dataset, executor: Executor | None = None) -> CoalitionGame:
    alone, names = alone_of((dataset, SolveParams(1e-9, 60.0))), dataset["enterprises"]["enterprise"]
    known = Known(Worth(0.0, 0.0), {str(name): alone(place).value for place, name in enumerate(names)})
    return CoalitionGame(network_of(dataset), known, executor=executor)


def _framed(dataset: Dataset) -> Solver:
    """Return the frame in a solver: it values any coalition, though nobody asks it for those of one enterprise."""
    return Solver(prepare(frame_of(network_of(dataset))[0], SolveParams()))


def _coalitions(size: int) -> list[Bools]:
    """All but nobody and everybody."""
    every = [np.array(members) for members in product((False, True), repeat=size)]
    return [members for members in every if 0 < members.sum() < size]


def _literal(dataset: Dataset, members: Bools) -> float:
    names = set(dataset["enterprises"]["enterprise"].to_numpy(object)[members])
    solution = literal.solve(literal.build(dataset, members=names))
    assert solution.status in ("optimal", "infeasible")
    return solution.value if solution.status == "optimal" else -np.inf


def _cold(dataset: Dataset, members: Bools) -> float:
    solution = solve(problem(dataset, coalition(members)), SolveParams(1e-9, 60.0))
    return solution.value if solution.x is not None else -np.inf


def _near(value: float) -> object:
    return pytest.approx(value, rel=NEAR, abs=NEAR)


def _settled(dataset: Dataset) -> bool:
    return literal.solve(literal.build(dataset)).status == "optimal"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_coalitions_are_worth_what_the_contract_says(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    if not _settled(dataset):
        assert match(dataset, Options(settlement="none")).status == "infeasible"
        return
    game, frame = _game(dataset), _framed(dataset)
    many = _coalitions(len(game.players))
    worths = game.values(many)
    for members, worth in zip(many, worths, strict=True):
        assert worth.value == _near(_literal(dataset, members)), members
        assert worth.bound == _near(worth.value)
        if members.sum() == 1:
            assert frame(members[None])[0].value == _near(worth.value), members
        if seed % 4 == 0:
            assert worth.value == _near(_cold(dataset, members)), members
        # the payoffs from the duals cover it
        assert game.start is not None
        paid = float(game.start[members].sum())
        assert worth.value <= paid + NEAR * max(1.0, abs(paid))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_search_finds_the_worst_paid_coalition(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    if not _settled(dataset):
        assert match(dataset, Options(settlement="none")).status == "infeasible"
        return
    game = _game(dataset)
    size, rng = len(game.players), np.random.default_rng(seed)
    found, payoffs = [], []
    many = _coalitions(size)
    for _ in range(2):
        payoffs.append(rng.normal(1.0, 2.0, size) * _scale(game) / size)
        found.append(game.worst(payoffs[-1]))
    worths = game.values(many)
    for payoff, one in zip(payoffs, found, strict=True):
        excess = max(worth.value - payoff[members].sum() for members, worth in zip(many, worths, strict=True))
        near = NEAR * _scale(game)
        assert one.excess == pytest.approx(excess, abs=near)
        assert one.excess <= one.bound <= excess + 2 * near


def _scale(game: CoalitionGame) -> float:
    assert game.start is not None
    return max(1.0, float(np.abs(game.start).sum()))


@pytest.mark.parametrize("seed", [4])
def test_values_have_the_same_bits_for_any_number_of_workers(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    many = _coalitions(len(dataset["enterprises"]))
    found = []
    for workers in (1, 2, 4):
        with pool(workers) as executor:
            found.append(_game(dataset, executor=executor).values(many))
    assert found[0] == found[1] == found[2]


def test_who_cannot_trade_is_valued_apart() -> None:
    banned = [("S1", "B2"), ("S1", "B3"), ("S2", "B1"), ("S3", "B1")]
    forbid = [{"from_enterprise": seller, "to_enterprise": buyer} for seller, buyer in banned]
    game = _game(read(CASES / "assignment", overrides={"forbid": forbid}))
    names = [{game.players[at] for at in piece.tolist()} for piece in game.components]
    assert names == [{"S1", "B1"}, {"S2", "S3", "B2", "B3"}]
    pair, mixed = (np.isin(game.players, some) for some in (("S1", "B1"), ("S1", "B1", "S2")))
    together, more, apart = (worth.value for worth in game.values([pair, mixed, np.isin(game.players, ("S1", "B2"))]))
    assert together == more > 0
    assert apart == 0
    assert len(game._kept) == 7  # S1 with B1; what each is worth by itself was known


def test_what_is_public_and_reached_ties_all_with_weight() -> None:
    game = _game(read(CASES / "public_share"))
    assert [len(piece) for piece in game.components] == [2]


def _supplied(folder: Path, weight: str, limit: str) -> Dataset:
    """Return two enterprises that need what a public place sells, one of a weight; the other's is 1."""
    tables = {
        "enterprises": f"enterprise weight\nA {weight}\nB 1",
        "sites": "site enterprise\na A\nb B\np -",
        "commodities": "commodity unit\nX t",
        "needs": "need site commodity quantity price\nNA a X 30 5\nNB b X 10 5",
        "markets": f"market commodity side price limit site\nM X buy 1 {limit} p",
        "links": "from_site to_site commodity mode km\np a X truck 1\np b X truck 1",
    }
    return small(folder, tables)


@pytest.mark.parametrize("limit", ["-", "100"])
def test_what_nobody_can_use_up_is_no_limit_to_a_part_of_it(limit: str, tmp_path: Path) -> None:
    """At a public place a market is shared by weight as it is stated, not as far as all together can use it."""
    dataset = _supplied(tmp_path / "d", "1", limit)
    game, frame = _game(dataset), _framed(dataset)
    many = _coalitions(2)
    for worths in (game.values(many), frame(np.array(many))):
        assert [worth.value for worth in worths] == [_near(40.0), _near(120.0)]


@pytest.mark.parametrize(("limit", "worth"), [("-", 120.0), ("1000", 0.0)])
def test_who_has_no_part_in_what_is_public_has_none_of_a_limit(limit: str, worth: float, tmp_path: Path) -> None:
    """A part of an amount is nothing where the part is nothing; where nothing limits it there is no amount."""
    dataset = _supplied(tmp_path / "d", "0", limit)
    alone = np.array([True, False])
    found, cold = _framed(dataset)(alone[None])[0], solve(problem(dataset, coalition(alone)), SolveParams(1e-9, 60))
    stated = literal.solve(literal.build(dataset, members=["A"]))
    assert [found.value, cold.value, stated.value] == [_near(worth)] * 3
    assert _game(dataset).values([alone])[0].value == _near(worth)
