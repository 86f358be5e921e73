"""Does the time that a rival's pages take tell of a cost? ``python tests/timing.py [READS]``.

Two stores hold the same round but for one cost of EAST, 20 % apart. A rival, GLASS, reads its pages and its part of the
proposals from both, in random order. The two-sided Mann-Whitney test says how surprising the difference would be if
there were none; beside it stands what the same test says of the same page from the same store, read twice as often.
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

from synergy.store import declaring, freezing
from synergy.store.keys import add_token
from synergy.store.names import Role
from synergy.store.people import MACHINE, Account, add_user, known
from synergy.store.sessions import begin
from synergy.store.store import KEY_FILE, Store, make_store
from web.access import KEY
from web.app import create_app
from web.settings import Settings

READS = 1000
LEVEL = 0.01
COSTS = (Decimal(200), Decimal(240))


def world(folder: Path, cost: Decimal) -> tuple[Store, int]:
    """Return a store with a round in which EAST's plants cost so much, and the round."""
    os.environ[KEY_FILE] = str(folder / "key")
    store = make_store(folder / f"{cost}.db")
    add_user(store, MACHINE, Account("rival", Role.EDITOR, "GLASS"))
    ident = begun(store, name="timing")
    for name in NAMES:
        declaring.repeat(store, editor(name), (ident, name))
    own = declaring.declaration(store, editor("EAST"), (ident, "EAST"))["entries"]
    entries = costly(own, cost)
    declaring.declare(store, editor("EAST"), (ident, "EAST"), entries)
    freezing.freeze(store, PLANNER, ident)
    matched(store, ident)
    return store, ident


def reader(store: Store) -> tuple[Any, dict[str, str]]:
    """Return a browser of the rival, and the header by which its program asks the API."""
    client, rival = create_app(store, Settings(secret=b"0" * 32, limited=False)).test_client(), known(store, "rival")
    with client.session_transaction() as session:
        session[KEY] = begin(store, rival, 1.0)
    return client, {"Authorization": f"Bearer {add_token(store, rival, 'timing', ['read'])['token']}"}


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


def main(reads: int) -> int:
    """Read, compare, print; 1 where a difference was seen."""
    chance = random.Random(1)
    seen = 0
    with tempfile.TemporaryDirectory() as place:
        worlds = [world(Path(place), cost) for cost in COSTS]
        clients = [reader(store) for store, _ in worlds]
        ident = worlds[0][1]
        paths = ("/en/", "/en/rounds", f"/en/declarations/{ident}/GLASS", f"/api/v1/rounds/{ident}/proposals")
        for path in paths:
            took: list[list[float]] = [[], [], []]  # low cost, high cost, low cost once more
            for one in [0, 1] * 20:
                seconds(clients[one], path)
            for _ in range(reads):
                for which in chance.sample(range(3), 3):
                    took[which].append(seconds(clients[which % 2], path))
            p, same = (mannwhitneyu(took[0], took[other]).pvalue for other in (1, 2))
            middle = [1e3 * statistics.median(one) for one in took]
            print(f"{path}: {middle[0]:.3f} ms, {middle[1]:.3f} ms, p = {p:.3f} (the same page twice: {same:.3f})")
            seen += p < LEVEL
        for store, _ in worlds:
            store.close()
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else READS))
