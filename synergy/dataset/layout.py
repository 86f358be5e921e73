"""A CSV file as a raw table: encoding, header, delimiter and line of each record, found before anything is parsed.

A byte order mark decides on the encoding, then what the data package says, then strict UTF-8, then strict GB18030 or
Big5, whichever makes commoner characters of it; nothing is replaced or dropped. The file is walked once in blocks of
bytes; a quote turns separators off until the next one.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.described import UNDESCRIBED, USUAL, Description, formatted, rewritten
from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Cells, Lines, TableData, Words
from synergy.dataset.typed import SMALLEST, known_as, names_a_column, second_header

_BLOCK = 1 << 20  # bytes looked at together: stays in the cache
_LONGEST = 131_072  # bytes of one cell
MOST_COLUMNS = 512
_TITLES = 5  # lines above a header in which a title may stand
_DELIMITERS = ",;\t"
_QUOTE, _FEED = 34, 10
_BLANKS = np.frombuffer(b" \t\n", np.uint8)
_HEAD = 65_536  # bytes in which the header has to end
_MARKS = {";": "semicolons", "\t": "TABs"}
LIMIT = 1 << 31  # bytes of one table
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an .xlsx workbook", "zip 压缩包或 .xlsx 工作簿"),
    (b"PK\x05\x06", "an empty zip archive", "空的 zip 压缩包"),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook", "旧式 .xls 工作簿"),
    (b"%PDF", "a PDF", "PDF"),
    (b"\x1f\x8b", "a gzip archive", "gzip 压缩包"),
    (b"SQLite format 3", "a SQLite database", "SQLite 数据库"),
    (b"\x89PNG", "a picture", "图片"),
    (b"\xff\xd8\xff", "a picture", "图片"),
    (b"{\\rtf", "a rich text document", "RTF 文档"),
)
_CHINESE = (("GB18030 (GBK)", "gb18030"), ("Big5", "cp950"))
_SAMPLE = 20_000  # characters that tell two encodings apart
_CSV = {"expected": "a CSV file (UTF-8)", "expected_zh": "CSV 文件（UTF-8）"}


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
    text = _decode(data, table, findings, description.encoding)
    del data
    dialect = description.dialect
    usual = dialect.delimiter in ("", ",") and replace(dialect, delimiter="", null=None) == USUAL
    if text is not None and not usual:
        text = rewritten(text, dialect, description.names, Where(table), findings)
    if text is None:
        return None
    known = known or partial(names_a_column, table)
    if above := _titles(text[:_HEAD], known):
        parts = text.split(b"\n", above)
        title = next((said for line in parts[:above] if (said := line.decode(errors="replace").strip(",;\t "))), "")
        if title:
            findings.add("title_rows", Where(table, 1), title, count=above)
        text = b"\n" * above + parts[above]
    shape = _layout(text, table, known, findings)
    if shape is None:
        return None
    if shape.delimiter in _MARKS:
        findings.add("delimiter", Where(table, 1), shape.delimiter, mark=_MARKS[shape.delimiter])
    header = [known_as(table, name) for name in shape.header] if table in TABLES else list(shape.header)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    for name in twice:
        findings.add("double_header", Where(table, 1, name), name)
    if twice:
        return None
    names = [name or f"\0{place}" for place, name in enumerate(header)]  # nameless ones by their number
    if not len(shape.lines):
        return TableData(table, shape.lines, {name: Words.of([]) for name in names if name})
    worded = any(one.decimal or one.missing - {""} for one in description.formats.values())  # in a format of its own
    numbers = [name for name in names if table in TABLES and not worded and name in TABLES[table].numeric]
    columns = _columns(text, shape, table, names, numbers)
    lines = shape.lines if dialect.header else shape.lines - 1  # the header that was put above
    grouped = ";" not in (shape.delimiter, dialect.delimiter)
    return formatted(_named(TableData(table, lines, columns, grouped=grouped), findings), description, findings)


def _columns(text: bytes, shape: _CsvLayout, table: str, names: list[str], numbers: list[str]) -> dict[str, Cells]:
    """Return the columns of a file: `numbers` as such where all of them are plain at sight, else all as words."""
    source, frame = io.BytesIO(text), None
    options: dict[str, Any] = {"header": None, "names": names, "index_col": False, "keep_default_na": False}
    for plain in (numbers, []) if numbers else ([],):
        source.seek(shape.start)
        dtype: dict[Any, Any] = {name: "float64" if name in plain else "str" for name in names}
        try:
            frame = pd.read_csv(source, sep=shape.delimiter, na_values=[""], dtype=dtype, **options)
        except ValueError:  # a cell that is no number at sight
            frame = None
            continue
        # they have to be finite and normal; zeros and ones alone may have been words
        values = np.abs(frame[plain].to_numpy(dtype=np.float64))
        flags, top = (values == 0) | (values == 1), np.nanmax(values, axis=0, initial=0.0)
        worded = (top <= 1) & flags.any(axis=0) & (flags | np.isnan(values)).all(axis=0)
        if np.isfinite(top).all() and not worded.any() and not ((values < SMALLEST) & (values > 0)).any():
            break
    if frame is None or len(frame) != len(shape.lines):
        raise AssertionError(f"the records of {table} were counted in two ways")
    return {  # -0 becomes 0
        str(name): cells.to_numpy() + 0.0 if cells.dtype == np.float64 else Words.of(cells.to_numpy(dtype=object))
        for name, cells in frame.items()
    }


def _named(sheet: TableData, findings: Findings) -> TableData:
    """Return the sheet without rows of blanks and without nameless columns, which have to be blank."""
    filled = np.zeros(len(sheet), dtype=np.bool_)
    for name, cells in sheet.columns.items():
        here = cells.codes >= 0 if isinstance(cells, Words) else ~np.isnan(cells)
        filled |= here
        if name.startswith("\0") and here.any():
            findings.add("nameless_column", Where(sheet.table, 1), int(name[1:]) + 1)
    if not filled.all():
        empty = sheet.lines[~filled]
        findings.add_rows("blank_row", Where(sheet.table), empty, [""] * len(empty))
        sheet = sheet.take(filled)
    columns = {name: cells for name, cells in sheet.columns.items() if not name.startswith("\0")}
    return replace(sheet, columns=columns)


def _decode(data: bytes, table: str, findings: Findings, encoding: str = "") -> bytes | None:
    """Return a file as UTF-8 without byte order mark and with LF line ends; None where it cannot be read.

    `encoding` is the one declared in the data package ("" for none); one that had to be guessed is reported.
    """
    where = Where(table)
    kind = real_type(data)
    if kind is not None:
        findings.add("wrong_type", where, "", **kind, **_CSV)
        return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _utf16(data, where, findings)
    else:
        if encoding and not data.startswith(codecs.BOM_UTF8):
            try:
                data = data.decode(encoding).encode()
            except UnicodeDecodeError as error:
                findings.add("not_encoded", where, "", offset=error.start, encoding=encoding)
                return None
        text = _utf8(data.removeprefix(codecs.BOM_UTF8), where, findings)
    if text is None:
        return None
    if not text or text.isspace():
        findings.add("empty_file", where)
        return None
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if text.endswith(b"\n") else text + b"\n"


def real_type(data: bytes) -> dict[str, str] | None:
    """Detect a binary file type by its first bytes: ``kind`` and ``kind_zh``; None where the file may be text."""
    found = next(((en, zh) for magic, en, zh in _MAGIC if data.startswith(magic)), None)
    return None if found is None else {"kind": found[0], "kind_zh": found[1]}


def _utf16(data: bytes, where: Where, findings: Findings) -> bytes | None:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        findings.add("cut_character", where, "", offset=error.start)
        return None
    if "\0" in text:
        findings.add("nul", where, "", offset=data.index(b"\0\0"))
        return None
    findings.add("encoding", where, "UTF-16", encoding="UTF-16")
    return text.encode()


def _utf8(data: bytes, where: Where, findings: Findings) -> bytes | None:
    if b"\0" in data:
        findings.add("nul", where, "", offset=data.index(b"\0"))
        return None
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(data, error, where, findings)
    return data


def _not_utf8(data: bytes, error: UnicodeDecodeError, where: Where, findings: Findings) -> bytes | None:
    """Convert a GB18030 or Big5 file to UTF-8; refuse a file that is partly UTF-8 or truncated."""
    if error.end >= len(data) and "unexpected end" in error.reason:
        findings.add("cut_character", where, "", offset=error.start)
        return None
    if (offset := _first_utf8(data)) is not None:
        findings.add("mixed_encodings", where, "", offset=max(offset, error.start))
        return None
    found: dict[str, str] = {}
    for name, codec in _CHINESE:
        with suppress(UnicodeDecodeError):
            found[name] = data.decode(codec)
    if not found:
        findings.add("not_text", where, "", offset=error.start)
        return None
    best = max(found, key=lambda name: _common(found[name], name))
    findings.add("encoding", where, best.partition(" ")[0], encoding=best)
    return found[best].encode()


def _common(text: str, name: str) -> float:
    """Return the fraction of the non-ASCII characters that are in everyday use in an encoding."""
    codec, low, high = ("gb2312", 0xB0, 0xD7) if name.startswith("GB") else ("big5", 0xA4, 0xC6)
    beyond = list(islice((one for one in text if not one.isascii()), _SAMPLE))
    leads = [one.encode(codec, "ignore")[:1] for one in beyond]
    everyday = sum(low <= lead[0] <= high or lead[0] in (0xA1, 0xA3) for lead in leads if lead)
    return everyday / max(1, len(beyond))


def _first_utf8(data: bytes) -> int | None:
    """Return the offset of the first line with three-byte UTF-8 in it: GBK text does not look like that by chance."""
    offset = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            with suppress(UnicodeDecodeError):
                if any(c >= "\u0800" for c in line.decode()):
                    return offset
        offset += len(line)
    return None


@dataclass(frozen=True, slots=True)
class _CsvLayout:
    """Layout of a CSV file: delimiter (comma, semicolon or TAB) and cells of the first record.

    `start` is the byte offset of the record after the header; `lines` is the line of each record after it, blank lines
    left out.
    """

    delimiter: str
    header: tuple[str, ...]
    start: int
    lines: Lines


def _titles(data: bytes, known: Callable[[str], bool]) -> int:
    """Count the lines above a header that name no columns, such as a title, a date or a remark.

    0 where no header lies below the first lines; data and `known` are as for `_layout`.
    """
    lines = data.decode(errors="replace").split("\n", _TITLES + 1)[: _TITLES + 1]
    for number, line in enumerate(lines):
        _, cells = _parted(line, known)
        if second_header(cells, known):
            return number
    return 0


def _parted(record: str, known: Callable[[str], bool], marks: str = _DELIMITERS) -> tuple[str, list[str]]:
    """Return the one of some delimiters that yields the most column names in a record, and the cells.

    There are none where a cell exceeds the maximum length.
    """
    best, most = (marks[0], list[str]()), -1
    for mark in marks:
        try:
            cells = next(csv.reader(record.splitlines(keepends=True), delimiter=mark), [])
        except csv.Error:  # a cell that is said to be too long
            cells = []
        cells = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
        named = sum(map(known, cells))
        if named > most:
            best, most = (mark, cells), named
        if named > 1 and named == len(cells):
            break
    return best


def _stray_quote(data: bytes, quotes: Lines, delimiter: str) -> int | None:
    """Return the offset of the first of some quotes that does not enclose a cell; None where all do."""
    raw = np.frombuffer(data, np.uint8)
    edges = np.array([ord(delimiter), _FEED, _QUOTE], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = np.where(opening > 0, raw[opening - 1], _FEED)
    bad = [int(opening[place]) for place in np.flatnonzero(~np.isin(before, edges))[:1]]
    bad += [int(opening[place]) for place in np.flatnonzero(~np.isin(raw[closing + 1], edges))[:1]]
    if len(quotes) % 2:
        bad.append(int(quotes[-1]))
    return min(bad, default=None)


def _scanned(data: bytes, delimiter: str, quoted: bool) -> tuple[Lines, Lines, Lines, int, int]:
    """Walk the file once, in blocks of bytes.

    Returns the offset of the end, the cells and the first line of each record; the bytes of the longest cell, and the
    offset of its end.
    """
    raw, carry = np.frombuffer(data, np.uint8), 0
    ends, fields, last_lines = list[Lines](), list[Lines](), list[Lines]()
    pending, last, lines = 0, -1, 0  # separators since the last record ended, offset of the last one, line feeds so far
    longest = (0, 0)
    for start in range(0, len(data), _BLOCK):
        block = raw[start : start + _BLOCK]
        feeds = block == _FEED
        marks = feeds | (block == ord(delimiter))
        if quoted:
            inside = np.bitwise_xor.accumulate(np.concatenate(([carry], block == _QUOTE)).astype(np.uint8))[1:]
            marks &= inside == 0
            carry = int(inside[-1])
        separators = np.flatnonzero(marks)
        stops = np.flatnonzero(block[separators] == _FEED)
        if quoted:
            last_lines.append(lines + np.searchsorted(np.flatnonzero(feeds), separators[stops]) + 1)
            lines += int(np.count_nonzero(feeds))
        if len(separators):
            gaps = np.diff(separators, prepend=last - start)
            widest = int(gaps.argmax())
            longest = max(longest, (int(gaps[widest]) - 1, start + int(separators[widest])))
            last = start + int(separators[-1])
            ends.append(separators[stops] + start)
            fields.append(np.diff(stops, prepend=-1 - pending))
            pending = len(separators) - 1 - int(stops[-1]) if len(stops) else pending + len(separators)
    all_ends = np.concatenate(ends)
    last_line = np.concatenate(last_lines) if quoted else np.arange(1, len(all_ends) + 1)
    return all_ends, np.concatenate(fields), np.append(1, last_line[:-1] + 1), *longest


def _layout(data: bytes, table: str, known: Callable[[str], bool], findings: Findings) -> _CsvLayout | None:
    """Return the layout of a CSV file; None where the records cannot be separated.

    The data are UTF-8 with LF line ends, the last line ended. The delimiter is found by the cells that are `known` as
    names of columns. Open quotes, too many columns, cells that are too long and ragged records are reported.
    """
    where, before, raw = Where(table), len(data) - len(data.lstrip(b"\n")), np.frombuffer(data, np.uint8)
    delimiter, _ = _parted(data[before : data.index(b"\n", before)].decode(), known)
    quotes = np.flatnonzero(raw == _QUOTE) if b'"' in data else np.empty(0, np.int64)
    fault = _stray_quote(data, quotes, delimiter) if len(quotes) else None
    if fault is not None:
        findings.add("open_quote", where._replace(row=data.count(b"\n", 0, fault) + 1))
        return None
    ends, fields, lines, longest, offset = _scanned(data, delimiter, bool(len(quotes)))
    starts = np.append(0, ends[:-1] + 1)
    full = np.ones(len(ends), dtype=np.bool_)
    for record in np.flatnonzero((fields == 1) & np.isin(raw[starts], _BLANKS)).tolist():
        full[record] = bool(data[starts[record] : ends[record]].strip())
    full &= ends > starts
    head = int(full.argmax())
    full[: head + 1] = False
    _, header = _parted(data[starts[head] : ends[head]].decode(), known, delimiter)
    if len(header) > MOST_COLUMNS:
        findings.add("too_many_columns", where, len(header), most=MOST_COLUMNS)
        return None
    if longest > _LONGEST:
        place = int(np.searchsorted(ends, offset))
        findings.add("long_cell", where._replace(row=int(lines[place])), "", length=longest, most=_LONGEST)
        return None
    ragged = np.flatnonzero(full & (fields != len(header)))
    findings.add_rows("ragged", where, lines[ragged], [f"{count}" for count in fields[ragged]], expected=len(header))
    if len(ragged):
        return None
    return _CsvLayout(delimiter, tuple(header), int(ends[head]) + 1, lines[full].astype(np.int64))
