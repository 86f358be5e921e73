"""Pathways: hand-computed margins, loops, depth, aids; the Lvliang catalogue read as people would."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from pathlib import Path

import pandas as pd
import pytest
from roots import ROOT
from small_datasets import small

from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset, yearly
from synergy.errors import UsageError
from synergy.graph.pathways import Pathway, Pathways, pathways, pathways_record

TINY = ROOT / "datasets" / "tiny"
ANNUITY_20 = 0.08 / (1 - 1.08**-20)
ANNUITY_18 = 0.08 / (1 - 1.08**-18)


@pytest.fixture(scope="module")
def tiny() -> Dataset:
    return read(TINY)


@pytest.fixture(scope="module")
def lvliang() -> Dataset:
    return yearly(read(ROOT / "datasets" / "lvliang"))


def _changed(dataset: Dataset, **tables: pd.DataFrame) -> Dataset:
    return replace(dataset, tables={**dataset.tables, **tables})


def _chain(found: Pathways, *processes: str) -> Pathway:
    return next(one for one in found.chains if tuple(process for process, _ in one.chain) == processes)


def test_margin_of_tar_by_hand(tiny: Dataset) -> None:
    found = pathways(tiny, "TAR")
    [one] = found.chains
    assert found.held == {"EAST": 1_500_000 * 0.046, "WEST": 1_000_000 * 0.046}
    # two firms may sell 60 kt each at the gate, so the last of 115 kt still fetches 3150
    assert found.worth == (3150.0, 3150.0, 3150.0)
    there = 115_000.0
    capex = 72_300_000 + 1430 * there
    sold = 80_000 * 4250 + (0.95 * there - 80_000) * 4050
    # gas has no market: today's one deal pays 600
    by_hand = (sold - 0.06 * there * 600 - 190 * there - ANNUITY_20 * capex) / there - 3150
    assert one.best.quantity == there
    assert one.margins == pytest.approx((by_hand,) * 3)
    assert one.best.capex == pytest.approx(capex)
    assert (one.least, one.lacking, one.firms) == (60_000.0, 0.0, 1)


def test_each_step_of_scale_is_looked_at(tiny: Dataset) -> None:
    one = _chain(pathways(tiny, "COG"), "COG_LNG")
    by_quantity = {scale.quantity: scale for scale in one.scales}
    assert set(by_quantity) >= {150_000.0, 400_000.0}
    capex = (192_300_000 + 719.3 * 400_000) * 0.95  # the cheapest place
    medium = (98_600_000 + 953.5 * 400_000) * 0.95
    assert by_quantity[400_000.0].capex == pytest.approx(min(capex, medium))
    assert by_quantity[150_000.0].capex == pytest.approx((98_600_000 + 953.5 * 150_000) * 0.95)
    lng = 0.268 * 150_000
    by_hand = (lng * 4400 - 0.33 * 150_000 * 560 - 170 * 150_000) / 150_000
    by_hand -= ANNUITY_18 * by_quantity[150_000.0].capex / 150_000 + 600
    assert float(by_quantity[150_000.0].margin[1]) == pytest.approx(by_hand)


def test_prices_move_together_between_their_ends(tiny: Dataset) -> None:
    markets = tiny["markets"]
    product = markets["commodity"] == "TAR_PRODUCTS"
    markets = markets.assign(price_low=(markets["price"] - 100).where(product))
    markets = markets.assign(price_high=(markets["price"] + 200).where(product))
    low, middle, high = _chain(pathways(_changed(tiny, markets=markets), "TAR"), "TAR_DIST").margins
    assert (middle - low, high - middle) == pytest.approx((95.0, 190.0))


def test_a_mere_aid_is_told_apart(tiny: Dataset) -> None:
    found = pathways(tiny, "COG")
    assert found.aids == ("TAR_DIST",)
    assert {one.chain[0][0] for one in found.chains} == {"COG_LNG", "CALCINE_COG"}
    assert {one.chain[0][0] for one in pathways(tiny, "COG", least_share=0.005).chains} > {"TAR_DIST"}


def test_depth_and_recycles_end_a_chain(tiny: Dataset) -> None:
    assert {len(one.chain) for one in pathways(tiny, "COAL", depth=1).chains} == {1}
    recipes = pd.concat(
        [
            tiny["recipes"],
            pd.DataFrame({"process": "LOOP", "commodity": ["TAR_PRODUCTS", "TAR"], "coefficient": [-1.0, 0.9]}),
        ],
        ignore_index=True,
    )
    process = tiny["processes"].iloc[[0]].assign(process="LOOP", buildable=True, opex=1.0, unit_capex=1.0)
    processes = pd.concat([tiny["processes"], process.assign(fixed_capex=0.0, min_capacity=0.0)], ignore_index=True)
    options = pd.concat(
        [tiny["build_options"], tiny["build_options"].iloc[[0]].assign(process="LOOP")], ignore_index=True
    )
    looped = _changed(tiny, recipes=recipes, processes=processes, build_options=options)
    found = pathways(looped, "TAR", depth=9)
    assert sorted(len(one.chain) for one in found.chains) == [1, 2]
    assert [one.loop for one in found.chains if len(one.chain) == 2] == [True]


def test_a_start_that_is_taken_again_is_given_up_again(tmp_path: Path) -> None:
    tables = {
        "enterprises": "enterprise\nA",
        "sites": "site enterprise\na A",
        "commodities": "commodity unit\nX t\nY t\nZ t",
        "offers": "offer site commodity quantity\nOX a X 100",
        "processes": "process opex\nMAKE 1\nFINISH 2",
        "recipes": "process commodity coefficient\nMAKE X -1\nMAKE Y 1\nFINISH Y -1\nFINISH X -0.5\nFINISH Z 1",
        "facilities": "facility site process capacity\nF1 a MAKE 50\nF2 a FINISH 50",
        "markets": "market commodity side price\nMX X sell 4\nMZ Z sell 30",
    }
    one = _chain(pathways(small(tmp_path / "again", tables), "X"), "MAKE", "FINISH")
    assert one.line.amounts == {"X": -0.5, "Z": 1.0}
    assert one.margins == pytest.approx((30 - 1 - 2 - 0.5 * 4 - 4,) * 3)


def test_what_is_missing_is_said(tiny: Dataset) -> None:
    facilities = tiny["facilities"]
    small = facilities.assign(capacity=facilities["capacity"].where(facilities["process"] != "OVEN", 250_000.0))
    one = _chain(pathways(_changed(tiny, facilities=small), "TAR"), "TAR_DIST")
    assert (one.lacking, one.firms) == (pytest.approx(60_000 - 23_000), None)
    assert not one.whole


def test_what_is_worth_nothing_is_not_less_than_nothing(tmp_path: Path) -> None:
    tables = {
        "enterprises": "enterprise\nA",
        "sites": "site enterprise\na A",
        "commodities": "commodity unit\nX t",
        "offers": "offer site commodity quantity\nO a X 10",
        "needs": "need site commodity quantity price\nN a X 5 3",
    }
    worth = pathways(small(tmp_path / "d", tables), "X").worth
    assert [str(one) for one in worth] == ["0.0"] * 3


def test_unknown_commodity(tiny: Dataset) -> None:
    with pytest.raises(UsageError, match="NECTAR"):
        pathways(tiny, "NECTAR")


def test_tar_of_lvliang(lvliang: Dataset) -> None:
    found = pathways(lvliang, "TAR")
    ended = [one for one in found.chains if one.ends]
    assert {one.chain[0] for one in found.chains} == {("TAR_DIST", "TAR")}
    assert {one.chain[-1][0] for one in ended} >= {"TAR_DIST", "NEEDLE", "CARBON_BLACK", "PHTHALIC"}
    needle = _chain(found, "TAR_DIST", "NEEDLE", "CARBON_BLACK")
    assert [taken for _, taken in needle.chain] == ["TAR", "PITCH", "ANTHRACENE_OIL"]
    assert needle.margins[2] > needle.margins[1]  # needle coke pays at high prices
    assert {unit.owner for unit in needle.line.technologies[0].facilities} >= {"HONGTE"}
    assert max(one.margins[1] for one in ended) < 3000  # nothing earns more than the tar itself


def test_gas_and_benzol_of_lvliang(lvliang: Dataset) -> None:
    gas = pathways(lvliang, "COG")
    assert {"COG_LNG", "COG_METHANOL", "COG_CRYO_NH3", "ALUMINA_CALC"} <= {one.chain[0][0] for one in gas.chains}
    assert {"TAR_DIST", "COKE_STAMP_CDQ"} <= set(gas.aids)
    assert _chain(gas, "COG_LNG", "RETURN_LNG").loop
    assert not any("CARBON_BLACK" in dict(one.chain) for one in gas.chains)  # fuel of it alone
    benzol = pathways(lvliang, "BENZOL")
    assert [process for process, _ in benzol.chains[0].chain] == ["BENZOL_HYDRO"]
    caprolactam = _chain(benzol, "BENZOL_HYDRO", "CAPROLACTAM")
    assert "H2" in caprolactam.best.short
    assert benzol.bought < inf


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_command(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["pathways", str(TINY), "--commodity", "COAL"]
    assert run([*words, "--lang", lang], Talk(lang)) == 0
    printed = capsys.readouterr().out
    assert ("焦炉煤气" if lang == "zh" else "Coke oven gas →") in printed
    assert run([*words, "--json"], Talk(lang)) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["bought"] is None
    assert [one["rank"] for one in record["chains"]] == list(range(1, len(record["chains"]) + 1))
    assert run(["pathways", str(TINY)], Talk(lang)) == 2
    assert run(["pathways", str(TINY), "--commodity", "NECTAR"], Talk(lang)) == 2


def test_record_holds_every_figure(tiny: Dataset) -> None:
    found = pathways(tiny, "TAR")
    [chain] = pathways_record(tiny, found)["chains"]
    assert chain["title_en"] == "Coal tar → Tar distillation → Pitch and tar oils"
    assert chain["title_zh"] == "煤焦油 → 煤焦油蒸馏 → 沥青和焦油油品"
    assert chain["steps"][0]["policy_min"] == 60_000
    assert [scale["quantity"] for scale in chain["scales"]] == [60_000.0, 115_000.0]
