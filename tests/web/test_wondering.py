"""What an enterprise may ask: why not, what else, and what became of a proposal; always its own, never others'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update
from stores import NAMES, PLANNER, editor, proposals, responding_round

from synergy.errors import DeniedError, NotFoundError, RefusedError
from synergy.records.names import Answer, Seat, StudyKind
from synergy.store import answers, declarations, queries, studies
from synergy.store.answers import CounterOffer, Reply
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.studies import MOST_QUESTIONS, StudyQuestion, Wondered
from synergy.store.tables import rounds
from synergy.worker.questions import answered

DEAL = "deal:EAST>GLASS:COG"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, int]:
    folder = tmp_path_factory.mktemp("wondering")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_FILE, str(folder / "key"))
        store = make_store(folder / "store.db")
        return store, responding_round(store)


def test_a_firm_hears_why_not_without_others_figures(lived: tuple[Store, int]) -> None:
    store, ident = lived
    question = Wondered("EAST-1", "TARCO-1", "TAR")
    told, ground = studies.wonder(store, editor("TARCO"), ident, question)
    found = answered(ground, question, "TARCO", 60.0)
    assert found is not None
    assert (found["view"], found["as"], found["in_plan"]) == ("firm", "TARCO", False)
    assert found["reasons"]
    assert all(one["text_zh"] and one["text_en"] for one in found["reasons"])
    assert "forced_value" not in json.dumps(found)
    assert answered(ground, question, "TARCO", 0.0) is None
    again, _ = studies.wonder(store, editor("TARCO"), ident, question)
    assert again == told
    assert studies.left(store, editor("TARCO"), ident).left == MOST_QUESTIONS - 1


def test_questions_are_counted_for_the_whole_enterprise(lived: tuple[Store, int]) -> None:
    store, ident = lived
    asked = [Wondered("WEST-1", site, good) for site in ("EAST-1", "TARCO-1", "GLASS-1") for good in ("TAR", "COG")]
    asked += [Wondered(one.target, one.origin, one.commodity) for one in asked]
    for one in asked[:MOST_QUESTIONS]:
        studies.wonder(store, editor("WEST"), ident, one)
    with pytest.raises(RefusedError, match=str(MOST_QUESTIONS)):
        studies.wonder(store, editor("WEST"), ident, Wondered("WEST-1", "EAST-1", "COKE"))
    assert studies.left(store, editor("WEST"), ident).left == 0


@pytest.mark.parametrize(
    "question",
    [Wondered("EAST-1", "GLASS-1", "COG"), Wondered("TARCO-1", "NOWHERE", "TAR"), Wondered("TARCO-1", "EAST-1", "X")],
)
def test_others_exchanges_and_unknown_ones_look_the_same(lived: tuple[Store, int], question: Wondered) -> None:
    store, ident = lived
    with pytest.raises(NotFoundError):
        studies.wonder(store, editor("TARCO"), ident, question)
    with pytest.raises(DeniedError):
        studies.wonder(store, PLANNER, ident, question)


def test_chains_hold_what_is_public_and_one_s_own(lived: tuple[Store, int]) -> None:
    store, ident = lived
    assert [one.commodity for one in declarations.goods(store, editor("EAST"), Seat(ident, "EAST"))] == [
        "COKE",
        "COG",
        "TAR",
    ]
    found = declarations.chains(store, editor("EAST"), Seat(ident, "EAST"), "COG")
    assert [one["enterprise"] for one in found["holders"]] == ["EAST"]
    assert found["chains"][0]["title_zh"].startswith("焦炉煤气 → ")
    units = [unit["enterprise"] for one in found["chains"] for step in one["steps"] for unit in step["facilities"]]
    assert set(units) <= {"EAST"}
    with pytest.raises(NotFoundError):
        declarations.chains(store, editor("WEST"), Seat(ident, "EAST"), "COG")
    with pytest.raises(NotFoundError):
        declarations.chains(store, editor("EAST"), Seat(ident, "EAST"), "nothing")


def test_a_story_tells_one_s_own_answers(lived: tuple[Store, int]) -> None:
    store, ident = lived
    code = proposals(store, ident)[DEAL].proposal
    answers.answer(store, editor("GLASS"), code, Reply(Answer.COUNTERED, counter=[CounterOffer(0, price="400")]))
    answers.answer(store, editor("EAST"), code, Reply(Answer.ACCEPTED))
    mine = queries.story(store, editor("EAST"), code)
    assert [one.action for one in mine] == ["round.publish", "round.collect", "answer"]
    assert mine[-1].answer == "accepted"
    assert "400" not in json.dumps([one.document() for one in mine])
    whole = queries.story(store, PLANNER, code)
    assert [one.enterprise for one in whole if one.action == "answer"] == ["GLASS", "EAST"]
    answers.answer(store, editor("GLASS"), code, Reply(Answer.ACCEPTED))
    answers.conclude(store, PLANNER, ident)
    (partnership,) = [one for one in answers.followed(store, editor("GLASS")) if one.proposal == code]
    assert partnership.stage == "agreed"
    assert queries.story(store, editor("GLASS"), code)[-1].action == "round.conclude"
    assert set(NAMES) > {"GLASS"}


def test_studies_count_and_nobody_asks_while_partners_have_no_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    ident = responding_round(store)
    asked = {"from_site": "EAST-1", "to_site": "TARCO-1", "commodity": "TAR"}
    for _ in range(MOST_QUESTIONS):
        studies.ask(store, editor("TARCO"), ident, StudyQuestion(StudyKind.EXPLANATION, asked))
    assert studies.left(store, editor("TARCO"), ident).left == 0
    with pytest.raises(RefusedError, match=str(MOST_QUESTIONS)):
        studies.wonder(store, editor("TARCO"), ident, Wondered("EAST-1", "TARCO-1", "TAR"))
    with pytest.raises(RefusedError, match=str(MOST_QUESTIONS)):
        studies.ask(store, editor("TARCO"), ident, StudyQuestion(StudyKind.EXPLANATION, asked))
    with store.database.write() as connection:
        connection.execute(update(rounds).where(rounds.c.id == ident).values(anonymous=True))
    with pytest.raises(RefusedError):
        studies.left(store, editor("GLASS"), ident)
    with pytest.raises(RefusedError):
        studies.wonder(store, editor("GLASS"), ident, Wondered("EAST-1", "GLASS-1", "COG"))
