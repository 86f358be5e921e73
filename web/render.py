"""Page rendering: template context, language switch, navigation and pagination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from flask import Blueprint, current_app, render_template, request, url_for
from synergy.web.access import settings, store, visitor
from synergy.web.clock import whole
from synergy.web.register import entries
from werkzeug.routing import BuildError

from synergy.errors import DeniedError, StoreError, UnavailableError
from synergy.store.access import Action, Actor, reach
from synergy.store.notices import unread
from synergy.texts import LANGUAGES

T = TypeVar("T")
SHOWN = 50  # rows of a list on one page


def pages(name: str) -> Blueprint:
    """Return a blueprint for pages whose URLs begin with the language, passed to its views as ``lang``."""
    return Blueprint(name, f"synergy.web.pages.{name}", url_prefix="/<any(zh, en):lang>")


def language() -> str:
    """Return the language of the request: from the URL, else from the Accept-Language header."""
    parts = request.path.split("/")
    if len(parts) > 1 and parts[1] in LANGUAGES:
        return parts[1]
    return request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def page(template: str, lang: str, **fields: object) -> str:
    """Render a template with the context common to all pages.

    It extends ``base.html``, or ``layout``, which is ``base.html`` here. Besides the fields there are ``lang``,
    ``other``, ``switch``, ``who`` (an actor or None), ``navigation``, ``demo``, and the functions ``word(key, lang)``
    and ``csrf_token()``.
    """
    other = next(name for name in LANGUAGES if name != lang)
    who = _looking()
    frame = {
        "layout": "base.html",
        "lang": lang,
        "other": other,
        "switch": _switch(other),
        "who": who,
        "navigation": entries(current_app, None if who is None else who.role),
        "here": request.endpoint,
        "unread": unread_by(who),
        "demo": settings().demo,
    }
    return render_template(template, **{**frame, **fields})


def part(rows: Sequence[T]) -> tuple[Sequence[T], int, int | None]:
    """Return the rows of the current page of a list, the offset of the page (``?from=``) and that of the next one."""
    first = whole(request.args.get("from")) or 0
    return rows[first : first + SHOWN], first, first + SHOWN if len(rows) > first + SHOWN else None


def _looking() -> Actor | None:
    """Return the authenticated actor, or None if anonymous or if authentication fails (as on error pages)."""
    try:
        return visitor()
    except (DeniedError, UnavailableError):
        return None


def unread_by(who: Actor | None) -> int:
    """Return the number of unread notices of an actor; 0 if the role has no notices or the store is unavailable."""
    if who is None or reach(who, Action.SEE_NOTICES) is None:
        return 0
    try:
        return unread(store(), who)
    except StoreError:  # the page that says what is wrong has to come all the same
        return 0


def _switch(other: str) -> str:
    """Return the URL of the current page in the other language, or of its start page if there is none."""
    place = {**(request.view_args or {}), **request.args.to_dict(flat=False), "lang": other}
    try:
        if request.method == "GET" and "lang" in (request.view_args or {}):
            return url_for(str(request.endpoint), **place)
    except BuildError:
        pass
    return url_for("start.home", lang=other)
