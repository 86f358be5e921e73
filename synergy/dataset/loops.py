"""Detection of recipe loops that create goods or money from nothing, before anything is solved.

Only what the tables prove is said: markets everywhere, in every period, without limit; processes that may be built at
a site without a greatest size, always available, taking any quality. The engine names the rest when it meets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from synergy.dataset.check_processes import binding_limits, unbounded, with_any
from synergy.dataset.check_references import public_sites
from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, TableData, Words
from synergy.scenario import Settings

LOOPS = frozenset({"free_lunch", "money_loop"})  # rules that `LoopError` stands for
TOLERANCE = 1e-6  # of what the loop turns over
_SUPPORT = 1e-9
_MOST = 60  # processes of a loop that are tried one by one
Places = NDArray[np.intp]
MONEY_TOLERANCE = 1e-6  # of the money that changes hands
VERBS = MappingProxyType({"buy": "购买", "run": "运行", "sell": "出售", "dispose": "处置"})
Sheets = Mapping[str, TableData]


@dataclass(frozen=True, slots=True)
class Recipes:
    """All recipes as one sparse matrix: commodities in rows, processes in columns.

    `matrix` has the units of a commodity per unit of activity of a process: > 0 made, < 0 used.
    """

    processes: NDArray[np.object_]
    commodities: NDArray[np.object_]
    matrix: csc_array

    def arrow(self, process: int) -> str:
        """Return a process as text: inputs, id, outputs."""
        column = self.matrix[:, [process]].toarray()[:, 0]
        uses, makes = (" + ".join(self.commodities[rows]) for rows in (column < 0, column > 0))
        return f"{uses} -> [{self.processes[process]}] -> {makes}"


def check_loops(sheets: Mapping[str, TableData], settings: Settings, findings: Findings) -> None:
    """Report every group of recipes that creates goods from nothing, else every chain with unbounded profit.

    Notes
    -----
    Goods: for each strongly connected component of the graph commodity -> process -> commodity, the linear program
    max 1'Ay, Ay >= 0, 1'y <= 1, y >= 0 over its processes, A being their scaled recipes over all commodities: what
    comes from outside the component counts as used up, so only true loops have a value above 0.
    """
    recipes = recipes_of(sheets)
    for members in _components(recipes):
        activity, made = _free_lunch(recipes.matrix[:, members])
        if len(activity):
            _say(recipes, members[activity], recipes.commodities[made], (sheets["recipes"], findings))
    if not findings.refused:
        for loop in money_loops(sheets, settings, recipes.matrix):
            fields: dict[str, object] = {"profit": f"{loop.profit:.6g}", "site": loop.site, "loop": loop.text}
            fields["loop_zh"] = loop.text_zh
            findings.add("money_loop", Where("markets", None, "price"), loop.text, **fields)


def recipes_of(sheets: Mapping[str, TableData]) -> Recipes:
    """Return the recipes as a matrix over all processes and commodities."""
    rows = sheets["recipes"]
    processes, commodities = sheets["processes"].words("process"), sheets["commodities"].words("commodity")
    places = rows.words("commodity").places_in(commodities), rows.words("process").places_in(processes)
    shape = len(commodities.words), len(processes.words)
    matrix = csc_array((rows.numbers("coefficient"), places), shape=shape)
    return Recipes(processes.words, commodities.words, matrix)


def _components(recipes: Recipes) -> list[Places]:
    """Return the processes of each strongly connected component that holds any together with a commodity."""
    goods, size = recipes.matrix.shape
    cells = coo_array(recipes.matrix)
    used = cells.data < 0
    start, end = np.where(used, cells.row, cells.col + goods), np.where(used, cells.col + goods, cells.row)
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(goods + size, goods + size))
    count, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label, minlength=count)
    members = np.flatnonzero(sizes[label[goods:]] > 1)
    order = members[np.argsort(label[goods:][members], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[goods:][order])) + 1
    return [part for part in np.split(order, cuts) if len(part)]


def _free_lunch(matrix: csc_array) -> tuple[Places, Places]:
    """Return the processes of a smallest loop that makes goods from nothing, and the goods; none for no loop."""
    cells = coo_array(matrix)
    scaled = np.abs(cells.data)
    column, row = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[0])
    np.maximum.at(column, cells.col, scaled)
    scaled = scaled / column[cells.col]
    np.maximum.at(row, cells.row, scaled)
    even = csc_array((np.sign(cells.data) * scaled / row[cells.row], (cells.row, cells.col)), shape=matrix.shape)
    members: Places = np.arange(matrix.shape[1])
    value, activity = _solve(even)
    if value <= TOLERANCE:
        return members[:0], members[:0]
    members = members[activity > _SUPPORT]
    for one in members.tolist() if len(members) <= _MOST else []:
        fewer = members[members != one]
        if len(fewer) and _solve(even[:, fewer])[0] > TOLERANCE:
            members = fewer
    activity = _solve(even[:, members])[1]
    return members, np.flatnonzero(even[:, members] @ activity > TOLERANCE)


def _solve(matrix: csc_array) -> tuple[float, Floats]:
    size = matrix.shape[1]
    upper = vstack([-matrix, csr_array(np.ones((1, size)))], format="csr")
    limits = np.append(np.zeros(matrix.shape[0]), 1.0)
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    answer = linprog(-np.asarray(matrix.sum(axis=0)).ravel(), A_ub=upper, b_ub=limits, method="highs")
    if answer.status != 0 or answer.fun is None:
        return 0.0, np.zeros(size)
    return -float(answer.fun), np.asarray(answer.x, dtype=np.float64)


def _say(
    recipes: Recipes,
    running: Places,
    goods: NDArray[np.object_],
    context: tuple[TableData, Findings],
) -> None:
    sheet, findings = context
    names = recipes.processes[running].tolist()
    words = sheet.words("process")
    lines = sheet.lines[words.among(np.isin(words.words, names))]
    loop = "; ".join(recipes.arrow(one) for one in running.tolist())
    fields: dict[str, object] = {"goods": ", ".join(goods), "loop": loop}
    findings.add("free_lunch", Where("recipes", int(lines.min()), "coefficient"), ", ".join(names), **fields)


@dataclass(frozen=True, slots=True)
class MoneyLoop:
    """Chain with unbounded profit at a site, or at one of several sites that are alike.

    `profit` is money per unit of activity; `text` and `text_zh` name the goods bought and sold and the processes run.
    """

    site: str
    profit: float
    text: str
    text_zh: str


@dataclass(frozen=True, slots=True)
class _Trade:
    """Prices of commodities with unlimited purchase, sale and disposal; NaN where there is none."""

    buy: Floats
    sell: Floats
    dispose: Floats

    def of(self, commodities: NDArray[np.intp]) -> _Trade:
        """Return the prices of some commodities."""
        return _Trade(self.buy[commodities], self.sell[commodities], self.dispose[commodities])


def annuity(rate: float, years: Floats) -> Floats:
    """Return the yearly part of an investment: r / (1 - (1 + r)^-n), 1 / n without interest; r per year, n in years."""
    return 1.0 / years if rate == 0 else rate / -np.expm1(-years * np.log1p(rate))


def money_loops(sheets: Sheets, settings: Settings, matrix: csc_array) -> list[MoneyLoop]:
    """Return chains with unbounded profit, one for each group of equivalent sites.

    `matrix` holds the recipes, commodities by processes, in the order of their ids' words.
    """
    bounded = settings.capex_budget is not None or settings.co2_cap is not None
    if not settings.allow_builds or bounded or not len(sheets["processes"]):
        return []
    trade = _trade(sheets, settings)
    found = []
    for site, processes, cost in _groups(sheets, settings):
        recipes = matrix[:, processes]
        touched: NDArray[np.intp] = np.unique(recipes.indices).astype(np.intp)
        loop = _best(recipes[touched, :].toarray(), cost, trade.of(touched))
        if loop is not None:
            profit, flows = loop
            found.append(MoneyLoop(site, profit, *_texts(sheets, (processes, touched), flows)))
    return found


def _trade(sheets: Sheets, settings: Settings) -> _Trade:
    markets, commodities = sheets["markets"], sheets["commodities"]
    goods = commodities.words("commodity")
    place = markets.words("commodity").places_in(goods)
    endless = np.isnan(markets.numbers("limit")) & ~markets.words("site").filled & ~markets.words("period").filled
    endless &= ~_holds(markets.words("market"), sheets["limits"].take(binding_limits(sheets)))
    side, price = markets.words("side").texts(), markets.numbers("price")
    buy, sell = np.full(len(goods.words), np.inf), np.full(len(goods.words), -np.inf)
    for prices, word, better in ((buy, "buy", np.minimum), (sell, "sell", np.maximum)):
        rows = endless & (side == word)
        better.at(prices, place[rows], price[rows])
    dispose = np.full(len(goods.words), np.nan)
    dispose[goods.codes] = commodities.numbers("disposal_cost")
    dispose[goods.codes] += settings.carbon_price * commodities.numbers("disposal_co2")
    return _Trade(np.where(np.isinf(buy), np.nan, buy), np.where(np.isinf(sell), np.nan, sell), dispose)


def _holds(words: Words, sheet: TableData) -> Flags:
    return words.among(np.isin(words.words, sheet.words("holder").words))


def _groups(sheets: Sheets, settings: Settings) -> Iterator[tuple[str, NDArray[np.intp], Floats]]:
    """Yield a site, the processes that may be built there without limit, and their cost per unit of activity."""
    processes, options, sites = sheets["processes"], sheets["build_options"], sheets["sites"]
    own = processes.words("process")
    limited = _holds(own, sheets["limits"].take(binding_limits(sheets)))
    endless = unbounded(sheets) & ~_holds(own, sheets["availability"]) & ~limited
    running, yearly = _costs(sheets, settings)
    steps = with_any(sheets, sheets["sizes"], np.ones(len(sheets["sizes"]), dtype=np.bool_))
    order = np.argsort(own.codes)  # rows of `processes` in the order of the words
    endless, steps, running, yearly = endless[order], steps[order], running[order], yearly[order]
    hindered = set(sheets["availability"].words("holder").words)
    public, seen = public_sites(sheets), set()
    place, unlimited = options.words("site").texts(), np.isnan(options.numbers("max_capacity"))
    built, price = options.words("process").places_in(own), options.numbers("capex_factor")
    for site, owner in zip(sites.words("site").texts(), sites.words("enterprise").texts(), strict=True):
        if owner in hindered:
            continue
        allowed, factor = endless & ~(steps & (site in public)), np.ones(len(endless))
        if options.given:
            here = (place == site) & unlimited
            factor = np.full(len(endless), np.inf)
            factor[built[here]] = price[here]
            allowed = allowed & np.isfinite(factor)
        chosen = np.flatnonzero(allowed)
        cost = running[chosen] + yearly[chosen] * factor[chosen]
        key = (chosen.tobytes(), cost.tobytes())
        if len(chosen) and key not in seen:
            seen.add(key)
            yield str(site), chosen, cost


def _costs(sheets: Sheets, settings: Settings) -> tuple[Floats, Floats]:
    """Return for each row of `processes` the running cost and the yearly cost of capacity per unit of activity."""
    processes, sizes = sheets["processes"], sheets["sizes"]
    running = processes.numbers("opex") + settings.carbon_price * processes.numbers("co2")
    own = processes.words("process")
    unit = np.full(len(own.words), np.inf)
    unit[own.codes] = processes.numbers("unit_capex")
    stepped = np.unique(sizes.words("process").places_in(own))
    unit[stepped] = np.inf
    endless = np.isnan(sizes.numbers("max_capacity"))
    np.minimum.at(unit, sizes.words("process").places_in(own)[endless], sizes.numbers("unit_capex")[endless])
    return running, annuity(settings.discount_rate, processes.numbers("lifetime_years")) * unit[own.codes]


def _best(recipes: Floats, cost: Floats, trade: _Trade) -> tuple[float, Mapping[str, Floats]] | None:
    """Return the greatest profit of a unit of activity and its flows; None where nothing earns."""
    goods, size = recipes.shape
    identity = np.eye(goods)
    prices = (-trade.buy, trade.sell, -trade.dispose)
    value = np.concatenate([-cost, *(np.nan_to_num(price) for price in prices)])
    upper = np.concatenate([np.full(size, np.inf), *(np.where(np.isnan(price), 0.0, np.inf) for price in prices)])
    balance = np.hstack((recipes, identity, -identity, -identity))
    # a buying market feeds inputs alone
    bought = np.hstack((np.minimum(recipes, 0.0), identity, 0 * identity, 0 * identity))
    total = np.append(np.ones(size), np.zeros(3 * goods))
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    answer = linprog(
        -value,
        A_ub=np.vstack((bought, total)),
        b_ub=np.append(np.zeros(goods), 1.0),
        A_eq=balance,
        b_eq=np.zeros(goods),
        bounds=[(0.0, bound) for bound in upper.tolist()],
        method="highs",
    )
    if answer.status != 0 or answer.fun is None:
        return None
    if -answer.fun <= MONEY_TOLERANCE * max(1.0, float(np.abs(value) @ answer.x)):
        return None
    parts = np.split(np.asarray(answer.x), [size, size + goods, size + 2 * goods])
    return -float(answer.fun), dict(zip(("run", "buy", "sell", "dispose"), parts, strict=True))


def _texts(
    sheets: Sheets, chosen: tuple[NDArray[np.intp], NDArray[np.intp]], flows: Mapping[str, Floats]
) -> tuple[str, str]:
    """Return a chain as text in English and Chinese: goods bought, processes run, goods sold and disposed of."""
    processes, touched = chosen
    goods = sheets["commodities"].words("commodity").words[touched]
    names = sheets["processes"].words("process").words[processes]
    parts = []
    for (verb, verb_zh), ids in zip(VERBS.items(), (goods, names, goods, goods), strict=True):
        used = " + ".join(ids[flows[verb] > MONEY_TOLERANCE])
        if used:
            parts.append((f"{verb} {used}", f"{verb_zh} {used}"))
    english, chinese = (" -> ".join(side) for side in zip(*parts, strict=True))
    return english, chinese
