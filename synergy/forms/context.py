"""Context of a form: the enterprise's own sites and figures, and the public data of the dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, lru_cache

import pandas as pd

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import TABLE_NAMES, folded
from synergy.errors import Problem
from synergy.records.documents import Document
from synergy.records.names import Sheet
from synergy.store.declarations import DeclarationBasis, entries_of
from synergy.store.messages import refusal
from synergy.store.overlay import COLUMNS, Entry
from synergy.texts import say
from synergy.units import counted_in
from synergy.workbook.reading import letters

Place = tuple[str, str]  # a site, and a process or commodity there
_AMOUNT = ("数量", "年量", "quantity", "amount")
_PRICE = ("价格", "单价", "price")
MOST_ROWS = 2000  # of one declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """Context in which a form is read: own sites, last figures, public units and prices.

    `subjects` are commodities or processes with the unit in which they are counted; names are in English and Chinese.
    `periods` are empty where the dataset has the year alone. `prices` are the least and greatest price of each
    commodity at markets outside, which everybody knows; `made` and `used` the yearly capacity of own facilities by site
    and commodity.
    """

    sites: Mapping[str, tuple[str, str]]
    subjects: Mapping[Sheet, Mapping[str, str]]
    names: Mapping[str, tuple[str, str]]
    periods: tuple[str, ...]
    currency: str
    entries: tuple[Entry, ...]
    prices: Mapping[str, tuple[float, float]]
    made: Mapping[Place, float]
    used: Mapping[Place, float]

    def last(self, sheet: Sheet, site: str, subject: str, period: str) -> list[Entry]:
        """Return last figures of the same thing at the same place."""
        wanted = (sheet, site, subject, period)
        return [one for one in self.entries if (one.sheet, one.site, one.subject, one.period) == wanted]

    def named(self, ident: str, lang: str) -> str:
        """Return id and name, as a drop-down shows them."""
        name = say(self.names.get(ident, ("", "")), lang)
        return f"{ident} {name}" if name and name != ident else ident


def context_of(ground: DeclarationBasis) -> FormContext:
    """Return the context in which a form is read, from the basis by `synergy.store.declarations.ground`."""
    base = ground.base
    own = base["sites"][base["sites"]["enterprise"] == ground.enterprise]
    public = _public(base)
    made, used = _potential(public.rates, ground.entries)
    return FormContext(
        sites=_names(own, "site"),
        subjects=public.subjects,
        names=public.names,
        periods=public.periods,
        currency=base.settings.currency,
        entries=ground.entries,
        prices=public.prices,
        made=made,
        used=used,
    )


def ground_of(base: Dataset, enterprise: str) -> DeclarationBasis:
    """Return the basis of a form before any round: the entries of an enterprise in a dataset without a scenario.

    Raises
    ------
    NotFoundError
        The dataset does not know the enterprise.
    """
    if enterprise not in set(base["enterprises"]["enterprise"]):
        raise refusal("not_found", what="enterprise")
    return DeclarationBasis(
        round=0,
        enterprise=enterprise,
        state="",
        version=0,
        submitted=False,
        origin="dataset",
        entries=tuple(entries_of(base, enterprise)),
        base=base,
    )


@dataclass(frozen=True, slots=True)
class _Public:
    """Public data of a dataset for all forms; `rates` are amounts that a process makes (above 0) or uses (below 0)."""

    subjects: Mapping[Sheet, Mapping[str, str]]
    names: Mapping[str, tuple[str, str]]
    periods: tuple[str, ...]
    prices: Mapping[str, tuple[float, float]]
    rates: Mapping[str, Sequence[tuple[str, float]]]


@lru_cache(maxsize=8)
def _public(base: Dataset) -> _Public:
    goods, ways, recipes, markets = base["commodities"], base["processes"], base["recipes"], base["markets"]
    priced = markets[markets["price"] > 0].groupby("commodity")["price"]
    units = dict(zip(goods["commodity"], goods["unit"].map(counted_in), strict=True))
    running = dict(zip(ways["process"], ways["activity_unit"].map(counted_in), strict=True))
    rates: dict[str, list[tuple[str, float]]] = {}
    for process, good, rate in zip(recipes["process"], recipes["commodity"], recipes["coefficient"], strict=True):
        rates.setdefault(process, []).append((good, float(rate)))
    return _Public(
        subjects={Sheet.OFFERS: units, Sheet.NEEDS: units, Sheet.FACILITIES: running},
        names=_names(goods, "commodity") | _names(ways, "process"),
        periods=tuple(base["periods"]["period"]) if "periods" in base.given else (),
        prices={str(name): (float(rows.min()), float(rows.max())) for name, rows in priced},
        rates=rates,
    )


def _names(frame: pd.DataFrame, column: str) -> dict[str, tuple[str, str]]:
    pairs = zip(frame["name_en"], frame["name_zh"], strict=True)
    return dict(zip(frame[column], pairs, strict=True))


def _potential(
    rates: Mapping[str, Sequence[tuple[str, float]]], entries: Sequence[Entry]
) -> tuple[dict[Place, float], dict[Place, float]]:
    capacity: dict[Place, Decimal] = {}
    for entry in entries:
        if entry.sheet is Sheet.FACILITIES:
            key = (entry.site, entry.subject)
            capacity[key] = capacity.get(key, Decimal(0)) + entry.amount
    made: dict[Place, float] = {}
    used: dict[Place, float] = {}
    for (site, process), much in capacity.items():
        for good, rate in rates.get(process, ()):
            found = made if rate > 0 else used
            found[site, good] = found.get((site, good), 0.0) + abs(rate) * float(much)
    return made, used


@dataclass(frozen=True, slots=True)
class Spot:
    """Row being read, with its context and the sink for its findings."""

    row: Row
    context: FormContext
    findings: Findings

    def where(self, key: str) -> Where:
        """Return the place of a cell."""
        return Where(str(self.row.sheet), self.row.line, key)

    def say(self, code: str, key: str, **given: object) -> None:
        """Add a problem of a cell."""
        self.findings.add(code, self.where(key), self.row.cells.get(key, ""), **given)


@dataclass(frozen=True, slots=True)
class Field:
    """Column of a form, with its headers; `others` are accepted as well.

    `key` is a field of an entry, as ``site`` or ``amount``, or a column of the table.
    """

    key: str
    en: str
    zh: str
    kind: ColumnType = ColumnType.TEXT
    required: bool = False
    others: tuple[str, ...] = ()

    def label(self, lang: str) -> str:
        """Return the header in one language."""
        return self.zh if lang == "zh" else self.en


SHEET = Field("sheet", "Sheet", "表", ColumnType.CHOICE, required=True, others=("table", "类别", "工作表"))
_SITE = Field("site", "Site", "厂区", ColumnType.ID, required=True)
_UNIT = Field("unit", "Unit", "单位", others=("计量单位", "数量单位"))
_PRICE_UNIT = Field("price_unit", "Unit of the price", "价格单位", others=("price unit", "money unit"))
_PERIOD = Field("period", "Period; blank = the whole year", "时段；空=全年", ColumnType.ID, others=("时段", "period"))
_CHECKED = Field("checked", "Checked", "已核对", ColumnType.BOOLEAN, others=("confirmed", "已确认"))


def _goods(amount: tuple[str, str], price: tuple[str, str]) -> tuple[Field, ...]:
    """Return the columns of offers or needs, with the labels of amount and price in English and Chinese."""
    return (
        _SITE,
        Field("subject", "Commodity", "物料", ColumnType.ID, True, ("subject",)),
        Field("amount", *amount, ColumnType.NUMBER, True, _AMOUNT),
        _UNIT,
        Field("price", *price, ColumnType.NUMBER, others=_PRICE),
        _PRICE_UNIT,
        _PERIOD,
    )


_OWN: Mapping[Sheet, tuple[Field, ...]] = {
    Sheet.OFFERS: _goods(("Amount a year", "年供量"), ("Least price at the gate", "出厂最低价")),
    Sheet.NEEDS: _goods(("Amount a year", "年需量"), ("Greatest price at the gate", "到厂最高价")),
    Sheet.FACILITIES: (
        _SITE,
        Field("subject", "Process", "工艺", ColumnType.ID, True, ("subject",)),
        Field("amount", "Capacity a year", "年产能", ColumnType.NUMBER, True, (*_AMOUNT, "产能", "能力", "capacity")),
        _UNIT,
        Field("price", "Running cost", "运行成本", ColumnType.NUMBER, others=(*_PRICE, "opex")),
        _PRICE_UNIT,
    ),
}


@cache
def fields(sheet: Sheet) -> tuple[Field, ...]:
    """Return the columns of a form in order: the essential ones first, the row id last."""
    name, subject, *figures = COLUMNS[sheet]
    used = {name, "site", subject, *figures, "period"}
    more = [
        Field(column.name, column.en, column.zh, column.kind)
        for column in TABLES[sheet].columns
        if column.name not in used
    ]
    row = Field(
        "ident", "Row (leave as it is)", "行标识（请勿改动）", ColumnType.ID, others=("row", name, "行标识", "编号")
    )
    return (*_OWN[sheet], *more, _CHECKED, row)


def column_label(sheet: Sheet, column: str, lang: str) -> str:
    """Return the label of a table column in the form; its own name where the form has none."""
    key = {"opex": "price"}.get(column, column)
    return next((one.label(lang) for one in fields(sheet) if one.key == key), column)


@cache
def known_as(sheet: Sheet | None) -> Mapping[str, str]:
    """Map folded header labels to column keys; None: all sheets in one, as in a CSV file."""
    listed: Sequence[Field] = fields(sheet) if sheet else [SHEET, *(one for each in Sheet for one in fields(each))]
    found: dict[str, str] = {}
    for one in listed:
        own = [COLUMNS[each][1] for each in ([sheet] if sheet else Sheet) if one.key == "subject"]
        found |= {folded(name): one.key for name in (*one.others, *own)}
    for one in listed:
        found |= {folded(name): one.key for name in (one.en, one.zh, one.key)}
    return found


@cache
def sheets() -> Mapping[str, Sheet]:
    """Map sheet names, normalised by `synergy.dataset.typed.looked`, to sheets."""
    return {name: Sheet(table) for name, table in TABLE_NAMES.items() if table in set(Sheet)}


@dataclass(frozen=True, slots=True)
class Row:
    """Row of a form, with its cells by key, without blanks.

    `line` is its number in its file or sheet, or among the rows of the page. `other` has values that only a JSON
    document gives: qualities and limits by property.
    """

    sheet: Sheet
    line: int
    cells: Mapping[str, str]
    other: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a form.

    `units` is whether prices need their unit and amounts state theirs; a JSON document counts in the units of the
    dataset. `tabs` are the names of the sheets of a workbook, `places` the column of each key there, from 1. `pointers`
    is whether places are JSON pointers.
    """

    rows: Sequence[Row]
    units: bool = True
    tabs: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pointers: bool = False

    def located(self, problem: Problem) -> Problem:
        """Return a problem with the cell, or the JSON pointer, at which it stands."""
        if problem.row is None or problem.table not in set(Sheet):
            return problem
        if self.pointers:
            return replace(problem, cell=f"/{problem.row - 1}" + (f"/{problem.column}" if problem.column else ""))
        if problem.table not in self.tabs:
            return problem
        place = self.places[problem.table].get(problem.column)
        return replace(problem, cell=f"{self.tabs[problem.table]}!{letters(place) if place else ''}{problem.row}")
