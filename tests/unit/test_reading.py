"""Files and data packages as people make them: read with what they say, or refused by name, never passed over."""

from __future__ import annotations

import codecs
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from roots import ROOT
from synergy.web.api.validation import document

from synergy.dataset.described import load_plain
from synergy.dataset.findings import Findings
from synergy.dataset.read import check, read
from synergy.dataset.schema import TABLES
from synergy.dataset.settings import load_scenario
from synergy.dataset.sheet import Dataset
from synergy.dataset.typed import TABLE_NAMES, headers, looked, title
from synergy.errors import DatasetError, Problem, Severity
from synergy.forms.reading import ending_of
from synergy.records.files import read_record
from synergy.store.datasets import read_upload

HEAD = "offer,site,commodity,quantity,price,must_clear"
ROW = "o1,a,COG,1234.5,400,true"
GOOD = {
    "enterprises.csv": "enterprise,name_zh\nA,甲\nB,乙\n",
    "sites.csv": "site,enterprise\na,A\nb,B\n",
    "commodities.csv": "commodity,unit,disposal_cost\nCOG,kNm3,1\n",
    "needs.csv": "need,site,commodity,quantity,price\nn1,b,COG,50,600\n",
    "links.csv": "from_site,to_site,commodity,mode\na,b,COG,pipe\n",
}
OFFERS = f"{HEAD}\n{ROW}\n"


def _put(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, text in {**GOOD, **files}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def _zip(folder: Path, place: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(place, "w") as archive:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                archive.write(one, f"{inside}{one.relative_to(folder).as_posix()}")
    return place


def _offer(dataset: Dataset) -> tuple[Any, ...]:
    [row] = dataset["offers"].itertuples(index=False)
    return row.offer, row.site, row.commodity, row.quantity, row.price, row.must_clear


READ = ("o1", "a", "COG", 1234.5, 400.0, True)


def _errors(problems: tuple[Problem, ...]) -> list[Problem]:
    return [one for one in problems if one.severity is Severity.ERROR]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "name",
    ["offers.csv.txt", "offers.txt", "Offers.csv", "offers.CSV", "OFFERS.TXT", "offer.csv", "供给.csv", "供给.txt"],
)
def test_a_file_called_after_a_table_is_read(name: str, packed: bool, tmp_path: Path) -> None:
    folder = _put(tmp_path / "set", {name: OFFERS})
    dataset, problems = check(_zip(folder, tmp_path / "set.zip", "inner/") if packed else folder)
    assert dataset is not None
    assert problems == ()
    assert _offer(dataset) == READ


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_found_by_its_names(table: str) -> None:
    for name in (table, title(table, "en"), title(table, "zh"), table.upper(), table.replace("_", "-"), f" {table} "):
        assert TABLE_NAMES[looked(name)] == table
    for name in headers(table).values():
        assert headers(table)[looked(name)] == name  # no label hides the id of a column


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("offers.xlsx", b"PK\x03\x04"),
        ("offers.csv.gz", b"\x1f\x8b"),
        ("offers.json", "[]"),
        ("供给.xls", b"\xd0\xcf\x11\xe0"),
        ("more/offers.csv", OFFERS),
        ("offers 2026.csv", OFFERS),
        ("我们的供给.csv", "供给,厂区,物料,数量\no1,a,COG,1\n"),
        ("export.txt", OFFERS.replace(",", "\t")),
        ("ofers.csv", "what?\n"),
        ("offers_2026.json", "[]"),
    ],
)
def test_what_is_meant_as_a_table_and_is_not_read_refuses_by_its_name(
    name: str, text: str | bytes, tmp_path: Path
) -> None:
    dataset, problems = check(_put(tmp_path, {name: text}))
    assert dataset is None
    [problem] = _errors(problems)
    assert problem.value == name
    assert "offers.csv" in problem.hint
    assert "offers.csv" in problem.hint_zh


def test_two_files_for_a_table_are_refused_and_both_named(tmp_path: Path) -> None:
    dataset, problems = check(_put(tmp_path, {"offers.csv": OFFERS, "Offer.csv": OFFERS}))
    assert dataset is None
    [problem] = _errors(problems)
    assert {problem.value} | {problem.message.rpartition(" ")[2]} == {"offers.csv", "Offer.csv"}


def test_no_file_is_taken_for_a_slip_of_its_own_name(tmp_path: Path) -> None:
    package = {"resources": [{"name": "offers", "path": "data/sold.csv"}]}
    files = {"datapackage.json": json.dumps(package), "data/sold.csv": OFFERS, "offers.csv": OFFERS, "notes.txt": "hm"}
    dataset, problems = check(_put(tmp_path, files))
    assert dataset is not None
    assert _offer(dataset) == READ
    [problem] = problems
    assert (problem.code, problem.value) == ("spare_file", "offers.csv")
    assert "did you mean" not in problem.line()
    assert "data/sold.csv" in problem.message


@pytest.mark.parametrize("inside", ["", "one/", "one/two/", "one/two/three/"])
def test_a_zip_may_hold_the_folder_of_a_folder(inside: str, tmp_path: Path) -> None:
    folder = _put(tmp_path / "set", {"offers.csv": OFFERS})
    packed = _zip(folder, tmp_path / "set.zip", inside)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("README.txt", "what this is")
    assert _offer(read(packed)) == READ
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("another/sites.csv", "site\nx\n")
    dataset, problems = check(packed)
    assert dataset is None or not inside
    assert not inside or "another" in problems[0].message


def test_a_folder_of_one_dataset_is_that_dataset(tmp_path: Path) -> None:
    _put(tmp_path / "outer" / "inner", {"offers.csv": OFFERS})
    assert _offer(read(tmp_path / "outer")) == READ


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_headers_are_read_as_a_workbook_has_them(lang: str, tmp_path: Path) -> None:
    heads = {"zh": "供给,厂区,物料,数量,价格,必须全部外运", "en": "Offer,SITE,commodity,Quantity,Price,Must clear"}
    assert _offer(read(_put(tmp_path, {"offers.csv": f"{heads[lang]}\n{ROW}\n"}))) == READ


def _package(offers: dict[str, Any]) -> str:
    return json.dumps({"name": "x", "resources": [{"name": "offers", **offers}]})


def _field(name: str, **more: Any) -> dict[str, Any]:
    return {"path": "offers.csv", "schema": {"fields": [{"name": name, **more}]}}


NUMBERS = {"decimalChar": ",", "groupChar": "."}
RECORD = dict(zip(HEAD.split(","), ["o1", "a", "COG", 1234.5, 400, True], strict=True))
FOLLOWED: dict[str, tuple[dict[str, Any], str | bytes]] = {
    "inline rows": ({"data": [RECORD]}, ""),
    "inline lists": ({"data": [list(RECORD), list(RECORD.values())]}, ""),
    "inline text": ({"data": OFFERS}, ""),
    "inline rows with signs": ({"data": [RECORD], "schema": {"fields": [{"name": "quantity", **NUMBERS}]}}, ""),
    "a slip in the name, the file is plain": ({"name": "ofers", "path": "offers.csv"}, OFFERS),
    "one path in a list": ({"path": ["offers.csv"]}, OFFERS),
    "another name": ({"name": "Offer", "path": "data/x.csv"}, OFFERS),
    "signs of numbers": (_field("quantity", **NUMBERS), OFFERS.replace("1234.5", '"1.234,5"')),
    "a sign between groups": (_field("quantity", groupChar=" "), OFFERS.replace("1234.5", "1 234.5")),
    "words for yes": (_field("must_clear", trueValues=["ja"], falseValues=["nein"]), OFFERS.replace("true", "ja")),
    "missing values": (
        {"path": "offers.csv", "schema": {"missingValues": ["", "-99"], "fields": []}},
        OFFERS.replace(HEAD, f"{HEAD},keep").replace(ROW, f"{ROW},-99"),
    ),
    "delimiter": ({"path": "offers.csv", "dialect": {"delimiter": "|"}}, OFFERS.replace(",", "|")),
    "delimiter of an older form": (
        {"path": "offers.csv", "dialect": {"csv": {"delimiter": "~"}}},
        OFFERS.replace(",", "~"),
    ),
    "tsv": ({"path": "offers.csv", "format": "tsv"}, OFFERS.replace(",", "\t")),
    "quotes": ({"path": "offers.csv", "dialect": {"quoteChar": "'"}}, OFFERS.replace("o1", "'o1'")),
    "escapes": (
        {"path": "offers.csv", "dialect": {"escapeChar": "\\", "doubleQuote": False}},
        OFFERS.replace("o1", '"o1"'),
    ),
    "blanks behind commas": ({"path": "offers.csv", "dialect": {"skipInitialSpace": True}}, OFFERS.replace(",", ", ")),
    "comments": ({"path": "offers.csv", "dialect": {"commentChar": "#"}}, f"# ours\n{OFFERS}# end\n"),
    "null sequence": (
        {"path": "offers.csv", "dialect": {"nullSequence": "\\N"}},
        OFFERS.replace(HEAD, f"{HEAD},keep").replace(ROW, f"{ROW},\\N"),
    ),
    "header in another row": ({"path": "offers.csv", "dialect": {"headerRows": [2]}}, f"our offers\n{OFFERS}"),
    "no header": (
        {
            "path": "offers.csv",
            "dialect": {"header": False},
            "schema": {"fields": [{"name": name} for name in HEAD.split(",")]},
        },
        f"{ROW}\n",
    ),
    "encoding": (
        {"path": "offers.csv", "encoding": "gbk"},
        OFFERS.replace(HEAD, f"{HEAD},evidence").replace(ROW, f"{ROW},依据").encode("gbk"),
    ),
    "latin letters": (
        {"path": "offers.csv", "encoding": "cp1252"},
        OFFERS.replace(HEAD, f"{HEAD},evidence").replace(ROW, f"{ROW},Übersicht").encode("cp1252"),
    ),
    "nothing said": ({"path": "offers.csv", "encoding": "UTF-8", "compression": "no", "dialect": {}}, OFFERS),
}


@pytest.mark.parametrize("case", FOLLOWED)
def test_what_a_data_package_says_of_cells_is_followed(case: str, tmp_path: Path) -> None:
    said, text = FOLLOWED[case]
    files: dict[str, str | bytes] = {"datapackage.json": _package(said)}
    path = said.get("path", "")
    if text:
        files[path[0] if isinstance(path, list) else path] = text
    dataset, problems = check(_put(tmp_path, files))
    assert dataset is not None, [one.line() for one in problems]
    assert problems == ()
    assert _offer(dataset) == READ


def test_dates_are_read_in_the_format_that_is_said(tmp_path: Path) -> None:
    more = {
        "processes.csv": "process\nmake\n",
        "facilities.csv": "facility,site,process,capacity,start\nf,a,make,5,30/06/2026\n",
        "recipes.csv": "process,commodity,coefficient\nmake,COG,1\n",
        "offers.csv": OFFERS,
    }
    said = {"name": "facilities", "path": "facilities.csv"}
    schema = {"fields": [{"name": "start", "type": "date", "format": "%d/%m/%Y"}]}
    package = {"resources": [said | {"schema": schema}]}
    dataset = read(_put(tmp_path, {**more, "datapackage.json": json.dumps(package)}))
    assert dataset["facilities"]["start"].tolist() == ["2026-06-30"]
    schema["fields"][0]["format"] = "%Y-%d-%m"
    (tmp_path / "datapackage.json").write_text(json.dumps(package), "utf-8")
    [problem] = _errors(check(tmp_path)[1])
    assert (problem.table, problem.row, problem.column, problem.code) == ("facilities", 2, "start", "format_cell")


UNFOLLOWED: dict[str, tuple[dict[str, Any], str]] = {
    "many paths": ({"path": ["offers.csv", "more.csv"]}, "/path"),
    "compression": ({"path": "offers.csv", "compression": "gz"}, "/compression"),
    "another format": ({"path": "offers.csv", "format": "xlsx"}, "/format"),
    "no such encoding": ({"path": "offers.csv", "encoding": "utf-9"}, "/encoding"),
    "an encoding of bytes": ({"path": "offers.csv", "encoding": "zlib"}, "/encoding"),
    "a long delimiter": ({"path": "offers.csv", "dialect": {"delimiter": "||"}}, "/dialect/delimiter"),
    "two header rows": ({"path": "offers.csv", "dialect": {"headerRows": [1, 2]}}, "/dialect/headerRows"),
    "an unknown word of a dialect": ({"path": "offers.csv", "dialect": {"sheet": 2}}, "/dialect/sheet"),
    "a dialect elsewhere": ({"path": "offers.csv", "dialect": "dialect.json"}, "/dialect"),
    "a schema elsewhere": ({"path": "offers.csv", "schema": "schema.json"}, "/schema"),
    "no header and no names": ({"path": "offers.csv", "dialect": {"header": False}}, "/dialect/header"),
    "missing values": ({"path": "offers.csv", "schema": {"missingValues": "-"}}, "/schema/missingValues"),
    "one sign for two things": (_field("quantity", decimalChar=",", groupChar=","), "/schema/fields/0/groupChar"),
    "a long sign": (_field("quantity", decimalChar="::"), "/schema/fields/0/decimalChar"),
    "numbers with units": (_field("quantity", bareNumber=False), "/schema/fields/0/bareNumber"),
    "words for yes": (_field("must_clear", trueValues="ja"), "/schema/fields/0/trueValues"),
    "path and data": ({"path": "offers.csv", "data": [RECORD]}, ""),
    "nested data": ({"data": [{"offer": {"name": "o1"}}]}, "/data"),
    "no rows": ({"data": 5}, "/data"),
    "a slip in the name": ({"name": "ofers", "path": "x.csv"}, "/name"),
    "rows under another name": ({"name": "sold", "data": [RECORD]}, "/name"),
    "no such file": ({"path": "nowhere.csv"}, "/path"),
    "outside": ({"path": "../offers.csv"}, "/path"),
}


@pytest.mark.parametrize("case", UNFOLLOWED)
def test_what_is_not_followed_is_refused_by_its_name(case: str, tmp_path: Path) -> None:
    said, pointer = UNFOLLOWED[case]
    dataset, problems = check(_put(tmp_path, {"datapackage.json": _package(said), "offers.csv": OFFERS}))
    assert dataset is None
    assert any(one.column == f"/resources/0{pointer}" and one.message_zh for one in _errors(problems))


@pytest.mark.parametrize("quantity", ["1.5", "12.34", "1,2,3"])
def test_a_cell_that_does_not_fit_its_signs_is_refused(quantity: str, tmp_path: Path) -> None:
    text = OFFERS.replace("1234.5", f'"{quantity}"')
    package = _package(_field("quantity", **NUMBERS))
    dataset, problems = check(_put(tmp_path, {"datapackage.json": package, "offers.csv": text}))
    assert dataset is None
    first = _errors(problems)[0]
    assert (first.code, first.row, first.column, first.value) == ("format_cell", 2, "quantity", quantity)


def test_lines_are_those_of_the_file_whatever_its_dialect(tmp_path: Path) -> None:
    said = {"path": "offers.csv", "dialect": {"delimiter": ";", "quoteChar": "'", "commentChar": "#"}}
    text = "# a\noffer;site;commodity;quantity;name\no1;a;COG;1;'two\nlines'\n\n# b\no2;a;COG;x;z\n"
    _, problems = check(_put(tmp_path, {"datapackage.json": _package(said), "offers.csv": text}))
    assert [(one.row, one.column, one.value) for one in _errors(problems)] == [(7, "quantity", "x")]
    said = {
        "path": "offers.csv",
        "dialect": {"header": False},
        "schema": {"fields": [{"name": one} for one in HEAD.split(",")]},
    }
    _, problems = check(_put(tmp_path, {"datapackage.json": _package(said), "offers.csv": ROW.replace("400", "dear")}))
    assert [(one.row, one.column, one.value) for one in _errors(problems)] == [(1, "price", "dear")]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_chinese_encodings_are_told_apart(codec: str, tmp_path: Path) -> None:
    names = {"big5": ["山西焦煤集團有限公司", "玻璃廠"]}.get(codec, ["山西焦煤集团有限公司", "玻璃厂"])
    text = f"enterprise,name_zh\nA,{names[0]}\nB,{names[1]}\n"
    dataset, problems = check(_put(tmp_path, {"enterprises.csv": text.encode(codec), "offers.csv": OFFERS}))
    assert dataset is not None
    assert dataset["enterprises"]["name_zh"].tolist() == names
    told = {"utf-16": ["UTF-16"], "gb18030": ["GB18030"], "big5": ["Big5"]}
    assert [one.value for one in problems] == told.get(codec, [])


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_every_document_may_begin_with_a_byte_order_mark(mark: bytes, tmp_path: Path) -> None:
    codec = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}[mark]
    package = mark + json.dumps({"name": "焦", "synergy": {"carbon_price": 5}}, ensure_ascii=False).encode(codec)
    dataset = read(_put(tmp_path, {"DataPackage.JSON": package, "offers.csv": mark + OFFERS.encode(codec)}))
    assert dataset.settings.carbon_price == 5
    assert dataset.name == "焦"
    assert _offer(dataset) == READ


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_readers_of_documents_treat_a_mark_alike(codec: str, tmp_path: Path) -> None:
    text = json.dumps({"name": "焦"}, ensure_ascii=False)
    data, findings = text.encode(codec), Findings()
    (tmp_path / "plan.json").write_bytes(data)
    (tmp_path / "scenario.toml").write_bytes('name = "焦"\n'.encode(codec))
    assert (
        document(data)
        == load_plain(data, "x.json", findings)
        == read_record(tmp_path / "plan.json")
        == json.loads(text)
    )
    assert load_scenario(tmp_path / "scenario.toml").name == "焦"
    assert ending_of(data) == ".json"
    tables = {
        "enterprises": [{"enterprise": "A"}],
        "sites": [{"site": "a", "enterprise": "A"}],
        "commodities": [{"commodity": "COG", "unit": "kNm3"}],
    }
    found, problems = read_upload(json.dumps({"name": "焦", **tables}, ensure_ascii=False).encode(codec))
    assert found is not None, problems
    assert found.name == "焦"


def test_what_the_program_writes_it_reads_back(tmp_path: Path) -> None:
    root = ROOT / "datasets"
    with pytest.raises(DatasetError, match="tiny"):
        read(root)
    shutil.copytree(root / "tiny", tmp_path / "outer" / "tiny")
    assert read(tmp_path / "outer").digest == read(root / "tiny").digest
