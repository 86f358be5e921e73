"""Pages whose inside is made once show what they would show if made anew, to everybody, after every change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from stores import PLANNER, editor, proposals
from synergy.web import pictures
from synergy.web import render as kept
from synergy.web.pages import home, proposal, results
from synergy.web.planning.proposal_view import Own, own_proposal
from synergy.web.render import page
from web_worlds import World

from synergy.records.figures import Quantity
from synergy.records.names import Answer, Stage
from synergy.records.proposals import OwnLine
from synergy.store import accounts, answers, notices, queries, rounds
from synergy.store.answers import CounterOffer, Reply

DEAL = "deal:EAST>GLASS:COG"
FIRMS = ("editor", "east", "tarco", "reader")
EVERYBODY = (*FIRMS, "planner", "auditor")
_FIGURE = re.compile(r"<svg.*?</svg>", re.DOTALL)


def code_of(world: World) -> str:
    return proposals(world.store, world.round)[DEAL].proposal


def paths(world: World) -> list[str]:
    codes = [one.proposal for one in proposals(world.store, world.round).values()]
    found = ["/home", *(f"/proposals/{code}" for code in codes)]
    found += [f"/rounds/{world.round}/proposals/{code}" for code in codes]
    return [f"/{lang}{path}" for lang in ("zh", "en") for path in found]


def told(world: World) -> dict[tuple[str, str], tuple[int, str]]:
    """Return what everybody is shown, the marks of forms aside."""
    found = {}
    for who in EVERYBODY:
        client = world.client(who)
        for path in paths(world):
            answer = client.get(path)
            found[who, path] = (answer.status_code, re.sub(r'(?<=name="csrf_token" value=")[^"]+', "", answer.text))
    return found


def anew(template: str, lang: str, fields: Callable[[], Mapping[str, Any]]) -> str:
    return page(template, lang, **fields())


def found_in(app: Flask) -> int:
    return len(app.extensions[kept._NAME]._known)


def test_pages_are_those_made_anew_after_every_change(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store, code = web_world.store, code_of(web_world)
    counter = [CounterOffer(0, "50000")]

    def follow() -> None:
        (deal,) = answers.followed(store, editor("GLASS"))
        answers.follow(store, PLANNER, deal.partnership, Stage.PERMITS)

    steps: list[Callable[[], Any]] = [
        lambda: None,
        lambda: answers.answer(store, editor("GLASS"), code, Reply(Answer.COUNTERED, counter=counter)),
        lambda: answers.answer(store, editor("GLASS"), code, Reply(Answer.ACCEPTED)),
        lambda: answers.answer(store, editor("EAST"), code, Reply(Answer.ACCEPTED)),
        lambda: answers.conclude(store, PLANNER, web_world.round),
        follow,
    ]
    before: dict[tuple[str, str], tuple[int, str]] = {}
    for step in steps:
        step()
        first, again = told(web_world), told(web_world)
        with monkeypatch.context() as patch:
            for module in (home, proposal, results):
                patch.setattr(module, "once", anew)
            assert first == again == told(web_world)
        assert first != before
        before = first


@pytest.mark.parametrize("step", ["decline", "cancel"])
def test_what_ends_a_proposal_is_seen_at_once(web_world: World, step: str) -> None:
    code, client = code_of(web_world), web_world.client("editor")
    before = client.get(f"/en/proposals/{code}").text
    assert "Accept</button>" in before
    if step == "decline":
        answers.answer(web_world.store, editor("EAST"), code, Reply(Answer.DECLINED, "too dear"))
    else:
        rounds.advance(web_world.store, PLANNER, web_world.round, "cancel")
    after = client.get(f"/en/proposals/{code}")
    assert "Accept</button>" not in after.text
    assert after.status_code == (200 if step == "decline" else 404)
    assert "too dear" not in after.text


def test_nobody_is_shown_what_is_kept_for_another(web_world: World) -> None:
    code = code_of(web_world)
    whole = web_world.client("planner").get(f"/en/rounds/{web_world.round}/proposals/{code}").text
    first = {who: web_world.client(who).get(f"/en/proposals/{code}") for who in ("editor", "east")}
    assert "Band per unit" in whole
    drawn = {who: _FIGURE.findall(one.text) for who, one in first.items()}
    assert drawn["editor"]
    assert drawn["editor"][0] != drawn["east"][0]
    assert _FIGURE.findall(whole)[0] not in (drawn["editor"][0], drawn["east"][0])
    for who, status in (("tarco", 404), ("reader", 404), ("", 303)):
        answer = web_world.client(who).get(f"/en/proposals/{code}")
        assert answer.status_code == status
        assert "<svg" not in answer.text
    assert web_world.client("editor").get(f"/en/rounds/{web_world.round}/proposals/{code}").status_code == 403


def test_access_is_asked_again_each_time(web_world: World) -> None:
    code, client = code_of(web_world), web_world.client("editor")
    path = f"/en/proposals/{code}"
    assert client.get(path).status_code == 200
    accounts.change_user(web_world.store, web_world.actor("admin"), "ed-glass", disabled=True)
    assert client.get(path).status_code == 303
    accounts.change_user(web_world.store, web_world.actor("admin"), "ed-glass", disabled=False)
    assert client.get(path).status_code == 303
    assert web_world.client("editor").get(path).status_code == 200


def test_marks_notices_and_messages_are_those_of_the_session(web_world: World) -> None:
    path = f"/en/proposals/{code_of(web_world)}"
    one, other = web_world.client("editor"), web_world.client("editor")
    with other.session_transaction() as session:
        session["csrf_token"] = "b" * 40
    marks = [set(re.findall(r'name="csrf_token" value="([^"]+)"', each.get(path).text)) for each in (one, other)]
    assert [len(found) for found in marks] == [1, 1]
    assert marks[0] != marks[1]
    answer = one.post(f"{path}/answer", data={"csrf_token": marks[1].pop(), "answer": "accepted"})
    assert answer.status_code == 400
    with one.session_transaction() as session:
        session["_flashes"] = [("good", "said once")]
    assert "said once" in one.get(path).text
    assert "said once" not in one.get(path).text
    assert 'class="count"' in one.get(path).text
    notices.mark_read(web_world.store, web_world.actor("editor"))
    assert 'class="count"' not in one.get(path).text


def test_an_inside_is_made_once_for_each_account(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    whole = proposal._shown
    monkeypatch.setattr(proposal, "_shown", lambda who, *given: made.append(who.name) or whole(who, *given))
    path = f"/en/proposals/{code_of(web_world)}"
    for who in ("editor", "editor", "east", "editor", "east"):
        assert web_world.client(who).get(path).status_code == 200
    assert made == ["ed-glass", "ed-east"]
    assert web_world.client("tarco").get(path).status_code == 404
    assert found_in(web_world.app) == 2, "what may not be seen is not kept"


def test_what_is_kept_is_bounded(web_world: World) -> None:
    web_world.app.extensions[kept._NAME] = kept.Bounded[kept.Inside](100_000, kept.Inside.size)
    client = web_world.client("editor")
    for number in range(30):
        assert client.get(f"/en/home?{number}").status_code == 200
    assert 0 < found_in(web_world.app) < 30
    assert web_world.app.extensions[kept._NAME]._size <= 100_000


def test_a_moment_is_one_state_of_the_database(web_world: World) -> None:
    base, code = web_world.store.database, code_of(web_world)
    with base.moment():
        before = queries.see_proposal(web_world.store, editor("GLASS"), code)
        with ThreadPoolExecutor(1) as pool:  # another thread is another reader
            pool.submit(answers.answer, web_world.store, editor("GLASS"), code, Reply(Answer.ACCEPTED)).result()
            later = pool.submit(queries.see_proposal, web_world.store, editor("GLASS"), code).result()
        assert queries.see_proposal(web_world.store, editor("GLASS"), code) == before
    assert before.answer == "none"
    assert later.answer == "accepted"
    assert queries.see_proposal(web_world.store, editor("GLASS"), code) == later


def test_a_picture_is_drawn_once_for_who_looks(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    whole = pictures.draw_map
    monkeypatch.setattr(pictures, "draw_map", lambda *given: drawn.append(given[1]) or whole(*given))
    pictures._map.cache_clear()
    path, counter = f"/proposals/{code_of(web_world)}", [CounterOffer(0, "50000")]
    first = {who: _FIGURE.findall(web_world.client(who).get(f"/en{path}").text) for who in ("editor", "east")}
    assert drawn == ["en", "en"]
    answers.answer(web_world.store, editor("GLASS"), code_of(web_world), Reply(Answer.COUNTERED, counter=counter))
    for who, pair in first.items():
        assert _FIGURE.findall(web_world.client(who).get(f"/en{path}").text) == pair
    assert drawn == ["en", "en"], "an answer moves nothing on the map"
    web_world.client("editor").get(f"/zh{path}")
    assert drawn == ["en", "en", "zh"]


def test_a_picture_shows_other_figures_at_once(web_world: World) -> None:
    record = own_proposal(web_world.store, editor("GLASS"), code_of(web_world))
    teller, line = Own(record, "", "GLASS", "en"), record.lines[0]
    shown = [
        pictures.flow_picture(
            [_sent(line, quantity)], {"GLASS": [note]}, teller.who, pictures.Viewer("GLASS", "en", teller.good_name)
        )
        for quantity, note in ((1000, "new"), (2000, "new"), (1000, "none"), (1000, "new"))
    ]
    assert len(set(shown)) == 3
    assert shown[0] == shown[-1]


def _sent(line: OwnLine, quantity: int) -> OwnLine:
    return line.model_copy(update={"quantity": Quantity(value=Decimal(quantity), unit=line.quantity.unit)})


def test_a_proposal_is_the_same_in_a_list_and_alone(web_world: World) -> None:
    code, glass = code_of(web_world), editor("GLASS")
    for answer in (None, Answer.COUNTERED, Answer.ACCEPTED):
        if answer is not None:
            counter = [CounterOffer(0, "50000")] if answer is Answer.COUNTERED else []
            answers.answer(web_world.store, glass, code, Reply(answer, counter=counter))
        listed = queries.list_proposals(web_world.store, glass, web_world.round)
        assert [queries.see_proposal(web_world.store, glass, one.proposal) for one in listed] == listed
