"""Months, staggered production and processes that run only part of the year."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.sources import Row, rules

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTHS = tuple(f"M{month:02d}" for month in range(1, 13))
HOURS = {month: 24.0 * days for month, days in zip(MONTHS, _DAYS, strict=True)}
# part of each month in the season: Oct-Mar in plain counties, 15 Nov-15 Mar in the mountains
_PLAIN = {"M10": 1.0, "M11": 1.0, "M12": 1.0, "M01": 1.0, "M02": 1.0, "M03": 1.0}
_MOUNTAIN = {"M11": 0.5, "M12": 1.0, "M01": 1.0, "M02": 1.0, "M03": 0.5}
_KEY_COUNTIES = ("Xiaoyi", "Fenyang", "Wenshui", "Jiaocheng")
_COLD = ("M11", "M12", "M01", "M02", "M03")


def periods() -> list[Row]:
    """Return the `periods` table: twelve months of 8760 h."""
    return [{"period": month, "hours": HOURS[month]} for month in MONTHS]


def month(number: str) -> str:
    """Return the period of a month given by its number."""
    return MONTHS[int(number) - 1]


def stagger(region: Region, level: str) -> list[Row]:
    """Return availability rows of staggered production, `level` being ``base`` or ``strict``."""
    rows = []
    for oven in region.ovens:
        factor = rules().get(f"{level}_{oven.grade}", 1.0)
        season = _PLAIN if region.owned[oven.site]["county"] in _KEY_COUNTIES else _MOUNTAIN
        for name in MONTHS:
            value = 1 - (1 - factor) * season.get(name, 0.0)
            if value < 1:
                rows.append({"holder": oven.facility, "period": name, "factor": round(value, 4)})
    return rows


def availability(region: Region) -> list[Row]:
    """Return the `availability` table of the base: moderate stagger, and no bricks in the cold months."""
    return stagger(region, "base") + [{"holder": "BRICK", "period": name, "factor": 0} for name in _COLD]
