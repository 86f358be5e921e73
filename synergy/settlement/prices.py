"""Prices: one for each exchange, with lump sums for what prices cannot carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.bands import payments
from synergy.settlement.game import Floats, Ints
from synergy.settlement.ladder import NEAR, Ladder, on_ladder, taken, whole
from synergy.settlement.trades import Trades

SMALL = 1e-9  # lump sums below it, relative to the money that moves, are rounding


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settlement asks of the prices, arrays of shape (players,), money a year.

    Parameters
    ----------
    own : numpy.ndarray of float
        What each collects under the plan at its own accounts, before anybody pays anybody.
    payoff : numpy.ndarray of float
        What each is to get; the sum is that of `own`.
    standalone : numpy.ndarray of float
        What nobody is to fall below; minus infinity where one has no plan alone.
    """

    own: Floats
    payoff: Floats
    standalone: Floats


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices and lump sums; money in whole numbers of `unit`.

    Parameters
    ----------
    price : numpy.ndarray of float, shape (a,)
        Money per unit of the commodity, within the band.
    step : numpy.ndarray of float, shape (a,)
        What each price is a multiple of; 0 where its band holds a single price.
    payment : numpy.ndarray of int, shape (a,)
        What the buyer pays the seller a year.
    lump : numpy.ndarray of int, shape (players,)
        What each receives besides, because no prices within the bands bring it.
    balance : numpy.ndarray of int, shape (players,)
        What settles the rounding.
    transfer : numpy.ndarray of int, shape (players,)
        What each receives in all; the sum is exactly zero.
    unit : float
        Smallest money that is paid.
    """

    price: Floats
    step: Floats
    payment: Ints
    lump: Ints
    balance: Ints
    transfer: Ints
    unit: float

    def payoff(self, own: Floats) -> Floats:
        """Return what each gets, money a year, from what it collects at its own accounts."""
        return own + self.transfer * self.unit

    @property
    def carried(self) -> bool:
        """Return whether prices alone carry the payoffs, but for rounding."""
        return not self.lump.any()


def price(trades: Trades, wanted: Wanted, ladder: Ladder | None = None) -> Prices:
    """Return one price for each exchange and the lump sums beside them.

    Parameters
    ----------
    trades : Trades
        The exchanges and their bands.
    wanted : Wanted
        Payoffs and floors.
    ladder : Ladder or None
        Rounding; None: the default.

    Returns
    -------
    Prices
        Prices lie within the bands as near to their middles as the payoffs allow, lump sums are the least possible;
        transfers sum to exactly zero, and with them nobody gets less than alone (but for less than a unit where all
        gains together are smaller than the units needed).
    """
    ladder = ladder or Ladder()
    players, unit = len(wanted.own), ladder.unit
    transfer = wanted.payoff - wanted.own
    transfer = transfer - transfer.mean()
    paid = payments(trades, transfer)
    exact, step = on_ladder(paid / trades.quantity, trades, ladder.step)
    payment = np.rint(exact * trades.quantity / unit).astype(np.int64)
    lump = transfer - trades.received(paid, players)
    scale = float(np.abs(transfer).sum() + np.abs(paid).sum())
    lump[np.abs(lump) <= SMALL * scale] = 0.0
    lumps = _summing_to_zero(lump / unit)
    floor = _floors(wanted, unit)
    prices = trades.received(payment, players) + lumps
    if ladder.hold:
        balance = whole(transfer / unit, floor) - prices
    else:
        broken = np.maximum(floor - prices, 0)
        balance = broken - taken(int(broken.sum()), np.maximum(prices - floor, 0))
    return Prices(exact, step, payment, lumps, balance, prices + balance, unit)


def _floors(wanted: Wanted, unit: float) -> Ints:
    """Return the smallest transfers by which nobody loses, in units."""
    needed = (wanted.standalone - wanted.own) / unit
    free = -(2.0**60) / max(len(needed), 1)
    return np.ceil(np.maximum(needed - NEAR, free)).astype(np.int64)


def _summing_to_zero(lump: Floats) -> Ints:
    """Return lump sums as whole numbers that sum to zero; who has none gets none."""
    lumps = np.zeros(len(lump), dtype=np.int64)
    some = lump != 0
    if some.any():
        shifted = lump[some] - lump[some].sum() / some.sum()
        lumps[some] = whole(shifted, np.floor(shifted).astype(np.int64))
    return lumps
