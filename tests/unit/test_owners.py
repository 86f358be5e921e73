"""What each enterprise collects sums to the value, and is its own value where it is alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_datasets import random_dataset
from roots import TINY

from synergy import literal
from synergy.accounts.ledger import value
from synergy.accounts.owners import collected, partnerships
from synergy.dataset.read import read
from synergy.engine import match
from synergy.options import Options


@pytest.mark.parametrize("seed", range(0, 25, 2))
def test_accounts_sum_to_the_value(seed: int, tmp_path: Path) -> None:
    dataset = random_dataset(seed).dataset(tmp_path / "d")
    solution = literal.solve(literal.build(dataset))
    if solution.status != "optimal":
        assert match(dataset, Options(settlement="none")).status == solution.status
        return
    plan = match(dataset, Options(settlement="none", time_limit=20)).plan
    assert plan is not None
    own = collected(dataset, plan.decisions)
    assert own.sum() == pytest.approx(value(dataset, plan.decisions), rel=1e-9, abs=1e-6)
    pairs = partnerships(dataset, plan.decisions)
    assert (pairs["seller"] != pairs["buyer"]).all()
    assert not pairs.duplicated(["from_site", "to_site", "commodity"]).any()


def test_who_does_without_the_others_collects_what_it_is_worth_alone(tmp_path: Path) -> None:
    checked = 0
    for seed in (1, 5, 6, 27, 28):
        dataset = random_dataset(seed).dataset(tmp_path / f"d{seed}")
        outcome = match(dataset, Options(settlement="standalone", time_limit=20))
        if outcome.plan is None or outcome.plan.standalone is None or (dataset["sites"]["enterprise"] == "").any():
            continue
        for name, decisions in outcome.standalone.items():
            own = collected(dataset, decisions)
            assert own[name] == pytest.approx(outcome.plan.standalone[name], rel=1e-6, abs=1e-6)
            assert own.drop(name).abs().max() == pytest.approx(0)
            checked += 1
    assert checked > 3


def test_partnerships_of_the_tiny_region() -> None:
    dataset = read(TINY)
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    pairs = partnerships(dataset, plan.decisions)
    owner = pd.Series(dataset["sites"]["enterprise"].to_numpy(), index=dataset["sites"]["site"].to_numpy())
    flows = plan.decisions.flows
    crossing = flows["from_site"].map(owner) != flows["to_site"].map(owner)
    public = (flows["from_site"].map(owner) == "") | (flows["to_site"].map(owner) == "")
    assert pairs["quantity"].sum() == pytest.approx(flows.loc[crossing & ~public, "quantity"].sum())
    assert len(pairs) > 0
    assert (np.asarray(pairs["freight"]) >= 0).all()
