"""The same tables with one period: months added up, availability averaged by the share of the year."""

from __future__ import annotations

from synergy.datasets.lvliang.make.season import HOURS
from synergy.datasets.lvliang.make.sources import Row

YEAR = "year"
_TOTAL = sum(HOURS.values())


def collapse(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Return the tables with the one period `year`."""
    summed = {"needs": ("need", "quantity"), "markets": ("market", "limit")}
    result = dict(tables)
    result["periods"] = [{"period": YEAR, "hours": _TOTAL}]
    result["availability"] = average(tables["availability"])
    for name, (key, amount) in summed.items():
        result[name] = _added_up(tables[name], key, amount)
    return result


def average(rows: list[Row]) -> list[Row]:
    """Return availability rows of the year: the mean over its months, those without a row counting 1."""
    lost: dict[str, float] = {}
    for row in rows:
        lost[row["holder"]] = lost.get(row["holder"], 0.0) + (1 - row["factor"]) * HOURS[row["period"]] / _TOTAL
    return [{"holder": name, "period": YEAR, "factor": round(1 - part, 6)} for name, part in lost.items()]


def _added_up(rows: list[Row], key: str, amount: str) -> list[Row]:
    """Return the rows with those of single months added up to one without a period."""
    merged: dict[str, Row] = {}
    for row in rows:
        if row["period"] is None:
            merged[row[key]] = row
            continue
        name = row[key].removesuffix(f"-{row['period']}")
        before = merged.get(name, {amount: 0.0})
        merged[name] = {**row, key: name, "period": None, amount: round(before[amount] + row[amount], 1)}
    return list(merged.values())
