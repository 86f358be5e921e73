"""Changes: the smallest of each single kind that brings an exchange in, each confirmed by solving with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synergy.dataset.schema import own_column
from synergy.explanation.better import better
from synergy.explanation.distance import nearer
from synergy.explanation.facts import Change, Fact
from synergy.explanation.feedstock import fed
from synergy.explanation.lifts import end_columns
from synergy.explanation.searches import noise, smallest, subsidy
from synergy.explanation.sides import disposed_flows, mixed, prices_of
from synergy.explanation.trial import Exchange, Way
from synergy.explanation.weighing import Cause, Weighed
from synergy.explanation.wider import wider_rows
from synergy.network.ends import EndKind
from synergy.network.places import Ints

WHOLE = ("mode_share", "fix", "least_load", "min_scale", "compulsory")  # lifted whole or not at all


def changes(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
    """Yield what would bring an exchange in, one change of each kind that can.

    Parameters
    ----------
    exchange : Exchange
    weighed : Weighed
        Why it is out.

    Yields
    ------
    Change
    """
    if weighed.forced is not None and weighed.subsidy is not None:
        amount, way = weighed.subsidy
        if noise(exchange, amount):
            yield Change("subsidy", {}, whole=_whole(way))  # any tips it: the figure would be the solver's noise
        elif amount > 0:
            yield Change("subsidy", _told(amount, way), whole=_whole(way))
            yield from _carriage(exchange, weighed.forced)
            yield from _price(exchange, weighed.forced, "take", amount)
            yield from _price(exchange, weighed.forced, "give", amount)
    if weighed.forced is not None:
        yield from _grant(exchange, weighed.forced)
    for cause in weighed.causes:
        yield from _caused(exchange, cause)
    yield from fed(exchange, weighed)


def _told(amount: float | None, way: Way, **more: float) -> dict[str, Fact]:
    """Return the facts of a change."""
    values = {"amount": amount, "quantity": way.quantity, "value": way.rest.value} | more
    return {name: Fact(value) for name, value in values.items() if value is not None}


def _whole(way: Way) -> tuple[float, ...]:
    """Return what a way needs, as a change keeps it."""
    return tuple(way.whole.tolist())


def _carriage(exchange: Exchange, forced: Way) -> Iterator[Change]:
    """The link that carries most of it gets cheaper, or shorter."""
    trial = exchange.trial
    network, flow = trial.network, trial.model.column("flow")
    if not len(exchange.links):
        return
    link = network.arcs.link[flow.key["arc"][exchange.flows - flow.start]]
    carried = np.bincount(np.searchsorted(exchange.links, link), weights=forced.rest.x[exchange.flows])
    main = int(exchange.links[np.argmax(carried)])
    found = subsidy(exchange, forced, exchange.flows[link == main])
    cost = float(network.links.cost[main])
    if found is None or found[0] <= 0 or noise(exchange, found[0]):
        return
    amount, way = found
    if amount <= cost:
        tables = {"links": [_link(exchange, main, cost - amount)]}
        yield Change("transport", _told(amount, way, now=cost), tables, whole=_whole(way))
    yield from nearer(exchange, main, amount)


def _link(exchange: Exchange, link: int, cost: float) -> dict[str, object]:
    """Return a row of links that gives a link another cost."""
    question, mode = exchange.question, str(exchange.trial.network.links.mode[link])
    ends = {"from_site": question.origin, "to_site": question.target, "commodity": question.commodity, "mode": mode}
    return ends | {"cost_per_unit": cost}


def _price(exchange: Exchange, forced: Way, side: str, least: float) -> Iterator[Change]:
    """The price paid at the inlet goes up, or that asked for at the outlet goes down."""
    held, members = exchange.trial.held, prices_of(exchange, side)
    columns = end_columns(exchange, side, members)
    if not len(columns) or (side == "give" and mixed(exchange, members)):
        return
    unpaid = disposed_flows(exchange.trial, members) if side == "give" else columns[:0]

    def tried(amount: float) -> Way | None:
        with held.trying():
            held.price(columns, amount)
            held.price(unpaid, -amount)
            return exchange.enters(forced)

    amount = smallest(lambda one: tried(one) is not None, least, 1e3 * least)
    if amount is None:
        return
    way = tried(amount)
    if way is not None:
        tables = _priced(exchange, side, members, amount)
        kind = "price_paid" if side == "take" else "price_asked"
        yield Change(kind, _told(amount, way), tables, whole=_whole(way))


def _priced(exchange: Exchange, side: str, members: Ints, amount: float) -> dict[str, list[dict[str, object]]]:
    """Return the rows of offers, needs and markets with their new prices."""
    network, dataset = exchange.trial.network, exchange.trial.dataset
    ends = network.outlets if side == "give" else network.inlets
    sign = -1.0 if side == "give" else 1.0
    tables: dict[str, list[dict[str, object]]] = {}
    names = {EndKind.NEED: "needs", EndKind.OFFER: "offers", EndKind.MARKET: "markets"}
    for member in members:
        table = names[EndKind(ends.kind[member])]
        row = dataset[table].iloc[int(ends.ref[member])]
        key = own_column(table)
        tables.setdefault(table, []).append({key: str(row[key]), "price": float(row["price"]) + sign * amount})
    return tables


def _grant(exchange: Exchange, forced: Way) -> Iterator[Change]:
    """A yearly payment towards what has to be built, whatever is exchanged."""
    alone, trial = exchange.along(forced), exchange.trial
    short = trial.value - alone.rest.value
    if alone.quantity > 0 and exchange.needs(forced).any() and short > trial.tie:
        yield Change("grant", _told(short + 2 * trial.tie, alone), whole=_whole(alone))


def _caused(exchange: Exchange, cause: Cause) -> Iterator[Change]:
    """Yield the change that a cause stands for."""
    if cause.lift.code == "quality":
        yield from better(exchange, cause.way)
    kinds = {
        "supply_exhausted": "supply",
        "need_met": "need",
        "capex_budget": "budget",
        "co2_cap": "cap",
        "max_partners": "partners",
        "keep": "keep",
    }
    if cause.amount is not None:
        held = exchange.trial.held
        with held.trying():
            cause.lift.apply(cause.amount)
            way = exchange.enters(cause.way)
        if way is not None:
            kind = kinds[cause.lift.code]
            told, settings = _told(cause.amount, way), _settings(exchange, kind, cause.amount)
            tables = wider_rows(exchange, kind, cause.amount, cause.lift.total)
            yield Change(kind, told, tables, settings, whole=_whole(way))
    elif cause.lift.code in WHOLE and cause.way.quantity > 0:
        yield Change(f"without_{cause.lift.code}", _told(None, cause.way))


def _settings(exchange: Exchange, kind: str, amount: float) -> dict[str, object]:
    """Return the settings that say a wider rule."""
    settings = exchange.trial.dataset.settings
    if kind == "budget":
        return {"capex_budget": (settings.capex_budget or 0.0) + amount}
    if kind == "cap":
        return {"co2_cap": (settings.co2_cap or 0.0) + amount}
    if kind == "partners":
        return {"max_partners": int((settings.max_partners or 0) + round(amount))}
    return {}
