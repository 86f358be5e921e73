"""Money and prices as people pay them: whole units of money, prices on a ladder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.settlement.game import Floats, Ints
from synergy.settlement.trades import Trades

FINER = 6  # times that a step is divided by ten where a band holds no price of the ladder
NEAR = 1e-9  # a price this near to the end of a band, in steps, is in it


@dataclass(frozen=True, slots=True)
class Ladder:
    """How prices and money are rounded.

    Parameters
    ----------
    step : float
        Prices are multiples of it (0.01, 1, 5 ...), money per unit of the commodity.
    unit : float
        Smallest money that is paid.
    hold : bool
        True: payoffs stay as settled, and each enterprise's balance of rounding is settled beside its lump sum.
        False: payoffs move with the rounded prices, but nobody's below what it is worth alone.
    """

    step: float = 0.01
    unit: float = 0.01
    hold: bool = True


def on_ladder(price: Floats, trades: Trades, step: float) -> tuple[Floats, Floats]:
    """Return the prices rounded to the ladder and within their bands, and the step that each is a multiple of.

    Parameters
    ----------
    price : numpy.ndarray of float, shape (a,)
        Money per unit.
    trades : Trades
        The bands.
    step : float
        The ladder's.

    Returns
    -------
    tuple of numpy.ndarray of float, shape (a,)
        Where a band is narrower than a step and holds no multiple of it the step is divided by ten until it does;
        where that does not help (a band of a single price) the price stays and its step is 0.
    """
    low, high = np.minimum(trades.low, trades.high), np.maximum(trades.low, trades.high)
    rounded, used = price.copy(), np.zeros(len(price))
    for power in range(FINER + 1):
        fine = step / 10**power
        least, most = np.ceil(low / fine - NEAR), np.floor(high / fine + NEAR)
        fits = (used == 0) & (least <= most)
        multiple = np.clip(np.rint(price / fine), least, most)
        rounded[fits] = multiple[fits] * fine
        used[fits] = fine
    return rounded, used


def whole(amount: Floats, floor: Ints) -> Ints:
    """Return amounts that sum to a whole number as whole numbers with the same sum, none below its floor.

    Parameters
    ----------
    amount : numpy.ndarray of float, shape (n,)
        They sum to a whole number, but for rounding.
    floor : numpy.ndarray of int, shape (n,)
        Smallest values allowed; where their sum is above that of the amounts they give way evenly.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Within 1 of the amounts unless a floor is in the way.
    """
    down = np.maximum(np.floor(amount), floor).astype(np.int64)
    left = int(np.rint(amount.sum())) - int(down.sum())
    if left >= 0:
        order = np.argsort(-(amount - down), kind="stable")
        return down + _dealt(left, len(down), order)
    back: Ints = down - taken(-left, down - floor)
    return back


def taken(amount: int, slack: Ints) -> Ints:
    """Return what each gives up of an amount, in proportion to its slack, whole numbers that sum to the amount.

    Parameters
    ----------
    amount : int
        Zero or more.
    slack : numpy.ndarray of int, shape (n,)
        Zero or more; only where all slacks together do not suffice does anybody give more.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
    """
    total = int(slack.sum())
    if amount >= total:
        more: Ints = slack + _dealt(amount - total, len(slack), np.argsort(-slack, kind="stable"))
        return more
    exact = slack * (amount / total)
    share = np.minimum(np.floor(exact).astype(np.int64), slack)
    order = np.argsort(-np.where(slack > share, exact - share, -1.0), kind="stable")
    given: Ints = share + _dealt(amount - int(share.sum()), len(slack), order)
    return given


def _dealt(amount: int, count: int, order: Ints) -> Ints:
    """Return an amount dealt out one by one in an order, round after round, shape (count,)."""
    each = np.full(count, amount // count, dtype=np.int64)
    each[order[: amount % count]] += 1
    return each
