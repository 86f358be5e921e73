"""Tables of rounds for pages and files: proposals, settlement, declarations, runs, events, and those of a party."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from synergy.web.clock import Clock
from synergy.web.planning.proposal_view import Own
from synergy.web.planning.round_view import Seen
from synergy.web.tables import NamedTable, TableColumn, Value
from synergy.web.texts import WORDS, word

from synergy.records.accounts import Event
from synergy.records.documents import Document, SettlementJSON
from synergy.records.figures import bare, written
from synergy.records.names import Answer, Sheet
from synergy.records.proposals import WholeProposal
from synergy.records.rounds import Doubt, Member, Round
from synergy.records.runs import Run
from synergy.texts import WORDS as COMMON
from synergy.texts import say, text, unit
from synergy.units import label

MOST = 100  # rows of one page
_LABELS = {**COMMON, **WORDS}


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell of a sheet: displayed text, underlying plain value and link."""

    text: str
    value: Value = None
    href: str = ""

    @property
    def plain(self) -> Value:
        """Return the value for file exports; None for empty cells and dashes."""
        if self.value is None:
            return None if self.text in ("", "–") else self.text
        return self.value


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """Named table with display and export views; the name is that in URLs and files."""

    name: str
    caption: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def shown(self) -> tuple[TableColumn, ...]:
        """Return the columns displayed on pages."""
        return tuple(one for one in self.columns if one.shown)

    def named(self, file: str) -> NamedTable:
        """Return the table for export under a file name, with plain values and the units of the columns."""
        keys = [one.key for one in self.columns]
        rows = [dict(zip(keys, (cell.plain for cell in row), strict=True)) for row in self.rows]
        return NamedTable(file, self.caption, self.columns, rows)

    def visible(self, first: int | None = 0) -> list[list[tuple[TableColumn, Cell]]]:
        """Return the displayed cells with their columns, for the page starting at row `first`; all rows for None."""
        rows = self.rows if first is None else self.rows[first : first + MOST]
        return [[pair for pair in zip(self.columns, row, strict=True) if pair[0].shown] for row in rows]

    def first(self, given: str | None) -> int:
        """Return the first row of the page containing the requested row; 0 for invalid input."""
        wanted = int(given) if given and given.isascii() and given.isdigit() and len(given) < 9 else 0
        return wanted // MOST * MOST if wanted < len(self.rows) else 0

    def pages(self) -> list[tuple[int, int, int]]:
        """Return offset, first and last row number of each page; empty if the table fits on one page."""
        whole = len(self.rows)
        starts = range(0, whole, MOST) if whole > MOST else ()
        return [(start, start + 1, min(start + MOST, whole)) for start in starts]


def cells(*values: str | Cell | tuple[str, Value]) -> tuple[Cell, ...]:
    """Build cells from texts, from pairs of text and plain value, or from existing cells."""
    made: Sequence[Cell] = [
        one if isinstance(one, Cell) else Cell(*one) if isinstance(one, tuple) else Cell(str(one)) for one in values
    ]
    return tuple(made)


def columns_of(
    lang: str,
    labels: Mapping[str, str],
    numbers: Collection[str] = (),
    units: Mapping[str, str] = MappingProxyType({}),
    hidden: Collection[str] = (),
) -> tuple[TableColumn, ...]:
    """Return columns by key, from the names of their labels in a catalogue, or the labels where they are in none.

    `numbers` are numeric, `hidden` are in files alone.
    """
    said = {key: say(_LABELS.get(name, (name, name)), lang) for key, name in labels.items()}
    return tuple(
        TableColumn(key, shown, units.get(key, ""), key in numbers, key not in hidden) for key, shown in said.items()
    )


def proposals(seen: Seen, lead: Callable[..., str]) -> PlanSheet:
    """Return the table of the proposals that match the filters."""
    lang, shown, currency = seen.lang, seen.shown, seen.record.currency
    labels = {key: f"head.{key}" for key in ("proposal", "kind", "state", "enterprises", "gain", "capex")}
    labels |= {"payback_years": "head.payback", "co2_saved": "head.co2", "answer": "round.answer", "code": "round.code"}
    units = {"gain": f"{currency}/a", "capex": currency, "payback_years": unit("years", lang), "co2_saved": "t/a"}
    columns = columns_of(lang, labels, units, units, ("state", "code"))
    rows = [
        cells(
            Cell(shown.title(one), None, lead(code=one.proposal)),
            (f"{text(f'kind.{one.kind}', lang)} · {text(f'state.{one.state}', lang)}", one.kind),
            (text(f"state.{one.state}", lang), one.state),
            (shown.firms(one, 3), ", ".join(one.enterprises)),
            (shown.money(one.gain), bare(one.gain)),
            (shown.capex(one.capex), bare(one.capex)),
            (shown.payback(one), one.payback_years),
            (shown.co2(one.co2_saved), bare(one.co2_saved)),
            (answered(one, lang), one.answer),
            one.proposal,
        )
        for one in seen.chosen()
    ]
    return PlanSheet("proposals", word("caption", lang), columns, tuple(rows))


def answered(proposal: WholeProposal, lang: str) -> str:
    """Return the standing of a proposal, with the number of acceptances if only some parties have accepted."""
    said, parties = word(f"standing.{proposal.answer}", lang), proposal.parties
    yes = sum(one.answer is Answer.ACCEPTED for one in parties)
    return f"{said} ({yes}/{len(parties)})" if yes and yes < len(parties) else said


def payoffs(seen: Seen, settled: SettlementJSON) -> PlanSheet:
    """Return the table of settlement payoffs by enterprise, in descending order of gain."""
    lang, shown, currency = seen.lang, seen.shown, seen.record.currency
    keys = ("standalone", "payoff", "gain", "transfer")
    labels = {"enterprise": "round.enterprise", **{key: f"settled.{key}" for key in keys}}
    columns = columns_of(lang, labels, keys, dict.fromkeys(keys, f"{currency}/a"))
    order = sorted(settled["payoffs"].items(), key=lambda item: (-(item[1]["gain"] or 0.0), item[0]))
    rows = [
        cells(
            shown.name("enterprises", firm),
            *((shown.money(x), x) for x in (row["standalone"], row["payoff"], row["gain"], row["transfer"])),
        )
        for firm, row in order
    ]
    return PlanSheet("payoffs", word("settled.caption", lang), columns, tuple(rows))


def prices(seen: Seen, settled: SettlementJSON) -> PlanSheet:
    """Return the table of settlement prices with their bands and annual payments."""
    lang, shown = seen.lang, seen.shown
    labels = {"commodity": "commodity", "from": "view.supplier", "to": "view.user", "quantity": "quantity"}
    labels |= {"unit": "view.unit", "price": "price", "band": "settled.band", "low": "settled.low"}
    labels |= {"high": "settled.high", "payment": "settled.payment"}
    units = {"payment": f"{seen.record.currency}/a"}
    columns = columns_of(lang, labels, ("quantity", "price", "band", "payment"), units, ("unit", "low", "high"))
    rows = []
    for one in settled.get("prices", []):
        good = one["commodity"]
        parties = ((one.get("seller", ""), one["from"]), (one.get("buyer", ""), one["to"]))
        ends = [shown.name("enterprises", firm) if firm else seen.material.site_name(site) for firm, site in parties]
        low, high = _price(one.get("low")), _price(one.get("high"))
        band = word("settled.range", lang, low=low[0], high=high[0])
        amount = (shown.amount(one["quantity"], good), one["quantity"])
        price = (shown.price(one["price"], good), one["price"])
        paid = (shown.money(one.get("payment")), one.get("payment"))
        name, unit_ = seen.material.good_name(good), shown.unit(good)
        rows.append(cells(name, *ends, amount, unit_, price, band, low, high, paid))
    return PlanSheet("prices", word("settled.prices", lang), columns, tuple(rows))


def _price(value: float | None) -> tuple[str, float | None]:
    return "–" if value is None else f"{value:,.2f}", value


def stamp(at: datetime | None) -> str:
    """Return a time for files, as ISO 8601; "" for None."""
    return "" if at is None else at.isoformat()


def members(
    rows: Sequence[Member],
    names: Mapping[str, Mapping[str, object]],
    clock: Clock,
    lang: str,
    lead: Callable[[str], str],
) -> PlanSheet:
    """Return the table of the members of a round, by their labels, and the state of their declarations.

    `lead` maps an enterprise to the URL of its declaration, or "" if there is none. Files use UTC, pages their clock.
    """
    labels = {"enterprise": "round.enterprise", "submitted": "declared.state", "origin": "declared.origin"}
    labels |= {str(sheet): f"declared.sheet.{sheet}" for sheet in Sheet}
    labels |= {"reminders": "declared.reminders", "at": "declared.at"}
    columns = columns_of(lang, labels, (*Sheet, "reminders"), {"at": "UTC"})
    made = []
    for one in sorted(rows, key=lambda one: (one.submitted, one.enterprise)):
        firm = one.enterprise
        name = str(names.get(firm, {}).get(f"name_{lang}", firm))
        counts = [one.rows.get(sheet, 0) for sheet in Sheet]
        made.append(
            cells(
                Cell(name, firm, lead(firm)),
                (word("declared.yes" if one.submitted else "declared.no", lang), one.submitted),
                (word(f"declared.origin.{one.origin}", lang), one.origin),
                *((str(count) if one.submitted else "–", count) for count in counts),
                (str(one.reminders), one.reminders),
                (clock.minute(one.at), stamp(one.at)),
            )
        )
    return PlanSheet("members", word("declared.caption", lang), columns, tuple(made))


def doubtful(
    rows: Sequence[Doubt], names: Mapping[str, Mapping[str, object]], lang: str, lead: Callable[[str], str]
) -> PlanSheet:
    """Return the table of doubtful declaration entries to review before declarations are frozen, see `members`."""
    keys = ("sheet", "subject", "site", "amount", "price", "why")
    labels = {"enterprise": "round.enterprise", **{key: f"doubtful.{key}" for key in keys}}
    made = []
    for one in rows:
        name = str(names.get(one.enterprise, {}).get(f"name_{lang}", "") or one.enterprise)
        price = None if one.price is None else written(one.price.amount)
        made.append(
            cells(
                Cell(name, one.enterprise, lead(one.enterprise)),
                (word(f"declared.sheet.{one.sheet}", lang), one.sheet),
                one.subject,
                one.site,
                written(one.amount.value) or "",
                (price or "–", price),
                ("; ".join(word(f"doubtful.{why}", lang) for why in one.why), ", ".join(one.why)),
            )
        )
    columns = columns_of(lang, labels, ("amount", "price"))
    return PlanSheet("doubtful", word("doubtful.caption", lang), columns, tuple(made))


def rounds(found: Iterable[Round], lang: str) -> PlanSheet:
    """Return the table of rounds with their states, numbers of declarations and deadlines."""
    labels = {"round": "#", "name": "round.name", "state": "round.state", "declared": "declared.state"}
    labels |= {key: f"round.{key}" for key in ("members", "deadline", "answer_by", "created")}
    columns = columns_of(lang, labels, ("round", "declared", "members"))
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
    labels = {"number": "run.number", "state": "round.state", "status": "run.status", "requested": "run.requested"}
    labels |= {key: f"file.{key}" for key in ("started", "finished")}
    columns = columns_of(lang, labels, ("number",))
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
    columns = columns_of(lang, {key: f"audit.{key}" for key in keys} | {"mac": "HMAC-SHA256"}, ("number",))
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
    labels = {"code": "round.code", "proposal": "proposals", "partners": "partners", "gain": "offer.own_gain"}
    labels |= {"paid": "offer.own_paid", "capex": "offer.own_capex", "payback_years": "offer.own_payback"}
    labels |= {"co2_saved": "offer.own_co2", "answer": "answer.yours", "standing": "answer.standing"}
    units = {"gain": paid, "paid": paid, "capex": money, "payback_years": unit("years", lang), "co2_saved": "t/a"}
    columns = columns_of(lang, labels, units, units)
    rows = [
        cells(
            one.code,
            one.title(),
            one.partners(),
            *(("", bare(figure)) for figure in (one.record.own.gain, one.record.own.paid, one.record.own.capex)),
            ("", one.record.own.payback_years),
            ("", bare(one.record.own.co2_saved)),
            *(word(f"answer.{answer}", lang) for answer in (one.record.answer, one.record.standing)),
        )
        for one in found
    ]
    return PlanSheet("proposals", word("home.title", lang), columns, tuple(rows))


def terms(one: Own) -> PlanSheet:
    """Return the table of the lines of a proposal from the viewpoint of one of its parties."""
    lang = one.lang
    labels = {key: key for key in ("commodity", "from", "to", "quantity")}
    labels |= {"unit": "view.unit", "price": "price", "a_year": "offer.a_year", "distance": "offer.distance"}
    money = label(one.record.currency, lang)
    units = {"price": money, "a_year": f"{money}{word('own.a_year', lang)}", "distance": "km"}
    columns = columns_of(lang, labels, ("quantity", *units), units)
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
    return PlanSheet("terms", word("offer.terms", lang), columns, tuple(rows))


def chains(found: Sequence[Document], commodity: str, per: str, lang: str) -> PlanSheet:
    """Return the table of the processing chains of a commodity (`preview.chains`), with margins in the unit `per`."""
    levels = ("low", "middle", "high")
    labels = {"chain": "paths.chain", **{level: f"paths.{level}" for level in levels}}
    labels |= {"least": "paths.scale", "lacking": "file.lacking"}
    columns = columns_of(lang, labels, (*levels, "least", "lacking"), dict.fromkeys(levels, per))
    rows = [
        cells(
            one[f"title_{lang}"],
            *(("", one["margin"][level]) for level in levels),
            *(("", one[key]) for key in ("least", "lacking")),
        )
        for one in found
    ]
    return PlanSheet(f"pathways-{commodity}", word("paths.title", lang), columns, tuple(rows))
