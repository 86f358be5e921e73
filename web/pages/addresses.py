"""Addresses that several rooms of planners lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from synergy.web.planning.round_view import Seen


def proposal_address(lang: str, round_id: int, code: str) -> str:
    """Return where a planner looks at one proposal of a round."""
    return url_for("results.proposal", lang=lang, round_id=round_id, code=code)


def lead(seen: Seen) -> Callable[..., str]:
    """Return what makes addresses of a round: of one proposal by ``code``, of a choice by its fields."""

    def address(code: str = "", **choice: Any) -> str:
        if code:
            return proposal_address(seen.lang, seen.ident, code)
        return url_for("results.view", lang=seen.lang, round_id=seen.ident, view="results", **choice)

    return address


def declaration_address(lang: str, round_id: int, enterprise: str) -> str:
    """Return where the declaration of an enterprise is shown."""
    return url_for("declarations.table", lang=lang, round_id=round_id, enterprise=enterprise)
