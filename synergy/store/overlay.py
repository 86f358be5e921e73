"""Declarations on top of the dataset of the association: what is frozen is their sum."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import pandas as pd

from synergy.dataset.dataset import Dataset
from synergy.dataset.read import check
from synergy.dataset.schema import TABLES
from synergy.dataset.write import write
from synergy.errors import Problem, Severity
from synergy.scenario import Scenario
from synergy.store.names import Sheet

# table: columns of the name, of what is offered, needed or run, of its amount and of its price
COLUMNS: Mapping[Sheet, tuple[str, str, str, str]] = MappingProxyType(
    {
        Sheet.OFFERS: ("offer", "commodity", "quantity", "price"),
        Sheet.NEEDS: ("need", "commodity", "quantity", "price"),
        Sheet.FACILITIES: ("facility", "process", "capacity", "opex"),
    }
)
MARKS = frozenset({"kept", "checked"})  # of an entry, beside columns: as the dataset has it; far off, and meant
_HOLDERS = ("qualities", "limits", "availability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that an enterprise declares; what, how much and where suffice.

    Parameters
    ----------
    sheet : Sheet
        Offers, needs or facilities.
    site : str
        Where.
    subject : str
        The commodity, or the process of a facility.
    amount : decimal.Decimal
        Units a year (or in the period), activity a year of a facility.
    price : decimal.Decimal or None
        Least accepted, highest paid, or cost of running, per unit.
    ident : str
        Name of the row; "" for one made of site and subject.
    period : str
        "" for year-round.
    other : mapping
        Other columns of the table by name, as texts, and ``qualities`` or ``limits`` by property.
    """

    sheet: Sheet
    site: str
    subject: str
    amount: Decimal
    price: Decimal | None = None
    ident: str = ""
    period: str = ""
    other: Mapping[str, Any] = field(default_factory=dict)


def overlaid(base: Dataset, owned: Mapping[str, Sequence[Entry]]) -> Dataset:
    """Return a dataset in which some enterprises have exactly what they declared.

    Parameters
    ----------
    base : Dataset
        The association's, no scenario applied.
    owned : mapping of str to sequence of Entry
        What each enterprise declared; those that are not named keep what the dataset says of them.

    Returns
    -------
    Dataset
        Not checked: see `checked`. Rows stand where the dataset has theirs, new ones follow in the order given.
    """
    sites = base["sites"]
    theirs = set(sites.loc[sites["enterprise"].isin(list(owned)), "site"])
    entries = [entry for declared in owned.values() for entry in declared]
    tables, gone = dict(base.tables), set()
    for sheet, (name, *_) in COLUMNS.items():
        frame = base[sheet]
        leaving = frame["site"].isin(theirs)
        gone |= set(frame.loc[leaving, name])
        news = [_row(entry) for entry in entries if entry.sheet is sheet]
        tables[sheet] = _in_order(_stacked(str(sheet), frame[~leaving], news), frame[name], name)
    gone -= {entry.ident for entry in entries if entry.other.get("kept")}
    stated = {entry.ident for entry in entries if not entry.other.get("kept")}
    for table in _HOLDERS:
        frame = base[table]
        tables[table] = frame[~frame["holder"].isin(gone | stated)]
    for table in ("qualities", "limits"):
        news = [row for entry in entries if not entry.other.get("kept") for row in _held(entry, table)]
        tables[table] = _stacked(table, tables[table], news)
    used = {str(sheet) for sheet in Sheet if len(tables[sheet])} | {t for t in _HOLDERS if len(tables[t])}
    return replace(base, tables=tables, given=base.given | used, scenario=Scenario())


def _in_order(frame: pd.DataFrame, names: pd.Series[Any], name: str) -> pd.DataFrame:
    """Return a table with the rows whose names were there in their old places: as last time is the same bytes."""
    places = {ident: place for place, ident in enumerate(names)}
    order = sorted(range(len(frame)), key=lambda row: (places.get(frame[name].iloc[row], len(places)), row))
    return frame.iloc[order].reset_index(drop=True)


def _row(entry: Entry) -> dict[str, Any]:
    """Return an entry as a row of its table, blanks left out."""
    name, subject, amount, price = COLUMNS[entry.sheet]
    row: dict[str, Any] = {name: entry.ident, "site": entry.site, subject: entry.subject, amount: float(entry.amount)}
    if entry.period:
        row["period"] = entry.period
    if entry.price is not None:
        row[price] = float(entry.price)
    own = {key: value for key, value in entry.other.items() if key not in {"qualities", "limits", *MARKS}}
    # what names the row, its place and its amount comes from the entry alone
    return row | {key: value for key, value in own.items() if key not in row}


def _held(entry: Entry, table: str) -> Iterable[dict[str, Any]]:
    """Return the rows of qualities or limits that an entry states."""
    for name, value in entry.other.get(table, {}).items():
        row = {"holder": entry.ident, "commodity": entry.subject, "property": name}
        yield row | ({"value": value} if table == "qualities" else dict(value))


def _stacked(table: str, frame: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table with rows behind it, as texts and numbers that the reader takes."""
    if not rows:
        return frame
    kinds = {column.name: column for column in TABLES[table].columns}
    columns = list(dict.fromkeys([*frame.columns, *(name for row in rows for name in row)]))
    made: dict[str, Any] = {}
    for name in columns:
        column = kinds.get(name)
        blank: Any = "" if column is None or column.textual else column.default
        old = list(frame[name]) if name in frame else [None] * len(frame)
        cells = [*old, *(row.get(name, blank) for row in rows)]
        texts = column is None or column.textual or any(isinstance(cell, str) for cell in cells)
        made[name] = pd.Series([_text(cell) for cell in cells], dtype=object) if texts else pd.Series(cells)
    return pd.DataFrame(made)


def _text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def checked(
    dataset: Dataset, own: Mapping[str, Sequence[Entry]] | None = None
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Return an overlaid dataset as the reader sees it, with what is wrong.

    Parameters
    ----------
    dataset : Dataset
        As of `overlaid`.
    own : mapping, optional
        Only problems of these entries are told, by table and their number there, from 1.

    Returns
    -------
    Dataset or None, tuple of Problem
    """
    with TemporaryDirectory(prefix="synergy-") as name:
        write(dataset, Path(name) / "dataset")
        found, problems = check(Path(name) / "dataset")
    if own is None:
        return found, problems
    entries = [entry for declared in own.values() for entry in declared]
    return found, tuple(_theirs(dataset, entries, problems))


def _theirs(dataset: Dataset, entries: Collection[Entry], problems: Iterable[Problem]) -> Iterable[Problem]:
    """Yield the problems of declared rows, their line counted among them; others' rows are told to nobody."""
    number: dict[tuple[str, str], int] = {}
    for entry in entries:
        number[entry.sheet, entry.ident] = 1 + sum(sheet == entry.sheet for sheet, _ in number)
    for problem in problems:
        known = COLUMNS.get(Sheet(problem.table)) if problem.table in set(Sheet) else None
        if known is not None and problem.row is not None:
            ident = dataset.tables[problem.table][known[0]].iloc[problem.row - 2]  # the header is line 1
            if (problem.table, ident) in number:
                yield replace(problem, row=number[problem.table, ident])
        elif problem.severity is Severity.ERROR:
            yield replace(problem, row=None, value="")
