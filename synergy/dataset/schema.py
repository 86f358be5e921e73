"""The one source for every table: order, columns, types, units, defaults, references and descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from synergy.dataset import tables_technology as technology
from synergy.dataset import tables_trade as trade
from synergy.dataset.columns import Kind, Table

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            trade.ENTERPRISES,
            trade.SITES,
            trade.COMMODITIES,
            trade.PERIODS,
            trade.OFFERS,
            trade.NEEDS,
            technology.PROCESSES,
            technology.SIZES,
            technology.RECIPES,
            technology.FACILITIES,
            technology.BUILD_OPTIONS,
            technology.STORES,
            trade.MARKETS,
            technology.QUALITIES,
            technology.LIMITS,
            technology.TRANSPORT,
            technology.LINKS,
            trade.INDICATORS,
            trade.DEALS,
            technology.AVAILABILITY,
        )
    }
)
YEAR = ("year", 8760.0)  # the one period of a dataset without `periods`: name, hours
# tables one of which must know a holder
HOLDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "qualities": ("offers", "processes", "stores", "markets"),
        "limits": ("needs", "processes", "stores", "markets"),
        "availability": ("facilities", "processes", "enterprises"),
    }
)
# of a market only this side counts, and rows of the other table are known but have no effect: what only takes states no
# quality, what only gives sets no limit
MARKET_SIDE: Mapping[str, str] = MappingProxyType({"qualities": "buy", "limits": "sell"})
NO_EFFECT: Mapping[str, str] = MappingProxyType({"qualities": "needs", "limits": "offers"})


def own_column(table: str) -> str:
    """Return the column that holds the ids of a table whose key is one column.

    Parameters
    ----------
    table : str
        One of `TABLES`.

    Returns
    -------
    str
    """
    return TABLES[table].key[0]


def numeric(table: str, column: str) -> bool:
    """Whether a column holds numbers, `<name>_low` and `<name>_high` of a number included."""
    for suffix in ("", "_low", "_high"):
        found = TABLES[table].column(column.removesuffix(suffix)) if column.endswith(suffix) else None
        if found is not None and found.kind is Kind.NUMBER:
            return True
    return False


def schema_record() -> dict[str, Any]:
    """Return the whole schema as a plain JSON record.

    Returns
    -------
    dict
        ``{"schema": "synergy/dataset/1", "tables": [...]}``, each table with key, columns and descriptions.
    """
    tables = [table.record() for table in TABLES.values()]
    for table in tables:
        for column in table["columns"]:
            if column["name"] == "holder":
                column["references"] = list(HOLDERS[table["name"]])
    return {"schema": "synergy/dataset/1", "tables": tables}
