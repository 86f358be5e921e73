"""Detail view of a proposal for planners: flow diagram, map, figures by enterprise, price bands and answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from markupsafe import Markup
from synergy.web.pictures import Viewer, flow_picture, map_picture
from synergy.web.planning.round_view import Seen
from synergy.web.planning.tables import PlanSheet, cells, columns_of
from synergy.web.texts import word

from synergy.records.figures import SiteLabel, bare, written
from synergy.records.proposals import Party, WholeProposal


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
    return Dossier(
        proposal,
        *_pictures(seen, proposal),
        _terms(seen, proposal),
        _sides(seen, proposal),
        _built(seen, proposal),
        _laid(seen, proposal),
        tuple(seen.shown.notes(proposal)),
    )


def _pictures(seen: Seen, proposal: WholeProposal) -> tuple[Markup, Markup]:
    notes: dict[str, list[str]] = {}
    for build in seen.shown.builds(proposal):
        said = f"{word('dossier.new', seen.lang)} {seen.shown.name('processes', build['process'])}"
        notes.setdefault(seen.material.firm(build["site"]), []).append(said)
    viewer = Viewer("", seen.lang, seen.material.good_name)  # planners and auditors see the same
    known, ends = seen.record.labels["sites"], {end for one in proposal.lines for end in (one.from_site, one.to_site)}
    sites = {end: SiteLabel.model_validate(known[end]) for end in ends if end in known}
    where = map_picture(proposal.lines, sites, viewer, seen.bounds)
    return flow_picture(proposal.lines, notes, partial(firm_name, seen), viewer), where


def firm_name(seen: Seen, name: str) -> str:
    """Return the localized name of an enterprise by its id, or the label of public sites for ""."""
    return seen.shown.name("enterprises", name) if name else word("own.public", seen.lang)


def _terms(seen: Seen, proposal: WholeProposal) -> PlanSheet:
    """Return the table of deliveries with supplier, user, quantity, price and price band."""
    lang, shown = seen.lang, seen.shown
    settled = seen.settled
    prices = settled.get("prices", []) if settled else []
    bands = {(one["from"], one["to"], one["commodity"]): one for one in prices}
    labels = {key: key for key in ("commodity", "from", "to", "quantity")}
    labels |= {"unit": "view.unit", "price": "price", "band": "settled.band", "km": "offer.distance"}
    columns = columns_of(lang, labels, ("quantity", "price", "band", "km"), hidden=("unit",))
    rows = []
    for term in proposal.terms:
        good = term.commodity
        band = bands.get((term.from_, term.to, good))
        rows.append(
            cells(
                seen.material.good_name(good),
                *(shown.firm_at(end) for end in (term.from_, term.to)),
                (shown.amount(term.quantity, good), bare(term.quantity)),
                shown.unit(good),
                (shown.price(term.price, good), bare(term.price)),
                "–" if band is None else _band(band.get("low"), band.get("high"), lang),
                (f"{term.km:.1f} km" if term.km else "–", term.km),
            )
        )
    return PlanSheet("terms", word("terms", lang), columns, tuple(rows))


def _band(low: float | None, high: float | None, lang: str) -> str:
    if low is None or high is None:
        return "–"
    return word("settled.range", lang, low=f"{low:,.2f}", high=f"{high:,.2f}")


def _sides(seen: Seen, proposal: WholeProposal) -> PlanSheet:
    """Return the table of gain, value, capex, CO2 savings and answer of each enterprise."""
    lang, shown = seen.lang, seen.shown
    labels = {"enterprise": "round.enterprise", "gain": "head.gain", "value": "dossier.value", "capex": "dossier.capex"}
    labels |= {"co2": "head.co2", "answer": "round.answer", "reason": "dossier.reason"}
    columns = columns_of(lang, labels, ("gain", "value", "capex", "co2"))
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
    said = [word(f"standing.{party.answer}", lang)]
    for line in party.counter or ():
        quantity = None if line.quantity is None else written(line.quantity.value)
        price = None if line.price is None else written(line.price.amount)
        said.append(f"{quantity or '–'} / {price or '–'}")
    return " · ".join(said)


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
    labels = {
        "process": "process",
        "place": "place",
        "capacity": "capacity",
        "unit": "view.unit",
        "capex": "head.capex",
    }
    columns = columns_of(lang, labels, ("capacity", "capex"), hidden=("unit",))
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
    labels = {key: key for key in ("commodity", "from", "to", "mode")} | {"km": "length", "capex": "head.capex"}
    columns = columns_of(lang, labels, ("km", "capex"))
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
