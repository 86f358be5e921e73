"""All coalitions of a part, by number: bit i of the number is player i of the part."""

from __future__ import annotations

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.game import Bools, Floats
from synergy.settlement.parts import Part


def subsets(count: int) -> Bools:
    """Return all subsets of some players, shape (2 ** count, count), the empty one first.

    Examples
    --------
    >>> subsets(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    numbers = np.arange(2**count)[:, None]
    inside: Bools = (numbers >> np.arange(count)[None, :] & 1).astype(np.bool_)
    return inside


def all_values(asked: Asked, part: Part) -> Floats:
    """Return the values of all coalitions of a part, shape (2 ** k,): 0 of the empty one, the total of the last.

    Parameters
    ----------
    asked : Asked
        The game.
    part : Part
        The players.

    Returns
    -------
    numpy.ndarray of float
        Money a year; minus infinity where a coalition has no plan.
    """
    inside = subsets(len(part.members))
    many = np.zeros((len(inside), len(asked.players)), np.bool_)
    many[:, part.members] = inside
    worths = asked.values(list(many[1:-1]))
    return np.array([0.0, *(worth.value for worth in worths), part.total])
