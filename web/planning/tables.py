"""Tables of a round: proposals, payoffs, prices, members and declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synergy.web import tables
from synergy.web.clock import Clock
from synergy.web.planning.round_view import Seen
from synergy.web.texts import word

from synergy.texts import unit

Record = Mapping[str, Any]
MOST = 100  # rows of one page


def proposals(seen: Seen, lead: Callable[..., str]) -> PlanSheet:
    """Return the table of the proposals that match the filters."""
    lang, shown, currency = seen.lang, seen.shown, str(seen.record["currency"])
    head = shown.said
    columns = (
        SheetColumn("proposal", head("head.proposal")),
        SheetColumn("kind", head("head.kind")),
        SheetColumn("state", head("head.state"), shown=False),
        SheetColumn("enterprises", head("head.enterprises")),
        SheetColumn("gain", head("head.gain"), f"{currency}/a", number=True),
        SheetColumn("capex", head("head.capex"), currency, number=True),
        SheetColumn("payback_years", head("head.payback"), unit("years", lang), number=True),
        SheetColumn("co2_saved", head("head.co2"), "t/a", number=True),
        SheetColumn("answer", word("round.answer", lang)),
        SheetColumn("code", word("round.code", lang), shown=False),
    )
    rows = [
        cells(
            Cell(shown.title(one), None, lead(code=one["proposal"])),
            (f"{head('kind.' + one['kind'])} · {head('state.' + one['state'])}", one["kind"]),
            (head(f"state.{one['state']}"), one["state"]),
            (shown.firms(one, 3), ", ".join(one["enterprises"])),
            (shown.money(one["gain"]), one["gain"]),
            (shown.capex(one["capex"]), one["capex"]),
            (shown.payback(one), one["payback_years"]),
            (shown.co2(one["co2_saved"]), one["co2_saved"]),
            (answered(one, lang), one["answer"]),
            one["proposal"],
        )
        for one in seen.chosen()
    ]
    return PlanSheet("proposals", word("caption", lang), columns, tuple(rows))


def answered(proposal: Record, lang: str) -> str:
    """Return the standing of a proposal, with the number of acceptances if only some parties have accepted."""
    said = word(f"standing.{proposal['answer']}", lang)
    parties = proposal["parties"]
    yes = sum(one["answer"] == "accepted" for one in parties)
    return f"{said} ({yes}/{len(parties)})" if yes and yes < len(parties) else said


def payoffs(seen: Seen) -> PlanSheet:
    """Return the table of settlement payoffs by enterprise, in descending order of gain."""
    lang, shown, currency = seen.lang, seen.shown, str(seen.record["currency"])
    settled = seen.plan["settlement"]
    keys = ("standalone", "payoff", "gain", "transfer")
    columns = (
        SheetColumn("enterprise", word("round.enterprise", lang)),
        *(SheetColumn(key, word(f"settled.{key}", lang), f"{currency}/a", number=True) for key in keys),
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
        SheetColumn("commodity", word("commodity", lang)),
        SheetColumn("from", word("view.supplier", lang)),
        SheetColumn("to", word("view.user", lang)),
        SheetColumn("quantity", word("quantity", lang), number=True),
        SheetColumn("unit", word("view.unit", lang), shown=False),
        SheetColumn("price", word("price", lang), number=True),
        SheetColumn("band", word("settled.band", lang), number=True),
        SheetColumn("low", word("settled.low", lang), shown=False),
        SheetColumn("high", word("settled.high", lang), shown=False),
        SheetColumn("payment", word("settled.payment", lang), f"{seen.record['currency']}/a", number=True),
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


def _plain(value: float | None) -> tuple[str, Any]:
    return _price(value), value


def members(rows: Sequence[Record], names: Record, clock: Clock, lang: str, lead: Callable[[str], str]) -> PlanSheet:
    """Return the table of the members of a round and the state of their declarations.

    Parameters
    ----------
    rows : sequence of mapping
        Members from `synergy.store.planning.list_members`.
    names : mapping
        Labels of enterprises.
    clock : synergy.web.clock.Clock
        Clock of the page; files use UTC.
    lang : str
    lead : callable
        Maps an enterprise to the URL of its declaration, or "" if there is none.
    """
    columns = (
        SheetColumn("enterprise", word("round.enterprise", lang)),
        SheetColumn("submitted", word("declared.state", lang)),
        SheetColumn("origin", word("declared.origin", lang)),
        *(
            SheetColumn(sheet, word(f"declared.sheet.{sheet}", lang), number=True)
            for sheet in ("offers", "needs", "facilities")
        ),
        SheetColumn("reminders", word("declared.reminders", lang), number=True),
        SheetColumn("at", word("declared.at", lang), "UTC"),
    )
    made = []
    for one in sorted(rows, key=lambda one: (one["submitted"], one["enterprise"])):
        firm = one["enterprise"]
        name = str(names.get(firm, {}).get(f"name_{lang}", firm))
        counts = [one["rows"].get(sheet, 0) for sheet in ("offers", "needs", "facilities")]
        made.append(
            cells(
                Cell(name, firm, lead(firm)),
                (word("declared.yes" if one["submitted"] else "declared.no", lang), one["submitted"]),
                (word(f"declared.origin.{one['origin']}", lang), one["origin"]),
                *((str(count) if one["submitted"] else "–", count) for count in counts),
                (str(one["reminders"]), one["reminders"]),
                (clock.minute(one["at"]), one["at"] or ""),
            )
        )
    return PlanSheet("members", word("declared.caption", lang), columns, tuple(made))


def doubtful(rows: Sequence[Record], names: Record, lang: str, lead: Callable[[str], str]) -> PlanSheet:
    """Return the table of doubtful declaration entries to review before declarations are frozen.

    Parameters
    ----------
    rows : sequence of mapping
        Entries from `synergy.store.review.doubtful`.
    names : mapping
        Labels of enterprises.
    lang : str
    lead : callable
        Maps an enterprise to the URL of its declaration.
    """
    keys = ("sheet", "subject", "site", "amount", "price", "why")
    heads = [SheetColumn(key, word(f"doubtful.{key}", lang), number=key in ("amount", "price")) for key in keys]
    made = [
        cells(
            Cell(
                str(names.get(one["enterprise"], {}).get(f"name_{lang}", "") or one["enterprise"]),
                one["enterprise"],
                lead(one["enterprise"]),
            ),
            (word(f"declared.sheet.{one['sheet']}", lang), one["sheet"]),
            one["subject"],
            one["site"],
            one["amount"],
            (one["price"] or "–", one["price"]),
            ("; ".join(word(f"doubtful.{why}", lang) for why in one["why"]), ", ".join(one["why"])),
        )
        for one in rows
    ]
    return PlanSheet(
        "doubtful",
        word("doubtful.caption", lang),
        (SheetColumn("enterprise", word("round.enterprise", lang)), *heads),
        tuple(made),
    )


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """Column of a sheet: machine-readable key, localized label, unit, and whether it is numeric.

    Columns that are not `shown` appear only in file exports.
    """

    key: str
    label: str
    unit: str = ""
    number: bool = False
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """Cell of a sheet: displayed text, underlying plain value and link."""

    text: str
    value: Any = None
    href: str = ""

    @property
    def plain(self) -> Any:
        """Return the value for file exports; None for empty cells and dashes."""
        if self.value is None:
            return None if self.text in ("", "–") else self.text
        return self.value


@dataclass(frozen=True, slots=True)
class PlanSheet:
    """Named table with display and export views.

    Parameters
    ----------
    name : str
        Name in URLs and files.
    caption : str
        Localized caption.
    columns : tuple of SheetColumn
    rows : tuple of tuple of Cell
        Rows with one cell per column.
    """

    name: str
    caption: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def shown(self) -> tuple[SheetColumn, ...]:
        """Return the columns displayed on pages."""
        return tuple(one for one in self.columns if one.shown)

    def named(self, file: str) -> tables.NamedTable:
        """Return the table for export under a file name, with plain values and the units of the columns."""
        columns = [tables.TableColumn(one.key, one.label, one.unit, one.number) for one in self.columns]
        keys = [one.key for one in self.columns]
        rows = [dict(zip(keys, (cell.plain for cell in row), strict=True)) for row in self.rows]
        return tables.NamedTable(file, self.caption, columns, rows)

    def visible(self, first: int | None = 0) -> list[list[tuple[SheetColumn, Cell]]]:
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


def cells(*values: Any) -> tuple[Cell, ...]:
    """Build cells from texts, from pairs of text and plain value, or from existing cells."""
    made: Sequence[Cell] = [
        one if isinstance(one, Cell) else Cell(*one) if isinstance(one, tuple) else Cell(str(one)) for one in values
    ]
    return tuple(made)
