"""Result pages of a round: proposals, diagrams with their tables, settlement; every table also as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from flask import Response, abort, make_response, request, session, url_for
from markupsafe import Markup
from synergy.web.access import actor, caller, rule, settings
from synergy.web.figures.features import features
from synergy.web.figures.grouping import Grouped, grouped
from synergy.web.figures.map import MapLine, charted, draw_map
from synergy.web.figures.network import MOST, Tie, partnerships, products
from synergy.web.figures.plan_data import COUNTY, between
from synergy.web.figures.sankey import SankeyNames, sankey
from synergy.web.figures.sankey_layout import Stream
from synergy.web.figures.svg import Naming
from synergy.web.page_cache import Bounded, once
from synergy.web.pages.addresses import lead
from synergy.web.planning.proposal_detail import dossier, firm_name
from synergy.web.planning.round_view import Seen, seen
from synergy.web.planning.tables import Cell, PlanSheet, cells, payoffs, prices, proposals
from synergy.web.render import page, pages, unread_by
from synergy.web.tables import KINDS, TableColumn, file, twin
from synergy.web.texts import word
from synergy.web.view_context import course
from werkzeug.wrappers import Response as AnyResponse

from synergy.records.runs import PlanRecord
from synergy.store import planning, queries
from synergy.store.access import Action, Actor
from synergy.store.messages import refusal
from synergy.store.planning import settlement_notes
from synergy.texts import ladder_note

VIEWS = ("map", "sankey", "partners", "products")
Addresses = Callable[..., str]
room = pages("results")
_SETTLED = ("payoffs", "prices", "groups", "lumps")
TABLES = ("proposals", *VIEWS, *_SETTLED)
_CHOICE = ("kind", "county", "commodity", "firm")
_PAGES: Bounded[str] = Bounded(64, lambda _: 1)
_PICTURES: Bounded[Markup] = Bounded(128, lambda _: 1)
MOST_NAMES, MOST_GROUPS = 5, 12


def picture(seen: Seen, view: str, by_county: bool, lead: Addresses) -> Markup:
    """Render a diagram of a plan, or return it from the cache; "" if there is nothing to show.

    `view` is one of `VIEWS`; `by_county` groups enterprises by county even if there are few; `lead` builds a URL from
    filter fields, or ``code``.
    """
    draw = {"map": _map, "sankey": _sankey, "partners": _partners, "products": _products}[view]
    # addresses are the same for all who may see a plan, so that a picture is too
    plan = (seen.ident, seen.record.match, seen.record.digest, seen.bounds.digest)
    key = (*plan, view, by_county, seen.lang, seen.choice)
    return _PICTURES.find(key, lambda: draw(seen, by_county, lead))


def _naming(seen: Seen, view: str, **more: object) -> Naming:
    return Naming(f"p-{view}", word(f"view.{view}", seen.lang), word(f"view.{view}.desc", seen.lang, **more))


def _href(seen: Seen, proposals: tuple[str, ...], lead: Addresses, choice: Mapping[str, str]) -> str:
    """Return the URL of the proposal behind an element, or of the filtered list if there are several."""
    if len(proposals) == 1 and proposals[0] in seen.codes:
        return lead(code=seen.codes[proposals[0]])
    return lead(**choice) if proposals else ""


def _sankey(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material, lang = seen.material, seen.lang
    found = flows(seen, by_county, lead)
    keys = {end for one in found.streams for end in (one.supplier, one.user)}
    names = SankeyNames(
        firm={key: material.firm_name(key) for key in keys},
        commodity={one.commodity: material.good_name(one.commodity) for one in found.streams},
        amount=material.amount,
        heads=(word("view.supplier", lang), word("commodity", lang), word("view.user", lang)),
        others=word("view.others", lang),
        lead=lambda firm, good: lead(commodity=good, **_who(firm)),
    )
    return sankey(found.streams, names, _naming(seen, "sankey"))


def _who(key: str) -> dict[str, str]:
    """Return the filter for an enterprise or county; empty for a public place."""
    if key.startswith(COUNTY):
        return {"county": key[len(COUNTY) :]}
    return {} if key.startswith("#") else {"firm": key}


def flows(seen: Seen, by_county: bool, lead: Addresses) -> Grouped:
    """Return the streams of the Sankey diagram, grouped so that it stays readable."""
    material = seen.material
    sums: dict[tuple[str, str, str], tuple[float, set[str]]] = {}
    for one in between(material.sent(seen.choice), material):
        key = (material.firm(one.origin), one.commodity, material.firm(one.target))
        quantity, behind = sums.get(key, (0.0, set()))
        sums[key] = (quantity + one.quantity, behind | set(one.proposals))
    streams = [
        Stream(*key, quantity, _href(seen, tuple(sorted(behind)), lead, {"commodity": key[1], **_who(key[0])}))
        for key, (quantity, behind) in sorted(sums.items())
    ]
    return grouped(streams, material.group(), always=by_county)


def _map(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material = seen.material
    sent = material.sent(seen.choice)
    ends = {end for one in sent for end in (one.origin, one.target)}
    lines = [
        MapLine(
            one.origin,
            one.target,
            f"{material.good_name(one.commodity)} {material.amount(one.quantity, one.commodity)}",
            _href(seen, one.proposals, lead, {"commodity": one.commodity, **_who(material.firm(one.origin))}),
        )
        for one in sent
    ]
    chart = charted(material.places(ends), lines, seen.lang, seen.bounds.rings, by_county)
    return draw_map(chart, seen.lang, _naming(seen, "map"))


def _partners(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material = seen.material
    sent = between(material.sent(seen.choice), material)
    group = material.group()
    many = by_county or len({material.firm(end) for one in sent for end in (one.origin, one.target)}) > MOST
    ends = {site: material.firm(site) for one in sent for site in (one.origin, one.target)}
    if many:
        ends = {site: group.get(firm, firm) for site, firm in ends.items()}
    ties = [
        Tie(
            ends[one.origin],
            ends[one.target],
            f"{material.good_name(one.commodity)} {material.amount(one.quantity, one.commodity)}",
            _href(seen, one.proposals, lead, _who(ends[one.origin])),
        )
        for one in sent
    ]
    names = {key: material.firm_name(key) for key in set(ends.values())}
    return partnerships(ties, names, _naming(seen, "partners"))


def _products(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    del by_county
    made = _made(seen)
    names = {good: seen.material.good_name(good) for row in made for good in row[:2]}
    ties = [
        Tie(one, other, word("view.plants", seen.lang, count=count, new=new), lead(commodity=other), new=new > 0)
        for one, other, count, new in made
    ]
    return products(ties, names, _naming(seen, "products"))


def _made(seen: Seen) -> list[tuple[str, str, int, int]]:
    good = seen.choice.commodity
    return [row for row in seen.material.products() if good in ("", *row[:2])]


def beside(seen: Seen, view: str, lead: Addresses) -> PlanSheet:
    """Return the table with the figures of a diagram."""
    if view == "products":
        return _product_sheet(seen)
    material, lang = seen.material, seen.lang
    sent = material.sent(seen.choice)
    if view in ("sankey", "partners"):
        sent = between(sent, material)
    columns = (
        TableColumn("commodity", word("commodity", lang)),
        TableColumn("from", word("view.supplier", lang)),
        TableColumn("to", word("view.user", lang)),
        TableColumn("quantity", word("quantity", lang), number=True),
        TableColumn("unit", word("view.unit", lang), shown=False),
        TableColumn("proposals", word("proposals", lang)),
    )
    rows = []
    for one in sorted(sent, key=lambda one: (material.good_name(one.commodity), -one.quantity)):
        href = _href(seen, one.proposals, lead, {"commodity": one.commodity, **_who(material.firm(one.origin))})
        amount = (seen.shown.amount(one.quantity, one.commodity), one.quantity)
        behind = Cell(str(len(one.proposals) or "–"), len(one.proposals), href)
        names = [material.site_name(end) for end in (one.origin, one.target)]
        rows.append(cells(material.good_name(one.commodity), *names, amount, material.unit(one.commodity), behind))
    return PlanSheet(view, word(f"view.{view}.table", lang), columns, tuple(rows))


def _product_sheet(seen: Seen) -> PlanSheet:
    lang, name = seen.lang, seen.material.good_name
    columns = (
        TableColumn("used", word("view.made_of", lang)),
        TableColumn("made", word("view.made", lang)),
        TableColumn("plants", word("view.plant_count", lang), number=True),
        TableColumn("new", word("view.plant_new", lang), number=True),
    )
    rows = [
        cells(name(one), name(other), (str(count), count), (str(new), new)) for one, other, count, new in _made(seen)
    ]
    return PlanSheet("products", word("view.products.table", lang), columns, tuple(rows))


def _seen(lang: str, round_id: int, code: str | None = None) -> Seen:
    found = seen(caller(), round_id, lang, request.args, code)
    return replace(found, bounds=settings().outlines)


def _chosen() -> dict[str, str]:
    return {name: request.args[name] for name in (*_CHOICE, "by") if request.args.get(name)}


@room.get("/rounds/<int:round_id>/<any(results, map, sankey, partners, products):view>")
@rule(Action.SEE_PLANS)
def view(lang: str, round_id: int, view: str) -> AnyResponse:
    """Show the proposals of a round or one of its diagrams, optionally filtered."""
    record = queries.see_plan(*caller(), round_id)
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
        made=planning.round_input(*caller(), found.ident),
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
    """Return the URL of a table as a file, with ``KIND`` as placeholder for the format."""
    place: dict[str, Any] = {"lang": found.lang, "round_id": found.ident, "name": name, "ending": "KIND", **_chosen()}
    return url_for("results.table", **place)


@room.get("/rounds/<int:round_id>/proposals/<code>")
@rule(Action.SEE_PLANS)
def proposal(lang: str, round_id: int, code: str) -> str:
    """Show the full record of one proposal of the latest plan."""
    return once("planner/dossier.html", lang, lambda: _dossier(lang, round_id, code))


def _dossier(lang: str, round_id: int, code: str) -> dict[str, object]:
    """Return the template fields of the proposal page."""
    found = _seen(lang, round_id, code)
    if not found.proposals:
        raise refusal("not_found", what="proposal")
    (one,) = found.proposals
    fields = {
        "one": dossier(found, one),
        "stability": said_of(found) if found.plan["settlement"] else [],
        "names": partial(firm_name, found),
        **course(*caller(), one),
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
    """Return the map of a round as GeoJSON."""
    found = _seen(lang, round_id)
    told = features(found.material, found.material.sent(found.choice))
    return file(json.dumps(told, ensure_ascii=False).encode(), f"round-{round_id}-map.geojson")


def _sheet(found: Seen, name: str) -> PlanSheet:
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
    """Show the settlement: payoffs, prices with their bands, and stability."""
    record = queries.see_plan(*caller(), round_id)
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


def kept(who: Actor, record: PlanRecord, make: Callable[[], str]) -> AnyResponse:
    """Return a cached page of a plan, or 304 if the client has the current version.

    The head of the chain of a plan record changes with every event. The page must not contain per-request content such
    as CSRF tokens.
    """
    how = settings()
    shown = (record.match, record.digest, record.chain.mac, how.outlines.digest, how.zone)
    # the navigation counts notices, and to read them is no event
    parts = (who.name, str(who.role), request.full_path, *shown, unread_by(who))
    tag = sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
    # a message waits to be shown: the page differs this once
    if "_flashes" in session:
        answer = make_response(make())
        answer.headers["Cache-Control"] = "no-store"
        return answer
    same = request.if_none_match.contains_weak(tag)
    answer = Response(status=304) if same else make_response(_PAGES.find(tag, make))
    answer.set_etag(tag, weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def named(seen: Seen, firms: list[str]) -> str:
    """Return the names of some enterprises, shortened with a count of the remaining ones."""
    names = [seen.shown.name("enterprises", firm) for firm in firms]
    shown = word("comma", seen.lang).join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} +{len(names) - MOST_NAMES}"


def said_of(seen: Seen) -> list[str]:
    """Return sentences on the stability of the payoffs, with the minimum subsidy if there is one."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    bound, binding = settled.get("excess_bound"), settled.get("binding") or []
    said = [
        word(
            f"settled.{settled['verdict']}",
            lang,
            bound="∞" if bound is None else shown.money(bound),
            excess=shown.money(settled["excess"]),
            names=named(seen, list(binding[0]["enterprises"])) if binding else "",
        )
    ]
    subsidy = settled.get("subsidy")
    if subsidy:
        firms = named(seen, list(subsidy["to"]))
        said.append(word("settled.subsidy", lang, total=shown.money(subsidy["total"]), names=firms))
    return said


def told_of(seen: Seen) -> list[str]:
    """Return the notes of the settlement rule on its payoffs."""
    settled, shown = seen.plan["settlement"], seen.shown
    firms = {firm: shown.name("enterprises", firm) for note in settled["notes"] for firm in note["enterprises"]}
    return settlement_notes(settled, seen.lang, shown.currency, firms)


def groups(seen: Seen) -> PlanSheet | None:
    """Return the table of the groups that bind the payoffs; None if there are none."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    binding = (settled.get("binding") or [])[:MOST_GROUPS]
    columns = (
        TableColumn("enterprises", word("settled.group", lang)),
        TableColumn("value", word("settled.worth", lang), number=True),
        TableColumn("payoff", word("settled.together", lang), number=True),
    )
    rows = [
        cells(
            named(seen, list(one["enterprises"])),
            *((shown.money(one.get(key)), one.get(key)) for key in ("value", "payoff")),
        )
        for one in binding
    ]
    return PlanSheet("groups", word("settled.binding", lang), columns, tuple(rows)) if rows else None


def lumps(seen: Seen) -> PlanSheet | None:
    """Return the table of the lump sums paid in addition to prices; None if there are none."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    paid = settled.get("lump_sums") or {}
    columns = (
        TableColumn("enterprise", word("round.enterprise", lang)),
        TableColumn("amount", word("settled.transfer", lang), number=True),
    )
    rows = [cells(shown.name("enterprises", firm), (shown.money(sum_), sum_)) for firm, sum_ in sorted(paid.items())]
    return PlanSheet("lumps", word("settled.lumps", lang), columns, tuple(rows)) if rows else None
