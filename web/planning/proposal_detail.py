"""Detail view of a proposal for planners: flow diagram, map, figures by enterprise, price bands and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from synergy.web.pictures import flow_picture, map_picture
from synergy.web.planning.round_view import Seen
from synergy.web.planning.tables import PlanSheet, SheetColumn, cells
from synergy.web.texts import word

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dossier:
    """View model of a proposal: figures and tables; `built` and `laid` are None if they have no rows."""

    proposal: Record
    flow: Markup
    map: Markup
    terms: PlanSheet
    sides: PlanSheet
    built: PlanSheet | None
    laid: PlanSheet | None
    notes: tuple[str, ...]


def dossier(seen: Seen, proposal: Record) -> Dossier:
    """Build the detail view of a proposal.

    Parameters
    ----------
    seen : Seen
        Round of the proposal.
    proposal : mapping
        Proposal from `Seen.proposals`.
    """
    notes = tuple(seen.shown.notes(proposal))
    drawn, where = _pictures(seen, proposal)
    return Dossier(
        proposal=proposal,
        flow=drawn,
        map=where,
        terms=_terms(seen, proposal),
        sides=_sides(seen, proposal),
        built=_built(seen, proposal),
        laid=_laid(seen, proposal),
        notes=notes,
    )


class _Said:
    """Formatter of amounts and commodity names for the figures of a proposal."""

    looker = ""  # planners and auditors see the same

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity."""
        return self._seen.material.good_name(ident)

    def amount(self, line: Record) -> str:
        """Return the formatted annual quantity of a line."""
        return self._seen.shown.amount(float(line["quantity"]), line["commodity"])


def _pictures(seen: Seen, proposal: Record) -> tuple[Markup, Markup]:
    notes: dict[str, list[str]] = {}
    for build in seen.shown.rows(proposal, "builds"):
        said = f"{word('dossier.new', seen.lang)} {seen.shown.name('processes', build['process'])}"
        notes.setdefault(seen.material.firm(build["site"]), []).append(said)
    said_of = (_Said(seen), seen.lang)
    where = map_picture(proposal["lines"], seen.record["labels"]["sites"], said_of, seen.bounds)
    return flow_picture(proposal["lines"], notes, lambda name: firm_name(seen, name), said_of), where


def firm_name(seen: Seen, name: str) -> str:
    """Return the localized name of an enterprise, or the label of public sites for "".

    Parameters
    ----------
    seen : Seen
        Round with the names.
    name : str
        Id of the enterprise.
    """
    return seen.shown.name("enterprises", name) if name else word("own.public", seen.lang)


def _terms(seen: Seen, proposal: Record) -> PlanSheet:
    """Return the table of deliveries with supplier, user, quantity, price and price band."""
    lang, shown = seen.lang, seen.shown
    settled = seen.plan["settlement"] or {}
    bands = {(one["from"], one["to"], one["commodity"]): one for one in settled.get("prices", ())}
    columns = (
        SheetColumn("commodity", word("commodity", lang)),
        SheetColumn("from", word("from", lang)),
        SheetColumn("to", word("to", lang)),
        SheetColumn("quantity", word("quantity", lang), number=True),
        SheetColumn("unit", word("view.unit", lang), shown=False),
        SheetColumn("price", word("price", lang), number=True),
        SheetColumn("band", word("settled.band", lang), number=True),
        SheetColumn("km", word("offer.distance", lang), number=True),
    )
    rows = []
    for term in proposal["terms"]:
        good = term["commodity"]
        band = bands.get((term["from"], term["to"], good))
        ends = [seen.shown.firm_at(term[end]) for end in ("from", "to")]
        price = (shown.price(term["price"], good), term["price"])
        rows.append(
            cells(
                seen.material.good_name(good),
                *ends,
                (shown.amount(term["quantity"], good), term["quantity"]),
                shown.unit(good),
                price,
                _band(band, lang),
                (f"{term['km']:.1f} km" if term.get("km") else "–", term.get("km")),
            )
        )
    return PlanSheet("terms", word("terms", lang), columns, tuple(rows))


def _band(band: Record | None, lang: str) -> str:
    if band is None or band.get("low") is None or band.get("high") is None:
        return "–"
    return word("settled.range", lang, low=f"{band['low']:,.2f}", high=f"{band['high']:,.2f}")


def _sides(seen: Seen, proposal: Record) -> PlanSheet:
    """Return the table of gain, value, capex, CO2 savings and answer of each enterprise."""
    lang, shown = seen.lang, seen.shown
    columns = (
        SheetColumn("enterprise", word("round.enterprise", lang)),
        SheetColumn("gain", shown.said("head.gain"), number=True),
        SheetColumn("value", word("dossier.value", lang), number=True),
        SheetColumn("capex", word("dossier.capex", lang), number=True),
        SheetColumn("co2", shown.said("head.co2"), number=True),
        SheetColumn("answer", word("round.answer", lang)),
        SheetColumn("reason", word("dossier.reason", lang)),
    )
    rows = []
    for party in proposal["parties"]:
        name = party["enterprise"]
        side = (proposal.get("own") or {}).get(name, {})
        value, paid, co2 = side.get("value"), _paid(proposal, name), side.get("co2")
        gain = None if value is None or paid is None else value + paid
        rows.append(
            cells(
                shown.name("enterprises", name),
                (shown.money(gain), gain),
                (shown.money(value), value),
                (shown.capex(side.get("capex")), side.get("capex")),
                ("–" if co2 is None else shown.co2(-co2), None if co2 is None else -co2),
                (_answered(party, lang), party["answer"]),
                party["reason"] or "–",
            )
        )
    return PlanSheet("sides", word("dossier.sides", lang), columns, tuple(rows))


def _answered(party: Record, lang: str) -> str:
    """Return the answer of an enterprise with the quantities and prices of its counter-offer."""
    countered = (f"{one['quantity'] or '–'} / {one['price'] or '–'}" for one in party["counter"] or ())
    return " · ".join([word(f"standing.{party['answer']}", lang), *countered])


def _paid(proposal: Record, name: str) -> float | None:
    """Return the annual net payment to an enterprise at the agreed prices, or None if a price is missing."""
    total = 0.0
    for line in proposal["lines"]:
        ends = (line["from_enterprise"], line["to_enterprise"])
        if name not in ends or not all(ends) or ends[0] == ends[1]:
            continue
        if line["price"] is None:
            return None
        total += (1.0 if ends[0] == name else -1.0) * float(line["price"]) * float(line["quantity"])
    return total


def _built(seen: Seen, proposal: Record) -> PlanSheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        SheetColumn("process", word("process", lang)),
        SheetColumn("place", word("place", lang)),
        SheetColumn("capacity", word("capacity", lang), number=True),
        SheetColumn("unit", word("view.unit", lang), shown=False),
        SheetColumn("capex", shown.said("head.capex"), number=True),
    )
    rows = [
        cells(
            shown.name("processes", one["process"]),
            shown.firm_at(one["site"]),
            (shown.capacity(one), one["capacity"]),
            shown.counted(one["process"]),
            (shown.capex(one["capex"]), one["capex"]),
        )
        for one in shown.rows(proposal, "builds")
    ]
    return PlanSheet("built", word("builds", lang), columns, tuple(rows)) if rows else None


def _laid(seen: Seen, proposal: Record) -> PlanSheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        SheetColumn("commodity", word("commodity", lang)),
        SheetColumn("from", word("from", lang)),
        SheetColumn("to", word("to", lang)),
        SheetColumn("mode", word("mode", lang)),
        SheetColumn("km", word("length", lang), number=True),
        SheetColumn("capex", shown.said("head.capex"), number=True),
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
    return PlanSheet("laid", word("links", lang), columns, tuple(rows)) if rows else None
