"""Workbooks written: a dataset or an empty template; sheets with headers, notes, formats and drop-downs.

No text of a cell becomes a formula.
"""

from __future__ import annotations

import datetime
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from synergy.dataset.package import written
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import SETTINGS, known_as, title
from synergy.scenario import Cell
from synergy.texts import Catalogue

ROOM = 500  # rows below the last one that have drop-downs too
_LONGEST = 255  # characters of a list that a drop-down may hold itself
_STARTS = "=+-@\t\r＝＋－＠"  # what a spreadsheet may take for the beginning of a formula
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
# English, Chinese
WORDS = Catalogue(
    {
        "readme": ("Read me", "说明"),
        "sheet": ("Sheet", "工作表"),
        "row": ("What a row is", "每行内容"),
        "needed": (" – needed", "（必需）"),
        "setting": ("Setting", "设置"),
        "value": ("Value", "值"),
        "unit": ("Unit: {unit}", "单位：{unit}"),
        "default": ("Blank means: {default}", "留空表示：{default}"),
        "required": ("Has to be filled in", "必填"),
        "readme.header": (
            "The first row holds the names of the columns, in English, Chinese or as ids; it is one row, without merged"
            " cells. Orange columns have to be filled in.",
            "第一行为列名，可用英文、中文或标识；只占一行，不要合并单元格。橙色列必填。",
        ),
        "readme.blank": (
            "A blank cell means the default that the note of its header says. Sheets that you do not need may be"
            " deleted.",
            "空单元格表示表头批注中的默认值。不需要的工作表可以删除。",
        ),
        "readme.numbers": (
            "Numbers are plain: no units, no 万, no per cent in the cell. Formulas need saved values; errors such as"
            " #N/A are refused.",
            "数字只写数字：不带单位、“万”或百分号。公式须已保存数值；#N/A 等错误值不接受。",
        ),
        "readme.whole": (
            "The whole workbook is read or refused; every fault is named with its cell.",
            "整个工作簿要么全部读取，要么全部拒绝；每处错误都指明单元格。",
        ),
    }
)
_say = WORDS.say
_KINDS = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "flag", ColumnType.DATE: "date"}


def dataset_workbook(dataset: Dataset | None, lang: str) -> bytes:
    """Return a dataset, or an empty template for None, as an ``.xlsx`` workbook in ``en`` or ``zh``.

    `synergy.dataset.read.read` reads it back.
    """
    target = io.BytesIO()
    if dataset is None:  # a header alone would say something: no process may be built anywhere
        given = [name for name in TABLES if name != "build_options"]
    else:
        given = [name for name in TABLES if name in dataset.given or TABLES[name].required]
    with written_to(target) as book:
        book.notes(_say("readme", lang), _readme(given, lang))
        for name in given:
            columns: list[str] = list(TABLES[name].names)
            rows: Sequence[Sequence[Cell]] = []
            if dataset is not None:
                frame = written(TABLES[name], dataset[name])
                columns += [str(column) for column in frame.columns if column not in columns]
                frame = frame.reindex(columns=columns).astype(object)
                rows = frame.where(frame.notna(), None).to_numpy().tolist()
            book.table(title(name, lang), [_head(name, column, given, lang) for column in columns], rows)
        settings = {} if dataset is None else {"name": dataset.name, **dataset.settings.record()}
        pairs = [(key, json.dumps(value) if isinstance(value, list) else value) for key, value in settings.items()]
        heads = [HeaderCell(_say("setting", lang)), HeaderCell(_say("value", lang), kind="number")]
        book.table(title(SETTINGS, lang), heads, [pair for pair in pairs if pair[1] not in (None, "[]")])
    return target.getvalue()


def _readme(given: Sequence[str], lang: str) -> Iterator[tuple[str, str]]:
    yield _say("sheet", lang), _say("row", lang)
    for name in given:
        needed = _say("needed", lang) if TABLES[name].required else ""
        yield title(name, lang), f"{TABLES[name].zh if lang == 'zh' else TABLES[name].en}{needed} ({name})"
    for key in ("readme.header", "readme.blank", "readme.numbers", "readme.whole"):
        yield "", _say(key, lang)


def _head(table: str, name: str, given: Sequence[str], lang: str) -> HeaderCell:
    column = TABLES[table].by_name.get(name)
    if column is None:
        return HeaderCell(name, kind="number" if known_as(table, name).endswith(("_low", "_high")) else "text")
    note, source = [column.name], ""
    if column.unit:
        note.append(_say("unit", lang, unit=column.unit))
    if column.default is not None:
        note.append(_say("default", lang, default=column.default))
    if column.required:
        note.append(_say("required", lang))
    if len(column.refs) == 1 and column.refs[0] in given:  # the cells that hold the ids
        source = f"={quoted(title(column.refs[0], lang))}!$A$2:$A${10 * ROOM}"
    return HeaderCell(
        column.zh if lang == "zh" else column.en,
        "\n".join(note),
        column.required,
        _KINDS.get(column.kind, "text"),
        ("TRUE", "FALSE") if column.kind is ColumnType.BOOLEAN else column.choices,
        source,
        strict=not column.refs,
    )


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """Header cell of a column that is written, with a comment; a required one is marked.

    `kind` is ``text``, ``number``, ``flag`` or ``date``. The words of its drop-down are `choices`, or in the cells
    `source`, as ``=Sites!$A$2:$A$600``; if `strict`, other words are refused by the spreadsheet.
    """

    label: str
    note: str = ""
    required: bool = False
    kind: str = "text"
    choices: Sequence[str] = ()
    source: str = ""
    strict: bool = True


class Writer:
    """A workbook that is being written."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        head = {"bold": True, "font_color": "#1f2d3d", "bottom": 1, "text_wrap": True, "valign": "top"}
        self.head = book.add_format({**head, "bg_color": "#e8eef4"})
        self.needed = book.add_format({**head, "bg_color": "#ffe9c7"})
        self.text = book.add_format({"num_format": "@"})
        self.quoted = book.add_format({"num_format": "@", "quote_prefix": True})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.wide = book.add_format({"text_wrap": True, "valign": "top"})

    def table(self, name: str, heads: Sequence[HeaderCell], rows: Iterable[Sequence[Cell]]) -> None:
        """Write one sheet: a header row, rows, a drop-down where a column has one."""
        sheet = self.book.add_worksheet(name)
        widths = [min(40, max(10, 2 + _width(head.label))) for head in heads]
        last = 0
        for last, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                self._cell(sheet, (last, place), cell, heads[place].kind)
                widths[place] = min(40, max(widths[place], 2 + _width(str(cell))))
        for place, head in enumerate(heads):
            style = {"text": self.text, "date": self.date}.get(head.kind)
            sheet.set_column(place, place, widths[place], style)
            sheet.write_string(0, place, head.label, self.needed if head.required else self.head)
            if head.note:
                sheet.write_comment(0, place, head.note, {"x_scale": 2, "font_size": 9, "author": ""})
            listed = head.source or (list(head.choices) if len(",".join(head.choices)) <= _LONGEST else None)
            if listed:
                how = "stop" if head.strict else "information"
                rule = {"validate": "list", "source": listed, "error_type": how, "ignore_blank": True}
                sheet.data_validation(1, place, last + ROOM, place, rule)
        sheet.freeze_panes(1, 0)

    def notes(self, name: str, rows: Iterable[Sequence[str]]) -> None:
        """Write a sheet of texts for people, two columns wide."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 28, self.wide)
        sheet.set_column(1, 1, 90, self.wide)
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write_string(line, place, cell, self.head if not line else self.wide)

    def lists(self, name: str, columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Write the words of long drop-downs to a hidden sheet; return where each list stands."""
        sheet = self.book.add_worksheet(name)
        sheet.hide()
        found = {}
        for place, (key, words) in enumerate(columns.items()):
            sheet.write_column(0, place, list(words), self.text)
            letter = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
            found[key] = f"={quoted(name)}!{letter}$1:{letter}${max(1, len(words))}"
        return found

    def _cell(self, sheet: Worksheet, place: tuple[int, int], cell: Cell, kind: str) -> None:
        if cell is None or cell == "" or (isinstance(cell, float) and not math.isfinite(cell)):
            return
        if isinstance(cell, bool) or (kind == "flag" and cell in ("true", "false")):
            sheet.write_boolean(*place, cell is True or cell == "true")
        elif kind == "number" and not isinstance(cell, str):
            sheet.write_number(*place, float(cell))
        elif kind == "date" and (day := _day(str(cell))) is not None:
            sheet.write_datetime(*place, day, self.date)
        else:
            text = str(cell)
            sheet.write_string(*place, text, self.quoted if text[:1] in _STARTS else self.text)


def quoted(name: str) -> str:
    """Return the name of a sheet as a formula needs it."""
    return "'" + name.replace("'", "''") + "'"


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def _day(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return None


@contextmanager
def written_to(target: io.BytesIO) -> Iterator[Writer]:
    """Yield a workbook that is written to memory when it is left; the same content gives the same bytes."""
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"created": datetime.datetime(2000, 1, 1)})
    writer = Writer(book)
    yield writer
    book.close()
