"""Walk: what a plan's own builds, links and switches bring to fewer and fewer enterprises, each from the last.

With its yes-or-no decisions held, most columns of the frame can be nothing but 0 and are left out. What stays is a
small linear problem, solved from the whole plan downwards: taking an enterprise away changes few bounds, so the
solver goes on from the basis before. A value is then that of a plan, not of the best one; the duals bound the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from synergy.coalitions.solver import Prepared, Solver
from synergy.model.highs import DEVEX, Answer, Session, Status
from synergy.model.narrow import narrowed, open_columns
from synergy.network.places import Bools
from synergy.settlement.game import Worth

WHOLE = 1e-6  # by how much a decision may miss being whole


def walker_of(prepared: Prepared) -> Callable[[Bools], list[Worth]]:
    """Return the function that values a walk, as `workers` make it."""
    return Walker(prepared).worths


class Walker:
    """The plan's problem in a solver.

    Parameters
    ----------
    prepared : Prepared
        With a plan.
    """

    def __init__(self, prepared: Prepared) -> None:
        assert prepared.plan is not None
        self._prepared, self.frame, self._plan = prepared, prepared.frame, prepared.plan
        problem = self.frame.problem
        upper = np.where(problem.integer, np.minimum(self._plan, problem.upper), problem.upper)
        self._keep = open_columns(replace(problem, upper=upper))
        small, self._rows = narrowed(replace(problem, upper=upper), self._keep)
        self._public = np.flatnonzero(self.frame.rows.public[self._rows])
        self._integer, self._switches = small.integer, small.integer & (small.cost == 0)
        small = replace(small, integer=np.zeros(len(self._keep), dtype=bool))
        self._session = Session(small, threads=prepared.depth.threads, random_seed=prepared.depth.seed)
        self._session.set(simplex_dual_edge_weight_strategy=DEVEX)
        self._put(np.ones(len(self.frame.players), dtype=bool))
        self._session.solve()
        self._basis = self._session.basis()
        self._solver: Solver | None = None

    def worths(self, many: Bools) -> list[Worth]:
        """Return what coalitions are worth with the plan's decisions, those that come first from those that come last.

        Parameters
        ----------
        many : numpy.ndarray of bool, shape (k, players)
            Each holds the one before.

        Returns
        -------
        list of Worth
            The same whatever was valued before; bounds by the duals where there are any.
        """
        self._session.rebase(self._basis)
        found = [self._worth(members) for members in many[::-1]]
        return found[::-1]

    def _worth(self, members: Bools) -> Worth:
        """Return the value of one coalition from the basis there is."""
        self._put(members)
        answer = self._session.solve()
        for free in (self._switches, self._integer):
            if answer.status is not Status.OPTIMAL:  # what is on or built cannot all go on: it may do less
                answer = self._eased(free)
        if answer.status is not Status.OPTIMAL:
            self._session.rebase(self._basis)
            self._solver = self._solver or Solver(self._prepared)
            return self._solver.worth(members)
        value = -answer.value * self.frame.problem.money
        start = self._prepared.start
        return Worth(value, np.inf if start is None else max(value, float(start[members].sum())))

    def _eased(self, free: Bools) -> Answer:
        """Return the answer without those of some decisions that are not needed in whole."""
        which = np.flatnonzero(free)
        self._session.bound(which, self._lower[which], self._held[which])
        answer = self._session.solve()
        if answer.x is None:
            return answer
        whole = np.maximum(np.floor(answer.x[which] + WHOLE), self._lower[which])
        self._session.bound(which, whole, whole)
        return self._session.solve()

    def _put(self, members: Bools) -> None:
        """Let a coalition take part."""
        lower, upper, limit = self.frame.bounds(members)
        lower, upper = lower[self._keep], upper[self._keep]
        self._lower, self._held = lower, np.clip(self._plan[self._keep], lower, upper)
        lower, upper = (np.where(self._integer, self._held, side) for side in (lower, upper))
        self._session.bound(np.arange(len(self._keep)), lower, upper)
        rows = self._rows[self._public]
        self._session.limit(self._public, self.frame.problem.row_lower[rows], limit[rows])
