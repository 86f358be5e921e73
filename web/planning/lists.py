"""Tables for file export: rounds, runs, audit events, and the proposals and pathways of an enterprise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from synergy.web.firm.proposal_view import Own
from synergy.web.planning.tables import PlanSheet, cells, stamp
from synergy.web.tables import TableColumn
from synergy.web.texts import word

from synergy.records.audit import Event
from synergy.records.documents import Document
from synergy.records.figures import bare
from synergy.records.rounds import Round
from synergy.records.runs import Run
from synergy.texts import unit
from synergy.units import label

_LINE = ("commodity", "from", "to", "quantity", "unit", "price", "a_year", "distance")


def rounds(found: Iterable[Round], lang: str) -> PlanSheet:
    """Return the table of rounds with their states, numbers of declarations and deadlines."""
    columns = (
        TableColumn("round", "#", number=True),
        TableColumn("name", word("round.name", lang)),
        TableColumn("state", word("round.state", lang)),
        TableColumn("declared", word("declared.state", lang), number=True),
        TableColumn("members", word("round.members", lang), number=True),
        TableColumn("deadline", word("round.deadline", lang)),
        TableColumn("answer_by", word("round.answer_by", lang)),
        TableColumn("created", word("round.created", lang)),
    )
    rows = [
        cells(
            (str(one.round), one.round),
            (one.name, one.name),
            word(f"state.{one.state}", lang),
            *((str(count), count) for count in (one.declared, one.members)),
            *(stamp(at) for at in (one.deadline, one.answer_by, one.created)),
        )
        for one in found
    ]
    return PlanSheet("rounds", word("round.title", lang), columns, tuple(rows))


def runs(found: Iterable[Run], lang: str, status: Callable[[str], str]) -> PlanSheet:
    """Return the table of the runs of a round; `status` translates the solver status of a run."""
    columns = (
        TableColumn("number", word("run.number", lang), number=True),
        TableColumn("state", word("round.state", lang)),
        TableColumn("status", word("run.status", lang)),
        TableColumn("requested", word("run.requested", lang)),
        *(TableColumn(key, word(f"file.{key}", lang)) for key in ("started", "finished")),
    )
    rows = [
        cells(
            (str(one.number), one.number),
            word(f"run.{one.state}_state", lang),
            status(one.status) if one.status else "",
            *(stamp(at) for at in (one.requested, one.started, one.finished)),
        )
        for one in found
    ]
    return PlanSheet("runs", word("run.caption", lang), columns, tuple(rows))


def events(found: Iterable[Event], lang: str, named: Callable[[str, str], str]) -> PlanSheet:
    """Return the table of audit events with their HMACs; `named` translates the action of an event."""
    keys = ("number", "at", "actor", "action", "subject", "detail")
    columns = (
        *(TableColumn(key, word(f"audit.{key}", lang), number=key == "number") for key in keys),
        TableColumn("mac", "HMAC-SHA256"),
    )
    rows = [
        cells(
            (str(one.number), one.number),
            stamp(one.at),
            one.actor,
            named(one.action, lang),
            one.subject,
            json.dumps(one.detail, ensure_ascii=False) if one.detail else "",
            one.mac,
        )
        for one in found
    ]
    return PlanSheet("events", word("audit.events", lang), columns, tuple(rows))


def suggestions(found: Iterable[Own], lang: str, currency: str) -> PlanSheet:
    """Return the table of proposals to an enterprise, in the given order, with only its own figures."""
    money, paid = label(currency, lang), f"{label(currency, lang)}{word('own.a_year', lang)}"
    columns = (
        TableColumn("code", word("round.code", lang)),
        TableColumn("proposal", word("proposals", lang)),
        TableColumn("partners", word("partners", lang)),
        TableColumn("gain", word("offer.own_gain", lang), paid, number=True),
        TableColumn("paid", word("offer.own_paid", lang), paid, number=True),
        TableColumn("capex", word("offer.own_capex", lang), money, number=True),
        TableColumn("payback_years", word("offer.own_payback", lang), unit("years", lang), number=True),
        TableColumn("co2_saved", word("offer.own_co2", lang), "t/a", number=True),
        TableColumn("answer", word("answer.yours", lang)),
        TableColumn("standing", word("answer.standing", lang)),
    )
    rows = []
    for one in found:
        own = one.record.own
        rows.append(
            cells(
                one.code,
                one.title(),
                one.partners(),
                *(("", bare(figure)) for figure in (own.gain, own.paid, own.capex)),
                ("", own.payback_years),
                ("", bare(own.co2_saved)),
                *(word(f"answer.{answer}", lang) for answer in (one.record.answer, one.record.standing)),
            )
        )
    return PlanSheet("proposals", word("home.title", lang), columns, tuple(rows))


def terms(one: Own) -> PlanSheet:
    """Return the table of the lines of a proposal from the viewpoint of one of its parties."""
    lang = one.lang
    named = {"unit": "view.unit", "a_year": "offer.a_year", "distance": "offer.distance"}
    numbers = ("quantity", "price", "a_year", "distance")
    money = label(one.record.currency, lang)
    units = {"price": money, "a_year": f"{money}{word('own.a_year', lang)}", "distance": "km"}
    columns = [TableColumn(key, word(named.get(key, key), lang), units.get(key, ""), key in numbers) for key in _LINE]
    rows = []
    for line in one.lines:
        price, quantity = bare(line.price), float(line.quantity)
        sign = 1.0 if line.from_enterprise == one.enterprise else -1.0
        ends = ((line.from_enterprise, line.from_site), (line.to_enterprise, line.to_site))
        rows.append(
            cells(
                one.good_name(line.commodity),
                *(f"{one.who(firm)} · {one.site(site)}" for firm, site in ends),
                ("", quantity),
                one.unit(line.commodity),
                ("", price),
                ("", None if price is None else sign * price * quantity),
                ("", line.km),
            )
        )
    return PlanSheet("terms", word("offer.terms", lang), tuple(columns), tuple(rows))


def chains(found: Sequence[Document], commodity: str, per: str, lang: str) -> PlanSheet:
    """Return the table of the processing chains of a commodity (`preview.chains`), with margins in the unit `per`."""
    levels = ("low", "middle", "high")
    columns = (
        TableColumn("chain", word("paths.chain", lang)),
        *(TableColumn(level, word(f"paths.{level}", lang), per, number=True) for level in levels),
        TableColumn("least", word("paths.scale", lang), number=True),
        TableColumn("lacking", word("file.lacking", lang), number=True),
    )
    rows = [
        cells(
            one[f"title_{lang}"],
            *(("", one["margin"][level]) for level in levels),
            *(("", one[key]) for key in ("least", "lacking")),
        )
        for one in found
    ]
    return PlanSheet(f"pathways-{commodity}", word("paths.title", lang), columns, tuple(rows))
