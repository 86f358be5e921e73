"""Declaration pages: editable table, paste, upload, template and check; also dataset upload for planners."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from flask import flash, redirect, request, url_for
from synergy.web.access import actor, caller, rule, store
from synergy.web.clock import whole
from synergy.web.render import page, pages, part
from synergy.web.tables import file
from synergy.web.texts import word
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from synergy.dataset.findings import Findings, Where
from synergy.dataset.read import check
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import UNREADABLE, folded
from synergy.errors import SHOWN, NotFoundError, Problem, Severity
from synergy.forms.context import Field, FormContext, Row, Rows, column_label, context_of, fields, known_as
from synergy.forms.reading import rows_of
from synergy.forms.submitting import Judged, Withdrawn, declare_judged, judge_rows
from synergy.forms.writing import declaration_workbook, price_unit, row_of
from synergy.records.figures import written
from synergy.records.names import Role, Seat, Sheet, State
from synergy.records.rounds import DeclaredEntry, Member
from synergy.store import datasets, queries
from synergy.store.access import Action, Resource, allowed, require
from synergy.store.datasets import snapshot_of
from synergy.store.declarations import DeclarationBasis, declaration, ground, repeat
from synergy.store.rounds import StepOptions
from synergy.texts import say
from synergy.workbook.reading import text_of
from synergy.workbook.writing import dataset_workbook

BLANK = 1  # rows to write in below those that are there
MOST = 500  # rows of one table of the page
IN_SIGHT = ("site", "subject", "amount", "unit", "price", "price_unit")  # the rest is folded away
_PASTED = (*IN_SIGHT, "period")
room = pages("declarations")
Answer = Response | str | tuple[str, int]
_UNPACKED = 256 << 20  # bytes of the tables of an uploaded archive


@dataclass(frozen=True, slots=True)
class CellNote:
    """Problem of a cell, an error (``fault``) or a warning (``hint``)."""

    kind: Literal["fault", "hint"]
    text: str


@dataclass(frozen=True, slots=True)
class FormCell:
    """Cell of a table of the page: column, name of its input, value, and problems."""

    field: Field
    name: str
    value: str
    notes: Sequence[CellNote]

    @property
    def faulty(self) -> bool:
        """Return whether the cell has an error."""
        return any(note.kind == "fault" for note in self.notes)


@dataclass(frozen=True, slots=True)
class FormLine:
    """Row of a table of the page, from 1: always visible cells, collapsed ones, and the id of the row."""

    number: int
    main: Sequence[FormCell]
    more: Sequence[FormCell]
    ident: FormCell

    @property
    def open(self) -> bool:
        """Return whether a collapsed cell has a problem."""
        return any(cell.notes for cell in self.more)


@dataclass(frozen=True, slots=True)
class FormTable:
    """Table of the page: always visible columns, and rows."""

    sheet: Sheet
    columns: Sequence[Field]
    rows: Sequence[FormLine]


@dataclass(frozen=True, slots=True)
class ShownChange:
    """Row that a declaration adds, removes or changes.

    `assumed` holds the label of each column that was not declared, its default and where that comes from; `fields` the
    label of each changed column, and its values before and after.
    """

    what: Literal["added", "removed", "changed"]
    thing: str
    assumed: Sequence[tuple[str, str, str]] = ()
    fields: Sequence[tuple[str, str, str]] = ()


def rows_of_ground(ground: DeclarationBasis, context: FormContext, lang: str) -> Rows:
    """Return the current declaration as form rows."""
    count = dict.fromkeys(Sheet, 0)
    rows = []
    for entry in ground.entries:
        count[entry.sheet] += 1
        cells = {key: text_of(value) for key, value in row_of(entry, context, lang).items()}
        cells["subject"] = entry.subject
        rows.append(Row(entry.sheet, count[entry.sheet], {key: text for key, text in cells.items() if text}))
    return Rows(rows)


def rows_of_form(form: Mapping[str, str]) -> Rows:
    """Return the rows of the submitted table, without blank rows and rows marked for removal."""
    rows = []
    for sheet in Sheet:
        line = 0
        for number in range(MOST):
            if f"{sheet}-{number}-site" not in form:
                break
            given = {field.key: form.get(f"{sheet}-{number}-{field.key}", "").strip() for field in fields(sheet)}
            cells = {key: text[:300] for key, text in given.items() if text}
            blank = not set(cells) - {"unit", "price_unit", "site"}  # one that is there is withdrawn by its tick alone
            if form.get(f"{sheet}-{number}-gone") or blank:
                continue
            line += 1
            rows.append(Row(sheet, line, cells))
    return Rows(rows)


def withdrawn_of_form(form: MultiDict[str, str]) -> Withdrawn:
    """Return the rows marked for removal in the submitted table, now or in an earlier step."""
    ticked = [name.removesuffix("gone") + "ident" for name in form if name.endswith("-gone")]
    names = [*form.getlist("withdrawn"), *(form.get(name, "").strip() for name in ticked)]
    return Withdrawn(tuple(dict.fromkeys(name[:300] for name in names if name)))


def pasted(rows: Rows, sheet: Sheet, text: str) -> Rows:
    """Append rows pasted from a spreadsheet, as lines with tabs, to one table; a header line may name the columns."""
    lines = [[cell.strip() for cell in line.split("\t")] for line in text.splitlines() if line.strip()]
    known = known_as(sheet)
    heads: Sequence[str] = _PASTED
    if lines and 2 * sum(folded(cell) in known for cell in lines[0]) > len(lines[0]):
        heads = [known.get(folded(cell), "") for cell in lines.pop(0)]
    first = 1 + sum(row.sheet is sheet for row in rows.rows)
    more = []
    for number, line in enumerate(lines[:MOST], start=first):
        cells = {key: cell for key, cell in zip(heads, line, strict=False) if key and cell}
        more.append(Row(sheet, number, cells))
    return Rows([*rows.rows, *more])


def numbered(rows: Rows) -> Rows:
    """Return the rows of a file, renumbered by their position in the tables of the page."""
    count = dict.fromkeys(Sheet, 0)
    found = []
    for row in rows.rows:
        count[row.sheet] += 1
        cells = {key: text.removeprefix(UNREADABLE) for key, text in row.cells.items()}
        found.append(Row(row.sheet, count[row.sheet], cells, row.other))
    return Rows(found, units=rows.units)


def shown(rows: Rows, problems: Sequence[Problem], lang: str, blank: int = BLANK) -> list[FormTable]:
    """Return the tables of the page with `blank` empty rows, and at each cell the problems of its row number."""
    said: dict[tuple[str, int | None, str], list[CellNote]] = {}
    for one in problems:
        record = one.record(lang)
        text = " → ".join(str(record[key]) for key in ("message", "hint") if record[key])
        note = CellNote("fault" if one.severity is Severity.ERROR else "hint", text)
        said.setdefault((one.table, one.row, one.column), []).append(note)
    tables = []
    for sheet in Sheet:
        mine = [row for row in rows.rows if row.sheet is sheet]
        mine += [Row(sheet, len(mine) + number, {}) for number in range(1, blank + 1)]
        lines = []
        for number, row in enumerate(mine):
            line: dict[str, FormCell] = {}
            for field in fields(sheet):
                notes = said.get((str(sheet), row.line, field.key), ())
                name, value = f"{sheet}-{number}-{field.key}", row.cells.get(field.key, "")
                line[field.key] = FormCell(field, name, value, notes)
            ident = line.pop("ident")
            main = [cell for key, cell in line.items() if key in IN_SIGHT]
            more = [cell for key, cell in line.items() if key not in IN_SIGHT]
            lines.append(FormLine(number + 1, main, more, ident))
        tables.append(FormTable(sheet, [field for field in fields(sheet) if field.key in IN_SIGHT], lines))
    return tables


def choices(context: FormContext, lang: str) -> dict[str, object]:
    """Return the options for the cells of the page: values with labels, and unit names."""
    units = sorted({unit for known in context.subjects.values() for unit in known.values() if unit})
    return {
        "site": {site: say(names, lang) or site for site, names in context.sites.items()},
        "subject": {
            str(sheet): {one: context.named(one, lang) for one in known} for sheet, known in context.subjects.items()
        },
        "periods": {one: one for one in context.periods},
        "units": units,
        "prices": [price_unit(context, unit, lang, many) for unit in units for many in (False, True)],
    }


def changes(judged: Judged | None, lang: str) -> list[ShownChange]:
    """Return the rows that a declaration would add, remove and change; none if it is refused."""
    if judged is None or judged.refused or judged.changes is None:
        return []
    told = judged.changes
    lines = [_whole_row("added", one, lang) for one in told.added]
    lines += [_whole_row("removed", one, lang) for one in told.removed]
    for each in told.changed:
        pairs = [
            (column_label(each.sheet, name, lang), _value(was, lang), _value(will, lang))
            for name, (was, will) in each.fields.items()
        ]
        lines.append(ShownChange("changed", each.ident, fields=pairs))
    return lines


def _whole_row(what: Literal["added", "removed"], one: DeclaredEntry, lang: str) -> ShownChange:
    assumed = [
        (column_label(one.sheet, said.column, lang), _value(said.value, lang), said.source) for said in one.assumed
    ]
    return ShownChange(what, f"{one.site} · {one.subject} · {written(one.amount.value)}", assumed)


def _value(value: object, lang: str) -> str:
    if isinstance(value, bool) or value in ("true", "false"):
        return word("yes" if value in (True, "true") else "no", lang)
    if isinstance(value, int | float):
        return f"{value:g}"
    return "–" if value in (None, "") else str(value)


def elsewhere(problems: Sequence[Problem], tables: Sequence[FormTable], lang: str) -> list[dict[str, object]]:
    """Return the problems that belong to no cell of the page."""
    places = {
        (str(table.sheet), row.number, cell.field.key)
        for table in tables
        for row in table.rows
        for cell in (*row.main, *row.more)
    }
    return [one.record(lang) for one in problems if (one.table, one.row, one.column) not in places]


@room.get("/declarations")
@rule(Action.SEE_DECLARATION)
def start(lang: str) -> Answer:
    """Show the rounds and their declarations; redirect an enterprise with one open round to its own."""
    who = actor()
    listed = queries.list_rounds(store(), who)
    mine = [one for one in listed if who.enterprise is None or _takes_part(one.round, who.enterprise)]
    going = [one for one in mine if one.state is State.DECLARING]
    if who.enterprise is not None and len(going) == 1:
        return redirect(_address(lang, going[0].round, who.enterprise), 303)
    people = {} if who.enterprise is not None else {one.round: _firms(one.round, lang) for one in going}
    shown, first, further = part(mine) if who.enterprise is not None else (mine, 0, None)
    fields = {"rounds": shown, "first": first, "next": further, "people": people}
    return page("declarations/start.html", lang, **fields, enterprise=who.enterprise)


def _takes_part(ident: int, enterprise: str) -> bool:
    try:
        declaration(*caller(), Seat(ident, enterprise))
    except NotFoundError:
        return False
    return True


def _firms(ident: int, lang: str) -> list[tuple[Member, str]]:
    """Return the members of a round with their names."""
    names = queries.round_names(*caller(), ident).labels["enterprises"]
    members = queries.list_members(*caller(), ident)
    return [(one, str(names.get(one.enterprise, {}).get(f"name_{lang}") or one.enterprise)) for one in members]


def _address(lang: str, ident: int, enterprise: str) -> str:
    return url_for("declarations.table", lang=lang, round_id=ident, enterprise=enterprise)


@room.route("/declarations/<int:round_id>/<enterprise>", methods=["GET", "POST"])
@rule(Action.SEE_DECLARATION)
def table(lang: str, round_id: int, enterprise: str) -> Answer:
    """Show a declaration as an editable table; on POST, check it or submit it."""
    known = ground(*caller(), Seat(round_id, enterprise))
    if request.method == "GET":
        return _table(lang, known, None, None)
    step, rows = request.form.get("do", "check"), rows_of_form(request.form)
    if step == "more":
        return _table(lang, known, rows, None, blank=8)
    if step == "paste":
        sheet = request.form.get("sheet", "")
        rows = pasted(rows, Sheet(sheet) if sheet in set(Sheet) else Sheet.OFFERS, request.form.get("text", ""))
    return _judged(lang, known, rows, declare=step == "declare")


def _judged(
    lang: str, known: DeclarationBasis, rows: Rows, *, declare: bool = False, more: Sequence[Problem] = ()
) -> Answer:
    seat = Seat(known.round, known.enterprise)
    judged = judge_rows(*caller(), seat, rows, withdrawn_of_form(request.form))
    if more:
        judged = Judged(judged.entries, (*more, *judged.problems), judged.changes)
    if declare and not judged.refused:
        asked = StepOptions(whole(request.form.get("version")), request.form.get("key") or None)
        declare_judged(*caller(), seat, judged, asked)
        flash(word("declare.done", lang, count=len(judged.entries)), "good")
        return redirect(_address(lang, known.round, known.enterprise), 303)
    shown = _table(lang, known, rows, judged)
    return (shown, 422) if judged.refused else shown


def _table(lang: str, known: DeclarationBasis, rows: Rows | None, judged: Judged | None, blank: int = BLANK) -> str:
    """Render the declaration page with the given rows, or with the current declaration."""
    context = context_of(known)
    rows = rows_of_ground(known, context, lang) if rows is None else rows
    problems = () if judged is None else judged.problems[: 3 * SHOWN]
    tables = shown(rows, problems, lang, blank)
    mine = allowed(actor(), Action.DECLARE, Resource("declaration", frozenset({known.enterprise})))
    over = actor().role is not Role.PLANNER and known.deadline is not None and store().now() > known.deadline
    going = known.state == State.DECLARING and not over
    return page(
        "declarations/table.html",
        lang,
        known=known,
        tables=tables,
        choices=choices(context, lang),
        judged=judged,
        withdrawn=withdrawn_of_form(request.form).names if request.method == "POST" else (),
        name=_name(known, lang),
        changes=changes(judged, lang),
        others=elsewhere(problems, tables, lang)[:SHOWN],
        may=mine and going,
        closed=not going,
        late=known.state == State.DECLARING and over,
    )


def _name(known: DeclarationBasis, lang: str) -> str:
    firms = known.base["enterprises"]
    return str(firms.loc[firms["enterprise"] == known.enterprise, f"name_{lang}"].squeeze() or known.enterprise)


@room.post("/declarations/<int:round_id>/<enterprise>/upload")
@rule(Action.DECLARE)
def upload(lang: str, round_id: int, enterprise: str) -> Answer:
    """Load the rows of an uploaded file into the table and show the resulting changes; nothing is stored."""
    known = ground(*caller(), Seat(round_id, enterprise))
    require(actor(), Action.DECLARE, Resource("declaration", frozenset({enterprise})))
    sent = request.files.get("file")
    findings = Findings()
    if sent is None or not sent.filename:
        findings.add("empty_file", Where("declaration"))
    rows = None if findings.refused or sent is None else rows_of(sent.read(), sent.filename or "", findings)
    if rows is None:
        return _table(lang, known, None, Judged((), findings.problems(), None)), 422
    return _judged(lang, known, numbered(rows), more=findings.problems())


@room.post("/declarations/<int:round_id>/<enterprise>/repeat")
@rule(Action.DECLARE)
def as_last_time(lang: str, round_id: int, enterprise: str) -> Response:
    """Repeat the last declaration."""
    told = repeat(*caller(), Seat(round_id, enterprise))
    flash(word("declare.done", lang, count=len(told.entries)), "good")
    return redirect(_address(lang, round_id, enterprise), 303)


@room.get("/declarations/<int:round_id>/<enterprise>/template.xlsx")
@rule(Action.SEE_DECLARATION)
def template(lang: str, round_id: int, enterprise: str) -> Response:
    """Return the declaration form of an enterprise as a workbook with its last figures."""
    data = declaration_workbook(ground(*caller(), Seat(round_id, enterprise)), lang)
    return file(data, f"declaration-{round_id}-{enterprise}.xlsx")


@room.route("/datasets", methods=["GET", "POST"])
@rule(Action.CREATE_ROUND)
def dataset(lang: str) -> Answer:
    """Show the datasets; on POST, store an uploaded workbook or zip archive of tables as a dataset."""
    sent = request.files.get("file")
    if request.method == "GET" or sent is None:
        return _datasets(lang, request.args.get("dataset", ""))
    found, problems = _read(sent.read(), Path(sent.filename or "").suffix.lower())
    said = [problem.record(lang) for problem in problems[:SHOWN]]
    if found is None:
        return _datasets(lang, problems=said), 422
    told = datasets.add_dataset(*caller(), snapshot_of(found).archive)
    flash(word("dataset.kept", lang, name=told.name), "good")
    if problems:
        return _datasets(lang, told.dataset, said)
    return redirect(url_for("declarations.dataset", lang=lang, dataset=told.dataset), 303)


def _datasets(lang: str, chosen: str = "", problems: Sequence[dict[str, object]] = ()) -> str:
    """Render the page of stored datasets; `chosen` is the digest of the one preselected for a new round."""
    kept = datasets.list_starts(*caller())
    use = next((one for one in kept if one.dataset == chosen), None)
    return page("declarations/dataset.html", lang, problems=problems, use=use, kept=kept[:20])


def _read(data: bytes, ending: str) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Read an uploaded dataset and return it with its problems; the client's file name is never used as a path."""
    with TemporaryDirectory(prefix="synergy-") as folder:
        place = Path(folder) / f"dataset{ending if ending in ('.xlsx', '.xlsm', '.zip') else ''}"
        place.write_bytes(data)
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as packed:
                size = sum(entry.file_size for entry in packed.infolist())
            if size > _UNPACKED:
                findings = Findings()
                findings.add("zip_bomb", Where(place.name), f"{size} bytes")
                return None, findings.problems()
        return check(place)


@room.get("/datasets/template.xlsx")
@rule(Action.CREATE_ROUND)
def dataset_template(lang: str) -> Response:
    """Return an empty dataset workbook with one sheet per table."""
    return file(dataset_workbook(None, lang), f"dataset-{lang}.xlsx")
