"""Counterfactual changes: the smallest change of each kind that brings an exchange in, confirmed by re-solving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from synergy.dataset.schema import TABLES
from synergy.explanation.facts import Change, Fact, Row, Rows, changed
from synergy.explanation.obstacles import outlet_holder
from synergy.explanation.ranking import Cause, Weighed, priced_ends, quality_facts
from synergy.explanation.trial import Exchange, Trial, Way, noise, smallest, subsidy
from synergy.network.ends import EndKind
from synergy.network.places import Floats, Ints

WHOLE = ("mode_share", "fix", "least_load", "min_scale", "compulsory")  # lifted whole or not at all
# kind of change of a constraint that is lifted by an amount, by its code
KINDS = {
    "supply_exhausted": "supply",
    "need_met": "need",
    "capex_budget": "budget",
    "co2_cap": "cap",
    "max_partners": "partners",
    "keep": "keep",
}
HALVINGS = 4
SCALES = ("min_scale", "build_cost", "least_load")


def changes(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
    """Yield one change of each kind that would bring an exchange, out for the weighed reasons, into the plan."""
    trial, forced = exchange.trial, weighed.forced
    if forced is not None and weighed.subsidy is not None:
        amount, way = weighed.subsidy
        if noise(exchange, amount):
            yield Change("subsidy", {}, whole=tuple(way.whole.tolist()))  # any tips it: the figure would be noise
        elif amount > 0:
            yield _change("subsidy", way, {"amount": amount})
            yield from _carriage(exchange, forced)
            yield from _price(exchange, forced, "take", amount)
            yield from _price(exchange, forced, "give", amount)
    if forced is not None:  # a yearly grant towards builds and links, whatever the quantity
        alone = exchange.along(forced)
        short = trial.value - alone.rest.value
        if alone.quantity > 0 and exchange.needs(forced).any() and short > trial.tie:
            yield _change("grant", alone, {"amount": short + 2 * trial.tie})
    for cause in weighed.causes:
        yield from _caused(exchange, cause)
    yield from _fed(exchange, weighed)


def _change(
    kind: str, way: Way, figures: Mapping[str, object], tables: Rows | None = None, **settings: object
) -> Change:
    """Return a change with its figures, and the quantity and value of the way that it opens."""
    values = {**figures, "quantity": way.quantity, "value": way.rest.value}
    facts = {name: Fact(value) for name, value in values.items()}
    return Change(kind, facts, tables or {}, settings, whole=tuple(way.whole.tolist()))


def _least(tried: Callable[[float], Way | None], step: float, most: float) -> tuple[float, Way] | None:
    """Return the smallest amount for which a trial finds a way, with the way; None if there is none."""
    amount = smallest(lambda one: tried(one) is not None, step, most)
    way = None if amount is None else tried(amount)
    return None if amount is None or way is None else (amount, way)


def _carriage(exchange: Exchange, forced: Way) -> Iterator[Change]:
    """Yield the cut in transport cost, and in length, of the main link that brings the exchange in."""
    network, flow = exchange.trial.network, exchange.trial.model.columns["flow"]
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
        row: Row = {**exchange.question.keys, "mode": str(network.links.mode[main]), "cost_per_unit": cost - amount}
        figures = {"amount": amount, "quantity": way.quantity, "value": way.rest.value, "now": cost}
        yield _change("transport", way, figures, {"links": [row]})
    yield from _nearer(exchange, main, amount)


def _price(exchange: Exchange, forced: Way, side: str, least: float) -> Iterator[Change]:
    """Yield the smallest rise of the price paid at the inlet, or cut of the price asked at the outlet, that works."""
    trial, held, give = exchange.trial, exchange.trial.held, side == "give"
    members, columns, unpaid = priced_ends(exchange, side)
    if not len(columns):
        return

    def tried(amount: float) -> Way | None:
        with held.trying():
            held.price(columns, amount)
            held.price(unpaid, -amount)
            return exchange.enters(forced)

    found = _least(tried, least, 1e3 * least)
    if found is None:
        return
    amount, way = found
    ends = trial.network.outlets if give else trial.network.inlets
    tables: dict[str, list[Row]] = {}
    names = {EndKind.NEED: "needs", EndKind.OFFER: "offers", EndKind.MARKET: "markets"}
    for member in members:
        table = names[EndKind(ends.kind[member])]
        row, key = trial.dataset[table].iloc[int(ends.ref[member])], TABLES[table].key[0]
        price = float(row["price"]) + (-amount if give else amount)
        tables.setdefault(table, []).append({key: str(row[key]), "price": price})
    yield _change("price_asked" if give else "price_paid", way, {"amount": amount}, tables)


def _caused(exchange: Exchange, cause: Cause) -> Iterator[Change]:
    """Yield the change that corresponds to a blocking constraint."""
    code, amount, settings = cause.lift.code, cause.amount, exchange.trial.dataset.settings
    if code == "quality":
        yield from _better(exchange, cause.way)
    if amount is not None:
        held = exchange.trial.held
        with held.trying():
            cause.lift.apply(amount)
            way = exchange.enters(cause.way)
        if way is not None:
            policy: dict[str, float] = {}
            if code in ("capex_budget", "co2_cap"):
                policy[code] = (getattr(settings, code) or 0.0) + amount
            elif code == "max_partners":
                policy[code] = int((settings.max_partners or 0) + round(amount))
            tables = _wider_rows(exchange, KINDS[code], amount, cause.lift.total)
            yield _change(KINDS[code], way, {"amount": amount}, tables, **policy)
    elif code in WHOLE and cause.way.quantity > 0:
        facts = {"quantity": Fact(cause.way.quantity), "value": Fact(cause.way.rest.value)}
        yield Change(f"without_{code}", facts)


def _better(exchange: Exchange, way: Way) -> Iterator[Change]:
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

    found = _least(tried, over / 64, 4 * over)
    if found is None:
        return
    amount, entered = found
    holder = outlet_holder(exchange.trial.network, int(exchange.trial.network.sources.first[exchange.sources[0]]))
    row = {"holder": holder, "commodity": exchange.question.commodity, "property": name}
    tables = {"qualities": [{**row, "value": value + sign * amount}]}
    yield _change("quality", entered, {"amount": amount, "property": name}, tables)


def _places(exchange: Exchange, name: str) -> tuple[Ints, Ints, Floats]:
    """Return the matrix entries of the outlets' quality: rows, columns and the delivered fraction of each flow."""
    network, model = exchange.trial.network, exchange.trial.model
    flow = model.columns["flow"]
    arc = flow.key["arc"]
    mine = flow.start + np.flatnonzero(np.isin(network.arcs.outlet[arc], exchange.sources))
    kept = 1.0 - np.append(network.links.loss, 0.0)[network.arcs.link[arc]]
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


def _nearer(exchange: Exchange, link: int, amount: float) -> Iterator[Change]:
    """Yield at most one change: the largest link length (km) at which the exchange enters the plan.

    None if the link's cost does not depend on length; `amount` is the money per unit by which it has to be cheaper.
    """
    links = exchange.trial.network.links
    row, km = {**exchange.question.keys, "mode": str(links.mode[link])}, float(links.km[link])
    rate = _rate(exchange, row["mode"])
    if rate <= 0 or not km > 0:
        return
    good, bad = km - amount / rate, km
    way = _entering(exchange, row, good) if good > 0 else None
    if way is None:
        good, bad = 0.0, max(good, 0.0) or km
        way = _entering(exchange, row, good)
        if way is None:
            return
    for _ in range(HALVINGS):
        middle = (good + bad) / 2
        found = _entering(exchange, row, middle)
        good, bad, way = (good, middle, way) if found is None else (middle, bad, found)
    yield _change("distance", way, {"amount": km - good, "km": good}, {"links": [{**row, "km": good}]})


def _entering(exchange: Exchange, row: dict[str, str], km: float) -> Way | None:
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
    if links.loc[question.rows(links) & (links["mode"] == mode), "cost_per_unit"].notna().any():
        return 0.0
    rows = rows[(rows["mode"] == mode) & (rows["commodity"] == question.commodity)]
    if not len(rows):
        return 0.0
    carbon = dataset.settings.carbon_price * float(rows["co2_per_unit_km"].fillna(0.0).iloc[0])
    return float(rows["cost_per_unit_km"].fillna(0.0).iloc[0]) + carbon


def _fed(exchange: Exchange, weighed: Weighed) -> Iterator[Change]:
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
    inlets = network.inlets
    used = (inlets.kind == EndKind.UNIT) & (inlets.ref == unit) & (network.places.commodities[inlets.commodity] == good)
    most = 2 * float(scale.facts["least"].value) * float(inlets.coefficient[used].sum())
    if most <= 0 or (good == exchange.question.commodity and site == exchange.question.origin):
        return
    row = {"offer": "what-if-feedstock", "site": site, "commodity": good}
    other = Trial(changed(trial.dataset, {"offers": [{**row, "quantity": most}]}), trial.decisions)
    more, part = Exchange(other, exchange.question), other.dataset.shares
    fresh = len(other.dataset["offers"]) - 1
    give, ends = other.model.columns["give"], other.network.outlets
    hit = (ends.kind[give.key["end"]] == EndKind.OFFER) & (ends.ref[give.key["end"]] == fresh)
    columns = give.start + np.flatnonzero(hit)
    whole = more.forced() if len(more.flows) else None
    if whole is None:
        return

    def solved(amount: float) -> Way | None:
        with other.held.trying():
            other.held.bound(columns, np.zeros(len(columns)), amount * part[give.key["period"][columns - give.start]])
            return more.enters(whole)

    found = _least(solved, most / 64, most)
    if found is not None:
        amount, way = found
        figures = {"amount": amount, "input": good, "unit": ident}
        yield _change("feedstock", way, figures, {"offers": [{**row, "quantity": amount}]})


def _wider_rows(exchange: Exchange, kind: str, amount: float, total: float) -> Rows:
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
