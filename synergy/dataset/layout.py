"""CSV layout: header, delimiter and line of each record, found before anything is parsed.

The file is walked once in blocks of bytes; a quote turns separators off until the next one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.decode import decode, rewritten
from synergy.dataset.described import UNDESCRIBED, Description, formatted, texts_needed
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import SMALLEST
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Cells, TableData, Words
from synergy.workbook.names import known_as, names_a_column

BLOCK = 1 << 20  # bytes looked at together: stays in the cache
LONGEST = 131_072  # bytes of one cell
MOST_COLUMNS = 512
_TITLES = 5  # lines above a header in which a title may stand
_DELIMITERS = ",;\t"
_QUOTE, _FEED = 34, 10
_BLANKS = np.frombuffer(b" \t\n", np.uint8)
_HEAD = 65_536  # bytes in which the header has to end
_MARKS = {";": "semicolons", "\t": "TABs"}


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """Layout of a CSV file: delimiter (comma, semicolon or TAB) and cells of the first record.

    `start` is the byte offset of the record after the header; `lines` is the line of each record after it, blank lines
    left out.
    """

    delimiter: str
    header: tuple[str, ...]
    start: int
    lines: NDArray[np.int64]


@dataclass(slots=True)
class _Walk:
    """State of a scan over the records."""

    ends: list[NDArray[np.int64]]
    fields: list[NDArray[np.int64]]
    feeds: list[NDArray[np.int64]]
    pending: int = 0  # separators since the last record ended
    last: int = -1  # offset of the last separator
    longest: tuple[int, int] = (0, 0)  # bytes of the longest cell, offset of its end
    seen: int = 0  # line feeds so far, those in quotes too


def layout(data: bytes, table: str, known: Callable[[str], bool], findings: Findings) -> CsvLayout | None:
    """Return the layout of a CSV file; None where the records cannot be separated.

    The data are UTF-8 with LF line ends, the last line ended. The delimiter is found by the cells that are `known` as
    names of columns. Open quotes, ragged records and cells that are too long are reported.
    """
    before = len(data) - len(data.lstrip(b"\n"))
    first = data[before : data.index(b"\n", before)].decode()
    delimiter, _ = _parted(first, known)
    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == _QUOTE) if b'"' in data else np.empty(0, np.int64)
    fault = _stray_quote(data, quotes, delimiter)
    if fault is not None:
        findings.add("open_quote", Where(table, data.count(b"\n", 0, fault) + 1))
        return None
    walk = _Walk([], [], [])
    _walk(data, delimiter, bool(len(quotes)), walk)
    return _laid_out(data, delimiter, walk, (table, findings))


def titles(data: bytes, known: Callable[[str], bool]) -> int:
    """Count the lines above a header that name no columns, such as a title, a date or a remark.

    0 where no header lies below the first lines; data and `known` are as for `layout`.
    """
    lines = data.decode(errors="replace").split("\n", _TITLES + 1)[: _TITLES + 1]
    for number, line in enumerate(lines):
        _, cells = _parted(line, known)
        named = sum(map(known, cells))
        if named >= 2 and 2 * named >= sum(bool(cell) for cell in cells):
            return number
    return 0


def _parted(line: str, known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """Return the delimiter that yields the most column names in a line, and the cells."""
    best, most = (_DELIMITERS[0], list[str]()), -1
    for mark in _DELIMITERS:
        cells = _cells(line, mark)
        named = sum(map(known, cells))
        if named > most:
            best, most = (mark, cells), named
        if named > 1 and named == len(cells):
            break
    return best


def _cells(line: str, delimiter: str) -> list[str]:
    """Split a line into cells; return none where a cell exceeds the maximum length."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.replace("\ufeff", "").strip() for cell in cells]


def _stray_quote(data: bytes, quotes: NDArray[np.int64], delimiter: str) -> int | None:
    """Return the offset of the first quote that does not enclose a cell; None where all do."""
    if not len(quotes):
        return None
    raw = np.frombuffer(data, np.uint8)
    edges = np.array([ord(delimiter), _FEED, _QUOTE], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, raw[opening - 1], _FEED)
    bad = [int(opening[place]) for place in np.flatnonzero(~np.isin(before, edges))[:1]]
    bad += [int(opening[place]) for place in np.flatnonzero(~np.isin(raw[closing + 1], edges))[:1]]
    if len(quotes) % 2:
        bad.append(int(quotes[-1]))
    return min(bad, default=None)


def _blocks(data: bytes) -> Iterator[tuple[int, int]]:
    for start in range(0, len(data), BLOCK):
        yield start, min(len(data), start + BLOCK)


def _walk(data: bytes, delimiter: str, quoted: bool, walk: _Walk) -> None:
    raw, carry = np.frombuffer(data, np.uint8), 0
    for start, stop in _blocks(data):
        block = raw[start:stop]
        feeds = block == _FEED
        marks = feeds | (block == ord(delimiter))
        if quoted:
            inside = np.bitwise_xor.accumulate(np.concatenate(([carry], block == _QUOTE)).astype(np.uint8))[1:]
            marks &= inside == 0
            carry = int(inside[-1])
        separators = np.flatnonzero(marks)
        if len(separators):
            _count(separators, block, start, walk)
        if quoted:
            ends = separators[block[separators] == _FEED]
            walk.feeds.append(walk.seen + np.searchsorted(np.flatnonzero(feeds), ends) + 1)
            walk.seen += int(np.count_nonzero(feeds))


def _count(separators: NDArray[np.int64], block: NDArray[np.uint8], start: int, walk: _Walk) -> None:
    ends = np.flatnonzero(block[separators] == _FEED)
    gaps = np.diff(separators, prepend=walk.last - start)
    widest = int(gaps.argmax())
    walk.longest = max(walk.longest, (int(gaps[widest]) - 1, start + int(separators[widest])))
    walk.last = start + int(separators[-1])
    walk.ends.append(separators[ends] + start)
    walk.fields.append(np.diff(ends, prepend=-1 - walk.pending))
    walk.pending = len(separators) - 1 - int(ends[-1]) if len(ends) else walk.pending + len(separators)


def _laid_out(data: bytes, delimiter: str, walk: _Walk, sink: tuple[str, Findings]) -> CsvLayout | None:
    table, findings = sink
    ends, fields = np.concatenate(walk.ends), np.concatenate(walk.fields)
    last_line = np.concatenate(walk.feeds) if walk.feeds else np.arange(1, len(ends) + 1)
    lines = np.append(1, last_line[:-1] + 1)
    starts = np.append(0, ends[:-1] + 1)
    full = np.ones(len(ends), dtype=np.bool_)
    raw = np.frombuffer(data, np.uint8)
    for record in np.flatnonzero((fields == 1) & np.isin(raw[starts], _BLANKS)).tolist():
        full[record] = bool(data[starts[record] : ends[record]].strip())
    full &= ends > starts
    head = int(full.argmax())
    full[: head + 1] = False
    header = _header(data[starts[head] : ends[head]].decode(), delimiter)
    if not _sound(Where(table), lines, fields, (full, header, walk.longest, ends), findings):
        return None
    return CsvLayout(delimiter, header, int(ends[head]) + 1, lines[full].astype(np.int64))


def _header(text: str, delimiter: str) -> tuple[str, ...]:
    try:
        record = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error:  # a cell that is said to be too long
        return ()
    return tuple(" ".join(cell.replace("\ufeff", "").split()) for cell in record)


def _sound(
    where: Where,
    lines: NDArray[np.int64],
    fields: NDArray[np.int64],
    record: tuple[NDArray[np.bool_], tuple[str, ...], tuple[int, int], NDArray[np.int64]],
    findings: Findings,
) -> bool:
    """Report structural faults (too many columns, overlong cells, ragged rows); return whether there are none."""
    full, header, (longest, offset), ends = record
    if len(header) > MOST_COLUMNS:
        findings.add("too_many_columns", where, len(header), most=MOST_COLUMNS)
        return False
    if longest > LONGEST:
        place = int(np.searchsorted(ends, offset))
        findings.add("long_cell", where._replace(row=int(lines[place])), "", length=longest, most=LONGEST)
        return False
    ragged = np.flatnonzero(full & (fields != len(header)))
    findings.add_rows("ragged", where, lines[ragged], [f"{count}" for count in fields[ragged]], expected=len(header))
    return not len(ragged)


def raw_sheet(
    data: bytes,
    table: str,
    findings: Findings,
    known: Callable[[str], bool] | None = None,
    description: Description = UNDESCRIBED,
) -> TableData | None:
    """Return a table as it stands in its file, or None where the file cannot be read.

    Columns that the schema counts as numbers are numbers where all cells are plain and finite, else words. For a table
    outside the schema, `known` says whether a cell is the name of a column, and every cell stays text.
    """
    text = decode(data, table, findings, description.encoding)
    del data
    if text is not None and not description.dialect.usual:
        text = rewritten(text, description.dialect, description.names, Where(table), findings)
    if text is None:
        return None
    known = known or partial(names_a_column, table)
    if above := titles(text[:_HEAD], known):
        parts = text.split(b"\n", above)
        title = next((line for line in parts[:above] if line.strip(b",;\t ")), b"")
        if title:
            said = title.decode(errors="replace").strip(",;\t ")
            findings.add("title_rows", Where(table, 1), said, count=above)
        text = b"\n" * above + parts[above]
    shape = layout(text, table, known, findings)
    if shape is None:
        return None
    if shape.delimiter in _MARKS:
        findings.add("delimiter", Where(table, 1), shape.delimiter, mark=_MARKS[shape.delimiter])
    names = _names(shape, table, findings)
    if names is None:
        return None
    if not len(shape.lines):
        return TableData(table, shape.lines, {name: Words.blank(0) for name in names if name})
    columns = _columns(text, shape, names, (table, texts_needed(description)))
    lines = shape.lines if description.dialect.header else shape.lines - 1  # the header that was put above
    grouped = ";" not in (shape.delimiter, description.dialect.delimiter)
    return formatted(_named(TableData(table, lines, columns, grouped=grouped), findings), description, findings)


def _names(shape: CsvLayout, table: str, findings: Findings) -> list[str] | None:
    """Map the header cells to the column names of the schema; number nameless ones, report repeated ones."""
    if table in TABLES:
        shape = replace(shape, header=tuple(known_as(table, name) for name in shape.header))
    twice = sorted({name for name in shape.header if name and shape.header.count(name) > 1})
    for name in twice:
        findings.add("double_header", Where(table, 1, name), name)
    return None if twice else [name or f"\0{place}" for place, name in enumerate(shape.header)]


def _columns(text: bytes, shape: CsvLayout, names: list[str], of: tuple[str, bool]) -> dict[str, Cells]:
    table, worded = of
    numbers = {name for name in names if table in TABLES and not worded and numeric(table, name)}
    frame = _parsed(text, shape, names, numbers) if numbers else None
    if frame is None or not all(_at_sight(frame[name]) for name in numbers):
        frame, numbers = _parsed(text, shape, names, ()), set()
    if frame is None or len(frame) != len(shape.lines):
        raise AssertionError(f"the records of {table} were counted in two ways")
    return {str(name): _raw_cells(column) for name, column in frame.items()}


def _parsed(text: bytes, shape: CsvLayout, names: list[str], numbers: Collection[str]) -> pd.DataFrame | None:
    source = io.BytesIO(text)
    source.seek(shape.start)
    dtype: dict[Any, Any] = {name: "float64" if name in numbers else "str" for name in names}
    options: dict[str, Any] = {"header": None, "names": names, "index_col": False, "dtype": dtype}
    try:
        frame: pd.DataFrame = pd.read_csv(source, sep=shape.delimiter, keep_default_na=False, na_values=[""], **options)
        return frame
    except ValueError:  # a cell that is no number at sight
        return None


def _at_sight(column: pd.Series) -> bool:
    """Whether all numbers are finite and normal; zeros and ones alone may have been words."""
    values = np.abs(column.to_numpy())
    top = np.nanmax(values, initial=0.0)
    if not np.isfinite(top) or (top <= 1 and bool(np.isin(values, (0.0, 1.0)).any()) and _flags(values)):
        return False
    return not bool(((values < SMALLEST) & (values > 0)).any())


def _flags(values: NDArray[np.generic]) -> bool:
    return bool((np.isnan(values) | (values == 0) | (values == 1)).all())


def _raw_cells(column: pd.Series) -> Cells:
    if column.dtype == np.float64:
        return column.to_numpy() + 0.0  # -0 becomes 0
    return Words.of(column.to_numpy(dtype=object))


def _named(sheet: TableData, findings: Findings) -> TableData:
    """Return the sheet without rows of blanks and without nameless columns, which have to be blank."""
    filled = np.zeros(len(sheet), dtype=np.bool_)
    for name, cells in sheet.columns.items():
        here = cells.filled if isinstance(cells, Words) else ~np.isnan(cells)
        filled |= here
        if name.startswith("\0") and here.any():
            findings.add("nameless_column", Where(sheet.table, 1), int(name[1:]) + 1)
    if not filled.all():
        empty = sheet.lines[~filled]
        findings.add_rows("blank_row", Where(sheet.table), empty, [""] * len(empty))
        sheet = sheet.take(filled)
    columns = {name: cells for name, cells in sheet.columns.items() if not name.startswith("\0")}
    return replace(sheet, columns=columns)
