"""Frame: one problem that holds those of all coalitions; who takes part changes bounds of columns and rows alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.candidates.candidates import candidates_of
from synergy.candidates.reach import carried
from synergy.candidates.scope import coalition
from synergy.coalitions.owners import Owned, column_owners, row_owners
from synergy.model.assembly import Block
from synergy.model.build import Model, build
from synergy.model.forcing import Forcing, forcing_of
from synergy.model.scaling import Problem, scaled
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats


@dataclass(frozen=True, slots=True)
class Frame:
    """The problem of all enterprises without the aims of the round, and what of it each coalition has.

    Parameters
    ----------
    players : tuple of str
        Enterprises in the order of the dataset.
    weight : numpy.ndarray, shape (players,)
        Part of each in what is public; they sum to 1.
    problem : Problem
        Scaled, in the bounds of all enterprises.
    forcing : Forcing
        Rows that its relaxation may break.
    columns, rows : Owned
        Whose they are; `stated` and limits in the problem's units.
    ends : numpy.ndarray of bool, shape (columns,)
        What outlets give, inlets take and units do: where all of that is nothing, nothing flows.
    """

    players: tuple[str, ...]
    weight: Floats
    problem: Problem
    forcing: Forcing
    columns: Owned
    rows: Owned
    ends: Bools

    def part(self, members: Bools) -> float:
        """Return the part in what is public that a coalition has."""
        return float(self.weight[members].sum())

    def active(self, owned: Owned, members: Bools) -> Bools:
        """Return which columns, or rows, have all their owners in a coalition."""
        inside = np.append(members, True)  # the last stands for PUBLIC
        there: Bools = inside[owned.one] & inside[owned.other]
        return there

    def bounds(self, members: Bools) -> tuple[Floats, Floats, Floats]:
        """Return lower and upper bounds of the columns and upper limits of the rows for a coalition.

        Parameters
        ----------
        members : numpy.ndarray of bool, shape (players,)

        Returns
        -------
        tuple of numpy.ndarray, shapes (columns,), (columns,), (rows,)
            In the problem's units.
        """
        part = self.part(members)
        columns, rows, problem = self.columns, self.rows, self.problem
        there = self.active(columns, members)
        shared = columns.public
        usable = there & ~((columns.one == PUBLIC) & (columns.least > part * (1 + 1e-12)))
        lower = np.where(usable, np.where(shared, problem.lower * part, problem.lower), 0.0)
        upper = np.where(shared, np.minimum(problem.upper, _scaled(columns.stated, part)), problem.upper)
        upper = np.maximum(np.where(usable, upper, 0.0), lower)
        limit = np.where(rows.public, _scaled(rows.stated, part), rows.stated)
        return lower, upper, limit

    def of(self, members: Bools) -> Problem:
        """Return the problem of a coalition: what it cannot use is fixed, and no longer a decision."""
        lower, upper, limit = self.bounds(members)
        integer = self.problem.integer & (upper > lower)
        return replace(self.problem, lower=lower, upper=upper, row_upper=limit, integer=integer)


def _scaled(amount: Floats, part: float) -> Floats:
    """Return a part of some amounts; of what has no limit any part has none, be it nothing."""
    finite = np.isfinite(amount)
    return np.where(finite, np.where(finite, amount, 0.0) * part, amount)


def frame_of(network: Network) -> tuple[Frame, Model]:
    """Return the frame of a network's coalitions, and the model it was made from.

    Parameters
    ----------
    network : Network
        Of the whole dataset.

    Returns
    -------
    Frame, Model
    """
    everyone = np.ones(len(network.places.enterprises), dtype=bool)
    stated = build(candidates_of(network, coalition(everyone)))
    model = _with_public_links(_bounded(stated))
    problem, columns, rows = scaled(model), column_owners(stated), row_owners(model)
    weight = network.places.weight
    frame = Frame(
        players=tuple(str(name) for name in network.places.enterprises),
        weight=weight / weight.sum(),
        problem=problem,
        forcing=forcing_of(model),
        columns=replace(columns, stated=columns.stated / problem.column),
        rows=replace(rows, stated=problem.row_upper.copy()),
        ends=_ends(model),
    )
    return frame, model


def _ends(model: Model) -> Bools:
    """Return which columns are neither flows nor what flows need: links and partners."""
    ends = np.ones(len(model.cost), dtype=bool)
    for name in ("flow", "open", "partner"):
        ends[model.column(name).span] = False
    return ends


def _bounded(model: Model) -> Model:
    """Bound what ends without a limit of their own, and stores, can give and take by what can leave and reach them."""
    candidates, upper = model.candidates, model.upper.copy()
    network, reach = candidates.network, candidates.reach
    out, into = (network.outlets, reach.sent), (network.inlets, reach.received)
    for name, (ends, most) in (("give", out), ("draw", out), ("take", into), ("put", into)):
        block = model.column(name)
        if len(block):
            group = ends.group[block.key["end"]]
            upper[block.span] = np.minimum(upper[block.span], most[group, block.key["period"]])
    return replace(model, upper=np.maximum(upper, model.lower))


def _with_public_links(model: Model) -> Model:
    """Add the capacity of links between public places that cost capex as rows of their own: it is shared by weight."""
    network, block = model.candidates.network, model.rows.get("link")
    if block is None or not len(block):
        return model
    links, owner = network.links, network.places.owner
    link, period = block.key["link"], block.key["period"]
    capacity = carried(network, model.candidates.scope)[link, period]
    public = (owner[links.origin[link]] == PUBLIC) & (owner[links.target[link]] == PUBLIC)
    which = np.flatnonzero(public & (links.capex[link] > 0) & np.isfinite(capacity))
    if not len(which):
        return model
    flow = np.zeros(len(model.cost))
    flow[model.column("flow").span] = 1.0
    more = sparse.csr_array(model.matrix[block.start + which] @ sparse.diags_array(flow))
    start = len(model.row_lower)
    rows = {"public_link": Block(start, start + len(which), {"link": link[which], "period": period[which]})}
    return replace(
        model,
        rows=model.rows | rows,
        matrix=sparse.csr_array(sparse.vstack([model.matrix, more])),
        row_lower=np.append(model.row_lower, np.full(len(which), -np.inf)),
        row_upper=np.append(model.row_upper, capacity[which]),
    )
