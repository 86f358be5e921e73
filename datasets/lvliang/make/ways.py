"""How things move: modes by commodity, and the lines and sidings that stand."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.sources import Row, number, parts, table


def transport() -> list[Row]:
    """Return the `transport` table; road modes go round as the road matrix does on average."""
    matrix = table("road_distance_matrix")
    road = round(sum(float(row["circuity"]) for row in matrix) / len(matrix), 2)
    rows = []
    for mode in table("modes"):
        for commodity in parts(mode["commodities"]):
            row: Row = {"mode": mode["mode"], "commodity": commodity, "max_km": float(mode["max_km"])}
            row |= {key: number(mode[key]) for key in ("cost_per_unit", "cost_per_unit_km", "loss_per_km")}
            row |= {"detour": number(mode["detour"], road), "capex_per_km": number(mode["capex_per_km"]) or None}
            row |= {"capacity": number(mode["capacity"]) or None}
            row |= {"co2_per_unit_km": round(number(mode["co2_kg_per_unit_km"]) / 1000, 9)}
            rows.append(row | {"lifetime_years": float(mode["lifetime"]), "source": mode["source"]})
    return rows


def links(region: Region) -> list[Row]:
    """Return the `links` table: the existing links."""
    rows = []
    for line in table("existing_links"):
        for commodity in parts(line["commodities"]):
            km, cost = number(line["km"]) or None, number(line["cost_per_unit"]) or None
            facts: Row = {"evidence": line["evidence"], "source": line["source"]}
            rows.append(_link((line["from_site"], line["to_site"]), commodity, line["mode"], km, cost) | facts)
    for user in table("gas_users"):
        ends = (region.nearest_ovens(user["site"]), user["site"])
        facts = {"evidence": "synthetic", "source": user["source"]}
        rows.append(_link(ends, "COG", user["mode"], None, None) | facts)
    return rows


def _link(ends: tuple[str, str], commodity: str, mode: str, km: float | None, cost: float | None) -> Row:
    row: Row = {"from_site": ends[0], "to_site": ends[1], "commodity": commodity, "mode": mode}
    return row | {"km": km, "cost_per_unit": cost, "existing": True}
