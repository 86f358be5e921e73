"""The JSON API: what the store tells, as plain resources."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from synergy.store import seeing
from synergy.store.access import Action
from synergy.store.words import refusal
from web.access import actor, rule, store

room = Blueprint("api", __name__, url_prefix="/api/v1")


def _proposals() -> list[dict[str, Any]]:
    """Return the proposals of the latest round that has any, as far as who asks may see them."""
    for one in seeing.list_rounds(store(), actor()):
        found = seeing.list_proposals(store(), actor(), one["round"])
        if found:
            return found
    return []


@room.get("/proposals")
@rule(Action.SEE_PROPOSAL)
def proposals() -> Response:
    """Return all proposals of the latest round: ``{items, next}``; all of them fit on one page, so next is null."""
    return jsonify(items=_proposals(), next=None)


@room.get("/proposals/<path:code>")
@rule(Action.SEE_PROPOSAL)
def proposal(code: str) -> Response:
    """Return one proposal by its code or its id in the plan."""
    if code.startswith("P"):
        return jsonify(seeing.see_proposal(store(), actor(), code))
    found = next((item for item in _proposals() if item.get("id") == code), None)
    if found is None:
        raise refusal("not_found", what="proposal")
    return jsonify(found)
