"""Commodities, processes, their steps of scale and recipes, from the notes and our additions."""

from __future__ import annotations

from synergy.datasets.lvliang.make.sources import EMISSION, INPUTS, Row, by, number, table

BALANCE_NODES = ("O2_AIR", "WATER_VAP", "INERT", "CO2_EMIT")
# part of what they are made of is no commodity here (bauxite, air): their recipes cannot close over what is
_OPEN = ("ALUMINA_CALC", "H2SO4")
_LARGEST = 2.5  # times the reference size
_PARK_NOTE = (
    "certified chemical park, safety distance, energy and emission quota / 认定化工园区、安全距离、能耗与排放指标"
)
_COKING = "capacity quota, ultra-low emission, full dry quenching / 产能指标、超低排放、全干熄焦"
_COKE_SITE = ("CDQ_", "RISER_", "LOWT_", "DH_", "WW_", "GAS_BOILER", "RETURN_")
_SOLIDS = ("WASH", "BRICK", "GANGUE_POWER")


def commodities() -> list[Row]:
    """Return the `commodities` table: all of the notes but balance nodes, and our auxiliary ones."""
    ways_out = by("disposal", "commodity")
    rows = []
    for row in (*table("commodities"), *table("own_commodities")):
        code = row["code"]
        if code in BALANCE_NODES:
            continue
        out = ways_out.get(code)
        cell: Row = {"commodity": code, "name_en": row["name_en"], "name_zh": row["name_zh"], "unit": row["unit"]}
        cell |= {"phase": row["phase"], "hazard": _hazard(row)}
        mass = None if code in _OPEN else _known(row["mass_t_per_unit"])
        cell |= {"mass_t": mass, "energy_gj": _known(row["lhv_gj_per_unit"])}
        cell |= {
            "disposal_cost": float(out["cost"]) if out else None,
            "disposal_co2": float(out["co2"]) if out else None,
        }
        rows.append(cell | {"source": row["source"]})
    return rows


def _known(text: str) -> float | None:
    return float(text) if text else None


def _hazard(row: dict[str, str]) -> str:
    """Return the UN number, else the class where it is one."""
    un = row.get("un_number", "")
    if un:
        return un.split("/")[0].split("-")[0]
    name = row.get("hazard_class", "")
    return "" if name.startswith("none") or "unrestricted" in name else name


def processes(buildable: set[str]) -> list[Row]:
    """Return the `processes` table; those in `buildable` have their steps of scale in `sizes`."""
    emitted = {row["process"]: float(row["coefficient"]) for row in table("process_recipe") if _emission(row)}
    emitted["CO2_CAPTURE"] = -1.0  # what is captured leaves the flue; vented again it counts as disposal
    steps = by("scale_steps", "process")
    rows = []
    for row in (*table("processes"), *table("own_processes")):
        code = row["code"]
        cell: Row = {"process": code, "name_en": row["name_en"], "name_zh": row["name_zh"]}
        cell |= {"activity_unit": row["basis"].removeprefix("1 ")}
        cell |= {"opex": float(row["opex_fixed_other_cny_per_basis"])}
        cell |= {"co2": emitted.get(code, 0.0) if "co2" not in row else float(row["co2"])}
        cell |= {"buildable": code in buildable, "lifetime_years": float(row["lifetime_y"])}
        cell |= {"lead_time_months": float(row["lead_time_months"])}
        policy = steps.get(code, {}).get("policy_min", "")
        cell |= {"policy_min": float(policy) if policy else None}
        rows.append(cell | {"permit": _permit(code) if code in buildable else "", "source": row["source"]})
    return rows


def _emission(row: dict[str, str]) -> bool:
    return row["commodity"] == "CO2_EMIT" and row["role"] == EMISSION


def _permit(code: str) -> str:
    if code.startswith("COKE_"):
        return _COKING
    if code.startswith(_COKE_SITE):
        return "within the coking permit / 包含在焦化项目审批内"
    return "resource use and land / 资源利用与用地" if code in _SOLIDS else _PARK_NOTE


def sizes(buildable: set[str]) -> list[Row]:
    """Return the `sizes` table: straight lines through capex = ref * (size / ref) ** exponent.

    The lines run through the policy minimum, the reference size and 2.5 times it; where the minimum is the
    reference there is one step.
    """
    figures = by("processes", "code") | by("own_processes", "code")
    rows = []
    for step in table("scale_steps"):
        code = step["process"]
        if code not in buildable:
            continue
        reference, exponent = float(figures[code]["ref_scale"]), float(figures[code]["scale_exponent"])
        money = float(figures[code]["capex_mcny_at_ref"]) * 1e6
        least = float(step["policy_min"])
        points = [least, reference, _LARGEST * reference] if least < reference else [least, _LARGEST * reference]
        names = ("small", "large") if least < reference else ("large",)
        costs = [money * (size / reference) ** exponent for size in points]
        for name, start, end, low, high in zip(names, points, points[1:], costs, costs[1:], strict=False):
            slope = (high - low) / (end - start)
            line: Row = {"min_capacity": start, "max_capacity": end, "fixed_capex": round(low - slope * start)}
            rows.append({"process": code, "size": name, **line, "unit_capex": round(slope, 4)})
    return rows


def recipes() -> list[Row]:
    """Return the `recipes` table: the source recipes without balance nodes, and our additions."""
    sums: dict[tuple[str, str], float] = {}
    for row in table("process_recipe"):
        if row["commodity"] in BALANCE_NODES:
            continue
        sign = -1 if row["role"] in INPUTS else 1
        key = (row["process"], row["commodity"])
        sums[key] = sums.get(key, 0.0) + sign * float(row["coefficient"])
    for row in table("own_recipe"):
        key = (row["process"], row["commodity"])
        sums[key] = sums.get(key, 0.0) + number(row["coefficient"])
    rows = [{"process": process, "commodity": code, "coefficient": value} for (process, code), value in sums.items()]
    return [row for row in rows if row["coefficient"] != 0]
