"""Tables of a round: proposals, payoffs, prices, members and declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from synergy.web.clock import Clock
from synergy.web.planning.round_view import Seen
from synergy.web.tables import NamedTable, TableColumn, Value
from synergy.web.texts import word

from synergy.records.figures import bare, written
from synergy.records.names import Answer, Sheet
from synergy.records.proposals import WholeProposal
from synergy.records.rounds import Doubt, Member
from synergy.texts import unit

MOST = 100  # rows of one page


def proposals(seen: Seen, lead: Callable[..., str]) -> PlanSheet:
    """Return the table of the proposals that match the filters."""
    lang, shown, currency = seen.lang, seen.shown, seen.record.currency
    head = shown.said
    columns = (
        TableColumn("proposal", head("head.proposal")),
        TableColumn("kind", head("head.kind")),
        TableColumn("state", head("head.state"), shown=False),
        TableColumn("enterprises", head("head.enterprises")),
        TableColumn("gain", head("head.gain"), f"{currency}/a", number=True),
        TableColumn("capex", head("head.capex"), currency, number=True),
        TableColumn("payback_years", head("head.payback"), unit("years", lang), number=True),
        TableColumn("co2_saved", head("head.co2"), "t/a", number=True),
        TableColumn("answer", word("round.answer", lang)),
        TableColumn("code", word("round.code", lang), shown=False),
    )
    rows = [
        cells(
            Cell(shown.title(one), None, lead(code=one.proposal)),
            (f"{head('kind.' + one.kind)} · {head('state.' + one.state)}", one.kind),
            (head(f"state.{one.state}"), one.state),
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


def payoffs(seen: Seen) -> PlanSheet:
    """Return the table of settlement payoffs by enterprise, in descending order of gain."""
    lang, shown, currency = seen.lang, seen.shown, seen.record.currency
    settled = seen.plan["settlement"]
    keys = ("standalone", "payoff", "gain", "transfer")
    columns = (
        TableColumn("enterprise", word("round.enterprise", lang)),
        *(TableColumn(key, word(f"settled.{key}", lang), f"{currency}/a", number=True) for key in keys),
    )
    order = sorted(settled["payoffs"].items(), key=lambda item: (-(item[1]["gain"] or 0.0), item[0]))
    rows = [
        cells(shown.name("enterprises", firm), *((shown.money(row[key]), row[key]) for key in keys))
        for firm, row in order
    ]
    return PlanSheet("payoffs", word("settled.caption", lang), columns, tuple(rows))


def prices(seen: Seen) -> PlanSheet:
    """Return the table of settlement prices with their bands and annual payments."""
    lang, shown, settled = seen.lang, seen.shown, seen.plan["settlement"]
    columns = (
        TableColumn("commodity", word("commodity", lang)),
        TableColumn("from", word("view.supplier", lang)),
        TableColumn("to", word("view.user", lang)),
        TableColumn("quantity", word("quantity", lang), number=True),
        TableColumn("unit", word("view.unit", lang), shown=False),
        TableColumn("price", word("price", lang), number=True),
        TableColumn("band", word("settled.band", lang), number=True),
        TableColumn("low", word("settled.low", lang), shown=False),
        TableColumn("high", word("settled.high", lang), shown=False),
        TableColumn("payment", word("settled.payment", lang), f"{seen.record.currency}/a", number=True),
    )
    rows = []
    for one in settled.get("prices", []):
        good = one["commodity"]
        ends = [_end(seen, one.get(side, ""), one[end]) for side, end in (("seller", "from"), ("buyer", "to"))]
        low, high = one.get("low"), one.get("high")
        band = word("settled.range", lang, low=_price(low), high=_price(high))
        amount = (shown.amount(one["quantity"], good), one["quantity"])
        price = (shown.price(one["price"], good), one["price"])
        paid = (shown.money(one.get("payment")), one.get("payment"))
        name, unit_ = seen.material.good_name(good), shown.unit(good)
        rows.append(cells(name, *ends, amount, unit_, price, band, _plain(low), _plain(high), paid))
    return PlanSheet("prices", word("settled.prices", lang), columns, tuple(rows))


def _end(seen: Seen, firm: str, site: str) -> str:
    return seen.shown.name("enterprises", firm) if firm else seen.material.site_name(site)


def _price(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _plain(value: float | None) -> tuple[str, float | None]:
    return _price(value), value


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
    columns = (
        TableColumn("enterprise", word("round.enterprise", lang)),
        TableColumn("submitted", word("declared.state", lang)),
        TableColumn("origin", word("declared.origin", lang)),
        *(TableColumn(sheet, word(f"declared.sheet.{sheet}", lang), number=True) for sheet in Sheet),
        TableColumn("reminders", word("declared.reminders", lang), number=True),
        TableColumn("at", word("declared.at", lang), "UTC"),
    )
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
    heads = [TableColumn(key, word(f"doubtful.{key}", lang), number=key in ("amount", "price")) for key in keys]
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
    return PlanSheet(
        "doubtful",
        word("doubtful.caption", lang),
        (TableColumn("enterprise", word("round.enterprise", lang)), *heads),
        tuple(made),
    )


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
