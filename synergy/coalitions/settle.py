"""Settle: division of the gain of a plan, its stability and prices, as recorded in the plan document.

With its binary decisions and all exchanges between enterprises held, the plan falls apart into one linear problem
for each enterprise. The seller's reservation price is the value of keeping the quantity; the buyer's is its loss
without it, less transport. The dual price of the plan lies between the two, since values are concave.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synergy.accounts.owners import collected, owner_of
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.loss import Apart
from synergy.coalitions.parametric import frame_of, ties_of
from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.model.assembly import arrivals
from synergy.model.build import Model
from synergy.model.scaling import noiseless
from synergy.model.solve_params import Control
from synergy.network.links import between_enterprises
from synergy.network.network import network_of
from synergy.network.places import Floats, Ints
from synergy.options import Options, params_of
from synergy.plan import Plan, Term
from synergy.scenario import Cell
from synergy.settlement import ASKED
from synergy.settlement.division import Base, RuleOptions, Towards
from synergy.settlement.document import Sold, document
from synergy.settlement.game import RuleUndefined, Worth
from synergy.settlement.prices import Ladder, Limited, PriceLimits, Trades, limited
from synergy.settlement.rules import RULES, Shares, settle

HUNDREDTH = 0.01
DIGITS = 1e-14  # part of the money in a plan below which its sums are rounded
MANY_ROUNDS = 30  # coalitions asked for where there are many enterprises
HARD_ROUNDS = 2  # coalitions asked for where each takes a search of its own
HARD_SAMPLES = 24  # pairs of orders of a sampled rule there: each takes as many values as there are enterprises, twice
HARD_BATCH = 4
HARD_PRECISE = 2e-3
KEY = ["from_site", "to_site", "commodity"]


def settled(dataset: Dataset, plan: Plan, found: tuple[Model, Floats], options: Options, control: Control) -> Plan:
    """Return a plan that has its standalone values with its settlement by the method in the options.

    `found` is the problem of the round, and the plan in its columns.

    Raises
    ------
    synergy.settlement.game.RuleUndefined
        The method is not defined for this plan.
    """
    params = params_of(options, control)
    known = Known(Worth(plan.value, plan.bound), plan.standalone or {}, found)
    params.say("settlement")
    method = options.settlement
    game = CoalitionGame(dataset, known, params, control.executor, quick=method == "shapley")
    told = _told(game, options.seed, base_of(dataset, plan, options.base))
    shares = settle(game, method, replace(told, ended=params.ended))
    alone = [known.alone.get(name) for name in shares.players]
    # of one enterprise alone the rule knows v(N), which is found apart from v of it alone
    shares = replace(shares, standalone=np.array([-np.inf if value is None else value for value in alone], float))
    params.say("prices")
    exchanges, own = exchanges_of(dataset, *found), collected(dataset, plan.decisions).to_numpy(float)
    kept = limited(exchanges.trades, _limits(exchanges, options.prices))
    labels = _labels(exchanges, shares.players)
    sold = Sold(kept.trades, labels, kept.shown)
    record = document(shares, own, sold, _ladder(options.price_step, shares, own, kept.trades))
    if options.prices:
        record["refused"] = _refused(kept, labels)
    return replace(plan, settlement=record)


def refuse_early(dataset: Dataset, method: str) -> None:
    """Refuse an unknown settlement method, or one with too many coalitions, before any plan is sought.

    Raises
    ------
    UsageError
        There is no such method, or it looks at all coalitions of enterprises that can trade and they are too many.
    """
    if method not in RULES:
        raise UsageError(f"{method!r} is no settlement: {', '.join(ASKED)}")
    exact = RuleOptions().exact
    if RULES[method].listed and len(dataset["enterprises"]) > exact:
        frame, _ = frame_of(network_of(dataset))
        most = max(len(piece) for piece in ties_of(frame).pieces(np.ones(len(frame.players), dtype=bool)))
        if most > exact:
            raise RuleUndefined(method, "too_many_players", players=most, most=exact)


def _ladder(step: float, shares: Shares, own: Floats, trades: Trades) -> Ladder:
    """Return the rounding of money.

    To hundredths, or finer where these would matter to the stability of payoffs; coarser where the money is so much
    that its sums in floating point are.
    """
    least = shares.certificate.tolerance / (10 * len(shares.players))
    paid = np.abs(trades.quantity * np.maximum(np.abs(trades.low), np.abs(trades.high)))
    money = float(np.abs(own).sum() + np.abs(shares.payoff).sum() + paid.sum())
    fine = min(HUNDREDTH, 10.0 ** math.floor(math.log10(least)))
    return Ladder(step, max(fine, 10.0 ** math.ceil(math.log10(money * DIGITS))) if money > 0 else fine)


def _told(game: CoalitionGame, seed: int, base: Base) -> RuleOptions:
    """Return the options of the rule, with less effort where players are many or coalitions hard to solve."""
    told = RuleOptions(base=base, seed=seed)
    if not game.hard:
        return told if len(game.players) <= told.exact else replace(told, rounds=MANY_ROUNDS)
    sampled = replace(told, samples=HARD_SAMPLES, batch=HARD_BATCH, precise=HARD_PRECISE)
    return replace(sampled, towards=Towards.DUALS, rounds=HARD_ROUNDS)


def base_of(dataset: Dataset, plan: Plan, name: str) -> Base:
    """Return the base of proportional sharing for a plan that has its standalone values.

    `name` is ``weight``, ``standalone`` (what each is worth alone, at least 0), or an indicator that all enterprises
    state.

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


def _labels(exchanges: PricedExchanges, players: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the labels of each exchange in the document: ends, commodity, seller and buyer."""
    trades = exchanges.trades
    ends = zip(exchanges.key.itertuples(index=False), trades.seller.tolist(), trades.buyer.tolist(), strict=True)
    return [
        {"from": start, "to": end, "commodity": commodity, "seller": players[seller], "buyer": players[buyer]}
        for (start, end, commodity), seller, buyer in ends
    ]


def _limits(exchanges: PricedExchanges, prices: Sequence[Mapping[str, Cell]]) -> PriceLimits:
    """Return the price limits asked of each exchange; those of other exchanges are ignored."""
    asked = {(row["from_site"], row["to_site"], row["commodity"]): row for row in prices}
    rows = [asked.get(ends, {}) for ends in exchanges.key.itertuples(index=False, name=None)]

    def column(name: str) -> Floats:
        return np.array([np.nan if (price := row.get(name)) is None else float(price) for row in rows], dtype=float)

    return PriceLimits(column("least"), column("most"), column("agreed"))


def _refused(kept: Limited, labels: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the exchanges for which the price limit of a side was refused, and which side that is."""
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


@dataclass(frozen=True, slots=True)
class PricedExchanges:
    """Exchanges between enterprises that have a price, by `key`: from_site, to_site, commodity."""

    key: pd.DataFrame
    trades: Trades


@dataclass(frozen=True, slots=True)
class _Moved:
    """Flow columns of the exchanges: exchange, column, quantity and arrived quantity."""

    exchange: Ints
    column: Ints
    quantity: Floats
    arrived: Floats


def exchanges_of(dataset: Dataset, model: Model, x: Floats) -> PricedExchanges:
    """Return the exchanges of a plan `x`, shape (columns,), between enterprises, with the band of prices of each.

    By from_site, to_site and commodity; quantities over all modes and periods.
    """
    key, moved = _moved(model, x)
    seller, buyer = (owner_of(dataset, key[name]) for name in ("from_site", "to_site"))
    count = len(key)
    quantity = np.bincount(moved.exchange, weights=moved.quantity, minlength=count).astype(float)
    low, high = np.full(count, np.nan), np.full(count, np.nan)
    if count:
        low, high = _ends(Apart(model, x), moved, (seller, buyer))
    return PricedExchanges(key, Trades(seller, buyer, quantity, low, high))


def _ends(plan: Apart, moved: _Moved, sides: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
    """Return both ends of the bands; the dual price replaces an end that is infeasible without the exchange."""
    seller, buyer = (side.tolist() for side in sides)
    count = len(seller)
    total = np.bincount(moved.exchange, weights=moved.quantity, minlength=count)
    cost = plan.model.cost[moved.column] * moved.quantity
    carried = np.bincount(moved.exchange, weights=cost, minlength=count) / total
    order = np.argsort(moved.exchange, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(moved.exchange, minlength=count))[:-1])
    kept, lost, price = np.empty(count), np.empty(count), np.empty(count)
    for at, part in enumerate(parts):
        column, quantity = moved.column[part], moved.quantity[part]
        kept[at] = plan.change(seller[at], "outlet", column, quantity)
        lost[at] = plan.change(buyer[at], "inlet", column, moved.arrived[part])
        price[at] = plan.price(seller[at], column, quantity)
    low, high = kept / total, -lost / total + carried
    either = np.where(np.isnan(price), np.where(np.isnan(low), high, low), price)
    either = np.nan_to_num(either)
    low, high = np.where(np.isnan(low), either, low), np.where(np.isnan(high), either, high)
    return np.minimum(low, high) + 0.0, np.maximum(low, high) + 0.0


def _moved(model: Model, x: Floats) -> tuple[pd.DataFrame, _Moved]:
    """Return the exchanges of a plan between enterprises, and the columns behind them."""
    network, flow = model.candidates.network, model.column("flow")
    arc = flow.key["arc"] if len(flow) else np.empty(0, np.int64)
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    origin, target = network.sources.site[source], network.sinks.site[sink]
    partner = between_enterprises(network.places, origin, target)
    amount = noiseless(model, x)[flow.span] if len(flow) else np.empty(0)
    which = np.flatnonzero(partner & (amount > 0))
    columns = {
        "from_site": network.places.sites[origin[which]],
        "to_site": network.places.sites[target[which]],
        "commodity": network.places.commodities[network.sources.commodity[source[which]]],
    }
    table = pd.DataFrame(columns, dtype=object)
    number = np.asarray(table.groupby(KEY, sort=True).ngroup() if len(table) else [], dtype=np.int64)
    key = table.drop_duplicates(KEY).sort_values(KEY, kind="stable", ignore_index=True)
    part = arrivals(model.candidates, flow)[which]
    column = flow.positions[which]
    return key, _Moved(number, column, amount[which], amount[which] * part)
