"""A row of a form while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from synergy.dataset.findings import Findings, Where
from synergy.forms.context import Context
from synergy.forms.rows import Row


@dataclass(frozen=True, slots=True)
class Spot:
    """A row that is being read: where it stands, what it is read against, and where faults go."""

    row: Row
    context: Context
    findings: Findings

    def where(self, key: str) -> Where:
        """Return the place of a cell."""
        return Where(str(self.row.sheet), self.row.line, key)

    def say(self, code: str, key: str, **given: Any) -> None:
        """Add a problem of a cell."""
        self.findings.add(code, self.where(key), self.row.cells.get(key, ""), **given)
