"""Generated regions for benchmarks: networks with fixed charges of any size, reproducible by seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from synergy.dataset.sheet import HOURS_PER_YEAR
from synergy.scenario import JSON


def generate(folder: Path, firms: int, commodities: int, periods: int, seed: int = 1) -> Path:
    """Write a region of firms that supply, need and convert commodities, with units and pipes to be built.

    Every firm offers two or three by-products and needs two or three inputs, season by season; a third of the
    commodities moves through pipes that cost capex, the rest by road; each commodity can be made from another in units
    with a fixed cost and a least size at a tenth of the sites. Returns the folder.
    """
    random = np.random.default_rng(seed)
    names = [f"F{index:03d}" for index in range(firms)]
    goods = [f"C{index:02d}" for index in range(commodities)]
    worth = random.uniform(50, 500, commodities).round(1)
    months = [f"M{index:02d}" for index in range(periods)]
    tables = {
        "enterprises": pd.DataFrame({"enterprise": names}),
        "sites": _sites(random, names),
        "commodities": pd.DataFrame({"commodity": goods, "unit": "t", "disposal_cost": 1.0}),
        "periods": pd.DataFrame({"period": months, "hours": HOURS_PER_YEAR / periods}),
        "markets": _markets(goods, worth),
        "transport": _transport(goods),
    }
    tables |= _trade(random, names, goods, (worth, months)) | _processes(random, names, goods, worth)
    return save(folder, f"generated-{firms}-{commodities}-{periods}", tables, discount_rate=0.08)


def _sites(random: np.random.Generator, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "site": names,
            "enterprise": names,
            "latitude": random.uniform(37.0, 37.6, len(names)).round(4),
            "longitude": random.uniform(111.4, 112.2, len(names)).round(4),
        }
    )


def _markets(goods: list[str], worth: np.ndarray) -> pd.DataFrame:
    """Return the outside markets, with high purchase and low sales prices, within limits."""
    buy = pd.DataFrame({"market": [f"{good}-buy" for good in goods], "commodity": goods, "side": "buy"})
    sell = pd.DataFrame({"market": [f"{good}-sell" for good in goods], "commodity": goods, "side": "sell"})
    both = pd.concat([buy.assign(price=1.4 * worth), sell.assign(price=0.4 * worth)], ignore_index=True)
    return both.assign(limit=30_000.0)


def _transport(goods: list[str]) -> pd.DataFrame:
    piped = goods[::3]
    pipes = [
        pd.DataFrame({"mode": f"pipe-{size}", "commodity": piped, "max_km": 25.0, "cost_per_unit": 2.0}).assign(
            capex_per_km=capex, capacity=capacity, loss_per_km=0.0005
        )
        for size, capex, capacity in (("s", 1.0e6, 40_000.0), ("l", 1.8e6, 120_000.0))
    ]
    road = pd.DataFrame({"mode": "road", "commodity": [good for good in goods if good not in piped], "max_km": 40.0})
    return pd.concat([*pipes, road.assign(cost_per_unit=5.0, cost_per_unit_km=0.6)], ignore_index=True)


def _trade(
    random: np.random.Generator,
    names: list[str],
    goods: list[str],
    terms: tuple[np.ndarray, list[str]],
) -> dict[str, pd.DataFrame]:
    """Return seasonal offers and needs."""
    worth, months = terms
    tables = {}
    for table, column, low, high in (("offers", "offer", 0.1, 0.5), ("needs", "need", 0.9, 1.3)):
        firm = np.repeat(np.arange(len(names)), random.integers(2, 4, len(names)))
        good = random.integers(0, len(goods), len(firm))
        year = random.uniform(5_000, 60_000, len(firm))
        season = random.uniform(0.6, 1.4, (len(firm), len(months))) / len(months)
        row = np.repeat(np.arange(len(firm)), len(months))
        frame = pd.DataFrame(
            {
                "site": np.array(names)[firm[row]],
                "commodity": np.array(goods)[good[row]],
                "period": np.tile(months, len(firm)),
                "quantity": (year[:, None] * season).ravel().round(1),
                "price": (worth[good] * random.uniform(low, high, len(firm))).round(1)[row],
            }
        )
        frame.insert(0, column, [f"{column}{index}" for index in range(len(frame))])
        tables[table] = frame
    return tables


def _processes(
    random: np.random.Generator,
    names: list[str],
    goods: list[str],
    worth: np.ndarray,
) -> dict[str, pd.DataFrame]:
    """Return processes that convert a cheaper commodity into a dearer one."""
    order = np.argsort(worth)
    source, target = order[:-3], order[3:]
    ids = [f"make-{goods[t]}-from-{goods[s]}" for s, t in zip(source, target, strict=True)]
    ratio = random.uniform(0.6, 0.95, len(ids)).round(3)
    margin = np.maximum(20.0, ratio * worth[target] - worth[source])
    processes = pd.DataFrame(
        {
            "process": ids,
            "opex": (0.2 * margin).round(1),
            "buildable": True,
            "min_capacity": 15_000.0,
            "max_capacity": 150_000.0,
            "fixed_capex": (margin * 60_000).round(-3),
            "unit_capex": (margin * 1.5).round(1),
            "lifetime_years": 15,
        }
    )
    recipes = pd.concat(
        [
            pd.DataFrame({"process": ids, "commodity": np.array(goods)[source], "coefficient": -1.0}),
            pd.DataFrame({"process": ids, "commodity": np.array(goods)[target], "coefficient": ratio}),
        ],
        ignore_index=True,
    )
    hosts = [random.choice(names, max(2, len(names) // 10), replace=False) for _ in ids]
    options = pd.DataFrame({"process": np.repeat(ids, [len(host) for host in hosts]), "site": np.concatenate(hosts)})
    return {"processes": processes, "recipes": recipes, "build_options": options}


def save(folder: Path, name: str, tables: Mapping[str, pd.DataFrame], **settings: JSON) -> Path:
    """Write a dataset folder, made where it is missing, and return it; `settings` go into its data package."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in tables.items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    package = {"name": name} | ({"synergy": settings} if settings else {})
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder
