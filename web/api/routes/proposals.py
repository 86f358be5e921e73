"""Proposal and partnership endpoints: list, read, answer and follow up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Figure, Given, Items, MoneyGiven, Page, QuantityGiven, Words
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves
from synergy.web.api.validation import amount_in, price_in

from synergy.plan import Kind
from synergy.records.figures import Ident, example
from synergy.records.names import Answer, Stage
from synergy.records.proposals import Answered, Happening, Partnership, Proposal, Staged
from synergy.store import answers, queries
from synergy.store.access import Action
from synergy.store.answers import CounterOffer
from synergy.store.queries import measures
from synergy.store.rounds import StepOptions


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

    model_config = example({"answer": "declined", "reason": "our gas is promised elsewhere"})
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

    model_config = example({"stage": "financing", "reason": ""})
    stage: Literal["permits", "financing", "building", "running", "ended"]
    reason: Words = ""


class History(Items[Happening]):
    """One page of the history of a proposal, oldest first."""


@serves("GET /rounds/{round}/proposals", Action.SEE_PROPOSAL, ("List proposals", "列出建议"))
@gives(Proposals, Mark.PAGED, Mark.KEPT, query=ProposalQuery)
def list_proposals(call: Call) -> HandlerResult:
    """Return the proposals of the latest run, limited to those and to the parts visible to the account."""
    rows = queries.list_proposals(*call.caller, call.path["round"])
    wanted = {name: getattr(call.query, name) for name in ("kind", "answer")}
    rows = [row for row in rows if all(value in (None, getattr(row, name)) for name, value in wanted.items())]
    return paged(rows, "proposal", call.query)


@serves("GET /proposals/{proposal}", Action.SEE_PROPOSAL, ("See a proposal", "查看建议"))
@gives(Proposal, Mark.KEPT)
def see_proposal(call: Call) -> HandlerResult:
    """Return one proposal, limited to the parts visible to the account."""
    told = queries.see_proposal(*call.caller, call.path["proposal"])
    return HandlerResult(told, told.version)


@serves(
    "GET /proposals/{proposal}/history", Action.SEE_PROPOSAL, ("See what has happened to a proposal", "查看建议的经过")
)
@gives(History, Mark.PAGED)
def see_history(call: Call) -> HandlerResult:
    """Return the history of a proposal, oldest first; an enterprise does not see the answers of others."""
    return paged(queries.story(*call.caller, call.path["proposal"]), "number", call.query)


@serves("POST /proposals/{proposal}/answers", Action.ANSWER, ("Answer a proposal", "答复建议"))
@gives(Answered, Mark.KEY, Mark.VERSION_IF_ANY, status=201, body=AnswerGiven, problems=("step", "late"))
def answer_proposal(call: Call) -> HandlerResult:
    """Answer a proposal for the own enterprise; with `Idempotency-Key` the request can be retried safely."""
    given: AnswerGiven = call.body
    code = call.path["proposal"]
    counter = _counter(call, code, given.counter) if given.counter else ()
    reply = answers.Reply(Answer(given.answer), given.reason, counter)
    told = answers.answer(*call.caller, code, reply, call.asked)
    return HandlerResult(told, told.version, {"Location": f"{PREFIX}/proposals/{code}"})


def _counter(call: Call, code: str, given: Iterable[CounterGiven]) -> list[CounterOffer]:
    """Return a counter-offer in the units of the round."""
    seen = queries.see_proposal(*call.caller, code)
    units = measures(*call.caller, seen.round)
    goods = {line.number: line.commodity for line in seen.lines}
    made = []
    for place, one in enumerate(given):
        unit = units.unit(goods.get(one.number, ""))
        where = ("counter", place)
        if one.quantity is None and one.price is None:
            said = ("expected a quantity or a price", "应填写数量或价格")
            raise ApiProblem("invalid", errors=[(pointer(*where), "missing", *said)])
        amount = amount_in(one.quantity, unit, pointer(*where, "quantity"))
        price = price_in(one.price, units.currency, pointer(*where, "price"))
        made.append(CounterOffer(one.number, amount, price))
    return made


@serves("GET /partnerships", Action.SEE_PARTNERSHIP, ("List partnerships", "列出合作"))
@gives(Partnerships, Mark.PAGED, query=PartnershipQuery)
def list_partnerships(call: Call) -> HandlerResult:
    """Return the partnerships from accepted proposals; an enterprise sees those that it takes part in."""
    rows = answers.followed(*call.caller, call.query.round)
    if call.query.stage is not None:
        rows = [row for row in rows if row.stage == call.query.stage]
    return paged(rows, "partnership", call.query)


@serves("GET /partnerships/{partnership}", Action.SEE_PARTNERSHIP, ("See a partnership", "查看合作"))
@gives(Partnership)
def see_partnership(call: Call) -> HandlerResult:
    """Return one partnership."""
    rows = answers.followed(*call.caller)
    told = next((row for row in rows if row.partnership == call.path["partnership"]), None)
    if told is None:
        raise ApiProblem("not_found")
    return HandlerResult(told, told.version)


@serves(
    "PATCH /partnerships/{partnership}",
    Action.FOLLOW,
    ("Take a partnership to a later stage, or end it", "推进或终止合作"),
)
@gives(Staged, Mark.VERSION, Mark.KEY, body=StageGiven, problems=("step",))
def follow_partnership(call: Call) -> HandlerResult:
    """Move a partnership to a later stage; stages may be skipped, but not reverted."""
    given: StageGiven = call.body
    asked = StepOptions(call.asked.version, call.asked.key, given.reason)
    told = answers.follow(*call.caller, call.path["partnership"], Stage(given.stage), asked)
    return HandlerResult(told, told.version)
