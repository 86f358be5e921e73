"""A small world for the tests of proposals: tables as text, decisions as short tuples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from synergy.accounts.ledger import value
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.plan import (
    BUILD_COLUMNS,
    FLOW_COLUMNS,
    FLOW_ENDS,
    LEVEL_COLUMNS,
    LINK_COLUMNS,
    RUN_COLUMNS,
    Decisions,
    Plan,
)

# a coke maker with two sites and a second one, a glass works that buys gas, an alumina works, a public place
TABLES = {
    "enterprises": """enterprise,name_en,name_zh,evidence
OVEN,Oven Works,焦化厂,public
COKE,Coke Works,炼焦厂,estimate
GLASS,Glass Works,玻璃厂,synthetic
ALU,Alumina Works,氧化铝厂,""",
    "sites": """site,enterprise,name_en,name_zh,latitude,longitude
O1,OVEN,Oven main,焦化主厂,37.10,111.70
O2,OVEN,Oven annex,焦化分厂,37.12,111.70
C1,COKE,Coke main,炼焦主厂,37.10,111.75
G1,GLASS,Glass main,玻璃主厂,37.15,111.72
A1,ALU,Alumina main,氧化铝主厂,37.16,111.75
PUB,,Public pool,公共平台,37.11,111.71""",
    "commodities": """commodity,name_en,name_zh,unit,phase,hazard,disposal_cost,disposal_co2
GAS,Coke oven gas,焦炉煤气,kNm3,gas,UN1023,10,0.8
FUEL,Methanol,甲醇,t,liquid,UN1230,,
ORE,Hydrate,氢氧化铝,t,solid,,,
STUFF,Alumina,氧化铝,t,solid,,,
QUOTA,Right to make coke,焦炭产能指标,t,right,,0,0""",
    "offers": """offer,site,commodity,quantity,price,must_clear
O1-GAS,O1,GAS,100,0,true
O2-GAS,O2,GAS,20,0,false
C1-GAS,C1,GAS,100,0,true
A1-ORE,A1,ORE,1000,0,false
PUB-QUOTA,PUB,QUOTA,500,0,false
O1-QUOTA,O1,QUOTA,500,0,false""",
    "needs": """need,site,commodity,quantity,price
G1-HEAT,G1,GAS,60,900
O2-HEAT,O2,GAS,30,700
G1-FUEL,G1,FUEL,30,2600
C1-QUOTA,C1,QUOTA,500,50""",
    "markets": """market,commodity,side,price,site
GAS-BUY,GAS,buy,500,
FUEL-SELL,FUEL,sell,2400,
FUEL-BUY,FUEL,buy,2500,
STUFF-SELL,STUFF,sell,300,""",
    "processes": """process,name_en,name_zh,activity_unit,opex,co2,buildable,fixed_capex,unit_capex,policy_min,permit,max_capacity
CALCINE,Calcination,焙烧,t alumina,10,0.1,false,,,,,
METHANOL,Gas to methanol,焦炉煤气制甲醇,t methanol,300,0.2,true,1000,900,80,chemical park,100000
FINE,Methanol to chemicals,甲醇制化学品,t,100,0,true,500,300,,,100000""",
    "recipes": """process,commodity,coefficient
CALCINE,ORE,-1
CALCINE,GAS,-0.2
CALCINE,STUFF,1
METHANOL,GAS,-2
METHANOL,FUEL,1
FINE,FUEL,-1
FINE,STUFF,4""",
    "facilities": """facility,site,process,capacity,start
A1-KILN,A1,CALCINE,1000,2027-05-01""",
    "transport": """mode,commodity,max_km,cost_per_unit,fixed_capex,co2_per_unit_km
pipe,GAS,50,5,600,0
main,GAS,50,5,,0
truck,FUEL,200,20,,0.001
paper,QUOTA,200,1,,""",
}


def world(folder: Path, **tables: str) -> Dataset:
    """Return the small world, some tables replaced."""
    for name, text in {**TABLES, **tables}.items():
        (folder / f"{name}.csv").write_text(text + "\n", "utf-8")
    return read(folder)


def flow(ends: str, quantity: float, mode: str = "", period: str = "year") -> tuple[Any, ...]:
    """Return a row of flows from ``O1 offer:O1-GAS > G1 need:G1-HEAT GAS``; nothing is lost on the way."""
    left, right = ends.split(" > ")
    from_site, outlet = left.split(" ")
    to_site, inlet, commodity = right.split(" ")
    (outlet_kind, outlet_id), (inlet_kind, inlet_id) = outlet.split(":"), inlet.split(":")
    where = (from_site, to_site, commodity, mode, period, quantity, quantity)
    return (*where, outlet_kind, outlet_id, inlet_kind, inlet_id)


def decide(
    flows: Sequence[tuple[Any, ...]] = (),
    runs: Sequence[tuple[Any, ...]] = (),
    builds: Sequence[tuple[Any, ...]] = (),
    links: Sequence[tuple[Any, ...]] = (),
    levels: Sequence[tuple[Any, ...]] = (),
) -> Decisions:
    """Return decisions; builds are (process, site, capacity), links (from, to, commodity, mode)."""
    return Decisions(
        flows=_frame(flows, (*FLOW_COLUMNS, *FLOW_ENDS), 5, 6),
        runs=_frame(runs, RUN_COLUMNS, 3),
        levels=_frame(levels, LEVEL_COLUMNS, 2),
        builds=_frame([(p, s, "", c, 0.0, 0.0) for p, s, c in builds], BUILD_COLUMNS, 3, 4, 5),
        links=_frame([(*link, 0.0, 0.0, 0.0) for link in links], LINK_COLUMNS, 4, 5, 6),
    )


def plan_of(dataset: Dataset, decisions: Decisions, alone: Mapping[str, Decisions] | None = None) -> Plan:
    """Return a plan whose value and gain are those of the accounts."""
    worth = value(dataset, decisions)
    lone = None if alone is None else {name: value(dataset, each) for name, each in alone.items()}
    return Plan(
        dataset={},
        scenario={},
        status="optimal",
        value=worth,
        bound=worth,
        gap=0.0,
        decisions=decisions,
        emissions={},
        standalone=lone,
        gain=None if lone is None else worth - sum(lone.values()),
    )


def _frame(rows: Sequence[tuple[Any, ...]], columns: Sequence[str], *numbers: int) -> pd.DataFrame:
    """Return rows as a frame with text and float columns."""
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return frame.astype({columns[number]: float for number in numbers})
