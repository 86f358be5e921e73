"""Texts of files as typed values: names of tables and columns, ids, numbers, flags and dates; defaults filled in.

Numbers are finite decimals with a point, an exponent, commas between groups of three, full-width digits (reported).
Everything else is refused by a rule for its form: nothing is guessed.
"""

from __future__ import annotations

import datetime
import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, partial
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import numpy as np

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.sheet import NO_WORDS, Cells, Flags, Floats, TableData, Words
from synergy.errors import SHOWN
from synergy.texts import Catalogue
from synergy.units import factor, unit_named

UNREADABLE = "\0"  # begins a cell that holds an error or a formula without a value; no text file holds it
EXTRAS = frozenset({"evidence", "source"})  # columns anybody may add without being told
YES = frozenset({"true", "t", "yes", "y", "1", "是", "有", "真", "√", "✓", "✔"})
NO = frozenset({"false", "f", "no", "n", "0", "否", "无", "假", "×", "✗", "✘"})
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
# 2026/6/30, 2026.6.30, 2026年6月30日, 2026年6月, 20260630, each with a midnight that a spreadsheet put behind it
_DAYS = tuple(
    re.compile(pattern + r"(?:[T ]0?0:00(?::00(?:\.0+)?)?)?")
    for pattern in (
        r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})",
        r"(\d{4}) ?年 ?(\d{1,2}) ?月 ?(?:(\d{1,2}) ?[日号])?",
        r"(\d{4})[/.](\d{1,2})",
        r"(\d{4}) ?年",
        r"([12]\d{3})([01]\d)([0-3]\d)",
    )
)
_SERIALS = range(20_000, 80_000)  # days of a spreadsheet from 1954 to 2119
_EPOCH = datetime.date(1899, 12, 30)
_SPREADSHEET = re.compile(r"#(?:N/A|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!)")
_Value = TypeVar("_Value")
_Read = tuple[_Value, str, dict[str, object]]  # what was read, the violated rule ("" for none), its message fields
_Reader = Callable[[str], _Read[_Value]]
_MARKS = ("\ufffd", "锟斤拷", "烫烫烫", "屯屯屯")
_COMMON = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef\\s\\w]+")
_WRONG = (("latin-1", 1), ("cp1252", 1), ("gbk", 3))  # encoding it was read in, least length of a sure case


def typed(sheet: TableData, findings: Findings, measures: UnitHints | None = None) -> TableData:
    """Convert a raw sheet to the types of the schema, its columns in schema order, unknown ones at the end.

    Required columns that it lacks are reported. Every cell that cannot be read is reported and becomes blank; columns
    of the schema that are not there are added, and blanks replaced by the defaults.
    """
    table = TABLES[sheet.table]
    for column in table.columns:
        if column.required and column.name not in sheet.columns:
            _lacking(sheet, column.name, findings)
    columns: dict[str, Cells] = {}
    for name in dict.fromkeys([*(known for known in table.names if known in sheet.columns), *sheet.columns]):
        if name not in table.by_name and name not in EXTRAS and name not in table.numeric:
            _unknown(sheet, name, findings)
        columns[name] = _column(sheet, name, findings, measures or UnitHints())
        if name in table.by_name and table.by_name[name].required:
            cells = sheet.columns[name]
            if isinstance(cells, Words):
                # a cell of spaces or of marks nobody sees looks blank, and is
                nothing = [not INVISIBLE.sub("", word).strip() for word in cells.words]
                blank = np.array([*nothing, True], dtype=np.bool_)[cells.codes]
            else:
                blank = np.isnan(cells)
            lines = sheet.lines[blank]
            findings.add_rows("blank", Where(sheet.table, None, name), lines, [""] * len(lines))
    return filled(replace(sheet, columns=columns))


def _lacking(sheet: TableData, name: str, findings: Findings) -> None:
    """Report a required column that a raw sheet lacks."""
    en, zh = f"add {name} to the header row", f"请在表头添加 {name}"
    strangers = [one for one in sheet.columns if one not in TABLES[sheet.table].names]
    for alike in near(name, strangers, count=1):
        en, zh = f"rename {alike} to {name}", f"请将 {alike} 改名为 {name}"
    findings.add("missing_column", Where(sheet.table, 1, name), "", near=en, near_zh=zh)


def filled(sheet: TableData) -> TableData:
    """Return a typed sheet with all columns of the schema, blanks replaced by the defaults."""
    columns: dict[str, Cells] = {}
    for column in TABLES[sheet.table].columns:
        cells = sheet.columns.get(column.name)
        if column.kind is ColumnType.NUMBER:
            numbers = np.full(len(sheet), np.nan) if cells is None else sheet.numbers(column.name)
            blank = np.isnan(numbers)
            use = column.default is not None and blank.any()
            columns[column.name] = np.where(blank, float(column.default or 0), numbers) if use else numbers
        elif column.kind is ColumnType.BOOLEAN:
            columns[column.name] = np.full(len(sheet), bool(column.default)) if cells is None else cells
        else:
            columns[column.name] = Words(np.full(len(sheet), -1, dtype=np.int8), NO_WORDS) if cells is None else cells
    return replace(sheet, columns=columns | {n: c for n, c in sheet.columns.items() if n not in columns})


@dataclass(frozen=True, slots=True)
class UnitHints:
    """Units, by the column that names commodities or processes, and the currency, for hints on invalid numbers."""

    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    currency: str = "CNY"

    def of(self, sheet: TableData, name: str, row: int) -> str:
        """Return the unit of a number in the form that `synergy.dataset.typed.hints` takes; "" where unknown."""
        column = TABLES[sheet.table].by_name.get(re.sub("_(low|high)$", "", name))
        unit = "" if column is None else column.unit
        if unit in ("1", "money", "km", "h"):
            return unit
        money, _, per = unit.rpartition("/") if unit.startswith("money/") else ("", "", unit.removesuffix("/a"))
        key = {"unit": "commodity", "activity": "process"}.get(per, "")
        if key not in sheet.columns or money not in ("", "money"):
            return ""
        counted = self.units.get(key, {}).get(str(sheet.value(key, row)).strip(), "")
        return f"{money}/{counted}".lstrip("/") if counted else ""


def _unknown(sheet: TableData, name: str, findings: Findings) -> None:
    names, where = TABLES[sheet.table].names, Where(sheet.table, 1, name)
    meant = known_as(sheet.table, bare_header(name))
    if meant in names and meant not in sheet.columns:
        findings.add("header_more", where, name, column=meant)
        return
    close, listed = near(name, names), ", ".join(names)
    there: dict[str, object] = {"near": f"the columns here are {listed}", "near_zh": f"本表的列：{listed}"}
    findings.add("unknown_column", where, name, **(suggestion(close) if close else there))


def _column(sheet: TableData, name: str, findings: Findings, measures: UnitHints) -> Cells:
    cells, column = sheet.columns[name], TABLES[sheet.table].by_name.get(name)
    if not isinstance(cells, Words):
        return cells
    if any(word.startswith(UNREADABLE) for word in cells.words):
        cells = _without_unreadable(sheet, name, findings)
        sheet = replace(sheet, columns=sheet.columns | {name: cells})
    if name in TABLES[sheet.table].numeric:
        numbers = _values(sheet, name, partial(number_of, grouped=sheet.grouped), findings, measures)
        values: Floats = np.array([*numbers, np.nan], dtype=np.float64)[cells.codes]
        return values
    kind = ColumnType.TEXT if column is None else column.kind
    listed = "".join(f"{word}\n" for word in cells.words)
    if kind is ColumnType.ID and _ALL_CLEAN.fullmatch(listed) and listed.isascii():
        return cells
    read = partial(_word, kind=kind, choices=() if column is None else column.choices)
    words = _values(sheet, name, read, findings)
    if kind is ColumnType.BOOLEAN:
        flags: Flags = np.array([*(word == "true" for word in words), False], dtype=np.bool_)[cells.codes]
        return flags
    return cells.renamed(np.array(words, dtype=object))


def _values(
    sheet: TableData, name: str, read: _Reader[_Value], findings: Findings, measures: UnitHints | None = None
) -> list[_Value]:
    """Parse each distinct word of a text column once."""
    values = []
    for place, word in enumerate(sheet.words(name).words):
        value, code, fields = read(word)
        values.append(value)
        if code and measures is not None:  # the unit may differ by row, and with it the hint
            rows = np.flatnonzero(sheet.words(name).codes == place)[: SHOWN + 1]
            told = [hints(code, fields, measures.of(sheet, name, int(row)), measures.currency) for row in rows]
            fields = {key: [one[key] for one in told] for key in told[0]} if told else {}
        if code:
            findings.add_word(code, sheet, name, place, **fields)
    return values


def _without_unreadable(sheet: TableData, name: str, findings: Findings) -> Words:
    """Report cells for which a spreadsheet has no value, and blank them."""
    cells = sheet.words(name)
    words = cells.words.copy()
    for place, word in enumerate(words):
        if word.startswith(UNREADABLE):
            said = word.removeprefix(UNREADABLE)
            lines = sheet.lines[cells.codes == place]
            code = "formula" if said.startswith("=") else "spreadsheet_error"
            findings.add_rows(code, Where(sheet.table, None, name), lines, [said] * len(lines))
            words[place] = ""
    return cells.renamed(words)


def _word(word: str, kind: ColumnType, choices: tuple[str, ...]) -> _Read[str]:
    """Read a word of a column that holds no numbers; flags as "true" or "".

    Text that was decoded with a wrong encoding is refused.
    """
    plain = word.strip()
    if kind is ColumnType.BOOLEAN:
        look = folded(word)
        known = not look or look in YES or look in NO
        return "true" if look in YES else "", "" if known else "not_flag", {}
    instead = "" if word.isascii() else garbled(word)
    if instead:
        sure = instead != word
        return "", "mojibake", {"near": f": {instead!r}?" * sure, "near_zh": f"：{instead!r}？" * sure}
    if kind in (ColumnType.ID, ColumnType.DATE):
        return cleaned(word) if kind is ColumnType.ID else _date(plain)
    if kind is ColumnType.CHOICE:
        if plain in choices or not plain:
            return plain, "", {}
        return "", "not_choice", {"choices": ", ".join(choices)} | suggestion(near(plain, choices))
    code = "spreadsheet_error" if _SPREADSHEET.fullmatch(plain) else ""
    return word if plain and kind is ColumnType.TEXT else plain, code, {}


def _date(plain: str) -> _Read[str]:
    found = _DATE.fullmatch(plain) or next((one for pattern in _DAYS if (one := pattern.fullmatch(plain))), None)
    if plain.isdecimal() and plain.isascii() and len(plain) == 5 and int(plain) in _SERIALS:
        day = (_EPOCH + datetime.timedelta(days=int(plain))).isoformat()
        return day, "serial_date", {"instead": day}
    if not plain or found is None:
        return "", "not_date" if plain else "", {}
    parts = [part for part in found.groups() if part]
    try:
        datetime.date(int(parts[0]), *(int(part) for part in (*parts[1:], "1", "1")[:2]))
    except ValueError:
        return "", "no_such_date", {}
    usual = _DATE.fullmatch(plain) is not None
    return plain if usual else "-".join(part.zfill(2) for part in parts), "", {}


def garbled(text: str) -> str:
    """Return the original of a non-ASCII text that is garbled; the text itself if not recoverable, "" if sound.

    Examples
    --------
    >>> garbled("å±±è¥¿"), garbled("山西"), garbled("café")
    ('山西', '', '')
    """
    if any(mark in text for mark in _MARKS):
        return text
    for encoding, least in _WRONG:
        try:
            before = text.encode(encoding).decode()
        except UnicodeError:
            continue
        if len(text) >= least and not before.isascii() and _COMMON.fullmatch(before):
            return before
    return ""


SMALLEST = 2.2250738585072014e-308  # below it doubles lose digits
LONGEST = 64
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf(?:inity)?|n/?a|null|none|-+|—+|\?+|1\.#\w+)", re.IGNORECASE)
_MYRIADS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_PARTS = re.compile(r"([+-]?[0-9][0-9.,]*|[零〇一二两三四五六七八九](?=[十百千万亿]))?\s*(.*)", re.DOTALL)
_COMMA = re.compile(r"([+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*)),([0-9]+)")
_LETTER = re.compile(r"[\w.:-]")
# dots alone would be another place in an address
_CLEAN = re.compile(r"(?!\.+\Z)[\w.:-]{1,64}")
_ALL_CLEAN = re.compile(r"(?:(?!\.+\n)[\w.:-]{1,64}\n)*")
# zero-width and directional marks, soft hyphen, byte order mark
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")  # as a spreadsheet shows a number of many digits
# Cyrillic and Greek letters, and the Latin ones they look like
_ALIKE = str.maketrans("АВЕКМНОРСТУХаеорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxABEZHIKMNOPTYXo")
_NEAR = 0.5  # least likeness of a name that is offered
_MANY = 4000  # beyond so many known names only those with the same beginning are compared


class Reading(NamedTuple):
    """Result of parsing a number: value (NaN for none), violated rule ("" for none) and its message fields."""

    value: float
    code: str
    fields: dict[str, object]


def number_of(text: str, *, grouped: bool = True) -> Reading:
    """Parse a number, blank being none; `grouped` allows commas between groups of three digits."""
    if not text.strip():
        return Reading(math.nan, "", {})
    if len(text) > LONGEST:
        return Reading(math.nan, "long_number", {"length": len(text)})
    plain = clean = text.strip(" \t")
    if not PLAIN.fullmatch(plain):
        clean = unicodedata.normalize("NFKC", INVISIBLE.sub("", plain)).strip()
        if grouped and _GROUPED.fullmatch(clean):
            clean = clean.replace(",", "")
        if not PLAIN.fullmatch(clean):
            return Reading(math.nan, *_refusal(clean))
    value = float(clean) + 0.0  # -0 becomes 0
    if math.isinf(value) or 0 < abs(value) < SMALLEST:
        return Reading(math.nan, "not_finite" if math.isinf(value) else "too_small_number", {})
    if plain.replace(",", "") == clean:
        return Reading(value, "", {})
    wide = any("\uff00" <= c <= "\uffef" for c in plain)
    return Reading(value, "full_width_number" if wide else "blanks_in_number", {"instead": clean})


def _refusal(text: str) -> tuple[str, dict[str, object]]:
    """Classify a text that is no number: return the violated rule and its message fields."""
    bare = {"#": "spreadsheet_error", "=": "formula"}.get(text[:1]) or (
        "not_finite" if _NOT_FINITE.fullmatch(text) else ""
    )
    if bare:
        return bare, {}
    if found := _COMMA.fullmatch(text):
        ways = [f"{found[1].replace('.', '')}.{found[2]}"]
        if _GROUPED.fullmatch(text):  # where commas may be decimal signs
            ways.append(text.replace(",", ""))
        return "decimal_comma", {"instead": " or ".join(ways), "instead_zh": " 或 ".join(ways)}
    parts = _PARTS.fullmatch(text)
    digits, rest = (parts[1] or "", parts[2].strip()) if parts else ("", "")
    number = str(_DIGITS.get(digits, digits)) if not _GROUPED.fullmatch(digits) else digits.replace(",", "")
    if rest == "%" and PLAIN.fullmatch(number):
        return "percent", {"number": number}
    if rest and set(rest) <= set(_MYRIADS) and (not number or PLAIN.fullmatch(number)):
        return "chinese_number", {"number": number or "1", "unit": rest}
    if re.fullmatch(r"[^\W\d_][\w\s./²³()]*", rest) and PLAIN.fullmatch(number):
        return "number_with_unit", {"number": number, "unit": rest}
    return ("thousands" if re.fullmatch(r"[+-]?[0-9,]+\.?[0-9]*", text) else "not_number"), {}


def hints(code: str, fields: dict[str, object], unit: str, currency: str = "CNY") -> dict[str, object]:
    """Return correction hints, ``hint`` and ``hint_zh``, for an invalid number, converted to the unit of the column.

    `code` and `fields` are those of a `Reading`. The unit of the column is a unit, ``money/`` and a unit, ``1`` for a
    part, or "" where it is unknown.

    Examples
    --------
    >>> hints("number_with_unit", {"number": "3000", "unit": "万Nm3"}, "kNm3")["hint"]
    'write 30000: 3000 万Nm3 in kNm3'
    >>> hints("number_with_unit", {"number": "0.95", "unit": "元/Nm3"}, "money/kNm3")["hint"]
    'write 950: 0.95 元/Nm3 in CNY/kNm3'
    >>> hints("percent", {"number": "95"}, "1")["hint"], hints("percent", {"number": "95"}, "t")["hint"]
    ('write 0.95', 'write how much it is in t')
    """
    if code not in ("percent", "chinese_number", "number_with_unit"):
        return fields
    number, written = Decimal(str(fields["number"])), str(fields.get("unit", ""))
    money = unit.startswith("money")
    per = unit.removeprefix("money/" if "/" in unit else "money") if money else unit
    target = f"{currency}/{per}".rstrip("/") if money else unit
    if code == "percent":
        found = number / 100 if unit == "1" else None
    elif code == "chinese_number":
        found = number * math.prod(_MYRIADS[c] for c in written)
    else:
        found = _converted(number, written, (money, per, currency))
    if found is None:
        known = target not in ("", "1")
        hint = f"write how much it is in {target}" if known else "write the number alone, in the unit of the column"
        hint_zh = f"请填写按 {target} 计的数值" if known else "请只写数字，单位按该列"
    else:
        plain = f"{found.normalize():f}" if found else "0"
        why = f": {fields['number']} {written} in {target}" if code == "number_with_unit" else ""
        hint, hint_zh = f"write {plain}{why}", f"请写 {plain}" + why.replace(": ", "：").replace(" in ", " 即按 ")
    return fields | {"hint": hint, "hint_zh": hint_zh}


def _converted(number: Decimal, written: str, target: tuple[bool, str, str]) -> Decimal | None:
    """Convert a number with a unit to the unit of its column; None where the conversion is unknown."""
    money, per, currency = target
    head, stroke, tail = written.partition("/")
    if not money:
        unit = "" if stroke else unit_named(written, per)
        times = factor(unit, per)
        return None if times is None else number * times
    value = factor(unit_named(head), currency)
    share = factor(unit_named(tail, per), per) if stroke else (None if per else Decimal(1))
    return None if value is None or share is None else number * value / share


def cleaned(text: str) -> _Read[str]:
    """Clean a nonblank id ("" = unreadable); return it, the violated rule ("" for none) and its message fields."""
    plain = text.strip(" \t\n")
    clean = INVISIBLE.sub("", plain).strip()
    code = "" if clean == text else "id_trimmed" if clean == plain else "id_blanks"
    if not clean:
        return "", "", {}
    if len(clean) > LONGEST:
        return "", "id_long", {"most": LONGEST}
    if not _CLEAN.fullmatch(clean):
        wrong = sorted({c for c in clean if not _LETTER.fullmatch(c)}) or [clean]
        code = "id_number" if _SHORTENED.fullmatch(clean) else "id_letters"
        return "", code, {"wrong": " ".join(map(repr, wrong))}
    if not clean.isascii():
        usual = unicodedata.normalize("NFKC", clean)
        first = {unicodedata.name(c, "").split(" ")[0] for c in usual}
        scripts = [name.capitalize() for name in ("LATIN", "CYRILLIC", "GREEK") if name in first]
        if len(scripts) > 1:
            return "", "id_mixed", {"scripts": " + ".join(scripts), "instead": clean.translate(_ALIKE)}
        if usual != clean and not code:
            return clean, "id_wide", {"instead": usual}
    return clean, code, {"instead": clean}


def folded(text: str) -> str:
    """Normalise a text for comparison: case, width, invisible characters, outer blanks."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).strip().casefold()


def near(text: str, known: Sequence[str], names: Mapping[str, str] | None = None, count: int = 3) -> list[str]:
    """Return at most `count` known ids that resemble an unknown one, the most similar first.

    `names` maps the names in any language to ids.
    """
    look = folded(text)
    by_look: dict[str, str] = {folded(name): one for name, one in (names or {}).items() if name}
    pool = known if len(known) <= _MANY else [one for one in known if folded(one)[:2] == look[:2]][:_MANY]
    by_look |= {folded(one): one for one in pool}
    if look in by_look:
        return [by_look[look]]
    close = difflib.get_close_matches(look, list(by_look), n=count, cutoff=_NEAR)
    return list(dict.fromkeys(by_look[name] for name in close))


def suggestion(found: Iterable[str]) -> dict[str, object]:
    """Return the "did you mean" hints, ``near`` and ``near_zh``, for some known names."""
    listed = [repr(one) for one in found]
    if not listed:
        return {"near": "", "near_zh": ""}
    return {"near": f"did you mean {' or '.join(listed)}?", "near_zh": f"是否为 {'、'.join(listed)}？"}


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
title = TITLES.say
# words that people write instead, where a table has such a column
_SHORT: Mapping[str, str] = MappingProxyType(
    {"数量": "quantity", "年量": "quantity", "价格": "price", "单价": "price", "产能": "capacity", "能力": "capacity"}
)
_BOUNDS = Catalogue({"_low": ("{} (low)", "{}（低）"), "_high": ("{} (high)", "{}（高）")})
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


# tables by the names of files and sheets, normalised by `looked`; in the singular too
TABLE_NAMES: Mapping[str, str] = MappingProxyType(
    {looked(re.sub("s$", "", re.sub("ies$", "y", name))): name for name in TABLES}
    | {looked(table.key[0]): name for name, table in TABLES.items() if len(table.key) == 1}
    | {looked(name): table for table, both in TITLES.items() for name in (table, *both)}
)


@cache
def headers(table: str) -> Mapping[str, str]:
    """Map header names, normalised by `looked`, to the columns of a table of `TABLES`.

    Ids take precedence over labels; the low and the high end of numbers are included.
    """
    found = {looked(word): name for word, name in _SHORT.items() if name in TABLES[table].names}
    for column in TABLES[table].columns:
        labels = (column.en, column.zh)
        # what stands before what a label explains
        found = {looked(re.split("[;；]", name)[0]): column.name for name in labels} | found
        found |= {looked(name): column.name for name in labels}
        if column.kind is ColumnType.NUMBER:
            for ending, patterns in _BOUNDS.items():
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
    return headers(table).get(looked(header), " ".join(header.split()))


def names_a_column(table: str, header: str) -> bool:
    """Whether a header cell denotes a column of a table."""
    return looked(header) in headers(table)


def bare_header(header: str) -> str:
    """Return a header without a suffix such as a unit in brackets.

    Examples
    --------
    >>> bare_header("价格（元/吨）"), bare_header("Price [CNY/t]"), bare_header("price")
    ('价格', 'Price', 'price')
    """
    return re.split(r"[(（\[【/,，:：]", header)[0].strip()


def second_header(cells: Sequence[str], known: Callable[[str], bool]) -> bool:
    """Whether at least two, and at least half, of the cells of a row are `known` as names of columns."""
    filled = [cell for cell in cells if cell.strip()]
    named = sum(map(known, filled))
    return named >= 2 and 2 * named >= len(filled)
