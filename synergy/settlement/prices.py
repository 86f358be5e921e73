"""Prices of exchanges, lump sums for transfers that prices cannot carry, and the settlement record that has both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synergy.scenario import JSON, Cell
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

    @property
    def middle(self) -> Floats:
        """Return the payments a year in the middle of the bands, money."""
        return (self.low + self.high) / 2 * self.quantity

    @property
    def half(self) -> Floats:
        """Return half the width of the bands, money a year; zero where a band is empty."""
        return np.maximum(self.high - self.low, 0.0) / 2 * self.quantity

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
    is paid. With `hold` payoffs stay as settled, and each enterprise's balance of rounding is settled beside its lump
    sum; without, payoffs move with the rounded prices, but none falls below its standalone value.
    """

    step: float = 0.01
    unit: float = 0.01
    hold: bool = True


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
    exactly zero.
    """

    price: Floats
    step: Floats
    payment: Ints
    lump: Ints
    balance: Ints
    transfer: Ints
    unit: float

    def payoff(self, own: Floats) -> Floats:
        """Return the payoff of each enterprise, money a year, from its own accounts and its transfer."""
        return own + self.transfer * self.unit


def price(trades: Trades, wanted: PriceTargets, ladder: Ladder | None = None) -> Prices:
    """Return one price for each exchange and the lump sums beside them.

    Prices lie within the bands as near to their middles as the payoffs allow, lump sums are the least possible;
    transfers sum to exactly zero, and with them nobody gets less than alone (but for less than a unit where all gains
    together are smaller than the units needed).
    """
    ladder = ladder or Ladder()
    players, unit = len(wanted.own), ladder.unit
    transfer = wanted.payoff - wanted.own
    transfer = transfer - transfer.mean()
    paid = payments(trades, transfer)
    exact, step = _on_ladder(paid / trades.quantity, trades, ladder.step)
    payment = np.rint(exact * trades.quantity / unit).astype(np.int64)
    lump = transfer - trades.received(paid, players)
    scale = float(np.abs(transfer).sum() + np.abs(paid).sum())
    lump[np.abs(lump) <= SMALL * scale] = 0.0
    lumps = _summing_to_zero(lump / unit)
    # the least individually rational transfers; who has no plan alone has a bound that never binds
    free = -(2.0**60) / max(players, 1)
    floor = np.ceil(np.maximum((wanted.standalone - wanted.own) / unit - NEAR, free)).astype(np.int64)
    prices = trades.received(payment, players) + lumps
    if ladder.hold:
        balance = _whole(transfer / unit, floor) - prices
    else:
        broken = np.maximum(floor - prices, 0)
        balance = broken - _taken(int(broken.sum()), np.maximum(prices - floor, 0))
    return Prices(exact, step, payment, lumps, balance, prices + balance, unit)


def _summing_to_zero(lump: Floats) -> Ints:
    """Return lump sums as whole numbers that sum to zero; zeros stay zero."""
    lumps = np.zeros(len(lump), dtype=np.int64)
    some = lump != 0
    if some.any():
        shifted = lump[some] - lump[some].sum() / some.sum()
        lumps[some] = _whole(shifted, np.floor(shifted).astype(np.int64))
    return lumps


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
    """Return the point of a backtracking step that descends, its height, and whether it moved at all."""
    for _ in range(HALVINGS):
        there = np.clip(potential + step, -dual.limit, dual.limit)
        lower = dual.height(there)
        if lower < height + ENOUGH * float(slope @ (there - potential)):
            return there, lower, True
        step = step / 2
    return potential, height, False


class _Dual:
    """Dual problem: a convex, piecewise quadratic function of one potential for each player."""

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
        """Return the value of the dual function."""
        lean = self._lean(potential)
        inside = np.minimum(np.abs(lean), 1.0)
        rise = self.half * (inside * np.abs(lean) - inside**2 / 2) + self.middle * lean
        return float(rise.sum() - self.transfer @ potential)

    def slope(self, potential: Floats) -> Floats:
        """Return the gradient of the dual: receipts of each player beyond its transfer."""
        received: Floats = self.trades.received(self.payment(potential), len(self.transfer))
        return received - self.transfer

    def step(self, potential: Floats, slope: Floats, free: np.ndarray) -> Floats:
        """Return the Newton step of the free players; in directions without curvature, as far down as the limit."""
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


def _on_ladder(price: Floats, trades: Trades, step: float) -> tuple[Floats, Floats]:
    """Return the prices (a,), money per unit, rounded to the ladder and within their bands, and the step of each.

    Where a band is narrower than a step and holds no multiple of it the step is divided by ten until it does; where
    that does not help (a band of a single price) the price stays and its step is 0.
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


def _whole(amount: Floats, floor: Ints) -> Ints:
    """Return amounts that sum to a whole number (but for rounding) as whole numbers with the same sum.

    None is below its floor; where the sum of the floors is above that of the amounts they give way evenly. Within 1 of
    the amounts unless a floor is in the way.
    """
    down = np.maximum(np.floor(amount), floor).astype(np.int64)
    left = int(np.rint(amount.sum())) - int(down.sum())
    if left >= 0:
        order = np.argsort(-(amount - down), kind="stable")
        return down + _dealt(left, len(down), order)
    back: Ints = down - _taken(-left, down - floor)
    return back


def _taken(amount: int, slack: Ints) -> Ints:
    """Split an amount in proportion to slack, in whole numbers that sum to the amount.

    All are zero or more; slacks are exceeded only where all together do not suffice.
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
    moved = [_money(units, prices.unit) for units in prices.transfer.tolist()]
    return as_paid(shares, prices.payoff(own)).record(dict(zip(shares.players, moved, strict=True))) | {
        "prices": _lines(sold, prices),
        "lump_sums": _named(shares.players, prices.lump, prices.unit),
        "balances": _named(shares.players, prices.balance, prices.unit),
        "unit": prices.unit,
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


def of_firm(record: Mapping[str, Any], enterprise: str) -> dict[str, JSON]:
    """Return the part of a settlement visible to one enterprise: its own money, exchanges and ends of the bands.

    `record` is as `document` returns it, its labels naming ``seller`` and ``buyer``. The part has method, what it gets,
    lump sum, and of its exchanges the price, the payment and its own end of the band (low as a seller, high as a
    buyer); nothing of others' payoffs, totals or coalitions.
    """
    seen = []
    for line in record["prices"]:
        if enterprise in (line["seller"], line["buyer"]):
            hidden = "high" if line["seller"] == enterprise else "low"
            seen.append({key: value for key, value in line.items() if key != hidden})
    return {
        "method": record["method"],
        "payoff": dict(record["payoffs"][enterprise]),
        "lump_sum": record["lump_sums"].get(enterprise, 0.0),
        "balance": record["balances"].get(enterprise, 0.0),
        "prices": seen,
    }


def _lines(sold: Sold, prices: Prices) -> list[dict[str, Cell]]:
    """Return one record for each exchange."""
    trades, names = sold.shown or sold.trades, ("quantity", "price", "low", "high", "payment")
    paid = [_money(units, prices.unit) for units in prices.payment.tolist()]
    columns = (column.tolist() for column in (trades.quantity, prices.price, trades.low, trades.high))
    return [
        {**label, **dict(zip(names, figures, strict=True))}
        for label, *figures in zip(sold.labels, *columns, paid, strict=True)
    ]


def _named(players: tuple[str, ...], units: np.ndarray, unit: float) -> dict[str, float]:
    """Return money by enterprise, zeros left out."""
    return {name: _money(some, unit) for name, some in zip(players, units.tolist(), strict=True) if some}


def _money(units: int, unit: float) -> float:
    """Return whole units as money; a unit below 1 is a power of ten, so that the nearest number is written."""
    return units / round(1 / unit) if unit < 1 else units * unit
