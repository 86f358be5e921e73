"""Datasets in workbooks: the same tables and findings as from CSV, limits before and while parsing, templates."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from books import GOOD, Change, added, book, edited
from catalogue import cases, covers
from roots import ROOT

from synergy.cli.console import Talk
from synergy.cli.main import run
from synergy.dataset.findings import Findings
from synergy.dataset.read import check, read
from synergy.dataset.schema import TABLES
from synergy.dataset.typed import TITLES, known_as, title
from synergy.errors import Problem, Severity
from synergy.texts import LANGUAGES
from synergy.workbook.reading import LIMITS, pages
from synergy.workbook.writing import dataset_workbook

OFFERS = 4  # number of the sheet
LOUD = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"


def _codes(problems: tuple[Problem, ...], severity: Severity = Severity.ERROR) -> set[str]:
    return {problem.code for problem in problems if problem.severity is severity}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", ["tiny", "lvliang"])
def test_a_filled_template_reads_back_as_the_dataset(name: str, lang: str, tmp_path: Path) -> None:
    dataset = read(ROOT / "datasets" / name)
    place = tmp_path / "filled.xlsx"
    place.write_bytes(dataset_workbook(dataset, lang))
    again, problems = check(place)
    assert again is not None
    assert (again.digest, again.settings, again.name) == (dataset.digest, dataset.settings, dataset.name)
    assert [problem.code for problem in problems] == [problem.code for problem in dataset.warnings]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_empty_template_has_a_sheet_for_each_table(lang: str, tmp_path: Path) -> None:
    place = tmp_path / "empty.xlsx"
    place.write_bytes(dataset_workbook(None, lang))
    findings = Findings()
    found = pages(place, findings)
    assert found is not None
    assert not findings.refused
    names = {page.name for page in found}
    assert names >= {title(table, lang) for table in TABLES if table != "build_options"}
    texts = zipfile.ZipFile(place)
    offers = next(n for n, page in enumerate(found, start=1) if page.name == title("offers", lang))
    sheet = texts.read(f"xl/worksheets/sheet{offers}.xml").decode()
    assert sheet.count("<dataValidation ") == 4  # site, commodity, period, must_clear


def test_names_of_sheets_and_columns_are_told_apart() -> None:
    assert set(TITLES) == {*TABLES, "settings"}
    assert len({name.casefold() for both in TITLES.values() for name in both}) == 2 * len(TITLES)
    for table in TABLES.values():
        for column in table.columns:
            assert {known_as(table.name, name) for name in (column.name, column.zh, column.en)} == {column.name}


def test_faults_are_those_of_the_tables_and_stand_at_their_cells(tmp_path: Path) -> None:
    offers = "供给,厂区,物料,时段数量；全年时为年量,出厂最低价\no1,nowhere,COG,-1,400\n\no2,b,COGG,5万,5\n"
    _, problems = check(book(tmp_path / "x.xlsx", {**GOOD, "offers": ""} | {"供给": offers}))
    # the sheet "offers" is empty and there are two for the table
    assert "double_sheet" in _codes(problems)
    tables = {name: text for name, text in GOOD.items() if name != "offers"} | {"供给": offers}
    _, problems = check(book(tmp_path / "y.xlsx", tables))
    found = {(problem.table, problem.row, problem.column, problem.cell) for problem in problems}
    assert found >= {
        ("offers", 2, "site", "供给!B2"),
        ("offers", 2, "quantity", "供给!D2"),
        ("offers", 4, "commodity", "供给!C4"),
        ("offers", 4, "quantity", "供给!D4"),
    }
    assert "供给!D4:quantity '5万'" in next(p for p in problems if p.cell == "供给!D4").line("zh")
    assert all(problem.record("en")["cell"] for problem in problems)


def test_check_and_match_take_a_workbook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "tiny.xlsx")
    assert run(["template", place, "--dataset", str(ROOT / "datasets" / "tiny")], Talk("zh")) == 0
    assert run(["check", place], Talk("en")) == 0
    capsys.readouterr()
    assert run(["match", place, "--settlement", "none", "--json"], Talk("en")) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["dataset"]["digest"] == read(ROOT / "datasets" / "tiny").digest


def _copied(part: str) -> Change:
    """Return a change that puts a declaration of entities into a part."""

    def change(parts: dict[str, bytes]) -> None:
        head, _, rest = parts[part].partition(b"?>")
        parts[part] = head + b"?>" + LOUD.encode() + rest

    return change


REFUSED: dict[str, tuple[Change, str, str]] = {
    "17 entities in a sheet": (_copied("xl/worksheets/sheet4.xml"), "workbook_entities", ""),
    "17 entities in the texts": (_copied("xl/sharedStrings.xml"), "workbook_entities", ""),
    "17 entities in the core": (_copied("xl/workbook.xml"), "workbook_entities", ""),
    "21 formula without value": (
        edited(OFFERS, '<c r="D2"><v>100</v></c>', '<c r="D2"><f>50*2</f></c>'),
        "formula",
        "offers!D2",
    ),
    "21 formula where a name belongs": (
        edited(OFFERS, '<c r="E3"><v>5</v></c>', '<c r="E3"><f>SUM(E2)</f><v/></c>'),
        "formula",
        "offers!E3",
    ),
    "22 an error": (
        edited(OFFERS, '<c r="D3"><v>7</v></c>', '<c r="D3" t="e"><v>#N/A</v></c>'),
        "spreadsheet_error",
        "offers!D3",
    ),
    "22 a division by zero of a formula": (
        edited(OFFERS, '<c r="E2"><v>400</v></c>', '<c r="E2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
        "spreadsheet_error",
        "offers!E2",
    ),
    "23 a merged header": (
        edited(OFFERS, "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'),
        "merged_cells",
        "offers!1",
    ),
    "18 cut in the middle": (edited(OFFERS, "</sheetData>", ""), "workbook_broken", ""),
}


cases(REFUSED, "xlsx")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_workbooks(name: str, tmp_path: Path) -> None:
    change, code, cell = REFUSED[name]
    dataset, problems = check(book(tmp_path / "x.xlsx", GOOD, change))
    assert dataset is None
    hits = [problem for problem in problems if problem.code == code]
    assert hits
    assert hits[0].cell == cell
    assert len(_codes(problems)) == 1
    assert hits[0].message_zh


@covers(23, "csv", "xlsx")
@pytest.mark.parametrize(
    "header",
    ["Offer,Place,,Figures,\noffer,site,commodity,quantity,price\n", ",,,,\noffer,site,commodity,quantity,price\n"],
    ids=["23 two rows", "23 a title above"],
)
def test_23_two_rows_of_headers(header: str, tmp_path: Path) -> None:
    rows = "o1,a,COG,100,400\n"
    _, problems = check(book(tmp_path / "x.xlsx", {**GOOD, "offers": header + rows}))
    assert _codes(problems) & {"two_row_header", "nameless_column"}
    folder = tmp_path / "csv"
    folder.mkdir()
    for name, text in {
        **GOOD,
        "offers": "供给,厂区,物料,数量,价格\noffer,site,commodity,quantity,price\n" + rows,
    }.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    dataset, problems = check(folder)
    assert dataset is None
    assert "two_row_header" in _codes(problems)


def _odd(parts: dict[str, bytes]) -> None:
    parts["xl/vbaProject.bin"] = b"macros"
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"
    sheet = f"xl/worksheets/sheet{OFFERS}.xml"
    parts[sheet] = parts[sheet].replace(b'<row r="3"', b'<row hidden="1" r="3"')


@covers(20, "xlsx")
@covers(24, "xlsx")
def test_20_and_24_macros_links_and_hidden_rows_are_said(tmp_path: Path) -> None:
    dataset, problems = check(book(tmp_path / "x.xlsm", GOOD, _odd))
    assert dataset is not None
    assert len(dataset["offers"]) == 2
    assert _codes(problems, Severity.WARNING) >= {"workbook_macros", "workbook_links", "hidden_row"}
    assert [problem.cell for problem in problems if problem.code == "hidden_row"] == ["offers!3"]


@covers(25, "xlsx")
def test_25_dates_as_cells_and_as_serial_numbers(tmp_path: Path) -> None:
    deals = "from_site,to_site,commodity,quantity,until\na,b,COG,5,46387\nb,a,COG,5,2026-02-30\n"
    _, problems = check(book(tmp_path / "x.xlsx", {**GOOD, "deals": deals}))
    assert [(p.code, p.cell) for p in problems if p.column == "until"] == [
        ("no_such_date", "deals!E3"),
        ("serial_date", "deals!E2"),
    ]
    said = next(p for p in problems if p.code == "serial_date")
    assert "2026-12-31" in said.message
    dataset, _ = check(book(tmp_path / "y.xlsx", {**GOOD, "deals": deals.rsplit("\n", 2)[0] + "\n"}))
    assert dataset is not None
    assert dataset["deals"]["until"].tolist() == ["2026-12-31"]


def _ole(place: Path, inside: str) -> None:
    place.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600 + inside.encode("utf-16-le") + b"\0" * 600)


FILES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "01 empty": (lambda place: place.write_bytes(b""), "empty_file", ""),
    "18 an old workbook": (lambda place: _ole(place, "Workbook"), "wrong_type", "an old .xls workbook"),
    "18 text": (lambda place: place.write_text("offer,site\n", encoding="utf-8"), "wrong_type", "this is text"),
    "18 a page": (lambda place: place.write_text("<html><table>", encoding="utf-8"), "wrong_type", "a web page"),
    "18 a PDF": (lambda place: place.write_bytes(b"%PDF-1.7"), "wrong_type", "a PDF"),
    "19 a password": (lambda place: _ole(place, "EncryptedPackage"), "workbook_password", "password"),
}


cases(FILES, "xlsx")


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_workbook(name: str, tmp_path: Path) -> None:
    make, code, said = FILES[name]
    place = tmp_path / "x.xlsx"
    make(place)
    dataset, problems = check(place)
    assert dataset is None
    assert [problem.code for problem in problems] == [code]
    assert said in problems[0].message
    assert problems[0].message_zh != problems[0].message


@pytest.mark.parametrize(
    ("part", "kind"),
    [("word/document.xml", "Word"), ("xl/workbook.bin", ".xlsb"), ("content.xml", "OpenDocument"), ("a.csv", "zip")],
)
def test_18_other_packages_are_named(part: str, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "x.xlsx"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(part, b"<x/>")
    _, problems = check(place)
    assert kind in problems[0].message


def test_18_a_workbook_under_another_name(tmp_path: Path) -> None:
    _, problems = check(book(tmp_path / "x.zip", GOOD))
    assert [problem.code for problem in problems] == ["workbook_named"]


@covers(16, "xlsx")
def test_16_bombs_are_refused_unread(tmp_path: Path) -> None:
    place = book(tmp_path / "x.xlsx", GOOD, added("xl/media/big.bin", b"\0" * 60_000_000))
    many = book(tmp_path / "y.xlsx", GOOD, lambda parts: parts.update({f"x/{n}": b"" for n in range(3000)}))
    tracemalloc.start()
    for one in (place, many):
        dataset, problems = check(one)
        assert dataset is None
        assert _codes(problems) == {"zip_bomb"}
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000  # of 60 million bytes


@covers(14, "xlsx")
def test_14_a_sheet_that_claims_billions_of_cells_is_refused(tmp_path: Path) -> None:
    far = edited(OFFERS, "</sheetData>", '<row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row></sheetData>')
    dataset, problems = check(book(tmp_path / "x.xlsx", GOOD, far))
    assert dataset is None
    assert _codes(problems) <= {"workbook_cells", "workbook_memory"}
    assert problems


@pytest.mark.parametrize("odd", ["1e999", "-1e999", "nan"])
def test_a_number_that_is_none_is_refused_at_its_cell(tmp_path: Path, odd: str) -> None:
    dataset, problems = check(book(tmp_path / "x.xlsx", GOOD, edited(OFFERS, "<v>100</v>", f"<v>{odd}</v>")))
    assert dataset is None
    assert {(one.table, one.column) for one in problems if one.row} == {("offers", "quantity")}


def test_columns_that_are_hidden_again_and_again_are_told_once(tmp_path: Path) -> None:
    column = '<col min="1" max="500" hidden="1"/>'
    many = edited(OFFERS, "<sheetData>", f"<cols>{column * 20_000}</cols><sheetData>")
    found = pages(book(tmp_path / "x.xlsx", GOOD, many), Findings())
    assert found is not None
    assert max(len(one.hidden_columns) for one in found) == 500


def test_the_child_is_bounded(tmp_path: Path) -> None:
    rows = "".join(f"o{number},a,COG,{number},1\n" for number in range(60_000))
    place = book(tmp_path / "x.xlsx", {**GOOD, "offers": "offer,site,commodity,quantity,price\n" + rows})
    assert pages(place, Findings()) is not None
    for limits, code in (
        (replace(LIMITS, memory=36 << 20), "workbook_memory"),
        (replace(LIMITS, size=1000), "workbook_size"),
        (replace(LIMITS, unpacked=100_000), "zip_bomb"),
    ):
        findings = Findings()
        assert pages(place, findings, limits) is None
        assert [problem.code for problem in findings.problems()] == [code]


def test_a_child_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass\n")
    monkeypatch.setattr("synergy.workbook.reading._CHILD", endless)
    findings = Findings()
    assert pages(book(tmp_path / "x.xlsx", GOOD), findings, replace(LIMITS, seconds=1)) is None
    assert [problem.code for problem in findings.problems()] == ["workbook_time"]


@covers(65, "xlsx")
def test_65_texts_of_cells_stay_texts(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202eabc", "+1", "@x"]
    rows = "".join(f'E{number},"{name}"\n' for number, name in enumerate(names))
    place = book(tmp_path / "x.xlsx", {**GOOD, "enterprises": f"enterprise,name_zh\nA,甲\nB,乙\n{rows}"})
    dataset = read(place)
    assert dataset["enterprises"]["name_zh"].tolist()[2:] == names
    again = tmp_path / "again.xlsx"
    again.write_bytes(dataset_workbook(dataset, "en"))
    assert read(again).digest == dataset.digest
    with zipfile.ZipFile(again) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name)
