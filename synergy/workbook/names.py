"""Accepted names of tables and columns, in files and workbooks alike: the id, the English or the Chinese name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from synergy.dataset.columns import ColumnType
from synergy.dataset.numbers import folded
from synergy.dataset.schema import TABLES
from synergy.texts import Catalogue

SETTINGS = "settings"
# table: name of its sheet in English and Chinese
TITLES = Catalogue(
    {
        "enterprises": ("Enterprises", "企业"),
        "sites": ("Sites", "厂区"),
        "commodities": ("Commodities", "物料"),
        "periods": ("Periods", "时段"),
        "offers": ("Offers", "供给"),
        "needs": ("Needs", "需求"),
        "processes": ("Processes", "工艺"),
        "sizes": ("Steps of scale", "规模档"),
        "recipes": ("Recipes", "配方"),
        "facilities": ("Facilities", "装置"),
        "build_options": ("Build options", "可建地点"),
        "stores": ("Stores", "储存"),
        "markets": ("Markets", "市场"),
        "qualities": ("Qualities", "质量"),
        "limits": ("Limits", "质量要求"),
        "transport": ("Transport", "运输"),
        "links": ("Links", "线路"),
        "indicators": ("Indicators", "评价指标"),
        "deals": ("Deals", "现有交易"),
        "availability": ("Availability", "可用率"),
        SETTINGS: ("Settings", "设置"),
    }
)
# one row of a table, where that is no column of its own
title = TITLES.say
_ONE: Mapping[str, str] = MappingProxyType(
    {
        "sizes": "size",
        "recipes": "recipe",
        "build_options": "build option",
        "qualities": "quality",
        "limits": "limit",
        "links": "link",
        "indicators": "indicator",
        "deals": "deal",
    }
)
# words that people write instead, where a table has such a column
SHORT: Mapping[str, str] = MappingProxyType(
    {"数量": "quantity", "年量": "quantity", "价格": "price", "单价": "price", "产能": "capacity", "能力": "capacity"}
)
BOUNDS = Catalogue({"_low": ("{} (low)", "{}（低）"), "_high": ("{} (high)", "{}（高）")})
_BETWEEN = str.maketrans("_.-", "   ")
ASIDE = frozenset({"read me", "说明", "lists"})  # sheets of a template that hold no table


def looked(name: str) -> str:
    """Normalise a name: case, width, and separators between words.

    Examples
    --------
    >>> looked("Build-Options"), looked("build_options"), looked("ＯＦＦＥＲ")
    ('build options', 'build options', 'offer')
    """
    return " ".join(folded(name).translate(_BETWEEN).split())


@cache
def tables() -> Mapping[str, str]:
    """Map file and sheet names, normalised by `looked` and in the singular too, to tables."""
    found = {looked(word): table for table, word in _ONE.items()}
    found |= {looked(table.key[0]): name for name, table in TABLES.items() if len(table.key) == 1}
    return found | {looked(name): table for table, both in TITLES.items() for name in (table, *both)}


def table_named(name: str) -> str:
    """Return the table that a name denotes; "" for none.

    Examples
    --------
    >>> table_named("Offer"), table_named("供给"), table_named("build-options"), table_named("prices")
    ('offers', 'offers', 'build_options', '')
    """
    return name if name in TABLES else tables().get(looked(name), "")


@cache
def headers(table: str) -> Mapping[str, str]:
    """Map header names, normalised by `looked`, to the columns of a table of `TABLES`.

    Ids take precedence over labels; the low and the high end of numbers are included.
    """
    found = {looked(word): name for word, name in SHORT.items() if name in TABLES[table].names}
    for column in TABLES[table].columns:
        labels = (column.en, column.zh)
        # what stands before what a label explains
        found = {looked(re.split("[;；]", name)[0]): column.name for name in labels} | found
        found |= {looked(name): column.name for name in labels}
        if column.kind is ColumnType.NUMBER:
            for ending, patterns in BOUNDS.items():
                ends = [pattern.format(label) for pattern, label in zip(patterns, labels, strict=True)]
                found |= {looked(end): column.name + ending for end in (column.name + ending, *ends)}
    return found | {looked(name): name for name in TABLES[table].names}


def known_as(table: str, header: str) -> str:
    """Return the column that a header cell of a table denotes; an unknown name is returned unchanged.

    Examples
    --------
    >>> known_as("offers", "物料"), known_as("offers", "Commodity "), known_as("offers", "colour")
    ('commodity', 'commodity', 'colour')
    """
    plain = " ".join(header.split())
    return plain if TABLES[table].column(plain) is not None else headers(table).get(looked(plain), plain)


def names_a_column(table: str, header: str) -> bool:
    """Whether a header cell denotes a column of a table."""
    return TABLES[table].column(header) is not None or looked(header) in headers(table)


def bare_header(header: str) -> str:
    """Return a header without a suffix such as a unit in brackets.

    Examples
    --------
    >>> bare_header("价格（元/吨）"), bare_header("Price [CNY/t]"), bare_header("price")
    ('价格', 'Price', 'price')
    """
    return re.split(r"[(（\[【/,，:：]", header)[0].strip()


def second_header(table: str, cells: Sequence[str]) -> bool:
    """Whether at least two, and at least half, of the cells of a row are names of columns."""
    filled = [cell for cell in cells if cell.strip()]
    named = sum(names_a_column(table, cell) for cell in filled)
    return named >= 2 and 2 * named >= len(filled)
