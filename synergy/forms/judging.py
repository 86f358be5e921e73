"""From the rows of a form to entries of a declaration, every fault at its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synergy.dataset.columns import Kind
from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import cleaned, folded, near, suggestion
from synergy.dataset.schema import TABLES
from synergy.dataset.typed import NO, UNREADABLE, YES
from synergy.forms.amounts import amount_of, price_of
from synergy.forms.context import Context
from synergy.forms.fields import fields
from synergy.forms.rows import Row, Rows
from synergy.forms.spot import Spot
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS, Entry

_CORE = frozenset({"site", "subject", "amount", "unit", "price", "price_unit", "period", "checked", "ident", "sheet"})


@dataclass(frozen=True, slots=True)
class Read:
    """What the rows of a form say.

    Parameters
    ----------
    entries : tuple of Entry
        Of the rows that could be read.
    lines : mapping of Sheet to list of int
        Line of each entry of a sheet, in order.
    """

    entries: tuple[Entry, ...]
    lines: Mapping[Sheet, Sequence[int]]


def read_rows(rows: Rows, context: Context, findings: Findings) -> Read:
    """Return the entries that the rows of a form say.

    Parameters
    ----------
    rows : Rows
        As they came.
    context : Context
        What they are read against.
    findings : Findings
        Takes every fault; nothing is guessed.

    Returns
    -------
    Read
    """
    entries: list[Entry] = []
    lines: dict[Sheet, list[int]] = {sheet: [] for sheet in Sheet}
    seen: dict[tuple[Any, ...], tuple[Entry, int]] = {}
    for row in rows.rows:
        own = Findings()
        entry = _entry(Spot(row, context, own), units=rows.units)
        findings.extend(own.problems())
        if entry is None or _repeated(entry, row, seen, findings):
            continue
        entries.append(entry)
        lines[row.sheet].append(row.line)
    places = [(sheet, line) for sheet, numbers in lines.items() for line in numbers]
    at = dict(zip(_sheetwise(entries), places, strict=True))
    return Read(tuple(_recognised(entries, context, at, findings)), lines)


def _sheetwise(entries: Sequence[Entry]) -> list[int]:
    """Return the numbers of entries sheet by sheet, in order within each."""
    order = list(Sheet)
    return sorted(range(len(entries)), key=lambda number: (order.index(entries[number].sheet), number))


def _entry(spot: Spot, *, units: bool) -> Entry | None:
    """Return the entry of a row; None where anything in it cannot be read."""
    readable = replace(spot, row=replace(spot.row, cells=_sound(spot)))
    site, subject, period, ident = (_id(readable, key) for key in ("site", "subject", "period", "ident"))
    _known(readable, "site", site, readable.context.sites)
    _known(readable, "subject", subject, readable.context.subjects[spot.row.sheet])
    if period and readable.context.periods:
        _known(readable, "period", period, dict.fromkeys(readable.context.periods, ""))
    checked = _flag(readable, "checked") == "true"
    thing = (site, subject, period)
    amount = amount_of(readable, thing, units=units, checked=checked)
    price = price_of(readable, thing, units=units, checked=checked)
    other = _other(readable)
    if any(problem.code == "form_checked" for problem in spot.findings.problems()):
        other["checked"] = True
    if spot.findings.refused or amount is None:
        return None
    return Entry(
        sheet=spot.row.sheet,
        site=site,
        subject=subject,
        amount=amount,
        price=price,
        ident=ident,
        period=period,
        other={**other, **spot.row.other},
    )


def _sound(spot: Spot) -> dict[str, str]:
    """Return the cells of a row without those that a spreadsheet has no value for, which are said."""
    kept = {}
    for key, text in spot.row.cells.items():
        if text.startswith(UNREADABLE):
            said = text.removeprefix(UNREADABLE)
            code = "formula" if said.startswith("=") else "spreadsheet_error"
            spot.findings.add(code, spot.where(key), said)
            kept[key] = UNREADABLE
        elif text.strip():
            kept[key] = text
    return kept


def _id(spot: Spot, key: str) -> str:
    """Return an id as it is read; behind one from a drop-down may stand the name of what it is the id of."""
    text = spot.row.cells.get(key, "")
    if text == UNREADABLE:
        return ""
    required = key in ("site", "subject")
    if not text:
        if required:
            spot.say("blank", key)
        return ""
    head, _, name = text.strip().partition(" ")
    names = {**spot.context.sites, **spot.context.names}.get(head, ())
    plain, code, given = cleaned(head if name.strip() and name.strip() in names else text)
    if code:
        spot.say(code, key, **given)
    elif not plain and required:
        spot.say("blank", key)
    return plain


def _known(spot: Spot, key: str, ident: str, known: Mapping[str, Any]) -> None:
    """Say where an id is none of the known ones; names and near ids are offered, never taken."""
    if not ident or ident in known:
        return
    context = spot.context
    names = context.sites if key == "site" else context.names
    by_name = {name: one for one in known for name in names.get(one, ()) if name}
    hints = suggestion(near(ident, list(known), by_name))
    if not hints["near"]:
        listed = ", ".join(list(known)[:8])
        hints = {"near": f"known: {listed}", "near_zh": f"已知：{listed}"}
    spot.findings.add("form_site" if key == "site" else "form_subject", spot.where(key), ident, **hints)


def _flag(spot: Spot, key: str) -> str:
    text = folded(spot.row.cells.get(key, ""))
    if text in YES or text in NO or not text or text == UNREADABLE:
        return "true" if text in YES else "false" if text in NO else ""
    spot.say("not_flag", key)
    return ""


def _other(spot: Spot) -> dict[str, Any]:
    """Return the cells of further columns of the table, as texts that the dataset's reader takes."""
    found: dict[str, Any] = {}
    for field in fields(spot.row.sheet):
        if field.key in _CORE or field.key not in spot.row.cells:
            continue
        text = _flag(spot, field.key) if field.kind is Kind.BOOLEAN else spot.row.cells[field.key]
        if text and text != UNREADABLE:
            found[field.key] = text
    return found


def _repeated(entry: Entry, row: Row, seen: dict[tuple[Any, ...], tuple[Entry, int]], findings: Findings) -> bool:
    """Whether a row says again what another said; with other figures that is a fault."""
    own = (entry.sheet, entry.site, entry.subject, entry.period)
    key = (entry.sheet, entry.ident) if entry.ident else own
    first = seen.setdefault(key, (entry, row.line))
    if first[1] == row.line and first[0] is entry:
        return False
    column = "ident" if entry.ident else "subject"
    code = "form_repeated" if first[0] == entry else "form_twice"
    findings.add(code, Where(str(row.sheet), row.line, column), entry.ident or entry.subject, first=first[1])
    return True


def _recognised(
    entries: Sequence[Entry], context: Context, at: Mapping[int, tuple[Sheet, int]], findings: Findings
) -> list[Entry]:
    """Return entries with the name of the row that they mean and what the form has no column for.

    A row without a name means the last one of the same thing at the same place; where several are, it has to say which.
    """
    taken = {(entry.sheet, entry.ident) for entry in entries if entry.ident}
    found = []
    for number, entry in enumerate(entries):
        last = [one for one in context.entries if (one.sheet, one.ident) == (entry.sheet, entry.ident)]
        if not entry.ident:
            same = context.last(entry.sheet, entry.site, entry.subject, entry.period)
            last = [one for one in same if (one.sheet, one.ident) not in taken]
            if len(last) > 1:
                names = ", ".join(one.ident for one in last[:8])
                sheet, line = at[number]
                findings.add("form_which", Where(str(sheet), line, "ident"), "", count=len(last), names=names)
        if not last or (last[0].site, last[0].subject) != (entry.site, entry.subject):
            found.append(entry)
            continue
        columns = {column.name for column in TABLES[entry.sheet].columns} | set(COLUMNS[entry.sheet])
        restated = {"qualities", "limits"} & entry.other.keys()  # then what the dataset has of it goes
        beside = {
            name: value
            for name, value in last[0].other.items()
            if name not in columns and not (restated and name == "kept")
        }
        taken.add((entry.sheet, last[0].ident))
        found.append(replace(entry, ident=last[0].ident, other={**beside, **entry.other}))
    return found
