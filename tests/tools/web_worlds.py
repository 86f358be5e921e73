"""Pages for the tests: a store with a round of the tiny dataset that takes answers, and people signed in to it.

``web_world`` is a copy of that store and an application on it, so that a test may change what it likes:
``web_world.client("planner")`` is signed in (see `PEOPLE` for who there is), and
``web_world.post(client, path, field=...)`` sends a form with its mark.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from stores import responding_round
from synergy.web.access import KEY
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from werkzeug.test import TestResponse

from synergy.records.names import Role
from synergy.store import accounts
from synergy.store.access import Actor
from synergy.store.accounts import MACHINE, AccountData, add_user, begin, known
from synergy.store.leases import beat
from synergy.store.store import KEY_FILE, Store, make_store, open_store

# what tests call them: name of the account, role, enterprise
PEOPLE = {
    "planner": ("anna", Role.PLANNER, None),
    "editor": ("ed-glass", Role.EDITOR, "GLASS"),
    "east": ("ed-east", Role.EDITOR, "EAST"),
    "tarco": ("ed-tarco", Role.EDITOR, "TARCO"),
    "reader": ("re-tarco", Role.READER, "TARCO"),
    "auditor": ("zhou", Role.AUDITOR, None),
    "client": ("erp-glass", Role.CLIENT, "GLASS"),
    "admin": ("root", Role.ADMINISTRATOR, None),
}
ALIVE = "host:1"  # a worker whose signs of life never run out
PASSWORD = "correct horse battery"
SECRET = b"0" * 32
_RAW = "a" * 40  # what the mark of a form is made of


@dataclass
class World:
    """A store, its application, and its latest round."""

    store: Store
    app: Flask
    round: int
    file: Path
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        """Return one of `PEOPLE` as the store knows them."""
        return known(self.store, PEOPLE[who][0])

    def client(self, who: str = "") -> FlaskClient:
        """Return a browser that is signed in; "" for one that is not."""
        client = self.app.test_client()
        if who:
            actor = self.actor(who)
            with client.session_transaction() as session:
                session[KEY] = begin(self.store, actor, 1.0)
                session["csrf_token"] = _RAW
        return client

    def mark(self) -> str:
        """Return the mark that forms of a signed-in client carry."""
        return str(URLSafeTimedSerializer(self.app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(_RAW))

    def post(self, client: FlaskClient, path: str, **data: Any) -> TestResponse:
        """Send a form as the page of a signed-in client would."""
        return client.post(path, data={"csrf_token": self.mark(), **data})


@pytest.fixture(scope="session")
def web_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """Return a store's file and its round: made once, copied for every test."""
    return made_template(tmp_path_factory.mktemp("web"))


def made_template(folder: Path) -> tuple[Path, int]:
    """Make a store in a folder, with people and a round that takes answers; return its file and the round."""
    file = folder / "store.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY_FILE, raising=False)
        store = make_store(file)
        hashed = accounts.hashed(PASSWORD)
        patch.setattr(accounts, "hashed", lambda _: hashed)  # one slow hash for all of them
        for name, role, enterprise in PEOPLE.values():
            add_user(store, MACHINE, AccountData(name, role, enterprise, PASSWORD))
        ident = responding_round(store, name="first round")
        store.close()
    return file, ident


@pytest.fixture
def web_settings() -> ServerSettings:
    """Return how the pages of a test are served; a module that wants it otherwise defines its own."""
    return ServerSettings(secret=SECRET, limited=False, zone=UTC)


def alive(store: Store) -> None:
    """Let a worker live as long as a test may take."""
    beat(replace(store, now=lambda: datetime.now(UTC) + timedelta(days=1)), ALIVE)


@pytest.fixture
def web_world(
    web_template: tuple[Path, int], web_settings: ServerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Yield a world of its own."""
    monkeypatch.delenv(KEY_FILE, raising=False)
    file, ident = web_template
    for suffix in ("", "-wal", ".key"):
        source = file.with_name(file.name + suffix)
        if source.exists():
            shutil.copy(source, tmp_path / source.name)
    store = open_store(tmp_path / file.name)
    alive(store)
    yield World(store, create_app(store, web_settings), ident, tmp_path / file.name)
    store.close()
