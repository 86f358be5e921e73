"""Neighbourhood search around a plan: close parts of a problem, fix or re-optimise the plan's binaries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
from scipy import sparse

from synergy.model.build import Model
from synergy.model.highs import SolverResult, SolverSession, Status
from synergy.model.scaling import scaled
from synergy.model.search import LARGE, SMALL
from synergy.model.solve import trimmed
from synergy.model.solve_params import SolveParams
from synergy.network.places import Floats, Ints

NODES = 400  # of the MIP around a plan
PATIENCE = 20.0  # seconds without which nothing is decided anew in a large problem: its relaxation alone takes as long
WANTED = 0.3  # part that the relaxation of a large problem has of a decision that is taken up anew
LOYALTY = 1e-2  # scaled cost of a discouraged column at its most; the dearest column costs about 1e3
FEASIBLE = 1e-7  # of the greatest capex and of the value, by which their limits may be missed


@dataclass(frozen=True, slots=True)
class Wish:
    """Side constraints imposed on a plan.

    Columns `closed` stay at 0, columns `fixed` at `amounts`, in the model's units. `capex` is the most capex,
    undiscounted (money), `least` the least value (money a year); `thrifty` minimises capex, instead of maximising
    value.
    """

    closed: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    fixed: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    amounts: Floats = field(default_factory=lambda: np.empty(0))
    capex: float = inf
    least: float = -inf
    thrifty: bool = False


class Near:
    """Keep a plan's problem in a solver and solve it for one wish after the other.

    `whole`, shape (columns,), holds the plan's integer columns, 0 or 1. `params` gives gap, threads and seed; the time
    limit is set by the caller.
    """

    def __init__(self, model: Model, whole: Floats, params: SolveParams) -> None:
        self.model, self._params, self._cost = model, params, model.cost
        self._integer = np.flatnonzero(model.integer)
        self.whole = np.round(whole[self._integer])
        problem, network = scaled(model), model.candidates.network
        steps, self._capex = network.units.steps, np.zeros(len(model.cost))  # undiscounted, per scaled unit
        for name, key, capex in (
            ("built", "step", steps.fixed),
            ("size", "step", steps.unit_cost),
            ("open", "link", network.links.capex),
        ):
            block = model.columns[name]
            self._capex[block.span] = capex[block.key[key]] * problem.column[block.span]
        self._most = [max(1.0, np.abs(row).max(initial=0.0)) for row in (self._capex, problem.cost)]
        sides = [row / most for row, most in zip((self._capex, problem.cost), self._most, strict=True)]
        self._rows = np.arange(len(problem.row_lower), len(problem.row_lower) + 2)
        self.problem = replace(
            problem,
            matrix=sparse.csr_array(sparse.vstack([problem.matrix, sparse.csr_array(np.stack(sides))])),
            row_lower=np.append(problem.row_lower, [-inf, -inf]),
            row_upper=np.append(problem.row_upper, [inf, inf]),
            row=np.append(problem.row, [1.0, 1.0]),
        )
        options = {"threads": params.threads, "random_seed": params.seed}
        self._held = SolverSession(self.problem, relaxed=True, **options)
        self._loose = SolverSession(self.problem, relaxed=True, **options)
        self._held.bound(self._integer, self.whole, self.whole)
        self._large = len(problem.cost) > LARGE
        self.timed = False  # whether a clock has ended anything so far
        if self._large:
            self._loose.set(solver="ipm")

    def settle(self, x: Floats) -> None:
        """Make another plan the reference plan whose binaries are fixed."""
        self.whole = np.round(x[self._integer])
        self._held.bound(self._integer, self.whole, self.whole)

    def value(self, x: Floats) -> float:
        """Return the value of a plan in money a year."""
        return float(self._cost @ x)

    def capex(self, x: Floats) -> float:
        """Return the capex of a plan (money, undiscounted)."""
        return float(self._capex @ (x / self.problem.column))

    def rest(self, wish: Wish, whole: Floats | None = None, *, trim: bool = True) -> Floats | None:
        """Return the best plan with the binaries fixed, None if none satisfies the wish.

        `whole`, shape (integer columns,), holds other decisions than the plan's. Without `trim`, unused builds and
        links are kept, with their cost.
        """
        chosen = self.whole if whole is None else whole
        chosen = np.where(np.isin(self._integer, wish.closed), 0.0, chosen)
        answer = self._solve(self._held, wish, chosen)
        if answer is None or answer.x is None:
            return None
        x: Floats = np.clip(answer.x * self.problem.column, self.model.lower, self.model.upper)
        x[self._integer] = chosen
        return trimmed(self.model, x) if trim else x

    def bound(self, wish: Wish) -> float:
        """Return the LP relaxation's upper bound on the value of any plan that satisfies a wish (money a year)."""
        answer = self._solve(self._loose, wish, None)
        return -inf if answer is None else -answer.value * self.problem.money

    def reprice(self, cost: Floats) -> None:
        """Replace the objective (money a year, shape (columns,)); bases stay warm."""
        self._cost = cost
        self.problem = replace(self.problem, cost=-cost * self.problem.column / self.problem.money)
        for session in (self._held, self._loose):
            session.price(np.arange(len(cost)), self.problem.cost)

    def discourage(self, columns: Ints) -> None:
        """Add a small cost penalty to some columns; `value` still evaluates the true objective."""
        cost = self.problem.cost.copy()
        cost[columns] += LOYALTY
        self.problem = replace(self.problem, cost=cost)
        for session in (self._held, self._loose):
            session.price(columns, cost[columns])

    def reduced(self) -> Floats:
        """Return the reduced cost of each column in the LP with the plan's binaries fixed (money per unit)."""
        answer = self._solve(self._held, Wish(), self.whole)
        if answer is None or answer.column_dual is None:
            return np.zeros(len(self.problem.cost))
        return answer.column_dual * self.problem.money / self.problem.column

    def around(self, wish: Wish, start: Floats | None, seconds: float) -> Floats | None:
        """Return the best plan found by branch and bound over the binaries used by the plan or the relaxation.

        `start`, a plan that satisfies the wish, and the answer have shape (columns,); the answer is not worse than the
        start, None where nothing was found.
        """
        hasty = self._large and seconds < PATIENCE
        if not len(self._integer) or hasty:
            self.timed = self.timed or hasty
            return self.rest(wish) if start is None else start
        relaxed = self._solve(self._loose, wish, None)
        if relaxed is None or relaxed.x is None:
            return start
        taken = self.whole if start is None else start[self._integer]
        free = (relaxed.x[self._integer] > WANTED) | (taken > 0.5) | (self.problem.cost[self._integer] == 0)
        if len(self._integer) <= SMALL:
            free[:] = True
        session = SolverSession(
            self.problem,
            threads=self._params.threads,
            random_seed=self._params.seed,
            time_limit=max(seconds, 1.0),
            mip_rel_gap=self._params.gap,
            mip_max_nodes=NODES,
        )
        off = self._integer[~free]
        session.bound(off, np.zeros(len(off)), np.zeros(len(off)))
        self._ask(session, wish)
        if start is not None:
            session.start(start / self.problem.column)
        session.listen(lambda _bound, _value: self._params.ended() is not None)
        answer = session.solve()
        self.timed = self.timed or session.timed
        if answer.x is None:
            return start
        chosen = np.round(answer.x[self._integer])
        if wish.thrifty:
            spent = float(self._capex @ answer.x)
            wish = replace(wish, thrifty=False, capex=spent * (1 + FEASIBLE) + FEASIBLE)
        found = self.rest(wish, chosen)
        return start if found is None else found

    def _solve(self, session: SolverSession, wish: Wish, whole: Floats | None) -> SolverResult | None:
        """Solve a kept session under a wish, then restore its state."""
        problem, integer = self.problem, self._integer
        if whole is not None:
            session.bound(integer, whole, whole)
        self._ask(session, wish)
        answer = session.solve()
        if session is self._loose and self._large:
            session.set(solver="simplex")  # from here on its basis is warm
        touched = np.concatenate([wish.closed, wish.fixed])
        session.bound(touched, problem.lower[touched], problem.upper[touched])
        if whole is not None:
            session.bound(integer, self.whole, self.whole)
        session.limit(self._rows, np.full(2, -inf), np.full(2, inf))
        if wish.thrifty:
            session.price(np.arange(len(problem.cost)), problem.cost)
        return None if answer.status is not Status.OPTIMAL else answer

    def _ask(self, session: SolverSession, wish: Wish) -> None:
        """Apply a wish to a session."""
        zero, amounts = np.zeros(len(wish.closed)), wish.amounts / self.problem.column[wish.fixed]
        session.bound(wish.closed, zero, zero)
        session.bound(wish.fixed, amounts, amounts)
        most = wish.capex / self._most[0] if wish.capex < inf else inf
        least = -wish.least / self.problem.money / self._most[1] if wish.least > -inf else inf
        session.limit(self._rows, np.full(2, -inf), np.array([most, least]))
        if wish.thrifty:
            session.price(np.arange(len(self._capex)), self._capex / self._most[0] * max(1.0, self._most[1]))
