"""Find why a feasible exchange is not in a plan; confirm each blocking constraint by relaxing it and re-solving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synergy.candidates.candidates import ExclusionReason as Code
from synergy.candidates.candidates import beaten_by_market, quality_rows
from synergy.explanation.facts import PUBLIC, UNKNOWN, AnswerReason, Fact
from synergy.explanation.obstacles import owner_of
from synergy.explanation.trial import ROOM, Exchange, Trial, Way, noise, smallest, subsidy
from synergy.model.assembly import Block
from synergy.network.ends import EndKind, Ends, InletClass, OutletClass
from synergy.network.network import matches
from synergy.network.places import PUBLIC as PUBLIC_PLACE
from synergy.network.places import Bools, Floats, Ints

AMPLE = ROOM - 1.0  # times what an end has now: as good as without limit, and bounded


@dataclass(frozen=True, slots=True)
class Lift:
    """Relaxation of one constraint.

    `code` is that of the reason if this constraint blocks the exchange; `apply` relaxes it by an amount, within
    `Held.trying`. The amount `full` drops the constraint, `step` is the smallest worth trying, 0 where it can only be
    dropped entirely; `total` is all there is, where an amount is a fraction of it.
    """

    code: str
    apply: Callable[[float], None]
    full: float = np.inf
    step: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Cause:
    """Blocking constraint: a relaxation that lets an exchange into the plan, and the plan that has it then.

    `amount` is the smallest of the relaxation that suffices; None where the constraint is dropped entirely.
    """

    lift: Lift
    way: Way
    amount: float | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """Reasons (the main one first), causes and threshold subsidy of a feasible exchange that is not in the plan.

    `forced` is the best plan in which it is forced in, None where no plan has it; `causes` are the blocking
    constraints, each relaxed on its own; `subsidy` is the smallest payment per unit that brings it in.
    """

    forced: Way | None
    reasons: tuple[AnswerReason, ...]
    causes: tuple[Cause, ...] = ()
    subsidy: tuple[float, Way] | None = None


def weigh(exchange: Exchange) -> Weighed:
    """Return the reasons why a feasible exchange is not in the plan; it has at least one flow, the plan uses none."""
    trial, forced = exchange.trial, exchange.forced()
    if forced is None:
        causes = _causes(exchange, None)
        reasons = tuple(_reason(exchange, cause, None) for cause in causes) or (AnswerReason("several"),)
        return Weighed(None, reasons, causes)
    gain = forced.rest.value - trial.value
    if gain > trial.tie:
        return Weighed(forced, (AnswerReason("within_gap", {"number": Fact(gain)}),))
    paid = subsidy(exchange, forced)
    lost = {"number": Fact(None if paid is None else paid[0])}
    if gain >= -trial.tie and paid is not None and noise(exchange, paid[0]):
        return Weighed(forced, (AnswerReason("tie"),), subsidy=paid)
    causes = _causes(exchange, forced)
    found = [*_outside(exchange), *(_reason(exchange, cause, forced) for cause in causes)]
    if not found and exchange.needs(forced).any():
        opened = -float(trial.model.cost[exchange.own] @ exchange.needs(forced))
        found = [AnswerReason("cost_open", lost | {"opened": Fact(opened)})]
    elif not found:
        found = [AnswerReason("cost", lost | _cost_facts(exchange))]
    return Weighed(forced, tuple(found), causes, paid)


def _causes(exchange: Exchange, forced: Way | None) -> tuple[Cause, ...]:
    """Return the relaxations that let the exchange in; if there is none, those that make it feasible."""
    held, found, possible = exchange.trial.held, [], []
    for lift in _lifts(exchange):
        with held.trying():
            lift.apply(lift.full)
            way = forced or exchange.forced()
            entered = None if way is None else exchange.enters(way)
        if entered is not None:
            found.append(Cause(lift, entered, _amount(exchange, lift, entered)))
        elif forced is None and way is not None:
            possible.append(Cause(lift, way, None))
    return tuple(found or possible)


def _amount(exchange: Exchange, lift: Lift, way: Way) -> float | None:
    """Return the smallest amount of a relaxation that suffices, None if it has no amount or none suffices."""
    if lift.step <= 0:
        return None
    held = exchange.trial.held

    def test(amount: float) -> bool:
        with held.trying():
            lift.apply(amount)
            return exchange.enters(way) is not None

    return smallest(test, lift.step, lift.full)


def _lifts(exchange: Exchange) -> Iterator[Lift]:
    """Yield all relaxations that apply to an exchange, in the order in which they are reported."""
    model, held, network = exchange.trial.model, exchange.trial.held, exchange.trial.network
    yield from _rules(exchange)
    ends = ((network.outlets, exchange.outlets), (network.inlets, exchange.inlets))
    units, steps = np.concatenate([exchange.units(*end) for end in ends]), network.units.steps
    rows = _rows(exchange, "load_min", lambda block: np.isin(block.key["unit"], units))
    if len(rows):
        yield Lift("least_load", _wider(exchange, rows, lower=True))
    rows = _rows(exchange, "size_min", lambda block: np.isin(steps.unit[block.key["step"]], units))
    if len(rows):
        yield Lift("min_scale", _wider(exchange, rows, lower=True))
    yield from _capital(exchange)
    for code, name, (ends_of, members) in zip(("supply_exhausted", "need_met"), ("give", "take"), ends, strict=True):
        traded, (run, made) = _traded(exchange, name, members), _runs(exchange, ends_of, members)
        columns = np.concatenate([traded, run])
        if len(columns):
            yield _amounts(exchange, code, columns, np.concatenate([np.ones(len(traded)), made]))
    columns = np.flatnonzero((model.lower > 0) & ~model.integer)
    if len(columns):  # compulsory offers, needs and runs
        _, high = held.bounds(columns)
        yield Lift("compulsory", lambda _: held.bound(columns, np.zeros(len(columns)), high))


def _rows(exchange: Exchange, name: str, hit: Callable[[Block], Bools] | None = None) -> Ints:
    """Return the rows of a constraint family, or the selected ones."""
    block = exchange.trial.model.rows.get(name)
    if block is None or not len(block):
        return np.empty(0, np.int64)
    return block.positions if hit is None else block.start + np.flatnonzero(hit(block))


def _wider(
    exchange: Exchange, rows: Ints, part: Floats | float = 1.0, *, lower: bool = False, upper: bool = False
) -> Callable[[float], None]:
    """Return the relaxation that lowers the lower limits of some rows, or raises the upper ones, each by its part."""
    held = exchange.trial.held

    def apply(amount: float) -> None:
        low, high = held.row_limits(rows)
        held.limit(rows, low - amount * part if lower else low, high + amount * part if upper else high)

    return apply


def _rules(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations of quality, keep, partner, budget, cap, mode-share and fixed-exchange constraints."""
    trial, question, settings = exchange.trial, exchange.question, exchange.trial.dataset.settings
    for name in ("quality_max", "quality_min"):
        rows = _rows(exchange, name, lambda block: np.isin(block.key["sink"], exchange.sinks))
        if len(rows):
            yield Lift("quality", _wider(exchange, rows, upper=True))
    rows = _rows(exchange, "keep", lambda block: np.isin(block.key["end"], exchange.outlets))
    if len(rows):
        _, high = trial.held.row_limits(rows)
        part = high / high.sum() if 0 < high.sum() < np.inf else np.full(len(rows), 1.0 / len(rows))
        yield Lift("keep", _wider(exchange, rows, part, upper=True), step=exchange.most * 1e-3)
    rows = _rows(exchange, "max_partners", lambda block: np.isin(block.key["enterprise"], exchange.owners))
    if len(rows) and len(set(exchange.names)) > 1:
        yield Lift("max_partners", _wider(exchange, rows, upper=True), step=1.0)
    for name, step in (("capex_budget", settings.capex_budget), ("co2_cap", settings.co2_cap)):
        rows = _rows(exchange, name)
        if len(rows):
            yield Lift(name, _wider(exchange, rows, upper=True), step=max(1.0, abs(step or 0.0)) * 1e-6)
    shared = np.array([rule.commodity == question.commodity for rule in settings.mode_share], dtype=bool)
    rows = _rows(exchange, "mode_share", lambda _: shared)
    if len(rows):
        yield Lift("mode_share", _wider(exchange, rows, lower=True))
    places, ends = trial.network.places, question.indices(trial.network.places)
    fixed: Bools = np.asarray([matches(one, places, *ends).any() for one in settings.fix], dtype=np.bool_)
    rows = _rows(exchange, "fix", lambda _: fixed)
    if len(rows):
        yield Lift("fix", _wider(exchange, rows, lower=True, upper=True))


def _free(exchange: Exchange, columns: Ints) -> Callable[[float], None]:
    """Return the relaxation that sets the cost of some columns to zero."""

    def apply(_: float) -> None:
        held = exchange.trial.held
        held.price(columns, -exchange.trial.model.cost[columns])

    return apply


def _capital(exchange: Exchange) -> Iterator[Lift]:
    """Yield the relaxations that drop the capex of links and of builds."""
    trial, model = exchange.trial, exchange.trial.model
    own = exchange.own
    opened = model.columns["open"]
    links = own[(own >= opened.start) & (own < opened.stop)]
    if len(links):
        yield Lift("capex", _free(exchange, links))
    built, size, steps = model.columns["built"], model.columns["size"], trial.network.units.steps
    new = own[(own >= built.start) & (own < built.stop)]
    if len(new):
        step = built.key["step"][new - built.start]
        of = np.isin(steps.unit[size.key["step"]], steps.unit[step])
        yield Lift("build_cost", _free(exchange, np.concatenate([new, size.start + np.flatnonzero(of)])))


def _amounts(exchange: Exchange, code: str, columns: Ints, weight: Floats) -> Lift:
    """Return the relaxation that raises the upper bounds of some columns by the same factor."""
    held = exchange.trial.held
    low, high = held.bounds(columns)
    total = float((weight * np.where(np.isfinite(high), high, 0.0)).sum())

    def apply(amount: float) -> None:
        held.bound(columns, low, high * (1 + amount / total) if total > 0 else high)

    return Lift(code, apply, full=AMPLE * total, step=total * 1e-4, total=total)


def _reason(exchange: Exchange, cause: Cause, forced: Way | None) -> AnswerReason:
    """Return the reason for a blocking constraint, with its figures."""
    code = cause.lift.code
    facts = {} if cause.amount is None else {"number": Fact(cause.amount)}
    if code == "quality":
        facts |= quality_facts(exchange)
    elif code in ("min_scale", "build_cost", "least_load"):
        facts |= _scale_facts(exchange, cause.way)
    if code in ("capex", "build_cost") and forced is not None:
        alone = exchange.along(forced)
        short = exchange.trial.value - (alone if alone.quantity > 0 else forced).rest.value
        facts |= {"number": Fact(short)}
    return AnswerReason(code, facts)


def _outside(exchange: Exchange) -> Sequence[AnswerReason]:
    """Return the reasons that follow from outside market prices and from rival links alone."""
    trial, network = exchange.trial, exchange.trial.network
    if not len(exchange.links):
        return ()
    flow = trial.model.columns["flow"]
    place = exchange.flows - flow.start
    arc, period = flow.key["arc"][place], flow.key["period"][place]
    beaten = beaten_by_market(network)[arc, period]
    if not (beaten >= 0).all():
        arcs = exchange.arcs[np.isin(network.arcs.link[exchange.arcs], exchange.links)]
        mode, larger = exchange.question.mode, trial.pruned.reason[arcs] == Code.LARGER_LINK
        return (AnswerReason("larger_link", {"mode": Fact(mode, PUBLIC)}),) if mode and larger.all() else ()
    owner = network.places.owner
    private = set()
    for groups, group, place_rank in (
        (network.sources, network.arcs.outlet[arc], OutletClass.PLACE),
        (network.sinks, network.arcs.inlet[arc], 2),
    ):
        sited = groups.site[group[groups.rank[group] == place_rank]]
        private |= {str(network.places.enterprises[one]) for one in owner[sited] if one != PUBLIC_PLACE}
    own, shared = _link_privacy(exchange)
    if own and private:
        shared = PUBLIC  # a price at a member's place and a link of the two ends: nobody knows both
    number = Fact(float(np.min(beaten)), own | frozenset(private), shared)
    return (AnswerReason("market", {"number": number}),)


def _scale_facts(exchange: Exchange, way: Way) -> dict[str, Fact]:
    """Return the minimum size of a unit of a plan, the supply that can reach it, and the number of suppliers it needs.

    Facts are ``unit`` (id), ``process``, ``least`` (activity a year), ``reach`` (activity a year that its scarcest
    input allows), ``short`` (least less reach, where that is less), ``firms`` (how many suppliers the least takes, by
    size), ``fewer`` (what one less is short of, activity a year).
    """
    network = exchange.trial.network
    unit, least = _unit(exchange, way)
    if unit is None:
        return {}
    places, units = network.places, network.units
    host = str(places.sites[units.site[unit]])
    own = owner_of(exchange.trial.dataset, host)
    process = str(places.processes[units.process[unit]])
    facts = {"unit": Fact(str(units.ids[unit]), own), "process": Fact(process, own), "least": Fact(least, own)}
    supply, good = _scarcest(exchange, unit)
    facts["input"] = Fact(good)
    if not np.isfinite(supply).all():
        return facts
    ranked = np.sort(supply[supply > 0])[::-1]
    total = np.cumsum(ranked)
    facts["reach"] = Fact(float(ranked.sum()))
    if not len(ranked) or total[-1] < least:
        facts["short"] = Fact(least - float(ranked.sum()))
        facts["firms"] = Fact(len(ranked))
        return facts
    needed = int(np.searchsorted(total, least * (1 - 1e-9))) + 1
    facts["firms"] = Fact(needed)
    if needed > 1:
        facts["fewer"] = Fact(least - float(total[needed - 2]))
    return facts


def _unit(exchange: Exchange, way: Way) -> tuple[int | None, float]:
    """Return the new or switched-on unit of a way and its minimum activity per year."""
    model, network = exchange.trial.model, exchange.trial.network
    chosen = exchange.own[exchange.needs(way) > 0.5]
    built, switch = model.columns["built"], model.columns["on"]
    new = chosen[(chosen >= built.start) & (chosen < built.stop)]
    if len(new):
        step = built.key["step"][new[0] - built.start]
        return int(network.units.steps.unit[step]), float(network.units.steps.least[step])
    switched = chosen[(chosen >= switch.start) & (chosen < switch.stop)]
    if len(switched):
        unit = int(switch.key["unit"][switched[0] - switch.start])
        return unit, float(network.units.capacity[unit] * network.units.min_load[unit])
    return None, 0.0


def _scarcest(exchange: Exchange, unit: int) -> tuple[Floats, str]:
    """Return a unit's scarcest input and its supply by enterprise (public places last), in activity a year."""
    network, inlets = exchange.trial.network, exchange.trial.network.inlets
    best: tuple[Floats, str] = (np.array([np.inf]), "")
    for member in np.flatnonzero((inlets.kind == EndKind.UNIT) & (inlets.ref == unit)):
        supply = _supply(exchange, int(inlets.group[member])) / inlets.coefficient[member]
        if supply.sum() < best[0].sum():
            best = (supply, str(network.places.commodities[inlets.commodity[member]]))
    return best


def _supply(exchange: Exchange, group: int) -> Floats:
    """Return the yearly amount that each enterprise's outlets, outside markets included, could send to a group."""
    network, reach = exchange.trial.network, exchange.trial.reach
    arcs: Ints = np.flatnonzero(network.arcs.inlet == group)
    sources = np.unique(network.arcs.outlet[arcs])
    owner = network.places.owner[network.sources.site[sources]]
    flow = np.zeros(len(sources))
    place = np.searchsorted(sources, network.arcs.outlet[arcs])
    np.maximum.at(flow, place, reach.flow[arcs].sum(axis=1))
    amount = np.minimum(flow, reach.sent[sources].sum(axis=1))
    supply: Floats = np.bincount(owner % (len(network.places.enterprises) + 1), weights=amount).astype(float)
    return supply


def _cost_facts(exchange: Exchange) -> dict[str, Fact]:
    """Return the dual values at both ends, the transport cost and the reduced cost of the exchange's best flow.

    Facts are ``worth_from``, ``worth_to`` (money per unit, by the plan's duals), ``transport`` (money per unit, carbon
    included).
    """
    trial = exchange.trial
    column, gain = best_flow(exchange)
    arc = trial.model.columns["flow"].key["arc"][column - trial.model.columns["flow"].start]
    network = trial.network
    carbon = trial.dataset.settings.carbon_price
    transport = float(np.append(network.links.cost + carbon * network.links.co2, 0.0)[network.arcs.link[arc]])
    values = {"worth_from": _dual(exchange, column, "outlet"), "worth_to": _dual(exchange, column, "inlet")}
    facts = {name: Fact(value) for name, value in values.items() if value is not None}
    return facts | {"transport": Fact(transport, *_link_privacy(exchange)), "reduced_cost": Fact(-gain)}


def _link_privacy(exchange: Exchange) -> tuple[frozenset[str], frozenset[str]]:
    """Return the enterprises whose data the link cost depends on, and those that share it; none if it is public."""
    stated = exchange.question.rows(exchange.trial.dataset["links"]).any()
    return (UNKNOWN, frozenset(exchange.names)) if stated else (PUBLIC, PUBLIC)


def unit_gains(trial: Trial, columns: Ints) -> Floats:
    """Return the money gained per unit of each column at the plan's duals (the negative reduced cost).

    The rows that open links or count partners are left out: those binary decisions are reported separately.
    """
    model, dual = trial.model, trial.rest.dual.copy()
    for name in ("link", "partner"):
        block = model.rows.get(name)
        if block is not None:
            dual[block.span] = 0.0
    gains: Floats = model.cost[columns] - np.asarray(model.matrix[:, columns].T @ dual).ravel()
    return gains


def best_flow(exchange: Exchange) -> tuple[int, float]:
    """Return the flow with the best reduced cost, and the money gained per unit of it at the plan's duals."""
    gain = unit_gains(exchange.trial, exchange.flows)
    best = int(np.argmax(gain))
    return int(exchange.flows[best]), float(gain[best])


def _dual(exchange: Exchange, column: int, family: str) -> float | None:
    """Return the dual value of the commodity balance at one end, None if the model has no such row."""
    model = exchange.trial.model
    block, flow = model.rows.get(family), model.columns["flow"]
    arcs = exchange.trial.network.arcs
    if block is None or not len(block):
        return None
    arc = flow.key["arc"][column - flow.start]
    group = (arcs.outlet if family == "outlet" else arcs.inlet)[arc]
    period = flow.key["period"][column - flow.start]
    row = np.flatnonzero((block.key["group"] == group) & (block.key["period"] == period))
    return -float(exchange.trial.rest.dual[block.start + row[0]]) if len(row) else None


def quality_facts(exchange: Exchange) -> dict[str, Fact]:
    """Return the quality property with the largest violation, its value, its limit, and the excess.

    Facts are ``number`` (value beyond the limit), ``property``, ``value``, ``limit``; ``mix``: how much of it, a year,
    the mix that arrives now could take.
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
    facts["number"] = Fact(over, given | asked)
    return facts if mix is None else facts | {"mix": Fact(mix)}


def _mix(exchange: Exchange, sink: int) -> float | None:
    """Return the quantity of the exchange that the plan's blend could absorb, None without a limit in force."""
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


def _traded(exchange: Exchange, name: str, members: Ints) -> Ints:
    """Return the give or take columns of some ends in the periods asked about."""
    block = exchange.trial.model.columns[name]
    if not len(block):
        return np.empty(0, np.int64)
    hit = np.isin(block.key["end"], members) & exchange.question.periods(exchange.trial.network)[block.key["period"]]
    return block.start + np.flatnonzero(hit)


def _runs(exchange: Exchange, ends: Ends, members: Ints) -> tuple[Ints, Floats]:
    """Return the run columns of existing facilities among some ends in the periods asked about.

    And the amount of the commodity that each makes or uses per unit of activity.
    """
    run, network = exchange.trial.model.columns["run"], exchange.trial.network
    if not len(run):
        return np.empty(0, np.int64), np.empty(0)
    made, unit = np.zeros(len(network.units.ids)), members[ends.kind[members] == EndKind.UNIT]
    np.add.at(made, ends.ref[unit], ends.coefficient[unit])
    mine = np.isin(run.key["unit"], ends.ref[unit]) & ~network.units.is_build[run.key["unit"]]
    place = np.flatnonzero(mine & exchange.question.periods(network)[run.key["period"]])
    return run.start + place, made[run.key["unit"][place]]


def priced_ends(exchange: Exchange, side: str) -> tuple[Ints, Ints, Ints]:
    """Return the ends of one side, ``give`` or ``take``, that set a price, their columns, and the flows not paid for.

    These are offers, needs and markets at the site. Disposed quantities of an offer are not paid for; where the
    disposal cannot be separated from other supply of the commodity at the site, the effect of another asking price is
    not known, and there are no columns.
    """
    network, give = exchange.trial.network, side == "give"
    ends, members = (network.outlets, exchange.outlets) if give else (network.inlets, exchange.inlets)
    place = OutletClass.PLACE if give else InletClass.PLACE
    kind = ends.kind[members]
    members = members[
        np.isin(kind, (EndKind.OFFER, EndKind.NEED)) | ((kind == EndKind.MARKET) & (ends.rank[members] == place))
    ]
    columns = _traded(exchange, side, members)
    if not give:
        return members, columns, columns[:0]
    goods = exchange.trial.dataset["commodities"]
    disposable = goods["disposal_cost"].notna().to_numpy(bool)[ends.commodity[members]]
    mixed = disposable & ~ends.alone[members] & (ends.kind[members] == EndKind.OFFER)
    return members, columns[:0] if mixed.any() else columns, disposed_flows(exchange.trial, members)


def disposed_flows(trial: Trial, members: Ints) -> Ints:
    """Return the flows that dispose of stand-alone offers; disposed quantities are not paid for."""
    network, flow = trial.network, trial.model.columns["flow"]
    if not len(flow):
        return np.empty(0, np.int64)
    ends, arc = network.outlets, flow.key["arc"]
    alone = members[ends.alone[members] & (ends.kind[members] == EndKind.OFFER)]
    gone = network.sinks.rank[network.arcs.inlet[arc]] == InletClass.DISPOSAL
    return np.asarray(flow.start + np.flatnonzero(gone & np.isin(network.arcs.outlet[arc], ends.group[alone])))
