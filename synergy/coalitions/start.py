"""Start: payoffs by the duals of the relaxation, which pay every coalition at least what it is worth.

A coalition's relaxation has the columns and rows of all, in its own bounds; so one dual solution is feasible for every
coalition, and by weak duality what it makes of a coalition's bounds is at least the coalition's value. Each bound has
an owner: what it contributes goes to that enterprise, halves to two (a coalition with one of them has none of it), and
by weight where it is public. The sum over a coalition's members is then at least its value, and the sum over all is
the bound of the relaxation (Owen 1975, Mathematical Programming 9:358, for linear production; here with the forcing
rows of the whole, which hold for every part, so that integers cost no more than the relaxation's gap).
"""

from __future__ import annotations

import numpy as np

from synergy.coalitions.frame import Frame
from synergy.coalitions.owners import Owned
from synergy.model.highs import Answer, Status
from synergy.model.scaling import Problem
from synergy.network.places import PUBLIC, Floats

NOISE = 1e-6  # of a dual in the problem's units, beyond which an endless column would need a bound


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


def start_of(frame: Frame, answer: Answer) -> Floats | None:
    """Return payoffs that pay every coalition at least its value; None where the relaxation has no duals.

    Parameters
    ----------
    frame : Frame
        Tightened.
    answer : Answer
        Of its relaxation in the bounds of `endless`.

    Returns
    -------
    numpy.ndarray or None, shape (players,)
        Money a year: what the duals of the answer bring to each enterprise.
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


def _possible(problem: Problem, dual: Floats) -> Floats:
    """Return duals without those whose sign asks for a limit that the row does not have."""
    wrong = ((dual > 0) & np.isinf(problem.row_lower)) | ((dual < 0) & np.isinf(problem.row_upper))
    return np.where(wrong, 0.0, dual)


def _times(left: Floats, right: Floats) -> Floats:
    """Return products, 0 where the left side is 0."""
    product = np.zeros(len(left))
    np.multiply(left, right, out=product, where=left != 0)
    return product


def _shared(frame: Frame, owned: Owned, amount: Floats) -> Floats:
    """Return what each enterprise gets of some amounts: its own, half of a pair's, its weight of what is public."""
    size = len(frame.players)
    pair = owned.other != PUBLIC
    part = np.where(pair, 0.5, 1.0) * amount
    mine = np.bincount(owned.one[owned.one != PUBLIC], weights=part[owned.one != PUBLIC], minlength=size)
    mine += np.bincount(owned.other[pair], weights=part[pair], minlength=size)
    outside = owned.one == PUBLIC
    brought: Floats = mine + frame.weight * amount[outside].sum()
    return brought
