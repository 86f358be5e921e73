"""The API for the tests: `web_worlds`'s store with a token for each of its people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from web_worlds import World
from werkzeug.test import TestResponse

from synergy.store import accounts
from synergy.store.access import SCOPES

API = "/api/v1"


@dataclass
class Program:
    """Who asks the API of a world."""

    world: World
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, who: str, *scopes: str) -> str:
        """Return a token of one of `web_worlds.PEOPLE`, with all scopes where none is named."""
        name = f"{who} {' '.join(scopes)}"
        if name not in self.tokens:
            made = accounts.add_token(self.world.store, self.world.actor(who), name, scopes or SCOPES)
            self.tokens[name] = made.token
        return self.tokens[name]

    def ask(
        self, who: str, method: str, path: str, headers: dict[str, str] | None = None, **given: Any
    ) -> TestResponse:
        """Return what the API answers somebody; "" is nobody."""
        sent = {"Accept-Language": "en", **(headers or {})}
        if who:
            sent["Authorization"] = f"Bearer {self.token(who)}"
        return self.world.app.test_client().open(API + path, method=method, headers=sent, **given)

    def read(self, who: str, path: str) -> Any:
        """Return the JSON of what is read."""
        answer = self.ask(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.get_json()


@pytest.fixture
def program(web_world: World) -> Program:
    """Return who asks the API of a world of its own."""
    return Program(web_world)
