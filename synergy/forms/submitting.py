"""Validation and declaration of a form, both as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.typed import NO, UNREADABLE, YES, cleaned, folded, near, suggestion
from synergy.errors import DatasetError, Problem, Severity
from synergy.forms.amounts import amount_of, price_of
from synergy.forms.context import FormContext, Row, Rows, Spot, context_of, fields
from synergy.forms.reading import FILE, rows_of, rows_of_records
from synergy.records.names import Seat, Sheet
from synergy.records.rounds import DeclarationStored, Preview
from synergy.scenario import Cell
from synergy.store.access import Actor
from synergy.store.declarations import declare, ground, preview
from synergy.store.overlay import COLUMNS, Entry
from synergy.store.rounds import StepOptions
from synergy.store.store import Store

_CORE = frozenset({"site", "subject", "amount", "unit", "price", "price_unit", "period", "checked", "ident", "sheet"})


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Rows of an earlier declaration to withdraw, by name; with `rest`, all that a form does not mention."""

    names: tuple[str, ...] = ()
    rest: bool = False


_NOTHING = Withdrawn()


@dataclass(frozen=True, slots=True)
class Judged:
    """Result of validating a form: entries, problems and changes.

    `entries` are the retained ones, and those of the rows that could be read. `problems` are errors first, then
    warnings, each at its cell: `SHOWN` at most, and how many more there are. `changes` None: rows cannot be read at
    all.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    changes: Preview | None

    @property
    def refused(self) -> bool:
        """Whether the form has errors; then nothing of it is declared."""
        return any(one.severity is Severity.ERROR for one in self.problems)


def judge_file(
    store: Store,
    actor: Actor,
    seat: Seat,
    upload: tuple[bytes, str],
    more: Sequence[Mapping[str, object]] = (),
    withdrawn: Withdrawn = _NOTHING,
) -> Judged:
    """Validate an uploaded declaration (content and name of a file) without storing it; `more` are JSON entries."""
    known = ground(store, actor, seat)  # asks who may, before anything is parsed
    findings = Findings()
    rows = rows_of(*upload, findings)
    if rows is None:
        return Judged((), findings.problems(), None)
    beside = rows_of_records(list(more), findings)
    rows = rows if beside is None or not more else replace(rows, rows=[*rows.rows, *beside.rows])
    return _judged(store, actor, seat, (rows, context_of(known), findings, withdrawn))


def judge_rows(store: Store, actor: Actor, seat: Seat, rows: Rows, withdrawn: Withdrawn = _NOTHING) -> Judged:
    """Validate rows from a page or a program without storing them."""
    return _judged(store, actor, seat, (rows, context_of(ground(store, actor, seat)), Findings(), withdrawn))


def _judged(store: Store, actor: Actor, seat: Seat, what: tuple[Rows, FormContext, Findings, Withdrawn]) -> Judged:
    rows, context, findings, withdrawn = what
    if context.entries and not (rows.rows or findings.refused or withdrawn.names or withdrawn.rest):
        findings.add("form_no_rows", Where(FILE))
    read = read_rows(rows, context, findings)
    stays = _staying(context, read, withdrawn, findings)
    entries = (*stays, *read.entries)
    changes, more = preview(store, actor, seat, entries)
    said = {(one.table, one.row, one.column, one.severity) for one in findings.problems()}
    for problem in _placed(more, read, stays):
        if (problem.table, problem.row, problem.column, problem.severity) not in said:
            findings.extend([problem])
    problems = tuple(rows.located(one) for one in findings.problems())
    return Judged(entries, problems, changes)


def _staying(context: FormContext, read: Read, withdrawn: Withdrawn, findings: Findings) -> tuple[Entry, ...]:
    """Return the current entries that are neither restated nor withdrawn."""
    known = [one.ident for one in context.entries]
    for name in withdrawn.names:
        if name not in known:
            findings.add("form_withdrawn", Where(FILE), name, **suggestion(near(name, known)))
    if withdrawn.rest:
        return ()
    said = {(one.sheet, one.ident) for one in read.entries}
    return tuple(
        one for one in context.entries if (one.sheet, one.ident) not in said and one.ident not in withdrawn.names
    )


def _placed(problems: Sequence[Problem], read: Read, stays: Sequence[Entry]) -> list[Problem]:
    """Map dataset problems of entries to the rows and columns of the form; retained entries precede them."""
    before = Counter(one.sheet for one in stays)
    placed = []
    for problem in problems:
        if problem.row is None or problem.table not in set(Sheet):
            placed.append(problem)
            continue
        name, subject, amount, price = COLUMNS[Sheet(problem.table)]
        keys = {name: "ident", subject: "subject", amount: "amount", price: "price"}
        number = problem.row - 1 - before[Sheet(problem.table)]
        line = read.lines[Sheet(problem.table)][number] if number >= 0 else None
        placed.append(replace(problem, row=line, column=keys.get(problem.column, problem.column)))
    return placed


def declare_judged(
    store: Store, actor: Actor, seat: Seat, judged: Judged, asked: StepOptions | None = None
) -> DeclarationStored:
    """Declare the entries of a validated form, all or none.

    Raises
    ------
    DatasetError
        Anything is wrong; all of it at once.
    """
    if judged.refused:
        raise DatasetError(judged.problems)
    return declare(store, actor, seat, judged.entries, asked)


@dataclass(frozen=True, slots=True)
class Read:
    """Entries read from the rows of a form, and the line of each entry by sheet, in order."""

    entries: tuple[Entry, ...]
    lines: Mapping[Sheet, Sequence[int]]


def read_rows(rows: Rows, context: FormContext, findings: Findings) -> Read:
    """Parse the entries from the rows of a form; every fault is reported, nothing is guessed."""
    entries: list[Entry] = []
    at: dict[int, tuple[Sheet, int]] = {}
    lines: dict[Sheet, list[int]] = {sheet: [] for sheet in Sheet}
    seen: dict[tuple[str, ...], tuple[Entry, int]] = {}
    for row in rows.rows:
        own = Findings()
        entry = _entry(Spot(row, context, own), units=rows.units)
        findings.extend(own.problems())
        if entry is None or _repeated(entry, row, seen, findings):
            continue
        at[len(entries)] = (row.sheet, row.line)
        entries.append(entry)
        lines[row.sheet].append(row.line)
    return Read(tuple(_recognised(entries, context, at, findings)), lines)


def _entry(spot: Spot, *, units: bool) -> Entry | None:
    """Parse the entry of a row; None where any cell is unreadable."""
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
    """Return the nonblank cells of a row; report and mark those for which a spreadsheet has no value."""
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
    """Parse an id; in a drop-down entry it may be followed by the name of the object."""
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


def _known(spot: Spot, key: str, ident: str, known: Mapping[str, object]) -> None:
    """Report an unknown id, with suggestions of names and similar ids."""
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


def _other(spot: Spot) -> dict[str, Cell]:
    """Return the cells of further columns of the table, as texts that the dataset's reader takes."""
    found: dict[str, Cell] = {}
    for field in fields(spot.row.sheet):
        if field.key in _CORE or field.key not in spot.row.cells:
            continue
        text = _flag(spot, field.key) if field.kind is ColumnType.BOOLEAN else spot.row.cells[field.key]
        if text and text != UNREADABLE:
            found[field.key] = text
    return found


def _repeated(entry: Entry, row: Row, seen: dict[tuple[str, ...], tuple[Entry, int]], findings: Findings) -> bool:
    """Check whether a row repeats another one; report it, as a fault where the figures differ."""
    own = (entry.sheet, entry.site, entry.subject, entry.period)
    key: tuple[str, ...] = (entry.sheet, entry.ident) if entry.ident else own
    first = seen.setdefault(key, (entry, row.line))
    if first[1] == row.line and first[0] is entry:
        return False
    column = "ident" if entry.ident else "subject"
    code = "form_repeated" if first[0] == entry else "form_twice"
    findings.add(code, Where(str(row.sheet), row.line, column), entry.ident or entry.subject, first=first[1])
    return True


def _recognised(
    entries: Sequence[Entry], context: FormContext, at: Mapping[int, tuple[Sheet, int]], findings: Findings
) -> list[Entry]:
    """Complete entries with the name of the row that they refer to and the fields without a column in the form.

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
