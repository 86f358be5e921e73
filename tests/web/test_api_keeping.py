"""What pages and programs do alike beside rounds: notices, copies of the store, everybody's tokens, leaving."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from api_worlds import Program
from stores import begun, proposals
from synergy.web.settings import ServerSettings
from web_worlds import SECRET

from synergy.store import notices


@pytest.fixture
def web_settings(tmp_path: Path) -> ServerSettings:
    return ServerSettings(secret=SECRET, limited=False, backup_folder=tmp_path / "copies")


def test_notices_are_read_by_an_account(program: Program) -> None:
    told = program.read("editor", "/notices")["items"]
    assert [one["kind"] for one in told] == ["collect", "published", "opened"]
    assert "wait for your answer" in told[0]["text"]
    zh = program.ask("editor", "GET", "/notices", {"Accept-Language": "zh"}).get_json()["items"]
    assert "等待贵企业答复" in zh[0]["text"]
    first = {"notices": [told[0]["notice"]]}
    assert program.ask("editor", "POST", "/notices/read", json=first).get_json() == {"marked": 1}
    assert program.ask("editor", "POST", "/notices/read", json=first).get_json() == {"marked": 0}
    assert [one["kind"] for one in program.read("editor", "/notices?unread=true")["items"]] == ["published", "opened"]
    assert (
        program.ask("tarco", "POST", "/notices/read", json={"notices": [told[1]["notice"]]}).get_json()["marked"] == 0
    )
    assert program.ask("editor", "POST", "/notices/read").get_json() == {"marked": 2}
    assert notices.list_notices(program.world.store, program.world.actor("editor"), unread=True) == []


def test_copies_are_made_and_listed(program: Program, tmp_path: Path) -> None:
    assert program.read("admin", "/backups")["items"] == []
    made = program.ask("admin", "POST", "/backups")
    assert made.status_code == 201, made.text
    (listed,) = program.read("admin", "/backups")["items"]
    assert listed["file"] == made.get_json()["file"]
    assert (tmp_path / "copies" / listed["file"]).stat().st_size == listed["bytes"]
    assert program.ask("planner", "GET", "/backups").status_code == 403


def test_a_copy_that_is_asked_for_again_is_the_first_one(program: Program) -> None:
    key = {"Idempotency-Key": "copy-1"}
    first = program.ask("admin", "POST", "/backups", key).get_json()
    time.sleep(1.0)  # a copy is named after its second
    assert program.ask("admin", "POST", "/backups", key).get_json() == first
    assert [one["file"] for one in program.read("admin", "/backups")["items"]] == [first["file"]]


def test_an_administrator_ends_any_token(program: Program) -> None:
    program.read("editor", "/me")
    (theirs,) = [one for one in program.read("admin", "/issued-tokens")["items"] if one["name"] == "ed-glass"]
    assert "token" not in theirs
    assert program.ask("editor", "DELETE", f"/issued-tokens/{theirs['id']}").status_code == 403
    assert program.ask("admin", "DELETE", f"/issued-tokens/{theirs['id']}").status_code == 204
    assert program.ask("editor", "GET", "/me").status_code == 401
    assert program.ask("admin", "DELETE", f"/issued-tokens/{theirs['id']}").status_code == 404


def test_an_enterprise_leaves_and_comes_back(program: Program) -> None:
    begun(program.world.store, name="second")
    program.token("tarco")
    leaving = {"enterprise": "TARCO", "note": "closed"}
    left = program.ask("admin", "POST", "/departures", json=leaving)
    if left.status_code == 422:  # a proposal with it is open
        assert "TARCO" in left.get_json()["detail"]
        assert (
            program.ask("planner", "POST", f"/rounds/{program.world.round}/cancel", {"If-Match": "*"}).status_code < 300
        )
        left = program.ask("admin", "POST", "/departures", json=leaving)
    assert left.status_code == 201, left.text
    assert left.get_json()["accounts"] == ["ed-tarco", "re-tarco"]
    assert program.ask("tarco", "GET", "/rounds").status_code == 401
    (listed,) = program.read("admin", "/departures")["items"]
    assert (listed["enterprise"], listed["reason"]) == ("TARCO", "closed")
    assert program.read("planner", "/notices")["items"][0]["kind"] == "departed"
    assert program.ask("admin", "DELETE", "/departures/TARCO").status_code == 204
    assert program.read("admin", "/departures")["items"] == []
    assert program.ask("admin", "DELETE", "/departures/TARCO").status_code == 404


def test_the_history_of_a_proposal_tells_an_enterprise_no_answer_of_others(program: Program) -> None:
    code = proposals(program.world.store, program.world.round)["deal:EAST>GLASS:COG"].proposal
    for who in ("editor", "east"):
        program.ask(who, "POST", f"/proposals/{code}/answers", json={"answer": "accepted"})
    told = {who: program.read(who, f"/proposals/{code}/history")["items"] for who in ("editor", "planner")}
    answered = {who: {one["enterprise"] for one in rows} - {""} for who, rows in told.items()}
    assert answered == {"editor": {"GLASS"}, "planner": {"GLASS", "EAST"}}
    assert program.ask("tarco", "GET", f"/proposals/{code}/history").status_code == 404


def test_the_setup_of_a_round_is_for_who_sees_plans(program: Program) -> None:
    made = program.read("planner", f"/rounds/{program.world.round}/setup")
    assert (made["dataset"], made["creator"]) == ("tiny", "anna")
    assert program.ask("editor", "GET", f"/rounds/{program.world.round}/setup").status_code == 403
