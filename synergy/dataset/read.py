"""Read a dataset from a folder: every table of the schema, typed, with defaults filled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from synergy.dataset.columns import Column, Kind, Table
from synergy.dataset.dataset import Dataset
from synergy.dataset.schema import TABLES, YEAR, numeric
from synergy.dataset.settings import parse_settings
from synergy.errors import DatasetError, Problem, Severity
from synergy.scenario import Scenario


def read(path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, Any] | None = None) -> Dataset:
    """Read and check a dataset."""
    dataset, problems = check(path, scenario, overrides)
    if dataset is None:
        raise DatasetError(problems)
    return dataset


def check(
    path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, Any] | None = None
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Read a dataset and return it with everything there is to say about it; None where it has errors."""
    folder, scenario = Path(path), scenario or Scenario()
    package = folder / "datapackage.json"
    record = json.loads(package.read_text("utf-8")) if package.exists() else {}
    hasher, tables, given = hashlib.sha256(), {}, set()
    for name, table in sorted(TABLES.items()):
        file = folder / f"{name}.csv"
        frame = pd.DataFrame()
        if file.exists():
            given.add(name)
            hasher.update(file.read_bytes())
            frame = pd.read_csv(file, dtype=str, keep_default_na=False)
            frame.index = frame.index + 2
        tables[name] = _typed(table, frame)
    if tables["periods"].empty:
        tables["periods"].loc[1] = list(YEAR)
    settings, problems = parse_settings(record.get("synergy", {}), scenario.settings, overrides or {})
    if any(problem.severity is Severity.ERROR for problem in problems):
        return None, problems
    name = str(record.get("name") or folder.resolve().name)
    dataset = Dataset(name, tables, frozenset(given), settings, scenario, hasher.hexdigest(), problems)
    return dataset, problems


def _typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    columns = {column.name: _column(column, frame) for column in table.columns}
    extra = {name: frame[name] for name in frame.columns if name not in columns}
    for name, cells in extra.items():
        if numeric(table.name, name):
            extra[name] = pd.to_numeric(cells)
    return pd.DataFrame(columns | extra, index=frame.index)


def _column(column: Column, frame: pd.DataFrame) -> pd.Series[Any]:
    cells = frame[column.name] if column.name in frame else pd.Series("", index=frame.index, dtype=str)
    if column.kind is Kind.NUMBER:
        numbers = pd.to_numeric(cells).astype("float64")
        return numbers if column.default is None else numbers.fillna(float(column.default))
    if column.kind is Kind.BOOLEAN:
        return cells.str.lower() == "true"
    return cells
