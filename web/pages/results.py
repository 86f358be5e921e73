"""Results of a round: proposals, pictures with their tables, the settlement; every table as a file too."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, abort, request, url_for
from synergy.web.access import actor, rule, settings, store
from synergy.web.course import course
from synergy.web.figures.features import features
from synergy.web.once import once
from synergy.web.pages.addresses import lead
from synergy.web.planning.dossier import dossier, firm_name
from synergy.web.planning.keeping import kept
from synergy.web.planning.pictures import VIEWS, beside, flows, picture
from synergy.web.planning.seen import Seen, seen
from synergy.web.planning.settled import groups, lumps, said_of, told_of
from synergy.web.planning.sheets import Sheet
from synergy.web.planning.tables import payoffs, prices, proposals
from synergy.web.render import page, pages
from synergy.web.tables import KINDS, file, twin
from werkzeug.wrappers import Response as AnyResponse

from synergy.store import planning, seeing
from synergy.store.access import Action
from synergy.store.words import refusal
from synergy.texts import ladder_note

room = pages("results")
_SETTLED = ("payoffs", "prices", "groups", "lumps")
TABLES = ("proposals", *VIEWS, *_SETTLED)
_CHOICE = ("kind", "county", "commodity", "firm")


def _seen(lang: str, round_id: int, code: str | None = None) -> Seen:
    found = seen((store(), actor()), round_id, lang, request.args, code)
    return replace(found, bounds=settings().outlines)


def _chosen() -> dict[str, Any]:
    return {name: request.args[name] for name in (*_CHOICE, "by") if request.args.get(name)}


@room.get("/rounds/<int:round_id>/<any(results, map, sankey, partners, products):view>")
@rule(Action.SEE_PLANS)
def view(lang: str, round_id: int, view: str) -> AnyResponse:
    """Show the proposals of a round, or one of its pictures, all of it or what was chosen."""
    record = seeing.see_plan(store(), actor(), round_id)
    return kept(actor(), record, lambda: _view(_seen(lang, round_id), view))


def _view(found: Seen, view: str) -> str:
    by_county, address = request.args.get("by") == "county", lead(found)
    drawn, left_out, grouped = "", 0, False
    if view in VIEWS:
        drawn = picture(found, view, by_county, address)
    if view == "sankey":
        streams = flows(found, by_county, address)
        left_out, grouped = streams.left_out, streams.by_group
    sheet = beside(found, view, address) if view in VIEWS else proposals(found, address)
    name = view if view in VIEWS else "proposals"
    return page(
        "planner/results.html",
        found.lang,
        seen=found,
        shown=found.shown,
        made=planning.round_input(store(), actor(), found.ident),
        ladder_said=ladder_note,
        view=view,
        chosen=_chosen(),
        options=found.options(),
        drawn=drawn,
        sheet=sheet,
        left_out=left_out,
        grouped=grouped,
        files=_files(found, name),
    )


def _files(found: Seen, name: str) -> str:
    """Return the address of a table as a file, ``KIND`` where the kind goes."""
    place: dict[str, Any] = {"lang": found.lang, "round_id": found.ident, "name": name, "ending": "KIND"}
    return url_for("results.table", **place, **_chosen())


@room.get("/rounds/<int:round_id>/proposals/<code>")
@rule(Action.SEE_PLANS)
def proposal(lang: str, round_id: int, code: str) -> str:
    """Show one proposal of the latest plan, whole."""
    return once("planner/dossier.html", lang, lambda: _dossier(lang, round_id, code))


def _dossier(lang: str, round_id: int, code: str) -> dict[str, Any]:
    """Return what the page of a proposal shows."""
    found = _seen(lang, round_id, code)
    if not found.proposals:
        raise refusal("not_found", what="proposal")
    (one,) = found.proposals
    fields = {
        "one": dossier(found, one),
        "stability": said_of(found) if found.plan["settlement"] else [],
        "names": partial(firm_name, found),
        **course(store(), actor(), one),
    }
    return {**fields, "seen": found, "shown": found.shown}


@room.get("/rounds/<int:round_id>/tables/<name>.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, round_id: int, name: str, ending: str) -> Response:
    """Return a table of a round as a file."""
    if name not in TABLES or ending not in KINDS:
        abort(404)
    found = _seen(lang, round_id)
    if name in _SETTLED and not found.plan["settlement"]:
        raise refusal("not_found", what="settlement")
    return twin(_sheet(found, name).named(f"round-{round_id}-{name}"), ending)


@room.get("/rounds/<int:round_id>/map.geojson")
@rule(Action.SEE_PLANS)
def map_file(lang: str, round_id: int) -> Response:
    """Return what the map shows, for other maps."""
    found = _seen(lang, round_id)
    told = features(found.material, found.material.sent(found.choice))
    return file(json.dumps(told, ensure_ascii=False).encode(), f"round-{round_id}-map.geojson")


def _sheet(found: Seen, name: str) -> Sheet:
    if name == "proposals":
        return proposals(found, lead(found))
    if name in VIEWS:
        return beside(found, name, lead(found))
    if name == "payoffs":
        return payoffs(found)
    made = {"prices": prices, "groups": groups, "lumps": lumps}[name](found)
    return abort(404) if made is None else made


@room.get("/rounds/<int:round_id>/settlement")
@rule(Action.SEE_PLANS)
def settlement(lang: str, round_id: int) -> AnyResponse:
    """Show who gets what, the prices with their bands, and how stable that is."""
    record = seeing.see_plan(store(), actor(), round_id)
    return kept(actor(), record, lambda: _settlement(_seen(lang, round_id)))


def _settlement(found: Seen) -> str:
    settled = found.plan["settlement"]
    fields = {"seen": found, "shown": found.shown, "settled": settled}
    if settled:
        fields |= {
            "stability": said_of(found),
            "notes": told_of(found),
            "payoffs": payoffs(found),
            "prices": prices(found),
            "groups": groups(found),
            "lumps": lumps(found),
            "files": {name: _files(found, name) for name in _SETTLED},
        }
    return page("planner/settlement.html", found.lang, **fields)
