"""A round that one declaration spoils is repaired: opened again, the declaration corrected or left out, matched."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from stores import NAMES, OPTIONS, PLANNER, begun, editor, proposals, responding_round
from web_worlds import World

from synergy.errors import RefusedError
from synergy.forms.context import Row, Rows
from synergy.forms.submitting import declare_judged, judge_rows
from synergy.records.names import Answer, Seat, Sheet
from synergy.records.runs import Run
from synergy.store import answers, commit, datasets, declarations, freezing, notices, queries, review, rounds, runs
from synergy.store.answers import Reply
from synergy.store.overlay import Entry
from synergy.store.store import Store
from synergy.worker.work import Habits, work_once

LNG = Entry(
    sheet=Sheet.NEEDS, site="GLASS-1", subject="LNG", amount=Decimal(70000), ident="LNG", other={"required": "true"}
)


def _state(store: Store, ident: int) -> str:
    return queries.see_round(store, PLANNER, ident).state


def _matched(store: Store, ident: int) -> Run:
    if _state(store, ident) == "declaring":
        freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    assert work_once(store, Habits(apart=False)) is not None
    return queries.see_matches(store, PLANNER, ident)[-1]


@pytest.mark.parametrize("mend", ["corrected", "left out"])
def test_a_compulsory_row_that_nobody_can_meet_is_shown_and_mended(mend: str, store: Store) -> None:
    ident = begun(store, options=OPTIONS | {"settlement": "none"})
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [LNG])
    (shown,) = review.doubtful(store, PLANNER, ident)
    assert (shown.enterprise, shown.ident, shown.amount.value, shown.why) == ("GLASS", "LNG", 70000, ["required"])
    run = _matched(store, ident)
    assert (run.status, _state(store, ident)) == ("infeasible", "frozen")
    before = commit.history(store, PLANNER, ident)
    seen = queries.see_round(store, PLANNER, ident).version
    told = rounds.advance(store, PLANNER, ident, "reopen", rounds.StepOptions(seen, note="LNG is not to be had"))
    assert told.state == "declaring"
    assert notices.list_notices(store, editor("EAST"))[0].kind == "opened"
    entries = [replace(LNG, other={})] if mend == "corrected" else []
    declarations.declare(store, PLANNER, Seat(ident, "GLASS"), entries)
    assert review.doubtful(store, PLANNER, ident) == []
    run = _matched(store, ident)
    assert (run.number, run.status, _state(store, ident)) == (2, "optimal", "review")
    after = commit.history(store, PLANNER, ident)
    assert after[-len(before) :] == before  # nothing of the record is lost
    (reopened,) = [one for one in after if one.action == "round.reopen"]
    assert reopened.detail["note"] == "LNG is not to be had"
    assert queries.match_input(store, PLANNER, run.match - 1).snapshot == reopened.detail["snapshot"]
    assert reopened.detail["snapshot"] not in [one.dataset for one in datasets.list_starts(store, PLANNER)]
    assert commit.verify_chain(store, PLANNER).sound


def test_a_round_is_opened_again_from_frozen_alone(store: Store) -> None:
    ident = begun(store)
    with pytest.raises(RefusedError):
        rounds.advance(store, PLANNER, ident, "reopen")
    freezing.freeze(store, PLANNER, ident)
    runs.request_match(store, PLANNER, ident)
    with pytest.raises(RefusedError):
        rounds.advance(store, PLANNER, ident, "reopen")
    runs.cancel_match(store, PLANNER, ident)
    assert rounds.advance(store, PLANNER, ident, "reopen").state == "declaring"
    assert freezing.freeze(store, PLANNER, ident).state == "frozen"


def test_what_the_dataset_demands_already_is_no_news(store: Store) -> None:
    ident = begun(store)
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))  # ovens of the dataset must run
    assert review.doubtful(store, PLANNER, ident) == []
    entries = declarations.ground(store, PLANNER, Seat(ident, "EAST")).entries
    larger = [replace(one, amount=2 * one.amount) if one.sheet is Sheet.FACILITIES else one for one in entries]
    declarations.declare(store, editor("EAST"), Seat(ident, "EAST"), larger)
    assert [(one.ident, one.why) for one in review.doubtful(store, PLANNER, ident)] == [("EAST-OVEN", ["must_run"])]


def test_a_figure_marked_as_checked_is_shown_to_the_planner_alone(store: Store) -> None:
    ident = begun(store)
    place = Seat(ident, "GLASS")
    cells = {"site": "GLASS-1", "subject": "COG", "amount": "60000", "price": "95000", "checked": "yes", "ident": "N"}
    # said again it is no longer far from the last figure, and stays worth a look
    for price in ("95000", "95000", "90000"):
        rows = Rows([Row(Sheet.NEEDS, 1, cells | {"price": price})], units=False)
        judged = judge_rows(store, editor("GLASS"), place, rows)
        told = declare_judged(store, editor("GLASS"), place, judged)
        assert [one.why for one in review.doubtful(store, PLANNER, ident)] == [["checked"]]
        assert [one.other["checked"] for one in told.entries if one.ident == "N"] == [True]
    declarations.declare(store, PLANNER, place, [])
    later = begun(store, previous=ident)
    declare_judged(store, editor("GLASS"), Seat(ident, "GLASS"), judged)
    declarations.repeat(store, editor("GLASS"), Seat(later, "GLASS"))
    assert review.doubtful(store, PLANNER, later) == []
    freezing.freeze(store, PLANNER, ident)  # the mark is no column of the dataset


def test_an_amount_that_no_plan_can_keep_at_its_market_is_shown_before(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store)
    coke = replace(LNG, sheet=Sheet.OFFERS, subject="COKE", amount=Decimal(10**11), price=Decimal(0), other={})
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [coke, replace(LNG, other={"Required": "yes"})])
    shown = [(one.sheet, one.why) for one in review.doubtful(store, PLANNER, ident)]
    assert shown == [("needs", ["required"]), ("offers", ["large"])]
    for lang in ("en", "zh"):
        assert "100000000000" in client.get(f"/{lang}/rounds/{ident}").text.replace(",", "")
    with pytest.raises(RefusedError, match="offers LNG > markets COKE-GATE"):
        freezing.freeze(store, PLANNER, ident)
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [replace(coke, amount=Decimal(1000))])
    assert review.doubtful(store, PLANNER, ident) == []
    assert freezing.freeze(store, PLANNER, ident).state == "frozen"


def test_the_page_shows_both_and_opens_the_round_again(web_world: World) -> None:
    store, client = web_world.store, web_world.client("planner")
    ident = begun(store, name="spoilt")
    declarations.declare(store, editor("GLASS"), Seat(ident, "GLASS"), [LNG])
    page = client.get(f"/en/rounds/{ident}").text
    assert "Worth a look before declarations are closed" in page
    assert "has to be met in full" in page
    freezing.freeze(store, PLANNER, ident)
    page = client.get(f"/zh/rounds/{ident}").text
    assert "重新开放申报" in page
    assert web_world.post(client, f"/en/rounds/{ident}/step", step="reopen").status_code == 303
    assert _state(store, ident) == "declaring"


def test_who_declines_loses_nothing_of_what_it_has_alone(store: Store) -> None:
    ident = responding_round(store)
    (before,) = queries.see_matches(store, PLANNER, ident)
    for one in proposals(store, ident).values():
        for party in one.parties:
            if party.enterprise == one.host:
                answers.answer(store, editor(one.host), one.proposal, Reply(Answer.DECLINED, "no"))
    after = _matched(store, ident)
    assert _alone(store, after) == pytest.approx(_alone(store, before), rel=2e-4)


def _alone(store: Store, run: Run) -> dict[str, float | None]:
    record = queries.match_input(store, PLANNER, run.match).record
    assert record is not None
    return dict(record["plan"]["standalone"])
