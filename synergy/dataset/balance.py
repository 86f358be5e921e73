"""Recipes that make mass or energy, and those of which nobody can tell: questions to whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Flags, Floats, Sheet, Words

TOLERANCE = 1e-3  # of what goes in: rounding of published recipes
_BALANCES = (("mass_t", "makes_mass"), ("energy_gj", "makes_energy"))
_NOTHING = {
    "mass_t": ("power", "heat", "right"),
    "energy_gj": ("right",),
}  # phases that have none where they state none
_NAMED = 3  # recipes that are named where one commodity keeps several from being checked


def check_balances(sheets: Mapping[str, Sheet], findings: Findings) -> None:
    """Compare what goes into each recipe with what comes out, in t and in GJ.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables, references known.
    findings : Findings
        Takes recipes that give more than they take, and commodities that keep recipes from being checked: one line for
        each commodity, or for the column where no commodity has it.

    Notes
    -----
    What a commodity does not state is at least 0, so a recipe whose inputs all state it is wrong already where the
    outputs that state it are more.
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


def _stated(commodities: Sheet, column: str) -> Floats:
    """Mass or energy of a unit of each commodity, in the order of their words; NaN where it is unknown."""
    goods, phase = commodities.words("commodity"), commodities.words("phase").texts()
    value = commodities.numbers(column)
    value = np.where(np.isnan(value) & np.isin(phase, _NOTHING[column]), 0.0, value)
    stated: Floats = np.full(len(goods.words) + 1, np.nan)
    stated[goods.codes[::-1]] = value[::-1]
    return stated[:-1]


def _makes(code: str, processes: Sheet, found: tuple[Flags, Floats, Floats], findings: Findings) -> None:
    """Say which recipes give more than they take."""
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
    commodities: Sheet,
    lines: tuple[NDArray[np.int64], NDArray[np.int64], Flags],
    own: Words,
    findings: Findings,
) -> None:
    """Say which commodities keep recipes from being checked because they do not state mass or energy."""
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
