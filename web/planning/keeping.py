"""Pages of a plan that are made once: known by what they show and who looks, here and in the browser."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any

from flask import Response, make_response, request, session
from synergy.web.access import settings
from synergy.web.render import unread_by
from werkzeug.wrappers import Response as AnyResponse

from synergy.store.access import Actor

KEPT = 64  # pages
_PAGES: OrderedDict[str, str] = OrderedDict()
_LOCK = Lock()


def kept(who: Actor, record: Mapping[str, Any], make: Callable[[], str]) -> AnyResponse:
    """Return a page of a plan, or only that it has not changed since a browser saw it.

    Parameters
    ----------
    who : Actor
        Who looks.
    record : mapping
        Of the plan, with ``match``, ``digest`` and ``chain``: its head changes with every event.
    make : callable
        Makes the page; it holds nothing that is another one each time, as a form with its mark.
    """
    how = settings()
    shown = (record["match"], record["digest"], record["chain"]["mac"], how.outlines.digest, how.zone)
    # the navigation counts notices, and to read them is no event
    parts = (who.name, str(who.role), request.full_path, *shown, unread_by(who))
    tag = sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
    # a message waits to be shown: the page differs this once
    if "_flashes" in session:
        answer = make_response(make())
        answer.headers["Cache-Control"] = "no-store"
        return answer
    same = request.if_none_match.contains_weak(tag)
    answer = Response(status=304) if same else make_response(_page(tag, make))
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _page(tag: str, make: Callable[[], str]) -> str:
    """Return the page of a tag, made where it is not known; safe for several threads."""
    with _LOCK:
        if tag in _PAGES:
            _PAGES.move_to_end(tag)
            return _PAGES[tag]
    made = make()
    with _LOCK:
        _PAGES[tag] = made
        while len(_PAGES) > KEPT:
            _PAGES.popitem(last=False)
    return made
