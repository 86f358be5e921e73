"""The pages and the API, on a store with a round of the tiny dataset."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
from web_worlds import World

from synergy.store import seeing
from synergy.store.access import Action
from synergy.texts import WORDS as SHARED
from web.access import PUBLIC, rule_of
from web.app import HEADERS
from web.shown import Shown
from web.texts import LANGUAGES, WORDS, rooms
from web.texts.modes import MODES

EVIL = "<script>alert(1)</script>"
# texts that are the same in both languages: names of formats and signs
ALIKE: frozenset[str] = frozenset()


@pytest.fixture
def record(web_world: World) -> dict[str, Any]:
    return seeing.see_plan(web_world.store, web_world.actor("planner"), web_world.round)


@pytest.fixture
def altered(monkeypatch: pytest.MonkeyPatch, record: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the plan's record that the pages show instead, to be changed by a test."""
    other = deepcopy(record)
    monkeypatch.setattr(seeing, "see_plan", lambda *_: other)
    return other


def test_start_speaks_the_reader_s_language(web_world: World) -> None:
    client = web_world.client()
    assert client.get("/", headers={"Accept-Language": "en-GB"}).location == "/en/"
    assert client.get("/", headers={"Accept-Language": "zh-CN,zh"}).location == "/zh/"


def test_every_view_has_a_rule(web_world: World) -> None:
    bare, rules = [], set(Action)
    for endpoint in web_world.app.view_functions:
        found = rule_of(web_world.app, endpoint)
        if found != PUBLIC and (not found or not set(found) <= rules):
            bare.append(endpoint)
    assert bare == []


def test_a_view_without_a_rule_answers_nobody(web_world: World) -> None:
    web_world.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for who in ("", "planner", "admin"):
        answer = web_world.client(who).get("/forgotten")
        assert answer.status_code == 403
        assert "secret" not in answer.text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_role_is_brought_to_a_page(web_world: World, lang: str) -> None:
    for who in ("planner", "editor", "reader", "auditor", "admin"):
        answer = web_world.client(who).get(f"/{lang}/", follow_redirects=True)
        assert answer.status_code == 200, who
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in answer.text
        assert answer.request.path.startswith(f"/{lang}/")
    stranger = web_world.client().get(f"/{lang}/", follow_redirects=True)
    assert stranger.request.path == f"/{lang}/sign-in"


@pytest.mark.parametrize(("lang", "title"), [("zh", "title_zh"), ("en", "title_en")])
def test_list_and_each_proposal(web_world: World, record: dict[str, Any], lang: str, title: str) -> None:
    client = web_world.client("planner")
    page = client.get(f"/{lang}/plan").text
    assert len(record["plan"]["proposals"]) > 3
    for item in record["plan"]["proposals"]:
        assert item[title] in page
        shown = client.get(f"/{lang}/plan/{quote(item['id'])}")
        assert shown.status_code == 200
        assert f"<h1>{item[title]}</h1>" in shown.text


def test_filter_by_kind(web_world: World, record: dict[str, Any]) -> None:
    client = web_world.client("planner")
    page = client.get("/en/plan?kind=reallocation").text
    for item in record["plan"]["proposals"]:
        assert (item["title_en"] in page) == (item["kind"] == "reallocation")
    assert client.get("/en/plan?kind=nonsense").status_code == 404


def test_names_are_escaped_and_marked(web_world: World, altered: dict[str, Any]) -> None:
    altered["labels"]["enterprises"]["WEST"] |= {"name_zh": EVIL, "name_en": EVIL, "evidence": "synthetic"}
    page = web_world.client("planner").get("/zh/plan").text
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;†" in page
    assert SHARED["evidence.synthetic"][1] in page
    assert SHARED["evidence.estimate"][1] not in page


def test_only_who_may_see_a_plan_sees_it(web_world: World) -> None:
    for who in ("editor", "reader", "admin"):
        assert web_world.client(who).get("/en/plan").status_code == 403
    assert web_world.client().get("/en/plan").location.startswith("/en/sign-in?next=")


@pytest.mark.parametrize("path", ["/en/plan/none", "/zh/none", "/fr/", "/nothing"])
def test_people_get_a_page_for_what_is_not_there(web_world: World, path: str) -> None:
    answer = web_world.client("planner").get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["/en/sign-in", "/zh/plan", "/api/v1/proposals", "/none", "/static/style.css"])
def test_headers_guard_every_answer(web_world: World, path: str) -> None:
    with web_world.client("planner").get(path) as answer:
        assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_nothing_inline_and_nothing_from_outside(web_world: World) -> None:
    page = web_world.client("planner").get("/en/plan").text
    assert "<script" not in page
    assert "style=" not in page
    assert "://" not in page


@pytest.mark.parametrize(("lang", "shares"), [("en", ("of coal tar", "46 kt")), ("zh", ("煤焦油", "4.6 万吨"))])
def test_terms_builds_and_links_have_units(
    web_world: World, record: dict[str, Any], lang: str, shares: tuple[str, ...]
) -> None:
    client = web_world.client("planner")
    page = client.get(f"/{lang}/plan/{quote('build:TAR_DIST@EAST-1')}").text
    assert all(share in page for share in (*shares, {"en": "110 kt tar", "zh": "11 万吨"}[lang]))
    linked = next(item for item in record["plan"]["proposals"] if item["links"])
    page = client.get(f"/{lang}/plan/{quote(linked['id'])}").text
    assert {"en": "pipe DN700", "zh": "管道 DN700"}[lang] in page
    assert " km</td>" in page


def test_settled_prices_are_shown(web_world: World, altered: dict[str, Any]) -> None:
    item = altered["plan"]["proposals"][0]
    item["terms"][0]["price"] = 1234.5
    page = web_world.client("planner").get(f"/zh/plan/{quote(item['id'])}").text
    assert "1,234.50 元/" in page


def test_what_is_unknown_is_no_zero(web_world: World, altered: dict[str, Any]) -> None:
    altered["plan"] |= {"gap": None, "gain": None, "today": None, "emissions": {}}
    altered["plan"]["proposals"][0] |= {"gain": None, "payback_years": None}
    page = web_world.client("planner").get("/en/plan").text
    assert "0.00%" not in page
    assert page.count("<dd>–") == 4


def test_only_the_shipped_dataset_is_called_synthetic(record: dict[str, Any]) -> None:
    assert not Shown(record, "en").is_shipped()
    shipped = record | {"plan": record["plan"] | {"dataset": {"name": "lvliang", "digest": ""}}}
    assert Shown(shipped, "en").is_shipped()


def test_the_other_language_is_the_same_page(web_world: World, record: dict[str, Any]) -> None:
    client = web_world.client("planner")
    assert 'href="/en/plan?kind=extension"' in client.get("/zh/plan?kind=extension").text
    path = quote(record["plan"]["proposals"][0]["id"], safe=":@")
    assert f'href="/en/plan/{path}"' in client.get(f"/zh/plan/{path}").text


@pytest.mark.parametrize("words", [WORDS, SHARED, MODES], ids=["web", "shared", "modes"])
def test_every_text_is_there_in_both_languages(words: dict[str, tuple[str, str]]) -> None:
    assert [key for key, pair in words.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []


def test_chinese_is_chinese_and_no_key_stands_twice() -> None:
    keys = [key for _, words in rooms() for key in words]
    assert sorted(keys) == sorted(set(keys))
    plain = [key for key, (_, zh) in WORDS.items() if not any("一" <= sign <= "鿿" for sign in zh)]
    assert [key for key in plain if key not in ALIKE and key != "other" and not key.endswith("comma")] == []
    english = [key for key, (en, _) in WORDS.items() if any("一" <= sign <= "鿿" for sign in en)]
    assert english == ["other"]
