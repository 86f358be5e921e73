"""Balances: what leaves an outlet, what arrives at an inlet, what a store holds, what a mix may contain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.candidates.candidates import Candidates, quality_rows
from synergy.model.assembly import Assembly, Block, distinct
from synergy.network.ends import EndKind, Ends, InletClass
from synergy.network.places import Bools, Floats, Ints


def positions_of(block: Block, row: str, periods: int, size: int) -> Ints:
    """Return the position of each (row, period) of a block, shape (size, periods); -1 where it has none."""
    table = np.full((size, periods), -1, dtype=np.int64)
    if len(block):
        table[block.key[row], block.key["period"]] = block.positions
    return table


def arrivals(candidates: Candidates, flow: Block) -> Floats:
    """Return what part of each flow column arrives."""
    if not len(flow):
        return np.empty(0)
    network = candidates.network
    part: Floats = 1.0 - network.arcs.over(network.links.loss, 0.0)[flow.key["arc"]]
    return part


def add_outlets(assembly: Assembly, candidates: Candidates) -> None:
    """What the outlets of a group give is what leaves them."""
    network = candidates.network
    flow = assembly.block("flow")
    group = network.arcs.outlet[flow.key["arc"]] if len(flow) else np.empty(0, np.int64)
    members = _Members(assembly, candidates, network.outlets, "give", "draw", len(network.sources.site))
    rows = members.rows("outlet", group, flow)
    assembly.add_entries(rows[group, flow.key.get("period", group)], flow.positions, -1.0)
    members.enter(rows, 1.0)


def add_inlets(assembly: Assembly, candidates: Candidates) -> None:
    """What arrives at a group of inlets, losses apart, is what its inlets take; disposal takes anything."""
    network = candidates.network
    flow = assembly.block("flow")
    group = network.arcs.inlet[flow.key["arc"]] if len(flow) else np.empty(0, np.int64)
    bound = network.sinks.rank[group] != InletClass.DISPOSAL
    members = _Members(assembly, candidates, network.inlets, "take", "put", len(network.sinks.site))
    part = Block(flow.start, flow.stop, flow.key)
    rows = members.rows("inlet", group[bound], part, bound)
    period = flow.key.get("period", group)
    assembly.add_entries(rows[group[bound], period[bound]], flow.positions[bound], arrivals(candidates, flow)[bound])
    members.enter(rows, -1.0)


class _Members:
    """Columns of the members of groups on one side, as (group, period, column, coefficient)."""

    def __init__(
        self, assembly: Assembly, candidates: Candidates, ends: Ends, trade: str, store: str, groups: int
    ) -> None:
        network = candidates.network
        self.assembly, self.groups, self.periods = assembly, groups, len(network.places.share)
        run = positions_of(assembly.block("run"), "unit", self.periods, len(network.units.ids))
        unit = np.flatnonzero(ends.kind == EndKind.UNIT)
        end, period = np.nonzero(run[ends.ref[unit]] >= 0) if len(unit) else (unit, unit)
        parts = [(ends.group[unit[end]], period, run[ends.ref[unit[end]], period], ends.coefficient[unit[end]])]
        for name in (trade, store):
            block = assembly.block(name)
            if len(block):
                own = ends.group[block.key["end"]]
                parts.append((own, block.key["period"], block.positions, np.ones(len(block))))
        self.group, self.period, self.column, self.value = (np.concatenate(part) for part in zip(*parts, strict=True))

    def rows(self, name: str, group: Ints, flow: Block, which: Bools | None = None) -> Ints:
        """Add a row for each group and period that has a flow or a member; return their positions as a table."""
        period = flow.key["period"] if len(flow) else np.empty(0, np.int64)
        period = period if which is None else period[which]
        present = np.zeros((self.groups, self.periods), dtype=bool)
        present[group, period] = True
        present[self.group, self.period] = True
        row, when = np.nonzero(present)
        block = self.assembly.add_rows(name, {"group": row, "period": when}, lower=0.0, upper=0.0)
        return positions_of(block, "group", self.periods, self.groups)

    def enter(self, rows: Ints, sign: float) -> None:
        """Enter the members' columns into the rows."""
        self.assembly.add_entries(rows[self.group, self.period], self.column, sign * self.value)


def add_stores(assembly: Assembly, candidates: Candidates) -> None:
    """A store holds what it held, less losses, plus what came, less what left; the year closes on itself."""
    level, put, draw = (assembly.block(name) for name in ("level", "put", "draw"))
    if not len(level):
        return
    stores, periods = candidates.network.dataset["stores"], len(candidates.network.places.share)
    kept = 1.0 - stores["loss"].to_numpy(float)[level.key["store"]]
    table = positions_of(level, "store", periods, len(stores))
    before = table[level.key["store"], (level.key["period"] - 1) % periods]
    balance = assembly.add_rows("store", dict(level.key), lower=0.0, upper=0.0)
    assembly.add_entries(balance.positions, level.positions, 1.0)
    assembly.add_entries(balance.positions, before, -kept)
    row = positions_of(balance, "store", periods, len(stores))
    for block, sign in ((put, -1.0), (draw, 1.0)):
        assembly.add_entries(row[block.key["store"], block.key["period"]], block.positions, sign)
    passing = assembly.add_rows("withdrawal", dict(level.key), upper=0.0)
    row = positions_of(passing, "store", periods, len(stores))
    assembly.add_entries(row[draw.key["store"], draw.key["period"]], draw.positions, 1.0)
    assembly.add_entries(passing.positions, before, -kept)


def add_qualities(assembly: Assembly, candidates: Candidates) -> None:
    """The mix that arrives at an inlet with limits keeps them, period by period."""
    network, flow = candidates.network, assembly.block("flow")
    limits = quality_rows(network)
    if not len(limits) or not len(flow):
        return
    columns = pd.DataFrame(
        {
            "sink": network.arcs.inlet[flow.key["arc"]],
            "source": network.arcs.outlet[flow.key["arc"]],
            "period": flow.key["period"],
            "column": flow.positions,
            "arrives": arrivals(candidates, flow),
        }
    )
    joined = columns.merge(limits, on="sink", how="inner", sort=False)
    signature = network.sources.signature[joined["source"].to_numpy(int)]
    value = network.qualities.values[signature, joined["property"].to_numpy(int)]
    for name, sign in (("maximum", 1.0), ("minimum", -1.0)):
        bound = joined[name].to_numpy(float)
        limited = ~np.isnan(bound)
        if not limited.any():
            continue
        row, key = distinct({part: joined.loc[limited, part] for part in ("sink", "property", "period")})
        block = assembly.add_rows(f"quality_{name[:3]}", key, upper=0.0)
        weight = sign * (value - bound)[limited] * joined["arrives"].to_numpy(float)[limited]
        assembly.add_entries(block.start + row, joined.loc[limited, "column"], weight)
