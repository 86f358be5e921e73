"""Duals: map the solver's row duals and reduced costs to the rows of the model contract (see `synergy.literal`)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.model.build import Model
from synergy.model.decode import names_of
from synergy.network.ends import EndKind, Ends
from synergy.network.places import Floats, Ints, Texts
from synergy.scenario import Cell

COLUMNS = ("constraint", "subject", "commodity", "period", "value")
# rows that say how goods, activities and levels hang together; the others say how much there may be
BALANCES = ("output", "input", "store", "withdrawal")


def duals_of(model: Model, row_dual: Floats) -> pd.DataFrame:
    """Return the shadow price of the right-hand side of each row of the contract's model, as a frame of `COLUMNS`.

    Outlets and inlets that the engine treats as one group share a price; bounds of its columns are rows there. The
    model's integers are free (an LP) or held; `row_dual`, shape (rows,), is money per unit of each row's right side.
    Rows worth nothing are left out; ``value`` is money a year per unit of the row.
    """
    reduced = model.cost - model.matrix.T @ row_dual
    frames = [
        *_ends(model, row_dual, "outlet"),
        *_ends(model, row_dual, "inlet"),
        *_units(model, row_dual, reduced),
        *_stores(model, row_dual, reduced),
        _links(model, row_dual, reduced),
        *_mixes(model, row_dual),
        *_rules(model, row_dual),
    ]
    filled = [frame for frame in frames if len(frame)]
    table = pd.concat(filled or [_frame("", "", "", "", np.empty(0))], ignore_index=True)
    table = table[table["value"].notna() & (table["value"] != 0.0)]
    # a limit that several members feel is one row there: it is worth what the one who feels it most would pay
    size = table["value"].abs()
    kept = size.groupby([table[name] for name in COLUMNS[:4]], sort=False).idxmax()
    return pd.DataFrame(table.loc[kept]).reset_index(drop=True)


def shadow_prices(duals: pd.DataFrame) -> tuple[dict[str, Cell], ...]:
    """Return the duals of limits only, in decreasing absolute value, as listed in the plan document."""
    limits = duals[~duals["constraint"].isin(BALANCES)]
    order = np.argsort(-limits["value"].abs().to_numpy(float), kind="stable")
    return listed(limits.iloc[order])


def listed(duals: pd.DataFrame) -> tuple[dict[str, Cell], ...]:
    """Return duals row by row, as listed in the plan document."""
    return tuple({str(key): value for key, value in row.items()} for row in duals.to_dict("records"))


def _frame(constraint: str, subject: ArrayLike, commodity: ArrayLike, period: ArrayLike, value: Floats) -> pd.DataFrame:
    """Return the rows of one constraint family as a frame; scalars are broadcast."""
    value = np.asarray(value, dtype=float)
    columns = (constraint, subject, commodity, period)
    spread = [np.broadcast_to(np.asarray(column, dtype=object), value.shape) for column in columns]
    return pd.DataFrame(dict(zip(COLUMNS, [*spread, value], strict=True)))


def _goods(model: Model, ends: Ends, which: Ints) -> Texts:
    """Return the commodities of some ends."""
    return model.candidates.network.places.commodities[ends.commodity[which]]


def _ends(model: Model, row: Floats, side: str) -> Iterator[pd.DataFrame]:
    """Yield the duals of offers or needs, of unit outputs or inputs, and of limited markets by enterprise."""
    network, places = model.candidates.network, model.candidates.network.places
    if side == "outlet":
        ends, kind, table, duty, word, sign = network.outlets, EndKind.OFFER, "offers", "must_clear", "output", -1.0
    else:
        ends, kind, table, duty, word, sign = network.inlets, EndKind.NEED, "needs", "required", "input", 1.0
    block, periods, markets = model.row(side), places.periods, network.dataset["markets"]
    price = np.full((int(ends.group.max(initial=-1)) + 1, len(periods)), np.nan)
    price[block.key["group"], block.key["period"]] = sign * row[block.span]
    active = model.candidates.scope.factor(places)[ends.site] > 0
    end, period = np.nonzero(((ends.kind == kind) & active)[:, None] & (ends.amount > 0))
    rows = network.dataset[table].iloc[ends.ref[end]]
    value = price[ends.group[end], period] + sign * rows["price"].to_numpy(float)
    value = np.where(rows[duty].to_numpy(bool), value, np.maximum(value, 0.0))
    name = table.removesuffix("s")
    yield _frame(name, rows[name].to_numpy(object), _goods(model, ends, end), periods[period], value)
    unit = np.flatnonzero((ends.kind == EndKind.UNIT) & active)
    end, period = np.repeat(unit, len(periods)), np.tile(np.arange(len(periods)), len(unit))
    ids = network.units.ids[ends.ref[end]]
    yield _frame(word, ids, _goods(model, ends, end), periods[period], price[ends.group[end], period])
    hit = (ends.kind == EndKind.MARKET) & active
    hit[hit] = np.isfinite(markets["limit"].to_numpy(float))[ends.ref[hit]]
    end, period = np.nonzero(hit[:, None] & (ends.amount > 0))
    rows = markets.iloc[ends.ref[end]]
    value = np.maximum(price[ends.group[end], period] + sign * rows["price"].to_numpy(float), 0.0)
    firms = np.append(places.enterprises.astype(object), "")[places.owner[ends.site[end]]]
    ids = rows["market"].to_numpy(object)
    ids = np.where(rows["site"].to_numpy(object) == "", ids + "@" + firms, ids)
    yield _frame("market", ids, _goods(model, ends, end), periods[period], value)


def _units(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of facility capacities, least loads and build sizes."""
    units, names = model.candidates.network.units, model.candidates.network.places.periods
    run, rows, size = model.column("run"), model.row("run"), model.column("size")
    unit, period, value = run.key["unit"], names[run.key["period"]], reduced[run.span]
    standing = ~units.is_build[unit]
    least = np.where(standing & units.must_run[unit], np.minimum(value, 0.0), 0.0)
    yield _frame("run", units.ids[unit], "", period, np.where(standing, np.maximum(value, 0.0), 0.0))
    yield _frame("load_min", units.ids[unit], "", period, least)
    yield _frame("run", units.ids[rows.key["unit"]], "", names[rows.key["period"]], row[rows.span])
    steps, step = units.steps, size.key["step"]
    mark = np.where(steps.size[step] == "", "", "#" + steps.size[step].astype(object))
    yield _frame("size_max", units.ids[steps.unit[step]] + mark, "", "", np.maximum(reduced[size.span], 0.0))


def _stores(model: Model, row: Floats, reduced: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of store balances, capacities and withdrawal limits."""
    stores, names = model.candidates.network.dataset["stores"], model.candidates.network.places.periods
    ids, goods = stores["store"].to_numpy(object), stores["commodity"].to_numpy(object)
    level, balance, passing = model.column("level"), model.row("store"), model.row("withdrawal")
    for name, block, value in (
        ("level", level, np.maximum(reduced[level.span], 0.0)),
        ("store", balance, row[balance.span]),
        ("withdrawal", passing, row[passing.span]),
    ):
        store = block.key["store"]
        yield _frame(name, ids[store], goods[store], names[block.key["period"]], value)


def _links(model: Model, row: Floats, reduced: Floats) -> pd.DataFrame:
    """Return the duals of link capacities, from their rows and from the reduced costs of flow bounds."""
    network = model.candidates.network
    links, places, flow, rows = network.links, network.places, model.column("flow"), model.row("link")
    value = np.zeros((len(links.mode) + 1, len(places.share)))  # the last stands for exchanges inside a site
    over, bound = network.arcs.link[flow.key["arc"]], np.maximum(reduced[flow.span], 0.0)
    bound = np.where(np.isfinite(np.append(links.capacity, np.inf)[over]), bound, 0.0)
    np.maximum.at(value, (over, flow.key["period"]), bound)
    value[rows.key["link"], rows.key["period"]] += row[rows.span]
    link, period = np.nonzero(value[:-1])
    names = places.sites[links.origin[link]] + ">" + places.sites[links.target[link]] + ":" + links.mode[link]
    goods = places.commodities[links.commodity[link]]
    return _frame("link", names, goods, places.periods[period], value[link, period])


def _mixes(model: Model, row: Floats) -> Iterator[pd.DataFrame]:
    """Yield the duals of blending limits at inlets and of keep limits of offers."""
    network, names = model.candidates.network, model.candidates.network.places.periods
    for name, sign in (("quality_max", 1.0), ("quality_min", -1.0)):
        block = model.row(name)
        first = network.sinks.first[block.key["sink"]]
        kinds, ids = names_of(network, network.inlets, first)
        at = "@" + network.places.sites[network.inlets.site[first]].astype(object)
        subject = kinds + ":" + ids + np.where(kinds == "market", at, "")
        subject = subject + "/" + np.asarray(network.qualities.properties, dtype=object)[block.key["property"]]
        goods = _goods(model, network.inlets, first)
        yield _frame(name, subject, goods, names[block.key["period"]], sign * row[block.span])
    block = model.row("keep")
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
        block = model.row(name)
        if len(block):
            subject = [str(index) for index in block.key["aim"]] if name in goods else ""
            yield _frame(name, subject, goods.get(name, ""), "", row[block.span])
    block = model.row("max_partners")
    firms = model.candidates.network.places.enterprises[block.key["enterprise"]]
    yield _frame("max_partners", firms, "", "", row[block.span])
