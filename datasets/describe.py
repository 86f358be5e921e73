"""Write the resources of a `datapackage.json` from the schema: `python -m synergy.datasets.describe FOLDER`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synergy.dataset.schema import TABLES, Column, ColumnType, Table

FILE = "datapackage.json"
_TYPES = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "boolean", ColumnType.DATE: "date"}


def _field(table: Table, name: str) -> dict[str, Any]:
    """Return the Table Schema field of one column; a column the schema does not know is text."""
    column = table.by_name.get(name)
    if column is None:
        return {"name": name, "type": "string"}
    field: dict[str, Any] = {"name": name, "type": _TYPES.get(column.kind, "string"), "description": column.en}
    if column.kind is ColumnType.BOOLEAN:
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    if column.unit:
        field["unit"] = column.unit
    constraints = _constraints(column, alone=table.key == (name,))
    return field | ({"constraints": constraints} if constraints else {})


def _constraints(column: Column, *, alone: bool) -> dict[str, Any]:
    rules: dict[str, Any] = {"required": True} if column.required else {}
    if alone:
        rules["unique"] = True
    if column.choices:
        rules["enum"] = list(column.choices)
    if column.minimum is not None:
        rules["minimum"] = column.minimum
    if column.maximum is not None:
        rules["maximum"] = column.maximum
    return rules


def _foreign_keys(table: Table, present: set[str]) -> list[dict[str, Any]]:
    """Return a foreign key for each column that one table alone can know."""
    keys = []
    for column in table.columns:
        if len(column.refs) == 1 and column.refs[0] in present:
            target = TABLES[column.refs[0]]
            keys.append({"fields": [column.name], "reference": {"resource": target.name, "fields": [target.key[0]]}})
    return keys


def _resource(table: Table, file: Path, present: set[str]) -> dict[str, Any]:
    with file.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    schema: dict[str, Any] = {"fields": [_field(table, name) for name in header], "missingValues": [""]}
    if table.key:
        schema["primaryKey"] = list(table.key)
    keys = _foreign_keys(table, present)
    if keys:
        schema["foreignKeys"] = keys
    resource = {"name": table.name, "type": "table", "path": file.name, "scheme": "file", "format": "csv"}
    return resource | {"mediatype": "text/csv", "encoding": "utf-8", "description": table.en, "schema": schema}


def describe(folder: Path, head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data package of a folder of tables ``<table>.csv``.

    It is `head` (name, title, licences, sources and the ``synergy`` settings) with a resource for every table that
    exists, in the order of the schema.
    """
    files = {name: folder / f"{name}.csv" for name in TABLES}
    present = {name for name, file in files.items() if file.exists()}
    resources = [_resource(TABLES[name], files[name], present) for name in TABLES if name in present]
    return {**head, "resources": resources}


def write(folder: Path, head: Mapping[str, Any]) -> None:
    """Write `datapackage.json` into a folder of tables."""
    text = json.dumps(describe(folder, head), ensure_ascii=False, indent=2)
    (folder / FILE).write_text(text + "\n", encoding="utf-8", newline="\n")


def main(arguments: list[str]) -> None:
    """Refresh the resources of the data packages named, keeping their other properties."""
    for name in arguments:
        head = json.loads((Path(name) / FILE).read_text(encoding="utf-8"))
        head.pop("resources", None)
        write(Path(name), head)


if __name__ == "__main__":
    main(sys.argv[1:])
