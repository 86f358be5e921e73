"""Addresses that several rooms of planners lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app, url_for

from web.planning.seen import Seen


def proposal_address(lang: str, code: str, ident: str) -> str:
    """Return where one proposal is shown.

    Parameters
    ----------
    lang : str
    code : str
        Of the store.
    ident : str
        In the plan.
    """
    if "proposal.proposal" in current_app.view_functions:
        return url_for("proposal.proposal", lang=lang, code=code)
    return url_for("proposals.proposal", lang=lang, ident=ident)


def lead(seen: Seen) -> Callable[..., str]:
    """Return what makes addresses of a round: of one proposal by ``code`` and ``ident``, of a choice by its fields."""

    def address(code: str = "", ident: str = "", **choice: Any) -> str:
        if code:
            return proposal_address(seen.lang, code, ident)
        return url_for("results.view", lang=seen.lang, round_id=seen.ident, view="results", **choice)

    return address


def declaration_address(lang: str, round_id: int, enterprise: str) -> str:
    """Return where a declaration is shown, "" where there is no such room."""
    for endpoint in ("declarations.declaration", "declarations.table"):
        if endpoint in current_app.view_functions:
            return url_for(endpoint, lang=lang, round_id=round_id, enterprise=enterprise)
    return ""
