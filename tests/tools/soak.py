"""Does the server's memory grow? ``python tests/tools/soak.py --minutes 30``.

One server process is asked for everything that people and programs ask for, by a few at once: pages of planner and
firm, the API, signing in and out, dry runs of declarations, uploads, questions, streams of progress. Its resident
memory is sampled each second; printed is how much more it holds at the end than after a warm-up of a tenth of the time
(medians of a tenth of the time each), and what was answered.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from answering import running
from stores import begun, responding_round
from web_worlds import PASSWORD, PEOPLE

from synergy.store import queries
from synergy.store.access import SCOPES, Actor
from synergy.store.accounts import MACHINE, AccountData, add_token, add_user, known
from synergy.store.store import KEY_FILE, Store, make_store

MOST = 0.05  # growth
PEOPLE_AT_ONCE = 4
_MARK = re.compile(r'name="csrf_token" value="([^"]+)"')
_FIELD = re.compile(r'<(?:input|select)\b[^>]*? name="([^"]+)"(?:[^>]*? value="([^"]*)")?')
_WORDS = {200, 303, 304, 422, 429, 503, 409, 404}
UPLOAD = "site,commodity,quantity,price\nGLASS-1,COG,100,0.5\n"


class Person:
    """Somebody with a browser: a connection, a cookie, and the mark of the latest form."""

    def __init__(self, port: int, told: Counter[str]) -> None:
        self._line, self._told = http.client.HTTPConnection("127.0.0.1", port, timeout=120), told
        self.cookie, self.mark, self.text = "", "", ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
        """Ask for something, and count how it was answered."""
        given = {"Accept-Encoding": "gzip", "Host": "localhost", **headers}
        if self.cookie and "Authorization" not in given:
            given["Cookie"] = self.cookie
        self._line.request(method, path, body, given)
        answer = self._line.getresponse()
        content = answer.read()
        self.cookie = (answer.headers.get("Set-Cookie") or self.cookie).split(";")[0]
        if answer.headers.get("Content-Encoding") is None:
            self.text = content.decode(errors="replace")
        self._told[f"{answer.status}"] += 1
        if answer.status not in _WORDS:
            self._told[f"{answer.status} {method} {path.partition('?')[0]}"] += 1
        return answer.status

    def form(self, path: str, at: str = "", **fields: str) -> int:
        """Open the page of a form and send it."""
        self.ask("GET", at or path, **{"Accept-Encoding": "identity"})
        mark = _MARK.search(self.text)
        body = urlencode({"csrf_token": mark[1] if mark else "", **fields}).encode()
        return self.ask("POST", path, body, **{"Content-Type": "application/x-www-form-urlencoded"})

    def upload(self, path: str, at: str, name: str, content: str) -> int:
        """Open the page of a form and send a file with it."""
        self.ask("GET", at, **{"Accept-Encoding": "identity"})
        mark = _MARK.search(self.text)
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{mark[1] if mark else ""}\r\n',
            f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n{content}\r\n--x--\r\n',
        ]
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Accept-Encoding": "identity"}
        return self.ask("POST", path, "".join(parts).encode(), **headers)

    def sign_in(self, name: str) -> None:
        """Sign in as somebody else than before."""
        self.cookie = ""
        self.form("/zh/sign-in", name=name, password=PASSWORD)


class Load:
    """What one person does, again and again, until it is over."""

    def __init__(self, port: int, store: Store, rounds: tuple[int, int], told: Counter[str]) -> None:
        self._port, self._told = port, told
        self._round, self._open = rounds
        editor = known(store, PEOPLE["editor"][0])
        self._tokens = [_token(store, known(store, PEOPLE[who][0])) for who in ("client", "planner")]
        self._codes = [one.proposal for one in queries.list_proposals(store, editor, self._round)]
        self._match = queries.see_matches(store, known(store, PEOPLE["planner"][0]), self._round)[0].match

    def until(self, end: float, seed: int) -> None:
        """Do what people do until a moment of the monotonic clock."""
        chance, person, program = random.Random(seed), Person(self._port, self._told), Person(self._port, self._told)
        jobs: list[Callable[[Person, random.Random], None]] = [self._planner, self._firm, self._reader]
        while time.monotonic() < end:
            chance.choice(jobs)(person, chance)
            for _ in range(8):
                self._program(program, chance)

    def _planner(self, person: Person, chance: random.Random) -> None:
        person.sign_in(PEOPLE["planner"][0])
        views = ("", "/results", "/map", "/sankey", "/partners", "/products", "/settlement", "/summary", "/progress")
        for view in chance.sample(views, 5):
            person.ask("GET", f"/{chance.choice(('zh', 'en'))}/rounds/{self._round}{view}")
        for kind in ("csv", "xlsx", "json"):
            person.ask("GET", f"/zh/rounds/{self._round}/tables/proposals.{kind}")
        for path in ("rounds", "board", "audit", "declarations"):
            person.ask("GET", f"/zh/{path}")
        person.form("/zh/sign-out")

    def _firm(self, person: Person, chance: random.Random) -> None:
        person.sign_in(PEOPLE["editor"][0])
        person.ask("GET", "/zh/home")
        person.ask("GET", f"/en/proposals/{chance.choice(self._codes)}")
        place = f"/zh/declarations/{self._open}/GLASS"
        person.ask("GET", place, **{"Accept-Encoding": "identity"})
        fields = dict(_FIELD.findall(person.text))
        person.form(place, **{**fields, "do": "check"})
        person.upload(f"{place}/upload", place, "offers.csv", UPLOAD)
        person.ask("GET", f"{place}/template.xlsx")
        asked = {"own": "GLASS-1", "other": "EAST-1", "commodity": "COG", "way": "take"}
        if chance.random() < 0.2:
            person.form("/zh/why-not", **asked)
        person.ask("GET", "/zh/account")
        person.form("/zh/sign-out")

    def _reader(self, person: Person, chance: random.Random) -> None:
        del chance
        person.cookie = ""
        person.form("/en/sign-in", name=PEOPLE["reader"][0], password="wrong password")
        person.ask("GET", "/zh/interface")
        person.ask("GET", "/static/style.css")

    def _program(self, program: Person, chance: random.Random) -> None:
        token = {"Authorization": f"Bearer {chance.choice(self._tokens)}"}
        paths = (
            "/me",
            "/rounds",
            f"/rounds/{self._round}",
            f"/rounds/{self._round}/proposals",
            f"/proposals/{chance.choice(self._codes)}",
            f"/rounds/{self._round}/labels",
            f"/rounds/{self._round}/plan",
            "/partnerships",
            "/openapi.json",
        )
        program.ask("GET", "/api/v1" + chance.choice(paths), **token)
        if chance.random() < 0.1:
            stream = {"Authorization": f"Bearer {self._tokens[1]}", "Accept": "text/event-stream"}
            program.ask("GET", f"/api/v1/matches/{self._match}/progress", **stream)


def _token(store: Store, who: Actor) -> str:
    return add_token(store, who, "soak", SCOPES).token


def resident(pid: int) -> int:
    """Return the resident memory of a process, bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def grown(samples: list[int]) -> tuple[float, float, float]:
    """Return memory after the warm-up and at the end, bytes, and the growth as a part of the former."""
    tenth = max(1, len(samples) // 10)
    before, after = statistics.median(samples[tenth : 2 * tenth]), statistics.median(samples[-tenth:])
    return before, after, after / before - 1


def main(minutes: float) -> int:
    """Soak and print; 1 where memory grew by more than it may, or a question was answered by an error."""
    told: Counter[str] = Counter()
    samples: list[int] = []
    with tempfile.TemporaryDirectory() as place:
        os.environ[KEY_FILE] = str(Path(place) / "key")
        address = Path(place) / "store.db"
        store = make_store(address)
        for name, role, enterprise in PEOPLE.values():
            add_user(store, MACHINE, AccountData(name, role, enterprise, PASSWORD))
        rounds = responding_round(store, name="first"), begun(store, name="second")
        with running(address) as (port, pid):
            load, end = Load(port, store, rounds, told), time.monotonic() + 60 * minutes
            people = [threading.Thread(target=load.until, args=(end, seed)) for seed in range(PEOPLE_AT_ONCE)]
            for one in people:
                one.start()
            while time.monotonic() < end:
                time.sleep(1.0)
                samples.append(resident(pid))
            for one in people:
                one.join()
        store.close()
    before, after, part = grown(samples)
    print(f"{sum(n for key, n in told.items() if key.isdigit())} answers: {dict(sorted(told.items()))}")
    print(f"resident memory {before / 2**20:.1f} MiB after warm-up, {after / 2**20:.1f} MiB at the end: {part:+.1%}")
    return 1 if part > MOST or any(key.startswith("5") and key != "503" for key in told) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    sys.exit(main(parser.parse_args().minutes))
