"""Ids that name rows of other tables: known, and of one table only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.dataset.schema import HOLDERS, MARKET_SIDE, NO_EFFECT, TABLES, own_column
from synergy.dataset.sheet import Sheet, Words

Sheets = Mapping[str, Sheet]


def check_references(sheets: Sheets, broken: Collection[str], findings: Findings) -> None:
    """Check every id that names a row of another table.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables.
    broken : collection of str
        Tables that could not be read: nothing is said about ids of theirs.
    findings : Findings
        Takes unknown and ambiguous ids.
    """
    for sheet in sheets.values():
        for column in TABLES[sheet.table].columns:
            if column.refs and not set(column.refs) & set(broken):
                _known(sheet, column.name, column.refs, (sheets, findings))
        if sheet.table in HOLDERS and not set(HOLDERS[sheet.table]) & set(broken):
            _holders(sheet, sheets, findings)


def names_of(sheets: Sheets, tables: Sequence[str]) -> dict[str, str]:
    """Return the ids of some tables by their names in both languages.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables.
    tables : sequence of str
        Tables with one id each row.

    Returns
    -------
    dict of str to str
    """
    names: dict[str, str] = {}
    for table in tables:
        sheet = sheets[table]
        for column in ("name_en", "name_zh"):
            if column in sheet.columns and len(sheet) <= 5000:
                pairs = zip(sheet.words(column).texts(), sheet.words(own_column(table)).texts(), strict=True)
                names |= {name: one for name, one in pairs if name and one}
    return names


def unknown(word: str, sheets: Sheets, tables: Sequence[str]) -> dict[str, object]:
    """Return what is said of an id that no table knows.

    Parameters
    ----------
    word : str
        The id.
    sheets : mapping of str to Sheet
        All tables.
    tables : sequence of str
        Tables one of which should know it.

    Returns
    -------
    dict
        Fields of the rule ``unknown_id``.
    """
    known = [one for table in tables for one in sheets[table].words(own_column(table)).words]
    found = near(word, known, names_of(sheets, tables))
    hints = suggestion(found)
    if not found:
        listed = " / ".join(tables)
        hints = {"near": f"add it to {listed}, or mend the id", "near_zh": f"请在 {listed} 中添加或修正标识"}
    return {"tables": ", ".join(tables)} | hints


def _known(sheet: Sheet, name: str, tables: Sequence[str], context: tuple[Sheets, Findings]) -> None:
    sheets, findings = context
    column = sheet.words(name)
    if not len(column.words):
        return
    known = np.zeros(len(column.words), dtype=np.bool_)
    for table in tables:
        known |= _positions(column, sheets[table]) >= 0
    for place in np.flatnonzero(~known & column.used())[:200]:
        lines = sheet.lines[column.codes == place]
        word = column.words[place]
        fields = unknown(word, sheets, tables)
        findings.add_rows("unknown_id", Where(sheet.table, None, name), lines, [word] * len(lines), **fields)


def _positions(column: Words, sheet: Sheet) -> NDArray[np.int64]:
    """Return for each word of a column its position among the ids of a table, -1 where it is none."""
    own = sheet.words(own_column(sheet.table)).words
    if not len(own):
        return np.full(len(column.words), -1)
    return pd.Index(own).get_indexer(pd.Index(column.words)).astype(np.int64)


def _holders(sheet: Sheet, sheets: Sheets, findings: Findings) -> None:
    """Check the holders of qualities, limits and availability: one row of one of their tables.

    What only takes the commodity may be named in qualities, and what only gives it in limits: that has no effect.
    """
    column, tables = sheet.words("holder"), HOLDERS[sheet.table]
    if not len(column.words):
        return
    side = MARKET_SIDE.get(sheet.table, "")
    here = {table: _positions(column, sheets[table]) >= 0 for table in tables}
    idle = np.zeros(len(column.words), dtype=np.bool_)
    if side:
        idle = here["markets"] & ~_on_side(column, sheets["markets"], side)
        here["markets"] &= ~idle
        idle |= _positions(column, sheets[NO_EFFECT[sheet.table]]) >= 0
    count = np.sum(list(here.values()), axis=0)
    where = Where(sheet.table, None, "holder")
    for place in np.flatnonzero((count != 1) & column.used())[:200]:
        lines, word = sheet.lines[column.codes == place], column.words[place]
        code = "ambiguous_holder"
        fields: dict[str, object] = {"tables": ", ".join(table for table in tables if here[table][place])}
        if count[place] == 0:
            code, fields = "no_effect_holder", {"role": "gives", "role_zh": "供出"}
            if side == "buy":
                fields = {"role": "takes", "role_zh": "接收"}
            if not idle[place]:
                code, fields = "unknown_id", unknown(word, sheets, tables)
        findings.add_rows(code, where, lines, [word] * len(lines), **fields)


def _on_side(column: Words, markets: Sheet, side: str) -> NDArray[np.bool_]:
    sides = markets.words("side").texts() == side
    chosen = markets.words("market").take(sides)
    known = chosen.words[chosen.used()]
    return np.isin(column.words.astype(object), known) if len(known) else np.zeros(len(column.words), dtype=np.bool_)
