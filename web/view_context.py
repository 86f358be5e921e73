"""Template helpers for the record of a round: localized names, formatted figures and evidence marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synergy.web.texts import word
from synergy.web.texts.modes import mode

from synergy.store import audit, follow_up
from synergy.store.access import Action, Actor, reach
from synergy.store.names import Stage
from synergy.store.store import Store
from synergy.texts import figure, gain_note, mark, proof_text, text, unit, years
from synergy.units import amount, label

Record = Mapping[str, Any]
# the shipped dataset, also with its year as one period: only of this one do the pages know what is synthetic
SHIPPED = ("lvliang", "lvliang-year")


class Shown:
    """Presenter of the record of a round in one language.

    Parameters
    ----------
    record : mapping
        Record from `synergy.records.rounds`.
    lang : str
        ``en`` or ``zh``.
    """

    def __init__(self, record: Record, lang: str) -> None:
        self.plan: Record = record["plan"]
        self._labels: Record = record["labels"]
        self.currency, self.lang = str(record["currency"]), lang

    def name(self, table: str, ident: str) -> str:
        """Return the localized name of an id followed by its evidence mark, or the id itself if unknown."""
        label = self._labels[table].get(ident)
        if label is None:
            return ident
        return str(label[f"name_{self.lang}"]) + mark(label.get("evidence", ""))

    def firm_at(self, site: str) -> str:
        """Return the name of a site followed by the evidence mark of its owner."""
        owner = self._labels["enterprises"].get(self._labels["sites"].get(site, {}).get("enterprise"), {})
        return self.name("sites", site) + mark(owner.get("evidence", ""))

    def firms(self, proposal: Record, most: int = 4) -> str:
        """Return the names of the first enterprises of a proposal and the number of the remaining ones."""
        names = [self.name("enterprises", ident) for ident in proposal["enterprises"]]
        shown = word("comma", self.lang).join(names[:most])
        return shown if len(names) <= most else f"{shown} +{len(names) - most}"

    def marks(self) -> list[str]:
        """Return the legend of the evidence marks used in this round."""
        used = {firm.get("evidence", "") for firm in self._labels["enterprises"].values()}
        return [f"{mark(name)} {self.said(f'evidence.{name}')}" for name in ("estimate", "synthetic") if name in used]

    def is_shipped(self) -> bool:
        """Return whether the round uses the shipped dataset, whose economic data are synthetic."""
        return self.plan["dataset"]["name"] in SHIPPED

    def gain_note(self) -> str:
        """Return the note shown beside a gain if aims constrain only the joint plan, else ""."""
        known = self.plan["gain"] is not None
        return gain_note(self.plan["scenario"], len(self._labels["enterprises"]), self.lang) if known else ""

    def amount(self, quantity: float, commodity: str) -> str:
        """Return a quantity with its unit."""
        return amount(quantity, self._unit(commodity), self.lang)

    def unit(self, commodity: str) -> str:
        """Return the unit of a commodity."""
        return label(self._unit(commodity), self.lang)

    def counted(self, process: str) -> str:
        """Return the unit of the annual capacity of a process."""
        of = str(self._labels["processes"].get(process, {}).get("activity_unit", ""))
        return label(of.partition(" ")[0], self.lang)

    def price(self, value: float | None, commodity: str) -> str:
        """Return a formatted price per unit of a commodity, or a dash for None."""
        if value is None:
            return "–"
        return f"{value:,.2f} {label(self.currency, self.lang)}/{label(self._unit(commodity), self.lang)}"

    def capacity(self, build: Record) -> str:
        """Return the capacity of a build with its unit; English adds the counted product, as in ``t coke``."""
        of = self._labels["processes"].get(build["process"], {}).get("activity_unit", "")
        name, _, what = of.partition(" ")
        shown = amount(build["capacity"], name, self.lang)
        return f"{shown} {what}" if what and self.lang == "en" else shown

    def mode(self, name: str) -> str:
        """Return the localized name of a mode of transport."""
        return mode(name, self.lang)

    def money(self, value: float | None, what: str = "money_year") -> str:
        """Return a formatted amount of money with its unit."""
        shown = figure(value, "money", self.lang)
        return shown if value is None else f"{shown} {unit(what, self.lang, self.currency)}"

    def capex(self, value: float | None) -> str:
        """Return a formatted investment with its unit, or a dash if there is none."""
        return self.money(value or None, "money")

    def co2(self, value: float) -> str:
        """Return the formatted CO2 savings with their unit."""
        return f"{figure(value, 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def payback(self, proposal: Record) -> str:
        """Return the payback time of a proposal with its unit, or a dash if it needs no investment."""
        value = proposal["payback_years"] if proposal["capex"] else None
        return years(value) if value is None else f"{years(value)} {unit('years', self.lang)}"

    def share(self, value: float | None) -> str:
        """Return a share in percent; positive values that would round to zero are shown as ``< 0.01%``."""
        if value is None:
            return "–"
        return "< 0.01%" if 0 < value < 1e-4 else f"{value:.2%}"

    def proof(self) -> str:
        """Return a description of the optimality proof of the plan, and of the part that rests on the solver alone."""
        return proof_text(self.plan, self.lang)

    def emitted(self) -> str:
        """Return the CO2 emissions of the plan, followed by those of the status quo in brackets."""
        emissions = self.plan["emissions"]
        shown = figure(emissions.get("co2"), "co2", self.lang)
        before = emissions.get("baseline_co2")
        behind = "" if before is None else word("before", self.lang).format(figure(before, "co2", self.lang))
        return f"{shown} {unit('co2_year', self.lang)}{behind}"

    def invested(self) -> float:
        """Return the total capex of all proposals."""
        return float(sum(item["capex"] or 0.0 for item in self.plan["proposals"]))

    def title(self, proposal: Record) -> str:
        """Return the localized title of a proposal."""
        return str(proposal[f"title_{self.lang}"])

    def said(self, key: str) -> str:
        """Return a text shared by the pages and the command line."""
        return text(key, self.lang)

    def proposal(self, ident: str) -> Record | None:
        """Return the proposal with the given id, or None."""
        return next((item for item in self.plan["proposals"] if item["id"] == ident), None)

    def notes(self, proposal: Record) -> list[str]:
        """Return the localized notes of a proposal, omitting empty ones."""
        key = "text_zh" if self.lang == "zh" else "text"
        texts = (note.get(key) or note.get("text") for note in proposal["notes"])
        return [str(said) for said in texts if said]

    def rows(self, proposal: Record, name: str) -> list[Record]:
        """Return the builds or links of a proposal."""
        return [self.plan[name][place] for place in proposal[name]]

    def _unit(self, commodity: str) -> str:
        return str(self._labels["commodities"].get(commodity, {}).get("unit", ""))


def course(store: Store, who: Actor, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the history of a proposal, its partnership and the stages that it can take.

    Parameters
    ----------
    store : Store
    who : Actor
        Actor viewing the page.
    record : mapping
        Proposal from `synergy.store.queries.see_proposal`.

    Returns
    -------
    dict
        ``{story, deal, stages, may_follow}``: events, the partnership or None, all stages, and whether `who` may take
        it to a later one.
    """
    deals = follow_up.followed(store, who, record["round"])
    return {
        "story": audit.story(store, who, record["proposal"]),
        "deal": next((one for one in deals if one["proposal"] == record["proposal"]), None),
        "stages": [str(stage) for stage in Stage],
        "may_follow": reach(who, Action.FOLLOW) is not None,
    }
