"""Load a scenario from a TOML or JSON file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from synergy.dataset.columns import Kind
from synergy.dataset.documents import load_document
from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.dataset.schema import TABLES, numeric
from synergy.errors import DatasetError
from synergy.scenario import Scenario

SCENARIO = "scenario"  # the table in messages
_TOLD = ("name", "title", "title_en", "title_zh", "description", "description_en", "description_zh")
_SCALE = ("table", "column", "where", "factor")


def load_scenario(path: str | Path) -> Scenario:
    """Return the scenario that a TOML or JSON file holds.

    Settings stand at the top or under ``settings``, rows of tables under ``tables``, factors under ``scale``;
    ``name``, ``title`` and ``description`` are for people. The name is the file's where none is given.
    What the settings and cells hold is checked when the scenario is applied to a dataset.

    Parameters
    ----------
    path : str or pathlib.Path
        The file; ``.json`` is JSON, everything else TOML.

    Returns
    -------
    Scenario

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


def parse_scenario(raw: Mapping[str, Any], findings: Findings) -> Scenario:
    """Return the scenario that a document says.

    Parameters
    ----------
    raw : mapping
        The document.
    findings : Findings
        Takes whatever has the wrong shape, with a JSON pointer as column.

    Returns
    -------
    Scenario
        Its name is "" where none was given.
    """
    rest = {key: value for key, value in raw.items() if key not in (*_TOLD, "settings", "tables", "scale")}
    settings = rest | _mapping(raw.get("settings", {}), "/settings", findings)
    tables = _mapping(raw.get("tables", {}), "/tables", findings)
    scale = _rows(raw.get("scale", []), "/scale", findings)
    name = raw.get("name", "")
    rows = {table: _rows(listed, f"/tables/{table}", findings) for table, listed in tables.items()}
    return Scenario(name if isinstance(name, str) else str(name), settings, rows, scale)


def check_shape(scenario: Scenario, findings: Findings) -> Scenario:
    """Return a scenario without what no table has: unknown tables and columns, factors that are none.

    Parameters
    ----------
    scenario : Scenario
        From a file or a program.
    findings : Findings
        Takes what is left out.

    Returns
    -------
    Scenario
    """
    tables: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for table, rows in scenario.tables.items():
        if table not in TABLES:
            where = Where(SCENARIO, None, f"/tables/{table}")
            findings.add("unknown_name", where, table, **suggestion(near(str(table), list(TABLES))))
            continue
        tables[table] = _rows(list(rows), f"/tables/{table}", findings)
    scale = _rows(list(scenario.scale), "/scale", findings)
    sound = tuple(one if _sound_scale(one, place, findings) else {} for place, one in enumerate(scale))
    return replace(scenario, tables=tables, scale=sound)


def _sound_scale(entry: Mapping[str, Any], place: int, findings: Findings) -> bool:
    """Whether a factor can be applied; what is wrong with it is said."""
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
        numbers = [one.name for one in TABLES[table].of_kind(Kind.NUMBER)]
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


def _mapping(value: Any, pointer: str, findings: Findings) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    wrong(findings, pointer, value, ("an object", "对象"))
    return {}


def _rows(value: Any, pointer: str, findings: Findings) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(value, list):
        wrong(findings, pointer, value, ("a list of objects", "对象的列表"))
        return ()
    for place, row in enumerate(value):
        if not isinstance(row, Mapping):
            wrong(findings, f"{pointer}/{place}", row, ("an object", "对象"))
    return tuple(row if isinstance(row, Mapping) else {} for row in value)


def wrong(findings: Findings, pointer: str, value: object, expected: tuple[str, str]) -> None:
    """Say that something in a scenario has the wrong type.

    Parameters
    ----------
    findings : Findings
        Takes the problem.
    pointer : str
        JSON pointer.
    value : object
        What was found.
    expected : tuple of str
        What was expected, in English and Chinese.
    """
    fields: dict[str, object] = {"expected": expected[0], "expected_zh": expected[1], "hint": ""}
    findings.add("wrong_kind", Where(SCENARIO, None, pointer), value, **fields)
