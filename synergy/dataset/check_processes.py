"""Process checks: sizes, build options, recipes, qualities and limits, mass and energy balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.check_references import public_sites
from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, TableData, Words

Sheets = Mapping[str, TableData]
_Cell = TypeVar("_Cell", bound=np.generic)
_WIDE = 1e9  # greatest to least coefficient of one recipe
TOLERANCE = 1e-3  # of what goes in: rounding of published recipes
_BALANCES = (("mass_t", "makes_mass"), ("energy_gj", "makes_energy"))
_NAMED = 3  # recipes that are named where one commodity keeps several from being checked


def check_processes(sheets: Sheets, findings: Findings) -> None:
    """Check processes, their sizes, the places where they may be built, and the limits of qualities."""
    for table in ("processes", "sizes"):
        _min_max(sheets[table], ("min_capacity", "max_capacity"), findings)
    _min_max(sheets["limits"], ("minimum", "maximum"), findings)
    limits = sheets["limits"].take(~binding_limits(sheets))
    findings.add_rows("no_effect_limit", Where("limits", None, "minimum"), limits.lines, limits.words("holder").texts())
    _sizes(sheets, findings)
    _places(sheets, findings)
    _greatest_size(sheets, findings)
    _recipes(sheets, findings)
    _no_effect(sheets, findings)


def of_process(sheet: TableData, sheets: Sheets, values: NDArray[_Cell]) -> NDArray[_Cell]:
    """Map values, one per row of ``processes``, to the rows of a sheet by its column ``process``; 0 where unknown."""
    own = sheets["processes"].words("process")
    by_word: NDArray[_Cell] = np.zeros(len(own.words) + 1, dtype=values.dtype)
    by_word[own.codes[::-1]] = values[::-1]
    by_word[-1] = 0
    return by_word[sheet.words("process").places_in(own)]


def with_any(sheets: Sheets, sheet: TableData, rows: Flags) -> Flags:
    """Return which rows of ``processes`` the selected rows of a sheet name in column ``process``."""
    own = sheets["processes"].words("process")
    places = sheet.words("process").places_in(own)[rows]
    named = np.zeros(len(own.words) + 1, dtype=np.bool_)
    named[places[places >= 0]] = True
    flags: Flags = named[own.codes]
    return flags


def binding_limits(sheets: Sheets) -> Flags:
    """Rows of ``limits`` that have an effect: those with a minimum or a maximum."""
    limits = sheets["limits"]
    flags: Flags = ~(np.isnan(limits.numbers("minimum")) & np.isnan(limits.numbers("maximum")))
    return flags


def _min_max(sheet: TableData, names: tuple[str, str], findings: Findings) -> None:
    low, high = sheet.numbers(names[0]), sheet.numbers(names[1])
    wrong = low > high
    fields: dict[str, object] = {
        "low": names[0],
        "high": names[1],
        "lowest": [f"{value:g}" for value in low[wrong]],
        "highest": [f"{value:g}" for value in high[wrong]],
    }
    findings.add_rows("min_over_max", Where(sheet.table, None, names[0]), sheet.lines[wrong], low[wrong], **fields)


def _say(code: str, sheet: TableData, wrong: Flags, findings: Findings) -> None:
    """Report a finding for the processes of the flagged rows."""
    names = sheet.words("process").texts()[wrong]
    where = Where(sheet.table, None, "process")
    findings.add_rows(code, where, sheet.lines[wrong], names, process=names.tolist())


def _sizes(sheets: Sheets, findings: Findings) -> None:
    sizes, buildable = sheets["sizes"], sheets["processes"].flags("buildable")
    _say("sizes_not_buildable", sizes, sizes.words("process").filled & ~of_process(sizes, sheets, buildable), findings)


def _places(sheets: Sheets, findings: Findings) -> None:
    options, processes = sheets["build_options"], sheets["processes"]
    known = options.words("process").places_in(processes.words("process")) >= 0
    _say("not_buildable", options, known & ~of_process(options, sheets, processes.flags("buildable")), findings)
    stepped = with_any(sheets, sheets["sizes"], np.ones(len(sheets["sizes"]), dtype=np.bool_))
    site, public = options.words("site"), public_sites(sheets)
    at_public = site.among(np.array([word in public for word in site.words], dtype=np.bool_))
    _say("sizes_in_public", options, at_public & of_process(options, sheets, stepped), findings)
    least = np.where(stepped, 0.0, processes.numbers("min_capacity"))
    lowest, highest = of_process(options, sheets, least), options.numbers("max_capacity")
    small = known & (highest < lowest)
    fields: dict[str, object] = {
        "lowest": [f"{v:g}" for v in lowest[small]],
        "highest": [f"{v:g}" for v in highest[small]],
    }
    where = Where("build_options", None, "max_capacity")
    findings.add_rows("place_too_small", where, options.lines[small], highest[small], **fields)


def unbounded(sheets: Sheets) -> Flags:
    """Return which rows of ``processes`` may be built at some place without a maximum size."""
    processes, sizes, options = sheets["processes"], sheets["sizes"], sheets["build_options"]
    stepped = with_any(sheets, sizes, np.ones(len(sizes), dtype=np.bool_))
    endless_step = with_any(sheets, sizes, np.isnan(sizes.numbers("max_capacity")))
    endless = np.where(stepped, endless_step, np.isnan(processes.numbers("max_capacity")))
    placed = with_any(sheets, options, np.isnan(options.numbers("max_capacity")))
    anywhere = not options.given
    flags: Flags = processes.flags("buildable") & endless & (placed | anywhere)
    return flags


def _greatest_size(sheets: Sheets, findings: Findings) -> None:
    recipes = sheets["recipes"]
    uses = with_any(sheets, recipes, recipes.numbers("coefficient") < 0)
    makes = with_any(sheets, recipes, recipes.numbers("coefficient") > 0)
    wrong = unbounded(sheets) & ~uses & makes
    processes = sheets["processes"]
    names = processes.words("process").texts()[wrong]
    where = Where("processes", None, "max_capacity")
    findings.add_rows("no_greatest_size", where, processes.lines[wrong], names)


def _recipes(sheets: Sheets, findings: Findings) -> None:
    recipes, processes = sheets["recipes"], sheets["processes"]
    values: Floats = recipes.numbers("coefficient")
    zero = values == 0
    findings.add_rows("zero_coefficient", Where("recipes", None, "coefficient"), recipes.lines[zero], values[zero])
    some = with_any(sheets, recipes, np.ones(len(recipes), dtype=np.bool_))
    _say("no_recipe", processes, processes.words("process").filled & ~some, findings)
    own: Words = processes.words("process")
    places = recipes.words("process").places_in(own)
    sound = (places >= 0) & (values != 0) & ~np.isnan(values)
    least, greatest = np.full(len(own.words), np.inf), np.zeros(len(own.words))
    np.minimum.at(least, places[sound], np.abs(values[sound]))
    np.maximum.at(greatest, places[sound], np.abs(values[sound]))
    wide = np.append(greatest > _WIDE * least, False)[own.codes]
    fields: dict[str, object] = {
        "lowest": [f"{v:g}" for v in np.append(least, 0)[own.codes][wide]],
        "highest": [f"{v:g}" for v in np.append(greatest, 0)[own.codes][wide]],
    }
    names = own.texts()[wide]
    findings.add_rows("wide_range", Where("processes", None, "process"), processes.lines[wide], names, **fields)


def _no_effect(sheets: Sheets, findings: Findings) -> None:
    """Report qualities and limits of commodities that their holder neither sends nor takes."""
    pairs: dict[str, set[tuple[str, str]]] = {"qualities": set(), "limits": set()}
    for table in ("offers", "needs", "stores", "markets"):  # those at the wrong end are said by `check_references`
        _add_pairs(sheets[table], table[:-1], list(pairs.values()))
    recipes = sheets["recipes"]
    made = recipes.numbers("coefficient") > 0
    _add_pairs(recipes.take(made), "process", [pairs["qualities"]])
    _add_pairs(recipes.take(~made), "process", [pairs["limits"]])
    for target, known in pairs.items():
        sheet = sheets[target]
        found = zip(sheet.words("holder").texts(), sheet.words("commodity").texts(), strict=True)
        wrong = np.array([pair not in known and "" not in pair for pair in found], dtype=np.bool_)
        where, names = Where(target, None, "commodity"), sheet.words("commodity").texts()
        findings.add_rows("no_effect_quality", where, sheet.lines[wrong], names[wrong])


def _add_pairs(sheet: TableData, holder: str, targets: list[set[tuple[str, str]]]) -> None:
    for target in targets:
        target |= set(zip(sheet.words(holder).texts(), sheet.words("commodity").texts(), strict=True))


_NOTHING = {
    "mass_t": ("power", "heat", "right"),
    "energy_gj": ("right",),
}  # phases that have none where they state none


def check_balances(sheets: Mapping[str, TableData], findings: Findings) -> None:
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
    for column, code in _BALANCES:
        stated = _stated(commodities, column)
        part = coefficient * np.nan_to_num(stated)[commodity]
        made: Floats = np.bincount(process, weights=np.maximum(part, 0.0), minlength=size).astype(np.float64)
        used: Floats = np.bincount(process, weights=np.maximum(-part, 0.0), minlength=size).astype(np.float64)
        missing = np.isnan(stated[commodity])
        open_input = np.bincount(process, weights=missing & (coefficient < 0), minlength=size) > 0
        makes = ~open_input & (used > 0) & (made > used * (1 + TOLERANCE))
        _makes(code, processes, (makes, made, used), findings)
        asked = (made + used > 0) & ~makes  # where nothing is stated there is nothing to compare
        _unchecked(column, commodities, (process, commodity, missing & asked[process]), own, findings)


def _stated(commodities: TableData, column: str) -> Floats:
    """Return mass or energy per unit of each commodity, in the order of their words; NaN where unknown."""
    goods, phase = commodities.words("commodity"), commodities.words("phase").texts()
    value = commodities.numbers(column)
    value = np.where(np.isnan(value) & np.isin(phase, _NOTHING[column]), 0.0, value)
    stated: Floats = np.full(len(goods.words) + 1, np.nan)
    stated[goods.codes[::-1]] = value[::-1]
    return stated[:-1]


def _makes(code: str, processes: TableData, found: tuple[Flags, Floats, Floats], findings: Findings) -> None:
    """Report recipes whose outputs exceed their inputs."""
    own, (makes, made, used) = processes.words("process"), found
    wrong = np.append(makes, False)[own.codes]
    fields: dict[str, object] = {
        key: [f"{value:.4g}" for value in np.append(values, 0)[own.codes][wrong]]
        for key, values in (("out", made), ("into", used))
    }
    where = Where("processes", None, "process")
    findings.add_rows(code, where, processes.lines[wrong], own.texts()[wrong], **fields)


def _unchecked(
    column: str,
    commodities: TableData,
    lines: tuple[NDArray[np.int64], NDArray[np.int64], Flags],
    own: Words,
    findings: Findings,
) -> None:
    """Report commodities without stated mass or energy that keep recipes from being checked."""
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
        names = sorted({str(own.words[one]) for one in mine})
        more = f" + {len(names) - _NAMED}" if len(names) > _NAMED else ""
        place = where._replace(row=int(commodities.lines[row_of[good]]))
        findings.add("unbalanced", place, goods.words[good], column=column, recipes=", ".join(names[:_NAMED]) + more)
