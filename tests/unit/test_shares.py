"""What a proposal is worth: losses borne by partners, the plan without it, nothing built that is not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roots import TINY

from synergy.candidates.scope import everyone
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import problem
from synergy.model.solve import solve, trimmed
from synergy.model.solve_params import SolveParams
from synergy.network.places import places_of
from synergy.proposals.gains import borne
from synergy.round import run

AMOUNT = st.floats(-100, 100)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(AMOUNT, AMOUNT, st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_losses_are_borne_by_partners_and_nothing_is_lost(drawn: list[tuple[float, float, int, int]]) -> None:
    gain, marginal = (np.array(part, dtype=float) for part in list(zip(*drawn, strict=True))[:2])
    shared = borne(gain, marginal, [(str(one), str(other)) for _, _, one, other in drawn])
    assert shared.sum() == pytest.approx(gain.sum(), abs=1e-9)
    spared = (gain < 0) & (marginal <= 0)
    assert (shared[spared] == gain[spared]).all()  # what the plan is better without keeps its loss
    assert (shared[gain >= 0] >= -1e-9).all()
    assert (shared[gain < 0] >= gain[gain < 0] - 1e-9).all()


def test_a_chain_shares_what_it_earns() -> None:
    # the coal line costs 40 in its own books and the plan would lose 10 without it; its partner earns 100
    partners = [("A", "B"), ("B", "C"), ("C",)]
    gain = borne(np.array([-40.0, 100.0, 5.0]), np.array([10.0, 30.0, 5.0]), partners)
    assert gain == pytest.approx([10.0, 50.0, 5.0])


def _least_load(place: Path) -> Dataset:
    tables = {
        "enterprises": "enterprise\nA\nB",
        "sites": "site,enterprise\na,A\nb,B",
        "commodities": "commodity,unit\nx,t\ny,t",
        "offers": "offer,site,commodity,quantity,price\no,a,x,100,1",
        "processes": "process\np",
        "recipes": "process,commodity,coefficient\np,x,-1\np,y,1",
        "facilities": "facility,site,process,capacity,min_load\nf,b,p,100,0.5",
        "markets": "market,commodity,side,price,limit\ns,y,sell,5,\nm,x,buy,3,20",
        "links": "from_site,to_site,commodity,mode\na,b,x,road",
    }
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    return read(place)


def test_without_it_a_unit_below_its_least_load_is_off(tmp_path: Path) -> None:
    plan = run(_least_load(tmp_path)).plan
    assert plan is not None
    # alone B could buy 20, less than half a load: off; 100 a year over the exchange earn 4 each
    assert [one.marginal_gain for one in plan.proposals] == [pytest.approx(400.0)]
    assert plan.gain == pytest.approx(400.0)


def test_what_nothing_uses_is_not_built() -> None:
    dataset = read(TINY)
    model = problem(dataset, everyone(places_of(dataset)))
    solution = solve(model, SolveParams())
    assert solution.x is not None
    assert (trimmed(model, solution.x) == solution.x).all()
    idle = solution.x.copy()
    for name in ("flow", "run", "trade", "level"):
        idle[model.columns[name].span] = 0.0
    bare = trimmed(model, idle)
    for name in ("built", "size", "open"):
        assert solution.x[model.columns[name].span].any()
        assert not bare[model.columns[name].span].any()
