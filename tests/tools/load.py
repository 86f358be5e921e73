"""How many answers a second the server gives, beside a bare page on it: ``python tests/tools/load.py [--seconds N]``.

One server as `synergy serve` has it, in a process of its own; one program asks over connections that stay open. What is
asked takes turns in short slices, so that whatever else the machine does meets all alike. The same again while a worker
matches a larger round. ``hello`` is a page of this command alone: a word, behind the same gates.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from answering import cookie, running
from bench.generate import generate
from regions import EDITOR, people, published
from stores import PLANNER, begun, proposals

from synergy.dataset.read import read
from synergy.store import freezing, runs
from synergy.store.access import SCOPES
from synergy.store.accounts import add_token, known
from synergy.store.datasets import snapshot_of
from synergy.store.store import KEY_FILE, Store, make_store, open_store
from synergy.worker.work import Habits, work

CONTEXT = get_context("spawn")
CONNECTIONS = 4
SLICE = 0.5  # seconds that one thing is asked for before the next has its turn
FIRMS, MORE = 60, 240
# what is asked -> least part of the answers a second of hello
AIMS = {"one proposal, API": 0.25, "list of 50, API": 0.12, "one proposal, page": None, "home, page": None}
SLOWEST = 10.0  # times the 99th percentile of hello
MATCHING = 0.5  # part of the quiet figure that is left while a round is matched


@dataclass
class Asked:
    """A request, and how long each answer took."""

    request: bytes
    seconds: list[float] = field(default_factory=list)
    spent: float = 0.0

    def rate(self) -> float:
        """Return answers a second."""
        return len(self.seconds) / self.spent

    def slow(self) -> float:
        """Return the 99th percentile, seconds."""
        return float(np.quantile(self.seconds, 0.99))


def match(place: str) -> None:
    """Work on the rounds of a store."""
    store = open_store(place)
    work(store, Habits(), lambda: False)


@contextmanager
def matching_meanwhile(place: Path) -> Iterator[None]:
    """Work on the rounds of a store in a process of its own."""
    process = CONTEXT.Process(target=match, args=(str(place),))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(30)
        process.kill()


def answer(line: socket.socket, request: bytes) -> bytes:
    """Send a request over a connection that stays open, and return the whole answer."""
    line.sendall(request)
    got = b""
    while (end := got.find(b"\r\n\r\n")) < 0:
        got += line.recv(1 << 16)
    head = got[:end].lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    while len(got) < end + 4 + length:
        got += line.recv(1 << 16)
    return got


def ask(port: int, asked: dict[str, Asked], seconds: float) -> None:
    """Ask for everything in turns, over several connections at once."""
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        for one in asked.values():
            begun_at = time.perf_counter()
            threads = [threading.Thread(target=_slice, args=(line, one, begun_at + SLICE)) for line in lines]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            one.spent += time.perf_counter() - begun_at
    for line in lines:
        line.close()


def _slice(line: socket.socket, one: Asked, until: float) -> None:
    while (begun_at := time.perf_counter()) < until:
        got = answer(line, one.request)
        if not got.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(got[:300].decode(errors="replace"))
        one.seconds.append(time.perf_counter() - begun_at)


def requests(store: Store, ident: int) -> dict[str, Asked]:
    """Return what is asked for, by name."""
    firm = known(store, EDITOR)
    tokens = [add_token(store, one, "load", SCOPES).token for one in (firm, known(store, PLANNER.name))]
    mine, all_of_it = (f"Authorization: Bearer {token}" for token in tokens)
    session = f"Cookie: {cookie(store, firm)}"
    code = next(
        one.proposal
        for one in proposals(store, ident).values()
        if any(party.enterprise == firm.enterprise for party in one.parties)
    )
    asked = {
        "hello": ("/hello", ""),
        "one proposal, API": (f"/api/v1/proposals/{code}", mine),
        "list of 50, API": (f"/api/v1/rounds/{ident}/proposals?limit=50", all_of_it),
        "one proposal, page": (f"/zh/proposals/{code}", session),
        "home, page": ("/zh/home", session),
    }
    return {name: Asked(_get(path, header)) for name, (path, header) in asked.items()}


def _get(path: str, header: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip", *([header] if header else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def told(title: str, asked: dict[str, Asked], before: dict[str, float]) -> dict[str, float]:
    """Print what was measured and return the answers a second."""
    hello = asked["hello"]
    print(f"\n{title}: hello {hello.rate():.0f} a second, 99 % within {1000 * hello.slow():.1f} ms")
    for name, aim in AIMS.items():
        one = asked[name]
        part, slow = one.rate() / hello.rate(), one.slow() / hello.slow()
        line = f"  {name:24} {one.rate():6.0f} a second, {part:.2f} of hello" + (f" (aim {aim})" if aim else "")
        line += f"; 99 % within {1000 * one.slow():.1f} ms, {slow:.1f} times hello (aim {SLOWEST:.0f})"
        if name in before:
            line += f"; {one.rate() / before[name]:.2f} of the quiet figure (aim {MATCHING})"
        print(line, flush=True)
    return {name: one.rate() for name, one in asked.items()}


def archive() -> bytes:
    """Return the archive of a region that takes long to match."""
    with tempfile.TemporaryDirectory() as folder:
        return snapshot_of(read(generate(Path(folder), MORE, 12, 1))).archive


def main() -> int:
    """Serve, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two parts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="synergy-") as folder:
        os.environ[KEY_FILE] = str(Path(folder) / "key")
        place = Path(folder) / "store.db"
        store = make_store(place)
        people(store)
        ident = published(store, FIRMS)
        with running(place) as (port, _):
            for one in (quiet := requests(store, ident)).values():
                with socket.create_connection(("127.0.0.1", port)) as line:
                    for _ in range(20):
                        answer(line, one.request)
            ask(port, quiet, given.seconds)
            before = told("quiet", quiet, {})
            options = {"gap": 1e-6, "time_limit": 3600.0, "settlement": "none"}
            larger = begun(store, archive=archive(), options=options)
            freezing.freeze(store, PLANNER, larger)
            runs.request_match(store, PLANNER, larger)
            with matching_meanwhile(place):
                time.sleep(5)
                ask(port, busy := requests(store, ident), given.seconds)
            told("while a round is matched", busy, before)
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
