"""Workbooks through the API: the form with its last figures, filled in, tried and declared; the form of a dataset."""

from __future__ import annotations

import io

import pytest
from api_worlds import Program
from form_files import HEAT, OFFER, as_csv, as_xlsx
from stores import begun
from synergy.web.settings import ServerSettings
from web_worlds import SECRET

from synergy.workbook.writing import dataset_workbook

KINDS = {"csv": ("text/csv", as_csv), "xlsx": ("application/octet-stream", as_xlsx)}


@pytest.fixture
def web_settings() -> ServerSettings:
    return ServerSettings(secret=SECRET, limited=False, upload_bytes=400_000)


@pytest.fixture
def address(program: Program) -> str:
    return f"/rounds/{begun(program.world.store, name='second')}/declarations/GLASS"


def test_the_form_comes_back_as_it_went(program: Program, address: str) -> None:
    for lang in ("en", "zh"):
        form = program.ask("client", "GET", f"{address}/workbook", {"Accept-Language": lang})
        assert form.mimetype.endswith("spreadsheetml.sheet")
        assert form.data == program.ask("client", "GET", f"{address}/workbook", {"Accept-Language": lang}).data
        tried = program.ask("client", "POST", f"{address}/workbook/check", data=form.data)
        assert tried.status_code == 200, tried.text
        assert {one["ident"] for one in tried.get_json()["entries"]} >= {"GLASS-HEAT"}
    again = program.ask("client", "GET", f"{address}/workbook", {"If-None-Match": form.headers["ETag"]})
    assert again.status_code == 200  # another language
    done = program.ask(
        "client",
        "PUT",
        f"{address}/workbook",
        {"If-Match": form.headers["ETag"], "Idempotency-Key": "a"},
        data=form.data,
    )
    assert done.status_code == 200, done.text
    assert done.get_json()["version"] == 2
    assert (
        program.ask(
            "client",
            "PUT",
            f"{address}/workbook",
            {"If-Match": form.headers["ETag"], "Idempotency-Key": "a"},
            data=form.data,
        ).data
        == done.data
    )
    late = program.ask("client", "PUT", f"{address}/workbook", {"If-Match": form.headers["ETag"]}, data=form.data)
    assert late.status_code == 412


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_tried_and_declared(program: Program, address: str, kind: str) -> None:
    media, make = KINDS[kind]
    sent = {"data": make((HEAT, OFFER)), "content_type": media}
    tried = program.ask("editor", "POST", f"{address}/workbook/check", **sent).get_json()
    assert {one["sheet"]: one["amount"] for one in tried["entries"]} == {
        "needs": {"value": "60000", "unit": "kNm3"},
        "offers": {"value": "500", "unit": "t"},
    }
    assert program.read("editor", address)["version"] == 1
    assert program.ask("editor", "PUT", f"{address}/workbook", **sent).status_code == 428
    done = program.ask("editor", "PUT", f"{address}/workbook", {"If-Match": "*"}, **sent)
    assert done.status_code == 200, done.text
    assert len(program.read("editor", address)["entries"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_faults_are_told_with_their_places(program: Program, address: str, kind: str) -> None:
    media, make = KINDS[kind]
    bad = make(({**HEAT, "amount": "1,5"}, {**OFFER, "site": "EAST-1"}))
    for method, path in (("POST", "/workbook/check"), ("PUT", "/workbook")):
        told = program.ask("editor", method, address + path, {"If-Match": "*"}, data=bad, content_type=media)
        assert told.status_code == 422
        assert told.get_json()["type"].endswith("/dataset")
        places = [one["pointer"].split("/")[1::2] for one in told.get_json()["errors"]]
        assert {("needs", "amount"), ("offers", "site")} <= {tuple(one) for one in places}
    assert program.read("editor", address)["version"] == 1


def test_what_is_cut_empty_or_too_large_stores_nothing(program: Program, address: str) -> None:
    whole = as_xlsx((HEAT, OFFER))
    for data, status in (
        (whole[: len(whole) // 2], 422),
        (b"", 422),
        (b"\xd0\xcf\x11\xe0", 422),
        (b"x" * 500_000, 413),
    ):
        for method, path in (("POST", "/workbook/check"), ("PUT", "/workbook")):
            told = program.ask("editor", method, address + path, {"If-Match": "*"}, data=data)
            assert told.status_code == status, (data[:9], told.text)
    assert program.read("editor", address)["version"] == 1
    assert program.ask("reader", "PUT", f"{address}/workbook", {"If-Match": "*"}, data=whole).status_code == 403


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_planner_takes_the_form_of_a_dataset(program: Program, lang: str) -> None:
    told = program.ask("planner", "GET", "/datasets/template", {"Accept-Language": lang})
    assert told.data == dataset_workbook(None, lang)
    assert io.BytesIO(told.data).read(2) == b"PK"
    assert program.ask("editor", "GET", "/datasets/template").status_code == 403
