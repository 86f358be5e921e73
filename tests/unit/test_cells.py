"""Cells as people write them: days, yes and no, amounts with their units; and hints that are right when followed."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from form_files import HEAT, OFFER, as_csv, judged

from synergy.dataset.read import check, read
from synergy.errors import Problem, Severity
from synergy.forms.submitting import Judged
from synergy.store.store import Store

TABLES = {
    "enterprises": "enterprise\nA\nB\n",
    "sites": "site,enterprise\na,A\nb,B\n",
    "commodities": "commodity,unit\nCOG,kNm3\nTAR,t\n",
    "offers": "offer,site,commodity,quantity,price,keep,must_clear\no1,a,COG,30000,950,0.5,false\n",
    "processes": "process,activity_unit\nmake,t tar\n",
    "recipes": "process,commodity,coefficient\nmake,TAR,1\n",
    "facilities": "facility,site,process,capacity,start\nf1,a,make,5,\n",
}


def _put(folder: Path, **changed: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in {**TABLES, **changed}.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def _errors(problems: tuple[Problem, ...]) -> list[Problem]:
    return [one for one in problems if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026/6/30", "2026-06-30"),
        ("2026.06.30", "2026-06-30"),
        ("2026年6月30日", "2026-06-30"),
        ("2026 年 6 月 30 日", "2026-06-30"),
        ("2026年6月", "2026-06"),
        ("2026/6", "2026-06"),
        ("2026年", "2026"),
        ("20260630", "2026-06-30"),
        ("2026-06-30 00:00:00", "2026-06-30"),
        ("2026-06-30T00:00:00", "2026-06-30"),
        ("2026-06-30", "2026-06-30"),
        ("2026-6", "2026-6"),
        ("30/6/2026", ""),
        ("6月30日", ""),
        ("2026/6/31", ""),
        ("2026年13月", ""),
        ("20261331", ""),
    ],
)
def test_days_are_read_as_people_write_them(written: str, day: str, tmp_path: Path) -> None:
    place = _put(tmp_path, facilities=f"facility,site,process,capacity,start\nf1,a,make,5,{written}\n")
    dataset, problems = check(place)
    if day:
        assert dataset is not None
        assert dataset["facilities"]["start"].tolist() == [day]
    else:
        assert [(one.column, one.value) for one in _errors(problems)] == [("start", written)]


@pytest.mark.parametrize("written", ["true", "TRUE", "Yes", "y", "1", "是", "Ｙ", "√", "false", "No", "n", "0", "否"])
def test_yes_and_no_are_read_as_people_write_them(written: str, tmp_path: Path) -> None:
    rows = TABLES["offers"].replace("false", written)
    flags = read(_put(tmp_path, offers=rows))["offers"]["must_clear"].tolist()
    assert flags == [written.casefold() in ("true", "yes", "y", "1", "是", "ｙ", "√")]
    [error] = _errors(check(_put(tmp_path, offers=TABLES["offers"].replace("false", "perhaps")))[1])
    assert error.column == "must_clear"


# column, cell, what the hint says to write, the value that is then read; no number where none can be told
HINTS: tuple[tuple[str, str, str, float | None], ...] = (
    ("quantity", "3000 万Nm3", "30000", 30000),
    ("quantity", "3000万方", "30000", 30000),
    ("quantity", "30000000 Nm3", "30000", 30000),
    ("quantity", "30,000 kNm3", "30000", 30000),
    ("quantity", "3万", "30000", 30000),
    ("quantity", "三万", "30000", 30000),
    ("quantity", "30000 t", "", None),
    ("quantity", "30000 pallets", "", None),
    ("quantity", "30000 kNm3/h", "", None),
    ("quantity", "三万五", "", None),
    ("quantity", "95%", "", None),
    ("quantity", "30000,5", "30000.5", 30000.5),
    ("price", "0.95元", "", None),
    ("price", "0.95元/Nm3", "950", 950),
    ("price", "0.095 万元/kNm3", "950", 950),
    ("price", "950 CNY/kNm3", "950", 950),
    ("price", "950元/t", "", None),
    ("keep", "50%", "0.5", 0.5),
    ("keep", "50 ％", "0.5", 0.5),
)


@pytest.mark.parametrize(("column", "cell", "instead", "value"), HINTS)
def test_hints_of_tables_are_right_when_followed(
    column: str, cell: str, instead: str, value: float | None, tmp_path: Path
) -> None:
    head, row = (line.split(",") for line in TABLES["offers"].split())

    def with_cell(text: str) -> Path:
        cells = [f'"{text}"' if name == column else old for name, old in zip(head, row, strict=True)]
        return _put(tmp_path, offers=",".join(head) + "\n" + ",".join(cells) + "\n")

    [error] = _errors(check(with_cell(cell))[1])
    assert (error.column, error.value) == (column, cell)
    told = re.findall(r"[0-9]+(?:\.[0-9]+)?", error.hint.split(":")[0].replace("kNm3", "").replace("1234.5", ""))
    assert told == ([instead] if instead else [])
    assert bool(re.findall(r"请写 [0-9]", error.hint_zh)) == bool(instead)
    if value is not None:
        assert read(with_cell(instead))["offers"][column].tolist() == [value]


def test_a_hint_is_computed_for_each_row(tmp_path: Path) -> None:
    rows = "offer,site,commodity,quantity\no1,a,COG,5 万方\no2,a,TAR,5 万吨\no3,a,TAR,5 万方\n"
    hints = {one.row: one.hint.split(":")[0] for one in _errors(check(_put(tmp_path, offers=rows))[1])}
    assert hints == {2: "write 50", 3: "write 50000", 4: "write how much it is in t"}


@pytest.mark.parametrize("code", ["9.11411E+17", "9.11411e+17", "9,11E+17"])
def test_a_number_that_a_spreadsheet_shortened_is_named_so(code: str, tmp_path: Path) -> None:
    text = f'enterprise\n"{code}"\nA\nB\n'
    error = _errors(check(_put(tmp_path, enterprises=text))[1])[0]
    assert error.code == "id_number"
    assert "as text" in error.hint
    assert "文本" in error.hint_zh


@pytest.mark.parametrize("header", ["price (CNY/t)", "Price [元]", "出厂最低价（元/吨）", "price, CNY"])
def test_a_header_with_a_unit_is_no_column_of_nobody(header: str, tmp_path: Path) -> None:
    _, problems = check(_put(tmp_path, offers=TABLES["offers"].replace("price", f'"{header}"')))
    assert [(one.code, one.value) for one in _errors(problems)] == [("header_more", header)]


def _followed(hint: str, row: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the rows that a hint makes of a row, one for each way that it names."""
    unit = "unit" if key == "amount" else "price_unit"
    if key == "price_unit":
        ways = re.findall(r"(\S+/\S+) \(", hint)
        return [{**row, unit: way} for way in ways]
    found = re.fullmatch(r"(?:if it runs all the year, )?write (\S+) here and (\S+) as its unit", hint)
    if found:
        return [{**row, key: found[1], unit: found[2]}]
    found = re.fullmatch(r"write (\S+) here and as its unit (.+), whichever it is for", hint)
    if found:
        return [{**row, key: found[1], unit: way} for way in found[2].split(" or ")]
    found = re.match(r"write ([0-9][0-9.]*)", hint)
    return [{**row, key: found[1]}] if found else []


# cells of a row, the cell at fault, what is read where a hint is followed: amounts or prices in units of the dataset
FORMS: tuple[tuple[dict[str, str], str, tuple[str, ...]], ...] = (
    ({"amount": "6000 万Nm3"}, "amount", ("60000",)),
    ({"amount": "6000万方"}, "amount", ("60000",)),
    ({"amount": "6000 万Nm3", "unit": "万Nm3"}, "amount", ("60000",)),
    ({"amount": "6万"}, "amount", ("60000",)),
    ({"amount": "6000万", "unit": "万Nm3"}, "amount", ("60000",)),
    ({"amount": "6千", "unit": "万Nm3"}, "amount", ("60000",)),
    ({"amount": "6000 kNm3/h"}, "amount", ("52560000",)),
    ({"amount": "60000 t"}, "amount", ()),
    ({"price": "0.95元", "price_unit": ""}, "price", ("950", "0.95")),
    ({"price": "950元"}, "price", ("950",)),
    ({"price": "950元", "price_unit": ""}, "price", ("950000", "950")),
    ({"price": "0.95元/Nm3", "price_unit": ""}, "price", ("950",)),
    ({"price": "9500", "price_unit": "元", "unit": "万Nm3", "amount": "6000"}, "price_unit", ("950", "9500")),
    ({"price": "0.95", "price_unit": "万元", "unit": "万Nm3", "amount": "6000"}, "price_unit", ("950", "9500")),
    ({"price": "95%"}, "price", ()),
)


@pytest.mark.parametrize(("cells", "key", "values"), FORMS)
def test_hints_of_forms_are_right_when_followed(
    cells: dict[str, str], key: str, values: tuple[str, ...], declared: tuple[Store, int]
) -> None:
    row = {**HEAT, **cells}

    def told(one: dict[str, Any]) -> Judged:
        return judged(declared, as_csv(({**one, "checked": "是"},)), "csv")

    errors = _errors(told(row).problems)
    assert [one.column for one in errors] == [key]
    assert errors[0].hint_zh
    rows = _followed(errors[0].hint, row, key)
    assert len(rows) == len(values)
    for one, value in zip(rows, values, strict=True):
        found = told(one)
        assert _errors(found.problems) == []
        [entry] = found.entries
        assert (entry.amount if key == "amount" else entry.price) == Decimal(value)


@pytest.mark.parametrize(
    ("unit", "amount"), [("万方", "6000"), ("方", "60000000"), ("千方", "60000"), ("亿方/年", "0.6")]
)
def test_cubic_metres_of_a_gas_are_at_normal_conditions(unit: str, amount: str, declared: tuple[Store, int]) -> None:
    found = judged(declared, as_csv(({**HEAT, "unit": unit, "amount": amount},)), "csv")
    assert _errors(found.problems) == []
    assert [entry.amount for entry in found.entries] == [60000]
    assert [one.column for one in found.problems] == (["unit"] if unit != "千方" else [])
    refused = judged(declared, as_csv(({**OFFER, "unit": unit, "amount": amount},)), "csv")
    assert refused.refused  # tar is counted in tons


def test_a_title_above_the_header_is_passed_over_and_said(declared: tuple[Store, int], tmp_path: Path) -> None:
    title = "我厂 2026 年需求申报表,,,,,,\n".encode()
    [said] = judged(declared, title + as_csv((HEAT,)), "csv").problems
    assert (said.code, said.severity, said.row) == ("title_rows", Severity.WARNING, 1)
    place = _put(tmp_path, offers="our offers\n\n" + TABLES["offers"].replace("30000", "x"))
    [error] = _errors(check(place)[1])
    assert (error.row, error.column) == (4, "quantity")


def test_a_program_s_price_has_one_basis_too(declared: tuple[Store, int]) -> None:
    row = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": 6000, "unit": "万Nm3", "price": 950}
    import json

    found = judged(declared, json.dumps([row]).encode(), "json")
    assert [one.code for one in _errors(found.problems)] == ["form_price_basis"]
    plain = json.dumps([{**row, "amount": 60000, "unit": "kNm3"}]).encode()
    assert judged(declared, plain, "json").problems == ()


@pytest.mark.parametrize("quantity", ["1e-9", "9.9e-9", "1e-8", "0.5"])
def test_what_has_to_be_met_is_large_enough_to_be_told(quantity: str, tmp_path: Path) -> None:
    offers = f"offer,site,commodity,quantity,must_clear\no1,a,COG,{quantity},true\no2,a,COG,{quantity},false\n"
    needs = f"need,site,commodity,quantity,price,required\nn1,a,TAR,{quantity},5,true\n"
    place = _put(
        tmp_path, offers=offers, needs=needs, commodities="commodity,unit,disposal_cost\nCOG,kNm3,1\nTAR,t,1\n"
    )
    found = [(one.table, one.row, one.column) for one in _errors(check(place)[1])]
    assert found == ([("offers", 2, "quantity"), ("needs", 2, "quantity")] if float(quantity) < 1e-8 else [])
