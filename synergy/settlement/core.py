"""The core: payoffs that no coalition can beat; the least core where there are none."""

from __future__ import annotations

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.coalitions import all_values
from synergy.settlement.division import Division, Note
from synergy.settlement.game import Floats
from synergy.settlement.options import Options, Towards
from synergy.settlement.parts import Part, tolerance_of
from synergy.settlement.proportional import proportions
from synergy.settlement.stable import Frame, frame_of, stabilise


def core(asked: Asked, parts: tuple[Part, ...], options: Options) -> Division:
    """Return the payoffs in the core nearest to those of `Options.towards`; in the least core where the core is empty.

    Parameters
    ----------
    asked : Asked
        The game.
    parts : tuple of Part
        What is settled apart.
    options : Options
        Tolerance, rounds, towards.

    Returns
    -------
    Division
        Notes: ``core_empty`` with the least excess, ``rounds_used_up``, ``gain_negative``.

    References
    ----------
    Gillies, D. B. (1959), Solutions to general non-zero-sum games, Contributions to the Theory of Games IV, 47-85.
    """
    payoff = np.zeros(len(asked.players))
    notes = []
    tolerance = tolerance_of(asked, options)
    for part in parts:
        if len(part.members) <= options.listed:
            all_values(asked, part)
        frame = frame_of(asked, part, tolerance)
        stable = stabilise(frame, _target(frame, options), tolerance, options.rounds)
        payoff += stable.payoff
        names = tuple(asked.players[at] for at in part.members.tolist())
        if stable.least > tolerance:
            notes.append(Note("core_empty", stable.least, names))
        if not stable.settled:
            notes.append(Note("rounds_used_up", float(options.rounds), names))
        if not frame.floored:
            notes.append(Note("gain_negative", part.gain, names))
    return Division(payoff, tuple(notes))


def _target(frame: Frame, options: Options) -> Floats:
    """Return the shares to stay near to, in units, shape (k,)."""
    start, towards = frame.asked.start, options.towards
    if towards is None:
        towards = Towards.EQUAL if len(frame.part.members) <= options.exact else Towards.DUALS
    if towards is Towards.DUALS and start is not None:
        return frame.shares(start)
    if towards is Towards.BASE:
        return proportions(frame.asked, frame.part, options) * frame.gain
    standing = _brought(frame)
    target: Floats = standing + (frame.gain - standing.sum()) / len(standing)
    return target


def _brought(frame: Frame) -> Floats:
    """Return what those without a plan alone bring to the others in units, shape (k,); zero for who has one.

    They have no value of their own to count a gain from; v(N) less what the others are worth without them is the most
    that the others can grant.
    """
    asked, part = frame.asked, frame.part
    brought = np.zeros(len(part.members))
    for at in np.flatnonzero(~part.floored).tolist():
        others = part.mask(len(asked.players))
        others[part.members[at]] = False
        value = asked.value(others).value
        brought[at] = (part.total - value) / frame.unit if np.isfinite(value) else 0.0
    return brought
