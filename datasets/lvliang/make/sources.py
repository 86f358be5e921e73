"""The source tables as they stand in `sources/`: facts and estimates, each row with source and confidence."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1]
Row = dict[str, Any]
INPUTS, OUTPUTS, EMISSION = ("input", "utility"), ("output", "byproduct"), "emission"
_COMMODITIES, _PROCESSES = ("commodities", "own_commodities"), ("processes", "own_processes")
# table and column, whose cells (or parts of cells) name rows of other tables by one of their columns
REFERENCES = (
    ("own_recipe", "process", _PROCESSES, "code"),
    ("own_recipe", "commodity", _COMMODITIES, "code"),
    ("process_recipe", "process", _PROCESSES, "code"),
    ("process_recipe", "commodity", _COMMODITIES, "code"),
    ("scale_steps", "process", _PROCESSES, "code"),
    ("build_rules", "process", _PROCESSES, "code"),
    ("build_rules", "process", ("scale_steps",), "process"),
    ("ovens", "process", _PROCESSES, "code"),
    ("ovens", "site", ("sites",), "site"),
    ("units", "process", _PROCESSES, "code"),
    ("units", "site", ("sites", "places"), "site"),
    ("modes", "commodities", _COMMODITIES, "code"),
    ("disposal", "commodity", _COMMODITIES, "code"),
    ("market_steps", "commodity", _COMMODITIES, "code"),
    ("market_steps", "places", ("sites", "places"), "site"),
    ("existing_links", "commodities", _COMMODITIES, "code"),
    ("existing_links", "from_site", ("sites", "places"), "site"),
    ("existing_links", "to_site", ("sites", "places"), "site"),
    ("existing_links", "mode", ("modes",), "mode"),
    ("gas_users", "site", ("sites", "places"), "site"),
    ("gas_users", "mode", ("modes",), "mode"),
    ("givers", "commodity", _COMMODITIES, "code"),
    ("givers", "site", ("sites", "places"), "site"),
    ("wants", "commodity", _COMMODITIES, "code"),
    ("wants", "site", ("sites", "places"), "site"),
    ("deals", "commodity", _COMMODITIES, "code"),
    ("deals", "from_site", ("sites", "places"), "site"),
    ("deals", "to_site", ("sites", "places"), "site"),
    ("stores", "commodity", _COMMODITIES, "code"),
    ("stores", "site", ("sites", "places"), "site"),
    ("parks", "site", ("sites", "places"), "site"),
    ("sites", "enterprise", ("members",), "enterprise"),
    ("sites", "county", ("geography",), "county_en"),
)
_NUMBERS = (
    ("process_recipe", ("coefficient",)),
    ("own_recipe", ("coefficient",)),
    ("processes", ("ref_scale", "capex_mcny_at_ref", "scale_exponent", "opex_fixed_other_cny_per_basis")),
    ("processes", ("lead_time_months", "lifetime_y")),
    ("own_processes", ("ref_scale", "capex_mcny_at_ref", "scale_exponent", "opex_fixed_other_cny_per_basis")),
    ("own_processes", ("lead_time_months", "lifetime_y", "co2")),
    ("scale_steps", ("policy_min",)),
    ("units", ("capacity", "min_load")),
    ("market_steps", ("factor", "offset", "limit")),
    ("modes", ("max_km", "cost_per_unit", "cost_per_unit_km", "loss_per_km", "co2_kg_per_unit_km", "lifetime")),
)


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows, as text, of the source table ``sources/<name>.csv``; callers must not change them."""
    with (FOLDER / "sources" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


def faults() -> list[str]:
    """Return a sentence for each cell of the sources that cannot be followed: file, row, cell, what is expected."""
    return [*_references(), *_numbers(), *_meanings()]


def _at(name: str, index: int) -> str:
    return f"sources/{name}.csv, row {index + 2}"


def _references() -> Iterator[str]:
    """Yield cells that name no row of the tables that they refer to."""
    for name, column, others, key in REFERENCES:
        known = {row[key] for other in others for row in table(other)}
        files = " or ".join(f"{other}.csv" for other in others)
        for index, row in enumerate(table(name)):
            for item in parts(row[column]):
                if item not in known:
                    yield f"{_at(name, index)}: {column} {item!r} is in no row of {files}; add it there, or correct it."


def _numbers() -> Iterator[str]:
    """Yield cells of figures that are no number."""
    for name, columns in _NUMBERS:
        for index, row in enumerate(table(name)):
            for column in columns:
                try:
                    number(row[column])
                except ValueError:
                    yield f"{_at(name, index)}: {column} {row[column]!r} is no number; write it as 1234.5."


def _meanings() -> Iterator[str]:
    """Yield roles that are none, and goods with a market at a place that no mode carries."""
    roles = (*INPUTS, *OUTPUTS, EMISSION)
    for index, row in enumerate(table("process_recipe")):
        if row["role"] not in roles:
            yield f"{_at('process_recipe', index)}: role {row['role']!r} is none of {', '.join(roles)}."
    carried = {commodity for mode in table("modes") for commodity in parts(mode["commodities"])}
    for index, row in enumerate(table("market_steps")):
        if row["places"] and row["commodity"] not in carried:
            reason = f"no mode carries {row['commodity']} to {row['places']}; add it to the commodities of modes.csv"
            yield f"{_at('market_steps', index)}: {reason}."


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
