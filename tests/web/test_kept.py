"""Answers that are kept are those that would be made anew, for everybody, after every change."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from api_worlds import Program
from stores import PLANNER, proposals
from synergy.web.api.dispatch import CompleteResponse, Kept
from synergy.web.api.spec import OPERATIONS, Mark
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from web_worlds import World

from synergy.records.names import Answer
from synergy.store import answers, rounds
from synergy.store.answers import Reply

EVERYBODY = ("planner", "auditor", "editor", "east", "tarco", "reader", "client")


def _seen(world: World, program: Program) -> dict[tuple[str, str], Any]:
    codes = [one.proposal for one in proposals(world.store, world.round).values()]
    paths = [f"/rounds/{world.round}/proposals", *(f"/proposals/{code}" for code in codes)]
    same = {"X-Request-ID": "same"}
    told = {(who, path): program.ask(who, "GET", path, same) for who in EVERYBODY for path in paths}
    return {key: (one.status_code, one.headers.get("ETag"), one.data) for key, one in told.items()}


def test_kept_answers_are_those_made_anew_after_every_change(web_world: World, program: Program) -> None:
    kept = {name for name, one in OPERATIONS.items() if Mark.KEPT in one.spec.marks}
    assert kept == {"list_proposals", "see_proposal"}, "ask for the new one here too"
    one = proposals(web_world.store, web_world.round)["deal:EAST>GLASS:COG"].proposal
    before: dict[tuple[str, str], Any] = {}
    steps = [
        lambda: None,
        lambda: answers.answer(web_world.store, web_world.actor("editor"), one, Reply(Answer.ACCEPTED)),
        lambda: answers.answer(web_world.store, web_world.actor("east"), one, Reply(Answer.DECLINED, "too dear")),
        lambda: rounds.advance(web_world.store, PLANNER, web_world.round, "cancel"),
    ]
    for step in steps:
        step()
        first, again = _seen(web_world, program), _seen(web_world, program)
        app = create_app(web_world.store, ServerSettings(limited=False))
        fresh = World(web_world.store, app, web_world.round, web_world.file)
        anew = _seen(web_world, Program(fresh, program.tokens))
        assert first == again == anew
        assert first != before
        before = first


def test_an_answer_is_sent_compressed_to_who_can_read_it(web_world: World, program: Program) -> None:
    path = f"/rounds/{web_world.round}/proposals"
    plain = program.ask("planner", "GET", path)
    small = program.ask("planner", "GET", path, {"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert {"Accept-Encoding", "Authorization"} <= set(small.vary)
    for answer in (plain, small):
        same = program.ask("planner", "GET", path, {"If-None-Match": answer.headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")


def test_the_answer_longest_unasked_is_forgotten_first() -> None:
    made: list[str] = []

    def make(name: str) -> CompleteResponse:
        made.append(name)
        return CompleteResponse(b"x" * 400, None, {})

    kept = Kept(1000)
    for name in ("one", "two", "one", "three", "one", "two"):
        kept.find(name, lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["one", "two", "three", "two"]


@pytest.mark.parametrize("who", ["", "editor"])
def test_what_is_kept_for_one_is_not_told_to_another(web_world: World, program: Program, who: str) -> None:
    code = proposals(web_world.store, web_world.round)["deal:EAST>GLASS:COG"].proposal
    told = program.ask("planner", "GET", f"/proposals/{code}")
    assert "marginal_gain" in told.get_json()
    other = program.ask(who, "GET", f"/proposals/{code}")
    assert other.status_code == (200 if who else 401)
    assert "marginal_gain" not in other.get_json()
