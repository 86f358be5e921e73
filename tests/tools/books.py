"""Workbooks for the tests: tables of text as sheets, and what spreadsheet programs and attackers make of them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import xlsxwriter

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
Change = Callable[[dict[str, bytes]], None]

GOOD = {
    "enterprises": "enterprise,name_zh\nA,甲\nB,乙\n",
    "sites": "site,enterprise,latitude,longitude\na,A,37,111\nb,B,37.1,111.1\n",
    "commodities": "commodity,unit,phase\nCOG,kNm3,gas\n",
    "offers": "offer,site,commodity,quantity,price\no1,a,COG,100,400\no2,b,COG,7,5\n",
}


def book(place: Path, tables: Mapping[str, str], change: Change | None = None) -> Path:
    """Write tables as sheets, plain numbers as numbers; `change` may edit the parts of the package."""
    memory = io.BytesIO()
    made = xlsxwriter.Workbook(memory, {"in_memory": True, "strings_to_formulas": False})
    for name, text in tables.items():
        sheet = made.add_worksheet(name)
        for line, row in enumerate(csv.reader(io.StringIO(text))):
            for column, cell in enumerate(row):
                if line and _PLAIN.fullmatch(cell) and len(cell) < 16:
                    sheet.write_number(line, column, float(cell))
                elif cell:
                    sheet.write_string(line, column, cell)
    made.close()
    with zipfile.ZipFile(memory) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if change is not None:
        change(parts)
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return place


def edited(sheet: int, old: str, new: str) -> Change:
    """Return a change of the text of a sheet."""

    def change(parts: dict[str, bytes]) -> None:
        name = f"xl/worksheets/sheet{sheet}.xml"
        text = parts[name].decode()
        assert old in text, text
        parts[name] = text.replace(old, new).encode()

    return change


def added(name: str, data: bytes = b"<x/>") -> Change:
    """Return a change that adds a part."""

    def change(parts: dict[str, bytes]) -> None:
        parts[name] = data

    return change
