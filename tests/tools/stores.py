"""Stores for the tests: SQLite and PostgreSQL alike, people, and a round brought to any point of its life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from postgres import Cluster, cluster
from roots import ROOT

from synergy.dataset.read import read
from synergy.records.names import Answer, Role, Seat, Sheet
from synergy.records.proposals import OwnProposal, WholeProposal
from synergy.records.rounds import DeclaredEntry
from synergy.records.runs import RunFinished
from synergy.store import answers, declarations, freezing, queries, rounds, runs
from synergy.store.access import WORKER, Actor
from synergy.store.answers import Reply
from synergy.store.column_types import canonical
from synergy.store.datasets import snapshot_of
from synergy.store.leases import Claim, claim
from synergy.store.overlay import Entry
from synergy.store.results import RunEnd, finish
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.worker.solve import Task, solve

PLANNER = Actor("anna", Role.PLANNER)
AUDITOR = Actor("zhou", Role.AUDITOR)
ADMIN = Actor("root", Role.ADMINISTRATOR)
NAMES = ("EAST", "WEST", "ALUMINA", "TARCO", "GLASS")
OPTIONS = {"time_limit": 30.0, "settlement": "standalone"}
KINDS = ("sqlite", "postgresql")


def editor(enterprise: str) -> Actor:
    """Return who speaks for an enterprise."""
    return Actor(f"ed-{enterprise.lower()}", Role.EDITOR, enterprise)


def costly(told: Sequence[DeclaredEntry], cost: Decimal) -> list[Entry]:
    """Return declared entries again, with another cost of all facilities."""
    prices = [Decimal(0) if one.price is None else one.price.amount for one in told]
    return [
        Entry(
            sheet=one.sheet,
            site=one.site,
            subject=one.subject,
            ident=one.ident,
            amount=one.amount.value,
            price=cost if one.sheet is Sheet.FACILITIES else price,
            other=one.other,
        )
        for one, price in zip(told, prices, strict=True)
    ]


@cache
def tiny() -> bytes:
    """Return the archive of the tiny dataset."""
    return snapshot_of(read(ROOT / "datasets" / "tiny")).archive


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """Yield a PostgreSQL server."""
    with cluster() as one:
        yield one


@dataclass
class Place:
    """Where a store of a test lies."""

    address: str
    store: Store


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Yield an empty store, on each kind of database."""
    if request.param == "sqlite":
        address = str(tmp_path / "store.db")
    else:
        address = request.getfixturevalue("server").fresh("synergy_test")
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "audit.key"))
    store = make_store(address)
    yield Place(address, store)
    store.close()


@pytest.fixture
def store(place: Place) -> Store:
    """Return the store of a place."""
    return place.store


def begun(store: Store, **given: Any) -> int:
    """Return a new round that is declaring."""
    draft = rounds.Draft(**{"name": "round", "archive": tiny(), "options": OPTIONS, "ladder": 0.0, **given})
    ident = rounds.create(store, PLANNER, draft).round
    rounds.advance(store, PLANNER, ident, "open")
    return ident


SOLVED: dict[str, RunEnd] = {}


def solved(held: Claim) -> RunEnd:
    """Return what a run brings; the same input is solved once for all tests of a process."""
    digest = sha256(held.archive + canonical([held.scenario, held.options]).encode()).hexdigest()
    if digest not in SOLVED:
        SOLVED[digest] = solve(Task(held.archive, held.scenario, held.options))
    return SOLVED[digest]


def worked(store: Store) -> RunFinished:
    """Do the next run."""
    held = claim(store, WORKER, "test")
    assert held is not None
    return finish(store, WORKER, held, solved(held))


def matched(store: Store, ident: int) -> None:
    """Match a round once more and bring it to where it takes answers."""
    runs.request_match(store, PLANNER, ident)
    worked(store)
    rounds.advance(store, PLANNER, ident, "publish")
    rounds.advance(store, PLANNER, ident, "collect")


def responding_round(store: Store, **given: Any) -> int:
    """Return a round that takes answers to its first run."""
    ident = begun(store, **given)
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    return ident


def whole(one: OwnProposal | WholeProposal) -> WholeProposal:
    """Return a proposal that the planner sees."""
    assert isinstance(one, WholeProposal)
    return one


def proposals(store: Store, ident: int) -> dict[str, WholeProposal]:
    """Return the proposals of a round as the planner sees them, by what they are about."""
    return {one.id: one for one in map(whole, queries.list_proposals(store, PLANNER, ident))}


def accept(store: Store, proposal: WholeProposal) -> None:
    """Let every party that has not answered accept a proposal."""
    for party in proposal.parties:
        if party.answer is Answer.NONE:
            answers.answer(store, editor(party.enterprise), proposal.proposal, Reply(Answer.ACCEPTED))
