"""What enterprises and planners are told, who may read it, and enterprises that leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stores import ADMIN, NAMES, PLANNER, accept, begun, editor, matched, proposals, responding_round, tiny

from synergy.errors import ConflictError, DeniedError, NotFoundError, RefusedError
from synergy.records.names import Answer, Role, Seat, Stage
from synergy.store import accounts, answers, commit, declarations, freezing, notices, runs, withdrawals
from synergy.store import rounds as living
from synergy.store.access import WORKER, Actor
from synergy.store.answers import Reply
from synergy.store.datasets import dataset_of
from synergy.store.messages import MESSAGES, message
from synergy.store.queries import match_input, see_round
from synergy.store.rounds import Draft, StepOptions
from synergy.store.store import Store


def _kinds(store: Store, actor: Actor, **asked: Any) -> list[str]:
    return [one.kind for one in notices.list_notices(store, actor, **asked)][::-1]


def test_everybody_is_told_what_concerns_them(store: Store) -> None:
    ident = begun(store)
    declarations.repeat(store, editor("EAST"), Seat(ident, "EAST"))
    living.remind(store, PLANNER, ident)
    assert _kinds(store, editor("EAST")) == ["opened"]
    assert _kinds(store, editor("GLASS")) == ["opened", "reminder"]
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    assert _kinds(store, editor("GLASS"))[2:] == ["published", "collect"]
    assert _kinds(store, editor("TARCO")) == ["opened", "reminder"]  # no proposal concerns it
    assert _kinds(store, PLANNER) == ["matched"]
    deal = proposals(store, ident)["deal:EAST>GLASS:COG"]
    answers.answer(store, editor("EAST"), deal.proposal, Reply(Answer.INTERESTED))
    (told,) = [one for one in notices.list_notices(store, editor("GLASS")) if one.kind == "answered"]
    assert (told.subject, told.fields) == (deal.proposal, {"standing": "interested"})
    assert "interested" in told.text_en
    assert "有意向" in told.text_zh
    assert notices.list_notices(store, PLANNER)[0].fields == {"enterprise": "EAST", "answer": "interested"}
    accept(store, proposals(store, ident)["build:TAR_DIST@EAST-1"])
    (partnership,) = answers.conclude(store, PLANNER, ident).partnerships
    assert _kinds(store, editor("WEST"))[-2:] == ["agreed", "concluded"]
    answers.follow(store, editor("EAST"), partnership, Stage.PERMITS)
    assert (_kinds(store, editor("WEST"))[-1], _kinds(store, PLANNER)[-1]) == ("stage", "stage")
    assert _kinds(store, editor("EAST"))[-1] == "concluded"


def test_marks_belong_to_an_account_and_nobody_reads_for_another(store: Store) -> None:
    begun(store)
    first, second = editor("EAST"), Actor("reader", Role.READER, "EAST")
    (told,) = notices.list_notices(store, first)
    assert not told.read
    assert notices.mark_read(store, editor("WEST"), [told.notice]) == 0
    assert _kinds(store, first, unread=True) == ["opened"]
    assert notices.mark_read(store, first, [told.notice]) == 1
    assert notices.mark_read(store, first) == 0
    assert notices.list_notices(store, first, unread=True) == []
    assert notices.list_notices(store, first)[0].read
    assert _kinds(store, second, unread=True) == ["opened"]
    assert told.notice not in {one.notice for one in notices.list_notices(store, editor("WEST"))}


def test_a_deadline_that_is_near_is_told_once_to_those_who_are_late(store: Store) -> None:
    now = store.now()
    near = {"deadline": now + timedelta(hours=40), "answer_by": now + timedelta(hours=90)}
    ident = begun(store, **near)
    begun(store, deadline=now + timedelta(hours=60))
    declarations.repeat(store, editor("EAST"), Seat(ident, "EAST"))
    assert notices.approaching(store, WORKER) == 1
    assert notices.approaching(store, WORKER) == 0
    assert _kinds(store, editor("EAST")) == ["opened"] * 2
    assert _kinds(store, editor("WEST")) == ["opened"] * 2 + ["declare_by"]
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    assert notices.approaching(store, WORKER) == 0
    deal = proposals(store, ident)["deal:EAST>GLASS:COG"]
    answers.answer(store, editor("GLASS"), deal.proposal, Reply(Answer.ACCEPTED))
    object.__setattr__(store, "now", lambda: now + timedelta(hours=50))
    assert notices.approaching(store, WORKER) == 2  # and the other round's first deadline
    assert _kinds(store, editor("EAST"))[-2:] == ["declare_by", "answer_by"]
    assert "answer_by" not in _kinds(store, editor("GLASS"))


def test_a_deadline_that_has_passed_is_moved_and_those_concerned_are_told(store: Store) -> None:
    now = store.now()
    past, later = now - timedelta(hours=1), now + timedelta(hours=90)
    ident = begun(store, deadline=past, answer_by=past)
    with pytest.raises(RefusedError, match="synergy round extend"):
        declarations.repeat(store, editor("EAST"), Seat(ident, "EAST"))
    seen = see_round(store, PLANNER, ident).version
    told = living.extend(store, PLANNER, ident, living.Until(deadline=later), StepOptions(seen, "k", "asked"))
    assert (told.state, told.version) == ("declaring", seen + 1)
    assert living.extend(store, PLANNER, ident, living.Until(deadline=later), StepOptions(seen, "k", "asked")) == told
    with pytest.raises(ConflictError):
        living.extend(store, PLANNER, ident, living.Until(deadline=later), StepOptions(seen))
    assert _kinds(store, editor("EAST")) == ["opened", "declare_until"]
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    deal = proposals(store, ident)["deal:EAST>GLASS:COG"]
    with pytest.raises(RefusedError, match="synergy round extend"):
        answers.answer(store, editor("GLASS"), deal.proposal, Reply(Answer.ACCEPTED))
    with pytest.raises(RefusedError, match="expected draft, declaring, frozen"):
        living.extend(store, PLANNER, ident, living.Until(deadline=later))  # nobody declares any more
    living.extend(store, PLANNER, ident, living.Until(answer_by=later))
    answers.answer(store, editor("GLASS"), deal.proposal, Reply(Answer.ACCEPTED))
    notice = notices.list_notices(store, editor("GLASS"))[0]
    assert (notice.kind, later.isoformat(timespec="minutes")[:10] in notice.text_zh) == ("answer_until", True)
    event = next(one for one in commit.history(store, PLANNER, ident) if one.action == "round.extend")
    assert event.detail["answer_by"] == later.isoformat(timespec="minutes")
    assert commit.verify_chain(store, PLANNER).sound


def test_a_deadline_is_moved_into_the_future_alone_while_the_round_lasts(store: Store) -> None:
    now = store.now()
    ident = begun(store, answer_by=now + timedelta(hours=9))
    before = (see_round(store, PLANNER, ident), commit.history(store, PLANNER))
    for moment in (now - timedelta(days=1), datetime(1, 1, 1, tzinfo=UTC)):
        with pytest.raises(RefusedError, match="is over already"):
            living.extend(store, PLANNER, ident, living.Until(deadline=now + timedelta(hours=1), answer_by=moment))
    with pytest.raises(RefusedError, match="answer_by"):
        living.extend(store, PLANNER, ident, living.Until())
    assert (see_round(store, PLANNER, ident), commit.history(store, PLANNER)) == before
    living.advance(store, PLANNER, ident, "cancel")
    with pytest.raises(RefusedError, match="`extend` does not fit the state `cancelled`"):
        living.extend(store, PLANNER, ident, living.Until(answer_by=now + timedelta(hours=1)))


def test_every_notice_has_words() -> None:
    names = ("name", "deadline", "enterprise", "number", "status", "proposals", "fault", "reason", "account", "count")
    fields = dict.fromkeys(names, "x")
    for kind in MESSAGES:
        said = message(kind, fields | {"standing": "accepted", "answer": "declined", "stage": "running"})
        assert not [text for text in said.values() if "{" in text]
        assert said["text_en"] != said["text_zh"]
    assert message("opened", {"name": "{deadline}", "deadline": None})["text_en"].count("{deadline}") == 1


def test_72_an_enterprise_with_open_proposals_or_partnerships_stays(store: Store) -> None:
    accounts.add_user(store, accounts.MACHINE, accounts.AccountData("li", Role.EDITOR, "WEST", "correct horse"))
    token = accounts.add_token(store, accounts.known(store, "li"), "erp", ["read"])
    ident = responding_round(store)
    found = proposals(store, ident)
    with pytest.raises(RefusedError, match=found["build:TAR_DIST@EAST-1"].proposal):
        withdrawals.depart(store, ADMIN, "WEST")
    for one in found.values():
        if one.id == "build:TAR_DIST@EAST-1":
            accept(store, one)
        elif "WEST" in one.enterprises:
            answers.answer(store, editor("WEST"), one.proposal, Reply(Answer.DECLINED, "we leave"))
    (partnership,) = answers.conclude(store, PLANNER, ident).partnerships
    with pytest.raises(RefusedError, match=f"partnerships {partnership}"):
        withdrawals.depart(store, ADMIN, "WEST")
    answers.follow(store, PLANNER, partnership, Stage.ENDED, StepOptions(note="closed"))
    assert accounts.sign_in(store, "li", "correct horse").enterprise == "WEST"
    later = begun(store)
    declarations.repeat(store, editor("WEST"), Seat(later, "WEST"))
    before = commit.history(store, PLANNER)
    told = withdrawals.depart(store, ADMIN, "WEST", StepOptions(key="once", note="closed"))
    assert told.document() == {"enterprise": "WEST", "accounts": ["li"], "withdrawn": [later], "forbidden": []}
    assert withdrawals.depart(store, ADMIN, "WEST", StepOptions(key="once", note="closed")) == told
    with pytest.raises(DeniedError):
        accounts.sign_in(store, "li", "correct horse")
    with pytest.raises(DeniedError):
        accounts.actor_of_token(store, token.token)
    with pytest.raises(NotFoundError):
        declarations.declaration(store, editor("WEST"), Seat(later, "WEST"))
    assert see_round(store, PLANNER, later).members == len(NAMES) - 1
    assert commit.history(store, PLANNER)[-len(before) :] == before  # what happened stays
    assert declarations.declaration(store, PLANNER, Seat(ident, "WEST")).entries
    assert commit.verify_chain(store, PLANNER).sound


def test_who_has_left_takes_part_in_nothing_until_readmitted(store: Store) -> None:
    ident = begun(store)
    withdrawals.depart(store, ADMIN, "GLASS", StepOptions(note="bankrupt"))
    assert _kinds(store, PLANNER) == ["departed"]
    frozen = freezing.freeze(store, PLANNER, ident)
    assert "GLASS" not in frozen.undeclared
    match = runs.request_match(store, PLANNER, ident).match
    with store.database.read() as connection:
        from synergy.store.datasets import archive

        given = match_input(store, PLANNER, match)
        frozen_set = dataset_of(archive(connection, given.snapshot))
        assert "GLASS-1" not in {*frozen_set["offers"]["site"], *frozen_set["needs"]["site"]}
    with pytest.raises(RefusedError, match="left"):
        accounts.add_user(store, ADMIN, accounts.AccountData("new", Role.EDITOR, "GLASS"))
    with pytest.raises(RefusedError, match="left"):
        living.create(store, PLANNER, Draft(name="x", archive=tiny(), members=("GLASS",)))
    assert see_round(store, PLANNER, begun(store)).members == len(NAMES) - 1
    with pytest.raises(NotFoundError):
        withdrawals.depart(store, ADMIN, "GLASS")
    with pytest.raises(NotFoundError):
        withdrawals.depart(store, ADMIN, "NOBODY")
    withdrawals.readmit(store, ADMIN, "GLASS")
    assert see_round(store, PLANNER, begun(store)).members == len(NAMES)


def test_a_frozen_round_goes_on_without_who_leaves(store: Store) -> None:
    ident = begun(store)
    freezing.freeze(store, PLANNER, ident)
    assert withdrawals.depart(store, ADMIN, "GLASS").forbidden == [ident]
    runs.request_match(store, PLANNER, ident)
    with pytest.raises(ConflictError):
        withdrawals.depart(store, ADMIN, "EAST")
    match = match_input(store, PLANNER, 1)
    patterns = match.scenario["settings"]["forbid"]
    assert {"from_enterprise": "GLASS"} in patterns
    assert {"to_enterprise": "GLASS"} in patterns
