"""Duals: map the solver's row duals and reduced costs to the rows of the model contract (see `synergy.literal`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from synergy.model.build import Model
from synergy.model.decode import names_of
from synergy.network.ends import EndKind
from synergy.network.places import Floats
from synergy.scenario import Cell

# constraint, subject, commodity and period of some rows, each one for all or one for each row, and the value of each
Duals = tuple[str, ArrayLike, ArrayLike, ArrayLike, Floats]
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
    families = (
        _ends(model, row_dual, "outlet"),
        _ends(model, row_dual, "inlet"),
        _capacities(model, row_dual, reduced),
        _rules(model, row_dual),
    )
    frames = []
    for constraint, subject, commodity, period, value in chain(*families):
        names = (constraint, subject, commodity, period)
        spread = (np.broadcast_to(np.asarray(name, dtype=object), value.shape) for name in names)
        frames.append(pd.DataFrame(dict(zip(COLUMNS, (*spread, value), strict=True))))
    filled = [frame for frame in frames if len(frame)]
    table = pd.concat(filled or frames[:1], ignore_index=True)
    table = table[table["value"].notna() & (table["value"] != 0.0)]
    # a limit that several members feel is one row there: it is worth what the one who feels it most would pay
    size = table["value"].abs()
    kept = size.groupby([table[name] for name in COLUMNS[:4]], sort=False).idxmax()
    return pd.DataFrame(table.loc[kept]).reset_index(drop=True)


def listed(duals: pd.DataFrame, *, limits: bool = False) -> tuple[dict[str, Cell], ...]:
    """Return duals row by row, as listed in the plan document.

    `limits`: those of limits only, in decreasing absolute value.
    """
    if limits:
        duals = duals[~duals["constraint"].isin(BALANCES)]
        duals = duals.iloc[np.argsort(-duals["value"].abs().to_numpy(float), kind="stable")]
    return tuple({str(key): value for key, value in row.items()} for row in duals.to_dict("records"))


def _ends(model: Model, row: Floats, side: str) -> Iterator[Duals]:
    """Yield the duals of offers or needs, of unit outputs or inputs, and of limited markets by enterprise."""
    network, places = model.candidates.network, model.candidates.network.places
    if side == "outlet":
        ends, kind, table, duty, word, sign = network.outlets, EndKind.OFFER, "offers", "must_clear", "output", -1.0
    else:
        ends, kind, table, duty, word, sign = network.inlets, EndKind.NEED, "needs", "required", "input", 1.0
    block, periods, markets = model.rows[side], places.periods, network.dataset["markets"]
    price = np.full((int(ends.group.max(initial=-1)) + 1, len(periods)), np.nan)
    price[block.key["group"], block.key["period"]] = sign * row[block.span]
    active = model.candidates.scope.parts(places)[1][ends.site] > 0
    end, period = np.nonzero(((ends.kind == kind) & active)[:, None] & (ends.amount > 0))
    rows = network.dataset[table].iloc[ends.ref[end]]
    value = price[ends.group[end], period] + sign * rows["price"].to_numpy(float)
    value = np.where(rows[duty].to_numpy(bool), value, np.maximum(value, 0.0))
    name = table.removesuffix("s")
    yield name, rows[name].to_numpy(object), network.places.commodities[ends.commodity[end]], periods[period], value
    unit = np.flatnonzero((ends.kind == EndKind.UNIT) & active)
    end, period = np.repeat(unit, len(periods)), np.tile(np.arange(len(periods)), len(unit))
    ids = network.units.ids[ends.ref[end]]
    yield word, ids, network.places.commodities[ends.commodity[end]], periods[period], price[ends.group[end], period]
    hit = (ends.kind == EndKind.MARKET) & active
    hit[hit] = np.isfinite(markets["limit"].to_numpy(float))[ends.ref[hit]]
    end, period = np.nonzero(hit[:, None] & (ends.amount > 0))
    rows = markets.iloc[ends.ref[end]]
    value = np.maximum(price[ends.group[end], period] + sign * rows["price"].to_numpy(float), 0.0)
    firms = np.append(places.enterprises.astype(object), "")[places.owner[ends.site[end]]]
    ids = rows["market"].to_numpy(object)
    ids = np.where(rows["site"].to_numpy(object) == "", ids + "@" + firms, ids)
    yield "market", ids, network.places.commodities[ends.commodity[end]], periods[period], value


def _capacities(model: Model, row: Floats, reduced: Floats) -> Iterator[Duals]:
    """Yield the duals of facility capacities, least loads and build sizes, of stores, and of link capacities."""
    network, names = model.candidates.network, model.candidates.network.places.periods
    units, places, links, stores = network.units, network.places, network.links, network.dataset["stores"]
    run, rows, size = model.columns["run"], model.rows["run"], model.columns["size"]
    unit, period, value = run.key["unit"], names[run.key["period"]], reduced[run.span]
    standing = ~units.is_build[unit]
    least = np.where(standing & units.must_run[unit], np.minimum(value, 0.0), 0.0)
    yield "run", units.ids[unit], "", period, np.where(standing, np.maximum(value, 0.0), 0.0)
    yield "load_min", units.ids[unit], "", period, least
    yield "run", units.ids[rows.key["unit"]], "", names[rows.key["period"]], row[rows.span]
    steps, step = units.steps, size.key["step"]
    mark = np.where(steps.size[step] == "", "", "#" + steps.size[step].astype(object))
    yield "size_max", units.ids[steps.unit[step]] + mark, "", "", np.maximum(reduced[size.span], 0.0)
    # level, balance and withdrawal limit of stores
    ids, goods = stores["store"].to_numpy(object), stores["commodity"].to_numpy(object)
    level, balance, passing = model.columns["level"], model.rows["store"], model.rows["withdrawal"]
    for name, block, value in (
        ("level", level, np.maximum(reduced[level.span], 0.0)),
        ("store", balance, row[balance.span]),
        ("withdrawal", passing, row[passing.span]),
    ):
        store = block.key["store"]
        yield name, ids[store], goods[store], names[block.key["period"]], value
    # links: their rows, and the reduced costs of bounds on flows
    flow, rows = model.columns["flow"], model.rows["link"]
    worth = np.zeros((len(links.mode) + 1, len(places.share)))  # the last stands for exchanges inside a site
    over, bound = network.arcs.link[flow.key["arc"]], np.maximum(reduced[flow.span], 0.0)
    bound = np.where(np.isfinite(np.append(links.capacity, np.inf)[over]), bound, 0.0)
    np.maximum.at(worth, (over, flow.key["period"]), bound)
    worth[rows.key["link"], rows.key["period"]] += row[rows.span]
    link, when = np.nonzero(worth[:-1])
    subject = places.sites[links.origin[link]] + ">" + places.sites[links.target[link]] + ":" + links.mode[link]
    yield "link", subject, places.commodities[links.commodity[link]], names[when], worth[link, when]


def _rules(model: Model, row: Floats) -> Iterator[Duals]:
    """Yield the duals of blending and keep limits, of policy constraints and of the limit on partners."""
    network, names = model.candidates.network, model.candidates.network.places.periods
    for name, sign in (("quality_max", 1.0), ("quality_min", -1.0)):
        block = model.rows[name]
        first = network.sinks.first[block.key["sink"]]
        kinds, ids = names_of(network, network.inlets, first)
        at = "@" + network.places.sites[network.inlets.site[first]].astype(object)
        subject = kinds + ":" + ids + np.where(kinds == "market", at, "")
        subject = subject + "/" + np.asarray(network.qualities.properties, dtype=object)[block.key["property"]]
        goods = network.places.commodities[network.inlets.commodity[first]]
        yield name, subject, goods, names[block.key["period"]], sign * row[block.span]
    block = model.rows["keep"]
    end, when = block.key["end"], names[block.key["period"]]
    ids = network.dataset["offers"]["offer"].to_numpy(object)[network.outlets.ref[end]]
    yield "keep", ids, network.places.commodities[network.outlets.commodity[end]], when, row[block.span]
    settings = network.dataset.settings
    aims = {
        "mode_share": [rule.commodity for rule in settings.mode_share],
        "fix": [pattern.commodity or "" for pattern in settings.fix],
    }
    for name in ("capex_budget", "co2_cap", "mode_share", "fix"):
        block = model.rows[name]
        if len(block):
            subject = [str(index) for index in block.key["aim"]] if name in aims else ""
            yield name, subject, aims.get(name, ""), "", row[block.span]
    block = model.rows["max_partners"]
    firms = network.places.enterprises[block.key["enterprise"]]
    yield "max_partners", firms, "", "", row[block.span]
