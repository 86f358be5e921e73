"""The form of an enterprise as a workbook: its last figures with their units, drop-downs, both languages."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from synergy.dataset.schema import ColumnType
from synergy.dataset.typed import title
from synergy.forms.amounts import money_units, siblings
from synergy.forms.context import SHEET, Field, FormContext, context_of, fields
from synergy.records.names import Sheet
from synergy.store.declarations import DeclarationBasis
from synergy.store.overlay import MARKS, Entry
from synergy.texts import Catalogue
from synergy.units import label
from synergy.workbook.reading import text_of
from synergy.workbook.writing import HeaderCell, written_to

# English, Chinese
WORDS = Catalogue(
    {
        "readme": ("Read me", "说明"),
        "readme.head": ("Declaration of", "申报企业"),
        "readme.origin": ("The figures in it", "表内数据"),
        "origin.declared": ("what you declared in this round", "本轮次已申报数据"),
        "origin.last": ("what you declared in an earlier round", "上一轮次申报数据"),
        "origin.dataset": ("what the association has of you", "协会掌握的数据"),
        "readme.three": (
            "A row needs three things: what, how much, where. The rest has a default, which the dry run names.",
            "每行只需三项：什么、多少、在哪里。其余均有默认值，试算时会说明。",
        ),
        "readme.units": (
            "Amounts are a year's, in any unit of the same kind (kg, t, Mt ...): the factor is shown before anything is"
            " stored. A rate such as Nm3/h or t/d is refused, as it says nothing of the hours.",
            "数量为年量，可用同类任一单位（千克、吨、万吨……），保存前会显示换算系数。Nm3/h、t/d 等速率不接受，"
            "因为未说明运行时间。",
        ),
        "readme.money": ("A price needs its unit: CNY or ten thousands of it.", "价格必须填写单位：元或万元。"),
        "readme.checked": (
            "A figure far from the last one is refused until its row is marked as checked.",
            "与上次相差悬殊的数值，须在该行标注“已核对”后才会接受。",
        ),
        "readme.blank": ("Blank cells mean the default; blank rows are passed over.", "空单元格表示默认值；空行忽略。"),
        "readme.whole": (
            "What the workbook holds replaces your whole declaration: a row that you delete is no longer declared. It"
            " is accepted or refused as a whole.",
            "本工作簿将替换您的全部申报：删除的行不再申报。要么全部接受，要么全部拒绝。",
        ),
        "readme.row": (
            "The last column names the row, so that what it does not show stays as it is; leave it blank in new rows.",
            "最后一列为行标识，用于保留表中未列出的内容；新增行请留空。",
        ),
        "note.amount": ("In a year; in the period where one is given", "年量；填写时段时为该时段的量"),
        "note.unit": (
            "As t/a; another unit of the same kind is converted and shown",
            "如 吨/年；同类单位自动换算并显示",
        ),
        "note.price": (
            "For one unit, at the gate; blank: 0, or the cost of the process",
            "每单位价格；空：0 或工艺默认成本",
        ),
        "note.price_unit": ("CNY or ten thousands of it, for one unit", "元或万元，每单位"),
        "note.checked": ("TRUE where the figures are right though unusual", "数值异常但确认无误时填 TRUE"),
        "note.subject": ("Id, or id and name as in the drop-down", "标识，或下拉列表中的“标识 名称”"),
        "note.ident": ("Leave as it is; blank in new rows", "请勿改动；新增行留空"),
    }
)


# columns that the sheets of a workbook call differently
_SHORT = {"subject": "物料", "amount": "数量", "price": "价格"}
_say = WORDS.say
_KINDS = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "flag", ColumnType.DATE: "date"}


def declaration_workbook(ground: DeclarationBasis, lang: str) -> bytes:
    """Return the form of an enterprise with its last figures as an ``.xlsx`` workbook, which `rows_of` reads."""
    context = context_of(ground)
    target = io.BytesIO()
    with written_to(target) as book:
        listed = book.lists("lists", _lists(context, lang))
        book.notes(_say("readme", lang), _readme(ground, lang))
        for sheet in Sheet:
            heads = [_head(sheet, field, listed, lang) for field in fields(sheet)]
            rows = (row_of(entry, context, lang) for entry in ground.entries if entry.sheet is sheet)
            cells = ([row.get(field.key) for field in fields(sheet)] for row in rows)
            book.table(title(str(sheet), lang), heads, cells)
    return target.getvalue()


def declaration_file(ground: DeclarationBasis, lang: str, ending: str) -> bytes:
    """Return the form of an enterprise with its last figures, as a workbook or CSV file by the given ending.

    A ``.csv`` file is one table, with the sheet of each row in its first column.
    """
    if ending != ".csv":
        return declaration_workbook(ground, lang)
    context = context_of(ground)
    columns = {field.key: field for field in (SHEET, *(field for sheet in Sheet for field in fields(sheet)))}
    heads = {key: _SHORT.get(key, field.zh) if lang == "zh" else key for key, field in columns.items()}
    target = io.StringIO()
    writer = csv.DictWriter(target, [*heads], restval="", lineterminator="\r\n")
    writer.writerow(heads)
    for entry in ground.entries:
        row = {"sheet": title(str(entry.sheet), lang), **row_of(entry, context, lang)}
        writer.writerow({key: text_of(value) for key, value in row.items() if key in heads})
    return codecs.BOM_UTF8 + target.getvalue().encode()  # without the mark a spreadsheet reads Chinese wrongly


def row_of(entry: Entry, context: FormContext, lang: str) -> dict[str, str | float]:
    """Return an entry as the cells of a row of its form, by key; numbers in the units of the dataset."""
    unit = context.subjects[entry.sheet].get(entry.subject, "")
    row: dict[str, str | float] = {
        "site": entry.site,
        "subject": context.named(entry.subject, lang),
        "amount": float(entry.amount),
        "unit": amount_unit(unit, lang, yearly=not entry.period),
        "period": entry.period,
        "ident": entry.ident,
    }
    if entry.price is not None:
        row |= {"price": float(entry.price), "price_unit": price_unit(context, unit, lang)}
    other = {key: value for key, value in entry.other.items() if isinstance(value, str | float | int)}
    return {**{key: value for key, value in other.items() if key not in MARKS}, **row}


def amount_unit(unit: str, lang: str, *, yearly: bool = True) -> str:
    """Return the label of the unit of an amount.

    Examples
    --------
    >>> amount_unit("t", "zh"), amount_unit("kNm3", "en"), amount_unit("t", "en", yearly=False)
    ('吨/年', 'kNm3/a', 't')
    """
    name = label(unit, "zh") if lang == "zh" else unit
    return name + {"zh": "/年", "en": "/a"}[lang] if yearly and name else name


def price_unit(context: FormContext, unit: str, lang: str, many: bool = False) -> str:
    """Return the label of the unit of a price: money, or ten thousand of it, per unit."""
    money = money_units(context.currency)[many]
    return f"{label(money, lang)}/{label(unit, lang)}"


def _lists(context: FormContext, lang: str) -> dict[str, Sequence[str]]:
    units = {unit for known in context.subjects.values() for unit in known.values() if unit}
    amounts = {amount_unit(name, lang) for unit in sorted(units) for name in siblings(unit, "en")}
    prices = {price_unit(context, unit, lang, many) for unit in sorted(units) for many in (False, True)}
    return {
        "site": list(context.sites),
        **{
            f"subject.{sheet}": [context.named(one, lang) for one in known] for sheet, known in context.subjects.items()
        },
        "unit": sorted(amounts),
        "price_unit": sorted(prices),
        "period": list(context.periods),
    }


def _head(sheet: Sheet, field: Field, listed: dict[str, str], lang: str) -> HeaderCell:
    source = listed.get(f"subject.{sheet}" if field.key == "subject" else field.key, "")
    free = field.key in ("unit", "price_unit")
    note = _say(f"note.{field.key}", lang) if f"note.{field.key}" in WORDS else ""
    choices = ("TRUE", "FALSE") if field.kind is ColumnType.BOOLEAN else ()
    kind = _KINDS.get(field.kind, "text")
    return HeaderCell(field.label(lang), note, field.required, kind, choices, source, strict=not free)


def _readme(ground: DeclarationBasis, lang: str) -> Iterator[tuple[str, str]]:
    yield _say("readme.head", lang), f"{ground.enterprise}"
    yield _say("readme.origin", lang), _say(f"origin.{ground.origin}", lang)
    for key in ("three", "units", "money", "checked", "blank", "whole", "row"):
        yield "", _say(f"readme.{key}", lang)
