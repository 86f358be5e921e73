"""Regions of any number of firms that match in seconds, and rounds of them: for the load and the weight of pages."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
from bench.generate import save
from stores import PLANNER, matched
from synergy.web.figures.map import COUNTIES

from synergy.dataset.read import read
from synergy.records.names import Role
from synergy.store import freezing, rounds
from synergy.store.accounts import MACHINE, AccountData, add_user
from synergy.store.datasets import snapshot_of
from synergy.store.store import Store

Tables = dict[str, list[dict[str, object]]]
GOODS, WAYS = 24, 6
EDITOR = "ed-f000"  # speaks for the first firm
RULE = "proportional"


@cache
def region(firms: int, seed: int = 1) -> bytes:
    """Return the archive of a region: each firm gives two commodities and needs two, by road; a fifth runs a process.

    There is nothing to be decided by yes or no, so a plan is one linear program.

    Parameters
    ----------
    firms : int
    seed : int
    """
    chance = random.Random(seed)
    names = [f"F{index:03d}" for index in range(firms)]
    worth = {f"C{index:02d}": round(chance.uniform(100, 600), 1) for index in range(GOODS)}
    tables = (
        _firms(names, chance) | _goods(worth) | _processes(names, list(worth), chance) | _trade(names, worth, chance)
    )
    with tempfile.TemporaryDirectory() as place:
        frames = {name: pd.DataFrame(rows) for name, rows in tables.items()}
        return snapshot_of(read(save(Path(place) / "region", f"region-{firms}", frames))).archive


def _firms(names: list[str], chance: random.Random) -> Tables:
    """Return enterprises, each with one site in a county of Lvliang."""
    firms = [
        {
            "enterprise": name,
            "name_en": f"Works {name}",
            "name_zh": f"第{name}工厂",
            "county": chance.choice(sorted(COUNTIES)),
        }
        for name in names
    ]
    sites = [
        {
            **firm,
            "site": firm["enterprise"],
            "latitude": round(chance.uniform(36.9, 38.5), 4),
            "longitude": round(chance.uniform(110.6, 112.2), 4),
        }
        for firm in firms
    ]
    return {"enterprises": firms, "sites": sites}


def _goods(worth: dict[str, float]) -> Tables:
    """Return commodities that go by road, and are bought dear and sold cheap outside."""
    return {
        "commodities": [
            {"commodity": good, "name_en": f"Good {good}", "name_zh": f"物料{good}", "unit": "t", "disposal_cost": 5.0}
            for good in worth
        ],
        "transport": [
            {"mode": "road", "commodity": good, "max_km": 60.0, "cost_per_unit": 4.0, "cost_per_unit_km": 0.5}
            for good in worth
        ],
        "markets": [
            {"market": f"{good}-{side}", "commodity": good, "side": side, "price": round(part * price, 1)}
            for good, price in worth.items()
            for side, part in (("buy", 1.3), ("sell", 0.5))
        ],
    }


def _processes(names: list[str], goods: list[str], chance: random.Random) -> Tables:
    """Return processes that make one commodity from another, and who runs one."""
    return {
        "processes": [
            {"process": f"MAKE{place}", "name_en": f"Making {place}", "name_zh": f"工艺{place}", "opex": 20.0}
            for place in range(WAYS)
        ],
        "recipes": [
            {"process": f"MAKE{place}", "commodity": good, "coefficient": part}
            for place in range(WAYS)
            for good, part in ((goods[place], -1.0), (goods[place + WAYS], 0.8))
        ],
        "facilities": [
            {"facility": f"U-{name}", "site": name, "process": f"MAKE{chance.randrange(WAYS)}", "capacity": 40_000.0}
            for name in names[::5]
        ],
    }


def _trade(names: list[str], worth: dict[str, float], chance: random.Random) -> Tables:
    """Return two offers and two needs of each enterprise."""
    return {
        table: [
            {
                key: f"{key}-{name}-{number}",
                "site": name,
                "commodity": good,
                "quantity": round(chance.uniform(5_000, 60_000)),
                "price": round(part * worth[good] * chance.uniform(0.9, 1.1), 1),
            }
            for name in names
            for number, good in enumerate(chance.sample(list(worth), 2))
        ]
        for table, key, part in (("offers", "offer", 0.3), ("needs", "need", 1.1))
    }


def people(store: Store) -> None:
    """Add who looks at a region: planner and the editor of the first firm, both without a password."""
    add_user(store, MACHINE, AccountData(PLANNER.name, PLANNER.role))
    add_user(store, MACHINE, AccountData(EDITOR, Role.EDITOR, "F000"))


def begun(store: Store, firms: int, rule: str = RULE) -> int:
    """Return a new round of a region, frozen with what the dataset says of all its members."""
    options = {"time_limit": 600.0, "gap": 0.01, "settlement": rule}
    draft = rounds.Draft(name=f"{firms} firms", archive=region(firms), options=options)
    ident = rounds.create(store, PLANNER, draft).round
    rounds.advance(store, PLANNER, ident, "open")
    freezing.freeze(store, PLANNER, ident)
    return ident


def published(store: Store, firms: int, rule: str = RULE) -> int:
    """Return a round of a region that takes answers to its first run."""
    ident = begun(store, firms, rule)
    matched(store, ident)
    return ident
