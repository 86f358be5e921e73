"""The latest plan as planners and auditors see it: all proposals, and one of them."""

from __future__ import annotations

from flask import abort, request

from synergy.errors import NotFoundError
from synergy.plan import Kind
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


@room.get("/plan")
@rule(Action.SEE_PLANS)
def proposals(lang: str) -> str:
    """Show all proposals by gain, or those of one kind."""
    shown = _shown(lang)
    if shown is None:
        return page("planner/no_plan.html", lang)
    kind = request.args.get("kind", "")
    if kind and kind not in tuple(Kind):
        abort(404)
    items = [item for item in shown.plan["proposals"] if kind in ("", item["kind"])]
    kinds = [str(name) for name in Kind]
    return page("planner/proposals.html", lang, shown=shown, items=items, kinds=kinds, kind=kind)


@room.get("/plan/<path:ident>")
@rule(Action.SEE_PLANS)
def proposal(lang: str, ident: str) -> str:
    """Show one proposal."""
    shown = _shown(lang)
    found = None if shown is None else shown.proposal(ident)
    if found is None:
        raise refusal("not_found", what="proposal")
    return page("planner/proposal.html", lang, shown=shown, item=found)
