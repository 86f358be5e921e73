"""The rows of a form as texts, each with its place, however they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from synergy.errors import Problem
from synergy.store.names import Sheet
from synergy.workbook.book import letters

MOST_ROWS = 2000  # of one declaration


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Parameters
    ----------
    sheet : Sheet
        Offers, needs or facilities.
    line : int
        In its file or sheet, or its number among the rows of the page.
    cells : mapping of str to str
        By key of `synergy.forms.fields`; blanks left out.
    other : mapping
        Plain values that only a JSON document gives: qualities and limits by property.
    """

    sheet: Sheet
    line: int
    cells: Mapping[str, str]
    other: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a form.

    Parameters
    ----------
    rows : sequence of Row
    units : bool
        Whether prices need their unit and amounts say theirs; a JSON document counts in the units of the dataset.
    tabs : mapping of Sheet to str
        Names of the sheets of a workbook.
    places : mapping of Sheet to mapping
        Column of each key in a workbook, from 1.
    pointers : bool
        Whether places are JSON pointers.
    """

    rows: Sequence[Row]
    units: bool = True
    tabs: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pointers: bool = False

    def located(self, problem: Problem) -> Problem:
        """Return a problem with the cell, or the JSON pointer, at which it stands."""
        if problem.row is None or problem.table not in set(Sheet):
            return problem
        if self.pointers:
            return replace(problem, cell=f"/{problem.row - 1}" + (f"/{problem.column}" if problem.column else ""))
        if problem.table not in self.tabs:
            return problem
        place = self.places[problem.table].get(problem.column)
        return replace(problem, cell=f"{self.tabs[problem.table]}!{letters(place) if place else ''}{problem.row}")
