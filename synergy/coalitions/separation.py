"""Separation MILP: most violated coalition of a payoff.

Maximise the value of the admitted coalition less its payoff: the frame's columns and rows, with every bound times
the binary of its owner, and public bounds by the sum of weights admitted. Its relaxation bounds the excess of every
coalition at once (constraint generation for the core; Hallefjord, Helming & Jörnsten 1995, Int. J. Game Theory 24:365).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.coalitions.parametric import Frame, Owned
from synergy.model.highs import AT_LOWER, AT_UPPER, BASIC, DEVEX, Basis, SolverSession, Status
from synergy.model.linking_cuts import Forcing
from synergy.model.scaling import ScaledProblem
from synergy.model.search import relaxation, tightened
from synergy.model.solve_params import SolveParams
from synergy.network.places import PUBLIC, Bools, Floats, Ints

HALF = 0.5
LEAST = 1e-6  # part of an admission that counts
TRIES = 3  # coalitions looked at after a relaxation
NODES = 20_000  # of the search: work, not time, ends it
SECONDS = 120.0  # a last resort
ABSOLUTE = 1e-9  # gap of the search, in the problem's money
SHARP = 1e-9  # by how much an admission may be off: it is multiplied by everything an enterprise has


@dataclass(frozen=True, slots=True)
class Admission:
    """Admission problem; its last columns, from `first`, are the binaries that admit the enterprises.

    `problem` minimises what the admitted are paid less what they make of it; `forcing` is the frame's, in its columns.
    """

    problem: ScaledProblem
    first: int
    forcing: Forcing


@dataclass(frozen=True, slots=True)
class Suspect:
    """Result of a search for the most violated coalition.

    `members` are coalitions that may be paid too little, the worst first. Proven: no coalition asked about has an
    excess above `bound`, in money a year. `timed`: the clock ended the search.
    """

    members: list[Bools]
    bound: float
    timed: bool = False


def admission(frame: Frame, inside: Bools) -> Admission:
    """Build the admission problem, on a tightened frame, for coalitions of the enterprises `inside`, shape (players,).

    At least one of them is admitted, and at least one is not; payments are set by `paying`.
    """
    problem = frame.problem
    lower, upper, _ = frame.bounds(inside)
    columns, players = len(problem.cost), len(frame.players)
    rights = _rights(frame)
    more, sides = zip(*_admitting(frame, lower, upper), strict=True)
    count = sparse.csr_array((np.ones(players), (np.zeros(players, int), columns + np.arange(players))))
    matrix = sparse.csr_array(sparse.vstack([sparse.hstack([problem.matrix, rights]), *more, count]))
    tied = np.diff(rights.indptr) > 0
    limits = np.concatenate([np.where(tied, 0.0, problem.row_upper), *(side[1] for side in sides), [inside.sum() - 1]])
    floors = np.concatenate([problem.row_lower, *(side[0] for side in sides), [1.0]])
    made = replace(
        problem,
        matrix=matrix,
        row_lower=floors,
        row_upper=limits,
        lower=np.append(np.minimum(lower, 0.0), np.zeros(players)),
        upper=np.append(upper, inside.astype(float)),
        cost=np.append(problem.cost, np.zeros(players)),
        integer=np.append(problem.integer & (upper > 0), inside),
        row=np.ones(len(floors)),
        column=np.append(problem.column, np.ones(players)),
    )
    nothing = sparse.csr_array((frame.forcing.built.shape[0], players))
    forcing = replace(frame.forcing, built=sparse.csr_array(sparse.hstack([frame.forcing.built, nothing])))
    rival = np.append(frame.forcing.rival, np.full(players, -1))
    return Admission(made, columns, replace(forcing, rival=rival))


def _shares(frame: Frame, owned: Owned, which: Ints) -> sparse.csr_array:
    """Return the admissions that scale some columns or rows: the first owner's, or all of them by weight."""
    players = len(frame.players)
    outside = owned.one[which] == PUBLIC
    mine = np.flatnonzero(~outside)
    own = sparse.csr_array((np.ones(len(mine)), (mine, owned.one[which[mine]])), shape=(len(which), players))
    weights = sparse.csr_array(outside.astype(float)[:, None] * frame.weight[None, :])
    return sparse.csr_array(own + weights)


def _rights(frame: Frame) -> sparse.csr_array:
    """Return the coefficients of right sides on the admissions of the owners of rows, shape (rows, players)."""
    limit = frame.rows.stated
    which = np.flatnonzero(np.isfinite(limit) & (limit > 0))
    right = sparse.csr_array(sparse.diags_array(-limit[which]) @ _shares(frame, frame.rows, which))
    into = sparse.csr_array((np.ones(len(which)), (which, np.arange(len(which)))), shape=(len(limit), len(which)))
    return sparse.csr_array(into @ right)


def _admitting(frame: Frame, lower: Floats, upper: Floats) -> Iterator[tuple[sparse.csr_array, tuple[Floats, Floats]]]:
    """Yield rows that bound columns by admissions, each with its lower and upper sides.

    Flows need none: without outlets and inlets nothing flows.
    """
    owned, size = frame.columns, len(upper)
    bounded = frame.ends & ((owned.one != PUBLIC) | owned.public)
    most = np.where(owned.public, owned.stated, frame.problem.upper)
    above = np.flatnonzero(bounded & np.isfinite(most) & (upper > 0))
    below = np.flatnonzero(bounded & (lower > 0))
    for which, amount, sides in ((above, most, (-np.inf, 0.0)), (below, frame.problem.lower, (0.0, np.inf))):
        column = sparse.csr_array((np.ones(len(which)), (np.arange(len(which)), which)), shape=(len(which), size))
        right = sparse.csr_array(sparse.diags_array(-amount[which]) @ _shares(frame, owned, which))
        rows = sparse.csr_array(sparse.hstack([column, right]))
        yield rows, (np.full(len(which), sides[0]), np.full(len(which), sides[1]))


class Search:
    """Admission problem in a solver, on a tightened frame, solved for a sequence of payoffs.

    Coalitions are of the enterprises `inside`, shape (players,), all of them together left out. `params` gives threads
    and seed of a solver. Up to `small` binary decisions the search goes to the end; beyond, its relaxation has to do.
    `basis` is that of the frame's relaxation: with everybody admitted it is the same.
    """

    def __init__(
        self, frame: Frame, inside: Bools, params: SolveParams, small: int, basis: Basis | None = None
    ) -> None:
        self._frame, self._inside, self._params = frame, inside, params
        self._admission = admission(frame, inside)
        self._whole = int(self._admission.problem.integer.sum()) - int(inside.sum()) <= small
        self._session = relaxation(self._admission.problem, params)
        self._basis = None if basis is None else _admitted(basis, inside, len(self._admission.problem.row_lower))
        if self._basis is not None:
            self._session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)

    def suspects(self, payoff: Floats) -> Suspect:
        """Return coalitions that `payoff` (players,) may pay too little, and a bound on all excesses; money a year."""
        first, money = self._admission.first, self._frame.problem.money
        problem = self._admission.problem
        cost = problem.cost.copy()
        cost[first:] = payoff / money
        problem = replace(problem, cost=cost)
        session = self._session
        session.rebase(self._basis)
        session.price(np.arange(first, len(cost)), cost[first:])
        relaxed = session.solve()
        session.set(solver="simplex", simplex_dual_edge_weight_strategy=DEVEX)
        tightened_problem, relaxed = tightened(problem, relaxed, session, (self._admission.forcing, self._params))
        if relaxed.status is Status.INFEASIBLE or relaxed.x is None:
            return Suspect([], -np.inf if relaxed.status is Status.INFEASIBLE else np.inf)
        self._admission = replace(self._admission, problem=tightened_problem)
        self._basis = session.basis()
        bound, members = -relaxed.bound * money, self._rounded(relaxed.x[first:])
        if self._whole and tightened_problem.integer.any():
            found, bound, timed = self._branched(tightened_problem, bound)
            return Suspect(found + members, bound, timed)
        return Suspect(members, bound, session.timed)

    def _branched(self, problem: ScaledProblem, bound: float) -> tuple[list[Bools], float, bool]:
        """Return the most violated coalition by branch and bound, the proven bound, and whether time ran out."""
        session = SolverSession(problem, threads=self._params.threads, random_seed=self._params.seed)
        session.set(mip_rel_gap=0.0, mip_abs_gap=ABSOLUTE, mip_max_nodes=NODES, mip_feasibility_tolerance=SHARP)
        session.set(time_limit=SECONDS)
        answer = session.solve()
        money, first = self._frame.problem.money, self._admission.first
        if answer.status is Status.INFEASIBLE:
            return [], -np.inf, False
        found = [] if answer.x is None else [answer.x[first:] > HALF]
        return found, min(bound, -answer.bound * money), session.timed

    def _rounded(self, part: Floats) -> list[Bools]:
        """Round fractional admissions to coalitions, one for each threshold that makes a difference."""
        levels = np.unique(np.round(part[part > LEAST], 6))[::-1]
        chosen = levels[np.unique(np.linspace(0, len(levels) - 1, TRIES).astype(int))] if len(levels) else levels
        sets = [part >= level - LEAST for level in chosen]
        whole = int(self._inside.sum())
        return [one for one in sets if 0 < int(one.sum()) < whole]


def _admitted(basis: Basis, inside: Bools, rows: int) -> Basis:
    """Return the basis of the relaxation as one of the admission problem, with all eligible enterprises admitted."""
    admissions = np.where(inside, AT_UPPER, AT_LOWER).astype(np.int8)
    slack = np.full(rows - len(basis.rows), BASIC, dtype=np.int8)
    return Basis(np.append(basis.columns, admissions), np.append(basis.rows, slack))
