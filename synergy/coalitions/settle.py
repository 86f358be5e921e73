"""Settle: who gets what of a plan, how stable that is, and at which prices, as the plan document says it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from synergy.accounts.owners import collected
from synergy.coalitions.bands import Exchanges, exchanges_of
from synergy.coalitions.frame import frame_of
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.solver import Depth
from synergy.coalitions.ties import ties_of
from synergy.dataset.dataset import Dataset
from synergy.errors import UsageError
from synergy.model.build import Model
from synergy.model.effort import Effort
from synergy.network.network import network_of
from synergy.network.places import Floats
from synergy.plan import Plan, Term
from synergy.settlement import ASKED
from synergy.settlement.document import Sold, document
from synergy.settlement.game import Worth
from synergy.settlement.ladder import Ladder
from synergy.settlement.limits import Limited, Limits, limited
from synergy.settlement.options import Base, Options, Towards
from synergy.settlement.rules import RULES, Shares, settle
from synergy.settlement.trades import Trades
from synergy.settlement.undefined import RuleUndefined

HUNDREDTH = 0.01
DIGITS = 1e-14  # part of the money in a plan below which its sums are rounded
MANY_ROUNDS = 30  # coalitions asked for where there are many enterprises
HARD_ROUNDS = 2  # coalitions asked for where each takes a search of its own
HARD_SAMPLES = 24  # pairs of orders of a sampled rule there: each takes as many values as there are enterprises, twice
HARD_BATCH = 4
HARD_PRECISE = 2e-3


@dataclass(frozen=True, slots=True)
class Wish:
    """How a plan is to be settled.

    Parameters
    ----------
    method : str
        A key of `synergy.settlement.rules.RULES`.
    depth : Depth
        How hard a coalition is worked on.
    step : float
        Prices are multiples of it, where their bands allow; money per unit.
    base : str
        What the method ``proportional`` shares by.
    prices : sequence of mapping
        What is asked of prices, as in `synergy.engine.Options`.
    """

    method: str
    depth: Depth
    step: float = HUNDREDTH
    base: str = "weight"
    prices: Sequence[Mapping[str, Any]] = ()


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
    depth = replace(wish.depth, quick=wish.method == "shapley")
    game = CoalitionGame(dataset, known, depth, executor, effort)
    options = replace(_options(game, wish, base_of(dataset, plan, wish.base)), ended=effort.ended)
    shares = settle(game, wish.method, options)
    alone = [known.alone.get(name) for name in shares.players]
    # of one enterprise alone the rule knows v(N), which is found apart from v of it alone
    shares = replace(shares, standalone=np.array([-np.inf if value is None else value for value in alone], float))
    effort.say("prices")
    exchanges, own = exchanges_of(dataset, *found), collected(dataset, plan.decisions).to_numpy(float)
    kept = limited(exchanges.trades, _limits(exchanges, wish.prices))
    labels = _labels(exchanges, shares.players)
    sold = Sold(kept.trades, labels, kept.shown)
    record = document(shares, own, sold, _ladder(wish.step, shares, own, kept.trades))
    if wish.prices:
        record["refused"] = _refused(kept, labels)
    return replace(plan, settlement=record)


def refuse_early(dataset: Dataset, method: str) -> None:
    """Refuse what can be known not to work before any plan is sought.

    Parameters
    ----------
    dataset : Dataset
    method : str
        How its plan is to be settled.

    Raises
    ------
    UsageError
        There is no such method, or it looks at all coalitions of enterprises that can trade and they are too many.
    """
    if method not in RULES:
        raise UsageError(f"{method!r} is no settlement: {', '.join(ASKED)}")
    exact = Options().exact
    if RULES[method].listed and len(dataset["enterprises"]) > exact:
        frame, _ = frame_of(network_of(dataset))
        most = max(len(piece) for piece in ties_of(frame).pieces(np.ones(len(frame.players), dtype=bool)))
        if most > exact:
            raise RuleUndefined(method, "too_many_players", players=most, most=exact)


def _ladder(step: float, shares: Shares, own: Floats, trades: Trades) -> Ladder:
    """Return how money is rounded.

    To hundredths, or finer where these would matter to the stability of payoffs; coarser where the money is so much
    that its sums in floating point are.
    """
    least = shares.certificate.tolerance / (10 * len(shares.players))
    paid = np.abs(trades.quantity * np.maximum(np.abs(trades.low), np.abs(trades.high)))
    money = float(np.abs(own).sum() + np.abs(shares.payoff).sum() + paid.sum())
    fine = min(HUNDREDTH, 10.0 ** math.floor(math.log10(least)))
    return Ladder(step, max(fine, 10.0 ** math.ceil(math.log10(money * DIGITS))) if money > 0 else fine)


def _options(game: CoalitionGame, wish: Wish, base: Base) -> Options:
    """Return what the rule is told: near to the duals, in few rounds, where a coalition takes a search of its own."""
    options = Options(base=base, seed=wish.depth.seed)
    if not game.hard:
        return options if len(game.players) <= options.exact else replace(options, rounds=MANY_ROUNDS)
    sampled = replace(options, samples=HARD_SAMPLES, batch=HARD_BATCH, precise=HARD_PRECISE)
    return replace(sampled, towards=Towards.DUALS, rounds=HARD_ROUNDS)


def base_of(dataset: Dataset, plan: Plan, name: str) -> Base:
    """Return what gains are shared by.

    Parameters
    ----------
    dataset : Dataset
    plan : Plan
        With its standalone values.
    name : str
        ``weight``, ``standalone`` (what each is worth alone, at least 0), or an indicator that all enterprises state.

    Raises
    ------
    UsageError
        There is no such base.
    """
    enterprises, rows = dataset["enterprises"], dataset["indicators"]
    if name == "weight":
        return Base(name, enterprises["weight"].to_numpy(float))
    if name == "standalone":
        alone = plan.standalone or {}
        amounts = [max(0.0, alone.get(firm) or 0.0) for firm in enterprises["enterprise"]]
        return Base(name, np.array(amounts))
    stated = rows[rows["indicator"] == name].set_index("enterprise")["value"].reindex(enterprises["enterprise"])
    if stated.isna().any():
        counts = rows.groupby("indicator")["enterprise"].nunique()
        near = ", ".join(str(one) for one in counts.index[counts == len(enterprises)])
        raise UsageError(f"{name!r} is no base: weight, standalone or an indicator of all enterprises ({near})")
    return Base(name, stated.to_numpy(float))


def _labels(exchanges: Exchanges, players: tuple[str, ...]) -> list[dict[str, str]]:
    """Return what the document says of each exchange beside its price."""
    trades = exchanges.trades
    ends = zip(exchanges.key.itertuples(index=False), trades.seller.tolist(), trades.buyer.tolist(), strict=True)
    return [
        {"from": start, "to": end, "commodity": commodity, "seller": players[seller], "buyer": players[buyer]}
        for (start, end, commodity), seller, buyer in ends
    ]


def _limits(exchanges: Exchanges, prices: Sequence[Mapping[str, Any]]) -> Limits:
    """Return what is asked of each exchange; what is asked of others is asked of nobody."""
    asked = {(row["from_site"], row["to_site"], row["commodity"]): row for row in prices}
    rows = [asked.get(ends, {}) for ends in exchanges.key.itertuples(index=False, name=None)]

    def column(name: str) -> Floats:
        return np.array([np.nan if row.get(name) is None else float(row[name]) for row in rows], dtype=float)

    return Limits(column("least"), column("most"), column("agreed"))


def _refused(kept: Limited, labels: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the exchanges whose price is not as a side asked, and which side that is."""
    sides = (("seller", kept.least_refused), ("buyer", kept.most_refused))
    return [{**labels[row], "side": side} for side, refused in sides for row in np.flatnonzero(refused).tolist()]


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
