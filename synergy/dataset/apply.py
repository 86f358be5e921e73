"""Scenario application: merge rows by key, scale columns, and record the provenance of each changed cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synergy.dataset.columns import ColumnType
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import near, suggestion
from synergy.dataset.schema import TABLES
from synergy.dataset.settings import SCENARIO, wrong
from synergy.dataset.sheet import Cells, Flags, Lines, TableData, Words
from synergy.dataset.typed import filled, missing_columns, typed
from synergy.errors import Problem
from synergy.scenario import Scenario

Sheets = Mapping[str, TableData]


@dataclass(slots=True)
class Applied:
    """Tables after applying a scenario, with the cells that it changed.

    `rows` has, by table and line, the position in the scenario's list and the columns that it names, None for an added
    row; `scaled`, by table and column, the positions in ``scale`` and the lines they reached.
    """

    sheets: dict[str, TableData]
    rows: dict[tuple[str, int], tuple[int, frozenset[str] | None]] = field(default_factory=dict)
    scaled: dict[tuple[str, str], list[tuple[int, Lines]]] = field(default_factory=dict)

    def relocate(self, problem: Problem) -> Problem:
        """Return a problem relocated to the scenario, if the scenario wrote the cell."""
        row, column = problem.row, problem.column
        if row is None:
            return problem
        place, named = self.rows.get((problem.table, row), (-1, frozenset()))
        if place >= 0 and (named is None or not column or column in named):
            return replace(problem, table=SCENARIO, row=None, column=_pointer(problem.table, place, column))
        for place, lines in self.scaled.get((problem.table, column), ()):
            if row in lines:
                return replace(problem, table=SCENARIO, row=None, column=f"/scale/{place}")
        return problem


def _pointer(table: str, place: int, column: str) -> str:
    return f"/tables/{table}/{place}" + (f"/{column}" if column else "")


def apply(scenario: Scenario, sheets: Sheets, findings: Findings) -> Applied:
    """Return the tables, typed and filled before, with a scenario of sound shape applied: rows, then factors.

    Unreadable cells, rows without a key and factors that match nothing are reported.
    """
    applied = Applied(dict(sheets))
    for table, rows in scenario.tables.items():
        if rows:
            _merge(table, rows, applied, findings)
    for place, entry in enumerate(scenario.scale):
        if entry:
            _scale(entry, place, applied, findings)
    return applied


def _merge(table: str, rows: tuple[Mapping[str, object], ...], applied: Applied, findings: Findings) -> None:
    """Merge scenario rows into a table: overwrite the named columns of rows with the same key, append the others."""
    news, local = _sheet_of(table, rows, findings), Findings()
    news = typed(news, local)
    keys = TABLES[table].key
    old = applied.sheets[table]
    found = {key: place for place, key in enumerate(_keys(old, keys))}
    named = [frozenset(row) for row in rows]
    seen: set[tuple[str, ...]] = set()
    changes: list[tuple[int, int]] = []
    additions: list[tuple[int, int]] = []
    for place, key in enumerate(_keys(news, keys)):
        if "" in key:
            needed = {"table": table, "key": ", ".join(keys)}
            findings.add("scenario_key", Where(SCENARIO, None, _pointer(table, place, "")), "", **needed)
        elif key in seen:
            findings.add("scenario_twice", Where(SCENARIO, None, _pointer(table, place, "")), " ".join(key))
        else:
            (changes if key in found else additions).append((place, found.get(key, -1)))
        seen.add(key)
    added = _added(news, [place for place, _ in additions], local)
    new = [(place, " ".join(key)) for place, key in enumerate(_keys(news, keys)) if key not in found and "" not in key]
    if new:
        _lacking(local, table, new[0], [" ".join(key) for key in found], findings)
    _report(local, table, (named, {place for place, _ in additions}), findings)
    merged = _changed(old, news, changes, named)
    applied.sheets[table] = _stacked(merged, added)
    applied.rows |= {(table, int(old.lines[row])): (place, named[place]) for place, row in changes}
    first = int(old.lines.max(initial=1)) + 1
    applied.rows |= {(table, first + count): (place, None) for count, (place, _) in enumerate(additions)}


def _sheet_of(table: str, rows: tuple[Mapping[str, object], ...], findings: Findings) -> TableData:
    """Return scenario rows as a text sheet, with their positions as line numbers."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, Cells] = {}
    for name in names:
        texts = [_cell(row.get(name), _pointer(table, place, name), findings) for place, row in enumerate(rows)]
        columns[str(name)] = Words.of(texts)
    return TableData(table, np.arange(len(rows), dtype=np.int64), columns)


def _cell(value: object, pointer: str, findings: Findings) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if hasattr(value, "isoformat") or isinstance(value, int | float):
        return value.isoformat()[:10] if hasattr(value, "isoformat") else repr(value)
    wrong(findings, pointer, value, ("a number, a text or true/false", "数字、文本或 true/false"))
    return ""


def _keys(sheet: TableData, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    blank = Words.blank(len(sheet))
    columns = [sheet.words(name) if name in sheet.columns else blank for name in names]
    return list(zip(*(column.texts().tolist() for column in columns), strict=True))


def _added(news: TableData, places: list[int], local: Findings) -> TableData:
    """Return the rows with new keys, defaults filled in; required columns must be present."""
    if places:
        missing_columns(news, local)
    return filled(news.take(np.array(places, dtype=np.int64)))


def _lacking(local: Findings, table: str, new: tuple[int, str], known: list[str], findings: Findings) -> None:
    """Report the columns missing from the first new row, and suggest an existing row that may have been meant."""
    place, key = new
    for problem in local.problems():
        if problem.code == "missing_column":
            where = Where(SCENARIO, None, _pointer(table, place, problem.column))
            findings.add("scenario_new", where, key, table=table, column=problem.column, **suggestion(near(key, known)))


def _report(local: Findings, table: str, rows: tuple[list[frozenset[str]], set[int]], findings: Findings) -> None:
    """Forward the findings of scenario rows with scenario pointers; a changed row may leave columns blank."""
    named, added = rows
    for problem in local.problems():
        if problem.code == "unknown_column" or problem.row is None:
            findings.extend([replace(problem, table=SCENARIO, row=None, column=f"/tables/{table}/{problem.column}")])
        elif problem.code == "missing_column":
            continue
        elif problem.code != "blank" or problem.column in named[problem.row] or problem.row in added:
            column = _pointer(table, problem.row, problem.column)
            findings.extend([replace(problem, table=SCENARIO, row=None, column=column)])


def _changed(old: TableData, news: TableData, changes: list[tuple[int, int]], named: list[frozenset[str]]) -> TableData:
    """Return the old rows with the cells that the new rows name overwritten."""
    columns = dict(old.columns)
    defaults = filled(news)
    for name in news.columns:
        places = [(place, row) for place, row in changes if name in named[place]]
        if not places:
            continue
        source, target = (np.array(side, dtype=np.int64) for side in zip(*places, strict=True))
        cells = columns.get(name, Words.blank(len(old)))
        fresh = defaults.columns[name]
        if isinstance(cells, Words):
            texts = cells.texts()
            texts[target] = defaults.words(name).texts()[source]
            columns[name] = Words.of(texts)
        elif not isinstance(fresh, Words):
            columns[name] = cells.copy()
            columns[name][target] = fresh[source]  # type: ignore[index]
    return replace(old, columns=columns)


def _stacked(upper: TableData, lower: TableData) -> TableData:
    """Concatenate the rows of two sheets; a column missing from one is blank there."""
    if not len(lower):
        return upper
    columns: dict[str, Cells] = {}
    for name in dict.fromkeys([*upper.columns, *lower.columns]):
        one, other = upper.columns.get(name), lower.columns.get(name)
        if isinstance(one, Words) or isinstance(other, Words):
            halves = [c if isinstance(c, Words) else Words.blank(len(s)) for c, s in ((one, upper), (other, lower))]
            columns[name] = Words.of(np.concatenate([half.texts() for half in halves]))
        else:
            parts = [np.full(len(s), np.nan) if c is None else c for c, s in ((one, upper), (other, lower))]
            columns[name] = np.concatenate(parts)
    first = int(upper.lines.max(initial=1)) + 1
    lines = np.append(upper.lines, np.arange(first, first + len(lower)))
    return replace(upper, lines=lines, columns=columns, given=True)


def _scale(entry: Mapping[str, Any], place: int, applied: Applied, findings: Findings) -> None:
    """Multiply a column and its low and high bounds by a factor in the rows that match the filter."""
    table, name, factor = str(entry["table"]), str(entry["column"]), float(entry["factor"])
    sheet, where = applied.sheets[table], Where(SCENARIO, None, f"/scale/{place}")
    matched = np.ones(len(sheet), dtype=np.bool_)
    for column, value in entry.get("where", {}).items():
        if column not in sheet.columns:
            findings.add("unknown_name", where._replace(column=f"{where.column}/where/{column}"), column, near="")
            return
        matched &= _matches(sheet.columns[column], value)
    if not matched.any():
        findings.add("scenario_nothing", where, str(dict(entry.get("where", {}))))
        return
    columns = dict(sheet.columns)
    base = TABLES[table].column(name)
    group = (name, f"{name}_low", f"{name}_high") if base is not None and base.kind is ColumnType.NUMBER else (name,)
    for one in group:
        cells = columns.get(one)
        if cells is not None and not isinstance(cells, Words):
            columns[one] = np.where(matched, cells * factor, cells)
    applied.sheets[table] = replace(sheet, columns=columns)
    applied.scaled.setdefault((table, name), []).append((place, sheet.lines[matched]))


def _matches(cells: Cells, value: object) -> Flags:
    """Return a mask of the rows that hold a value, or one of a list of values."""
    wanted = value if isinstance(value, list | tuple) else [value]
    if isinstance(cells, Words):
        texts = {"" if one is None else str(one) for one in wanted}
        flags = cells.among(np.array([word in texts for word in cells.words], dtype=np.bool_))
        return flags | ~cells.filled if "" in texts else flags
    numbers = [float(one) for one in wanted if isinstance(one, int | float)]
    matched: Flags = np.isin(cells.astype(np.float64), numbers)
    return matched
