"""Printable summary of a round: a few pages for a meeting, with the evidence for the figures."""

from __future__ import annotations

from synergy.web.access import actor, rule, store
from synergy.web.pages.addresses import lead
from synergy.web.pages.results import said_of
from synergy.web.planning.policy import policy
from synergy.web.planning.round_view import seen
from synergy.web.planning.tables import PlanSheet, payoffs, proposals
from synergy.web.render import page, pages

from synergy.store import planning, queries
from synergy.store.access import Action, Caller
from synergy.texts import ladder_note

room = pages("summary")
MOST = 40  # proposals on paper


@room.get("/rounds/<int:round_id>/summary")
@rule(Action.SEE_PLANS)
def summary(lang: str, round_id: int) -> str:
    """Render the summary of a round for printing."""
    who = actor()
    found = seen(Caller(store(), who), round_id, lang, {})
    whole = proposals(found, lead(found))
    runs = queries.see_matches(store(), who, round_id)
    run = next(one for one in runs if one.match == found.record.match)
    settled = found.plan["settlement"]
    return page(
        "planner/summary.html",
        lang,
        seen=found,
        shown=found.shown,
        made=planning.round_input(store(), who, round_id),
        policy=policy,
        ladder_said=ladder_note,
        run=run,
        sheet=PlanSheet(whole.name, whole.caption, whole.columns, whole.rows[:MOST]),
        rest=len(whole.rows) - MOST,
        payoffs=payoffs(found) if settled else None,
        stability=said_of(found) if settled else [],
        now=store().now(),
    )
