"""Round endpoints: list, create, read, advance through the steps, and start or stop runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synergy.web.api.dispatch import paged
from synergy.web.api.models.rounds import (
    Aggregates,
    Deadlines,
    Doubts,
    MatchAsked,
    MatchRequested,
    NewRound,
    Note,
    RoundQuery,
    Rounds,
)
from synergy.web.api.spec import PREFIX, Call, Handler, HandlerResult, Mark, gives, serves

from synergy.records.names import MatchState
from synergy.records.rounds import Concluded, Frozen, Moved, Reminded, Round, Setup
from synergy.records.runs import Requested
from synergy.scenario import Scenario
from synergy.store import aggregates as sums
from synergy.store import answers, freezing, planning, queries, rounds, runs
from synergy.store import review as doubted
from synergy.store.access import Action, Actor
from synergy.store.datasets import dataset_archive
from synergy.store.rounds import Draft, StepOptions, Until
from synergy.store.store import Store

_STEPS = ("step", "not_found")
Take = Callable[[Store, Actor, int, StepOptions], Moved]


@serves("GET /rounds", Action.SEE_ROUNDS, ("List rounds", "列出轮次"))
@gives(Rounds, Mark.PAGED, query=RoundQuery)
def list_rounds(call: Call) -> HandlerResult:
    """Return the rounds with their public facts, newest first."""
    rows = queries.list_rounds(*call.caller)
    if call.query.state is not None:
        rows = [row for row in rows if row.state == call.query.state]
    return paged(rows, "round", call.query)


@serves("POST /rounds", Action.CREATE_ROUND, ("Make a round of a dataset", "由数据集创建轮次"))
@gives(Moved, Mark.KEY, status=201, body=NewRound, problems=("dataset", "not_found"))
def create_round(call: Call) -> HandlerResult:
    """Create a round from a stored dataset."""
    given: NewRound = call.body
    scenario = given.scenario
    draft = Draft(
        name=given.name,
        archive=dataset_archive(*call.caller, given.dataset),
        scenario=Scenario(
            scenario.name,
            scenario.settings,
            {name: tuple(rows) for name, rows in scenario.tables.items()},
            tuple(scenario.scale),
        ),
        options=given.options.model_dump(exclude_none=True),
        members=None if given.members is None else tuple(given.members),
        anonymous=given.anonymous,
        ladder=given.ladder,
        deadline=given.deadline,
        answer_by=given.answer_by,
        previous=given.previous,
    )
    made = rounds.create(*call.caller, draft, call.asked.key)
    return HandlerResult(made, made.version, {"Location": f"{PREFIX}/rounds/{made.round}"})


@serves("GET /rounds/{round}", Action.SEE_ROUNDS, ("See a round", "查看轮次"))
@gives(Round)
def see_round(call: Call) -> HandlerResult:
    """Return the public facts of a round."""
    told = queries.see_round(*call.caller, call.path["round"])
    return HandlerResult(told, told.version)


@serves("GET /rounds/{round}/setup", Action.SEE_PLANS, ("See what a round was made from", "查看轮次设置"))
@gives(Setup)
def see_setup(call: Call) -> HandlerResult:
    """Return the dataset, scenario and options of a round."""
    return HandlerResult(planning.round_input(*call.caller, call.path["round"]))


def _step(name: str, summary: tuple[str, str], take: Take, answer: type[Moved] = Moved) -> Handler:
    """Register the operation of a step by which a planner advances a round."""

    def handler(call: Call) -> HandlerResult:
        told = take(*call.caller, call.path["round"], noted(call))
        return HandlerResult(told, told.version)

    handler.__name__, handler.__doc__ = f"{name}_round", f"{summary[0]}."
    problems = (*_STEPS, "dataset") if name == "freeze" else _STEPS
    made = gives(answer, Mark.VERSION, Mark.KEY, body=Note, problems=problems)(handler)
    return serves(f"POST /rounds/{{round}}/{name}", Action.RUN_ROUND, summary)(made)


def noted(call: Call) -> StepOptions:
    """Return the version, idempotency key and note of a step request."""
    return StepOptions(call.asked.version, call.asked.key, call.body.note)


def _advance(step: str) -> Take:
    def take(store: Store, actor: Actor, round_id: int, asked: StepOptions) -> Moved:
        return rounds.advance(store, actor, round_id, step, asked)

    return take


_step("open", ("Let enterprises declare", "开始申报"), _advance("open"))
_step("remind", ("Remind who has not declared", "提醒未申报企业"), rounds.remind, Reminded)
_step("freeze", ("Close the declarations", "冻结申报"), freezing.freeze, Frozen)
_step(
    "reopen",
    ("Take declarations again, to correct one or leave it out", "重新开放申报，以便更正或撤下"),
    _advance("reopen"),
)


@serves(
    "POST /rounds/{round}/extend",
    Action.RUN_ROUND,
    ("Move the deadline for declarations or for answers", "调整申报或答复截止时间"),
)
@gives(Moved, Mark.VERSION, Mark.KEY, body=Deadlines, problems=_STEPS)
def extend_round(call: Call) -> HandlerResult:
    """Move the deadlines of a round, even if they have passed; the enterprises concerned are notified."""
    until = Until(deadline=call.body.deadline, answer_by=call.body.answer_by)
    told = rounds.extend(*call.caller, call.path["round"], until, noted(call))
    return HandlerResult(told, told.version)


_step("publish", ("Show proposals to enterprises", "发布建议"), _advance("publish"))
_step("collect", ("Take answers", "开始收集答复"), _advance("collect"))
_step(
    "conclude",
    ("End a round: what all accepted is followed up", "结束轮次：各方接受的建议成为合作"),
    answers.conclude,
    Concluded,
)
_step("cancel", ("Give a round up", "取消轮次"), _advance("cancel"))


@serves("POST /rounds/{round}/match", Action.RUN_ROUND, ("Ask for a run", "请求匹配"))
@gives(MatchRequested, Mark.VERSION, Mark.KEY, status=202, body=MatchAsked, problems=("step", "conflict", "not_found"))
def match_round(call: Call) -> HandlerResult:
    """Request a run of a round; a worker performs it, and `Location` is the address for polling."""
    asked = replace(noted(call), start=tuple(call.body.start))
    told = runs.request_match(*call.caller, call.path["round"], asked)
    made = MatchRequested(
        round=told.round,
        version=told.version,
        match=told.match,
        number=told.number,
        state=MatchState.REQUESTED,
        round_state=told.state,
    )
    return HandlerResult(made, told.version, _polled(told.match))


def _polled(match: int) -> dict[str, str]:
    """Return the headers with the address of a run and the polling interval."""
    return {"Location": f"{PREFIX}/matches/{match}", "Retry-After": "1"}


@serves(
    "POST /rounds/{round}/halt",
    Action.RUN_ROUND,
    ("Take the best plan so far: the search ends, the gain is shared", "采用目前最优方案：结束搜索并分配收益"),
)
@gives(Requested, Mark.KEY, status=202, body=Note, problems=("not_found",))
def halt_round(call: Call) -> HandlerResult:
    """End the search of the current run early, and settle the best plan found so far or the next one found."""
    return _asked_to_end(call, runs.halt_search)


@serves("POST /rounds/{round}/stop", Action.RUN_ROUND, ("Cancel the run of a round", "取消正在进行的匹配"))
@gives(Requested, Mark.KEY, status=202, body=Note, problems=("not_found",))
def stop_round(call: Call) -> HandlerResult:
    """Cancel the current run of a round, immediately if no worker has started it."""
    return _asked_to_end(call, runs.cancel_match)


def _asked_to_end(call: Call, end: Callable[[Store, Actor, int, StepOptions], Requested]) -> HandlerResult:
    told = end(*call.caller, call.path["round"], noted(call))
    return HandlerResult(told, headers=_polled(told.match))


@serves("GET /rounds/{round}/aggregates", Action.SEE_AGGREGATES, ("See sums that everybody may know", "查看公开汇总"))
@gives(Aggregates, Mark.PAGED)
def see_aggregates(call: Call) -> HandlerResult:
    """Return the quantity exchanged of each commodity: only sums of five or more enterprises, none above half."""
    return paged(sums.aggregates(*call.caller, call.path["round"]), "commodity", call.query)


@serves(
    "GET /rounds/{round}/doubtful",
    Action.SEE_PLANS,
    ("See declared rows worth a look before freezing", "查看冻结前应核对的申报"),
)
@gives(Doubts, Mark.PAGED)
def see_doubtful(call: Call) -> HandlerResult:
    """Return the declared rows to review before freezing: compulsory, confirmed as unusual, or very large."""
    return paged(doubted.doubtful(*call.caller, call.path["round"]), "ident", call.query)
