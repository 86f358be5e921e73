"""Frame: one parametric problem for all coalitions; membership changes bounds of columns and rows alone.

Two enterprises are tied by a candidate exchange between them. What is public ties too: a coalition has the part
weight(S) / weight(N) of each amount and pools it, so whoever can exchange anything with a public place gains by every
partner that brings weight. All with weight, and all that reach a public place, then stand in one piece. What is public
ties nobody where no enterprise reaches it and nothing there is a binary: it is worth the same for each unit of
weight then, and adds up whoever has it.

Every coalition is solved from the same basis, that of all enterprises, so that its value is the same whichever
coalitions were solved before it, and by whom.

A coalition's relaxation has the columns and rows of all, in its own bounds; so one dual solution is feasible for every
coalition, and by weak duality what it makes of a coalition's bounds is at least the coalition's value. Each bound has
an owner: what it contributes goes to that enterprise, halves to two (a coalition with one of them has none of it), and
by weight where it is public. The sum over a coalition's members is then at least its value, and the sum over all is
the bound of the relaxation (Owen 1975, Mathematical Programming 9:358, for linear production; here with the forcing
rows of the whole, which hold for every part, so that integers cost no more than the relaxation's gap).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from synergy.candidates.candidates import candidates_of, carried
from synergy.candidates.scope import coalition
from synergy.model.assembly import Block
from synergy.model.build import Model, build
from synergy.model.highs import DEVEX, Basis, SolverResult, Status
from synergy.model.linking_cuts import Forcing, forcing_of
from synergy.model.scaling import ScaledProblem, narrowed, scaled
from synergy.model.search import LARGE, SMALL, Knowledge, relaxation, search, sketched, tightened
from synergy.model.solve_params import SolveParams
from synergy.network.ends import EndKind
from synergy.network.network import Network
from synergy.network.places import PUBLIC, Bools, Floats, Ints
from synergy.settlement.game import Worth

EXACT = 1e-9  # gap of a coalition whose yes-or-no decisions are few
SECONDS = 120.0  # of one coalition: a last resort, work stops it before
LIMITS = 900.0  # of a relaxation, the first from which all others start among them
NOISE = 1e-6  # of a dual in the problem's units, beyond which an endless column would need a bound


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

    def bounds(self, members: Bools) -> tuple[Floats, Floats, Floats]:
        """Return lower and upper column bounds and upper row limits for a coalition, in the problem's units."""
        part = float(self.weight[members].sum())  # in what is public
        columns, rows, problem = self.columns, self.rows, self.problem
        inside = np.append(members, True)  # the last stands for PUBLIC
        there, shared = inside[columns.one] & inside[columns.other], columns.public
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
    ends = np.ones(len(model.cost), dtype=bool)
    for name in ("flow", "open", "partner"):
        ends[model.column(name).span] = False
    frame = Frame(
        players=tuple(str(name) for name in network.places.enterprises),
        weight=weight / weight.sum(),
        problem=problem,
        forcing=forcing_of(model),
        columns=replace(columns, stated=columns.stated / problem.column),
        rows=replace(rows, stated=problem.row_upper.copy()),
        ends=ends,
    )
    return frame, model


def _bounded(model: Model) -> Model:
    """Bound unlimited ends and stores by the amounts that can leave and reach them."""
    candidates, upper = model.candidates, model.upper.copy()
    network, reach = candidates.network, candidates.reach
    out, into = (network.outlets, reach.sent), (network.inlets, reach.received)
    for name, (ends, most) in {"give": out, "draw": out, "take": into, "put": into}.items():
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """Data that a process needs to solve coalitions.

    `frame` is tightened. `basis` is that of the relaxation of all, from which every coalition starts, `start`, shape
    (players,), are payoffs by its duals, and `timed` is whether the clock ended it. `params` gives threads and seed of
    a solver. `plan`, shape (columns,), is a plan of all enterprises in the problem's units, integers whole: what it
    builds a coalition may build too. Up to `small` binary decisions a coalition is solved to the end. Beyond that, if
    `quick`, what the plan of all builds has to do for a coalition's value: for rules that ask for hundreds of them.
    """

    frame: Frame
    basis: Basis | None
    params: SolveParams
    start: Floats | None = None
    plan: Floats | None = None
    timed: bool = False
    small: int = SMALL
    quick: bool = False


def prepare(frame: Frame, params: SolveParams, plan: Floats | None = None) -> Prepared:
    """Return a frame with the forcing rows that its relaxation broke, and the basis from which coalitions start."""
    params = params.fresh(EXACT, LIMITS)
    wide = replace(frame.problem, upper=_endless(frame))
    session = relaxation(wide, params)
    relaxed = session.solve()
    session.set(solver="simplex")
    problem, relaxed = tightened(wide, relaxed, session, (frame.forcing, params))
    # rows that tighten have a right side of 0, so no owner
    more = len(problem.row_lower) - len(frame.rows.one)
    nobody, flag, nothing = np.full(more, -1), np.zeros(more, dtype=bool), np.zeros(more)
    new = Owned(one=nobody, other=nobody, public=flag, stated=nothing, least=nothing, mixed=flag)
    rows = Owned(*(np.append(getattr(frame.rows, name), getattr(new, name)) for name in Owned.__slots__))
    narrow = replace(frame, problem=replace(problem, upper=frame.problem.upper), rows=rows)
    return Prepared(narrow, session.basis(), params.fresh(), _start_of(narrow, relaxed), plan, params.left <= 0)


def solver_of(prepared: Prepared) -> Callable[[Bools], Worth]:
    """Return the function that values a coalition; `workers` call this factory."""
    return Solver(prepared).worth


class Solver:
    """The frame in a solver, for values of coalitions."""

    def __init__(self, prepared: Prepared) -> None:
        self.frame, self._plan, self._prepared = prepared.frame, prepared.plan, prepared
        self._basis, self._timed = prepared.basis, False
        self.session = relaxation(self.frame.problem, self._params())
        self.session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)

    def _params(self) -> SolveParams:
        return self._prepared.params.fresh(EXACT, SECONDS)

    def worth(self, members: Bools) -> Worth:
        """Return the value of a coalition, in money a year.

        Value and bound are equal up to the solver's tolerance where the binary decisions are few.
        """
        problem, params = self.frame.of(members), self._params()
        self._timed = False
        few = int(problem.integer.sum())
        if few == 0:
            answer = self._relaxed(problem)
        elif few <= self._prepared.small:
            there = np.flatnonzero((problem.upper > 0) | (problem.lower < 0))
            answer = search(narrowed(problem, there)[0], params, Knowledge(self.frame.forcing))
            self._timed = params.left <= 0
        else:
            answer = self._large(problem, params)
        if answer.status is Status.INFEASIBLE:
            return Worth(-np.inf, -np.inf)
        money = self.frame.problem.money
        value = -np.inf if answer.x is None else -answer.value * money
        return Worth(value, max(value, -answer.bound * money), self._timed)

    def _relaxed(self, problem: ScaledProblem) -> SolverResult:
        """Solve the relaxation of a coalition, warm-started from that of all."""
        every = np.arange(len(problem.cost))
        session = self.session
        session.rebase(self._basis)
        session.bound(every, problem.lower, problem.upper)
        rows = np.flatnonzero(self.frame.rows.public)
        session.limit(rows, problem.row_lower[rows], problem.row_upper[rows])
        session.set(time_limit=LIMITS)
        answer = session.solve()
        if answer.status is Status.INFEASIBLE:
            return answer
        if answer.status is not Status.OPTIMAL:  # an answer that cannot be trusted: once more, from nothing
            session.rebase(None)
            answer = session.solve()
        self._timed = self._timed or session.timed
        return answer

    def _large(self, problem: ScaledProblem, params: SolveParams) -> SolverResult:
        """Return a good plan and a bound where a proof would take too long."""
        relaxed = self._relaxed(problem)
        if relaxed.status is Status.INFEASIBLE:
            return relaxed
        kept = replace(relaxed, x=None, value=np.inf) if self._plan is None else self._kept(problem)
        if (self._prepared.quick or len(problem.cost) > LARGE) and kept.x is not None:
            return replace(kept, bound=relaxed.bound)
        best = sketched(problem, params, self.frame.forcing, relaxed.bound)
        self._timed = self._timed or params.left <= 0
        return best if best.value <= kept.value else replace(kept, bound=best.bound)

    def _kept(self, problem: ScaledProblem) -> SolverResult:
        """Solve a coalition with the plan's builds, links and switches fixed, as far as its bounds allow them."""
        assert self._plan is not None
        integer = np.flatnonzero(self.frame.problem.integer)
        held = np.clip(self._plan[integer], problem.lower[integer], problem.upper[integer])
        fixed = replace(problem, lower=problem.lower.copy(), upper=problem.upper.copy())
        fixed.lower[integer] = fixed.upper[integer] = held
        answer = self._relaxed(fixed)
        return answer if answer.status is Status.OPTIMAL else replace(answer, x=None, value=np.inf)


def _endless(frame: Frame) -> Floats:
    """Return upper bounds of the columns that hold for every coalition once scaled, shape (columns,).

    What is public has the bound that the tables state, since a tighter one would not scale with the part in it; where
    a coalition has more of it than its part, as of a yes-or-no, it has none: the rows bound it.
    """
    columns, problem = frame.columns, frame.problem
    outside = columns.one == PUBLIC
    upper = np.where(columns.public, columns.stated, problem.upper)
    result: Floats = np.where(outside & ~columns.public, np.inf, upper)
    return result


def _start_of(frame: Frame, answer: SolverResult) -> Floats | None:
    """Return payoffs that pay every coalition at least its value; None where the relaxation has no duals.

    `answer` is of the relaxation of a tightened frame in the bounds of `_endless`; payoffs, shape (players,), are what
    its duals bring to each enterprise, in money a year.
    """
    if answer.status is not Status.OPTIMAL or answer.row_dual is None:
        return None
    problem, upper = frame.problem, _endless(frame)
    dual = answer.row_dual
    # none whose sign requires a bound that the row does not have
    wrong = ((dual > 0) & np.isinf(problem.row_lower)) | ((dual < 0) & np.isinf(problem.row_upper))
    dual = np.where(wrong, 0.0, dual)
    reduced = problem.cost - problem.matrix.T @ dual
    free = ((reduced < 0) & np.isinf(upper)) | ((reduced > 0) & np.isinf(problem.lower))
    if (np.abs(reduced[free]) > NOISE).any():
        return None
    reduced = np.where(free, 0.0, reduced)
    by_row = np.where(dual > 0, _times(dual, problem.row_lower), _times(dual, problem.row_upper))
    by_column = np.where(reduced > 0, _times(reduced, problem.lower), _times(reduced, upper))
    brought = _shared(frame, frame.rows, by_row) + _shared(frame, frame.columns, by_column)
    payoff: Floats = -brought * problem.money
    return payoff


def _times(left: Floats, right: Floats) -> Floats:
    """Return products, 0 where the left side is 0."""
    product = np.zeros(len(left))
    np.multiply(left, right, out=product, where=left != 0)
    return product


def _shared(frame: Frame, owned: Owned, amount: Floats) -> Floats:
    """Allocate amounts to enterprises: own ones in full, half of a pair's, public ones by weight."""
    size = len(frame.players)
    pair = owned.other != PUBLIC
    part = np.where(pair, 0.5, 1.0) * amount
    mine = np.bincount(owned.one[owned.one != PUBLIC], weights=part[owned.one != PUBLIC], minlength=size)
    mine += np.bincount(owned.other[pair], weights=part[pair], minlength=size)
    outside = owned.one == PUBLIC
    brought: Floats = mine + frame.weight * amount[outside].sum()
    return brought
