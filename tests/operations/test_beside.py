"""Studies and webhooks in the store, on each kind of database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from stores import PLANNER, begun

from synergy.errors import ConflictError, RefusedError
from synergy.records.names import Role, StudyKind
from synergy.store import accounts, rounds, studies, subscriptions
from synergy.store.access import WORKER
from synergy.store.accounts import MACHINE, AccountData
from synergy.store.store import Store
from synergy.store.studies import StudyQuestion

PATHS = StudyQuestion(StudyKind.PATHWAYS, {"commodity": "COG", "depth": 2})


def test_a_study_is_asked_taken_once_and_stored_once(store: Store) -> None:
    ident = begun(store)
    asked = studies.ask(store, PLANNER, ident, PATHS, "key")
    assert studies.ask(store, PLANNER, ident, PATHS, "key") == asked
    with pytest.raises(RefusedError):  # no plan to ask about
        studies.ask(store, PLANNER, ident, StudyQuestion(StudyKind.SENSITIVITY, {"time_limit": 1.0}))
    held = studies.claim_study(store, WORKER)
    assert held is not None
    assert (held.study, held.plan, studies.claim_study(store, WORKER)) == (asked.study, None, None)
    studies.finish_study(store, WORKER, held, {"schema": "x", "chains": []})
    with pytest.raises(ConflictError):
        studies.finish_study(store, WORKER, held, {"schema": "y"})
    assert studies.see_study(store, PLANNER, asked.study).result == {"schema": "x", "chains": []}
    assert [one.state for one in studies.list_studies(store, PLANNER, ident)] == ["done"]


def test_a_study_that_kills_its_workers_is_given_up(store: Store) -> None:
    ident = begun(store)
    study = studies.ask(store, PLANNER, ident, PATHS).study
    for _ in range(studies.ATTEMPTS):
        assert studies.claim_study(store, WORKER) is not None
        later = store.now() + 2 * studies.LEASE
        object.__setattr__(store, "now", lambda later=later: later)
    assert studies.claim_study(store, WORKER) is None
    told = studies.see_study(store, PLANNER, study)
    assert (told.state, told.result) == ("failed", None)


def test_calls_are_noted_once_and_taken_by_one(store: Store) -> None:
    accounts.add_user(store, MACHINE, AccountData("anna", Role.PLANNER))
    who = accounts.known(store, "anna")
    made = subscriptions.add_webhook(store, who, "https://erp.example/", ["round."])
    ident = begun(store)
    rounds.advance(store, who, ident, "cancel")
    assert (subscriptions.gather(store, WORKER), subscriptions.gather(store, WORKER)) == (3, 0)
    due = subscriptions.take(store, WORKER)
    assert [one.record.action for one in due] == ["round.create", "round.open", "round.cancel"]
    assert subscriptions.take(store, WORKER) == []
    assert subscriptions.note(store, WORKER, due[0], 200) == "sent"
    assert subscriptions.note(store, WORKER, due[1], None, "refused") == "waiting"
    later = store.now() + timedelta(minutes=2)
    object.__setattr__(store, "now", lambda: later)
    assert {one.event for one in subscriptions.take(store, WORKER)} == {due[1].event, due[2].event}
    told = subscriptions.list_deliveries(store, who, made.webhook)
    assert sorted(one.state for one in told) == ["sent", "waiting", "waiting"]
    subscriptions.end_webhook(store, who, made.webhook)
    assert subscriptions.list_webhooks(store, who) == []
