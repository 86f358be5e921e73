"""Who causes a change: the value of every changed line is followed along the goods to the proposals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from synergy.proposals.balances import elements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synergy.dataset.dataset import Dataset
    from synergy.proposals.changes import Changes

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Walk:
    """Steps from changed lines to the proposals that cause them.

    Parameters
    ----------
    steps : scipy.sparse.csr_matrix
        Chance of each step between states (lines first, then both sides of every balance); a row that sums to 0
        stays where it is.
    shares : scipy.sparse.csr_matrix, shape (proposals, lines)
        Part of each line that belongs to each proposal; columns sum to 1, or to 0 for a line of none.
    """

    steps: sparse.csr_matrix
    shares: sparse.csr_matrix

    def attribute(self, values: Floats) -> Floats:
        """Return what each proposal is given of the values of the lines.

        Parameters
        ----------
        values : numpy.ndarray, shape (lines,)
            Change of value (or of emission) of each line of the changes: flows, runs, levels.
        """
        states = self.steps.shape[0]
        if not self.shares.shape[0] or not states:
            return np.zeros(self.shares.shape[0])
        start = np.zeros(states)
        start[: len(values)] = values
        # expected visits: visits = start + steps' visits; what reaches a proposal's line ends there
        visits = splu(sparse.csc_matrix(sparse.identity(states) - self.steps.T)).solve(start)
        given: Floats = self.shares @ visits[: len(values)]
        return given


def walk(dataset: Dataset, changed: Changes, shares: sparse.csr_matrix) -> Walk:
    """Return the walk by which changes are attributed to proposals.

    A line (a flow, run or level that differs from what it is compared with) that belongs to a proposal ends there.
    Any other line asks the balances it stands in (its outlet's, its inlet's; a run: one for each commodity of its
    recipe, by coefficient times yardstick price) which changes of the opposite sign it makes up for, and goes to
    these in proportion to their size: coke oven gas that was flared alone and now leaves for a neighbour hands the
    avoided cost of flaring to that exchange. What no proposal can be reached from (an enterprise that changes
    something for itself) stays in the remainder.

    Parameters
    ----------
    dataset : Dataset
        The tables.
    changed : Changes
        The lines, flows first, then runs, then levels.
    shares : scipy.sparse.csr_matrix, shape (proposals, lines)
        Which lines belong to which proposals.

    Notes
    -----
    An absorbing Markov chain; one sparse factorisation, deterministic. What it gives away and what stays sum to what
    came in.
    """
    lines = shares.shape[1]
    found = elements(dataset, changed)
    owned = np.asarray(shares.sum(axis=0)).ravel() > 0
    count = int(found["node"].max()) + 1 if len(found) else 0
    states = lines + 2 * count
    item, node = found["item"].to_numpy(), found["node"].to_numpy()
    amount, weight = found["amount"].to_numpy(), found["weight"].to_numpy()
    side = lines + 2 * node + (amount < 0)  # where this line's side of the balance is asked for the other
    other = lines + 2 * node + (amount > 0)
    opposed = np.isin(side, other)
    link = sparse.coo_matrix((np.abs(amount), (other, item)), shape=(states, states))
    ask = sparse.coo_matrix((weight[opposed], (item[opposed], side[opposed])), shape=(states, states))
    steps = sparse.csr_matrix(link + ask)
    _, part = connected_components(steps, directed=False)
    reached = np.isin(part, part[:lines][owned])
    stays = ~reached
    stays[:lines] |= owned
    total = np.asarray(steps.sum(axis=1)).ravel()
    factor = np.divide(1.0, total, out=np.zeros(states), where=(total > 0) & ~stays)
    return Walk(steps=sparse.csr_matrix(sparse.diags(factor) @ steps), shares=shares)


def line_values(changed: Changes, column: str) -> Floats:
    """Return one column (`value`, `co2`) of all lines: flows, runs, levels."""
    values: Floats = pd.concat([frame[column] for frame in (changed.flows, changed.runs, changed.levels)]).to_numpy(
        dtype=float
    )
    return values
