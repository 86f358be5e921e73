"""Explanation pages: why an exchange is in the plan or not, for planners and for enterprises, with a time limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from operator import itemgetter

from flask import redirect, request, url_for
from synergy.web.access import actor, caller, rule, store
from synergy.web.error_handlers import said
from synergy.web.planning.round_view import Seen, seen
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError, RefusedError, UsageError
from synergy.records.runs import QuestionsLeft
from synergy.store import queries, studies
from synergy.store.access import Action, Actor
from synergy.store.studies import Wondered
from synergy.texts import say
from synergy.worker.questions import SECONDS as FIRM_SECONDS
from synergy.worker.questions import answered
from synergy.worker.questions import why as asked_why

room = pages("why")
SECONDS = 30.0  # for one answer
PATIENCE_S = 2.0  # for a turn
KEPT = 200
_TURN = threading.BoundedSemaphore(1)  # each question takes a core
_FIRM_TURN = threading.BoundedSemaphore(1)
_KNOWN: OrderedDict[tuple[str, int, Wondered], Mapping[str, object]] = OrderedDict()
_LOCK = threading.Lock()
_name = itemgetter(1)


@room.get("/rounds/<int:round_id>/why")
@rule(Action.SEE_PLANS)
def why(lang: str, round_id: int) -> tuple[str, int]:
    """Show the form for an exchange, and the explanation once one is selected."""
    found = seen(caller(), round_id, lang, {})
    given = [request.args.get(name, "") for name in ("from", "to", "commodity")]
    labels, shown = found.record.labels, found.shown
    sites = [(site, shown.firm_at(site)) for site in labels["sites"]]
    goods = [(good, found.material.good_name(good)) for good in labels["commodities"]]
    fields: dict[str, object] = {"seen": found, "shown": shown, "given": given, "answer": None, "fault": ""}
    fields |= {"sites": sorted(sites, key=_name), "goods": sorted(goods, key=_name)}
    status = 200
    if all(given):
        try:
            fields["answer"], fields["fault"] = _answer(found, Wondered(*given))
        except UsageError as error:
            status, fields["fault"] = 422, error.sentence(lang)
    return page("planner/why.html", lang, **fields), status


def _answer(found: Seen, question: Wondered) -> tuple[Mapping[str, object] | None, str]:
    """Return the explanation, or None with an error message if it is not available in time."""
    key = (found.record.digest, found.record.match, question)
    with _LOCK:
        if key in _KNOWN:
            return _KNOWN[key], ""
    if not _TURN.acquire(timeout=PATIENCE_S):
        return None, word("why.busy", found.lang)
    try:
        answer = asked_why(*caller(), found.record.match, question, SECONDS)
    finally:
        _TURN.release()
    if answer is None:
        return None, word("why.late", found.lang, seconds=f"{SECONDS:g}")
    with _LOCK:
        _KNOWN[key] = answer
        while len(_KNOWN) > KEPT:
            _KNOWN.popitem(last=False)
    return answer, ""


@room.route("/why-not", methods=["GET", "POST"])
@rule(Action.SEE_PROPOSAL)
def whynot(lang: str) -> tuple[str, int] | Response:
    """Show the form for an exchange of the own enterprise, and the explanation on POST."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("home.enter", lang=lang))
    ident, known = _ground(who)
    given = {name: request.values.get(name, "") for name in ("own", "other", "commodity", "way")}
    fields: dict[str, object] = {"given": given, "known": known, "answer": None, "fault": "", "left": 0}
    status = 200
    if known is not None:
        fields["left"] = known.left
        if request.method == "POST":
            more, status = _asked(who, ident, given, lang)
            fields |= more
    return page("firm/whynot.html", lang, **fields, **_choices(who, known, lang)), status


def _ground(who: Actor) -> tuple[int, QuestionsLeft | None]:
    """Return the latest round open to questions, and the sites and commodities that can be asked about."""
    for one in queries.list_rounds(store(), who):
        try:
            return one.round, studies.left(store(), who, one.round)
        except (NotFoundError, RefusedError):
            continue
    return 0, None


def _asked(who: Actor, ident: int, given: dict[str, str], lang: str) -> tuple[dict[str, object], int]:
    """Return the template fields with the explanation, or with an error message, and the status."""
    ends = (given["own"], given["other"]) if given["way"] != "take" else (given["other"], given["own"])
    question = Wondered(*ends, given["commodity"])
    if not _FIRM_TURN.acquire(timeout=PATIENCE_S):
        return {"fault": word("whynot.busy", lang)}, 503
    try:
        told, ground = studies.wonder(store(), who, ident, question)
        found = answered(ground, question, str(who.enterprise))
    except (RefusedError, NotFoundError) as error:
        return {"fault": said(error, lang)}, 404 if isinstance(error, NotFoundError) else 422
    finally:
        _FIRM_TURN.release()
    fault = "" if found else word("whynot.late", lang, seconds=f"{FIRM_SECONDS:g}")
    return {"answer": found, "fault": fault, "left": told.left}, 200


def _choices(who: Actor, known: QuestionsLeft | None, lang: str) -> dict[str, list[tuple[str, str]]]:
    """Return the options of the form: own sites, other sites and goods, each with its name."""
    if known is None:
        return {"own": [], "others": [], "goods": []}
    sites = [(site, say((at.name_en, at.name_zh), lang), at.enterprise) for site, at in known.sites.items()]
    goods = [(good, say((label.name_en, label.name_zh), lang)) for good, label in known.commodities.items()]
    return {
        "own": sorted((site, name) for site, name, owner in sites if owner == who.enterprise),
        "others": sorted(((site, name) for site, name, owner in sites if owner != who.enterprise), key=_name),
        "goods": sorted(goods, key=_name),
    }
