"""Model assembly: collect columns, rows and entries by family and build the sparse matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from synergy.candidates.candidates import Candidates, quality_rows
from synergy.network.ends import EndKind, Ends, InletClass
from synergy.network.places import Bools, Floats, Ints

Bound = Floats | float


@dataclass(frozen=True, slots=True)
class Block:
    """Hold a family of columns or rows at ``start:stop``, with their keys by name (``arc``, ``unit``, ``period``)."""

    start: int
    stop: int
    key: Mapping[str, Ints]

    @property
    def span(self) -> slice:
        """Return the positions as a slice."""
        return slice(self.start, self.stop)

    @property
    def positions(self) -> Ints:
        """Return the positions."""
        return np.arange(self.start, self.stop)

    def __len__(self) -> int:
        """Return the number of columns or rows."""
        return self.stop - self.start


EMPTY = Block(0, 0, {})


@dataclass(slots=True)
class Assembly:
    """Collect the columns, rows and entries of a model; the order of calls is the order of columns and rows."""

    columns: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Block] = field(default_factory=dict)
    _bounds: list[tuple[Floats, Floats, Bools]] = field(default_factory=list)
    _limits: list[tuple[Floats, Floats]] = field(default_factory=list)
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)

    def add_columns(
        self, name: str, key: Mapping[str, Ints], *, lower: Bound = 0.0, upper: Bound = np.inf, integer: bool = False
    ) -> Block:
        """Add a family of variables; their cost is set by `objective`."""
        start = max((block.stop for block in self.columns.values()), default=0)
        size = len(next(iter(key.values())))
        block = Block(start, start + size, {part: np.asarray(values) for part, values in key.items()})
        self.columns[name] = block
        low, high = (np.broadcast_to(np.asarray(bound, float), (size,)) for bound in (lower, upper))
        self._bounds.append((low, high, np.full(size, integer)))
        return block

    def add_rows(self, name: str, key: Mapping[str, Ints], *, lower: Bound = -np.inf, upper: Bound = np.inf) -> Block:
        """Add a family of constraints ``lower <= row <= upper``."""
        start = max((block.stop for block in self.rows.values()), default=0)
        size = len(next(iter(key.values())))
        block = Block(start, start + size, {part: np.asarray(values) for part, values in key.items()})
        self.rows[name] = block
        low, high = (np.broadcast_to(np.asarray(bound, float), (size,)) for bound in (lower, upper))
        self._limits.append((low, high))
        return block

    def add_entries(self, row: Ints, column: Ints, value: ArrayLike) -> None:
        """Add matrix coefficients; duplicates at one position are summed."""
        row, column = np.asarray(row, np.int64), np.asarray(column, np.int64)
        value = np.broadcast_to(np.asarray(value, float), row.shape)
        self._entries.append((row, column, value))

    def block(self, name: str) -> Block:
        """Return a family of columns, empty where the problem has none."""
        return self.columns.get(name, EMPTY)

    def matrix(self) -> sparse.csr_array:
        """Return the sparse matrix of all entries, shape (rows, columns)."""
        rows = max((block.stop for block in self.rows.values()), default=0)
        columns = max((block.stop for block in self.columns.values()), default=0)
        parts = self._entries or [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        row, column, value = (np.concatenate(part) for part in zip(*parts, strict=True))
        matrix = sparse.csr_array((value, (row, column)), shape=(rows, columns))
        matrix.sum_duplicates()
        return matrix

    def bounds(self) -> tuple[Floats, Floats, Bools]:
        """Return lower and upper bounds of the columns, and which are integer."""
        if not self._bounds:
            return np.empty(0), np.empty(0), np.empty(0, bool)
        lower, upper, integer = (np.concatenate(part) for part in zip(*self._bounds, strict=True))
        return lower, upper, integer

    def limits(self) -> tuple[Floats, Floats]:
        """Return lower and upper limits of the rows."""
        if not self._limits:
            return np.empty(0), np.empty(0)
        lower, upper = (np.concatenate(part) for part in zip(*self._limits, strict=True))
        return lower, upper


def distinct(key: Mapping[str, Ints]) -> tuple[Ints, dict[str, Ints]]:
    """Return the position of each integer tuple among the distinct tuples, and the distinct tuples by name."""
    table = np.stack([np.asarray(values, np.int64) for values in key.values()])
    unique, row = np.unique(table, axis=1, return_inverse=True)
    return np.asarray(row, np.int64).ravel(), dict(zip(key, unique, strict=True))


def positions_of(block: Block, row: str, periods: int, size: int) -> Ints:
    """Return the position of each (row, period) of a block, shape (size, periods); -1 where it has none."""
    table = np.full((size, periods), -1, dtype=np.int64)
    if len(block):
        table[block.key[row], block.key["period"]] = block.positions
    return table


def arrivals(candidates: Candidates, flow: Block) -> Floats:
    """Return the fraction of each flow column that arrives (one minus the loss of its link)."""
    if not len(flow):
        return np.empty(0)
    network = candidates.network
    part: Floats = 1.0 - network.arcs.over(network.links.loss, 0.0)[flow.key["arc"]]
    return part


def add_outlets(assembly: Assembly, candidates: Candidates) -> None:
    """Add the balance of each outlet group: the supply of its members equals the flow leaving it."""
    network = candidates.network
    flow = assembly.block("flow")
    group = network.arcs.outlet[flow.key["arc"]] if len(flow) else np.empty(0, np.int64)
    members = _Members(assembly, candidates, network.outlets, "give", "draw", len(network.sources.site))
    rows = members.rows("outlet", group, flow)
    assembly.add_entries(rows[group, flow.key.get("period", group)], flow.positions, -1.0)
    members.enter(rows, 1.0)


def add_inlets(assembly: Assembly, candidates: Candidates) -> None:
    """Add the balance of each inlet group: inflow net of losses equals its members' intake; disposal is unbounded."""
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
    """Collect the columns of group members on one side, as (group, period, column, coefficient)."""

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
        """Add a row for each group and period with a flow or a member; return their positions as a table."""
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
    """Add storage balances, cyclic over the year, and limit each withdrawal to the level carried over."""
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
    """Add blending constraints: the mix arriving at an inlet with limits keeps them in each period."""
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
