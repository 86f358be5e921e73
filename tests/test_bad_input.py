"""The catalogue of bad input, as far as folders of CSV tables go: each by its number, refused or accepted whole."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from synergy.dataset.dataset import Dataset
from synergy.dataset.read import check, read
from synergy.errors import LoopError, Problem, Severity

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
        Table that is changed.
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


def _folder(place: Path, case: Case) -> Path:
    for table, text in {**GOOD, **case.more}.items():
        (place / f"{table}.csv").write_text(text, encoding="utf-8")
    data = case.content if isinstance(case.content, bytes) else case.content.encode()
    (place / f"{case.table}.csv").write_bytes(data)
    return place


def _offers(*rows: str) -> str:
    return "offer,site,commodity,quantity,price\n" + "".join(f"{row}\n" for row in rows)


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
    "65 odd text is data": Case("enterprises", "enterprise,name_zh\nA,\"=cmd|' /C calc'!A0\"\nB,<script>\n"),
}
REFUSED: dict[str, Case] = {
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
    "59 impossible limit": Case("limits", "holder,commodity,property,minimum,maximum\nn1,COG,h2s,5,2\n", "", ""),
}
WARNED: dict[str, Case] = {
    "27 blanks in codes": Case("offers", _offers("o1,a\u00a0,COG,100,400")),
    "42 zero quantity": Case("offers", _offers("o1,a,COG,0,400")),
    "43 the same row twice": Case("offers", _offers("o1,a,COG,100,400", "o1,a,COG,100,400")),
    "54 swapped coordinates": Case("sites", "site,enterprise,latitude,longitude\na,A,0,0\nb,B,37,111\n"),
    "56 mass from nothing": Case(
        "recipes", "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,9\n", more={"processes": "process\nmake\n"}
    ),
}


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


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str, tmp_path: Path) -> None:
    dataset, problems = check(_folder(tmp_path, ACCEPTED[name]))
    assert _errors(problems) == []
    assert dataset is not None
    assert _kept(name, dataset)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    case = REFUSED[name]
    dataset, problems = check(_folder(tmp_path, case))
    errors = _errors(problems)
    assert dataset is None
    assert errors
    assert any(error.table.startswith(case.table) for error in errors)
    if case.column:
        hits = [error for error in errors if error.column == case.column and case.value in error.value]
        assert hits
        assert all(error.row in {2, 3} for error in hits)
        assert all(error.message and error.message_zh for error in hits)


@pytest.mark.parametrize("name", WARNED)
def test_accepted_with_a_warning(name: str, tmp_path: Path) -> None:
    case = WARNED[name]
    dataset, problems = check(_folder(tmp_path, case))
    assert dataset is not None
    assert _errors(problems) == []
    assert problems


def test_49_near_names_are_offered(tmp_path: Path) -> None:
    _, problems = check(_folder(tmp_path, REFUSED["49 unknown commodity"]))
    assert any("COG" in problem.hint for problem in problems)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    case = Case("offers", _offers("o1,nowhere,COG,-1,400", "o2,a,nothing,x,400"))
    _, problems = check(_folder(tmp_path, case))
    assert {(error.row, error.column) for error in _errors(problems)} >= {
        (2, "site"),
        (2, "quantity"),
        (3, "commodity"),
        (3, "quantity"),
    }


def test_57_free_lunch_is_named(tmp_path: Path) -> None:
    recipes = "process,commodity,coefficient\nup,COG,-1\nup,TAR,1.1\ndown,TAR,-1\ndown,COG,1\n"
    case = Case("recipes", recipes, more={"processes": "process\nup\ndown\n"})
    with pytest.raises(LoopError, match=r"up.*down|down.*up"):
        read(_folder(tmp_path, case))


def test_58_money_without_end_is_named(tmp_path: Path) -> None:
    more = {
        "processes": "process,buildable\nmake,true\n",
        "markets": "market,commodity,side,price\nm1,COG,buy,100\nm2,TAR,sell,500\n",
    }
    recipes = "process,commodity,coefficient\nmake,COG,-1\nmake,TAR,1\n"
    with pytest.raises(LoopError, match="make"):
        read(_folder(tmp_path, Case("recipes", recipes, more=more)))


def test_16_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sites.csv", b"0" * 600_000_000)
    dataset, problems = check(bomb)
    assert dataset is None
    assert _errors(problems)


def test_a_zip_of_a_folder_is_read(tmp_path: Path) -> None:
    packed = tmp_path / "good.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for table, text in GOOD.items():
            archive.writestr(f"good/{table}.csv", text)
    assert len(read(packed)["offers"]) == 1
