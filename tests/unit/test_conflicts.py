"""Conflicts name the rule of the round, the link, the offer or the market in the way, and how much it allows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_datasets import FEATURES, RandomDataset, random_dataset
from roots import CASES

from synergy.dataset.read import read
from synergy.engine import match
from synergy.errors import DatasetError
from synergy.options import Options

WORLD = {
    "enterprises": "enterprise\nA\nB\n",
    "sites": "site,enterprise,latitude,longitude\na,A,37,111\na2,A,37.02,111\nb,B,37.1,111.1\n",
    "commodities": "commodity,unit,phase,disposal_cost,disposal_co2\nx,t,solid,,\n",
    "offers": "offer,site,commodity,quantity\no,a,x,100\n",
    "needs": "need,site,commodity,quantity,required\nn,b,x,80,true\n",
    "links": "from_site,to_site,commodity,mode,capacity,fixed_capex\na,b,x,road,,\n",
}
NEED = ("need_required", "n", 80.0)
TABLES: dict[str, tuple[dict[str, str], dict[str, Any], set[tuple[str, str, float]]]] = {
    "link": (
        {"links": "from_site,to_site,commodity,mode,capacity\na,b,x,road,30\n"},
        {},
        {NEED, ("link", "a>b:road", 30.0)},
    ),
    "link of one period": (
        {
            "links": "from_site,to_site,commodity,mode,capacity\na,b,x,road,30\n",
            "periods": "period,hours\nsummer,4000\nwinter,4760\n",
            "needs": "need,site,commodity,period,quantity,required\nn,b,x,winter,50,true\n",
        },
        {},
        {("need_required", "n", 50.0), ("link", "a>b:road (winter)", 16.301369863)},
    ),
    "keep": (
        {"offers": "offer,site,commodity,quantity,keep\no,a,x,100,0.9\n"},
        {},
        {NEED, ("keep", "o", 10.0)},
    ),
    "quality": (
        {
            "qualities": "holder,commodity,property,value\no,x,ash,9\n",
            "limits": "holder,commodity,property,minimum,maximum\nn,x,ash,,5\n",
        },
        {},
        {NEED, ("quality_max", "n/ash", 5.0)},
    ),
    "market": (
        {
            "offers": "offer,site,commodity,quantity,must_clear\no,a,x,90,false\no2,a2,x,100,true\n",
            "needs": "need,site,commodity,quantity\nn,b,x,8\n",
            "markets": "market,commodity,side,price,limit\nm,x,sell,5,30\n",
        },
        {},
        {("offer_required", "o2", 100.0), ("market_take", "m@A", 30.0)},
    ),
    "budget": (
        {"links": "from_site,to_site,commodity,mode,capacity,fixed_capex\na,b,x,road,90,3000000\n"},
        {"capex_budget": 10},
        {NEED, ("capex_budget", "", 10.0), ("link_capex", "a>b:road", 3000000.0)},
    ),
    "carbon": (
        {
            "commodities": "commodity,unit,phase,disposal_cost,disposal_co2\nx,t,solid,1,2\n",
            "offers": "offer,site,commodity,quantity,must_clear\no,a,x,1200000,true\n",
            "needs": "need,site,commodity,quantity\nn,b,x,8\n",
        },
        {"co2_cap": 10},
        {("need", "n", 8.0), ("offer_required", "o", 1200000.0), ("co2_cap", "", 10.0)},
    ),
    "modes": (
        {},
        {"mode_share": [{"commodity": "x", "modes": ["rail", "pipe"], "minimum": 0.5}]},
        {NEED, ("mode_share", "rail+pipe", 0.5)},
    ),
    "fixed": (
        {},
        {"fix": [{"from_enterprise": "A", "to_site": "b", "commodity": "x", "quantity": 90}]},
        {("need", "n", 80.0), ("fix", "A>b", 90.0)},
    ),
    "fixed below a least load": (
        {
            "offers": "offer,site,commodity,quantity\n",
            "needs": "need,site,commodity,quantity\nn,b,x,8000\n",
            "processes": "process\np\n",
            "recipes": "process,commodity,coefficient\np,x,1\n",
            "facilities": "facility,site,process,capacity,min_load\nF,a,p,10000,0.3\n",
        },
        {"fix": [{"from_enterprise": "A", "to_site": "b", "commodity": "x", "quantity": 900}]},
        {("least_load", "F", 3000.0), ("fix", "A>b", 900.0)},
    ),
    "steps of scale": (
        {
            "offers": "offer,site,commodity,quantity\n",
            "processes": "process,buildable\np,true\n",
            "sizes": "process,size,min_capacity,max_capacity\np,small,10,50\np,large,60,70\n",
            "recipes": "process,commodity,coefficient\np,x,1\n",
            "build_options": "process,site\np,b\n",
        },
        {},
        {NEED, ("build", "p@b", 70.0)},
    ),
    "a staggered period": (
        {
            "periods": "period,hours\nsummer,4000\nwinter,4760\n",
            "offers": "offer,site,commodity,quantity\n",
            "needs": "need,site,commodity,period,quantity,required\nn,b,x,winter,50,true\n",
            "processes": "process\np\n",
            "recipes": "process,commodity,coefficient\np,x,1\n",
            "facilities": "facility,site,process,capacity\nF,a,p,876\n",
            "availability": "holder,period,factor\nF,winter,0\n",
        },
        {},
        {("need_required", "n", 50.0), ("facility", "F (winter)", 0.0)},
    ),
    "few partners": (
        {
            "enterprises": "enterprise\nA\nB\nC\n",
            "sites": "site,enterprise\na,A\nb,B\nc,C\n",
            "offers": "offer,site,commodity,quantity\no,a,x,60\no2,c,x,60\n",
            "links": "from_site,to_site,commodity,mode\na,b,x,road\nc,b,x,road\n",
        },
        {"max_partners": 1},
        {NEED, ("max_partners", "B", 1.0), ("offer", "o", 60.0), ("offer", "o2", 60.0)},
    ),
    "no new units": (
        {
            "offers": "offer,site,commodity,quantity\n",
            "processes": "process,buildable,max_capacity\np,true,90\n",
            "recipes": "process,commodity,coefficient\np,x,1\n",
        },
        {"allow_builds": False},
        {NEED, ("allow_builds", "", 0.0)},
    ),
    "forbidden by the tables": (
        {"links": "from_site,to_site,commodity,mode,forbidden\na,b,x,road,true\n"},
        {},
        {NEED, ("link_forbidden", "a>b:road", 0.0)},
    ),
    "a quality that nobody states": (
        {"limits": "holder,commodity,property,minimum,maximum\nn,x,ash,,5\n"},
        {},
        {NEED, ("quality_max", "n/ash", 5.0)},
    ),
}


def _diagnosis(folder: Path, tables: Mapping[str, str], settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    for table, content in {**WORLD, **tables}.items():
        (folder / f"{table}.csv").write_text(content, encoding="utf-8")
    (folder / "datapackage.json").write_text(json.dumps({"name": "small", "synergy": settings}), encoding="utf-8")
    outcome = match(read(folder))
    assert outcome.status == "infeasible"
    return outcome.diagnosis


@pytest.mark.parametrize("name", TABLES)
def test_what_stands_in_the_way_is_named_with_what_it_allows(name: str, tmp_path: Path) -> None:
    tables, settings, expected = TABLES[name]
    found = _diagnosis(tmp_path, tables, settings)
    assert {(cause["constraint"], cause["subject"], cause["amount"]) for cause in found} == expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "infeasible_least_load",
            {("need_required", "n", 800.0), ("least_load", "F1", 3000.0), ("facility", "F2", 700.0)},
        ),
        ("infeasible_budget", {("need_required", "n", 1.0), ("capex_budget", "", 60.0), ("fixed_capex", "p@c", 100.0)}),
        ("infeasible_greatest_size", {("need_required", "n", 90.0), ("build", "p@c", 50.0)}),
        ("infeasible_forbidden", {("need_required", "n", 20.0), ("forbid", "a>c", 0.0)}),
    ],
)
def test_conflicts_of_yes_or_no_decisions_are_named(case: str, expected: set[tuple[str, str, float]]) -> None:
    outcome = match(read(CASES / case))
    assert outcome.status == "infeasible"
    assert {(cause["constraint"], cause["subject"], cause["amount"]) for cause in outcome.diagnosis} == expected


def test_amounts_are_said_in_full(tmp_path: Path) -> None:
    said = [cause["text_en"] for cause in _diagnosis(tmp_path, *TABLES["carbon"][:2])]
    assert "offer o has to leave in full: 1,200,000 of x" in said
    assert "the CO2 cap of the round: at most 10 t a year" in said


def test_partners_are_named(tmp_path: Path) -> None:
    found = {(cause["constraint"], cause["subject"]) for cause in _diagnosis(tmp_path, {}, {"max_partners": 0})}
    assert ("need_required", "n") in found
    assert found & {("max_partners", "A"), ("max_partners", "B")}


MUCH = 1e5
RULES = ("fix", "mode_share", "forbid", "capex_budget", "co2_cap", "max_partners")


def _strained(seed: int) -> RandomDataset:
    """A random dataset of which half of all needs are required, and where no market delivers what is missing."""
    drawn, random = random_dataset(seed, FEATURES - {"periods"}), np.random.default_rng(seed)
    tables = {name: frame.copy() for name, frame in drawn.tables.items()}
    if "markets" in tables:
        tables["markets"] = tables["markets"][~tables["markets"]["market"].str.startswith("sure")]
    needs = tables["needs"]
    needs["required"] = ["true" if random.random() < 0.5 else None for _ in range(len(needs))]
    needs["quantity"] *= random.choice([0.5, 1, 3])
    return RandomDataset({name: frame for name, frame in tables.items() if len(frame)}, dict(drawn.settings))


def _alone(given: RandomDataset, causes: Sequence[Mapping[str, Any]]) -> RandomDataset:
    """The dataset that states nothing but some causes: all else may be as great or as small as it likes."""
    stated = {(one["constraint"], one["subject"].split("@")[0].split("/")[0]) for one in causes}
    kinds, names = {kind for kind, _ in stated}, {name for _, name in stated}
    tables = {table: frame.copy() for table, frame in given.tables.items()}

    def free(table: str, kind: str | tuple[str, ...], **values: Any) -> None:
        for at, row in tables[table].iterrows() if table in tables else ():
            said = {(one, str(row.iloc[0])) for one in ((kind,) if isinstance(kind, str) else kind)}
            for column, value in values.items():
                if column in row and not said & stated:
                    tables[table].loc[at, column] = value

    free("needs", ("need", "need_required"), quantity=MUCH)
    free("needs", "need_required", required=None)
    free("offers", ("offer", "offer_required", "keep"), quantity=MUCH)
    free("offers", "offer_required", must_clear=None)
    free("offers", "keep", keep=None)
    free("markets", ("market_give", "market_take"), limit=MUCH)
    free("facilities", ("facility", "facility_required", "least_load"), capacity=MUCH)
    free("facilities", ("facility_required", "least_load"), min_load=None, must_run=None)
    free("facilities", "facility_required", must_run=None)
    free("stores", "store", capacity=MUCH)
    for table in ("processes", "sizes"):
        free(table, ("build", "least_size"), max_capacity=MUCH, min_capacity=0.0)
    free("build_options", "build", max_capacity=None)
    for table in ("links", "transport"):
        if table in tables and "capacity" in tables[table] and "link" not in kinds:
            tables[table]["capacity"] = None
    if "links" in tables and "forbidden" in tables["links"] and "link_forbidden" not in kinds:
        tables["links"]["forbidden"] = None
    if "limits" in tables:
        limited = [name for kind, name in stated if kind.startswith("quality")]
        tables["limits"] = tables["limits"][tables["limits"]["holder"].isin(limited)]
    if "availability" in tables:
        hold = names | (set(given.tables["enterprises"]["enterprise"]) if "facility" in kinds else set())
        tables["availability"] = tables["availability"][tables["availability"]["holder"].isin(hold)]
    settings = {key: value for key, value in given.settings.items() if key not in RULES or key in kinds}
    settings["allow_builds"] = "allow_builds" not in kinds
    return RandomDataset({table: frame for table, frame in tables.items() if len(frame)}, settings)


def test_causes_conflict_together_and_without_any_one_there_is_a_plan(tmp_path: Path) -> None:
    sizes, families = [], set()
    for seed in range(60):
        given = _strained(seed)
        try:
            causes = match(given.dataset(tmp_path / f"{seed}"), Options(settlement="none")).diagnosis
        except DatasetError:
            continue
        # tables cannot state one of several rules of a kind, one build of a process or one trader of a market alone
        kinds = [(one["constraint"], one["subject"].split("@")[0] * (one["constraint"] not in RULES)) for one in causes]
        if not causes or len(set(kinds)) < len(kinds) or ("capex_budget", "") in kinds:
            continue
        for left in range(len(causes) + 1):
            some = [one for place, one in enumerate(causes) if place != left]
            found = match(_alone(given, some).dataset(tmp_path / f"{seed}-{left}"), Options(settlement="none"))
            assert found.status == ("optimal" if left < len(causes) else "infeasible"), (seed, left, causes)
        sizes.append(len(causes))
        families |= {one["constraint"] for one in causes}
    assert len(sizes) >= 25
    assert sum(size > 1 for size in sizes) >= 8
    assert len(families) >= 6
