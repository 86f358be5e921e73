"""CSV files in the dialect that their data package says, rewritten with commas and double quotes, line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from synergy.dataset.findings import Findings, Where

_KEYS = {
    "delimiter": "delimiter",
    "quoteChar": "quote",
    "escapeChar": "escape",
    "commentChar": "comment",
    "doubleQuote": "double",
    "skipInitialSpace": "skip",
}
_PASSED = ("$schema", "csvddfVersion", "caseSensitiveHeader", "type", "format", "name", "title", "description", "csv")
_ENDS = ("\n", "\r\n", "\r")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells stand in a file.

    Parameters
    ----------
    delimiter, quote, escape, comment : str
        One character each; "" for none.
    double : bool
        Whether a quote inside a cell is written twice.
    skip : bool
        Whether blanks behind a delimiter are passed over.
    header : int
        Line of the header, 0 where there is none.
    passed : frozenset of int
        Lines that are comments.
    null : str or None
        What stands in a cell without a value.
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
        """Whether a file needs no rewriting: commas, double quotes, the header first."""
        return self.delimiter in ("", ",") and replace(self, delimiter="", null=None) == USUAL


USUAL = Dialect()


def dialect_of(record: Any, where: Where, findings: Findings) -> Dialect:
    """Return a dialect as a data package says it.

    Parameters
    ----------
    record : object
        ``dialect`` of a resource.
    where : Where
        The place of it.
    findings : Findings
        Takes what is not followed, by its name.

    Returns
    -------
    Dialect
    """
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


def _rows(name: str, value: object, where: Where, findings: Findings) -> dict[str, Any]:
    """Return what is said of whole rows: which is the header, which are comments."""
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
    """Return a file of a dialect as one with commas and double quotes, each record on the line where it stood.

    Parameters
    ----------
    text : bytes
        UTF-8, line ends as line feeds.
    dialect : Dialect
        As the data package says.
    names : tuple of str
        Columns where the file has no header; the header is then put above its first line.
    where : Where
        The table, for messages.
    findings : Findings
        Takes quotes that do not fit.

    Returns
    -------
    bytes or None
        None where the records cannot be told apart.
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
    reader = csv.reader(kept, **_options(dialect))
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


def _options(dialect: Dialect) -> dict[str, Any]:
    options: dict[str, Any] = {
        "delimiter": dialect.delimiter or ",",
        "escapechar": dialect.escape or None,
        "doublequote": dialect.double,
        "skipinitialspace": dialect.skip,
        "strict": True,
    }
    return options | ({"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE})
