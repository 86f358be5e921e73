"""A page: its template, the same page in the other language, and the navigation of who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

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
    """Return the blueprint of a room of pages: its addresses begin with the language, which its views take."""
    return Blueprint(name, f"synergy.web.pages.{name}", url_prefix="/<any(zh, en):lang>")


def language() -> str:
    """Return the language of the address, else the one the browser likes best."""
    parts = request.path.split("/")
    if len(parts) > 1 and parts[1] in LANGUAGES:
        return parts[1]
    return request.accept_languages.best_match(LANGUAGES, "zh") or "zh"


def page(template: str, lang: str, **fields: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        In `web/templates`; it extends ``base.html``, or ``layout``, which is that here.
    lang : str
        ``zh`` or ``en``.
    **fields : object
        For the template, which has besides: ``lang``, ``other``, ``switch``, ``who`` (an actor or None), ``navigation``
        and ``demo``, and the functions ``word(key, lang)`` and ``csrf_token()``.
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
    """Return the part of a list that a page shows, where it begins (``?from=``), and where the next one does.

    Parameters
    ----------
    rows : sequence
        The whole list.
    """
    first = whole(request.args.get("from")) or 0
    return rows[first : first + SHOWN], first, first + SHOWN if len(rows) > first + SHOWN else None


def _looking() -> Actor | None:
    """Return who looks; nobody where that cannot be told, as on the page that says why."""
    try:
        return visitor()
    except (DeniedError, UnavailableError):
        return None


def unread_by(who: Actor | None) -> int:
    """Return how many notices somebody has not read; none where they get none, or where it cannot be told just now."""
    if who is None or reach(who, Action.SEE_NOTICES) is None:
        return 0
    try:
        return unread(store(), who)
    except StoreError:  # the page that says what is wrong has to come all the same
        return 0


def _switch(other: str) -> str:
    """Return the address of the same page in the other language; of its start where there is no such page."""
    place = {**(request.view_args or {}), **request.args.to_dict(flat=False), "lang": other}
    try:
        if request.method == "GET" and "lang" in (request.view_args or {}):
            return url_for(str(request.endpoint), **place)
    except BuildError:
        pass
    return url_for("start.home", lang=other)
