"""Declarations on pages: a table to write in, paste, files, faults at their cells; datasets that planners upload."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path

import pytest
from books import GOOD, book
from catalogue import covers
from form_files import HEAT, OFFER, as_csv, as_json, as_xlsx
from roots import ROOT
from stores import begun
from synergy.web.settings import ServerSettings
from web_worlds import SECRET, World

from synergy.dataset.read import read
from synergy.records.names import Seat
from synergy.store import datasets, declarations
from synergy.texts import LANGUAGES
from synergy.workbook.writing import dataset_workbook

ROW = {
    "site": "GLASS-1",
    "subject": "COG",
    "amount": "6500",
    "unit": "万Nm3/年",
    "price": "0.95",
    "price_unit": "元/Nm3",
}


@pytest.fixture
def web_settings() -> ServerSettings:
    return ServerSettings(secret=SECRET, limited=False, upload_bytes=400_000)


@pytest.fixture
def ident(web_world: World) -> int:
    return begun(web_world.store, name="second round")


def _form(sheet: str, *rows: dict[str, str]) -> dict[str, str]:
    return {f"{sheet}-{number}-{key}": text for number, row in enumerate(rows) for key, text in row.items()}


def _version(world: World, ident: int) -> int:
    return declarations.declaration(world.store, world.actor("editor"), Seat(ident, "GLASS")).version


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_shows_the_last_figures(web_world: World, ident: int, lang: str) -> None:
    client = web_world.client("editor")
    page = client.get(f"/{lang}/declarations", follow_redirects=True)
    assert page.request.path == f"/{lang}/declarations/{ident}/GLASS"
    assert 'value="60000"' in page.text
    assert 'value="GLASS-HEAT"' in page.text
    assert "EAST-1" not in page.text
    listed = web_world.client("planner").get(f"/{lang}/declarations").text
    assert f"/{lang}/declarations/{ident}/EAST" in listed


def test_a_dry_run_stores_nothing_and_a_declaration_does(web_world: World, ident: int) -> None:
    client, path = web_world.client("editor"), f"/en/declarations/{ident}/GLASS"
    form = _form("needs", ROW) | _form("offers", {"site": "GLASS-1", "subject": "TAR", "amount": "5", "unit": "t/a"})
    page = web_world.post(client, path, do="check", **form)
    assert page.status_code == 200
    text = unescape(page.text)
    assert "60000 → 65000" in text
    assert "6,500 万Nm3/年 is 65,000 kNm3 (times 10)" in text
    assert "filled in for you" in text
    assert _version(web_world, ident) == 1
    done = web_world.post(client, path, do="declare", version="1", **form)
    assert done.status_code == 303
    assert _version(web_world, ident) == 2
    told = declarations.declaration(web_world.store, web_world.actor("editor"), Seat(ident, "GLASS"))
    assert [(one.sheet, one.amount.document()) for one in told.entries] == [
        ("needs", {"value": "65000", "unit": "kNm3"}),
        ("offers", {"value": "5", "unit": "t"}),
    ]
    # somebody who still looks at the first version does not write over it
    assert web_world.post(client, path, do="declare", version="1", **form).status_code == 409


def test_faults_stand_at_their_cells_and_nothing_is_stored(web_world: World, ident: int) -> None:
    client, path = web_world.client("editor"), f"/zh/declarations/{ident}/GLASS"
    rows = ({**ROW, "unit": "Nm3/h"}, {**ROW, "amount": "5万", "period": "x"}, {})
    page = web_world.post(client, path, do="declare", **_form("needs", *rows))
    assert page.status_code == 422
    assert 'id="d-needs-0-unit-1" class="fault"' in page.text
    assert 'id="d-needs-1-amount-1" class="fault"' in page.text
    assert 'value="5万"' in page.text
    assert page.text.count('aria-invalid="true"') >= 2
    assert _version(web_world, ident) == 1


def test_rows_are_pasted_and_removed(web_world: World, ident: int) -> None:
    client, path = web_world.client("editor"), f"/en/declarations/{ident}/GLASS"
    form = _form("needs", {**ROW, "ident": "GLASS-HEAT", "gone": "1"})
    pasted = "物料\t厂区\t数量\t单位\nTAR\tGLASS-1\t7\tt/a\nNG\tGLASS-1\t8\t万Nm3\n"
    page = web_world.post(client, path, do="paste", sheet="offers", text=pasted, **form)
    assert page.status_code == 200
    assert 'name="offers-1-amount" value="8"' in page.text
    assert "no longer declared" in page.text
    plain = web_world.post(client, path, do="paste", sheet="needs", text="GLASS-1\tNG\t9\t万Nm3\n", **form)
    assert 'name="needs-0-amount" value="9"' in plain.text


@pytest.mark.parametrize("way", ["csv", "xlsx", "json"])
def test_a_file_fills_the_table(web_world: World, ident: int, way: str) -> None:
    client, path = web_world.client("editor"), f"/en/declarations/{ident}/GLASS/upload"
    make = {"csv": as_csv, "xlsx": as_xlsx, "json": as_json}[way]
    page = web_world.post(client, path, file=(io.BytesIO(make((HEAT, OFFER))), f"../../x.{way}"))
    assert page.status_code == 200
    assert 'name="offers-0-amount" value="500"' in page.text
    bad = web_world.post(client, path, file=(io.BytesIO(make(({**HEAT, "amount": "1,5"},))), f"x.{way}"))
    assert bad.status_code == 422
    assert "write 1.5" in unescape(bad.text)
    assert _version(web_world, ident) == 1


@covers(67, "store")
def test_67_what_is_cut_or_too_large_stores_nothing(web_world: World, ident: int) -> None:
    client, path = web_world.client("editor"), f"/en/declarations/{ident}/GLASS/upload"
    whole = as_xlsx((HEAT, OFFER))
    cut = web_world.post(client, path, file=(io.BytesIO(whole[: len(whole) // 2]), "x.xlsx"))
    assert cut.status_code == 422
    large = web_world.post(client, path, file=(io.BytesIO(b"x" * 500_000), "x.xlsx"))
    assert large.status_code == 413
    assert web_world.post(client, path).status_code == 422
    assert _version(web_world, ident) == 1


@covers(68, "store")
def test_68_of_two_at_once_one_is_told_so(web_world: World, ident: int) -> None:
    path = f"/en/declarations/{ident}/GLASS"
    first, second = web_world.client("editor"), web_world.client("planner")
    form = _form("needs", ROW)
    answers = [web_world.post(one, path, do="declare", version="1", **form).status_code for one in (first, second)]
    assert sorted(answers) == [303, 409]


def test_the_template_and_as_last_time(web_world: World, ident: int) -> None:
    client, path = web_world.client("editor"), f"/zh/declarations/{ident}/GLASS"
    form = client.get(f"{path}/template.xlsx")
    assert form.headers["Content-Disposition"] == f"attachment; filename=declaration-{ident}-GLASS.xlsx"
    page = web_world.post(client, f"{path}/upload", file=(io.BytesIO(form.data), "x.xlsx"))
    assert page.status_code == 200
    assert web_world.post(client, f"{path}/repeat").status_code == 303
    assert _version(web_world, ident) == 2


def test_others_find_nothing(web_world: World, ident: int) -> None:
    path = f"/en/declarations/{ident}/GLASS"
    for who in ("east", "tarco"):
        client = web_world.client(who)
        for address in (path, f"{path}/template.xlsx"):
            assert client.get(address).status_code == 404
        assert web_world.post(client, path, do="declare", **_form("needs", ROW)).status_code == 404
        assert web_world.post(client, f"{path}/upload", file=(io.BytesIO(b"x"), "x.csv")).status_code == 404
        assert web_world.post(client, f"{path}/repeat").status_code == 404
    assert web_world.client("reader").get(f"/en/declarations/{ident}/TARCO").status_code == 200
    assert 'value="declare"' not in web_world.client("reader").get(f"/en/declarations/{ident}/TARCO").text
    assert web_world.client("editor").get("/en/datasets").status_code == 403


def test_what_was_known_already_is_still_what_a_round_is_made_of(web_world: World, tmp_path: Path) -> None:
    client, who = web_world.client("planner"), web_world.actor("planner")
    data = dataset_workbook(read(ROOT / "datasets" / "tiny"), "zh")
    first = web_world.post(client, "/zh/datasets", file=(io.BytesIO(data), "x.xlsx")).location
    later = book(tmp_path / "later.xlsx", GOOD)
    assert web_world.post(client, "/zh/datasets", file=(later.open("rb"), "later.xlsx")).status_code in (200, 303)
    again = web_world.post(client, "/zh/datasets", file=(io.BytesIO(data), "x.xlsx")).location
    assert again == first
    digest = first.partition("dataset=")[2]
    assert digest in {one.dataset for one in datasets.list_starts(web_world.store, who)}
    button = re.search(r'class="button main" href="([^"]+)"', client.get(again).text)
    assert button is not None
    assert f'value="{digest}" selected' in client.get(button[1]).text
    assert 'class="button main"' not in client.get("/zh/datasets?dataset=nothing").text


def test_a_planner_uploads_a_dataset(web_world: World, tmp_path: Path) -> None:
    client = web_world.client("planner")
    empty = client.get("/zh/datasets/template.xlsx")
    assert empty.data[:2] == b"PK"
    data = dataset_workbook(read(ROOT / "datasets" / "tiny"), "zh")
    done = web_world.post(client, "/zh/datasets", file=(io.BytesIO(data), "x.xlsx"))
    assert done.status_code == 303
    assert "tiny" in {one.name for one in datasets.list_datasets(web_world.store, web_world.actor("planner"))}
    count = len(datasets.list_datasets(web_world.store, web_world.actor("planner")))
    bad = book(tmp_path / "x.xlsx", {**GOOD, "offers": "offer,site,commodity,quantity\no1,nowhere,COG,-1\n"})
    page = web_world.post(client, "/en/datasets", file=(io.BytesIO(bad.read_bytes()), "x.xlsx"))
    assert page.status_code == 422
    assert "offers!D2" in page.text
    assert "offers!B2" in page.text
    for name in ("x.exe", "x.csv", ""):
        assert web_world.post(client, "/en/datasets", file=(io.BytesIO(b"a,b\n"), name)).status_code in (200, 422)
    assert len(datasets.list_datasets(web_world.store, web_world.actor("planner"))) == count
