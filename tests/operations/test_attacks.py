"""What rivals find out about a cost: with the ladder at least a tenth of it stays hidden, whatever they try."""

from __future__ import annotations

import attacks
import numpy as np
import pytest
from stores import tiny

from synergy.store.datasets import dataset_of
from synergy.store.freezing import on_ladder, rungs
from synergy.store.rounds import STEP

COST = 317.31
ROUNDS = 8  # `python tests/tools/attacks.py --rounds 100` prints the figures of many


@pytest.mark.parametrize("name", attacks.ATTACKS)
def test_an_attack_leaves_a_tenth_of_the_cost(name: str) -> None:
    top = float(rungs(np.array([COST]), STEP, up=True)[0])
    low = float(rungs(np.array([COST]), STEP, up=False)[0]) * (1 + 1e-6)
    assert (top - low) / COST >= 0.1
    attack, looked = attacks.ATTACKS[name]
    log = []
    attack(lambda bids: log.append((bids, attacks.play(COST, STEP, bids))) or log[-1][1], ROUNDS)
    assert log
    for other in (low, (low + top) / 2, top):
        for bids, seen in log:
            again = attacks.play(other, STEP, bids)
            assert [again[one] for one in looked] == [seen[one] for one in looked]


def test_without_the_ladder_declaring_again_finds_the_cost() -> None:
    low, high = 0.0, 1000.0
    for _ in range(7):
        bid = (low + high) / 2
        low, high = (low, bid) if attacks.play(COST, 0.0, [bid])["quantity"] else (bid, high)
    assert low <= COST + 10 <= high  # 10 of transport
    assert (high - low) / COST < 0.1


def test_rungs_are_coarse_and_never_make_a_deal_look_better() -> None:
    values = np.exp(np.random.default_rng(1).normal(3, 4, 2000)) * np.random.default_rng(2).choice([-1, 1], 2000)
    for up in (True, False):
        found = rungs(values, STEP, up=up)
        slack = 1e-5 * np.abs(values)  # rungs have six figures
        assert ((found >= values - slack) if up else (found <= values + slack)).all()
        assert (np.abs(found / values - 1) <= STEP + 1e-4).all()
        np.testing.assert_array_equal(rungs(found, STEP, up=up), found)
    assert len(set(rungs(np.linspace(100, 200, 10_001), STEP, up=True))) <= 8
    np.testing.assert_array_equal(rungs(np.array([0.0, np.nan]), STEP, up=True), [0.0, np.nan])


def test_the_ladder_leaves_alone_what_is_public() -> None:
    base = dataset_of(tiny())
    coarse = on_ladder(base, STEP)
    changed = [name for name in base.tables if not base[name].equals(coarse[name])]
    assert set(changed) == {"needs", "facilities"}  # nobody in it asks a price for an offer
    public = base["offers"]["site"] == "RAILHEAD"
    assert (coarse["offers"].loc[public, "price"] == base["offers"].loc[public, "price"]).all()
    assert (coarse["facilities"]["opex"].dropna() > base["facilities"]["opex"].dropna()).all()
    assert on_ladder(base, 0.0) is base
