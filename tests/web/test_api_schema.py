"""The description of the API: valid, whole, followed by every answer, and what each role may ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from api_worlds import API, Program
from fuzz import Ground, ground, tried
from openapi_spec_validator import OpenAPIV31SpecValidator
from synergy.web.api.document import document
from synergy.web.api.problems import TYPES
from synergy.web.api.spec import OPERATIONS, AuthScheme, Mark

from synergy.records.names import Role
from synergy.records.proposals import OwnProposal, Proposal, WholeProposal
from synergy.store.access import RULES
from synergy.store.store import KEY_FILE

CASES = 6  # of each operation, here; `python tests/tools/fuzz.py --cases 10000` tries more
PAGES = {"api.docs", "api.problem"}  # ways to pages for people
# operation: roles that may ask for it at all, by hand: planner, editor, reader, auditor, client, administrator
ALLOWED = {
    "list_rounds": "PERACD",
    "create_round": "P",
    "see_round": "PERACD",
    "see_setup": "PA",
    "open_round": "P",
    "remind_round": "P",
    "extend_round": "P",
    "freeze_round": "P",
    "reopen_round": "P",
    "see_doubtful": "PA",
    "publish_round": "P",
    "collect_round": "P",
    "conclude_round": "P",
    "cancel_round": "P",
    "match_round": "P",
    "halt_round": "P",
    "stop_round": "P",
    "see_aggregates": "PERAC",
    "list_declarations": "PERAC",
    "see_declaration": "PERAC",
    "declare": "PEC",
    "check_declaration": "PEC",
    "repeat_declaration": "PEC",
    "see_declaration_workbook": "PERAC",
    "declare_by_workbook": "PEC",
    "check_declaration_workbook": "PEC",
    "see_balance": "PERAC",
    "list_proposals": "PERAC",
    "see_proposal": "PERAC",
    "see_history": "PERAC",
    "answer_proposal": "EC",
    "list_partnerships": "PERAC",
    "see_partnership": "PERAC",
    "follow_partnership": "PEC",
    "list_matches": "PA",
    "see_match": "PA",
    "follow_match": "PA",
    "see_match_plan": "PA",
    "see_plan": "PA",
    "see_partnerships": "PA",
    "see_partnerships_file": "PA",
    "see_labels": "PA",
    "compare_matches": "PA",
    "list_rulings": "PA",
    "rule_round": "P",
    "withdraw_ruling": "P",
    "ask_explanations": "PERAC",
    "ask_pathways": "PERAC",
    "ask_sensitivities": "PA",
    "ask_alternatives": "PA",
    "list_studies": "PERAC",
    "see_study": "PERAC",
    "list_webhooks": "PEAC",
    "create_webhook": "PEAC",
    "end_webhook": "PEAC",
    "list_deliveries": "PEAC",
    "see_me": "PERACD",
    "list_users": "AD",
    "create_user": "D",
    "change_user": "D",
    "change_password": "PERACD",
    "list_tokens": "PERACD",
    "create_token": "PERACD",
    "revoke_token": "PERACD",
    "list_notices": "PERC",
    "read_notices": "PERC",
    "list_backups": "D",
    "make_backup": "D",
    "list_issued_tokens": "D",
    "end_issued_token": "D",
    "list_departures": "D",
    "depart_enterprise": "D",
    "readmit_enterprise": "D",
    "list_events": "PA",
    "verify_audit": "PAD",
    "list_datasets": "PA",
    "add_dataset": "P",
    "check_dataset": "P",
    "see_dataset": "PA",
    "see_dataset_template": "P",
    "see_products": "PA",
    "see_products_file": "PA",
}
PEOPLE = {"P": "planner", "E": "editor", "R": "reader", "A": "auditor", "C": "client", "D": "admin"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY_FILE, raising=False)
        return ground(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE, raising=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_description_is_valid(lang: str) -> None:
    OpenAPIV31SpecValidator(document(lang)).validate()


def test_every_route_is_described(program: Program) -> None:
    described = {
        (f"{API}{path}", method.upper(), operation["operationId"])
        for path, operations in document("en")["paths"].items()
        for method, operation in operations.items()
    }
    routes = {
        (rule.rule.replace("<raw:", "{").replace(">", "}"), method, rule.endpoint.removeprefix("api."))
        for rule in program.world.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in PAGES
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routes
    assert len(routes) > 45
    apart = {rule.endpoint for rule in program.world.app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert {one for one in apart if not one.startswith("api.")} == set()


def test_examples_follow_their_schemas() -> None:
    described = document("en")
    count = 0
    for operations in described["paths"].values():
        for operation in operations.values():
            contents = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (one for part in contents for one in part.get("content", {}).values()):
                for shown in [content.get("example"), *(one["value"] for one in content.get("examples", {}).values())]:
                    if shown is not None:
                        whole = {**content["schema"], "components": described["components"]}
                        jsonschema.Draft202012Validator(whole).validate(shown)
                        count += 1
    assert count > 300


def test_everything_has_an_example_and_words() -> None:
    bare = []
    for lang in ("en", "zh"):
        for operations in document(lang)["paths"].values():
            for operation in operations.values():
                good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
                contents = [
                    *good.get("content", {}).values(),
                    *operation.get("requestBody", {}).get("content", {}).values(),
                ]
                shown = [one for one in contents if "$ref" in one["schema"] and "example" not in one]
                if shown or not operation["summary"]:
                    bare.append((lang, operation["operationId"]))
                assert any("一" <= char <= "鿿" for char in operation["summary"]) == (lang == "zh")
    assert bare == []


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_no_answer_that_is_not_described(name: str, place: Ground, alone: None) -> None:
    tried(place, OPERATIONS[name], CASES, 0)


@pytest.mark.parametrize("who", ["planner", "auditor", "editor", "reader", "east", "client"])
def test_every_field_of_a_proposal_is_described(program: Program, who: str) -> None:
    listed = program.read(who, f"/rounds/{program.world.round}/proposals")
    kind = WholeProposal if who in ("planner", "auditor") else OwnProposal
    assert listed["items"] or who == "reader"
    for told in listed["items"]:
        one = program.read(who, f"/proposals/{told['proposal']}")
        assert one == told
        read = Proposal.model_validate(one)
        assert type(read.root) is kind
        assert read.model_dump(mode="json", by_alias=True) == one  # a field that the model does not name is lost


def test_what_changes_something_takes_an_idempotency_key() -> None:
    without = {name for name, one in OPERATIONS.items() if one.spec.method == "POST" and Mark.KEY not in one.spec.marks}
    # the first three change nothing, the last is the same twice
    assert without == {"check_dataset", "check_declaration", "check_declaration_workbook", "read_notices"}


def test_every_operation_is_in_the_table() -> None:
    assert set(ALLOWED) == {name for name, one in OPERATIONS.items() if one.spec.proof is not AuthScheme.NONE}


def test_every_role_at_every_operation(program: Program) -> None:
    letters = dict(zip("PERACD", Role, strict=False))
    for name, allowed in ALLOWED.items():
        spec = OPERATIONS[name].spec
        # no token of those who ask is ended
        known = {"{token}": "999"}
        path = "/".join(known.get(part, "1") if part.startswith("{") else part for part in spec.path.split("/"))
        for letter, who in PEOPLE.items():
            if spec.proof is AuthScheme.BASIC:
                assert spec.action is not None
                found = letters[letter] in RULES[spec.action][1]
            else:
                found = program.ask(who, spec.method, path).status_code != 403
            assert found == (letter in allowed), (name, who)
        assert program.ask("", spec.method, path).status_code == 401


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        ("tarco", "GET", "/rounds/{round}/declarations/GLASS"),
        ("tarco", "GET", "/rounds/{round}/declarations/GLASS/balance"),
        ("tarco", "PUT", "/rounds/{round}/declarations/GLASS"),
        ("tarco", "POST", "/rounds/{round}/declarations/GLASS/check"),
        ("tarco", "POST", "/rounds/{round}/declarations/GLASS/repeat"),
        ("tarco", "GET", "/rounds/{round}/declarations/GLASS/workbook"),
        ("tarco", "PUT", "/rounds/{round}/declarations/GLASS/workbook"),
        ("tarco", "POST", "/rounds/{round}/declarations/GLASS/workbook/check"),
        ("client", "GET", "/rounds/{round}/declarations/EAST"),
        ("reader", "GET", "/proposals/{proposal}"),
        ("tarco", "POST", "/proposals/{proposal}/answers"),
    ],
)
def test_what_is_others_is_not_found(program: Program, who: str, method: str, path: str) -> None:
    number = program.world.round
    theirs = program.read("planner", f"/rounds/{number}/proposals")["items"]
    code = next(one["proposal"] for one in theirs if "TARCO" not in one["enterprises"])
    body: dict[str, Any] = {"entries": []} if "declarations" in path else {"answer": "accepted"}
    asked = path.format(round=number, proposal=code)
    found = program.ask(who, method, asked, {"If-Match": "*"}, **({} if method == "GET" else {"json": body}))
    nothing = program.ask(
        who,
        method,
        asked.replace("GLASS", "NOBODY").replace(code, "P" + "0" * 20),
        {"If-Match": "*"},
        **({} if method == "GET" else {"json": body}),
    )
    assert found.status_code == nothing.status_code == 404
    told = [
        {key: value for key, value in one.get_json().items() if key not in ("instance", "request_id")}
        for one in (found, nothing)
    ]
    assert told[0] == told[1]


def test_the_description_is_english_where_nothing_is_asked_for(program: Program) -> None:
    client = program.world.app.test_client()
    plain = client.get(f"{API}/openapi.json")
    assert plain.headers["Content-Language"] == "en"
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r'"(?:example|examples|name_zh|\w+_zh)":"[^"]*"', "", plain.text))
    assert client.get(f"{API}/openapi.json", headers={"Accept-Language": "*"}).headers["Content-Language"] == "en"
    chinese = client.get(f"{API}/openapi.json", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert chinese.get_json()["info"]["title"] == "协同匹配"


def test_the_documentation_shows_every_operation(program: Program) -> None:
    client = program.world.app.test_client()
    for lang, word in (("en", "Interface for programs"), ("zh", "程序接口")):
        to = client.get(f"{API}/docs", headers={"Accept-Language": lang})
        page = client.get(to.location).text
        assert word in page
        assert "<script" not in page
        assert "style=" not in page
        for one in OPERATIONS.values():
            assert f'id="{one.name}"' in page
            assert one.spec.summary[lang == "zh"] in page
        assert all(f"/{lang}/problems/{code}" in page for code in TYPES)
    assert Path(str(client.application.root_path)).exists()
