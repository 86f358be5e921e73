"""Walk: what a plan's own builds, links and switches bring to fewer and fewer enterprises, each from the last.

With its yes-or-no decisions held, most columns of the frame can be nothing but 0 and are left out. What stays is a
small linear problem, solved from the whole plan downwards: taking an enterprise away changes few bounds, so the
solver goes on from the basis before. A value is then that of a plan, not of the best one; the duals bound the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import sparse

from synergy.coalitions.solver import Prepared, Solver
from synergy.model.highs import Session, Status
from synergy.model.scaling import Problem
from synergy.network.places import Bools, Floats, Ints
from synergy.settlement.game import Worth

ROUNDS = 4  # of closing what closed decisions close
NOTHING = 1e-12


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
        self._upper = np.where(problem.integer, np.minimum(self._plan, problem.upper), problem.upper)
        self._keep = open_columns(replace(problem, upper=self._upper))
        matrix = sparse.csr_array(problem.matrix[:, self._keep])
        self._rows: Ints = np.flatnonzero((np.diff(matrix.indptr) > 0) | (problem.row_lower > 0))
        self._public = np.flatnonzero(self.frame.rows.public[self._rows])
        self._integer = problem.integer[self._keep]
        self._session = Session(self._reduced(matrix), threads=prepared.depth.threads, random_seed=prepared.depth.seed)
        self._put(np.ones(len(self.frame.players), dtype=bool))
        self._session.solve()
        self._basis = self._session.basis()
        self._solver: Solver | None = None

    def _reduced(self, matrix: sparse.csr_array) -> Problem:
        problem, keep, rows = self.frame.problem, self._keep, self._rows
        return replace(
            problem,
            matrix=sparse.csr_array(matrix[rows]),
            row_lower=problem.row_lower[rows],
            row_upper=problem.row_upper[rows],
            lower=problem.lower[keep],
            upper=self._upper[keep],
            cost=problem.cost[keep],
            integer=np.zeros(len(keep), dtype=bool),
            row=problem.row[rows],
            column=problem.column[keep],
        )

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
        if answer.status is not Status.OPTIMAL:  # the plan's decisions are none that these can keep
            self._session.rebase(self._basis)
            self._solver = self._solver or Solver(self._prepared)
            return self._solver.worth(members)
        value = -answer.value * self.frame.problem.money
        start = self._prepared.start
        return Worth(value, np.inf if start is None else max(value, float(start[members].sum())))

    def _put(self, members: Bools) -> None:
        """Let a coalition take part."""
        lower, upper, limit = self.frame.bounds(members)
        lower, upper = lower[self._keep], upper[self._keep]
        held = np.clip(self._plan[self._keep], lower, upper)
        lower, upper = np.where(self._integer, held, lower), np.where(self._integer, held, upper)
        self._session.bound(np.arange(len(self._keep)), lower, upper)
        rows = self._rows[self._public]
        self._session.limit(self._public, self.frame.problem.row_lower[rows], limit[rows])


def open_columns(problem: Problem) -> Ints:
    """Return the columns that can be anything but 0, given that integer columns are at their upper bounds at most.

    Parameters
    ----------
    problem : Problem
        Flows over a link that is not opened, say, are closed by the row that ties them to it.

    Returns
    -------
    numpy.ndarray of int64
    """
    upper, matrix = problem.upper.copy(), sparse.csr_array(problem.matrix)
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for _ in range(ROUNDS):
        most = _most(matrix.data, upper[matrix.indices], problem.lower[matrix.indices])
        free = np.bincount(row, weights=most, minlength=matrix.shape[0])
        # a row of which all that may be negative is nothing, and whose limit is nothing, closes what is positive in it
        shut = (problem.row_upper <= NOTHING) & (free <= NOTHING)
        hit = shut[row] & (matrix.data > 0) & (problem.lower[matrix.indices] >= 0)
        before = int((upper > 0).sum())
        upper[matrix.indices[hit]] = np.minimum(upper[matrix.indices[hit]], 0.0)
        if int((upper > 0).sum()) == before:
            break
    return np.flatnonzero((upper > 0) | (problem.lower < 0))


def _most(data: Floats, upper: Floats, lower: Floats) -> Floats:
    """Return how far below 0 each entry of a row can get."""
    below = np.where(data < 0, np.abs(data) * np.maximum(np.minimum(upper, 1e30), 0.0), 0.0)
    return below + np.where(data > 0, data * np.maximum(-np.maximum(lower, -1e30), 0.0), 0.0)
