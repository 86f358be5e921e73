"""What helps in large problems, asked of small ones: it changes neither the optimum nor what is proven."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_datasets import random_dataset

from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import everyone
from synergy.model import search, starts
from synergy.model import solve as solving
from synergy.model.build import Model, build
from synergy.model.highs import SolverSession, Status
from synergy.model.scaling import scaled
from synergy.model.solve import solve, spared
from synergy.model.solve_params import Event, SolveParams
from synergy.network.network import network_of

SEEDS = range(160)
NEAR = 1e-6
Known = tuple[int, Model, float]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> list[Known]:
    """Problems with yes-or-no decisions: seed, model, and what HiGHS alone says it is worth."""
    folder, found = tmp_path_factory.mktemp("random"), []
    for seed in SEEDS:
        network = network_of(random_dataset(seed).dataset(folder / str(seed)))
        model = build(candidates_of(network, everyone(network.places)))
        if not model.integer.any():
            continue
        problem = scaled(model)
        answer = SolverSession(problem, mip_rel_gap=1e-9).solve()
        if answer.x is not None:
            found.append((seed, model, -answer.value * problem.money))
    return found


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (search, solving):
        monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(search, "ROOT_LOOKS", 1)
    monkeypatch.setattr(search, "TIGHT", 0.0)
    monkeypatch.setattr(solving, "MANY", 0)


@pytest.mark.usefixtures("large")
def test_slopes_parts_and_the_beginning_lead_to_the_optimum(known: list[Known]) -> None:
    assert len(known) > 60
    for seed, model, value in known:
        slack = NEAR * max(1.0, abs(value))
        heard: list[Event] = []
        solution = solve(model, SolveParams(gap=1e-9, listen=heard.append))
        assert solution.value == pytest.approx(value, rel=NEAR, abs=NEAR), seed
        assert solution.bound >= value - slack, seed
        bounds = [event.bound for event in heard if event.bound is not None]
        assert bounds == sorted(bounds, reverse=True), seed
        assert bounds[-1] >= value - slack, seed
        bests = [event.best for event in heard if event.best is not None]
        assert bests == sorted(bests), seed
        assert bests[-1] <= value + slack, seed


def test_the_sum_over_periods_bounds_them(known: list[Known]) -> None:
    several = [one for one in known if len(one[1].candidates.network.places.share) > 1]
    assert len(several) > 30
    for seed, model, value in several:
        inner = scaled(starts.aggregated(model).model)
        bound = -SolverSession(inner, mip_rel_gap=0.0).solve().bound * inner.money
        assert bound >= value - NEAR * max(1.0, abs(value)), seed


def test_what_does_not_pay_is_left_out(known: list[Known]) -> None:
    better = 0
    for seed, model, _ in known:
        problem = scaled(model)
        session = SolverSession(problem, relaxed=True)
        every = np.flatnonzero(model.integer)
        session.bound(every, np.ones(len(every)), np.ones(len(every)))
        answer = session.solve()
        if answer.x is None:
            continue
        whole = answer.x * problem.column
        spare = spared(model, problem, whole, SolveParams())
        assert model.cost @ spare >= model.cost @ whole - NEAR, seed
        assert set(spare[every]) <= {0.0, 1.0}, seed
        off = model.matrix @ spare
        slack = NEAR * np.maximum(1.0, np.abs(off))
        assert (off >= model.row_lower - slack).all(), seed
        assert (off <= model.row_upper + slack).all(), seed
        better += model.cost @ spare > model.cost @ whole + 1.0
    assert better > 20


def test_a_time_limit_counts_from_when_it_is_set(tmp_path: Path) -> None:
    network = network_of(random_dataset(1).dataset(tmp_path / "d"))
    session = SolverSession(scaled(build(candidates_of(network, everyone(network.places)))), relaxed=True)
    for _ in range(20_000):
        session.rebase(None)
        session.set(time_limit=0.25)
        assert session.solve().status is Status.OPTIMAL
        assert not session.timed
        if session.highs.getRunTime() > 0.3:
            break
    assert session.highs.getRunTime() > 0.3
    session.set(time_limit=0.0)
    session.rebase(None)
    session.solve()
    assert session.timed
