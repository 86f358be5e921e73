"""Dataset: the tables of the contract as typed frames, with the settings in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from synergy.dataset.schema import YEAR
from synergy.errors import Problem
from synergy.scenario import Scenario, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HOURS_PER_YEAR = YEAR[1]
_WHOLE = int(pd.__version__.partition(".")[0]) < 3  # before, a shallow copy is written through


class Tables(Mapping[str, pd.DataFrame]):
    """Tables that stay as they are: each is handed out as a copy on write, so that no change of one gets in.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        The tables by name.
    """

    __slots__ = ("_frames",)

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._frames = {name: frame.copy(deep=_WHOLE) for name, frame in frames.items()}

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a copy of one table."""
        return self._frames[table].copy(deep=_WHOLE)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the tables."""
        return iter(self._frames)

    def __len__(self) -> int:
        """Return the number of tables."""
        return len(self._frames)


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
        What was applied to tables and settings.
    digest : str
        SHA-256 of the tables as read, before the scenario.
    warnings : tuple of Problem
        What was said but did not refuse the dataset.
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
        """Keep the tables from being changed by whoever made or reads them."""
        object.__setattr__(self, "tables", Tables(self.tables))
        hours = self.tables["periods"]["hours"].to_numpy(dtype=float)
        shares = hours / hours.sum()
        shares.flags.writeable = False
        object.__setattr__(self, "shares", shares)

    def __getitem__(self, table: str) -> pd.DataFrame:
        """Return a copy of one table."""
        return self.tables[table]

    @property
    def mark(self) -> str:
        """Return the SHA-256 of the tables and of all settings in force: what is computed from both depends on it."""
        settings = json.dumps(self.scenario_record(), sort_keys=True, default=str)
        return hashlib.sha256(f"{self.digest} {settings}".encode()).hexdigest()

    def scenario_record(self) -> dict[str, Any]:
        """Return all settings in force, with the scenario's name, tables and scale, as a plain JSON record."""
        changed = {table: [dict(row) for row in rows] for table, rows in self.scenario.tables.items()}
        scaled = [dict(rule) for rule in self.scenario.scale]
        return {"name": self.scenario.name, **self.settings.record(), "tables": changed, "scale": scaled}
