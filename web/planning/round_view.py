"""View model of a round with its latest plan for planners and auditors, and the filters applied to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synergy.web.figures.grouping import county_name
from synergy.web.figures.outline import NONE, Outlines
from synergy.web.figures.plan_data import Choice, Material
from synergy.web.view_context import Shown

from synergy.errors import NotFoundError
from synergy.plan import Kind
from synergy.records.documents import Document
from synergy.records.proposals import WholeProposal
from synergy.records.rounds import Round
from synergy.records.runs import PlanRecord
from synergy.store import queries
from synergy.store.access import Actor, Caller
from synergy.store.messages import refusal
from synergy.store.store import Store


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
    def plan(self) -> Document:
        """Return the plan document."""
        return self.record.plan

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


def has_plan(store: Store, actor: Actor, round_id: int) -> bool:
    """Return whether a round has a plan that the actor may view."""
    try:
        queries.see_plan(store, actor, round_id)
    except NotFoundError:
        return False
    return True
