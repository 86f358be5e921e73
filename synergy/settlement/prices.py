"""Prices of exchanges, lump sums for transfers that prices cannot carry, and the settlement record that has both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synergy.scenario import JSON
from synergy.settlement.game import Bools, Floats, Ints
from synergy.settlement.rules import Shares

SMALL = 1e-9  # lump sums below it, relative to the money that moves, are rounding
STEPS = 200  # Newton steps at most
HALVINGS = 40  # of one step
ENOUGH = 1e-3  # part of the promised descent that a step must bring
PRECISE = 1e-12  # relative to the money that moves
CLOSE = 1e-9  # part of a price by which it may miss the end of a band
FINER = 6  # times that a step is divided by ten where a band holds no price of the ladder
NEAR = 1e-9  # a price this near to the end of a band, in steps, is in it


@dataclass(frozen=True, slots=True)
class Trades:
    """Exchanges between enterprises, arrays of shape (a,).

    `seller` and `buyer` are positions among the players; `quantity` is what is paid for a year, above zero, in the unit
    of the commodity. `low` and `high`, the seller's least and the buyer's most, money per unit, are the band. Where low
    is above high no price leaves both better off by this exchange alone, and the middle is taken.
    """

    seller: Ints
    buyer: Ints
    quantity: Floats
    low: Floats
    high: Floats

    def received(self, payment: np.ndarray, players: int) -> np.ndarray:
        """Return the net receipts of each player, shape (players,), in the type of the payments."""
        total = np.zeros(players, payment.dtype)
        np.add.at(total, self.seller, payment)
        np.subtract.at(total, self.buyer, payment)
        return total


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rounding of prices and money.

    Prices are multiples of `step` (0.01, 1, 5 ...), money per unit of the commodity; `unit` is the smallest money that
    is paid. Payoffs stay as settled: each enterprise's balance of rounding is settled beside its lump sum.
    """

    step: float = 0.01
    unit: float = 0.01


@dataclass(frozen=True, slots=True)
class PriceTargets:
    """Targets of the price problem, arrays of shape (players,), money a year.

    `own` are the own accounts of each under the plan, before payments between enterprises; `payoff` has the same sum;
    `standalone` is the lower bound of each payoff, minus infinity without a standalone plan.
    """

    own: Floats
    payoff: Floats
    standalone: Floats


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices (a,) and lump sums (players,); money in whole numbers of `unit`, the smallest money that is paid.

    `price` is money per unit of the commodity, within the band, and a multiple of its `step`, which is 0 where its band
    holds a single price; `payment` is that of the buyer to the seller a year. `lump` is the lump sum of each, which no
    prices within the bands carry, `balance` is for the rounding, and `transfer`, the total receipts of each, sums to
    exactly zero. `payoff` is the own accounts of each and its transfer, money a year.
    """

    price: Floats
    step: Floats
    payment: Ints
    lump: Ints
    balance: Ints
    transfer: Ints
    unit: float
    payoff: Floats


def price(trades: Trades, wanted: PriceTargets, ladder: Ladder | None = None) -> Prices:
    """Return one price for each exchange and the lump sums beside them.

    Prices lie within the bands as near to their middles as the payoffs allow, lump sums are the least possible;
    transfers sum to exactly zero, and with them nobody gets less than alone (but for less than a unit where all gains
    together are smaller than the units needed).

    Where a band is narrower than a step of the ladder and holds no multiple of it the step is divided by ten until it
    does; where that does not help (a band of a single price) the price stays and its step is 0.
    """
    ladder = ladder or Ladder()
    players, unit = len(wanted.own), ladder.unit
    transfer = wanted.payoff - wanted.own
    transfer = transfer - transfer.mean()
    paid = payments(trades, transfer)
    # prices on the ladder, within their bands
    exact, step = paid / trades.quantity, np.zeros(len(paid))
    low, high = np.minimum(trades.low, trades.high), np.maximum(trades.low, trades.high)
    for power in range(FINER + 1):
        fine = ladder.step / 10**power
        least, most = np.ceil(low / fine - NEAR), np.floor(high / fine + NEAR)
        fits = (step == 0) & (least <= most)
        exact = np.where(fits, np.clip(np.rint(exact / fine), least, most) * fine, exact)
        step[fits] = fine
    payment = np.rint(exact * trades.quantity / unit).astype(np.int64)
    # lump sums in whole units, with sum zero; zeros stay zero
    lump = transfer - trades.received(paid, players)
    some = np.abs(lump) > SMALL * float(np.abs(transfer).sum() + np.abs(paid).sum())
    lumps = np.zeros(players, dtype=np.int64)
    if some.any():
        shifted = lump[some] / unit
        shifted = shifted - shifted.sum() / some.sum()
        lumps[some] = _whole(shifted, np.floor(shifted).astype(np.int64))
    # the least individually rational transfers; who has no plan alone has a bound that never binds
    free = -(2.0**60) / max(players, 1)
    floor = np.ceil(np.maximum((wanted.standalone - wanted.own) / unit - NEAR, free)).astype(np.int64)
    whole = _whole(transfer / unit, floor)
    balance = whole - trades.received(payment, players) - lumps
    return Prices(exact, step, payment, lumps, balance, whole, unit, wanted.own + whole * unit)


def payments(trades: Trades, transfer: Floats) -> Floats:
    """Return payments from buyers to sellers that carry given transfers as far as the price bands allow.

    Each payment m lies in its band ``[middle - half, middle + half]``; what payments do not bring an enterprise is its
    lump sum. Minimised are the lump sums' absolute values first, then ``sum((m - middle)**2 / (2 half))``; the solution
    is unique. `transfer`, shape (players,), are the required receipts of each, with sum zero; payments have shape (a,);
    both are money a year.

    The dual has one potential for each enterprise: a price stands above the middle of its band by half the band's width
    times the seller's less the buyer's potential, cut at the ends of the band. A potential that reaches the number of
    enterprises marks a lump sum: no path of exchanges shifts money at a higher marginal cost, so with this limit the
    lump sums are the least ones. The dual is convex and piecewise quadratic, solved by projected Newton steps.

    References
    ----------
    Bertsekas, D. P. (1982), Projected Newton methods for optimization problems with simple constraints, SIAM Journal
    on Control and Optimization 20, 221-246, doi:10.1137/0320018. Rockafellar, R. T. (1984), Network Flows and
    Monotropic Optimization (potentials).
    """
    players, middle = len(transfer), (trades.low + trades.high) / 2 * trades.quantity
    half = np.maximum(trades.high - trades.low, 0.0) / 2 * trades.quantity  # zero where a band is empty
    limit = float(max(players, 1))
    scale = float(half.sum() + np.abs(transfer).sum() + np.abs(middle).sum()) or 1.0
    potential, lean, height = np.zeros(players), np.zeros(len(middle)), 0.0
    for _ in range(STEPS):
        slope = trades.received(middle + half * np.clip(lean, -1.0, 1.0), players) - transfer
        held = (np.abs(potential) >= limit) & (slope * potential < 0)
        if np.abs(slope[~held]).max(initial=0.0) <= PRECISE * scale:
            break
        curvature = np.where(np.abs(lean) < 1.0, half, 0.0)
        step = _newton_step(trades, curvature, slope, ~held, PRECISE * scale, limit)
        for _ in range(HALVINGS):
            there = np.clip(potential + step, -limit, limit)
            lean = there[trades.seller] - there[trades.buyer]
            inside = np.minimum(np.abs(lean), 1.0)
            rise = half * (inside * np.abs(lean) - inside**2 / 2) + middle * lean
            lower = float(rise.sum() - transfer @ there)
            if lower < height + ENOUGH * float(slope @ (there - potential)):
                break
            step = step / 2
        else:  # nothing descends any more
            break
        potential, height = there, lower
    return middle + half * np.clip(potential[trades.seller] - potential[trades.buyer], -1.0, 1.0)


def _newton_step(trades: Trades, curvature: Floats, slope: Floats, free: Bools, least: float, limit: float) -> Floats:
    """Return the Newton step of the free players, shape (players,), zero for the others.

    `curvature`, shape (a,), is that of the dual along each exchange. In directions without any the step goes as far
    down as the limit, unless the slope is at most `least` there.
    """
    count = len(slope)
    links = np.bincount(trades.seller * count + trades.buyer, curvature, minlength=count * count).reshape(count, count)
    links = links + links.T
    matrix = (np.diag(links.sum(axis=1)) - links)[np.ix_(free, free)]
    values, vectors = np.linalg.eigh(matrix)
    curved = values > PRECISE * float(values.max(initial=0.0))
    down = -(vectors.T @ slope[free])
    part = vectors[:, curved] @ (down[curved] / values[curved])
    straight = vectors[:, ~curved] @ down[~curved]
    size = float(np.abs(straight).max(initial=0.0))
    if size > least:
        part = part + straight * (2 * limit / size)
    step = np.zeros(count)
    step[free] = part
    return step


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """Price limits asked for exchanges, arrays of shape (a,), money per unit.

    `least` is the seller's, `most` the buyer's, NaN where none is asked; `agreed` is by both, NaN where they have not.
    """

    least: Floats
    most: Floats
    agreed: Floats


@dataclass(frozen=True, slots=True)
class Limited:
    """Exchanges with price bands narrowed to the limits asked for.

    `shown` has their bands as they are, widened to prices that both sides have agreed on. `least_refused` and
    `most_refused`, shape (a,), mark where what the seller, the buyer, asks for lies outside what the other side can
    agree to, or the two asked for prices that do not meet; the band is as if nothing had been asked.
    """

    trades: Trades
    shown: Trades
    least_refused: Bools
    most_refused: Bools


def limited(trades: Trades, limits: PriceLimits) -> Limited:
    """Narrow the price bands of exchanges to the limits asked for.

    Examples
    --------
    >>> trades = Trades(np.array([0]), np.array([1]), np.ones(1), np.array([5.0]), np.array([9.0]))
    >>> nothing = np.full(1, np.nan)
    >>> limited(trades, PriceLimits(np.array([7.0]), nothing, nothing)).trades.low
    array([7.])
    >>> limited(trades, PriceLimits(np.array([9.5]), nothing, nothing)).least_refused
    array([ True])
    """
    low, high = np.minimum(trades.low, trades.high), np.maximum(trades.low, trades.high)
    room = CLOSE * np.maximum(np.abs(low), np.abs(high))
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


def _whole(amount: Floats, floor: Ints) -> Ints:
    """Return amounts that sum to a whole number (but for rounding) as whole numbers with the same sum.

    None is below its floor; where the sum of the floors is above that of the amounts they give way evenly. Within 1 of
    the amounts unless a floor is in the way.
    """
    down = np.maximum(np.floor(amount), floor).astype(np.int64)
    left = int(np.rint(amount.sum())) - int(down.sum())
    whole: Ints = down + _dealt(left, down - amount) if left >= 0 else down - _taken(-left, down - floor)
    return whole


def _taken(amount: int, slack: Ints) -> Ints:
    """Split an amount in proportion to slack, in whole numbers that sum to the amount.

    All are zero or more; slacks are exceeded only where all together do not suffice.
    """
    total = int(slack.sum())
    if amount >= total:
        more: Ints = slack + _dealt(amount - total, -slack)
        return more
    exact = slack * (amount / total)
    share = np.minimum(np.floor(exact).astype(np.int64), slack)
    given: Ints = share + _dealt(amount - int(share.sum()), -np.where(slack > share, exact - share, -1.0))
    return given


def _dealt(amount: int, order: np.ndarray) -> Ints:
    """Return an amount dealt out one by one from the least of an order up, round after round, in its shape."""
    each = np.full(len(order), amount // len(order), dtype=np.int64)
    each[np.argsort(order, kind="stable")[: amount % len(order)]] += 1
    return each


@dataclass(frozen=True, slots=True)
class Sold:
    """Exchanges of a plan with the data needed for prices.

    `trades` has sellers, buyers, quantities and the bands, `labels` the sites and commodity of each exchange in the
    document, and `shown` the bands for the document, where prices keep to narrower ones.
    """

    trades: Trades
    labels: Sequence[Mapping[str, str]]
    shown: Trades | None = None


def document(shares: Shares, own: Floats, sold: Sold, ladder: Ladder | None = None) -> dict[str, JSON]:
    """Return a settlement with prices as a plain record.

    `own`, shape (players,), are the own accounts of each under the plan, money a year, with sum v(N); `ladder` is how
    prices are rounded. The result is the record of `Shares` with payoffs as they are paid, and ``transfer`` beside each
    payoff (``payoff - own``; all of them sum to zero in whole units of money), ``prices`` (what `Sold.labels` say,
    quantity, price, the band's ends low and high, payment), ``lump_sums`` and ``balances`` by enterprise (where there
    are any), ``unit``.
    """
    prices = price(sold.trades, PriceTargets(own, shares.payoff, shares.standalone), ladder)
    shown, unit = sold.shown or sold.trades, prices.unit
    # a unit below 1 is a power of ten, so that the nearest number is written
    payment, lump, balance, transfer = (
        (units / round(1 / unit) if unit < 1 else units * unit).tolist()
        for units in (prices.payment, prices.lump, prices.balance, prices.transfer)
    )
    columns = (column.tolist() for column in (shown.quantity, prices.price, shown.low, shown.high))
    names = ("quantity", "price", "low", "high", "payment")
    lines = [
        {**label, **dict(zip(names, figures, strict=True))}
        for label, *figures in zip(sold.labels, *columns, payment, strict=True)
    ]
    return as_paid(shares, prices.payoff).record(dict(zip(shares.players, transfer, strict=True))) | {
        "prices": lines,
        "lump_sums": {name: money for name, money in zip(shares.players, lump, strict=True) if money},
        "balances": {name: money for name, money in zip(shares.players, balance, strict=True) if money},
        "unit": unit,
    }


def as_paid(shares: Shares, payoff: Floats) -> Shares:
    """Return shares with payoffs as paid, slightly changed at the same sum, and their certificate adjusted.

    No coalition loses more by the change than those lose who get less, so the bound rises by that at most.
    """
    proof = shares.certificate
    place = {name: at for at, name in enumerate(shares.players)}
    binding = tuple(
        replace(one, payoff=float(payoff[[place[name] for name in one.enterprises]].sum())) for one in proof.binding
    )
    less = float(np.maximum(shares.payoff - payoff, 0.0).sum())
    excess = max([proof.excess - less, *(one.value - one.payoff for one in binding)])
    moved = replace(proof, excess=excess, bound=max(excess, proof.bound + less), binding=binding)
    return replace(shares, payoff=payoff, certificate=moved)
