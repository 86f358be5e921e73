"""Small worlds for explanations: in each, one thing keeps an exchange from A's site a to B's site b out of the plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.explanation.trial import Question

BASE = {
    "enterprises": "enterprise\nA\nB\nC\nD",
    "sites": "site,enterprise,latitude,longitude\na,A,37.0,111.0\nb,B,37.1,111.0\nc,C,37.0,111.1\nd,D,37.1,111.1",
    "commodities": "commodity,unit,phase,disposal_cost\nx,t,solid,\ny,t,solid,0\nz,t,solid,",
    "offers": "offer,site,commodity,quantity,price\no,a,x,100,1",
    "needs": "need,site,commodity,quantity,price\nn,b,x,100,5",
    "links": "from_site,to_site,commodity,mode,cost_per_unit\na,b,x,road,2",
}
MAKE = {
    "processes": "process,activity_unit,buildable,min_capacity,max_capacity,fixed_capex,unit_capex,lifetime_years\n"
    "make,t x,true,{least},200,{fixed},{unit},1",
    "recipes": "process,commodity,coefficient\nmake,x,-1\nmake,y,1",
    "build_options": "process,site\nmake,b",
    "markets": "market,commodity,side,price\nsell,y,sell,{price}",
    "needs": "need,site,commodity,quantity,price",
}


def _make(**figures: float) -> dict[str, str]:
    """Return a unit that may be built at b and works x up."""
    given = {"least": 0.0, "fixed": 0.0, "unit": 1.0, "price": 5.0} | figures
    return {table: text.format(**given) for table, text in MAKE.items()}


@dataclass(frozen=True, slots=True)
class World:
    """One world.

    Parameters
    ----------
    code : str
        Reason that keeps the exchange out.
    tables : mapping of str to str
        Tables that differ from `BASE`, as CSV; "" for none.
    settings : mapping
    enters : tuple of str
        Kinds of change that bring it in, among others.
    mode, period : str
        Of the question.
    number : float or None
        By how much, where it is known by hand.
    """

    code: str
    tables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    enters: tuple[str, ...] = ()
    mode: str = ""
    period: str = ""
    number: float | None = None

    def write(self, folder: Path) -> Path:
        """Write it as a dataset."""
        for name, text in {**BASE, **self.tables}.items():
            if text:
                (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
        policy = {"discount_rate": 0, **self.settings}
        (folder / "datapackage.json").write_text(json.dumps({"name": "world", "synergy": policy}), encoding="utf-8")
        return folder

    def dataset(self, folder: Path) -> Dataset:
        """Write it and read it."""
        return read(self.write(folder))

    @property
    def question(self) -> Question:
        """Return what is asked of it."""
        return Question("a", "b", "x", self.period, self.mode)


_HEAD = "from_site,to_site,commodity,mode"
_POOL = {
    "offers": "offer,site,commodity,quantity,price\no,a,x,20,0\np,c,x,20,0\nq,d,x,20,0",
    "links": f"{_HEAD},cost_per_unit\na,b,x,road,0\nc,b,x,road,0\nd,b,x,road,0",
}
_YEAR = {"transport": "mode,commodity,max_km,lifetime_years\npipe,x,0,1"}
_STORES = "store,site,commodity,capacity\ns,a,x,100\nt,b,x,100"
WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "no_outlet": World("no_outlet", {"offers": ""}, enters=("mend_no_outlet",)),
        "no_inlet": World("no_inlet", {"needs": ""}, enters=("price_paid", "subsidy")),
        "no_ends": World("no_ends", {"offers": "", "needs": ""}),
        "no_builds": World("no_builds", _make(), {"allow_builds": False}, ("mend_no_builds",)),
        "too_far": World(
            "too_far",
            {"links": "", "transport": "mode,commodity,max_km,cost_per_unit_km\nroad,x,10,0.1"},
            enters=("mend_too_far",),
            number=1.11949,  # a tenth of a degree of latitude is 11.1195 km
        ),
        "forbidden": World("forbidden", {}, {"forbid": [{"from_enterprise": "A"}]}, ("mend_forbidden",)),
        "forbidden_link": World(
            "forbidden", {"links": f"{_HEAD},cost_per_unit,forbidden\na,b,x,road,2,true"}, enters=("mend_forbidden",)
        ),
        "no_link": World("no_link", {"links": ""}, enters=("mend_no_link",)),
        "kinds": World("kinds", {"offers": "", "needs": "", "stores": _STORES}),
        "quality_unstated": World(
            "quality_unstated",
            {"limits": "holder,commodity,property,maximum\nn,x,ash,10"},
            enters=("mend_quality_unstated",),
        ),
        "nothing_to_send": World(
            "nothing_to_send",
            {
                "offers": "",
                "processes": "process\nbake",
                "recipes": "process,commodity,coefficient\nbake,z,-1\nbake,x,1",
                "facilities": "facility,site,process,capacity\nf,a,bake,100",
            },
        ),
        "nothing_to_take": World(
            "nothing_to_take",
            {
                "needs": "",
                "processes": "process\nbake",
                "recipes": "process,commodity,coefficient\nbake,z,-1\nbake,x,-1\nbake,y,1",
                "facilities": "facility,site,process,capacity\nf,b,bake,100",
            },
        ),
        "market": World(
            "market",
            {"markets": "market,commodity,side,price\nout,x,sell,4\nin,x,buy,4.5"},
            enters=("subsidy", "transport"),
            number=1.5,
        ),
        "larger_link": World(
            "larger_link",
            {"links": f"{_HEAD},cost_per_unit,fixed_capex\na,b,x,thin,1,50\na,b,x,thick,1,60"},
            mode="thick",
        ),
        "cost": World(
            "cost",
            {"needs": "need,site,commodity,quantity,price\nn,b,x,100,2.5"},
            enters=("subsidy", "transport", "price_paid", "price_asked"),
            number=0.5,
        ),
        "distance": World(
            "cost",
            {
                "needs": "need,site,commodity,quantity,price\nn,b,x,100,2",
                "links": "",
                "transport": "mode,commodity,max_km,cost_per_unit_km\nroad,x,100,0.1",
            },
            enters=("distance", "transport"),
            number=0.111949,
        ),
        "cost_open": World(
            "cost_open",
            {"links": f"{_HEAD},cost_per_unit,fixed_capex\na,b,x,pipe,4.5,30"} | _YEAR,
            enters=("subsidy", "transport", "price_paid"),
            number=0.8,  # half a unit short, and 30 over 100 units
        ),
        "tie": World("tie", {"needs": "need,site,commodity,quantity,price\nn,b,x,100,3"}, enters=("subsidy",)),
        "several": World(
            "several",
            {
                "links": f"{_HEAD},cost_per_unit,fixed_capex,km\na,b,x,pipe,0,50,10",
                "transport": "mode,commodity,max_km,co2_per_unit_km,lifetime_years\npipe,x,5,1,1",
            },
            {"capex_budget": 0, "co2_cap": 0},
        ),
        "quality": World(
            "quality",
            {
                "limits": "holder,commodity,property,maximum\nn,x,ash,10",
                "qualities": "holder,commodity,property,value\no,x,ash,12",
            },
            enters=("quality",),
            number=2.0,
        ),
        "keep": World("keep", {"offers": "offer,site,commodity,quantity,price,keep\no,a,x,100,1,1"}, enters=("keep",)),
        "max_partners": World(
            "max_partners",
            {
                "offers": "offer,site,commodity,quantity,price\no,a,x,300,1",
                "needs": "need,site,commodity,quantity,price\nn,b,x,100,5\nm,c,x,150,5",
                "links": f"{_HEAD},cost_per_unit\na,b,x,road,2\na,c,x,road,2",
            },
            {"max_partners": 1},
            ("partners",),
            number=1.0,
        ),
        "capex_budget": World(
            "capex_budget",
            {"links": f"{_HEAD},cost_per_unit,fixed_capex\na,b,x,pipe,1,150"} | _YEAR,
            {"capex_budget": 100},
            ("budget",),
            number=50.0,
        ),
        "co2_cap": World(
            "co2_cap",
            {
                "links": f"{_HEAD},cost_per_unit,km\na,b,x,road,1,10",
                "transport": "mode,commodity,max_km,co2_per_unit_km\nroad,x,5,0.1",
            },
            {"co2_cap": 0},
            ("cap",),
        ),
        "mode_share": World(
            "mode_share",
            {"links": f"{_HEAD},cost_per_unit\na,b,x,road,1\na,b,x,rail,3"},
            {"mode_share": [{"commodity": "x", "modes": ["rail"], "minimum": 1.0}]},
            ("without_mode_share",),
            mode="road",
        ),
        "fix": World(
            "fix", {}, {"fix": [{"from_site": "a", "to_site": "b", "commodity": "x", "quantity": 0}]}, ("without_fix",)
        ),
        "least_load": World(
            "least_load",
            {
                "offers": "offer,site,commodity,quantity,price\no,a,x,40,1",
                "needs": "",
                "processes": "process,activity_unit\nbake,t x",
                "recipes": "process,commodity,coefficient\nbake,x,-1\nbake,y,1",
                "facilities": "facility,site,process,capacity,min_load\nf,b,bake,100,0.6",
                "markets": "market,commodity,side,price\nsell,y,sell,9",
            },
            enters=("feedstock", "without_least_load"),
        ),
        "min_scale": World(
            "min_scale",
            _make(least=50, price=4.5) | {"offers": "offer,site,commodity,quantity,price\no,a,x,20,1"},
            enters=("feedstock", "without_min_scale"),
        ),
        "build_cost": World("build_cost", _make(least=50, fixed=100, unit=0, price=1.0) | _POOL, enters=("grant",)),
        "capex": World(
            "capex",
            {"links": f"{_HEAD},cost_per_unit,fixed_capex\na,b,x,pipe,1,400"} | _YEAR,
            enters=("grant",),
            number=100.0,
        ),
        "supply_exhausted": World(
            "supply_exhausted",
            {
                "needs": "need,site,commodity,quantity,price\nn,b,x,100,5\nm,c,x,150,9",
                "links": f"{_HEAD},cost_per_unit\na,b,x,road,2\na,c,x,road,2",
            },
            enters=("supply", "subsidy"),
            number=50.0,
        ),
        "need_met": World(
            "need_met",
            {
                "offers": "offer,site,commodity,quantity,price\no,a,x,100,1\np,c,x,150,0",
                "links": f"{_HEAD},cost_per_unit\na,b,x,road,2\nc,b,x,road,2",
            },
            enters=("need", "subsidy"),
            number=50.0,
        ),
    }
)
