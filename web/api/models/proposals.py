"""Models of proposals, answers and partnerships."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from synergy.plan import Kind
from synergy.store.names import Answer, Stage
from web.api.models.figures import Figure, Given, Ident, Money, Quantity, Time, Told, Words, example
from web.api.paging import Page

_AT = "2026-03-01T08:00:00+00:00"
_CODE = "P0f3a9c1b2d4e5f607182"
_LINE = {
    "number": 0,
    "from_enterprise": "EAST",
    "from_site": "EAST-1",
    "to_enterprise": "GLASS",
    "to_site": "GLASS-1",
    "commodity": "COG",
    "mode": "pipe-dn700",
    "quantity": {"value": "60000", "unit": "kNm3"},
    "price": {"amount": "812.5", "currency": "CNY"},
}


class Line(Told):
    """Who delivers what to whom, a year."""

    number: int
    from_enterprise: str
    from_site: str
    to_enterprise: str
    to_site: str
    commodity: str
    mode: str
    quantity: Quantity
    price: Money | None = Field(description="Per unit.")


class CounterLine(Told):
    """What an enterprise would do instead of one line."""

    number: int
    quantity: Quantity | None
    price: Money | None


class Party(Told):
    """What one enterprise has answered."""

    enterprise: str
    answer: Answer
    version: int
    reason: str
    counter: list[CounterLine] | None
    actor: str | None
    at: Time | None


class Built(Told):
    """A new unit."""

    process: str
    site: str
    capacity: Quantity | None
    capex: Money | None
    annual_cost: Money | None


class Partner(Told):
    """Another party; in an anonymous round a number until all are interested."""

    enterprise: str
    name_en: str
    name_zh: str


class Share(Told):
    """The enterprise's own part of the settlement."""

    standalone: Money | None
    payoff: Money | None
    gain: Money | None
    transfer: Money | None
    lump_sum: Money | None


class Proposal(Told):
    """A proposal as far as the account may see it.

    A planner or auditor sees it whole; an enterprise its own lines, what is built on its own site, permits and hazards,
    and its own part of the settlement.
    """

    model_config = example(
        {
            "proposal": _CODE,
            "round": 1,
            "kind": "extension",
            "title_en": "Chain extension: coke oven gas",
            "title_zh": "延链：焦炉煤气",
            "answer": "none",
            "version": 1,
            "reason": "",
            "counter": None,
            "standing": "none",
            "partners": [{"enterprise": "EAST", "name_en": "East Coking", "name_zh": "东部焦化"}],
            "lines": [_LINE],
            "built": [],
            "notes": [],
            "settlement": None,
        }
    )
    proposal: str
    round: Ident
    kind: Kind
    title_en: str
    title_zh: str
    answer: Answer = Field(description="The account's own answer; for planners and auditors, what became of it.")
    version: int
    lines: list[Line]
    built: list[Built]
    notes: list[dict[str, Any]]
    reason: str | None = None
    counter: list[CounterLine] | None = None
    standing: Answer | None = Field(None, description="What became of the proposal; enterprises.")
    partners: list[Partner] | None = Field(None, description="Enterprises.")
    settlement: Share | None = Field(None, description="Enterprises, where costs are on the ladder.")
    parties: list[Party] | None = Field(None, description="Planners and auditors, as all that follows.")
    enterprises: list[str] | None = None
    gain: Money | None = None
    marginal_gain: Money | None = None
    capex: Money | None = None
    payback_years: float | None = None
    co2_saved: Quantity | None = None


class Proposals(Told):
    """One page of proposals."""

    items: list[Proposal]
    next: str | None


class ProposalQuery(Page):
    """Which proposals are wanted."""

    kind: Kind | None = None
    answer: Answer | None = None


class CounterGiven(Given):
    """What the enterprise would do instead of one line; at least one of the two."""

    number: int = Field(ge=0, le=2**31 - 1, description="Of the line.")
    quantity: Figure | Quantity | None = None
    price: Figure | Money | None = None


class AnswerGiven(Given):
    """What an enterprise answers: a reason is needed to decline, a counter-offer to counter."""

    model_config = Given.model_config | example({"answer": "declined", "reason": "our gas is promised elsewhere"})
    answer: Literal["interested", "accepted", "declined", "countered"]
    reason: Words = ""
    counter: list[CounterGiven] = Field(default_factory=list, max_length=200)


class Answered(Told):
    """What was stored, and what became of the proposal."""

    model_config = example({"proposal": _CODE, "answer": "accepted", "version": 2, "standing": "interested"})
    proposal: str
    answer: Answer
    version: int
    standing: Answer


class Partnership(Told):
    """An accepted proposal on its way."""

    model_config = example(
        {
            "partnership": 4,
            "round": 1,
            "proposal": _CODE,
            "stage": "permits",
            "version": 2,
            "reason": "",
            "since": _AT,
        }
    )
    partnership: Ident
    round: Ident
    proposal: str
    stage: Stage
    version: int
    reason: str
    since: Time


class Partnerships(Told):
    """One page of partnerships."""

    items: list[Partnership]
    next: str | None


class PartnershipQuery(Page):
    """Which partnerships are wanted."""

    round: Ident | None = None
    stage: Stage | None = None


class StageGiven(Given):
    """A later stage; to end, a reason is needed."""

    model_config = Given.model_config | example({"stage": "financing", "reason": ""})
    stage: Literal["permits", "financing", "building", "running", "ended"]
    reason: Words = ""


class Staged(Told):
    """Where a partnership stands now."""

    model_config = example({"partnership": 4, "stage": "financing", "version": 3})
    partnership: Ident
    stage: Stage
    version: int
