"""The settlement as the plan document says it: payoffs as they are paid, prices, lump sums, certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synergy.settlement.certificate import Verdict
from synergy.settlement.game import Floats
from synergy.settlement.prices import Ladder, Prices, Trades, Wanted, price
from synergy.settlement.rules import Shares


@dataclass(frozen=True, slots=True)
class Sold:
    """The exchanges of a plan, as far as prices need to know them.

    Parameters
    ----------
    trades : Trades
        Who delivers how much to whom, and the bands.
    labels : sequence of mapping
        What the document says of each exchange beside its price: sites, commodity.
    shown : Trades or None
        The bands that the document says, where prices keep to narrower ones.
    """

    trades: Trades
    labels: Sequence[Mapping[str, Any]]
    shown: Trades | None = None


def document(shares: Shares, own: Floats, sold: Sold, ladder: Ladder | None = None) -> dict[str, Any]:
    """Return a settlement with prices as a plain record.

    Parameters
    ----------
    shares : Shares
        Payoffs and certificate.
    own : numpy.ndarray of float, shape (players,)
        What each collects under the plan at its own accounts, money a year; the sum is v(N).
    sold : Sold
        The exchanges.
    ladder : Ladder or None
        How prices are rounded.

    Returns
    -------
    dict
        The record of `Shares` with payoffs as they are paid, and ``transfer`` beside each payoff (``payoff - own``; all
        of them sum to zero in whole units of money), ``prices`` (what `Sold.labels` say, quantity, price, the band's
        ends low and high, payment), ``lump_sums`` and ``balances`` by enterprise (where there are any), ``unit``.
    """
    prices = price(sold.trades, Wanted(own, shares.payoff, shares.standalone), ladder)
    record = as_paid(shares, prices.payoff(own)).record()
    for name, units in zip(shares.players, prices.transfer.tolist(), strict=True):
        record["payoffs"][name]["transfer"] = _money(units, prices.unit)
    return record | {
        "prices": _lines(sold, prices),
        "lump_sums": _named(shares.players, prices.lump, prices.unit),
        "balances": _named(shares.players, prices.balance, prices.unit),
        "unit": prices.unit,
    }


def as_paid(shares: Shares, payoff: Floats) -> Shares:
    """Return shares whose payoffs have moved a little, and what their certificate is still worth.

    Parameters
    ----------
    shares : Shares
        As settled.
    payoff : numpy.ndarray of float, shape (players,)
        As paid, with the same sum.

    Returns
    -------
    Shares
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


def of_firm(record: Mapping[str, Any], enterprise: str) -> dict[str, Any]:
    """Return what one enterprise may see of a settlement: its own money, its own exchanges, its own end of the bands.

    Parameters
    ----------
    record : mapping
        As `document` returns it, its labels naming ``seller`` and ``buyer``.
    enterprise : str
        Who asks.

    Returns
    -------
    dict
        method, what it gets, lump sum, and of its exchanges the price, the payment and its own end of the band (low
        as a seller, high as a buyer); nothing of others' payoffs, totals or coalitions.
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
    """Return what excess and bound say."""
    if excess > tolerance:
        return Verdict.BEATEN
    return Verdict.STABLE if bound <= tolerance else Verdict.OPEN


def _lines(sold: Sold, prices: Prices) -> list[dict[str, Any]]:
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
    """Return money by enterprise, only what is not zero."""
    return {name: _money(some, unit) for name, some in zip(players, units.tolist(), strict=True) if some}


def _money(units: int, unit: float) -> float:
    """Return whole units as money; a unit below 1 is a power of ten, so that the nearest number is written."""
    return units / round(1 / unit) if unit < 1 else units * unit
