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

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import coalition
from synergy.model.assembly import Families, block_of
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


def _owned(left: Ints, right: Ints, public: Bools, stated: Floats, least: Floats) -> Owned:
    """Return owners from those at both ends, which are the same where there is one: the enterprise first."""
    mixed = (left == PUBLIC) != (right == PUBLIC)
    other = np.where(left == right, PUBLIC, right)
    swap = (left == PUBLIC) & (other != PUBLIC)
    return Owned(np.where(swap, other, left), np.where(swap, left, other), public, stated, least, mixed)


def column_owners(model: Model) -> Owned:
    """Return the owners of the columns of a model."""
    network = model.candidates.network
    owner, units, steps, links = network.places.owner, network.units, network.units.steps, network.links
    store_site = np.zeros(len(network.dataset["stores"]), dtype=np.int64)
    held = network.outlets.kind == EndKind.STORE
    store_site[network.outlets.ref[held]] = network.outlets.site[held]
    of_unit, of_step, of_store = owner[units.site], owner[units.site[steps.unit]], owner[store_site]
    of_outlet, of_inlet = owner[network.outlets.site], owner[network.inlets.site]
    of_source, of_sink = owner[network.sources.site], owner[network.sinks.site]
    ends = {
        "run": ("unit", of_unit, of_unit),
        "on": ("unit", of_unit, of_unit),
        "give": ("end", of_outlet, of_outlet),
        "take": ("end", of_inlet, of_inlet),
        "put": ("store", of_store, of_store),
        "draw": ("store", of_store, of_store),
        "level": ("store", of_store, of_store),
        "size": ("step", of_step, of_step),
        "built": ("step", of_step, of_step),
        "flow": ("arc", of_source[network.arcs.outlet], of_sink[network.arcs.inlet]),
        "open": ("link", owner[links.origin], owner[links.target]),
    }
    left, right = np.full(len(model.cost), PUBLIC), np.full(len(model.cost), PUBLIC)
    public = np.zeros(len(model.cost), dtype=bool)
    for name, block in model.columns.items():
        if name in ends:
            key, one, other = ends[name]
            left[block.span], right[block.span] = one[block.key[key]], other[block.key[key]]
            public[block.span] = (left[block.span] == PUBLIC) & (name in ("run", "give", "take", "level", "size"))
        elif name == "partner":
            left[block.span], right[block.span] = block.key["one"], block.key["other"]
        else:
            raise ValueError(f"nobody is known to own the columns {name!r}")
    # the bounds that the tables state for runs, sizes and builds, where the model has tighter ones
    run, size, built = (model.columns[name] for name in ("run", "size", "built"))
    unit, period = run.key["unit"], run.key["period"]
    stated, least = model.upper.copy(), np.zeros(len(model.cost))
    with np.errstate(divide="ignore", invalid="ignore"):
        most = units.capacity[unit] * network.places.share[period] * units.available[unit, period]
        needed = np.nan_to_num(steps.least / steps.most, nan=0.0, posinf=0.0)
    stated[run.span] = np.maximum(np.nan_to_num(most, nan=0.0, posinf=np.inf), model.lower[run.span])
    stated[size.span] = steps.most[size.key["step"]]
    least[size.span], least[built.span] = needed[size.key["step"]], needed[built.key["step"]]
    return _owned(left, right, public, stated, least)


def row_owners(model: Model) -> Owned:
    """Return the owners of the rows of a model with a right side other than 0."""
    network = model.candidates.network
    owner, units = network.places.owner, network.units
    left, right = np.full(len(model.row_lower), PUBLIC), np.full(len(model.row_lower), PUBLIC)
    public = np.zeros(len(model.row_lower), dtype=bool)
    for name, block in model.rows.items():
        if name == "keep":
            left[block.span] = right[block.span] = owner[network.outlets.site[block.key["end"]]]
        elif name in ("market_give", "market_take", "max_partners"):
            left[block.span] = right[block.span] = block.key["enterprise"]
        elif name == "one_size":
            left[block.span] = right[block.span] = owner[units.site[block.key["unit"]]]
        elif name in ("link", "public_link"):
            link = block.key["link"]
            left[block.span], right[block.span] = owner[network.links.origin[link]], owner[network.links.target[link]]
        else:
            sides = np.concatenate([model.row_lower[block.span], model.row_upper[block.span]])
            if np.any(np.isfinite(sides) & (sides != 0)):
                raise ValueError(f"nobody is known to own the rows {name!r}")
            continue
        public[block.span] = (left[block.span] == PUBLIC) & (right[block.span] == PUBLIC)
    return _owned(left, right, public, model.row_upper.copy(), np.zeros(len(model.row_lower)))


@dataclass(frozen=True, slots=True)
class Frame:
    """Problem of all enterprises without the aims of the round, with the owners of its columns and rows.

    `players` are in the order of the dataset; `weight`, shape (players,), is the part of each in what is public, with
    sum 1. `problem` is scaled, in the bounds of all enterprises; `forcing` are rows that its relaxation may break;
    `stated` and limits of `columns` and `rows` are in its units. `ends`, shape (columns,), marks what outlets give,
    inlets take and units do: where all of that is nothing, nothing flows. `tied`, shape (players, players), is
    symmetric: two enterprises can exchange anything, or are tied by what is public.
    """

    players: tuple[str, ...]
    weight: Floats
    problem: ScaledProblem
    forcing: Forcing
    columns: Owned
    rows: Owned
    ends: Bools
    tied: Bools

    def of(self, members: Bools) -> ScaledProblem:
        """Return the problem of a coalition: columns that it cannot use are fixed, and no longer integer."""
        part = float(self.weight[members].sum())  # in what is public
        columns, rows, problem = self.columns, self.rows, self.problem
        inside = np.append(members, True)  # the last stands for PUBLIC
        there, shared = inside[columns.one] & inside[columns.other], columns.public
        usable = there & ~((columns.one == PUBLIC) & (columns.least > part * (1 + 1e-12)))
        # what is infinite stays so, even for a part of 0
        stated, limit = (
            np.multiply(amount, part, out=amount.copy(), where=np.isfinite(amount))
            for amount in (columns.stated, rows.stated)
        )
        lower = np.where(usable, np.where(shared, problem.lower * part, problem.lower), 0.0)
        upper = np.where(shared, np.minimum(problem.upper, stated), problem.upper)
        upper = np.maximum(np.where(usable, upper, 0.0), lower)
        limit = np.where(rows.public, limit, rows.stated)
        integer = problem.integer & (upper > lower)
        return replace(problem, lower=lower, upper=upper, row_upper=limit, integer=integer)

    def pieces(self, members: Bools) -> tuple[Ints, ...]:
        """Return the positions of the members, piece by piece; values of the pieces add up to that of all."""
        inside = np.flatnonzero(members)
        count, label = connected_components(self.tied[np.ix_(inside, inside)].astype(np.int8), directed=False)
        return tuple(inside[label == piece] for piece in range(count))


def frame_of(network: Network) -> tuple[Frame, Model]:
    """Return the frame of the coalitions of a whole dataset's network, and the model it was made from."""
    size = len(network.places.enterprises)
    stated = build(candidates_of(network, coalition(np.ones(size, dtype=bool))))
    model = _bounded(stated)
    problem, columns, rows = scaled(model), column_owners(stated), row_owners(model)
    weight = network.places.weight / network.places.weight.sum()
    ends = np.ones(len(model.cost), dtype=bool)
    for name in ("flow", "open", "partner"):
        ends[model.columns[name].span] = False
    # ties: exchanges, and what is public where somebody reaches it or it cannot be had in parts
    usable, tied = problem.upper > 0, np.zeros((size, size), dtype=bool)
    between = usable & (columns.one != PUBLIC) & (columns.other != PUBLIC)
    tied[columns.one[between], columns.other[between]] = True
    tied |= tied.T
    reaches = np.isin(np.arange(size), columns.one[usable & columns.mixed])
    whole = usable & (columns.one == PUBLIC) & (problem.integer | (columns.least > 0))
    if reaches.any() or whole.any():
        pooled = reaches | (weight > 0)
        tied |= pooled[:, None] & pooled[None, :]
    frame = Frame(
        players=tuple(str(name) for name in network.places.enterprises),
        weight=weight,
        problem=problem,
        forcing=forcing_of(model),
        columns=replace(columns, stated=columns.stated / problem.column),
        rows=replace(rows, stated=problem.row_upper.copy()),
        ends=ends,
        tied=tied,
    )
    return frame, model


def _bounded(model: Model) -> Model:
    """Bound unlimited ends and stores by the amounts that can leave and reach them, and public links by themselves.

    The capacity of links between public places that cost capex is added as rows of their own: it is shared by weight.
    """
    network, reach, upper = model.candidates.network, model.candidates.reach, model.upper.copy()
    out, into = (network.outlets, reach.sent), (network.inlets, reach.received)
    for name, (ends, most) in {"give": out, "draw": out, "take": into, "put": into}.items():
        block = model.columns[name]
        group = ends.group[block.key["end"]]
        upper[block.span] = np.minimum(upper[block.span], most[group, block.key["period"]])
    model = replace(model, upper=np.maximum(upper, model.lower))
    links, owner, block = network.links, network.places.owner, model.rows["link"]
    link, period = block.key["link"], block.key["period"]
    public = (owner[links.origin[link]] == PUBLIC) & (owner[links.target[link]] == PUBLIC)
    which = np.flatnonzero(public & (links.capex[link] > 0) & np.isfinite(reach.link[link, period]))
    if not len(which):
        return model
    link, period = link[which], period[which]
    flow = np.zeros(len(model.cost))
    flow[model.columns["flow"].span] = 1.0
    more = sparse.csr_array(model.matrix[block.start + which] @ sparse.diags_array(flow))
    rows = model.rows | {"public_link": block_of(len(model.row_lower), {"link": link, "period": period})}
    return replace(
        model,
        rows=Families(rows),
        matrix=sparse.csr_array(sparse.vstack([model.matrix, more])),
        row_lower=np.append(model.row_lower, np.full(len(which), -np.inf)),
        row_upper=np.append(model.row_upper, reach.link[link, period]),
    )


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
    params, columns = params.fresh(EXACT, LIMITS), frame.columns
    # upper bounds that hold for every coalition once scaled: what is public has the bound that the tables state, since
    # a tighter one would not scale with the part in it; where a coalition has more of it than its part, as of a
    # yes-or-no, it has none: the rows bound it
    private = np.where(columns.one == PUBLIC, np.inf, frame.problem.upper)
    wide = replace(frame.problem, upper=np.where(columns.public, columns.stated, private))
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
    start = _start_of(narrow, relaxed, problem.upper)
    return Prepared(narrow, session.basis(), params.fresh(), start, plan, params.left <= 0)


def _start_of(frame: Frame, answer: SolverResult, upper: Floats) -> Floats | None:
    """Return payoffs that pay every coalition at least its value; None where the relaxation has no duals.

    `answer` is of the relaxation of a tightened frame in the bounds `upper`, which hold for every coalition; payoffs,
    shape (players,), are what its duals bring to each enterprise, in money a year.
    """
    if answer.status is not Status.OPTIMAL or answer.row_dual is None:
        return None
    problem, dual = frame.problem, answer.row_dual
    # none whose sign requires a bound that the row does not have
    wrong = ((dual > 0) & np.isinf(problem.row_lower)) | ((dual < 0) & np.isinf(problem.row_upper))
    dual = np.where(wrong, 0.0, dual)
    reduced = problem.cost - problem.matrix.T @ dual
    free = ((reduced < 0) & np.isinf(upper)) | ((reduced > 0) & np.isinf(problem.lower))
    if (np.abs(reduced[free]) > NOISE).any():
        return None
    reduced = np.where(free, 0.0, reduced)
    by_row = _brought(frame, frame.rows, dual, problem.row_lower, problem.row_upper)
    payoff: Floats = -(by_row + _brought(frame, frame.columns, reduced, problem.lower, upper)) * problem.money
    return payoff


def _brought(frame: Frame, owned: Owned, dual: Floats, low: Floats, high: Floats) -> Floats:
    """Return what duals make of the bounds `low` and `high`, by enterprise, in the problem's money.

    Own ones in full, half of a pair's, public ones by weight.
    """
    amount = np.zeros(len(dual))
    np.multiply(dual, np.where(dual > 0, low, high), out=amount, where=dual != 0)  # 0 of a bound that is infinite
    size, outside, pair = len(frame.players), owned.one == PUBLIC, owned.other != PUBLIC
    part = np.where(pair, 0.5, 1.0) * amount
    mine = np.bincount(owned.one[~outside], weights=part[~outside], minlength=size)
    mine += np.bincount(owned.other[pair], weights=part[pair], minlength=size)
    brought: Floats = mine + frame.weight * amount[outside].sum()
    return brought


class Solver:
    """The frame in a solver, for values of coalitions: what is called with coalitions returns their values."""

    def __init__(self, prepared: Prepared) -> None:
        self.frame, self._plan, self._prepared = prepared.frame, prepared.plan, prepared
        self._basis, self._timed = prepared.basis, False
        self.session = relaxation(self.frame.problem, prepared.params.fresh(EXACT, SECONDS))
        self.session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)

    def __call__(self, many: Bools) -> list[Worth]:
        """Return the values of coalitions, shape (k, players), in money a year.

        Value and bound are equal up to the solver's tolerance where the binary decisions are few.
        """
        found, money = [], self.frame.problem.money
        for members in many:
            problem, params = self.frame.of(members), self._prepared.params.fresh(EXACT, SECONDS)
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
                found.append(Worth(-np.inf, -np.inf))
                continue
            value = -np.inf if answer.x is None else -answer.value * money
            found.append(Worth(value, max(value, -answer.bound * money), self._timed))
        return found

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
