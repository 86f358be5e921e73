"""Counter-offers steer the next run: quantities limit exchanges, prices their bands; what cannot be is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from roots import TINY
from stores import PLANNER, accept, begun, editor, matched, proposals, responding_round

from synergy.dataset.read import read
from synergy.errors import NotFoundError, RefusedError
from synergy.records.files import plan_from_record
from synergy.records.names import Answer
from synergy.records.proposals import Answered, WholeProposal
from synergy.scenario import Pattern, Settings
from synergy.settlement.prices import PriceLimits, Trades, limited
from synergy.store import answers, freezing, notices, queries, runs
from synergy.store.answers import CounterOffer, Reply
from synergy.store.datasets import archive, dataset_of, snapshot_of
from synergy.store.runs import composed, prices_of
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.verification.verify import verify

DEAL = "deal:EAST>GLASS:COG"
ENDS = ("EAST-1", "GLASS-1", "COG")
HEATING, HEAT = "deal:WEST>ALUMINA:COG", ("WEST-1", "ALUMINA-1", "COG")


def _asked(store: Store, who: str, proposal: WholeProposal, **figures: Any) -> Answered:
    counter = [CounterOffer(**{"number": 0} | figures)]
    return answers.answer(store, editor(who), proposal.proposal, Reply(Answer.COUNTERED, "so", counter))


def _sent(store: Store, ident: int, ends: tuple[str, str, str] = ENDS) -> Decimal:
    lines = {
        (line.outlet, line.inlet, line.mode): line.quantity.value
        for one in proposals(store, ident).values()
        for line in one.lines
        if (line.from_site, line.to_site, line.commodity) == ends
    }
    return sum(lines.values(), Decimal(0))


def _terms(store: Store, ident: int) -> dict[str, Any]:
    settlement = queries.see_plan(store, PLANNER, ident).plan["settlement"]
    (row,) = [row for row in settlement["prices"] if (row["from"], row["to"], row["commodity"]) == ENDS]
    return {**row, "refused": settlement.get("refused", [])}


def test_a_quantity_below_is_a_limit_and_one_above_lifts_it_as_far_as_the_own_end_goes(store: Store) -> None:
    ident = responding_round(store)
    before = _sent(store, ident, HEAT)
    assert before > 140000
    _asked(store, "ALUMINA", proposals(store, ident)[HEATING], quantity="100000")
    matched(store, ident)
    assert _sent(store, ident, HEAT) == 100000
    deal = proposals(store, ident)[HEATING]
    with pytest.raises(RefusedError, match="<= 145600"):  # what its calciner takes at most
        _asked(store, "ALUMINA", deal, quantity="999999")
    _asked(store, "ALUMINA", deal, quantity="140000")
    _asked(store, "WEST", deal, quantity="120000")
    matched(store, ident)
    assert _sent(store, ident, HEAT) == 120000
    _asked(store, "ALUMINA", proposals(store, ident)[HEATING], quantity="145000")  # nobody lifts the limit of another
    matched(store, ident)
    assert _sent(store, ident, HEAT) == 120000


def test_a_counter_says_something_of_an_own_line(store: Store) -> None:
    ident = responding_round(store)
    deal = proposals(store, ident)[DEAL]
    with pytest.raises(NotFoundError):
        _asked(store, "GLASS", deal, number=7, quantity=1)
    with pytest.raises(RefusedError):
        _asked(store, "GLASS", deal)
    with pytest.raises(RefusedError, match="<= 60000"):  # what it declared
        _asked(store, "GLASS", deal, quantity="60001")
    with pytest.raises(RefusedError):
        _asked(store, "GLASS", deal, quantity="-1")


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Yield a store on SQLite: what a settlement does depends on no database."""
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    store = make_store(tmp_path / "store.db")
    yield store
    store.close()


def _settled_round(store: Store, **given: Any) -> int:
    options = {"time_limit": 30.0, "settlement": "proportional"}
    ident = begun(store, options=options, **given)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    return ident


def test_a_price_within_the_band_is_kept_and_one_outside_refused_with_a_reason(lite: Store) -> None:
    store = lite
    ident = _settled_round(store)
    first = _terms(store, ident)
    price, most = Decimal(str(first["price"])), Decimal(str(first["high"]))
    assert price < most
    deal = proposals(store, ident)[DEAL]
    with pytest.raises(RefusedError, match=f"> {price:f}"):  # what it gets anyway
        _asked(store, "EAST", deal, price=str(price))
    with pytest.raises(RefusedError, match=f"< {price:f}"):
        _asked(store, "GLASS", deal, price=str(price + 1))
    inside = round((price + most) / 2, 2)
    _asked(store, "EAST", deal, price=str(inside))
    (heard,) = [one for one in notices.list_notices(store, editor("GLASS")) if one.kind == "countered"]
    assert heard.fields["lines"] == [{"number": 0, "quantity": None, "price": str(inside)}]
    matched(store, ident)
    again = _terms(store, ident)
    assert again["price"] >= float(inside)
    assert (again["low"], again["high"], again["refused"]) == (first["low"], first["high"], [])
    _asked(store, "EAST", proposals(store, ident)[DEAL], price=str(round(most) + 50))
    matched(store, ident)
    after = _terms(store, ident)
    assert after["price"] <= after["high"]
    assert [(row["seller"], row["side"]) for row in after["refused"]] == [("EAST", "seller")]
    (told,) = [one for one in notices.list_notices(store, editor("EAST")) if one.kind == "counter_refused"]
    assert set(told.fields) == {"from_site", "to_site", "commodity"}  # no figure of the other side
    assert not [one for one in notices.list_notices(store, editor("GLASS")) if one.kind == "counter_refused"]
    _follows(store, ident)


def test_a_refused_price_tells_no_place_of_a_partner_without_a_name(lite: Store) -> None:
    ident = _settled_round(lite, anonymous=True)
    most = Decimal(str(_terms(lite, ident)["high"]))
    _asked(lite, "EAST", proposals(lite, ident)[DEAL], price=str(round(most) + 50))
    matched(lite, ident)
    (told,) = [one for one in notices.list_notices(lite, editor("EAST")) if one.kind == "counter_refused"]
    assert told.fields == {"from_site": "EAST-1", "commodity": "COG"}


def _follows(store: Store, ident: int) -> None:
    """Assert that the latest plan follows from its dataset."""
    match = queries.see_matches(store, PLANNER, ident)[-1].match
    given = queries.match_input(store, PLANNER, match)
    with store.database.read() as connection:
        dataset = dataset_of(archive(connection, given.snapshot), given.scenario)
    assert given.record is not None
    assert [one.line() for one in verify(dataset, plan_from_record(given.record["plan"])) if one.refuses] == []


def test_what_all_accepted_keeps_quantity_and_price(lite: Store) -> None:
    store = lite
    ident = _settled_round(store)
    first = _terms(store, ident)
    accept(store, proposals(store, ident)[DEAL])
    other = proposals(store, ident)["build:COG_LNG@EAST-1"]
    answers.answer(store, editor("EAST"), other.proposal, Reply(Answer.DECLINED, "no"))
    matched(store, ident)
    again = _terms(store, ident)
    assert (again["price"], round(again["quantity"], 3)) == (first["price"], round(first["quantity"], 3))
    assert proposals(store, ident)[DEAL].answer == "accepted"
    refused = {(line.from_site, line.to_site, line.commodity) for line in other.lines}
    assert refused
    for one in proposals(store, ident).values():  # the plant itself EAST may build with what is its own
        assert not refused & {(line.from_site, line.to_site, line.commodity) for line in one.lines}
    _follows(store, ident)


def test_a_counter_is_looked_at_only_while_answers_are_taken(store: Store) -> None:
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    deal = proposals(store, ident)[DEAL]
    answers.conclude(store, PLANNER, ident)
    with pytest.raises(RefusedError, match="state"):
        _asked(store, "GLASS", deal, quantity="60001")
    with pytest.raises(NotFoundError):
        _asked(store, "TARCO", deal, quantity="1")


def test_limits_narrow_bands_and_agreed_prices_widen_them() -> None:
    trades = Trades(
        np.zeros(6, int), np.ones(6, int), np.ones(6), np.array([5.0, 5, 5, 5, 5, 9]), np.array([9.0, 9, 9, 9, 9, 5])
    )
    no = np.nan
    least = np.array([6.0, 10, no, 8, no, no])
    most = np.array([8.0, no, 4, 7, no, no])
    agreed = np.array([no, no, no, no, 12, no])
    found = limited(trades, PriceLimits(least, most, agreed))
    np.testing.assert_array_equal(found.trades.low, [6, 5, 5, 5, 12, 9])
    np.testing.assert_array_equal(found.trades.high, [8, 9, 9, 9, 12, 5])
    np.testing.assert_array_equal(found.shown.low, trades.low)
    np.testing.assert_array_equal(found.shown.high, [9, 9, 9, 9, 12, 5])
    np.testing.assert_array_equal(found.least_refused, [False, True, False, True, False, False])
    np.testing.assert_array_equal(found.most_refused, [False, False, True, True, False, False])


def test_of_each_party_the_latest_counts_and_the_least_limit_holds() -> None:
    ends = {"from_site": "A-1", "to_site": "B-1", "commodity": "G"}
    cap = {**ends, "mode": "truck", "others": ["rail"]}
    rulings = [
        ("cap", {**cap, "quantity": 5.0, "by": "A"}),
        ("cap", {**cap, "quantity": 9.0, "by": "A"}),
        ("cap", {**cap, "quantity": 7.0, "by": "B"}),
    ]
    rows = composed({}, rulings, Settings())["tables"]["links"]
    assert rows == [{**ends, "mode": "truck", "capacity": 7.0}, {**ends, "mode": "rail", "forbidden": True}]
    fixed = composed({}, [*rulings, ("fix", {**ends, "quantity": 3.0})], Settings())
    assert "links" not in fixed["tables"]
    asked = [
        ("price", {**ends, "price": "5", "by": "A", "side": "seller"}),
        ("price", {**ends, "price": "6", "by": "A", "side": "seller"}),
        ("price", {**ends, "price": "7", "by": "B", "side": "buyer"}),
    ]
    assert prices_of(asked) == [{**ends, "least": 6.0, "most": 7.0}]
    assert prices_of([*asked, ("price", {**ends, "price": "6.5"})]) == [{**ends, "agreed": 6.5}]


def test_what_the_dataset_forbids_and_fixes_stays_where_the_scenario_is_silent(store: Store, tmp_path: Path) -> None:
    forbid, fix = {"from_enterprise": "EAST", "commodity": "COG"}, {"commodity": "TAR", "quantity": 3.0}
    folder = tmp_path / "own"
    shutil.copytree(TINY, folder)
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    package["synergy"] = package.get("synergy", {}) | {"forbid": [forbid], "fix": [fix]}
    (folder / "datapackage.json").write_text(json.dumps(package), "utf-8")
    ident = begun(store, archive=snapshot_of(read(folder)).archive)
    freezing.freeze(store, PLANNER, ident)
    run = runs.request_match(store, PLANNER, ident)
    settings = queries.match_input(store, PLANNER, run.match).scenario["settings"]
    assert (settings["forbid"], settings["fix"]) == ([forbid], [fix])
    own = Settings(forbid=(Pattern(**forbid),))
    ruled = composed({}, [("forbid", {"commodity": "LNG"})], own)["settings"]
    assert ruled["forbid"] == [forbid, {"commodity": "LNG"}]
    assert composed({"settings": {"forbid": []}}, [], own)["settings"]["forbid"] == []  # the scenario says otherwise
