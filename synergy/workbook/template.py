"""A dataset as a workbook: a sheet for each table, empty to be filled in or with all of its rows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

from synergy.dataset.columns import Column, ColumnType
from synergy.dataset.schema import TABLES
from synergy.dataset.sheet import Dataset
from synergy.dataset.write import written
from synergy.scenario import Cell
from synergy.texts import Catalogue
from synergy.workbook.names import SETTINGS, known_as, title
from synergy.workbook.writing import ROOM, HeaderCell, Writer, quoted, written_to

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


# header alone would say something: no process may be built anywhere
_MEANING = ("build_options",)
_say = WORDS.say
_KINDS = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "flag", ColumnType.DATE: "date"}


def dataset_workbook(dataset: Dataset | None, lang: str) -> bytes:
    """Return a dataset, or an empty template for None, as an ``.xlsx`` workbook in ``en`` or ``zh``.

    `synergy.dataset.read.read` reads it back.
    """
    target = io.BytesIO()
    given = [name for name in TABLES if name not in _MEANING]
    if dataset is not None:
        given = [name for name in TABLES if name in dataset.given or TABLES[name].required]
    with written_to(target) as book:
        book.notes(_say("readme", lang), _readme(given, lang))
        for name in given:
            _table(book, name, dataset, (given, lang))
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


def _table(book: Writer, name: str, dataset: Dataset | None, what: tuple[Sequence[str], str]) -> None:
    given, lang = what
    columns: list[str] = list(TABLES[name].names)
    rows: Sequence[Sequence[Cell]] = []
    if dataset is not None:
        frame = written(TABLES[name], dataset[name])
        columns += [str(column) for column in frame.columns if column not in columns]
        frame = frame.reindex(columns=columns).astype(object)
        rows = frame.where(frame.notna(), None).to_numpy().tolist()
    book.table(title(name, lang), [_head(name, column, given, lang) for column in columns], rows)


def _head(table: str, name: str, given: Sequence[str], lang: str) -> HeaderCell:
    column = TABLES[table].column(name)
    if column is None:
        return HeaderCell(name, kind="number" if known_as(table, name).endswith(("_low", "_high")) else "text")
    label = column.zh if lang == "zh" else column.en
    return HeaderCell(
        label,
        _note(column, lang),
        column.required,
        _KINDS.get(column.kind, "text"),
        ("TRUE", "FALSE") if column.kind is ColumnType.BOOLEAN else column.choices,
        _source(column, given, lang),
        strict=not column.refs,
    )


def _note(column: Column, lang: str) -> str:
    parts = [column.name]
    if column.unit:
        parts.append(_say("unit", lang, unit=column.unit))
    if column.default is not None:
        parts.append(_say("default", lang, default=column.default))
    if column.required:
        parts.append(_say("required", lang))
    return "\n".join(parts)


def _source(column: Column, given: Sequence[str], lang: str) -> str:
    """Return the cells that hold the ids that a column may name."""
    if len(column.refs) != 1 or column.refs[0] not in given:
        return ""
    return f"={quoted(title(column.refs[0], lang))}!$A$2:$A${10 * ROOM}"
