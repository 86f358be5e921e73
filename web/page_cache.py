"""What stands inside a page, made once for who looks, and again when anything has happened.

All of it follows from the record of rounds and from which deadlines are over, and every event of a store moves the head
of its chain: both are part of the key, as is all that decides who sees what. Each account has its own: how soon a page
comes tells nobody what another one looked at. What changes without an event is made for every request: the frame with
its notices and messages, and the mark of forms. The rule of the view has been asked before, by the guard.
"""

from __future__ import annotations

import secrets
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

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
    """What stands inside a page.

    Parameters
    ----------
    title, foot : str
        HTML.
    main : tuple of str
        HTML, cut where the mark of a form goes.
    """

    title: str
    main: tuple[str, ...]
    foot: str

    @property
    def size(self) -> int:
        """Return the bytes that it takes."""
        return sum(map(sys.getsizeof, (self.title, self.foot, *self.main)))

    def marked(self) -> Markup:
        """Return the main part with the mark of this session in its forms."""
        if len(self.main) == 1:  # without a form a session needs none
            return Markup(self.main[0])
        return Markup(str(escape(generate_csrf())).join(self.main))


def once(template: str, lang: str, fields: Callable[[], Mapping[str, Any]]) -> str:
    """Return a page whose inside is made once.

    Parameters
    ----------
    template : str
        It extends ``layout`` and shows nothing but what `fields` returns, ``lang`` and ``who``.
    lang : str
        ``zh`` or ``en``.
    fields : callable
        Looks up what the template shows; all of it follows from the record of rounds.
    """
    who = actor()
    seen = (who.name, who.user, str(who.role), who.enterprise, who.scopes)
    with store().database.moment():
        now = (head(store()), passed(store()))
        key = (template, request.full_path, lang, seen, settings().outlines.digest, now)
        inside = _kept().find(key, lambda: _made(template, lang, fields()))
        return page("inside.html", lang, title=Markup(inside.title), main=inside.marked(), foot=Markup(inside.foot))


def _kept() -> Bounded[Inside]:
    """Return what this application keeps."""
    return cast(Bounded[Inside], current_app.extensions.setdefault(_NAME, Bounded[Inside](_MOST_BYTES)))


def _made(template: str, lang: str, fields: Mapping[str, Any]) -> Inside:
    given = {"layout": "parted.html", "part": _PART, "csrf_token": lambda: _MARK, "lang": lang, "who": actor()}
    title, main, foot = render_template(template, **{**given, **fields}).split(_PART)
    return Inside(title, tuple(main.split(_MARK)), foot)


class Sized(Protocol):
    """Something that knows how many bytes it takes."""

    @property
    def size(self) -> int:
        """Return the bytes that it takes."""


T = TypeVar("T", bound=Sized)


class Bounded(Generic[T]):
    """Things by what they follow from; safe for several threads.

    Parameters
    ----------
    most : int
        Bytes in all.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._known: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made where there is nothing; what cannot be made is not kept."""
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make()
        with self._lock:
            if key not in self._known:
                self._known[key] = made
                self._size += made.size
            while self._size > self._most:
                self._size -= self._known.popitem(last=False)[1].size
        return made
