"""Proportional: gains in proportion to a named base."""

from __future__ import annotations

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.division import Division
from synergy.settlement.game import Floats
from synergy.settlement.options import Base, Options
from synergy.settlement.parts import Part, tolerance_of
from synergy.settlement.undefined import RuleUndefined


def proportional(asked: Asked, parts: tuple[Part, ...], options: Options) -> Division:
    """Return to each what it earns alone, and of the gain its part by the base.

    Nobody loses, since gains and bases are zero or more; stable it need not be, and the certificate says so.

    Parameters
    ----------
    asked : Asked
        The game.
    parts : tuple of Part
        What is settled apart: the gain of each part is shared in it.
    options : Options
        The base.

    Returns
    -------
    Division
        No notes.

    Raises
    ------
    RuleUndefined
        Somebody without a plan alone, no base, a base that is not zero or more, or one that is zero for all who have a
        gain to share.
    """
    payoff = np.zeros(len(asked.players))
    for part in parts:
        if not part.floored.all():
            who = (asked.players[int(part.members[~part.floored][0])],)
            raise RuleUndefined("proportional", "coalition_without_plan", coalition=who)
        payoff[part.members] = part.ground + part.gain * proportions(asked, part, options)
    return Division(payoff)


def proportions(asked: Asked, part: Part, options: Options) -> Floats:
    """Return each player's part of the base in a part, shape (k,), summing to 1.

    Raises
    ------
    RuleUndefined
        As `proportional`.
    """
    base = options.base
    if base is None or not _usable(base, len(asked.players)):
        raise RuleUndefined("proportional", "bad_base", base="" if base is None else base.name)
    amounts = base.amounts[part.members]
    if amounts.sum() > 0:
        shares: Floats = amounts / amounts.sum()
        return shares
    if part.gain > tolerance_of(asked, options):
        names = tuple(asked.players[at] for at in part.members.tolist())
        raise RuleUndefined("proportional", "no_base", base=base.name, coalition=names)
    return np.full(len(amounts), 1.0 / len(amounts))


def _usable(base: Base, players: int) -> bool:
    """Return whether a base has one finite number of zero or more for each player."""
    return base.amounts.shape == (players,) and bool((np.isfinite(base.amounts) & (base.amounts >= 0)).all())
