"""From words to what the schema says: ids cleaned, numbers read, flags and dates understood, defaults filled in."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from synergy.dataset.columns import Column, Kind
from synergy.dataset.findings import Findings, Where
from synergy.dataset.garbled import garbled
from synergy.dataset.ids import ALL_CLEAN, INVISIBLE, cleaned, near, suggestion
from synergy.dataset.numbers import number_of
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Cells, Flags, Floats, Sheet, Words

UNREADABLE = "\0"  # begins a cell that holds an error or a formula without a value; no text file holds it
EXTRAS = frozenset({"evidence", "source"})  # columns anybody may add without being told
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_SERIALS = range(20_000, 80_000)  # days of a spreadsheet from 1954 to 2119
_EPOCH = datetime.date(1899, 12, 30)
_SPREADSHEET = re.compile(r"#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!)")
Reader = Callable[[str], tuple[Any, str, dict[str, object]]]


def typed(sheet: Sheet, findings: Findings) -> Sheet:
    """Return a sheet with the types of the schema, columns in its order, unknown ones at the end.

    Parameters
    ----------
    sheet : Sheet
        As it stands in the file.
    findings : Findings
        Takes every cell that cannot be read; such a cell goes on as a blank.

    Returns
    -------
    Sheet
        Only the columns that are there.
    """
    table = TABLES[sheet.table]
    known = [name for name in table.names if name in sheet.columns]
    extra = [name for name in sheet.columns if name not in table.names]
    columns: dict[str, Cells] = {}
    for name in known + extra:
        column = table.column(name)
        _unknown(sheet, name, findings)
        columns[name] = _column(sheet, name, column, findings)
        if column is not None and column.required:
            _required(sheet, name, findings)
    return replace(sheet, columns=columns)


def missing_columns(sheet: Sheet, findings: Findings) -> None:
    """Say which required columns a sheet has not.

    Parameters
    ----------
    sheet : Sheet
        As it stands in the file.
    findings : Findings
        Takes the missing columns.
    """
    table = TABLES[sheet.table]
    strangers = [name for name in sheet.columns if table.column(name) is None]
    for column in table.columns:
        if column.required and column.name not in sheet.columns:
            alike = near(column.name, strangers, count=1)
            en, zh = f"add {column.name} to the header row", f"请在表头添加 {column.name}"
            if alike:
                en, zh = f"rename {alike[0]} to {column.name}", f"请将 {alike[0]} 改名为 {column.name}"
            findings.add("missing_column", Where(sheet.table, 1, column.name), "", near=en, near_zh=zh)


def filled(sheet: Sheet) -> Sheet:
    """Return a sheet with all columns of the schema, blanks replaced by the defaults.

    Parameters
    ----------
    sheet : Sheet
        Typed.

    Returns
    -------
    Sheet
    """
    columns: dict[str, Cells] = {}
    for column in TABLES[sheet.table].columns:
        cells = sheet.columns.get(column.name)
        if column.kind is Kind.NUMBER:
            numbers = np.full(len(sheet), np.nan) if cells is None else sheet.numbers(column.name)
            columns[column.name] = _with_default(numbers, column)
        elif column.kind is Kind.BOOLEAN:
            columns[column.name] = np.full(len(sheet), bool(column.default)) if cells is None else cells
        else:
            columns[column.name] = Words.blank(len(sheet)) if cells is None else cells
    return replace(sheet, columns=columns | {n: c for n, c in sheet.columns.items() if n not in columns})


def _with_default(numbers: Floats, column: Column) -> Floats:
    blank = np.isnan(numbers)
    if column.default is None or not blank.any():
        return numbers
    return np.where(blank, float(column.default), numbers)


def _unknown(sheet: Sheet, name: str, findings: Findings) -> None:
    names = TABLES[sheet.table].names
    if name not in names and name not in EXTRAS and not numeric(sheet.table, name):
        close = near(name, names)
        hint = suggestion(close) if close else _there(names)
        findings.add("unknown_column", Where(sheet.table, 1, name), name, **hint)


def _there(names: Sequence[str]) -> dict[str, object]:
    """Return the hints that name the columns there are, for a name like none of them."""
    listed = ", ".join(names)
    return {"near": f"the columns here are {listed}", "near_zh": f"本表的列：{listed}"}


def _required(sheet: Sheet, name: str, findings: Findings) -> None:
    cells = sheet.columns[name]
    if isinstance(cells, Words):
        # a cell of spaces or of marks nobody sees looks blank, and is
        nothing = np.array([not INVISIBLE.sub("", word).strip() for word in cells.words], dtype=np.bool_)
        blank = ~cells.filled | cells.among(nothing)
    else:
        blank = np.isnan(cells)
    lines = sheet.lines[blank]
    findings.add_rows("blank", Where(sheet.table, None, name), lines, [""] * len(lines))


def _column(sheet: Sheet, name: str, column: Column | None, findings: Findings) -> Cells:
    cells = sheet.columns[name]
    if not isinstance(cells, Words):
        return cells
    if any(word.startswith(UNREADABLE) for word in cells.words):
        cells = _unreadable(sheet, name, cells, findings)
        sheet = replace(sheet, columns=sheet.columns | {name: cells})
    if column is not None and column.kind is Kind.BOOLEAN:
        flags: Flags = _values(sheet, name, _flag, findings) == 1.0
        return flags
    if numeric(sheet.table, name):
        return _values(sheet, name, _number(sheet.grouped), findings)
    cells = _readable(sheet, name, cells, findings)
    kind = Kind.TEXT if column is None else column.kind
    if kind is Kind.ID and ALL_CLEAN.fullmatch(joined := "".join(f"{w}\n" for w in cells.words)) and joined.isascii():
        return cells
    readers: dict[Kind, Reader] = {Kind.ID: cleaned, Kind.LABEL: _label, Kind.DATE: _date}
    if column is not None and kind is Kind.CHOICE:
        readers[kind] = _choice(column)
    return _renamed(sheet, name, cells, (readers.get(kind, _text), findings))


def _values(sheet: Sheet, name: str, read: Reader, findings: Findings) -> Floats:
    """Return a column of words as numbers, each distinct word read once."""
    cells = sheet.words(name)
    values = np.full(len(cells.words) + 1, np.nan)
    for place, word in enumerate(cells.words):
        values[place], code, fields = read(word)
        if code:
            _say(sheet, name, (place, word, code, fields), findings)
    read_in: Floats = values[cells.codes]
    return read_in


def _renamed(sheet: Sheet, name: str, cells: Words, how: tuple[Reader, Findings]) -> Words:
    """Return a column of words, each distinct word read once."""
    read, findings = how
    words = np.empty(len(cells.words), dtype=object)
    for place, word in enumerate(cells.words):
        words[place], code, fields = read(word)
        if code:
            _say(sheet, name, (place, word, code, fields), findings)
    return cells.renamed(words)


def _say(sheet: Sheet, name: str, fault: tuple[int, str, str, dict[str, object]], findings: Findings) -> None:
    place, word, code, fields = fault
    lines = sheet.lines[sheet.words(name).codes == place]
    findings.add_rows(code, Where(sheet.table, None, name), lines, [word] * len(lines), **fields)


def _unreadable(sheet: Sheet, name: str, cells: Words, findings: Findings) -> Words:
    """Say which cells a spreadsheet has no value for; they go on as blanks."""
    words = cells.words.copy()
    for place, word in enumerate(words):
        if word.startswith(UNREADABLE):
            said = word.removeprefix(UNREADABLE)
            lines = sheet.lines[cells.codes == place]
            code = "formula" if said.startswith("=") else "spreadsheet_error"
            findings.add_rows(code, Where(sheet.table, None, name), lines, [said] * len(lines))
            words[place] = ""
    return cells.renamed(words)


def _readable(sheet: Sheet, name: str, cells: Words, findings: Findings) -> Words:
    """Say which words were once read in a wrong encoding; they go on as blanks."""
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
    plain = word.strip().casefold()
    if plain in ("true", "false", ""):
        return float(plain == "true"), "", {}
    return 0.0, "not_flag", {}


def _text(word: str) -> tuple[str, str, dict[str, object]]:
    plain = word.strip()
    return word if plain else "", "spreadsheet_error" if _SPREADSHEET.fullmatch(plain) else "", {}


def _label(word: str) -> tuple[str, str, dict[str, object]]:
    text, code, fields = _text(word)
    return text.strip(), code, fields


def _date(word: str) -> tuple[str, str, dict[str, object]]:
    plain = word.strip()
    found = _DATE.fullmatch(plain)
    if plain.isdecimal() and plain.isascii() and len(plain) == 5 and int(plain) in _SERIALS:
        day = (_EPOCH + datetime.timedelta(days=int(plain))).isoformat()
        return day, "serial_date", {"instead": day}
    if not plain or found is None:
        return "", "not_date" if plain else "", {}
    try:
        datetime.date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return "", "no_such_date", {}
    return plain, "", {}


def _choice(column: Column) -> Reader:
    def read(word: str) -> tuple[str, str, dict[str, object]]:
        plain = word.strip()
        if plain in column.choices or not plain:
            return plain, "", {}
        hints = suggestion(near(plain, column.choices))
        return "", "not_choice", {"choices": ", ".join(column.choices)} | hints

    return read
