"""Recipes that make mass or energy: a question to whoever wrote them, where all their commodities state it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synergy.dataset.findings import Findings, Where
from synergy.dataset.sheet import Floats, Sheet

TOLERANCE = 1e-3  # of what goes in: rounding of published recipes
_BALANCES = (("mass_t", "makes_mass"), ("energy_gj", "makes_energy"))


def check_balances(sheets: Mapping[str, Sheet], findings: Findings) -> None:
    """Compare what goes into each recipe with what comes out, in t and in GJ.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables, references known.
    findings : Findings
        Takes recipes that give more than they take.
    """
    recipes, commodities, processes = sheets["recipes"], sheets["commodities"], sheets["processes"]
    own = processes.words("process")
    process = recipes.words("process").places_in(own)
    goods = commodities.words("commodity")
    commodity = recipes.words("commodity").places_in(goods)
    sound = (process >= 0) & (commodity >= 0)
    size = len(own.words)
    for column, code in _BALANCES:
        known: Floats = np.full(len(goods.words) + 1, np.nan)
        known[goods.codes[::-1]] = commodities.numbers(column)[::-1]
        known[-1] = np.nan
        part = recipes.numbers("coefficient")[sound] * known[commodity[sound]]
        made = np.bincount(process[sound], weights=np.maximum(part, 0.0), minlength=size)
        used = np.bincount(process[sound], weights=np.maximum(-part, 0.0), minlength=size)
        wrong = np.append((used > 0) & (made > used * (1 + TOLERANCE)), False)[own.codes]
        texts = {
            key: [f"{value:.4g}" for value in np.append(values, 0)[own.codes][wrong]]
            for key, values in (("out", made), ("into", used))
        }
        fields: dict[str, object] = dict(texts)
        where = Where("processes", None, "process")
        findings.add_rows(code, where, processes.lines[wrong], own.texts()[wrong], **fields)
