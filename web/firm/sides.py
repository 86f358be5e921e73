"""One proposal as planners and auditors see it: what each side has of it, the bands of prices, and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from web.shown import Shown
from web.texts import word

Record = Mapping[str, Any]


class Sides:
    """A proposal with all its sides.

    Parameters
    ----------
    record : mapping
        As from `synergy.store.seeing.see_proposal` for a planner.
    plan : mapping
        As from `synergy.store.seeing.see_plan`.
    lang : str
        ``en`` or ``zh``.
    """

    def __init__(self, record: Record, plan: Record, lang: str) -> None:
        self.record, self.lang, self.shown = record, lang, Shown(plan, lang)
        self._labels: Record = plan["labels"]
        settled = plan["plan"].get("settlement") or {}
        self._bands = {(one["from"], one["to"], one["commodity"]): one for one in settled.get("prices", ())}

    def who(self, name: str) -> str:
        """Return the name of an enterprise; of nobody's place, that it is public."""
        return self.shown.name("enterprises", name) if name else word("own.public", self.lang)

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity."""
        return self.shown.name("commodities", ident)

    def amount(self, line: Record) -> str:
        """Return how much a year."""
        return self.shown.amount(float(line["quantity"]), line["commodity"])

    def price(self, line: Record) -> str:
        """Return the price of a line."""
        return self.shown.price(None if line["price"] is None else float(line["price"]), line["commodity"])

    def band(self, line: Record) -> str:
        """Return both ends of the band of a line's price; a dash where none was worked out."""
        found = self._bands.get((line["from_site"], line["to_site"], line["commodity"]))
        return "–" if found is None else f"{found['low']:,.2f} – {found['high']:,.2f}"

    def km(self, line: Record) -> str:
        """Return how far a line goes."""
        ends = (line["from_site"], line["to_site"], line["commodity"])
        terms = {(one["from"], one["to"], one["commodity"]): one.get("km") for one in self.record["terms"]}
        far = terms.get(ends)
        return f"{far:.1f} km" if far else "–"

    def sites(self) -> Record:
        """Return names and places by site."""
        found: Record = self._labels["sites"]
        return found

    def notes(self) -> dict[str, Sequence[str]]:
        """Return what is built by enterprise, for the picture."""
        found: dict[str, list[str]] = {}
        for build in self.record["built"]:
            owner = str(self._labels["sites"].get(build["site"], {}).get("enterprise", ""))
            if owner:
                found.setdefault(owner, []).append(self.shown.name("processes", build["process"]))
        return dict(found)

    def money(self) -> list[Record]:
        """Return by enterprise what the proposal is to it, and its answer.

        Returns
        -------
        list of dict
            ``{enterprise, gain, capex, co2, answer, reason, counter}``, figures as texts.
        """
        rows: list[Record] = []
        for party in self.record["parties"]:
            name = party["enterprise"]
            own = self.record.get("own", {}).get(name, {})
            lost, paid = own.get("value"), self._paid(name)
            rows.append(
                {
                    **{key: party[key] for key in ("answer", "reason", "counter")},
                    "enterprise": self.who(name),
                    "gain": self.shown.money(None if lost is None or paid is None else lost + paid),
                    "capex": self.shown.capex(own.get("capex")),
                    "co2": self.shown.co2(-own["co2"]) if own else "–",
                }
            )
        return rows

    def _paid(self, name: str) -> float | None:
        total = 0.0
        for line in self.record["lines"]:
            ends = (line["from_enterprise"], line["to_enterprise"])
            if name not in ends or not all(ends) or ends[0] == ends[1]:
                continue
            if line["price"] is None:
                return None
            total += (1.0 if ends[0] == name else -1.0) * float(line["price"]) * float(line["quantity"])
        return total
