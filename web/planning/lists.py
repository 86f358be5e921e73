"""Tables for file export: rounds, runs, audit events, and the proposals and pathways of an enterprise."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from synergy.web.firm.proposal_view import Own
from synergy.web.planning.tables import PlanSheet, SheetColumn, cells
from synergy.web.texts import word

from synergy.texts import unit
from synergy.units import label

Record = Mapping[str, Any]
_LINE = ("commodity", "from", "to", "quantity", "unit", "price", "a_year", "distance")


def rounds(found: Iterable[Record], lang: str) -> PlanSheet:
    """Return the table of rounds with their states, numbers of declarations and deadlines."""
    columns = (
        SheetColumn("round", "#", number=True),
        SheetColumn("name", word("round.name", lang)),
        SheetColumn("state", word("round.state", lang)),
        SheetColumn("declared", word("declared.state", lang), number=True),
        SheetColumn("members", word("round.members", lang), number=True),
        SheetColumn("deadline", word("round.deadline", lang)),
        SheetColumn("answer_by", word("round.answer_by", lang)),
        SheetColumn("created", word("round.created", lang)),
    )
    rows = [
        cells(
            *((str(one[key]), one[key]) for key in ("round", "name")),
            word(f"state.{one['state']}", lang),
            *((str(one[key]), one[key]) for key in ("declared", "members")),
            *(one[key] or "" for key in ("deadline", "answer_by", "created")),
        )
        for one in found
    ]
    return PlanSheet("rounds", word("round.title", lang), columns, tuple(rows))


def runs(found: Iterable[Record], lang: str, status: Callable[[str], str]) -> PlanSheet:
    """Return the table of the runs of a round; `status` translates the solver status of a run."""
    columns = (
        SheetColumn("number", word("run.number", lang), number=True),
        SheetColumn("state", word("round.state", lang)),
        SheetColumn("status", word("run.status", lang)),
        SheetColumn("requested", word("run.requested", lang)),
        *(SheetColumn(key, word(f"file.{key}", lang)) for key in ("started", "finished")),
    )
    rows = [
        cells(
            (str(one["number"]), one["number"]),
            word(f"run.{one['state']}_state", lang),
            status(one["status"]) if one["status"] else "",
            *(one[key] or "" for key in ("requested", "started", "finished")),
        )
        for one in found
    ]
    return PlanSheet("runs", word("run.caption", lang), columns, tuple(rows))


def events(found: Iterable[Record], lang: str, named: Callable[[str, str], str]) -> PlanSheet:
    """Return the table of audit events with their HMACs; `named` translates the action of an event."""
    keys = ("number", "at", "actor", "action", "subject", "detail")
    columns = (
        *(SheetColumn(key, word(f"audit.{key}", lang), number=key == "number") for key in keys),
        SheetColumn("mac", "HMAC-SHA256"),
    )
    rows = [
        cells(
            (str(one["number"]), one["number"]),
            one["at"],
            one["actor"],
            named(one["action"], lang),
            one["subject"],
            json.dumps(one["detail"], ensure_ascii=False) if one["detail"] else "",
            one["mac"],
        )
        for one in found
    ]
    return PlanSheet("events", word("audit.events", lang), columns, tuple(rows))


def suggestions(found: Iterable[Own], lang: str, currency: str) -> PlanSheet:
    """Return the table of proposals to an enterprise, in the given order, with only its own figures."""
    money, paid = label(currency, lang), f"{label(currency, lang)}{word('own.a_year', lang)}"
    columns = (
        SheetColumn("code", word("round.code", lang)),
        SheetColumn("proposal", word("proposals", lang)),
        SheetColumn("partners", word("partners", lang)),
        SheetColumn("gain", word("offer.own_gain", lang), paid, number=True),
        SheetColumn("paid", word("offer.own_paid", lang), paid, number=True),
        SheetColumn("capex", word("offer.own_capex", lang), money, number=True),
        SheetColumn("payback_years", word("offer.own_payback", lang), unit("years", lang), number=True),
        SheetColumn("co2_saved", word("offer.own_co2", lang), "t/a", number=True),
        SheetColumn("answer", word("answer.yours", lang)),
        SheetColumn("standing", word("answer.standing", lang)),
    )
    rows = [
        cells(
            one.code,
            one.title(),
            one.partners(),
            *(("", one.record["own"][key]) for key in ("gain", "paid", "capex", "payback_years", "co2_saved")),
            *(word(f"answer.{one.record[key]}", lang) for key in ("answer", "standing")),
        )
        for one in found
    ]
    return PlanSheet("proposals", word("home.title", lang), columns, tuple(rows))


def terms(one: Own) -> PlanSheet:
    """Return the table of the lines of a proposal from the viewpoint of one of its parties."""
    lang = one.lang
    named = {"unit": "view.unit", "a_year": "offer.a_year", "distance": "offer.distance"}
    numbers = ("quantity", "price", "a_year", "distance")
    money = label(str(one.record["currency"]), lang)
    units = {"price": money, "a_year": f"{money}{word('own.a_year', lang)}", "distance": "km"}
    columns = [SheetColumn(key, word(named.get(key, key), lang), units.get(key, ""), key in numbers) for key in _LINE]
    rows = []
    for line in one.lines:
        price, quantity = line["price"], float(line["quantity"])
        sign = 1.0 if line["from_enterprise"] == one.enterprise else -1.0
        ends = [f"{one.who(line[f'{end}_enterprise'])} · {one.site(line[f'{end}_site'])}" for end in ("from", "to")]
        asked = None if price is None else float(price)
        rows.append(
            cells(
                one.good_name(line["commodity"]),
                *ends,
                ("", quantity),
                one.unit(line["commodity"]),
                ("", asked),
                ("", None if asked is None else sign * asked * quantity),
                ("", line.get("km")),
            )
        )
    return PlanSheet("terms", word("offer.terms", lang), tuple(columns), tuple(rows))


def chains(found: Sequence[Record], commodity: str, per: str, lang: str) -> PlanSheet:
    """Return the table of the processing chains of a commodity, with margins in the unit `per`.

    The chains come from `synergy.store.preview.chains`.
    """
    levels = ("low", "middle", "high")
    columns = (
        SheetColumn("chain", word("paths.chain", lang)),
        *(SheetColumn(level, word(f"paths.{level}", lang), per, number=True) for level in levels),
        SheetColumn("least", word("paths.scale", lang), number=True),
        SheetColumn("lacking", word("file.lacking", lang), number=True),
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
