"""Documents in JSON or TOML; in a data package, the encoding, dialect and cell formats of each table."""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import json
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from synergy.dataset.findings import Findings, Where
from synergy.dataset.schema import TABLES, ColumnType
from synergy.dataset.sheet import Cells, TableData, Words
from synergy.dataset.typed import LONGEST as DIGITS
from synergy.dataset.typed import PLAIN, known_as

_UNREAD = ("compression", "innerpath", "extrapaths", "layout", "control", "detector", "steps", "pipeline", "query")
_PLAIN = {"compression": ("", "no", None)}
_DAYS = {"default": "", "any": "", "": ""}
_DATE = re.compile(r"(?:fmt:)?(?=.*%)(?:%[YymdjbB]|[^%])+")  # a pattern of days alone
_MOST_BYTES = 8 << 20  # of a document
_DEEPEST = 60
_KEYS = {
    "delimiter": "delimiter",
    "quoteChar": "quote",
    "escapeChar": "escape",
    "commentChar": "comment",
    "doubleQuote": "double",
    "skipInitialSpace": "skip",
}
_START = 1024  # bytes in which a document begins
_PASSED = ("$schema", "csvddfVersion", "caseSensitiveHeader", "type", "format", "name", "title", "description", "csv")
_ENDS = ("\n", "\r\n", "\r")


def unmarked(data: bytes) -> str:
    """Decode a document by its byte order mark, or as UTF-8 where it has none.

    Raises
    ------
    UnicodeDecodeError
        The bytes do not have the marked encoding.

    Examples
    --------
    >>> unmarked(b"\\xef\\xbb\\xbf{}"), unmarked("{}".encode("utf-16")), unmarked(b"{}")
    ('{}', '{}', '{}')
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig")


def first_sign(data: bytes) -> str:
    """Return the first nonblank character of a document, whatever its byte order mark; "" for none.

    Examples
    --------
    >>> first_sign(b"\\xef\\xbb\\xbf {}"), first_sign("[1]".encode("utf-16")), first_sign(b"PK")
    ('{', '[', 'P')
    """
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data[:_START].decode("utf-16" if wide else "utf-8-sig", "ignore").strip()[:1]


class _UnsupportedError(ValueError):
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
        if len(data) > _MOST_BYTES:
            raise _UnsupportedError("document", f"{len(data)}", f"more than {_MOST_BYTES} bytes")
        text = unmarked(data)
        if file.lower().endswith(".toml"):
            plain: object = tomllib.loads(text, parse_float=_number)
        else:
            plain = json.loads(
                text, object_pairs_hook=_unique, parse_int=_number, parse_float=_number, parse_constant=_number
            )
        _walk(plain)
    except _UnsupportedError as error:
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


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _UnsupportedError("double_name", name)
        found[name] = value
    return found


def _number(digits: str) -> float:
    if len(digits) > DIGITS:
        raise _UnsupportedError("document", digits, f"a number of {len(digits)} digits")
    if digits.lstrip("-").isdecimal():
        return int(digits)
    value = float(digits)
    if not math.isfinite(value):
        raise _UnsupportedError("document", digits, "a number that is not finite")
    return value


def _walk(plain: object) -> None:
    """Refuse documents that are nested too deeply or hold overlong integers."""
    level = [plain]
    for _ in range(_DEEPEST):
        deeper = [part for part in level if isinstance(part, dict | list)]
        level = [inner for part in deeper for inner in (part.values() if isinstance(part, dict) else part)]
        if any(isinstance(one, int) and one.bit_length() > 4 * DIGITS for one in level):
            raise _UnsupportedError("document", "", "a number of endless digits")
        if not level:
            return
    raise _UnsupportedError("document", "", f"nested more than {_DEEPEST} levels deep")


@dataclass(frozen=True, slots=True)
class Dialect:
    """CSV dialect of a file.

    `delimiter`, `quote`, `escape` and `comment` are one character each, "" for none. `double`: a quote inside a cell is
    written twice; `skip`: blanks after a delimiter are skipped. `header` is the line of the header, 0 for none;
    `passed` are the lines that are comments; `null` is the text of a cell without a value.
    """

    delimiter: str = ""
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    double: bool = True
    skip: bool = False
    header: int = 1
    passed: frozenset[int] = field(default_factory=frozenset)
    null: str | None = None


USUAL = Dialect()  # a file that needs no rewriting: commas, double quotes, header in the first row


def _dialect_of(record: object, where: Where, findings: Findings) -> Dialect:
    """Parse the CSV dialect of a data package resource; unsupported properties are reported by name."""
    if not isinstance(record, Mapping):
        findings.add_expected("not_followed", where, record, "an object", "对象")
        return USUAL
    inner = record.get("csv", {})
    given = {**record, **(inner if isinstance(inner, Mapping) else {"csv": inner})}
    fields: dict[str, Any] = {}
    for name, value in given.items():
        there = _at(where, name)
        if name in ("doubleQuote", "skipInitialSpace"):
            fields[_KEYS[name]] = value
            _expect(isinstance(value, bool), value, there, findings)
        elif name in _KEYS:
            fields[_KEYS[name]] = value or ""
            _expect(_mark(value) or (value in (None, "") and name != "delimiter"), value, there, findings)
        elif name == "nullSequence":
            fields["null"] = value
            _expect(isinstance(value, str), value, there, findings)
        elif name == "lineTerminator":
            _expect(value in _ENDS, value, there, findings)
        elif name in ("header", "headerRows", "commentRows", "headerJoin"):
            fields |= _rows(name, value, there, findings)
        elif name not in _PASSED or (name == "csv" and not isinstance(value, Mapping)):
            findings.add_expected("not_followed", there, value, "no such entry", "不设此项")
    return USUAL if findings.refused else Dialect(**fields)


def _mark(value: object) -> bool:
    return isinstance(value, str) and len(value) == 1 and value not in "\n\r\0"


def _rows(name: str, value: object, where: Where, findings: Findings) -> dict[str, int | frozenset[int]]:
    """Parse the row options of a dialect: header row and comment rows."""
    if name == "headerJoin":
        return {}
    if name == "header":
        _expect(isinstance(value, bool), value, where, findings)
        return {} if value else {"header": 0}
    lines = value if isinstance(value, list) else [0]
    _expect(all(isinstance(line, int) and line > 0 for line in lines), value, where, findings)
    if name == "commentRows":
        return {"passed": frozenset(lines)}
    if len(lines) > 1:
        findings.add_expected("not_followed", where, value, "one header row", "一行表头")
    return {"header": lines[0] if lines else 0}


def _expect(right: bool, value: object, where: Where, findings: Findings) -> None:
    if not right:
        kind = ("true or false", "true 或 false") if isinstance(value, int) else ("one character", "单个字符")
        findings.add_expected("not_followed", where, value, *kind)


def rewritten(text: bytes, dialect: Dialect, names: tuple[str, ...], where: Where, findings: Findings) -> bytes | None:
    """Rewrite a file of a dialect with commas and double quotes, each record on its original line.

    The text is UTF-8 with LF line ends; `names` is put above the first line of a file without a header. Quotes that do
    not fit are reported; None where the records cannot be separated.
    """
    lines = io.StringIO(text.decode(), newline="\n")
    comment = dialect.comment or "\0"  # which no file holds
    kept = [
        "\n" if number in dialect.passed or number < dialect.header or line.startswith(comment) else line
        for number, line in enumerate(lines, start=1)
    ]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    if not dialect.header:
        writer.writerow(names)
    reader = csv.reader(
        kept,
        delimiter=dialect.delimiter or ",",
        quotechar=dialect.quote or '"',
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape or None,
        doublequote=dialect.double,
        skipinitialspace=dialect.skip,
        strict=True,
    )
    written = 0
    try:
        for record in reader:
            if record:
                writer.writerow(record)
            else:
                target.write("\n")
            spent = 1 + sum(cell.count("\n") for cell in record)
            target.write("\n" * (reader.line_num - written - spent))  # what an escape joined to the record
            written = reader.line_num
    except csv.Error:
        findings.add("open_quote", where._replace(row=reader.line_num))
        return None
    return target.getvalue().encode()


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

    def written(self, column: str, value: object) -> str:
        """Return a plain value of a document as a cell of the file."""
        how = self.formats.get(column, self.formats.get("", _NONE))
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
        findings.add_expected("not_followed", _at(where, name), value, en, zh)

    for name in _UNREAD:
        if name in resource and resource[name] not in _PLAIN.get(name, ()):
            refuse(name, resource[name], "a plain CSV file", "普通 CSV 文件")
    encoding = resource.get("encoding", "")
    try:
        known = not encoding or codecs.lookup(str(encoding))._is_text_encoding
    except (LookupError, ValueError):
        known = False
    if not isinstance(encoding, str) or not known:
        refuse("encoding", encoding, "the name of an encoding, as utf-8 or gb18030", "编码名称，如 utf-8 或 gb18030")
        encoding = ""
    kind = resource.get("format", "csv")
    if kind not in ("csv", "tsv", "", None) and "data" not in resource:
        refuse("format", kind, "csv", "csv")
    dialect = USUAL if kind != "tsv" else replace(USUAL, delimiter="\t")
    if resource.get("dialect") is not None:
        dialect = _dialect_of(resource["dialect"], _at(where, "dialect"), findings)
    names, formats = _schema(resource.get("schema", {}), table, where, findings)
    if not dialect.header and not names:
        refuse("dialect/header", False, "a schema that names the columns", "列出各列的 schema")
    if dialect.null:
        formats = {name: replace(one, missing=one.missing | {dialect.null}) for name, one in formats.items()}
    plain = encoding if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig") else ""
    return Description(plain, dialect, names, formats)


def _at(where: Where, name: str) -> Where:
    return where._replace(column=f"{where.column}/{name}")


def _schema(schema: object, table: str, where: Where, findings: Findings) -> tuple[tuple[str, ...], dict[str, Format]]:
    if not isinstance(schema, Mapping):
        findings.add_expected("not_followed", _at(where, "schema"), schema, "an object", "对象")
        schema = {}
    missing = _words(schema.get("missingValues", []), where, "schema/missingValues", findings)
    formats = {"": Format(missing=missing)}
    names = []
    fields = schema.get("fields", [])
    if not isinstance(fields, list) or not all(isinstance(one, Mapping) for one in fields):
        findings.add_expected("not_followed", _at(where, "schema/fields"), fields, "a list of objects", "对象列表")
        fields = []
    for place, one in enumerate(fields):
        name = known_as(table, str(one.get("name", "")))
        names.append(name)
        there = where._replace(column=f"{where.column}/schema/fields/{place}")
        formats[name] = _format(one, (table, name, missing), there, findings)
    return tuple(names), formats


def _words(listed: object, where: Where, name: str, findings: Findings) -> frozenset[str]:
    many = listed if isinstance(listed, list) else [None]
    plain = [one.get("value") if isinstance(one, Mapping) else one for one in many]
    if not all(isinstance(one, str) for one in plain):
        findings.add_expected("not_followed", _at(where, name), listed, "a list of texts", "文本列表")
        return frozenset()
    return frozenset(str(one) for one in plain)


def _format(one: Mapping[str, object], of: tuple[str, str, frozenset[str]], where: Where, findings: Findings) -> Format:
    table, name, missing = of
    column = TABLES[table].by_name.get(name)
    kind = ColumnType.NUMBER if name in TABLES[table].numeric else None if column is None else column.kind
    found = Format(missing=missing)
    if "missingValues" in one:
        found = replace(found, missing=_words(one["missingValues"], where, "missingValues", findings))
    if kind is ColumnType.NUMBER:
        decimal, group = str(one.get("decimalChar") or "."), str(one.get("groupChar") or "")
        usual = (decimal, group) == (".", "")
        if not usual and not _signs(decimal, group):
            wrong = "decimalChar" if not _signs(decimal, "") else "groupChar"
            expected = ("two different single characters", "两个不同的单个字符")
            findings.add_expected("not_followed", _at(where, wrong), one.get(wrong), *expected)
        elif not usual:
            found = replace(found, decimal=decimal, group=group)
        if one.get("bareNumber", True) is not True:
            expected = ("numbers without a unit: true", "不带单位的数字：true")
            findings.add_expected("not_followed", _at(where, "bareNumber"), one["bareNumber"], *expected)
    elif kind is ColumnType.BOOLEAN:
        true, false = (_words(one.get(key, []), where, key, findings) for key in ("trueValues", "falseValues"))
        found = replace(found, true=true, false=false)
    elif kind is ColumnType.DATE and one.get("type") in ("date", "datetime", "any", None):
        day = one.get("format") or ""
        if not isinstance(day, str) or (day not in _DAYS and not _DATE.fullmatch(day)):
            findings.add_expected("not_followed", _at(where, "format"), day, "as %Y/%m/%d", "如 %Y/%m/%d")
        else:
            found = replace(found, day=_DAYS.get(day, day.removeprefix("fmt:")))
    return found


def _signs(decimal: str, group: str) -> bool:
    """Whether decimal and group separators differ and are each at most one character, no letter, digit or sign."""
    plain = (len(mark) <= 1 and not mark.isalnum() and mark not in ("+", "-") for mark in (decimal, group))
    return decimal != group and all(plain)


def formatted(sheet: TableData, description: Description, findings: Findings) -> TableData:
    """Convert the cells of a table to the standard format; cells in another format are reported and become blank."""
    columns: dict[str, Cells] = {}
    for name, cells in sheet.columns.items():
        how = description.formats.get(name, description.formats.get("", _NONE))
        if how == _NONE or not isinstance(cells, Words):
            columns[name] = cells
            continue
        words = np.empty(len(cells.words), dtype=object)
        for place, word in enumerate(cells.words):
            words[place], expected = _usual(word, how)
            if expected:
                findings.add_word("format_cell", sheet, name, place, expected=expected)
        columns[name] = cells.renamed(words)
    return replace(sheet, columns=columns)


def _usual(word: str, how: Format) -> tuple[str, str]:
    """Convert a cell to the standard format; the second value is the expected format where it does not match."""
    plain = word.strip()
    if word in how.missing or plain in how.missing:
        return "", ""
    if how.decimal:
        return _formatted_number(plain, how)
    if how.day:
        try:
            return datetime.datetime.strptime(plain, how.day).date().isoformat(), ""
        except ValueError:
            return "", how.day
    if plain in how.true or plain in how.false:
        return "true" if plain in how.true else "false", ""
    return word, ""


def _formatted_number(plain: str, how: Format) -> tuple[str, str]:
    whole, dot, rest = plain.partition(how.decimal)
    groups = whole.split(how.group) if how.group else [whole]
    fits = len(groups) == 1 or (
        all(len(group) == 3 and group.isdecimal() for group in groups[1:])
        and re.fullmatch(r"[+-]?\d{1,3}", groups[0]) is not None
    )
    number = "".join(groups) + ("." if dot else "") + rest
    if fits and "." not in rest and PLAIN.fullmatch(number):
        return number, ""
    return "", f"1{how.group}234{how.decimal}5"
