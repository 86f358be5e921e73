"""Shelf: cache of piecewise results in the checkpoints of a run, for reuse by the next attempt.

A shelf carries the mark of what its results depend on; what another mark stands on is not looked at.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Mapping
from typing import Generic, TypeVar

import pandas as pd

from synergy.coalitions.standalone import Alone
from synergy.model.solve_params import Memory
from synergy.plan import Decisions
from synergy.scenario import Cell
from synergy.settlement.game import Worth

PAUSE = 2.0  # seconds between two checkpoints of the same shelf
_Kept = TypeVar("_Kept", str, list[str | bool])
_FRAMES = tuple(Decisions.__dataclass_fields__)


class Shelf(Generic[_Kept]):
    """Cache of the results of one kind in the checkpoints of a run, by name.

    `mark` stands for what the results depend on. Without `memory` nothing is kept, nothing found.
    """

    def __init__(self, memory: Memory | None, name: str, mark: str) -> None:
        self._memory, self._name, self._mark = memory, name, mark
        start = None if memory is None or memory.start is None else memory.start.get(name)
        same = isinstance(start, Mapping) and start.get("mark") == mark
        self._found: dict[str, _Kept] = dict(start["found"]) if same and start is not None else {}
        self._noted, self._told = len(self._found), time.monotonic()

    def get(self, key: str) -> _Kept | None:
        """Return a stored result, None where there is none."""
        return self._found.get(key)

    def put(self, found: Mapping[str, _Kept]) -> None:
        """Store some results, plain JSON; they are saved at intervals."""
        self._found.update(found)
        if time.monotonic() - self._told > PAUSE:
            self.flush()

    def flush(self) -> None:
        """Save the results that are not saved yet."""
        if self._memory is None or len(self._found) == self._noted:
            return
        self._noted, self._told = len(self._found), time.monotonic()
        self._memory.note({self._name: {"mark": self._mark, "found": dict(self._found)}})


def worth_record(worth: Worth) -> list[str | bool]:
    """Encode a coalition value as plain JSON, exactly: JSON has no infinity."""
    return [repr(float(worth.value)), repr(float(worth.bound)), worth.timed]


def worth_from(record: list[str | bool]) -> Worth:
    """Decode a coalition value from its record.

    Examples
    --------
    >>> worth_from(worth_record(Worth(0.1, float("inf"))))
    Worth(value=0.1, bound=inf, timed=False)
    """
    value, bound, timed = record
    return Worth(float(value), float(bound), bool(timed))


def alone_record(alone: Alone) -> str:
    """Encode a standalone result as compressed text, since names repeat in its plan."""
    frames = None
    if alone.decisions is not None:
        frames = {name: _columns(getattr(alone.decisions, name)) for name in _FRAMES}
    plain = json.dumps([alone.value, alone.still, frames])
    return base64.b64encode(zlib.compress(plain.encode())).decode()


def alone_from(record: str) -> Alone:
    """Decode a standalone result from its record."""
    value, still, frames = json.loads(zlib.decompress(base64.b64decode(record)))
    if frames is None:
        return Alone(value, None, still)
    return Alone(value, Decisions(**{name: _frame(frames[name]) for name in _FRAMES}), still)


def _columns(frame: pd.DataFrame) -> dict[str, tuple[str, list[Cell]]]:
    """Return type and cells of each column."""
    return {str(name): (str(column.dtype), column.tolist()) for name, column in frame.items()}


def _frame(columns: Mapping[str, tuple[str, list[Cell]]]) -> pd.DataFrame:
    """Return the frame of some columns."""
    return pd.DataFrame({name: pd.Series(cells, dtype=kind) for name, (kind, cells) in columns.items()})
