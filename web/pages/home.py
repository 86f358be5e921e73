"""Home page of an enterprise: its proposals by gain with answer forms, open declarations and partnerships."""

from __future__ import annotations

from flask import redirect, url_for
from synergy.web.access import actor, rule, store
from synergy.web.firm.proposal_view import CLOSED, Own, by_gain, own_proposal, passed, standing
from synergy.web.page_cache import once
from synergy.web.render import pages
from werkzeug.wrappers import Response

from synergy.errors import NotFoundError
from synergy.records.figures import bare
from synergy.records.names import Answer, Seat, Stage, State
from synergy.records.proposals import OwnProposal, Partnership
from synergy.records.rounds import Round
from synergy.store import declarations, follow_up, queries
from synergy.store.access import Action, Actor
from synergy.store.queries import SHOWN

room = pages("home")
DEALS = 10  # partnerships shown


@room.get("/home")
@rule(Action.SEE_PROPOSAL)
def home(lang: str) -> str | Response:
    """Show the proposals of an enterprise, ordered by its own gain, and its open tasks."""
    who = actor()
    if who.enterprise is None:
        return redirect(url_for("start.home", lang=lang))
    return once("firm/home.html", lang, lambda: _shown(who, lang))


def _shown(who: Actor, lang: str) -> dict[str, object]:
    """Return the template fields of the home page."""
    rounds = queries.list_rounds(store(), who)
    round_, found = latest(who, rounds, lang)
    settled = next((one.record.settlement for one in found if one.record.settlement), None)
    return {
        "round": round_,
        "groups": _grouped(found),
        "offers": found,
        "settled": settled,
        "lump": bare(settled.lump_sum) if settled else None,
        "declare": _declarable(who, rounds),
        "deals": _deals(who, rounds, found, lang),
    }


def latest(who: Actor, rounds: list[Round], lang: str) -> tuple[Round | None, list[Own]]:
    """Return the latest round with proposals for the enterprise, and these proposals by its own gain."""
    shown = [one for one in rounds if one.state in SHOWN]
    for one in shown:
        listed = [each for each in queries.list_proposals(store(), who, one.round) if isinstance(each, OwnProposal)]
        if listed:
            state = standing(one, store().now())
            return one, by_gain(Own(record, state, str(who.enterprise), lang) for record in listed)
    return (shown[0] if shown else None), []


def _grouped(found: list[Own]) -> dict[str, list[Own]]:
    """Group the proposals into open, answered and closed ones."""
    groups: dict[str, list[Own]] = {"open": [], "done": [], "other": []}
    for one in found:
        if one.record.answer is not Answer.NONE:
            groups["done"].append(one)
        else:
            groups["other" if one.record.standing in CLOSED else "open"].append(one)
    return groups


def _declarable(who: Actor, rounds: list[Round]) -> list[Round]:
    """Return the rounds that wait for a declaration of the enterprise."""
    found = []
    for one in rounds:
        if one.state is State.DECLARING and not passed(one.deadline, store().now()):
            try:
                told = declarations.declaration(store(), who, Seat(one.round, str(who.enterprise)))
            except NotFoundError:
                continue
            if not told.submitted:
                found.append(one)
    return found


def _deals(who: Actor, rounds: list[Round], found: list[Own], lang: str) -> list[tuple[Partnership, Own]]:
    """Return the active partnerships with their proposals, newest first."""
    state = {one.round: one.state for one in rounds}
    known = {one.code: one for one in found}  # most are of the latest round
    live = [one for one in reversed(follow_up.followed(store(), who)) if one.stage is not Stage.ENDED]

    def own(deal: Partnership) -> Own:
        return Own(own_proposal(store(), who, deal.proposal), state[deal.round], str(who.enterprise), lang)

    return [(one, known.get(one.proposal) or own(one)) for one in live[:DEALS]]
