"""The form of an enterprise as a workbook: its last figures with their units, drop-downs, both languages."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from synergy.dataset.columns import Kind
from synergy.forms.context import Context, context_of
from synergy.forms.fields import SHEET, Field, fields
from synergy.forms.quantities import money_units, siblings
from synergy.forms.words import WORDS
from synergy.store.names import Sheet
from synergy.store.overlay import MARKS, Entry
from synergy.store.previewing import Ground
from synergy.units import label
from synergy.workbook.book import text_of
from synergy.workbook.names import title
from synergy.workbook.writing import Head, written_to

# columns that the sheets of a workbook call differently
_SHORT = {"subject": "物料", "amount": "数量", "price": "价格"}
_say = WORDS.say
_KINDS = {Kind.NUMBER: "number", Kind.BOOLEAN: "flag", Kind.DATE: "date"}


def declaration_workbook(ground: Ground, lang: str) -> bytes:
    """Return the form of an enterprise with its last figures.

    Parameters
    ----------
    ground : Ground
        From `synergy.store.previewing.ground`.
    lang : str
        ``en`` or ``zh``.

    Returns
    -------
    bytes
        An ``.xlsx`` workbook that `synergy.forms.reading.rows_of` takes.
    """
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


def declaration_file(ground: Ground, lang: str, ending: str) -> bytes:
    """Return the form of an enterprise with its last figures as the ending of its file says.

    Parameters
    ----------
    ground, lang
        As for `declaration_workbook`.
    ending : str
        ``.xlsx`` or ``.csv``: one table, the sheet of each row in its first column.

    Returns
    -------
    bytes
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


def row_of(entry: Entry, context: Context, lang: str) -> dict[str, Any]:
    """Return an entry as the cells of a row of its form, by key; numbers in the units of the dataset.

    Parameters
    ----------
    entry : Entry
        A figure of the enterprise.
    context : Context
        Names and units.
    lang : str
        Of names and units.
    """
    unit = context.subjects[entry.sheet].get(entry.subject, "")
    row: dict[str, Any] = {
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
    """Return how the unit of an amount is written.

    Examples
    --------
    >>> amount_unit("t", "zh"), amount_unit("kNm3", "en"), amount_unit("t", "en", yearly=False)
    ('吨/年', 'kNm3/a', 't')
    """
    name = label(unit, "zh") if lang == "zh" else unit
    return name + {"zh": "/年", "en": "/a"}[lang] if yearly and name else name


def price_unit(context: Context, unit: str, lang: str, many: bool = False) -> str:
    """Return how the unit of a price is written: money, or ten thousand of it, for one unit."""
    money = money_units(context.currency)[many]
    return f"{label(money, lang)}/{label(unit, lang)}"


def _lists(context: Context, lang: str) -> dict[str, Sequence[str]]:
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


def _head(sheet: Sheet, field: Field, listed: dict[str, str], lang: str) -> Head:
    source = listed.get(f"subject.{sheet}" if field.key == "subject" else field.key, "")
    free = field.key in ("unit", "price_unit")
    note = _say(f"note.{field.key}", lang) if f"note.{field.key}" in WORDS else ""
    choices = ("TRUE", "FALSE") if field.kind is Kind.BOOLEAN else ()
    kind = _KINDS.get(field.kind, "text")
    return Head(field.label(lang), note, field.required, kind, choices, source, strict=not free)


def _readme(ground: Ground, lang: str) -> Iterator[tuple[str, str]]:
    yield _say("readme.head", lang), f"{ground.enterprise}"
    yield _say("readme.origin", lang), _say(f"origin.{ground.origin}", lang)
    for key in ("three", "units", "money", "checked", "blank", "whole", "row"):
        yield "", _say(f"readme.{key}", lang)
