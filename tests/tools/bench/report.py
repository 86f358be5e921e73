"""Tables of figures, for a terminal and as plain records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from synergy.scenario import JSON, Cell

Line = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of figures, with notes below it.

    `heads` is the name and kind (see `KINDS`) of each column; a text in a column of figures is shown as it is, None as
    a dash.
    """

    title: str
    heads: tuple[tuple[str, str], ...]
    rows: Sequence[Line]
    notes: tuple[str, ...] = ()

    def record(self) -> dict[str, JSON]:
        """Return the table as plain values, each row as a mapping from column names."""
        names = [name for name, _ in self.heads]
        rows = [dict(zip(names, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


# kind of a column -> how a figure in it is written
KINDS: Mapping[str, Callable[[object], str]] = MappingProxyType(
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
    """Return a cell as text by its kind, one of `KINDS`."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell if isinstance(cell, str) else KINDS[kind](cell)


def show(sheet: ReportTable, console: Console) -> None:
    """Print a table."""
    table = Table(title=Text(sheet.title), title_justify="left")
    for name, kind in sheet.heads:
        table.add_column(name, justify="left" if kind == "text" else "right", no_wrap=kind != "text")
    for row in sheet.rows:
        table.add_row(*(written(cell, kind) for cell, (_, kind) in zip(row, sheet.heads, strict=True)))
    console.print(table)
    for note in sheet.notes:
        console.print(Text(f"  {note}"), soft_wrap=True)
