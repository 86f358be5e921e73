"""Models of proposals, answers and partnerships."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from synergy.web.api.models.parts import Figure, Given, Items, MoneyGiven, Page, QuantityGiven, Words

from synergy.plan import Kind
from synergy.records.figures import Ident, example
from synergy.records.names import Answer, Stage
from synergy.records.proposals import Partnership, Proposal


class Proposals(Items[Proposal]):
    """One page of proposals."""


class ProposalQuery(Page):
    """Filter of proposals."""

    kind: Kind | None = None
    answer: Answer | None = None


class CounterGiven(Given):
    """Counter-offer for one line: a quantity, a price, or both."""

    number: int = Field(ge=0, le=2**31 - 1, description="Of the line.")
    quantity: Figure | QuantityGiven | None = None
    price: Figure | MoneyGiven | None = None


class AnswerGiven(Given):
    """Answer of an enterprise: declining requires a reason, countering a counter-offer."""

    model_config = Given.model_config | example({"answer": "declined", "reason": "our gas is promised elsewhere"})
    answer: Literal["interested", "accepted", "declined", "countered"]
    reason: Words = ""
    counter: list[CounterGiven] = Field(default_factory=list, max_length=200)


class Partnerships(Items[Partnership]):
    """One page of partnerships."""


class PartnershipQuery(Page):
    """Filter of partnerships."""

    round: Ident | None = None
    stage: Stage | None = None


class StageGiven(Given):
    """A later stage of a partnership; ending it requires a reason."""

    model_config = Given.model_config | example({"stage": "financing", "reason": ""})
    stage: Literal["permits", "financing", "building", "running", "ended"]
    reason: Words = ""
