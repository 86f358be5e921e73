"""Facilities: those in the source table, and those that every coking site has by rule."""

from __future__ import annotations

from collections.abc import Iterator

from synergy.datasets.lvliang.make.region import Oven, Region
from synergy.datasets.lvliang.make.sources import Row, by, number, parts, rules, table

_STEAM = 0.55  # t of high-pressure steam per t of coke quenched dry
_WASTE_WATER = 0.25  # m3 per t of coke
_SURPLUS = 0.2378  # kNm3 of net gas per t of coke: 0.995 * 0.43 - 0.19


def facilities(region: Region) -> list[Row]:
    """Return the `facilities` table."""
    rows = [_oven(region, oven) for oven in region.ovens]
    for site in region.oven_sites:
        rows += list(_beside_ovens(region, site))
    rows += list(_listed())
    return [_priced(row) for row in rows]


def _oven(region: Region, oven: Oven) -> Row:
    row: Row = {"facility": oven.facility, "site": oven.site, "process": oven.process, "capacity": oven.capacity}
    row |= {"min_load": rules()["oven_min_load"], "must_run": True, "start": oven.start}
    evidence = oven.evidence if region.evidence(oven.site) != "synthetic" else "synthetic"
    return row | {"evidence": evidence, "source": oven.source}


def _beside_ovens(region: Region, site: str) -> Iterator[Row]:
    """Yield the units that every coking site has by rule."""
    evidence = "synthetic" if region.evidence(site) == "synthetic" else "estimate"
    for process, capacity in _rule_sizes(region, site).items():
        if capacity > 0:
            row: Row = {"facility": f"{site}-{process}", "site": site, "process": process, "capacity": round(capacity)}
            yield row | {"evidence": evidence, "source": "rule: sized to the ovens (rules.csv)"}


def _rule_sizes(region: Region, site: str) -> dict[str, float]:
    rule, ovens = rules(), [oven for oven in region.ovens if oven.site == site]
    coke = sum(oven.capacity for oven in ovens)
    by_class = {grade: sum(oven.capacity for oven in ovens if oven.grade == grade and oven.dry) for grade in "AB"}
    leaders = rule["steam_A"] * by_class["A"]
    own_power = rule["power_part"] * rule["base_output"] * _SURPLUS * coke
    return {
        "BLEND": rule["blend_size"] * coke,
        "COG_PURIFY": rule["purify_size"] * coke,
        "GAS_BOILER": rule["boiler_size"] * coke,
        "CDQ_CHP": _STEAM * leaders,
        "CDQ_POWER": _STEAM * (by_class["A"] + by_class["B"] - leaders),
        "RISER_STEAM": by_class["A"],
        "WW_REUSE": _WASTE_WATER * (by_class["A"] + rule["water_B"] * by_class["B"]),
        "COG_POWER": 0.0 if site in _gas_named() else own_power,
    }


def _gas_named() -> set[str]:
    """Return the coking sites whose gas has a named use: a unit of their own or a line to a user."""
    units = {row["site"] for row in table("units") if row["process"].startswith("COG_")}
    lines = {row["from_site"] for row in table("existing_links") if "COG" in parts(row["commodities"])}
    return units | lines


def _listed() -> Iterator[Row]:
    """Yield the units of the source table; a second one of the same kind at a site gets a number."""
    seen: dict[str, int] = {}
    for row in table("units"):
        name = f"{row['site']}-{row['process']}"
        seen[name] = seen.get(name, 0) + 1
        cell: Row = {"facility": name + (f"-{seen[name]}" if seen[name] > 1 else ""), "site": row["site"]}
        cell |= {"process": row["process"], "capacity": number(row["capacity"])}
        cell |= {"min_load": number(row["min_load"]) or None, "must_run": row["must_run"] == "true"}
        yield cell | {"start": row["start"], "evidence": row["evidence"], "source": row["source"]}


def _priced(row: Row) -> Row:
    """Return a facility with the running cost that varies with its activity."""
    figures = by("processes", "code") | by("own_processes", "code")
    cost = float(figures[row["process"]]["opex_fixed_other_cny_per_basis"])
    whole = {"min_load": None, "must_run": False, "start": ""} | row
    return whole | {"opex": round(cost * rules()["variable_opex"], 4)}
