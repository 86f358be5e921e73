"""Settings of a dataset, a scenario and the caller, parsed in this order; a scenario applied to tables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from synergy.dataset.described import load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.sheet import NO_WORDS, Cells, Flags, Lines, TableData, Words
from synergy.dataset.typed import near, suggestion, typed
from synergy.errors import DatasetError, Problem
from synergy.scenario import JSON, ModeShare, Pattern, Scenario, Settings

_One = TypeVar("_One")
OVERRIDES = "overrides"  # the layer whose texts are read as numbers, lists and true/false
_PATTERN = tuple(field.name for field in fields(Pattern))
_SHARE = tuple(field.name for field in fields(ModeShare))
SCENARIO = "scenario"  # the table in messages
_TOLD = ("name", "title", "title_en", "title_zh", "description", "description_en", "description_zh")
_SCALE = ("table", "column", "where", "factor")


class Layer(NamedTuple):
    """Settings of a source (file, ``"scenario"`` or `OVERRIDES`), and the JSON pointer of the object holding them."""

    source: str
    values: Mapping[str, object]
    pointer: str = ""


class WrongValueError(Exception):
    """Value that cannot be parsed; it has been reported."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Location in a document, with the sink for its findings."""

    where: Where
    findings: Findings

    def inside(self, name: object) -> _Spot:
        """Return the location of a part."""
        return _Spot(self.where._replace(column=f"{self.where.column}/{name}"), self.findings)

    def wrong(self, value: object, expected: str, zh: str) -> WrongValueError:
        """Report a wrong value at this location and return the exception to raise."""
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        self.findings.add_expected("wrong_kind", self.where, shown, expected, zh)
        return WrongValueError()


def parse_settings(layers: Sequence[Layer], findings: Findings) -> tuple[Settings, dict[str, Where]]:
    """Merge the settings of all layers, later ones overriding, and return the source of each.

    Unknown names and wrong values are reported with a JSON pointer as column.
    """
    values: dict[str, Any] = {}
    places: dict[str, Where] = {}
    for layer in layers:
        for name, value in layer.values.items():
            where = Where(layer.source, None, f"{layer.pointer}/{name}")
            if name not in _READERS:
                findings.add("unknown_setting", where, name, **suggestion(near(str(name), list(_READERS))))
                continue
            raw = plain(value) if layer.source == OVERRIDES and isinstance(value, str) else value
            try:
                values[name], places[name] = _READERS[name](raw, _Spot(where, findings)), where
            except WrongValueError:
                continue
    return Settings(**values), places


def plain(text: str) -> JSON:
    """Parse a command-line value: JSON, ``none``, or the text itself.

    Examples
    --------
    >>> plain("0.05"), plain("none"), plain("CNY")
    (0.05, None, 'CNY')
    """
    word = text.strip().lower()
    if word in ("none", "null", ""):
        return None
    try:
        found: JSON = json.loads(word if word in ("true", "false") else text)
    except (ValueError, RecursionError):
        return text
    return found


def _number(
    value: object, spot: _Spot, *, least: float = 0.0, optional: bool = False, whole: bool = False
) -> float | None:
    if value is None and optional:
        return None
    kind = "a whole number" if whole else "a number"
    bound = "" if least == -math.inf else f" >= {least:g}"
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not math.isfinite(number) or number < least or (whole and number != int(number)):
        zh = ("整数" if whole else "数字") + bound
        raise spot.wrong(value, f"{kind}{bound}{' or none' if optional else ''}", zh)
    return int(number) if whole else float(number)


def _text(value: object, spot: _Spot) -> str:
    if not isinstance(value, str) or not value.strip():
        raise spot.wrong(value, "a text", "文本")
    return value.strip()


def _flag(value: object, spot: _Spot) -> bool:
    if not isinstance(value, bool):
        raise spot.wrong(value, "true or false", "true 或 false")
    return value


def _list(value: object, spot: _Spot, *, read: Callable[[object, _Spot], _One]) -> tuple[_One, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise spot.wrong(value, "a list", "列表")
    return tuple(read(one, spot.inside(place)) for place, one in enumerate(value))


def _object(value: object, spot: _Spot, names: Sequence[str], required: Sequence[str] = ()) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise spot.wrong(value, f"an object with {', '.join(names)}", f"含 {'、'.join(names)} 的对象")
    for name in value:
        if name not in names:
            spot.findings.add("unknown_name", spot.inside(name).where, name, **suggestion(near(str(name), names)))
    for name in required:
        if name not in value:
            raise spot.wrong(value, f"an object with {', '.join(required)}", f"含 {'、'.join(required)} 的对象")
    return value


def _pattern(value: object, spot: _Spot, *, fixed: bool) -> Pattern:
    """Read a pattern, which needs a quantity where it is fixed, and has none where it is forbidden."""
    record = _object(value, spot, _PATTERN)
    found: dict[str, Any] = {}
    for name in _PATTERN:
        if record.get(name) is not None:
            found[name] = (_number if name == "quantity" else _text)(record[name], spot.inside(name))
    pattern = Pattern(**found)
    if fixed and pattern.quantity is None:
        spot.findings.add("quantity_needed", spot.where)
    elif not fixed and pattern.quantity is not None:
        spot.findings.add("quantity_unused", spot.inside("quantity").where, pattern.quantity)
    return pattern


def _mode_share(value: object, spot: _Spot) -> ModeShare:
    record = _object(value, spot, _SHARE, _SHARE)
    modes = _list(record["modes"], spot.inside("modes"), read=_text)
    minimum = _number(record["minimum"], spot.inside("minimum"))
    if not modes:
        raise spot.inside("modes").wrong(record["modes"], "at least one mode", "至少一种运输方式")
    if minimum is None or minimum > 1:
        raise spot.inside("minimum").wrong(record["minimum"], "a number between 0 and 1", "0 到 1 之间的数字")
    return ModeShare(_text(record["commodity"], spot.inside("commodity")), modes, minimum)


_READERS: Mapping[str, Callable[[object, _Spot], object]] = {
    "currency": _text,
    "discount_rate": _number,
    "carbon_price": _number,
    "capex_budget": partial(_number, optional=True),
    "co2_cap": partial(_number, least=-math.inf, optional=True),
    "mode_share": partial(_list, read=_mode_share),
    "allow_builds": _flag,
    "max_partners": partial(_number, optional=True, whole=True),
    "forbid": partial(_list, read=partial(_pattern, fixed=False)),
    "fix": partial(_list, read=partial(_pattern, fixed=True)),
}


def load_scenario(path: str | Path) -> Scenario:
    """Load a scenario from a TOML or JSON file.

    Settings stand at the top or under ``settings``, rows of tables under ``tables``, factors under ``scale``;
    ``name``, ``title`` and ``description`` are for people. The name is the file's where none is given.
    What the settings and cells hold is checked when the scenario is applied to a dataset.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; ``.json`` is JSON, everything else TOML.

    Raises
    ------
    DatasetError
        The file is not there, cannot be parsed, or has another shape.
    """
    file, findings = Path(path), Findings()
    raw = None
    if file.is_file():
        suffix = ".json" if file.suffix.lower() == ".json" else ".toml"
        raw = load_document(file.read_bytes(), f"{file.stem}{suffix}", findings)
    else:
        findings.add("not_found", Where(file.name), str(file))
    scenario = parse_scenario(raw or {}, findings)
    if findings.refused:
        raise DatasetError(findings.problems())
    return scenario if scenario.name else replace(scenario, name=file.stem)


def parse_scenario(raw: Mapping[str, object], findings: Findings) -> Scenario:
    """Parse a scenario from a document; its name is "" where none is given.

    Whatever has the wrong shape is reported, with a JSON pointer as column.
    """
    rest = {key: value for key, value in raw.items() if key not in (*_TOLD, "settings", "tables", "scale")}
    settings = rest | _mapping(raw.get("settings", {}), "/settings", findings)
    tables = _mapping(raw.get("tables", {}), "/tables", findings)
    scale = _rows(raw.get("scale", []), "/scale", findings)
    name = raw.get("name", "")
    rows = {table: _rows(listed, f"/tables/{table}", findings) for table, listed in tables.items()}
    return Scenario(name if isinstance(name, str) else str(name), settings, rows, scale)


def check_shape(scenario: Scenario, findings: Findings) -> Scenario:
    """Return a scenario without unknown tables and inapplicable factors, which are reported."""
    tables: dict[str, tuple[Mapping[str, object], ...]] = {}
    for table, rows in scenario.tables.items():
        if table in TABLES:
            tables[table] = _rows(list(rows), f"/tables/{table}", findings)
        else:
            _unknown(f"/tables/{table}", table, list(TABLES), findings)
    scale = _rows(list(scenario.scale), "/scale", findings)
    sound = tuple(one if _sound_scale(one, place, findings) else {} for place, one in enumerate(scale))
    return replace(scenario, tables=tables, scale=sound)


def _sound_scale(entry: Mapping[str, object], place: int, findings: Findings) -> bool:
    """Check whether a scale entry can be applied; report its faults."""
    where, errors = Where(SCENARIO, None, f"/scale/{place}"), 0
    for key in entry:
        if key not in _SCALE:
            errors += 1
            _unknown(f"{where.column}/{key}", str(key), _SCALE, findings)
    table, column, factor = str(entry.get("table", "")), entry.get("column"), entry.get("factor")
    if table not in TABLES:
        _unknown(f"{where.column}/table", table, list(TABLES), findings)
        return False
    if not isinstance(column, str) or column not in TABLES[table].numeric:
        numbers = [one.name for one in TABLES[table].numbers]
        hints = suggestion(near(str(column), numbers))
        findings.add("scenario_not_number", where._replace(column=f"{where.column}/column"), column, **hints)
        errors += 1
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 0 <= factor < float("inf"):
        _wrong(findings, f"{where.column}/factor", factor, "a number >= 0", "不小于零的数字")
        errors += 1
    if not isinstance(entry.get("where", {}), Mapping):
        expected = ("an object of columns and values", "列名与取值的对象")
        _wrong(findings, f"{where.column}/where", entry["where"], *expected)
        errors += 1
    return not errors


def _unknown(pointer: str, name: str, known: Sequence[str], findings: Findings) -> None:
    findings.add("unknown_name", Where(SCENARIO, None, pointer), name, **suggestion(near(name, known)))


def _mapping(value: object, pointer: str, findings: Findings) -> dict[str, object]:
    if isinstance(value, Mapping):
        return dict(value)
    _wrong(findings, pointer, value, "an object", "对象")
    return {}


def _rows(value: object, pointer: str, findings: Findings) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        _wrong(findings, pointer, value, "a list of objects", "对象的列表")
        return ()
    for place, row in enumerate(value):
        if not isinstance(row, Mapping):
            _wrong(findings, f"{pointer}/{place}", row, "an object", "对象")
    return tuple(row if isinstance(row, Mapping) else {} for row in value)


def _wrong(findings: Findings, pointer: str, value: object, en: str, zh: str) -> None:
    """Report a value of the wrong type in a scenario."""
    findings.add_expected("wrong_kind", Where(SCENARIO, None, pointer), value, en, zh)


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


def apply(scenario: Scenario, sheets: Mapping[str, TableData], findings: Findings) -> Applied:
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
    local = Findings()
    news = typed(_sheet_of(table, rows, findings), local)
    keys = TABLES[table].key
    old = applied.sheets[table]
    found = {key: place for place, key in enumerate(_keys(old, keys))}
    named = [frozenset(row) for row in rows]
    seen: set[tuple[str, ...]] = set()
    changes: list[tuple[int, int]] = []
    additions: list[int] = []
    new_keys = _keys(news, keys)
    for place, key in enumerate(new_keys):
        if "" in key:
            needed = {"table": table, "key": ", ".join(keys)}
            findings.add("scenario_key", Where(SCENARIO, None, _pointer(table, place, "")), "", **needed)
        elif key in seen:
            findings.add("scenario_twice", Where(SCENARIO, None, _pointer(table, place, "")), " ".join(key))
        elif key in found:
            changes.append((place, found[key]))
        else:
            additions.append(place)
        seen.add(key)
    if additions:
        first_new = (additions[0], " ".join(new_keys[additions[0]]))
        _lacking(local, table, first_new, [" ".join(key) for key in found], findings)
    _report(local, table, (named, set(additions)), findings)
    added = news.take(np.array(additions, dtype=np.int64))
    applied.sheets[table] = _stacked(_changed(old, news, changes, named), added)
    applied.rows |= {(table, int(old.lines[row])): (place, named[place]) for place, row in changes}
    first = int(old.lines.max(initial=1)) + 1
    applied.rows |= {(table, first + count): (place, None) for count, place in enumerate(additions)}


def _sheet_of(table: str, rows: tuple[Mapping[str, object], ...], findings: Findings) -> TableData:
    """Return scenario rows as a text sheet, with their positions as line numbers."""
    columns: dict[str, Cells] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        texts = [_cell(row.get(name), _pointer(table, place, name), findings) for place, row in enumerate(rows)]
        columns[str(name)] = Words.of(texts)
    return TableData(table, np.arange(len(rows), dtype=np.int64), columns)


def _cell(value: object, pointer: str, findings: Findings) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "isoformat") or isinstance(value, int | float):
        return value.isoformat()[:10] if hasattr(value, "isoformat") else repr(value)
    _wrong(findings, pointer, value, "a number, a text or true/false", "数字、文本或 true/false")
    return ""


def _keys(sheet: TableData, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(zip(*(sheet.words(name).texts().tolist() for name in names), strict=True))


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
    for name in news.columns:
        places = [(place, row) for place, row in changes if name in named[place]]
        if not places:
            continue
        source, target = (np.array(side, dtype=np.int64) for side in zip(*places, strict=True))
        cells = columns.get(name, Words(np.full(len(old), -1), NO_WORDS))
        fresh = news.columns[name]
        if isinstance(cells, Words):
            texts = cells.texts()
            texts[target] = news.words(name).texts()[source]
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
            pairs = ((one, upper), (other, lower))
            halves = [c.texts() if isinstance(c, Words) else np.full(len(s), "", dtype=object) for c, s in pairs]
            columns[name] = Words.of(np.concatenate(halves))
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
    base = TABLES[table].by_name.get(name)
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
        return cells.isin(texts) | ((cells.codes < 0) & ("" in texts))
    numbers = [float(one) for one in wanted if isinstance(one, int | float)]
    matched: Flags = np.isin(cells.astype(np.float64), numbers)
    return matched
