"""Mends: changes of table rows and settings, as in a scenario, that remove an obstacle from a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.explanation.facts import Row
from synergy.scenario import Cell

Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Mend:
    """Dataset change, as rows and settings, that removes the obstacle of a reason.

    The rows replace by their key the columns they name, or are added; settings are those of
    `synergy.scenario.Settings`.
    """

    code: str
    tables: Rows = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, dataset: Dataset) -> Dataset:
        """Return a dataset with the change applied."""
        return changed(dataset, self.tables, self.settings)


def changed(dataset: Dataset, tables: Rows, settings: Mapping[str, Any] | None = None) -> Dataset:
    """Return a checked dataset with some rows and settings changed, as a scenario changes them; these must be sound."""
    frames = dict(dataset.tables)
    for table, rows in tables.items():
        frames[table] = _merged(frames[table], table, rows)
    policy = replace(dataset.settings, **dict(settings or {}))
    return replace(dataset, tables=frames, settings=policy, given=dataset.given | set(tables))


def joined(table: str, rows: Sequence[Row]) -> list[Row]:
    """Return rows merged by key, later figures overriding earlier ones: a scenario names a key once."""
    found: dict[tuple[Cell, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in TABLES[table].key)
        found[key] = {**found.get(key, {}), **row}
    return list(found.values())


def _merged(frame: pd.DataFrame, table: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Return a table with rows replaced by key or added."""
    frame = frame.copy()
    keys = TABLES[table].key
    for row in rows:
        same = pd.Series(True, index=frame.index)
        for key in keys:
            same &= frame[key] == row[key]
        if same.any():
            for name, value in row.items():
                frame.loc[same, name] = value
        else:
            line = max([1, *frame.index]) + 1
            names = [str(name) for name in frame]
            added = pd.DataFrame({name: [row.get(name, _blank(frame, table, name))] for name in names}, index=[line])
            frame = (
                pd.concat([frame, added.astype(frame.dtypes.to_dict())])
                if len(frame)
                else added.astype(frame.dtypes.to_dict())
            )
    return frame


def _blank(frame: pd.DataFrame, table: str, name: str) -> Cell:
    """Return the value that a blank cell of a column stands for."""
    column = TABLES[table].column(name)
    if column is not None and column.default is not None:
        return column.default
    if frame[name].dtype == bool:
        return False
    return float("nan") if pd.api.types.is_numeric_dtype(frame[name]) else ""
