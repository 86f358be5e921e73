"""Round endpoints: list, create, read, advance through the steps, and start or stop runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from pydantic import AwareDatetime, Field
from synergy.web.api.dispatch import paged
from synergy.web.api.models import Given, Items, Name, Page, Words
from synergy.web.api.spec import PREFIX, Call, Handler, HandlerResult, Mark, gives, serves

from synergy.records.documents import Document
from synergy.records.figures import Ident, example
from synergy.records.names import MatchState, State
from synergy.records.rounds import Aggregate, Concluded, Doubt, Frozen, Moved, Reminded, Round, Setup
from synergy.records.runs import Requested
from synergy.scenario import Scenario
from synergy.store import answers, freezing, queries, rounds, runs
from synergy.store import review as doubted
from synergy.store.access import Action, Actor
from synergy.store.datasets import dataset_archive
from synergy.store.rounds import Draft, StepOptions, Until
from synergy.store.store import Store

Settlement = Literal["core", "nucleolus", "shapley", "owen", "midpoint", "proportional", "standalone", "none"]


class Rounds(Items[Round]):
    """One page of rounds, newest first."""


class RoundQuery(Page):
    """Filter of rounds."""

    state: State | None = Field(None, description="Those in one state.")


class Options(Given):
    """Matching options; omitted ones default as on the command line, with `core` as settlement."""

    gap: float | None = Field(None, ge=0, le=1, description="Relative gap to stop at.")
    time_limit: float | None = Field(None, gt=0, le=86_400, description="Seconds.")
    settlement: Settlement | None = None
    base: Name | None = Field(None, description="What `proportional` shares by: weight, standalone or an indicator.")
    workers: int | None = Field(None, ge=1, le=256)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


class ScenarioGiven(Given):
    """Policy scenario of a round, as in a scenario file."""

    name: str = Field("base", min_length=1, max_length=100)
    settings: Document = Field(default_factory=dict, max_length=100)
    tables: dict[str, list[Document]] = Field(default_factory=dict, max_length=40)
    scale: list[Document] = Field(default_factory=list, max_length=200)


class NewRound(Given):
    """A round to create: dataset, scenario, options, members and deadlines."""

    model_config = example(
        {
            "name": "spring",
            "dataset": "3f0c5b0d6c7e1e5b3a8e2c8d9f4a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6",
            "scenario": {"name": "dearer carbon", "settings": {"carbon_price": 100}},
            "options": {"gap": 0.0001, "settlement": "core"},
            "deadline": "2026-03-31T16:00:00+00:00",
        }
    )
    name: str = Field(min_length=1, max_length=200)
    dataset: str = Field(pattern="^[0-9a-f]{64}$", description="Digest of a dataset that was sent to `/datasets`.")
    scenario: ScenarioGiven = Field(default_factory=lambda: ScenarioGiven.model_validate({}))
    options: Options = Field(default_factory=lambda: Options.model_validate({}))
    members: list[Name] | None = Field(None, min_length=1, max_length=5000, description="All where none is named.")
    anonymous: bool = False
    ladder: float = Field(0.12, ge=0, le=1, description="Step of the ladder on which costs are frozen; 0 for none.")
    deadline: AwareDatetime | None = Field(None, description="Until when enterprises may declare.")
    answer_by: AwareDatetime | None = Field(None, description="Until when enterprises may answer.")
    previous: Ident | None = Field(None, description="The round that `as last time` means.")


class Note(Given):
    """An optional note for the audit record; the body may be omitted."""

    model_config = example({"note": "agreed in the meeting"})
    note: Words = ""


class Deadlines(Note):
    """New deadlines of a round: at least one, in the future; an omitted one is unchanged."""

    model_config = example({"answer_by": "2126-04-30T16:00:00+00:00", "note": "asked by two firms"})
    deadline: AwareDatetime | None = Field(None, description="Until when enterprises may declare.")
    answer_by: AwareDatetime | None = Field(None, description="Until when enterprises may answer.")


class MatchAsked(Note):
    """A run to request; the body may be omitted."""

    model_config = example({"note": "from the plan of the base", "start": [6]})
    start: list[Ident] = Field(
        default=[], max_length=10, description="Runs of any round whose plans the search begins with, where one fits."
    )


class MatchRequested(Requested):
    """A run that was requested, with its number, and the round after the request."""

    model_config = example(
        {"round": 1, "version": 5, "match": 7, "number": 1, "state": "requested", "round_state": "matching"}
    )
    round: Ident
    version: int
    number: int
    round_state: State


class Doubts(Items[Doubt]):
    """Declared rows to review, by enterprise."""


class Aggregates(Items[Aggregate]):
    """Public totals by commodity."""


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
    return HandlerResult(queries.round_input(*call.caller, call.path["round"]))


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
    return paged(queries.aggregates(*call.caller, call.path["round"]), "commodity", call.query)


@serves(
    "GET /rounds/{round}/doubtful",
    Action.SEE_PLANS,
    ("See declared rows worth a look before freezing", "查看冻结前应核对的申报"),
)
@gives(Doubts, Mark.PAGED)
def see_doubtful(call: Call) -> HandlerResult:
    """Return the declared rows to review before freezing: compulsory, confirmed as unusual, or very large."""
    return paged(doubted.doubtful(*call.caller, call.path["round"]), "ident", call.query)
