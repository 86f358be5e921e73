"""Page rendering: template context, language switch, pagination, and a per-user cache of page bodies.

A cached body depends only on the records of rounds and on the number of deadlines that have passed. Every event of a
store changes the head of its audit chain, so the cache key holds both, together with everything that determines the
permissions of the user. Entries are per account, so response times do not reveal which pages other accounts have
viewed. The page frame with notices and messages, and the CSRF token of forms, are rendered for every request. The
access rule of the view has already been enforced by `synergy.web.access.guard`.
"""

from __future__ import annotations

import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from flask import Blueprint, current_app, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from synergy.web.access import actor, settings, store, visitor
from synergy.web.clock import whole
from synergy.web.register import NAVIGATION
from werkzeug.routing import BuildError

from synergy.errors import DeniedError, StoreError, UnavailableError
from synergy.store.access import Action, Actor, reach
from synergy.store.commit import head
from synergy.store.notices import unread
from synergy.store.queries import passed
from synergy.texts import LANGUAGES

T = TypeVar("T")
LANGUAGE_PATH = "/<any(zh, en):lang>"
SHOWN = 50  # rows of a list on one page
_NAME = "synergy.once"
_MOST_BYTES = 16 << 20
# no text of anybody holds one of these: it would be escaped
_MARK = Markup(f"<mark-{secrets.token_hex(16)}>")
_PART = Markup(f"<part-{secrets.token_hex(16)}>")


def pages(name: str) -> Blueprint:
    """Return a blueprint for pages whose URLs begin with the language, passed to its views as ``lang``."""
    return Blueprint(name, "synergy.web.pages", url_prefix=LANGUAGE_PATH)


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
    try:
        who = visitor()
    except (DeniedError, UnavailableError):  # as on error pages
        who = None
    frame = {
        "layout": "base.html",
        "lang": lang,
        "other": other,
        "switch": _switch(other),
        "who": who,
        "navigation": [one for one in NAVIGATION if who is not None and who.role in one.roles],
        "here": request.endpoint,
        "unread": unread_by(who),
        "demo": settings().demo,
    }
    return render_template(template, **{**frame, **fields})


def part(rows: Sequence[T]) -> tuple[Sequence[T], int, int | None]:
    """Return the rows of the current page of a list, the offset of the page (``?from=``) and that of the next one."""
    first = whole(request.args.get("from")) or 0
    return rows[first : first + SHOWN], first, first + SHOWN if len(rows) > first + SHOWN else None


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
    return url_for("home.enter", lang=other)


@dataclass(frozen=True, slots=True)
class Inside:
    """Rendered body of a page as HTML, its main part split at the places of the CSRF token."""

    title: str
    main: tuple[str, ...]
    foot: str

    def size(self) -> int:
        """Return the size in bytes."""
        return sum(map(sys.getsizeof, (self.title, self.foot, *self.main)))


def once(template: str, lang: str, fields: Callable[[], Mapping[str, object]]) -> str:
    """Render a page, taking its body from the cache if possible.

    The template extends ``layout`` and uses only the result of `fields`, ``lang`` and ``who``. `fields` must depend
    only on the records of rounds.
    """
    who = actor()
    seen = (who.name, who.user, str(who.role), who.enterprise, who.scopes)
    with store().database.moment():
        now = (head(store()), passed(store()))
        key = (template, request.full_path, lang, seen, settings().outlines.digest, now)
        known = current_app.extensions.setdefault(_NAME, Bounded[Inside](_MOST_BYTES, Inside.size))
        inside = cast(Bounded[Inside], known).find(key, lambda: _made(template, lang, fields()))
        # without a form a session needs no token
        token = str(escape(generate_csrf())) if len(inside.main) > 1 else ""
        main, title, foot = (Markup(text) for text in (token.join(inside.main), inside.title, inside.foot))
        return page("inside.html", lang, title=title, main=main, foot=foot)


def _made(template: str, lang: str, fields: Mapping[str, object]) -> Inside:
    given = {"layout": "parted.html", "part": _PART, "csrf_token": lambda: _MARK, "lang": lang, "who": actor()}
    title, main, foot = render_template(template, **{**given, **fields}).split(_PART)
    return Inside(title, tuple(main.split(_MARK)), foot)


class Bounded(Generic[T]):
    """Thread-safe LRU cache bounded by the total size of its values, in bytes or in whatever `size` counts."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size_of, self._size = most, size, 0
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the cached value of a key, computing and storing it if missing; exceptions are not cached."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            if key not in self._known:
                self._known[key] = made
                self._size += self._size_of(made)
            while self._size > self._most:
                self._size -= self._size_of(self._known.popitem(last=False)[1])
        return made
