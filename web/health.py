"""Whether the server lives, and whether it can serve: for whoever watches it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from synergy.errors import SynergyError
from synergy.solvers import highs
from synergy.store.migrations.run import current, head
from web.access import public, store

room = Blueprint("health", __name__)


@room.get("/healthz")
@public
def alive() -> Response:
    """Answer: the process lives."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@room.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Tell whether the solver is right, the database answers and is of this program's version; not what is in it."""
    try:
        highs()
        fits = current(store().database) == head()
    except SynergyError:
        fits = False
    answer = jsonify(ready=fits)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if fits else 503
