"""Forcing rows: variable upper bounds linking flows of new units to their build binaries, added as cuts.

There is one for every exchange of a group whose members are all new units, and for every market that such groups alone
use. Few of them bind, so they are added where the relaxation violates them (cuts for single-node flow models; Van Roy &
Wolsey 1986, Discrete Applied Mathematics 14:199).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

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

    def broken(self, x: Floats, by: float) -> sparse.csr_array | None:
        """Return the rows that a relaxed solution violates by more than a part of their big-M, as ``matrix @ x <= 0``.

        None where there are none.
        """
        over = x[self.column] / self.most - np.asarray(self.built @ x)[self.group]
        which = np.flatnonzero(over > by)
        if not len(which):
            return None
        place = np.arange(len(which)), self.column[which]
        unit = sparse.csr_array((np.ones(len(which)), place), shape=(len(which), self.built.shape[1]))
        scaled = sparse.csr_array(sparse.diags_array(self.most[which]) @ self.built[self.group[which]])
        return sparse.csr_array(unit - scaled)


def forcing_of(model: Model) -> Forcing:
    """Return all forcing rows of a model."""
    network, flow, built = model.candidates.network, model.columns["flow"], model.columns["built"]
    outlet, inlet = network.arcs.outlet[flow.key["arc"]], network.arcs.inlet[flow.key["arc"]]
    sources = _Side(model, network.outlets, len(network.sources.site))
    sinks = _Side(model, network.inlets, len(network.sinks.site))
    # sources stand first among the groups, then sinks, then those that feed or use a market
    groups = [sources.built, sinks.built]
    families = [(flow, outlet, sources.pure), (flow, inlet, sinks.pure)]
    used = np.unique(flow.key["arc"], return_index=True)[1]
    for name, members, near, far, other in (
        ("take", network.inlets, inlet[used], outlet[used], sources),
        ("give", network.outlets, outlet[used], inlet[used], sinks),
    ):
        shape = (int(members.group.max(initial=-1)) + 1, len(other.pure))
        reached = sparse.csr_array((np.ones(len(used)), (near, far)), shape=shape)
        mixed = np.asarray(reached @ (~other.pure).astype(float)) > 0
        alone = ~mixed & (np.diff(reached.indptr) > 0)
        groups.append(sparse.csr_array(reached @ other.built))
        block = model.columns[name]
        families.append((block, members.group[block.key["end"]], alone))
    # the columns of each family whose group is made of new units only
    parts, start = [], 0
    for block, own, pure in families:
        hit = pure[own]
        parts.append((block.positions[hit], own[hit] + start))
        start += len(pure)
    column, group = (np.concatenate(part) for part in zip(*parts, strict=True))
    most = model.upper[column]
    sound = np.isfinite(most) & (most > 0) & (model.lower[column] <= 0)
    rival = np.full(len(model.cost), -1)
    rival[built.span] = network.units.steps.unit[built.key["step"]]
    return Forcing(column[sound], most[sound], group[sound], sparse.csr_array(sparse.vstack(groups)), rival)


class _Side:
    """Outlets or inlets: the groups made of new units only, and the build binaries of each group."""

    def __init__(self, model: Model, ends: Ends, groups: int) -> None:
        candidates, built = model.candidates, model.columns["built"]
        units, steps, reach = candidates.network.units, candidates.network.units.steps, candidates.reach
        size, step = len(units.ids), built.key["step"]
        stepped = np.bincount(steps.unit[candidates.step], minlength=size)
        binary = np.bincount(steps.unit[step], minlength=size)
        whole = units.is_build & (binary > 0) & (binary == stepped)
        amount = (reach.given if ends is candidates.network.outlets else reach.taken).max(axis=1, initial=0.0)
        unit = (ends.kind == EndKind.UNIT) & (amount > 0)
        fresh = unit.copy()
        fresh[unit] = whole[ends.ref[unit]]
        some, mixed = np.zeros(groups, dtype=bool), np.zeros(groups, dtype=bool)
        some[ends.group[fresh]] = True
        mixed[ends.group[(amount > 0) & ~fresh]] = True
        self.pure: Bools = some & ~mixed
        member = sparse.csr_array(
            (np.ones(int(fresh.sum())), (ends.group[fresh], ends.ref[fresh])), shape=(groups, size)
        )
        columns = sparse.csr_array(
            (np.ones(len(step)), (steps.unit[step], built.positions)), shape=(size, len(model.cost))
        )
        self.built = sparse.csr_array(member @ columns)
        self.built.data = np.minimum(self.built.data, 1.0)
