"""Apart: the plan's linear problem of one enterprise, its yes-or-no decisions and exchanges with others held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from synergy.coalitions.owners import column_owners
from synergy.model.build import Model
from synergy.model.highs import Session, Status
from synergy.model.scaling import Problem, scaled
from synergy.network.places import PUBLIC, Floats, Ints


class Apart:
    """A plan that falls apart into one linear problem for each enterprise, made when it is first asked about.

    Parameters
    ----------
    model : Model
        Of the round.
    x : numpy.ndarray, shape (columns,)
        The plan.
    """

    def __init__(self, model: Model, x: Floats) -> None:
        self.model, self._problem = model, scaled(model)
        self._value = x / self._problem.column
        owned = column_owners(model)
        self._owner = np.where(owned.mixed | (owned.other != PUBLIC), PUBLIC, owned.one)
        self._matrix = sparse.csc_array(self._problem.matrix)
        self._rows = {name: _balances(model, name) for name in ("outlet", "inlet")}
        self._own: dict[int, _Own] = {}

    def change(self, player: int, side: str, column: Ints, amount: Floats) -> float:
        """Return the change of an enterprise's value where some flows do not leave it, or do not reach it.

        Parameters
        ----------
        player : int
            The enterprise at that end.
        side : str
            ``outlet``: the flows stay with it; ``inlet``: they do not come.
        column : numpy.ndarray of int64
            Columns of the flows.
        amount : numpy.ndarray
            What stays, or does not come, in the commodity's unit.

        Returns
        -------
        float
            Money a year; NaN where it cannot do without.
        """
        row = self._rows[side][column - self.model.column("flow").start]
        rows, place = np.unique(row, return_inverse=True)
        # outlet rows say what members give less what leaves; inlet rows what arrives less what members take
        sign = -1.0 if side == "outlet" else 1.0
        shift = sign * np.bincount(place, weights=amount) * self._problem.row[rows]
        return self._of(player).change(rows, shift) * self._problem.money

    def price(self, player: int, column: Ints, quantity: Floats) -> float:
        """Return the dual price at the gate of the enterprise from which some flows leave, NaN without one."""
        row = self._rows["outlet"][column - self.model.column("flow").start]
        dual = self._of(player).dual(row) * self._problem.row[row] * self._problem.money
        return float(dual @ quantity / quantity.sum())

    def _of(self, player: int) -> _Own:
        if player not in self._own:
            free = np.flatnonzero(self._owner == player)
            self._own[player] = _Own(self._problem, self._matrix, self._value, free)
        return self._own[player]


class _Own:
    """One enterprise's problem in a solver: its columns, and the rows that say anything about them."""

    def __init__(self, problem: Problem, matrix: sparse.csc_array, value: Floats, free: Ints) -> None:
        own = sparse.csr_array(matrix[:, free])
        self._rows = np.flatnonzero(np.diff(own.indptr))
        others = value.copy()
        others[free] = 0.0
        held = (problem.matrix[self._rows] @ others) if len(self._rows) else np.empty(0)
        self._sides = problem.row_lower[self._rows] - held, problem.row_upper[self._rows] - held
        self._whole = np.flatnonzero(problem.integer[free])
        self._at = np.round(value[free][self._whole])
        lower, upper = problem.lower[free].copy(), problem.upper[free].copy()
        lower[self._whole] = upper[self._whole] = self._at
        self._session = Session(
            replace(
                problem,
                matrix=sparse.csr_array(own[self._rows]),
                row_lower=self._sides[0],
                row_upper=self._sides[1],
                lower=lower,
                upper=upper,
                cost=problem.cost[free],
                integer=np.zeros(len(free), dtype=bool),
            )
        )
        self._base = self._session.solve()

    def change(self, rows: Ints, shift: Floats) -> float:
        """Return the change of value, in the problem's money, where the sides of some rows move; NaN without a plan."""
        if self._base.status is not Status.OPTIMAL:
            return float("nan")
        place = np.searchsorted(self._rows, rows)
        known = (place < len(self._rows)) & (self._rows[np.minimum(place, len(self._rows) - 1)] == rows)
        if not known.all():
            return float("nan")
        low, high = (side[place] for side in self._sides)
        self._session.limit(place, low + shift, high + shift)
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL:  # what runs or is built cannot go on as it is: it may do less
            self._session.bound(self._whole, np.zeros(len(self._whole)), self._at)
            answer = self._session.solve()
            self._session.bound(self._whole, self._at, self._at)
        self._session.limit(place, low, high)
        return float("nan") if answer.status is not Status.OPTIMAL else self._base.value - answer.value

    def dual(self, rows: Ints) -> Floats:
        """Return the duals of some rows, NaN without them."""
        if self._base.row_dual is None or not len(self._rows):
            return np.full(len(rows), np.nan)
        place = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        return np.where(self._rows[place] == rows, self._base.row_dual[place], np.nan)


def _balances(model: Model, name: str) -> Ints:
    """Return the balance row of each flow column at its outlet or its inlet, -1 where there is none."""
    network, flow, block = model.candidates.network, model.column("flow"), model.rows[name]
    group = network.arcs.outlet if name == "outlet" else network.arcs.inlet
    most = max(int(group.max(initial=-1)), int(block.key["group"].max(initial=-1)))
    table = np.full((most + 1, len(network.places.share)), -1)
    table[block.key["group"], block.key["period"]] = block.positions
    return table[group[flow.key["arc"]], flow.key["period"]] if len(flow) else np.empty(0, np.int64)
