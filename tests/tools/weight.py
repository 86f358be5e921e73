"""What the main pages weigh in a real browser: ``python tests/tools/weight.py [--loads N]``.

With rounds of 60 and of 500 firms: bytes on the wire and requests as the browser's network log counts them, with
nothing in its cache, and the median time of the load event against a page with the same style sheet and an empty body,
both loaded in turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from roots import ROOT

sys.path[:0] = [str(ROOT / "tests" / "web" / "browser")]

import regions  # noqa: E402
from chromium import context, started  # noqa: E402
from served import listening  # noqa: E402
from synergy.web.access import KEY, public  # noqa: E402
from synergy.web.app import create_app  # noqa: E402
from synergy.web.settings import ServerSettings  # noqa: E402
from web_worlds import SECRET  # noqa: E402
from weighed import MOST_BYTES, MOST_REQUESTS, main_pages  # noqa: E402

from synergy.store.accounts import begin, known  # noqa: E402
from synergy.store.store import KEY_FILE, Store, make_store  # noqa: E402

FIRMS = (60, 500)
SLOWEST = 2.0  # times the empty page
EMPTY = "/empty"
_EMPTY = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>-</title>'
    '<link rel="stylesheet" href="/static/style.css"><link rel="icon" href="/static/icon.svg"></head>'
    "<body></body></html>"
)
_LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


class Wire:
    """What comes over the wire to a page, with nothing kept."""

    def __init__(self, page: Any) -> None:
        self._page, self._log = page, page.context.new_cdp_session(page)
        self._log.send("Network.enable")
        self._log.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self._log.on("Network.requestWillBeSent", self._sent)
        self._log.on("Network.loadingFinished", self._ended)
        self._path, self._ended_by = "", dict[str, int | None]()

    @property
    def bytes(self) -> int:
        """Return the bytes on the wire of the latest page and all it asked for."""
        return sum(size or 0 for size in self._ended_by.values())

    @property
    def requests(self) -> int:
        """Return how many requests the latest page took."""
        return len(self._ended_by)

    def _sent(self, told: dict[str, Any]) -> None:
        if told["documentURL"].endswith(self._path):
            self._ended_by.setdefault(told["requestId"], None)

    def _ended(self, told: dict[str, Any]) -> None:
        if told["requestId"] in self._ended_by:
            self._ended_by[told["requestId"]] = int(told["encodedDataLength"])

    def load(self, path: str) -> float:
        """Load a page and return when its load event ended, in milliseconds."""
        self._path, self._ended_by = path, {}
        answer = self._page.goto(path, wait_until="load")
        if answer is None or answer.status != 200:
            raise SystemExit(f"{path}: {answer and answer.status}")
        self._page.wait_for_function(f"({_LOADED})() > 0")
        while None in self._ended_by.values():  # an icon may come after the load event
            self._page.wait_for_timeout(5)
        return float(self._page.evaluate(_LOADED))


def _cookies(app: Any, store: Store, address: str) -> dict[str, dict[str, str]]:
    """Return the cookie of each person."""
    found = {}
    for who in (regions.PLANNER.name, regions.EDITOR):
        client = app.test_client()
        with client.session_transaction() as session:
            session[KEY] = begin(store, known(store, who), 1.0)
        cookie = client.get_cookie("synergy")
        found[who] = {"name": "synergy", "value": cookie.value, "url": address}
    return found


def weigh(browser: Any, firms: int, folder: Path, loads: int) -> int:
    """Print what the main pages of a round weigh; return how many miss an aim."""
    store = make_store(folder / f"{firms}.db")
    regions.people(store)
    ident = regions.published(store, firms)
    app = create_app(store, ServerSettings(secret=SECRET, limited=False))
    app.add_url_rule(EMPTY, "empty", public(lambda: _EMPTY))
    missed = 0
    print(f"{firms} firms{'':30}{'bytes':>8}{'requests':>10}{'load/empty':>12}")
    with listening(app) as address:
        cookies = _cookies(app, store, address)
        for who, path in main_pages(store, ident, regions.PLANNER.name, regions.EDITOR):
            one = context(browser, address)
            one.add_cookies([cookies[who]])
            wire = Wire(one.new_page())
            page = f"/zh{path}"
            wire.load(page), wire.load(EMPTY)
            times: list[list[float]] = [[], []]
            for _ in range(loads):
                times[1].append(wire.load(EMPTY))
                times[0].append(wire.load(page))
            part = statistics.median(times[0]) / statistics.median(times[1])
            bad = wire.bytes > MOST_BYTES or wire.requests > MOST_REQUESTS or part > SLOWEST
            missed += bad
            print(f"  {path:38}{wire.bytes:8}{wire.requests:10}{part:12.2f}{'  !' if bad else ''}")
            one.close()
    store.close()
    return missed


def main(loads: int, regions_of: list[int]) -> int:
    """Weigh and print; 1 where an aim is missed."""
    with tempfile.TemporaryDirectory() as place, started() as browser:
        os.environ[KEY_FILE] = str(Path(place) / "key")
        missed = sum(weigh(browser, firms, Path(place), loads) for firms in regions_of)
    print(f"aims: {MOST_BYTES} bytes, {MOST_REQUESTS} requests, {SLOWEST} times the empty page; missed: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=20, help="of each page")
    parser.add_argument("--firms", type=int, nargs="+", default=list(FIRMS), help="of each round")
    given = parser.parse_args()
    sys.exit(main(given.loads, given.firms))
