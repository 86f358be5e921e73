"""Checks of processes: sizes, build options, recipes, qualities and limits, balances, and loops that make from nothing.

Of loops only what the tables prove is said, before anything is solved: markets everywhere, in every period, without
limit; processes that may be built at a site without a greatest size, always available, taking any quality. The engine
names the rest when it meets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array, csr_array, vstack
from scipy.sparse.csgraph import connected_components

from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, Lines, TableData, Words
from synergy.scenario import Settings

Sheets = Mapping[str, TableData]
_Places = NDArray[np.intp]
_Cell = TypeVar("_Cell", bound=np.generic)
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
    for table in ("processes", "sizes"):
        _min_max(sheets[table], ("min_capacity", "max_capacity"), findings)
    _min_max(sheets["limits"], ("minimum", "maximum"), findings)
    limits, sizes, processes, recipes = (sheets[name] for name in ("limits", "sizes", "processes", "recipes"))
    findings.add_where("no_effect_limit", limits, "minimum", ~_binding_limits(sheets), limits.words("holder").texts())
    buildable = _of_process(sizes, sheets, processes.flags("buildable"))
    _say_processes("sizes_not_buildable", sizes, sizes.words("process").filled & ~buildable, findings)
    _places(sheets, findings)
    uses, makes = (_with_any(sheets, recipes, sign * recipes.numbers("coefficient") > 0) for sign in (-1, 1))
    wrong = _unbounded(sheets) & ~uses & makes
    findings.add_where("no_greatest_size", processes, "max_capacity", wrong, processes.words("process").texts())
    _recipes(sheets, findings)
    _no_effect(sheets, findings)


def public_sites(sheets: Sheets) -> set[str]:
    """Return the sites without an enterprise."""
    sites = sheets["sites"]
    public: set[str] = set(sites.words("site").texts()[~sites.words("enterprise").filled]) - {""}
    return public


def _of_process(sheet: TableData, sheets: Sheets, values: NDArray[_Cell]) -> NDArray[_Cell]:
    """Map values, one per row of ``processes``, to the rows of a sheet by its column ``process``; 0 where unknown."""
    own = sheets["processes"].words("process")
    by_word: NDArray[_Cell] = np.zeros(len(own.words) + 1, dtype=values.dtype)
    by_word[own.codes[::-1]] = values[::-1]
    by_word[-1] = 0
    return by_word[sheet.words("process").places_in(own)]


def _with_any(sheets: Sheets, sheet: TableData, rows: Flags | None = None) -> Flags:
    """Return which rows of ``processes`` a sheet, or the selected rows of it, name in column ``process``."""
    own = sheets["processes"].words("process")
    places = sheet.words("process").places_in(own)
    places = places if rows is None else places[rows]
    named = np.zeros(len(own.words) + 1, dtype=np.bool_)
    named[places[places >= 0]] = True
    flags: Flags = named[own.codes]
    return flags


def _binding_limits(sheets: Sheets) -> Flags:
    """Return which rows of ``limits`` have an effect: those with a minimum or a maximum."""
    limits = sheets["limits"]
    flags: Flags = ~(np.isnan(limits.numbers("minimum")) & np.isnan(limits.numbers("maximum")))
    return flags


def _min_max(sheet: TableData, names: tuple[str, str], findings: Findings) -> None:
    low, high = sheet.numbers(names[0]), sheet.numbers(names[1])
    wrong = low > high
    fields: dict[str, object] = {"low": names[0], "high": names[1], "lowest": _plain(low[wrong])}
    findings.add_where("min_over_max", sheet, names[0], wrong, low, highest=_plain(high[wrong]), **fields)


def _plain(values: Floats) -> list[str]:
    return [f"{value:g}" for value in values]


def _say_processes(code: str, sheet: TableData, wrong: Flags, findings: Findings) -> None:
    """Report a finding for the processes of the flagged rows."""
    names = sheet.words("process").texts()
    findings.add_where(code, sheet, "process", wrong, names, process=names[wrong].tolist())


def _places(sheets: Sheets, findings: Findings) -> None:
    options, processes = sheets["build_options"], sheets["processes"]
    known = options.words("process").places_in(processes.words("process")) >= 0
    buildable = _of_process(options, sheets, processes.flags("buildable"))
    _say_processes("not_buildable", options, known & ~buildable, findings)
    stepped = _with_any(sheets, sheets["sizes"])
    at_public = options.words("site").isin(public_sites(sheets))
    _say_processes("sizes_in_public", options, at_public & _of_process(options, sheets, stepped), findings)
    least = np.where(stepped, 0.0, processes.numbers("min_capacity"))
    lowest, highest = _of_process(options, sheets, least), options.numbers("max_capacity")
    small = known & (highest < lowest)
    fields: dict[str, object] = {"lowest": _plain(lowest[small]), "highest": _plain(highest[small])}
    findings.add_where("place_too_small", options, "max_capacity", small, highest, **fields)


def _unbounded(sheets: Sheets) -> Flags:
    """Return which rows of ``processes`` may be built at some place without a maximum size."""
    processes, sizes, options = sheets["processes"], sheets["sizes"], sheets["build_options"]
    stepped = _with_any(sheets, sizes)
    endless_step = _with_any(sheets, sizes, np.isnan(sizes.numbers("max_capacity")))
    endless = np.where(stepped, endless_step, np.isnan(processes.numbers("max_capacity")))
    placed = _with_any(sheets, options, np.isnan(options.numbers("max_capacity")))
    flags: Flags = processes.flags("buildable") & endless & (placed | (not options.given))
    return flags


def _recipes(sheets: Sheets, findings: Findings) -> None:
    recipes, processes = sheets["recipes"], sheets["processes"]
    values: Floats = recipes.numbers("coefficient")
    zero = values == 0
    findings.add_where("zero_coefficient", recipes, "coefficient", zero, values)
    own = processes.words("process")
    _say_processes("no_recipe", processes, own.filled & ~_with_any(sheets, recipes), findings)
    places = recipes.words("process").places_in(own)
    sound = (places >= 0) & (values != 0) & ~np.isnan(values)
    least, greatest = np.full(len(own.words), np.inf), np.zeros(len(own.words))
    np.minimum.at(least, places[sound], np.abs(values[sound]))
    np.maximum.at(greatest, places[sound], np.abs(values[sound]))
    wide = own.among(greatest > _WIDE * least)
    lowest, highest = (_plain(ends[own.codes[wide]]) for ends in (least, greatest))
    findings.add_where("wide_range", processes, "process", wide, own.texts(), lowest=lowest, highest=highest)


def _no_effect(sheets: Sheets, findings: Findings) -> None:
    """Report qualities and limits of commodities that their holder neither sends nor takes."""
    tables = ("offers", "needs", "stores", "markets")  # those at the wrong end are said by `synergy.dataset.read`
    either = {pair for table in tables for pair in _pairs(sheets[table], table[:-1])}
    recipes = sheets["recipes"]
    made = recipes.numbers("coefficient") > 0
    for table, rows in (("qualities", made), ("limits", ~made)):
        known = either | set(_pairs(recipes.take(rows), "process"))
        sheet = sheets[table]
        wrong = np.array([pair not in known and "" not in pair for pair in _pairs(sheet, "holder")], dtype=np.bool_)
        findings.add_where("no_effect_quality", sheet, "commodity", wrong, sheet.words("commodity").texts())


def _pairs(sheet: TableData, holder: str) -> Iterator[tuple[str, str]]:
    return zip(sheet.words(holder).texts(), sheet.words("commodity").texts(), strict=True)


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
        wrong = own.among(makes)
        out, into = ([f"{total:.4g}" for total in side[own.codes[wrong]]] for side in (made, used))
        findings.add_where(code, processes, "process", wrong, own.texts(), out=out, into=into)
        asked = (made + used > 0) & ~makes  # where nothing is stated there is nothing to compare
        _unchecked(column, sheets, (process, commodity, missing & asked[process]), findings)


def _unchecked(column: str, sheets: Sheets, lines: tuple[Lines, Lines, Flags], findings: Findings) -> None:
    """Report commodities without stated mass or energy that keep recipes from being checked.

    `lines` are the process and the commodity of each line of a recipe, and whether its lack keeps one from the check.
    """
    commodities, processes = sheets["commodities"], sheets["processes"].words("process").words
    process, commodity, missing = lines
    where = Where("commodities", None, column)
    if len(process) and np.isnan(commodities.numbers(column)).all():
        findings.add("nothing_stated", where, column=column)
        return
    if not missing.any():
        return
    order = np.argsort(commodity[missing], kind="stable")
    process, commodity = process[missing][order], commodity[missing][order]
    words, first = np.unique(commodity, return_index=True)
    goods = commodities.words("commodity")
    row_of = np.full(len(goods.words), -1)
    row_of[goods.codes[::-1]] = np.arange(len(goods.codes))[::-1]
    for good, mine in zip(words, np.split(process, first[1:]), strict=True):
        names = sorted({str(processes[one]) for one in mine})
        more = f" + {len(names) - _NAMED}" if len(names) > _NAMED else ""
        place = where._replace(row=int(commodities.lines[row_of[good]]))
        findings.add("unbalanced", place, goods.words[good], column=column, recipes=", ".join(names[:_NAMED]) + more)


def check_loops(sheets: Sheets, settings: Settings, findings: Findings) -> None:
    """Report every group of recipes that creates goods from nothing, else every chain with _unbounded profit.

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


def _annuity(rate: float, years: Floats) -> Floats:
    """Return the yearly part of an investment: r / (1 - (1 + r)^-n), 1 / n without interest; r per year, n in years."""
    return 1.0 / years if rate == 0 else rate / -np.expm1(-years * np.log1p(rate))


def _check_money(sheets: Sheets, settings: Settings, matrix: csc_array, findings: Findings) -> None:
    """Report chains with _unbounded profit, one for each group of equivalent sites.

    `matrix` holds the recipes, commodities by processes, in the order of their ids' words.
    """
    trade = _trade(sheets, settings)
    for site, processes, cost in _groups(sheets, settings):
        recipes = matrix[:, processes]
        touched: _Places = np.unique(recipes.indices).astype(np.intp)
        found = _best(recipes[touched, :].toarray(), cost, trade[:, touched])
        if found is not None:
            profit, flows = found
            loop, loop_zh = _texts(sheets, (processes, touched), flows)
            fields: dict[str, object] = {"profit": f"{profit:.6g}", "site": site, "loop": loop, "loop_zh": loop_zh}
            findings.add("money_loop", Where("markets", None, "price"), loop, **fields)


def _trade(sheets: Sheets, settings: Settings) -> Floats:
    """Return what a unit of each commodity earns that is bought, sold or disposed of without limit, one row for each.

    Money per unit, NaN where there is no such market.
    """
    markets, commodities = sheets["markets"], sheets["commodities"]
    goods = commodities.words("commodity")
    place = markets.words("commodity").places_in(goods)
    endless = np.isnan(markets.numbers("limit")) & ~markets.words("site").filled & ~markets.words("period").filled
    endless &= ~_holds(markets.words("market"), sheets["limits"].take(_binding_limits(sheets)))
    side, price = markets.words("side").texts(), markets.numbers("price")
    buy, sell = np.full(len(goods.words), np.inf), np.full(len(goods.words), -np.inf)
    for prices, word, better in ((buy, "buy", np.minimum), (sell, "sell", np.maximum)):
        rows = endless & (side == word)
        better.at(prices, place[rows], price[rows])
    dispose = np.full(len(goods.words), np.nan)
    dispose[goods.codes] = commodities.numbers("disposal_cost")
    dispose[goods.codes] += settings.carbon_price * commodities.numbers("disposal_co2")
    return np.array([np.where(np.isinf(buy), np.nan, -buy), np.where(np.isinf(sell), np.nan, sell), -dispose])


def _holds(words: Words, sheet: TableData) -> Flags:
    return words.among(np.isin(words.words, sheet.words("holder").words))


def _groups(sheets: Sheets, settings: Settings) -> Iterator[tuple[str, _Places, Floats]]:
    """Yield a site, the processes that may be built there without limit, and their cost per unit of activity."""
    processes, options, sites = sheets["processes"], sheets["build_options"], sheets["sites"]
    own = processes.words("process")
    limited = _holds(own, sheets["limits"].take(_binding_limits(sheets)))
    endless = _unbounded(sheets) & ~_holds(own, sheets["availability"]) & ~limited
    running, yearly = _costs(sheets, settings)
    steps = _with_any(sheets, sheets["sizes"])
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
    return running, _annuity(settings.discount_rate, processes.numbers("lifetime_years")) * unit[own.codes]


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
