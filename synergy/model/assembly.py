"""Model assembly: collect columns, rows and entries by family and build the sparse matrix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from synergy.candidates.candidates import Candidates, quality_rows
from synergy.network.ends import EndKind, InletClass
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


def _nothing() -> Ints:
    return np.empty(0, np.int64)


EMPTY = Block(0, 0, defaultdict(_nothing))  # of no member, whatever the keys


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
        block = self.columns[name] = _next(self.columns, key)
        self._bounds.append((*_spread(len(block), lower, upper), np.full(len(block), integer)))
        return block

    def add_rows(self, name: str, key: Mapping[str, Ints], *, lower: Bound = -np.inf, upper: Bound = np.inf) -> Block:
        """Add a family of constraints ``lower <= row <= upper``."""
        block = self.rows[name] = _next(self.rows, key)
        self._limits.append(_spread(len(block), lower, upper))
        return block

    def add_entries(self, row: Ints | int, column: Ints, value: ArrayLike) -> None:
        """Add matrix coefficients, all in one row or in one row each; duplicates at one position are summed."""
        column = np.asarray(column, np.int64)
        row = np.broadcast_to(np.asarray(row, np.int64), column.shape)
        self._entries.append((row, column, np.broadcast_to(np.asarray(value, float), column.shape)))

    def block(self, name: str) -> Block:
        """Return a family of columns, empty where the problem has none."""
        return self.columns.get(name, EMPTY)

    def matrix(self) -> sparse.csr_array:
        """Return the sparse matrix of all entries, shape (rows, columns)."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        matrix = sparse.csr_array((value, (row, column)), shape=(_stop(self.rows), _stop(self.columns)))
        matrix.sum_duplicates()
        return matrix

    def bounds(self) -> tuple[Floats, Floats, Bools]:
        """Return lower and upper bounds of the columns, and which are integer."""
        lower, upper, integer = (np.concatenate(part) for part in zip(*self._bounds, strict=True))
        return lower, upper, integer

    def limits(self) -> tuple[Floats, Floats]:
        """Return lower and upper limits of the rows."""
        lower, upper = (np.concatenate(part) for part in zip(*self._limits, strict=True))
        return lower, upper


def _stop(families: Mapping[str, Block]) -> int:
    return max((block.stop for block in families.values()), default=0)


def _next(families: Mapping[str, Block], key: Mapping[str, Ints]) -> Block:
    """Return the block of a further family."""
    start = _stop(families)
    size = len(next(iter(key.values())))
    return Block(start, start + size, {part: np.asarray(values) for part, values in key.items()})


def _spread(size: int, lower: Bound, upper: Bound) -> tuple[Floats, Floats]:
    return np.broadcast_to(np.asarray(lower, float), (size,)), np.broadcast_to(np.asarray(upper, float), (size,))


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


def arrivals(candidates: Candidates, flow: Block) -> Floats:
    """Return the fraction of each flow column that arrives (one minus the loss of its link)."""
    network = candidates.network
    part: Floats = 1.0 - network.arcs.over(network.links.loss, 0.0)[flow.key["arc"]]
    return part


def add_balances(assembly: Assembly, candidates: Candidates) -> None:
    """Add the balance of each outlet group, then of each inlet group, wherever it has a flow or a member in a period.

    The supply of an outlet group's members equals the flow that leaves it; the flow that arrives at an inlet group
    equals its members' intake. Disposal is unbounded.
    """
    network, flow = candidates.network, assembly.block("flow")
    arc, when, periods = flow.key["arc"], flow.key["period"], len(network.places.share)
    run = positions_of(assembly.block("run"), "unit", periods, len(network.units.ids))
    source, sink, every = network.arcs.outlet[arc], network.arcs.inlet[arc], np.arange(len(flow))
    bound = np.flatnonzero(network.sinks.rank[sink] != InletClass.DISPOSAL)
    left, came = -np.ones(len(flow)), arrivals(candidates, flow)
    for name, ends, groups, families, moved, group, part in (
        ("outlet", network.outlets, network.sources, ("give", "draw"), every, source, left),
        ("inlet", network.inlets, network.sinks, ("take", "put"), bound, sink, came),
    ):
        unit = np.flatnonzero(ends.kind == EndKind.UNIT)
        end, period = np.nonzero(run[ends.ref[unit]] >= 0)
        members = [(ends.group[unit[end]], period, run[ends.ref[unit[end]], period], ends.coefficient[unit[end]])]
        for block in map(assembly.block, families):
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


def add_stores(assembly: Assembly, candidates: Candidates) -> None:
    """Add storage balances, cyclic over the year, and limit each withdrawal to the level carried over."""
    level, put, draw = (assembly.block(name) for name in ("level", "put", "draw"))
    if not len(level):
        return
    stores, periods = candidates.network.dataset["stores"], len(candidates.network.places.share)
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
