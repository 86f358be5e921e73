"""Limits on prices: what sides of an exchange ask for narrows its band, where the other side can agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synergy.settlement.game import Bools, Floats
from synergy.settlement.trades import Trades

NEAR = 1e-9  # part of a price by which it may miss the end of a band


@dataclass(frozen=True, slots=True)
class Limits:
    """What prices of exchanges are asked to be, arrays of shape (a,), money per unit.

    Parameters
    ----------
    least, most : numpy.ndarray of float
        The seller asks for at least, the buyer offers at most; NaN where nobody asks.
    agreed : numpy.ndarray of float
        Both sides have agreed on; NaN where they have not.
    """

    least: Floats
    most: Floats
    agreed: Floats


@dataclass(frozen=True, slots=True)
class Limited:
    """Exchanges with what was asked for.

    Parameters
    ----------
    trades : Trades
        Their bands narrowed to what was asked.
    shown : Trades
        Their bands as they are, widened to what both sides have agreed on.
    least_refused, most_refused : numpy.ndarray of bool, shape (a,)
        Where what the seller, the buyer, asks for lies outside what the other side can agree to, or the two asked for
        prices that do not meet; the band is as if nothing had been asked.
    """

    trades: Trades
    shown: Trades
    least_refused: Bools
    most_refused: Bools


def limited(trades: Trades, limits: Limits) -> Limited:
    """Return exchanges whose bands keep to what was asked for.

    Parameters
    ----------
    trades : Trades
        With their bands.
    limits : Limits
        Of the same exchanges.

    Returns
    -------
    Limited

    Examples
    --------
    >>> trades = Trades(np.array([0]), np.array([1]), np.ones(1), np.array([5.0]), np.array([9.0]))
    >>> nothing = np.full(1, np.nan)
    >>> limited(trades, Limits(np.array([7.0]), nothing, nothing)).trades.low
    array([7.])
    >>> limited(trades, Limits(np.array([9.5]), nothing, nothing)).least_refused
    array([ True])
    """
    low, high = np.minimum(trades.low, trades.high), np.maximum(trades.low, trades.high)
    room = NEAR * np.maximum(np.abs(low), np.abs(high))
    least_refused: Bools = limits.least > high + room
    most_refused: Bools = limits.most < low - room
    apart = ~least_refused & ~most_refused & (limits.least > limits.most + room)
    least_refused, most_refused = least_refused | apart, most_refused | apart
    least = np.where(least_refused | np.isnan(limits.least), low, np.clip(limits.least, low, high))
    most = np.where(most_refused | np.isnan(limits.most), high, np.clip(limits.most, low, high))
    agreed = ~np.isnan(limits.agreed)
    price = np.where(agreed, limits.agreed, 0.0)
    least, most = np.where(agreed, price, least), np.where(agreed, price, most)
    shown = replace(
        trades,
        low=np.where(agreed, np.minimum(trades.low, price), trades.low),
        high=np.where(agreed, np.maximum(trades.high, price), trades.high),
    )
    asked = agreed | ~np.isnan(limits.least) | ~np.isnan(limits.most)
    narrowed = replace(trades, low=np.where(asked, least, trades.low), high=np.where(asked, most, trades.high))
    return Limited(narrowed, shown, least_refused & ~agreed, most_refused & ~agreed)
