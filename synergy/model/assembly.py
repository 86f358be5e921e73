"""Model assembly: collect columns, rows and entries by family and build the sparse matrix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.candidates.candidates import Candidates, quality_rows
from synergy.network.ends import EndKind, InletClass
from synergy.network.places import Bools, Floats, Ints

Bound = Floats | float


@dataclass(frozen=True, slots=True)
class Block:
    """Family of columns or rows at ``start:stop``, with their keys by name (``arc``, ``unit``, ``period``).

    `span` and `positions` are its positions as a slice and as an array.
    """

    start: int
    stop: int
    key: Mapping[str, Ints]
    span: slice
    positions: Ints

    def __len__(self) -> int:
        """Return the number of columns or rows."""
        return self.stop - self.start


EMPTY = Block(0, 0, defaultdict(partial(np.arange, 0)), slice(0, 0), np.empty(0, np.int64))  # for any keys


class Families(dict[str, Block]):
    """Families of columns, or of rows, by name and in their order; one that the problem does not have is empty."""

    def __missing__(self, _name: str) -> Block:
        return EMPTY


def block_of(start: int, key: Mapping[str, Ints]) -> Block:
    """Return the family of the members with the given keys, from a position on."""
    stop = start + len(next(iter(key.values())))
    keys = {part: np.asarray(values) for part, values in key.items()}
    return Block(start, stop, keys, slice(start, stop), np.arange(start, stop))


@dataclass(slots=True)
class Assembly:
    """Columns, rows and entries of a model, in the order in which they are added.

    `bounds` are lower and upper bounds of the columns, and which are integer; `limits` lower and upper limits of the
    rows; `entries` row, column and value of matrix coefficients.
    """

    columns: Families = field(default_factory=Families)
    rows: Families = field(default_factory=Families)
    bounds: list[tuple[Floats, Floats, Bools]] = field(default_factory=list)
    limits: list[tuple[Floats, Floats]] = field(default_factory=list)
    entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)

    def add_columns(
        self, name: str, key: Mapping[str, Ints], *, lower: Bound = 0.0, upper: Bound = np.inf, integer: bool = False
    ) -> Block:
        """Add a family of variables; their cost is set by `objective`."""
        block = self.columns[name] = block_of(sum(map(len, self.columns.values())), key)
        low, high = (np.broadcast_to(np.asarray(bound, float), (len(block),)) for bound in (lower, upper))
        self.bounds.append((low, high, np.full(len(block), integer)))
        return block

    def add_rows(self, name: str, key: Mapping[str, Ints], *, lower: Bound = -np.inf, upper: Bound = np.inf) -> Block:
        """Add a family of constraints ``lower <= row <= upper``."""
        block = self.rows[name] = block_of(sum(map(len, self.rows.values())), key)
        low, high = (np.broadcast_to(np.asarray(bound, float), (len(block),)) for bound in (lower, upper))
        self.limits.append((low, high))
        return block

    def add_entries(self, row: Ints | int, column: Ints, value: ArrayLike) -> None:
        """Add matrix coefficients, all in one row or in one row each; duplicates at one position are summed."""
        column = np.asarray(column, np.int64)
        row = np.broadcast_to(np.asarray(row, np.int64), column.shape)
        self.entries.append((row, column, np.broadcast_to(np.asarray(value, float), column.shape)))


def distinct(key: Mapping[str, Ints]) -> tuple[Ints, dict[str, Ints]]:
    """Return the position of each integer tuple among the distinct tuples, and the distinct tuples by name."""
    table = np.stack([np.asarray(values, np.int64) for values in key.values()])
    unique, row = np.unique(table, axis=1, return_inverse=True)
    return np.asarray(row, np.int64).ravel(), dict(zip(key, unique, strict=True))


def positions_of(block: Block, row: str, periods: int, size: int) -> Ints:
    """Return the position of each (row, period) of a block, shape (size, periods); -1 where it has none."""
    table = np.full((size, periods), -1, dtype=np.int64)
    table[block.key[row], block.key["period"]] = block.positions
    return table


def add_balances(assembly: Assembly, candidates: Candidates) -> None:
    """Add the balance of each outlet group, then of each inlet group, wherever it has a flow or a member in a period.

    The supply of an outlet group's members equals the flow that leaves it; the flow that arrives at an inlet group
    equals its members' intake. Disposal is unbounded. Balances of stores follow, cyclic over the year; each withdrawal
    is limited to the level carried over.
    """
    network, flow = candidates.network, assembly.columns["flow"]
    arc, when, periods = flow.key["arc"], flow.key["period"], len(network.places.share)
    run = positions_of(assembly.columns["run"], "unit", periods, len(network.units.ids))
    source, sink, every = network.arcs.outlet[arc], network.arcs.inlet[arc], np.arange(len(flow))
    bound = np.flatnonzero(network.sinks.rank[sink] != InletClass.DISPOSAL)
    left, came = -np.ones(len(flow)), candidates.kept[arc]
    for name, ends, groups, families, moved, group, part in (
        ("outlet", network.outlets, network.sources, ("give", "draw"), every, source, left),
        ("inlet", network.inlets, network.sinks, ("take", "put"), bound, sink, came),
    ):
        unit = np.flatnonzero(ends.kind == EndKind.UNIT)
        end, period = np.nonzero(run[ends.ref[unit]] >= 0)
        members = [(ends.group[unit[end]], period, run[ends.ref[unit[end]], period], ends.coefficient[unit[end]])]
        for block in (assembly.columns[one] for one in families):
            members.append((ends.group[block.key["end"]], block.key["period"], block.positions, np.ones(len(block))))
        member, period, column, value = (np.concatenate(one) for one in zip(*members, strict=True))
        present = np.zeros((len(groups.site), periods), dtype=bool)
        present[group[moved], when[moved]] = True
        present[member, period] = True
        key = dict(zip(("group", "period"), np.nonzero(present), strict=True))
        balance = assembly.add_rows(name, key, lower=0.0, upper=0.0)
        rows = positions_of(balance, "group", periods, len(groups.site))
        assembly.add_entries(rows[group[moved], when[moved]], flow.positions[moved], part[moved])
        assembly.add_entries(rows[member, period], column, value if name == "outlet" else -value)
    level, put, draw = (assembly.columns[name] for name in ("level", "put", "draw"))
    if not len(level):
        return
    stores = network.dataset["stores"]
    kept = 1.0 - stores["loss"].to_numpy(float)[level.key["store"]]
    table = positions_of(level, "store", periods, len(stores))
    before = table[level.key["store"], (level.key["period"] - 1) % periods]
    balance = assembly.add_rows("store", level.key, lower=0.0, upper=0.0)
    assembly.add_entries(balance.positions, level.positions, 1.0)
    assembly.add_entries(balance.positions, before, -kept)
    row = positions_of(balance, "store", periods, len(stores))
    for block, sign in ((put, -1.0), (draw, 1.0)):
        assembly.add_entries(row[block.key["store"], block.key["period"]], block.positions, sign)
    passing = assembly.add_rows("withdrawal", level.key, upper=0.0)
    row = positions_of(passing, "store", periods, len(stores))
    assembly.add_entries(row[draw.key["store"], draw.key["period"]], draw.positions, 1.0)
    assembly.add_entries(passing.positions, before, -kept)


def add_qualities(assembly: Assembly, candidates: Candidates) -> None:
    """Add blending constraints: the mix arriving at an inlet with limits keeps them in each period."""
    network, flow = candidates.network, assembly.columns["flow"]
    limits = quality_rows(network)
    if not len(limits) or not len(flow):
        return
    columns = pd.DataFrame(
        {
            "sink": network.arcs.inlet[flow.key["arc"]],
            "source": network.arcs.outlet[flow.key["arc"]],
            "period": flow.key["period"],
            "column": flow.positions,
            "arrives": candidates.kept[flow.key["arc"]],
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
