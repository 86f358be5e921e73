"""The Owen point: what the duals of the linear program pay for what each brings."""

from __future__ import annotations

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.division import Division
from synergy.settlement.options import Options
from synergy.settlement.parts import Part, tolerance_of
from synergy.settlement.undefined import RuleUndefined


def owen(asked: Asked, parts: tuple[Part, ...], options: Options) -> Division:
    """Return the payoffs by the duals; they are in the core by weak duality.

    Parameters
    ----------
    asked : Asked
        The game; its `start` are the payoffs by the duals.
    parts : tuple of Part
        What is settled apart; the duals pay each part its total, but for rounding, which is spread.
    options : Options
        The tolerance.

    Returns
    -------
    Division
        No notes.

    Raises
    ------
    RuleUndefined
        Without duals, or where they pay more than there is: no linear program then.

    References
    ----------
    Owen, G. (1975), On the core of linear production games, Mathematical Programming 9, 358-370,
    doi:10.1007/BF01681356.
    """
    start = asked.start
    if start is None:
        raise RuleUndefined("owen", "no_duals")
    payoff = start.astype(np.float64).copy()
    for part in parts:
        left = part.total - float(payoff[part.members].sum())
        if abs(left) > tolerance_of(asked, options):
            raise RuleUndefined("owen", "relaxation_gap", gap=-left)
        over = np.maximum(payoff[part.members] - part.ground, 0.0)
        weights = over / over.sum() if over.sum() > 0 else np.full(len(over), 1.0 / len(over))
        payoff[part.members] += left * weights
    return Division(payoff)
