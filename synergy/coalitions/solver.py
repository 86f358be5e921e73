"""Solver: values of a sequence of coalitions, by one solver object whose bounds change.

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

from synergy.coalitions.parametric import Frame, Owned
from synergy.model.highs import DEVEX, Basis, SolverResult, Status
from synergy.model.reduced import narrowed
from synergy.model.scaling import ScaledProblem
from synergy.model.search import LARGE, SMALL, Knowledge, relaxation, search, sketched, tightened
from synergy.model.solve_params import SolveParams
from synergy.network.places import PUBLIC, Bools, Floats
from synergy.settlement.game import Worth

EXACT = 1e-9  # gap of a coalition whose yes-or-no decisions are few
SECONDS = 120.0  # of one coalition: a last resort, work stops it before
LIMITS = 900.0  # of a relaxation
FIRST = 900.0  # of the first relaxation, from which all others start
NOISE = 1e-6  # of a dual in the problem's units, beyond which an endless column would need a bound


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
    params = params.fresh(EXACT, FIRST)
    wide = replace(frame.problem, upper=endless(frame))
    session = relaxation(wide, params)
    relaxed = session.solve()
    session.set(solver="simplex")
    problem, relaxed = tightened(wide, relaxed, session, (frame.forcing, params))
    narrow = tight(frame, replace(problem, upper=frame.problem.upper))
    return Prepared(narrow, session.basis(), params.fresh(), start_of(narrow, relaxed), plan, params.left <= 0)


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
        return _worth(answer, self.frame.problem.money, self._timed)

    def bound(self, members: Bools) -> float:
        """Return a proven bound on the value of a coalition, from its relaxation; money a year."""
        return -self._relaxed(self.frame.of(members)).bound * self.frame.problem.money

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


def tight(frame: Frame, problem: ScaledProblem) -> Frame:
    """Return a frame with the rows that tightened its problem; their right side is 0, so they have no owner."""
    more = len(problem.row_lower) - len(frame.rows.one)
    nobody, flag, nothing = np.full(more, -1), np.zeros(more, dtype=bool), np.zeros(more)
    rows = replace(
        frame.rows,
        one=np.append(frame.rows.one, nobody),
        other=np.append(frame.rows.other, nobody),
        public=np.append(frame.rows.public, flag),
        stated=np.append(frame.rows.stated, nothing),
        least=np.append(frame.rows.least, nothing),
        mixed=np.append(frame.rows.mixed, flag),
    )
    return replace(frame, problem=problem, rows=rows)


def _worth(answer: SolverResult, money: float, timed: bool) -> Worth:
    """Return an answer in money a year."""
    if answer.status is Status.INFEASIBLE:
        return Worth(-np.inf, -np.inf)
    value = -np.inf if answer.x is None else -answer.value * money
    return Worth(value, max(value, -answer.bound * money), timed)


def endless(frame: Frame) -> Floats:
    """Return upper bounds of the columns that hold for every coalition once scaled, shape (columns,).

    What is public has the bound that the tables state, since a tighter one would not scale with the part in it; where
    a coalition has more of it than its part, as of a yes-or-no, it has none: the rows bound it.
    """
    columns, problem = frame.columns, frame.problem
    outside = columns.one == PUBLIC
    upper = np.where(columns.public, columns.stated, problem.upper)
    result: Floats = np.where(outside & ~columns.public, np.inf, upper)
    return result


def start_of(frame: Frame, answer: SolverResult) -> Floats | None:
    """Return payoffs that pay every coalition at least its value; None where the relaxation has no duals.

    `answer` is of the relaxation of a tightened frame in the bounds of `endless`; payoffs, shape (players,), are what
    its duals bring to each enterprise, in money a year.
    """
    if answer.status is not Status.OPTIMAL or answer.row_dual is None:
        return None
    problem, upper = frame.problem, endless(frame)
    dual = _possible(problem, answer.row_dual)
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


def _possible(problem: ScaledProblem, dual: Floats) -> Floats:
    """Return duals without those whose sign requires a bound that the row does not have."""
    wrong = ((dual > 0) & np.isinf(problem.row_lower)) | ((dual < 0) & np.isinf(problem.row_upper))
    return np.where(wrong, 0.0, dual)


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
