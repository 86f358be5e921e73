"""Pages served to a browser: a copy of the world of the tests behind a real server, and people signed in to it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import context
from flask import Flask
from playwright.sync_api import Browser, Page
from roots import HANG_S
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings
from waitress.server import create_server
from web_worlds import SECRET, World

from synergy.store.store import KEY_FILE, open_store

COOKIE = "synergy"


@contextmanager
def listening(app: Flask, threads: int = 8) -> Iterator[str]:
    """Yield the address at which a real server answers for an application; afterwards none of its threads is left."""
    server = create_server(app, host="127.0.0.1", port=0, threads=threads)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def end() -> None:
        for channel in list(server.active_channels.values()):  # a browser keeps its connections
            channel.handle_close()
        server.close()

    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.task_dispatcher.shutdown()  # an answer that is sent may still be on its way out of its thread
        server.trigger.pull_trigger(end)  # in the thread that looks at the sockets: it may not lose them meanwhile
        thread.join(HANG_S)
    assert not thread.is_alive()


@contextmanager
def served(template: tuple[Path, int], folder: Path) -> Iterator[tuple[World, str]]:
    """Yield a world that is served, and its address."""
    file, ident = template
    place = folder / file.name
    for source in file.parent.glob(f"{file.name}*"):
        shutil.copy(source, place.with_name(source.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(KEY_FILE, raising=False)
        store = open_store(place)
    app = create_app(store, ServerSettings(secret=SECRET, limited=False))
    with listening(app) as address:
        yield World(store, app, ident, place), address
    store.close()


def signed_in(browser: Browser, live: tuple[World, str], who: str, **given: Any) -> Page:
    """Return a page of somebody who is signed in; "" for nobody."""
    world, address = live
    one = context(browser, address, **given)
    if who:
        cookie = world.client(who).get_cookie(COOKIE)
        assert cookie is not None
        one.add_cookies([{"name": COOKIE, "value": cookie.value, "url": address}])
    page: Page = one.new_page()
    return page


class Clicks:
    """A person at a page whose clicks are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def click(self, what: Any) -> None:
        """Click on something and wait for what follows."""
        self.count += 1
        what.click()
        self.page.wait_for_load_state("load")
