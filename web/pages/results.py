"""Result pages of a round: proposals, diagrams, settlement, printable summary; every table also as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from flask import Response, abort, make_response, request, session, url_for
from markupsafe import Markup
from synergy.web.access import actor, caller, rule, settings, store
from synergy.web.figures.map import MapLine, charted, draw_map
from synergy.web.figures.network import MOST, Tie, partnerships, products
from synergy.web.figures.plan_data import COUNTY, between, features
from synergy.web.figures.sankey import Grouped, SankeyNames, Stream, grouped, sankey
from synergy.web.figures.svg import Naming
from synergy.web.pages.drafting import policy
from synergy.web.planning.proposal_detail import dossier, firm_name
from synergy.web.planning.round_view import Seen, course, seen
from synergy.web.planning.tables import Cell, PlanSheet, cells, columns_of, payoffs, prices, proposals
from synergy.web.render import Bounded, once, page, pages, unread_by
from synergy.web.tables import KINDS, file, twin
from synergy.web.texts import word
from werkzeug.wrappers import Response as AnyResponse

from synergy.records.documents import SettlementJSON
from synergy.records.runs import PlanRecord
from synergy.store import queries
from synergy.store.access import Action, Actor
from synergy.store.messages import refusal
from synergy.store.queries import settlement_notes
from synergy.texts import ladder_note

VIEWS = ("map", "sankey", "partners", "products")
room = pages("results")
_CHOICE = ("kind", "county", "commodity", "firm")
_PAGES: Bounded[str] = Bounded(64, lambda _: 1)
_PICTURES: Bounded[Markup] = Bounded(128, lambda _: 1)
MOST_NAMES, MOST_GROUPS = 5, 12
ON_PAPER = 40  # proposals


def picture(seen: Seen, view: str, by_county: bool) -> Markup:
    """Render a diagram of a plan, or return it from the cache; "" if there is nothing to show.

    `view` is one of `VIEWS`; `by_county` groups enterprises by county even if there are few.
    """
    draw = {"map": _map, "sankey": _sankey, "partners": _partners, "products": _products}[view]
    # addresses are the same for all who may see a plan, so that a picture is too
    plan = (seen.ident, seen.record.match, seen.record.digest, seen.bounds.digest)
    key = (*plan, view, by_county, seen.lang, seen.choice)
    return _PICTURES.find(key, lambda: draw(seen, by_county))


def _naming(seen: Seen, view: str) -> Naming:
    return Naming(f"p-{view}", word(f"view.{view}", seen.lang), word(f"view.{view}.desc", seen.lang))


def address(
    seen: Seen, code: str = "", commodity: str | None = None, county: str | None = None, firm: str | None = None
) -> str:
    """Return the URL of a proposal of a round by its code, else that of the results filtered by fields."""
    place: dict[str, Any] = {"lang": seen.lang, "round_id": seen.ident}
    if code:
        return url_for("results.proposal", **place, code=code)
    return url_for("results.view", **place, view="results", commodity=commodity, county=county, firm=firm)


def _href(seen: Seen, proposals: tuple[str, ...], choice: Mapping[str, str]) -> str:
    """Return the URL of the proposal behind an element, or of the filtered list if there are several."""
    if len(proposals) == 1 and proposals[0] in seen.codes:
        return address(seen, code=seen.codes[proposals[0]])
    return address(seen, **choice) if proposals else ""


def _sankey(seen: Seen, by_county: bool) -> Markup:
    material, lang = seen.material, seen.lang
    found = flows(seen, by_county)
    keys = {end for one in found.streams for end in (one.supplier, one.user)}
    names = SankeyNames(
        firm={key: material.firm_name(key) for key in keys},
        commodity={one.commodity: material.good_name(one.commodity) for one in found.streams},
        amount=material.amount,
        heads=(word("view.supplier", lang), word("commodity", lang), word("view.user", lang)),
        others=word("view.others", lang),
        lead=lambda firm, good: address(seen, commodity=good, **_who(firm)),
    )
    return sankey(found.streams, names, _naming(seen, "sankey"))


def _who(key: str) -> dict[str, str]:
    """Return the filter for an enterprise or county; empty for a public place."""
    if key.startswith(COUNTY):
        return {"county": key[len(COUNTY) :]}
    return {} if key.startswith("#") else {"firm": key}


def flows(seen: Seen, by_county: bool) -> Grouped:
    """Return the streams of the Sankey diagram, grouped so that it stays readable."""
    material = seen.material
    sums: dict[tuple[str, str, str], tuple[float, set[str]]] = {}
    for one in between(material.sent(seen.choice), material):
        key = (material.firm(one.origin), one.commodity, material.firm(one.target))
        quantity, behind = sums.get(key, (0.0, set()))
        sums[key] = (quantity + one.quantity, behind | set(one.proposals))
    streams = [
        Stream(*key, quantity, _href(seen, tuple(sorted(behind)), {"commodity": key[1], **_who(key[0])}))
        for key, (quantity, behind) in sorted(sums.items())
    ]
    return grouped(streams, material.group(), always=by_county)


def _map(seen: Seen, by_county: bool) -> Markup:
    material = seen.material
    sent = material.sent(seen.choice)
    ends = {end for one in sent for end in (one.origin, one.target)}
    lines = [
        MapLine(
            one.origin,
            one.target,
            f"{material.good_name(one.commodity)} {material.amount(one.quantity, one.commodity)}",
            _href(seen, one.proposals, {"commodity": one.commodity, **_who(material.firm(one.origin))}),
        )
        for one in sent
    ]
    chart = charted(material.places(ends), lines, seen.lang, seen.bounds.rings, by_county)
    return draw_map(chart, seen.lang, _naming(seen, "map"))


def _partners(seen: Seen, by_county: bool) -> Markup:
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
            _href(seen, one.proposals, _who(ends[one.origin])),
        )
        for one in sent
    ]
    names = {key: material.firm_name(key) for key in set(ends.values())}
    return partnerships(ties, names, _naming(seen, "partners"))


def _products(seen: Seen, by_county: bool) -> Markup:
    del by_county
    made = _made(seen)
    names = {good: seen.material.good_name(good) for row in made for good in row[:2]}
    ties = [
        Tie(
            one,
            other,
            word("view.plants", seen.lang, count=count, new=new),
            address(seen, commodity=other),
            new=new > 0,
        )
        for one, other, count, new in made
    ]
    return products(ties, names, _naming(seen, "products"))


def _made(seen: Seen) -> list[tuple[str, str, int, int]]:
    good = seen.choice.commodity
    return [row for row in seen.material.products() if good in ("", *row[:2])]


def _sheet(seen: Seen, name: str) -> PlanSheet:
    """Return the table of the proposals, or of the figures of a diagram."""
    if name == "proposals":
        return proposals(seen, partial(address, seen))
    return _product_sheet(seen) if name == "products" else beside(seen, name)


def beside(seen: Seen, view: str) -> PlanSheet:
    """Return the table with the deliveries of a diagram."""
    material, lang = seen.material, seen.lang
    sent = material.sent(seen.choice)
    if view in ("sankey", "partners"):
        sent = between(sent, material)
    labels = {"commodity": "commodity", "from": "view.supplier", "to": "view.user", "quantity": "quantity"}
    labels |= {"unit": "view.unit", "proposals": "proposals"}
    columns = columns_of(lang, labels, ("quantity",), hidden=("unit",))
    rows = []
    for one in sorted(sent, key=lambda one: (material.good_name(one.commodity), -one.quantity)):
        href = _href(seen, one.proposals, {"commodity": one.commodity, **_who(material.firm(one.origin))})
        amount = (seen.shown.amount(one.quantity, one.commodity), one.quantity)
        behind = Cell(str(len(one.proposals) or "–"), len(one.proposals), href)
        names = [material.site_name(end) for end in (one.origin, one.target)]
        rows.append(cells(material.good_name(one.commodity), *names, amount, material.unit(one.commodity), behind))
    return PlanSheet(view, word(f"view.{view}.table", lang), columns, tuple(rows))


def _product_sheet(seen: Seen) -> PlanSheet:
    lang, name = seen.lang, seen.material.good_name
    labels = {"used": "view.made_of", "made": "view.made", "plants": "view.plant_count", "new": "view.plant_new"}
    columns = columns_of(lang, labels, ("plants", "new"))
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
    by_county, name = request.args.get("by") == "county", view if view in VIEWS else "proposals"
    streams = flows(found, by_county) if view == "sankey" else Grouped(())
    return page(
        "planner/results.html",
        found.lang,
        seen=found,
        shown=found.shown,
        made=queries.round_input(*caller(), found.ident),
        ladder_said=ladder_note,
        view=view,
        chosen=_chosen(),
        options=found.options(),
        drawn=picture(found, view, by_county) if view in VIEWS else "",
        sheet=_sheet(found, name),
        left_out=streams.left_out,
        grouped=streams.by_group,
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
        "stability": said_of(found, found.settled),
        "names": partial(firm_name, found),
        **course(*caller(), one),
    }
    return {**fields, "seen": found, "shown": found.shown}


@room.get("/rounds/<int:round_id>/tables/<name>.<ending>")
@rule(Action.SEE_PLANS)
def table(lang: str, round_id: int, name: str, ending: str) -> Response:
    """Return a table of a round as a file."""
    if name not in ("proposals", *VIEWS, *_SETTLED) or ending not in KINDS:
        abort(404)
    found = _seen(lang, round_id)
    if name not in _SETTLED:
        sheet: PlanSheet | None = _sheet(found, name)
    elif found.settled is None:
        raise refusal("not_found", what="settlement")
    else:
        sheet = _SETTLED[name](found, found.settled)
    return abort(404) if sheet is None else twin(sheet.named(f"round-{round_id}-{name}"), ending)


@room.get("/rounds/<int:round_id>/map.geojson")
@rule(Action.SEE_PLANS)
def map_file(lang: str, round_id: int) -> Response:
    """Return the map of a round as GeoJSON."""
    found = _seen(lang, round_id)
    told = features(found.material, found.material.sent(found.choice))
    return file(json.dumps(told, ensure_ascii=False).encode(), f"round-{round_id}-map.geojson")


@room.get("/rounds/<int:round_id>/settlement")
@rule(Action.SEE_PLANS)
def settlement(lang: str, round_id: int) -> AnyResponse:
    """Show the settlement: payoffs, prices with their bands, and stability."""
    record = queries.see_plan(*caller(), round_id)
    return kept(actor(), record, lambda: _settlement(_seen(lang, round_id)))


def _settlement(found: Seen) -> str:
    settled, shown = found.settled, found.shown
    fields: dict[str, object] = {"seen": found, "shown": shown, "settled": settled}
    if settled:
        firms = {firm: shown.name("enterprises", firm) for note in settled["notes"] for firm in note["enterprises"]}
        fields |= {
            "stability": said_of(found, settled),
            "notes": settlement_notes(settled, found.lang, shown.currency, firms),
            **{name: made(found, settled) for name, made in _SETTLED.items()},
            "files": {name: _files(found, name) for name in _SETTLED},
        }
    return page("planner/settlement.html", found.lang, **fields)


def kept(who: Actor, record: PlanRecord, make: Callable[[], str]) -> AnyResponse:
    """Return a cached page of a plan, or 304 if the client has the current version.

    The head of the chain of a plan record changes with every event. The page must not contain per-request content such
    as CSRF tokens.
    """
    shown = (record.match, record.digest, record.chain.mac, settings().outlines.digest, settings().zone)
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


def said_of(seen: Seen, settled: SettlementJSON | None) -> list[str]:
    """Return sentences on the stability of the payoffs, with the minimum subsidy if there is one."""
    if settled is None:
        return []
    shown, lang = seen.shown, seen.lang
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


def groups(seen: Seen, settled: SettlementJSON) -> PlanSheet | None:
    """Return the table of the groups that bind the payoffs; None if there are none."""
    shown, lang = seen.shown, seen.lang
    binding = (settled.get("binding") or [])[:MOST_GROUPS]
    labels = {"enterprises": "settled.group", "value": "settled.worth", "payoff": "settled.together"}
    columns = columns_of(lang, labels, ("value", "payoff"))
    rows = [
        cells(
            named(seen, list(one["enterprises"])),
            *((shown.money(sum_), sum_) for sum_ in (one.get("value"), one.get("payoff"))),
        )
        for one in binding
    ]
    return PlanSheet("groups", word("settled.binding", lang), columns, tuple(rows)) if rows else None


def lumps(seen: Seen, settled: SettlementJSON) -> PlanSheet | None:
    """Return the table of the lump sums paid in addition to prices; None if there are none."""
    shown, lang = seen.shown, seen.lang
    paid = settled.get("lump_sums") or {}
    columns = columns_of(lang, {"enterprise": "round.enterprise", "amount": "settled.transfer"}, ("amount",))
    rows = [cells(shown.name("enterprises", firm), (shown.money(sum_), sum_)) for firm, sum_ in sorted(paid.items())]
    return PlanSheet("lumps", word("settled.lumps", lang), columns, tuple(rows)) if rows else None


_SETTLED: Mapping[str, Callable[[Seen, SettlementJSON], PlanSheet | None]] = {
    "payoffs": payoffs,
    "prices": prices,
    "groups": groups,
    "lumps": lumps,
}


@room.get("/rounds/<int:round_id>/summary")
@rule(Action.SEE_PLANS)
def summary(lang: str, round_id: int) -> str:
    """Render the summary of a round for printing."""
    found = seen(caller(), round_id, lang, {})
    whole, settled = _sheet(found, "proposals"), found.settled
    return page(
        "planner/summary.html",
        lang,
        seen=found,
        shown=found.shown,
        made=queries.round_input(*caller(), round_id),
        policy=policy,
        ladder_said=ladder_note,
        run=next(one for one in queries.see_matches(*caller(), round_id) if one.match == found.record.match),
        sheet=PlanSheet(whole.name, whole.caption, whole.columns, whole.rows[:ON_PAPER]),
        rest=len(whole.rows) - ON_PAPER,
        payoffs=payoffs(found, settled) if settled else None,
        stability=said_of(found, settled),
        now=store().now(),
    )
