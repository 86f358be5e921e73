"""Threshold searches: the smallest change with which an exchange enters the plan, confirmed by re-solving."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from synergy.explanation.trial import Exchange, Way
from synergy.network.places import Ints

CLOSE = 1e-3  # relative width at which an amount is the smallest
DOUBLINGS, HALVINGS = 24, 14
NEWTONS = 40
UNSEEN = 100.0  # grains below which a subsidy is none
MARGINS = (1.0, 1e1, 1e2, 1e3, 1e4)  # what is added to a threshold so that the solver sees it, in grains


def smallest(test: Callable[[float], bool], step: float, most: float = np.inf) -> float | None:
    """Return the smallest amount, of `most` at most, that passes a monotone test, by doubling and bisection.

    Starts at `step`. The amount passed, and is at most `CLOSE` above one that did not; None where none passes.
    """
    low, high = 0.0, min(step, most)
    for _ in range(DOUBLINGS):
        if test(high):
            break
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    else:
        return None
    for _ in range(HALVINGS):
        if high - low <= CLOSE * high:
            break
        middle = (low + high) / 2
        low, high = (low, middle) if test(middle) else (middle, high)
    return high


def noise(exchange: Exchange, amount: float) -> bool:
    """Return whether an amount of money per unit is below the solver's precision, so that it is not reported."""
    return abs(amount) <= UNSEEN * exchange.trial.held.grain(exchange.flows)


def subsidy(exchange: Exchange, way: Way, columns: Ints | None = None) -> tuple[float, Way] | None:
    """Return the smallest subsidy per unit that brings an exchange into the plan, and the resulting plan.

    `way` is a plan in which it is forced in; `columns` are the flows that are paid for, by default all of the exchange.
    The subsidy is money per unit leaving; negative where the exchange could bear a charge of that much; None where no
    subsidy helps.

    Notes
    -----
    The value of a plan with the exchange is convex in the subsidy, with the quantity as its slope, so Newton's steps
    from above end at the threshold (as Dinkelbach 1967, Management Science 13:492, for ratios).
    """
    held, trial = exchange.trial.held, exchange.trial
    paid = exchange.flows if columns is None else columns
    quantity = float(way.rest.x[paid].sum())
    if quantity <= 0:
        return None
    amount = (trial.value - way.rest.value) / quantity
    for _ in range(NEWTONS):
        with held.trying():
            held.price(paid, amount)
            found = exchange.along(way)
        gained = found.rest.value - trial.value
        if found.quantity <= 0 or gained <= trial.tie:
            break
        less = gained / float(found.rest.x[paid].sum())
        if less <= held.grain(paid):
            break
        amount -= less
    for margin in MARGINS:
        more = amount + margin * max(held.grain(paid), 1e-6 * abs(amount))
        with held.trying():
            held.price(paid, more)
            entered = exchange.enters(way)
        if entered is not None:
            return more, entered
    return None
