"""The pages of enterprises: suggestions by own gain, answers in place, what may be asked, nothing of others."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, update
from stores import PLANNER, editor, proposals
from synergy.web.pages import why
from synergy.web.planning.proposal_view import Own, by_gain, own_proposal
from web_worlds import World

from synergy.records.figures import Money, Quantity
from synergy.records.names import Answer
from synergy.records.proposals import CounterLine, OwnProposal
from synergy.store import answers, queries, studies
from synergy.store.answers import Reply
from synergy.store.tables import rounds

DEAL = "deal:EAST>GLASS:COG"


def code_of(world: World, what: str = DEAL) -> str:
    return proposals(world.store, world.round)[what].proposal


def seen(world: World, firm: str = "GLASS", what: str = DEAL) -> OwnProposal:
    return own_proposal(world.store, editor(firm), code_of(world, what))


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "Buy 60 M Nm3 of coke oven gas a year from East Coking, 9 km away"),
        ("zh", "每年从东河焦化购入焦炉煤气 6000 万 Nm3（相距 9 km）"),
    ],
)
def test_home_says_each_suggestion_in_a_sentence(web_world: World, lang: str, said: str) -> None:
    page = web_world.client("editor").get(f"/{lang}/home").text
    assert said in page
    assert page.count('class="card offer"') == 1
    assert f"/{lang}/proposals/{code_of(web_world)}" in page


@pytest.mark.parametrize("form", [{"answer": "accepted"}, {"answer": "countered", "q-0": "50,000"}])
def test_an_answer_is_one_transaction_of_few_statements(web_world: World, form: dict[str, str]) -> None:
    database = web_world.store.database
    client, path = web_world.client("editor"), f"/en/proposals/{code_of(web_world)}/answer"
    version = str(seen(web_world).version)
    statements: list[str] = []
    commits: list[str] = []
    for engine in (database.writer, database.reader):
        event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    event.listen(database.writer, "commit", lambda _: commits.append("commit"))
    web_world.post(client, path, **form, version=version)
    assert 0 < len(statements) <= 20, statements
    assert commits == ["commit"]
    assert not [one for one in statements if re.match(r'SELECT .*"plan".* FROM', one, flags=re.S)]
    assert seen(web_world).answer == form["answer"]


def test_a_suggestion_is_accepted_in_place(web_world: World) -> None:
    client, path = web_world.client("editor"), f"/en/proposals/{code_of(web_world)}/answer"
    version = str(seen(web_world).version)
    done = web_world.post(client, path, answer="accepted", next="home", version=version)
    assert (done.status_code, done.location) == (303, "/en/home")
    assert seen(web_world).answer == "accepted"
    assert "Accepted." in client.get("/en/home").text
    again = web_world.post(client, path, answer="declined", reason="no", version=version)
    assert again.status_code == 303
    assert seen(web_world).answer == "accepted"
    assert 'class="message bad"' in client.get("/en/home").text


def test_after_the_deadline_nothing_is_asked_any_more(web_world: World) -> None:
    client, paths = web_world.client("editor"), ("/en/home", f"/en/proposals/{code_of(web_world)}")
    assert all('value="accepted"' in client.get(path).text for path in paths)
    over = datetime.now(UTC) - timedelta(minutes=1)
    with web_world.store.database.write() as connection:  # no event: the clock alone
        connection.execute(update(rounds).values(answer_by=over))
    for path in paths:
        page = client.get(path).text
        assert 'value="accepted"' not in page
        assert "deadline for answers has passed" in page


def test_declining_needs_a_reason_and_a_counter_a_change(web_world: World) -> None:
    client, path = web_world.client("editor"), f"/zh/proposals/{code_of(web_world)}/answer"
    for fields in ({"answer": "declined", "reason": " "}, {"answer": "countered"}, {"answer": "nonsense"}):
        web_world.post(client, path, **fields)
        assert seen(web_world).answer == "none"
    web_world.post(client, path, **{"answer": "countered", "q-0": "５０,０００"})
    asked = Quantity(value=Decimal(50_000), unit="kNm3")
    assert seen(web_world).counter == [CounterLine(number=0, quantity=asked, price=None)]


def test_a_form_that_is_left_as_it_is_counters_nothing(web_world: World) -> None:
    client, path = web_world.client("editor"), f"/en/proposals/{code_of(web_world)}/answer"
    (line,) = seen(web_world).lines
    form = {"answer": "countered", "q-0": f"{line.quantity.value:,f}", "p-0": ""}
    web_world.post(client, path, **form)
    assert seen(web_world).answer == "none"
    assert "nothing was changed: change a quantity or a price" in client.get("/en/home").text.lower()
    web_world.post(client, path, **(form | {"p-0": "1"}))
    assert [(one.quantity, one.price) for one in seen(web_world).counter] == [
        (None, Money(amount=Decimal(1), currency="CNY"))
    ]


def test_pages_of_one_proposal_show_what_each_may_see(web_world: World) -> None:
    code = code_of(web_world)
    mine = web_world.client("editor").get(f"/en/proposals/{code}")
    assert mine.status_code == 200
    assert "Your gain" in mine.text
    whole = web_world.client("planner").get(f"/en/proposals/{code}", follow_redirects=True).text
    assert "Band per unit" in whole
    assert "Band per unit" not in mine.text
    assert "East Coking" in whole
    assert web_world.client("tarco").get(f"/en/proposals/{code}").status_code == 404
    reading = web_world.client("reader").get("/en/home")
    assert reading.status_code == 200
    assert "<button" not in reading.text


def test_a_proposal_goes_on_to_its_stages(web_world: World) -> None:
    code = code_of(web_world)
    for firm in ("EAST", "GLASS"):
        answers.answer(web_world.store, editor(firm), code, Reply(Answer.ACCEPTED))
    answers.conclude(web_world.store, PLANNER, web_world.round)
    client = web_world.client("editor")
    (deal,) = answers.followed(web_world.store, editor("GLASS"))
    assert "Under way" in client.get("/en/home").text
    path = f"/en/proposals/{code}/stage"
    web_world.post(client, path, partnership=str(deal.partnership), stage="permits")
    (deal,) = answers.followed(web_world.store, editor("GLASS"))
    assert deal.stage == "permits"
    assert "Stage: permits" in client.get(f"/en/proposals/{code}").text


def _gaining(one: OwnProposal, gain: float | None) -> OwnProposal:
    money = None if gain is None else Money(amount=Decimal(gain), currency=one.currency)
    return one.model_copy(update={"own": one.own.model_copy(update={"gain": money})})


def test_suggestions_stand_by_own_gain(web_world: World) -> None:
    listed = queries.list_proposals(web_world.store, editor("EAST"), web_world.round)
    own = [one for one in listed if isinstance(one, OwnProposal)]
    assert len(own) == len(listed)
    gains: list[float | None] = [5.0, None, 7.0, -1.0]
    made = [Own(_gaining(one, gain), "responding", "EAST", "en") for one, gain in zip(own, gains, strict=False)]
    assert [one.gain for one in by_gain(made)] == [7.0, 5.0, -1.0, None]


def test_pathways_of_own_goods(web_world: World) -> None:
    client = web_world.client("east")
    page = client.get("/zh/pathways?commodity=COG")
    assert page.status_code == 200
    assert "焦炉煤气制LNG" in page.text
    assert client.get("/zh/pathways?commodity=nothing").status_code == 404
    assert web_world.client("planner").get("/zh/pathways").status_code == 302


def test_why_not_is_counted_and_bounded(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    told = {"in_plan": False, "reasons": [{"text_en": "too far", "text_zh": "太远"}], "changes": []}
    monkeypatch.setattr(why, "answered", lambda *given: asked.append(given) or told)
    client, form = web_world.client("tarco"), {"own": "TARCO-1", "other": "EAST-1", "commodity": "TAR", "way": "take"}
    page = web_world.post(client, "/en/why-not", **form)
    assert "too far" in page.text
    assert f"Questions left in this round: {studies.MOST_QUESTIONS - 1} of {studies.MOST_QUESTIONS}" in re.sub(
        r"\s+", " ", page.text
    )
    assert web_world.post(client, "/en/why-not", **{**form, "own": "GLASS-1"}).status_code == 404
    monkeypatch.setattr(why, "answered", lambda *_given: None)
    assert "could not be answered" in web_world.post(client, "/en/why-not", **form).text
