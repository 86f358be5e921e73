"""Notices page: notices of an enterprise, or of the planners, with their read status."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, caller, clock, rule
from synergy.web.clock import whole
from synergy.web.render import page, pages, part
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.records.notices import Notice
from synergy.store import notices as told
from synergy.store.access import Action
from synergy.store.messages import message

room = pages("notices")
_EARLY = ("opened", "reminder", "declare_by")  # notices of a round that takes declarations


@room.get("/notices")
@rule(Action.SEE_NOTICES)
def notices(lang: str) -> str:
    """Show the notices, newest first, with pagination."""
    found = told.list_notices(*caller())
    listed, first, further = part(found)
    return page(
        "account/notices.html",
        lang,
        notices=[(one, _text(lang, one), _place(lang, one)) for one in listed],
        first=first,
        next=further,
        fresh=any(not one.read for one in found),
    )


def _text(lang: str, one: Notice) -> str:
    """Return the text of a notice, with deadlines in the time zone of the pages."""
    return message(one.kind, one.fields, clock().told)[f"text_{lang}"]


def _place(lang: str, one: Notice) -> str:
    """Return the URL that a notice links to: its proposal, else the page of its round; "" if there is none."""
    if one.subject.startswith("P"):
        return url_for("proposal.proposal", lang=lang, code=one.subject)
    if one.round is None:
        return ""
    if actor().enterprise is None:
        return url_for("rounds.one", lang=lang, round_id=one.round)
    return url_for("declarations.start" if one.kind in _EARLY else "home.home", lang=lang)


@room.post("/notices")
@rule(Action.MARK_NOTICES)
def read(lang: str) -> Response:
    """Mark one notice or all notices as read."""
    code = request.form.get("notice")
    count = told.mark_read(*caller(), None if code is None else [code[:64]])
    flash(word("notices.marked" if count else "notices.none_marked", lang), "good")
    address, first = url_for("notices.notices", lang=lang), whole(request.form.get("from")) or 0
    return redirect(f"{address}?from={first}" if first else address, 303)
