"""Answers that a browser may keep: known by what they show and who looks, so that nothing is drawn twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from flask import Response, make_response, request, session
from werkzeug.wrappers import Response as AnyResponse

from synergy.store.access import Actor


def kept(who: Actor, record: Mapping[str, Any], make: Callable[[], str | AnyResponse]) -> AnyResponse:
    """Return a page of a plan, or only that it has not changed since a browser saw it.

    Parameters
    ----------
    who : Actor
        Who looks.
    record : mapping
        Of the plan, with ``match``, ``digest`` and ``chain``: its head changes with every event.
    make : callable
        Makes the page where it has changed.
    """
    parts = (who.name, str(who.role), request.full_path, record["match"], record["digest"], record["chain"]["mac"])
    tag = sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
    # a message waits to be shown: the page differs this once
    waiting = "_flashes" in session
    same = not waiting and request.if_none_match.contains_weak(tag)
    answer = Response(status=304) if same else make_response(make())
    if waiting:
        answer.headers["Cache-Control"] = "no-store"
    else:
        answer.set_etag(tag, weak=True)
        answer.headers["Cache-Control"] = "private, no-cache"
    return answer
