"""Matching run endpoints: status, progress, plans, comparison of runs, and the rulings for the next run."""

from __future__ import annotations

from typing import Any

from flask import request
from synergy.web.api.dispatch import Page, paged
from synergy.web.api.events import follow
from synergy.web.api.figures import Measures, amount_in
from synergy.web.api.models.records import CompareQuery, Comparison, Labels, PlanDocument
from synergy.web.api.models.rounds import (
    After,
    Match,
    Matches,
    Moved,
    NewRuling,
    ProgressList,
    Ruled,
    Rulings,
)
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import PREFIX, Call, HandlerResult, Mark, Record, Spec, serves

from synergy.store import comparison, queries, review
from synergy.store.access import Action
from synergy.store.rounds import StepOptions

_PAGED = frozenset({Mark.PAGED})
_BUSY = ("requested", "running")


@serves(
    Spec(
        "GET",
        "/rounds/{round}/matches",
        Action.SEE_PLANS,
        ("List the runs of a round", "列出匹配任务"),
        Matches,
        query=Page,
        marks=_PAGED,
    )
)
def list_matches(call: Call) -> HandlerResult:
    """Return the runs of a round without their plans, oldest first."""
    number = call.path["round"]
    rows = queries.see_matches(call.store, call.actor, number)
    measures = Measures(call, number)
    told = [measures.paid({"round": number, **row}, ("value", "gain")) for row in rows]
    return paged(told, "match", call.query, f"{PREFIX}/rounds/{number}/matches")


@serves(Spec("GET", "/matches/{match}", Action.SEE_PLANS, ("See a run", "查看匹配任务"), Match))
def see_match(call: Call) -> HandlerResult:
    """Return one run; while it is in progress, `Retry-After` gives the polling interval."""
    told = queries.see_match(call.store, call.actor, call.path["match"])
    headers = {"Retry-After": "1"} if told["state"] in _BUSY else {}
    return HandlerResult(Measures(call, told["round"]).paid(told, ("value", "gain")), headers=headers)


@serves(
    Spec(
        "GET",
        "/matches/{match}/progress",
        Action.SEE_PLANS,
        ("Follow a run, by polling or as server-sent events", "跟踪匹配进度（轮询或服务器推送）"),
        ProgressList,
        query=After,
        marks=frozenset({Mark.STREAM}),
        problems=("too_many",),
    )
)
def follow_match(call: Call) -> HandlerResult:
    """Return the progress records of a run, as JSON or as server-sent events.

    With `Accept: text/event-stream` the response is streamed until the run ends; `Last-Event-ID` resumes a stream. The
    number of streams is limited: if none is free, poll instead.
    """
    match = call.path["match"]
    head = queries.see_match(call.store, call.actor, match)
    measures = Measures(call, head["round"])
    if request.accept_mimetypes.best_match(["application/json", "text/event-stream"]) == "text/event-stream":
        return HandlerResult(follow(call, match, measures, request.headers.get("Last-Event-ID") or call.query.after))
    rows = queries.see_progress(call.store, call.actor, match, place_of(call.query.after))
    items = [progress(measures, row) for row in rows[:500]]
    last = items[-1]["id"] if items else call.query.after
    headers = {"Retry-After": "1"} if head["state"] in _BUSY else {}
    return HandlerResult({"items": items, "next": last, "state": head["state"]}, headers=headers)


def place_of(after: str | None) -> tuple[int, int]:
    """Return the attempt and number in a progress id; without an id, a position before the first record."""
    if after is None:
        return 0, -1
    attempt, _, number = after.partition(".")
    return int(attempt), int(number)


def progress(measures: Measures, row: Record) -> Record:
    """Return one progress record with its id, and its amounts as money."""
    told: dict[str, Any] = measures.paid(row, ("best", "bound"))
    return {"id": f"{row['attempt']}.{row['number']}", **told}


@serves(
    Spec(
        "GET",
        "/matches/{match}/plan",
        Action.SEE_PLANS,
        ("Take the plan of a run", "获取匹配方案"),
        PlanDocument,
    )
)
def see_match_plan(call: Call) -> HandlerResult:
    """Return the plan document of a run."""
    given = queries.match_input(call.store, call.actor, call.path["match"])
    if given["record"] is None:
        raise ApiProblem("not_found")
    return HandlerResult(given["record"]["plan"])


@serves(
    Spec(
        "GET",
        "/rounds/{round}/plan",
        Action.SEE_PLANS,
        ("Take the latest plan of a round", "获取轮次的最新方案"),
        PlanDocument,
    )
)
def see_plan(call: Call) -> HandlerResult:
    """Return the plan document of the latest run of a round."""
    return HandlerResult(queries.see_plan(call.store, call.actor, call.path["round"])["plan"])


@serves(
    Spec(
        "GET",
        "/rounds/{round}/labels",
        Action.SEE_PLANS,
        ("See the names behind the ids of a plan", "查看方案中代号的名称"),
        Labels,
    )
)
def see_labels(call: Call) -> HandlerResult:
    """Return the names, units and marks of a plan by table and id, with plan digest and audit chain head."""
    record = queries.see_plan(call.store, call.actor, call.path["round"])
    told = {name: record[name] for name in ("match", "currency", "digest", "chain", "labels")}
    return HandlerResult({"round": call.path["round"], **told})


@serves(
    Spec(
        "GET",
        "/comparisons",
        Action.SEE_PLANS,
        ("Compare two runs", "比较两次匹配"),
        Comparison,
        query=CompareQuery,
        problems=("not_found",),
    )
)
def compare_matches(call: Call) -> HandlerResult:
    """Return the new, lost and changed proposals between two runs, and the inputs that explain them."""
    first, second = call.query.first, call.query.second
    heads = [queries.see_match(call.store, call.actor, one) for one in (first, second)]
    told = comparison.compare(call.store, call.actor, first, second)
    sides = [Measures(call, head["round"]) for head in heads]
    money = {
        name: [side.money(value) for side, value in zip(sides, told[name], strict=True)] for name in ("value", "gain")
    }
    parts = {word: [_compared(sides, one) for one in told[word]] for word in ("new", "lost", "changed")}
    return HandlerResult({**told, **money, **parts})


def _compared(sides: list[Measures], one: Record) -> Record:
    shown = {
        name: [line | {"quantity": side.of_good(line["commodity"], line["quantity"])} for line in one[name]]
        for side, name in zip(sides, ("before", "after"), strict=True)
    }
    return {**one, **shown}


@serves(
    Spec(
        "GET",
        "/rounds/{round}/rulings",
        Action.SEE_PLANS,
        ("List the rulings of a round", "列出规定"),
        Rulings,
        query=Page,
        marks=_PAGED,
    )
)
def list_rulings(call: Call) -> HandlerResult:
    """Return the rulings of a round: those of planners, and those derived from answers."""
    number = call.path["round"]
    rows = review.list_rulings(call.store, call.actor, number)
    return paged(rows, "ruling", call.query, f"{PREFIX}/rounds/{number}/rulings")


@serves(
    Spec(
        "POST",
        "/rounds/{round}/rulings",
        Action.RUN_ROUND,
        ("Forbid, fix or annotate", "禁止、固定或批注"),
        Ruled,
        201,
        body=NewRuling,
        marks=frozenset({Mark.VERSION, Mark.KEY}),
        problems=("step", "dataset"),
    )
)
def rule_round(call: Call) -> HandlerResult:
    """Add a ruling or a note to a round in review; the next run follows it."""
    number, ruling = call.path["round"], call.body.ruling
    if ruling.kind == "note":
        pattern = ruling.model_dump(exclude_none=True, exclude={"kind"})
    else:
        pattern = _pattern(call, ruling)
    told = review.rule(call.store, call.actor, number, (ruling.kind, pattern), call.asked)
    headers = {"Location": f"{PREFIX}/rounds/{number}/rulings"}
    return HandlerResult(told, told["version"], headers)


def _pattern(call: Call, ruling: Any) -> Record:
    """Return the pattern of a ruling, with its quantity in the unit of the commodity."""
    pattern: Record = ruling.pattern.model_dump(exclude_none=True)
    given = ruling.pattern.quantity
    if (ruling.kind == "fix") != (given is not None):
        said = ("expected for `fix`, and for it alone", "仅“固定”需要填写数量")
        raise ApiProblem("invalid", errors=[(pointer("ruling", "pattern", "quantity"), "missing", *said)])
    if given is not None:
        measures = Measures(call, call.path["round"])
        unit = measures.unit(ruling.pattern.commodity or "")
        pattern["quantity"] = float(amount_in(given, unit, pointer("ruling", "pattern", "quantity")) or 0)
    return pattern


@serves(
    Spec(
        "DELETE",
        "/rounds/{round}/rulings/{ruling}",
        Action.RUN_ROUND,
        ("Take a ruling back", "撤回规定"),
        Moved,
        marks=frozenset({Mark.VERSION, Mark.KEY}),
        problems=("step",),
    )
)
def withdraw_ruling(call: Call) -> HandlerResult:
    """Withdraw a ruling; the next run ignores it."""
    asked = StepOptions(call.asked.version, call.asked.key)
    told = review.withdraw(call.store, call.actor, call.path["round"], call.path["ruling"], asked)
    return HandlerResult(told, told["version"])
