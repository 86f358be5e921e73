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
_KEYS = {"enterprises": "enterprise", "sites": "site", "commodities": "commodity", "processes": "process"}


def owners(dataset: Dataset) -> pd.Series:
    """Return the owner of each site: its enterprise, or "@" and the site id for a public place."""
    sites = dataset["sites"]
    owner = sites["enterprise"].where(sites["enterprise"] != "", PUBLIC + sites["site"])
    return pd.Series(owner.to_numpy(), index=sites["site"].to_numpy(), dtype=object)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of all entities in one language, ``en`` or ``zh``, by id; units and units of activity too.

    Owners are enterprises, or public places under "@" and their site; `inside` are commodities as they stand inside a
    sentence (acronyms and formulas keep their case); `unit` is by commodity, `activity` by process.
    """

    lang: str
    owner: Mapping[str, str]
    site: Mapping[str, str]
    commodity: Mapping[str, str]
    inside: Mapping[str, str]
    process: Mapping[str, str]
    unit: Mapping[str, str]
    activity: Mapping[str, str]


def names(dataset: Dataset, lang: str) -> Names:
    """Return the names of a dataset in one language, else in the other, else the id."""
    other = LANGUAGES[1 - LANGUAGES.index(lang)]
    said: dict[str, dict[str, str]] = {}
    for name, key in _KEYS.items():
        table = dataset[name]
        own, foreign = table[f"name_{lang}"], table[f"name_{other}"]
        shown = own.where(own != "", foreign.where(foreign != "", table[key]))
        said[key] = dict(zip(table[key], shown, strict=True))
    inside = dict(said["commodity"])
    for good, name in inside.items():
        head = name.split(" ", 1)[0]
        if len(head) > 1 and not any(c.isupper() or c.isdigit() for c in head[1:]):
            inside[good] = name[:1].lower() + name[1:]
    sites, goods, processes = (dataset[name] for name in ("sites", "commodities", "processes"))
    public = sites.loc[sites["enterprise"] == "", "site"]
    return Names(
        lang=lang,
        owner=said["enterprise"] | {PUBLIC + name: said["site"][name] for name in public},
        site=said["site"],
        commodity=said["commodity"],
        inside=inside,
        process=said["process"],
        unit=dict(zip(goods["commodity"], goods["unit"], strict=True)),
        activity=dict(zip(processes["process"], processes["activity_unit"], strict=True)),
    )


def amount(quantity: float, unit: str, lang: str) -> str:
    """Return a quantity in readable units, to three significant figures: ``38 M Nm3``, ``3800 万 Nm3``.

    `unit` is that of the tables, as ``kNm3`` or ``t``; words after it (``t tar``) are kept in English.
    """
    measure, _, what = unit.partition(" ")
    measure, factor = _READ.get(measure, (measure, 1.0))
    value = quantity * factor
    zh = lang == "zh"
    steps = _ZH_STEPS if zh else _EN_STEPS.get(measure, tuple((size, name + measure) for size, name in _EN_OTHER))
    step, name = next((pair for pair in steps if abs(value) >= pair[0]), (1.0, "" if zh else measure))
    value /= step
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    figure = f"{round(value, digits):.{digits}f}"
    if size >= 1000:
        lead = 10 ** (len(str(int(size))) - 3)
        figure = str(round(value / lead) * lead)
    elif "." in figure:
        figure = figure.rstrip("0").rstrip(".")
    if zh:
        gap = " " if name and measure not in _ZH_UNITS else ""
        return f"{figure} {name}{gap}{_ZH_UNITS.get(measure, measure)}".strip()
    return f"{figure} {name} {what}".strip()
