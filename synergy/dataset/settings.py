"""Settings of a round: the dataset's own, a scenario's and the caller's, parsed and checked in this order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from synergy.dataset.columns import ColumnType
from synergy.dataset.described import load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import near, suggestion
from synergy.dataset.schema import TABLES, numeric
from synergy.errors import DatasetError
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
        fields: dict[str, object] = {"expected": expected, "expected_zh": zh, "hint": ""}
        self.findings.add("wrong_kind", self.where, shown, **fields)
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


def _number(least: float, *, optional: bool = False, whole: bool = False) -> Callable[[object, _Spot], float | None]:
    def read(value: object, spot: _Spot) -> float | None:
        if value is None and optional:
            return None
        kind = "a whole number" if whole else "a number"
        bound = "" if least == -math.inf else f" >= {least:g}"
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        if not math.isfinite(number) or number < least or (whole and number != int(number)):
            zh = ("整数" if whole else "数字") + bound
            raise spot.wrong(value, f"{kind}{bound}{' or none' if optional else ''}", zh)
        return int(number) if whole else float(number)

    return read


def _text(value: object, spot: _Spot) -> str:
    if not isinstance(value, str) or not value.strip():
        raise spot.wrong(value, "a text", "文本")
    return value.strip()


def _flag(value: object, spot: _Spot) -> bool:
    if not isinstance(value, bool):
        raise spot.wrong(value, "true or false", "true 或 false")
    return value


def _list(read: Callable[[object, _Spot], _One]) -> Callable[[object, _Spot], tuple[_One, ...]]:
    def read_all(value: object, spot: _Spot) -> tuple[_One, ...]:
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise spot.wrong(value, "a list", "列表")
        return tuple(read(one, spot.inside(place)) for place, one in enumerate(value))

    return read_all


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


def _pattern(value: object, spot: _Spot) -> Pattern:
    record = _object(value, spot, _PATTERN)
    found: dict[str, Any] = {}
    for name in _PATTERN:
        if record.get(name) is not None:
            read = _number(0.0) if name == "quantity" else _text
            found[name] = read(record[name], spot.inside(name))
    return Pattern(**found)


def _fixed(value: object, spot: _Spot) -> Pattern:
    pattern = _pattern(value, spot)
    if pattern.quantity is None:
        spot.findings.add("quantity_needed", spot.where)
    return pattern


def _forbidden(value: object, spot: _Spot) -> Pattern:
    pattern = _pattern(value, spot)
    if pattern.quantity is not None:
        spot.findings.add("quantity_unused", spot.inside("quantity").where, pattern.quantity)
    return pattern


def _mode_share(value: object, spot: _Spot) -> ModeShare:
    record = _object(value, spot, _SHARE, _SHARE)
    modes = _list(_text)(record["modes"], spot.inside("modes"))
    minimum = _number(0.0)(record["minimum"], spot.inside("minimum"))
    if not modes:
        raise spot.inside("modes").wrong(record["modes"], "at least one mode", "至少一种运输方式")
    if minimum is None or minimum > 1:
        raise spot.inside("minimum").wrong(record["minimum"], "a number between 0 and 1", "0 到 1 之间的数字")
    return ModeShare(_text(record["commodity"], spot.inside("commodity")), modes, minimum)


_READERS: Mapping[str, Callable[[object, _Spot], object]] = {
    "currency": _text,
    "discount_rate": _number(0.0),
    "carbon_price": _number(0.0),
    "capex_budget": _number(0.0, optional=True),
    "co2_cap": _number(-math.inf, optional=True),
    "mode_share": _list(_mode_share),
    "allow_builds": _flag,
    "max_partners": _number(0.0, optional=True, whole=True),
    "forbid": _list(_forbidden),
    "fix": _list(_fixed),
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
        if table not in TABLES:
            where = Where(SCENARIO, None, f"/tables/{table}")
            findings.add("unknown_name", where, table, **suggestion(near(str(table), list(TABLES))))
            continue
        tables[table] = _rows(list(rows), f"/tables/{table}", findings)
    scale = _rows(list(scenario.scale), "/scale", findings)
    sound = tuple(one if _sound_scale(one, place, findings) else {} for place, one in enumerate(scale))
    return replace(scenario, tables=tables, scale=sound)


def _sound_scale(entry: Mapping[str, object], place: int, findings: Findings) -> bool:
    """Check whether a scale entry can be applied; report its faults."""
    where, errors = Where(SCENARIO, None, f"/scale/{place}"), 0
    for key in entry:
        if key not in _SCALE:
            errors += 1
            pointer = f"{where.column}/{key}"
            findings.add("unknown_name", where._replace(column=pointer), key, **suggestion(near(str(key), _SCALE)))
    table, column, factor = str(entry.get("table", "")), entry.get("column"), entry.get("factor")
    if table not in TABLES:
        hints = suggestion(near(table, list(TABLES)))
        findings.add("unknown_name", where._replace(column=f"{where.column}/table"), table, **hints)
        return False
    if not isinstance(column, str) or not numeric(table, column):
        numbers = [one.name for one in TABLES[table].of_kind(ColumnType.NUMBER)]
        hints = suggestion(near(str(column), numbers))
        findings.add("scenario_not_number", where._replace(column=f"{where.column}/column"), column, **hints)
        errors += 1
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 0 <= factor < float("inf"):
        wrong(findings, f"{where.column}/factor", factor, ("a number >= 0", "不小于零的数字"))
        errors += 1
    if not isinstance(entry.get("where", {}), Mapping):
        wrong(
            findings, f"{where.column}/where", entry["where"], ("an object of columns and values", "列名与取值的对象")
        )
        errors += 1
    return not errors


def _mapping(value: object, pointer: str, findings: Findings) -> dict[str, object]:
    if isinstance(value, Mapping):
        return dict(value)
    wrong(findings, pointer, value, ("an object", "对象"))
    return {}


def _rows(value: object, pointer: str, findings: Findings) -> tuple[Mapping[str, object], ...]:
    if not isinstance(value, list):
        wrong(findings, pointer, value, ("a list of objects", "对象的列表"))
        return ()
    for place, row in enumerate(value):
        if not isinstance(row, Mapping):
            wrong(findings, f"{pointer}/{place}", row, ("an object", "对象"))
    return tuple(row if isinstance(row, Mapping) else {} for row in value)


def wrong(findings: Findings, pointer: str, value: object, expected: tuple[str, str]) -> None:
    """Report a value of the wrong type in a scenario; `expected` is the expectation in English and Chinese."""
    fields: dict[str, object] = {"expected": expected[0], "expected_zh": expected[1], "hint": ""}
    findings.add("wrong_kind", Where(SCENARIO, None, pointer), value, **fields)
