"""From the bytes of a CSV file to a sheet of words and, where every cell is one at sight, numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from synergy.dataset.decode import decode
from synergy.dataset.described import UNDESCRIBED, Description, formatted, texts_needed
from synergy.dataset.dialects import rewritten
from synergy.dataset.findings import Findings, Where
from synergy.dataset.layout import Layout, layout, titles
from synergy.dataset.numbers import SMALLEST
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Cells, Sheet, Words
from synergy.workbook.names import known_as, names_a_column

_HEAD = 65_536  # bytes in which the header has to end
_MARKS = {";": "semicolons", "\t": "TABs"}


def raw_sheet(
    data: bytes,
    table: str,
    findings: Findings,
    known: Callable[[str], bool] | None = None,
    description: Description = UNDESCRIBED,
) -> Sheet | None:
    """Return a table as it stands in its file.

    Parameters
    ----------
    data : bytes
        The file.
    table : str
        Name of the table.
    findings : Findings
        Takes what is wrong with its form.
    known : callable, optional
        Whether a cell is the name of a column, where `table` is none of the schema: every cell stays a text then.
    description : Description
        What the data package says of the cells.

    Returns
    -------
    Sheet or None
        Columns that the schema counts as numbers are numbers where all cells are plain and finite, else words.
        None where the file cannot be read.
    """
    text = decode(data, table, findings, description.encoding)
    del data
    if text is not None and not description.dialect.usual:
        text = rewritten(text, description.dialect, description.names, Where(table), findings)
    if text is None:
        return None
    known = known or partial(names_a_column, table)
    if above := titles(text[:_HEAD], known):
        parts = text.split(b"\n", above)
        title = next((line for line in parts[:above] if line.strip(b",;\t ")), b"")
        if title:
            said = title.decode(errors="replace").strip(",;\t ")
            findings.add("title_rows", Where(table, 1), said, count=above)
        text = b"\n" * above + parts[above]
    shape = layout(text, table, known, findings)
    if shape is None:
        return None
    if shape.delimiter in _MARKS:
        findings.add("delimiter", Where(table, 1), shape.delimiter, mark=_MARKS[shape.delimiter])
    names = _names(shape, table, findings)
    if names is None:
        return None
    if not len(shape.lines):
        return Sheet(table, shape.lines, {name: Words.blank(0) for name in names if name})
    columns = _columns(text, shape, names, (table, texts_needed(description)))
    lines = shape.lines if description.dialect.header else shape.lines - 1  # the header that was put above
    grouped = ";" not in (shape.delimiter, description.dialect.delimiter)
    return formatted(_named(Sheet(table, lines, columns, grouped=grouped), findings), description, findings)


def _names(shape: Layout, table: str, findings: Findings) -> list[str] | None:
    """Return names of all columns as the schema has them; nameless ones get a number."""
    if table in TABLES:
        shape = replace(shape, header=tuple(known_as(table, name) for name in shape.header))
    twice = sorted({name for name in shape.header if name and shape.header.count(name) > 1})
    for name in twice:
        findings.add("double_header", Where(table, 1, name), name)
    return None if twice else [name or f"\0{place}" for place, name in enumerate(shape.header)]


def _columns(text: bytes, shape: Layout, names: list[str], of: tuple[str, bool]) -> dict[str, Cells]:
    table, worded = of
    numbers = {name for name in names if table in TABLES and not worded and numeric(table, name)}
    frame = _parsed(text, shape, names, numbers) if numbers else None
    if frame is None or not all(_at_sight(frame[name]) for name in numbers):
        frame, numbers = _parsed(text, shape, names, ()), set()
    if frame is None or len(frame) != len(shape.lines):
        raise AssertionError(f"the records of {table} were counted in two ways")
    return {str(name): _cells(column) for name, column in frame.items()}


def _parsed(text: bytes, shape: Layout, names: list[str], numbers: Collection[str]) -> pd.DataFrame | None:
    source = io.BytesIO(text)
    source.seek(shape.start)
    dtype: dict[Any, Any] = {name: "float64" if name in numbers else "str" for name in names}
    options: dict[str, Any] = {"header": None, "names": names, "index_col": False, "dtype": dtype}
    try:
        frame: pd.DataFrame = pd.read_csv(source, sep=shape.delimiter, keep_default_na=False, na_values=[""], **options)
        return frame
    except ValueError:  # a cell that is no number at sight
        return None


def _at_sight(column: pd.Series[Any]) -> bool:
    """Whether all numbers are finite and normal; zeros and ones alone may have been words."""
    values = np.abs(column.to_numpy())
    top = np.nanmax(values, initial=0.0)
    if not np.isfinite(top) or (top <= 1 and bool(np.isin(values, (0.0, 1.0)).any()) and _flags(values)):
        return False
    return not bool(((values < SMALLEST) & (values > 0)).any())


def _flags(values: np.ndarray[Any, Any]) -> bool:
    return bool((np.isnan(values) | (values == 0) | (values == 1)).all())


def _cells(column: pd.Series[Any]) -> Cells:
    if column.dtype == np.float64:
        return column.to_numpy() + 0.0  # -0 becomes 0
    return Words.of(column.to_numpy(dtype=object))


def _named(sheet: Sheet, findings: Findings) -> Sheet:
    """Return the sheet without rows of blanks and without nameless columns, which have to be blank."""
    filled = np.zeros(len(sheet), dtype=np.bool_)
    for name, cells in sheet.columns.items():
        here = cells.filled if isinstance(cells, Words) else ~np.isnan(cells)
        filled |= here
        if name.startswith("\0") and here.any():
            findings.add("nameless_column", Where(sheet.table, 1), int(name[1:]) + 1)
    if not filled.all():
        empty = sheet.lines[~filled]
        findings.add_rows("blank_row", Where(sheet.table), empty, [""] * len(empty))
        sheet = sheet.take(filled)
    columns = {name: cells for name, cells in sheet.columns.items() if not name.startswith("\0")}
    return replace(sheet, columns=columns)
