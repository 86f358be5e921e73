"""Loosened problem: what is left of a dataset once every statement of it that can be given up is given up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.candidates.candidates import candidates_of
from synergy.candidates.reach import Reach
from synergy.candidates.scope import everyone
from synergy.dataset.dataset import Dataset
from synergy.model.build import Model, build
from synergy.model.scaling import Problem, scaled
from synergy.network.links import matches
from synergy.network.network import Network, network_of
from synergy.network.places import Bools, Floats, Ints

WIDE = 10.0  # times all that the tables state of a commodity: more than any plan could move


@dataclass(frozen=True, slots=True)
class Loosened:
    """A round whose statements may be given up one by one.

    Parameters
    ----------
    dataset : Dataset
        As stated.
    model : Model
        With a column and a row for all that a statement could be about, exchanges that are forbidden included.
    stated : Reach
        Amounts of the tables, each by itself.
    carried : numpy.ndarray, shape (commodities,)
        More of each commodity than any plan could move, finite.
    run : numpy.ndarray, shape (units,)
        More activity of each unit than any plan could have, finite.
    """

    dataset: Dataset
    model: Model
    stated: Reach
    carried: Floats
    run: Floats

    @property
    def network(self) -> Network:
        """What could be exchanged if nothing were forbidden."""
        return self.model.candidates.network

    def banned(self) -> list[Ints]:
        """Flow columns that each pattern of `forbid` rules out."""
        flow, network = self.model.column("flow"), self.network
        if not len(flow):
            return [np.empty(0, np.int64) for _ in self.dataset.settings.forbid]
        arc = flow.key["arc"]
        source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
        ends = (network.sources.site[source], network.sinks.site[sink], network.sources.commodity[source])
        patterns = self.dataset.settings.forbid
        return [flow.start + np.flatnonzero(matches(pattern, network.places, *ends)) for pattern in patterns]


def loosened(dataset: Dataset) -> Loosened:
    """Problem of a round in which every statement has a column or a row of its own.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Loosened
    """
    links = dataset["links"]
    links["forbidden"] = False
    settings = replace(dataset.settings, forbid=(), allow_builds=True)
    network = network_of(replace(dataset, settings=settings, tables={**dataset.tables, "links": links}))
    candidates = candidates_of(network, everyone(network.places), prune=False, tight=False)
    stated = candidates.reach
    carried, run = _wide(network, stated, dataset)
    shape = stated.flow.shape
    arc_most = carried[network.sources.commodity[network.arcs.outlet]][:, None]
    present = Reach(
        run=np.where(stated.run > 0, np.where(np.isfinite(stated.run), stated.run, run[:, None]), 1.0),
        given=np.where(stated.given > 0, stated.given, 1.0),
        taken=np.where(stated.taken > 0, stated.taken, 1.0),
        sent=np.full_like(stated.sent, np.inf),
        received=np.full_like(stated.received, np.inf),
        flow=np.where(np.isfinite(stated.flow) & (stated.flow > 0), stated.flow, np.broadcast_to(arc_most, shape)),
    )
    steps = np.ones(len(network.units.steps.unit), dtype=bool)
    candidates = replace(
        candidates, reach=present, reason=np.zeros(shape, dtype=np.int8), step=steps, size=np.maximum(run, 0.0)
    )
    return Loosened(dataset, build(candidates), stated, carried, run)


def _wide(network: Network, stated: Reach, dataset: Dataset) -> tuple[Floats, Floats]:
    """More of each commodity, and of each unit's activity, than any plan could have."""
    total = np.zeros(len(network.places.commodities))
    for ends, amount in ((network.outlets, stated.given), (network.inlets, stated.taken)):
        np.add.at(total, ends.commodity, np.where(np.isfinite(amount), amount, 0.0).sum(axis=1))
    total += sum(pattern.quantity or 0.0 for pattern in dataset.settings.fix)
    total = np.where(total > 0, total, max(total.max(initial=0.0), 1.0))
    units = network.units
    run = np.where(np.isfinite(units.capacity), units.capacity, 1.0)
    np.maximum.at(run, units.recipe_unit, total[units.recipe_commodity] / np.abs(units.recipe_coefficient))
    np.maximum.at(run, units.steps.unit, units.steps.least)
    return WIDE * total, WIDE * run


@dataclass(slots=True)
class Bounds:
    """Everything of a problem that a statement may set, in scaled units.

    Parameters
    ----------
    lower, upper : numpy.ndarray, shape (columns,)
    row_lower, row_upper : numpy.ndarray, shape (rows,)
    data : numpy.ndarray
        Entries of the matrix.
    """

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    data: Floats

    def copy(self) -> Bounds:
        """Copy that may be written to."""
        return Bounds(*[getattr(self, name).copy() for name in self.__slots__])

    def crossed(self) -> bool:
        """Whether a lower one is above an upper one."""
        return bool((self.lower > self.upper).any() or (self.row_lower > self.row_upper).any())


def entries_at(matrix: sparse.csr_array, rows: Ints, columns: Ints) -> Ints:
    """Positions in the data of a matrix with sorted indices; every entry has to be there."""
    width = matrix.shape[1]
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    found: Ints = np.searchsorted(row * width + matrix.indices, rows * width + columns)
    return found


def free_problem(whole: Loosened, free_rows: Bools) -> Problem:
    """Problem with nothing stated: columns of any amount, the named rows free, yes-or-no decisions left.

    Parameters
    ----------
    whole : Loosened
    free_rows : numpy.ndarray of bool, shape (rows,)
        Rows that statements set.

    Returns
    -------
    Problem
        Without cost.
    """
    model = whole.model
    matrix = model.matrix.copy()
    matrix.data = np.nan_to_num(matrix.data)  # mixes of what states no quality: their exchanges are statements
    _widen(whole, matrix)
    endless = np.where(model.integer, model.upper, np.inf)
    scaling = scaled(replace(model, matrix=matrix, upper=np.where(_flows(model), np.inf, model.upper)))
    whole_matrix = sparse.csr_array(matrix.multiply(scaling.row[:, None]).multiply(scaling.column[None, :]))
    whole_matrix.sort_indices()
    return replace(
        scaling,
        matrix=whole_matrix,
        row_lower=np.where(free_rows, -np.inf, scaling.row_lower),
        row_upper=np.where(free_rows, np.inf, scaling.row_upper),
        lower=np.zeros(len(endless)),
        upper=endless / scaling.column,
        cost=np.zeros(len(endless)),
    )


def _flows(model: Model) -> Bools:
    """Which columns are exchanges."""
    flows = np.zeros(len(model.cost), dtype=bool)
    flows[model.column("flow").span] = True
    return flows


def _widen(whole: Loosened, matrix: sparse.csr_array) -> None:
    """Let a yes carry more than any plan could have, wherever a no allows nothing."""
    model, network = whole.model, whole.network
    steps = network.units.steps
    wide = np.zeros(len(model.cost))
    for name, key, amount in (
        ("on", "unit", whole.run),
        ("built", "step", whole.run[steps.unit]),
        ("open", "link", whole.carried[network.links.commodity]),
    ):
        block = model.column(name)
        if len(block):
            wide[block.span] = amount[block.key[key]]
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for name in ("load_max", "size_max", "link"):
        rows = model.rows.get(name)
        if rows is not None and len(rows):
            hit = (row_of >= rows.start) & (row_of < rows.stop) & (wide[matrix.indices] > 0)
            matrix.data[hit] = -wide[matrix.indices[hit]]
    partner, rows = model.column("partner"), model.rows.get("partner")
    if len(partner) and rows is not None:
        flow = model.column("flow")
        arc = flow.key["arc"][rows.key["flow"]]
        amount = whole.carried[network.sources.commodity[network.arcs.outlet[arc]]]
        inside = (row_of >= rows.start) & (row_of < rows.stop)
        hit = inside & (matrix.indices >= partner.start) & (matrix.indices < partner.stop)
        matrix.data[hit] = -amount[row_of[hit] - rows.start]
