"""File downloads: tables on pages (rounds, members, runs, events, proposals, terms, chains), and graphs as GraphML."""

from __future__ import annotations

from flask import Response, abort, request
from synergy.web.access import actor, caller, clock, rule, store
from synergy.web.api import graphs
from synergy.web.clock import whole
from synergy.web.pages.admin import named
from synergy.web.pages.home import chains_of, latest, seat_of
from synergy.web.planning import tables
from synergy.web.planning.proposal_detail import dossier
from synergy.web.planning.proposal_view import Own, own_proposal
from synergy.web.planning.round_view import seen
from synergy.web.planning.tables import PlanSheet
from synergy.web.render import pages
from synergy.web.tables import KINDS, file, twin

from synergy.store import commit, queries
from synergy.store.access import Action, Actor, Reach, reach
from synergy.store.messages import refusal
from synergy.texts import text

room = pages("files")
_OF_ROUND, _OF_PROPOSAL = ("members", "runs"), ("sides", "terms", "built", "laid")
EVENTS = 10_000  # in one file; the API has them all


def _known(ending: str, name: str = "", names: tuple[str, ...] = ("",)) -> None:
    if ending not in KINDS or name not in names:
        abort(404)


@room.get("/rounds.<ending>")
@rule(Action.SEE_ROUNDS)
def rounds(lang: str, ending: str) -> Response:
    """Return the list of rounds as a file."""
    _known(ending)
    return twin(tables.rounds(queries.list_rounds(*caller()), lang).named("rounds"), ending)


@room.get("/rounds/<int:round_id>/<table>.<ending>")
@rule(Action.SEE_PLANS)
def of_round(lang: str, round_id: int, table: str, ending: str) -> Response:
    """Return the members of a round, or its runs, as a file."""
    _known(ending, table, _OF_ROUND)
    who = actor()
    if table == "runs":
        found = reversed(queries.see_matches(store(), who, round_id))
        sheet = tables.runs(found, lang, lambda name: text(f"status.{name}", lang))
    else:
        names = queries.round_names(store(), who, round_id).labels["enterprises"]
        sheet = tables.members(queries.list_members(store(), who, round_id), names, clock(), lang, lambda _firm: "")
    return twin(sheet.named(f"round-{round_id}-{table}"), ending)


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
    return twin(sheet.named(f"{code}-{part}"), ending)


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
    return twin(tables.suggestions(found, lang, currency).named("proposals"), ending)


@room.get("/proposals/<code>/terms.<ending>")
@rule(Action.SEE_PROPOSAL)
def terms(lang: str, code: str, ending: str) -> Response:
    """Return the lines of a proposal, from the view of a party, as a file."""
    _known(ending)
    who = _firm()
    one = Own(own_proposal(store(), who, code), "", str(who.enterprise), lang)
    return twin(tables.terms(one).named(f"{code}-terms"), ending)


@room.get("/pathways.<ending>")
@rule(Action.SEE_DECLARATION)
def pathways(lang: str, ending: str) -> Response:
    """Return the process chains for a good of an enterprise as a file."""
    _known(ending)
    who, wanted = _firm(), request.args.get("commodity", "")
    seat, _ = seat_of(who)
    if seat is None:
        raise refusal("not_found", what="commodity")
    _, ended, per = chains_of(who, seat, wanted, lang)
    return twin(tables.chains(ended, wanted, per, lang).named(f"pathways-{wanted}"), ending)


@room.get("/audit.<ending>")
@rule(Action.SEE_EVENTS)
def events(lang: str, ending: str) -> Response:
    """Return the events of one round or of all rounds, newest first, as a file."""
    _known(ending)
    found = commit.history(*caller(), whole(request.args.get("round")), EVENTS)
    return twin(tables.events(found, lang, named).named("audit"), ending)


def _firm() -> Actor:
    """Return the caller; refuse accounts that are not restricted to the proposals of their own enterprise."""
    who = actor()
    if who.enterprise is None or reach(who, Action.SEE_PROPOSAL) is not Reach.OWN:
        raise refusal("not_found", what="proposal")
    return who
