"""Tables and datasets: raw tables as arrays, text by codes of distinct words; the checked dataset, and parts of it.

A column of a million ids holds a few thousand distinct ones: each distinct id is processed once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.schema import HOLDERS, TABLES, YEAR
from synergy.errors import Problem
from synergy.scenario import JSON, Cell, Scenario, Settings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Lines = NDArray[np.int64]
Ids = pd.Series | pd.Index | NDArray[np.object_] | list[str]  # a column of names
HOURS_PER_YEAR = YEAR[1]
NO_WORDS = np.empty(0, dtype=object)  # of a column of blanks
_WHOLE = int(pd.__version__.partition(".")[0]) < 3  # before, a shallow copy is written through


@dataclass(frozen=True, slots=True)
class Words:
    """A column of text.

    Parameters
    ----------
    codes : numpy.ndarray of int
        Position in `words`, one for each row; -1 = blank.
    words : numpy.ndarray of object
        The distinct texts in the order of their first row, none of them blank.
    """

    codes: NDArray[np.signedinteger]
    words: NDArray[np.object_]

    @classmethod
    def of(cls, texts: Sequence[object] | NDArray[np.object_]) -> Words:
        """Return the column of some texts, "" being blank."""
        codes, words = pd.factorize(np.asarray(texts, dtype=object))
        words = np.asarray(words, dtype=object)
        blank = np.flatnonzero(words == "")
        if len(blank):
            words = np.delete(words, blank[0])
            codes = np.where(codes == blank[0], -1, codes - (codes > blank[0]))
        return cls(codes.astype(np.min_scalar_type(-max(1, len(words)))), words)

    def renamed(self, words: NDArray[np.object_]) -> Words:
        """Return the column with other words in place of its own; equal ones become one, "" becomes blank."""
        renamed = Words.of(words)
        return Words(np.append(renamed.codes, renamed.codes.dtype.type(-1))[self.codes], renamed.words)

    def texts(self) -> NDArray[np.object_]:
        """Return the column as texts, blanks as ""."""
        texts: NDArray[np.object_] = np.append(self.words, "")[self.codes]
        return texts

    def isin(self, known: Collection[str]) -> Flags:
        """Return which rows hold one of some words; False for blanks."""
        flags: Flags = np.array([*(word in known for word in self.words.tolist()), False], dtype=np.bool_)[self.codes]
        return flags

    def places_in(self, other: Words) -> NDArray[np.int64]:
        """Map each row to the position of its word in `other.words`; -1 for unknown words and blanks."""
        at = {word: place for place, word in enumerate(other.words.tolist())}
        found = np.array([*(at.get(word, -1) for word in self.words.tolist()), -1], dtype=np.int64)
        places: NDArray[np.int64] = found[self.codes]
        return places


Cells = Words | Floats | Flags


@dataclass(frozen=True, slots=True)
class TableData:
    """A table: its name, the line of each row in its file, its columns.

    Parameters
    ----------
    lines : numpy.ndarray of int
        Line in the file, the header being line 1.
    grouped : bool
        Whether commas may stand between groups of three digits.
    given : bool
        Whether the dataset has the table: an empty one is not the same as none.
    """

    table: str
    lines: Lines
    columns: dict[str, Cells] = field(default_factory=dict)
    grouped: bool = True
    given: bool = True

    def __len__(self) -> int:
        return len(self.lines)

    def words(self, column: str) -> Words:
        """Return a column of text."""
        cells = self.columns[column]
        if not isinstance(cells, Words):
            raise TypeError(f"{self.table}.{column} holds no text")
        return cells

    def numbers(self, column: str) -> Floats:
        """Return a column of numbers; of flags as 0 and 1."""
        cells = self.columns[column]
        if isinstance(cells, Words):
            raise TypeError(f"{self.table}.{column} holds text")
        return cells.astype(np.float64, copy=False)

    def take(self, rows: Lines | Flags) -> TableData:
        """Return some rows (a mask or positions)."""
        columns: dict[str, Cells] = {
            name: Words(cells.codes[rows], cells.words) if isinstance(cells, Words) else cells[rows]
            for name, cells in self.columns.items()
        }
        return replace(self, lines=self.lines[rows], columns=columns)

    def value(self, column: str, row: int) -> Cell:
        """Return one cell as a plain value."""
        cells = self.columns[column]
        if isinstance(cells, Words):
            return str(cells.words[cells.codes[row]]) if cells.codes[row] >= 0 else ""
        found: Cell = cells[row].item()
        return found

    def frame(self) -> pd.DataFrame:
        """Return the table as a frame: text as pandas' ``str``, indexed by line."""
        columns: dict[str, Any] = {}
        for name, cells in self.columns.items():
            if isinstance(cells, Words):
                # only the distinct words are looked at, the rows point at them
                words = pd.array(np.append(cells.words, ""), dtype="str")
                columns[name] = words.take(cells.codes.astype(np.int64) % (len(cells.words) + 1))
            else:
                columns[name] = cells.view()
                columns[name].flags.writeable = False  # nor through the arrays of its columns is a dataset changed
        return pd.DataFrame(columns, index=pd.Index(self.lines), copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class Tables(Mapping[str, pd.DataFrame]):
    """Read-only tables by name: each is handed out as a copy on write, so that no change to one affects the dataset."""

    frames: Mapping[str, pd.DataFrame]

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.frames[table].copy(deep=_WHOLE)

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A checked dataset: every table of the schema is there, every reference is known.

    Parameters
    ----------
    name : str
        Name of the data package, or of the folder.
    tables : mapping of str to pandas.DataFrame
        All tables of `synergy.dataset.schema.TABLES`, empty where absent. Text is pandas' ``str`` ("" = blank, never
        missing), numbers float64 with defaults filled in (NaN where a blank has no default), flags bool. The index is
        the line in the file, the header being line 1; rows that a scenario adds follow the last line. Columns the
        schema does not know are kept at the end. Rows that repeat another one, and links from a site to itself, are
        left out (and said). Each is handed out as a copy: what goes into a run is changed by a scenario, not in place,
        so that `digest` stays true.
    given : frozenset of str
        Tables that were there, empty ones included (an empty ``build_options`` means something).
    settings : Settings
        The dataset's own, with the scenario's and the caller's on top.
    scenario : Scenario
        Scenario applied to tables and settings.
    digest : str
        SHA-256 of the tables as read, before the scenario.
    warnings : tuple of Problem
        Findings that did not refuse the dataset.
    shares : numpy.ndarray
        Part of the year of each period, in the order of `periods`; they sum to 1.
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    given: frozenset[str]
    settings: Settings
    scenario: Scenario
    digest: str
    warnings: tuple[Problem, ...] = ()
    shares: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        """Make the tables read-only and compute the shares of the periods."""
        own = {name: frame.copy(deep=_WHOLE) for name, frame in self.tables.items()}
        object.__setattr__(self, "tables", Tables(own))
        hours = self.tables["periods"]["hours"].to_numpy(dtype=float)
        shares = hours / hours.sum()
        shares.flags.writeable = False
        object.__setattr__(self, "shares", shares)

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a copy of one table."""
        return self.tables[table]

    @property
    def mark(self) -> str:
        """Return the SHA-256 of the tables and all settings in force, as the key of results computed from both."""
        settings = json.dumps(self.scenario_record(), sort_keys=True, default=str)
        return hashlib.sha256(f"{self.digest} {settings}".encode()).hexdigest()

    def scenario_record(self) -> dict[str, JSON]:
        """Return all settings in force, with the scenario's name, tables and scale, as a plain JSON record."""
        changed = {table: [dict(row) for row in rows] for table, rows in self.scenario.tables.items()}
        scaled = [dict(rule) for rule in self.scenario.scale]
        return {"name": self.scenario.name, **self.settings.record(), "tables": changed, "scale": scaled}


def subset(dataset: Dataset, enterprises: Collection[str]) -> Dataset:
    """Restrict a dataset to some enterprises and the public places.

    Sites and enterprises stay known, so that names and shares of public resources keep their meaning.
    """
    sites = dataset["sites"]
    inside = sites.loc[sites["enterprise"].isin([*enterprises, ""]), "site"]
    tables, given = dict(dataset.tables), dataset.given
    if "build_options" not in given:  # every buildable process at every site
        processes, places = dataset["processes"], sites["site"].to_numpy(object)
        buildable = processes.loc[processes["buildable"], "process"].to_numpy(object)
        options = {"process": np.repeat(buildable, len(places)), "site": np.tile(places, len(buildable))}
        tables["build_options"] = pd.DataFrame({**options, "max_capacity": np.nan, "capex_factor": 1.0})
        given |= {"build_options"}
    for table in ("offers", "needs", "facilities", "stores", "build_options", "markets"):
        site = tables[table]["site"]
        tables[table] = tables[table][site.isin(inside) | (site == "")]  # a market without a site is everywhere
    for table in ("links", "deals"):
        frame = tables[table]
        tables[table] = frame[frame["from_site"].isin(inside) & frame["to_site"].isin(inside)]
    for table, holders in HOLDERS.items():
        known = {ident for holder in holders for ident in tables[holder][TABLES[holder].key[0]]}
        tables[table] = tables[table][tables[table]["holder"].isin(known)]
    return replace(dataset, tables=tables, given=given)


def yearly(dataset: Dataset) -> Dataset:
    """Return a dataset with one period: amounts summed, prices and availability averaged over the year.

    An approximation: the effect of seasons and stores is lost.
    """
    name, share = YEAR[0], pd.Series(dataset.shares, index=dataset["periods"]["period"].to_numpy(object))
    tables = dict(dataset.tables)
    hours = float(dataset["periods"]["hours"].sum())
    tables["periods"] = pd.DataFrame({"period": [name], "hours": [hours]}, index=[1])
    for table in ("offers", "needs"):
        tables[table] = tables[table].assign(period="")
    tables["markets"] = _yearly_markets(dataset["markets"], share)
    rows = dataset["availability"]  # a period without a row counts in full
    weight = share.reindex(rows["period"].astype(object)).to_numpy(float)
    lost = pd.Series(weight * (1 - rows["factor"].to_numpy(float)), index=rows["holder"].to_numpy(object))
    factor = 1 - lost.groupby(level=0, sort=False).sum()
    available = {"holder": np.asarray(factor.index, dtype=object), "period": name}
    tables["availability"] = pd.DataFrame({**available, "factor": np.maximum(factor.to_numpy(float), 0.0)})
    return replace(dataset, name=f"{dataset.name}-{name}", tables=tables)


def _yearly_markets(markets: pd.DataFrame, share: pd.Series[float]) -> pd.DataFrame:
    """Markets of a period keep their amount; where that is without limit, they share one average price."""
    seasonal = (markets["period"] != "").to_numpy(bool)
    endless = seasonal & markets["limit"].isna().to_numpy(bool)
    if endless.any():
        weight = share.reindex(markets["period"].astype(object)).to_numpy(float)
        rows = markets.loc[endless, ["commodity", "side", "site"]].assign(
            weight=weight[endless], money=markets["price"].to_numpy(float)[endless] * weight[endless]
        )
        total = rows.groupby(["commodity", "side", "site"])[["weight", "money"]].transform("sum")
        price = markets["price"].to_numpy(float).copy()
        price[endless] = (total["money"] / total["weight"]).to_numpy(float)
        markets = markets.assign(price=price)
    return markets.assign(period="")
