"""Table descriptions of data packages: encoding, dialect and cell formats, applied or refused by name."""

from __future__ import annotations

import codecs
import datetime
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synergy.dataset.columns import ColumnType
from synergy.dataset.decode import USUAL, Dialect, dialect_of, unmarked
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import LONGEST as DIGITS
from synergy.dataset.numbers import PLAIN
from synergy.dataset.schema import TABLES, numeric
from synergy.dataset.sheet import Cells, TableData, Words
from synergy.workbook.names import known_as

_UNREAD = ("compression", "innerpath", "extrapaths", "layout", "control", "detector", "steps", "pipeline", "query")
_PLAIN = {"compression": ("", "no", None)}
_DAYS = {"default": "", "any": "", "": ""}
_DATE = re.compile(r"(?:fmt:)?(?=.*%)(?:%[YymdjbB]|[^%])+")  # a pattern of days alone
LIMIT = 8 << 20  # bytes
DEEPEST = 60


@dataclass(frozen=True, slots=True)
class Format:
    """Cell format of one column; "" or an empty set where the data package declares none.

    `decimal` and `group` are the separators, `true` and `false` the words for flags, `day` the pattern of a date,
    `missing` the words for a cell without a value.
    """

    decimal: str = ""
    group: str = ""
    true: frozenset[str] = frozenset()
    false: frozenset[str] = frozenset()
    day: str = ""
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Description:
    """Description of a table in a data package: encoding ("" = none declared), dialect, columns and cell formats.

    `names` has the columns in the order of the schema, `formats` the cell format by column, with "" for all others.
    """

    encoding: str = ""
    dialect: Dialect = USUAL
    names: tuple[str, ...] = ()
    formats: Mapping[str, Format] = field(default_factory=dict)

    def of(self, column: str) -> Format:
        """Return the format of a column."""
        return self.formats.get(column, self.formats.get("", _NONE))

    def written(self, column: str, value: object) -> str:
        """Return a plain value of a document as a cell of the file."""
        how = self.of(column)
        if isinstance(value, bool):
            return min(how.true if value else how.false, default=str(value).lower())
        if isinstance(value, int | float):
            return repr(value).replace(".", how.decimal or ".")
        return "" if value is None else str(value)


_NONE = Format()
UNDESCRIBED = Description()


def description_of(resource: Mapping[str, object], table: str, where: Where, findings: Findings) -> Description:
    """Parse the description of a table from a data package resource; report unsupported properties by name."""

    def refuse(name: str, value: object, en: str, zh: str) -> None:
        findings.add("not_followed", _at(where, name), value, expected=en, expected_zh=zh)

    for name in _UNREAD:
        if name in resource and resource[name] not in _PLAIN.get(name, ()):
            refuse(name, resource[name], "a plain CSV file", "普通 CSV 文件")
    encoding = resource.get("encoding", "")
    if not isinstance(encoding, str) or (encoding and not _known(encoding)):
        refuse("encoding", encoding, "the name of an encoding, as utf-8 or gb18030", "编码名称，如 utf-8 或 gb18030")
        encoding = ""
    kind = resource.get("format", "csv")
    if kind not in ("csv", "tsv", "", None) and "data" not in resource:
        refuse("format", kind, "csv", "csv")
    dialect = USUAL if kind != "tsv" else replace(USUAL, delimiter="\t")
    if resource.get("dialect") is not None:
        dialect = dialect_of(resource["dialect"], _at(where, "dialect"), findings)
    schema = resource.get("schema", {})
    if not isinstance(schema, Mapping):
        refuse("schema", schema, "an object", "对象")
        schema = {}
    names, formats = _schema(schema, table, _at(where, "schema"), findings)
    if not dialect.header and not names:
        refuse("dialect/header", False, "a schema that names the columns", "列出各列的 schema")
    if dialect.null:
        formats = {name: replace(one, missing=one.missing | {dialect.null}) for name, one in formats.items()}
    plain = encoding if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig") else ""
    return Description(plain, dialect, names, formats)


def _at(where: Where, name: str) -> Where:
    return where._replace(column=f"{where.column}/{name}")


def _known(encoding: str) -> bool:
    try:
        return bool(codecs.lookup(encoding)._is_text_encoding)
    except (LookupError, ValueError):
        return False


def _schema(
    schema: Mapping[str, object], table: str, where: Where, findings: Findings
) -> tuple[tuple[str, ...], dict[str, Format]]:
    missing = _words(schema.get("missingValues", []), _at(where, "missingValues"), findings)
    formats = {"": Format(missing=missing)}
    names = []
    fields = schema.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(one, Mapping) for one in fields):
        findings.add("not_followed", _at(where, "fields"), fields, expected="a list of objects", expected_zh="对象列表")
        fields = []
    for place, one in enumerate(fields):
        name = known_as(table, str(one.get("name", "")))
        names.append(name)
        formats[name] = _format(one, (table, name, missing), _at(where, f"fields/{place}"), findings)
    return tuple(names), formats


def _words(listed: object, where: Where, findings: Findings) -> frozenset[str]:
    many = listed if isinstance(listed, list) else [None]
    plain = [one.get("value") if isinstance(one, Mapping) else one for one in many]
    if not all(isinstance(one, str) for one in plain):
        findings.add("not_followed", where, listed, expected="a list of texts", expected_zh="文本列表")
        return frozenset()
    return frozenset(str(one) for one in plain)


def _format(one: Mapping[str, object], of: tuple[str, str, frozenset[str]], where: Where, findings: Findings) -> Format:
    table, name, missing = of
    column = TABLES[table].column(name)
    kind = ColumnType.NUMBER if numeric(table, name) else None if column is None else column.kind
    found = Format(missing=missing)
    if "missingValues" in one:
        found = replace(found, missing=_words(one["missingValues"], _at(where, "missingValues"), findings))
    if kind is ColumnType.NUMBER:
        decimal, group = str(one.get("decimalChar") or "."), str(one.get("groupChar") or "")
        if not _signs(decimal, group):
            wrong = "decimalChar" if not _signs(decimal, "") else "groupChar"
            fields = {"expected": "two different single characters", "expected_zh": "两个不同的单个字符"}
            findings.add("not_followed", _at(where, wrong), one.get(wrong), **fields)
        elif (decimal, group) != (".", ""):
            found = replace(found, decimal=decimal, group=group)
        if one.get("bareNumber", True) is not True:
            bare = {"expected": "numbers without a unit: true", "expected_zh": "不带单位的数字：true"}
            findings.add("not_followed", _at(where, "bareNumber"), one["bareNumber"], **bare)
    elif kind is ColumnType.BOOLEAN:
        true, false = (_words(one.get(key, []), _at(where, key), findings) for key in ("trueValues", "falseValues"))
        found = replace(found, true=true, false=false)
    elif kind is ColumnType.DATE and one.get("type") in ("date", "datetime", "any", None):
        day = one.get("format") or ""
        if not isinstance(day, str) or (day not in _DAYS and not _DATE.fullmatch(day)):
            findings.add("not_followed", _at(where, "format"), day, expected="as %Y/%m/%d", expected_zh="如 %Y/%m/%d")
        else:
            found = replace(found, day=_DAYS.get(day, day.removeprefix("fmt:")))
    return found


def _signs(decimal: object, group: object) -> bool:
    """Whether decimal and group separators differ and are each at most one character, no letter, digit or sign."""

    def one(mark: object) -> bool:
        return isinstance(mark, str) and len(mark) <= 1 and not mark.isalnum() and mark not in ("+", "-")

    return decimal != group and one(decimal) and one(group)


def formatted(sheet: TableData, description: Description, findings: Findings) -> TableData:
    """Convert the cells of a table to the standard format; cells in another format are reported and become blank."""
    columns: dict[str, Cells] = {}
    for name, cells in sheet.columns.items():
        how = description.of(name)
        if how == _NONE or not isinstance(cells, Words):
            columns[name] = cells
            continue
        words = np.empty(len(cells.words), dtype=object)
        for place, word in enumerate(cells.words):
            plain, expected = _usual(word, how)
            words[place] = plain
            if expected:
                lines = sheet.lines[cells.codes == place]
                where = Where(sheet.table, None, name)
                findings.add_rows("format_cell", where, lines, [word] * len(lines), expected=expected)
        columns[name] = cells.renamed(words)
    return replace(sheet, columns=columns)


def texts_needed(description: Description) -> bool:
    """Whether numbers must be read as text, because the cells are in a nonstandard format."""
    return any(one.decimal or one.missing - {""} for one in description.formats.values())


def _usual(word: str, how: Format) -> tuple[str, str]:
    """Convert a cell to the standard format; the second value is the expected format where it does not match."""
    plain = word.strip()
    if word in how.missing or plain in how.missing:
        return "", ""
    if how.decimal:
        return _number(plain, how)
    if how.day:
        try:
            return datetime.datetime.strptime(plain, how.day).date().isoformat(), ""
        except ValueError:
            return "", how.day
    if plain in how.true or plain in how.false:
        return "true" if plain in how.true else "false", ""
    return word, ""


def _number(plain: str, how: Format) -> tuple[str, str]:
    whole, dot, rest = plain.partition(how.decimal)
    groups = whole.split(how.group) if how.group else [whole]
    fits = len(groups) == 1 or (
        all(len(group) == 3 and group.isdecimal() for group in groups[1:])
        and re.fullmatch(r"[+-]?\d{1,3}", groups[0]) is not None
    )
    number = "".join(groups) + ("." if dot else "") + rest
    if fits and "." not in rest and PLAIN.fullmatch(number):
        return number, ""
    example = f"1{how.group}234{how.decimal}5"
    return "", example


class UnsupportedError(ValueError):
    """Document that is well formed and yet not accepted."""

    def __init__(self, code: str, value: str, reason: str = "") -> None:
        self.code, self.value, self.reason = code, value, reason
        super().__init__(reason)


def load_document(data: bytes, file: str, findings: Findings) -> dict[str, Any] | None:
    """Return the object that a JSON or TOML file holds; None where it cannot be read.

    The data are UTF-8, or as their byte order mark says; a name in ``.toml`` is TOML, any other JSON. Messages have the
    name as table.
    """
    plain = load_plain(data, file, findings)
    if isinstance(plain, dict):
        return plain
    if plain is not None:
        findings.add("document", Where(file), "", reason="not an object")
    return None


def load_plain(data: bytes, file: str, findings: Findings) -> object:
    """Parse a JSON or TOML file as `load_document` does; None where it is unreadable or null."""
    try:
        if len(data) > LIMIT:
            raise UnsupportedError("document", f"{len(data)}", f"more than {LIMIT} bytes")
        text = unmarked(data)
        plain = _toml(text) if file.lower().endswith(".toml") else _json(text)
        _walk(plain)
    except UnsupportedError as error:
        findings.add(error.code, Where(file), error.value, reason=error.reason)
    except json.JSONDecodeError as error:
        findings.add("document", Where(file, error.lineno), "", reason=f"{error.msg}, column {error.colno}")
    except RecursionError:
        findings.add("document", Where(file), "", reason="nested too deeply")
    except ValueError as error:  # tomllib.TOMLDecodeError, UnicodeDecodeError
        findings.add("document", Where(file), "", reason=str(error))
    else:
        if plain is None:
            findings.add("document", Where(file), "", reason="not an object")
        return plain
    return None


def _toml(text: str) -> dict[str, object]:
    return tomllib.loads(text, parse_float=_real)


def _json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_unique, parse_int=_whole, parse_float=_real, parse_constant=_no_constant)


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise UnsupportedError("double_name", name)
        found[name] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise UnsupportedError("document", digits, f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    if len(digits) > DIGITS:
        raise UnsupportedError("document", digits, f"a number of {len(digits)} digits")
    value = float(digits)
    if not math.isfinite(value):
        raise UnsupportedError("document", digits, "a number that is not finite")
    return value


def _no_constant(name: str) -> None:
    raise UnsupportedError("document", name, "a number that is not finite")


def _walk(plain: object) -> None:
    """Refuse documents that are nested too deeply or hold overlong integers."""
    level = [plain]
    for _ in range(DEEPEST):
        deeper = [part for part in level if isinstance(part, dict | list)]
        level = [inner for part in deeper for inner in (part.values() if isinstance(part, dict) else part)]
        if any(isinstance(one, int) and one.bit_length() > 4 * DIGITS for one in level):
            raise UnsupportedError("document", "", "a number of endless digits")
        if not level:
            return
    raise UnsupportedError("document", "", f"nested more than {DEEPEST} levels deep")
