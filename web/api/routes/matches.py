"""Matching run endpoints: status, progress, plans, graphs, comparison of runs, and the rulings for the next run."""

from __future__ import annotations

from typing import Annotated, Literal

import networkx as nx
from flask import request
from pydantic import Field
from synergy.web.api import graphs
from synergy.web.api.dispatch import paged
from synergy.web.api.events import follow
from synergy.web.api.models import Figure, Given, Items, Name, QuantityGiven
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, gives, serves
from synergy.web.api.validation import amount_in

from synergy.records.accounts import Head
from synergy.records.documents import Document
from synergy.records.figures import Ident, Record, example
from synergy.records.names import MatchState
from synergy.records.rounds import Moved, Ruled, Ruling
from synergy.records.runs import PROGRESS, Comparison, Progress, Run
from synergy.store import comparison, queries, review
from synergy.store.access import Action
from synergy.store.queries import measures


class Matches(Items[Run]):
    """One page of runs, oldest first."""


class ProgressList(Items[Progress]):
    """Progress records of a run, after the requested id."""

    model_config = example({"items": [PROGRESS], "next": "1.4", "state": "running"})
    next: str | None = Field(description="The id to ask with as `after` next time.")
    state: MatchState


class After(Given):
    """Position in the progress of a run."""

    after: Annotated[str, Field(pattern=r"^[0-9]{1,9}\.[0-9]{1,9}$")] | None = Field(
        None, description="Id of the last one that was seen."
    )


class Pattern(Given):
    """Pattern of exchanges; an omitted key matches any value."""

    from_enterprise: Name | None = None
    from_site: Name | None = None
    to_enterprise: Name | None = None
    to_site: Name | None = None
    commodity: Name | None = None
    quantity: Figure | QuantityGiven | None = Field(
        None, description="For `fix` alone: units a year, a bare text in the unit of the commodity."
    )


class Exclusion(Given):
    """Forbid the matching exchanges in the next run."""

    kind: Literal["forbid"]
    pattern: Pattern


class Fixing(Given):
    """Fix the quantity of an exchange in the next run."""

    kind: Literal["fix"]
    pattern: Pattern


class Remark(Given):
    """A note on a proposal, for the record."""

    kind: Literal["note"]
    text: str = Field(min_length=1, max_length=4000)
    proposal: str | None = Field(None, min_length=1, max_length=32)


class NewRuling(Given):
    """A ruling to add: forbid or fix exchanges in the next run, or add a note."""

    model_config = example({"ruling": {"kind": "forbid", "pattern": {"from_enterprise": "EAST", "commodity": "COG"}}})
    ruling: Exclusion | Fixing | Remark = Field(discriminator="kind")


class Rulings(Items[Ruling]):
    """One page of rulings, oldest first."""


class Proof(Record):
    """Bounds on the value of a plan, in money per year: proved by its duals, and claimed by the solver."""

    model_config = example({"dual": 1.02, "solver": 1.01})
    dual: float | None
    solver: float | None


class PlanDocument(Record):
    """The plan document, as printed by `synergy match --json`; its schema is at `/schemas/plan`."""

    model_config = example(
        {"schema": "synergy/plan/1", "status": "optimal", "value": 1.0, "bound": 1.01, "gap": 0.01, "proposals": []}
    )
    schema_: str = Field(alias="schema")
    status: Literal["optimal", "feasible"]
    value: float
    bound: float | None
    gap: float | None
    proof: Proof | None = Field(None, description="Missing in documents of earlier releases.")
    proposals: list[Document]


class Labels(Record):
    """Names, counties, units and evidence marks of the ids in a plan, by table and id."""

    model_config = example(
        {
            "round": 1,
            "match": 7,
            "currency": "CNY",
            "digest": "9b" * 32,
            "chain": {"number": 41, "mac": "5d" * 32},
            "labels": {"enterprises": {"EAST": {"name_en": "East Coking", "name_zh": "东部焦化"}}},
        }
    )
    round: Ident
    match: Ident
    currency: str
    digest: str
    chain: Head
    labels: dict[str, dict[str, Document]]


class CompareQuery(Given):
    """Two runs with plans."""

    first: Ident
    second: Ident


_BUSY = (MatchState.REQUESTED, MatchState.RUNNING)


@serves("GET /rounds/{round}/matches", Action.SEE_PLANS, ("List the runs of a round", "列出匹配任务"))
@gives(Matches, Mark.PAGED)
def list_matches(call: Call) -> HandlerResult:
    """Return the runs of a round without their plans, oldest first."""
    return paged(queries.see_matches(*call.caller, call.path["round"]), "match", call.query)


@serves("GET /matches/{match}", Action.SEE_PLANS, ("See a run", "查看匹配任务"))
@gives(Run)
def see_match(call: Call) -> HandlerResult:
    """Return one run; while it is in progress, `Retry-After` gives the polling interval."""
    told = queries.see_match(*call.caller, call.path["match"])
    return HandlerResult(told, headers={"Retry-After": "1"} if told.state in _BUSY else {})


@serves(
    "GET /matches/{match}/progress",
    Action.SEE_PLANS,
    ("Follow a run, by polling or as server-sent events", "跟踪匹配进度（轮询或服务器推送）"),
)
@gives(ProgressList, Mark.STREAM, query=After, problems=("too_many",))
def follow_match(call: Call) -> HandlerResult:
    """Return the progress records of a run, as JSON or as server-sent events.

    With `Accept: text/event-stream` the response is streamed until the run ends; `Last-Event-ID` resumes a stream. The
    number of streams is limited: if none is free, poll instead.
    """
    match = call.path["match"]
    head = queries.see_match(*call.caller, match)
    if request.accept_mimetypes.best_match(["application/json", "text/event-stream"]) == "text/event-stream":
        return HandlerResult(follow(call, match, request.headers.get("Last-Event-ID") or call.query.after))
    rows = queries.see_progress(*call.caller, match, place_of(call.query.after))
    items = rows[:500]
    told = ProgressList(items=items, next=items[-1].id if items else call.query.after, state=head.state)
    return HandlerResult(told, headers={"Retry-After": "1"} if head.state in _BUSY else {})


def place_of(after: str | None) -> tuple[int, int]:
    """Return the attempt and number in a progress id; without an id, a position before the first record."""
    if after is None:
        return 0, -1
    attempt, _, number = after.partition(".")
    return int(attempt), int(number)


@serves("GET /matches/{match}/plan", Action.SEE_PLANS, ("Take the plan of a run", "获取匹配方案"))
@gives(PlanDocument)
def see_match_plan(call: Call) -> HandlerResult:
    """Return the plan document of a run."""
    given = queries.match_input(*call.caller, call.path["match"])
    if given.record is None:
        raise ApiProblem("not_found")
    return HandlerResult(given.record["plan"])


@serves("GET /rounds/{round}/plan", Action.SEE_PLANS, ("Take the latest plan of a round", "获取轮次的最新方案"))
@gives(PlanDocument)
def see_plan(call: Call) -> HandlerResult:
    """Return the plan document of the latest run of a round."""
    return HandlerResult(queries.see_plan(*call.caller, call.path["round"]).plan)


@graphs.serves_graph(
    "/rounds/{round}/graph",
    graphs.PartnershipGraph,
    ("See the partnerships as a graph", "查看合作关系图"),
    ("Take the partnerships as GraphML", "下载合作关系图"),
)
def partnerships(call: Call) -> nx.Graph[str]:
    """Return the partnerships of the latest plan of a round as a graph."""
    return graphs.partnerships(call.caller, call.path["round"])


@serves(
    "GET /rounds/{round}/labels", Action.SEE_PLANS, ("See the names behind the ids of a plan", "查看方案中代号的名称")
)
@gives(Labels)
def see_labels(call: Call) -> HandlerResult:
    """Return the names, units and marks of a plan by table and id, with plan digest and audit chain head."""
    number = call.path["round"]
    told = queries.see_plan(*call.caller, number)
    return HandlerResult(Labels(round=number, **dict(told)))


@serves("GET /comparisons", Action.SEE_PLANS, ("Compare two runs", "比较两次匹配"))
@gives(Comparison, query=CompareQuery, problems=("not_found",))
def compare_matches(call: Call) -> HandlerResult:
    """Return the new, lost and changed proposals between two runs, and the inputs that explain them."""
    return HandlerResult(comparison.compare(*call.caller, call.query.first, call.query.second))


@serves("GET /rounds/{round}/rulings", Action.SEE_PLANS, ("List the rulings of a round", "列出规定"))
@gives(Rulings, Mark.PAGED)
def list_rulings(call: Call) -> HandlerResult:
    """Return the rulings of a round: those of planners, and those derived from answers."""
    return paged(review.list_rulings(*call.caller, call.path["round"]), "ruling", call.query)


@serves("POST /rounds/{round}/rulings", Action.RUN_ROUND, ("Forbid, fix or annotate", "禁止、固定或批注"))
@gives(Ruled, Mark.VERSION, Mark.KEY, status=201, body=NewRuling, problems=("step", "dataset"))
def rule_round(call: Call) -> HandlerResult:
    """Add a ruling or a note to a round in review; the next run follows it."""
    given: NewRuling = call.body
    number, ruling = call.path["round"], given.ruling
    if isinstance(ruling, Remark):
        pattern = ruling.model_dump(exclude_none=True, exclude={"kind"})
    else:
        pattern = _pattern(call, ruling)
    told = review.rule(*call.caller, number, (ruling.kind, pattern), call.asked)
    return HandlerResult(told, told.version, {"Location": f"{PREFIX}/rounds/{number}/rulings"})


def _pattern(call: Call, ruling: Exclusion | Fixing) -> Document:
    """Return the pattern of a ruling, with its quantity in the unit of the commodity."""
    pattern = ruling.pattern.model_dump(exclude_none=True)
    given = ruling.pattern.quantity
    if (ruling.kind == "fix") != (given is not None):
        said = ("expected for `fix`, and for it alone", "仅“固定”需要填写数量")
        raise ApiProblem("invalid", errors=[(pointer("ruling", "pattern", "quantity"), "missing", *said)])
    if given is not None:
        unit = measures(*call.caller, call.path["round"]).unit(ruling.pattern.commodity or "")
        pattern["quantity"] = float(amount_in(given, unit, pointer("ruling", "pattern", "quantity")) or 0)
    return pattern


@serves("DELETE /rounds/{round}/rulings/{ruling}", Action.RUN_ROUND, ("Take a ruling back", "撤回规定"))
@gives(Moved, Mark.VERSION, Mark.KEY, problems=("step",))
def withdraw_ruling(call: Call) -> HandlerResult:
    """Withdraw a ruling; the next run ignores it."""
    told = review.withdraw(*call.caller, call.path["round"], call.path["ruling"], call.asked)
    return HandlerResult(told, told.version)
