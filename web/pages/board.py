"""Partnership board: accepted proposals by stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, redirect, request, url_for
from synergy.web.access import actor, caller, rule, store
from synergy.web.clock import whole
from synergy.web.pages.addresses import proposal_address
from synergy.web.planning.round_view import Seen, seen
from synergy.web.planning.tables import PlanSheet, SheetColumn, cells
from synergy.web.render import page, pages
from synergy.web.tables import KINDS, twin
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.store import follow_up, queries
from synergy.store.access import Action
from synergy.store.names import Stage
from synergy.store.rounds import StepOptions

room = pages("board")
_STAGES = tuple(str(stage) for stage in Stage)


@room.get("/board")
@rule(Action.SEE_PLANS)
def board(lang: str) -> str:
    """Show the partnerships by stage, of one round or of all rounds."""
    rounds = queries.list_rounds(store(), actor())
    chosen = request.args.get("round", "")
    found = _found(lang, whole(chosen))
    columns = [(stage, [one for one in found if one["stage"] == stage]) for stage in _STAGES]
    later = {stage: [*_STAGES[place + 1 : -1], _STAGES[-1]] for place, stage in enumerate(_STAGES[:-1])}
    return page("planner/board.html", lang, columns=columns, later=later, rounds=rounds, chosen=chosen, any=found)


def _found(lang: str, round_id: int | None) -> list[dict[str, Any]]:
    """Return the partnerships with titles, partners and money figures."""
    plans: dict[int, Seen | None] = {}
    made = []
    for one in follow_up.followed(store(), actor(), round_id):
        if one["round"] not in plans:
            plans[one["round"]] = _plan(lang, one["round"])
        made.append(one | _told(plans[one["round"]], one, lang))
    return made


def _plan(lang: str, round_id: int) -> Seen | None:
    try:
        return seen(caller(), round_id, lang, {})
    except NotFoundError:
        return None


def _told(plan: Seen | None, one: Mapping[str, Any], lang: str) -> dict[str, Any]:
    proposal = (
        None if plan is None else next((each for each in plan.proposals if each["proposal"] == one["proposal"]), None)
    )
    if plan is None or proposal is None:
        return {"title": one["proposal"], "firms": "", "gain": "–", "capex": "–", "kind": "", "address": ""}
    shown = plan.shown
    return {
        "title": shown.title(proposal),
        "firms": shown.firms(proposal),
        "gain": shown.money(proposal["gain"]),
        "capex": shown.capex(proposal["capex"]),
        "kind": shown.said(f"kind.{proposal['kind']}"),
        "address": proposal_address(lang, plan.ident, proposal["proposal"]),
    }


@room.get("/board.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, ending: str) -> Response:
    """Return the board as a file."""
    if ending not in KINDS:
        abort(404)
    columns = (
        SheetColumn("partnership", "#", number=True),
        SheetColumn("title", word("proposals", lang)),
        SheetColumn("firms", word("partners", lang)),
        SheetColumn("gain", word("gain", lang)),
        SheetColumn("stage", word("board.to", lang)),
        SheetColumn("since", word("declared.at", lang), "UTC"),
        SheetColumn("reason", word("board.why", lang)),
    )
    rows = [
        cells(
            (str(one["partnership"]), one["partnership"]),
            one["title"],
            one["firms"],
            one["gain"],
            word(f"stage.{one['stage']}", lang),
            one["since"],
            one["reason"],
        )
        for one in _found(lang, None)
    ]
    return twin(PlanSheet("board", word("board.caption", lang), columns, tuple(rows)).named("board"), ending)


@room.post("/board/<int:partnership>")
@rule(Action.RUN_ROUND)
def move(lang: str, partnership: int) -> Response:
    """Move a partnership to a later stage, or end it with a reason."""
    stage, version = request.form.get("stage", ""), request.form.get("version", "")
    if stage not in _STAGES:
        abort(400)
    asked = StepOptions(whole(version), None, request.form.get("reason", "").strip()[:1000])
    follow_up.follow(store(), actor(), partnership, Stage(stage), asked)
    flash(word("board.done", lang), "good")
    return redirect(url_for("board.board", lang=lang), 303)
