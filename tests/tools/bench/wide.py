"""Wide regions: distant firms beside open outside markets, where few exchanges pay, reproducible by seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.generate import save
from synergy.dataset.sheet import HOURS_PER_YEAR

ENDS = 3  # offers, and needs, of a firm
LINES = 4  # units of one process that stand side by side at a firm
HOSTS = 4  # one site in so many may host a new unit of a process


def wide(folder: Path, firms: int, commodities: int, periods: int, seed: int = 1) -> Path:
    """Write a region in which every commodity can be bought and sold outside without limit.

    Firms lie up to some 600 km apart and a lorry goes anywhere, but only neighbours save more on the outside markets'
    spread than the lorry costs. Each firm runs one process in a few lines side by side, offers three commodities and
    needs three. Builds are fed and cleared without limit, so each pays at its greatest size or not at all: the
    relaxation is nearly whole. Returns the folder.
    """
    random = np.random.default_rng(seed)
    names = np.array([f"D{index:03d}" for index in range(firms)])
    goods = np.array([f"K{index:02d}" for index in range(commodities)])
    worth = np.sort(random.uniform(80, 400, commodities)).round(1)
    months = [f"M{index:02d}" for index in range(periods)]
    sides = [
        pd.DataFrame({"market": goods + f"-{side}", "commodity": goods, "side": side, "price": (part * worth).round(1)})
        for side, part in (("buy", 1.08), ("sell", 0.92))
    ]
    tables = {
        "enterprises": pd.DataFrame({"enterprise": names}),
        "sites": pd.DataFrame(
            {
                "site": names,
                "enterprise": names,
                "latitude": random.uniform(35.0, 39.0, firms).round(4),
                "longitude": random.uniform(109.0, 114.0, firms).round(4),
            }
        ),
        "commodities": pd.DataFrame({"commodity": goods, "unit": "t"}),
        "periods": pd.DataFrame({"period": months, "hours": HOURS_PER_YEAR / periods}),
        "markets": pd.concat(sides, ignore_index=True),
        "transport": pd.DataFrame(
            {"mode": "road", "commodity": goods, "max_km": 700.0, "cost_per_unit": 8.0, "cost_per_unit_km": 0.9}
        ),
        "offers": _ends(random, ("offer", 0.8), (names, goods, months), worth),
        "needs": _ends(random, ("need", 1.2), (names, goods, months), worth),
    } | _processes(random, names, goods, worth)
    return save(folder, f"wide-{firms}-{commodities}-{periods}", tables, discount_rate=0.08)


def _ends(
    random: np.random.Generator,
    kind: tuple[str, float],
    among: tuple[np.ndarray, np.ndarray, list[str]],
    worth: np.ndarray,
) -> pd.DataFrame:
    """Return seasonal offers or needs, priced a little below or above the worth."""
    (column, part), (names, goods, months) = kind, among
    firm = np.repeat(np.arange(len(names)), ENDS)
    good = random.integers(0, len(goods), len(firm))
    year = random.uniform(5_000, 60_000, len(firm))
    season = random.uniform(0.7, 1.3, (len(firm), len(months))) / len(months)
    price = worth[good] * part * random.uniform(0.9, 1.1, len(firm))
    row = np.repeat(np.arange(len(firm)), len(months))
    return pd.DataFrame(
        {
            column: [f"{column}{index}" for index in range(len(row))],
            "site": names[firm[row]],
            "commodity": goods[good[row]],
            "period": np.tile(months, len(firm)),
            "quantity": (year[:, None] * season).ravel().round(1),
            "price": price.round(1)[row],
        }
    )


def _processes(
    random: np.random.Generator,
    names: np.ndarray,
    goods: np.ndarray,
    worth: np.ndarray,
) -> dict[str, pd.DataFrame]:
    """Return processes from each commodity to one three ranks dearer, existing or buildable at a fixed cost."""
    source, target = np.arange(len(goods) - 3), np.arange(3, len(goods))
    ids = np.array([f"{goods[t]}-from-{goods[s]}" for s, t in zip(source, target, strict=True)])
    margin = np.maximum(10.0, 0.92 * worth[target] - 1.08 * worth[source])
    processes = pd.DataFrame(
        {
            "process": ids,
            "opex": (0.5 * margin).round(1),
            "buildable": True,
            "min_capacity": 10_000.0,
            "max_capacity": 60_000.0,
            "fixed_capex": (margin * 40_000).round(-3),
            "unit_capex": (margin * 1.2).round(1),
            "lifetime_years": 15,
        }
    )
    parts = [(source, -1.0), (target, 1.0)]
    recipes = [pd.DataFrame({"process": ids, "commodity": goods[good], "coefficient": part}) for good, part in parts]
    hosts = np.array([random.choice(names, max(2, len(names) // HOSTS), replace=False) for _ in ids])
    options = pd.DataFrame({"process": np.repeat(ids, hosts.shape[1]), "site": hosts.ravel()})
    line = np.arange(LINES * len(names))
    facilities = pd.DataFrame(
        {
            "facility": [f"line{index}" for index in line],
            "site": names[line // LINES],
            "process": ids[(line // LINES) % len(ids)],
            "capacity": random.uniform(10_000, 40_000, len(line)).round(0),
        }
    )
    return {
        "processes": processes,
        "recipes": pd.concat(recipes),
        "build_options": options,
        "facilities": facilities,
    }
