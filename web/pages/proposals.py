"""One proposal of the latest plan as planners and auditors see it."""

from __future__ import annotations

from synergy.errors import NotFoundError
from synergy.store import seeing
from synergy.store.access import Action
from synergy.store.words import refusal
from web.access import actor, rule, store
from web.render import page, pages
from web.shown import Shown

room = pages("proposals")


def _shown(lang: str) -> Shown | None:
    """Return the plan of the latest round that has one, None where none has."""
    for one in seeing.list_rounds(store(), actor()):
        try:
            return Shown(seeing.see_plan(store(), actor(), one["round"]), lang)
        except NotFoundError:
            continue
    return None


@room.get("/plan/<path:ident>")
@rule(Action.SEE_PLANS)
def proposal(lang: str, ident: str) -> str:
    """Show one proposal."""
    shown = _shown(lang)
    found = None if shown is None else shown.proposal(ident)
    if found is None:
        raise refusal("not_found", what="proposal")
    return page("planner/proposal.html", lang, shown=shown, item=found)
