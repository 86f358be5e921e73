"""Text description of the scenario of a round: its name and its changes to settings and tables of the dataset."""

from __future__ import annotations

from collections.abc import Mapping

from synergy.web.pages.drafting import SCENARIOS
from synergy.web.texts import WORDS, word

from synergy.records.documents import Document
from synergy.scenario import JSON
from synergy.workbook.names import title


def policy(scenario: Document, lang: str) -> str:
    """Return the name of a scenario with all its changes: settings by value, rows and scale factors by table."""
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
    """Return the localized name of a setting."""
    key = f"setting.{name}"
    return word(key, lang) if key in WORDS else name


def value_said(value: JSON, lang: str) -> str:
    """Return the formatted value of a setting; lists and mappings are joined from their formatted values."""
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
