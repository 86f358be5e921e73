"""The policy of a round in words: its scenario by name, and what it sets, replaces and scales in the dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synergy.web.pages.drafting import SCENARIOS
from synergy.web.texts import WORDS, word

from synergy.workbook.names import title


def policy(scenario: Mapping[str, Any], lang: str) -> str:
    """Name of a scenario with everything that it changes: settings by value, rows and factors by table.

    Parameters
    ----------
    scenario : mapping
        Record of the store: ``{name, settings, tables, scale}``.
    lang : str
    """
    name = scenario["name"]
    said = [word(f"scenario.{name}", lang) if name in SCENARIOS else name]
    said += [
        word("policy.set", lang, name=setting(one, lang), value=value_said(value, lang))
        for one, value in scenario.get("settings", {}).items()
    ]
    said += [
        word("policy.rows", lang, table=title(table, lang), count=len(rows))
        for table, rows in scenario.get("tables", {}).items()
        if rows
    ]
    said += [
        word("policy.scaled", lang, table=title(one["table"], lang), column=one["column"], factor=f"{one['factor']:g}")
        for one in scenario.get("scale", ())
    ]
    return word("comma", lang).join(said)


def setting(name: str, lang: str) -> str:
    """Name of a setting for people."""
    key = f"setting.{name}"
    return word(key, lang) if key in WORDS else name


def value_said(value: Any, lang: str) -> str:
    """Value of a setting for people; parts of transport and patterns of exchanges by their words."""
    if value is None:
        return word("compare.no_change", lang)
    if isinstance(value, bool):
        return word("yes" if value else "no", lang)
    if isinstance(value, int | float):
        return f"{value:,.10g}"
    if isinstance(value, Mapping):
        return " ".join(value_said(one, lang) for one in value.values())
    if isinstance(value, list | tuple):
        return ", ".join(value_said(one, lang) for one in value) or word("compare.no_change", lang)
    return str(value)
