"""Read a declaration file: workbook, CSV or JSON, chosen by its name and checked before it is parsed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from synergy.dataset.described import first_sign, load_plain
from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import raw_sheet
from synergy.dataset.sheet import TableData as Cells
from synergy.dataset.sheet import Words
from synergy.dataset.typed import ASIDE, EXTRAS, bare_header, folded, looked, near, suggestion
from synergy.forms.context import MOST_ROWS, Row, Rows, known_as, sheets
from synergy.records.names import Sheet
from synergy.store.overlay import MARKS
from synergy.workbook.reading import CLAIMS, SheetPage, laid_out, pages

FILE = "declaration"  # the table of what concerns no single sheet
ENDINGS = (".xlsx", ".xlsm", ".csv", ".txt", ".tsv", ".json")
_OLE, _ZIP = b"\xd0\xcf\x11\xe0", b"PK"
_RECORD = ("sheet", "site", "subject", "amount", "unit", "price", "price_unit", "ident", "period", "checked", "other")


def rows_of(data: bytes, name: str, findings: Findings) -> Rows | None:
    """Return the rows of an uploaded declaration, by the ending of its name; None where it cannot be read."""
    ending = Path(name).suffix.lower()
    if ending in CLAIMS:
        found = _workbook(data, ending, findings)
    elif ending == ".json":
        found = _json(data, findings)
    elif ending in ENDINGS:
        found = _csv(data, findings)
    else:
        kind = {"kind": f"a file {ending or 'without an ending'}", "kind_zh": f"{ending or '无扩展名'}文件"}
        wanted = {"expected": ".xlsx, .csv or .json", "expected_zh": ".xlsx、.csv 或 .json"}
        findings.add("wrong_type", Where(FILE), "", **kind, **wanted)
        return None
    if found is not None and len(found.rows) > MOST_ROWS:
        findings.add("form_too_many", Where(FILE), len(found.rows), most=MOST_ROWS)
        return None
    return found


def ending_of(data: bytes) -> str:
    """Return the ending that a file without a name would have, by its first bytes.

    Examples
    --------
    >>> ending_of(b"PK..."), ending_of(b' {"entries": []}'), ending_of(b"sheet,site")
    ('.xlsx', '.json', '.csv')
    """
    if data.startswith((_ZIP, _OLE)):
        return ".xlsx" if data.startswith(_ZIP) else ".xls"
    return ".json" if first_sign(data) in ("{", "[") else ".csv"


def _workbook(data: bytes, ending: str, findings: Findings) -> Rows | None:
    with TemporaryDirectory(prefix="synergy-") as folder:
        place = Path(folder) / f"{FILE}{ending}"
        place.write_bytes(data)
        found = pages(place, findings)
    if found is None:
        return None
    rows: list[Row] = []
    tabs: dict[str, str] = {}
    places: dict[str, Mapping[str, int]] = {}
    for page in found:
        sheet = sheets().get(looked(page.name))
        if sheet is None:
            if folded(page.name) not in ASIDE and page.rows:
                alike = suggestion(near(page.name, list(sheets())))
                findings.add("unknown_sheet", Where(page.name), page.name, **alike)
        elif sheet in tabs:
            findings.add("double_sheet", Where(str(sheet)), page.name, table=str(sheet))
        else:
            tabs[sheet] = page.name
            places[sheet] = _page(page, sheet, rows, findings)
    if not tabs:
        findings.add("form_no_sheet", Where(FILE))
    return Rows(rows, tabs=tabs, places=places)


def _page(page: SheetPage, sheet: Sheet, rows: list[Row], findings: Findings) -> Mapping[str, int]:
    if not page.rows:
        return {}
    known = known_as(sheet)

    def second(cells: Sequence[str]) -> bool:
        filled = [cell for cell in cells if cell.strip()]
        return len(filled) > 1 and 2 * sum(folded(cell) in known for cell in filled) >= len(filled)

    laid = laid_out(page, str(sheet), (lambda cell: known.get(folded(cell), cell), second), findings)
    if laid is None:
        return {}
    rows += [Row(sheet, line, cells) for line, cells in _records(laid.sheet, (str(sheet), known), findings)]
    return laid.places


def _records(laid: Cells, of: tuple[str, Mapping[str, str]], findings: Findings) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a text table by column key; report unknown and repeated headers."""
    table, known = of
    texts: dict[str, list[str]] = {}
    for name, cells in laid.columns.items():
        key = known.get(folded(name))
        bare = bare_header(name)
        if key is None and folded(bare) in known:
            findings.add("header_more", Where(table, 1, name), name, column=bare)
        elif key is None:
            if name not in EXTRAS:
                findings.add("unknown_column", Where(table, 1, name), name, **suggestion(near(name, list(known))))
        elif key in texts:
            findings.add("double_header", Where(table, 1, name), name)
        else:
            assert isinstance(cells, Words)
            texts[key] = cells.texts().tolist()
    lines = laid.lines.tolist()
    return [(line, {key: column[at] for key, column in texts.items() if column[at]}) for at, line in enumerate(lines)]


def _csv(data: bytes, findings: Findings) -> Rows | None:
    known = known_as(None)
    raw = raw_sheet(data, FILE, findings, lambda cell: folded(cell) in known)
    if raw is None:
        return None
    if raw.columns and "sheet" not in {known.get(folded(name)) for name in raw.columns}:
        en, zh = "add a column sheet: offers, needs or facilities", "请添加“表”一列：供给、需求或装置"
        findings.add("missing_column", Where(FILE, 1, "sheet"), "", near=en, near_zh=zh)
    records = _records(raw, (FILE, known), findings)
    if records and 2 * sum(folded(cell) in known for cell in records[0][1].values()) > len(records[0][1]) > 1:
        findings.add("two_row_header", Where(FILE, records[0][0]))
        return None
    return Rows([row for line, cells in records if (row := _of_sheet(cells, line, findings)) is not None])


def _of_sheet(cells: dict[str, str], line: int, findings: Findings) -> Row | None:
    word = cells.pop("sheet", "")
    sheet = sheets().get(looked(word))
    if sheet is None:
        findings.add("form_sheet", Where(FILE, line, "sheet"), word)
        return None
    return Row(sheet, line, cells)


def _json(data: bytes, findings: Findings) -> Rows | None:
    plain = load_plain(data, FILE, findings)
    if findings.refused:
        return None
    return rows_of_records(plain.get("entries") if isinstance(plain, dict) else plain, findings)


def rows_of_records(plain: object, findings: Findings) -> Rows | None:
    """Return plain records as rows of a form; None where they are no list. Faults are located by JSON pointer.

    A record is ``{sheet, site, subject, amount}`` and, where wanted, unit, price, price_unit, ident, period, checked,
    other.
    """
    if not isinstance(plain, list):
        fields = {"expected": "a list of entries", "expected_zh": "条目列表", "hint": ""}
        findings.add("wrong_kind", Where(FILE, None, "/entries"), plain, **fields)
        return None
    found = (_record(number, record, findings) for number, record in enumerate(plain, start=1))
    return Rows([row for row in found if row is not None], units=False, pointers=True)


def _record(number: int, record: object, findings: Findings) -> Row | None:
    where = Where(FILE, None, f"/{number - 1}")
    if not isinstance(record, dict):
        findings.add("wrong_kind", where, _said(record), expected="an object", expected_zh="对象", hint="")
        return None
    cells: dict[str, str] = {}
    for name, value in record.items():
        inner = where._replace(column=f"{where.column}/{name}")
        if name not in _RECORD:
            findings.add("unknown_name", inner, name, **suggestion(near(name, _RECORD)))
        elif name == "other":
            if not isinstance(value, dict):
                findings.add("wrong_kind", inner, _said(value), expected="an object", expected_zh="对象", hint="")
        elif isinstance(value, list | dict) or (isinstance(value, bool) and name != "checked"):
            fields = {"expected": "text or a number", "expected_zh": "文本或数字", "hint": ""}
            findings.add("wrong_kind", inner, _said(value), **fields)
        elif isinstance(value, int | float) and not isinstance(value, bool) and name not in ("amount", "price"):
            findings.add("wrong_kind", inner, _said(value), expected="text", expected_zh="文本", hint="")
        elif value is not None:
            cells[name] = value if isinstance(value, str) else json.dumps(value)
    other = record.get("other")
    row = _of_sheet(cells, number, Findings())
    if row is None:
        findings.add("form_sheet", where._replace(column=f"{where.column}/sheet"), _said(record.get("sheet", "")))
        return None
    beside = other if isinstance(other, dict) else {}
    return replace(row, other={key: value for key, value in beside.items() if key not in MARKS})


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
