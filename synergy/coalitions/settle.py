"""Settle: who gets what of a plan, how stable that is, and at which prices, as the plan document says it."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synergy.accounts.own import own_accounts
from synergy.coalitions.bands import Exchanges, exchanges_of
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.solver import Depth
from synergy.dataset.dataset import Dataset
from synergy.model.build import Model
from synergy.model.effort import Effort
from synergy.network.places import Floats
from synergy.plan import Plan, Term
from synergy.settlement.game import Worth
from synergy.settlement.ladder import Ladder
from synergy.settlement.options import Options, Towards
from synergy.settlement.prices import Prices, Wanted, price
from synergy.settlement.rules import Shares, settle

HARD_ROUNDS = 2  # coalitions asked for where each takes a search of its own


@dataclass(frozen=True, slots=True)
class Wish:
    """How a plan is to be settled.

    Parameters
    ----------
    method : str
        A key of `synergy.settlement.rules.RULES`.
    depth : Depth
        How hard a coalition is worked on.
    ladder : Ladder
        How prices are rounded.
    """

    method: str
    depth: Depth = Depth()  # noqa: RUF009 - frozen
    ladder: Ladder = Ladder()  # noqa: RUF009 - frozen


def settled(
    dataset: Dataset, plan: Plan, found: tuple[Model, Floats], wish: Wish, side: tuple[Effort, Executor | None]
) -> Plan:
    """Return a plan with its settlement.

    Parameters
    ----------
    dataset : Dataset
        What it follows from.
    plan : Plan
        With its standalone values.
    found : tuple of Model and numpy.ndarray
        The problem of the round, and the plan in its columns.
    wish : Wish
        By which method.
    side : tuple of Effort and Executor or None
        Who hears of the progress, and where coalitions are solved side by side.

    Returns
    -------
    Plan

    Raises
    ------
    synergy.settlement.undefined.RuleUndefined
        The method is not defined for this plan.
    """
    effort, executor = side
    known = Known(Worth(plan.value, plan.bound), plan.standalone or {}, found)
    effort.say("settlement")
    game = CoalitionGame(dataset, known, wish.depth, executor, effort)
    shares = settle(game, wish.method, _options(game))
    effort.say("prices")
    exchanges, own = exchanges_of(dataset, *found), own_accounts(dataset, plan.decisions)
    floors = np.where(np.isfinite(shares.standalone), shares.standalone, -np.inf)
    prices = price(exchanges.trades, Wanted(own, shares.payoff, floors), wish.ladder)
    record = shares.record() | _paid(shares, exchanges, prices)
    for name, amount in zip(shares.players, (prices.transfer * prices.unit).tolist(), strict=True):
        record["payoffs"][name]["transfer"] = amount
    return replace(plan, settlement=record)


def _options(game: CoalitionGame) -> Options:
    """Return what the rule is told: near to the duals, in few rounds, where a coalition takes a search of its own."""
    return Options(towards=Towards.DUALS, rounds=HARD_ROUNDS) if game.hard else Options()


def _paid(shares: Shares, exchanges: Exchanges, prices: Prices) -> dict[str, Any]:
    """Return prices and lump sums as plain records; money in whole units."""
    trades, players = exchanges.trades, shares.players
    columns = (trades.seller, trades.buyer, trades.quantity, trades.low, trades.high, prices.price, prices.payment)
    rows = zip(exchanges.key.itertuples(index=False), *(column.tolist() for column in columns), strict=True)
    listed = [
        {
            "from": start,
            "to": end,
            "commodity": commodity,
            "seller": players[seller],
            "buyer": players[buyer],
            "quantity": quantity,
            "low": low,
            "high": high,
            "price": asked,
            "payment": paid * prices.unit,
        }
        for (start, end, commodity), seller, buyer, quantity, low, high, asked, paid in rows
    ]
    besides = (prices.lump + prices.balance) * prices.unit
    lumps = {name: amount for name, amount in zip(players, besides.tolist(), strict=True) if amount}
    return {"prices": listed, "lump_sums": lumps, "unit": prices.unit, "carried_by_prices": prices.carried}


def priced(plan: Plan) -> Plan:
    """Return a plan whose proposals' terms have the prices of its settlement."""
    if plan.settlement is None:
        return plan
    known = {(row["from"], row["to"], row["commodity"]): row["price"] for row in plan.settlement["prices"]}

    def with_price(term: Term) -> Term:
        return replace(term, price=known.get((term.from_site, term.to_site, term.commodity)))

    proposals = tuple(
        replace(proposal, terms=tuple(with_price(term) for term in proposal.terms)) for proposal in plan.proposals
    )
    return replace(plan, proposals=proposals)
