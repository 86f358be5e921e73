"""Review page of a plan: forbid, fix, annotate or withdraw; the next run follows the rulings."""

from __future__ import annotations

from flask import abort, flash, redirect, request, url_for
from synergy.web.access import caller, rule
from synergy.web.clock import whole
from synergy.web.planning.round_view import Seen, seen
from synergy.web.render import page, pages
from synergy.web.texts import word, word_or
from werkzeug.wrappers import Response

from synergy.records.names import State
from synergy.records.rounds import Ruling
from synergy.store import review as reviewing
from synergy.store.access import Action
from synergy.store.messages import refusal

room = pages("review")


@room.get("/rounds/<int:round_id>/review")
@rule(Action.RUN_ROUND)
def review(lang: str, round_id: int) -> str:
    """Show the rulings, the proposals, and the exchanges of the selected proposal."""
    found = seen(caller(), round_id, lang, {})
    rulings = reviewing.list_rulings(*caller(), round_id)
    code = request.args.get("proposal", "")
    chosen = next((one for one in found.proposals if one.proposal == code), None)
    if code and chosen is None:
        raise refusal("not_found", what="proposal")
    return page(
        "planner/review.html",
        lang,
        seen=found,
        shown=found.shown,
        rulings=[(one, _said(found, one)) for one in rulings],
        chosen=chosen,
        open=found.round.state is State.REVIEW,
        options=found.options(),
        cause=cause,
    )


def cause(name: str, lang: str) -> str:
    """Return the display name of the cause of a ruling; the cause itself if it has none."""
    return word_or(f"review.cause.{name}", lang, name)


def _said(found: Seen, ruling: Ruling) -> str:
    """Return the subject of a ruling as text."""
    pattern, lang, shown = ruling.pattern, found.lang, found.shown
    if ruling.kind == "note":
        return str(pattern.get("text", ""))
    if "process" in pattern:
        return f"{shown.name('processes', pattern['process'])} @ {shown.name('sites', pattern['site'])}"
    ends = []
    for side in ("from", "to"):
        site, firm = pattern.get(f"{side}_site"), pattern.get(f"{side}_enterprise")
        named = (
            shown.name("sites", site) if site else shown.name("enterprises", firm) if firm else word("review.any", lang)
        )
        ends.append(named)
    good = pattern.get("commodity")
    said = f"{ends[0]} → {ends[1]}"
    said += f": {found.material.good_name(good)}" if good else ""
    quantity = pattern.get("quantity")
    return f"{said} {shown.amount(float(quantity), good)}" if quantity is not None and good else said


@room.post("/rounds/<int:round_id>/review")
@rule(Action.RUN_ROUND)
def decide(lang: str, round_id: int) -> Response:
    """Add or withdraw a ruling."""
    what, form = request.form.get("what", ""), request.form
    if what == "withdraw":
        ident = whole(form.get("ruling"))
        if ident is None:
            abort(400)
        reviewing.withdraw(*caller(), round_id, ident)
    elif what == "pattern":
        names = ("from_enterprise", "to_enterprise", "commodity")
        pattern = {name: form[name] for name in names if form.get(name)}
        if not pattern:
            flash(word("review.everything", lang), "bad")
            return _back(lang, round_id)
        reviewing.rule(*caller(), round_id, ("forbid", pattern))
    else:
        _on_proposal(round_id, what)
    flash(word("review.done", lang), "good")
    return _back(lang, round_id)


def _on_proposal(round_id: int, what: str) -> None:
    """Add a note to a proposal, or a ruling on all of its exchanges or one of them."""
    code, form = request.form.get("proposal", ""), request.form
    found = seen(caller(), round_id, "en", {})
    one = next((each for each in found.proposals if each.proposal == code), None)
    if one is None:
        raise refusal("not_found", what="proposal")
    if what == "note":
        text = form.get("text", "").strip()
        reviewing.rule(*caller(), round_id, ("note", {"proposal": code, "text": text[:4000]}))
        return
    if what not in ("forbid", "fix"):
        abort(400)
    # as the plan has them: what is fixed is not rounded
    terms = next(each["terms"] for each in found.plan["proposals"] if each["id"] == one.id)
    if form.get("term"):
        place = whole(form["term"])
        terms = [] if place is None else terms[place : place + 1]
    if not terms:
        raise refusal("not_found", what="term")
    for term in terms:
        pattern = {"from_site": term["from"], "to_site": term["to"], "commodity": term["commodity"]}
        quantity = {"quantity": term["quantity"]} if what == "fix" else {}
        reviewing.rule(*caller(), round_id, (what, pattern | quantity))


def _back(lang: str, round_id: int) -> Response:
    code = request.form.get("proposal", "")
    # a field that is None is left out of an address
    return redirect(url_for("review.review", lang=lang, round_id=round_id, proposal=code or None), 303)
