"""Explanation page for enterprises: why an exchange is not proposed; limited per round, with a time limit."""

from __future__ import annotations

import threading

from flask import redirect, request, url_for
from synergy.web.access import actor, rule, store
from synergy.web.error_handlers import said
from synergy.web.render import page, pages
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError, RefusedError
from synergy.records.figures import Label
from synergy.records.studies import QuestionsLeft
from synergy.store import queries, questions
from synergy.store.access import Action, Actor
from synergy.store.questions import Wondered
from synergy.texts import say
from synergy.worker.firm_questions import SECONDS, answered

room = pages("whynot")
PATIENCE_S = 2.0  # for a turn
_TURN = threading.BoundedSemaphore(1)  # each question takes a core


@room.route("/why-not", methods=["GET", "POST"])
@rule(Action.SEE_PROPOSAL)
def whynot(lang: str) -> str | tuple[str, int] | Response:
    """Show the form for an exchange of the own enterprise, and the explanation on POST."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("start.home", lang=lang))
    ident, known = _ground(who)
    given = {name: request.values.get(name, "") for name in ("own", "other", "commodity", "way")}
    fields: dict[str, object] = {"given": given, "known": known, "answer": None, "fault": "", "left": 0}
    status = 200
    if known is not None:
        fields["left"] = known.left
        if request.method == "POST":
            more, status = _asked(who, ident, given, lang)
            fields |= more
    shown = page("firm/whynot.html", lang, **fields, **_choices(who, known, lang))
    return (shown, status) if status != 200 else shown


def _ground(who: Actor) -> tuple[int, QuestionsLeft | None]:
    """Return the latest round open to questions, and the sites and commodities that can be asked about."""
    for one in queries.list_rounds(store(), who):
        try:
            return one.round, questions.left(store(), who, one.round)
        except (NotFoundError, RefusedError):
            continue
    return 0, None


def _asked(who: Actor, ident: int, given: dict[str, str], lang: str) -> tuple[dict[str, object], int]:
    """Return the template fields with the explanation, or with an error message, and the status."""
    ends = (given["own"], given["other"]) if given["way"] != "take" else (given["other"], given["own"])
    question = Wondered(*ends, given["commodity"])
    if not _TURN.acquire(timeout=PATIENCE_S):
        return {"fault": word("whynot.busy", lang)}, 503
    try:
        told, ground = questions.wonder(store(), who, ident, question)
        found = answered(ground, question, str(who.enterprise))
    except (RefusedError, NotFoundError) as error:
        return {"fault": said(error, lang)}, 404 if isinstance(error, NotFoundError) else 422
    finally:
        _TURN.release()
    fault = "" if found else word("whynot.late", lang, seconds=f"{SECONDS:g}")
    return {"answer": found, "fault": fault, "left": told.left}, 200


def _choices(who: Actor, known: QuestionsLeft | None, lang: str) -> dict[str, list[tuple[str, str]]]:
    """Return the options of the form: own sites, other sites and goods, each with its name."""
    if known is None:
        return {"own": [], "others": [], "goods": []}
    sites = [(site, _named(place, lang), place.enterprise) for site, place in known.sites.items()]
    goods = [(good, _named(label, lang)) for good, label in known.commodities.items()]
    return {
        "own": sorted((site, name) for site, name, owner in sites if owner == who.enterprise),
        "others": sorted(((site, name) for site, name, owner in sites if owner != who.enterprise), key=_name),
        "goods": sorted(goods, key=_name),
    }


def _named(label: Label, lang: str) -> str:
    return say((label.name_en, label.name_zh), lang)


def _name(pair: tuple[str, str]) -> str:
    return pair[1]
