"""Decode the bytes of a file to UTF-8 with LF line ends, or refuse them with a reason.

A byte order mark decides, then what the data package says, then strict UTF-8, then strict GB18030 or Big5, whichever
makes commoner characters of it. Nothing is replaced or dropped.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from synergy.dataset.findings import Findings, Where

LIMIT = 1 << 31  # bytes of one table
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an .xlsx workbook", "zip 压缩包或 .xlsx 工作簿"),
    (b"PK\x05\x06", "an empty zip archive", "空的 zip 压缩包"),
    (b"\xd0\xcf\x11\xe0", "an old .xls workbook", "旧式 .xls 工作簿"),
    (b"%PDF", "a PDF", "PDF"),
    (b"\x1f\x8b", "a gzip archive", "gzip 压缩包"),
    (b"SQLite format 3", "a SQLite database", "SQLite 数据库"),
    (b"\x89PNG", "a picture", "图片"),
    (b"\xff\xd8\xff", "a picture", "图片"),
    (b"{\\rtf", "a rich text document", "RTF 文档"),
)
_CHINESE = (("GB18030 (GBK)", "gb18030"), ("Big5", "cp950"))
_START = 1024  # bytes in which a document begins
_SAMPLE = 20_000  # characters that tell two encodings apart
CSV = {"expected": "a CSV file (UTF-8)", "expected_zh": "CSV 文件（UTF-8）"}
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


def decode(data: bytes, table: str, findings: Findings, encoding: str = "") -> bytes | None:
    """Return a file as UTF-8 without byte order mark and with LF line ends; None where it cannot be read.

    `encoding` is the one declared in the data package ("" for none); one that had to be guessed is reported.
    """
    where = Where(table)
    kind = real_type(data)
    if kind is not None:
        findings.add("wrong_type", where, "", **kind, **CSV)
        return None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = _utf16(data, where, findings)
    elif encoding and not data.startswith(codecs.BOM_UTF8):
        text = _said(data, encoding, where, findings)
    else:
        text = _bytes(data.removeprefix(codecs.BOM_UTF8), where, findings)
    if text is None:
        return None
    if not text or text.isspace():
        findings.add("empty_file", where)
        return None
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return text if text.endswith(b"\n") else text + b"\n"


def real_type(data: bytes) -> dict[str, str] | None:
    """Detect a binary file type by its first bytes: ``kind`` and ``kind_zh``; None where the file may be text."""
    found = next(((en, zh) for magic, en, zh in _MAGIC if data.startswith(magic)), None)
    return None if found is None else {"kind": found[0], "kind_zh": found[1]}


def _utf16(data: bytes, where: Where, findings: Findings) -> bytes | None:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        findings.add("cut_character", where, "", offset=error.start)
        return None
    if "\0" in text:
        findings.add("nul", where, "", offset=data.index(b"\0\0"))
        return None
    findings.add("encoding", where, "UTF-16", encoding="UTF-16")
    return text.encode()


def _said(data: bytes, encoding: str, where: Where, findings: Findings) -> bytes | None:
    """Convert a file from the encoding declared in its data package to UTF-8."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        findings.add("not_encoded", where, "", offset=error.start, encoding=encoding)
        return None
    return _bytes(text.encode(), where, findings)


def _bytes(data: bytes, where: Where, findings: Findings) -> bytes | None:
    if b"\0" in data:
        findings.add("nul", where, "", offset=data.index(b"\0"))
        return None
    if data.isascii():
        return data
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(data, error, where, findings)
    return data


def _not_utf8(data: bytes, error: UnicodeDecodeError, where: Where, findings: Findings) -> bytes | None:
    """Convert a GB18030 or Big5 file to UTF-8; refuse a file that is partly UTF-8 or truncated."""
    if error.end >= len(data) and "unexpected end" in error.reason:
        findings.add("cut_character", where, "", offset=error.start)
        return None
    if (offset := _first_utf8(data)) is not None:
        findings.add("mixed_encodings", where, "", offset=max(offset, error.start))
        return None
    found = {name: text for name, codec in _CHINESE if (text := _strictly(data, codec))}
    if not found:
        findings.add("not_text", where, "", offset=error.start)
        return None
    name = max(found, key=lambda name: _common(found[name], name))
    findings.add("encoding", where, name.partition(" ")[0], encoding=name)
    return found[name].encode()


def _strictly(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return ""


def _common(text: str, name: str) -> float:
    """Return the fraction of the non-ASCII characters that are in everyday use in an encoding."""
    codec, low, high = ("gb2312", 0xB0, 0xD7) if name.startswith("GB") else ("big5", 0xA4, 0xC6)
    beyond = list(islice((one for one in text if not one.isascii()), _SAMPLE))
    leads = [one.encode(codec, "ignore")[:1] for one in beyond]
    everyday = sum(low <= lead[0] <= high or lead[0] in (0xA1, 0xA3) for lead in leads if lead)
    return everyday / max(1, len(beyond))


def _first_utf8(data: bytes) -> int | None:
    """Return the offset of the first line with three-byte UTF-8 in it: GBK text does not look like that by chance."""
    offset = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            try:
                long = any(c >= "\u0800" for c in line.decode())
            except UnicodeDecodeError:
                long = False
            if long:
                return offset
        offset += len(line)
    return None


_KEYS = {
    "delimiter": "delimiter",
    "quoteChar": "quote",
    "escapeChar": "escape",
    "commentChar": "comment",
    "doubleQuote": "double",
    "skipInitialSpace": "skip",
}


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

    @property
    def usual(self) -> bool:
        """Whether a file needs no rewriting: commas, double quotes, header in the first row."""
        return self.delimiter in ("", ",") and replace(self, delimiter="", null=None) == USUAL


USUAL = Dialect()


def dialect_of(record: object, where: Where, findings: Findings) -> Dialect:
    """Parse the CSV dialect of a data package resource; unsupported properties are reported by name."""
    if not isinstance(record, Mapping):
        _refuse(record, where, ("an object", "对象"), findings)
        return USUAL
    inner = record.get("csv", {})
    given = {**record, **(inner if isinstance(inner, Mapping) else {"csv": inner})}
    fields: dict[str, Any] = {}
    for name, value in given.items():
        there = where._replace(column=f"{where.column}/{name}")
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
            _refuse(value, there, ("no such entry", "不设此项"), findings)
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
        _refuse(value, where, ("one header row", "一行表头"), findings)
    return {"header": lines[0] if lines else 0}


def _expect(right: bool, value: object, where: Where, findings: Findings) -> None:
    if not right:
        kind = ("true or false", "true 或 false") if isinstance(value, int) else ("one character", "单个字符")
        _refuse(value, where, kind, findings)


def _refuse(value: object, where: Where, expected: tuple[str, str], findings: Findings) -> None:
    findings.add("not_followed", where, value, expected=expected[0], expected_zh=expected[1])


def rewritten(text: bytes, dialect: Dialect, names: tuple[str, ...], where: Where, findings: Findings) -> bytes | None:
    """Rewrite a file of a dialect with commas and double quotes, each record on its original line.

    The text is UTF-8 with LF line ends; `names` is put above the first line of a file without a header. Quotes that do
    not fit are reported; None where the records cannot be separated.
    """
    lines = io.StringIO(text.decode(), newline="\n")
    kept = [
        "\n" if number in dialect.passed or number < dialect.header or _comment(line, dialect) else line
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


def _comment(line: str, dialect: Dialect) -> bool:
    return bool(dialect.comment) and line.startswith(dialect.comment)
