"""Settlement record of the plan document: payoffs as paid, prices, lump sums, certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synergy.scenario import JSON, Cell
from synergy.settlement.certificate import Verdict
from synergy.settlement.game import Floats
from synergy.settlement.prices import Ladder, Prices, PriceTargets, Trades, price
from synergy.settlement.rules import Shares


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
    bound = max(excess, proof.bound + less)
    moved = replace(
        proof, excess=excess, bound=bound, binding=binding, verdict=_verdict(excess, bound, proof.tolerance)
    )
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


def _verdict(excess: float, bound: float, tolerance: float) -> Verdict:
    """Return the verdict for an excess and its bound."""
    if excess > tolerance:
        return Verdict.BEATEN
    return Verdict.STABLE if bound <= tolerance else Verdict.OPEN


def _lines(sold: Sold, prices: Prices) -> list[dict[str, Cell]]:
    """Return one record for each exchange."""
    trades = sold.shown or sold.trades
    columns = (trades.quantity, prices.price, trades.low, trades.high, prices.payment)
    return [
        {
            **label,
            "quantity": quantity,
            "price": paid,
            "low": low,
            "high": high,
            "payment": _money(payment, prices.unit),
        }
        for label, quantity, paid, low, high, payment in zip(
            sold.labels, *(column.tolist() for column in columns), strict=True
        )
    ]


def _named(players: tuple[str, ...], units: np.ndarray, unit: float) -> dict[str, float]:
    """Return money by enterprise, zeros left out."""
    return {name: _money(some, unit) for name, some in zip(players, units.tolist(), strict=True) if some}


def _money(units: int, unit: float) -> float:
    """Return whole units as money; a unit below 1 is a power of ten, so that the nearest number is written."""
    return units / round(1 / unit) if unit < 1 else units * unit
