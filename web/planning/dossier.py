"""One proposal as a planner sees it: flow picture and map, money by enterprise, prices with bands, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from web.figures.flow import Delivery, Partner, flow
from web.figures.map import Line, charted, draw_map
from web.figures.svg import Naming
from web.planning.seen import Seen
from web.planning.sheets import Column, Sheet, cells
from web.texts import word

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """A proposal with pictures and tables; a table without rows is None."""

    proposal: Record
    flow: Markup
    map: Markup
    terms: Sheet
    sides: Sheet
    built: Sheet | None
    laid: Sheet | None
    notes: tuple[str, ...]


def dossier(seen: Seen, proposal: Record) -> Dossier:
    """Return what is to be shown of a proposal.

    Parameters
    ----------
    seen : Seen
        Its round.
    proposal : mapping
        One of `Seen.proposals`.
    """
    notes = tuple(seen.shown.notes(proposal))
    tables = (_terms(seen, proposal), _sides(seen, proposal), _built(seen, proposal), _laid(seen, proposal))
    return Dossier(proposal, _flow(seen, proposal), _map(seen, proposal), *tables, notes)


def _flow(seen: Seen, proposal: Record) -> Markup:
    material, lang = seen.material, seen.lang
    ends = [material.firm(term[end]) for term in proposal["terms"] for end in ("from", "to")]
    notes: dict[str, list[str]] = {}
    for build in seen.shown.rows(proposal, "builds"):
        said = f"{word('dossier.new', lang)} {seen.shown.name('processes', build['process'])}"
        notes.setdefault(material.firm(build["site"]), []).append(said)
    keys = dict.fromkeys([*proposal["enterprises"], *ends])
    partners = [Partner(key, material.firm_name(key), tuple(notes.get(key, ()))) for key in keys]
    deliveries = [
        Delivery(
            material.firm(term["from"]),
            material.firm(term["to"]),
            material.good_name(term["commodity"]),
            material.amount(term["quantity"], term["commodity"]),
        )
        for term in proposal["terms"]
    ]
    naming = Naming("p-flow", word("dossier.flow", lang), word("dossier.flow.desc", lang))
    return flow(partners, deliveries, naming)


def _map(seen: Seen, proposal: Record) -> Markup:
    material, terms = seen.material, proposal["terms"]
    if not terms:
        return Markup("")
    ends = {term[end] for term in terms for end in ("from", "to")}
    places = [one for one in material.places(ends) if one.key in ends]
    lines = [
        Line(
            term["from"],
            term["to"],
            f"{material.good_name(term['commodity'])} {material.amount(term['quantity'], term['commodity'])}",
        )
        for term in terms
    ]
    naming = Naming("p-map", word("view.map", seen.lang), word("view.map.desc", seen.lang))
    return draw_map(charted(places, lines, seen.lang), seen.lang, naming)


def _terms(seen: Seen, proposal: Record) -> Sheet:
    """Return who delivers what to whom, with prices and the ends of their bands."""
    lang, shown = seen.lang, seen.shown
    settled = seen.plan["settlement"] or {}
    bands = {(one["from"], one["to"], one["commodity"]): one for one in settled.get("prices", ())}
    columns = (
        Column("commodity", word("commodity", lang)),
        Column("from", word("from", lang)),
        Column("to", word("to", lang)),
        Column("quantity", word("quantity", lang), number=True),
        Column("price", word("price", lang), number=True),
        Column("band", word("settled.band", lang), number=True),
    )
    rows = []
    for term in proposal["terms"]:
        good = term["commodity"]
        band = bands.get((term["from"], term["to"], good))
        ends = [seen.shown.firm_at(term[end]) for end in ("from", "to")]
        price = (shown.price(term["price"], good), term["price"])
        rows.append(
            cells(seen.material.good_name(good), *ends, shown.amount(term["quantity"], good), price, _band(band, lang))
        )
    return Sheet("terms", word("terms", lang), columns, tuple(rows))


def _band(band: Record | None, lang: str) -> str:
    if band is None or band.get("low") is None or band.get("high") is None:
        return "–"
    return word("settled.range", lang, low=f"{band['low']:,.2f}", high=f"{band['high']:,.2f}")


def _sides(seen: Seen, proposal: Record) -> Sheet:
    """Return what the proposal is to each enterprise, and what each has answered."""
    lang, shown = seen.lang, seen.shown
    own = proposal.get("own") or {}
    columns = (
        Column("enterprise", word("round.enterprise", lang)),
        Column("value", word("dossier.value", lang), number=True),
        Column("capex", word("dossier.capex", lang), number=True),
        Column("answer", word("round.answer", lang)),
        Column("reason", word("dossier.reason", lang)),
    )
    rows = []
    for party in proposal["parties"]:
        side = own.get(party["enterprise"], {})
        money = (shown.money(side.get("value")), side.get("value"))
        capex = (shown.capex(side.get("capex")), side.get("capex"))
        answer = (word(f"standing.{party['answer']}", lang), party["answer"])
        rows.append(cells(shown.name("enterprises", party["enterprise"]), money, capex, answer, party["reason"] or "–"))
    return Sheet("sides", word("dossier.sides", lang), columns, tuple(rows))


def _built(seen: Seen, proposal: Record) -> Sheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        Column("process", word("process", lang)),
        Column("place", word("place", lang)),
        Column("capacity", word("capacity", lang), number=True),
        Column("capex", shown.said("head.capex"), number=True),
    )
    rows = [
        cells(
            shown.name("processes", one["process"]),
            shown.firm_at(one["site"]),
            shown.capacity(one),
            (shown.capex(one["capex"]), one["capex"]),
        )
        for one in shown.rows(proposal, "builds")
    ]
    return Sheet("built", word("builds", lang), columns, tuple(rows)) if rows else None


def _laid(seen: Seen, proposal: Record) -> Sheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        Column("commodity", word("commodity", lang)),
        Column("from", word("from", lang)),
        Column("to", word("to", lang)),
        Column("mode", word("mode", lang)),
        Column("km", word("length", lang), number=True),
        Column("capex", shown.said("head.capex"), number=True),
    )
    rows = [
        cells(
            seen.material.good_name(one["commodity"]),
            shown.firm_at(one["from_site"]),
            shown.firm_at(one["to_site"]),
            shown.mode(one["mode"]),
            ("–" if one["km"] is None else f"{one['km']:.1f} km", one["km"]),
            (shown.capex(one["capex"]), one["capex"]),
        )
        for one in shown.rows(proposal, "links")
    ]
    return Sheet("laid", word("links", lang), columns, tuple(rows)) if rows else None
