"""Workbook parser, run in a child process of its own with a memory and a time limit.

Run by path, so that nothing else of the house is loaded: ``python -P child.py BOOK BYTES SECONDS``. Prints one JSON
document: ``{"fault": [code, value]}`` or ``{"sheets": [...]}``.
"""

from __future__ import annotations

import datetime
import json
import posixpath
import sys
import zipfile
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

import python_calamine
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse

MOST_CELLS = 8_000_000  # of one sheet, blanks between others included
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_MARKS = (b'"e"', b"'e'", b"<f", b":f", b"hidden")
_BROKEN = (
    *(python_calamine.CalamineError, ParseError, expat.ExpatError, zipfile.BadZipFile),
    *(OSError, ValueError, EOFError, KeyError, NotImplementedError),
)
Plain = dict[
    str, str | bool | dict[str, str] | list[int] | list[list[int]] | list[list[float | str | bool | dict[str, str]]]
]


class _FaultError(Exception):
    """Refusal of a workbook: rule code and offending value."""


def _limited(memory: int, seconds: int) -> None:
    """Limit memory and CPU time of this process; on systems without such limits the timeout of the parent applies."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _harmless(book: zipfile.ZipFile) -> None:
    """Refuse a part that declares a document type: only there can entities be defined, and no workbook needs one."""
    for name in book.namelist():
        if not name.lower().endswith((".xml", ".rels", ".vml")):
            continue
        with book.open(name) as part:
            try:
                next(iter(iterparse(part, events=("start",), forbid_dtd=True)), None)
            except DefusedXmlException as error:
                raise _FaultError("workbook_entities", name) from error
            except ParseError as error:
                if not name.lower().endswith(".vml"):
                    raise _FaultError("workbook_broken", f"{name}: {error}") from error


def _parts(book: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of each sheet by its name."""
    root = fromstring(book.read("xl/workbook.xml"))
    relations = fromstring(book.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): posixpath.join("xl", one.get("Target", "")) for one in relations}
    found = {}
    for one in root.iter():
        if one.tag.rpartition("}")[2] == "sheet":
            target = targets.get(one.get(_RELATION) or one.get(_STRICT), "")
            found[one.get("name", "")] = posixpath.normpath(target.replace("xl//xl", "/xl")).lstrip("/")
    return found


class _SheetWalk:
    """Sheet data that calamine omits: errors, formulas without a value, hidden rows and columns."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}
        self.formulas: dict[str, str] = {}
        self.rows: list[int] = []
        self.columns: set[int] = set()  # a sheet may name the same ones as often as it likes
        self._cell, self._kind, self._text = "", "", ""
        self._formula: str | None = None
        self._value = ""
        self._inside = ""

    def start(self, name: str, given: dict[str, str]) -> None:
        """Begin an element, as `XMLParser.StartElementHandler`."""
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._cell, self._kind, self._formula, self._value = given.get("r", ""), given.get("t", ""), None, ""
        elif tag in ("f", "v", "t"):
            self._inside, self._text = tag, ""
        elif tag == "row" and given.get("hidden") in ("1", "true"):
            self.rows.append(int(given.get("r", "0")))
        elif tag == "col" and given.get("hidden") in ("1", "true"):
            self.columns.update(range(int(given.get("min", "0")), min(int(given.get("max", "0")), 512) + 1))

    def text(self, data: str) -> None:
        """Keep the text of a cell, as `XMLParser.CharacterDataHandler`."""
        if self._inside:
            self._text += data

    def end(self, name: str) -> None:
        """End an element, as `XMLParser.EndElementHandler`."""
        tag = name.rpartition(":")[2]
        if tag == "f":
            self._formula, self._inside = self._text, ""
        elif tag in ("v", "t"):
            self._value, self._inside = self._text, ""
        elif tag == "c":
            if self._kind == "e":
                self.errors[self._cell] = self._value[:20]
            elif self._formula is not None and not self._value and self._kind != "str":  # "" is the value of a text
                self.formulas[self._cell] = "=" + self._formula[:80]


def _walked(data: bytes) -> _SheetWalk:
    walk = _SheetWalk()
    if any(mark in data for mark in _MARKS):
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = walk.start, walk.end
        parser.CharacterDataHandler = walk.text
        parser.Parse(data, True)
    return walk


def _plain(
    cell: float | str | bool | datetime.date | datetime.time | datetime.timedelta,
) -> float | str | bool | dict[str, str]:
    if isinstance(cell, datetime.date | datetime.time):
        return {"date": cell.isoformat()}
    return {"span": str(cell)} if isinstance(cell, datetime.timedelta) else cell


def _sheet(book: python_calamine.CalamineWorkbook, name: str) -> Plain:
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height * sheet.total_width > MOST_CELLS:
        raise _FaultError("workbook_cells", f"{sheet.total_height} x {sheet.total_width}")
    rows = [[_plain(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    merged = [[top[0] + 1, top[1] + 1, low[0] + 1, low[1] + 1] for top, low in sheet.merged_cell_ranges or []]
    return {"name": name, "rows": rows, "merged": merged}


def parsed(path: str) -> list[Plain]:
    """Return all sheets of a workbook as plain JSON, for each the fields of `synergy.workbook.reading.SheetPage`."""
    with zipfile.ZipFile(path) as packed:
        _harmless(packed)
        parts = _parts(packed)
        sheets = []
        with python_calamine.CalamineWorkbook.from_path(path) as book:
            for about in book.sheets_metadata:
                if about.typ is not python_calamine.SheetTypeEnum.WorkSheet or about.name not in parts:
                    continue
                walk = _walked(packed.read(parts[about.name]))
                said: Plain = {"errors": walk.errors, "formulas": walk.formulas}
                said |= {"hidden_rows": walk.rows, "hidden_columns": sorted(walk.columns)}
                visible = about.visible is python_calamine.SheetVisibleEnum.Visible
                sheets.append(_sheet(book, about.name) | said | {"visible": visible})
    return sheets


def main() -> None:
    """Parse the workbook given on the command line and print the result as JSON."""
    path, memory, seconds = sys.argv[1:4]
    _limited(int(memory), int(seconds))
    try:
        found: dict[str, list[Plain] | list[str]] = {"sheets": parsed(path)}
    except _FaultError as error:
        found = {"fault": list(error.args)}
    except MemoryError:
        found = {"fault": ["workbook_memory", ""]}
    except python_calamine.PasswordError:
        found = {"fault": ["zip_password", ""]}
    except _BROKEN as error:
        found = {"fault": ["workbook_broken", f"{type(error).__name__}: {error}"[:200]]}
    json.dump(found, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
