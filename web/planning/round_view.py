"""View models of a plan in one language, and of a round with its latest plan and the filters applied to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import SupportsFloat

from synergy.web.figures.map import county_name
from synergy.web.figures.outline import NONE, Outlines
from synergy.web.figures.plan_data import Choice, Material
from synergy.web.texts import word
from synergy.web.texts.results import mode

from synergy.plan import Kind
from synergy.records.documents import BuildJSON, Document, LinkJSON, PlanJSON, SettlementJSON
from synergy.records.figures import bare
from synergy.records.names import Stage
from synergy.records.proposals import OwnProposal, WholeProposal
from synergy.records.rounds import Round
from synergy.records.runs import PlanRecord
from synergy.store import answers, queries
from synergy.store.access import Action, Actor, Caller, reach
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.texts import MARKS, figure, gain_note, proof_text, say, text, unit, years
from synergy.units import amount, label

# the shipped dataset, also with its year as one period: only of this one do the pages know what is synthetic
SHIPPED = ("lvliang", "lvliang-year")


class Shown:
    """Presenter of a plan with its labels in one language."""

    def __init__(self, record: PlanRecord | Document, lang: str) -> None:
        stored: Document = dict(record) if isinstance(record, PlanRecord) else record
        self.plan: PlanJSON = stored["plan"]
        self._labels: dict[str, dict[str, Document]] = stored["labels"]
        self.currency: str = stored["currency"]
        self.lang = lang

    def name(self, table: str, ident: str) -> str:
        """Return the localized name of an id followed by its evidence mark, or the id itself if unknown."""
        label = self._labels[table].get(ident)
        if label is None:
            return ident
        return str(label[f"name_{self.lang}"]) + MARKS.get(label.get("evidence", ""), "")

    def firm_at(self, site: str) -> str:
        """Return the name of a site followed by the evidence mark of its owner."""
        owner = self._labels["enterprises"].get(self._labels["sites"].get(site, {}).get("enterprise", ""), {})
        return self.name("sites", site) + MARKS.get(owner.get("evidence", ""), "")

    def firms(self, proposal: WholeProposal, most: int = 4) -> str:
        """Return the names of the first enterprises of a proposal and the number of the remaining ones."""
        names = [self.name("enterprises", ident) for ident in proposal.enterprises]
        shown = word("comma", self.lang).join(names[:most])
        return shown if len(names) <= most else f"{shown} +{len(names) - most}"

    def marks(self) -> list[str]:
        """Return the legend of the evidence marks used in this round."""
        used = {firm.get("evidence", "") for firm in self._labels["enterprises"].values()}
        return [f"{MARKS[name]} {self.said(f'evidence.{name}')}" for name in ("estimate", "synthetic") if name in used]

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
    deals = answers.followed(store, who, record.round)
    return {
        "story": queries.story(store, who, record.proposal),
        "deal": next((one for one in deals if one.proposal == record.proposal), None),
        "stages": list(Stage),
        "may_follow": reach(who, Action.FOLLOW) is not None,
    }


@dataclass(frozen=True, slots=True)
class Seen:
    """Round with its latest plan, presented in one language.

    `choice` are the filters in use; `proposals` are all of the store, with codes, answers and parties; `codes` are
    theirs by id in the plan; `bounds` are supplied by the operator, for maps.
    """

    round: Round
    record: PlanRecord
    shown: Shown
    material: Material
    choice: Choice
    proposals: tuple[WholeProposal, ...]
    codes: Mapping[str, str]
    bounds: Outlines = NONE

    @property
    def ident(self) -> int:
        """Return the id of the round."""
        return self.round.round

    @property
    def lang(self) -> str:
        """Return the language of the view."""
        return self.shown.lang

    @property
    def plan(self) -> PlanJSON:
        """Return the plan document."""
        return self.shown.plan

    @property
    def settled(self) -> SettlementJSON | None:
        """Return the settlement of the plan; None if the gain was not shared."""
        return self.plan["settlement"]

    def chosen(self) -> list[WholeProposal]:
        """Return the proposals that match the filters, in the order of the store."""
        fit = {one["id"] for one in self.material.proposals(self.choice)}
        return [one for one in self.proposals if one.id in fit]

    def options(self) -> dict[str, list[tuple[str, str]]]:
        """Return the available filter options as pairs of value and label, by field."""
        labels, lang = self.record.labels, self.lang
        used = {end for one in self.material.sent() for end in (one.origin, one.target)}
        counties = sorted({self.material.county(site) for site in used} - {""})
        goods = sorted({one.commodity for one in self.material.sent()}, key=self.material.good_name)
        firms = sorted(labels["enterprises"], key=self.material.firm_name)
        return {
            "kind": [(str(kind), self.shown.said(f"kind.{kind}")) for kind in Kind],
            "county": [(county, county_name(county, lang)) for county in counties],
            "commodity": [(good, self.material.good_name(good)) for good in goods],
            "firm": [(firm, self.material.firm_name(firm)) for firm in firms],
        }


def seen(caller: Caller, round_id: int, lang: str, chosen: Mapping[str, str], code: str | None = None) -> Seen:
    """Load a round with its latest plan and apply the filters, fields of `Choice`; a code loads one proposal alone.

    Raises
    ------
    NotFoundError
        The round does not exist or has no plan yet, or a filter value does not exist.
    """
    store, actor = caller
    one = queries.see_round(store, actor, round_id)
    record = queries.see_plan(store, actor, round_id)
    material = Material(record, lang)
    choice = Choice(**{name: chosen.get(name, "") for name in ("kind", "county", "commodity", "firm")})
    listed = queries.list_proposals(store, actor, round_id, code)
    found = tuple(each for each in listed if isinstance(each, WholeProposal))
    codes = {each.id: each.proposal for each in found}
    whole = Seen(one, record, Shown(record, lang), material, choice, found, codes)
    known = {
        "kind": set(map(str, Kind)),
        "county": {str(label.get("county", "")) for label in record.labels["sites"].values()},
        "commodity": set(record.labels["commodities"]),
        "firm": set(record.labels["enterprises"]),
    }
    for name, values in known.items():
        if getattr(choice, name) not in values | {""}:
            raise refusal("not_found", what=name)
    return whole
