"""The least subsidy: what must come from outside so that no coalition can do better, and to whom it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.asked import Asked
from synergy.settlement.game import Floats
from synergy.settlement.linear import Program, minimise
from synergy.settlement.nearest import Region, nearest
from synergy.settlement.options import Options
from synergy.settlement.parts import Part, tolerance_of
from synergy.settlement.stable import Frame, frame_of


@dataclass(frozen=True, slots=True)
class Subsidy:
    """Money from outside that makes payoffs stable, money a year.

    Parameters
    ----------
    to : numpy.ndarray of float, shape (players,)
        Who gets it, zero or more.
    payoff : numpy.ndarray of float, shape (players,)
        What each gets with it; their sum is v(N) and the subsidy.
    least : float
        Proven by coalitions that have a plan: less does not suffice.
    bound : float
        Proven: with it no coalition has a greater excess.
    """

    to: Floats
    payoff: Floats
    least: float
    bound: float

    @property
    def total(self) -> float:
        """Return its sum."""
        return float(self.to.sum())


def least_subsidy(asked: Asked, parts: tuple[Part, ...], payoff: Floats, options: Options) -> Subsidy:
    """Return the smallest sum that makes the game stable, given to those by whom payoffs change least.

    The smallest sum of payoffs that pay every coalition its value, less v(N), is the cost of stability. Of the payoffs
    with this sum those nearest to the payoffs of the rule are taken, and nobody gets less than by these where that is
    possible.

    Parameters
    ----------
    asked : Asked
        The game.
    parts : tuple of Part
        What is settled apart.
    payoff : numpy.ndarray of float, shape (players,)
        By the rule.
    options : Options
        Tolerance and rounds.

    Returns
    -------
    Subsidy

    References
    ----------
    Bachrach, Y., Elkind, E., Meir, R., Pasechnik, D., Zuckerman, M., Rothe, J., Rosenschein, J. S. (2009), The cost of
    stability in coalitional games, Algorithmic Game Theory, 122-134, doi:10.1007/978-3-642-04645-2_12.
    """
    tolerance = tolerance_of(asked, options)
    stable, to = payoff.copy(), np.zeros(len(payoff))
    least = bound = 0.0
    for part in parts:
        frame = frame_of(asked, part, tolerance)
        shares, need, over = _stable(frame, frame.shares(payoff), tolerance, options.rounds)
        more = np.maximum(shares - frame.shares(payoff), 0.0)
        if need > 0 and more.sum() > 0:
            to[part.members] = more * ((shares.sum() - frame.gain) / more.sum()) * frame.unit
            stable[part.members] = part.ground + shares * frame.unit
        least += need * frame.unit
        bound += max(0.0, over) if len(parts) > 1 else over
    return Subsidy(to, stable, least, bound)


def _stable(frame: Frame, given: Floats, tolerance: float, rounds: int) -> tuple[Floats, float, float]:
    """Return stable shares in units, shape (k,), the least sum over the gain, and the proven excess, money a year."""
    low = np.where(frame.part.floored, 0.0, -np.inf)
    shares, need, over = given, 0.0, np.inf
    for _ in range(rounds):
        rows, right = frame.table()
        need = max(need, _least_sum(rows, right, low) - frame.gain)
        shares = _near(frame, given, low, need)
        found = frame.worst(_spread(frame, shares))
        over = found.bound
        if found.excess <= tolerance or not frame.add(found):
            return shares, need, over
    need = max(need, _least_sum(*frame.table(), low) - frame.gain)
    if frame.asked.start is not None:  # proven to suffice, though less may do
        return frame.shares(frame.asked.start), need, 0.0
    return shares, need, over


def _spread(frame: Frame, shares: Floats) -> Floats:
    """Return shares as payoffs of all players, shape (players,)."""
    full = np.zeros(len(frame.asked.players))
    full[frame.part.members] = frame.part.ground + shares * frame.unit
    return full


def _least_sum(rows: Floats, right: Floats, low: Floats) -> float:
    """Return the smallest sum of shares that pay every known coalition."""
    if not len(rows):
        return float(np.where(np.isfinite(low), low, 0.0).sum())
    answer = minimise(Program(np.ones(len(low)), low, rows, right))
    return answer.cost if answer is not None else -np.inf


def _near(frame: Frame, given: Floats, low: Floats, need: float) -> Floats:
    """Return the stable shares with the least sum that are nearest to given ones, above them where possible."""
    total = frame.gain + need
    rows, right = frame.table()
    above = np.maximum(low, given)
    if minimise(Program(np.zeros(len(low)), above, rows, right, np.ones((1, len(low))), np.array([total]))):
        low = above
    held = np.isfinite(low)
    region = Region(np.vstack([np.eye(len(low))[held], rows]), np.concatenate([low[held], right]), total)
    return nearest(given, region)
