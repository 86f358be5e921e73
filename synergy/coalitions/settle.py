"""Settle: division of the gain of a plan, its stability and prices, as recorded in the plan document.

With its binary decisions and all exchanges between enterprises held, the plan falls apart into one linear problem
for each enterprise. The seller's reservation price is the value of keeping the quantity; the buyer's is its loss
without it, less transport. The dual price of the plan lies between the two, since values are concave.

The loss of an enterprise without a part of a plan comes from the same problems: the part that it gives stays with it
and the part that it takes does not come, its own builds of it are not built; the rest it arranges anew inside its
fences. So it follows from the enterprise's own figures and from what it exchanges: no partner's price, cost or dual is
in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from synergy.accounts.facts import MISSING
from synergy.accounts.ledger import ledger
from synergy.accounts.owners import GIVING, TAKING, collected, owner_of
from synergy.coalitions.game import CoalitionGame, Known
from synergy.coalitions.parametric import column_owners, frame_of
from synergy.dataset.sheet import Dataset
from synergy.errors import UsageError
from synergy.model.build import Model
from synergy.model.decode import decode
from synergy.model.highs import SolverSession, Status
from synergy.model.scaling import noiseless, scaled
from synergy.model.solve_params import Control
from synergy.network.network import between_enterprises, network_of
from synergy.network.places import PUBLIC, Floats, Ints, positions
from synergy.options import Options, params_of
from synergy.plan import Plan
from synergy.settlement import ASKED
from synergy.settlement.division import Base, RuleOptions, Towards
from synergy.settlement.game import RuleUndefined, Worth
from synergy.settlement.prices import Ladder, PriceLimits, Sold, Trades, document, limited
from synergy.settlement.rules import RULES, settle

HUNDREDTH = 0.01
DIGITS = 1e-14  # part of the money in a plan below which its sums are rounded
MANY_ROUNDS = 30  # coalitions asked for where there are many enterprises
HARD_ROUNDS = 2  # coalitions asked for where each takes a search of its own
HARD_SAMPLES = 24  # pairs of orders of a sampled rule there: each takes as many values as there are enterprises, twice
HARD_BATCH = 4
HARD_PRECISE = 2e-3
KEY = ["from_site", "to_site", "commodity"]
NONE = np.empty(0, np.int64), np.empty(0)  # flows, and an amount of each


def settled(plan: Plan, found: tuple[Model, Floats], options: Options, control: Control) -> Plan:
    """Return a plan that has its standalone values with its settlement by the method in the options.

    `found` is the problem of the round, and the plan in its columns.

    Raises
    ------
    synergy.settlement.game.RuleUndefined
        The method is not defined for this plan.
    """
    params, method, alone = params_of(options, control), options.settlement, plan.standalone or {}
    network = found[0].candidates.network
    dataset = network.dataset
    params.say("settlement")
    known = Known(Worth(plan.value, plan.bound), alone, found)
    game = CoalitionGame(network, known, params, control.executor, quick=method == "shapley")
    shares = settle(game, method, replace(_rule_options(game, dataset, plan, options), ended=params.ended))
    # of one enterprise alone the rule knows v(N), which is found apart from v of it alone
    floors = [-np.inf if (value := alone.get(name)) is None else value for name in shares.players]
    shares = replace(shares, standalone=np.array(floors, float))
    params.say("prices")
    (key, trades), own = _exchanges_of(*found), collected(dataset, plan.decisions).to_numpy(float)
    # the price limits asked of each exchange; those of other exchanges are ignored
    asked = {(row["from_site"], row["to_site"], row["commodity"]): row for row in options.prices}
    limits = [asked.get(ends, {}) for ends in key.itertuples(index=False, name=None)]
    columns = [[limit.get(name) for limit in limits] for name in ("least", "most", "agreed")]
    kept = limited(trades, PriceLimits(*np.array(columns, dtype=float)))
    firms = [[shares.players[one] for one in side.tolist()] for side in (trades.seller, trades.buyer)]
    labels = [
        {"from": start, "to": end, "commodity": commodity, "seller": seller, "buyer": buyer}
        for (start, end, commodity), seller, buyer in zip(key.itertuples(index=False), *firms, strict=True)
    ]
    # money is rounded to hundredths, or finer where these would matter to the stability of payoffs; coarser where it is
    # so much that its sums in floating point are
    paid = np.abs(kept.trades.quantity * np.maximum(np.abs(kept.trades.low), np.abs(kept.trades.high)))
    money = float(np.abs(own).sum() + np.abs(shares.payoff).sum() + paid.sum())
    least = shares.certificate.tolerance / (10 * len(shares.players))
    unit = min(HUNDREDTH, 10.0 ** math.floor(math.log10(least)))
    if money > 0:
        unit = max(unit, 10.0 ** math.ceil(math.log10(money * DIGITS)))
    record = document(shares, own, Sold(kept.trades, labels, kept.shown), Ladder(options.price_step, unit))
    if options.prices:
        refused = {"seller": kept.least_refused, "buyer": kept.most_refused}
        record["refused"] = [
            {**labels[row], "side": side} for side, rows in refused.items() for row in np.flatnonzero(rows).tolist()
        ]
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
        most = max(len(piece) for piece in frame.pieces(np.ones(len(frame.players), dtype=bool)))
        if most > exact:
            raise RuleUndefined(method, "too_many_players", players=most, most=exact)


def _rule_options(game: CoalitionGame, dataset: Dataset, plan: Plan, options: Options) -> RuleOptions:
    """Return the options of the rule, with less effort where players are many or coalitions hard to solve.

    Its base of proportional sharing, for a plan that has its standalone values, is ``weight``, ``standalone`` (what
    each is worth alone, at least 0), or an indicator that all enterprises state.

    Raises
    ------
    UsageError
        There is no such base.
    """
    firms, rows, name = dataset["enterprises"], dataset["indicators"], options.base
    if name == "weight":
        amounts = firms["weight"].to_numpy(float)
    elif name == "standalone":
        alone = plan.standalone or {}
        amounts = np.array([max(0.0, alone.get(firm) or 0.0) for firm in firms["enterprise"]])
    else:
        stated = rows[rows["indicator"] == name].set_index("enterprise")["value"].reindex(firms["enterprise"])
        if stated.isna().any():
            counts = rows.groupby("indicator")["enterprise"].nunique()
            near = ", ".join(str(one) for one in counts.index[counts == len(firms)])
            raise UsageError(f"{name!r} is no base: weight, standalone or an indicator of all enterprises ({near})")
        amounts = stated.to_numpy(float)
    told = RuleOptions(base=Base(name, amounts), seed=options.seed)
    if not game.hard:
        return told if len(game.players) <= told.exact else replace(told, rounds=MANY_ROUNDS)
    sampled = replace(told, samples=HARD_SAMPLES, batch=HARD_BATCH, precise=HARD_PRECISE)
    return replace(sampled, towards=Towards.DUALS, rounds=HARD_ROUNDS)


def priced(plan: Plan) -> Plan:
    """Return a plan whose proposals' terms have the prices of its settlement."""
    if plan.settlement is None:
        return plan
    known = {(row["from"], row["to"], row["commodity"]): row["price"] for row in plan.settlement["prices"]}
    proposals = []
    for proposal in plan.proposals:
        prices = [known.get((term.from_site, term.to_site, term.commodity)) for term in proposal.terms]
        terms = (replace(term, price=price) for term, price in zip(proposal.terms, prices, strict=True))
        proposals.append(replace(proposal, terms=tuple(terms)))
    return replace(plan, proposals=tuple(proposals))


def _exchanges_of(model: Model, x: Floats) -> tuple[pd.DataFrame, Trades]:
    """Return the exchanges of a plan `x`, shape (columns,), between enterprises, with the band of prices of each.

    By from_site, to_site and commodity; quantities over all modes and periods. The dual price replaces an end of a band
    that is infeasible without the exchange.
    """
    network, flow = model.candidates.network, model.columns["flow"]
    arc = flow.key["arc"]
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    origin, target = network.sources.site[source], network.sinks.site[sink]
    amount = noiseless(model, x)[flow.span]
    which = np.flatnonzero(between_enterprises(network.places, origin, target) & (amount > 0))
    columns = {
        "from_site": network.places.sites[origin[which]],
        "to_site": network.places.sites[target[which]],
        "commodity": network.places.commodities[network.sources.commodity[source[which]]],
    }
    table = pd.DataFrame(columns, dtype=object)
    exchange = np.asarray(table.groupby(KEY, sort=True).ngroup() if len(table) else [], dtype=np.int64)
    key = table.drop_duplicates(KEY).sort_values(KEY, kind="stable", ignore_index=True)
    seller, buyer = (owner_of(network.dataset, key[name]) for name in ("from_site", "to_site"))
    if not len(key):
        return key, Trades(seller, buyer, np.empty(0), np.empty(0), np.empty(0))
    column, sent = flow.positions[which], amount[which]
    arrived = sent * model.candidates.kept[arc[which]]
    quantity, freight = (
        np.bincount(exchange, weights=figure, minlength=len(key)).astype(float)
        for figure in (sent, model.cost[column] * sent)
    )
    apart = Apart(model, x)
    kept, lost, price = np.empty(len(key)), np.empty(len(key)), np.empty(len(key))
    for at, (gives, takes) in enumerate(zip(seller.tolist(), buyer.tolist(), strict=True)):
        part = np.flatnonzero(exchange == at)
        kept[at] = apart.of(gives).without(leaving=(column[part], sent[part]))
        lost[at] = apart.of(takes).without(coming=(column[part], arrived[part]))
        price[at] = apart.of(gives).price(column[part], sent[part])
    low, high = kept / quantity, -lost / quantity + freight / quantity
    either = np.nan_to_num(np.where(np.isnan(price), np.where(np.isnan(low), high, low), price))
    low, high = np.where(np.isnan(low), either, low), np.where(np.isnan(high), either, high)
    return key, Trades(seller, buyer, quantity, np.minimum(low, high) + 0.0, np.maximum(low, high) + 0.0)


class Loss:
    """Evaluator of losses of enterprises under a plan `x`, shape (columns,), of the round's model."""

    def __init__(self, dataset: Dataset, model: Model, x: Floats) -> None:
        decisions, self._column = decode(model, x)
        self._decisions, self._model, self._apart = decisions, model, Apart(model, x)
        self._firms = [str(name) for name in dataset["enterprises"]["enterprise"]]
        books = ledger(dataset, decisions)
        self._money = books.flows
        self._annual = books.links["annual"].to_numpy(float)
        ends = {name: owner_of(dataset, decisions.flows[name]) for name in ("from_site", "to_site")}
        self._gives, self._takes = ends["from_site"], ends["to_site"]
        links = decisions.links
        payer = owner_of(dataset, links["to_site"])
        self._payer = np.where(payer == MISSING, owner_of(dataset, links["from_site"]), payer)
        self._hosts = owner_of(dataset, decisions.builds["site"])

    def of(self, enterprise: str, flows: Sequence[int], builds: Sequence[int], links: Sequence[int]) -> float | None:
        """Return the loss of an enterprise without some rows (positions) of the plan's frames, in money a year.

        Annuities and freight are in, before anybody pays anybody; None where it cannot do without.
        """
        player, rows = self._firms.index(enterprise), np.asarray(flows, dtype=np.int64)
        gives, takes = self._gives[rows] == player, self._takes[rows] == player
        out, come = rows[gives & ~takes], rows[takes & ~gives]
        amounts = self._decisions.flows
        lost = -self._apart.of(player).without(
            (self._column[out], amounts["quantity"].to_numpy(float)[out]),
            (self._column[come], amounts["arrived"].to_numpy(float)[come]),
            self._dropped(player, builds, rows[gives & takes]),
        )
        if not np.isfinite(lost):
            return None
        mine = np.asarray([link for link in links if self._payer[link] == player], dtype=np.int64)
        # transport money of what comes (less than 0: cost), and the money that public places leave to it
        money = self._money
        carried = money[["transport", "carbon"]].to_numpy()[come].sum()
        carried += money[list(GIVING)].to_numpy()[come[self._gives[come] == MISSING]].sum()
        carried += money[list(TAKING)].to_numpy()[out[self._takes[out] == MISSING]].sum()
        # the part of each link that the flows use, by the quantity they send over it
        key = [*KEY, "mode"]
        sent, own = (some.groupby(key)["quantity"].sum() for some in (amounts, amounts.iloc[rows]))
        index = pd.MultiIndex.from_frame(self._decisions.links.iloc[mine][key])
        part = np.asarray(np.nan_to_num((own.reindex(index) / sent.reindex(index)).to_numpy(float)))
        return float(lost + float(carried) - self._annual[mine] @ part)

    def _dropped(self, player: int, builds: Sequence[int], inside: Ints) -> Ints:
        """Return the columns fixed at 0: own dropped builds, or without any the flows between own sites."""
        model, steps = self._model, self._model.candidates.network.units.steps
        rows = self._decisions.builds.iloc[[row for row in builds if self._hosts[row] == player]]
        names = rows["process"].astype(object) + "@" + rows["site"].astype(object)
        unit = positions(names, model.candidates.network.units.ids)
        flows = self._decisions.flows.iloc[inside]
        moving = np.asarray(flows["from_site"].to_numpy(object) != flows["to_site"].to_numpy(object), dtype=bool)
        parts = [] if len(rows) else [self._column[inside[moving]]]
        for name in ("size", "built"):
            block = model.columns[name]
            parts.append(block.positions[np.isin(steps.unit[block.key["step"]], unit)])
        return np.unique(np.concatenate([np.empty(0, np.int64), *parts])).astype(np.int64)


class Apart:
    """Plan `x`, shape (columns,), decomposed into one linear problem for each enterprise, built on first use.

    `problem` is the whole one and `value` the plan in its units; `owner` is by column. `rows` are the balance rows of
    the flow columns, which begin at `first`: at their ``outlet`` and at their ``inlet``, -1 where there is none.
    """

    def __init__(self, model: Model, x: Floats) -> None:
        network, flow = model.candidates.network, model.columns["flow"]
        self.problem, self.first = scaled(model), flow.start
        self.value, self.matrix = x / self.problem.column, sparse.csc_array(self.problem.matrix)
        owned = column_owners(model)
        self.owner = np.where(owned.mixed | (owned.other != PUBLIC), PUBLIC, owned.one)
        self.rows: dict[str, Ints] = {}
        for name, group in (("outlet", network.arcs.outlet), ("inlet", network.arcs.inlet)):
            block = model.rows[name]
            most = max(int(group.max(initial=-1)), int(block.key["group"].max(initial=-1)))
            table = np.full((most + 1, len(network.places.share)), -1)
            table[block.key["group"], block.key["period"]] = block.positions
            self.rows[name] = table[group[flow.key["arc"]], flow.key["period"]]
        self._own: dict[int, _Own] = {}

    def of(self, player: int) -> _Own:
        """Return the problem of an enterprise."""
        if player not in self._own:
            self._own[player] = _Own(self, player)
        return self._own[player]


class _Own:
    """Problem of one enterprise in a solver: its columns, and the rows in which they occur."""

    def __init__(self, apart: Apart, player: int) -> None:
        problem, free = apart.problem, np.flatnonzero(apart.owner == player)
        own = sparse.csr_array(apart.matrix[:, free])
        self._apart, self._free, self._rows = apart, free, np.flatnonzero(np.diff(own.indptr))
        others = apart.value.copy()
        others[free] = 0.0
        held = (problem.matrix[self._rows] @ others) if len(self._rows) else np.empty(0)
        self._sides = problem.row_lower[self._rows] - held, problem.row_upper[self._rows] - held
        self._whole = np.flatnonzero(problem.integer[free])
        self._at = np.round(apart.value[free][self._whole])
        lower, upper = problem.lower[free].copy(), problem.upper[free].copy()
        lower[self._whole] = upper[self._whole] = self._at
        self._bounds = lower, upper
        self._session = SolverSession(
            replace(
                problem,
                matrix=sparse.csr_array(own[self._rows]),
                row_lower=self._sides[0],
                row_upper=self._sides[1],
                lower=lower,
                upper=upper,
                cost=problem.cost[free],
                integer=np.zeros(len(free), dtype=bool),
            )
        )
        self._base = self._session.solve()

    def without(
        self, leaving: tuple[Ints, Floats] = NONE, coming: tuple[Ints, Floats] = NONE, dropped: Ints = NONE[0]
    ) -> float:
        """Return the change of the enterprise's value where flows stay with it, others do not come, and columns are 0.

        `leaving` and `coming` are columns of the flows, and what stays, or does not come, in the commodity's unit;
        `dropped` are columns of its own that are 0 then, as of what it builds. Money a year; NaN where it cannot do
        without.
        """
        if self._base.status is not Status.OPTIMAL:
            return float("nan")
        # outlet rows say what members give less what leaves; inlet rows what arrives less what members take
        parts = (("outlet", -1.0, *leaving), ("inlet", 1.0, *coming))
        row = np.concatenate([self._apart.rows[name][column - self._apart.first] for name, _, column, _ in parts])
        amount = np.concatenate([sign * size for _, sign, _, size in parts])
        rows, at = np.unique(row, return_inverse=True)
        shift = np.bincount(at, weights=amount, minlength=len(rows)) * self._apart.problem.row[rows]
        place = np.searchsorted(self._rows, rows)
        known = (place < len(self._rows)) & (self._rows[np.minimum(place, len(self._rows) - 1)] == rows)
        if not known.all():
            return float("nan")
        low, high = (side[place] for side in self._sides)
        zero = np.flatnonzero(np.isin(self._free, dropped))
        self._session.limit(place, low + shift, high + shift)
        self._session.bound(zero, np.zeros(len(zero)), np.zeros(len(zero)))
        answer = self._session.solve()
        if answer.status is not Status.OPTIMAL:  # what runs or is built cannot go on as it is: it may do less
            most = np.where(np.isin(self._whole, zero), 0.0, self._at)
            self._session.bound(self._whole, np.zeros(len(self._whole)), most)
            answer = self._session.solve()
            self._session.bound(self._whole, self._at, self._at)
        self._session.limit(place, low, high)
        self._session.bound(zero, *(side[zero] for side in self._bounds))
        change = self._base.value - answer.value if answer.status is Status.OPTIMAL else float("nan")
        return change * self._apart.problem.money

    def price(self, column: Ints, quantity: Floats) -> float:
        """Return the dual price at the gate of the enterprise from which some flows leave, NaN without one."""
        if self._base.row_dual is None or not len(self._rows):
            return float("nan")
        problem, row = self._apart.problem, self._apart.rows["outlet"][column - self._apart.first]
        place = np.minimum(np.searchsorted(self._rows, row), len(self._rows) - 1)
        dual = np.where(self._rows[place] == row, self._base.row_dual[place], np.nan) * problem.row[row] * problem.money
        return float(dual @ quantity / quantity.sum())
