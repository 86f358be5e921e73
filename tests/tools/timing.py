"""Does the time that a rival's pages take tell of a cost? ``python tests/tools/timing.py [READS]``.

Stores hold the same round but for one cost of EAST, 20 % apart, eight of each. A rival, GLASS, reads its pages and its
part of the proposals from all, equally often and in random order. One store answers up to a hundredth sooner than
another that holds the same, by where it came to lie in memory and how long it is open: with several of each cost that
evens out. The two-sided Mann-Whitney test says how surprising the difference between the costs would be if there were
none; beside it stands what the same test says of two halves of the stores in which both costs are alike.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from scipy.stats import mannwhitneyu
from stores import NAMES, PLANNER, begun, costly, editor, matched
from synergy.web.access import KEY
from synergy.web.app import create_app
from synergy.web.settings import ServerSettings

from synergy.records.names import Role, Seat
from synergy.store import declarations, freezing
from synergy.store.accounts import MACHINE, AccountData, add_token, add_user, begin, known
from synergy.store.store import KEY_FILE, Store, make_store

READS = 1000
LEVEL = 0.01
LOW, HIGH = Decimal(200), Decimal(240)
COSTS = (LOW, HIGH, HIGH, LOW) * 4  # as old on either side


def world(folder: Path, number: int, cost: Decimal) -> tuple[Store, int]:
    """Return a store with a round in which EAST's plants cost so much, and the round."""
    os.environ[KEY_FILE] = str(folder / "key")
    store = make_store(folder / f"{number}.db")
    add_user(store, MACHINE, AccountData("rival", Role.EDITOR, "GLASS"))
    ident = begun(store, name="timing")
    for name in NAMES:
        declarations.repeat(store, editor(name), Seat(ident, name))
    own = declarations.declaration(store, editor("EAST"), Seat(ident, "EAST")).entries
    entries = costly(own, cost)
    declarations.declare(store, editor("EAST"), Seat(ident, "EAST"), entries)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    return store, ident


def reader(store: Store) -> tuple[Any, dict[str, str]]:
    """Return a browser of the rival, and the header by which its program asks the API."""
    client, rival = (
        create_app(store, ServerSettings(secret=b"0" * 32, limited=False)).test_client(),
        known(store, "rival"),
    )
    with client.session_transaction() as session:
        session[KEY] = begin(store, rival, 1.0)
    return client, {"Authorization": f"Bearer {add_token(store, rival, 'timing', ['read']).token}"}


def seconds(rival: tuple[Any, dict[str, str]], path: str) -> float:
    """Return how long one answer took."""
    client, token = rival
    headers = token if path.startswith("/api/") else {}
    began = time.perf_counter()
    status = client.get(path, headers=headers, follow_redirects=True).status_code
    took = time.perf_counter() - began
    if status != 200:
        raise SystemExit(f"{path}: {status}")
    return took


def _together(took: list[list[float]], which: list[bool]) -> list[float]:
    """Return what some of the stores took, in one list."""
    return [one for mine, times in zip(which, took, strict=True) if mine for one in times]


def main(reads: int) -> int:
    """Read, compare, print; 1 where a difference was seen."""
    chance = random.Random(1)
    seen = 0
    with tempfile.TemporaryDirectory() as place:
        worlds = [world(Path(place), *one) for one in enumerate(COSTS)]
        clients = [reader(store) for store, _ in worlds]
        ident = worlds[0][1]
        paths = ("/en/", "/en/rounds", f"/en/declarations/{ident}/GLASS", f"/api/v1/rounds/{ident}/proposals")
        for path in paths:
            took: list[list[float]] = [[] for _ in COSTS]
            for _ in range(5):
                for one in clients:
                    seconds(one, path)
            for _ in range(2 * reads // len(COSTS)):
                for which in chance.sample(range(len(COSTS)), len(COSTS)):
                    took[which].append(seconds(clients[which], path))
            low, high = (_together(took, [one == cost for one in COSTS]) for cost in (LOW, HIGH))
            halves = [_together(took, [place % 4 // 2 == half for place in range(len(COSTS))]) for half in (0, 1)]
            p, alike = mannwhitneyu(low, high).pvalue, mannwhitneyu(*halves).pvalue
            middle = [1e3 * statistics.median(one) for one in (low, high)]
            print(f"{path}: {middle[0]:.3f} ms, {middle[1]:.3f} ms, p = {p:.3f} (both costs alike: {alike:.3f})")
            seen += p < LEVEL
        for store, _ in worlds:
            store.close()
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else READS))
