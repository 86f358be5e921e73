"""Owners of sites, names of enterprises, commodities and processes in both languages, and figures in readable units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.texts import LANGUAGES

PUBLIC = "@"  # a public place stands for an owner as "@" and its site; ids of enterprises hold no "@"
# unit of the tables -> unit that is read, units of it in one
_READ = {"kNm3": ("Nm3", 1e3), "kWh": ("kWh", 1.0), "MWh": ("kWh", 1e3), "GWh": ("kWh", 1e6)}
_EN_STEPS = {
    "t": ((1e6, "Mt"), (1e3, "kt")),
    "kWh": ((1e9, "TWh"), (1e6, "GWh"), (1e3, "MWh")),
    "GJ": ((1e6, "PJ"), (1e3, "TJ")),
}
_EN_OTHER = ((1e9, "bn "), (1e6, "M "), (1e3, "k "))
_ZH_STEPS = ((1e8, "亿"), (1e4, "万"))
_ZH_UNITS = {"t": "吨"}


def owners(dataset: Dataset) -> pd.Series:
    """Return the owner of each site: its enterprise, or "@" and the site id for a public place."""
    sites = dataset["sites"]
    owner = sites["enterprise"].where(sites["enterprise"] != "", PUBLIC + sites["site"])
    return pd.Series(owner.to_numpy(), index=sites["site"].to_numpy(), dtype=object)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of all entities in one language, ``en`` or ``zh``, by id; units and units of activity too.

    Owners are enterprises, or public places under "@" and their site; `unit` is by commodity, `activity` by process.
    """

    lang: str
    owner: Mapping[str, str]
    site: Mapping[str, str]
    commodity: Mapping[str, str]
    process: Mapping[str, str]
    unit: Mapping[str, str]
    activity: Mapping[str, str]


def names(dataset: Dataset, lang: str) -> Names:
    """Return the names of a dataset in one language, else in the other, else the id."""
    site = _named(dataset["sites"], "site", lang)
    public = dataset["sites"].loc[dataset["sites"]["enterprise"] == "", "site"]
    return Names(
        lang=lang,
        owner=_named(dataset["enterprises"], "enterprise", lang) | {PUBLIC + name: site[name] for name in public},
        site=site,
        commodity=_named(dataset["commodities"], "commodity", lang),
        process=_named(dataset["processes"], "process", lang),
        unit=dict(zip(dataset["commodities"]["commodity"], dataset["commodities"]["unit"], strict=True)),
        activity=dict(zip(dataset["processes"]["process"], dataset["processes"]["activity_unit"], strict=True)),
    )


def _named(table: pd.DataFrame, key: str, lang: str) -> dict[str, str]:
    """Return names by id in one language, else in the other, else the id."""
    other = LANGUAGES[1 - LANGUAGES.index(lang)]
    own, foreign = table[f"name_{lang}"], table[f"name_{other}"]
    said = own.where(own != "", foreign.where(foreign != "", table[key]))
    return dict(zip(table[key], said, strict=True))


def amount(quantity: float, unit: str, lang: str) -> str:
    """Return a quantity in readable units: ``38 M Nm3``, ``3800 万 Nm3``.

    `unit` is that of the tables, as ``kNm3`` or ``t``; words after it (``t tar``) are kept.
    """
    measure, _, what = unit.partition(" ")
    measure, factor = _READ.get(measure, (measure, 1.0))
    value = quantity * factor
    if lang == "zh":
        step, prefix = next((pair for pair in _ZH_STEPS if abs(value) >= pair[0]), (1.0, ""))
        said = f"{figure(value / step)} {prefix}{' ' if prefix and measure not in _ZH_UNITS else ''}"
        return f"{said}{_ZH_UNITS.get(measure, measure)}".strip()
    steps = _EN_STEPS.get(measure, tuple((size, prefix + measure) for size, prefix in _EN_OTHER))
    step, name = next((pair for pair in steps if abs(value) >= pair[0]), (1.0, measure))
    return f"{figure(value / step)} {name} {what}".strip()


def figure(value: float) -> str:
    """Return a number to three significant figures, never with an exponent."""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    said = f"{round(value, digits):.{digits}f}"
    if size >= 1000:
        lead = 10 ** (len(str(int(size))) - 3)
        return str(round(value / lead) * lead)
    return said.rstrip("0").rstrip(".") if "." in said else said
