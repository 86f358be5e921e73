"""Proposal and partnership endpoints: list, read, answer and follow up."""

from __future__ import annotations

from collections.abc import Iterable

from synergy.web.api.dispatch import paged
from synergy.web.api.figures import amount_in, price_in
from synergy.web.api.models.keeping import History
from synergy.web.api.models.proposals import (
    AnswerGiven,
    CounterGiven,
    PartnershipQuery,
    Partnerships,
    ProposalQuery,
    Proposals,
    StageGiven,
)
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves

from synergy.records.names import Answer, Stage
from synergy.records.proposals import Answered, Partnership, Proposal, Staged
from synergy.store import answers, audit, follow_up, queries
from synergy.store.access import Action
from synergy.store.aggregates import measures
from synergy.store.answers import CounterOffer
from synergy.store.rounds import StepOptions


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
    return paged(audit.story(*call.caller, call.path["proposal"]), "number", call.query)


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
    rows = follow_up.followed(*call.caller, call.query.round)
    if call.query.stage is not None:
        rows = [row for row in rows if row.stage == call.query.stage]
    return paged(rows, "partnership", call.query)


@serves("GET /partnerships/{partnership}", Action.SEE_PARTNERSHIP, ("See a partnership", "查看合作"))
@gives(Partnership)
def see_partnership(call: Call) -> HandlerResult:
    """Return one partnership."""
    rows = follow_up.followed(*call.caller)
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
    told = follow_up.follow(*call.caller, call.path["partnership"], Stage(given.stage), asked)
    return HandlerResult(told, told.version)
