"""Units are a choice: amounts and money in others, however small or large, give the same plan and the same shares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from random_datasets import RandomDataset, random_dataset
from roots import TINY
from small_datasets import small

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.options import Options
from synergy.plan import Plan
from synergy.round import run
from synergy.verification.verify import verify

# powers of ten by which amounts and prices are multiplied
SCALES = [(0, 0), (-4, 0), (12, 0), (0, -6), (0, 9), (-4, -6), (12, 9), (-4, 9), (12, -6)]
AMOUNTS = {
    "offers": ("quantity",),
    "needs": ("quantity",),
    "processes": ("min_capacity", "max_capacity"),
    "sizes": ("min_capacity", "max_capacity"),
    "facilities": ("capacity",),
    "build_options": ("max_capacity",),
    "stores": ("capacity",),
    "markets": ("limit",),
    "transport": ("capacity",),
    "links": ("capacity",),
    "deals": ("quantity",),
}
PRICES = {
    "offers": ("price",),
    "needs": ("price",),
    "commodities": ("disposal_cost",),
    "processes": ("opex", "unit_capex"),
    "sizes": ("unit_capex",),
    "facilities": ("opex",),
    "stores": ("charge_cost", "hold_cost"),
    "markets": ("price",),
    "transport": ("cost_per_unit", "cost_per_unit_km"),
    "links": ("cost_per_unit",),
    "deals": ("price",),
}
MONEY = {
    "processes": ("fixed_capex",),
    "sizes": ("fixed_capex",),
    "transport": ("fixed_capex", "capex_per_km"),
    "links": ("fixed_capex",),
}


def _scaled(made: RandomDataset, amount: int, price: int) -> RandomDataset:
    """Return a dataset with amounts and prices multiplied by powers of ten."""
    tables = {name: frame.copy() for name, frame in made.tables.items()}
    for columns, power in ((AMOUNTS, amount), (PRICES, price), (MONEY, amount + price)):
        for table, names in columns.items():
            for name in names:
                if table in tables and name in tables[table]:
                    tables[table][name] = pd.to_numeric(tables[table][name]) * 10.0**power
    settings: dict[str, Any] = dict(made.settings)
    for name, power in (("carbon_price", price), ("co2_cap", amount), ("capex_budget", amount + price)):
        if name in settings:
            settings[name] *= 10.0**power
    settings["fix"] = [{**one, "quantity": one["quantity"] * 10.0**amount} for one in settings.get("fix", [])]
    return RandomDataset(tables, settings)


def _money(plan: Plan, amount: int, price: int) -> dict[str, float | None]:
    """Return what a plan says in money, in the unit before it was multiplied."""
    unit = 10.0 ** (amount + price)
    told = {"value": plan.value, "gain": plan.gain, "today": plan.today, "status_quo": plan.status_quo}
    told |= {f"alone {name}": value for name, value in (plan.standalone or {}).items()}
    told |= {f"payoff {name}": one["payoff"] for name, one in (plan.settlement or {"payoffs": {}})["payoffs"].items()}
    return {name: None if value is None else value / unit for name, value in told.items()}


def _same(found: dict[str, float | None], expected: dict[str, float | None], part: float) -> None:
    assert found.keys() == expected.keys()
    size = max(abs(value) for value in expected.values() if value is not None)
    for name, value in expected.items():
        assert (found[name] is None) == (value is None), name
        if value is not None:
            assert found[name] == pytest.approx(value, rel=0, abs=part * size), name


def _three(folder: Path, amount: int, price: int) -> Dataset:
    """Return two that sell X and two that buy it, over dear roads."""

    def q(value: float) -> str:
        return repr(value * 10.0**amount)

    def p(value: float) -> str:
        return repr(value * 10.0**price)

    tables = {
        "enterprises": "enterprise\nA\nB\nC",
        "sites": "site enterprise\na A\nb B\nc C",
        "commodities": "commodity unit\nX t",
        "offers": f"offer site commodity quantity price\nO1 a X {q(3)} {p(1)}\nO2 c X {q(2)} {p(2)}",
        "needs": f"need site commodity quantity price\nN1 b X {q(4)} {p(5)}\nN2 c X {q(1)} {p(4)}",
        "links": "from_site to_site commodity mode km cost_per_unit\n"
        f"a b X truck 1 {p(0.5)}\na c X truck 1 {p(0.25)}\nc b X truck 1 {p(0.25)}",
    }
    return small(folder, tables, discount_rate=0)


@pytest.mark.parametrize("method", ["core", "nucleolus", "shapley", "proportional", "owen", "standalone"])
@pytest.mark.parametrize(("amount", "price"), SCALES)
def test_every_rule_shares_alike_at_every_scale(amount: int, price: int, method: str, tmp_path: Path) -> None:
    plans = []
    for name, (many, dear) in {"plain": (0, 0), "scaled": (amount, price)}.items():
        dataset = _three(tmp_path / name, many, dear)
        plan = run(dataset, Options(gap=1e-9, settlement=method)).plan
        assert plan is not None
        assert [finding.line() for finding in verify(dataset, plan) if finding.refuses] == []
        plans.append(plan)
    # value: 3 from A and 1 from C to B, 1 within C; by hand
    assert _money(plans[0], 0, 0)["value"] == pytest.approx(3 * 3.5 + 2.75 + 2)
    _same(_money(plans[1], amount, price), _money(plans[0], 0, 0), 1e-6)


@pytest.mark.parametrize(("amount", "price"), [(-4, -6), (12, 9), (-4, 9), (12, -6)])
def test_random_datasets_are_planned_alike_at_every_scale(amount: int, price: int, tmp_path: Path) -> None:
    for seed in range(700, 703):
        made = random_dataset(seed)
        told = []
        for name, (many, dear) in {"plain": (0, 0), "scaled": (amount, price)}.items():
            dataset = _scaled(made, many, dear).dataset(tmp_path / f"{seed}-{name}")
            outcome = run(dataset, Options(gap=1e-9, settlement="standalone"))
            told.append(None if outcome.plan is None else _money(outcome.plan, many, dear))
        if told[0] is None or told[1] is None:
            assert told[0] == told[1], seed
        else:
            _same(told[1], told[0], 1e-5)


@pytest.mark.parametrize("quantity", ["0.001", "0.0001", "0.000001"])
def test_a_small_need_beside_large_ones_is_met_and_priced(quantity: str, tmp_path: Path) -> None:
    for path in TINY.glob("*.*"):
        text = path.read_text("utf-8")
        name = path.name
        (tmp_path / name).write_text(text.replace(",60000,", f",{quantity},") if name == "needs.csv" else text, "utf-8")
    plan = run(read(tmp_path), Options(settlement="core")).plan
    assert plan is not None
    flows = plan.decisions.flows
    came = flows.loc[flows["inlet_id"] == "GLASS-HEAT", "arrived"]
    assert came.sum() == pytest.approx(float(quantity))
    assert plan.settlement is not None
    priced = {(row["from"], row["to"], row["commodity"]) for row in plan.settlement["prices"]}
    moved = flows[flows["inlet_id"] == "GLASS-HEAT"]
    assert set(zip(moved["from_site"], moved["to_site"], moved["commodity"], strict=True)) <= priced


@pytest.mark.parametrize("limit", ["-", "1e12"])
@pytest.mark.parametrize("large", [1e6, 1e12])
@pytest.mark.parametrize("little", [1e-4, 1.0])
def test_a_little_through_what_could_take_much(little: float, large: float, limit: str, tmp_path: Path) -> None:
    tables = {
        "enterprises": "enterprise\nA\nB\nC",
        "sites": "site enterprise\na A\nb B\nc C",
        "commodities": "commodity unit disposal_cost\nX t 1\nY t -",
        "processes": "process opex\nP 1",
        "recipes": "process commodity coefficient\nP X -1\nP Y 0.5",
        "facilities": f"facility site process capacity\nF b P {large!r}",
        "offers": f"offer site commodity quantity price\nO1 a X {large!r} 1",
        "needs": "need site commodity quantity price\n"
        f"N1 c Y {little!r} 50\nN2 b X {little!r} 30\nN3 c X {little * 2!r} 30",
        "markets": f"market commodity side price limit\nM X buy 20 {limit}",
        "links": "from_site to_site commodity mode km cost_per_unit\n"
        "a b X truck 1 0.5\na c X truck 1 0.25\nb c Y truck 1 0.25",
    }
    plan = run(small(tmp_path / "d", tables, discount_rate=0), Options(gap=1e-9, settlement="core")).plan
    assert plan is not None
    # a unit of Y takes two of X and two of running: 50 - 0.25 - 2 * (1 + 0.5 + 1); X: 30 - 1.5 and 2 * (30 - 1.25)
    assert plan.value == pytest.approx(little * (44.75 + 28.5 + 57.5))
    assert len(plan.decisions.flows) == 4
    np.testing.assert_allclose(plan.decisions.runs["activity"], [2 * little])
