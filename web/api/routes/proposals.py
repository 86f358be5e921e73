"""Proposal and partnership endpoints: list, read, answer and follow up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from synergy.web.api.dispatch import Page, paged
from synergy.web.api.figures import Measures, amount_in, price_in, quantity
from synergy.web.api.models.keeping import History
from synergy.web.api.models.proposals import (
    Answered,
    AnswerGiven,
    CounterGiven,
    Partnership,
    PartnershipQuery,
    Partnerships,
    Proposal,
    ProposalQuery,
    Proposals,
    Staged,
    StageGiven,
)
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, Record, Spec, serves

from synergy.store import answers, audit, follow_up, queries
from synergy.store.access import Action
from synergy.store.names import Answer, Stage
from synergy.store.rounds import StepOptions

_PAID = ("gain", "marginal_gain", "capex")
_OWN = ("gain", "paid", "capex")  # of a party
_PART = ("value", "capex", "annual")  # of each party, before payments
_SHARE = ("standalone", "payoff", "gain", "transfer", "lump_sum")


@serves(
    Spec(
        "GET",
        "/rounds/{round}/proposals",
        Action.SEE_PROPOSAL,
        ("List proposals", "列出建议"),
        Proposals,
        query=ProposalQuery,
        marks=frozenset({Mark.PAGED, Mark.KEPT}),
    )
)
def list_proposals(call: Call) -> HandlerResult:
    """Return the proposals of the latest run, limited to those and to the parts visible to the account."""
    number = call.path["round"]
    rows = queries.list_proposals(call.store, call.actor, number)
    wanted = {name: getattr(call.query, name) for name in ("kind", "answer")}
    rows = [row for row in rows if all(value in (None, row[name]) for name, value in wanted.items())]
    reply = paged(rows, "proposal", call.query, f"{PREFIX}/rounds/{number}/proposals")
    measures = Measures(call, number)
    reply.record["items"] = [_measured(measures, row) for row in reply.record["items"]]
    return reply


@serves(
    Spec(
        "GET",
        "/proposals/{proposal}",
        Action.SEE_PROPOSAL,
        ("See a proposal", "查看建议"),
        Proposal,
        marks=frozenset({Mark.KEPT}),
    )
)
def see_proposal(call: Call) -> HandlerResult:
    """Return one proposal, limited to the parts visible to the account."""
    told = queries.see_proposal(call.store, call.actor, call.path["proposal"])
    return HandlerResult(_measured(Measures(call, told["round"]), told), told["version"])


@serves(
    Spec(
        "GET",
        "/proposals/{proposal}/history",
        Action.SEE_PROPOSAL,
        ("See what has happened to a proposal", "查看建议的经过"),
        History,
        query=Page,
        marks=frozenset({Mark.PAGED}),
    )
)
def see_history(call: Call) -> HandlerResult:
    """Return the history of a proposal, oldest first; an enterprise does not see the answers of others."""
    code = call.path["proposal"]
    found = audit.story(call.store, call.actor, code)
    # figures of a counter-offer stand in the proposal, with their units
    rows = [
        {"number": number} | {name: value for name, value in one.items() if name != "counter"}
        for number, one in enumerate(found, start=1)
    ]
    return paged(rows, "number", call.query, f"{PREFIX}/proposals/{code}/history")


@serves(
    Spec(
        "POST",
        "/proposals/{proposal}/answers",
        Action.ANSWER,
        ("Answer a proposal", "答复建议"),
        Answered,
        201,
        body=AnswerGiven,
        marks=frozenset({Mark.KEY, Mark.VERSION_IF_ANY}),
        problems=("step", "late"),
    )
)
def answer_proposal(call: Call) -> HandlerResult:
    """Answer a proposal for the own enterprise; with `Idempotency-Key` the request can be retried safely."""
    given: AnswerGiven = call.body
    code = call.path["proposal"]
    counter = _counter(call, code, given.counter) if given.counter else ()
    reply = answers.Reply(Answer(given.answer), given.reason, counter)
    told = answers.answer(call.store, call.actor, code, reply, call.asked)
    return HandlerResult(told, told["version"], {"Location": f"{PREFIX}/proposals/{code}"})


def _counter(call: Call, code: str, given: Iterable[CounterGiven]) -> list[Record]:
    """Return a counter-offer in the units of the round."""
    seen = queries.see_proposal(call.store, call.actor, code)
    measures, goods = Measures(call, seen["round"]), {line["number"]: line["commodity"] for line in seen["lines"]}
    made = []
    for place, one in enumerate(given):
        unit = measures.unit(goods.get(one.number, ""))
        where = ("counter", place)
        if one.quantity is None and one.price is None:
            said = ("expected a quantity or a price", "应填写数量或价格")
            raise ApiProblem("invalid", errors=[(pointer(*where), "missing", *said)])
        made.append(
            {
                "number": one.number,
                "quantity": amount_in(one.quantity, unit, pointer(*where, "quantity")),
                "price": price_in(one.price, measures.currency, pointer(*where, "price")),
            }
        )
    return made


def _measured(measures: Measures, told: Record) -> Record:
    """Return a proposal with units and currency, in the full view or in the view of a party."""
    lines = [_line(measures, line) for line in told["lines"]]
    goods = {line["number"]: line["commodity"] for line in lines}
    made = measures.paid(told, _PAID) | {"lines": lines, "built": [_built(measures, one) for one in told["built"]]}
    if "parties" in told:  # all of it
        made["co2_saved"] = quantity(told["co2_saved"], "t")
        made["terms"] = [_line(measures, one) for one in told["terms"]]
        made["parties"] = [one | {"counter": _countered(measures, goods, one["counter"])} for one in told["parties"]]
        made["own"] = {
            name: measures.paid(part, _PART) | {"co2": quantity(part["co2"], "t")}
            for name, part in told.get("own", {}).items()
        }
        return made
    own = told["own"]
    made["own"] = measures.paid(own, _OWN) | {"co2_saved": quantity(own["co2_saved"], "t")}
    made["links"] = [measures.paid(one, ("capex",)) for one in told["links"]]
    made["counter"] = _countered(measures, goods, told["counter"])
    if told["settlement"] is not None:
        made["settlement"] = measures.paid(told["settlement"], _SHARE)
    return made


def _line(measures: Measures, line: Record) -> Record:
    amount = measures.of_good(line["commodity"], line["quantity"])
    return {**line, "quantity": amount, "price": measures.money(line["price"])}


def _built(measures: Measures, one: Record) -> Record:
    capacity = measures.of_process(one["process"], one.get("capacity"))
    return measures.paid(one, ("capex", "annual_cost")) | {"capacity": capacity}


def _countered(measures: Measures, goods: Mapping[int, str], counter: Any) -> list[Record] | None:
    if counter is None:
        return None
    return [
        {
            "number": one["number"],
            "quantity": measures.of_good(goods.get(one["number"], ""), one["quantity"]),
            "price": measures.money(one["price"]),
        }
        for one in counter
    ]


@serves(
    Spec(
        "GET",
        "/partnerships",
        Action.SEE_PARTNERSHIP,
        ("List partnerships", "列出合作"),
        Partnerships,
        query=PartnershipQuery,
        marks=frozenset({Mark.PAGED}),
    )
)
def list_partnerships(call: Call) -> HandlerResult:
    """Return the partnerships from accepted proposals; an enterprise sees those that it takes part in."""
    rows = follow_up.followed(call.store, call.actor, call.query.round)
    if call.query.stage is not None:
        rows = [row for row in rows if row["stage"] == call.query.stage]
    return paged(rows, "partnership", call.query, f"{PREFIX}/partnerships")


@serves(
    Spec(
        "GET",
        "/partnerships/{partnership}",
        Action.SEE_PARTNERSHIP,
        ("See a partnership", "查看合作"),
        Partnership,
    )
)
def see_partnership(call: Call) -> HandlerResult:
    """Return one partnership."""
    rows = follow_up.followed(call.store, call.actor)
    told = next((row for row in rows if row["partnership"] == call.path["partnership"]), None)
    if told is None:
        raise ApiProblem("not_found")
    return HandlerResult(told, told["version"])


@serves(
    Spec(
        "PATCH",
        "/partnerships/{partnership}",
        Action.FOLLOW,
        ("Take a partnership to a later stage, or end it", "推进或终止合作"),
        Staged,
        body=StageGiven,
        marks=frozenset({Mark.VERSION, Mark.KEY}),
        problems=("step",),
    )
)
def follow_partnership(call: Call) -> HandlerResult:
    """Move a partnership to a later stage; stages may be skipped, but not reverted."""
    given: StageGiven = call.body
    asked = StepOptions(call.asked.version, call.asked.key, given.reason)
    told = follow_up.follow(call.store, call.actor, call.path["partnership"], Stage(given.stage), asked)
    return HandlerResult(told, told["version"])
