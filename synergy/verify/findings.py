"""Findings: what a judge says of a plan, and the tolerances by which rows are compared.

A row ``left <= right`` is broken where ``left - right > ROW * scale + NOISE * peak``: scale is the larger of the sum of
the absolute terms of the row and its bound, peak the largest amount of the same kind (commodity, unit, store) in the
plan. Money and other arithmetic of the plan (arrived, capex, value ...) is compared by ``MONEY * scale``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from synergy.accounts.keys import Bools, Floats
from synergy.errors import Severity

ROW = 1e-6
NOISE = 1e-9
MONEY = 1e-9
SHOWN = 20  # findings of one kind said one by one; the rest is counted


def row_name(frame: str, column: str = "") -> Callable[[int], str]:
    """Return what names row i of a frame, or one cell of it."""
    end = f".{column}" if column else ""
    return lambda row: f"{frame}[{row}]{end}"


def always(name: str) -> Callable[[int], str]:
    """Return what names every row the same."""
    return lambda _: name


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim of a plan that does not hold, or (a warning) that nobody can check here.

    Parameters
    ----------
    code : str
        Stable name of the rule, for programs.
    subject : str
        What it is about: ids with blanks between them, or a key of the plan document.
    text : str
        One sentence for people.
    severity : Severity
        An error refuses the plan, a warning is a note.
    """

    code: str
    subject: str
    text: str
    severity: Severity = Severity.ERROR

    @property
    def refuses(self) -> bool:
        """Whether the plan is refused for it."""
        return self.severity is Severity.ERROR

    def line(self) -> str:
        """Return the finding as one line."""
        return f"{self.code} {self.subject}: {self.text}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one constraint family, arrays of shape (n,).

    Parameters
    ----------
    left, right : numpy.ndarray
        What the plan does, what is allowed.
    scale : numpy.ndarray
        Sum of the absolute terms of `left`.
    peak : numpy.ndarray or float
        Largest amount of the same kind in the plan.
    name : callable
        Names row i.
    """

    left: Floats
    right: Floats
    scale: Floats
    peak: Floats | float
    name: Callable[[int], str]

    def slack(self) -> Floats:
        """Return how far left may be from right."""
        with np.errstate(invalid="ignore"):
            size = np.maximum(self.scale, np.where(np.isfinite(self.right), np.abs(self.right), 0.0))
        allowed: Floats = ROW * size + NOISE * np.asarray(self.peak)
        return allowed


@dataclass(slots=True)
class Book:
    """Findings as they are made."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, subject: str, text: str, severity: Severity = Severity.ERROR) -> None:
        """Write one finding."""
        self.found.append(Finding(code, subject, text, severity))

    def flag(self, code: str, bad: Bools, name: Callable[[int], str], text: str) -> None:
        """Write a finding for each row that is bad; past `SHOWN` they are counted."""
        which = np.flatnonzero(bad)
        for row in which[:SHOWN].tolist():
            self.add(code, name(row), text)
        if len(which) > SHOWN:
            self.add(code, "", f"... and {len(which) - SHOWN} more: {text}")

    def at_most(self, code: str, rows: Rows) -> None:
        """Write a finding for each row whose left side is above its right side."""
        self._compared(code, rows, rows.left > rows.right + rows.slack(), "is more than")

    def at_least(self, code: str, rows: Rows) -> None:
        """Write a finding for each row whose left side is below its right side."""
        self._compared(code, rows, rows.left < rows.right - rows.slack(), "is less than")

    def equal(self, code: str, rows: Rows) -> None:
        """Write a finding for each row whose sides differ."""
        with np.errstate(invalid="ignore"):
            off = ~(np.abs(rows.left - rows.right) <= rows.slack())
        self._compared(code, rows, off, "is not")

    def claimed(self, code: str, claim: Floats, found: Floats, scale: Floats, name: Callable[[int], str]) -> None:
        """Write a finding for each claim that differs from what was found by more than `MONEY` of a scale."""
        both_unknown = np.isnan(claim) & np.isnan(found)
        off = ~(np.abs(claim - found) <= MONEY * np.maximum(scale, np.abs(found))) & ~both_unknown
        which = np.flatnonzero(off)
        for row in which[:SHOWN].tolist():
            self.add(code, name(row), f"claimed {claim[row]:.12g}, found {found[row]:.12g}")
        if len(which) > SHOWN:
            self.add(code, "", f"... and {len(which) - SHOWN} more")

    def one(self, code: str, claim: float | None, found: float | None, scale: float) -> None:
        """Compare one claimed number with what was found; None agrees with None alone."""
        if claim is None or found is None:
            if claim is not found:
                self.add(code, code, f"claimed {claim}, found {found}")
            return
        pair = (np.array([float(claim)]), np.array([float(found)]))
        self.claimed(code, *pair, np.array([scale]), lambda _: code)

    def _compared(self, code: str, rows: Rows, bad: Bools, word: str) -> None:
        which = np.flatnonzero(bad)
        for row in which[:SHOWN].tolist():
            self.add(code, rows.name(row), f"{rows.left[row]:.12g} {word} {rows.right[row]:.12g}")
        if len(which) > SHOWN:
            self.add(code, "", f"... and {len(which) - SHOWN} more rows")
