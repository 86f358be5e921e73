"""Random webs: firms with existing units, minimum loads, scale steps and stores, reproducible by seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.generate import save
from synergy.dataset.sheet import HOURS_PER_YEAR

STEPS = (("s", 10_000.0, 40_000.0, 0.6), ("l", 40_000.0, 160_000.0, 1.0))  # name, least, greatest, part of capex


def web(folder: Path, firms: int, commodities: int, periods: int, seed: int = 1) -> Path:
    """Write a region, of at least six commodities, whose processes take two commodities and make two.

    Commodities stand in layers: raw ones are offered, the last ones are needed, and everything between is made by units
    that stand (off, or at half their capacity at least) or are built in one of two steps of scale. A quarter of the
    commodities moves in pipes, and half of the firms store one commodity from period to period. Returns the folder.
    """
    random = np.random.default_rng(seed)
    names = np.array([f"W{index:03d}" for index in range(firms)])
    goods = np.array([f"G{index:02d}" for index in range(commodities)])
    worth = 80.0 * 1.25 ** np.arange(commodities) ** 0.8
    months = [f"M{index:02d}" for index in range(periods)]
    tables = {
        "enterprises": pd.DataFrame({"enterprise": names}),
        "sites": _sites(random, names),
        "commodities": pd.DataFrame({"commodity": goods, "unit": "t", "disposal_cost": 2.0}),
        "periods": pd.DataFrame({"period": months, "hours": HOURS_PER_YEAR / periods}),
        "transport": _transport(goods),
        "markets": _markets(goods, worth),
        "offers": _ends(random, "offer", (names, goods[: commodities // 3]), worth[: commodities // 3] * 0.5),
        "needs": _ends(random, "need", (names, goods[-(commodities // 3) :]), worth[-(commodities // 3) :] * 1.15),
        "stores": _stores(random, names, goods),
    } | _processes(random, names, goods, worth)
    return save(folder, f"web-{firms}-{commodities}-{periods}", tables, discount_rate=0.08)


def _sites(random: np.random.Generator, names: np.ndarray) -> pd.DataFrame:
    """Return firm sites in a few clusters."""
    centre = random.integers(0, max(2, len(names) // 8), len(names))
    near = random.normal(0.0, 0.03, (2, len(names)))
    latitude = 37.0 + 0.6 * random.random(len(names))[centre] + near[0]
    longitude = 111.4 + 0.8 * random.random(len(names))[centre] + near[1]
    return pd.DataFrame(
        {"site": names, "enterprise": names, "latitude": latitude.round(4), "longitude": longitude.round(4)}
    )


def _transport(goods: np.ndarray) -> pd.DataFrame:
    piped, road = goods[1::4], np.setdiff1d(goods, goods[1::4])
    pipes = pd.DataFrame({"mode": "pipe", "commodity": piped, "max_km": 20.0, "cost_per_unit": 1.0}).assign(
        capex_per_km=8.0e5, capacity=80_000.0
    )
    trucks = pd.DataFrame({"mode": "road", "commodity": road, "max_km": 60.0, "cost_per_unit": 6.0})
    return pd.concat([pipes, trucks.assign(cost_per_unit_km=0.5)], ignore_index=True)


def _markets(goods: np.ndarray, worth: np.ndarray) -> pd.DataFrame:
    """Return the outside markets: purchases at a high price, sales in two steps of falling price."""
    sides = [
        pd.DataFrame({"market": goods + name, "commodity": goods, "side": side, "price": part * worth, "limit": limit})
        for name, side, part, limit in (
            ("-buy", "buy", 1.5, 40_000.0),
            ("-sell", "sell", 0.7, 20_000.0),
            ("-late", "sell", 0.4, 60_000.0),
        )
    ]
    return pd.concat(sides, ignore_index=True).round(2)


def _ends(
    random: np.random.Generator, column: str, among: tuple[np.ndarray, np.ndarray], price: np.ndarray
) -> pd.DataFrame:
    """Return two offers or needs per firm, over the whole year."""
    names, goods = among
    good = random.integers(0, len(goods), 2 * len(names))
    return pd.DataFrame(
        {
            column: [f"{column}{index}" for index in range(len(good))],
            "site": np.repeat(names, 2),
            "commodity": goods[good],
            "quantity": random.uniform(4_000, 40_000, len(good)).round(0),
            "price": (price[good] * random.uniform(0.9, 1.1, len(good))).round(1),
        }
    )


def _stores(random: np.random.Generator, names: np.ndarray, goods: np.ndarray) -> pd.DataFrame:
    chosen = names[::2]
    return pd.DataFrame(
        {
            "store": [f"store{index}" for index in range(len(chosen))],
            "site": chosen,
            "commodity": random.choice(goods, len(chosen)),
            "capacity": 1_500.0,
            "hold_cost": 1.0,
        }
    )


def _processes(
    random: np.random.Generator, names: np.ndarray, goods: np.ndarray, worth: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Return processes from two commodities to two later ones, existing at some firms and buildable at others."""
    target = np.arange(2, len(goods) - 1)
    ids = np.array([f"into-{goods[good]}" for good in target])
    first, second = (np.array([random.integers(0, good) for good in target]) for _ in range(2))
    taken = np.where(first == second, 0.0, 0.3)
    made = random.uniform(0.7, 0.9, len(ids)).round(3)
    margin = np.maximum(30.0, made * worth[target] + 0.1 * worth[target + 1] - worth[first] - taken * worth[second])
    processes = pd.DataFrame(
        {"process": ids, "opex": (0.25 * margin).round(1), "buildable": True, "lifetime_years": 12}
    )
    parts = [(first, np.full(len(ids), -1.0)), (second, -taken), (target, made), (target + 1, np.full(len(ids), 0.1))]
    recipes = pd.concat(
        [pd.DataFrame({"process": ids, "commodity": goods[good], "coefficient": part}) for good, part in parts]
    )
    sizes = pd.concat(
        [
            pd.DataFrame({"process": ids, "size": name, "min_capacity": least, "max_capacity": most}).assign(
                fixed_capex=(margin * least * 2.5).round(-3), unit_capex=(margin * 1.6 * part).round(1)
            )
            for name, least, most, part in STEPS
        ]
    )
    host = random.choice(names, (len(ids), max(2, len(names) // 6)))
    places = pd.DataFrame({"process": np.repeat(ids, host.shape[1]), "site": host.ravel()}).drop_duplicates()
    standing = places.sample(frac=0.3, random_state=int(random.integers(2**31)))
    facilities = standing.assign(
        facility=[f"unit{index}" for index in range(len(standing))], capacity=30_000.0, min_load=0.5
    )
    return {
        "processes": processes,
        "recipes": recipes[recipes["coefficient"] != 0],
        "sizes": sizes,
        "build_options": places,
        "facilities": facilities,
    }
