"""Readiness: not ready where nothing can be stored, or where nobody would take a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import delete
from stores import PLANNER, Place, begun
from web_worlds import ALIVE, World

from synergy.store.access import WORKER
from synergy.store.freezing import freeze
from synergy.store.leases import SILENT, beat, claim, ready
from synergy.store.runs import request_match
from synergy.store.store import Store
from synergy.store.tables import beats
from synergy.worker.work import Habits, work


def test_a_store_is_ready_while_a_worker_gives_signs_of_life(store: Store) -> None:
    assert ready(store) == {"store": True, "worker": False}
    beat(store, "host:1")
    assert ready(store) == {"store": True, "worker": True}
    late = replace(store, now=lambda: datetime.now(UTC) + SILENT)
    assert ready(late) == {"store": True, "worker": False}


def test_a_worker_gives_signs_of_life(store: Store) -> None:
    asked = count()
    work(store, Habits(idle=0.0), lambda: next(asked) > 20)
    assert ready(store)["worker"]


def test_a_run_that_is_held_is_a_sign_of_life(store: Store) -> None:
    ident = begun(store)
    freeze(store, PLANNER, ident)
    request_match(store, PLANNER, ident)
    assert not ready(store)["worker"]
    assert claim(store, WORKER, "host:1") is not None
    assert ready(store)["worker"]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_store_whose_file_is_gone_is_not_ready(place: Place) -> None:
    beat(place.store, "host:1")
    assert ready(place.store)["store"]
    file = Path(place.address)
    file.unlink()
    assert ready(place.store) == {"store": False, "worker": False}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_store_that_takes_nothing_is_not_ready(place: Place) -> None:
    with place.store.database.write() as connection:
        connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON beats BEGIN SELECT RAISE(FAIL, 'full'); END")
    assert not ready(place.store)["store"]


def test_a_server_tells_what_it_lacks(web_world: World) -> None:
    client = web_world.client()
    with web_world.store.database.write() as connection:
        connection.execute(delete(beats).where(beats.c.name == ALIVE))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (
        503,
        {"ready": False, "solver": True, "store": True, "worker": False},
    )
    beat(web_world.store, ALIVE)
    assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (200, 200)
