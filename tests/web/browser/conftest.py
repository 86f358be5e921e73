"""Fixtures of the tests in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chromium import started
from playwright.sync_api import Browser
from served import listening
from web_worlds import World


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the system's Chromium, one for all tests of a process."""
    with started() as one:
        yield one


@pytest.fixture
def address(web_world: World) -> Iterator[str]:
    """Yield where the world of a test is served."""
    with listening(web_world.app) as one:
        yield one
