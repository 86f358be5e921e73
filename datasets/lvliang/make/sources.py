"""The source tables as they stand in `sources/`: facts and estimates, each row with source and confidence."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
Row = dict[str, Any]


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows, as text, of the source table ``sources/<name>.csv``; callers must not change them."""
    with (FOLDER / "sources" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@cache
def rules() -> dict[str, float]:
    """Return the numbers of `rules.csv` by name."""
    return {row["rule"]: float(row["value"]) for row in table("rules")}


def number(text: str, default: float = 0.0) -> float:
    """Return the number in a cell, `default` where it is blank or a dash."""
    return float(text) if text.strip() not in ("", "-") else default


def parts(text: str) -> list[str]:
    """Return the items of a cell that lists them with semicolons."""
    return [item for item in text.split(";") if item]


def by(name: str, column: str) -> dict[str, dict[str, str]]:
    """Return the rows of a source table by the value of one column."""
    return {row[column]: row for row in table(name)}
