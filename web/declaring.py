"""The editable table of a declaration: from a form of the page to rows, and back with every fault at its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synergy.web.texts import word
from werkzeug.datastructures import MultiDict

from synergy.dataset.ids import folded
from synergy.dataset.typed import UNREADABLE
from synergy.errors import Problem, Severity
from synergy.forms.context import Context
from synergy.forms.fields import Field, column_label, fields, known_as
from synergy.forms.rows import Row, Rows
from synergy.forms.submitting import Withdrawn
from synergy.forms.writing import price_unit, row_of
from synergy.store.names import Sheet
from synergy.store.previewing import Ground
from synergy.texts import say
from synergy.workbook.book import text_of

BLANK = 1  # rows to write in below those that are there
MOST = 500  # rows of one table of the page
SHOWN = ("site", "subject", "amount", "unit", "price", "price_unit")  # the rest is folded away
_PASTED = (*SHOWN, "period")


def rows_of_ground(ground: Ground, context: Context, lang: str) -> Rows:
    """Return the rows of what stands now."""
    count = dict.fromkeys(Sheet, 0)
    rows = []
    for entry in ground.entries:
        count[entry.sheet] += 1
        cells = {key: text_of(value) for key, value in row_of(entry, context, lang).items()}
        cells["subject"] = entry.subject
        rows.append(Row(entry.sheet, count[entry.sheet], {key: text for key, text in cells.items() if text}))
    return Rows(rows)


def rows_of_form(form: Mapping[str, str]) -> Rows:
    """Return the rows that the table of the page holds: blank ones and those that are ticked off are left out."""
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
    """Return the rows that are ticked off in the table of the page, now or before."""
    ticked = [name.removesuffix("gone") + "ident" for name in form if name.endswith("-gone")]
    names = [*form.getlist("withdrawn"), *(form.get(name, "").strip() for name in ticked)]
    return Withdrawn(tuple(dict.fromkeys(name[:300] for name in names if name)))


def pasted(rows: Rows, sheet: Sheet, text: str) -> Rows:
    """Return rows with those behind them that were copied from a spreadsheet.

    Parameters
    ----------
    rows : Rows
        Of the table.
    sheet : Sheet
        Which table they belong to.
    text : str
        Lines of cells with tabs between; a first line of headers says which columns they are.
    """
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
    """Return the rows of a file as rows of the page, whose places are their numbers in their table."""
    count = dict.fromkeys(Sheet, 0)
    found = []
    for row in rows.rows:
        count[row.sheet] += 1
        cells = {key: text.removeprefix(UNREADABLE) for key, text in row.cells.items()}
        found.append(Row(row.sheet, count[row.sheet], cells, row.other))
    return Rows(found, units=rows.units)


def shown(rows: Rows, problems: Sequence[Problem], lang: str, blank: int = BLANK) -> list[dict[str, Any]]:
    """Return the tables of the page: columns, rows of cells, and at each cell what is said of it.

    Parameters
    ----------
    rows : Rows
        With places of the page.
    problems : sequence of Problem
        Their places are those of the rows.
    lang : str
        ``en`` or ``zh``.
    blank : int
        Rows to write in.
    """
    said: dict[tuple[str, int | None, str], list[dict[str, str]]] = {}
    for one in problems:
        kind = "fault" if one.severity is Severity.ERROR else "hint"
        record = one.record(lang)
        text = " → ".join(str(record[key]) for key in ("message", "hint") if record[key])
        said.setdefault((one.table, one.row, one.column), []).append({"kind": kind, "text": text})
    tables = []
    for sheet in Sheet:
        mine = [row for row in rows.rows if row.sheet is sheet]
        mine += [Row(sheet, len(mine) + number, {}) for number in range(1, blank + 1)]
        columns = fields(sheet)
        cells = [[_cell(row, field, number, said) for field in columns] for number, row in enumerate(mine)]
        tables.append(
            {
                "sheet": str(sheet),
                "columns": [field for field in columns if field.key in SHOWN],
                "rows": [_split(line, number) for number, line in enumerate(cells)],
            }
        )
    return tables


def _cell(row: Row, field: Field, number: int, said: Mapping[tuple[str, int | None, str], Any]) -> dict[str, Any]:
    notes = said.get((str(row.sheet), row.line, field.key), [])
    value = row.cells.get(field.key, "")
    faulty = any(note["kind"] == "fault" for note in notes)
    return {
        "field": field,
        "name": f"{row.sheet}-{number}-{field.key}",
        "value": value,
        "notes": notes,
        "faulty": faulty,
    }


def _split(cells: Sequence[dict[str, Any]], number: int) -> dict[str, Any]:
    """Return the cells of a row that are always shown, those that are folded away, and those nobody edits."""
    more = [cell for cell in cells if cell["field"].key not in (*SHOWN, "ident")]
    return {
        "number": number + 1,
        "main": [cell for cell in cells if cell["field"].key in SHOWN],
        "more": more,
        "open": any(cell["notes"] for cell in more),
        "ident": next(cell for cell in cells if cell["field"].key == "ident"),
    }


def choices(context: Context, lang: str) -> dict[str, Any]:
    """Return what the cells of the page may be chosen from: values with their labels, and words for units."""
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


def changes(told: Mapping[str, Any], lang: str) -> list[dict[str, Any]]:
    """Return what a declaration would change, a line each: what, of which thing, and what is filled in or differs.

    Parameters
    ----------
    told : mapping
        As from `synergy.store.previewing.preview`.
    lang : str
        Of the names of columns.
    """
    lines = []
    for what in ("added", "removed"):
        for one in told[what]:
            thing = " · ".join((one["site"], one["subject"], one["amount"]))
            assumed = [
                (column_label(Sheet(one["sheet"]), said["column"], lang), _value(said["value"], lang), said["source"])
                for said in one["assumed"]
            ]
            lines.append({"what": what, "thing": thing, "assumed": assumed, "fields": []})
    for one in told["changed"]:
        pairs = [
            (column_label(Sheet(one["sheet"]), name, lang), _value(was, lang), _value(will, lang))
            for name, (was, will) in one["fields"].items()
        ]
        lines.append({"what": "changed", "thing": one["ident"], "assumed": [], "fields": pairs})
    return lines


def _value(value: Any, lang: str) -> str:
    if isinstance(value, bool) or value in ("true", "false"):
        return word("yes" if value in (True, "true") else "no", lang)
    if isinstance(value, int | float):
        return f"{value:g}"
    return "–" if value in (None, "") else str(value)


def elsewhere(problems: Sequence[Problem], tables: Sequence[Mapping[str, Any]], lang: str) -> list[dict[str, Any]]:
    """Return the problems that stand at no cell of the page."""
    places = {
        (table["sheet"], row["number"], cell["field"].key)
        for table in tables
        for row in table["rows"]
        for cell in (*row["main"], *row["more"])
    }
    return [one.record(lang) for one in problems if (one.table, one.row, one.column) not in places]
