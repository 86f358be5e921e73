"""Rows that say the same thing twice, and ids that differ only to a machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import folded
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Flags, Sheet, Words


def combined(columns: Sequence[Words]) -> NDArray[np.int64]:
    """Return one number for each row, equal where all columns are; -1 where one of them is blank.

    Parameters
    ----------
    columns : sequence of Words
        At least one.

    Returns
    -------
    numpy.ndarray of int64
    """
    keys = columns[0].codes.astype(np.int64)
    size, blank = len(columns[0].words), keys < 0
    for column in columns[1:]:
        if size * max(1, len(column.words)) >= 2**62:
            keys, distinct = pd.factorize(keys)
            size = len(distinct)
        keys = keys * len(column.words) + column.codes
        size *= max(1, len(column.words))
        blank |= column.codes < 0
    return np.where(blank, -1, keys) if blank.any() else keys


def without_repeats(sheet: Sheet, findings: Findings) -> Sheet:
    """Return a sheet without rows that repeat another word for word; other values for one key are an error.

    Parameters
    ----------
    sheet : Sheet
        Typed and filled.
    findings : Findings
        Takes both kinds, with the lines of both rows.

    Returns
    -------
    Sheet
    """
    names = TABLES[sheet.table].key
    if not names:  # two deals of one pair are two deals
        return sheet
    keys = combined([sheet.words(name) for name in names])
    if not len(keys):
        return sheet
    later = pd.Series(keys).duplicated().to_numpy() & (keys >= 0)
    if not later.any():
        return sheet
    rows = np.flatnonzero(later)
    first = _first(keys, rows)
    same = _same(sheet, rows, first)
    column = names[0] if len(names) == 1 else ""
    where = Where(sheet.table, None, column)
    for code, chosen in (("same_row", same), ("double_key", ~same)):
        texts = [" ".join(str(sheet.value(name, row)) for name in names) for row in rows[chosen][:200].tolist()]
        lines, others = sheet.lines[rows[chosen]], sheet.lines[first[chosen]].tolist()
        findings.add_rows(code, where, lines, texts, first=others, line=lines.tolist())
    keep = np.ones(len(sheet), dtype=np.bool_)
    keep[rows] = False
    return sheet.take(keep)


def _first(keys: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for some rows the first one of the same key."""
    codes, distinct = pd.factorize(keys)
    first = np.full(len(distinct), len(keys))
    np.minimum.at(first, codes, np.arange(len(keys)))
    found: NDArray[np.int64] = first[codes[rows]]
    return found


def _same(sheet: Sheet, rows: NDArray[np.int64], first: NDArray[np.int64]) -> Flags:
    same = np.ones(len(rows), dtype=np.bool_)
    for cells in sheet.columns.values():
        if isinstance(cells, Words):
            same &= cells.codes[rows] == cells.codes[first]
        else:
            one, other = cells[rows], cells[first]
            same &= (one == other) | (np.isnan(one) & np.isnan(other))
    return same


def look_alikes(sheet: Sheet, findings: Findings) -> None:
    """Say which ids of a table differ from another one in case or width alone.

    Parameters
    ----------
    sheet : Sheet
        Typed.
    findings : Findings
        Takes them.
    """
    names = TABLES[sheet.table].key
    if len(names) != 1:
        return
    column = sheet.words(names[0])
    looks = [word.lower() if word.isascii() else folded(word) for word in column.words]
    if len(set(looks)) == len(looks):
        return
    seen: dict[str, str] = {}
    for place, (word, look) in enumerate(zip(column.words, looks, strict=True)):
        other = seen.setdefault(look, word)
        if other != word:
            lines = sheet.lines[column.codes == place][:1]
            findings.add_rows("id_alike", Where(sheet.table, None, names[0]), lines, [word], other=other)
