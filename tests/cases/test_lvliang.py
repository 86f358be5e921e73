"""The Lvliang dataset: made again identically, calibrated, closed in its balances, alive in every scenario."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from roots import ROOT
from synergy.datasets.lvliang.make import sources
from synergy.datasets.lvliang.make.__main__ import make

from synergy.candidates.scope import coalition
from synergy.dataset.read import read
from synergy.dataset.settings import load_scenario
from synergy.dataset.sheet import Dataset, subset, yearly
from synergy.engine import problem
from synergy.model.solve import solve
from synergy.model.solve_params import SolveParams

FOLDER = ROOT / "datasets" / "lvliang"
SCENARIOS = sorted((FOLDER / "scenarios").glob("*.toml"))
NEAR = 0.05


@pytest.fixture(scope="module")
def lvliang() -> Dataset:
    return read(FOLDER)


def test_it_is_made_again_identically(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "synergy.datasets.lvliang.make", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert made
    assert [name for name in made if (tmp_path / name).read_bytes() != (FOLDER / name).read_bytes()] == []
    tables = {path.name for path in FOLDER.glob("*.csv")} | {"datapackage.json"}
    assert tables <= {str(name) for name in made}


@pytest.mark.parametrize(
    ("table", "column", "value", "fault"),
    [
        ("process_recipe", "process", "WASHH", "'WASHH' is in no row of processes.csv or own_processes.csv"),
        ("process_recipe", "commodity", "COAL", "'COAL' is in no row of commodities.csv or own_commodities.csv"),
        ("process_recipe", "role", "outputs", "role 'outputs' is none of input"),
        ("process_recipe", "coefficient", "1,5", "'1,5' is no number"),
        ("build_rules", "process", "GLASS_COG", "'GLASS_COG' is in no row of scale_steps.csv"),
        ("units", "site", "NOWHERE", "'NOWHERE' is in no row of sites.csv or places.csv"),
        ("existing_links", "mode", "canal", "'canal' is in no row of modes.csv"),
        ("market_steps", "places", "XIAOYI-PORT", "'XIAOYI-PORT' is in no row of sites.csv or places.csv"),
    ],
)
def test_a_cell_of_the_sources_that_cannot_be_followed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str, column: str, value: str, fault: str
) -> None:
    shutil.copytree(FOLDER / "sources", tmp_path / "sources")
    path = tmp_path / "sources" / f"{table}.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows.loc[1, column] = value
    rows.to_csv(path, index=False)
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    sources.table.cache_clear()
    try:
        with pytest.raises(ValueError, match=f"sources/{table}.csv, row 3: .*{re.escape(fault)}"):
            make(tmp_path / "out")
    finally:
        sources.table.cache_clear()
    assert not (tmp_path / "out").exists()


def test_a_good_with_a_market_at_a_place_needs_a_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(FOLDER / "sources", tmp_path / "sources")
    path = tmp_path / "sources" / "modes.csv"
    modes = pd.read_csv(path, dtype=str, keep_default_na=False)
    modes[~modes["commodities"].str.contains("COKE")].to_csv(path, index=False)
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    sources.table.cache_clear()
    try:
        assert any("no mode carries COKE to" in fault for fault in sources.faults())
    finally:
        sources.table.cache_clear()


def test_members_and_their_evidence(lvliang: Dataset) -> None:
    enterprises = lvliang["enterprises"]
    assert 45 <= len(enterprises) <= 60
    assert set(enterprises["evidence"]) == {"public", "estimate", "synthetic"}
    assert (lvliang["sites"].groupby("enterprise")["site"].count().drop("") > 1).any()
    assert len(lvliang["periods"]) == 12
    assert lvliang["periods"]["hours"].sum() == 8760


def _per_ton(lvliang: Dataset) -> dict[str, float]:
    """Return what a ton of full coke gives on average of the ovens' capacity, its gas purified."""
    facilities, recipes = lvliang["facilities"], lvliang["recipes"]
    ovens = facilities[facilities["process"].str.startswith("COKE_")]
    weight = ovens.groupby("process")["capacity"].sum() / ovens["capacity"].sum()
    rows = recipes[recipes["process"].isin(weight.index)]
    mix = (rows["coefficient"] * rows["process"].map(weight)).groupby(rows["commodity"]).sum()
    purify = recipes[recipes["process"] == "COG_PURIFY"].set_index("commodity")["coefficient"]
    return {
        "COG": mix["COG_RAW"] * purify["COG"] + mix["COG"],
        "BENZOL": mix["COG_RAW"] * purify["BENZOL"],
        "TAR": mix["TAR"],
    }


def _rights(lvliang: Dataset) -> pd.Series:
    offers, sites = lvliang["offers"], lvliang["sites"].set_index("site")["enterprise"]
    rights = offers[offers["commodity"] == "COKE_RIGHT"]
    public = rights["site"].map(sites) == ""
    return rights.groupby(public)["quantity"].sum()


def test_output_and_pool(lvliang: Dataset) -> None:
    rights = _rights(lvliang)
    assert rights[False] == pytest.approx(27e6, rel=NEAR)
    assert rights[True] == pytest.approx(9e6, rel=NEAR)
    facilities = lvliang["facilities"]
    assert facilities.loc[facilities["process"].str.startswith("COKE_"), "capacity"].sum() == pytest.approx(
        36e6, rel=NEAR
    )


@pytest.mark.parametrize(("commodity", "amount"), [("COG", 6.4e6), ("TAR", 1.24e6), ("BENZOL", 0.35e6)])
def test_by_products_of_that_output(lvliang: Dataset, commodity: str, amount: float) -> None:
    assert _per_ton(lvliang)[commodity] * _rights(lvliang)[False] == pytest.approx(amount, rel=NEAR)


def _balance(column: str) -> pd.DataFrame:
    sources = FOLDER / "sources"
    recipe = pd.read_csv(sources / "process_recipe.csv")
    goods = pd.read_csv(sources / "commodities.csv").set_index("code")[column].fillna(0.0)
    amount = recipe["coefficient"] * recipe["commodity"].map(goods)
    taken = recipe["role"].isin(["input", "utility"])
    frame = pd.DataFrame(
        {"process": recipe["process"], "into": amount.where(taken, 0.0), "out": amount.where(~taken, 0.0)}
    )
    return frame.groupby("process").sum()


@pytest.mark.parametrize(("check", "column"), [("mass", "mass_t_per_unit"), ("carbon", "carbon_t_per_unit")])
def test_source_recipes_close(check: str, column: str) -> None:
    checks = pd.read_csv(FOLDER / "sources" / "processes.csv").set_index("code")["balance_check"]
    named = checks[checks.str.split("+").map(lambda parts: check in parts)].index
    balance = _balance(column).loc[named]
    balance = balance[balance["into"] > 1e-3]
    assert len(balance) > 20
    assert ((balance["into"] - balance["out"]).abs() <= NEAR * balance["into"]).all()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenarios_can_be_read(path: Path) -> None:
    assert read(FOLDER, load_scenario(path)).scenario.name


def test_every_member_has_a_plan_alone(lvliang: Dataset) -> None:
    year = yearly(lvliang)
    enterprises = year["enterprises"]["enterprise"]
    stuck = []
    for index, enterprise in enumerate(enterprises):
        members = np.arange(len(enterprises)) == index
        model = problem(subset(year, {enterprise}), coalition(members))
        if solve(model, SolveParams(gap=0.05, time_limit=20)).x is None:
            stuck.append(enterprise)
    assert stuck == []
