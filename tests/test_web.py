"""The pages and the API, on a plan of the tiny dataset."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from synergy.dataset.read import read
from synergy.records.rounds import round_record
from synergy.round import run
from synergy.texts import WORDS as SHARED
from web.app import HEADERS, create_app
from web.texts import MODES, WORDS

ROOT = Path(__file__).parents[1]
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    dataset = read(ROOT / "datasets" / "tiny")
    plan = run(dataset).plan
    assert plan is not None
    made = round_record(dataset, plan)
    made["labels"]["enterprises"]["WEST"] |= {"name_zh": EVIL, "name_en": EVIL, "evidence": "synthetic"}
    return made


@pytest.fixture
def client(record: dict[str, Any]) -> FlaskClient:
    return create_app([record]).test_client()


def test_start_speaks_the_reader_s_language(client: FlaskClient) -> None:
    assert client.get("/", headers={"Accept-Language": "en-GB"}).location == "/en/"
    assert client.get("/", headers={"Accept-Language": "zh-CN,zh"}).location == "/zh/"


@pytest.mark.parametrize(("lang", "html", "title"), [("zh", "zh-CN", "title_zh"), ("en", "en", "title_en")])
def test_list_and_each_proposal(client: FlaskClient, record: dict[str, Any], lang: str, html: str, title: str) -> None:
    page = client.get(f"/{lang}/").text
    assert f'<html lang="{html}">' in page
    assert len(record["plan"]["proposals"]) > 3
    for item in record["plan"]["proposals"]:
        assert item[title] in page
        shown = client.get(f"/{lang}/proposals/{quote(item['id'])}")
        assert shown.status_code == 200
        assert f"<h1>{item[title]}</h1>" in shown.text


def test_filter_by_kind(client: FlaskClient, record: dict[str, Any]) -> None:
    page = client.get("/en/?kind=reallocation").text
    for item in record["plan"]["proposals"]:
        assert (item["title_en"] in page) == (item["kind"] == "reallocation")
    assert client.get("/en/?kind=nonsense").status_code == 404


def test_names_are_escaped_and_marked(client: FlaskClient) -> None:
    page = client.get("/zh/").text
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;†" in page
    assert SHARED["evidence.synthetic"][1] in page
    assert SHARED["evidence.estimate"][1] not in page


def test_api_gives_the_plan_s_proposals(client: FlaskClient, record: dict[str, Any]) -> None:
    answer = client.get("/api/v1/proposals").get_json()
    assert answer == {"items": record["plan"]["proposals"], "next": None}
    first = answer["items"][0]
    assert client.get(f"/api/v1/proposals/{quote(first['id'])}").get_json() == first


@pytest.mark.parametrize("path", ["/en/proposals/none", "/zh/none", "/fr/", "/nothing"])
def test_people_get_a_page_for_what_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


def test_programs_get_a_problem(client: FlaskClient) -> None:
    missing = client.get("/api/v1/proposals/none")
    assert (missing.status_code, missing.content_type) == (404, "application/problem+json")
    assert missing.get_json()["status"] == 404
    wrong = client.post("/api/v1/proposals")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]


@pytest.mark.parametrize("path", ["/en/", "/zh/", "/api/v1/proposals", "/none", "/static/style.css"])
def test_headers_guard_every_answer(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_nothing_inline_and_nothing_from_outside(client: FlaskClient) -> None:
    page = client.get("/en/").text
    assert "<script" not in page
    assert "style=" not in page
    assert "://" not in page


def test_without_a_round_nothing_is_found() -> None:
    assert create_app([]).test_client().get("/en/").status_code == 404


@pytest.mark.parametrize(("lang", "shares"), [("en", ("of coal tar", "46 kt")), ("zh", ("煤焦油", "4.6 万吨"))])
def test_terms_builds_and_links_have_units(
    client: FlaskClient, record: dict[str, Any], lang: str, shares: tuple[str, ...]
) -> None:
    page = client.get(f"/{lang}/proposals/{quote('build:TAR_DIST@EAST-1')}").text
    assert all(share in page for share in (*shares, {"en": "110 kt tar", "zh": "11 万吨"}[lang]))
    linked = next(item for item in record["plan"]["proposals"] if item["links"])
    page = client.get(f"/{lang}/proposals/{quote(linked['id'])}").text
    assert {"en": "pipe DN700", "zh": "管道 DN700"}[lang] in page
    assert " km</td>" in page


def test_settled_prices_are_shown(record: dict[str, Any]) -> None:
    settled = deepcopy(record)
    item = settled["plan"]["proposals"][0]
    item["terms"][0]["price"] = 1234.5
    page = create_app([settled]).test_client().get(f"/zh/proposals/{quote(item['id'])}").text
    assert "1,234.50 元/吨" in page


def test_what_is_unknown_is_no_zero(record: dict[str, Any]) -> None:
    blank = deepcopy(record)
    blank["plan"] |= {"gap": None, "gain": None, "today": None, "emissions": {}}
    blank["plan"]["proposals"][0] |= {"gain": None, "payback_years": None}
    page = create_app([blank]).test_client().get("/en/").text
    assert "0.00%" not in page
    assert page.count("<dd>–") == 4


def test_only_the_shipped_dataset_is_called_synthetic(client: FlaskClient, record: dict[str, Any]) -> None:
    said = WORDS["synthetic"][0]
    assert said not in client.get("/en/").text
    shipped = record | {"plan": record["plan"] | {"dataset": {"name": "lvliang", "digest": ""}}}
    assert said in create_app([shipped]).test_client().get("/en/").text


def test_the_other_language_is_the_same_page(client: FlaskClient, record: dict[str, Any]) -> None:
    assert 'href="/en/?kind=extension"' in client.get("/zh/?kind=extension").text
    path = quote(record["plan"]["proposals"][0]["id"], safe=":@")
    assert f'href="/en/proposals/{path}"' in client.get(f"/zh/proposals/{path}").text


@pytest.mark.parametrize("words", [WORDS, SHARED, MODES], ids=["web", "shared", "modes"])
def test_every_text_is_there_in_both_languages(words: dict[str, tuple[str, str]]) -> None:
    assert [key for key, pair in words.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []
