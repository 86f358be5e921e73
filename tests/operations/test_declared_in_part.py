"""Declarations that say a part: what is not mentioned stays, and nothing is withdrawn unless it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_worlds import Program
from catalogue import covers
from roots import CASES
from stores import begun, editor
from web_worlds import World

from synergy.errors import DatasetError
from synergy.forms.context import Row, Rows
from synergy.forms.submitting import Judged, Withdrawn, declare_judged, judge_file, judge_rows
from synergy.records.names import Seat, Sheet
from synergy.records.rounds import Declaration, DeclarationStored
from synergy.store import declarations
from synergy.store.store import KEY_FILE, Store, make_store

DECLARATIONS = CASES / "declarations"
TAR = {"site": "EAST-1", "subject": "TAR", "amount": "500"}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return an empty store in a file."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "audit.key"))
    return make_store(tmp_path / "store.db")


def _rows(sheet: Sheet, *cells: dict[str, str]) -> Rows:
    return Rows([Row(sheet, number, one) for number, one in enumerate(cells, start=1)], units=False)


def _idents(record: Declaration | DeclarationStored) -> list[str]:
    return [one.ident for one in record.entries]


def _told_idents(told: dict[str, Any]) -> list[str]:
    return [one["ident"] for one in told["entries"]]


def _file(store: Store, ident: int, name: str, data: bytes) -> Judged:
    return judge_file(store, editor("GLASS"), Seat(ident, "GLASS"), (data, name))


@pytest.mark.parametrize("declared_before", [False, True])
def test_what_is_not_mentioned_stays(declared_before: bool, small: Store) -> None:
    place, who = Seat(begun(small), "EAST"), editor("EAST")
    if declared_before:
        declarations.repeat(small, who, place)
    judged = judge_rows(small, who, place, _rows(Sheet.OFFERS, TAR))
    assert not judged.refused
    told = declare_judged(small, who, place, judged)
    assert sorted(_idents(told)) == ["EAST-1:TAR:o", "EAST-OVEN", "EAST-RIGHT"]
    again = judge_rows(small, who, place, _rows(Sheet.OFFERS, TAR | {"amount": "400"}))  # the same thing: changed
    told = declare_judged(small, who, place, again)
    assert sorted(_idents(told)) == ["EAST-1:TAR:o", "EAST-OVEN", "EAST-RIGHT"]
    assert {one.ident: one.amount.value for one in told.entries}["EAST-1:TAR:o"] == 400


def test_withdrawing_is_said_by_name_or_for_all_the_rest(small: Store) -> None:
    place, who = Seat(begun(small), "EAST"), editor("EAST")
    wrong = judge_rows(small, who, place, _rows(Sheet.OFFERS), Withdrawn(("EAST-OVENS",)))
    assert [(one.code, one.value) for one in wrong.problems] == [("form_withdrawn", "EAST-OVENS")]
    one = judge_rows(small, who, place, _rows(Sheet.OFFERS), Withdrawn(("EAST-OVEN",)))
    assert one.changes is not None
    assert [gone.ident for gone in one.changes.removed] == ["EAST-OVEN"]
    assert _idents(declare_judged(small, who, place, one)) == ["EAST-RIGHT"]
    rest = judge_rows(small, who, place, _rows(Sheet.OFFERS, TAR), Withdrawn(rest=True))
    assert _idents(declare_judged(small, who, place, rest)) == ["EAST-1:TAR:o"]
    none = judge_rows(small, who, place, Rows([]), Withdrawn(rest=True))
    assert declare_judged(small, who, place, none).entries == []


def test_what_own_units_make_or_use_as_well_is_said_with_both_figures(small: Store) -> None:
    ident = begun(small)
    east = judge_rows(small, editor("EAST"), Seat(ident, "EAST"), _rows(Sheet.OFFERS, TAR | {"amount": "300"}))
    (problem,) = [one for one in east.problems if one.code == "form_made_too"]
    assert "300 t beside up to 69,000 t that own facilities at this site make" in problem.message  # 0.046 x 1.5 Mt
    assert not east.refused
    gas = {"site": "ALUMINA-1", "subject": "COG", "amount": "5000", "price": "900"}
    alumina = judge_rows(small, editor("ALUMINA"), Seat(ident, "ALUMINA"), _rows(Sheet.NEEDS, gas))
    (problem,) = [one for one in alumina.problems if one.code == "form_used_too"]
    assert "5,000 kNm3 beside up to 145,600 kNm3 that own facilities" in problem.message  # 0.182 x 800 kt
    offer = judge_rows(small, editor("ALUMINA"), Seat(ident, "ALUMINA"), _rows(Sheet.OFFERS, gas))
    assert "form_made_too" not in {one.code for one in offer.problems}


def test_of_several_rows_of_one_thing_it_has_to_be_said_which(small: Store) -> None:
    place, who = Seat(begun(small), "EAST"), editor("EAST")
    two = _rows(Sheet.OFFERS, TAR | {"ident": "T1"}, TAR | {"ident": "T2"})
    declare_judged(small, who, place, judge_rows(small, who, place, two))
    found = judge_rows(small, who, place, _rows(Sheet.OFFERS, TAR | {"amount": "300"}))
    assert [(one.code, one.row) for one in found.problems] == [("form_which", 1)]
    assert "T1, T2" in found.problems[0].hint
    assert not judge_rows(small, who, place, _rows(Sheet.OFFERS, TAR | {"amount": "300", "ident": "T2"})).refused


@covers(2, "csv", "json")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("header-only.csv", (DECLARATIONS / "header-only.csv").read_bytes()),
        ("empty.json", b'{"entries": []}'),
        ("list.json", b"[]"),
        ("header.csv", b"sheet,site,subject,amount\n"),
        ("blank.csv", b"sheet,site,subject,amount\n,,,\n\n"),
    ],
)
def test_a_file_without_rows_changes_nothing(name: str, data: bytes, small: Store) -> None:
    place = Seat(begun(small), "GLASS")
    found = _file(small, place[0], name, data)
    assert found.refused
    (problem,) = [one for one in found.problems if one.code == "form_no_rows"]
    assert problem.line("en").endswith("no rows: nothing was declared -> fill in a row; to withdraw all, say so")
    assert "未申报任何内容" in problem.line("zh")
    with pytest.raises(DatasetError):
        declare_judged(small, editor("GLASS"), place, found)
    assert not declarations.declaration(small, editor("GLASS"), place).submitted


def test_the_api_keeps_what_a_body_does_not_mention(program: Program) -> None:
    ident = begun(program.world.store)
    path, version = f"/rounds/{ident}/declarations/GLASS", {"If-Match": "*"}
    answer = program.ask("editor", "PUT", path, version, json={"entries": []})
    assert answer.status_code == 422, answer.text
    assert "to withdraw all, say so" in answer.text
    body = {"entries": [{"sheet": "offers", "site": "GLASS-1", "subject": "TAR", "amount": "5"}]}
    told = program.ask("editor", "PUT", path, version, json=body).get_json()
    assert sorted(_told_idents(told)) == ["GLASS-1:TAR:o", "GLASS-HEAT"]
    told = program.ask("editor", "PUT", path, version, json={"entries": [], "withdraw": ["GLASS-1:TAR:o"]}).get_json()
    assert _told_idents(told) == ["GLASS-HEAT"]
    told = program.ask("editor", "PUT", path, version, json={"entries": [], "only": True}).get_json()
    assert told["entries"] == []


def test_the_page_withdraws_what_is_ticked_off_alone(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="parts")
    path = f"/en/declarations/{ident}/EAST"
    ticked = {"offers-0-site": "EAST-1", "offers-0-ident": "EAST-RIGHT", "offers-0-gone": "1"}
    page = web_world.post(client, path, do="check", **ticked)
    assert 'name="withdrawn" value="EAST-RIGHT"' in page.text  # it is kept until the declaration is made
    assert web_world.post(client, path, do="declare", withdrawn="EAST-RIGHT").status_code == 303
    record = declarations.declaration(store, editor("EAST"), Seat(ident, "EAST"))
    assert _idents(record) == ["EAST-OVEN"]
    assert web_world.post(client, path, do="declare").status_code == 422
    assert _idents(declarations.declaration(store, editor("EAST"), Seat(ident, "EAST"))) == ["EAST-OVEN"]
