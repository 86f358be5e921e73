"""Whether the server lives, and whether it can serve: for whoever watches it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from synergy.web.access import public, store

from synergy.errors import SynergyError
from synergy.solvers import highs
from synergy.store import readiness

room = Blueprint("health", __name__)


@room.get("/healthz")
@public
def alive() -> Response:
    """Answer: the process lives."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@room.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """Tell whether the solver is right, a declaration can be stored and a run will be taken; not what is stored."""
    try:
        highs()
        solver = True
    except SynergyError:
        solver = False
    told = {"solver": solver, **readiness.ready(store())}
    fits = all(told.values())
    answer = jsonify(ready=fits, **told)
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if fits else 503
