"""The JSON API: the plan document's proposals as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify

api = Blueprint("api", __name__, url_prefix="/api/v1")


def _plan() -> Mapping[str, Any]:
    rounds = current_app.config["ROUNDS"]
    if not rounds:
        abort(404)
    plan: Mapping[str, Any] = rounds[-1]["plan"]
    return plan


@api.get("/proposals")
def proposals() -> Response:
    """Return all proposals: ``{items, next}``; all of them fit on one page, so next is null."""
    return jsonify(items=_plan()["proposals"], next=None)


@api.get("/proposals/<path:ident>")
def proposal(ident: str) -> Response:
    """Return one proposal."""
    found = next((item for item in _plan()["proposals"] if item["id"] == ident), None)
    if found is None:
        abort(404)
    return jsonify(found)
