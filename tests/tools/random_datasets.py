"""Small random datasets in the contract's form: every table and setting turns up, the same again for a seed.

They are bounded (what is made from what goes one way; builds have a greatest size) and mostly, not always, feasible.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset

Row = dict[str, Any]
FEATURES = frozenset(
    {
        "periods",
        "public",
        "builds",
        "sizes",
        "switches",  # min_load and must_run
        "stores",
        "qualities",
        "compulsory",  # must_clear and required
        "keep",
        "capex",  # links that cost capex
        "aims",  # capex_budget, co2_cap, mode_share, fix
        "partners",  # max_partners and forbid
        "availability",
        "loose",  # rows of limits with neither bound
        "shared links",  # a link between public places that costs capex, with what moves over it
    }
)
CONVEX = FEATURES - {"builds", "sizes", "switches", "capex", "partners", "shared links"}


@dataclass(frozen=True, slots=True)
class RandomDataset:
    """Tables as they would stand in files, blanks as NaN, and the settings."""

    tables: dict[str, pd.DataFrame]
    settings: dict[str, Any]

    def write(self, folder: Path) -> Path:
        """Write the dataset as a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self.tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
        package = {"name": folder.name, "synergy": self.settings}
        (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
        return folder

    def dataset(self, folder: Path, **overrides: Any) -> Dataset:
        """Write the dataset and read it."""
        return read(self.write(folder), overrides=overrides or None)


class _Maker:
    """Draws the rows of one dataset, table by table."""

    def __init__(self, seed: int, features: frozenset[str]) -> None:
        self.rng = np.random.default_rng(seed)
        self.features = features
        self.rows: dict[str, list[Row]] = {}
        self.settings: dict[str, Any] = {}

    def chance(self, part: float) -> bool:
        return bool(self.rng.random() < part)

    def has(self, feature: str, part: float = 0.5) -> bool:
        """Whether something of a feature turns up; always draws, so features do not shift other numbers."""
        drawn = self.chance(part)
        return drawn and feature in self.features

    def number(self, low: float, high: float, step: float = 1.0) -> float:
        return float(round(low + step * self.rng.integers(0, int((high - low) / step) + 1), 6))

    def maybe(self, part: float, draw: Callable[[], Any]) -> Any:
        value = draw()
        return value if self.chance(part) else None

    def one(self, values: Sequence[Any]) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def put(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append({key: value for key, value in row.items() if value is not None})

    def ids(self, table: str, column: str | None = None) -> list[str]:
        return [row[column or table[:-1]] for row in self.rows.get(table, [])]


def random_dataset(seed: int, features: frozenset[str] = FEATURES) -> RandomDataset:
    """Return a random dataset.

    Parameters
    ----------
    seed : int
    features : frozenset of str
        What may turn up beside offers, needs, facilities, markets and transport; `CONVEX` leaves binaries out.

    Returns
    -------
    RandomDataset
    """
    maker = _Maker(seed, features)
    for draw in (_members, _goods, _processes, _units, _supplies, _markets, _moves, _qualities, _rest, _settings):
        draw(maker)
    maker.rng = np.random.default_rng([seed, 1])  # what came later shifts nothing that was drawn before
    for draw in (_loose, _shared_links):
        draw(maker)
    tables = {name: pd.DataFrame(rows) for name, rows in maker.rows.items()}
    if maker.chance(0.2):  # columns that the contract does not know are kept and mean nothing
        tables = {name: frame.assign(source="estimate", kind=1, id=2) for name, frame in tables.items()}
    return RandomDataset(tables, maker.settings)


def _members(maker: _Maker) -> None:
    for name in "ABCD"[: 2 + int(maker.rng.integers(3))]:
        maker.put("enterprises", enterprise=name, weight=maker.maybe(0.5, lambda: maker.number(0.5, 3, 0.5)))
        for count in range(1 + maker.chance(0.4)):
            maker.put("sites", site=f"{name}{count}", enterprise=name, **_spot(maker))
    if maker.has("public", 0.7):
        maker.put("sites", site="pub", **_spot(maker))
        if maker.chance(0.3):
            maker.put("sites", site="port", **_spot(maker))
    if maker.has("periods", 0.6):
        for name in ("p1", "p2", "p3")[: 2 + maker.chance(0.4)]:
            maker.put("periods", period=name, hours=maker.number(500, 3000, 100))


def _spot(maker: _Maker) -> Row:
    return {"latitude": maker.number(37.0, 37.5, 0.05), "longitude": maker.number(111.0, 111.5, 0.05)}


def _goods(maker: _Maker) -> None:
    for index in range(3 + int(maker.rng.integers(3))):
        disposable = maker.chance(0.6)
        cost, co2 = maker.number(0, 4), maker.number(0, 0.2, 0.1)
        stated = {"disposal_cost": cost, "disposal_co2": co2} if disposable else {}
        maker.put("commodities", commodity=f"k{index}", unit="t", phase=maker.one(("solid", "liquid", "gas")), **stated)


def _processes(maker: _Maker) -> None:
    goods = maker.ids("commodities", "commodity")
    for index in range(2 + int(maker.rng.integers(3))):
        name = f"make{index}"
        buildable = maker.has("builds", 0.7)
        four = _four(maker)
        maker.put(
            "processes",
            process=name,
            opex=maker.number(0, 4),
            co2=maker.number(0, 1, 0.25),
            buildable="true" if buildable else "false",
            lifetime_years=maker.maybe(0.5, lambda: maker.number(5, 25)),
            **(four if buildable else {}),
        )
        made = int(maker.rng.integers(1, len(goods)))  # goods of higher number are made from those of lower
        used = sorted({int(maker.rng.integers(made)) for _ in range(1 + maker.chance(0.3))})
        for good in used:
            maker.put("recipes", process=name, commodity=goods[good], coefficient=-maker.number(0.5, 2, 0.25))
        for good in sorted({made, int(maker.rng.integers(made, len(goods)))}):
            maker.put("recipes", process=name, commodity=goods[good], coefficient=maker.number(0.25, 1.5, 0.25))
        if maker.has("sizes", 0.4) and buildable:
            for size in ("small", "large")[: 1 + maker.chance(0.7)]:
                maker.put("sizes", process=name, size=size, **_four(maker))


def _four(maker: _Maker) -> Row:
    least = maker.number(0, 40, 10)
    return {
        "min_capacity": least,
        "max_capacity": least + maker.number(10, 80, 10),
        "fixed_capex": maker.number(0, 800, 100),
        "unit_capex": maker.number(0, 20, 5),
    }


def _units(maker: _Maker) -> None:
    sites, processes = maker.ids("sites"), maker.ids("processes", "process")
    for index in range(1 + int(maker.rng.integers(4))):
        site = maker.one(sites)
        public = site in ("pub", "port")
        load = maker.has("switches", 0.5)
        must = maker.chance(0.3) or public
        least = maker.number(0.2, 0.7, 0.1)
        switch = {"min_load": least, "must_run": "true" if must else "false"} if load else {}
        maker.put(
            "facilities",
            facility=f"f{index}",
            site=site,
            process=maker.one(processes),
            capacity=maker.number(20, 120, 10),
            opex=maker.maybe(0.3, lambda: maker.number(0, 5)),
            **switch,
        )
    buildable = [row["process"] for row in maker.rows["processes"] if row["buildable"] == "true"]
    chosen = maker.chance(0.6)
    for process in buildable if chosen else ():
        for site in sites:
            if maker.chance(0.5):
                row = {"process": process, "site": site}
                row["max_capacity"] = maker.maybe(0.3, lambda: maker.number(20, 100, 10))
                row["capex_factor"] = maker.maybe(0.3, lambda: maker.number(0.8, 1.4, 0.1))
                maker.put("build_options", **row)
    if not buildable:
        maker.chance(0.0)


def _supplies(maker: _Maker) -> None:
    sites, goods = maker.ids("sites"), maker.ids("commodities", "commodity")
    periods = maker.ids("periods")
    disposable = {row["commodity"] for row in maker.rows["commodities"] if "disposal_cost" in row}
    for index in range(3 + int(maker.rng.integers(4))):
        good = maker.one(goods[:3])
        maker.put(
            "offers",
            offer=f"o{index}",
            site=maker.one(sites),
            commodity=good,
            period=maker.one(periods) if periods and maker.chance(0.3) else None,
            quantity=maker.number(10, 100, 5),
            price=maker.maybe(0.8, lambda: maker.number(-2, 8)),
            must_clear="true" if maker.has("compulsory", 0.5) and good in disposable else None,
            keep=maker.number(0.2, 1.0, 0.2) if maker.has("keep", 0.3) else None,
        )
    for index in range(2 + int(maker.rng.integers(4))):
        good = maker.one(goods[1:])
        maker.put(
            "needs",
            need=f"n{index}",
            site=maker.one(sites),
            commodity=good,
            period=maker.one(periods) if periods and maker.chance(0.3) else None,
            quantity=maker.number(10, 80, 5),
            price=maker.number(5, 40),
            required="true" if maker.has("compulsory", 0.3) else None,
        )
    for index in range(2 if maker.has("stores", 0.5) else 0):
        maker.put(
            "stores",
            store=f"s{index}",
            site=maker.one(sites),
            commodity=maker.one(goods),
            capacity=maker.number(5, 40, 5),
            charge_cost=maker.maybe(0.6, lambda: maker.number(0, 1, 0.25)),
            hold_cost=maker.maybe(0.6, lambda: maker.number(0, 1, 0.25)),
            loss=maker.maybe(0.5, lambda: maker.number(0, 0.2, 0.05)),
        )


def _markets(maker: _Maker) -> None:
    sites, periods = maker.ids("sites"), maker.ids("periods")
    required = {row["commodity"] for row in maker.rows["needs"] if row.get("required")}
    must = {row["process"] for row in maker.rows["facilities"] if row.get("must_run") == "true"}
    fed = {row["commodity"] for row in maker.rows["recipes"] if row["process"] in must and row["coefficient"] < 0}
    for index, good in enumerate(maker.ids("commodities", "commodity")):
        if good in required | fed:  # mostly feasible
            maker.put("markets", market=f"sure{index}", commodity=good, side="buy", price=maker.number(30, 50))
        for side, low, high in (("buy", 8, 30), ("sell", 1, 12)):
            if maker.chance(0.5):
                placed = maker.chance(0.3)
                maker.put(
                    "markets",
                    market=f"{side}{index}",
                    commodity=good,
                    side=side,
                    price=maker.number(low, high),
                    period=maker.one(periods) if periods and maker.chance(0.2) else None,
                    limit=maker.maybe(0.6, lambda: maker.number(5, 60, 5)),
                    site=maker.one(sites) if placed else None,
                )


def _moves(maker: _Maker) -> None:
    sites, goods = maker.ids("sites"), maker.ids("commodities", "commodity")
    for good in goods:
        for mode in ("road", "pipe"):
            if not maker.chance(0.8 if mode == "road" else 0.4):
                continue
            capex = maker.has("capex", 0.8) and mode == "pipe"
            maker.put(
                "transport",
                mode=mode,
                commodity=good,
                max_km=maker.number(20, 60, 5),
                cost_per_unit=maker.maybe(0.5, lambda: maker.number(0, 2, 0.5)),
                cost_per_unit_km=maker.maybe(0.8, lambda: maker.number(0, 0.2, 0.02)),
                loss_per_km=maker.maybe(0.3, lambda: maker.number(0, 0.01, 0.001)),
                detour=maker.maybe(0.6, lambda: maker.number(1, 1.5, 0.1)),
                fixed_capex=maker.number(100, 500, 50) if capex else None,
                capex_per_km=maker.number(0, 20, 5) if capex else None,
                capacity=maker.maybe(0.4, lambda: maker.number(20, 80, 10)),
                co2_per_unit_km=maker.maybe(0.5, lambda: maker.number(0, 0.01, 0.001)),
                lifetime_years=maker.maybe(0.3, lambda: maker.number(5, 30)),
            )
    for _ in range(int(maker.rng.integers(5))):
        start, end = maker.rng.choice(len(sites), size=2, replace=False)
        key = {"from_site": sites[start], "to_site": sites[end], "commodity": maker.one(goods)}
        key["mode"] = maker.one(("road", "pipe", "rail"))
        if any(all(row[name] == value for name, value in key.items()) for row in maker.rows.get("links", ())):
            continue
        capex = maker.has("capex", 0.4)
        maker.put(
            "links",
            **key,
            km=maker.maybe(0.4, lambda: maker.number(5, 80, 5)),
            cost_per_unit=maker.maybe(0.4, lambda: maker.number(0, 3, 0.5)),
            loss=maker.maybe(0.3, lambda: maker.number(0, 0.2, 0.05)),
            capacity=maker.maybe(0.4, lambda: maker.number(10, 80, 10)),
            fixed_capex=maker.number(0, 400, 50) if capex else None,
            existing="true" if maker.chance(0.2) or "capex" not in maker.features else None,
            forbidden="true" if maker.chance(0.15) else None,
        )


def _qualities(maker: _Maker) -> None:
    if not maker.has("qualities", 0.5):
        return
    good = maker.one(maker.ids("commodities", "commodity"))

    def of(table: str, holder: str) -> list[str]:
        return [row[holder] for row in maker.rows.get(table, []) if row.get("commodity") == good]

    buying = [
        row["market"] for row in maker.rows.get("markets", ()) if row["commodity"] == good and row["side"] == "buy"
    ]
    selling = [
        row["market"] for row in maker.rows.get("markets", ()) if row["commodity"] == good and row["side"] == "sell"
    ]
    made = sorted(
        {row["process"] for row in maker.rows["recipes"] if row["commodity"] == good and row["coefficient"] > 0}
    )
    used = sorted(
        {row["process"] for row in maker.rows["recipes"] if row["commodity"] == good and row["coefficient"] < 0}
    )
    for name in ("ash", "sulfur")[: 1 + maker.chance(0.4)]:
        for holder in [*of("offers", "offer"), *of("stores", "store"), *made, *buying]:
            if maker.chance(0.85):
                maker.put("qualities", holder=holder, commodity=good, property=name, value=maker.number(0, 10))
        for holder in [*of("needs", "need"), *of("stores", "store"), *used, *selling]:
            if maker.chance(0.5):
                least = maker.number(0, 4) if maker.chance(0.4) else None
                most = maker.number(5, 9) if maker.chance(0.7) or least is None else None
                maker.put("limits", holder=holder, commodity=good, property=name, minimum=least, maximum=most)


def _rest(maker: _Maker) -> None:
    periods = maker.ids("periods") or ["year"]
    if maker.has("availability", 0.6):
        holders = [maker.one(maker.ids("facilities", "facility")), maker.one(maker.ids("processes", "process"))]
        for holder in [*holders, maker.one(maker.ids("enterprises"))]:
            for period in periods:
                if maker.chance(0.5):
                    maker.put("availability", holder=holder, period=period, factor=maker.number(0, 1, 0.25))
    owned = [row["site"] for row in maker.rows["sites"] if "enterprise" in row]
    for _ in range(int(maker.rng.integers(4))):
        start, end = maker.one(owned), maker.one(owned)
        good, quantity = maker.one(maker.ids("commodities", "commodity")), maker.number(5, 40, 5)
        if start[0] != end[0]:
            maker.put("deals", from_site=start, to_site=end, commodity=good, quantity=quantity, price=3)


def _loose(maker: _Maker) -> None:
    for row in maker.rows.get("limits", ()):
        if maker.has("loose", 0.25):
            row.pop("minimum", None)
            row.pop("maximum", None)


def _shared_links(maker: _Maker) -> None:
    if not {"pub", "port"} <= set(maker.ids("sites")) or not maker.has("shared links", 0.6):
        return
    good, capex = maker.one(maker.ids("commodities", "commodity")), maker.number(10, 100, 10)
    maker.put("offers", offer="share", site="pub", commodity=good, quantity=maker.number(20, 60, 5), price=1.0)
    maker.put("needs", need="shared", site="port", commodity=good, quantity=maker.number(20, 60, 5), price=30.0)
    maker.put("links", from_site="pub", to_site="port", commodity=good, mode="belt", km=2.0, fixed_capex=capex)


def _settings(maker: _Maker) -> None:
    goods, members = maker.ids("commodities", "commodity"), maker.ids("enterprises")
    settings = maker.settings
    settings["discount_rate"] = maker.one((0.0, 0.05, 0.08))
    settings["carbon_price"] = maker.one((0.0, 0.0, 5.0))
    if not maker.chance(0.9):
        settings["allow_builds"] = False
    budget, cap = maker.number(200, 1500, 100), maker.number(50, 200, 25)
    if maker.has("aims", 0.3):
        settings["capex_budget"] = budget
    if maker.has("aims", 0.3):
        settings["co2_cap"] = cap
    if maker.has("aims", 0.3):
        share = maker.number(0.2, 0.8, 0.2)
        settings["mode_share"] = [{"commodity": maker.one(goods), "modes": ["pipe", "rail"], "minimum": share}]
    if maker.has("partners", 0.4):
        settings["max_partners"] = 1
    if maker.has("partners", 0.4):
        settings["forbid"] = [{"from_enterprise": maker.one(members), "commodity": maker.one(goods)}]
    if maker.has("aims", 0.2):
        settings["fix"] = [{"to_enterprise": maker.one(members), "commodity": maker.one(goods), "quantity": 1.0}]
