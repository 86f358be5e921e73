"""Tables of figures, for a terminal and as plain records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

Cell = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of figures.

    Parameters
    ----------
    title : str
        Title of the table.
    heads : tuple of (str, str)
        Name and kind of each column, see `KINDS`.
    rows : sequence of tuple
        Cells; a text in a column of figures is shown as it is, None as a dash.
    notes : tuple of str
        Lines below the table.
    """

    title: str
    heads: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the table as plain values, each row as a mapping from column names."""
        names = [name for name, _ in self.heads]
        rows = [dict(zip(names, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


# kind of a column -> how a figure in it is written
KINDS: Mapping[str, Callable[[Any], str]] = MappingProxyType(
    {
        "text": str,
        "count": "{:,d}".format,
        "money": "{:.6e}".format,
        "seconds": "{:.1f}".format,
        "part": "{:.2%}".format,
        "fine": "{:.4%}".format,
        "ratio": "{:.3f}".format,
        "mb": "{:.0f}".format,
    }
)


def written(cell: Cell, kind: str) -> str:
    """Return a cell as text.

    Parameters
    ----------
    cell : str, number, bool or None
    kind : str
        One of `KINDS`.
    """
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell if isinstance(cell, str) else KINDS[kind](cell)


def show(sheet: ReportTable, console: Console) -> None:
    """Print a table.

    Parameters
    ----------
    sheet : ReportTable
    console : rich.console.Console
        Where to.
    """
    table = Table(title=Text(sheet.title), title_justify="left")
    for name, kind in sheet.heads:
        table.add_column(name, justify="left" if kind == "text" else "right", no_wrap=kind != "text")
    for row in sheet.rows:
        table.add_row(*(written(cell, kind) for cell, (_, kind) in zip(row, sheet.heads, strict=True)))
    console.print(table)
    for note in sheet.notes:
        console.print(Text(f"  {note}"), soft_wrap=True)
