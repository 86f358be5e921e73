"""Where new units may be built, and how large where an oven bounds them."""

from __future__ import annotations

from synergy.datasets.lvliang.make.region import Region
from synergy.datasets.lvliang.make.sources import Row, parts, rules, table

# activity that a t of coke can feed: the unit can never be larger than its ovens
_PER_COKE = {
    "CDQ_POWER": 0.55,
    "CDQ_CHP": 0.55,
    "RISER_STEAM": 1.0,
    "LOWT_HEAT": 1.0,
    "DH_HEAT": 0.3 / 1.08,
    "WW_REUSE": 0.25,
    "CO2_CAPTURE": 0.147 / 1.05,
    "RETURN_PSA": 0.19 / 1.3,
    "RETURN_LNG": 0.19 / 0.55,
    "RETURN_PURGE": 0.19 / 0.51,
}


def buildable() -> set[str]:
    """Return the processes that may be built somewhere."""
    return {row["process"] for row in table("build_rules")}


def build_options(region: Region, facilities: list[Row]) -> list[Row]:
    """Return the `build_options` table."""
    standing: dict[tuple[str, str], float] = {}
    for unit in facilities:
        key = (unit["site"], unit["process"])
        standing[key] = standing.get(key, 0.0) + unit["capacity"]
    least = {step["process"]: step["policy_min"] for step in table("scale_steps")}
    rows = []
    for rule in table("build_rules"):
        process = rule["process"]
        for site in _sites(region, rule["where"]):
            room = _room(region, process, site, standing)
            if room is None or room >= float(least[process]):
                factor = rules()["mountain_capex"] if region.mountain(site) else 1
                row: Row = {"process": process, "site": site, "max_capacity": room, "capex_factor": factor}
                rows.append(row | {"source": rule["source"]})
    return rows


def _sites(region: Region, where: str) -> list[str]:
    """Return the sites that a rule names: by themselves or by a word for a group."""
    parks = [row["site"] for row in table("parks")]
    near = [site for site in region.oven_sites if _near_heat(region, site)]
    groups = {
        "parks": parks,
        "parks with ovens": [site for site in parks if site in region.oven_sites],
        "ovens": list(region.oven_sites),
        "ovens near heat": near,
        "wet ovens": list(dict.fromkeys(oven.site for oven in region.ovens if not oven.dry)),
    }
    found: dict[str, None] = {}
    for word in parts(where):
        found |= dict.fromkeys(groups.get(word, [word]))
    return list(found)


def _near_heat(region: Region, site: str) -> bool:
    networks = [name for name, row in region.places.items() if row["kind"] == "heat"]
    detour = float(next(row["detour"] for row in table("modes") if row["commodities"] == "HEAT"))
    return min(region.km(site, network) for network in networks) * detour <= rules()["build_radius"]


def _room(region: Region, process: str, site: str, standing: dict[tuple[str, str], float]) -> float | None:
    """Return the largest size that the ovens of a site leave room for; None where they do not bound it."""
    wet = sum(oven.capacity for oven in region.ovens if oven.site == site and not oven.dry)
    if process == "CDQ_RETROFIT":
        return wet
    if process not in _PER_COKE or site not in region.oven_sites:
        return None
    coke = region.oven_sites[site]
    return max(0.0, round(_PER_COKE[process] * coke - standing.get((site, process), 0.0)))
