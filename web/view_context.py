"""Template helpers for the record of a round: localized names, formatted figures and evidence marks."""

from __future__ import annotations

from typing import SupportsFloat

from synergy.web.texts import word
from synergy.web.texts.modes import mode

from synergy.records.documents import BuildJSON, Document, LinkJSON
from synergy.records.figures import bare
from synergy.records.names import Stage
from synergy.records.proposals import OwnProposal, WholeProposal
from synergy.records.runs import PlanRecord
from synergy.store import audit, follow_up
from synergy.store.access import Action, Actor, reach
from synergy.store.store import Store
from synergy.texts import figure, gain_note, mark, proof_text, say, text, unit, years
from synergy.units import amount, label

# the shipped dataset, also with its year as one period: only of this one do the pages know what is synthetic
SHIPPED = ("lvliang", "lvliang-year")


class Shown:
    """Presenter of a plan with its labels in one language."""

    def __init__(self, record: PlanRecord | Document, lang: str) -> None:
        if isinstance(record, PlanRecord):
            self.plan, self._labels, self.currency = record.plan, record.labels, record.currency
        else:
            self.plan, self._labels, self.currency = record["plan"], record["labels"], record["currency"]
        self.lang = lang

    def name(self, table: str, ident: str) -> str:
        """Return the localized name of an id followed by its evidence mark, or the id itself if unknown."""
        label = self._labels[table].get(ident)
        if label is None:
            return ident
        return str(label[f"name_{self.lang}"]) + mark(label.get("evidence", ""))

    def firm_at(self, site: str) -> str:
        """Return the name of a site followed by the evidence mark of its owner."""
        owner = self._labels["enterprises"].get(self._labels["sites"].get(site, {}).get("enterprise", ""), {})
        return self.name("sites", site) + mark(owner.get("evidence", ""))

    def firms(self, proposal: WholeProposal, most: int = 4) -> str:
        """Return the names of the first enterprises of a proposal and the number of the remaining ones."""
        names = [self.name("enterprises", ident) for ident in proposal.enterprises]
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

    def amount(self, quantity: SupportsFloat, commodity: str) -> str:
        """Return a quantity with its unit."""
        return amount(float(quantity), self._unit(commodity), self.lang)

    def unit(self, commodity: str) -> str:
        """Return the unit of a commodity."""
        return label(self._unit(commodity), self.lang)

    def counted(self, process: str) -> str:
        """Return the unit of the annual capacity of a process."""
        of = str(self._labels["processes"].get(process, {}).get("activity_unit", ""))
        return label(of.partition(" ")[0], self.lang)

    def price(self, value: SupportsFloat | None, commodity: str) -> str:
        """Return a formatted price per unit of a commodity, or a dash for None."""
        if value is None:
            return "–"
        return f"{float(value):,.2f} {label(self.currency, self.lang)}/{label(self._unit(commodity), self.lang)}"

    def capacity(self, build: BuildJSON) -> str:
        """Return the capacity of a build with its unit; English adds the counted product, as in ``t coke``."""
        of = self._labels["processes"].get(build["process"], {}).get("activity_unit", "")
        name, _, what = of.partition(" ")
        shown = amount(build["capacity"], name, self.lang)
        return f"{shown} {what}" if what and self.lang == "en" else shown

    def mode(self, name: str) -> str:
        """Return the localized name of a mode of transport."""
        return mode(name, self.lang)

    def money(self, value: SupportsFloat | None, what: str = "money_year") -> str:
        """Return a formatted amount of money with its unit."""
        shown = figure(bare(value), "money", self.lang)
        return shown if value is None else f"{shown} {unit(what, self.lang, self.currency)}"

    def capex(self, value: SupportsFloat | None) -> str:
        """Return a formatted investment with its unit, or a dash if there is none."""
        return self.money(bare(value) or None, "money")

    def co2(self, value: SupportsFloat | None) -> str:
        """Return the formatted CO2 savings with their unit."""
        return f"{figure(bare(value), 'co2', self.lang)} {unit('co2_year', self.lang)}"

    def payback(self, proposal: WholeProposal) -> str:
        """Return the payback time of a proposal with its unit, or a dash if it needs no investment."""
        value = proposal.payback_years if bare(proposal.capex) else None
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

    def title(self, proposal: WholeProposal) -> str:
        """Return the localized title of a proposal."""
        return say((proposal.title_en, proposal.title_zh), self.lang)

    def said(self, key: str) -> str:
        """Return a text shared by the pages and the command line."""
        return text(key, self.lang)

    def notes(self, proposal: WholeProposal) -> list[str]:
        """Return the localized notes of a proposal, omitting empty ones."""
        texts = (say((note.text, note.text_zh or note.text), self.lang) for note in proposal.notes)
        return [said for said in texts if said]

    def builds(self, proposal: WholeProposal) -> list[BuildJSON]:
        """Return the builds of the plan that are part of a proposal."""
        return [self.plan["builds"][place] for place in proposal.builds]

    def links(self, proposal: WholeProposal) -> list[LinkJSON]:
        """Return the links of the plan that are part of a proposal."""
        return [self.plan["links"][place] for place in proposal.links]

    def _unit(self, commodity: str) -> str:
        return str(self._labels["commodities"].get(commodity, {}).get("unit", ""))


def course(store: Store, who: Actor, record: OwnProposal | WholeProposal) -> dict[str, object]:
    """Return the template fields with the history of a proposal, its partnership, and the stages that it can take."""
    deals = follow_up.followed(store, who, record.round)
    return {
        "story": audit.story(store, who, record.proposal),
        "deal": next((one for one in deals if one.proposal == record.proposal), None),
        "stages": list(Stage),
        "may_follow": reach(who, Action.FOLLOW) is not None,
    }
