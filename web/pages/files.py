"""File downloads: tables on pages (rounds, members, runs, events, proposals, terms, chains), and graphs as GraphML."""

from __future__ import annotations

from flask import Response, abort, request
from synergy.web import graphs
from synergy.web.access import actor, caller, clock, rule, store
from synergy.web.clock import whole
from synergy.web.firm.proposal_view import Own, own_proposal
from synergy.web.pages.audit import named
from synergy.web.pages.home import latest
from synergy.web.pages.pathways import MOST, seat_of
from synergy.web.planning import lists
from synergy.web.planning.proposal_detail import dossier
from synergy.web.planning.round_view import seen
from synergy.web.planning.tables import PlanSheet, members
from synergy.web.render import pages
from synergy.web.tables import KINDS, file, twin

from synergy.store import audit, planning, preview, queries
from synergy.store.access import Action, Actor, Reach, reach
from synergy.store.messages import refusal
from synergy.texts import text
from synergy.units import label

room = pages("files")
_OF_ROUND, _OF_PROPOSAL = ("members", "runs"), ("sides", "terms", "built", "laid")
EVENTS = 10_000  # in one file; the API has them all


def _file(sheet: PlanSheet, name: str, ending: str) -> Response:
    return twin(sheet.named(name), ending)


def _known(ending: str, name: str = "", names: tuple[str, ...] = ("",)) -> None:
    if ending not in KINDS or name not in names:
        abort(404)


@room.get("/rounds.<ending>")
@rule(Action.SEE_ROUNDS)
def rounds(lang: str, ending: str) -> Response:
    """Return the list of rounds as a file."""
    _known(ending)
    return _file(lists.rounds(queries.list_rounds(*caller()), lang), "rounds", ending)


@room.get("/rounds/<int:round_id>/<table>.<ending>")
@rule(Action.SEE_PLANS)
def of_round(lang: str, round_id: int, table: str, ending: str) -> Response:
    """Return the members of a round, or its runs, as a file."""
    _known(ending, table, _OF_ROUND)
    who = actor()
    if table == "runs":
        found = reversed(queries.see_matches(store(), who, round_id))
        sheet = lists.runs(found, lang, lambda name: text(f"status.{name}", lang))
    else:
        names = planning.round_names(store(), who, round_id).labels["enterprises"]
        sheet = members(planning.list_members(store(), who, round_id), names, clock(), lang, lambda _firm: "")
    return _file(sheet, f"round-{round_id}-{table}", ending)


@room.get("/rounds/<int:round_id>/proposals/<code>/<part>.<ending>")
@rule(Action.SEE_PLANS)
def of_proposal(lang: str, round_id: int, code: str, part: str, ending: str) -> Response:
    """Return one table of a proposal, from the planner's view, as a file."""
    _known(ending, part, _OF_PROPOSAL)
    found = seen(caller(), round_id, lang, {}, code)
    if not found.proposals:
        raise refusal("not_found", what="proposal")
    sheet: PlanSheet | None = getattr(dossier(found, found.proposals[0]), part)
    if sheet is None:
        abort(404)
    return _file(sheet, f"{code}-{part}", ending)


@room.get("/rounds/<int:round_id>/partnerships.graphml")
@rule(Action.SEE_PLANS)
def partnerships(lang: str, round_id: int) -> Response:
    """Return the partnerships of the latest plan of a round as a GraphML file."""
    del lang
    return file(graphs.graphml(graphs.partnerships(caller(), round_id)), f"round-{round_id}-partnerships.graphml")


@room.get("/datasets/<dataset>/products.graphml")
@rule(Action.SEE_PLANS)
def products(lang: str, dataset: str) -> Response:
    """Return the commodities and processes of a dataset as a GraphML file."""
    del lang
    return file(graphs.graphml(graphs.products(caller(), dataset)), f"products-{dataset[:12]}.graphml")


@room.get("/proposals.<ending>")
@rule(Action.SEE_PROPOSAL)
def suggestions(lang: str, ending: str) -> Response:
    """Return the proposals to an enterprise in the latest round that has any for it, as a file."""
    _known(ending)
    who = _firm()
    _, found = latest(who, queries.list_rounds(store(), who), lang)
    currency = found[0].record.currency if found else ""
    return _file(lists.suggestions(found, lang, currency), "proposals", ending)


@room.get("/proposals/<code>/terms.<ending>")
@rule(Action.SEE_PROPOSAL)
def terms(lang: str, code: str, ending: str) -> Response:
    """Return the lines of a proposal, from the view of a party, as a file."""
    _known(ending)
    who = _firm()
    one = Own(own_proposal(store(), who, code), "", str(who.enterprise), lang)
    return _file(lists.terms(one), f"{code}-terms", ending)


@room.get("/pathways.<ending>")
@rule(Action.SEE_DECLARATION)
def pathways(lang: str, ending: str) -> Response:
    """Return the process chains for a good of an enterprise as a file."""
    _known(ending)
    who, wanted = _firm(), request.args.get("commodity", "")
    seat, _ = seat_of(who)
    if seat is None:
        raise refusal("not_found", what="commodity")
    found = preview.chains(store(), who, seat, wanted)
    per = f"{label(found['currency'], lang)}/{label(found['unit'], lang)}"
    ended = [one for one in found["chains"] if one["ends"]][:MOST]
    return _file(lists.chains(ended, wanted, per, lang), f"pathways-{wanted}", ending)


@room.get("/audit.<ending>")
@rule(Action.SEE_EVENTS)
def events(lang: str, ending: str) -> Response:
    """Return the events of one round or of all rounds, newest first, as a file."""
    _known(ending)
    found = audit.history(*caller(), whole(request.args.get("round")), EVENTS)
    return _file(lists.events(found, lang, named), "audit", ending)


def _firm() -> Actor:
    """Return the caller; refuse accounts that are not restricted to the proposals of their own enterprise."""
    who = actor()
    if who.enterprise is None or reach(who, Action.SEE_PROPOSAL) is not Reach.OWN:
        raise refusal("not_found", what="proposal")
    return who
