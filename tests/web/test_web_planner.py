"""The rooms of planners: rounds from the first step to the follow-up, results, comparison, questions, the summary."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from dataclasses import replace
from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest
from flask.testing import FlaskClient
from roots import ROOT
from stores import NAMES, PLANNER, accept, begun, editor, proposals, worked
from synergy.web.api import events
from synergy.web.pages import results, why
from synergy.web.pages.drafting import FIELDS, NUMBERS, SCENARIOS, policy
from synergy.web.pages.results import VIEWS
from synergy.web.planning.steps import STEPS, next_steps
from synergy.web.texts import WORDS
from web_worlds import World

from synergy.dataset.settings import _READERS, load_scenario
from synergy.dataset.typed import TITLES
from synergy.errors import VerificationError
from synergy.records.documents import PlanJSON, RoundJSON
from synergy.records.figures import bare
from synergy.records.names import MatchState, Seat, Stage, State
from synergy.records.runs import ChangeCause, RunInput
from synergy.scenario import Settings
from synergy.store import answers, commit, comparison, declarations, freezing, leases, queries, review, rounds, runs
from synergy.store.access import WORKER
from synergy.store.datasets import scenario_record
from synergy.store.leases import claim
from synergy.store.results import RunEnd, finish
from synergy.texts import LANGUAGES, ladder_note
from synergy.worker.work import Habits, work_once

LVLIANG = ROOT / "datasets" / "lvliang"
ENDINGS = ("csv", "json", "xlsx")


def _step(world: World, client: FlaskClient, ident: int, name: str, **more: Any) -> str:
    answer = world.post(client, f"/en/rounds/{ident}/step", step=name, **more)
    assert answer.status_code == 303, answer.text
    return client.get(answer.location).text


def _state(world: World, ident: int) -> str:
    return str(queries.see_round(world.store, PLANNER, ident).state)


def _paths(world: World) -> list[str]:
    """Return the pages of a round with a plan."""
    ident = world.round
    code = next(iter(proposals(world.store, ident).values())).proposal
    rooms = ("results", *VIEWS, "settlement", "why", "summary", f"proposals/{code}")
    views = [f"/rounds/{ident}/{name}" for name in rooms]
    more = [f"/rounds/{ident}/review", f"/rounds/{ident}/review?proposal={code}"]
    return [
        "/rounds",
        "/rounds/new",
        f"/rounds/{ident}",
        f"/rounds/{ident}/progress",
        *views,
        *more,
        "/compare",
        "/board",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_answers_in_both_languages(web_world: World, lang: str) -> None:
    client = web_world.client("planner")
    for path in _paths(web_world):
        answer = client.get(f"/{lang}{path}")
        assert answer.status_code == 200, path
        page = answer.text
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in page
        assert " style=" not in page
        assert not re.search(r"<script(?! type=\"module\" src=\"/static/)", page)
        assert not re.search(r'(?:src|href)="https?://', page)


def test_only_planners_and_auditors_look_at_plans(web_world: World) -> None:
    for who in ("editor", "reader", "admin"):
        client = web_world.client(who)
        for path in _paths(web_world)[1:]:
            assert client.get(f"/en{path}").status_code == 403, (who, path)
    auditor = web_world.client("auditor")
    for path in _paths(web_world):
        expected = 403 if "review" in path or path.endswith("/new") else 200
        assert auditor.get(f"/en{path}").status_code == expected, path
    assert "<form" not in auditor.get(f"/en/rounds/{web_world.round}").text


def test_others_see_of_rounds_what_is_public(web_world: World) -> None:
    page = web_world.client("editor").get("/en/rounds").text
    assert "first round" in page
    assert f'/en/rounds/{web_world.round}"' not in page
    assert "/rounds/new" not in page


def test_nobody_but_a_planner_takes_steps(web_world: World) -> None:
    for who in ("editor", "auditor", "admin"):
        client = web_world.client(who)
        assert web_world.post(client, f"/en/rounds/{web_world.round}/step", step="conclude").status_code == 403
        assert web_world.post(client, f"/en/rounds/{web_world.round}/review", what="pattern").status_code == 403
        assert web_world.post(client, "/en/rounds/new", step="1").status_code == 403
    assert _state(web_world, web_world.round) == State.RESPONDING
    client = web_world.client("planner")
    assert client.post(f"/en/rounds/{web_world.round}/step", data={"step": "conclude"}).status_code == 400, "no mark"


def test_what_is_not_there_is_not_found(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    for path in (
        "/rounds/99", "/rounds/99/map", f"/rounds/{ident}/results?kind=nonsense", f"/rounds/{ident}/map?firm=NOBODY",
        f"/rounds/{ident}/tables/none.csv", f"/rounds/{ident}/tables/map.exe", f"/rounds/{ident}/review?proposal=P1",
        "/compare?first=1&second=99", "/compare/1-99.csv", "/board.exe",
    ):  # fmt: skip
        assert client.get(f"/en{path}").status_code == 404, path
    assert web_world.post(client, f"/en/rounds/{ident}/step", step="nonsense").status_code == 400


def test_a_whole_round_with_the_buttons_of_its_page(web_world: World) -> None:
    world, client = web_world, web_world.client("planner")
    made = _drafted(world, client)
    assert _state(world, made) == State.DRAFT
    _step(world, client, made, "open")
    declarations.repeat(world.store, editor("GLASS"), Seat(made, "GLASS"))
    assert "4" in re.findall(r"that were reminded: (\d+)", _step(world, client, made, "remind"))
    assert "nothing: 4" in _step(world, client, made, "freeze")
    assert "synergy.js" in _step(world, client, made, "match")
    worked(world.store)
    page = _step(world, client, made, "publish")
    assert _state(world, made) == State.RESPONDING
    assert f"/en/rounds/{made}/results" in page
    accept(world.store, next(iter(proposals(world.store, made).values())))
    assert "begin: 1" in _step(world, client, made, "conclude")
    assert f"/en/rounds/new?previous={made}" in client.get(f"/en/rounds/{made}").text
    assert commit.verify_chain(world.store, PLANNER).sound


def test_the_data_as_they_are_are_matched_in_one_step(web_world: World) -> None:
    client = web_world.client("planner")
    made = _drafted(web_world, client)
    _step(web_world, client, made, "at_once")
    assert _state(web_world, made) == State.MATCHING


def test_a_page_that_is_too_old_changes_nothing(web_world: World) -> None:
    client = web_world.client("planner")
    made = _drafted(web_world, client)
    answer = web_world.post(client, f"/en/rounds/{made}/step", step="open", version="7")
    assert answer.status_code == 409
    assert _state(web_world, made) == State.DRAFT


def test_every_state_shows_the_steps_that_the_store_allows(web_world: World) -> None:
    allowed = {name.removesuffix("_only"): states for name, (states, _) in rounds.STEPS.items()}
    plain = {"at_once": "open", "publish_only": "publish", "cancel_match": None, "halt_search": None}
    for state in State:
        for button in next_steps(state, []):
            assert button.name in STEPS
            step = plain.get(button.name, button.name)
            assert (state in allowed[step]) if step else state == State.MATCHING
            assert f"step.{button.name}" in WORDS
            assert f"step.done.{button.name.removesuffix('_only')}" in WORDS


def _drafted(world: World, client: FlaskClient, **given: Any) -> int:
    """Make a round of the stored dataset in the three steps of its pages, hidden fields sent back as they came."""
    base = queries.round_input(world.store, PLANNER, world.round).base
    fields: dict[str, Any] = {"name": "second", "dataset": base, "previous": str(world.round)}
    for step in ("1", "2"):
        answer = world.post(client, "/en/rounds/new", **(fields | {"step": step} | given))
        assert answer.status_code == 200, answer.text
        fields |= dict(re.findall(r'type="hidden" name="(?!csrf)(\w+)" value="([^"]*)"', answer.text))
    members = re.findall(r'name="members" value="(\w+)" checked', answer.text)
    assert sorted(members) == sorted(given.get("members", NAMES))
    fields |= {"members": members, "rule": "standalone", "gap": "0.5", "time_limit": "30"}
    answer = world.post(client, "/en/rounds/new", **(fields | {"step": "3"} | given))
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[1])


def test_every_setting_and_scenario_is_offered() -> None:
    """A setting that is a number has a field of its own, and all have a reader and a name; so have the scenarios."""
    given = get_type_hints(Settings)
    numbers = {name for name, kind in given.items() if {int, float} & {kind, *get_args(kind)}}
    assert set(NUMBERS) == numbers
    assert set(NUMBERS) | {"builds", "more"} <= set(FIELDS[2])
    assert {f"draft.{name}" for name in (*NUMBERS, "allow_builds")} <= set(WORDS)
    assert set(_READERS) == set(given) == {name.removeprefix("setting.") for name in WORDS if name[:8] == "setting."}
    shipped = {path.stem for path in (LVLIANG / "scenarios").glob("*.toml")}
    assert set(SCENARIOS) == shipped == {name.removeprefix("scenario.") for name in WORDS if name[:9] == "scenario."}
    assert {f"draft.scenario.{name}" for name in SCENARIOS} <= set(WORDS)


def test_a_round_is_made_as_it_was_filled_in(web_world: World) -> None:
    client = web_world.client("planner")
    row = "[[tables.offers]]\noffer = 'EAST-TAR'\nquantity = 1\nsite = 'EAST-1'\ncommodity = 'TAR'"
    given = {"rule": "shapley", "gap": "1", "time_limit": "40", "carbon_price": "96", "builds": "no"}
    given |= {"deadline": "2030-01-02T03:04", "anonymous": "yes", "more": f"discount_rate = 0.05\n{row}"}
    made = _drafted(web_world, client, **given)
    found = queries.round_input(web_world.store, PLANNER, made)
    options, scenario = found.options or {}, found.scenario or {}
    assert options | {"settlement": "shapley", "gap": 0.01, "time_limit": 40.0} == options
    assert found.previous == web_world.round
    assert scenario["settings"] == {"carbon_price": 96.0, "allow_builds": False, "discount_rate": 0.05}
    assert scenario["tables"]["offers"][0]["offer"] == "EAST-TAR"
    shown = queries.see_round(web_world.store, PLANNER, made)
    assert shown.anonymous
    assert shown.document()["deadline"] == "2030-01-02T03:04:00+00:00"


def test_some_take_part(web_world: World) -> None:
    client = web_world.client("planner")
    made = _drafted(web_world, client, members=["EAST", "WEST"])
    assert [one.enterprise for one in queries.list_members(web_world.store, PLANNER, made)] == ["EAST", "WEST"]


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        ("1", {"name": ""}, "name"),
        ("1", {"dataset": "nonsense"}, "nonsense"),
        ("2", {"carbon_price": "a lot"}, "a lot"),
        ("2", {"more": "this is = = no toml"}, "cannot be read"),
        ("3", {"gap": "-1"}, "-1"),
        ("3", {"deadline": "tomorrow"}, "tomorrow"),
        ("3", {"members": []}, "At least one enterprise"),
        ("3", {"carbon_price": "-5"}, "carbon_price"),
    ],
)
def test_faults_are_said_where_they_are(web_world: World, step: str, given: dict[str, Any], said: str) -> None:
    client = web_world.client("planner")
    base = queries.round_input(web_world.store, PLANNER, web_world.round).base
    fields = {
        "name": "n",
        "dataset": base,
        "gap": "1",
        "time_limit": "9",
        "rule": "none",
        "members": list(NAMES),
        "step": step,
    }
    before = len(queries.list_rounds(web_world.store, PLANNER))
    answer = web_world.post(client, "/en/rounds/new", **(fields | given))
    assert answer.status_code == 422
    assert said in answer.text
    assert f'name="step" value="{step}"' in answer.text
    assert len(queries.list_rounds(web_world.store, PLANNER)) == before


def test_one_step_back_keeps_what_was_filled_in(web_world: World) -> None:
    client = web_world.client("planner")
    base = queries.round_input(web_world.store, PLANNER, web_world.round).base
    answer = web_world.post(
        client, "/en/rounds/new", step="3", back="1", name="kept", dataset=base, carbon_price="12", gap="7"
    )
    assert answer.status_code == 200
    assert 'name="carbon_price" type="text" value="12"' in answer.text
    assert 'type="hidden" name="gap" value="7"' in answer.text


def test_a_browser_polls_where_all_streams_are_taken(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SLOTS", threading.BoundedSemaphore(1))
    with events._SLOTS:
        assert web_world.client("planner").get(f"/en/rounds/{web_world.round}/events").status_code == 204
    assert web_world.client("editor").get(f"/en/rounds/{web_world.round}/events").status_code == 403


def test_a_running_match_is_watched(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    page = client.get(f"/en/rounds/{ident}").text
    assert f'data-fragment="/en/rounds/{ident}/progress"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    held = claim(store, WORKER, "test")
    assert held is not None
    told = {"gap": None, "done": 0, "total": 0}
    records = {
        0: told | {"phase": "relaxation", "seconds": 1.0, "bound": 900e6, "best": None},
        1: told | {"phase": "search", "seconds": 2.0, "bound": 800e6, "best": 600e6, "gap": 1 / 3},
        2: told | {"phase": "standalone", "seconds": 3.0, "bound": None, "best": None, "done": 2, "total": 5},
    }
    leases.note_progress(store, WORKER, held, records)
    for lang, best in (("en", "600.00 M CNY/a"), ("zh", "60,000 万元/年")):
        part = client.get(f"/{lang}/rounds/{ident}/progress").text
        assert 'data-state="on"' in part
        assert best in part
        assert "33.33%" in part
        assert "2/5" in part
        assert 'id="live-curve"' in part
    _step(web_world, client, ident, "cancel_match")
    leases.cancelled(store, WORKER, held)
    pushed = client.get(f"/en/rounds/{ident}/events")
    assert pushed.mimetype == "text/event-stream"
    assert pushed.text.count("event: progress") == 3
    assert '"state":"cancelled"' in pushed.text.rpartition("event: end")[2]
    again = client.get(f"/en/rounds/{ident}/events", headers={"Last-Event-ID": "1.1"}).text
    assert again.count("event: progress") == 1
    assert 'data-state="over"' in client.get(f"/en/rounds/{ident}/progress").text
    assert "synergy.js" not in client.get(f"/en/rounds/{ident}").text


def test_a_run_that_failed_says_so(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="failing")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    for _ in range(leases.ATTEMPTS):
        held = claim(store, WORKER, "test")
        assert held is not None
        leases.fail(store, WORKER, held, "MemoryError: in solve, line 1")
    page = client.get(f"/en/rounds/{ident}").text
    assert "MemoryError: in solve" in page
    assert _state(web_world, ident) == State.FROZEN


def test_a_run_whose_plan_was_refused_tells_the_findings(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise VerificationError(["value value: claimed 2, found 1"])

    monkeypatch.setattr("synergy.round.assert_valid", refuse)
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="refused")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    done = work_once(store, Habits(apart=False))  # once: the same tables give the same plan
    assert done is not None
    assert done.state == MatchState.FAILED
    assert _state(web_world, ident) == State.FROZEN
    for lang, sentence in (("en", "the plan was refused: 1 of its claims"), ("zh", "方案未通过校验：有 1 项")):
        page = client.get(f"/{lang}/rounds/{ident}").text
        assert sentence in page
        assert "claimed 2, found 1" in page
        assert sentence in client.get(f"/{lang}/notices").text
    (match,) = queries.see_matches(store, PLANNER, ident)
    assert match.diagnosis == [{"code": "refused", "text": "value value: claimed 2, found 1"}]


def test_a_run_without_a_plan_says_what_conflicts_in_sentences(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="infeasible")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    held = claim(store, WORKER, "test")
    assert held is not None
    cause = {"constraint": "need", "subject": "N", "commodity": "LNG", "amount": 70000.0}
    causes = [cause | {"text_en": "N needs 70,000 t of LNG", "text_zh": "N 需要 7 万吨 LNG"}]
    finish(store, WORKER, held, RunEnd("infeasible", None, causes))
    for lang, sentence in (("en", "N needs 70,000 t of LNG"), ("zh", "N 需要 7 万吨 LNG")):
        page = client.get(f"/{lang}/rounds/{ident}").text
        assert sentence in page
        assert "&#39;constraint&#39;" not in page


@pytest.mark.parametrize("view", VIEWS)
def test_each_picture_has_its_table(web_world: World, view: str) -> None:
    page = web_world.client("planner").get(f"/en/rounds/{web_world.round}/{view}").text
    svg, _, rest = page.partition('<svg xmlns="http://www.w3.org/2000/svg" class="drawn')[2].partition("</svg>")
    assert 'role="group"' in svg
    assert WORDS[f"view.{view}"][0] in svg
    assert f'<caption id="t-{view}">' in rest
    assert f"/en/rounds/{web_world.round}/tables/{view}.csv" in rest


def test_what_is_chosen_is_what_is_shown(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    found = proposals(web_world.store, ident).values()
    for kind in {one.kind for one in found}:
        page = client.get(f"/en/rounds/{ident}/results?kind={kind}").text
        for one in found:
            assert (one.title_en in page) == (one.kind == kind)
    for firm in NAMES:
        page = client.get(f"/en/rounds/{ident}/results?firm={firm}").text
        for one in found:
            assert (one.title_en in page) == (firm in one.enterprises)
    rows = json.loads(client.get(f"/en/rounds/{ident}/tables/sankey.json?commodity=TAR").data)["rows"]
    assert {row["commodity"] for row in rows} == {"Coal tar"}
    page = client.get(f"/en/rounds/{ident}/map?county=Hedong&commodity=COAL").text
    assert WORDS["view.nothing"][0] in page


def test_ribbons_lead_to_their_proposals(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    page = client.get(f"/zh/rounds/{ident}/sankey").text
    hrefs = {href.replace("&amp;", "&") for href in re.findall(r'<a href="([^"]+)" tabindex="-1">', page)}
    assert hrefs
    for href in hrefs:
        assert client.get(href).status_code == 200, href


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_table_is_a_file_too(web_world: World, ending: str) -> None:
    client, ident = web_world.client("planner"), web_world.round
    for name in ("proposals", *VIEWS):
        answer = client.get(f"/en/rounds/{ident}/tables/{name}.{ending}")
        assert answer.status_code == 200, name
        assert f"filename=round-{ident}-{name}.{ending}" in answer.headers["Content-Disposition"].replace('"', "")
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"/en/rounds/{ident}/tables/proposals.csv").data.decode("utf-8-sig")))
    )
    gains = {one.proposal: bare(one.gain) for one in proposals(web_world.store, ident).values()}
    assert {row["Code"]: float(row["Gain (CNY/a)"]) for row in rows} == pytest.approx(gains)
    for path in ("board", "compare/1-1"):
        assert client.get(f"/en/{path}.{ending}").status_code == 200


def test_a_page_that_has_not_changed_is_not_sent_again(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, ident = web_world.client("planner"), web_world.round
    path = f"/en/rounds/{ident}/sankey"
    first = client.get(path)
    tag = first.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    others = [
        web_world.client("auditor").get(path).headers["ETag"],
        client.get(f"/zh/rounds/{ident}/sankey").headers["ETag"],
        client.get(f"{path}?commodity=TAR").headers["ETag"],
    ]
    assert tag not in others
    drawn: list[int] = []
    monkeypatch.setattr(results, "sankey", lambda *_: drawn.append(1))
    assert client.get(path).status_code == 200
    assert drawn == [], "drawn once for a plan"
    accept(web_world.store, next(iter(proposals(web_world.store, ident).values())))
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200


def test_the_settlement_says_who_gets_what_and_how_stable_that_is(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="settled", options={"settlement": "core", "time_limit": 30.0})
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    worked(store)
    settled = queries.see_plan(store, PLANNER, ident).plan["settlement"]
    for lang, stable in (("en", "Stable:"), ("zh", "稳定：")):
        page = client.get(f"/{lang}/rounds/{ident}/settlement").text
        assert (stable in page) == (settled["verdict"] == "stable")
        assert WORDS["settled.band"][lang == "zh"] in page
    rows = json.loads(client.get(f"/en/rounds/{ident}/tables/payoffs.json").data)["rows"]
    code = next(iter(proposals(store, ident).values())).proposal
    assert ("Stable:" in client.get(f"/en/rounds/{ident}/proposals/{code}").text) == (settled["verdict"] == "stable")
    plan = queries.see_plan(store, PLANNER, ident).plan
    assert sum(row["payoff"] for row in rows) == pytest.approx(plan["value"])
    assert sum(row["transfer"] for row in rows) == pytest.approx(0, abs=0.02)
    prices = json.loads(client.get(f"/en/rounds/{ident}/tables/prices.json").data)["rows"]
    assert all(row["low"] - 0.01 <= row["price"] <= row["high"] + 0.01 for row in prices)
    assert WORDS["settled.none"][0] in client.get(f"/en/rounds/{web_world.round}/settlement").text
    assert client.get(f"/en/rounds/{web_world.round}/tables/prices.csv").status_code == 404


def _in_review(world: World) -> int:
    ident = begun(world.store, name="reviewed")
    freezing.freeze(world.store, PLANNER, ident)
    runs.request_match(world.store, PLANNER, ident)
    worked(world.store)
    return ident


def test_rulings_hold_from_the_next_run_on(web_world: World) -> None:
    world, client = web_world, web_world.client("planner")
    ident = _in_review(world)
    one = next(each for each in proposals(world.store, ident).values() if len(each.terms) == 1)
    path = f"/en/rounds/{ident}/review"
    assert world.post(client, path, what="forbid", proposal=one.proposal, term="0").status_code == 303
    assert world.post(client, path, what="note", proposal=one.proposal, text="asked <the city>").status_code == 303
    page = client.get(path).text
    assert "forbidden" in page
    assert "asked &lt;the city&gt;" in page
    _step(world, client, ident, "match")
    worked(world.store)
    ends = {
        (term.from_, term.to, term.commodity) for each in proposals(world.store, ident).values() for term in each.terms
    }
    assert (one.terms[0].from_, one.terms[0].to, one.terms[0].commodity) not in ends
    ruling = next(each.ruling for each in review.list_rulings(world.store, PLANNER, ident) if each.kind == "forbid")
    assert world.post(client, path, what="withdraw", ruling=str(ruling)).status_code == 303
    assert "taken back" in client.get(path).text


def test_a_proposal_is_told_whole(web_world: World) -> None:
    client, ident = web_world.client("planner"), web_world.round
    for one in proposals(web_world.store, ident).values():
        for lang in LANGUAGES:
            page = client.get(f"/{lang}/rounds/{ident}/proposals/{one.proposal}").text
            assert {"en": one.title_en, "zh": one.title_zh}[lang] in page
            assert page.count('class="drawn') == 2 * bool(one.terms)
            assert page.count('data-label="' + WORDS["dossier.value"][lang == "zh"]) == len(one.enterprises)
    assert client.get(f"/en/rounds/{ident}/proposals/P0").status_code == 404


def test_patterns_are_forbidden(web_world: World) -> None:
    world, client = web_world, web_world.client("planner")
    ident = _in_review(world)
    path = f"/en/rounds/{ident}/review"
    assert world.post(client, path, what="pattern").status_code == 303
    assert WORDS["review.everything"][0] in client.get(path).text
    world.post(client, path, what="pattern", from_enterprise="EAST", commodity="COG")
    (ruling,) = review.list_rulings(world.store, PLANNER, ident)
    assert ruling.pattern == {"from_enterprise": "EAST", "commodity": "COG"}
    assert "East Coking → any: Coke oven gas" in client.get(path).text
    assert world.post(client, path, what="forbid", proposal="P0").status_code == 404
    assert world.post(client, path, what="withdraw", ruling="no").status_code == 400


def test_two_runs_side_by_side(web_world: World) -> None:
    world, client = web_world, web_world.client("planner")
    assert WORDS["compare.none"][0] in client.get("/en/compare").text
    made = _drafted(world, client, carbon_price="300")
    _step(world, client, made, "at_once")
    worked(world.store)
    page = client.get("/en/compare").text
    assert "carbon price: 0 → 300" in page
    assert WORDS["compare.unproposed"][0].split("{plan}")[1] not in page
    for lang, said in (("en", "carbon price: 300"), ("zh", "碳价：300")):
        note = ladder_note(0.12, lang)
        for place in ("", "/summary"):
            assert said in client.get(f"/{lang}/rounds/{made}{place}").text
        for place in ("", "/summary", "/results"):
            assert note in client.get(f"/{lang}/rounds/{made}{place}").text
            assert note not in client.get(f"/{lang}/rounds/{world.round}{place}").text  # its ladder is 0
    assert "碳价由 0" in client.get("/zh/compare").text
    assert all(f"setting.{name}" in WORDS for name in {*Settings.__dataclass_fields__} - {"forbid", "fix"})
    assert "300" in page
    gains = [queries.see_plan(world.store, PLANNER, ident).plan["gain"] for ident in (world.round, made)]
    for gain in gains:
        assert f"{gain / 1e6:,.2f} M CNY/a" in page
    assert f"{(gains[1] - gains[0]) / 1e6:,.2f} M CNY/a" in page
    numbers = re.findall(r'<option value="(\d+)"', page)
    assert client.get(f"/zh/compare?first={numbers[0]}&second={numbers[0]}").status_code == 200


def test_values_that_cannot_be_told_apart_are_searched_again_from_both(web_world: World) -> None:
    world, client, made = web_world, web_world.client("planner"), web_world.round
    _step(world, client, made, "match")
    worked(world.store)
    first, second = (run.match for run in queries.see_matches(world.store, PLANNER, made))
    address, field = f"/en/compare?first={first}&second={second}", f'name="start" value="{first} {second}"'
    page = client.get(address).text
    assert WORDS["compare.not_apart"][0].split(".")[0] in page
    assert page.count(field) == 1
    assert field not in world.client("auditor").get(address).text
    _step(world, client, made, "match", start=f"{first} {second}")
    worked(world.store)
    again = queries.see_matches(world.store, PLANNER, made)[-1]
    assert again.options["start"] == sorted((first, second))
    before = _record_of(queries.match_input(world.store, PLANNER, second))["plan"]["value"]
    assert again.value is not None
    assert float(again.value) == pytest.approx(before)


def _record_of(found: RunInput) -> RoundJSON:
    assert found.record is not None
    return found.record


def test_runs_of_the_same_inputs_differ_by_the_search_alone(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = queries.see_matches(web_world.store, PLANNER, web_world.round)[-1].match
    found = queries.match_input(web_world.store, PLANNER, run)
    record = _record_of(found)
    fewer: PlanJSON = {**record["plan"], "proposals": record["plan"]["proposals"][1:]}
    given = iter([found, replace(found, record={**record, "plan": fewer})])
    monkeypatch.setattr(comparison, "match_input", lambda *_: next(given))
    told = comparison.compare(web_world.store, PLANNER, run, run)
    assert [one.why for one in told.lost] == [[ChangeCause(cause="search", what=None)]]


@pytest.mark.parametrize(("lang", "place"), [("en", 0), ("zh", 1)])
def test_what_cannot_be_compared_is_said(
    web_world: World, monkeypatch: pytest.MonkeyPatch, lang: str, place: int
) -> None:
    run = queries.see_matches(web_world.store, PLANNER, web_world.round)[-1].match
    found = queries.match_input(web_world.store, PLANNER, run)
    record = _record_of(found)
    empty: PlanJSON = {**record["plan"], "proposals": [], "standalone": None, "gain": None}
    given = iter([found, replace(found, record={**record, "plan": empty})])
    monkeypatch.setattr(comparison, "match_input", lambda *_: next(given))
    page = web_world.client("planner").get(f"/{lang}/compare?first={run}&second={run}").text
    assert WORDS["compare.unproposed"][place].format(plan=WORDS["compare.second"][place]) in page
    assert WORDS["compare.unproposed"][place].format(plan=WORDS["compare.first"][place]) not in page
    assert WORDS["compare.not_apart"][place] in page


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_change_of_a_scenario_is_told(name: str, lang: str) -> None:
    shipped = load_scenario(LVLIANG / "scenarios" / f"{name}.toml")
    said = policy(scenario_record(shipped), lang)
    assert said.startswith(WORDS[f"scenario.{name}"][lang == "zh"])
    assert all(WORDS[f"setting.{one}"][lang == "zh"] in said for one in shipped.settings)
    assert all(
        TITLES[one][lang == "zh"] in said for one in (*shipped.tables, *(rule["table"] for rule in shipped.scale))
    )
    assert "{" not in said


@pytest.mark.parametrize(("lang", "place"), [("en", 0), ("zh", 1)])
def test_results_without_proposals_say_why(
    web_world: World, monkeypatch: pytest.MonkeyPatch, lang: str, place: int
) -> None:
    client, path = web_world.client("planner"), f"/{lang}/rounds/{web_world.round}/results"
    told = [WORDS[name][place] for name in ("view.unproposed", "view.stopped")]
    assert not any(one in client.get(path).text for one in told)
    record = queries.see_plan(web_world.store, PLANNER, web_world.round)
    empty = {**record.plan, "proposals": [], "standalone": None, "gain": None}
    monkeypatch.setattr(queries, "see_plan", lambda *_: record.model_copy(update={"plan": empty}))
    monkeypatch.setattr(results, "kept", lambda _who, _record, made: made())
    assert told[1] in client.get(path).text


def test_why_not_is_answered(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "SECONDS", 150.0)
    client, ident = web_world.client("planner"), web_world.round
    question = f"/rounds/{ident}/why?from=WEST-1&to=TARCO-1&commodity=TAR"
    page = client.get(f"/en{question}").text
    assert WORDS["why.out"][0] in page
    assert WORDS["why.reasons"][0] in page
    known = client.get(f"/zh{question}")
    assert WORDS["why.out"][1] in known.text
    wrong = client.get(f"/en/rounds/{ident}/why?from=NOWHERE&to=TARCO-1&commodity=TAR")
    assert wrong.status_code == 422
    assert "NOWHERE" in wrong.text
    assert "没有" not in wrong.text


def test_a_question_ends_in_time(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "SECONDS", 0.01)
    page = (
        web_world.client("planner").get(f"/en/rounds/{web_world.round}/why?from=EAST-1&to=TARCO-1&commodity=TAR").text
    )
    assert "Not answered within" in page


def test_a_second_question_waits_a_little_and_is_sent_away(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why, "PATIENCE_S", 0.01)
    assert why._TURN.acquire(timeout=1)
    try:
        page = (
            web_world.client("planner")
            .get(f"/en/rounds/{web_world.round}/why?from=EAST-1&to=GLASS-1&commodity=TAR")
            .text
        )
    finally:
        why._TURN.release()
    assert WORDS["why.busy"][0] in page


def test_the_board_follows_partnerships(web_world: World) -> None:
    world, client = web_world, web_world.client("planner")
    assert WORDS["board.none"][0] in client.get("/en/board").text
    one = next(iter(proposals(world.store, world.round).values()))
    accept(world.store, one)
    _step(world, client, world.round, "conclude")
    (partnership,) = answers.followed(world.store, PLANNER)
    page = client.get("/en/board").text
    assert one.title_en in page
    path = f"/en/board/{partnership.partnership}"
    assert world.post(client, path, stage="permits", version="1").status_code == 303
    assert answers.followed(world.store, PLANNER)[0].stage == Stage.PERMITS
    assert world.post(client, path, stage="building", version="1").status_code == 409
    assert world.post(client, path, stage="ended", version="2").status_code == 422, "a reason is needed"
    assert world.post(client, path, stage="ended", version="2", reason="sold").status_code == 303
    assert "sold" in client.get("/en/board").text
    assert world.post(client, path, stage="nonsense").status_code == 400
    assert web_world.client("auditor").get("/en/board").text.count('<form method="post"') == 0


def test_the_summary_prints_what_proves_the_round(web_world: World) -> None:
    found = queries.see_plan(web_world.store, PLANNER, web_world.round)
    for lang in LANGUAGES:
        page = web_world.client("planner").get(f"/{lang}/rounds/{web_world.round}/summary").text
        assert found.digest in page
        assert found.chain.mac in page
        assert queries.see_matches(web_world.store, PLANNER, web_world.round)[0].snapshot in page


def test_names_of_the_data_are_escaped(web_world: World) -> None:
    evil = "<script>alert(1)</script>"
    made = _drafted(web_world, web_world.client("planner"), name=evil)
    for path in ("/rounds", f"/rounds/{made}", "/board", "/compare"):
        assert evil not in web_world.client("planner").get(f"/en{path}").text


def test_every_word_of_these_rooms_is_used() -> None:
    files = [path for kind in ("*.py", "*.html") for path in (ROOT / "web").rglob(kind) if "texts" not in path.parts]
    code = "".join(path.read_text("utf-8") for path in files)
    made = set(re.findall(r"""['"]([a-z_.]+\.)(?:['"] ~|\{)""", code))  # keys that are put together
    named = re.compile(r"view\.\w+\.(short|desc|table)$|run\.\w+_state$")
    idle = [
        key
        for room in ("results", "rounds")
        for key in import_module(f"synergy.web.texts.{room}").WORDS
        if f'"{key}"' not in code and f"'{key}'" not in code and key.rsplit(".", 1)[0] + "." not in made
        if not named.match(key)
    ]
    assert idle == []


@pytest.mark.parametrize(("lang", "place"), [("en", 0), ("zh", 1)])
def test_a_scenario_that_does_not_fit_is_closed_with_the_reason(web_world: World, lang: str, place: int) -> None:
    world, client = web_world, web_world.client("planner")
    form = {"name": "winter", "dataset": "lvliang-year", "step": "1"}
    page = world.post(client, f"/{lang}/rounds/new", **form).text
    closed = re.findall(r'<option value="(\w+)" disabled>([^<]*)</option>', page)
    assert [name for name, _ in closed] == ["winter_stagger"]
    reason = WORDS["draft.misfit"][place].split("{value}")[0]
    assert f"{reason}M01, M02, M03" in closed[0][1]
    (dataset,) = re.findall(r'name="dataset" value="(\w+)"', page)
    chosen = {"name": "winter", "dataset": dataset, "step": "2", "scenario": "winter_stagger"}
    answer = world.post(client, f"/{lang}/rounds/new", **chosen)
    assert answer.status_code == 422
    assert reason in answer.text
    months = world.post(client, f"/{lang}/rounds/new", **form | {"dataset": "lvliang"}).text
    assert 'value="winter_stagger"' in months
    assert " disabled" not in months
