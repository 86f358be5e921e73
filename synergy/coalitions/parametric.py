"""Frame: one parametric problem for all coalitions; membership changes bounds of columns and rows alone.

Two enterprises are tied by a candidate exchange between them. What is public ties too: a coalition has the part
weight(S) / weight(N) of each amount and pools it, so whoever can exchange anything with a public place gains by every
partner that brings weight. All with weight, and all that reach a public place, then stand in one piece. What is public
ties nobody where no enterprise reaches it and nothing there is a binary: it is worth the same for each unit of
weight then, and adds up whoever has it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from synergy.candidates.candidates import candidates_of
from synergy.candidates.reach import carried
from synergy.candidates.scope import coalition
from synergy.model.assembly import Block
from synergy.model.build import Model, build
from synergy.model.linking_cuts import Forcing, forcing_of
from synergy.model.scaling import ScaledProblem, scaled
from synergy.network.ends import EndKind
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Owned:
    """Owners that must take part for a column (or row) to exist, and scaling of its bounds by the public share.

    Arrays of shape (n,). `one` and `other` are enterprises, `PUBLIC` where there is none; where there is one alone it
    stands first. Bounds of `public` ones are shared by weight: S has the part weight(S) / weight(N) of `stated`, the
    upper bound as the tables state it, before anything tightened it (model units). `least` is the part in what is
    public below which the column cannot be used at all. `mixed`: an end is an enterprise's, the other one public.
    """

    one: Ints
    other: Ints
    public: Bools
    stated: Floats
    least: Floats
    mixed: Bools


def _ordered(left: Ints, right: Ints) -> tuple[Ints, Ints, Bools]:
    """Return two owners with the enterprise first and each enterprise once, and whether one of them is public."""
    mixed = (left == PUBLIC) != (right == PUBLIC)
    right = np.where(left == right, PUBLIC, right)
    swap = (left == PUBLIC) & (right != PUBLIC)
    return np.where(swap, right, left), np.where(swap, left, right), mixed


def column_owners(model: Model) -> Owned:
    """Return the owners of the columns of a model."""
    network = model.candidates.network
    owner, units = network.places.owner, network.units
    size = len(model.cost)
    one, other = np.full(size, PUBLIC), np.full(size, PUBLIC)
    public, mixed = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    stated, least = model.upper.copy(), np.zeros(size)
    arcs, links, stores = network.arcs, network.links, network.outlets
    store_site = np.zeros(len(network.dataset["stores"]), dtype=np.int64)
    held = stores.kind == EndKind.STORE
    store_site[stores.ref[held]] = stores.site[held]
    site_of = {
        "run": ("unit", units.site),
        "on": ("unit", units.site),
        "give": ("end", network.outlets.site),
        "take": ("end", network.inlets.site),
        "put": ("store", store_site),
        "draw": ("store", store_site),
        "level": ("store", store_site),
        "size": ("step", units.site[units.steps.unit]),
        "built": ("step", units.site[units.steps.unit]),
    }
    pairs = {
        "flow": ("arc", owner[network.sources.site[arcs.outlet]], owner[network.sinks.site[arcs.inlet]]),
        "open": ("link", owner[links.origin], owner[links.target]),
    }
    for name, block in model.columns.items():
        if name in site_of:
            key, site = site_of[name]
            one[block.span] = owner[site[block.key[key]]]
            public[block.span] = (one[block.span] == PUBLIC) & (name in ("run", "give", "take", "level", "size"))
        elif name in pairs:
            key, left, right = pairs[name]
            one[block.span], other[block.span], mixed[block.span] = _ordered(
                *(s[block.key[key]] for s in (left, right))
            )
        elif name == "partner":
            one[block.span], other[block.span] = block.key["one"], block.key["other"]
        else:
            raise ValueError(f"nobody is known to own the columns {name!r}")
    _state(model, stated, least)
    return Owned(one, other, public, stated, least, mixed)


def _state(model: Model, stated: Floats, least: Floats) -> None:
    """Write the bounds stated in the tables for runs, sizes and builds, where the model has tighter ones."""
    network = model.candidates.network
    units, steps, share = network.units, network.units.steps, network.places.share
    run = model.column("run")
    if len(run):
        unit, period = run.key["unit"], run.key["period"]
        with np.errstate(invalid="ignore"):
            most = units.capacity[unit] * share[period] * units.available[unit, period]
        stated[run.span] = np.maximum(np.nan_to_num(most, nan=0.0, posinf=np.inf), model.lower[run.span])
    size, built = model.column("size"), model.column("built")
    if len(size):
        stated[size.span] = steps.most[size.key["step"]]
        least[size.span] = _part_needed(steps.least, steps.most)[size.key["step"]]
    if len(built):
        least[built.span] = _part_needed(steps.least, steps.most)[built.key["step"]]


def _part_needed(least: Floats, most: Floats) -> Floats:
    """Return the part in a step of scale at a public place from which its least size fits into its greatest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part: Floats = np.nan_to_num(least / most, nan=0.0, posinf=0.0)
    return part


def row_owners(model: Model) -> Owned:
    """Return the owners of the rows of a model with a right side other than 0."""
    network = model.candidates.network
    owner, units = network.places.owner, network.units
    size = len(model.row_lower)
    one, other = np.full(size, PUBLIC), np.full(size, PUBLIC)
    public, mixed = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    for name, block in model.rows.items():
        if name == "keep":
            one[block.span] = owner[network.outlets.site[block.key["end"]]]
        elif name in ("market_give", "market_take", "max_partners"):
            one[block.span] = block.key["enterprise"]
        elif name == "one_size":
            one[block.span] = owner[units.site[block.key["unit"]]]
        elif name in ("link", "public_link"):
            ends = (owner[side[block.key["link"]]] for side in (network.links.origin, network.links.target))
            one[block.span], other[block.span], mixed[block.span] = _ordered(*ends)
        else:
            sides = np.concatenate([model.row_lower[block.span], model.row_upper[block.span]])
            if np.any(np.isfinite(sides) & (sides != 0)):
                raise ValueError(f"nobody is known to own the rows {name!r}")
            continue
        public[block.span] = one[block.span] == PUBLIC
    return Owned(one, other, public, model.row_upper.copy(), np.zeros(size), mixed)


@dataclass(frozen=True, slots=True)
class Frame:
    """Problem of all enterprises without the aims of the round, with the owners of its columns and rows.

    `players` are in the order of the dataset; `weight`, shape (players,), is the part of each in what is public, with
    sum 1. `problem` is scaled, in the bounds of all enterprises; `forcing` are rows that its relaxation may break;
    `stated` and limits of `columns` and `rows` are in its units. `ends`, shape (columns,), marks what outlets give,
    inlets take and units do: where all of that is nothing, nothing flows.
    """

    players: tuple[str, ...]
    weight: Floats
    problem: ScaledProblem
    forcing: Forcing
    columns: Owned
    rows: Owned
    ends: Bools

    def part(self, members: Bools) -> float:
        """Return the share of public resources that a coalition has."""
        return float(self.weight[members].sum())

    def active(self, owned: Owned, members: Bools) -> Bools:
        """Return which columns, or rows, have all their owners in a coalition."""
        inside = np.append(members, True)  # the last stands for PUBLIC
        there: Bools = inside[owned.one] & inside[owned.other]
        return there

    def bounds(self, members: Bools) -> tuple[Floats, Floats, Floats]:
        """Return lower and upper column bounds and upper row limits for a coalition, in the problem's units."""
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

    def of(self, members: Bools) -> ScaledProblem:
        """Return the problem of a coalition: columns that it cannot use are fixed, and no longer integer."""
        lower, upper, limit = self.bounds(members)
        integer = self.problem.integer & (upper > lower)
        return replace(self.problem, lower=lower, upper=upper, row_upper=limit, integer=integer)


def _scaled(amount: Floats, part: float) -> Floats:
    """Scale amounts by a share; infinite amounts stay infinite, even for a share of 0."""
    finite = np.isfinite(amount)
    return np.where(finite, np.where(finite, amount, 0.0) * part, amount)


def frame_of(network: Network) -> tuple[Frame, Model]:
    """Return the frame of the coalitions of a whole dataset's network, and the model it was made from."""
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
    """Return which columns are neither flows nor the openings and partners that flows need."""
    ends = np.ones(len(model.cost), dtype=bool)
    for name in ("flow", "open", "partner"):
        ends[model.column(name).span] = False
    return ends


def _bounded(model: Model) -> Model:
    """Bound unlimited ends and stores by the amounts that can leave and reach them."""
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


@dataclass(frozen=True, slots=True)
class Ties:
    """Ties between enterprises: possible exchanges, and pooled public resources.

    `pairs`, shape (players, players), is symmetric: two enterprises can exchange anything. By player, `reaches` is who
    can exchange anything with a public place, `weighs` who brings a part in what is public. `pooled`: what is public is
    shared in a way that ties.
    """

    pairs: Bools
    reaches: Bools
    weighs: Bools
    pooled: bool

    def pieces(self, members: Bools) -> tuple[Ints, ...]:
        """Return the positions of the members, piece by piece; values of the pieces add up to that of all."""
        inside = np.flatnonzero(members)
        tied = self.pairs[np.ix_(inside, inside)]
        if self.pooled:
            public = (self.reaches | self.weighs)[inside]
            tied = tied | (public[:, None] & public[None, :])
        count, label = connected_components(tied.astype(np.int8), directed=False)
        return tuple(inside[label == piece] for piece in range(count))


def ties_of(frame: Frame) -> Ties:
    """Return the ties of a frame's enterprises."""
    columns, problem = frame.columns, frame.problem
    size = len(frame.players)
    usable = problem.upper > 0
    pairs, reaches = np.zeros((size, size), dtype=bool), np.zeros(size, dtype=bool)
    between = usable & (columns.one != PUBLIC) & (columns.other != PUBLIC)
    pairs[columns.one[between], columns.other[between]] = True
    pairs |= pairs.T
    reaches[columns.one[usable & columns.mixed]] = True
    public = usable & (columns.one == PUBLIC)
    decided = bool((public & problem.integer).any() or (public & (columns.least > 0)).any())
    return Ties(pairs, reaches, frame.weight > 0, decided or bool(reaches.any()))
