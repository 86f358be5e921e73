"""Matching run endpoints: status, progress, plans, graphs, comparison of runs, and the rulings for the next run."""

from __future__ import annotations

from flask import request
from synergy.web import graphs
from synergy.web.api.dispatch import paged
from synergy.web.api.events import follow
from synergy.web.api.figures import amount_in
from synergy.web.api.models.records import CompareQuery, Labels, PartnershipGraph, PlanDocument
from synergy.web.api.models.rounds import After, Exclusion, Fixing, Matches, NewRuling, ProgressList, Remark, Rulings
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import GRAPHML, PREFIX, Call, HandlerResult, Mark, gives, serves

from synergy.records.documents import Document
from synergy.records.names import MatchState
from synergy.records.rounds import Moved, Ruled
from synergy.records.runs import Comparison, Run
from synergy.store import comparison, queries, review
from synergy.store.access import Action
from synergy.store.aggregates import measures

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


@serves("GET /rounds/{round}/graph", Action.SEE_PLANS, ("See the partnerships as a graph", "查看合作关系图"))
@gives(PartnershipGraph)
def see_partnerships(call: Call) -> HandlerResult:
    """Return the partnerships of the latest plan of a round as a graph, in the node-link format of networkx."""
    found = graphs.node_link(graphs.partnerships(call.caller, call.path["round"]))
    return HandlerResult(PartnershipGraph.model_validate(found))


@serves(
    "GET /rounds/{round}/graph.graphml",
    Action.SEE_PLANS,
    ("Take the partnerships as GraphML", "下载合作关系图"),
)
@gives(None, media=GRAPHML)
def see_partnerships_file(call: Call) -> HandlerResult:
    """Return the partnerships of the latest plan of a round as a graph, in a GraphML file."""
    return HandlerResult(graphs.graphml(graphs.partnerships(call.caller, call.path["round"])))


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
