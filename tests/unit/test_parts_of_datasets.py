"""Parts of datasets: any subset of the enterprises is a dataset that can be frozen and matched."""

from __future__ import annotations

from pathlib import Path

import pytest
from roots import CASES, ROOT
from stores import NAMES, OPTIONS, PLANNER, begun

from synergy.dataset.read import read
from synergy.dataset.schema import HOLDERS, TABLES
from synergy.dataset.sheet import Dataset, subset
from synergy.options import Options
from synergy.round import run
from synergy.store import freezing, runs
from synergy.store.overlay import checked
from synergy.store.store import Store
from synergy.worker.work import Habits, work_once

FOLDERS = sorted(path.parent for path in CASES.glob("*/enterprises.csv"))
HELD = {  # tables whose rows have a holder, one of a firm that is left out among them
    "enterprises": "enterprise\nA\nB\nC\n",
    "sites": "site,enterprise\na,A\nb,B\nc,C\n",
    "commodities": "commodity,unit\nGAS,t\nLIQ,t\n",
    "offers": "offer,site,commodity,quantity\nOA,a,GAS,10\nOB,b,GAS,10\n",
    "needs": "need,site,commodity,quantity,price\nNB,b,GAS,5,3\nNC,c,LIQ,5,9\n",
    "markets": "market,commodity,side,price,site\nMA,GAS,buy,2,a\nMC,LIQ,sell,7,c\n",
    "stores": "store,site,commodity,capacity\nSA,a,GAS,4\nSC,c,LIQ,4\n",
    "processes": "process,opex\nP,1\n",
    "recipes": "process,commodity,coefficient\nP,GAS,-1\nP,LIQ,1\n",
    "facilities": "facility,site,process,capacity\nFA,a,P,5\nFB,b,P,5\n",
    "qualities": "holder,commodity,property,value\nOA,GAS,ash,1\nOB,GAS,ash,2\nMA,GAS,ash,1\nSA,GAS,ash,1\n",
    "limits": "holder,commodity,property,maximum\nNB,GAS,ash,2\nNC,LIQ,ash,9\nMC,LIQ,ash,3\nSC,LIQ,ash,3\n",
    "availability": "holder,period,factor\nFA,year,0.5\nFB,year,0.9\nC,year,0.9\nP,year,1\n",
}


def _whole(dataset: Dataset, members: set[str]) -> Dataset:
    """Return a part as it is read again; its holders are all there."""
    part = subset(dataset, members)
    for table, holders in HOLDERS.items():
        known = {ident for name in holders for ident in part[name][TABLES[name].key[0]]}
        assert set(part[table]["holder"]) <= known, (table, members)
    found, problems = checked(part)
    assert found is not None, (members, [one.line() for one in problems])
    return found


def _parts(dataset: Dataset) -> list[set[str]]:
    firms = {str(firm) for firm in dataset["enterprises"]["enterprise"]}
    return [firms - {firm} for firm in sorted(firms)] + [{firm} for firm in sorted(firms)]


def test_rows_of_every_table_that_names_a_holder_leave_with_it(tmp_path: Path) -> None:
    for table, text in HELD.items():
        (tmp_path / f"{table}.csv").write_text(text, "utf-8")
    dataset = read(tmp_path)
    for members in _parts(dataset):
        found = _whole(dataset, members)
        gone = {"a": "A", "b": "B", "c": "C"}
        for table in ("qualities", "limits", "availability"):
            for holder in found[table]["holder"]:
                firm = gone.get(str(holder)[-1].lower()) if len(str(holder)) > 1 else None
                assert firm is None or firm in members, (table, holder, members)


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_every_part_of_a_dataset_is_one(path: Path) -> None:
    dataset = read(path)
    for members in _parts(dataset)[:12]:
        _whole(dataset, members)


def test_each_enterprise_of_lvliang_may_stay_away_and_each_county_be_alone() -> None:
    dataset = read(ROOT / "datasets" / "lvliang")
    firms = set(dataset["enterprises"]["enterprise"])
    held = (
        set(dataset["availability"]["holder"]) | set(dataset["qualities"]["holder"]) | set(dataset["limits"]["holder"])
    )
    sites = dataset["sites"].set_index("site")["enterprise"]
    owners = {
        sites[site]
        for name in ("facilities", "offers", "needs", "stores")
        for ident, site in zip(dataset[name][TABLES[name].key[0]], dataset[name]["site"], strict=True)
        if ident in held
    } - {""}
    assert owners
    for firm in sorted(firms - owners)[::10] + sorted(owners)[::4]:
        _whole(dataset, firms - {firm})
    for county, rows in dataset["enterprises"].groupby("county"):
        _whole(dataset, set(rows["enterprise"]))
        assert county
    smallest = min(dataset["enterprises"].groupby("county"), key=lambda one: len(one[1]))
    part = _whole(dataset, set(smallest[1]["enterprise"]))
    assert run(part, Options(gap=0.01, settlement="none")).plan is not None


def test_a_round_without_one_of_its_firms_is_frozen_and_matched(store: Store) -> None:
    for absent in NAMES:
        members = tuple(name for name in NAMES if name != absent)
        ident = begun(store, members=members, options=OPTIONS | {"settlement": "none"})
        freezing.freeze(store, PLANNER, ident)
        runs.request_match(store, PLANNER, ident)
        done = work_once(store, Habits(apart=False))
        assert done is not None
        assert done.state == "done", absent
