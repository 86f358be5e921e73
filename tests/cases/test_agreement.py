"""Two independent formulations agree on 200 small random datasets, in every problem of the model contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from random_datasets import random_dataset

from synergy import literal
from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.literal import Variant
from synergy.model.build import build
from synergy.model.solve import solve
from synergy.model.solve_params import SolveParams
from synergy.network.network import network_of
from synergy.options import Options
from synergy.round import run

CHUNK = 20
NEAR = 1e-5


def _value(dataset: Dataset, variant: Variant = Variant.ROUND, members: set[str] | None = None) -> float | None:
    solution = literal.solve(literal.build(dataset, members=members, variant=variant))
    return solution.value if solution.status == "optimal" else None


def _near(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=NEAR, abs=NEAR)


@pytest.mark.parametrize("start", range(0, 200, CHUNK))
def test_engine_and_literal_model_agree(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + CHUNK):
        dataset = random_dataset(seed).dataset(tmp_path / str(seed))
        outcome = run(dataset, Options(gap=1e-9, settlement="standalone" if seed % 3 == 0 else "none")).outcome
        plan = outcome.plan
        expected = _value(dataset)
        assert (plan.value if plan else None) == _near(expected), seed
        if plan is None:
            assert outcome.status == "infeasible", seed
            continue
        if plan.standalone is not None:
            alone = {name: _near(_value(dataset, members={name})) for name in plan.standalone}
            assert plan.standalone == alone, seed
            assert plan.today == _near(_value(dataset, Variant.TODAY)), seed


@pytest.mark.parametrize("start", range(0, 60, CHUNK))
def test_pruning_never_changes_the_optimum(start: int, tmp_path: Path) -> None:
    for seed in range(start, start + CHUNK):
        dataset = random_dataset(seed).dataset(tmp_path / str(seed))
        network = network_of(dataset)
        whole, params = everyone(network.places), SolveParams(gap=1e-9)
        pruned = solve(build(candidates_of(network, whole)), params)
        kept = solve(build(candidates_of(network, whole, prune=False)), params)
        stated = solve(build(candidates_of(network, whole, prune=False, tight=False)), params)
        assert pruned.status == kept.status == stated.status, seed
        if pruned.x is not None:
            assert pruned.value == _near(kept.value), seed
            assert pruned.value == _near(stated.value), seed
