"""Write a dataset as a folder of tables with a data package; `read` restores the same dataset."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from synergy.dataset.columns import Column, ColumnType, Table
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Dataset
from synergy.dataset.sources import PACKAGE
from synergy.errors import UsageError
from synergy.outputs import written_whole
from synergy.scenario import JSON

_TYPES = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "boolean"}
_DAY = r"\d{4}(-\d{1,2}(-\d{1,2})?)?"


def write(dataset: Dataset, folder: str | Path, head: Mapping[str, JSON] | None = None) -> None:
    """Write a dataset: one CSV for each table that was given, and ``datapackage.json`` with its settings.

    Parameters
    ----------
    dataset : Dataset
        A scenario that was applied to it is in the tables and settings that are written.
    folder : str or pathlib.Path
        Made where it is missing. Tables in it are replaced.
    head : mapping, optional
        Further properties of the data package: title, licences, sources.

    Raises
    ------
    UsageError
        The folder holds a table that the dataset has not: it would be read back as part of it.

    Notes
    -----
    Optional columns that say nothing but their default are left out.
    """
    target = Path(folder)
    given = [name for name in TABLES if name in dataset.given or TABLES[name].required]
    strangers = [name for name in TABLES if name not in given and (target / f"{name}.csv").exists()]
    if strangers:
        raise UsageError(f"{target} holds tables that the dataset has not: {', '.join(strangers)}")
    target.mkdir(parents=True, exist_ok=True)
    headers: dict[str, list[str]] = {}
    for name in given:
        frame = written(TABLES[name], dataset[name])
        written_whole(target / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n").encode())
        headers[name] = [str(column) for column in frame.columns]
    record = {"name": dataset.name, **(head or {}), "resources": resources(headers)}
    record["synergy"] = {key: value for key, value in dataset.settings.record().items() if value not in (None, [])}
    text = json.dumps(record, ensure_ascii=False, indent=2)
    written_whole(target / PACKAGE, (text + "\n").encode())


def written(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of a `Dataset` as written: plain numbers, true and false, optional columns of defaults dropped."""
    columns = {}
    for name in frame.columns:
        column = table.column(str(name))
        cells = frame[name]
        if column is not None and not column.required and _default(cells, column.default):
            continue
        columns[name] = _texts(cells)
    return pd.DataFrame(columns, index=frame.index)


def _default(cells: pd.Series, default: float | bool | str | None) -> bool:
    """Whether all cells of a column have the default value of the column."""
    if cells.dtype == bool:
        return not bool(cells.any())
    if pd.api.types.is_numeric_dtype(cells):
        return bool(cells.isna().all()) if default is None else bool((cells == default).all())
    return bool((cells == "").all())


def _texts(cells: pd.Series) -> pd.Series:
    if cells.dtype == bool:
        return cells.map({True: "true", False: "false"})
    if pd.api.types.is_numeric_dtype(cells):
        whole = cells.isna() | ((cells == cells.round()) & (cells.abs() < 2**53))
        return cells.astype("Int64") if bool(whole.all()) else cells
    return cells


def resources(headers: Mapping[str, Sequence[str]]) -> list[dict[str, JSON]]:
    """Return the ``resources`` of a data package in schema order, for tables with the given columns."""
    return [_resource(TABLES[name], headers[name], headers) for name in TABLES if name in headers]


def _resource(table: Table, header: Sequence[str], present: Collection[str]) -> dict[str, JSON]:
    schema: dict[str, JSON] = {"fields": [_field(table, name) for name in header], "missingValues": [""]}
    schema["primaryKey"] = list(table.key)
    if keys := _foreign_keys(table, header, present):
        schema["foreignKeys"] = keys
    resource = {"name": table.name, "type": "table", "path": f"{table.name}.csv", "scheme": "file", "format": "csv"}
    return resource | {"mediatype": "text/csv", "encoding": "utf-8", "description": table.en, "schema": schema}


def _field(table: Table, name: str) -> dict[str, JSON]:
    column = table.column(name)
    if column is None:
        return {"name": name, "type": "number" if numeric(table.name, name) else "string"}
    field: dict[str, JSON] = {"name": name, "type": _TYPES.get(column.kind, "string"), "description": column.en}
    if column.kind is ColumnType.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column.unit:
        field["unit"] = column.unit
    rules = _constraints(column, alone=table.key == (name,))
    return field | ({"constraints": rules} if rules else {})


def _constraints(column: Column, *, alone: bool) -> dict[str, JSON]:
    rules: dict[str, JSON] = {"required": True} if column.required else {}
    if alone:
        rules["unique"] = True
    if column.kind is ColumnType.DATE:
        rules["pattern"] = _DAY
    if column.choices:
        rules["enum"] = list(column.choices)
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return rules | {name: bound for name, bound in bounds.items() if bound is not None}


def _foreign_keys(table: Table, header: Sequence[str], present: Collection[str]) -> list[dict[str, JSON]]:
    """Return a foreign key for each column that references exactly one table."""
    keys: list[dict[str, JSON]] = []
    for column in table.columns:
        if len(column.refs) == 1 and column.refs[0] in present and column.name in header:
            target = TABLES[column.refs[0]]
            keys.append({"fields": [column.name], "reference": {"resource": target.name, "fields": [target.key[0]]}})
    return keys
