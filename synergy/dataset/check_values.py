"""Value checks: numbers within their bounds, zero amounts, and low and high ends around a value."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from synergy.dataset.check_references import unknown
from synergy.dataset.columns import Column, ColumnType
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import near, suggestion
from synergy.dataset.schema import TABLES, own_column
from synergy.dataset.sheet import Flags, Floats, TableData, Words
from synergy.scenario import Pattern, Settings

TOLD = 1e-8  # amounts from which a plan is told to meet them or not
COMPULSORY = {"offers": "must_clear", "needs": "required"}


def check_values(sheets: Mapping[str, TableData], findings: Findings) -> None:
    """Check every number against the bounds of its column; report zero amounts too."""
    for sheet in sheets.values():
        for column in TABLES[sheet.table].of_kind(ColumnType.NUMBER) if len(sheet) else ():
            for name in (column.name, f"{column.name}_low", f"{column.name}_high"):
                cells = sheet.columns.get(name)
                if cells is not None and not isinstance(cells, Words):
                    _bounds(sheet, name, (column, cells.astype(np.float64, copy=False)), findings)
    for table, flag in COMPULSORY.items():
        _compulsory(sheets[table], flag, findings)


def _compulsory(sheet: TableData, flag: str, findings: Findings) -> None:
    """Refuse compulsory amounts that are positive but too small to count as nonzero in a plan."""
    amounts = sheet.numbers("quantity")
    tiny = sheet.flags(flag) & (amounts > 0) & (amounts < TOLD)
    where = Where(sheet.table, None, "quantity")
    findings.add_rows("tiny_compulsory", where, sheet.lines[tiny], amounts[tiny], flag=flag, least=f"{TOLD:g}")


def _bounds(sheet: TableData, name: str, bounded: tuple[Column, Floats], findings: Findings) -> None:
    column, values = bounded
    where = Where(sheet.table, None, name)

    def say(code: str, wrong: Flags, **fields: object) -> None:
        if wrong.any():
            findings.add_rows(code, where, sheet.lines[wrong], values[wrong], **fields)

    say("not_finite", np.isinf(values))
    if column.minimum is not None:
        say("below", values < column.minimum, bound=f"{column.minimum:g}", **_hint(column, low=True))
    if column.maximum is not None:
        say("above", values > column.maximum, bound=f"{column.maximum:g}", **_hint(column, low=False))
    if column.above is not None:
        say("not_above", values <= column.above, bound=f"{column.above:g}")
    if column.amount and name == column.name:
        say("zero_amount", values == 0)


def _hint(column: Column, *, low: bool) -> dict[str, object]:
    if column.unit == "deg":
        return {"hint": "are latitude and longitude swapped?", "hint_zh": "经纬度是否颠倒？"}
    if low and column.amount:
        return {"hint": "amounts are never negative", "hint_zh": "数量不能为负"}
    if column.maximum == 1.0 and not low:
        return {"hint": "write a part, as 0.95 for 95 %", "hint_zh": "请写小数，如 95% 写 0.95"}
    return {"hint": "", "hint_zh": ""}


def check_ranges(sheet: TableData, findings: Findings) -> None:
    """Check that `<name>_low` <= `<name>` <= `<name>_high` where they are given, before a scenario; blank = default."""
    for column in TABLES[sheet.table].of_kind(ColumnType.NUMBER):
        names = (f"{column.name}_low", column.name, f"{column.name}_high")
        if names[0] not in sheet.columns and names[2] not in sheet.columns:
            continue
        blank = np.full(len(sheet), np.nan)
        low, value, high = (sheet.numbers(name) if name in sheet.columns else blank for name in names)
        if column.default is not None:
            value = np.where(np.isnan(value), float(column.default), value)
        wrong = (low > value) | (value > high) | (low > high)
        if wrong.any():
            texts: dict[str, list[object]] = {
                key: [f"{one:.15g}" for one in values[wrong]]
                for key, values in (("low", low), ("middle", value), ("high", high))
            }
            where = Where(sheet.table, None, column.name)
            fields: dict[str, object] = dict(texts)
            findings.add_rows("range_order", where, sheet.lines[wrong], value[wrong], **fields)


_TABLE = {
    "from_enterprise": "enterprises",
    "to_enterprise": "enterprises",
    "from_site": "sites",
    "to_site": "sites",
    "commodity": "commodities",
}


def check_settings(
    settings: Settings, places: Mapping[str, Where], sheets: Mapping[str, TableData], findings: Findings
) -> None:
    """Check the ids in `forbid`, `fix` and `mode_share`; `places` locates each in the document that names it."""

    def known(table: str, word: str, where: Where) -> None:
        if word not in set(sheets[table].words(own_column(table)).words):
            findings.add("unknown_id", where, word, **unknown(word, sheets, [table]))

    patterns: dict[str, tuple[Pattern, ...]] = {"forbid": settings.forbid, "fix": settings.fix}
    for name, listed in patterns.items():
        for place, pattern in enumerate(listed):
            for key, table in _TABLE.items():
                word = getattr(pattern, key)
                if word is not None:
                    known(table, word, _inside(places[name], f"{place}/{key}"))
    modes = sorted(set(sheets["transport"].words("mode").words) | set(sheets["links"].words("mode").words))
    for place, share in enumerate(settings.mode_share):
        where = places["mode_share"]
        known("commodities", share.commodity, _inside(where, f"{place}/commodity"))
        for number, mode in enumerate(share.modes):
            if mode not in modes:
                hints = suggestion(near(mode, modes))
                findings.add("unused_mode", _inside(where, f"{place}/modes/{number}"), mode, **hints)


def _inside(where: Where, pointer: str) -> Where:
    return where._replace(column=f"{where.column}/{pointer}")
