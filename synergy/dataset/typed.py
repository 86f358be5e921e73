"""Convert text tables to the types of the schema: clean ids, parse numbers, flags and dates, fill in defaults."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synergy.dataset.columns import Column, ColumnType
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import ALL_CLEAN, INVISIBLE, cleaned, folded, hints, near, number_of, suggestion
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Cells, Flags, Floats, TableData, Words
from synergy.errors import SHOWN
from synergy.workbook.names import bare_header, known_as

UNREADABLE = "\0"  # begins a cell that holds an error or a formula without a value; no text file holds it
EXTRAS = frozenset({"evidence", "source"})  # columns anybody may add without being told
YES = frozenset({"true", "t", "yes", "y", "1", "是", "有", "真", "√", "✓", "✔"})
NO = frozenset({"false", "f", "no", "n", "0", "否", "无", "假", "×", "✗", "✘"})
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
# 2026/6/30, 2026.6.30, 2026年6月30日, 2026年6月, 20260630, each with a midnight that a spreadsheet put behind it
_DAYS = tuple(
    re.compile(pattern + r"(?:[T ]0?0:00(?::00(?:\.0+)?)?)?")
    for pattern in (
        r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})",
        r"(\d{4}) ?年 ?(\d{1,2}) ?月 ?(?:(\d{1,2}) ?[日号])?",
        r"(\d{4})[/.](\d{1,2})",
        r"(\d{4}) ?年",
        r"([12]\d{3})([01]\d)([0-3]\d)",
    )
)
_SERIALS = range(20_000, 80_000)  # days of a spreadsheet from 1954 to 2119
_EPOCH = datetime.date(1899, 12, 30)
_SPREADSHEET = re.compile(r"#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!)")
Reader = Callable[[str], tuple[Any, str, dict[str, object]]]
_MARKS = ("\ufffd", "锟斤拷", "烫烫烫", "屯屯屯")
_COMMON = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\\s\\w]+")
_WRONG = (("latin-1", 1), ("cp1252", 1), ("gbk", 3))  # encoding it was read in, least length of a sure case


@dataclass(frozen=True, slots=True)
class UnitHints:
    """Units, by the column that names commodities or processes, and the currency, for hints on invalid numbers."""

    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    currency: str = "CNY"

    def of(self, sheet: TableData, name: str, row: int) -> str:
        """Return the unit of a number in the form that `synergy.dataset.numbers.hints` takes; "" where unknown."""
        column = TABLES[sheet.table].column(re.sub("_(low|high)$", "", name))
        unit = "" if column is None else column.unit
        if unit in ("1", "money", "km", "h"):
            return unit
        money, _, per = unit.rpartition("/") if unit.startswith("money/") else ("", "", unit.removesuffix("/a"))
        key = {"unit": "commodity", "activity": "process"}.get(per, "")
        if key not in sheet.columns or money not in ("", "money"):
            return ""
        counted = self.units.get(key, {}).get(str(sheet.value(key, row)).strip(), "")
        return f"{money}/{counted}".lstrip("/") if counted else ""


def typed(sheet: TableData, findings: Findings, measures: UnitHints | None = None) -> TableData:
    """Convert a raw sheet to the types of the schema, its columns in schema order, unknown ones at the end.

    Every cell that cannot be read is reported and becomes blank; columns that are not there are not added.
    """
    table = TABLES[sheet.table]
    known = [name for name in table.names if name in sheet.columns]
    extra = [name for name in sheet.columns if name not in table.names]
    columns: dict[str, Cells] = {}
    for name in known + extra:
        column = table.column(name)
        _unknown(sheet, name, findings)
        columns[name] = _column(sheet, name, column, (findings, measures or UnitHints()))
        if column is not None and column.required:
            _required(sheet, name, findings)
    return replace(sheet, columns=columns)


def missing_columns(sheet: TableData, findings: Findings) -> None:
    """Report required columns that a raw sheet lacks."""
    table = TABLES[sheet.table]
    strangers = [name for name in sheet.columns if table.column(name) is None]
    for column in table.columns:
        if column.required and column.name not in sheet.columns:
            alike = near(column.name, strangers, count=1)
            en, zh = f"add {column.name} to the header row", f"请在表头添加 {column.name}"
            if alike:
                en, zh = f"rename {alike[0]} to {column.name}", f"请将 {alike[0]} 改名为 {column.name}"
            findings.add("missing_column", Where(sheet.table, 1, column.name), "", near=en, near_zh=zh)


def filled(sheet: TableData) -> TableData:
    """Return a typed sheet with all columns of the schema, blanks replaced by the defaults."""
    columns: dict[str, Cells] = {}
    for column in TABLES[sheet.table].columns:
        cells = sheet.columns.get(column.name)
        if column.kind is ColumnType.NUMBER:
            numbers = np.full(len(sheet), np.nan) if cells is None else sheet.numbers(column.name)
            columns[column.name] = _with_default(numbers, column)
        elif column.kind is ColumnType.BOOLEAN:
            columns[column.name] = np.full(len(sheet), bool(column.default)) if cells is None else cells
        else:
            columns[column.name] = Words.blank(len(sheet)) if cells is None else cells
    return replace(sheet, columns=columns | {n: c for n, c in sheet.columns.items() if n not in columns})


def _with_default(numbers: Floats, column: Column) -> Floats:
    blank = np.isnan(numbers)
    if column.default is None or not blank.any():
        return numbers
    return np.where(blank, float(column.default), numbers)


def _unknown(sheet: TableData, name: str, findings: Findings) -> None:
    names = TABLES[sheet.table].names
    if name not in names and name not in EXTRAS and not numeric(sheet.table, name):
        meant = known_as(sheet.table, bare_header(name))
        if meant in names and meant not in sheet.columns:
            findings.add("header_more", Where(sheet.table, 1, name), name, column=meant)
            return
        close = near(name, names)
        hint = suggestion(close) if close else _there(names)
        findings.add("unknown_column", Where(sheet.table, 1, name), name, **hint)


def _there(names: Sequence[str]) -> dict[str, object]:
    """Return hints that list the existing columns, for a name that resembles none of them."""
    listed = ", ".join(names)
    return {"near": f"the columns here are {listed}", "near_zh": f"本表的列：{listed}"}


def _required(sheet: TableData, name: str, findings: Findings) -> None:
    cells = sheet.columns[name]
    if isinstance(cells, Words):
        # a cell of spaces or of marks nobody sees looks blank, and is
        nothing = np.array([not INVISIBLE.sub("", word).strip() for word in cells.words], dtype=np.bool_)
        blank = ~cells.filled | cells.among(nothing)
    else:
        blank = np.isnan(cells)
    lines = sheet.lines[blank]
    findings.add_rows("blank", Where(sheet.table, None, name), lines, [""] * len(lines))


def _column(sheet: TableData, name: str, column: Column | None, sink: tuple[Findings, UnitHints]) -> Cells:
    cells, (findings, measures) = sheet.columns[name], sink
    if not isinstance(cells, Words):
        return cells
    if any(word.startswith(UNREADABLE) for word in cells.words):
        cells = _unreadable(sheet, name, cells, findings)
        sheet = replace(sheet, columns=sheet.columns | {name: cells})
    if column is not None and column.kind is ColumnType.BOOLEAN:
        flags: Flags = _values(sheet, name, _flag, findings) == 1.0
        return flags
    if numeric(sheet.table, name):
        return _values(sheet, name, _number(sheet.grouped), findings, measures)
    cells = _readable(sheet, name, cells, findings)
    kind = ColumnType.TEXT if column is None else column.kind
    if (
        kind is ColumnType.ID
        and ALL_CLEAN.fullmatch(joined := "".join(f"{w}\n" for w in cells.words))
        and joined.isascii()
    ):
        return cells
    readers: dict[ColumnType, Reader] = {ColumnType.ID: cleaned, ColumnType.LABEL: _label, ColumnType.DATE: _date}
    if column is not None and kind is ColumnType.CHOICE:
        readers[kind] = _choice(column)
    return _renamed(sheet, name, cells, (readers.get(kind, _text), findings))


def _values(sheet: TableData, name: str, read: Reader, findings: Findings, measures: UnitHints | None = None) -> Floats:
    """Parse a text column as numbers, each distinct word once."""
    cells = sheet.words(name)
    values = np.full(len(cells.words) + 1, np.nan)
    for place, word in enumerate(cells.words):
        values[place], code, fields = read(word)
        if code and measures is not None:
            _say_number(sheet, name, (place, word, code, fields), (findings, measures))
        elif code:
            _say(sheet, name, (place, word, code, fields), findings)
    read_in: Floats = values[cells.codes]
    return read_in


def _renamed(sheet: TableData, name: str, cells: Words, how: tuple[Reader, Findings]) -> Words:
    """Map a text column through a reader, each distinct word once."""
    read, findings = how
    words = np.empty(len(cells.words), dtype=object)
    for place, word in enumerate(cells.words):
        words[place], code, fields = read(word)
        if code:
            _say(sheet, name, (place, word, code, fields), findings)
    return cells.renamed(words)


def _say(sheet: TableData, name: str, fault: tuple[int, str, str, dict[str, object]], findings: Findings) -> None:
    place, word, code, fields = fault
    lines = sheet.lines[sheet.words(name).codes == place]
    findings.add_rows(code, Where(sheet.table, None, name), lines, [word] * len(lines), **fields)


def _say_number(
    sheet: TableData, name: str, fault: tuple[int, str, str, dict[str, object]], sink: tuple[Findings, UnitHints]
) -> None:
    """Report an invalid number with a hint for each row, since the unit may differ by row."""
    (place, word, code, fields), (findings, measures) = fault, sink
    rows = np.flatnonzero(sheet.words(name).codes == place)[: SHOWN + 1]
    told = [hints(code, fields, measures.of(sheet, name, int(row)), measures.currency) for row in rows]
    each: dict[str, object] = {key: [one[key] for one in told] for key in told[0]} if told else {}
    lines = sheet.lines[sheet.words(name).codes == place]
    findings.add_rows(code, Where(sheet.table, None, name), lines, [word] * len(lines), **each)


def _unreadable(sheet: TableData, name: str, cells: Words, findings: Findings) -> Words:
    """Report cells for which a spreadsheet has no value, and blank them."""
    words = cells.words.copy()
    for place, word in enumerate(words):
        if word.startswith(UNREADABLE):
            said = word.removeprefix(UNREADABLE)
            lines = sheet.lines[cells.codes == place]
            code = "formula" if said.startswith("=") else "spreadsheet_error"
            findings.add_rows(code, Where(sheet.table, None, name), lines, [said] * len(lines))
            words[place] = ""
    return cells.renamed(words)


def _readable(sheet: TableData, name: str, cells: Words, findings: Findings) -> Words:
    """Report words that were decoded with a wrong encoding, and blank them."""
    words = cells.words.copy()
    for place, word in enumerate(words):
        if word.isascii() or not (instead := garbled(word)):
            continue
        known = instead != word
        hints: dict[str, object] = {"near": f": {instead!r}?" * known, "near_zh": f"：{instead!r}？" * known}
        _say(sheet, name, (place, word, "mojibake", hints), findings)
        words[place] = ""
    return cells.renamed(words) if bool((words == "").any()) else cells


def _number(grouped: bool) -> Reader:
    def read(word: str) -> tuple[float, str, dict[str, object]]:
        if not word.strip():
            return np.nan, "", {}
        reading = number_of(word, grouped=grouped)
        return reading.value, reading.code, reading.fields

    return read


def _flag(word: str) -> tuple[float, str, dict[str, object]]:
    plain = folded(word)
    if plain in YES or plain in NO or not plain:
        return float(plain in YES), "", {}
    return 0.0, "not_flag", {}


def _text(word: str) -> tuple[str, str, dict[str, object]]:
    plain = word.strip()
    return word if plain else "", "spreadsheet_error" if _SPREADSHEET.fullmatch(plain) else "", {}


def _label(word: str) -> tuple[str, str, dict[str, object]]:
    text, code, fields = _text(word)
    return text.strip(), code, fields


def _date(word: str) -> tuple[str, str, dict[str, object]]:
    plain = word.strip()
    found = _DATE.fullmatch(plain) or next((one for pattern in _DAYS if (one := pattern.fullmatch(plain))), None)
    if plain.isdecimal() and plain.isascii() and len(plain) == 5 and int(plain) in _SERIALS:
        day = (_EPOCH + datetime.timedelta(days=int(plain))).isoformat()
        return day, "serial_date", {"instead": day}
    if not plain or found is None:
        return "", "not_date" if plain else "", {}
    parts = [part for part in found.groups() if part]
    try:
        datetime.date(int(parts[0]), *(int(part) for part in (*parts[1:], "1", "1")[:2]))
    except ValueError:
        return "", "no_such_date", {}
    usual = _DATE.fullmatch(plain) is not None
    return plain if usual else "-".join(part.zfill(2) for part in parts), "", {}


def _choice(column: Column) -> Reader:
    def read(word: str) -> tuple[str, str, dict[str, object]]:
        plain = word.strip()
        if plain in column.choices or not plain:
            return plain, "", {}
        hints = suggestion(near(plain, column.choices))
        return "", "not_choice", {"choices": ", ".join(column.choices)} | hints

    return read


def garbled(text: str) -> str:
    """Return the original of a non-ASCII text that is garbled; the text itself if not recoverable, "" if sound.

    Examples
    --------
    >>> garbled("å±±è¥¿"), garbled("山西"), garbled("café")
    ('山西', '', '')
    """
    if any(mark in text for mark in _MARKS):
        return text
    for encoding, least in _WRONG:
        try:
            before = text.encode(encoding).decode()
        except UnicodeError:
            continue
        if len(text) >= least and not before.isascii() and _COMMON.fullmatch(before):
            return before
    return ""
