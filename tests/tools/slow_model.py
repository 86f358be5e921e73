"""The contract's model a second time, in plain loops over the rows of the tables: slow, and independent of the first.

It shares nothing with `synergy.literal` but the call of the solver.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from synergy.dataset.sheet import Dataset
from synergy.literal import LiteralModel, LiteralSolution, solve

MUCH = 4000.0  # beyond what any small random plan moves
Row = dict[str, Any]


@dataclass
class SlowModel:
    """Columns and rows as they are added."""

    cost: list[float] = field(default_factory=list)
    capex: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    co2: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    binary: list[bool] = field(default_factory=list)
    rows: list[tuple[float, dict[int, float], float]] = field(default_factory=list)

    def column(self, cost: float = 0.0, binary: bool = False) -> int:
        self.cost.append(cost)
        self.binary.append(binary)
        return len(self.cost) - 1

    def row(self, low: float, terms: dict[int, float], high: float) -> None:
        self.rows.append((low, dict(terms), high))

    def solved(self, carbon: float) -> LiteralSolution:
        cost = np.array(self.cost)
        for column, tonnes in self.co2.items():
            cost[column] -= carbon * tonnes
        entries = [(r, c, v) for r, (_, terms, _) in enumerate(self.rows) for c, v in terms.items()]
        row, column, value = (np.array(side) for side in zip(*entries, strict=True)) if entries else ([], [], [])
        matrix = csr_matrix((value, (row, column)), shape=(len(self.rows), len(cost)))
        low, high = (np.array([r[k] for r in self.rows], dtype=float) for k in (0, 2))
        binary = np.array(self.binary, dtype=bool)
        upper, empty = np.where(binary, 1.0, np.inf), pd.DataFrame()
        model = LiteralModel(matrix, low, high, np.zeros(len(cost)), upper, cost, binary, empty, empty, upper)
        return solve(model, tolerance=1e-9)


def slow_value(dataset: Dataset, members: Collection[str] | None = None, variant: str = "round") -> float:
    """Return v(S), or the value of a variant; minus infinity where no plan satisfies it."""
    solution = _Writer(dataset, members, variant).write().solved(dataset.settings.carbon_price)
    assert solution.status in ("optimal", "infeasible"), solution.status
    return solution.value if solution.status == "optimal" else -math.inf


def _km(one: Row, other: Row) -> float:
    """Great-circle kilometres by the chord of two points on the sphere."""

    def point(site: Row) -> tuple[float, float, float]:
        lat, lon = math.radians(site["latitude"]), math.radians(site["longitude"])
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    return 2 * 6371.0088 * math.asin(math.dist(point(one), point(other)) / 2)


def _rows(frame: pd.DataFrame) -> list[Row]:
    return [dict(row) for row in frame.to_dict("records")]


def _blank(value: float) -> bool:
    return math.isnan(value)


class _Writer:
    """Writes one coalition's problem down."""

    def __init__(self, dataset: Dataset, members: Collection[str] | None, variant: str) -> None:
        self.data, self.set, self.variant = dataset, dataset.settings, variant
        weights = {row["enterprise"]: row["weight"] for row in _rows(dataset["enterprises"])}
        members = set(weights) if members is None else set(members)
        self.everyone = members == set(weights)
        self.part = sum(weights[e] for e in members) / sum(weights.values())
        self.sites = {r["site"]: r for r in _rows(dataset["sites"]) if r["enterprise"] in members | {""}}
        self.times = dict(zip(dataset["periods"]["period"], dataset.shares.tolist(), strict=True))
        self.goods = {row["commodity"]: row for row in _rows(dataset["commodities"])}
        self.model = SlowModel()
        self.outlets: list[Row] = []  # site, good, time, holder, kind, pay, room, alone, row
        self.inlets: list[Row] = []
        self.shared: dict[Any, tuple[dict[int, float], float]] = {}  # market limits
        self.partners: dict[tuple[str, str], int] = {}

    def write(self) -> SlowModel:
        for table in ("offers", "needs"):
            for row in self.mine(table):
                self.supply(row, table)
        self.units()
        for store in self.mine("stores"):
            self.store(store)
        self.markets()
        for site in self.sites:
            for good, row in self.goods.items():
                if not _blank(row["disposal_cost"]):
                    for time in self.times:
                        self.end("in", kind="disposal", site=site, good=good, time=time, holder="", alone=True)
        self.exchanges()
        self.finish()
        return self.model

    def mine(self, table: str) -> list[Row]:
        """Rows at sites of the coalition, public ones scaled."""
        rows = [row for row in _rows(self.data[table]) if row["site"] in self.sites]
        for row in rows:
            for name in ("quantity", "capacity"):
                if name in row and self.public(row["site"]):
                    row[name] *= self.part
        return rows

    def public(self, site: str) -> bool:
        return self.sites[site]["enterprise"] == ""

    def end(self, side: str, **row: Any) -> Row:
        made = {"alone": False, "pay": 0.0, "terms": {}, "good": None} | row
        (self.outlets if side == "out" else self.inlets).append(made)
        return made

    def supply(self, row: Row, table: str) -> None:
        offer = table == "offers"
        for time, share in self.times.items():
            if row["period"] not in ("", time):
                continue
            amount = row["quantity"] * (1.0 if row["period"] else share)
            must = row["must_clear"] if offer else row["required"]
            must = must and (self.everyone or not self.public(row["site"]))
            holder = row["offer"] if offer else row["need"]
            made = self.end(
                "out" if offer else "in",
                kind="offer" if offer else "need",
                site=row["site"],
                good=row["commodity"],
                time=time,
                holder=holder,
                pay=-row["price"] if offer else row["price"],
                low=amount if must else -math.inf,
                high=amount,
                away={},
            )
            made["free"] = amount * (1.0 - row["keep"]) if offer else math.inf

    def able(self, names: Collection[str], time: str) -> float:
        """What part of a year's capacity may run in a period."""
        factors = [
            r["factor"] for r in _rows(self.data["availability"]) if r["holder"] in names and r["period"] == time
        ]
        return self.times[time] * math.prod(factors)

    def units(self) -> None:
        processes = {row["process"]: row for row in _rows(self.data["processes"])}
        for row in self.mine("facilities"):
            process = processes[row["process"]]
            opex = process["opex"] if _blank(row["opex"]) else row["opex"]
            for time in self.times:
                run = self.run(process, row["site"], time, opex, "facility")
                owner = self.sites[row["site"]]["enterprise"]
                could = row["capacity"] * self.able({row["facility"], row["process"], owner} - {""}, time)
                self.model.row(-math.inf, {run: 1.0}, could)
                if row["min_load"] > 0 and row["must_run"]:
                    self.model.row(row["min_load"] * could, {run: 1.0}, math.inf)
                elif row["min_load"] > 0:
                    on = self.model.column(binary=True)
                    self.model.row(0.0, {run: 1.0, on: -row["min_load"] * could}, math.inf)
                    self.model.row(-math.inf, {run: 1.0, on: -could}, 0.0)
        if self.variant == "round" and self.set.allow_builds:
            for process in processes.values():
                for site in self.sites:
                    self.build(process, site)

    def build(self, process: Row, site: str) -> None:
        name = process["process"]
        options = [r for r in _rows(self.data["build_options"]) if r["process"] == name and r["site"] == site]
        if not process["buildable"] or (not options and "build_options" in self.data.given):
            return
        option = options[0] if options else {"max_capacity": math.nan, "capex_factor": 1.0}
        steps = [row for row in _rows(self.data["sizes"]) if row["process"] == name]
        if steps and self.public(site):
            return
        rate, years = self.set.discount_rate, process["lifetime_years"]
        yearly = 1 / years if rate == 0 else rate / (1 - (1 + rate) ** -years)
        sizes, builts = [], []
        for step in steps or [process]:
            most = min([c for c in (step["max_capacity"], option["max_capacity"]) if not _blank(c)], default=MUCH)
            most *= self.part if self.public(site) else 1.0
            fixed, unit = (step[k] * option["capex_factor"] for k in ("fixed_capex", "unit_capex"))
            size, built = self.model.column(-yearly * unit), self.model.column(-yearly * fixed, binary=True)
            self.model.capex |= {size: unit, built: fixed}
            self.model.row(0.0, {size: 1.0, built: -step["min_capacity"]}, math.inf)
            self.model.row(-math.inf, {size: 1.0, built: -most}, 0.0)
            sizes.append(size)
            builts.append(built)
        self.model.row(-math.inf, dict.fromkeys(builts, 1.0), 1.0)
        for time in self.times:
            run = self.run(process, site, time, process["opex"], "build")
            able = self.able({name, self.sites[site]["enterprise"]} - {""}, time)
            self.model.row(-math.inf, {run: 1.0} | dict.fromkeys(sizes, -able), 0.0)

    def run(self, process: Row, site: str, time: str, opex: float, kind: str) -> int:
        run = self.model.column(-opex)
        self.model.co2[run] = process["co2"]
        for recipe in _rows(self.data["recipes"]):
            if recipe["process"] == process["process"] and recipe["coefficient"] != 0:
                made = {"kind": kind, "site": site, "good": recipe["commodity"], "time": time}
                made |= {"holder": process["process"], "low": 0.0, "high": 0.0, "away": {}, "free": math.inf}
                end = self.end("out" if recipe["coefficient"] > 0 else "in", **made)
                end["terms"] = {run: -abs(recipe["coefficient"])}
        return run

    def store(self, row: Row) -> None:
        times = list(self.times)
        levels = [self.model.column(-row["hold_cost"]) for _ in times]
        for index, time in enumerate(times):
            made = {
                "kind": "store",
                "site": row["site"],
                "good": row["commodity"],
                "time": time,
                "holder": row["store"],
            }
            out = self.end("out", **made)
            into = self.end("in", **made, pay=-row["charge_cost"])
            before: dict[int, float] = defaultdict(float, {levels[index]: 1.0})
            before[levels[index - 1]] -= 1 - row["loss"]
            into["balance"] = out["balance"] = before
            into["passing"] = out["passing"] = {levels[index - 1]: -(1 - row["loss"])}
            self.model.row(-math.inf, {levels[index]: 1.0}, row["capacity"])

    def markets(self) -> None:
        for row in _rows(self.data["markets"]):
            placed = row["site"] != ""
            for site in [row["site"]] if placed else list(self.sites):
                for time, share in self.times.items():
                    if site not in self.sites or row["period"] not in ("", time):
                        continue
                    sign = 1.0 if row["side"] == "sell" else -1.0
                    made = {"kind": "market", "site": site, "good": row["commodity"], "time": time}
                    made |= {"holder": row["market"], "pay": sign * row["price"], "alone": not placed}
                    end = self.end("in" if row["side"] == "sell" else "out", **made)
                    if not _blank(row["limit"]):
                        limit = row["limit"] * (1.0 if row["period"] else share)
                        limit *= self.part if self.public(site) else 1.0
                        group = (row["market"], time, "" if placed else self.sites[site]["enterprise"])
                        end["group"] = self.shared.setdefault(group, ({}, limit))[0]

    def exchanges(self) -> None:
        ways = self.ways()
        values = {(r["holder"], r["commodity"], r["property"]): r["value"] for r in _rows(self.data["qualities"])}
        self.limits: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in _rows(self.data["limits"]):
            self.limits[row["holder"], row["commodity"]].append(row)
        self.links: dict[Any, tuple[dict[int, float], Row, float]] = {}
        self.moves: list[tuple[int, str, str, str, str]] = []
        self.mixes: dict[Any, dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for out in self.outlets:
            for into in self.inlets:
                if (out["good"], out["time"]) != (into["good"], into["time"]):
                    continue
                if out["kind"] == "store" == into["kind"]:
                    continue
                if out["kind"] == "market" and into["kind"] in ("market", "disposal"):
                    continue
                limits = self.limits[into["holder"], into["good"]] if into["kind"] != "disposal" else []
                stated = [values.get((out["holder"], out["good"], row["property"])) for row in limits]
                if None in stated:
                    continue
                if out["site"] == into["site"]:
                    self.exchange(out, into, None, list(zip(limits, stated, strict=True)))
                elif not out["alone"] and not into["alone"]:
                    for way in ways.get((out["site"], into["site"], out["good"]), ()):
                        self.exchange(out, into, way, list(zip(limits, stated, strict=True)))

    def ways(self) -> dict[tuple[str, str, str], list[Row]]:
        """Modes between sites, with what they cost."""
        modes = {(row["mode"], row["commodity"]): row for row in _rows(self.data["transport"])}
        links = {(r["from_site"], r["to_site"], r["commodity"], r["mode"]): r for r in _rows(self.data["links"])}
        ways: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for start in self.sites:
            for end in self.sites:
                for good in self.goods:
                    for mode in {m for m, g in modes if g == good} | {k[3] for k in links}:
                        link, carrier = links.get((start, end, good, mode)), modes.get((mode, good))
                        way = self.way(start, end, good, mode, link, carrier) if start != end else None
                        if way and not self.forbidden(start, end, good):
                            ways[start, end, good].append(way)
        return ways

    def way(self, start: str, end: str, good: str, mode: str, link: Row | None, carrier: Row | None) -> Row | None:
        line = _km(self.sites[start], self.sites[end])
        if link is None and (carrier is None or not line * carrier["detour"] <= carrier["max_km"]):
            return None
        if link is not None and link["forbidden"]:
            return None
        blank = {"cost_per_unit": 0.0, "cost_per_unit_km": 0.0, "loss_per_km": 0.0, "detour": 1.0, "capacity": math.nan}
        blank |= {"fixed_capex": 0.0, "capex_per_km": 0.0, "co2_per_unit_km": 0.0, "lifetime_years": 20.0}
        carrier = carrier or blank
        given = {k: v for k, v in (link or {}).items() if isinstance(v, float) and not _blank(v)}
        km = given.get("km", 0.0 if _blank(line) else line * carrier["detour"])
        capex = given.get("fixed_capex", carrier["fixed_capex"] + carrier["capex_per_km"] * km)
        capacity = given.get("capacity", carrier["capacity"])
        capacity *= self.part if self.public(start) and self.public(end) else 1.0
        capex = 0.0 if link is not None and link["existing"] else capex
        if capex > 0 and self.variant != "round":
            return None
        return {
            "key": (start, end, good, mode),
            "mode": mode,
            "cost": given.get("cost_per_unit", carrier["cost_per_unit"] + carrier["cost_per_unit_km"] * km),
            "loss": given.get("loss", min(1.0, carrier["loss_per_km"] * km)),
            "capacity": capacity,
            "capex": capex,
            "years": carrier["lifetime_years"],
            "co2": carrier["co2_per_unit_km"] * km,
        }

    def means(self, pattern: Any, start: str, end: str, good: str) -> bool:
        owners = self.sites[start]["enterprise"], self.sites[end]["enterprise"]
        said = (pattern.from_enterprise, pattern.to_enterprise, pattern.from_site, pattern.to_site, pattern.commodity)
        real = (*owners, start, end, good)
        return all(want in (None, have) for want, have in zip(said, real, strict=True))

    def forbidden(self, start: str, end: str, good: str) -> bool:
        return any(self.means(pattern, start, end, good) for pattern in self.set.forbid)

    def exchange(self, out: Row, into: Row, way: Row | None, stated: list[tuple[Row, float]]) -> None:
        start, end, good, time = out["site"], into["site"], out["good"], out["time"]
        owner, taker = self.sites[start]["enterprise"], self.sites[end]["enterprise"]
        strangers = owner != taker and "" not in (owner, taker)
        if strangers and self.variant == "today" and self.dealt(start, end, good) is None:
            return
        arrives = 1.0 - (way["loss"] if way else 0.0)
        dumped = into["kind"] == "disposal"
        pay = into["pay"] * arrives + (0.0 if dumped else out["pay"]) - (way["cost"] if way else 0.0)
        pay -= self.goods[good]["disposal_cost"] if dumped else 0.0
        flow = self.model.column(pay)
        self.model.co2[flow] = (way["co2"] if way else 0.0) + (self.goods[good]["disposal_co2"] if dumped else 0.0)
        out["terms"][flow], into["terms"][flow] = 1.0, arrives
        for side, amount in ((out, 1.0), (into, arrives)):
            if "group" in side:
                side["group"][flow] = amount
            if "balance" in side:
                side["balance"][flow] = 1.0 if side is out else -arrives
        if "passing" in out:
            out["passing"][flow] = 1.0
        elsewhere = taker in ("",) or owner != taker or into["kind"] == "store"
        if out["kind"] == "offer" and elsewhere and not into["alone"]:
            out["away"][flow] = 1.0
        for limit, value in stated:
            for bound in ("minimum", "maximum"):
                if not _blank(limit[bound]):
                    self.mixes[id(into), limit["property"], bound][flow] += (value - limit[bound]) * arrives
        if way:
            self.links.setdefault((way["key"], time), ({}, way, self.times[time]))[0][flow] = 1.0
            self.moves.append((flow, start, end, good, way["mode"]))
            if strangers and self.variant == "today":
                self.shared.setdefault(
                    ("deal", start, end, good, time), ({}, self.dealt(start, end, good) * self.times[time])
                )[0][flow] = 1.0
            if strangers and self.set.max_partners is not None:
                pair = (min(owner, taker), max(owner, taker))
                if pair not in self.partners:
                    self.partners[pair] = self.model.column(binary=True)
                self.model.row(-math.inf, {flow: 1.0, self.partners[pair]: -MUCH}, 0.0)

    def dealt(self, start: str, end: str, good: str) -> Any:
        deals = [
            r["quantity"]
            for r in _rows(self.data["deals"])
            if (r["from_site"], r["to_site"], r["commodity"]) == (start, end, good)
        ]
        return sum(deals) if deals else None

    def finish(self) -> None:
        model = self.model
        for end in self.outlets + self.inlets:
            if end["kind"] in ("offer", "need", "facility", "build"):
                model.row(end["low"], end["terms"], end["high"])
            if end["kind"] == "offer":
                model.row(-math.inf, end["away"], end["free"])
        for balance in {id(end["balance"]): end for end in self.outlets if "balance" in end}.values():
            model.row(0.0, balance["balance"], 0.0)
            model.row(-math.inf, balance["passing"], 0.0)
        for terms, limit in self.shared.values():
            model.row(-math.inf, terms, limit)
        for (_, _, bound), terms in self.mixes.items():
            model.row(*((-math.inf, terms, 0.0) if bound == "maximum" else (0.0, terms, math.inf)))
        opened: dict[Any, int] = {}
        for (key, _), (terms, way, share) in self.links.items():
            most = MUCH if _blank(way["capacity"]) else way["capacity"] * share
            if way["capex"] > 0:
                if key not in opened:
                    rate, years = self.set.discount_rate, way["years"]
                    yearly = 1 / years if rate == 0 else rate / (1 - (1 + rate) ** -years)
                    opened[key] = model.column(-yearly * way["capex"], binary=True)
                    model.capex[opened[key]] = way["capex"]
                model.row(-math.inf, terms | {opened[key]: -most}, 0.0)
            elif not _blank(way["capacity"]):
                model.row(-math.inf, terms, most)
        for enterprise in {name for pair in self.partners for name in pair}:
            mine = {column: 1.0 for pair, column in self.partners.items() if enterprise in pair}
            model.row(-math.inf, mine, self.set.max_partners or 0)
        if self.everyone and self.variant != "today":
            self.aims()

    def aims(self) -> None:
        model = self.model
        if self.set.capex_budget is not None:
            model.row(-math.inf, model.capex, self.set.capex_budget)
        if self.set.co2_cap is not None:
            model.row(-math.inf, model.co2, self.set.co2_cap)
        for rule in self.set.mode_share:
            moved = [(flow, mode) for flow, _, _, good, mode in self.moves if good == rule.commodity]
            model.row(0.0, {flow: (mode in rule.modes) - rule.minimum for flow, mode in moved}, math.inf)
        for pattern in self.set.fix:
            meant = {flow: 1.0 for flow, start, end, good, _ in self.moves if self.means(pattern, start, end, good)}
            model.row(pattern.quantity or 0.0, meant, pattern.quantity or 0.0)
