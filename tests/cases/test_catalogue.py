"""All 72 items of the catalogue of bad input have a test, each by every way in which it can arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from catalogue import COVERED, EXPECTED, covers
from stores import ADMIN, PLANNER, begun, editor

from synergy.records.names import Seat
from synergy.store import commit, declarations
from synergy.store.rounds import StepOptions, remind
from synergy.store.store import KEY_FILE, make_store

# modules whose cases count, and tests elsewhere that are about an item without its number
MODULES = ("test_bad_input", "test_workbook", "test_forms", "test_declared_in_part", "test_web_declarations")
ELSEWHERE = {
    69: ("test_store", "test_what_is_declared_later_changes_nothing_frozen"),
    71: ("test_faults", "test_a_full_disk_stores_nothing"),
    72: ("test_notices", "test_72_an_enterprise_with_open_proposals_or_partnerships_stays"),
}


def test_every_item_is_covered_by_every_way() -> None:
    for module in MODULES:
        import_module(module)
    for number, (module, name) in ELSEWHERE.items():
        covers(number, "store")(getattr(import_module(module), name))
    missing = {number: set(ways) - COVERED.get(number, set()) for number, ways in EXPECTED.items()}
    assert sorted(EXPECTED) == list(range(1, 73))
    assert {number: ways for number, ways in missing.items() if ways} == {}


@covers(70, "store")
def test_70_a_clock_that_goes_back_and_a_leap_day_change_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    ident = begun(replace(store, now=lambda: datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)))
    back = replace(store, now=lambda: datetime(2027, 12, 31, 1, tzinfo=UTC))
    declarations.repeat(back, editor("GLASS"), Seat(ident, "GLASS"), StepOptions(version=1))
    remind(back, PLANNER, ident)
    events = commit.history(store, PLANNER, ident)
    numbers = [one.number for one in events]
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))
    assert {one.at.date().isoformat() for one in events} == {"2028-02-29", "2027-12-31"}
    assert commit.verify_chain(store, ADMIN).sound
    assert declarations.declaration(store, editor("GLASS"), Seat(ident, "GLASS")).version == 2
    store.close()
