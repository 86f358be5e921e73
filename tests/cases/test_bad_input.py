"""The catalogue of bad input, as far as folders of CSV tables go: each by its number, refused or accepted whole."""

from __future__ import annotations

import codecs
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from books import book
from catalogue import cases, covers
from roots import ROOT

from synergy.dataset.read import check, read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.errors import SHOWN, LoopError, Problem, Severity
from synergy.options import Options
from synergy.round import run

GOOD = {
    "enterprises": "enterprise,name_zh\nA,甲\nB,乙\n",
    "sites": "site,enterprise,latitude,longitude\na,A,37.0,111.0\nb,B,37.1,111.1\n",
    "commodities": "commodity,unit,phase,mass_t,disposal_cost\nCOG,kNm3,gas,0.46,1\nTAR,t,liquid,1,\n",
    "offers": "offer,site,commodity,quantity,price\no1,a,COG,100,400\n",
    "needs": "need,site,commodity,quantity,price\nn1,b,COG,50,600\n",
    "transport": "mode,commodity,max_km,cost_per_unit\npipe,COG,50,5\n",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One entry: what stands in which file instead, and what is said of it.

    Parameters
    ----------
    table : str
        Table that is changed, or file.
    content : str or bytes
        What stands there.
    column : str
        Column named by the fault; "" where it is not asked for.
    value : str
        What the fault has to show.
    """

    table: str
    content: str | bytes
    column: str = ""
    value: str = ""
    more: dict[str, str] = field(default_factory=dict)


def _files(case: Case) -> dict[str, bytes]:
    tables = {**GOOD, **case.more, case.table: case.content}
    named = {name if "." in name else f"{name}.csv": text for name, text in tables.items()}
    return {name: text if isinstance(text, bytes) else text.encode() for name, text in named.items()}


def _folder(place: Path, case: Case) -> Path:
    place.mkdir(exist_ok=True)
    for name, data in _files(case).items():
        (place / name).write_bytes(data)
    return place


def _zip(place: Path, case: Case) -> Path:
    packed = place / "packed.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _files(case).items():
            archive.writestr(f"inner/{name}", data)
    return packed


def _book(place: Path, case: Case) -> Path:
    """Write the tables of a case as the sheets of a workbook."""
    return book(
        place / "book.xlsx", {name: str(text) for name, text in {**GOOD, **case.more, case.table: case.content}.items()}
    )


def _by_sheet(cases: dict[str, Case]) -> list[str]:
    """Return the cases that can stand in cells: texts without quotes that are faults themselves, tables alone."""
    ways = {
        "01",
        "03",
        "04",
        "05",
        "07",
        "08",
        "09",
        "10",
        "11",
        "12",
        "13",
        "18",
        "46",
        "47",
        "48 wrong kind of setting",
    }
    return [name for name in cases if name[:2] not in ways and name not in ways]


Placed = Callable[[Path, Case], Path]


def _offers(*rows: str) -> str:
    return "offer,site,commodity,quantity,price\n" + "".join(f"{row}\n" for row in rows)


def _noise(size: int) -> str:
    """Return a text that no archive can pack to almost nothing."""
    return random.Random(size).randbytes(size // 2).hex()


def _amount(text: str) -> Case:
    return Case("offers", _offers(f'o1,a,COG,"{text}",400'), "quantity", text)


ACCEPTED: dict[str, Case] = {
    "02 header only": Case("offers", _offers()),
    "03 byte order mark": Case("offers", codecs.BOM_UTF8 + _offers("o1,a,COG,100,400").encode()),
    "04 GB18030": Case("enterprises", "enterprise,name_zh\nA,甲焦化\nB,乙\n".encode("gb18030")),
    "05 UTF-16 with tabs": Case("offers", _offers("o1,a,COG,100,400").replace(",", "\t").encode("utf-16")),
    "10 mixed line ends": Case("offers", "offer,site,commodity,quantity,price\r\no1,a,COG,100,400\ro2,a,COG,5,1\n"),
    "11 semicolons": Case("offers", _offers("o1,a,COG,100,400").replace(",", ";")),
    "29 groups of three": Case("offers", _offers('o1,a,COG,"1,234",400')),
    "39 negative zero": Case("offers", _offers("o1,a,COG,-0,400")),
    "11 TABs": Case("offers", _offers("o1,a,COG,100,400").replace(",", "\t")),
    "26 number as text": Case("offers", _offers('o1,a,COG,"100","400"')),
    "45 a dataset sent again": Case("offers", _offers("o1,a,COG,100,400")),
    "55 nothing lies between ends in one site": Case(
        "needs", "need,site,commodity,quantity,price\nn1,a,COG,50,600\nn2,b,COG,5,1\n"
    ),
    "65 odd text is data": Case("enterprises", "enterprise,name_zh\nA,\"=cmd|' /C calc'!A0\"\nB,<script>\n"),
}
REFUSED: dict[str, Case] = {
    "09 UTF-16 with a zero character": Case("offers", (_offers("o1,a,COG,1,2") + "\0").encode("utf-16")),
    "13 a field of 140 kB": Case("enterprises", f"enterprise,name_zh\nA,{'x' * 140_000}\nB,b\n"),
    "15 sixteen thousand columns": Case(
        "enterprises", ",".join(["enterprise", *(f"c{k}" for k in range(16_000))]) + "\nA\n"
    ),
    "18 a workbook under another name": Case("offers", b"PK\x03\x04rest of a workbook"),
    "22 an error of a spreadsheet": _amount("#DIV/0!"),
    "21 a formula": _amount("=A1*2"),
    "29 groups of two": _amount("1,23,4"),
    "39 too near to zero": _amount("1e-320"),
    "40 four thousand digits": Case("offers", _offers(f"o1,a,COG,{'1' * 4000},400"), "quantity", "111"),
    "41 low above high": Case(
        "markets", "market,commodity,side,price,price_low,price_high\nm,COG,sell,5,9,3\n", "price", "5"
    ),
    "46 a name twice in a document": Case("datapackage.json", '{"name": "a", "name": "b"}'),
    "47 a document nested endlessly": Case("datapackage.json", '{"synergy": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    "47 a number of endless digits": Case("datapackage.json", '{"synergy": {"carbon_price": ' + "9" * 5000 + "}}"),
    "47 a text of ten megabytes": Case("enterprises", f"enterprise,name_zh\nA,{_noise(10_000_000)}\nB,b\n"),
    "48 wrong kind of setting": Case("datapackage.json", '{"synergy": {"carbon_price": "much"}}'),
    "51 another way to write gas": Case("offers", _offers("o1,a,煤氣,100,400"), "commodity", "煤氣"),
    "53 another's id": Case("offers", _offers("o1,c,COG,100,400"), "site", "c"),
    "01 empty file": Case("sites", b""),
    "06 mojibake": Case("enterprises", "enterprise,name_zh\nA,Ã§â€�²Ã¤Â¹\ufffd\nB,b\n"),
    "07 mixed encodings": Case(
        "enterprises", "enterprise,name_zh\nA,甲\n".encode() + "B,乙焦\n".encode("gb18030") + b"\xff\n"
    ),
    "08 cut at its end": Case("enterprises", "enterprise,name_zh\nA,甲\nB,乙".encode()[:-1]),
    "09 a zero byte": Case("offers", _offers("o1,a,COG,1\0,400")),
    "12 open quote": Case("offers", _offers('o1,a,"COG,100,400')),
    "30 decimal comma": _amount("1,5"),
    "31 number in words": _amount("5万"),
    "38 negative quantity": _amount("-5"),
    "40 not a number": _amount("NaN"),
    "40 infinite": _amount("inf"),
    "40 too large": _amount("1e400"),
    "40 underscores": _amount("1_000"),
    "41 least above most": Case("processes", "process,buildable,min_capacity,max_capacity\nmake,true,90,10\n", "", ""),
    "44 same key, other values": Case("offers", _offers("o1,a,COG,100,400", "o1,a,COG,200,400"), "offer", "o1"),
    "48 wrong kind": Case(
        "offers", "offer,site,commodity,quantity,must_clear\no1,a,COG,1,perhaps\n", "must_clear", "perhaps"
    ),
    "49 unknown commodity": Case("offers", _offers("o1,a,COGG,100,400"), "commodity", "COGG"),
    "49 a synonym": Case("offers", _offers("o1,a,焦炉煤气,100,400"), "commodity", "焦炉煤气"),
    "50 look-alikes": Case("offers", _offers("o1,a,СOG,100,400"), "commodity"),
    "52 other case": Case("offers", _offers("o1,a,cog,100,400"), "commodity", "cog"),
    "52 full width": Case("offers", _offers("o1,a,ＣＯＧ,100,400"), "commodity"),
    "54 impossible latitude": Case(
        "sites", "site,enterprise,latitude,longitude\na,A,200,111\nb,B,37,111\n", "latitude", "200"
    ),
    "27 an id of blanks": Case("offers", _offers("  ,a,COG,100,400"), "offer", ""),
    "27 a reference of invisible blanks": Case("offers", _offers("o1,\u200b,COG,100,400"), "site", ""),
    "27 a quantity of ideographic blanks": Case("offers", _offers("o1,a,COG,\u3000,400"), "quantity", ""),
    "59 impossible limit": Case("limits", "holder,commodity,property,minimum,maximum\nn1,COG,h2s,5,2\n", "", ""),
}
WARNED: dict[str, Case] = {
    "27 blanks in codes": Case("offers", _offers("o1,a\u00a0,COG,100,400")),
    "42 zero quantity": Case("offers", _offers("o1,a,COG,0,400")),
    "43 the same row twice": Case("offers", _offers("o1,a,COG,100,400", "o1,a,COG,100,400")),
    "54 coordinates of zero": Case("sites", "site,enterprise,latitude,longitude\na,A,0,0\nb,B,37,111\n"),
    "28 full-width digits": Case("offers", _offers("o1,a,COG,１００,400")),
    "42 zero capacity": Case(
        "facilities",
        "facility,site,process,capacity\nf,a,make,0\n",
        more={"processes": "process\nmake\n", "recipes": "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,0.1\n"},
    ),
    "54 swapped coordinates": Case(
        "sites", "site,enterprise,latitude,longitude\na,A,37,111\nb,B,37.1,111.1\nc,A,37,111.2\nd,A,11,37\n"
    ),
    "55 two sites in one place": Case("sites", "site,enterprise,latitude,longitude\na,A,37,111\nb,B,37,111\n"),
    "61 tiny beside huge": Case(
        "recipes",
        "process,commodity,coefficient\nmake,COG,-1e9\nmake,TAR,1e-7\n",
        more={"processes": "process\nmake\n"},
    ),
    "56 energy from nothing": Case(
        "commodities",
        "commodity,unit,energy_gj\nCOG,kNm3,17\nTAR,t,37\n",
        more={"processes": "process\nmake\n", "recipes": "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,1\n"},
    ),
    "56 mass from nothing": Case(
        "recipes", "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,9\n", more={"processes": "process\nmake\n"}
    ),
}


cases(ACCEPTED, "csv")
cases(REFUSED, "csv")
cases(WARNED, "csv")
for _cases in (ACCEPTED, REFUSED, WARNED):
    cases(_by_sheet(_cases), "xlsx")
cases([name for name in REFUSED if name[:2] in ("46", "47", "48")], "json")


def _errors(problems: tuple[Problem, ...]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def _kept(name: str, dataset: Dataset) -> bool:
    checks: dict[str, Callable[[], bool]] = {
        "02 header only": lambda: len(dataset["offers"]) == 0,
        "04 GB18030": lambda: dataset["enterprises"]["name_zh"].iloc[0] == "甲焦化",
        "10 mixed line ends": lambda: len(dataset["offers"]) == 2,
        "29 groups of three": lambda: dataset["offers"]["quantity"].iloc[0] == 1234,
        "65 odd text is data": lambda: dataset["enterprises"]["name_zh"].iloc[1] == "<script>",
    }
    return checks.get(name, lambda: len(dataset["offers"]) == 1)()


def _placed(cases: dict[str, Case]) -> list[object]:
    """Return the cases with the ways in which they are placed."""
    ways = [("folder", _folder, [*cases]), ("zip", _zip, [*cases]), ("xlsx", _book, _by_sheet(cases))]
    return [pytest.param(name, way, id=f"{kind}-{name}") for kind, way, names in ways for name in names]


@pytest.mark.parametrize(("name", "placed"), _placed(ACCEPTED))
def test_accepted(name: str, placed: Placed, tmp_path: Path) -> None:
    dataset, problems = check(placed(tmp_path, ACCEPTED[name]))
    assert _errors(problems) == []
    assert dataset is not None
    assert _kept(name, dataset)


@pytest.mark.parametrize(("name", "placed"), _placed(REFUSED))
def test_refused(name: str, placed: Placed, tmp_path: Path) -> None:
    case = REFUSED[name]
    dataset, problems = check(placed(tmp_path, case))
    errors = _errors(problems)
    assert dataset is None
    assert errors
    assert any(error.table.startswith(case.table.partition(".")[0]) for error in errors)
    assert all(error.message and error.message_zh for error in errors)
    assert all(len(error.value) <= 60 and error.value.isprintable() for error in errors)
    if case.column:
        hits = [error for error in errors if error.column == case.column and case.value in error.value]
        assert hits
        assert all(error.row in {2, 3} for error in hits)
        assert all(error.message and error.message_zh for error in hits)


@pytest.mark.parametrize(("name", "placed"), _placed(WARNED))
def test_accepted_with_a_warning(name: str, placed: Placed, tmp_path: Path) -> None:
    case = WARNED[name]
    dataset, problems = check(placed(tmp_path, case))
    assert dataset is not None
    assert _errors(problems) == []
    assert problems


COKING = "make,COAL,-1.4\nmake,RIGHT,-1\nmake,ELEC,-0.05\nmake,COKE,{coke}\n"


@pytest.mark.parametrize(
    ("goods", "coke", "told"),
    [  # power, heat and rights weigh nothing, and a right holds no energy, where they state none
        ({}, 1.2, []),
        ({}, 1.54, [("makes_mass", "make"), ("makes_energy", "make")]),
        ({"COAL": ",26"}, 1.2, [("unbalanced", "COAL")]),
        ({"COKE": ",28"}, 1.2, [("unbalanced", "COKE")]),
        ({"COAL": "1,", "COKE": ","}, 1.2, [("unbalanced", "COKE"), ("unbalanced", "COAL"), ("unbalanced", "COKE")]),
        ({"ASH": ","}, 1.54, [("makes_mass", "make"), ("makes_energy", "make")]),  # what is stated is too much already
        ({"COAL": ",26", "COKE": ",28"}, 1.2, [("nothing_stated", "")]),
        ({"COAL": ",", "COKE": ",", "ELEC": ","}, 1.2, [("nothing_stated", ""), ("nothing_stated", "")]),
    ],
)
def test_56_recipes_are_balanced_or_it_is_said_why_not(
    goods: dict[str, str], coke: float, told: list[tuple[str, str]], tmp_path: Path
) -> None:
    stated = {"COAL": "1,26", "COKE": "1,28", "ELEC": ",3.6", "RIGHT": ",", **goods}
    phases = {"ELEC": "power", "RIGHT": "right"}
    rows = [f"{name},t,{phases.get(name, 'solid')},{figures}" for name, figures in stated.items()]
    made = COKING.format(coke=coke) + ("make,ASH,0.1\n" if "ASH" in goods else "")
    tables = {
        "enterprises": "enterprise\nA\n",
        "sites": "site,enterprise\na,A\n",
        "commodities": "\n".join(["commodity,unit,phase,mass_t,energy_gj", *rows]) + "\n",
        "processes": "process\nmake\nagain\n",
        "recipes": "process,commodity,coefficient\n" + made + made.replace("make", "again"),
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    dataset, problems = check(tmp_path)
    assert dataset is not None
    found = [(problem.code, problem.value) for problem in problems if problem.value != "again"]
    assert found == told
    if ("unbalanced", "COAL") in told:
        said = next(problem for problem in problems if problem.value == "COAL")
        assert "again, make" in said.message
        assert "again, make" in said.message_zh


@pytest.mark.parametrize(
    ("table", "row", "code"),
    [
        ("limits", "n1,COG,ash,,", "no_effect_limit"),
        ("limits", "o1,COG,ash,1,2", "no_effect_holder"),
        ("limits", "bought,COG,ash,1,2", "no_effect_holder"),
        ("qualities", "n1,COG,ash,1", "no_effect_holder"),
        ("qualities", "sold,COG,ash,1", "no_effect_holder"),
    ],
)
def test_rows_on_quality_without_effect_are_told_and_change_nothing(
    table: str, row: str, code: str, tmp_path: Path
) -> None:
    heads = {"limits": "holder,commodity,property,minimum,maximum", "qualities": "holder,commodity,property,value"}
    markets = "market,commodity,side,price\nbought,COG,buy,900\nsold,COG,sell,100\n"
    plain = read(_folder(tmp_path / "plain", Case("markets", markets)))
    case = Case(table, f"{heads[table]}\n{row}\n", more={"markets": markets})
    dataset, problems = check(_folder(tmp_path / "more", case))
    assert [(problem.code, problem.severity, problem.row) for problem in problems] == [(code, Severity.WARNING, 2)]
    assert dataset is not None
    found = [match(one, Options(settlement="none")).plan for one in (plain, dataset)]
    assert [plan is not None and plan.value for plan in found] == [10000 - 250, 10000 - 250]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("COGG", "COG"), ("cog", "COG"), ("ＣＯＧ", "COG"), ("СOG", "COG"), ("焦炉煤气", "COG"), ("焦爐煤氣", "COG")],
)
def test_49_to_52_near_names_are_offered(written: str, meant: str, tmp_path: Path) -> None:
    goods = GOOD["commodities"].replace("commodity,", "commodity,name_zh,").replace("COG,", "COG,焦炉煤气,")
    more = {"commodities": goods.replace("TAR,", "TAR,煤焦油,")}
    dataset, problems = check(_folder(tmp_path, Case("offers", _offers(f"o1,a,{written},100,400"), more=more)))
    assert dataset is None
    found = [problem for problem in _errors(problems) if problem.column == "commodity"]
    assert found
    assert any(meant in problem.hint and meant in problem.hint_zh for problem in found)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    case = Case("offers", _offers("o1,nowhere,COG,-1,400", "o2,a,nothing,x,400"))
    _, problems = check(_folder(tmp_path, case))
    assert {(error.row, error.column) for error in _errors(problems)} >= {
        (2, "site"),
        (2, "quantity"),
        (3, "commodity"),
        (3, "quantity"),
    }


@covers(57, "csv", "xlsx")
@pytest.mark.parametrize("placed", [_folder, _book], ids=["csv", "xlsx"])
def test_57_free_lunch_is_named(placed: Placed, tmp_path: Path) -> None:
    recipes = "process,commodity,coefficient\nup,COG,-1\nup,TAR,1.1\ndown,TAR,-1\ndown,COG,1\n"
    case = Case("recipes", recipes, more={"processes": "process\nup\ndown\n"})
    with pytest.raises(LoopError, match=r"up.*down|down.*up"):
        read(placed(tmp_path, case))


@covers(58, "csv", "xlsx")
@pytest.mark.parametrize("placed", [_folder, _book], ids=["csv", "xlsx"])
def test_58_money_without_end_is_named(placed: Placed, tmp_path: Path) -> None:
    more = {
        "processes": "process,buildable\nmake,true\n",
        "markets": "market,commodity,side,price\nm1,COG,buy,100\nm2,TAR,sell,500\n",
    }
    recipes = "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,1\n"
    with pytest.raises(LoopError, match="make"):
        read(placed(tmp_path, Case("recipes", recipes, more=more)))


@covers(16, "csv")
def test_16_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sites.csv", b"0" * 600_000_000)
    dataset, problems = check(bomb)
    assert dataset is None
    assert _errors(problems)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("name", ["sites.csv", "xl/workbook.xml"])
def test_16_what_would_unpack_at_once_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: int, name: str
) -> None:
    bomb = tmp_path / ("bomb.zip" if name.endswith(".csv") else "bomb.xlsx")
    with zipfile.ZipFile(bomb, "w", method) as archive:
        archive.writestr(name, b"0" * 1000)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_given: pytest.fail("unpacked"))
    dataset, problems = check(bomb)
    assert dataset is None
    assert [one.code for one in problems] == ["zip_packed"]


def test_a_header_longer_than_any_cell_is_refused_in_words(tmp_path: Path) -> None:
    wide = ",".join(["site", "enterprise", *(f"column_of_no_use_{number}" for number in range(9000))])
    place = tmp_path / "sites.csv"
    place.write_text(f"{wide}\na,A{',' * 9000}\n", "utf-8")
    _, problems = check(tmp_path)
    assert [one.code for one in problems if one.table == "sites"] == ["too_many_columns"]
    place.write_text("a" * 200_000 + "\n", "utf-8")
    _, problems = check(tmp_path)
    assert [one.code for one in problems if one.table == "sites"] == ["long_cell"]


def test_a_zip_of_a_folder_is_read(tmp_path: Path) -> None:
    packed = tmp_path / "good.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for table, text in GOOD.items():
            archive.writestr(f"good/{table}.csv", text)
    assert len(read(packed)["offers"]) == 1


_MEASURED = """
import sys
peak = lambda: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
if sys.argv[1] == "pandas":
    import pandas as pd
    work = lambda: pd.read_csv(sys.argv[2] + "/links.csv")
else:
    from synergy.dataset.read import read
    work = lambda: read(sys.argv[2])
memory = peak()
work()
print(peak() - memory)
"""


@covers(14, "csv")
def test_14_a_million_rows_take_bounded_memory(tmp_path: Path) -> None:
    """A small multiple of what `pandas.read_csv` takes for the same rows (`synergy bench links` has the figures)."""
    sites = [f"S{number}" for number in range(1001)]
    (tmp_path / "enterprises.csv").write_text("enterprise\nA\n", encoding="utf-8")
    (tmp_path / "commodities.csv").write_text("commodity,unit\nx,t\n", encoding="utf-8")
    rows = "".join(f"{site},A\n" for site in sites)
    (tmp_path / "sites.csv").write_text(f"site,enterprise\n{rows}", encoding="utf-8")
    with (tmp_path / "links.csv").open("w", encoding="utf-8") as file:
        file.write("from_site,to_site,commodity,mode,km\n")
        for one in sites:
            file.writelines(f"{one},{other},x,truck,7.5\n" for other in sites if other != one)
    took = {}
    for who in ("pandas", "synergy"):
        command = [sys.executable, "-c", _MEASURED, who, str(tmp_path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        took[who] = float(done.stdout)
    assert took["synergy"] <= 4 * took["pandas"]


MARKET = {
    "enterprises": "enterprise\nA\nB\nC\n",
    "sites": "site,enterprise\na,A\nb,B\nc,C\n",
    "commodities": "commodity,unit\nx,t\n",
    "links": "from_site,to_site,commodity,mode,cost_per_unit\na,c,x,road,{near}\nb,c,x,road,{far}\n",
}


def _market(place: Path, near: float, far: float, **tables: str) -> Dataset:
    for name, text in {**MARKET, **tables}.items():
        (place / f"{name}.csv").write_text(text.format(near=near, far=far), encoding="utf-8")
    return read(place)


@covers(60, "run")
def test_60_a_need_nobody_can_meet_names_the_conflict_and_nothing_of_rivals(tmp_path: Path) -> None:
    offers = "offer,site,commodity,quantity,price\no1,a,x,5,77.77\no2,b,x,4,1234.5\n"
    needs = "need,site,commodity,quantity,required\nn1,c,x,50,true\n"
    outcome = match(_market(tmp_path, 31.37, 41.73, offers=offers, needs=needs))
    assert (outcome.status, outcome.plan) == ("infeasible", None)
    assert {cause["subject"] for cause in outcome.diagnosis} == {"n1", "o1", "o2"}
    said = str(outcome.diagnosis)
    assert not any(secret in said for secret in ("77.77", "1234.5", "31.37", "41.73"))


@covers(61, "run")
def test_61_tiny_beside_huge_is_checked_without_rounding(tmp_path: Path) -> None:
    """One solver said "optimal 0" to such coefficients; the value is 100."""
    tables = {
        "processes": "process\nmake\n",
        "recipes": "process,commodity,coefficient\nmake,x,-1e9\nmake,y,1e-7\n",
        "facilities": "facility,site,process,capacity\nf,a,make,1\n",
        "markets": "market,commodity,side,price\nm,y,sell,1e9\n",
        "offers": "offer,site,commodity,quantity\no1,a,x,1e9\n",
        "commodities": "commodity,unit\nx,t\ny,t\n",
    }
    dataset = _market(tmp_path, 1, 1, **tables)
    assert any(problem.code == "wide_range" for problem in dataset.warnings)
    plan = run(dataset, Options(settlement="standalone")).plan  # verified before it leaves
    assert plan is not None
    assert plan.value == pytest.approx(100.0, rel=1e-9)
    assert plan.proof["duals"]  # and its bound is proven in whole numbers
    assert plan.bound == pytest.approx(100.0, rel=1e-9)


@covers(62, "run")
@pytest.mark.parametrize(
    ("least", "solver"), [("1e9", "OR-Tools min-cost flow"), ("1e-6", "HiGHS simplex")], ids=["scaled", "an LP"]
)
def test_62_cost_times_capacity_beyond_integers(least: str, solver: str, tmp_path: Path) -> None:
    """4e9 units at 4e9 are over 2^62: scaled where that loses nothing, else an LP, as the plan says."""
    offers = f"offer,site,commodity,quantity,price\no1,a,x,{least},1\no2,b,x,4e9,2\n"
    needs = "need,site,commodity,quantity,price\nn1,c,x,5e9,4e9\n"
    plan = run(_market(tmp_path, 4e9, 3.9e9, offers=offers, needs=needs)).plan
    assert plan is not None
    assert plan.solver["name"] == solver
    assert plan.value == pytest.approx((1e8 - 2) * 4e9, rel=1e-9)


@covers(63, "run")
def test_63_ties_are_broken_the_same_way(tmp_path: Path) -> None:
    offers = "offer,site,commodity,quantity,price\no1,a,x,5,10\no2,b,x,5,10\n"
    needs = "need,site,commodity,quantity,price\nn1,c,x,5,30\n"
    dataset = _market(tmp_path, 1, 1, offers=offers, needs=needs)
    first, *others = [run(dataset, Options(workers=workers)).plan for workers in (1, 1, 2)]
    assert first is not None
    for other in others:
        assert other is not None
        pd.testing.assert_frame_equal(first.decisions.flows, other.decisions.flows)
        assert first.proposals == other.proposals


@covers(64, "run")
def test_64_ten_thousand_identical_firms(tmp_path: Path) -> None:
    firms = [f"F{number}" for number in range(10_000)]
    tables = {
        "enterprises": "enterprise\n" + "".join(f"{firm}\n" for firm in firms),
        "sites": "site,enterprise,latitude,longitude\n" + "".join(f"{firm},{firm},37,111\n" for firm in firms),
        "commodities": "commodity,unit\nx,t\n",
        "offers": "offer,site,commodity,quantity,price\n" + "".join(f"o{firm},{firm},x,5,1\n" for firm in firms),
        "needs": "need,site,commodity,quantity,price\n" + "".join(f"n{firm},{firm},x,5,3\n" for firm in firms),
    }
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    dataset, problems = check(tmp_path)
    assert dataset is not None
    assert len(problems) <= 2 * SHOWN  # the same fault many times is counted, not told many times
    plan = match(dataset, Options(settlement="none")).plan
    assert plan is not None
    assert plan.value == pytest.approx(10_000 * 5 * 2)
    assert len(plan.decisions.flows) == 10_000
