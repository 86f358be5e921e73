"""Round pages: list of rounds, one round with its next steps, and the progress of its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from flask import abort, flash, redirect, request, url_for
from markupsafe import Markup
from synergy.web.access import actor, caller, clock, rule, store
from synergy.web.api.events import follow
from synergy.web.api.problems import ApiProblem
from synergy.web.api.spec import Call
from synergy.web.clock import whole
from synergy.web.figures.svg import Naming, ProgressPoint, curve
from synergy.web.pages.drafting import policy
from synergy.web.planning import tables
from synergy.web.planning.round_view import Shown
from synergy.web.planning.steps import STEPS, WAY, movable, next_steps, taken
from synergy.web.planning.tables import PlanSheet, members
from synergy.web.render import page, pages, part
from synergy.web.texts import word, word_or
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError, half
from synergy.records.figures import bare
from synergy.records.names import MatchState, State
from synergy.records.rounds import Round
from synergy.records.runs import Run
from synergy.store import proposal_views, queries
from synergy.store.access import Action, Reach, reach
from synergy.store.review import doubtful
from synergy.store.rounds import StepOptions, Until, extend
from synergy.texts import figure, ladder_note, say, text, unit

room = pages("rounds")
_MAY = {"make": Action.CREATE_ROUND, "run": Action.RUN_ROUND, "plans": Action.SEE_PLANS}
# from the first of these on, figures are of an enterprise or a group, not of the plan of all
_AFTER = frozenset({"standalone", "settlement", "prices"})


@room.get("/rounds")
@rule(Action.SEE_ROUNDS)
def rounds(lang: str) -> str:
    """Show all rounds, newest first."""
    may = {name: reach(actor(), action) is Reach.ALL for name, action in _MAY.items()}
    found, first, further = part(queries.list_rounds(*caller()))
    fields = {"rounds": found, "first": first, "next": further, "own": _own_pages(lang, found)}
    return page("planner/rounds.html", lang, may=may, **fields)


def _declaration(lang: str, round_id: int, enterprise: str) -> str:
    """Return the URL of the declaration page of an enterprise."""
    return url_for("declarations.table", lang=lang, round_id=round_id, enterprise=enterprise)


def _own_pages(lang: str, found: Sequence[Round]) -> dict[int, str]:
    """Return the URL of the enterprise's own declaration for each round."""
    firm = actor().enterprise
    if firm is None:
        return {}
    idents = [one.round for one in found if queries.list_declarations(*caller(), one.round)]
    return {ident: _declaration(lang, ident, firm) for ident in idents}


@room.get("/rounds/<int:round_id>")
@rule(Action.SEE_PLANS)
def one(lang: str, round_id: int) -> str:
    """Show one round: state, next steps, members with their declarations, and runs."""
    who, place = actor(), store()
    found = queries.see_round(place, who, round_id)
    made = queries.round_input(place, who, round_id)
    names = queries.round_names(place, who, round_id)
    runs = queries.see_matches(place, who, round_id)
    people = queries.list_members(place, who, round_id)
    return page(
        "planner/round.html",
        lang,
        round=found,
        made=made,
        way=WAY,
        steps=next_steps(found.state, people) if reach(who, Action.RUN_ROUND) else (),
        movable=movable(found.state) if reach(who, Action.RUN_ROUND) else (),
        zone=clock().offsets(place.now()),
        runs=runs,
        live=_live(lang, runs, names.currency) if found.state is State.MATCHING else None,
        last=_last(runs, lang),
        status=lambda name, lang: text(f"status.{name}", lang),
        took=took,
        policy=policy,
        ladder_said=ladder_note,
        shown=_shown(lang, round_id),
        telltales=[say((one.name_en, one.name_zh), lang) for one in proposal_views.telltales(place, who, round_id)],
        doubts=_doubts(lang, found, names.labels["enterprises"]),
        sheet=members(
            people, names.labels["enterprises"], clock(), lang, lambda firm: _declaration(lang, round_id, firm)
        ),
    )


def _doubts(lang: str, found: Round, names: Mapping[str, Mapping[str, object]]) -> PlanSheet | None:
    """Return the table of declared rows to review, while the declarations can still be changed."""
    if found.state not in (State.DECLARING, State.FROZEN):
        return None
    rows = doubtful(*caller(), found.round)
    made = tables.doubtful(rows, names, lang, lambda firm: _declaration(lang, found.round, firm))
    return made if rows else None


def _shown(lang: str, round_id: int) -> Shown | None:
    """Return the view of the latest plan; None if there is no plan."""
    try:
        return Shown(queries.see_plan(*caller(), round_id), lang)
    except NotFoundError:
        return None


def _last(runs: Sequence[Run], lang: str) -> Run | None:
    """Return the last run with its error message if it produced no plan; else None."""
    if not runs or runs[-1].state not in (MatchState.FAILED, MatchState.DONE) or runs[-1].digest:
        return None
    return runs[-1].model_copy(update={"fault": half(runs[-1].fault or "", lang)})


@room.get("/rounds/<int:round_id>/progress")
@rule(Action.SEE_PLANS)
def progress(lang: str, round_id: int) -> str | Response:
    """Render the progress of the run, as a page fragment polled by the script of the round page."""
    found = queries.see_round(*caller(), round_id)
    runs = queries.see_matches(*caller(), round_id)
    now = _live(lang, runs, queries.round_names(*caller(), round_id).currency)
    if now is None:
        abort(404)
    return page("planner/progress.html", lang, round=found, live=now)


@room.get("/rounds/<int:round_id>/events")
@rule(Action.SEE_PLANS)
def events(lang: str, round_id: int) -> Response:
    """Stream the progress of the last run to a signed-in browser; the API endpoint accepts tokens only."""
    runs = queries.see_matches(*caller(), round_id)
    if not runs:
        abort(404)
    call = Call(caller(), lang, {})
    try:
        told = follow(call, runs[-1].match, request.headers.get("Last-Event-ID"))
    except ApiProblem:
        return Response(status=204)  # all streams are taken: a browser does not come again, and the page polls
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(told, mimetype="text/event-stream", headers=headers)


@room.post("/rounds/<int:round_id>/deadlines")
@rule(Action.RUN_ROUND)
def deadlines(lang: str, round_id: int) -> Response:
    """Move the deadlines of a round that were entered in the form."""
    back = redirect(url_for("rounds.one", lang=lang, round_id=round_id), 303)
    found: dict[str, datetime] = {}
    for name in ("deadline", "answer_by"):
        given = request.form.get(name, "").strip()[:100]
        try:
            found |= {name: clock().typed(given)} if given else {}
        except ValueError:
            flash(word("draft.bad_time", lang, field=word(f"draft.{name}", lang), value=given), "bad")
            return back
    asked = StepOptions(whole(request.form.get("version", "")), None, request.form.get("why", "")[:1000])
    extend(*caller(), round_id, Until(**found), asked)
    flash(word("step.done.extend", lang), "good")
    return back


@room.post("/rounds/<int:round_id>/step")
@rule(Action.RUN_ROUND)
def step(lang: str, round_id: int) -> Response:
    """Advance a round by one step."""
    name = request.form.get("step", "")
    if name not in STEPS:
        abort(400)
    start = tuple(whole(one) or 0 for one in request.form.get("start", "").split())
    asked = StepOptions(whole(request.form.get("version", "")), None, request.form.get("note", "")[:1000], start)
    count = taken(*caller(), (round_id, name), asked)
    flash(word(f"step.done.{name.removesuffix('_only')}", lang, count=count), "good")
    return redirect(url_for("rounds.one", lang=lang, round_id=round_id), 303)


@dataclass(frozen=True, slots=True)
class Live:
    """Progress of a run, formatted for the page.

    `waiting` is the seconds since the request, while no worker has started the run; `figures` are labels and texts;
    `curve` shows best plan and bound over time, "" before the first plan; `at` is the time of the snapshot.
    """

    match: int
    number: int
    state: MatchState
    waiting: int
    figures: tuple[tuple[str, str], ...]
    curve: Markup
    at: datetime

    @property
    def over(self) -> bool:
        """Return whether the run has ended."""
        return self.state not in (MatchState.REQUESTED, MatchState.RUNNING)


def _live(lang: str, runs: Sequence[Run], currency: str) -> Live | None:
    """Return the progress of the last run from its progress records; None if there is no run."""
    if not runs:
        return None
    run, now = runs[-1], store().now()
    # a run that another worker took over begins anew
    mine = [one for one in queries.see_progress(*caller(), run.match) if one.attempt == run.attempt]
    # progress of the search for the overall plan
    searched = list(takewhile(lambda one: one.phase not in _AFTER, mine))
    points = [ProgressPoint(one.seconds or 0.0, bare(one.best), bare(one.bound)) for one in searched]
    best, bound = _latest([one.best for one in points]), _latest([one.bound for one in points])
    gap = _latest([one.gap for one in searched])
    said: list[tuple[str, str]] = []
    if mine:
        last = mine[-1]
        steps = f" {last.done}/{last.total}" if last.total else ""
        said = [
            (word("live.phase", lang), word_or(f"phase.{last.phase}", lang, last.phase) + steps),
            (word("live.best", lang), _money(best, lang, currency)),
            (word("live.bound", lang), _money(bound, lang, currency)),
            (word("live.gap", lang), "–" if gap is None else f"{gap:.2%}"),
            (word("live.since", lang), word("round.seconds", lang, seconds=f"{last.seconds or 0.0:,.0f}")),
        ]
    naming = Naming("live-curve", word("live.curve", lang), word("live.curve.desc", lang))
    lines = (word("live.best", lang), word("live.bound", lang))
    drawn = curve(points, lines, lambda value: _money(value, lang, currency), naming)
    waiting = int((now - run.requested).total_seconds()) if run.state is MatchState.REQUESTED else 0
    return Live(run.match, run.number, run.state, waiting, tuple(said), drawn, now)


def _latest(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)


def _money(value: float | None, lang: str, currency: str) -> str:
    return "–" if value is None else f"{figure(value, 'money', lang)} {unit('money_year', lang, currency)}"


def took(run: Run, lang: str) -> str:
    """Return the duration of a run as text; a dash before its end."""
    if run.started is None or run.finished is None:
        return "–"
    return word("round.seconds", lang, seconds=f"{(run.finished - run.started).total_seconds():,.0f}")
