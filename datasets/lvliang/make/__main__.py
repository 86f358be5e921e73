"""Make the dataset: `python -m synergy.datasets.lvliang.make [--out FOLDER] [--periods 12|1]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from synergy.datasets.lvliang.make import (
    chemistry,
    indicators,
    options,
    plants,
    region,
    rights,
    scenarios,
    season,
    trade,
    ways,
)
from synergy.datasets.lvliang.make import yearly as year
from synergy.datasets.lvliang.make.sources import FOLDER, Row, faults
from synergy.datasets.lvliang.make.write import write


def tables() -> dict[str, list[Row]]:
    """Return all tables with twelve months, in the order of the schema."""
    here = region.Region()
    retained = rights.retained(here)
    facilities = plants.facilities(here)
    buildable = options.buildable()
    return {
        "enterprises": region.enterprises(here, retained),
        "sites": region.sites(here),
        "commodities": chemistry.commodities(),
        "periods": season.periods(),
        "offers": rights.offers(here, retained) + trade.offers(),
        "needs": trade.needs(),
        "processes": chemistry.processes(buildable),
        "sizes": chemistry.sizes(buildable),
        "recipes": chemistry.recipes(),
        "facilities": facilities,
        "build_options": options.build_options(here, facilities),
        "stores": trade.stores(),
        "markets": trade.markets(),
        "qualities": trade.qualities(),
        "limits": trade.grades(),
        "transport": ways.transport(),
        "links": ways.links(here),
        "indicators": indicators.indicators(here),
        "deals": trade.deals(here),
        "availability": season.availability(here),
    }


def make(folder: Path, *, yearly: bool = False) -> None:
    """Write tables, scenarios and data package into a folder; if `yearly`, for one period instead of twelve months.

    Raises
    ------
    ValueError
        A source table has cells that cannot be followed, each named; nothing is written.
    """
    if found := faults():
        raise ValueError("\n".join(found))
    made = tables()
    strict = season.stagger(region.Region(), "strict")
    if yearly:
        made, strict = year.collapse(made), year.average(strict)
    write(folder, made, scenarios.scenarios(strict, made["markets"]))


def main() -> None:
    """Read the command line and make the dataset."""
    parser = argparse.ArgumentParser(description="Make datasets/lvliang from its source tables.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write into (default: datasets/lvliang)")
    parser.add_argument("--periods", type=int, choices=(1, 12), default=12, help="months of the year, or one period")
    arguments = parser.parse_args()
    try:
        make(arguments.out, yearly=arguments.periods == 1)
    except ValueError as error:
        parser.exit(1, f"Nothing was written.\n{error}\n")


if __name__ == "__main__":
    main()
