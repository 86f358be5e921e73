"""Where the records of a CSV file begin and end: header, delimiter, line of each record, before anything is parsed.

The file is walked once in blocks of bytes; a quote turns separators off until the next one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where

BLOCK = 1 << 20  # bytes looked at together: stays in the cache
LONGEST = 131_072  # bytes of one cell
MOST_COLUMNS = 512
_TITLES = 5  # lines above a header in which a title may stand
_DELIMITERS = ",;\t"
_QUOTE, _FEED = 34, 10
_BLANKS = np.frombuffer(b" \t\n", np.uint8)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the file looks like.

    Parameters
    ----------
    delimiter : str
        Comma, semicolon or TAB.
    header : tuple of str
        Cells of the first record.
    start : int
        Offset of the record after the header.
    lines : numpy.ndarray of int
        Line of each record after the header, blank lines left out.
    """

    delimiter: str
    header: tuple[str, ...]
    start: int
    lines: NDArray[np.int64]


@dataclass(slots=True)
class _Walk:
    """Bookkeeping of a walk over the records."""

    ends: list[NDArray[np.int64]]
    fields: list[NDArray[np.int64]]
    feeds: list[NDArray[np.int64]]
    pending: int = 0  # separators since the last record ended
    last: int = -1  # offset of the last separator
    longest: tuple[int, int] = (0, 0)  # bytes of the longest cell, offset of its end
    seen: int = 0  # line feeds so far, those in quotes too


def layout(data: bytes, table: str, known: Callable[[str], bool], findings: Findings) -> Layout | None:
    """Return the layout of a CSV file.

    Parameters
    ----------
    data : bytes
        UTF-8, line ends as line feeds, the last line ended.
    table : str
        Its table, for messages.
    known : callable
        Whether a cell is the name of a column: they tell the delimiter.
    findings : Findings
        Takes open quotes, ragged records, cells too long.

    Returns
    -------
    Layout or None
        None where the records cannot be told apart.
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
    """Count the lines above a header that name no columns: a title, a date, a remark.

    Parameters
    ----------
    data : bytes
        As for `layout`.
    known : callable
        Whether a cell is the name of a column.

    Returns
    -------
    int
        0 where no header lies below the first lines.
    """
    lines = data.decode(errors="replace").split("\n", _TITLES + 1)[: _TITLES + 1]
    for number, line in enumerate(lines):
        _, cells = _parted(line, known)
        named = sum(map(known, cells))
        if named >= 2 and 2 * named >= sum(bool(cell) for cell in cells):
            return number
    return 0


def _parted(line: str, known: Callable[[str], bool]) -> tuple[str, list[str]]:
    """Return the delimiter that makes most names of columns of a line, and its cells."""
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
    """Return the cells of a line, none where one would be longer than any that is taken."""
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


def _laid_out(data: bytes, delimiter: str, walk: _Walk, sink: tuple[str, Findings]) -> Layout | None:
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
    return Layout(delimiter, header, int(ends[head]) + 1, lines[full].astype(np.int64))


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
    """Say what is wrong with the shape of the records; return whether nothing is."""
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
