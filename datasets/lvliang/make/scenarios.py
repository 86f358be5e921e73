"""Scenario files beside the tables: changes that a planner may make before a round."""

from __future__ import annotations

from collections.abc import Sequence

from synergy.datasets.lvliang.make.sources import Row

Texts = dict[str, str]


def scenarios(strict: list[Row], markets: list[Row]) -> Texts:
    """Return the text of each scenario TOML file by its name without suffix.

    `strict` has the availability rows of strict staggered production, `markets` the table with its low and high prices.
    """
    stagger = [(row["holder"], row["period"], row["factor"]) for row in strict]
    return {
        "base": _head("Middle prices, moderate winter stagger, no price on carbon") + "carbon_price = 0\n",
        "winter_stagger": _head("Strict staggered production: class A 0.97, B 0.68, C 0.51 of normal in the season")
        + _rows("availability", ("holder", "period", "factor"), stagger),
        "capacity_cut": _head("Replacement at 1.1 to 1: every right a tenth smaller, the last step of the pool gone")
        + _scale("offers", "quantity", 'commodity = "COKE_RIGHT"', 0.9)
        + _scale("offers", "quantity", 'offer = "CITY-RIGHT-3"', 0),
        "carbon_price": _head("The 2024 average of the national market on every t of CO2") + "carbon_price = 96\n",
        "rail_share": _head("At least 80 % of the coke that moves between sites goes by rail")
        + '\n[[mode_share]]\ncommodity = "COKE"\nmodes = ["siding", "rail"]\nminimum = 0.8\n',
        "low_prices": _head("Low end of the price ranges of the notes") + _prices(markets, "price_low"),
        "high_prices": _head("High end of the price ranges of the notes") + _prices(markets, "price_high"),
    }


def _head(what: str) -> str:
    return f"# {what}.\n"


def _prices(markets: list[Row], column: str) -> str:
    rows = [(row["market"], row[column]) for row in markets if row[column] != row["price"]]
    return _rows("markets", ("market", "price"), rows)


def _rows(table: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    lines = []
    for row in rows:
        cells = (f"{name} = {_value(value)}" for name, value in zip(columns, row, strict=True))
        lines += ["", f"[[tables.{table}]]", *cells]
    return "\n".join(lines) + "\n"


def _scale(table: str, column: str, where: str, factor: float) -> str:
    head = f'\n[[scale]]\ntable = "{table}"\ncolumn = "{column}"\n'
    return head + f"where = {{ {where} }}\nfactor = {factor}\n"


def _value(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else f"{value:.10g}"
