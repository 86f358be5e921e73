"""URLs shared by several planner pages."""

from __future__ import annotations

from collections.abc import Callable

from flask import url_for
from synergy.web.planning.round_view import Seen


def proposal_address(lang: str, round_id: int, code: str) -> str:
    """Return the URL of the planner page of a proposal."""
    return url_for("results.proposal", lang=lang, round_id=round_id, code=code)


def lead(seen: Seen) -> Callable[..., str]:
    """Return a URL builder for a round: the page of a proposal for ``code``, else the results filtered by fields."""
    lang, ident = seen.lang, seen.ident

    def address(
        code: str = "", commodity: str | None = None, county: str | None = None, firm: str | None = None
    ) -> str:
        if code:
            return proposal_address(lang, ident, code)
        return url_for(
            "results.view", lang=lang, round_id=ident, view="results", commodity=commodity, county=county, firm=firm
        )

    return address


def declaration_address(lang: str, round_id: int, enterprise: str) -> str:
    """Return the URL of the declaration page of an enterprise."""
    return url_for("declarations.table", lang=lang, round_id=round_id, enterprise=enterprise)
