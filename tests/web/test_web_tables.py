"""Tables and their twins: the same rows as JSON, CSV and workbook; no text becomes a formula, numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from synergy.web.tables import KINDS, NamedTable, TableColumn, guarded, sheet_name, twin

from synergy.dataset.findings import Findings
from synergy.workbook.reading import pages

LOUD = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", "  =1", "\u200b=1"]
QUIET = ["a=b", "甲-乙", "1", "", "'x"]
TABLE = NamedTable(
    "flows 2026/../x",
    "流向: 全部",
    (TableColumn("who", "企业"), TableColumn("much", "数量", "t/a", number=True), TableColumn("yes", "是")),
    [{"who": text, "much": -number, "yes": True} for number, text in enumerate(LOUD)]
    + [{"who": "甲", "much": Decimal("0.10"), "yes": None}, {"who": "乙"}],
)


@pytest.mark.parametrize("text", LOUD)
def test_texts_that_begin_like_formulas_get_an_apostrophe(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize("value", [*QUIET, -5, 0.5, None, True, Decimal("-1")])
def test_everything_else_stays(value: object) -> None:
    assert guarded(value) is value


def test_csv_and_json_hold_the_rows() -> None:
    text = twin(TABLE, "csv").get_data()
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert text.startswith(b"\xef\xbb\xbf")
    assert rows[0] == ["企业", "数量 (t/a)", "是"]
    assert [row[0] for row in rows[1:13]] == ["'" + text for text in LOUD]
    assert rows[2][1:] == ["-1", "true"]
    assert rows[13:] == [["甲", "0.10", ""], ["乙", "", ""]]
    record = json.loads(twin(TABLE, "json").get_data())
    assert record["columns"][1] == {"key": "much", "label": "数量", "unit": "t/a"}
    assert record["rows"][0] == {"who": "=1+1", "much": 0, "yes": True}  # a program is no spreadsheet
    assert record["rows"][12] == {"who": "甲", "much": "0.10", "yes": None}


def test_the_workbook_holds_texts_and_numbers(tmp_path: Path) -> None:
    place = tmp_path / "x.xlsx"
    place.write_bytes(twin(TABLE, "xlsx").get_data())
    found = pages(place, Findings())
    assert found is not None
    assert found[0].name == sheet_name("流向: 全部")
    assert found[0].rows[2] == ["'+cmd", -1.0, True]
    with zipfile.ZipFile(place) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_files_are_harmless(kind: str) -> None:
    said = twin(TABLE, kind).headers["Content-Disposition"]
    assert "/" not in said
    assert said.startswith("attachment; filename=")
