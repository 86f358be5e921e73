"""Tables as CSV and their data package, byte for byte the same from the same rows."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from synergy.datasets.describe import write as describe
from synergy.datasets.lvliang.make.sources import Row

from synergy.dataset.schema import TABLES

HEAD: dict[str, Any] = {
    "name": "lvliang",
    "title": "Coal, coke and chemicals in Lvliang, Shanxi: members, processes, transport and markets",
    "title_zh": "山西吕梁煤焦化产业链：企业、工艺、运输与市场",
    "description": (
        "Capacities and locations are public facts or marked estimates; all economics of firms are synthetic. "
        "Made by `python -m synergy.datasets.lvliang.make` from the tables in sources/, each row of which names its "
        "source and confidence. Columns `evidence` (public, estimate, synthetic) and `source` say what stands behind a "
        "row; firms without published evidence carry (illustrative) or (synthetic) in their names."
    ),
    "version": "1.0.0",
    "licenses": [{"name": "Apache-2.0", "path": "https://www.apache.org/licenses/LICENSE-2.0"}],
    "sources": [
        {"title": "Published facts and handbook figures, named row by row", "path": "sources/enterprises.csv"},
        {"title": "SteelOrbis weekly coke and coking coal prices, 2025"},
        {"title": "SunSirs, Ruida and Hongyuan Futures commodity commentaries, 2025"},
        {"title": "Pengfei Group, news of the company", "path": "https://en.pengfeijituan.cn"},
    ],
    "synergy": {"currency": "CNY", "discount_rate": 0.08, "carbon_price": 0},
}


def write(folder: Path, tables: dict[str, list[Row]], scenarios: dict[str, str]) -> None:
    """Write tables, scenario files and data package into a folder, made where it is missing."""
    (folder / "scenarios").mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        _write_table(folder / f"{name}.csv", name, rows)
    for name, text in scenarios.items():
        (folder / "scenarios" / f"{name}.toml").write_text(text, encoding="utf-8", newline="\n")
    describe(folder, HEAD)


def _write_table(file: Path, name: str, rows: list[Row]) -> None:
    present = dict.fromkeys(key for row in rows for key in row)
    known = [column for column in TABLES[name].names if column in present]
    columns = known + [key for key in present if key not in known]
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def _cell(value: object) -> str:
    """Return the text of a cell: numbers short, flags as words, None blank."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)
