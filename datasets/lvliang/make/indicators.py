"""Energy, water, carbon and digital figures of the members, by class of oven or by size."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.sources import Row, table


def indicators(region: Region) -> list[Row]:
    """Return the `indicators` table; a firm with ovens of several classes has the mean by capacity."""
    rows = []
    for name, member in region.members.items():
        shares = _classes(region, name) or {member["size"]: 1.0}
        values: dict[tuple[str, str], float] = {}
        for figure in table("indicators"):
            if figure["class"] in shares:
                key = (figure["indicator"], figure["unit"])
                values[key] = values.get(key, 0.0) + shares[figure["class"]] * float(figure["value"])
        for (indicator, unit), value in values.items():
            rows.append({"enterprise": name, "indicator": indicator, "value": round(value, 3), "unit": unit})
        coke = sum(oven.capacity for oven in region.ovens if oven.enterprise == name)
        if coke:
            rows.append({"enterprise": name, "indicator": "coking capacity", "value": coke, "unit": "t/a"})
    return rows


def _classes(region: Region, enterprise: str) -> dict[str, float]:
    """Return the part of each class in the coking capacity of a firm; empty where it has none."""
    ovens = [oven for oven in region.ovens if oven.enterprise == enterprise]
    total = sum(oven.capacity for oven in ovens)
    shares: dict[str, float] = {}
    for oven in ovens:
        shares[oven.grade] = shares.get(oven.grade, 0.0) + oven.capacity / total
    return shares
