"""A dataset in a workbook: a sheet for each table, and one for the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import folded, near, suggestion
from synergy.dataset.package import Package
from synergy.dataset.schema import TABLES
from synergy.dataset.settings import plain
from synergy.dataset.sheet import Sheet
from synergy.errors import Problem
from synergy.workbook.book import Page, letters, text_of
from synergy.workbook.names import ASIDE, SETTINGS, known_as, second_header, table_named, tables
from synergy.workbook.opening import pages
from synergy.workbook.sheets import laid_out


@dataclass(frozen=True, slots=True)
class Tables:
    """What a workbook holds.

    Parameters
    ----------
    package : Package
        Name and settings.
    sheets : mapping of str to Sheet or None
        Each table that has a sheet, as texts; None where the sheet could not be read.
    tabs : mapping of str to str
        Sheet of each table.
    places : mapping of str to mapping
        Column of each name of a table, from 1.
    """

    package: Package
    sheets: Mapping[str, Sheet | None]
    tabs: Mapping[str, str]
    places: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def located(self, problem: Problem) -> Problem:
        """Return a problem with the cell in which it stands."""
        if problem.table not in self.tabs:
            return problem
        place = self.places.get(problem.table, {}).get(problem.column)
        cell = "" if problem.row is None else f"{'' if place is None else letters(place)}{problem.row}"
        return replace(problem, cell=f"{self.tabs[problem.table]}!{cell}".rstrip("!"))


def read_workbook(path: Path, findings: Findings) -> Tables | None:
    """Return the tables of a workbook.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    findings : Findings
        Takes what is wrong with its form.

    Returns
    -------
    Tables or None
        None where it cannot be read at all.
    """
    found = pages(path, findings)
    if found is None:
        return None
    by_table = _by_table(found, findings)
    sheets: dict[str, Sheet | None] = {}
    places: dict[str, dict[str, int]] = {}
    for table in TABLES:
        if table in by_table:
            named = (partial(known_as, table), partial(second_header, table))
            laid = laid_out(by_table[table], table, named, findings)
            sheets[table] = None if laid is None else laid.sheet
            places[table] = {} if laid is None else laid.places
        elif TABLES[table].required:
            findings.add("missing_table", Where(table), "", table=table)
    settings = _settings(by_table[SETTINGS].rows) if SETTINGS in by_table else {}
    name = settings.pop("name", None)
    package = Package(str(name or path.stem), {table: table for table in sheets}, settings, SETTINGS)
    return Tables(package, sheets, {table: page.name for table, page in by_table.items()}, places)


def _by_table(found: Sequence[Page], findings: Findings) -> dict[str, Page]:
    by_table: dict[str, Page] = {}
    for page in found:
        table = table_named(page.name)
        if not table:
            if folded(page.name) not in ASIDE and any(any(cell != "" for cell in row) for row in page.rows):
                findings.add(
                    "unknown_sheet", Where(page.name), page.name, **suggestion(near(page.name, list(tables())))
                )
        elif table in by_table:
            findings.add("double_sheet", Where(table), page.name, table=table)
        else:
            by_table[table] = page
    return by_table


def _settings(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return what the rows of a sheet of settings say: a name and a value each, lists as JSON."""
    found: dict[str, Any] = {}
    for row in rows:
        cells = [*row, "", ""]
        name = text_of(cells[0]).strip()
        if name and folded(name) not in ("setting", "设置", "项目"):
            found["name" if name == "名称" else name] = plain(text_of(cells[1]))
    return {name: value for name, value in found.items() if value is not None}
