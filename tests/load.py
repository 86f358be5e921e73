"""How many answers a second the server gives, beside a bare page on it: ``python tests/load.py [--seconds N]``.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from regions import Region, archive, region
from stores import PLANNER, begun, proposals

from synergy.store import freezing, matching
from synergy.store.access import SCOPES
from synergy.store.keys import add_token
from synergy.store.people import known
from synergy.store.sessions import begin
from synergy.store.store import KEY_FILE, make_store, open_store
from synergy.worker.work import Habits, work
from web.access import KEY, public
from web.app import create_app
from web.serve import serve, server
from web.settings import Settings

CONTEXT = get_context("spawn")
SECRET = b"0" * 32
CONNECTIONS = 4
SLICE = 0.5  # seconds that one thing is asked for before the next has its turn
FIRMS, MORE = 60, 240
# what is asked -> least part of the answers a second of hello
AIMS = {"one proposal, API": 0.25, "list of 50, API": 0.12, "one proposal, page": None, "list of proposals, page": None}
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


def listen(pipe: Connection, place: str) -> None:
    """Serve a store until told to end."""
    store = open_store(place)
    app = create_app(store, Settings(secret=SECRET, limited=False))
    app.add_url_rule("/hello", "hello", public(lambda: "hello"))
    made = server(app, "127.0.0.1", 0)
    pipe.send(made.port)
    serve(made)
    store.close()


def match(place: str) -> None:
    """Work on the rounds of a store."""
    store = open_store(place)
    work(store, Habits(), lambda: False)


@contextmanager
def running(work: Callable[..., None], *given: object) -> Iterator[None]:
    """Run something in a process of its own meanwhile."""
    process = CONTEXT.Process(target=work, args=given)
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


def requests(made: Region) -> dict[str, Asked]:
    """Return what is asked for, by name."""
    actor = known(made.store, "ed-f001")
    token = add_token(made.store, known(made.store, "anna"), "load", SCOPES)["token"]
    mine = add_token(made.store, actor, "load", SCOPES)["token"]
    app = create_app(made.store, Settings(secret=SECRET, limited=False))
    with app.test_request_context():
        cookie = app.session_interface.get_signing_serializer(app).dumps({KEY: begin(made.store, actor, 1.0)})  # type: ignore[attr-defined]
    code = next(
        one["proposal"]
        for one in proposals(made.store, made.round).values()
        if any(party["enterprise"] == actor.enterprise for party in one["parties"])
    )
    bearer, session = "Authorization: Bearer {}", f"Cookie: synergy={cookie}"
    asked = {
        "hello": ("/hello", ""),
        "one proposal, API": (f"/api/v1/proposals/{code}", bearer.format(mine)),
        "list of 50, API": (f"/api/v1/rounds/{made.round}/proposals?limit=50", bearer.format(token)),
        "one proposal, page": (f"/zh/proposals/{code}", session),
        "list of proposals, page": ("/zh/home", session),
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


def main() -> int:
    """Serve, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each of the two parts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="synergy-") as folder:
        os.environ[KEY_FILE] = str(Path(folder) / "key")
        place = str(Path(folder) / "store.db")
        made = region(make_store(place), FIRMS)
        mine, others = CONTEXT.Pipe()
        with running(listen, others, place):
            port = mine.recv()
            for one in (quiet := requests(made)).values():
                with socket.create_connection(("127.0.0.1", port)) as line:
                    for _ in range(20):
                        answer(line, one.request)
            ask(port, quiet, given.seconds)
            before = told("quiet", quiet, {})
            options = {"gap": 1e-6, "time_limit": 3600.0, "settlement": "none"}
            larger = begun(made.store, archive=archive(MORE), options=options)
            freezing.freeze(made.store, PLANNER, larger)
            matching.request_match(made.store, PLANNER, larger)
            with running(match, place):
                time.sleep(5)
                ask(port, busy := requests(made), given.seconds)
            told("while a round is matched", busy, before)
        made.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
