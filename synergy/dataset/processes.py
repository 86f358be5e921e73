"""Checks of processes: sizes, build options, recipes, qualities and limits, balances, and loops that make from nothing.

Of loops only what the tables prove is said, before anything is solved: markets everywhere, in every period, without
limit; processes that may be built at a site without a greatest size, always available, taking any quality. The engine
names the rest when it meets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, Lines, TableData
from synergy.formulas import annuity
from synergy.scenario import Settings

Sheets = Mapping[str, TableData]
_Places = NDArray[np.intp]
_RANGES = (
    ("processes", "min_capacity", "max_capacity"),
    ("sizes", "min_capacity", "max_capacity"),
    ("limits", "minimum", "maximum"),
)
# the column that holds what a commodity belongs to
_HOLDING = MappingProxyType(
    {"offers": "offer", "needs": "need", "stores": "store", "markets": "market", "recipes": "process"}
    | {"qualities": "holder", "limits": "holder"}
)
_WIDE = 1e9  # greatest to least coefficient of one recipe
_BALANCE_TOLERANCE = 1e-3  # of what goes in: rounding of published recipes
# content of a commodity, the rule that a recipe breaks, and the phases that have none where they state none
_BALANCES = (("mass_t", "makes_mass", ("power", "heat", "right")), ("energy_gj", "makes_energy", ("right",)))
LOOPS = frozenset({"free_lunch", "money_loop"})  # rules that `LoopError` stands for
_TOLERANCE = 1e-6  # of what the loop turns over
_SUPPORT = 1e-9
_MOST = 60  # processes of a loop that are tried one by one
_MONEY_TOLERANCE = 1e-6  # of the money that changes hands
_VERBS = MappingProxyType({"buy": "购买", "run": "运行", "sell": "出售", "dispose": "处置"})
_NAMED = 3  # recipes that are named where one commodity keeps several from being checked


def check_processes(sheets: Sheets, findings: Findings) -> None:
    """Check processes, their sizes, the places where they may be built, and the limits of qualities."""
    for table, lower, upper in _RANGES:
        low, high = sheets[table].numbers(lower), sheets[table].numbers(upper)
        wrong = low > high
        fields: dict[str, object] = {"low": lower, "high": upper, "lowest": [f"{value:g}" for value in low[wrong]]}
        highest = [f"{value:g}" for value in high[wrong]]
        findings.add_where("min_over_max", sheets[table], lower, wrong, low, highest=highest, **fields)
    limits, processes, recipes = (sheets[name] for name in ("limits", "processes", "recipes"))
    holders = limits.words("holder").texts()
    findings.add_where("no_effect_limit", limits, "minimum", _unbound(limits), holders)
    endless, stepped = _endless(sheets)
    _check_builds(sheets, stepped, findings)
    row, coefficient, rows = _process_row(recipes, sheets), recipes.numbers("coefficient"), np.arange(len(processes))
    wrong = endless & ~np.isin(rows, row[coefficient < 0]) & np.isin(rows, row[coefficient > 0])
    findings.add_where("no_greatest_size", processes, "max_capacity", wrong, processes.words("process").texts())
    _check_recipes(sheets, row, findings)


def _unbound(limits: TableData) -> Flags:
    """Return which rows of ``limits`` have no effect: neither minimum nor maximum."""
    return np.isnan(limits.numbers("minimum")) & np.isnan(limits.numbers("maximum"))


def _limited(sheets: Sheets) -> set[str]:
    """Return the holders whose quality is limited."""
    limits = sheets["limits"]
    return set(limits.words("holder").texts()[~_unbound(limits)])


def public_sites(sheets: Sheets) -> set[str]:
    """Return the sites without an enterprise."""
    sites = sheets["sites"]
    public: set[str] = set(sites.words("site").texts()[sites.words("enterprise").codes < 0]) - {""}
    return public


def _process_row(sheet: TableData, sheets: Sheets) -> Lines:
    """Return the row in ``processes`` of the process of each row of a sheet; -1 where unknown."""
    own = sheets["processes"].words("process")
    row = np.full(len(own.words) + 1, -1)
    row[own.codes[::-1]] = np.arange(len(own.codes))[::-1]
    row[-1] = -1
    return row[sheet.words("process").places_in(own)]


def _endless(sheets: Sheets) -> tuple[Flags, Flags]:
    """Return which rows of ``processes`` may be built at some place without a maximum size, and which have sizes."""
    processes, sizes, options = sheets["processes"], sheets["sizes"], sheets["build_options"]
    rows, step = np.arange(len(processes)), _process_row(sizes, sheets)
    stepped = np.isin(rows, step)
    endless_step = np.isin(rows, step[np.isnan(sizes.numbers("max_capacity"))])
    endless = np.where(stepped, endless_step, np.isnan(processes.numbers("max_capacity")))
    placed = np.isin(rows, _process_row(options, sheets)[np.isnan(options.numbers("max_capacity"))])
    return (processes.numbers("buildable") > 0) & endless & (placed | (not options.given)), stepped


def _check_builds(sheets: Sheets, stepped: Flags, findings: Findings) -> None:
    """Check that sizes and build options are of buildable processes, and large enough; `stepped` ones have sizes."""
    sizes, options, processes = sheets["sizes"], sheets["build_options"], sheets["processes"]
    buildable = np.append(processes.numbers("buildable") > 0, False)
    row, at_public = _process_row(options, sheets), options.words("site").isin(public_sites(sheets))
    unbuildable = (sizes.words("process").codes >= 0) & ~buildable[_process_row(sizes, sheets)]
    for code, sheet, wrong in (
        ("sizes_not_buildable", sizes, unbuildable),
        ("not_buildable", options, (row >= 0) & ~buildable[row]),
        ("sizes_in_public", options, at_public & np.append(stepped, False)[row]),
    ):
        names = sheet.words("process").texts()
        findings.add_where(code, sheet, "process", wrong, names, process=names[wrong].tolist())
    least = np.append(np.where(stepped, 0.0, processes.numbers("min_capacity")), 0.0)[row]
    most = options.numbers("max_capacity")
    small = (row >= 0) & (most < least)
    lowest, highest = ([f"{value:g}" for value in ends[small]] for ends in (least, most))
    findings.add_where("place_too_small", options, "max_capacity", small, most, lowest=lowest, highest=highest)


def _check_recipes(sheets: Sheets, row: Lines, findings: Findings) -> None:
    """Check recipes, and report qualities and limits of commodities that their holder neither sends nor takes.

    `row` is the row in ``processes`` of each row of ``recipes``.
    """
    recipes, processes = sheets["recipes"], sheets["processes"]
    values: Floats = recipes.numbers("coefficient")
    findings.add_where("zero_coefficient", recipes, "coefficient", values == 0, values)
    names = processes.words("process").texts()
    lacking = (names != "") & ~np.isin(np.arange(len(names)), row)
    findings.add_where("no_recipe", processes, "process", lacking, names, process=names[lacking].tolist())
    sound = (row >= 0) & (values != 0) & ~np.isnan(values)
    least, greatest = np.full(len(names), np.inf), np.zeros(len(names))
    np.minimum.at(least, row[sound], np.abs(values[sound]))
    np.maximum.at(greatest, row[sound], np.abs(values[sound]))
    wide = greatest > _WIDE * least
    lowest, highest = ([f"{value:g}" for value in ends[wide]] for ends in (least, greatest))
    findings.add_where("wide_range", processes, "process", wide, names, lowest=lowest, highest=highest)

    # those at the wrong end are said by `synergy.dataset.read`
    pairs = {
        table: list(zip(sheets[table].words(holder).texts(), sheets[table].words("commodity").texts(), strict=True))
        for table, holder in _HOLDING.items()
    }
    either = {pair for table in ("offers", "needs", "stores", "markets") for pair in pairs[table]}
    for table, kept in (("qualities", values > 0), ("limits", ~(values > 0))):
        known = either.union(pair for pair, here in zip(pairs["recipes"], kept, strict=True) if here)
        wrong = np.array([pair not in known and "" not in pair for pair in pairs[table]], dtype=np.bool_)
        said = sheets[table].words("commodity").texts()
        findings.add_where("no_effect_quality", sheets[table], "commodity", wrong, said)


def check_balances(sheets: Sheets, findings: Findings) -> None:
    """Check the mass and energy balance of each recipe: compare inputs with outputs, in t and in GJ.

    Reports recipes that give more than they take, and commodities that prevent the check: one line for each commodity,
    or for the column where no commodity has it.

    Notes
    -----
    A content that a commodity does not state is at least 0, so a recipe whose inputs all state it is wrong already
    where the outputs that state it are more.
    """
    recipes, commodities, processes = sheets["recipes"], sheets["commodities"], sheets["processes"]
    own, goods = processes.words("process"), commodities.words("commodity")
    process, commodity = recipes.words("process").places_in(own), recipes.words("commodity").places_in(goods)
    sound = (process >= 0) & (commodity >= 0) & (recipes.numbers("coefficient") != 0)
    process, commodity, coefficient = process[sound], commodity[sound], recipes.numbers("coefficient")[sound]
    size = len(own.words)
    phase = commodities.words("phase").texts()
    for column, code, without in _BALANCES:
        value = commodities.numbers(column)
        stated = np.full(len(goods.words) + 1, np.nan)  # the last for rows without an id
        stated[goods.codes[::-1]] = np.where(np.isnan(value) & np.isin(phase, without), 0.0, value)[::-1]
        part = coefficient * np.nan_to_num(stated)[commodity]
        made: Floats = np.bincount(process, weights=np.maximum(part, 0.0), minlength=size).astype(np.float64)
        used: Floats = np.bincount(process, weights=np.maximum(-part, 0.0), minlength=size).astype(np.float64)
        missing = np.isnan(stated[commodity])
        open_input = np.bincount(process, weights=missing & (coefficient < 0), minlength=size) > 0
        makes = ~open_input & (used > 0) & (made > used * (1 + _BALANCE_TOLERANCE))
        wrong = np.append(makes, False)[own.codes]
        out, into = ([f"{total:.4g}" for total in side[own.codes[wrong]]] for side in (made, used))
        findings.add_where(code, processes, "process", wrong, own.texts(), out=out, into=into)
        asked = (made + used > 0) & ~makes  # where nothing is stated there is nothing to compare
        lacking = missing & asked[process]
        if len(process) and np.isnan(value).all():
            findings.add("nothing_stated", Where("commodities", None, column), column=column)
        elif lacking.any():
            _unchecked(column, sheets, (process[lacking], commodity[lacking]), findings)


def _unchecked(column: str, sheets: Sheets, lines: tuple[Lines, Lines], findings: Findings) -> None:
    """Report commodities without stated mass or energy that keep recipes from being checked.

    `lines` are the process and the commodity of each line of a recipe whose lack keeps it from the check.
    """
    commodities, processes = sheets["commodities"], sheets["processes"].words("process").words
    order = np.argsort(lines[1], kind="stable")
    process, commodity = (side[order] for side in lines)
    words, first = np.unique(commodity, return_index=True)
    goods = commodities.words("commodity")
    row_of = np.full(len(goods.words), -1)
    row_of[goods.codes[::-1]] = np.arange(len(goods.codes))[::-1]
    for good, mine in zip(words, np.split(process, first[1:]), strict=True):
        names = sorted({str(processes[one]) for one in mine})
        more = f" + {len(names) - _NAMED}" if len(names) > _NAMED else ""
        place = Where("commodities", int(commodities.lines[row_of[good]]), column)
        findings.add("unbalanced", place, goods.words[good], column=column, recipes=", ".join(names[:_NAMED]) + more)


def check_loops(sheets: Sheets, settings: Settings, findings: Findings) -> None:
    """Report every group of recipes that creates goods from nothing, else every chain with unbounded profit.

    Notes
    -----
    Goods: for each strongly connected component of the graph commodity -> process -> commodity, the linear program
    max 1'Ay, Ay >= 0, 1'y <= 1, y >= 0 over its processes, A being their scaled recipes over all commodities: what
    comes from outside the component counts as used up, so only true loops have a value above 0.
    """
    recipes, commodities = sheets["recipes"], sheets["commodities"].words("commodity")
    process, processes = recipes.words("process"), sheets["processes"].words("process")
    places = recipes.words("commodity").places_in(commodities), process.places_in(processes)
    shape = len(commodities.words), len(processes.words)
    # units of a commodity per unit of activity of a process: > 0 made, < 0 used
    matrix = csc_array((recipes.numbers("coefficient"), places), shape=shape)

    def arrow(one: int) -> str:
        column = matrix[:, [one]].toarray()[:, 0]
        uses, makes = (" + ".join(commodities.words[rows]) for rows in (column < 0, column > 0))
        return f"{uses} -> [{processes.words[one]}] -> {makes}"

    for members in _components(matrix):
        activity, made = _free_lunch(matrix[:, members])
        if len(activity):
            running = members[activity].tolist()
            names = processes.words[running].tolist()
            line = int(recipes.lines[process.isin(set(names))].min())
            loop, goods = "; ".join(map(arrow, running)), ", ".join(commodities.words[made])
            findings.add("free_lunch", Where("recipes", line, "coefficient"), ", ".join(names), goods=goods, loop=loop)
    bounded = settings.capex_budget is not None or settings.co2_cap is not None
    if settings.allow_builds and not bounded and len(sheets["processes"]) and not findings.refused:
        _check_money(sheets, settings, matrix, findings)


def _components(matrix: csc_array) -> list[_Places]:
    """Return the processes of each strongly connected component that holds any together with a commodity."""
    goods, size = matrix.shape
    cells = coo_array(matrix)
    used = cells.data < 0
    start, end = np.where(used, cells.row, cells.col + goods), np.where(used, cells.col + goods, cells.row)
    graph = csr_array((np.ones(len(start)), (start, end)), shape=(goods + size, goods + size))
    count, label = connected_components(graph, directed=True, connection="strong")
    sizes = np.bincount(label, minlength=count)
    members = np.flatnonzero(sizes[label[goods:]] > 1)
    order = members[np.argsort(label[goods:][members], kind="stable")]
    cuts = np.flatnonzero(np.diff(label[goods:][order])) + 1
    return [part for part in np.split(order, cuts) if len(part)]


def _free_lunch(matrix: csc_array) -> tuple[_Places, _Places]:
    """Return the processes of a smallest loop that makes goods from nothing, and the goods; none for no loop."""
    cells = coo_array(matrix)
    scaled = np.abs(cells.data)
    column, row = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[0])
    np.maximum.at(column, cells.col, scaled)
    scaled = scaled / column[cells.col]
    np.maximum.at(row, cells.row, scaled)
    even = csc_array((np.sign(cells.data) * scaled / row[cells.row], (cells.row, cells.col)), shape=matrix.shape)
    members: _Places = np.arange(matrix.shape[1])
    value, activity = _solve(even)
    if value <= _TOLERANCE:
        return members[:0], members[:0]
    members = members[activity > _SUPPORT]
    for one in members.tolist() if len(members) <= _MOST else []:
        fewer = members[members != one]
        if len(fewer) and _solve(even[:, fewer])[0] > _TOLERANCE:
            members = fewer
    activity = _solve(even[:, members])[1]
    return members, np.flatnonzero(even[:, members] @ activity > _TOLERANCE)


def _solve(matrix: csc_array) -> tuple[float, Floats]:
    size = matrix.shape[1]
    upper = vstack([-matrix, csr_array(np.ones((1, size)))], format="csr")
    limits = np.append(np.zeros(matrix.shape[0]), 1.0)
    from scipy.optimize import linprog  # half a second of loading that most commands do without

    answer = linprog(-np.asarray(matrix.sum(axis=0)).ravel(), A_ub=upper, b_ub=limits, method="highs")
    if answer.status != 0 or answer.fun is None:
        return 0.0, np.zeros(size)
    return -float(answer.fun), np.asarray(answer.x, dtype=np.float64)


def _check_money(sheets: Sheets, settings: Settings, matrix: csc_array, findings: Findings) -> None:
    """Report chains with unbounded profit, one for each group of equivalent sites.

    `matrix` holds the recipes, commodities by processes, in the order of their ids' words.
    """
    markets, commodities = sheets["markets"], sheets["commodities"]
    goods = commodities.words("commodity")
    place = markets.words("commodity").places_in(goods)
    endless = np.isnan(markets.numbers("limit")) & ~markets.words("market").isin(_limited(sheets))
    endless &= (markets.words("site").codes < 0) & (markets.words("period").codes < 0)
    side, price = markets.words("side").texts(), markets.numbers("price")
    buy, sell = np.full(len(goods.words), np.inf), np.full(len(goods.words), -np.inf)
    for prices, word, better in ((buy, "buy", np.minimum), (sell, "sell", np.maximum)):
        rows = endless & (side == word)
        better.at(prices, place[rows], price[rows])
    dispose = np.full(len(goods.words), np.nan)
    dispose[goods.codes] = commodities.numbers("disposal_cost")
    dispose[goods.codes] += settings.carbon_price * commodities.numbers("disposal_co2")
    # what a unit of each commodity earns that is bought, sold or disposed of without limit; NaN: no such market
    trade = np.array([np.where(np.isinf(buy), np.nan, -buy), np.where(np.isinf(sell), np.nan, sell), -dispose])
    for site, processes, cost in _groups(sheets, settings):
        recipes = matrix[:, processes]
        touched: _Places = np.unique(recipes.indices).astype(np.intp)
        found = _best(recipes[touched, :].toarray(), cost, trade[:, touched])
        if found is not None:
            profit, flows = found
            loop, loop_zh = _texts(sheets, (processes, touched), flows)
            fields: dict[str, object] = {"profit": f"{profit:.6g}", "site": site, "loop": loop, "loop_zh": loop_zh}
            findings.add("money_loop", Where("markets", None, "price"), loop, **fields)


def _groups(sheets: Sheets, settings: Settings) -> Iterator[tuple[str, _Places, Floats]]:
    """Yield a site, the processes that may be built there without limit, and their cost per unit of activity."""
    processes, options, sites, sizes = (sheets[name] for name in ("processes", "build_options", "sites", "sizes"))
    own, limited = processes.words("process"), _limited(sheets)
    hindered = set(sheets["availability"].words("holder").words)
    endless, stepped = _endless(sheets)
    order = np.argsort(own.codes)  # rows of `processes` in the order of the words
    endless, stepped = (endless & ~own.isin(hindered | limited))[order], stepped[order]
    running = (processes.numbers("opex") + settings.carbon_price * processes.numbers("co2"))[order]
    # of a process with steps of scale, those without a maximum
    unit, step = processes.numbers("unit_capex")[order], sizes.words("process").places_in(own)
    unit[np.unique(step)] = np.inf
    endless_step = np.isnan(sizes.numbers("max_capacity"))
    np.minimum.at(unit, step[endless_step], sizes.numbers("unit_capex")[endless_step])
    yearly = annuity(settings.discount_rate, processes.numbers("lifetime_years")[order]) * unit
    public, seen = public_sites(sheets), set()
    place, unlimited = options.words("site").texts(), np.isnan(options.numbers("max_capacity"))
    built, price = options.words("process").places_in(own), options.numbers("capex_factor")
    for site, owner in zip(sites.words("site").texts(), sites.words("enterprise").texts(), strict=True):
        if owner in hindered:
            continue
        allowed, factor = endless & ~(stepped & (site in public)), np.ones(len(endless))
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


def _best(recipes: Floats, cost: Floats, prices: Floats) -> tuple[float, Mapping[str, Floats]] | None:
    """Return the greatest profit of a unit of activity and its flows; None where nothing earns."""
    goods, size = recipes.shape
    identity = np.eye(goods)
    value = np.concatenate([-cost, np.nan_to_num(prices).ravel()])
    upper = np.concatenate([np.full(size, np.inf), np.where(np.isnan(prices), 0.0, np.inf).ravel()])
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
    if -answer.fun <= _MONEY_TOLERANCE * max(1.0, float(np.abs(value) @ answer.x)):
        return None
    parts = np.split(np.asarray(answer.x), [size, size + goods, size + 2 * goods])
    return -float(answer.fun), dict(zip(("run", "buy", "sell", "dispose"), parts, strict=True))


def _texts(sheets: Sheets, chosen: tuple[_Places, _Places], flows: Mapping[str, Floats]) -> tuple[str, str]:
    """Return a chain as text in English and Chinese: goods bought, processes run, goods sold and disposed of."""
    processes, touched = chosen
    goods = sheets["commodities"].words("commodity").words[touched]
    names = sheets["processes"].words("process").words[processes]
    parts = []
    for (verb, verb_zh), ids in zip(_VERBS.items(), (goods, names, goods, goods), strict=True):
        used = " + ".join(ids[flows[verb] > _MONEY_TOLERANCE])
        if used:
            parts.append((f"{verb} {used}", f"{verb_zh} {used}"))
    english, chinese = (" -> ".join(side) for side in zip(*parts, strict=True))
    return english, chinese
