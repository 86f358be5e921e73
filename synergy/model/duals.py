"""Duals: map the solver's row duals and reduced costs to the rows of the model contract (see `synergy.literal`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.model.assembly import Block
from synergy.model.build import Model
from synergy.model.decode import names_of
from synergy.network.ends import EndKind, Ends
from synergy.network.places import Floats, Ints, Texts
from synergy.scenario import Cell

COLUMNS = ("constraint", "subject", "commodity", "period", "value")
# rows that say how much there may be, not how goods, activities and levels hang together
LIMITS = frozenset(
    {
        "offer",
        "keep",
        "need",
        "run",
        "load_min",
        "level",
        "size_max",
        "link",
        "market",
        "quality_max",
        "quality_min",
        "capex_budget",
        "co2_cap",
        "mode_share",
        "fix",
        "max_partners",
    }
)


def duals_of(model: Model, row_dual: Floats) -> pd.DataFrame:
    """Return the shadow price of the right-hand side of each row of the contract's model, as a frame of `COLUMNS`.

    Outlets and inlets that the engine treats as one group share a price; bounds of its columns are rows there. The
    model's integers are free (an LP) or held; `row_dual`, shape (rows,), is money per unit of each row's right side.
    Rows worth nothing are left out; ``value`` is money a year per unit of the row.
    """
    reduced = model.cost - model.matrix.T @ row_dual
    frames = [frame for frame in _families(model, row_dual, reduced) if len(frame)]
    table = pd.concat(frames or [_frame("", "", "", "", np.empty(0))], ignore_index=True)
    table = table[table["value"].notna() & (table["value"] != 0.0)]
    # a limit that several members feel is one row there: it is worth what the one who feels it most would pay
    size = table["value"].abs()
    kept = size.groupby([table[name] for name in COLUMNS[:4]], sort=False).idxmax()
    return pd.DataFrame(table.loc[kept]).reset_index(drop=True)


def shadow_prices(duals: pd.DataFrame) -> tuple[dict[str, Cell], ...]:
    """Return the duals of limits only, in decreasing absolute value, as listed in the plan document."""
    limits = duals[duals["constraint"].isin(LIMITS)]
    order = np.argsort(-limits["value"].abs().to_numpy(float), kind="stable")
    return listed(limits.iloc[order])


def listed(duals: pd.DataFrame) -> tuple[dict[str, Cell], ...]:
    """Return duals row by row, as listed in the plan document."""
    return tuple({str(key): value for key, value in row.items()} for row in duals.to_dict("records"))


def _families(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of each family of rows."""
    network = model.candidates.network
    for ends, groups, name, sign in (
        (network.outlets, network.sources, "outlet", -1.0),
        (network.inlets, network.sinks, "inlet", 1.0),
    ):
        shape = (len(groups.site), len(network.places.share))
        price = _table(model.rows.get(name), row, shape, sign)
        yield from _ends(model, ends, price, sign)
    yield from _units(model, row, reduced)
    yield from _stores(model, row, reduced)
    yield from _links(model, row, reduced)
    yield from _mixes(model, row)
    yield from _rules(model, row)


def _frame(constraint: str, subject: ArrayLike, commodity: ArrayLike, period: ArrayLike, value: Floats) -> pd.DataFrame:
    """Return the rows of one constraint family as a frame; scalars are broadcast."""
    value = np.asarray(value, dtype=float)
    columns = (constraint, subject, commodity, period)
    spread = [np.broadcast_to(np.asarray(column, dtype=object), value.shape) for column in columns]
    return pd.DataFrame(dict(zip(COLUMNS, [*spread, value], strict=True)))


def _table(block: Block | None, row: Floats, shape: tuple[int, int], sign: float) -> Floats:
    """Return the duals of balance rows as a table of groups x periods."""
    table = np.full(shape, np.nan)
    if block is not None and len(block):
        table[block.key["group"], block.key["period"]] = sign * row[block.span]
    return table


def _ends(model: Model, ends: Ends, price: Floats, sign: float) -> Iterator[pd.DataFrame]:
    """Yield the duals of offers or needs, of unit outputs or inputs, and of limited markets."""
    network = model.candidates.network
    periods = network.places.periods
    active = model.candidates.scope.factor(network.places)[ends.site] > 0
    kind, table, duty = (EndKind.OFFER, "offers", "must_clear") if sign < 0 else (EndKind.NEED, "needs", "required")
    end, period = np.nonzero(((ends.kind == kind) & active)[:, None] & (ends.amount > 0))
    rows = network.dataset[table].iloc[ends.ref[end]]
    value = price[ends.group[end], period] + sign * rows["price"].to_numpy(float)
    value = np.where(rows[duty].to_numpy(bool), value, np.maximum(value, 0.0))
    name = table.removesuffix("s")
    yield _frame(name, rows[name].to_numpy(object), _goods(model, ends, end), periods[period], value)
    unit = np.flatnonzero((ends.kind == EndKind.UNIT) & active)
    end, period = np.repeat(unit, len(periods)), np.tile(np.arange(len(periods)), len(unit))
    ids, word = network.units.ids[ends.ref[end]], "output" if sign < 0 else "input"
    yield _frame(word, ids, _goods(model, ends, end), periods[period], price[ends.group[end], period])
    yield _markets(model, ends, price, sign)


def _markets(model: Model, ends: Ends, price: Floats, sign: float) -> pd.DataFrame:
    """Return the shadow price of each market's limit, by enterprise."""
    network = model.candidates.network
    markets, places = network.dataset["markets"], network.places
    limit = np.isfinite(markets["limit"].to_numpy(float))
    active = model.candidates.scope.factor(places)[ends.site] > 0
    hit = (ends.kind == EndKind.MARKET) & active
    hit[hit] = limit[ends.ref[hit]]
    end, period = np.nonzero(hit[:, None] & (ends.amount > 0))
    rows = markets.iloc[ends.ref[end]]
    value = np.maximum(price[ends.group[end], period] + sign * rows["price"].to_numpy(float), 0.0)
    firms = np.append(places.enterprises.astype(object), "")[places.owner[ends.site[end]]]
    name = rows["market"].to_numpy(object)
    subject = np.where(rows["site"].to_numpy(object) == "", name + "@" + firms, name)
    return _frame("market", subject, _goods(model, ends, end), places.periods[period], value)


def _goods(model: Model, ends: Ends, which: Ints) -> Texts:
    """Return the commodities of some ends."""
    return model.candidates.network.places.commodities[ends.commodity[which]]


def _units(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of facility capacities, least loads and build sizes."""
    network = model.candidates.network
    units, names = network.units, network.places.periods
    run = model.column("run")
    if len(run):
        unit, period, value = run.key["unit"], run.key["period"], reduced[run.span]
        standing = ~units.is_build[unit]
        least = np.where(standing & units.must_run[unit], np.minimum(value, 0.0), 0.0)
        value = np.where(standing, np.maximum(value, 0.0), 0.0)
        yield _frame("run", units.ids[unit], "", names[period], value)
        yield _frame("load_min", units.ids[unit], "", names[period], least)
    rows = model.rows.get("run")
    if rows is not None and len(rows):
        yield _frame("run", units.ids[rows.key["unit"]], "", names[rows.key["period"]], row[rows.span])
    size = model.column("size")
    if len(size):
        steps = units.steps
        step = size.key["step"]
        mark = np.where(steps.size[step] == "", "", "#" + steps.size[step].astype(object))
        value = np.maximum(reduced[size.span], 0.0)
        yield _frame("size_max", units.ids[steps.unit[step]] + mark, "", "", value)


def _stores(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of store balances, capacities and withdrawal limits."""
    network = model.candidates.network
    stores, names = network.dataset["stores"], network.places.periods
    level = model.column("level")
    parts = [("level", level, np.maximum(reduced[level.span], 0.0))] if len(level) else []
    parts += [
        (name, model.rows[name], row[model.rows[name].span]) for name in ("store", "withdrawal") if name in model.rows
    ]
    for name, block, value in parts:
        store = block.key["store"]
        goods = stores["commodity"].to_numpy(object)[store]
        yield _frame(name, stores["store"].to_numpy(object)[store], goods, names[block.key["period"]], value)


def _links(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of link capacities, from their rows and from the reduced costs of flow bounds."""
    network = model.candidates.network
    links, places, flow = network.links, network.places, model.column("flow")
    value = np.zeros((len(links.mode) + 1, len(places.share)))  # the last stands for exchanges inside a site
    if len(flow):
        over, bound = network.arcs.link[flow.key["arc"]], np.maximum(reduced[flow.span], 0.0)
        bound = np.where(np.isfinite(np.append(links.capacity, np.inf)[over]), bound, 0.0)
        np.maximum.at(value, (over, flow.key["period"]), bound)
    rows = model.rows.get("link")
    if rows is not None and len(rows):
        value[rows.key["link"], rows.key["period"]] += row[rows.span]
    link, period = np.nonzero(value[:-1])
    names = places.sites[links.origin[link]] + ">" + places.sites[links.target[link]] + ":" + links.mode[link]
    goods = places.commodities[links.commodity[link]]
    yield _frame("link", names, goods, places.periods[period], value[link, period])


def _mixes(model: Model, row: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of blending limits at inlets and of keep limits of offers."""
    network = model.candidates.network
    names = network.places.periods
    for name, word, sign in (("quality_max", "quality_max", 1.0), ("quality_min", "quality_min", -1.0)):
        block = model.rows.get(name)
        if block is None or not len(block):
            continue
        first = network.sinks.first[block.key["sink"]]
        kinds, ids = names_of(network, network.inlets, first)
        at = "@" + network.places.sites[network.inlets.site[first]].astype(object)
        subject = kinds + ":" + ids + np.where(kinds == "market", at, "")
        subject = subject + "/" + np.asarray(network.qualities.properties, dtype=object)[block.key["property"]]
        goods = _goods(model, network.inlets, first)
        yield _frame(word, subject, goods, names[block.key["period"]], sign * row[block.span])
    block = model.rows.get("keep")
    if block is not None and len(block):
        end = block.key["end"]
        ids = network.dataset["offers"]["offer"].to_numpy(object)[network.outlets.ref[end]]
        yield _frame("keep", ids, _goods(model, network.outlets, end), names[block.key["period"]], row[block.span])


def _rules(model: Model, row: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of policy constraints and of the limit on partners."""
    settings = model.candidates.network.dataset.settings
    goods = {
        "mode_share": [rule.commodity for rule in settings.mode_share],
        "fix": [pattern.commodity or "" for pattern in settings.fix],
    }
    for name in ("capex_budget", "co2_cap", "mode_share", "fix"):
        block = model.rows.get(name)
        if block is not None and len(block):
            numbered = name in goods
            subject = [str(index) for index in block.key["aim"]] if numbered else ""
            yield _frame(name, subject, goods[name] if numbered else "", "", row[block.span])
    block = model.rows.get("max_partners")
    if block is not None and len(block):
        firms = model.candidates.network.places.enterprises[block.key["enterprise"]]
        yield _frame("max_partners", firms, "", "", row[block.span])
