"""The pages and the API, on a plan of the tiny dataset."""

from __future__ import annotations

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
from web.texts import WORDS

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
    assert client.post("/api/v1/proposals").status_code == 405


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


@pytest.mark.parametrize("words", [WORDS, SHARED], ids=["web", "shared"])
def test_every_text_is_there_in_both_languages(words: dict[str, tuple[str, str]]) -> None:
    assert [key for key, pair in words.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []
