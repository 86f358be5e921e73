"""Describe tables in the words of a Frictionless Data Package, from the schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from synergy.dataset.columns import Column, Kind, Table
from synergy.dataset.schema import TABLES, numeric

_TYPES = {Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}
_DAY = r"\d{4}(-\d{1,2}(-\d{1,2})?)?"


def resources(headers: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return the ``resources`` of a data package.

    Parameters
    ----------
    headers : mapping of str to sequence of str
        Columns in the file of each table that is there.

    Returns
    -------
    list of dict
        In the order of the schema.
    """
    return [_resource(TABLES[name], headers[name], headers) for name in TABLES if name in headers]


def _resource(table: Table, header: Sequence[str], present: Collection[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(table, name) for name in header], "missingValues": [""]}
    schema["primaryKey"] = list(table.key)
    if keys := _foreign_keys(table, header, present):
        schema["foreignKeys"] = keys
    resource = {"name": table.name, "type": "table", "path": f"{table.name}.csv", "scheme": "file", "format": "csv"}
    return resource | {"mediatype": "text/csv", "encoding": "utf-8", "description": table.en, "schema": schema}


def _field(table: Table, name: str) -> dict[str, Any]:
    column = table.column(name)
    if column is None:
        return {"name": name, "type": "number" if numeric(table.name, name) else "string"}
    field: dict[str, Any] = {"name": name, "type": _TYPES.get(column.kind, "string"), "description": column.en}
    if column.kind is Kind.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column.unit:
        field["unit"] = column.unit
    rules = _constraints(column, alone=table.key == (name,))
    return field | ({"constraints": rules} if rules else {})


def _constraints(column: Column, *, alone: bool) -> dict[str, Any]:
    rules: dict[str, Any] = {"required": True} if column.required else {}
    if alone:
        rules["unique"] = True
    if column.kind is Kind.DATE:
        rules["pattern"] = _DAY
    if column.choices:
        rules["enum"] = list(column.choices)
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    return rules | {name: bound for name, bound in bounds.items() if bound is not None}


def _foreign_keys(table: Table, header: Sequence[str], present: Collection[str]) -> list[dict[str, Any]]:
    """Return a foreign key for each column that one table alone can know."""
    keys = []
    for column in table.columns:
        if len(column.refs) == 1 and column.refs[0] in present and column.name in header:
            target = TABLES[column.refs[0]]
            keys.append({"fields": [column.name], "reference": {"resource": target.name, "fields": [target.key[0]]}})
    return keys
