"""Statements: requirements and limits of the input, as the bounds and entries that they set in a loosened problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from synergy.candidates.candidates import ReachBounds, candidates_of, quality_rows
from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.model.assembly import Block
from synergy.model.build import Model, build
from synergy.model.decode import link_key, names_of
from synergy.network.ends import EndKind, Ends
from synergy.network.network import Network, matches, network_of
from synergy.network.places import Bools, Floats, Ints, Texts
from synergy.scenario import Cell, Pattern
from synergy.texts import Catalogue

WIDE = 10.0  # times all that the tables state of a commodity: more than any plan could move
ANY = "*"  # any site, or any commodity
LINK_KEY = ("from_site", "to_site", "commodity", "mode")


class EffectKind(IntEnum):
    """Kind of problem data that an effect sets."""

    LOWER = 0  # lower bound of a column
    UPPER = 1
    LEAST = 2  # lower limit of a row
    MOST = 3
    ENTRY = 4  # coefficient of (row, column)


@dataclass(frozen=True, slots=True)
class Effects:
    """Bounds and entries that a statement sets, in the units of the model; arrays of shape (n,).

    `part` is an `EffectKind`; `at` is the column or row, of an entry its row, and `column` its column; `period` is
    where it holds, -1 for the whole year.
    """

    part: Ints
    at: Ints
    column: Ints
    value: Floats
    period: Ints

    def take(self, which: Ints | Bools) -> Effects:
        """Return a subset of the effects."""
        return Effects(*[getattr(self, name)[which] for name in self.__slots__])


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A requirement or limit of the input.

    `constraint` is a key of `TEXTS`; `subject` and `commodity` are ids of the tables. `amounts` are the summands of
    `amount` by period, empty where it holds for the year as a whole; `period` is "" for the whole year.
    """

    constraint: str
    subject: str
    commodity: str
    amount: float
    effects: Effects
    amounts: Mapping[int, float]
    period: str = ""

    def record(self) -> dict[str, Cell]:
        """Return a plain record with the statement's sentence in both languages."""
        subject = f"{self.subject} ({self.period})" if self.period else self.subject
        words = {"subject": subject, "commodity": self.commodity}
        amount = float(f"{self.amount:.12g}")
        en, zh = TEXTS.both(self.constraint, **words, amount=amount)
        return {"constraint": self.constraint, **words, "amount": amount, "text_en": en, "text_zh": zh}

    def by_period(self, names: Texts) -> list[Statement]:
        """Split the statement into one per period, if it covers several periods."""
        if len(self.amounts) < 2:
            return [self]
        return [
            replace(
                self,
                period=str(names[period]),
                amount=amount,
                effects=self.effects.take(self.effects.period == period),
                amounts={period: amount},
            )
            for period, amount in self.amounts.items()
        ]


@dataclass(frozen=True, slots=True)
class Loosened:
    """Hold the problem of a round in which each input statement can be relaxed on its own.

    `model` has a column and a row for each possible subject of a statement, forbidden exchanges included; `stated`
    holds the amounts of the tables, each by itself. `carried`, shape (commodities,), and `run`, shape (units,), are
    finite and more than any plan could move of a commodity, or have of a unit's activity.
    """

    dataset: Dataset
    model: Model
    stated: ReachBounds
    carried: Floats
    run: Floats

    @property
    def network(self) -> Network:
        """Return the network with all prohibitions lifted."""
        return self.model.candidates.network


def loosened(dataset: Dataset) -> Loosened:
    """Build the problem of a round in which every statement has its own column or row."""
    links = dataset["links"]
    links["forbidden"] = False
    settings = replace(dataset.settings, forbid=(), allow_builds=True)
    network = network_of(replace(dataset, settings=settings, tables={**dataset.tables, "links": links}))
    candidates = candidates_of(network, everyone(network.places), prune=False, tight=False)
    stated, units = candidates.reach, network.units
    total = np.zeros(len(network.places.commodities))
    for ends, amount in ((network.outlets, stated.given), (network.inlets, stated.taken)):
        np.add.at(total, ends.commodity, np.where(np.isfinite(amount), amount, 0.0).sum(axis=1))
    total += sum(pattern.quantity or 0.0 for pattern in dataset.settings.fix)
    total = np.where(total > 0, total, max(total.max(initial=0.0), 1.0))
    run = np.where(np.isfinite(units.capacity), units.capacity, 1.0)
    np.maximum.at(run, units.recipe_unit, total[units.recipe_commodity] / np.abs(units.recipe_coefficient))
    np.maximum.at(run, units.steps.unit, units.steps.least)
    carried, run = WIDE * total, WIDE * run
    shape = stated.flow.shape
    arc_most = carried[network.sources.commodity[network.arcs.outlet]][:, None]
    present = ReachBounds(
        run=np.where(stated.run > 0, np.where(np.isfinite(stated.run), stated.run, run[:, None]), 1.0),
        given=np.where(stated.given > 0, stated.given, 1.0),
        taken=np.where(stated.taken > 0, stated.taken, 1.0),
        sent=np.full_like(stated.sent, np.inf),
        received=np.full_like(stated.received, np.inf),
        flow=np.where(np.isfinite(stated.flow) & (stated.flow > 0), stated.flow, np.broadcast_to(arc_most, shape)),
        link=stated.link,
    )
    steps = np.ones(len(units.steps.unit), dtype=bool)
    candidates = replace(
        candidates, reach=present, reason=np.zeros(shape, dtype=np.int8), step=steps, size=np.maximum(run, 0.0)
    )
    return Loosened(dataset, build(candidates), stated, carried, run)


def statements_of(whole: Loosened) -> list[Statement]:
    """Return all statements of a dataset and its scenario, those preferred in explanations last."""
    return [statement for family in FAMILIES for statement in family(whole)]


def effects_of(part: EffectKind, at: Ints, value: ArrayLike, period: ArrayLike = -1, column: ArrayLike = -1) -> Effects:
    """Return effects of one kind; scalars are broadcast."""
    at = np.asarray(at, np.int64)
    spread = [np.broadcast_to(np.asarray(one, np.int64), at.shape) for one in (int(part), column, period)]
    return Effects(spread[0], at, spread[1], np.broadcast_to(np.asarray(value, float), at.shape), spread[2])


def joined(parts: Sequence[Effects]) -> Effects:
    """Concatenate effects."""
    return Effects(*[np.concatenate([getattr(part, name) for part in parts]) for name in Effects.__slots__])


def grouped(constraint: str, names: tuple[Texts, Texts], group: Ints, effects: Effects) -> Iterator[Statement]:
    """Yield one statement per subject; its amount is the sum of its first kind of effect.

    `names` holds subject and commodity of each effect, `group` its group index.
    """
    subjects, goods = names
    finite = np.isfinite(effects.value)
    order = np.argsort(group, kind="stable")
    order = order[finite[order]]
    _, first = np.unique(group[order], return_index=True)
    for here in np.split(order, first[1:]) if len(order) else ():
        own = effects.take(here)
        counted = own.part == own.part[0]
        amounts: dict[int, float] = {}
        for period, value in zip(own.period[counted].tolist(), own.value[counted].tolist(), strict=True):
            amounts[period] = amounts.get(period, 0.0) + value
        told = {} if -1 in amounts else amounts
        yield Statement(constraint, str(subjects[here[0]]), str(goods[here[0]]), sum(amounts.values()), own, told)


def _ends(whole: Loosened, side: str) -> tuple[Block, Ends, Floats]:
    """Return the columns of amounts given or taken, their ends, and the amounts stated in the tables."""
    network, block = whole.network, whole.model.columns[side]
    ends, amount = (network.outlets, whole.stated.given) if side == "give" else (network.inlets, whole.stated.taken)
    return block, ends, amount[block.key["end"], block.key["period"]]


def _named(whole: Loosened, ends: Ends, end: Ints) -> tuple[Texts, Texts]:
    """Return the ids and commodities of ends."""
    return names_of(whole.network, ends, end)[1], whole.network.places.commodities[ends.commodity[end]]


def _trade(whole: Loosened, kind: EndKind, *, asked: bool) -> Iterator[Statement]:
    """Yield the upper limits on offers or needs or, if `asked`, their obligations."""
    offers = kind is EndKind.OFFER
    table, compulsory = ("offers", "must_clear") if offers else ("needs", "required")
    block, ends, amount = _ends(whole, "give" if offers else "take")
    which = ends.kind[block.key["end"]] == kind
    if asked:
        flag = whole.network.dataset[table][compulsory].to_numpy(bool)
        which &= amount > 0
        which[which] = flag[ends.ref[block.key["end"][which]]]
    here = np.flatnonzero(which)
    end = block.key["end"][here]
    part = EffectKind.LOWER if asked else EffectKind.UPPER
    effects = effects_of(part, block.start + here, amount[here], block.key["period"][here])
    yield from grouped(table[:-1] + ("_required" if asked else ""), _named(whole, ends, end), end, effects)


def _markets(whole: Loosened, side: str) -> Iterator[Statement]:
    """Yield the market limits, per enterprise or at the market's own site."""
    block, ends, amount = _ends(whole, side)
    places, markets = whole.network.places, whole.network.dataset["markets"]
    here = np.flatnonzero(ends.kind[block.key["end"]] == EndKind.MARKET)
    end, period = block.key["end"][here], block.key["period"][here]
    firms = len(places.enterprises) + 1
    market, firm = ends.ref[end], places.owner[ends.site[end]] % firms  # public places count as one more
    limit = np.full((len(markets), firms, len(places.share)), np.inf)
    limit[market, firm, period] = amount[here]
    rows = whole.model.rows[f"market_{side}"]  # several sites of an enterprise share the limit: told once
    at = (rows.key["market"], rows.key["enterprise"] % firms, rows.key["period"])
    shared = effects_of(EffectKind.MOST, rows.positions, limit[at], at[2])
    effects = joined([shared, effects_of(EffectKind.UPPER, block.start + here, amount[here], period)])
    group = np.concatenate([at[0] * firms + at[1], market * firms + firm])
    sited = (markets["site"] != "").to_numpy(bool)[group // firms]
    owner = np.append(places.enterprises.astype(object), "")[group % firms]
    subject = markets["market"].to_numpy(object)[group // firms]
    subject = np.where(sited | (owner == ""), subject, subject + "@" + owner)
    goods = markets["commodity"].to_numpy(object)[group // firms]
    yield from grouped(f"market_{side}", (subject, goods), group, effects)


def _facilities(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacity limits of facilities."""
    run, units, stated = whole.model.columns["run"], whole.network.units, whole.stated.run
    here = np.flatnonzero(~units.is_build[run.key["unit"]])
    unit, period = run.key["unit"][here], run.key["period"][here]
    plain = effects_of(EffectKind.UPPER, run.start + here, stated[unit, period], period)
    rows, on = whole.model.rows["load_max"], whole.model.columns["on"].positions  # both stand in one order
    switched, period = rows.key["unit"], rows.key["period"]
    switch = effects_of(EffectKind.ENTRY, rows.positions, -stated[switched, period], period, on)
    unit = np.concatenate([unit, switched])
    yield from grouped("facility", _units(whole, unit), unit, joined([plain, switch]))


def _units(whole: Loosened, unit: Ints) -> tuple[Texts, Texts]:
    """Return the ids of units and empty commodities."""
    return whole.network.units.ids[unit], np.full(len(unit), "", object)


def _running(whole: Loosened) -> Iterator[Statement]:
    """Yield the least activity of must-run facilities and the least load of the others."""
    run, units, least = whole.model.columns["run"], whole.network.units, whole.model.candidates.least
    rows = whole.model.rows["load_min"]
    free = effects_of(EffectKind.LEAST, rows.positions, 0.0, rows.key["period"])
    for one in grouped("least_load", _units(whole, rows.key["unit"]), rows.key["unit"], free):
        told = {when: float(least[units.ids == one.subject, when].sum()) for when in one.amounts}
        yield replace(one, amounts=told, amount=sum(told.values()))
    unit, period = run.key["unit"], run.key["period"]
    here = np.flatnonzero(units.must_run[unit] & (least[unit, period] > 0))
    effects = effects_of(EffectKind.LOWER, run.start + here, least[unit[here], period[here]], period[here])
    yield from grouped("facility_required", _units(whole, unit[here]), unit[here], effects)


def _sizes(whole: Loosened) -> Iterator[Statement]:
    """Yield the greatest and least sizes of new units, over all their steps of scale."""
    size, built, steps = whole.model.columns["size"], whole.model.columns["built"], whole.network.units.steps
    step, rows = size.key["step"], whole.model.rows["size_max"]
    finite = np.isfinite(steps.most[rows.key["step"]])
    bounded = rows.key["step"][finite]
    column = np.full(len(steps.unit), -1)
    column[built.key["step"]] = built.positions
    plain = effects_of(EffectKind.UPPER, size.positions, steps.most[step])
    rest = effects_of(EffectKind.ENTRY, rows.positions[finite], -steps.most[bounded], -1, column[bounded])
    yield from _by_unit(whole, "build", np.concatenate([step, bounded]), joined([plain, rest]), steps.most, np.max)
    rows = whole.model.rows["size_min"]
    free = effects_of(EffectKind.LEAST, rows.positions, 0.0)
    yield from _by_unit(whole, "least_size", rows.key["step"], free, steps.least, np.min)


def _by_unit(
    whole: Loosened, constraint: str, step: Ints, effects: Effects, figure: Floats, of: Callable[[Floats], np.float64]
) -> Iterator[Statement]:
    """Yield one statement per new unit, its amount the greatest or least figure of its steps."""
    steps = whole.network.units.steps
    unit = steps.unit[step]
    for one in grouped(constraint, _units(whole, unit), unit, effects):
        mine = figure[(whole.network.units.ids == one.subject)[steps.unit]]
        yield replace(one, amount=float(of(mine)), amounts={})


def _costs(whole: Loosened) -> Iterator[Statement]:
    """Yield the capex of new units and links that counts towards the budget."""
    row = whole.model.rows["capex_budget"]
    if not len(row):
        return
    steps, links = whole.network.units.steps, whole.network.links
    for constraint, name, capex in (("fixed_capex", "built", steps.fixed), ("unit_capex", "size", steps.unit_cost)):
        block = whole.model.columns[name]
        paid = np.flatnonzero(capex[block.key["step"]] > 0)
        step = block.key["step"][paid]
        effects = effects_of(EffectKind.ENTRY, np.full(len(paid), row.start), capex[step], -1, block.start + paid)
        yield from _by_unit(whole, constraint, step, effects, capex, np.min)
    block = whole.model.columns["open"]
    link = block.key["link"]
    effects = effects_of(EffectKind.ENTRY, np.full(len(link), row.start), links.capex[link], -1, block.positions)
    yield from grouped("link_capex", _links_named(whole, link), link, effects)


def _links_named(whole: Loosened, link: Ints) -> tuple[Texts, Texts]:
    """Return the names and commodities of links."""
    origin, target, commodity, mode = link_key(whole.network, link)
    return origin.astype(object) + ">" + target.astype(object) + ":" + mode, commodity


def _links(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacities of links, by period."""
    rows, opened = whole.model.rows["link"], whole.model.columns["open"]
    link, period = rows.key["link"], rows.key["period"]
    capacity = whole.network.links.capacity[link] * whole.network.places.share[period]
    column = np.full(len(whole.network.links.mode), -1)
    column[opened.key["link"]] = opened.positions
    priced = (column[link] >= 0) & np.isfinite(capacity)
    plain = (column[link] < 0) & np.isfinite(capacity)
    at = column[link[priced]]
    parts = [effects_of(EffectKind.MOST, rows.positions[plain], capacity[plain], period[plain])]
    parts.append(effects_of(EffectKind.ENTRY, rows.positions[priced], -capacity[priced], period[priced], at))
    link = np.concatenate([link[plain], link[priced]])
    for one in grouped("link", _links_named(whole, link), link, joined(parts)):
        told = {when: abs(amount) for when, amount in one.amounts.items()}
        yield from replace(one, amounts=told, amount=sum(told.values())).by_period(whole.network.places.periods)


def _keeps(whole: Loosened) -> Iterator[Statement]:
    """Yield the limits on the part of each offer that may leave its site."""
    rows, outlets = whole.model.rows["keep"], whole.network.outlets
    end, period = rows.key["end"], rows.key["period"]
    kept = whole.network.dataset["offers"]["keep"].to_numpy(float)[outlets.ref[end]]
    effects = effects_of(EffectKind.MOST, rows.positions, (1 - kept) * whole.stated.given[end, period], period)
    yield from grouped("keep", _named(whole, outlets, end), end, effects)


def _qualities(whole: Loosened) -> Iterator[Statement]:
    """Yield the blending limits; flows that do not state the limited quality are excluded by them."""
    network, flow = whole.network, whole.model.columns["flow"]
    limits = quality_rows(network)
    if not len(limits) or not len(flow):
        return
    arcs, arc = network.arcs, flow.key["arc"]
    silent = np.isnan(network.qualities.values)[network.sources.signature[arcs.outlet[arc]]]
    names = np.asarray(network.qualities.properties, dtype=object)
    for side in ("maximum", "minimum"):
        rows = whole.model.rows[f"quality_{side[:3]}"]
        for sink, prop, figure in limits[["sink", "property", side]].itertuples(index=False):
            if np.isnan(figure):
                continue
            unknown = flow.start + np.flatnonzero((arcs.inlet[arc] == sink) & silent[:, prop])
            parts = [effects_of(EffectKind.UPPER, unknown, 0.0, flow.key["period"][unknown - flow.start])]
            mixed = np.flatnonzero((rows.key["sink"] == sink) & (rows.key["property"] == prop))
            parts.append(effects_of(EffectKind.MOST, rows.start + mixed, 0.0, rows.key["period"][mixed]))
            ids, goods = _named(whole, network.inlets, network.sinks.first[[sink]])
            subject = f"{ids[0]}/{names[prop]}"
            yield Statement(f"quality_{side[:3]}", subject, str(goods[0]), float(figure), joined(parts), {})


def _stores(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacities of stores."""
    level, stores = whole.model.columns["level"], whole.network.dataset["stores"]
    store = level.key["store"]
    capacity = stores["capacity"].to_numpy(float)
    names = (stores["store"].to_numpy(object)[store], stores["commodity"].to_numpy(object)[store])
    for one in grouped("store", names, store, effects_of(EffectKind.UPPER, level.positions, capacity[store])):
        amount = float(capacity[(stores["store"] == one.subject).to_numpy(bool)][0])
        yield replace(one, amount=amount)


def _partners(whole: Loosened) -> Iterator[Statement]:
    """Yield the limits on the number of partners of an enterprise."""
    rows = whole.model.rows["max_partners"]
    firm = rows.key["enterprise"]
    names = (whole.network.places.enterprises[firm], np.full(len(firm), "", object))
    most = float(whole.dataset.settings.max_partners or 0)
    yield from grouped("max_partners", names, firm, effects_of(EffectKind.MOST, rows.positions, most))


def _forbidden(whole: Loosened) -> Iterator[Statement]:
    """Yield the exchanges excluded by the scenario or by the links table, and the ban on new units."""
    settings, links, network = whole.dataset.settings, whole.dataset["links"], whole.network
    flow, size = whole.model.columns["flow"], whole.model.columns["size"]
    arc = flow.key["arc"]
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    ends = (network.sources.site[source], network.sinks.site[sink], network.sources.commodity[source])
    for pattern in settings.forbid:
        columns = flow.start + np.flatnonzero(matches(pattern, network.places, *ends))
        if len(columns):
            effects = effects_of(EffectKind.UPPER, columns, 0.0)
            yield Statement("forbid", _pattern(pattern), pattern.commodity or ANY, 0.0, effects, {})
    banned = {tuple(row) for row in links.loc[links["forbidden"], list(LINK_KEY)].itertuples(index=False)}
    for link, key in enumerate(zip(*link_key(network, np.arange(len(network.links.mode))), strict=True)):
        if key in banned:
            columns = flow.start + np.flatnonzero(network.arcs.link[arc] == link)
            effects = effects_of(EffectKind.UPPER, columns, 0.0)
            yield from grouped("link_forbidden", _links_named(whole, np.full(len(columns), link)), columns * 0, effects)
    if len(size) and not settings.allow_builds:
        yield Statement("allow_builds", "", "", 0.0, effects_of(EffectKind.UPPER, size.positions, 0.0), {})


def _aims(whole: Loosened) -> Iterator[Statement]:
    """Yield the policy constraints of the round."""
    settings, model = whole.dataset.settings, whole.model
    told: dict[str, list[tuple[str, str, float]]] = {
        "mode_share": [("+".join(rule.modes), rule.commodity, rule.minimum) for rule in settings.mode_share],
        "co2_cap": [("", "", settings.co2_cap or 0.0)],
        "capex_budget": [("", "", settings.capex_budget or 0.0)],
        "fix": [(_pattern(one), one.commodity or ANY, one.quantity or 0.0) for one in settings.fix],
    }
    for name, aims in told.items():
        for aim, row in zip(aims, model.rows[name].positions[:, None], strict=False):
            low, high = model.row_lower[row], model.row_upper[row]
            parts = [effects_of(EffectKind.LEAST, row[np.isfinite(low)], low[np.isfinite(low)])]
            parts.append(effects_of(EffectKind.MOST, row[np.isfinite(high)], high[np.isfinite(high)]))
            yield Statement(name, *aim, joined(parts), {})


def _pattern(pattern: Pattern) -> str:
    """Return the two ends of a `fix` or `forbid` pattern, with an asterisk for unrestricted ends."""
    giver = pattern.from_site or pattern.from_enterprise or ANY
    return f"{giver}>{pattern.to_site or pattern.to_enterprise or ANY}"


FAMILIES: tuple[Callable[[Loosened], Iterator[Statement]], ...] = (
    _stores,
    _keeps,
    _links,
    partial(_markets, side="give"),
    partial(_markets, side="take"),
    _facilities,
    partial(_trade, kind=EndKind.OFFER, asked=False),
    partial(_trade, kind=EndKind.NEED, asked=False),
    _sizes,
    _costs,
    _qualities,
    _partners,
    _forbidden,
    _running,
    _aims,
    partial(_trade, kind=EndKind.OFFER, asked=True),
    partial(_trade, kind=EndKind.NEED, asked=True),
)


TEXTS = Catalogue(
    {
        "need_required": (
            "need {subject} has to be met in full: {amount:,.10g} of {commodity}",
            "需求 {subject} 必须全部满足：{commodity} {amount:,.10g}",
        ),
        "need": (
            "need {subject} takes at most {amount:,.10g} of {commodity}",
            "需求 {subject} 最多接收 {commodity} {amount:,.10g}",
        ),
        "offer_required": (
            "offer {subject} has to leave in full: {amount:,.10g} of {commodity}",
            "供给 {subject} 必须全部运出：{commodity} {amount:,.10g}",
        ),
        "offer": (
            "offer {subject} gives at most {amount:,.10g} of {commodity}",
            "供给 {subject} 最多提供 {commodity} {amount:,.10g}",
        ),
        "facility_required": (
            "facility {subject} may not stop: at least {amount:,.10g} a year",
            "装置 {subject} 不得停运：全年至少 {amount:,.10g}",
        ),
        "facility": (
            "facility {subject} runs at most {amount:,.10g} a year",
            "装置 {subject} 全年最多运行 {amount:,.10g}",
        ),
        "least_load": (
            "facility {subject} runs at {amount:,.10g} a year or more, or not at all",
            "装置 {subject} 要么停运，要么全年至少运行 {amount:,.10g}",
        ),
        "build": (
            "new unit {subject} has a size of at most {amount:,.10g}",
            "新建装置 {subject} 的规模不超过 {amount:,.10g}",
        ),
        "least_size": (
            "new unit {subject} has a size of at least {amount:,.10g} if it is built",
            "新建装置 {subject} 如建设，规模不小于 {amount:,.10g}",
        ),
        "fixed_capex": (
            "new unit {subject} takes a capex of {amount:,.10g}, whatever its size",
            "新建装置 {subject} 无论规模大小都需投资 {amount:,.10g}",
        ),
        "unit_capex": (
            "new unit {subject} takes a capex of {amount:,.10g} for each unit of its size",
            "新建装置 {subject} 每单位规模需投资 {amount:,.10g}",
        ),
        "link_capex": (
            "the link {subject} for {commodity} takes a capex of {amount:,.10g}",
            "线路 {subject}（{commodity}）需投资 {amount:,.10g}",
        ),
        "forbid": (
            "the round forbids the exchange {subject} (commodity {commodity})",
            "本轮禁止交换 {subject}（物料 {commodity}）",
        ),
        "link_forbidden": (
            "the link {subject} for {commodity} is forbidden by the tables",
            "数据表禁止使用线路 {subject}（{commodity}）",
        ),
        "allow_builds": ("new units are not allowed in the round", "本轮不允许新建装置"),
        "store": (
            "store {subject} holds at most {amount:,.10g} of {commodity}",
            "储存 {subject} 最多存放 {commodity} {amount:,.10g}",
        ),
        "capex_budget": (
            "the capex budget of the round: at most {amount:,.10g}",
            "本轮投资预算：不超过 {amount:,.10g}",
        ),
        "co2_cap": (
            "the CO2 cap of the round: at most {amount:,.10g} t a year",
            "本轮二氧化碳上限：每年不超过 {amount:,.10g} t",
        ),
        "mode_share": (
            "of what moves of {commodity}, at least the part {amount:g} goes by {subject}",
            "{commodity} 运输中 {subject} 所占比例不低于 {amount:g}",
        ),
        "fix": (
            "the exchange {subject} is fixed: {amount:,.10g} of {commodity} a year",
            "交换 {subject} 已固定：{commodity} 每年 {amount:,.10g}",
        ),
        "max_partners": ("{subject} has at most {amount:g} partners", "{subject} 的合作方不超过 {amount:g} 家"),
        "link": (
            "the link {subject} carries at most {amount:,.10g} of {commodity}",
            "线路 {subject} 最多输送 {commodity} {amount:,.10g}",
        ),
        "keep": (
            "of offer {subject}, at most {amount:,.10g} of {commodity} may leave the site",
            "供给 {subject} 的 {commodity} 最多可外送 {amount:,.10g}，其余须自留",
        ),
        "quality_max": (
            "{subject} is at most {amount:,.10g} in what is taken of {commodity}",
            "所接收的 {commodity} 中 {subject} 不超过 {amount:,.10g}",
        ),
        "quality_min": (
            "{subject} is at least {amount:,.10g} in what is taken of {commodity}",
            "所接收的 {commodity} 中 {subject} 不低于 {amount:,.10g}",
        ),
        "market_take": (
            "market {subject} takes at most {amount:,.10g} of {commodity}",
            "市场 {subject} 最多收购 {commodity} {amount:,.10g}",
        ),
        "market_give": (
            "market {subject} gives at most {amount:,.10g} of {commodity}",
            "市场 {subject} 最多供应 {commodity} {amount:,.10g}",
        ),
    }
)
