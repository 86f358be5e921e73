"""Ties: who can trade with whom at all, so that coalitions fall into pieces whose values add up.

Two enterprises are tied by a candidate exchange between them. What is public ties too: a coalition has the part
weight(S) / weight(N) of each amount and pools it, so whoever can exchange anything with a public place gains by every
partner that brings weight. All with weight, and all that reach a public place, then stand in one piece. What is public
ties nobody where no enterprise reaches it and nothing there is a yes-or-no: it is worth the same for each unit of
weight then, and adds up whoever has it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from synergy.coalitions.frame import Frame
from synergy.network.places import PUBLIC, Bools, Ints


@dataclass(frozen=True, slots=True)
class Ties:
    """Who is tied to whom.

    Parameters
    ----------
    pairs : numpy.ndarray of bool, shape (players, players)
        Whether two enterprises can exchange anything, symmetric.
    reaches : numpy.ndarray of bool, shape (players,)
        Who can exchange anything with a public place.
    weighs : numpy.ndarray of bool, shape (players,)
        Who brings a part in what is public.
    pooled : bool
        Whether what is public is shared in a way that ties.
    """

    pairs: Bools
    reaches: Bools
    weighs: Bools
    pooled: bool

    def pieces(self, members: Bools) -> tuple[Ints, ...]:
        """Return the positions of the members, piece by piece; values of the pieces add up to that of all.

        Parameters
        ----------
        members : numpy.ndarray of bool, shape (players,)
        """
        inside = np.flatnonzero(members)
        tied = self.pairs[np.ix_(inside, inside)]
        if self.pooled:
            public = (self.reaches | self.weighs)[inside]
            tied = tied | (public[:, None] & public[None, :])
        count, label = connected_components(tied.astype(np.int8), directed=False)
        return tuple(inside[label == piece] for piece in range(count))


def ties_of(frame: Frame) -> Ties:
    """Return the ties of a frame's enterprises.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    Ties
    """
    columns, problem = frame.columns, frame.problem
    size = len(frame.players)
    usable = problem.upper > 0
    pairs, reaches = np.zeros((size, size), dtype=bool), np.zeros(size, dtype=bool)
    between = usable & (columns.one != PUBLIC) & (columns.other != PUBLIC)
    pairs[columns.one[between], columns.other[between]] = True
    pairs |= pairs.T
    reaches[columns.one[usable & columns.mixed]] = True
    public = usable & (columns.one == PUBLIC)
    decided = bool((public & problem.integer).any() or (public & (columns.least > 0)).any())
    return Ties(pairs, reaches, frame.weight > 0, decided or bool(reaches.any()))
