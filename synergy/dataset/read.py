"""Read a dataset from a folder, zip archive or workbook: return checked tables, or all faults at once.

Two datasets with the same digest hold the same rows in the same order with the same values. Byte order marks,
encodings, line ends, quotes, the order of columns, spellings of a number (``1`` and ``1.0``), and whether a default is
written out do not matter; nor do settings and a scenario, which the plan names by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from synergy.dataset.apply import Applied, apply
from synergy.dataset.check_processes import check_balances, check_processes
from synergy.dataset.check_references import check_links, check_places, check_references, look_alikes, without_repeats
from synergy.dataset.check_values import check_ranges, check_settings, check_values
from synergy.dataset.findings import Findings, Where
from synergy.dataset.loops import LOOPS, check_loops
from synergy.dataset.package import Package, package_of
from synergy.dataset.schema import TABLES, YEAR
from synergy.dataset.settings import OVERRIDES, SCENARIO, Layer, check_shape, parse_settings
from synergy.dataset.sheet import Cells, Dataset, TableData, Words
from synergy.dataset.sources import open_source
from synergy.dataset.typed import UnitHints, filled, missing_columns, typed
from synergy.errors import DatasetError, LoopError, Problem, Severity
from synergy.scenario import Scenario, Settings
from synergy.units import counted_in
from synergy.workbook.names import second_header
from synergy.workbook.reading import CLAIMS, read_workbook

COUNTED = {"commodities": ("commodity", "unit"), "processes": ("process", "activity_unit")}
Raw = Callable[[str], TableData | None]


def read(path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, object] | None = None) -> Dataset:
    """Read and check a dataset.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder of tables, its ``datapackage.json``, a zip archive of one, or an ``.xlsx`` workbook.
    scenario : Scenario, optional
        Applied before anything else looks at the tables.
    overrides : mapping, optional
        Settings on top of the dataset's and the scenario's; texts are read as on a command line.

    Returns
    -------
    Dataset
        Its `warnings` say what is odd without being wrong.

    Raises
    ------
    DatasetError
        Anything is wrong; `problems` holds all of it.
    LoopError
        Nothing is wrong but a loop that makes goods or money from nothing.
    """
    dataset, problems = check(path, scenario, overrides)
    if dataset is None:
        raise refusal(problems)
    return dataset


def refusal(problems: Sequence[Problem]) -> DatasetError:
    """Return the error for problems with at least one error: `LoopError` where loops are the only errors."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return (LoopError if all(problem.code in LOOPS for problem in errors) else DatasetError)(problems)


def check(
    path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, object] | None = None
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Read and check a dataset; return it with all findings.

    Parameters
    ----------
    path, scenario, overrides
        As for `read`.

    Returns
    -------
    Dataset or None
        None where there are errors: nothing is half imported.
    tuple of Problem
        Errors first, then warnings.
    """
    findings, scenario = Findings(), scenario or Scenario()
    found = _opened(Path(path), findings)
    if found is None:
        return None, findings.problems()
    package, raw, located = found
    sheets, broken = _sheets(package, raw, findings)
    digest = "" if findings.refused else digest_of(sheets)
    sound = check_shape(scenario, findings)
    settings, places = _settings(package, sound, overrides or {}, findings)
    applied = apply(sound, sheets, findings)
    _check(applied, broken, findings)
    check_settings(settings, places, applied.sheets, findings)
    if not findings.refused:
        check_loops(applied.sheets, settings, findings)
    problems = tuple(map(located, findings.problems(applied.relocate)))
    if findings.refused:
        return None, problems
    tables = {name: sheet.frame() for name, sheet in applied.sheets.items()}
    given = frozenset(name for name, sheet in applied.sheets.items() if sheet.given)
    return Dataset(package.name, tables, given, settings, scenario, digest, problems), problems


def _opened(path: Path, findings: Findings) -> tuple[Package, Raw, Callable[[Problem], Problem]] | None:
    """Open a dataset; return its package, a loader of its tables as texts, and a function that locates problems."""
    if path.suffix.lower() in CLAIMS and path.is_file():
        book = read_workbook(path, findings)
        return None if book is None else (book.package, book.sheets.__getitem__, book.located)
    source = open_source(path, findings)
    if source is None:
        return None
    package = package_of(source, findings)
    return package, lambda name: package.sheet(name, source, findings), lambda problem: problem


def _sheets(package: Package, raw: Raw, findings: Findings) -> tuple[dict[str, TableData], set[str]]:
    """Return all tables, and the names of those that could not be read."""
    sheets: dict[str, TableData] = {}
    units: dict[str, dict[str, str]] = {}
    measures = UnitHints(units, str(package.settings.get("currency", "CNY")))
    broken = {name for name, table in TABLES.items() if table.required and name not in package.files}
    for name in TABLES:
        sheet = None
        if name in package.files:
            sheet = _sheet(raw(name), findings, measures)
            if sheet is None:
                broken.add(name)
            elif name in COUNTED:
                key, unit = COUNTED[name]
                pairs = zip(sheet.words(key).texts(), sheet.words(unit).texts(), strict=True)
                units[key] = {ident: counted_in(counted) for ident, counted in pairs}
        # a file with a header row alone is given, though it has no rows
        absent = filled(TableData(name, np.empty(0, dtype=np.int64), given=False))
        sheets[name] = absent if sheet is None else sheet
    return sheets, broken


def _sheet(raw: TableData | None, findings: Findings, measures: UnitHints) -> TableData | None:
    if raw is None or _two_headers(raw, findings):
        return None
    missing_columns(raw, findings)
    sheet = typed(raw, findings, measures)
    check_ranges(sheet, findings)
    sheet = without_repeats(filled(sheet), findings)
    look_alikes(sheet, findings)
    return sheet


def _two_headers(raw: TableData, findings: Findings) -> bool:
    """Whether the first row below the header repeats column names."""
    twice = len(raw) > 0 and second_header(raw.table, [str(raw.value(name, 0)) for name in raw.columns])
    if twice:
        findings.add("two_row_header", Where(raw.table, int(raw.lines[0])))
    return twice


def _settings(
    package: Package, scenario: Scenario, overrides: Mapping[str, object], findings: Findings
) -> tuple[Settings, Mapping[str, Where]]:
    layers = [
        Layer(package.says, package.settings, "/synergy"),
        Layer(SCENARIO, scenario.settings),
        Layer(OVERRIDES, overrides),
    ]
    return parse_settings(layers, findings)


def _check(applied: Applied, broken: set[str], findings: Findings) -> None:
    """Check the tables after the scenario is applied; add the default period and drop links without effect."""
    sheets = applied.sheets
    if not len(sheets["periods"]) and "periods" not in broken:
        columns: dict[str, Cells] = {"period": Words.of([YEAR[0]]), "hours": np.array([YEAR[1]])}
        sheets["periods"] = replace(sheets["periods"], lines=np.ones(1, dtype=np.int64), columns=columns)
    check_values(sheets, findings)
    check_references(sheets, broken, findings)
    check_places(sheets, findings)
    check_processes(sheets, findings)
    sheets["links"] = check_links(sheets, findings)
    check_balances(sheets, findings)


def digest_of(sheets: Mapping[str, TableData]) -> str:
    """Return the SHA-256, in 64 hexadecimal digits, of tables as read, defaults filled in, before any scenario.

    Tables that were not given do not count.
    """
    total = hashlib.sha256(b"synergy/dataset/1\n")
    for name in sorted(sheets):
        sheet = sheets[name]
        if not sheet.given:
            continue
        total.update(f"{name}\n{len(sheet)}\n".encode())
        for column in sorted(sheet.columns):
            total.update(f"{column}\n".encode())
            _update(total, sheet, column)
    return total.hexdigest()


def _update(total: hashlib._Hash, sheet: TableData, column: str) -> None:
    cells = sheet.columns[column]
    if isinstance(cells, Words):
        words = cells.renamed(cells.words) if cells.used().all() else Words.of(cells.texts())
        total.update("".join(f"{len(word)}:{word}" for word in words.words).encode("utf-8", "surrogatepass"))
        total.update(np.ascontiguousarray(words.codes.astype("<i4")).data)
    elif cells.dtype == np.bool_:
        total.update(np.packbits(cells.astype(np.bool_)).data)
    else:
        numbers = np.where(np.isnan(cells), np.nan, cells).astype("<f8")  # one kind of NaN
        total.update(np.ascontiguousarray(numbers).data)
