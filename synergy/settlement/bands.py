"""Payments within the bands: the least lump sums first, then as near to the middle of the bands as can be."""

from __future__ import annotations

import numpy as np

from synergy.settlement.game import Floats
from synergy.settlement.trades import Trades

STEPS = 200  # Newton steps at most
HALVINGS = 40  # of one step
ENOUGH = 1e-3  # part of the promised descent that a step must bring
PRECISE = 1e-12  # relative to the money that moves


def payments(trades: Trades, transfer: Floats) -> Floats:
    """Return what buyers pay sellers so that prices carry given transfers as far as they can.

    Each payment m lies in its band ``[middle - half, middle + half]``; what payments do not bring an enterprise is its
    lump sum. Minimised are the lump sums' absolute values first, then ``sum((m - middle)**2 / (2 half))``; the
    solution is unique.

    Parameters
    ----------
    trades : Trades
        The exchanges.
    transfer : numpy.ndarray of float, shape (players,)
        What each must receive in all, money a year, summing to zero.

    Returns
    -------
    numpy.ndarray of float, shape (a,)
        Money a year.

    Notes
    -----
    The dual has one potential for each enterprise: a price stands above the middle of its band by half the band's
    width times the seller's less the buyer's potential, cut at the ends of the band. A potential that reaches the
    number of enterprises marks a lump sum: no path of exchanges shifts money at a higher marginal cost, so with
    this limit the lump sums are the least ones. The dual is convex and piecewise quadratic, solved by projected
    Newton steps.

    References
    ----------
    Bertsekas, D. P. (1982), Projected Newton methods for optimization problems with simple constraints, SIAM Journal
    on Control and Optimization 20, 221-246, doi:10.1137/0320018. Rockafellar, R. T. (1984), Network Flows and
    Monotropic Optimization (potentials).
    """
    dual = _Dual(trades, transfer)
    potential = np.zeros(len(transfer))
    height = dual.height(potential)
    for _ in range(STEPS):
        slope = dual.slope(potential)
        held = (np.abs(potential) >= dual.limit) & (slope * potential < 0)
        if np.abs(slope[~held]).max(initial=0.0) <= PRECISE * dual.scale:
            break
        step = dual.step(potential, slope, ~held)
        potential, height, moved = _descend(dual, potential, step, slope, height)
        if not moved:
            break
    return dual.payment(potential)


def _descend(dual: _Dual, potential: Floats, step: Floats, slope: Floats, height: float) -> tuple[Floats, float, bool]:
    """Return where a step leads, halved until it descends; whether it moved at all."""
    for _ in range(HALVINGS):
        there = np.clip(potential + step, -dual.limit, dual.limit)
        lower = dual.height(there)
        if lower < height + ENOUGH * float(slope @ (there - potential)):
            return there, lower, True
        step = step / 2
    return potential, height, False


class _Dual:
    """The dual problem: a convex, piecewise quadratic function of one potential for each player."""

    def __init__(self, trades: Trades, transfer: Floats) -> None:
        self.trades, self.transfer = trades, transfer
        self.middle, self.half = trades.middle, trades.half
        self.limit = float(max(len(transfer), 1))
        self.scale = float(self.half.sum() + np.abs(transfer).sum() + np.abs(self.middle).sum()) or 1.0

    def _lean(self, potential: Floats) -> Floats:
        """Return the sellers' less the buyers' potentials, shape (a,)."""
        lean: Floats = potential[self.trades.seller] - potential[self.trades.buyer]
        return lean

    def payment(self, potential: Floats) -> Floats:
        """Return the payments, shape (a,)."""
        return self.middle + self.half * np.clip(self._lean(potential), -1.0, 1.0)

    def height(self, potential: Floats) -> float:
        """Return the function."""
        lean = self._lean(potential)
        inside = np.minimum(np.abs(lean), 1.0)
        rise = self.half * (inside * np.abs(lean) - inside**2 / 2) + self.middle * lean
        return float(rise.sum() - self.transfer @ potential)

    def slope(self, potential: Floats) -> Floats:
        """Return its gradient: what each receives beyond its transfer."""
        received: Floats = self.trades.received(self.payment(potential), len(self.transfer))
        return received - self.transfer

    def step(self, potential: Floats, slope: Floats, free: np.ndarray) -> Floats:
        """Return the Newton step of the free players; where the function is straight, as far down as the limit."""
        count = len(potential)
        weight = np.where(np.abs(self._lean(potential)) < 1.0, self.half, 0.0)
        pair = self.trades.seller * count + self.trades.buyer
        links = np.bincount(pair, weight, minlength=count * count).reshape(count, count)
        links = links + links.T
        matrix = (np.diag(links.sum(axis=1)) - links)[np.ix_(free, free)]
        values, vectors = np.linalg.eigh(matrix)
        curved = values > PRECISE * float(values.max(initial=0.0))
        down = -(vectors.T @ slope[free])
        part = vectors[:, curved] @ (down[curved] / values[curved])
        straight = vectors[:, ~curved] @ down[~curved]
        size = float(np.abs(straight).max(initial=0.0))
        if size > PRECISE * self.scale:
            part = part + straight * (2 * self.limit / size)
        step = np.zeros(count)
        step[free] = part
        return step
