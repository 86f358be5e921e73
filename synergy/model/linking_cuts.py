"""Forcing rows: variable upper bounds linking flows of new units to their build binaries, added as cuts.

There is one for every exchange of a group whose members are all new units, and for every market that such groups alone
use. Few of them bind, so they are added where the relaxation violates them (cuts for single-node flow models; Van Roy &
Wolsey 1986, Discrete Applied Mathematics 14:199).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from synergy.model.assembly import Block
from synergy.model.build import Model
from synergy.network.ends import EndKind, Ends
from synergy.network.places import Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Forcing:
    """Hold the rows ``x[column] <= most * sum(built of group)``.

    `column`, `most` and `group`, shape (rows,), are the bounded column, its greatest value and its row of `built`.
    `built`, shape (groups, columns), is 1 for the build binaries of the new units in each group. `rival`, shape
    (columns,), is the unit of each step of scale, of which at most one is built; -1 for other columns.
    """

    column: Ints
    most: Floats
    group: Ints
    built: sparse.csr_array
    rival: Ints

    def chosen(self, part: Floats, columns: Ints, least: float) -> Bools:
        """Return the binaries to round up: those with a positive part, among rivals only the largest."""
        rival = self.rival[columns]
        order = np.lexsort((part, rival))
        last = np.append(np.diff(rival[order]) != 0, True)
        keep = rival < 0
        keep[order[last]] = True
        up: Bools = (part > least) & keep
        return up

    def broken(self, x: Floats, by: float) -> Ints:
        """Return the rows that a relaxed solution violates by more than a part of their big-M."""
        chosen = np.asarray(self.built @ x)[self.group]
        over = x[self.column] / self.most - chosen
        return np.flatnonzero(over > by)

    def rows(self, which: Ints) -> sparse.csr_array:
        """Return some rows as ``matrix @ x <= 0``."""
        size = len(which)
        unit = sparse.csr_array(
            (np.ones(size), (np.arange(size), self.column[which])), shape=(size, self.built.shape[1])
        )
        scaled = sparse.csr_array(sparse.diags_array(self.most[which]) @ self.built[self.group[which]])
        return sparse.csr_array(unit - scaled)


def forcing_of(model: Model) -> Forcing:
    """Return all forcing rows of a model."""
    network = model.candidates.network
    sources = _Side(model, network.outlets, len(network.sources.site))
    sinks = _Side(model, network.inlets, len(network.sinks.site))
    flow = model.column("flow")
    arc = flow.key["arc"] if len(flow) else np.empty(0, np.int64)
    used = np.unique(arc)
    ends = (network.arcs.outlet, network.arcs.inlet)
    # sources stand first among the groups, then sinks, then those that feed or use a market
    groups = [sources.built, sinks.built]
    parts = [_forced(flow, ends[0][arc], sources.pure, 0), _forced(flow, ends[1][arc], sinks.pure, len(sources.pure))]
    start = len(sources.pure) + len(sinks.pure)
    for name, members, near, far in (
        ("take", network.inlets, 1, (0, sources)),
        ("give", network.outlets, 0, (1, sinks)),
    ):
        side, other = far
        reached = sparse.csr_array(
            (np.ones(len(used)), (ends[near][used], ends[side][used])),
            shape=(int(members.group.max(initial=-1)) + 1, len(other.pure)),
        )
        mixed = np.asarray(reached @ (~other.pure).astype(float)) > 0
        alone = ~mixed & (np.diff(reached.indptr) > 0)
        groups.append(sparse.csr_array(reached @ other.built))
        block = model.column(name)
        end = block.key["end"] if len(block) else np.empty(0, np.int64)
        parts.append(_forced(block, members.group[end], alone, start))
        start += len(alone)
    column, group = (np.concatenate(part) for part in zip(*parts, strict=True))
    most = model.upper[column]
    sound = np.isfinite(most) & (most > 0) & (model.lower[column] <= 0)
    built = sparse.csr_array(sparse.vstack(groups))
    return Forcing(column[sound], most[sound], group[sound], built, _rivals(model))


def _rivals(model: Model) -> Ints:
    """Return the unit of each step-of-scale binary, -1 for other columns."""
    rival = np.full(len(model.cost), -1)
    built = model.column("built")
    if len(built):
        rival[built.span] = model.candidates.network.units.steps.unit[built.key["step"]]
    return rival


def _forced(block: Block, group: Ints, pure: Bools, start: int) -> tuple[Ints, Ints]:
    """Return the columns of a family whose group is pure, and their groups offset by `start`."""
    hit = pure[group] if len(group) else np.empty(0, bool)
    return block.positions[hit], group[hit] + start


class _Side:
    """Outlets or inlets: the groups made of new units only, and the build binaries of each group."""

    def __init__(self, model: Model, ends: Ends, groups: int) -> None:
        units, steps, built = (
            model.candidates.network.units,
            model.candidates.network.units.steps,
            model.column("built"),
        )
        stepped, binary = np.zeros(len(units.ids)), np.zeros(len(units.ids))
        np.add.at(stepped, steps.unit[model.candidates.step], 1)
        step = built.key["step"] if len(built) else np.empty(0, np.int64)
        np.add.at(binary, steps.unit[step], 1)
        whole = units.is_build & (binary > 0) & (binary == stepped)
        reach = model.candidates.reach
        amount = (reach.given if ends is model.candidates.network.outlets else reach.taken).max(axis=1, initial=0.0)
        unit = (ends.kind == EndKind.UNIT) & (amount > 0)
        fresh = unit.copy()
        fresh[unit] = whole[ends.ref[unit]]
        mixed = np.zeros(groups, dtype=bool)
        mixed[ends.group[(amount > 0) & ~fresh]] = True
        some = np.zeros(groups, dtype=bool)
        some[ends.group[fresh]] = True
        self.pure: Bools = some & ~mixed
        member = sparse.csr_array(
            (np.ones(int(fresh.sum())), (ends.group[fresh], ends.ref[fresh])), shape=(groups, len(units.ids))
        )
        columns = sparse.csr_array(
            (np.ones(len(step)), (steps.unit[step], built.positions)), shape=(len(units.ids), len(model.cost))
        )
        self.built = sparse.csr_array(member @ columns)
        self.built.data = np.minimum(self.built.data, 1.0)
