"""Per-user cache of rendered page bodies, invalidated by the head of the audit chain.

A page body depends only on the records of rounds and on the number of deadlines that have passed. Every event of a
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
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from flask import current_app, render_template, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from synergy.web.access import actor, settings, store
from synergy.web.render import page

from synergy.store.commit import head
from synergy.store.queries import passed

_NAME = "synergy.once"
_MOST_BYTES = 16 << 20
# no text of anybody holds one of these: it would be escaped
_MARK = Markup(f"<mark-{secrets.token_hex(16)}>")
_PART = Markup(f"<part-{secrets.token_hex(16)}>")


@dataclass(frozen=True, slots=True)
class Inside:
    """Rendered body of a page as HTML, its main part split at the places of the CSRF token."""

    title: str
    main: tuple[str, ...]
    foot: str

    def size(self) -> int:
        """Return the size in bytes."""
        return sum(map(sys.getsizeof, (self.title, self.foot, *self.main)))

    def marked(self) -> Markup:
        """Return the main part with the CSRF token of the current session inserted into its forms."""
        if len(self.main) == 1:  # without a form a session needs none
            return Markup(self.main[0])
        return Markup(str(escape(generate_csrf())).join(self.main))


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
        inside = _kept().find(key, lambda: _made(template, lang, fields()))
        return page("inside.html", lang, title=Markup(inside.title), main=inside.marked(), foot=Markup(inside.foot))


def _kept() -> Bounded[Inside]:
    """Return the page cache of the current application, created on first use."""
    return cast(Bounded[Inside], current_app.extensions.setdefault(_NAME, Bounded[Inside](_MOST_BYTES, Inside.size)))


def _made(template: str, lang: str, fields: Mapping[str, object]) -> Inside:
    given = {"layout": "parted.html", "part": _PART, "csrf_token": lambda: _MARK, "lang": lang, "who": actor()}
    title, main, foot = render_template(template, **{**given, **fields}).split(_PART)
    return Inside(title, tuple(main.split(_MARK)), foot)


T = TypeVar("T")


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
