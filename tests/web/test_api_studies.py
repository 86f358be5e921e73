"""Studies through the API: asked, answered beside the runs, fetched; and what a firm is told."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from api_worlds import API, Program

from synergy.errors import ConflictError
from synergy.store import studies
from synergy.store.access import WORKER
from synergy.store.store import Store
from synergy.worker.studies import study_once
from synergy.worker.work import Habits, work

EXCHANGE = {"from_site": "EAST-1", "to_site": "GLASS-1", "commodity": "COG"}


def _asked(program: Program, who: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask, let a worker answer, and return what is fetched then."""
    sent = {} if body is None else {"json": body}
    answer = program.ask(who, "POST", f"/rounds/{program.world.round}/{path}", **sent)
    assert answer.status_code == 202, answer.text
    place = answer.location.removeprefix(API)
    waiting = program.ask(who, "GET", place)
    assert (waiting.get_json()["state"], waiting.headers["Retry-After"]) == ("requested", "2")
    assert study_once(program.world.store, apart=False) is not None
    done = program.ask(who, "GET", place)
    assert "Retry-After" not in done.headers
    return done.get_json()


def test_why_an_exchange_is_in_the_plan(program: Program) -> None:
    told = _asked(program, "planner", "explanations", EXCHANGE)
    assert (told["state"], told["result"]["view"], told["result"]["in_plan"]) == ("done", "planner", True)
    mine = _asked(program, "editor", "explanations", EXCHANGE)
    assert (mine["result"]["view"], mine["result"]["as"]) == ("firm", "GLASS")
    assert mine["result"]["facts"] != told["result"]["facts"]


def test_what_else_is_asked(program: Program) -> None:
    paths = _asked(program, "planner", "pathways", {"commodity": "COG", "depth": 2})
    assert paths["result"]["chains"] or paths["result"]["pathways"]
    near = _asked(program, "auditor", "alternatives", {"within": 0.05, "time_limit": 5})
    assert near["result"]["schema"].startswith("synergy/alternatives")
    figures = _asked(program, "planner", "sensitivities")
    assert figures["state"] == "done"
    listed = program.read("planner", f"/rounds/{program.world.round}/studies")["items"]
    assert [one["kind"] for one in listed] == ["sensitivity", "alternatives", "pathways"]
    assert "result" not in listed[0]


def test_a_firm_s_pathways_name_nobody_else(program: Program) -> None:
    whole = json.dumps(_asked(program, "planner", "pathways", {"commodity": "COG", "depth": 3})["result"])
    own = json.dumps(_asked(program, "editor", "pathways", {"commodity": "COG", "depth": 3})["result"])
    others = ("EAST", "WEST", "ALUMINA", "TARCO")
    assert any(f'"{name}' in whole for name in others)
    assert not any(f'"{name}' in own for name in others)


def test_what_is_not_to_be_asked_is_refused(program: Program) -> None:
    path = f"/rounds/{program.world.round}"
    others = {**EXCHANGE, "from_site": "EAST-1", "to_site": "TARCO-1"}
    assert program.ask("editor", "POST", f"{path}/explanations", json=others).status_code == 404
    assert program.ask("editor", "POST", f"{path}/alternatives").status_code == 403
    asked = program.ask("planner", "POST", f"{path}/explanations", json=EXCHANGE)
    study = asked.location.removeprefix(API)
    assert program.ask("editor", "GET", study).status_code == 404  # the planner's


def test_an_unknown_commodity_is_said_to_be(program: Program) -> None:
    told = _asked(program, "editor", "pathways", {"commodity": "GOC"})
    assert (told["state"], told["result"]) == ("failed", None)
    assert "GOC" in told["fault"]


def test_a_firm_asks_only_so_often(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "MOST_STUDIES", 2)
    path, body = f"/rounds/{program.world.round}/pathways", {"commodity": "COG"}
    codes = [program.ask("editor", "POST", path, json=body).status_code for _ in range(3)]
    assert codes == [202, 202, 409]
    assert program.ask("client", "POST", path, json=body).status_code == 409  # of the same enterprise
    assert program.ask("tarco", "POST", path, json=body).status_code == 202
    key = {"Idempotency-Key": "k"}
    first = program.ask("planner", "POST", path, key, json=body)
    assert program.ask("planner", "POST", path, key, json=body).get_json() == first.get_json()


def _one(program: Program) -> tuple[Store, studies.StudyClaim]:
    program.ask("planner", "POST", f"/rounds/{program.world.round}/pathways", json={"commodity": "COG"})
    held = studies.claim_study(program.world.store, WORKER)
    assert held is not None
    return program.world.store, held


def test_a_study_whose_worker_died_is_answered_by_the_next(program: Program) -> None:
    store, held = _one(program)
    assert studies.claim_study(store, WORKER) is None
    later = store.now() + 2 * studies.LEASE
    object.__setattr__(store, "now", lambda: later)
    again = studies.claim_study(store, WORKER)
    assert again is not None
    assert again.attempt == held.attempt + 1
    with pytest.raises(ConflictError):
        studies.finish_study(store, WORKER, held, {"late": True})
    assert studies.finish_study(store, WORKER, again, {"mine": True}).state == "done"
    assert program.read("planner", f"/studies/{held.study}")["result"] == {"mine": True}


def test_a_worker_answers_in_a_process_of_its_own(program: Program) -> None:
    answer = program.ask("planner", "POST", f"/rounds/{program.world.round}/explanations", json=EXCHANGE)
    place = answer.location.removeprefix(API)
    over = threading.Event()
    worker = threading.Thread(target=work, args=(program.world.store, Habits(idle=0.05), over.is_set))
    worker.start()
    try:
        for _ in range(600):
            if program.read("planner", place)["state"] == "done":
                break
            over.wait(0.1)
    finally:
        over.set()
        worker.join()
    assert program.read("planner", place)["result"]["in_plan"] is True
