"""Findings: the results of verifying a plan, and the tolerances of the comparisons.

A row of the model is broken where it is beyond its bound by more than ``ROW * scale + NOISE * peak``: scale is the
largest of the sums of its positive and of its negative terms and of its bound, peak the largest quantity of its
commodity that flows in the plan. Money and other arithmetic of the plan (arrived, capex, value ...) is compared by
``MONEY * scale``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from synergy.errors import Severity
from synergy.literal.scope import Flags, Floats

ROW = 1e-6
NOISE = 1e-9
MONEY = 1e-9
SHOWN = 20  # findings of one kind said one by one; the rest is counted


def row_name(frame: str, column: str = "") -> Callable[[int], str]:
    """Return a function that names row i of a frame, or one cell of it."""
    end = f".{column}" if column else ""
    return lambda row: f"{frame}[{row}]{end}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Claim of a plan that does not hold or, as a warning, cannot be checked here; an error refuses the plan.

    `code` is the stable name of the rule, for programs; `subject` is ids separated by blanks, or a key of the plan
    document; `text` is one sentence for people.
    """

    code: str
    subject: str
    text: str
    severity: Severity = Severity.ERROR

    @property
    def refuses(self) -> bool:
        """Return whether the finding refuses the plan."""
        return self.severity is Severity.ERROR

    def line(self) -> str:
        """Return the finding as one line."""
        return f"{self.code} {self.subject}: {self.text}"


@dataclass(slots=True)
class Book:
    """Collector of findings."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, subject: str, text: str, severity: Severity = Severity.ERROR) -> None:
        """Add one finding."""
        self.found.append(Finding(code, subject, text, severity))

    def flag(self, code: str, bad: Flags, name: Callable[[int], str], text: str) -> None:
        """Add a finding for each bad row; past `SHOWN` add only their count."""
        which = np.flatnonzero(bad)
        for row in which[:SHOWN].tolist():
            self.add(code, name(row), text)
        if len(which) > SHOWN:
            self.add(code, "", f"... and {len(which) - SHOWN} more: {text}")

    def compared(self, code: str, names: Sequence[str], sides: tuple[Floats, Floats], word: str) -> None:
        """Add a finding for each row that fails its comparison; past `SHOWN` add only their count."""
        for name, left, right in zip(names[:SHOWN], *(side.tolist() for side in sides), strict=False):
            self.add(code, name, f"{left:.12g} {word} {right:.12g}")
        if len(names) > SHOWN:
            self.add(code, "", f"... and {len(names) - SHOWN} more rows")

    def claimed(self, code: str, claim: Floats, found: Floats, scale: Floats, name: Callable[[int], str]) -> None:
        """Add a finding for each claim that differs from the recomputed value by more than `MONEY` of a scale."""
        both_unknown = np.isnan(claim) & np.isnan(found)
        off = ~(np.abs(claim - found) <= MONEY * np.maximum(scale, np.abs(found))) & ~both_unknown
        which = np.flatnonzero(off)
        for row in which[:SHOWN].tolist():
            self.add(code, name(row), f"claimed {claim[row]:.12g}, found {found[row]:.12g}")
        if len(which) > SHOWN:
            self.add(code, "", f"... and {len(which) - SHOWN} more")

    def one(self, code: str, claim: float | None, found: float | None, scale: float) -> None:
        """Compare one claimed number with the recomputed one; None matches only None."""
        if claim is None or found is None:
            if claim is not found:
                self.add(code, code, f"claimed {claim}, found {found}")
            return
        pair = (np.array([float(claim)]), np.array([float(found)]))
        self.claimed(code, *pair, np.array([scale]), lambda _: code)
