"""Facts of an explanation with the visibility rule, and changes of a dataset, as in a scenario, that reverse it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.scenario import Cell

PLANNER = ""  # the asker who may see everything
Row = Mapping[str, Cell]  # of a table, as a scenario has it
Rows = Mapping[str, Sequence[Row]]
UNKNOWN = frozenset({"*"})  # rests on anybody's data: no firm sees it
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """Figure or word of an explanation, with the enterprises that may see it.

    Parameters
    ----------
    value : float or str or None
        In units of the commodity, money of the dataset, km; as the name of the fact says.
    private : frozenset of str
        Enterprises on whose own data it rests; `PUBLIC` where on none, `UNKNOWN` by default.
    shared : frozenset of str
        Enterprises that know it from each other, as both ends of an exchange know its quantity.
    """

    value: Any
    private: frozenset[str] = UNKNOWN
    shared: frozenset[str] = frozenset()


def may_see(asker: str, fact: Fact) -> bool:
    """Return whether an asker may see a fact: public, its own or shared with it; the planner sees every fact.

    A dual price is a rival's cost by another name, so results of solves rest on the data of all enterprises and are
    visible to the planner only.
    """
    return asker == PLANNER or asker in fact.shared or fact.private <= {asker}


def seen(asker: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return the values visible to an asker, by name."""
    return {name: fact.value for name, fact in facts.items() if may_see(asker, fact)}


@dataclass(frozen=True, slots=True)
class AnswerReason:
    """Reason why an exchange is in a plan or not: a code of `synergy.explanation.texts.REASONS`, with facts.

    The fact ``number`` is by how much, where there is such a figure.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Change that brings an exchange into the plan or removes it, confirmed by re-solving.

    Parameters
    ----------
    kind : str
        Name in `synergy.explanation.texts.CHANGES`.
    facts : mapping of str to Fact
        ``amount`` is the smallest that suffices, ``quantity`` the quantity exchanged then.
    tables, settings : mapping
        The change as a scenario fragment where tables or settings can express it.
    after : tuple of str
        Codes of the obstacles that have to be taken away as well.
    whole : tuple of float
        Integer decisions that the exchange needs then, in the order of `synergy.explanation.trial.Exchange.own`; empty
        where it is the same as without the change.
    """

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    tables: Rows = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    whole: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Mend:
    """Dataset change, as rows and settings, that removes the obstacle of a reason.

    The rows replace by their key the columns they name, or are added; settings are those of
    `synergy.scenario.Settings`.
    """

    code: str
    tables: Rows = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


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
    for row in rows:
        same = pd.Series(True, index=frame.index)
        for key in TABLES[table].key:
            same &= frame[key] == row[key]
        if same.any():
            for name, value in row.items():
                frame.loc[same, name] = value
        else:
            line = max([1, *frame.index]) + 1
            cells = {str(name): [row.get(str(name), _blank(frame, table, str(name)))] for name in frame}
            added = pd.DataFrame(cells, index=[line]).astype(frame.dtypes.to_dict())
            frame = pd.concat([frame, added]) if len(frame) else added
    return frame


def _blank(frame: pd.DataFrame, table: str, name: str) -> Cell:
    """Return the value that a blank cell of a column stands for."""
    column = TABLES[table].by_name.get(name)
    if column is not None and column.default is not None:
        return column.default
    if frame[name].dtype == bool:
        return False
    return float("nan") if pd.api.types.is_numeric_dtype(frame[name]) else ""
