"""The API as programs use it: versions, keys, pages, languages, problems, units; and what a rival never gets."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import threading
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from api_worlds import API, Program
from flask import Flask
from roots import ROOT
from sqlalchemy import update
from stores import tiny, worked
from synergy.web.api import events
from synergy.web.api.dispatch import paged
from synergy.web.api.document import DATASET
from synergy.web.api.models import Page
from synergy.web.api.problems import TYPES
from synergy.web.api.spec import OPERATIONS, AuthScheme
from synergy.web.api.validation import NUMBERED
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from web_worlds import PASSWORD, World

from synergy.dataset.read import read
from synergy.errors import Severity
from synergy.forms.submitting import judge_file
from synergy.records.documents import Document
from synergy.records.figures import Record
from synergy.records.names import Seat
from synergy.store import runs, tables
from synergy.workbook.writing import dataset_workbook


def _basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def test_a_round_has_the_same_settlement_by_every_way_in(program: Program) -> None:
    from synergy.web.pages.drafting import DEFAULTS

    from synergy.cli.commands import commands
    from synergy.options import Options

    dataset = program.ask("planner", "POST", "/datasets", data=tiny(), content_type="application/zip").get_json()
    made = program.ask("planner", "POST", "/rounds", json={"name": "by program", "dataset": dataset["dataset"]})
    setup = program.read("planner", made.location.removeprefix(API) + "/setup")
    defaults = {one.default for one in commands.commands["match"].params if one.name == "settlement"}
    assert {setup["options"]["settlement"]} == {Options().settlement} == {DEFAULTS["rule"]} == defaults == {"core"}


def test_a_round_from_dataset_to_partnership(program: Program) -> None:
    kept = program.ask("planner", "POST", "/datasets", data=tiny(), content_type="application/zip")
    assert kept.status_code == 201
    assert program.ask("planner", "GET", kept.location.removeprefix(API)).data == tiny()
    body = {"name": "by program", "dataset": kept.get_json()["dataset"], "ladder": 0, "options": {"time_limit": 30}}
    made = program.ask("planner", "POST", "/rounds", {"Idempotency-Key": "a"}, json=body)
    again = program.ask("planner", "POST", "/rounds", {"Idempotency-Key": "a"}, json=body)
    assert (made.status_code, made.get_json()) == (201, again.get_json())
    other = program.ask("planner", "POST", "/rounds", {"Idempotency-Key": "a"}, json={**body, "name": "another"})
    assert (other.status_code, other.get_json()["type"]) == (422, f"{API}/problems/key_reused")
    place = made.location.removeprefix(API)
    tag = made.headers["ETag"]
    for step in ("open", "freeze"):
        answer = program.ask("planner", "POST", f"{place}/{step}", {"If-Match": tag})
        assert answer.status_code == 200, answer.text
        tag = answer.headers["ETag"]
    asked = program.ask("planner", "POST", f"{place}/match", {"If-Match": tag})
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "1")
    run = asked.location.removeprefix(API)
    assert program.read("planner", run)["state"] == "requested"
    worked(program.world.store)
    done = program.read("planner", run)
    assert (done["state"], done["value"]["currency"]) == ("done", "CNY")
    assert program.read("planner", f"{run}/plan")["schema"] == "synergy/plan/1"
    for step in ("publish", "collect"):
        assert program.ask("planner", "POST", f"{place}/{step}", {"If-Match": "*"}).status_code == 200
    for one in program.read("planner", f"{place}/proposals")["items"]:
        for party in one["parties"]:
            who = {"EAST": "east", "GLASS": "editor", "TARCO": "tarco"}.get(party["enterprise"])
            if who is not None:
                sent = {"answer": "accepted"}
                answer = program.ask(who, "POST", f"/proposals/{one['proposal']}/answers", json=sent)
                assert answer.status_code == 201, answer.text
    assert program.ask("planner", "POST", f"{place}/conclude", {"If-Match": "*"}).get_json()["partnerships"]
    first = program.read("planner", "/partnerships")["items"][0]
    path = f"/partnerships/{first['partnership']}"
    seen = program.ask("planner", "GET", path).headers["ETag"]
    moved = program.ask("planner", "PATCH", path, {"If-Match": seen}, json={"stage": "permits"})
    assert moved.get_json()["stage"] == "permits"
    assert program.ask("planner", "PATCH", path, {"If-Match": seen}, json={"stage": "running"}).status_code == 412


def test_an_edit_names_what_it_saw(program: Program) -> None:
    path = f"/rounds/{program.world.round}/conclude"
    assert program.ask("planner", "POST", path).status_code == 428
    assert program.ask("planner", "POST", path, {"If-Match": '"1.00000000000000000000"'}).status_code == 412
    assert program.ask("planner", "POST", path, {"If-Match": "nonsense"}).status_code == 412
    tag = program.ask("planner", "GET", f"/rounds/{program.world.round}").headers["ETag"]
    assert program.ask("planner", "POST", path, {"If-Match": f"W/{tag[:-1]}:br{tag[-1]}"}).status_code == 200


def test_what_is_unchanged_is_not_sent_again(program: Program) -> None:
    path = f"/rounds/{program.world.round}"
    first = program.ask("planner", "GET", path)
    again = program.ask("auditor", "GET", path, {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")  # whose token it is makes no difference
    zh = program.ask("planner", "GET", path, {"If-None-Match": first.headers["ETag"], "Accept-Language": "zh"})
    assert zh.status_code == 200


def test_an_answer_is_given_once(program: Program) -> None:
    code = program.read("editor", f"/rounds/{program.world.round}/proposals")["items"][0]["proposal"]
    path, key = f"/proposals/{code}/answers", {"Idempotency-Key": "erp-1"}
    first = program.ask("editor", "POST", path, key, json={"answer": "interested"})
    assert first.status_code == 201
    assert program.ask("editor", "POST", path, key, json={"answer": "interested"}).data == first.data
    assert program.ask("editor", "POST", path, key, json={"answer": "accepted"}).status_code == 422
    late = {"If-Match": '"1.00000000000000000000"'}
    assert program.ask("editor", "POST", path, late, json={"answer": "accepted"}).status_code == 412
    refused = program.ask("editor", "POST", path, json={"answer": "declined"})
    assert (refused.status_code, refused.get_json()["detail"]) == (422, "a reason is needed: say it in a sentence")


def test_who_is_late_is_told_that_the_planner_can_move_the_deadline(program: Program) -> None:
    store, ident = program.world.store, program.world.round
    over = store.now() - timedelta(minutes=1)
    with store.database.write() as connection:
        connection.execute(update(tables.rounds).where(tables.rounds.c.id == ident).values(answer_by=over))
    code = program.read("editor", f"/rounds/{ident}/proposals")["items"][0]["proposal"]
    path, sent = f"/proposals/{code}/answers", {"answer": "interested"}
    refused = program.ask("editor", "POST", path, json=sent)
    assert (refused.status_code, refused.get_json()["type"]) == (409, f"{API}/problems/late")
    assert "`synergy round extend`" in refused.get_json()["detail"]
    place = f"/rounds/{ident}/extend"
    tag = {"If-Match": program.ask("planner", "GET", f"/rounds/{ident}").headers["ETag"]}
    for wrong in ({}, {"answer_by": over.isoformat()}, {"answer_by": "2126-04-30T16:00:00"}):
        assert program.ask("planner", "POST", place, tag, json=wrong).status_code == 422
    later = {"answer_by": "2126-04-30T16:00:00+08:00", "note": "asked by two"}
    assert program.ask("editor", "POST", place, tag, json=later).status_code == 403
    assert program.ask("planner", "POST", place, json=later).status_code == 428
    assert program.ask("planner", "POST", place, tag, json=later).get_json()["state"] == "responding"
    assert program.read("editor", f"/rounds/{ident}")["answer_by"] == "2126-04-30T08:00:00+00:00"
    assert program.ask("editor", "POST", path, json=sent).status_code == 201
    assert program.read("editor", "/notices")["items"][0]["kind"] == "answer_until"


def test_a_counter_offer_is_heard_in_any_unit(program: Program) -> None:
    listed = program.read("editor", f"/rounds/{program.world.round}/proposals")["items"]
    one = next(item for item in listed if any(line["commodity"] == "COG" for line in item["lines"]))
    line = next(line for line in one["lines"] if line["commodity"] == "COG")
    assert line["quantity"]["unit"] == "kNm3"
    counter = {"number": line["number"], "quantity": {"value": "20", "unit": "MNm3"}}
    path = f"/proposals/{one['proposal']}"
    sent = program.ask("editor", "POST", f"{path}/answers", json={"answer": "countered", "counter": [counter]})
    assert sent.status_code == 201, sent.text
    told = program.read("editor", path)["counter"][0]["quantity"]
    assert told == {"value": "20000", "unit": "kNm3"}
    counter["quantity"]["unit"] = "t"  # type: ignore[index]
    wrong = program.ask("editor", "POST", f"{path}/answers", json={"answer": "countered", "counter": [counter]})
    assert wrong.get_json()["errors"][0]["pointer"] == "/counter/0/quantity"
    counter = {"number": line["number"], "price": {"amount": "900", "currency": "USD"}}  # type: ignore[dict-item]
    wrong = program.ask("editor", "POST", f"{path}/answers", json={"answer": "countered", "counter": [counter]})
    assert wrong.get_json()["errors"][0]["code"] == "currency"


@pytest.fixture
def declaring_round(program: Program) -> int:
    kept = program.ask("planner", "POST", "/datasets", data=tiny(), content_type="application/zip").get_json()
    made = program.ask("planner", "POST", "/rounds", json={"name": "declaring", "dataset": kept["dataset"]})
    number = int(made.get_json()["round"])
    program.ask("planner", "POST", f"/rounds/{number}/open", {"If-Match": "*"})
    return number


def test_a_declaration_is_taken_whole_or_not_at_all(program: Program, declaring_round: int) -> None:
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    seen = program.ask("editor", "GET", path)
    entry = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": {"value": "6000", "unit": "万Nm3"}}
    sent = program.ask("editor", "PUT", path, {"If-Match": seen.headers["ETag"]}, json={"entries": [entry]})
    assert sent.status_code == 200, sent.text
    told = sent.get_json()["entries"][0]
    assert told["amount"] == {"value": "60000", "unit": "kNm3"}
    assert {"column": "price", "value": 0, "source": "default"} in told["assumed"]
    late = program.ask("editor", "PUT", path, {"If-Match": seen.headers["ETag"]}, json={"entries": [entry]})
    assert late.status_code == 412
    bad = [entry, {**entry, "subject": "GOC"}, {**entry, "amount": "1", "period": "never"}]
    wrong = program.ask("editor", "POST", f"{path}/check", json={"entries": bad})
    assert wrong.status_code == 422
    assert [one["pointer"] for one in wrong.get_json()["errors"]] == ["/entries/1/subject", "/entries/2/period"]
    odd = [{**entry, "amount": {"value": "x", "unit": "t"}}, {**entry, "price": 5}, {**entry, "amount": {"value": "1"}}]
    places = {
        one["pointer"] for one in program.ask("editor", "POST", f"{path}/check", json={"entries": odd}).json["errors"]
    }
    others = {"/entries/0/amount", "/entries/2/amount"}  # where a bare text may stand
    assert places - others == {"/entries/0/amount/value", "/entries/1/price", "/entries/2/amount/unit"}
    assert program.read("editor", path)["version"] == sent.get_json()["version"]
    repeated = program.ask("editor", "POST", f"{path}/repeat", {"If-Match": sent.headers["ETag"]})
    assert (repeated.status_code, repeated.get_json()["origin"]) == (200, "dataset")
    assert program.read("editor", f"{path}/balance")["items"][0]["free"]["unit"] == "kNm3"
    nobody = program.ask("planner", "GET", f"{path}X/balance")
    assert nobody.status_code == 404


def test_a_declaration_by_a_program_is_judged_as_a_form_is(program: Program, declaring_round: int) -> None:
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    place = Seat(declaring_round, "GLASS")
    entry = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "price": "0.95"}
    wrong = [
        {**entry, "amount": "6"},
        {**entry, "subject": "TAR", "amount": {"value": "3", "unit": "GJ"}},
        {**entry, "subject": "cog", "amount": {"value": "6000", "unit": "Nm3/h"}},
        {**entry, "subject": "COAL", "amount": "-5"},
        {**entry, "subject": "COKE", "amount": "5", "price": {"amount": "1", "currency": "USD"}},
    ]
    asked = program.ask("editor", "PUT", path, {"If-Match": "*", "Accept-Language": "en"}, json={"entries": wrong})
    assert asked.status_code == 422
    told = asked.get_json()["errors"]
    flat = [{**one, "amount": one["amount"]} if isinstance(one["amount"], str) else _flat(one) for one in wrong]
    flat[-1] |= {"price": "1", "price_unit": "USD"}
    file = json.dumps({"entries": flat}).encode()
    judged = judge_file(program.world.store, program.world.actor("editor"), place, (file, "declaration.json"))
    errors = [one for one in judged.problems if one.severity is Severity.ERROR]
    assert {one.code for one in errors} >= {"form_amount_range", "form_negative", "form_subject", "form_unit"}
    said = [(one["code"], one["detail"]) for one in told]
    assert said == [(one.code, one.message + (f"; {one.hint}" if one.hint else "")) for one in errors]
    assert not program.read("editor", path)["submitted"]


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "amount": entry["amount"]["value"], "unit": entry["amount"]["unit"]}


def test_what_is_meant_is_taken_with_a_warning(program: Program, declaring_round: int) -> None:
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    entry = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "6"}
    for way, verb in ((f"{path}/check", "POST"), (path, "PUT")):
        assert program.ask("editor", verb, way, {"If-Match": "*"}, json={"entries": [entry]}).status_code == 422
        meant = program.ask("editor", verb, way, {"If-Match": "*"}, json={"entries": [{**entry, "checked": True}]})
        assert meant.status_code == 200, meant.text
        found = [(one["pointer"], one["code"]) for one in meant.get_json()["warnings"]]
        assert found == [("/entries/0/amount", "form_checked")]


def test_what_was_told_can_be_sent_back(program: Program, declaring_round: int) -> None:
    path = f"/rounds/{declaring_round}/declarations/EAST"
    program.ask("east", "POST", f"{path}/repeat", {"If-Match": "*"})
    told = program.read("east", path)["entries"]
    assert len(told) > 1
    sent = [{name: value for name, value in one.items() if name != "assumed"} for one in told]
    again = program.ask("east", "PUT", path, {"If-Match": "*"}, json={"entries": sent})
    assert again.status_code == 200, again.text
    kept = [{name: one[name] for name in ("ident", "amount", "price")} for one in told]
    assert [{name: one[name] for name in ("ident", "amount", "price")} for one in again.get_json()["entries"]] == kept


def test_a_row_stands_where_its_entry_says(program: Program, declaring_round: int) -> None:
    """Other columns cannot move a row to somebody else's site."""
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    entry = {"sheet": "offers", "site": "GLASS-1", "subject": "TAR", "amount": "5"}
    moved = {**entry, "other": {"columns": {"site": "EAST-1", "quantity": "9", "offer": "EAST-TAR"}}}
    sent = program.ask("editor", "PUT", path, {"If-Match": "*"}, json={"entries": [moved]})
    assert sent.status_code == 200, sent.text
    program.ask("planner", "POST", f"/rounds/{declaring_round}/freeze", {"If-Match": "*"})
    number = program.ask("planner", "POST", f"/rounds/{declaring_round}/match", {"If-Match": "*"}).get_json()["match"]
    from synergy.store.datasets import archive, dataset_of
    from synergy.store.queries import match_input

    given = match_input(program.world.store, program.world.actor("planner"), number)
    with program.world.store.database.read() as connection:
        offers = dataset_of(archive(connection, given.snapshot))["offers"]
    mine = offers[offers["offer"] == sent.get_json()["entries"][-1]["ident"]]
    assert mine[["site", "quantity"]].to_numpy().tolist() == [["GLASS-1", 5.0]]


_NEED = {"sheet": "needs", "site": "GLASS-1", "subject": "COG", "amount": "60000", "price": "950"}
_PLANT = {"sheet": "facilities", "site": "GLASS-1", "subject": "TAR_DIST", "amount": "60000"}
_OFFER = {"sheet": "offers", "site": "GLASS-1", "subject": "TAR", "amount": "5"}
_FIELDS = {
    "needs": ("need", "commodity", "quantity", "Quantity", "price", "site", "period"),
    "offers": ("offer", "commodity", "quantity", "物料", "price", "site", "period"),
    "facilities": ("facility", "process", "capacity", "opex", "site", "period"),
}
_UNKNOWN = {"enterprise": "WEST", "capex": 1e15, "availability": "x", "amount": "1e13", "subject": "COKE"}


@pytest.mark.parametrize("value", ["x", 1e14, True, "{}", ""], ids=repr)
@pytest.mark.parametrize("entry", [_NEED, _OFFER, _PLANT], ids=lambda one: one["sheet"])
def test_columns_that_cannot_count_are_said(
    entry: dict[str, str], value: Any, program: Program, declaring_round: int
) -> None:
    """A name that fields of the entry have, that is reserved or that no column has: a warning, and nothing else."""
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    fields, reserved = _FIELDS[entry["sheet"]], ("qualities", "limits", "kept", "checked")
    columns = dict.fromkeys((*fields, *reserved), value) | _UNKNOWN
    plain = program.ask("editor", "POST", f"{path}/check", json={"entries": [entry]}).get_json()["entries"][-1]
    for verb, way in (("POST", f"{path}/check"), ("PUT", path)):
        body = {"entries": [{**entry, "other": {"columns": columns}}]}
        sent = program.ask("editor", verb, way, {"If-Match": "*"}, json=body)
        assert sent.status_code == 200, sent.text
        warned = [one for one in sent.get_json()["warnings"] if one["code"] == "form_column"]
        assert {one["pointer"] for one in warned} == {"/entries/0/other"}
        assert sorted(one["detail"].split("`")[1] for one in warned) == sorted((*fields, *reserved))
        unknown = [one["pointer"] for one in sent.get_json()["warnings"] if one["code"] == "unknown_column"]
        assert sorted(unknown) == sorted(f"/entries/0/{name}" for name in _UNKNOWN)
        (told,) = [one for one in sent.get_json()["entries"] if one["ident"] == plain["ident"]]
        names = ("sheet", "ident", "site", "subject", "period", "amount", "price")
        assert [told[name] for name in names] == [plain[name] for name in names]
        again = {name: one for name, one in told.items() if name != "assumed"}
        back = program.ask("editor", "PUT", path, {"If-Match": "*"}, json={"entries": [again]})
        assert back.status_code == 200, back.text
        assert sent.get_json()["entries"] == back.get_json()["entries"]
    zh = program.ask("editor", "PUT", path, {"If-Match": "*", "Accept-Language": "zh"}, json=body).get_json()
    assert "以条目的 `amount` 为准" in str(zh["warnings"])
    assert program.ask("planner", "POST", f"/rounds/{declaring_round}/freeze", {"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize(
    "other",
    [
        {"qualities": "x"},
        {"qualities": [1]},
        {"qualities": 1},
        {"qualities": True},
        {"qualities": None},
        {"qualities": {"h2s": {"value": 1}}},
        {"limits": "x"},
        {"limits": None},
        {"limits": {"h2s": 1}},
        {"limits": {"h2s": {"holder": "EAST-OVEN", "minimum": 1}}},  # of somebody else
        {"limits": {"h2s": {"minimum": [1]}}},
        {"required": [1]},
        {"quantity": {"a": 1}},
        {"anything": [[1]]},
    ],
    ids=str,
)
def test_what_a_file_says_beside_its_fields_is_plain(
    other: dict[str, Any], program: Program, declaring_round: int
) -> None:
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    body = json.dumps({"entries": [{**_NEED, "other": other}]}).encode()
    given: dict[str, Any] = {"data": body, "content_type": "application/octet-stream"}
    for verb, way in (("POST", f"{path}/workbook/check"), ("PUT", f"{path}/workbook")):
        refused = program.ask("editor", verb, way, {"If-Match": "*"}, **given)
        assert refused.status_code == 422, refused.text
        assert ("/needs/1/other", "wrong_kind") in [(e["pointer"], e["code"]) for e in refused.get_json()["errors"]]


def test_limits_of_a_need_stand_in_the_dataset_and_can_be_sent_back(program: Program, declaring_round: int) -> None:
    path = f"/rounds/{declaring_round}/declarations/GLASS"
    limits = {"h2s": {"min": 1.0, "max": 2.0}, "ash": {"max": 9.0}}
    sent = program.ask(
        "editor", "PUT", path, {"If-Match": "*"}, json={"entries": [{**_NEED, "other": {"limits": limits}}]}
    )
    assert sent.status_code == 200, sent.text
    (told,) = sent.get_json()["entries"]
    assert told["other"]["limits"] == limits
    again = {name: one for name, one in told.items() if name != "assumed"}
    assert program.ask("editor", "PUT", path, {"If-Match": "*"}, json={"entries": [again]}).status_code == 200
    frozen = program.ask("planner", "POST", f"/rounds/{declaring_round}/freeze", {"If-Match": "*"}).get_json()
    from synergy.store.datasets import archive, dataset_of

    with program.world.store.database.read() as connection:
        rows = dataset_of(archive(connection, frozen["snapshot"]))["limits"]
    mine = rows[rows["holder"] == told["ident"]].set_index("property")
    assert mine.loc["h2s", ["minimum", "maximum"]].tolist() == [1.0, 2.0]
    assert mine.loc["ash", "maximum"] == 9.0


def test_a_column_is_said_of_the_row_that_names_it(program: Program, declaring_round: int) -> None:
    """The row stands before those of others in the table of all."""
    path = f"/rounds/{declaring_round}/declarations/EAST"
    program.ask("east", "POST", f"{path}/repeat", {"If-Match": "*"})
    oven = next(one for one in program.read("east", path)["entries"] if one["sheet"] == "facilities")
    entry = {key: one for key, one in oven.items() if key != "assumed"}
    columns = oven["other"]["columns"] | {"capex": 1, "Capacity": 2}
    body = {"entries": [{**entry, "other": {"columns": columns}}]}
    sent = program.ask("east", "POST", f"{path}/check", json=body)
    assert sent.status_code == 200, sent.text
    said = {(one["pointer"], one["code"]) for one in sent.get_json()["warnings"]}
    assert said == {("/entries/0/capex", "unknown_column"), ("/entries/0/other", "form_column")}


def test_lists_go_page_by_page(program: Program) -> None:
    rows = program.read("planner", "/events?limit=200")["items"]
    found, path = [], "/events?limit=7"
    while path:
        answer = program.ask("planner", "GET", path)
        found += answer.get_json()["items"]
        link = answer.headers.get("Link", "")
        assert bool(link) == (answer.get_json()["next"] is not None)
        path = link.partition(">")[0].removeprefix(f"<{API}")
    assert len(rows) > 14
    assert [row["number"] for row in found if row["number"] <= rows[0]["number"]] == [row["number"] for row in rows]
    assert program.ask("planner", "GET", "/events?cursor=bm9uZQ").status_code == 422
    assert program.ask("planner", "GET", "/events?limit=201").get_json()["errors"][0]["pointer"] == "limit"


class _Numbered(Record):
    id: int


def _page(rows: list[_Numbered], query: Page) -> Document:
    with Flask(__name__).test_request_context("/x"):
        told = paged(rows, "id", query).record
    assert isinstance(told, dict)
    return told


def test_a_cursor_holds_where_rows_go() -> None:
    rows = [_Numbered(id=number) for number in range(10)]
    first = _page(rows, Page(limit=4, cursor=None))
    rest = _page(rows[2:], Page(limit=9, cursor=first["next"]))
    assert [row.id for row in rest["items"]] == [4, 5, 6, 7, 8, 9]
    gone = _page(rows[:3] + rows[4:], Page(limit=9, cursor=first["next"]))
    assert [row.id for row in gone["items"]] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed"),
        (b'{"answer": "accepted", "answer": "declined"}', 400, "malformed"),
        (b'{"answer": NaN}', 400, "malformed"),
        (b'{"answer": 1e999}', 400, "malformed"),
        (b'{"reason": "\\ud800"}', 400, "malformed"),
        (b'{"reason": "\\u0000"}', 400, "malformed"),
        (b"[" * 100_000, 400, "malformed"),
        (b"\xff", 400, "malformed"),
        (b'{"answer": "accepted", "more": 1}', 422, "invalid"),
        (b'{"answer": true}', 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"", 415, "media"),
    ],
)
def test_bad_bodies_are_said_to_be(program: Program, body: bytes, status: int, code: str) -> None:
    sent = {} if not body else {"Content-Type": "application/json"}
    answer = program.ask("editor", "POST", "/proposals/P00000000000000000000/answers", sent, data=body)
    told = answer.get_json()
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert (told["type"], told["request_id"]) == (f"{API}/problems/{code}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_problem_has_a_page(program: Program, lang: str) -> None:
    client = program.world.app.test_client()
    for code, (_, title, about) in TYPES.items():
        to = client.get(f"{API}/problems/{code}", headers={"Accept-Language": lang})
        assert (to.status_code, to.location) == (303, f"/{lang}/problems/{code}")
        page = client.get(to.location).text
        assert title[lang == "zh"] in page
        assert about[lang == "zh"].split("`", maxsplit=1)[0][:20] in page
    assert client.get(f"/{lang}/problems/none").status_code == 404


def test_problems_are_told_in_both_languages(program: Program) -> None:
    for lang, title in (("zh-CN,zh;q=0.9", "未找到"), ("en-GB", "Not found"), ("fr", "未找到")):
        assert program.ask("planner", "GET", "/rounds/999", {"Accept-Language": lang}).get_json()["title"] == title
    for path, method, status in (("/nothing", "GET", 404), ("/rounds", "DELETE", 405)):
        answer = program.ask("planner", method, path)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert answer.get_json()["type"].startswith(f"{API}/problems/")


def test_names_and_passwords_make_tokens(program: Program) -> None:
    client = program.world.app.test_client()
    made = client.post(
        f"{API}/tokens", json={"label": "erp", "scopes": ["read"], "days": 1}, headers=_basic("ed-glass")
    )
    assert made.status_code == 201
    told = made.get_json()
    bearer = {"Authorization": f"Bearer {told['token']}"}
    assert client.get(f"{API}/me", headers=bearer).get_json()["scopes"] == ["read"]
    asked = {"json": {"label": "mes", "scopes": ["read"]}, "headers": _basic("ed-glass") | {"Idempotency-Key": "mes-1"}}
    first, again = (client.post(f"{API}/tokens", **asked).get_json() for _ in range(2))
    assert first == again
    assert client.get(f"{API}/me", headers={"Authorization": f"Bearer {again['token']}"}).status_code == 200
    asked["json"] = {"label": "mes", "scopes": ["read", "declare"]}
    assert client.post(f"{API}/tokens", **asked).status_code == 422
    listed = client.get(f"{API}/tokens", headers=_basic("ed-glass"))
    assert told["token"] not in listed.text
    code = program.read("editor", f"/rounds/{program.world.round}/proposals")["items"][0]["proposal"]
    denied = client.post(f"{API}/proposals/{code}/answers", json={"answer": "accepted"}, headers=bearer)
    assert denied.status_code == 403  # beyond its scopes
    assert client.get(f"{API}/tokens", headers=bearer).status_code == 401  # a token makes no tokens
    assert client.delete(f"{API}/tokens/{told['id']}", headers=_basic("ed-tarco")).status_code == 404
    assert client.delete(f"{API}/tokens/{told['id']}", headers=_basic("ed-glass")).status_code == 204
    ended = client.get(f"{API}/me", headers=bearer)
    assert (ended.status_code, ended.headers["WWW-Authenticate"]) == (401, 'Bearer realm="synergy"')
    assert client.get(f"{API}/tokens", headers=_basic("ed-glass", "wrong password")).status_code == 401
    assert client.get(f"{API}/tokens", headers=_basic("nobody")).status_code == 401


def test_an_administrator_keeps_accounts(program: Program) -> None:
    made = program.ask("admin", "POST", "/users", json={"name": "new", "role": "reader", "enterprise": "EAST"})
    assert made.status_code == 201
    assert program.ask("admin", "POST", "/users", json={"name": "new", "role": "planner"}).status_code == 409
    ended = program.ask("admin", "PATCH", "/users/new", {"If-Match": made.headers["ETag"]}, json={"disabled": True})
    assert ended.get_json()["disabled"] is True
    secret = {"password": "a long new password"}
    assert program.ask("admin", "PATCH", "/users/new", {"If-Match": "*"}, json=secret).get_json()["disabled"] is True
    assert "password" not in json.dumps(program.read("admin", "/users"))
    assert program.ask("admin", "PATCH", "/users/none", {"If-Match": "*"}, json=secret).status_code == 404


def test_a_session_opens_nothing_here(web_world: World) -> None:
    client = web_world.client("planner")
    assert client.get(f"{API}/rounds").status_code == 401
    assert client.post(f"{API}/rounds/{web_world.round}/cancel", headers={"If-Match": "*"}).status_code == 401


def test_who_asks_too_often_waits(web_world: World) -> None:
    app = create_app(
        web_world.store, ServerSettings(secret=b"0" * 32, api_rate="5 per minute", sign_in_rate="3 per minute")
    )
    client = Program(World(web_world.store, app, web_world.round, web_world.file))
    left = [client.ask("planner", "GET", "/me").headers["RateLimit-Remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    refused = client.ask("planner", "GET", "/me")
    assert (refused.status_code, refused.get_json()["type"]) == (429, f"{API}/problems/too_many")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert client.ask("auditor", "GET", "/me").status_code == 200  # by account, not by address
    tries = [app.test_client().get(f"{API}/me", headers={"Authorization": "Bearer syn_wrong"}) for _ in range(4)]
    assert [one.status_code for one in tries] == [401, 401, 401, 429]


def test_progress_is_streamed_and_resumed(program: Program, declaring_round: int) -> None:
    store = program.world.store
    program.ask("planner", "POST", f"/rounds/{declaring_round}/freeze", {"If-Match": "*"})
    number = program.ask("planner", "POST", f"/rounds/{declaring_round}/match", {"If-Match": "*"}).get_json()["match"]
    path = f"/matches/{number}/progress"
    assert program.ask("planner", "GET", path).headers["Retry-After"] == "1"
    from synergy.worker.work import Habits, work_once

    work_once(store, Habits(apart=False))
    answer = program.ask("planner", "GET", path, {"Accept": "text/event-stream"})
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/event-stream", "no-store")
    said = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    shown = [dict(line.split(": ", 1) for line in block) for block in said if block[0].startswith("id:")]
    assert shown
    assert json.loads(said[-1][-1].removeprefix("data: "))["state"] == "done"
    polled = program.read("planner", path)
    assert [one["id"] for one in polled["items"]] == [one["id"] for one in shown]
    assert [json.loads(one["data"]) for one in shown] == polled["items"]
    assert program.read("planner", f"{path}?after={polled['next']}")["items"] == []
    resumed = program.ask("planner", "GET", path, {"Accept": "text/event-stream", "Last-Event-ID": shown[-1]["id"]})
    assert "event: progress" not in resumed.text


def test_streams_are_few_and_given_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_SLOTS", threading.BoundedSemaphore(1))
    path, asked = "/matches/1/progress", {"Accept": "text/event-stream"}
    with program.ask("planner", "GET", path, asked):  # not read to its end: the place is held
        full = program.ask("planner", "GET", path, asked)
        assert (full.status_code, full.headers["Retry-After"]) == (429, "5")
        assert program.ask("planner", "GET", path).status_code == 200
    assert program.ask("planner", "GET", path, asked).status_code == 200


def test_rulings_are_made_and_taken_back(program: Program) -> None:
    store, number = program.world.store, program.world.round
    runs.request_match(store, program.world.actor("planner"), number)
    worked(store)
    path = f"/rounds/{number}/rulings"
    ruling = {"kind": "fix", "pattern": {"to_site": "GLASS-1", "commodity": "COG", "quantity": "100"}}
    made = program.ask("planner", "POST", path, {"If-Match": "*"}, json={"ruling": ruling})
    assert made.status_code == 201, made.text
    without = {"kind": "fix", "pattern": {"commodity": "COG"}}
    assert program.ask("planner", "POST", path, {"If-Match": "*"}, json={"ruling": without}).status_code == 422
    unknown = {"kind": "forbid", "pattern": {"commodity": "GOC"}}
    wrong = program.ask("planner", "POST", path, {"If-Match": "*"}, json={"ruling": unknown})
    assert (wrong.status_code, wrong.get_json()["type"]) == (422, f"{API}/problems/dataset")
    back = program.ask("planner", "DELETE", f"{path}/{made.get_json()['ruling']}", {"If-Match": made.headers["ETag"]})
    assert back.status_code == 200, back.text
    assert program.read("planner", path)["items"][-1]["withdrawn"] is True


def test_a_dataset_is_checked_without_being_kept(program: Program) -> None:
    before = program.read("planner", "/datasets")
    good = program.ask("planner", "POST", "/datasets/check", data=tiny(), content_type="application/zip").get_json()
    assert good == {"valid": True, "items": []}
    bad = program.ask("planner", "POST", "/datasets/check", {"Accept-Language": "zh"}, data=b"PK no zip").get_json()
    assert bad["valid"] is False
    assert any("一" <= char <= "鿿" for char in bad["items"][0]["message"])
    assert program.ask("planner", "POST", "/datasets", data=b"PK no zip").status_code == 422
    assert program.read("planner", "/datasets") == before


CANARY = "137.918273"


def test_a_rival_gets_no_canary(program: Program, declaring_round: int) -> None:
    store = program.world.store
    path = f"/rounds/{declaring_round}/declarations/EAST"
    program.ask("east", "POST", f"{path}/repeat", {"If-Match": "*"})
    names = ("sheet", "site", "subject", "amount", "ident")
    sent = [{name: one[name] for name in names} | {"price": CANARY} for one in program.read("east", path)["entries"]]
    assert program.ask("east", "PUT", path, {"If-Match": "*"}, json={"entries": sent}).status_code == 200
    program.ask("planner", "POST", f"/rounds/{declaring_round}/freeze", {"If-Match": "*"})
    program.ask("planner", "POST", f"/rounds/{declaring_round}/match", {"If-Match": "*"})
    worked(store)
    for step in ("publish", "collect"):
        program.ask("planner", "POST", f"/rounds/{declaring_round}/{step}", {"If-Match": "*"})
    assert CANARY in program.ask("east", "GET", path).text
    whole = program.read("planner", f"/rounds/{declaring_round}/proposals")["items"]
    secret = {CANARY, CANARY.replace(".", "")} | {one["gain"]["amount"] for one in whole if one["gain"]}
    secret -= {"0"}
    codes = [one["proposal"] for one in whole]
    count = 0
    for who in ("editor", "tarco", "reader", "client"):
        for answer in _everything(program, who, declaring_round, codes):
            count += 1
            shown = _text(answer.data) + str(answer.headers)
            assert not [one for one in secret if one in shown], shown
    assert count > 150


def _text(content: bytes) -> str:
    """Return what can be read of an answer, inside an archive too."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def _everything(program: Program, who: str, number: int, codes: list[str]) -> Any:
    """Yield what somebody gets by asking for everything there is."""
    known = {
        "round": [number],
        "match": [1, 2],
        "enterprise": ["EAST", "GLASS"],
        "proposal": codes,
        "name": ["ed-east"],
    }
    for one in OPERATIONS.values():
        paths = [one.spec.path]
        for name in one.spec.places:
            choices = known.get(name, [1])
            paths = [path.replace(f"{{{name}}}", str(choice)) for path in paths for choice in choices]
        for path in paths:
            sent = {} if one.spec.body is None else {"json": {"answer": "countered", "entries": []}}
            for lang in ("en", "zh"):
                yield program.ask(who, one.spec.method, path, {"If-Match": "*", "Accept-Language": lang}, **sent)


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / "datasets" / "tiny" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_dataset_comes_as_json_or_workbook_too(program: Program) -> None:
    kept = program.ask("planner", "POST", "/datasets", data=tiny(), content_type="application/zip").get_json()
    package = json.loads((ROOT / "datasets" / "tiny" / "datapackage.json").read_text("utf-8"))
    names = [one.stem for one in (ROOT / "datasets" / "tiny").glob("*.csv")]
    record = {"name": "tiny", "synergy": package.get("synergy", {}), **{name: _rows(name) for name in names}}
    as_json = program.ask("planner", "POST", "/datasets", json=record)
    assert as_json.get_json()["tables"] == kept["tables"], as_json.text
    book = dataset_workbook(read(ROOT / "datasets" / "tiny"), "zh")
    checked = program.ask("planner", "POST", "/datasets/check", data=book, content_type="application/octet-stream")
    assert checked.get_json()["valid"] is True, checked.text
    shown = program.ask("planner", "POST", "/datasets/check", json=DATASET).get_json()
    assert shown == {"valid": True, "items": []}
    record["offers"][0]["site"] = "NOWHERE"
    wrong = program.ask("planner", "POST", "/datasets", json=record)
    assert (wrong.status_code, wrong.get_json()["errors"][0]["pointer"]) == (422, "/offers/2/site")
    strange = program.ask("planner", "POST", "/datasets/check", json={"offers": [{"site": ["EAST-1"]}], "none": 1})
    assert len(strange.get_json()["items"]) == 2


def test_what_a_program_accepts_is_negotiated(program: Program) -> None:
    for accept in (
        "*/*",
        "application/*",
        "application/json",
        "text/csv, application/json;q=0.1",
        "text/html, */*;q=0.1",
    ):
        assert program.ask("planner", "GET", "/rounds", {"Accept": accept}).status_code == 200, accept
    for accept in ("text/csv", "application/vnd.apache.parquet", "application/xml", "application/json;q=0", "image/*"):
        refused = program.ask("planner", "GET", "/rounds", {"Accept": accept})
        assert (refused.status_code, refused.get_json()["type"]) == (406, f"{API}/problems/not_acceptable"), accept
        assert "application/json" in refused.get_json()["detail"]
    made = program.ask("admin", "POST", "/users", {"Accept": "text/csv"}, json={"name": "wang", "role": "planner"})
    assert made.status_code == 406
    assert "wang" not in program.ask("admin", "GET", "/users").text  # nothing was done


def test_if_match_on_what_is_read_is_compared(program: Program) -> None:
    tag = program.ask("planner", "GET", "/rounds").headers["ETag"]
    for given in (tag, "*", f'"other", {tag}'):
        assert program.ask("planner", "GET", "/rounds", {"If-Match": given}).status_code == 200
    refused = program.ask("planner", "GET", "/rounds", {"If-Match": '"1"', "Accept-Encoding": "gzip"})
    assert (refused.status_code, refused.mimetype) == (412, "application/problem+json")
    assert program.world.client("planner").get("/en/rounds", headers={"If-Match": '"1"'}).status_code == 200


def test_a_body_may_begin_with_the_mark_of_windows(program: Program) -> None:
    body = b"\xef\xbb\xbf" + json.dumps({"name": "li", "role": "planner"}).encode()
    made = program.ask("admin", "POST", "/users", data=body, content_type="application/json")
    assert made.status_code == 201


def test_a_token_that_reads_changes_nothing(program: Program) -> None:
    bearer = {"Authorization": f"Bearer {program.token('editor', 'read')}"}
    client, changes = program.world.app.test_client(), 0
    rule = program.world.round
    for one in OPERATIONS.values():
        if one.spec.method == "GET" or one.spec.proof is not AuthScheme.BEARER:
            continue
        path = API + re.sub(r"\{(\w+)\}", lambda found: str(rule) if found[1] in NUMBERED else "GLASS", one.spec.path)
        answer = client.open(path, method=one.spec.method, headers=bearer, json={})
        changes += 1
        assert answer.status_code == 403, (one.name, answer.status_code)
    assert changes > 20
    page = client.post("/en/why-not", headers=bearer, data={"own": "GLASS-1", "other": "EAST-1", "commodity": "COG"})
    assert page.status_code in (403, 404, 422)
