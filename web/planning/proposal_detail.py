"""Detail view of a proposal for planners: flow diagram, map, figures by enterprise, price bands and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from synergy.web.pictures import flow_picture, map_picture
from synergy.web.planning.round_view import Seen
from synergy.web.planning.tables import PlanSheet, cells
from synergy.web.tables import TableColumn
from synergy.web.texts import word

from synergy.records.figures import SiteLabel, bare, written
from synergy.records.proposals import CounterLine, Party, WholeProposal


@dataclass(frozen=True, slots=True)
class Dossier:
    """View model of a proposal: figures and tables; `built` and `laid` are None if they have no rows."""

    proposal: WholeProposal
    flow: Markup
    map: Markup
    terms: PlanSheet
    sides: PlanSheet
    built: PlanSheet | None
    laid: PlanSheet | None
    notes: tuple[str, ...]


def dossier(seen: Seen, proposal: WholeProposal) -> Dossier:
    """Build the detail view of a proposal of a round."""
    drawn, where = _pictures(seen, proposal)
    return Dossier(
        proposal=proposal,
        flow=drawn,
        map=where,
        terms=_terms(seen, proposal),
        sides=_sides(seen, proposal),
        built=_built(seen, proposal),
        laid=_laid(seen, proposal),
        notes=tuple(seen.shown.notes(proposal)),
    )


class _Said:
    """Names of commodities for the figures of a proposal."""

    looker = ""  # planners and auditors see the same

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def good_name(self, ident: str) -> str:
        """Return the name of a commodity."""
        return self._seen.material.good_name(ident)


def _pictures(seen: Seen, proposal: WholeProposal) -> tuple[Markup, Markup]:
    notes: dict[str, list[str]] = {}
    for build in seen.shown.builds(proposal):
        said = f"{word('dossier.new', seen.lang)} {seen.shown.name('processes', build['process'])}"
        notes.setdefault(seen.material.firm(build["site"]), []).append(said)
    said_of = (_Said(seen), seen.lang)
    known, ends = seen.record.labels["sites"], {end for one in proposal.lines for end in (one.from_site, one.to_site)}
    sites = {end: SiteLabel.model_validate(known[end]) for end in ends if end in known}
    where = map_picture(proposal.lines, sites, said_of, seen.bounds)
    return flow_picture(proposal.lines, notes, lambda name: firm_name(seen, name), said_of), where


def firm_name(seen: Seen, name: str) -> str:
    """Return the localized name of an enterprise by its id, or the label of public sites for ""."""
    return seen.shown.name("enterprises", name) if name else word("own.public", seen.lang)


def _terms(seen: Seen, proposal: WholeProposal) -> PlanSheet:
    """Return the table of deliveries with supplier, user, quantity, price and price band."""
    lang, shown = seen.lang, seen.shown
    settled = seen.plan["settlement"] or {}
    bands = {(one["from"], one["to"], one["commodity"]): one for one in settled.get("prices", ())}
    columns = (
        TableColumn("commodity", word("commodity", lang)),
        TableColumn("from", word("from", lang)),
        TableColumn("to", word("to", lang)),
        TableColumn("quantity", word("quantity", lang), number=True),
        TableColumn("unit", word("view.unit", lang), shown=False),
        TableColumn("price", word("price", lang), number=True),
        TableColumn("band", word("settled.band", lang), number=True),
        TableColumn("km", word("offer.distance", lang), number=True),
    )
    rows = []
    for term in proposal.terms:
        good = term.commodity
        rows.append(
            cells(
                seen.material.good_name(good),
                *(shown.firm_at(end) for end in (term.from_, term.to)),
                (shown.amount(term.quantity, good), bare(term.quantity)),
                shown.unit(good),
                (shown.price(term.price, good), bare(term.price)),
                _band(bands.get((term.from_, term.to, good), {}), lang),
                (f"{term.km:.1f} km" if term.km else "–", term.km),
            )
        )
    return PlanSheet("terms", word("terms", lang), columns, tuple(rows))


def _band(band: Mapping[str, float | None], lang: str) -> str:
    low, high = band.get("low"), band.get("high")
    if low is None or high is None:
        return "–"
    return word("settled.range", lang, low=f"{low:,.2f}", high=f"{high:,.2f}")


def _sides(seen: Seen, proposal: WholeProposal) -> PlanSheet:
    """Return the table of gain, value, capex, CO2 savings and answer of each enterprise."""
    lang, shown = seen.lang, seen.shown
    columns = (
        TableColumn("enterprise", word("round.enterprise", lang)),
        TableColumn("gain", shown.said("head.gain"), number=True),
        TableColumn("value", word("dossier.value", lang), number=True),
        TableColumn("capex", word("dossier.capex", lang), number=True),
        TableColumn("co2", shown.said("head.co2"), number=True),
        TableColumn("answer", word("round.answer", lang)),
        TableColumn("reason", word("dossier.reason", lang)),
    )
    rows = []
    for party in proposal.parties:
        name = party.enterprise
        side = proposal.own.get(name)
        value, capex, more = (bare(side.value), bare(side.capex), bare(side.co2)) if side else (None, None, None)
        paid = _paid(proposal, name)
        gain = None if value is None or paid is None else value + paid
        saved = None if more is None else -more
        rows.append(
            cells(
                shown.name("enterprises", name),
                (shown.money(gain), gain),
                (shown.money(value), value),
                (shown.capex(capex), capex),
                ("–" if saved is None else shown.co2(saved), saved),
                (_answered(party, lang), party.answer),
                party.reason or "–",
            )
        )
    return PlanSheet("sides", word("dossier.sides", lang), columns, tuple(rows))


def _answered(party: Party, lang: str) -> str:
    """Return the answer of an enterprise with the quantities and prices of its counter-offer."""
    return " · ".join([word(f"standing.{party.answer}", lang), *map(_countered, party.counter or ())])


def _countered(line: CounterLine) -> str:
    quantity = None if line.quantity is None else written(line.quantity.value)
    price = None if line.price is None else written(line.price.amount)
    return f"{quantity or '–'} / {price or '–'}"


def _paid(proposal: WholeProposal, name: str) -> float | None:
    """Return the annual net payment to an enterprise at the agreed prices, or None if a price is missing."""
    total = 0.0
    for line in proposal.lines:
        ends = (line.from_enterprise, line.to_enterprise)
        if name not in ends or not all(ends) or ends[0] == ends[1]:
            continue
        if line.price is None:
            return None
        total += (1.0 if ends[0] == name else -1.0) * float(line.price) * float(line.quantity)
    return total


def _built(seen: Seen, proposal: WholeProposal) -> PlanSheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        TableColumn("process", word("process", lang)),
        TableColumn("place", word("place", lang)),
        TableColumn("capacity", word("capacity", lang), number=True),
        TableColumn("unit", word("view.unit", lang), shown=False),
        TableColumn("capex", shown.said("head.capex"), number=True),
    )
    rows = [
        cells(
            shown.name("processes", one["process"]),
            shown.firm_at(one["site"]),
            (shown.capacity(one), one["capacity"]),
            shown.counted(one["process"]),
            (shown.capex(one["capex"]), one["capex"]),
        )
        for one in shown.builds(proposal)
    ]
    return PlanSheet("built", word("builds", lang), columns, tuple(rows)) if rows else None


def _laid(seen: Seen, proposal: WholeProposal) -> PlanSheet | None:
    lang, shown = seen.lang, seen.shown
    columns = (
        TableColumn("commodity", word("commodity", lang)),
        TableColumn("from", word("from", lang)),
        TableColumn("to", word("to", lang)),
        TableColumn("mode", word("mode", lang)),
        TableColumn("km", word("length", lang), number=True),
        TableColumn("capex", shown.said("head.capex"), number=True),
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
        for one in shown.links(proposal)
    ]
    return PlanSheet("laid", word("links", lang), columns, tuple(rows)) if rows else None
