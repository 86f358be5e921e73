"""Statements of a dataset and its scenario, by constraint family, in the loosened (elastic) problem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.candidates.candidates import candidates_of, quality_rows
from synergy.candidates.reach import ReachBounds
from synergy.candidates.scope import everyone
from synergy.dataset.sheet import Dataset
from synergy.model.assembly import Block
from synergy.model.build import Model, build
from synergy.model.decode import names_of
from synergy.model.scaling import ScaledProblem, scaled
from synergy.model.statements import EffectKind, Effects, Statement, effects_of, grouped, joined
from synergy.model.variables import least_run
from synergy.network.ends import EndKind, Ends
from synergy.network.links import matches
from synergy.network.network import Network, network_of
from synergy.network.places import Bools, Floats, Ints, Texts
from synergy.scenario import Pattern

WIDE = 10.0  # times all that the tables state of a commodity: more than any plan could move
ANY = "*"  # any site, or any commodity
LINK_KEY = ("from_site", "to_site", "commodity", "mode")


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

    def banned(self) -> list[Ints]:
        """Return the flow columns that each `forbid` pattern excludes."""
        flow, network = self.model.column("flow"), self.network
        if not len(flow):
            return [np.empty(0, np.int64) for _ in self.dataset.settings.forbid]
        arc = flow.key["arc"]
        source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
        ends = (network.sources.site[source], network.sinks.site[sink], network.sources.commodity[source])
        patterns = self.dataset.settings.forbid
        return [flow.start + np.flatnonzero(matches(pattern, network.places, *ends)) for pattern in patterns]


def loosened(dataset: Dataset) -> Loosened:
    """Build the problem of a round in which every statement has its own column or row."""
    links = dataset["links"]
    links["forbidden"] = False
    settings = replace(dataset.settings, forbid=(), allow_builds=True)
    network = network_of(replace(dataset, settings=settings, tables={**dataset.tables, "links": links}))
    candidates = candidates_of(network, everyone(network.places), prune=False, tight=False)
    stated = candidates.reach
    carried, run = _wide(network, stated, dataset)
    shape = stated.flow.shape
    arc_most = carried[network.sources.commodity[network.arcs.outlet]][:, None]
    present = ReachBounds(
        run=np.where(stated.run > 0, np.where(np.isfinite(stated.run), stated.run, run[:, None]), 1.0),
        given=np.where(stated.given > 0, stated.given, 1.0),
        taken=np.where(stated.taken > 0, stated.taken, 1.0),
        sent=np.full_like(stated.sent, np.inf),
        received=np.full_like(stated.received, np.inf),
        flow=np.where(np.isfinite(stated.flow) & (stated.flow > 0), stated.flow, np.broadcast_to(arc_most, shape)),
    )
    steps = np.ones(len(network.units.steps.unit), dtype=bool)
    candidates = replace(
        candidates, reach=present, reason=np.zeros(shape, dtype=np.int8), step=steps, size=np.maximum(run, 0.0)
    )
    return Loosened(dataset, build(candidates), stated, carried, run)


def _wide(network: Network, stated: ReachBounds, dataset: Dataset) -> tuple[Floats, Floats]:
    """Return big-M amounts: more of each commodity and of each unit's activity than any plan could have."""
    total = np.zeros(len(network.places.commodities))
    for ends, amount in ((network.outlets, stated.given), (network.inlets, stated.taken)):
        np.add.at(total, ends.commodity, np.where(np.isfinite(amount), amount, 0.0).sum(axis=1))
    total += sum(pattern.quantity or 0.0 for pattern in dataset.settings.fix)
    total = np.where(total > 0, total, max(total.max(initial=0.0), 1.0))
    units = network.units
    run = np.where(np.isfinite(units.capacity), units.capacity, 1.0)
    np.maximum.at(run, units.recipe_unit, total[units.recipe_commodity] / np.abs(units.recipe_coefficient))
    np.maximum.at(run, units.steps.unit, units.steps.least)
    return WIDE * total, WIDE * run


@dataclass(slots=True)
class Bounds:
    """Hold the bounds of columns and rows and the matrix entries (`data`) that statements may set, in scaled units."""

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    data: Floats

    def copy(self) -> Bounds:
        """Return a writable copy."""
        return Bounds(*[getattr(self, name).copy() for name in self.__slots__])

    def crossed(self) -> bool:
        """Return whether some lower bound exceeds its upper bound."""
        return bool((self.lower > self.upper).any() or (self.row_lower > self.row_upper).any())


def entries_at(matrix: sparse.csr_array, rows: Ints, columns: Ints) -> Ints:
    """Return positions of entries in the data of a matrix with sorted indices; every entry must exist."""
    width = matrix.shape[1]
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    found: Ints = np.searchsorted(row * width + matrix.indices, rows * width + columns)
    return found


def free_problem(whole: Loosened, free_rows: Bools) -> ScaledProblem:
    """Return the problem with no cost and no statement in force: columns unbounded above, binaries kept.

    `free_rows`, shape (rows,), marks the rows that statements set; they are free.
    """
    model = whole.model
    matrix = model.matrix.copy()
    matrix.data = np.nan_to_num(matrix.data)  # mixes of what states no quality: their exchanges are statements
    _widen(whole, matrix)
    endless = np.where(model.integer, model.upper, np.inf)
    scaling = scaled(replace(model, matrix=matrix, upper=np.where(_flows(model), np.inf, model.upper)))
    whole_matrix = sparse.csr_array(matrix.multiply(scaling.row[:, None]).multiply(scaling.column[None, :]))
    whole_matrix.sort_indices()
    return replace(
        scaling,
        matrix=whole_matrix,
        row_lower=np.where(free_rows, -np.inf, scaling.row_lower),
        row_upper=np.where(free_rows, np.inf, scaling.row_upper),
        lower=np.zeros(len(endless)),
        upper=endless / scaling.column,
        cost=np.zeros(len(endless)),
    )


def _flows(model: Model) -> Bools:
    """Return the mask of flow columns."""
    flows = np.zeros(len(model.cost), dtype=bool)
    flows[model.column("flow").span] = True
    return flows


def _widen(whole: Loosened, matrix: sparse.csr_array) -> None:
    """Replace the coefficients of binaries in variable upper bounds by big-M amounts."""
    model, network = whole.model, whole.network
    steps = network.units.steps
    wide = np.zeros(len(model.cost))
    for name, key, amount in (
        ("on", "unit", whole.run),
        ("built", "step", whole.run[steps.unit]),
        ("open", "link", whole.carried[network.links.commodity]),
    ):
        block = model.column(name)
        if len(block):
            wide[block.span] = amount[block.key[key]]
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for name in ("load_max", "size_max", "link"):
        rows = model.rows.get(name)
        if rows is not None and len(rows):
            hit = (row_of >= rows.start) & (row_of < rows.stop) & (wide[matrix.indices] > 0)
            matrix.data[hit] = -wide[matrix.indices[hit]]
    partner, rows = model.column("partner"), model.rows.get("partner")
    if len(partner) and rows is not None:
        flow = model.column("flow")
        arc = flow.key["arc"][rows.key["flow"]]
        amount = whole.carried[network.sources.commodity[network.arcs.outlet[arc]]]
        inside = (row_of >= rows.start) & (row_of < rows.stop)
        hit = inside & (matrix.indices >= partner.start) & (matrix.indices < partner.stop)
        matrix.data[hit] = -amount[row_of[hit] - rows.start]


def statements_of(whole: Loosened) -> list[Statement]:
    """Return all statements of a dataset and its scenario, those preferred in explanations last."""
    return [statement for family in FAMILIES for statement in family(whole)]


def _ends(whole: Loosened, side: str) -> tuple[Block, Ends, Floats]:
    """Return the columns of amounts given or taken, their ends, and the amounts stated in the tables."""
    network = whole.network
    ends = network.outlets if side == "give" else network.inlets
    block = whole.model.column(side)
    amount = whole.stated.given if side == "give" else whole.stated.taken
    if not len(block):
        return block, ends, np.empty(0)
    return block, ends, amount[block.key["end"], block.key["period"]]


def _named(whole: Loosened, ends: Ends, end: Ints) -> tuple[Texts, Texts]:
    """Return the ids and commodities of ends."""
    return names_of(whole.network, ends, end)[1], whole.network.places.commodities[ends.commodity[end]]


def _trade(kind: EndKind, side: str, table: str, *, asked: bool) -> Callable[[Loosened], Iterator[Statement]]:
    """Return the family of upper limits on offers or needs or, if `asked`, of their obligations."""
    constraint = table[:-1] + ("_required" if asked else "")
    compulsory = "must_clear" if kind is EndKind.OFFER else "required"

    def family(whole: Loosened) -> Iterator[Statement]:
        block, ends, amount = _ends(whole, side)
        if not len(block):
            return
        which = ends.kind[block.key["end"]] == kind
        if asked:
            flag = whole.network.dataset[table][compulsory].to_numpy(bool)
            which &= amount > 0
            which[which] = flag[ends.ref[block.key["end"][which]]]
        here = np.flatnonzero(which)
        end = block.key["end"][here]
        part = EffectKind.LOWER if asked else EffectKind.UPPER
        effects = effects_of(part, block.start + here, amount[here], block.key["period"][here])
        yield from grouped(constraint, _named(whole, ends, end), end, effects)

    return family


def _markets(side: str) -> Callable[[Loosened], Iterator[Statement]]:
    """Return the family of market limits, per enterprise or at the market's own site."""

    def family(whole: Loosened) -> Iterator[Statement]:
        block, ends, amount = _ends(whole, side)
        if not len(block):
            return
        places, markets = whole.network.places, whole.network.dataset["markets"]
        here = np.flatnonzero(ends.kind[block.key["end"]] == EndKind.MARKET)
        end, period = block.key["end"][here], block.key["period"][here]
        firms = len(places.enterprises) + 1
        market, firm = ends.ref[end], places.owner[ends.site[end]] % firms  # public places count as one more
        limit = np.full((len(markets), firms, len(places.share)), np.inf)
        limit[market, firm, period] = amount[here]
        parts = [effects_of(EffectKind.UPPER, block.start + here, amount[here], period)]
        keys = [market * firms + firm]
        rows = whole.model.rows.get(f"market_{side}")
        if rows is not None and len(rows):  # several sites of an enterprise share the limit: told once
            at = (rows.key["market"], rows.key["enterprise"] % firms, rows.key["period"])
            parts.insert(0, effects_of(EffectKind.MOST, rows.positions, limit[at], at[2]))
            keys.insert(0, at[0] * firms + at[1])
        group = np.concatenate(keys)
        sited = (markets["site"] != "").to_numpy(bool)[group // firms]
        owner = np.append(places.enterprises.astype(object), "")[group % firms]
        subject = markets["market"].to_numpy(object)[group // firms]
        subject = np.where(sited | (owner == ""), subject, subject + "@" + owner)
        goods = markets["commodity"].to_numpy(object)[group // firms]
        yield from grouped(f"market_{side}", (subject, goods), group, joined(parts))

    return family


def _facilities(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacity limits of facilities."""
    run, units = whole.model.column("run"), whole.network.units
    if not len(run):
        return
    here = np.flatnonzero(~units.is_build[run.key["unit"]])
    unit, period = run.key["unit"][here], run.key["period"][here]
    parts, group = [effects_of(EffectKind.UPPER, run.start + here, whole.stated.run[unit, period], period)], [unit]
    rows = whole.model.rows.get("load_max")
    if rows is not None and len(rows):
        unit, period = rows.key["unit"], rows.key["period"]
        column = whole.model.column("on").positions  # rows and columns of `on` stand in one order
        parts.append(effects_of(EffectKind.ENTRY, rows.positions, -whole.stated.run[unit, period], period, column))
        group.append(unit)
    yield from grouped("facility", _units(whole, np.concatenate(group)), np.concatenate(group), joined(parts))


def _units(whole: Loosened, unit: Ints) -> tuple[Texts, Texts]:
    """Return the ids of units and empty commodities."""
    return whole.network.units.ids[unit], np.full(len(unit), "", object)


def _running(whole: Loosened) -> Iterator[Statement]:
    """Yield the least activity of must-run facilities and the least load of the others."""
    run, units, least = whole.model.column("run"), whole.network.units, least_run(whole.model.candidates)
    if not len(run):
        return
    unit, period = run.key["unit"], run.key["period"]
    here = np.flatnonzero(units.must_run[unit] & (least[unit, period] > 0))
    effects = effects_of(EffectKind.LOWER, run.start + here, least[unit[here], period[here]], period[here])
    rows = whole.model.rows.get("load_min")
    if rows is not None and len(rows):
        unit_of, when = rows.key["unit"], rows.key["period"]
        free = effects_of(EffectKind.LEAST, rows.positions, 0.0, when)
        for one in grouped("least_load", _units(whole, unit_of), unit_of, free):
            told = {when: float(least[units.ids == one.subject, when].sum()) for when in one.amounts}
            yield replace(one, amounts=told, amount=sum(told.values()))
    yield from grouped("facility_required", _units(whole, unit[here]), unit[here], effects)


def _sizes(whole: Loosened) -> Iterator[Statement]:
    """Yield the greatest and least sizes of new units, over all their steps of scale."""
    size, steps = whole.model.column("size"), whole.network.units.steps
    if not len(size):
        return
    step = size.key["step"]
    parts, owner, figure = [effects_of(EffectKind.UPPER, size.positions, steps.most[step])], [step], steps.most
    rows = whole.model.rows.get("size_max")
    built = whole.model.column("built")
    if rows is not None and len(rows):
        step = rows.key["step"]
        column = np.full(len(steps.unit), -1)
        column[built.key["step"]] = built.positions
        finite = np.isfinite(steps.most[step])
        step = step[finite]
        parts.append(effects_of(EffectKind.ENTRY, rows.positions[finite], -steps.most[step], -1, column[step]))
        owner.append(step)
    yield from _by_unit(whole, "build", (parts, owner), figure, np.max)
    rows = whole.model.rows.get("size_min")
    if rows is not None and len(rows):
        free = effects_of(EffectKind.LEAST, rows.positions, 0.0)
        yield from _by_unit(whole, "least_size", ([free], [rows.key["step"]]), steps.least, np.min)


def _by_unit(
    whole: Loosened,
    constraint: str,
    given: tuple[list[Effects], list[Ints]],
    figure: Floats,
    of: Callable[[Floats], np.float64],
) -> Iterator[Statement]:
    """Yield one statement per new unit, its amount the greatest or least figure of its steps."""
    parts, owner = given
    steps = whole.network.units.steps
    unit = steps.unit[np.concatenate(owner)]
    for one in grouped(constraint, _units(whole, unit), unit, joined(parts)):
        mine = figure[(whole.network.units.ids == one.subject)[steps.unit]]
        yield replace(one, amount=float(of(mine)), amounts={})


def _costs(whole: Loosened) -> Iterator[Statement]:
    """Yield the capex of new units and links that counts towards the budget."""
    row = whole.model.rows.get("capex_budget")
    if row is None or not len(row):
        return
    steps, links = whole.network.units.steps, whole.network.links
    for constraint, name, capex in (("fixed_capex", "built", steps.fixed), ("unit_capex", "size", steps.unit_cost)):
        block = whole.model.column(name)
        paid = np.flatnonzero(capex[block.key["step"]] > 0) if len(block) else np.empty(0, np.int64)
        if len(paid):
            step = block.key["step"][paid]
            effects = effects_of(EffectKind.ENTRY, np.full(len(paid), row.start), capex[step], -1, block.start + paid)
            yield from _by_unit(whole, constraint, ([effects], [step]), capex, np.min)
    block = whole.model.column("open")
    if len(block):
        link = block.key["link"]
        effects = effects_of(EffectKind.ENTRY, np.full(len(link), row.start), links.capex[link], -1, block.positions)
        yield from grouped("link_capex", _links_named(whole, link), link, effects)


def _links_named(whole: Loosened, link: Ints) -> tuple[Texts, Texts]:
    """Return the names and commodities of links."""
    places, links = whole.network.places, whole.network.links
    ends = places.sites[links.origin[link]].astype(object) + ">" + places.sites[links.target[link]].astype(object)
    return ends + ":" + links.mode[link], places.commodities[links.commodity[link]]


def _links(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacities of links, by period."""
    rows = whole.model.rows.get("link")
    if rows is None or not len(rows):
        return
    link, period = rows.key["link"], rows.key["period"]
    capacity = whole.network.links.capacity[link] * whole.network.places.share[period]
    opened = whole.model.column("open")
    column = np.full(len(whole.network.links.mode), -1)
    column[opened.key["link"] if len(opened) else []] = opened.positions
    priced = (column[link] >= 0) & np.isfinite(capacity)
    plain = (column[link] < 0) & np.isfinite(capacity)
    effects = joined(
        [
            effects_of(EffectKind.MOST, rows.positions[plain], capacity[plain], period[plain]),
            effects_of(
                EffectKind.ENTRY, rows.positions[priced], -capacity[priced], period[priced], column[link[priced]]
            ),
        ]
    )
    link = np.concatenate([link[plain], link[priced]])
    for one in grouped("link", _links_named(whole, link), link, effects):
        told = {when: abs(amount) for when, amount in one.amounts.items()}
        yield from replace(one, amounts=told, amount=sum(told.values())).by_period(whole.network.places.periods)


def _keeps(whole: Loosened) -> Iterator[Statement]:
    """Yield the limits on the part of each offer that may leave its site."""
    rows = whole.model.rows.get("keep")
    if rows is None or not len(rows):
        return
    outlets, (end, period) = whole.network.outlets, (rows.key["end"], rows.key["period"])
    kept = whole.network.dataset["offers"]["keep"].to_numpy(float)[outlets.ref[end]]
    effects = effects_of(EffectKind.MOST, rows.positions, (1 - kept) * whole.stated.given[end, period], period)
    yield from grouped("keep", _named(whole, outlets, end), end, effects)


def _qualities(whole: Loosened) -> Iterator[Statement]:
    """Yield the blending limits; flows that do not state the limited quality are excluded by them."""
    network, flow = whole.network, whole.model.column("flow")
    limits = quality_rows(network)
    if not len(limits) or not len(flow):
        return
    arcs, arc = network.arcs, flow.key["arc"]
    silent = np.isnan(network.qualities.values)[network.sources.signature[arcs.outlet[arc]]]
    names = np.asarray(network.qualities.properties, dtype=object)
    for side in ("maximum", "minimum"):
        rows = whole.model.rows.get(f"quality_{side[:3]}")
        for sink, prop, figure in limits[["sink", "property", side]].itertuples(index=False):
            if np.isnan(figure):
                continue
            unknown = flow.start + np.flatnonzero((arcs.inlet[arc] == sink) & silent[:, prop])
            parts = [effects_of(EffectKind.UPPER, unknown, 0.0, flow.key["period"][unknown - flow.start])]
            if rows is not None:
                mixed = np.flatnonzero((rows.key["sink"] == sink) & (rows.key["property"] == prop))
                parts.append(effects_of(EffectKind.MOST, rows.start + mixed, 0.0, rows.key["period"][mixed]))
            ids, goods = _named(whole, network.inlets, network.sinks.first[[sink]])
            subject = f"{ids[0]}/{names[prop]}"
            yield Statement(f"quality_{side[:3]}", subject, str(goods[0]), float(figure), joined(parts), {})


def _stores(whole: Loosened) -> Iterator[Statement]:
    """Yield the capacities of stores."""
    level, stores = whole.model.column("level"), whole.network.dataset["stores"]
    if not len(level):
        return
    store = level.key["store"]
    capacity = stores["capacity"].to_numpy(float)
    names = (stores["store"].to_numpy(object)[store], stores["commodity"].to_numpy(object)[store])
    for one in grouped("store", names, store, effects_of(EffectKind.UPPER, level.positions, capacity[store])):
        amount = float(capacity[(stores["store"] == one.subject).to_numpy(bool)][0])
        yield replace(one, amount=amount)


def _partners(whole: Loosened) -> Iterator[Statement]:
    """Yield the limits on the number of partners of an enterprise."""
    rows = whole.model.rows.get("max_partners")
    if rows is None or not len(rows):
        return
    firm = rows.key["enterprise"]
    names = (whole.network.places.enterprises[firm], np.full(len(firm), "", object))
    most = float(whole.dataset.settings.max_partners or 0)
    yield from grouped("max_partners", names, firm, effects_of(EffectKind.MOST, rows.positions, most))


def _forbidden(whole: Loosened) -> Iterator[Statement]:
    """Yield the exchanges excluded by the scenario or by the links table, and the ban on new units."""
    for pattern, columns in zip(whole.dataset.settings.forbid, whole.banned(), strict=True):
        if len(columns):
            effects = effects_of(EffectKind.UPPER, columns, 0.0)
            yield Statement("forbid", _pattern(pattern), pattern.commodity or ANY, 0.0, effects, {})
    links, network, flow = whole.dataset["links"], whole.network, whole.model.column("flow")
    banned = {tuple(row) for row in links.loc[links["forbidden"], list(LINK_KEY)].itertuples(index=False)}
    places, own = network.places, network.links
    for link in range(len(own.mode) if banned else 0):
        ends = (places.sites[own.origin[link]], places.sites[own.target[link]])
        if (*ends, places.commodities[own.commodity[link]], own.mode[link]) in banned:
            columns = flow.start + np.flatnonzero(network.arcs.link[flow.key["arc"]] == link)
            effects = effects_of(EffectKind.UPPER, columns, 0.0)
            yield from grouped("link_forbidden", _links_named(whole, np.full(len(columns), link)), columns * 0, effects)
    size = whole.model.column("size")
    if len(size) and not whole.dataset.settings.allow_builds:
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
        rows = model.rows.get(name)
        for place in range(0 if rows is None else len(rows)):
            row = np.array([rows.start + place]) if rows is not None else np.empty(0, int)
            low, high = model.row_lower[row], model.row_upper[row]
            parts = [effects_of(EffectKind.LEAST, row[np.isfinite(low)], low[np.isfinite(low)])]
            parts.append(effects_of(EffectKind.MOST, row[np.isfinite(high)], high[np.isfinite(high)]))
            yield Statement(name, *aims[place], joined(parts), {})


def _pattern(pattern: Pattern) -> str:
    """Return the two ends of a `fix` or `forbid` pattern, with an asterisk for unrestricted ends."""
    giver = pattern.from_site or pattern.from_enterprise or ANY
    return f"{giver}>{pattern.to_site or pattern.to_enterprise or ANY}"


FAMILIES: tuple[Callable[[Loosened], Iterator[Statement]], ...] = (
    _stores,
    _keeps,
    _links,
    _markets("give"),
    _markets("take"),
    _facilities,
    _trade(EndKind.OFFER, "give", "offers", asked=False),
    _trade(EndKind.NEED, "take", "needs", asked=False),
    _sizes,
    _costs,
    _qualities,
    _partners,
    _forbidden,
    _running,
    _aims,
    _trade(EndKind.OFFER, "give", "offers", asked=True),
    _trade(EndKind.NEED, "take", "needs", asked=True),
)
