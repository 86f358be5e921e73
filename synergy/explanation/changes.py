"""Counterfactual changes: the smallest change of each kind that brings an exchange in, confirmed by re-solving."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from synergy.dataset.schema import own_column
from synergy.explanation.facts import Change, Fact, Row
from synergy.explanation.obstacles import outlet_holder
from synergy.explanation.ranking import Cause, Weighed, disposed_flows, mixed, prices_of, quality_facts
from synergy.explanation.relaxations import end_columns
from synergy.explanation.remedies import Rows, changed
from synergy.explanation.thresholds import noise, smallest, subsidy
from synergy.explanation.trial import Exchange, Trial, Way
from synergy.network.ends import EndKind
from synergy.network.places import Floats, Ints

WHOLE = ("mode_share", "fix", "least_load", "min_scale", "compulsory")  # lifted whole or not at all
HALVINGS = 4
SCALES = ("min_scale", "build_cost", "least_load")


def changes(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
    """Yield one change of each kind that would bring an exchange, out for the weighed reasons, into the plan."""
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
    """Return the integer decisions of a way in the form stored in a change."""
    return tuple(way.whole.tolist())


def _carriage(exchange: Exchange, forced: Way) -> Iterator[Change]:
    """Yield the cut in transport cost, and in length, of the main link that brings the exchange in."""
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


def _link(exchange: Exchange, link: int, cost: float) -> Row:
    """Return the row of links that sets another cost for a link."""
    question, mode = exchange.question, str(exchange.trial.network.links.mode[link])
    ends = {"from_site": question.origin, "to_site": question.target, "commodity": question.commodity, "mode": mode}
    return ends | {"cost_per_unit": cost}


def _price(exchange: Exchange, forced: Way, side: str, least: float) -> Iterator[Change]:
    """Yield the smallest rise of the price paid at the inlet, or cut of the price asked at the outlet, that works."""
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


def _priced(exchange: Exchange, side: str, members: Ints, amount: float) -> Rows:
    """Return the rows of offers, needs and markets with their new prices."""
    network, dataset = exchange.trial.network, exchange.trial.dataset
    ends = network.outlets if side == "give" else network.inlets
    sign = -1.0 if side == "give" else 1.0
    tables: dict[str, list[Row]] = {}
    names = {EndKind.NEED: "needs", EndKind.OFFER: "offers", EndKind.MARKET: "markets"}
    for member in members:
        table = names[EndKind(ends.kind[member])]
        row = dataset[table].iloc[int(ends.ref[member])]
        key = own_column(table)
        tables.setdefault(table, []).append({key: str(row[key]), "price": float(row["price"]) + sign * amount})
    return tables


def _grant(exchange: Exchange, forced: Way) -> Iterator[Change]:
    """Yield the fixed yearly grant towards builds and links that brings the exchange in, whatever its quantity."""
    alone, trial = exchange.along(forced), exchange.trial
    short = trial.value - alone.rest.value
    if alone.quantity > 0 and exchange.needs(forced).any() and short > trial.tie:
        yield Change("grant", _told(short + 2 * trial.tie, alone), whole=_whole(alone))


def _caused(exchange: Exchange, cause: Cause) -> Iterator[Change]:
    """Yield the change that corresponds to a blocking constraint."""
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
    """Return the scenario settings that relax a policy limit by an amount."""
    settings = exchange.trial.dataset.settings
    if kind == "budget":
        return {"capex_budget": (settings.capex_budget or 0.0) + amount}
    if kind == "cap":
        return {"co2_cap": (settings.co2_cap or 0.0) + amount}
    if kind == "partners":
        return {"max_partners": int((settings.max_partners or 0) + round(amount))}
    return {}


def better(exchange: Exchange, way: Way) -> Iterator[Change]:
    """Yield at most one change: the smallest improvement of the outlet's quality at which the exchange enters the plan.

    A limit on quality keeps the exchange out; the amount is in the property's unit.
    """
    facts, held = quality_facts(exchange), exchange.trial.held
    if not facts or not len(exchange.sources) or facts["number"].value <= 0:
        return
    value, over, name = facts["value"].value, facts["number"].value, str(facts["property"].value)
    sign = -1.0 if value > facts["limit"].value else 1.0
    rows, columns, arrives = _places(exchange, name)

    def tried(amount: float) -> Way | None:
        with held.trying():
            held.reweigh(rows, columns, -amount * arrives)
            return exchange.enters(way)

    amount = smallest(lambda one: tried(one) is not None, over / 64, 4 * over)
    entered = None if amount is None else tried(amount)
    if amount is None or entered is None:
        return
    holder = outlet_holder(exchange.trial.network, int(exchange.trial.network.sources.first[exchange.sources[0]]))
    row = {"holder": holder, "commodity": exchange.question.commodity, "property": name}
    figures = {"amount": amount, "property": name, "quantity": entered.quantity, "value": entered.rest.value}
    told = {key: Fact(one) for key, one in figures.items()}
    tables = {"qualities": [{**row, "value": value + sign * amount}]}
    yield Change("quality", told, tables, whole=tuple(entered.whole.tolist()))


def _places(exchange: Exchange, name: str) -> tuple[Ints, Ints, Floats]:
    """Return the matrix entries of the outlets' quality: rows, columns and the delivered fraction of each flow."""
    network, model = exchange.trial.network, exchange.trial.model
    flow = model.column("flow")
    arc = flow.key["arc"]
    mine = flow.start + np.flatnonzero(np.isin(network.arcs.outlet[arc], exchange.sources))
    kept = 1.0 - network.arcs.over(network.links.loss, 0.0)[arc]
    found: list[tuple[Ints, Ints]] = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    for family in ("quality_max", "quality_min"):
        block = model.rows.get(family)
        if block is None:
            continue
        row = block.start + np.flatnonzero(network.qualities.properties[block.key["property"]] == name)
        part = model.matrix[row][:, mine].tocoo()
        found.append((row[part.row], mine[part.col]))
    rows, columns = (np.concatenate(part) for part in zip(*found, strict=True))
    return rows, columns, kept[columns - flow.start]


def nearer(exchange: Exchange, link: int, amount: float) -> Iterator[Change]:
    """Yield at most one change: the largest link length (km) at which the exchange enters the plan.

    None if the link's cost does not depend on length; `amount` is the money per unit by which it has to be cheaper.
    """
    trial = exchange.trial
    links, question = trial.network.links, exchange.question
    rate = _rate(exchange, str(links.mode[link]))
    km = float(links.km[link])
    if rate <= 0 or not km > 0:
        return
    row = {"from_site": question.origin, "to_site": question.target, "commodity": question.commodity}
    row["mode"] = str(links.mode[link])
    good, bad = km - amount / rate, km
    way = entering(exchange, row, good) if good > 0 else None
    if way is None:
        good, bad = 0.0, max(good, 0.0) or km
        way = entering(exchange, row, good)
        if way is None:
            return
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        found = entering(exchange, row, middle)
        good, bad, way = (good, middle, way) if found is None else (middle, bad, found)
    facts = {"amount": km - good, "km": good, "quantity": way.quantity, "value": way.rest.value}
    told = {name: Fact(value) for name, value in facts.items()}
    yield Change("distance", told, {"links": [{**row, "km": good}]}, whole=tuple(way.whole.tolist()))


def entering(exchange: Exchange, row: dict[str, str], km: float) -> Way | None:
    """Return the plan with the exchange over a link of the given length, None if the exchange does not enter."""
    trial = exchange.trial
    other = Trial(changed(trial.dataset, {"links": [{**row, "km": km}]}), trial.decisions)
    shorter = Exchange(other, exchange.question)
    if not len(shorter.flows):
        return None
    way = shorter.forced()
    return None if way is None else shorter.enters(way)


def _rate(exchange: Exchange, mode: str) -> float:
    """Return the transport cost per unit and km, 0 if a row of links fixes the cost or no rate is stated."""
    dataset, question = exchange.trial.dataset, exchange.question
    links, rows = dataset["links"], dataset["transport"]
    mine = (links["from_site"] == question.origin) & (links["to_site"] == question.target)
    mine &= (links["commodity"] == question.commodity) & (links["mode"] == mode)
    if links.loc[mine, "cost_per_unit"].notna().any():
        return 0.0
    rows = rows[(rows["mode"] == mode) & (rows["commodity"] == question.commodity)]
    if not len(rows):
        return 0.0
    carbon = dataset.settings.carbon_price * float(rows["co2_per_unit_km"].fillna(0.0).iloc[0])
    return float(rows["cost_per_unit_km"].fillna(0.0).iloc[0]) + carbon


def fed(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
    """Yield at most one change: the smallest extra feedstock at the host that brings in an undersized unit.

    The exchange comes in with it. The amount is in units of the scarcest input a year, free at the gate.
    """
    scale = next((one for one in weighed.reasons if one.code in SCALES and "input" in one.facts), None)
    if scale is None or not scale.facts["input"].value:
        return
    trial = exchange.trial
    ident, good = str(scale.facts["unit"].value), str(scale.facts["input"].value)
    network = trial.network
    unit = int(np.flatnonzero(network.units.ids == ident)[0])
    site = str(network.places.sites[network.units.site[unit]])
    most = 2 * float(scale.facts["least"].value) * _use(exchange, unit, good)
    if most <= 0 or (good == exchange.question.commodity and site == exchange.question.origin):
        return
    row = {"offer": "what-if-feedstock", "site": site, "commodity": good}

    other = Trial(changed(trial.dataset, {"offers": [{**row, "quantity": most}]}), trial.decisions)
    more, part = Exchange(other, exchange.question), other.dataset.shares
    fresh = len(other.dataset["offers"]) - 1
    give, ends = other.model.column("give"), other.network.outlets
    hit = (ends.kind[give.key["end"]] == EndKind.OFFER) & (ends.ref[give.key["end"]] == fresh)
    columns = give.start + np.flatnonzero(hit)

    whole = more.forced() if len(more.flows) else None
    if whole is None:
        return

    def solved(amount: float) -> Way | None:
        with other.held.trying():
            other.held.bound(columns, np.zeros(len(columns)), amount * part[give.key["period"][columns - give.start]])
            return more.enters(whole)

    amount = smallest(lambda one: solved(one) is not None, most / 64, most)
    way = None if amount is None else solved(amount)
    if amount is not None and way is not None:
        facts = {"amount": amount, "input": good, "unit": ident, "quantity": way.quantity, "value": way.rest.value}
        told = {name: Fact(value) for name, value in facts.items()}
        tables: Rows = {"offers": [{**row, "quantity": amount}]}
        yield Change("feedstock", told, tables, whole=tuple(way.whole.tolist()))


def _use(exchange: Exchange, unit: int, good: str) -> float:
    """Return the amount of an input used per unit of activity."""
    network = exchange.trial.network
    ends = network.inlets
    hit = (ends.kind == EndKind.UNIT) & (ends.ref == unit) & (network.places.commodities[ends.commodity] == good)
    return float(ends.coefficient[hit].sum())


def wider_rows(exchange: Exchange, kind: str, amount: float, total: float) -> Rows:
    """Return the table rows that raise an end's supply or demand or lower its keep share; empty if not expressible.

    `kind` is ``supply``, ``need`` or ``keep``, others change no rows; `amount` is how much more, of `total`, in units
    of the commodity a year.
    """
    if kind == "keep":
        return _keep(exchange, amount)
    if kind not in ("supply", "need") or exchange.question.period or total <= 0:
        return {}
    network, dataset = exchange.trial.network, exchange.trial.dataset
    supply, factor = kind == "supply", 1 + amount / total
    ends, members = (network.outlets, exchange.outlets) if supply else (network.inlets, exchange.inlets)
    table, key, own = ("offers", "offer", EndKind.OFFER) if supply else ("needs", "need", EndKind.NEED)
    stated = dataset[table].iloc[ends.ref[members[ends.kind[members] == own]]]
    units = exchange.units(ends, members)
    units = units[~network.units.is_build[units]]
    markets = dataset["markets"].iloc[ends.ref[members[ends.kind[members] == EndKind.MARKET]]]
    if (markets["site"] == "").any():
        return {}  # its row is every site's
    markets = markets[markets["limit"].notna()]
    rows: Rows = {
        table: [
            {key: str(one), "quantity": q * factor} for one, q in zip(stated[key], stated["quantity"], strict=True)
        ],
        "facilities": [
            {"facility": str(network.units.ids[one]), "capacity": float(network.units.capacity[one]) * factor}
            for one in units
        ],
        "markets": [
            {"market": str(one), "limit": most * factor}
            for one, most in zip(markets["market"], markets["limit"], strict=True)
        ],
    }
    return {name: listed for name, listed in rows.items() if listed}


def _keep(exchange: Exchange, amount: float) -> Rows:
    """Return the offers with their keep shares lowered by a total amount."""
    ends, offers = exchange.trial.network.outlets, exchange.trial.dataset["offers"]
    mine = exchange.outlets[ends.kind[exchange.outlets] == EndKind.OFFER]
    rows = offers.iloc[ends.ref[mine]]
    rows = rows[rows["keep"] > 0]
    free = (1 - rows["keep"]) * rows["quantity"]
    part = free / free.sum() if free.sum() > 0 else rows["quantity"] / rows["quantity"].sum()
    keep = (rows["keep"] - amount * part / rows["quantity"]).clip(lower=0.0)
    return {"offers": [{"offer": str(one), "keep": float(k)} for one, k in zip(rows["offer"], keep, strict=True)]}
