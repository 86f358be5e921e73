"""Notices page: notices of an enterprise, or of the planners, with their read status."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, clock, rule, store
from synergy.web.clock import whole
from synergy.web.render import page, pages, part
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.store import notices as told
from synergy.store.access import Action
from synergy.store.messages import message

room = pages("notices")
_EARLY = ("opened", "reminder", "declare_by")  # notices of a round that takes declarations


@room.get("/notices")
@rule(Action.SEE_NOTICES)
def notices(lang: str) -> str:
    """Show the notices, newest first, with pagination."""
    found = told.list_notices(store(), actor())
    listed, first, further = part(found)
    return page(
        "account/notices.html",
        lang,
        notices=[one | {"text": _text(lang, one), "href": _place(lang, one)} for one in listed],
        first=first,
        next=further,
        fresh=any(not one["read"] for one in found),
    )


def _text(lang: str, one: dict[str, Any]) -> str:
    """Return the text of a notice, with deadlines in the time zone of the pages."""
    return message(one["kind"], one["fields"], clock().minute)[f"text_{lang}"]


def _place(lang: str, one: dict[str, Any]) -> str:
    """Return the URL that a notice links to: its proposal, else the page of its round; "" if there is none."""
    if one["subject"].startswith("P"):
        return url_for("proposal.proposal", lang=lang, code=one["subject"])
    if one["round"] is None:
        return ""
    if actor().enterprise is None:
        return url_for("rounds.one", lang=lang, round_id=one["round"])
    return url_for("declarations.start" if one["kind"] in _EARLY else "home.home", lang=lang)


@room.post("/notices")
@rule(Action.MARK_NOTICES)
def read(lang: str) -> Response:
    """Mark one notice or all notices as read."""
    code = request.form.get("notice")
    count = told.mark_read(store(), actor(), None if code is None else [code[:64]])
    flash(word("notices.marked" if count else "notices.none_marked", lang), "good")
    return redirect(url_for("notices.notices", lang=lang, **_where()), 303)


def _where() -> dict[str, Any]:
    first = whole(request.form.get("from")) or 0
    return {"from": first} if first else {}
