"""View model of a round with its latest plan for planners and auditors, and the filters applied to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synergy.web.figures.grouping import county_name
from synergy.web.figures.outline import NONE, Outlines
from synergy.web.figures.plan_data import Choice, Material
from synergy.web.view_context import Shown

from synergy.errors import NotFoundError
from synergy.plan import Kind
from synergy.store import queries
from synergy.store.access import Actor, Caller
from synergy.store.messages import refusal
from synergy.store.store import Store

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """Round with a plan, presented in one language.

    Parameters
    ----------
    round : mapping
        Public record of the round.
    record : mapping
        Record of the plan with names, match, digest and chain.
    shown : Shown
        Localized names and formatted figures.
    material : Material
        Data of the figures.
    choice : Choice
        Filters in use.
    proposals : tuple of mapping
        All proposals from the store, with codes, answers and parties.
    codes : mapping of str to str
        Code of each proposal by its id in the plan.
    bounds : Outlines
        Boundaries supplied by the operator, for maps.
    """

    round: Record
    record: Record
    shown: Shown
    material: Material
    choice: Choice
    proposals: tuple[Record, ...]
    codes: Mapping[str, str]
    bounds: Outlines = NONE

    @property
    def ident(self) -> int:
        """Return the id of the round."""
        return int(self.round["round"])

    @property
    def lang(self) -> str:
        """Return the language of the view."""
        return self.shown.lang

    @property
    def plan(self) -> Record:
        """Return the plan document."""
        return self.shown.plan

    def chosen(self) -> list[Record]:
        """Return the proposals that match the filters, in the order of the store."""
        fit = {one["id"] for one in self.material.proposals(self.choice)}
        return [one for one in self.proposals if one["id"] in fit]

    def options(self) -> dict[str, list[tuple[str, str]]]:
        """Return the available filter options as pairs of value and label, by field."""
        labels, lang = self.record["labels"], self.lang
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
    """Load a round with its latest plan and apply the filters.

    Parameters
    ----------
    caller : Caller
    round_id : int
    lang : str
        ``en`` or ``zh``.
    chosen : mapping of str to str
        Filters: fields of `Choice`; other keys are ignored.
    code : str, optional
        Code of the only proposal to load; all are loaded if omitted.

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
    found = tuple(queries.list_proposals(store, actor, round_id, code))
    codes = {each["id"]: each["proposal"] for each in found}
    whole = Seen(one, record, Shown(record, lang), material, choice, found, codes)
    known = {
        "kind": set(map(str, Kind)),
        "county": {str(label.get("county", "")) for label in record["labels"]["sites"].values()},
        "commodity": set(record["labels"]["commodities"]),
        "firm": set(record["labels"]["enterprises"]),
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
