"""Sides: figures of the two ends of an exchange and of what carries it."""

from __future__ import annotations

import numpy as np

from synergy.candidates.candidates import Reason as Code
from synergy.candidates.candidates import quality_rows
from synergy.explanation.facts import PUBLIC, Fact, Reason
from synergy.explanation.obstacles import owner_of
from synergy.explanation.trial import Exchange, Trial
from synergy.network.ends import EndKind, InletClass, OutletClass
from synergy.network.places import Floats, Ints


def cost_facts(exchange: Exchange) -> dict[str, Fact]:
    """Return what a unit is worth at both ends and what carrying it costs, of the exchange's cheapest flow.

    Returns
    -------
    dict of str to Fact
        ``worth_from``, ``worth_to`` (money per unit, by the plan's duals), ``transport`` (money per unit, carbon in).
    """
    trial = exchange.trial
    column, gain = best_flow(exchange)
    arc = trial.model.column("flow").key["arc"][column - trial.model.column("flow").start]
    network = trial.network
    carbon = trial.dataset.settings.carbon_price
    transport = float(network.arcs.over(network.links.cost + carbon * network.links.co2, 0.0)[arc])
    values = {"worth_from": _dual(exchange, column, "outlet"), "worth_to": _dual(exchange, column, "inlet")}
    facts = {name: Fact(value) for name, value in values.items() if value is not None}
    return facts | {"transport": Fact(transport, *link_privacy(exchange)), "reduced_cost": Fact(-gain)}


def link_privacy(exchange: Exchange) -> tuple[frozenset[str], frozenset[str]]:
    """Return on whose data the cost of the link rests, and who shares it: rows of links are their ends' affair."""
    links, question = exchange.trial.dataset["links"], exchange.question
    mine = (links["from_site"] == question.origin) & (links["to_site"] == question.target)
    mine &= links["commodity"] == question.commodity
    return (frozenset({"*"}), frozenset(exchange.names)) if mine.any() else (PUBLIC, PUBLIC)


def unit_gains(trial: Trial, columns: Ints) -> Floats:
    """Return the money a unit of each column brings at the plan's duals.

    What opens a link or counts partners is left out: those are yes-or-no, and told apart.
    """
    model, dual = trial.model, trial.rest.dual.copy()
    for name in ("link", "partner"):
        block = model.rows.get(name)
        if block is not None:
            dual[block.span] = 0.0
    gains: Floats = model.cost[columns] - np.asarray(model.matrix[:, columns].T @ dual).ravel()
    return gains


def best_flow(exchange: Exchange) -> tuple[int, float]:
    """Return the flow nearest to paying, and the money a unit of it brings at the plan's duals."""
    gain = unit_gains(exchange.trial, exchange.flows)
    best = int(np.argmax(gain))
    return int(exchange.flows[best]), float(gain[best])


def _dual(exchange: Exchange, column: int, family: str) -> float | None:
    """Return what a unit is worth at one end, None where the model has no balance there."""
    model = exchange.trial.model
    block, flow = model.rows.get(family), model.column("flow")
    arcs = exchange.trial.network.arcs
    if block is None or not len(block):
        return None
    arc = flow.key["arc"][column - flow.start]
    group = (arcs.outlet if family == "outlet" else arcs.inlet)[arc]
    period = flow.key["period"][column - flow.start]
    row = np.flatnonzero((block.key["group"] == group) & (block.key["period"] == period))
    return -float(exchange.trial.rest.dual[block.start + row[0]]) if len(row) else None


def quality_facts(exchange: Exchange) -> dict[str, Fact]:
    """Return the property that is missed most, its value, its limit, and by how much.

    Returns
    -------
    dict of str to Fact
        ``number`` (value beyond the limit), ``property``, ``value``, ``limit``; ``mix``: what the mix that arrives
        now could take of it, a year.
    """
    network = exchange.trial.network
    rows = quality_rows(network)
    found: list[tuple[float, str, float, float, int]] = []
    for arc in exchange.arcs:
        source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
        stated = network.qualities.values[network.sources.signature[source]]
        mine = rows[rows["sink"] == sink]
        for name, low, high in zip(mine["property"], mine["minimum"], mine["maximum"], strict=True):
            value = float(stated[int(name)])
            over = max(np.nan_to_num(value - high, nan=-np.inf), np.nan_to_num(low - value, nan=-np.inf))
            limit = float(high if np.nan_to_num(value - high, nan=-np.inf) >= over else low)
            found.append((float(over), str(network.qualities.properties[int(name)]), value, limit, int(sink)))
    if not found:
        return {}
    over, name, value, limit, sink = max(found)
    kinds = (
        network.outlets.kind[network.sources.first[exchange.sources]],
        network.inlets.kind[network.sinks.first[sink]],
    )
    given = PUBLIC if (kinds[0] == EndKind.UNIT).all() else owner_of(exchange.trial.dataset, exchange.question.origin)
    asked = PUBLIC if kinds[1] == EndKind.UNIT else owner_of(exchange.trial.dataset, exchange.question.target)
    mix = _mix(exchange, sink)
    facts = {"property": Fact(name, asked), "value": Fact(value, given), "limit": Fact(limit, asked)}
    facts |= {"number": Fact(over, given | asked)}
    return facts if mix is None else facts | {"mix": Fact(mix)}


def _mix(exchange: Exchange, sink: int) -> float | None:
    """Return what the mix that arrives in the plan could take of the exchange, None without a limit in force."""
    model, rest = exchange.trial.model, exchange.trial.rest
    least: dict[int, float] = {}  # by period: the limit that is reached first
    for family in ("quality_max", "quality_min"):
        block = model.rows.get(family)
        if block is None:
            continue
        for place in np.flatnonzero(block.key["sink"] == sink):
            weight = np.asarray(model.matrix[[block.start + place]].todense()).ravel()
            slack = max(0.0, -float(weight @ rest.x))
            bad = weight[exchange.flows].max(initial=0.0)
            if bad > 0:
                period = int(block.key["period"][place])
                least[period] = min(slack / bad, least.get(period, np.inf))
    return sum(least.values()) if least else None


def larger_link(exchange: Exchange) -> Reason | None:
    """Return that another link of the pair carries all there is at no higher cost, where that is so."""
    network = exchange.trial.network
    arcs = exchange.arcs[np.isin(network.arcs.link[exchange.arcs], exchange.links)]
    codes = exchange.trial.pruned.reason[arcs]
    if not exchange.question.mode or not (codes == Code.LARGER_LINK).all():
        return None
    return Reason("larger_link", {"mode": Fact(exchange.question.mode, PUBLIC)})


def prices_of(exchange: Exchange, side: str) -> Ints:
    """Return the members of one side that have a price of their own: offers, needs and markets that stand there."""
    network = exchange.trial.network
    give = side == "give"
    ends, members = (network.outlets, exchange.outlets) if give else (network.inlets, exchange.inlets)
    place = OutletClass.PLACE if give else InletClass.PLACE
    kind = ends.kind[members]
    priced = np.isin(kind, (EndKind.OFFER, EndKind.NEED)) | ((kind == EndKind.MARKET) & (ends.rank[members] == place))
    own: Ints = members[priced]
    return own


def mixed(exchange: Exchange, members: Ints) -> bool:
    """Return whether offers could be disposed of without being told apart from what else their site has of it.

    What is disposed of is not paid for, so what another price asked brings is not known then.
    """
    ends, goods = exchange.trial.network.outlets, exchange.trial.dataset["commodities"]
    disposable = goods["disposal_cost"].notna().to_numpy(bool)[ends.commodity[members]]
    return bool((disposable & ~ends.alone[members] & (ends.kind[members] == EndKind.OFFER)).any())


def disposed_flows(trial: Trial, members: Ints) -> Ints:
    """Return the flows over which offers that stand alone are disposed of: those are not paid for."""
    network, flow = trial.network, trial.model.column("flow")
    if not len(flow):
        return np.empty(0, np.int64)
    ends, arc = network.outlets, flow.key["arc"]
    alone = members[ends.alone[members] & (ends.kind[members] == EndKind.OFFER)]
    gone = network.sinks.rank[network.arcs.inlet[arc]] == InletClass.DISPOSAL
    return np.asarray(flow.start + np.flatnonzero(gone & np.isin(network.arcs.outlet[arc], ends.group[alone])))
