"""Partnership board: accepted proposals by stage."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flask import abort, flash, redirect, request, url_for
from synergy.web.access import caller, rule
from synergy.web.clock import whole
from synergy.web.planning.round_view import Seen, seen
from synergy.web.planning.tables import PlanSheet, cells, columns_of, stamp
from synergy.web.render import page, pages
from synergy.web.tables import KINDS, twin
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.records.names import Stage
from synergy.records.proposals import Partnership
from synergy.store import answers, queries
from synergy.store.access import Action
from synergy.store.rounds import StepOptions

room = pages("board")
_STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Card:
    """A partnership on the board, with the title of its proposal, partners, gain and the URL of the proposal."""

    deal: Partnership
    title: str
    firms: str = ""
    gain: str = "–"
    address: str = ""


@room.get("/board")
@rule(Action.SEE_PLANS)
def board(lang: str) -> str:
    """Show the partnerships by stage, of one round or of all rounds."""
    rounds = queries.list_rounds(*caller())
    chosen = request.args.get("round", "")
    found = _found(lang, whole(chosen))
    columns = [(stage, [one for one in found if one.deal.stage is stage]) for stage in _STAGES]
    later = {stage: [*_STAGES[place + 1 : -1], _STAGES[-1]] for place, stage in enumerate(_STAGES[:-1])}
    return page("planner/board.html", lang, columns=columns, later=later, rounds=rounds, chosen=chosen, any=found)


def _found(lang: str, round_id: int | None) -> list[Card]:
    """Return the partnerships with titles, partners and gains."""
    deals = answers.followed(*caller(), round_id)
    plans: dict[int, Seen] = {}
    for ident in {deal.round for deal in deals}:
        with suppress(NotFoundError):
            plans[ident] = seen(caller(), ident, lang, {})
    return [_card(plans.get(deal.round), deal, lang) for deal in deals]


def _card(plan: Seen | None, deal: Partnership, lang: str) -> Card:
    proposal = None if plan is None else next((one for one in plan.proposals if one.proposal == deal.proposal), None)
    if plan is None or proposal is None:
        return Card(deal, deal.proposal)
    shown, address = plan.shown, url_for("results.proposal", lang=lang, round_id=plan.ident, code=deal.proposal)
    return Card(deal, shown.title(proposal), shown.firms(proposal), shown.money(proposal.gain), address)


@room.get("/board.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, ending: str) -> Response:
    """Return the board as a file."""
    if ending not in KINDS:
        abort(404)
    labels = {"partnership": "#", "title": "proposals", "firms": "partners", "gain": "gain"}
    labels |= {"stage": "board.to", "since": "declared.at", "reason": "board.why"}
    columns = columns_of(lang, labels, ("partnership",), {"since": "UTC"})
    rows = [
        cells(
            (str(one.deal.partnership), one.deal.partnership),
            one.title,
            one.firms,
            one.gain,
            word(f"stage.{one.deal.stage}", lang),
            stamp(one.deal.since),
            one.deal.reason,
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
    answers.follow(*caller(), partnership, Stage(stage), asked)
    flash(word("board.done", lang), "good")
    return redirect(url_for("board.board", lang=lang), 303)
