"""The pages and the API, on a store with a round of the tiny dataset."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape

import pytest
from stores import proposals
from synergy.web.access import PUBLIC, rule_of
from synergy.web.app import HEADERS
from synergy.web.planning.round_view import Shown
from synergy.web.texts import WORDS, rooms
from synergy.web.texts.results import MODES
from web_worlds import World

from synergy.records.figures import Money
from synergy.records.runs import PlanRecord
from synergy.store import queries
from synergy.store.access import Action
from synergy.texts import LANGUAGES
from synergy.texts import WORDS as SHARED

EVIL = "<script>alert(1)</script>"
# texts that are the same in both languages: names of formats and signs
ALIKE = frozenset({"policy.set", "policy.scaled"})  # names and figures alone


@pytest.fixture
def record(web_world: World) -> PlanRecord:
    return queries.see_plan(web_world.store, web_world.actor("planner"), web_world.round)


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
def test_every_proposal_is_in_the_results(web_world: World, record: PlanRecord, lang: str, title: str) -> None:
    page = unescape(web_world.client("planner").get(f"/{lang}/rounds/{web_world.round}/results").text)
    assert len(record.plan["proposals"]) > 3
    assert [item[title] for item in record.plan["proposals"] if item[title] not in page] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_proposal_has_its_page(web_world: World, record: PlanRecord, lang: str) -> None:
    client = web_world.client("planner")
    found = unescape(client.get(f"/{lang}/rounds/{web_world.round}/results").text)
    for item in record.plan["proposals"]:
        address = re.search(rf'href="([^"]+)"[^>]*>{re.escape(item[f"title_{lang}"])}<', found)
        assert address is not None, item["id"]
        shown = client.get(address[1])
        assert (shown.status_code, "<h1" in shown.text) == (200, True)


def test_names_are_marked(record: PlanRecord) -> None:
    record = record.model_copy(deep=True)
    record.labels["enterprises"]["WEST"] |= {"name_zh": EVIL, "name_en": EVIL, "evidence": "synthetic"}
    shown = Shown(record, "zh")
    assert shown.name("enterprises", "WEST") == f"{EVIL}†"
    assert shown.marks() == [f"† {SHARED['evidence.synthetic'][1]}"]


def test_only_who_may_see_a_plan_sees_it(web_world: World) -> None:
    path = f"/en/rounds/{web_world.round}/results"
    for who in ("editor", "reader", "admin"):
        assert web_world.client(who).get(path).status_code == 403
    assert web_world.client().get(path).location.startswith("/en/sign-in?next=")


@pytest.mark.parametrize("path", ["/en/rounds/99/results", "/zh/none", "/fr/", "/nothing"])
def test_people_get_a_page_for_what_is_not_there(web_world: World, path: str) -> None:
    answer = web_world.client("planner").get(path)
    assert answer.status_code == 404
    assert "<h1>" in answer.text


@pytest.mark.parametrize("path", ["/en/sign-in", "/zh/rounds", "/api/v1/proposals", "/none", "/static/style.css"])
def test_headers_guard_every_answer(web_world: World, path: str) -> None:
    with web_world.client("planner").get(path) as answer:
        assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_nothing_inline_and_nothing_from_outside(web_world: World) -> None:
    for path in ("/en/rounds", "/en/account", "/en/audit"):
        page = web_world.client("planner").get(path).text
        assert "<script>" not in page
        assert "style=" not in page
        assert "://" not in page


@pytest.mark.parametrize(
    ("lang", "tar", "unit", "pipe"),
    [("en", "46 kt", "110 kt tar", "pipe DN700"), ("zh", "4.6 万吨", "11 万吨", "管道 DN700")],
)
def test_figures_have_units(web_world: World, record: PlanRecord, lang: str, tar: str, unit: str, pipe: str) -> None:
    shown, found = Shown(record, lang), proposals(web_world.store, web_world.round)
    item = found["build:TAR_DIST@EAST-1"]
    assert tar in [shown.amount(term.quantity, term.commodity) for term in item.terms]
    assert [shown.capacity(one) for one in shown.builds(item)] == [unit]
    linked = next(item for item in found.values() if item.links)
    assert [shown.mode(one["mode"]) for one in shown.links(linked)] == [pipe]
    assert Shown(record, "zh").price(1234.5, "TAR") == "1,234.50 元/吨"


def test_what_is_unknown_is_no_zero(web_world: World, record: PlanRecord) -> None:
    shown = Shown(record, "en")
    assert [shown.share(None), shown.money(None), shown.price(None, "TAR")] == ["–"] * 3
    one = next(iter(proposals(web_world.store, web_world.round).values()))
    unpaid = {"payback_years": None, "capex": Money(amount=Decimal(1), currency="CNY")}
    assert shown.payback(one.model_copy(update=unpaid)) == "–"
    assert (shown.share(1e-6), shown.share(0.0)) == ("< 0.01%", "0.00%")


def test_only_the_shipped_dataset_is_called_synthetic(record: PlanRecord) -> None:
    assert not Shown(record, "en").is_shipped()
    plan = record.plan | {"dataset": {"name": "lvliang", "digest": ""}}
    shipped = record.model_copy(update={"plan": plan})
    assert Shown(shipped, "en").is_shipped()


def test_the_other_language_is_the_same_page(web_world: World) -> None:
    client = web_world.client("planner")
    path = f"rounds/{web_world.round}/results?kind=extension"
    assert f'href="/en/{path}"' in client.get(f"/zh/{path}").text
    assert 'href="/zh/audit?round=1"' in client.get("/en/audit?round=1").text


@pytest.mark.parametrize("words", [WORDS, SHARED, MODES], ids=["web", "shared", "modes"])
def test_every_text_is_there_in_both_languages(words: dict[str, tuple[str, str]]) -> None:
    assert [key for key, pair in words.items() if len(pair) != 2 or not all(text.strip() for text in pair)] == []


def test_chinese_is_chinese_and_no_key_stands_twice() -> None:
    keys = [key for _, words in rooms() for key in words]
    assert sorted(keys) == sorted(set(keys))
    plain = [key for key, (_, zh) in WORDS.items() if not any("一" <= sign <= "鿿" for sign in zh)]
    assert [
        key for key in plain if key not in ALIKE and key != "other" and not key.endswith(("comma", "stop", "colon"))
    ] == []
    english = [key for key, (en, _) in WORDS.items() if any("一" <= sign <= "鿿" for sign in en)]
    assert english == ["other"]
