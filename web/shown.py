"""What pages show of a round's record: names in the reader's language, figures with units, marks of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synergy.texts import figure, mark, text, unit, years

Record = Mapping[str, Any]


class Shown:
    """A round in one language.

    Parameters
    ----------
    record : mapping
        Of `synergy.records.rounds`.
    lang : str
        ``en`` or ``zh``.
    """

    def __init__(self, record: Record, lang: str) -> None:
        self.plan: Record = record["plan"]
        self._labels: Record = record["labels"]
        self._currency, self.lang = str(record["currency"]), lang

    def name(self, table: str, ident: str) -> str:
        """Return the name of an id, its evidence mark behind it; the id where nobody knows it."""
        label = self._labels[table].get(ident)
        if label is None:
            return ident
        return str(label[f"name_{self.lang}"]) + mark(label.get("evidence", ""))

    def firm_at(self, site: str) -> str:
        """Return the name of a place."""
        return self.name("sites", site)

    def amount(self, quantity: float, commodity: str) -> str:
        """Return a quantity with its unit."""
        label = self._labels["commodities"].get(commodity, {})
        return f"{quantity:,.0f} {label.get('unit', '')}".strip()

    def money(self, value: float | None, what: str = "money_year") -> str:
        """Return an amount of money with its unit."""
        shown = figure(value, "money", self.lang)
        return shown if value is None else f"{shown} {unit(what, self.lang, self._currency)}"

    def co2(self, value: float) -> str:
        """Return CO2 saved with its unit."""
        return f"{figure(value, 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def payback(self, value: float | None) -> str:
        """Return a payback time with its unit."""
        return years(value) if value is None else f"{years(value)} {unit('years', self.lang)}"

    def title(self, proposal: Record) -> str:
        """Return the title of a proposal."""
        return str(proposal[f"title_{self.lang}"])

    def said(self, key: str) -> str:
        """Return a word that all fronts share."""
        return text(key, self.lang)

    def proposal(self, ident: str) -> Record | None:
        """Return a proposal by its id, None where there is none."""
        return next((item for item in self.plan["proposals"] if item["id"] == ident), None)

    def rows(self, proposal: Record, name: str) -> list[Record]:
        """Return the builds or links of a proposal."""
        return [self.plan[name][place] for place in proposal[name]]
