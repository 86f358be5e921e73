"""The columns of a form: what an enterprise declares, with the units that it thinks in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from synergy.dataset.columns import Kind
from synergy.dataset.ids import folded
from synergy.dataset.schema import TABLES
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS
from synergy.workbook.names import tables


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a form.

    Parameters
    ----------
    key : str
        Of an entry: ``site``, ``subject``, ``amount`` ..., or a column of the table.
    en, zh : str
        Header.
    kind : Kind
        What its cells hold.
    required : bool
        Has to be filled in.
    others : tuple of str
        What the header may be called besides.
    """

    key: str
    en: str
    zh: str
    kind: Kind = Kind.TEXT
    required: bool = False
    others: tuple[str, ...] = ()

    def label(self, lang: str) -> str:
        """Return the header in one language."""
        return self.zh if lang == "zh" else self.en


SHEET = Field("sheet", "Sheet", "表", Kind.CHOICE, required=True, others=("table", "类别", "工作表"))
_SITE = Field("site", "Site", "厂区", Kind.ID, required=True)
_UNIT = Field("unit", "Unit", "单位", others=("计量单位", "数量单位"))
_PRICE_UNIT = Field("price_unit", "Unit of the price", "价格单位", others=("price unit", "money unit"))
_PERIOD = Field("period", "Period; blank = the whole year", "时段；空=全年", Kind.ID, others=("时段", "period"))
_CHECKED = Field("checked", "Checked", "已核对", Kind.BOOLEAN, others=("confirmed", "已确认"))
_AMOUNT = ("数量", "年量", "quantity", "amount")
_PRICE = ("价格", "单价", "price")
# by sheet: name of the row, what it is of, amount, price
_OWN: Mapping[Sheet, tuple[Field, ...]] = {
    Sheet.OFFERS: (
        _SITE,
        Field("subject", "Commodity", "物料", Kind.ID, True, ("subject",)),
        Field("amount", "Amount a year", "年供量", Kind.NUMBER, True, _AMOUNT),
        _UNIT,
        Field("price", "Least price at the gate", "出厂最低价", Kind.NUMBER, others=_PRICE),
        _PRICE_UNIT,
        _PERIOD,
    ),
    Sheet.NEEDS: (
        _SITE,
        Field("subject", "Commodity", "物料", Kind.ID, True, ("subject",)),
        Field("amount", "Amount a year", "年需量", Kind.NUMBER, True, _AMOUNT),
        _UNIT,
        Field("price", "Greatest price at the gate", "到厂最高价", Kind.NUMBER, others=_PRICE),
        _PRICE_UNIT,
        _PERIOD,
    ),
    Sheet.FACILITIES: (
        _SITE,
        Field("subject", "Process", "工艺", Kind.ID, True, ("subject",)),
        Field("amount", "Capacity a year", "年产能", Kind.NUMBER, True, (*_AMOUNT, "产能", "能力", "capacity")),
        _UNIT,
        Field("price", "Running cost", "运行成本", Kind.NUMBER, others=(*_PRICE, "opex")),
        _PRICE_UNIT,
    ),
}


@cache
def fields(sheet: Sheet) -> tuple[Field, ...]:
    """Return the columns of a form in order: what suffices first, the name of the row last.

    Parameters
    ----------
    sheet : Sheet
        Offers, needs or facilities.
    """
    name, subject, *figures = COLUMNS[sheet]
    used = {name, "site", subject, *figures, "period"}
    more = [
        Field(column.name, column.en, column.zh, column.kind)
        for column in TABLES[sheet].columns
        if column.name not in used
    ]
    row = Field("ident", "Row (leave as it is)", "行标识（请勿改动）", Kind.ID, others=("row", name, "行标识", "编号"))
    return (*_OWN[sheet], *more, _CHECKED, row)


def column_label(sheet: Sheet, column: str, lang: str) -> str:
    """Return what a column of the table behind a form is called there; its own name where the form has none.

    Parameters
    ----------
    sheet : Sheet
        Offers, needs or facilities.
    column : str
        Of the table.
    lang : str
        ``en`` or ``zh``.
    """
    key = {"opex": "price"}.get(column, column)
    return next((field.label(lang) for field in fields(sheet) if field.key == key), column)


@cache
def known_as(sheet: Sheet | None) -> Mapping[str, str]:
    """Return keys by what their headers may be called, folded; None: all sheets in one, as in a CSV file."""
    listed: Sequence[Field] = fields(sheet) if sheet else [SHEET, *(one for each in Sheet for one in fields(each))]
    found: dict[str, str] = {}
    for field in listed:
        own = [COLUMNS[each][1] for each in ([sheet] if sheet else Sheet) if field.key == "subject"]
        found |= {folded(name): field.key for name in (*field.others, *own)}
    for field in listed:
        found |= {folded(name): field.key for name in (field.en, field.zh, field.key)}
    return found


@cache
def sheets() -> Mapping[str, Sheet]:
    """Return sheets by what they may be called, as `synergy.workbook.names.looked` at."""
    return {name: Sheet(table) for name, table in tables().items() if table in set(Sheet)}
