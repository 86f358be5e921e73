"""Leaving out columns that held decisions close changes no value."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from random_datasets import random_dataset
from scipy import sparse

from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import everyone
from synergy.model.build import build
from synergy.model.highs import SolverSession
from synergy.model.scaling import narrowed, open_columns, scaled
from synergy.network.network import network_of


def test_the_best_rest_is_the_same(tmp_path: Path) -> None:
    fewer = 0
    for seed in range(60):
        network = network_of(random_dataset(seed).dataset(tmp_path / str(seed)))
        problem = scaled(build(candidates_of(network, everyone(network.places))))
        whole = SolverSession(problem).solve().x
        if whole is None or not problem.integer.any():
            continue
        held = np.round(whole)
        fixed = replace(
            problem,
            lower=np.where(problem.integer, held, problem.lower),
            upper=np.where(problem.integer, held, problem.upper),
        )
        columns = open_columns(fixed)
        small, _ = narrowed(fixed, columns)
        assert SolverSession(small).solve().value == pytest.approx(
            SolverSession(fixed).solve().value, rel=1e-7, abs=1e-7
        ), seed
        fewer += len(columns) < len(problem.cost)
    assert fewer > 20


def test_rows_without_entries_do_not_matter(tmp_path: Path) -> None:
    network = network_of(random_dataset(0).dataset(tmp_path / "d"))
    problem = scaled(build(candidates_of(network, everyone(network.places))))
    more = problem.matrix.nnz + 1  # more rows than entries
    empty = sparse.csr_array((more, len(problem.cost)))
    padded = replace(
        problem,
        matrix=sparse.csr_array(sparse.vstack([problem.matrix, empty])),
        row_lower=np.append(problem.row_lower, np.full(more, -np.inf)),
        row_upper=np.append(problem.row_upper, np.zeros(more)),
        row=np.append(problem.row, np.ones(more)),
    )
    assert open_columns(padded).tolist() == open_columns(problem).tolist()
    assert (
        narrowed(padded, open_columns(padded))[0].matrix.shape
        == narrowed(problem, open_columns(problem))[0].matrix.shape
    )
