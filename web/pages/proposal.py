"""Proposal page of a party, with its answer and partnership stage; planners are redirected to their own page."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, rule, settings, store
from synergy.web.clock import whole
from synergy.web.error_handlers import said
from synergy.web.pictures import Viewer, flow_picture, map_picture
from synergy.web.planning.proposal_view import Own, own_proposal, standing
from synergy.web.planning.round_view import course
from synergy.web.render import once, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import ConflictError, RefusedError, SynergyError
from synergy.records.names import Answer, Stage
from synergy.store import answers, queries
from synergy.store.access import Action, Actor, Reach, reach
from synergy.store.answers import CounterOffer, Reply
from synergy.store.messages import refusal
from synergy.store.rounds import StepOptions

room = pages("proposal")


@room.get("/proposals/<code>")
@rule(Action.SEE_PROPOSAL)
def proposal(lang: str, code: str) -> str | Response:
    """Show a proposal to a party; redirect other accounts to the planner page."""
    who = actor()
    if reach(who, Action.SEE_PROPOSAL) is not Reach.OWN:
        round_id = queries.see_proposal(store(), who, code).round
        return redirect(url_for("results.proposal", lang=lang, round_id=round_id, code=code))
    return once("firm/proposal.html", lang, lambda: _shown(who, code, lang))


def _shown(who: Actor, code: str, lang: str) -> dict[str, object]:
    """Return the template fields of the proposal page."""
    record = own_proposal(store(), who, code)
    state = standing(queries.see_round(store(), who, record.round), store().now())
    one = Own(record, state, str(who.enterprise), lang)
    notes = {one.enterprise: [one.built(build) for build in record.built]}
    viewer = Viewer(one.enterprise, lang, one.good_name)
    picture = flow_picture(one.lines, notes, one.who, viewer)
    where = map_picture(one.lines, record.labels.sites, viewer, settings().outlines)
    shown = {"one": one, "record": record, "picture": picture, "map": where}
    return {**shown, "answer_here": reach(who, Action.ANSWER), **course(store(), who, record)}


@room.post("/proposals/<code>/answer")
@rule(Action.ANSWER)
def answer(lang: str, code: str) -> Response:
    """Submit the answer of an enterprise."""
    form = request.form
    back = url_for("home.home", lang=lang) if form.get("next") == "home" else url_for(".proposal", lang=lang, code=code)
    try:
        reply = reply_of(form)
        answers.answer(store(), actor(), code, reply, StepOptions(whole(form.get("version", ""))))
    except (RefusedError, ConflictError) as error:
        return _refused(error, lang, back)
    flash(word(f"answer.done.{reply.answer}", lang), "good")
    return redirect(back, 303)


@room.post("/proposals/<code>/stage")
@rule(Action.FOLLOW)
def stage(lang: str, code: str) -> Response:
    """Move a partnership to a later stage."""
    who, form = actor(), request.form
    back = url_for(".proposal", lang=lang, code=code)
    number, wanted = form.get("partnership", ""), form.get("stage", "")
    try:
        if (ident := whole(number)) is not None and wanted in set(Stage):
            answers.follow(store(), who, ident, Stage(wanted), StepOptions(note=form.get("reason", "")))
            flash(word("offer.moved", lang), "good")
    except (RefusedError, ConflictError) as error:
        return _refused(error, lang, back)
    return redirect(back, 303)


def _refused(error: SynergyError, lang: str, back: str) -> Response:
    flash(said(error, lang), "bad")
    return redirect(back, 303)


def reply_of(form: Mapping[str, str]) -> Reply:
    """Parse the answer form: ``answer``, ``reason``, and for each line ``q-<number>`` and ``p-<number>``.

    Raises
    ------
    RefusedError
        The answer is unknown, or a counter-offer has no figure.
    """
    given = form.get("answer", "")
    if given not in set(Answer) - {Answer.NONE}:
        raise refusal(
            "unknown", what="answer", name=given[:40], expected=", ".join(sorted(set(Answer) - {Answer.NONE}))
        )
    answer = Answer(given)
    if answer is not Answer.COUNTERED:
        return Reply(answer, form.get("reason", "").strip() if answer is Answer.DECLINED else "")
    numbers = {number for name in form if name[:2] in ("q-", "p-") and (number := whole(name[2:])) is not None}
    entered = (CounterOffer(one, _entered(form, f"q-{one}"), _entered(form, f"p-{one}")) for one in sorted(numbers))
    counter = [one for one in entered if one.quantity is not None or one.price is not None]
    if not counter:
        raise refusal("unchanged")
    return Reply(answer, form.get("reason", "").strip(), counter, restated=True)


def _entered(form: Mapping[str, str], name: str) -> str | None:
    """Return a figure of a form as plain ASCII digits, or None if it is blank."""
    return unicodedata.normalize("NFKC", form.get(name, "")).replace(",", "").replace(" ", "").strip() or None
