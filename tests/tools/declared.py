"""Rounds of random declarations while processes die: ``python tests/tools/declared.py --rows 10000 --kills 100``.

`synergy serve` with a worker is sent rows of every kind and size, checked or not, by the API (JSON and CSV), by the
pages and by the command line, and is killed with its worker, or the worker alone, at random moments. Every round is
frozen and matched. Where its run brings no plan, the round is opened again, the declarations are left out, and it is
matched once more. Told at the end: that no answer was a fault of ours, no run ended in one, each round came to a plan,
and every step that was acknowledged is in the record.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from roots import HANG_S, ROOT
from soak import _FIELD, Person
from stores import PLANNER, begun
from web_worlds import PASSWORD, PEOPLE

from synergy.cli.console import Talk
from synergy.cli.main import run as command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.errors import DatasetError, RefusedError
from synergy.records.names import MatchState, Seat
from synergy.store import commit, declarations, freezing, queries, rounds, runs
from synergy.store.access import SCOPES
from synergy.store.accounts import MACHINE, AccountData, add_token, add_user, known
from synergy.store.store import KEY_FILE, Store, make_store

FIRMS = ("EAST", "WEST", "ALUMINA", "TARCO", "GLASS")
OPTIONS = {"time_limit": 5.0, "gap": 1e-3, "settlement": "none"}
AMOUNTS = (
    "0",
    "0.000000001",
    "0.000001",
    "0.001",
    "1",
    "60000",
    "1500000",
    f"{10**9}",
    f"{10**11}",
    f"{10**15}",
    "1e40",
)
AMOUNTS += ("-5", "3000 万Nm3")
PRICES = ("", "", "", "0", "0.95", "950", f"{10**6}", f"{10**11}", "-20", "1e30", "0.95元")
FAULT = "fault of the program"
WAIT = 120.0


class Service:
    """`synergy serve` with one worker in a group of its own, which is killed and started again."""

    def __init__(self, store: Path, key: str) -> None:
        self._store, self._key, self.killed = store, key, Counter[str]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "synergy", "serve", "--db", str(self._store), "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--worker-count", "1"],
            env={**os.environ, KEY_FILE: self._key},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self, *, whole: bool) -> None:
        """Kill the server and its worker, or one of its children alone, which the server replaces."""
        with self._lock:
            children = subprocess.run(
                ["pgrep", "-g", str(self.process.pid)], capture_output=True, text=True, check=False
            ).stdout.split()
            others = [int(one) for one in children if int(one) != self.process.pid]
            if whole or not others:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
                self._start()
                self.killed["server and worker"] += 1
            else:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(random.choice(others), signal.SIGKILL)
                self.killed["worker"] += 1

    def end(self) -> None:
        """Stop it."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Declaring:
    """Declarations by every way, each sent until it is answered."""

    def __init__(self, store: Store, place: Path, service: Service, seed: int) -> None:
        self.store, self.place, self.service, self.chance = store, place, service, random.Random(seed)
        self.base: Dataset = read(ROOT / "datasets" / "tiny")
        self.answers, self.wrong, self.rows, self.count = Counter[str](), list[str](), 0, 0
        self.acknowledged: list[str] = []
        self.token = add_token(store, known(store, "anna"), "fuzz", sorted(SCOPES)).token
        self.ways: tuple[Callable[[int, str], None], ...] = (self._json, self._csv, self._page, self._command)

    def rows_of(self, firm: str) -> list[dict[str, Any]]:
        """Return random rows of a firm, most of them of things that there are."""
        sites = [str(one) for one, of in self.base["sites"][["site", "enterprise"]].to_numpy(object) if of == firm]
        goods = [str(one) for one in self.base["commodities"]["commodity"]]
        processes = [str(one) for one in self.base["processes"]["process"]]
        found = []
        for _ in range(self.chance.choice((0, 1, 3, 10, 40, 120))):
            sheet = self.chance.choice(("offers", "needs", "facilities"))
            row: dict[str, Any] = {
                "sheet": sheet,
                "site": self.chance.choice([*sites * 8, "GLASS-1", "NOWHERE"]),
                "subject": self.chance.choice((processes if sheet == "facilities" else goods) * 4 + ["NECTAR"]),
                "amount": self.chance.choice(AMOUNTS[:-1] * 2 + AMOUNTS),
                "price": self.chance.choice(PRICES),
                "checked": self.chance.random() < 0.7,
            }
            if self.chance.random() < 0.2:
                row[{"offers": "must_clear", "needs": "required", "facilities": "must_run"}[sheet]] = "true"
            found.append(row)
        if self.chance.random() < 0.7:  # rows that can be stored: one that cannot refuses all
            plain = {(one["sheet"], one["site"], one["subject"]): one for one in found if one["site"] in sites}
            found = [one for one in plain.values() if one["amount"] in AMOUNTS[3:9] and one["subject"] != "NECTAR"]
            meant = self.chance.random() < 0.8
            prices = [one["price"] if one["price"] in PRICES[3:8] else "" for one in found]
            found = [
                one | {"price": price, "checked": meant or one["checked"]}
                for one, price in zip(found, prices, strict=True)
            ]
        return found

    def declare(self, ident: int) -> None:
        """Declare for a random firm by a random way."""
        firm, way = self.chance.choice(FIRMS), self.chance.choice(self.ways)
        way(ident, firm)

    def _again(self, send: Callable[[], tuple[int, str]], way: str) -> None:
        """Send until it is answered: what dies meanwhile is started again."""
        end = time.monotonic() + WAIT
        while True:
            try:
                status, said = send()
                if status not in (429, 503):
                    break
            except (OSError, http.client.HTTPException):
                status, said = 0, "no answer"
            if time.monotonic() > end:
                break
            time.sleep(0.2)
        self.answers[f"{way} {status}"] += 1
        if status == 0 or status >= 500:
            self.wrong.append(f"{way}: {status} {said[:300]}")

    def _request(self, method: str, path: str, body: bytes, kind: str) -> tuple[int, str]:
        key = f"key-{self.count}"
        line = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=HANG_S)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind, "Idempotency-Key": key}
        with contextlib.closing(line):
            line.request("GET", path.removesuffix("/workbook"), headers={"Authorization": headers["Authorization"]})
            seen = line.getresponse()
            seen.read()
            headers["If-Match"] = seen.headers.get("ETag") or "*"
            line.request(method, path, body, headers)
            answer = line.getresponse()
            status, said = answer.status, answer.read().decode("utf-8", "replace")
        if status < 300:
            self.acknowledged.append(key)
        return status, said

    def _json(self, ident: int, firm: str) -> None:
        rows, self.count = self.rows_of(firm), self.count + 1
        self.rows += len(rows)
        entries = [
            {
                **{name: row[name] for name in ("sheet", "site", "subject", "amount", "checked")},
                "price": row["price"] or None,
                "other": {"columns": {name: True for name in ("must_clear", "required", "must_run") if name in row}},
            }
            for row in rows
        ]
        body = json.dumps({"entries": entries, "only": self.chance.random() < 0.3}).encode()
        path = f"/api/v1/rounds/{ident}/declarations/{firm}"
        self._again(lambda: self._request("PUT", path, body, "application/json"), "json")

    def _table(self, firm: str) -> str:
        rows, self.count = self.rows_of(firm), self.count + 1
        if self.chance.random() < 0.7:  # a price needs a unit in a file, and few rows have one here
            rows = [row | {"price": ""} for row in rows]
        self.rows += len(rows)
        head = ("sheet", "site", "subject", "amount", "price", "checked", "must_clear", "required", "must_run")
        lines = [
            ",".join(head),
            *(
                ",".join(
                    str(row.get(name, "")).lower() if name == "checked" else str(row.get(name, "")) for name in head
                )
                for row in rows
            ),
        ]
        return "\n".join(lines)

    def _csv(self, ident: int, firm: str) -> None:
        table = self._table(firm)
        path = f"/api/v1/rounds/{ident}/declarations/{firm}/workbook"
        self._again(lambda: self._request("PUT", path, table.encode(), "text/csv"), "csv")

    def _page(self, ident: int, firm: str) -> None:
        table, place = self._table(firm), f"/en/declarations/{ident}/{firm}"

        def send() -> tuple[int, str]:
            told = Counter[str]()
            person = Person(self.service.port, told)
            person.sign_in("anna")
            status = person.upload(f"{place}/upload", place, "rows.csv", table)
            if status == 200:
                status = person.form(place, **dict(_FIELD.findall(person.text)), do="declare")
            return status, person.text

        self._again(send, "page")

    def _command(self, ident: int, firm: str) -> None:
        file = self.place / f"rows-{self.count}.csv"
        file.write_text(self._table(firm), "utf-8")
        words = ["declaration", "submit", str(ident), firm, str(file)]
        words += ["--db", str(self.place / "store.db"), "--as", "anna"]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            status = command(words, Talk("en"))
        self.answers[f"command {status}"] += 1
        if status not in (0, 2, 3):
            self.wrong.append(f"command: {status} {said.getvalue()[:300]}")


class Ended(NamedTuple):
    """How a round was matched, or what kept it from being frozen."""

    state: str
    status: str | None
    fault: str | None = ""


def ended(store: Store, ident: int) -> Ended:
    """Return how the last run of a round ended, when it is over."""
    end = time.monotonic() + WAIT
    while True:
        run = queries.see_matches(store, PLANNER, ident)[-1]
        if run.state not in (MatchState.REQUESTED, MatchState.RUNNING) or time.monotonic() > end:
            return Ended(run.state, run.status, run.fault)
        time.sleep(0.2)


def matched(store: Store, ident: int) -> Ended:
    """Freeze and match a round; what keeps it from being frozen stands in its place."""
    try:
        freezing.freeze(store, PLANNER, ident)
    except DatasetError as error:
        return Ended("refused", error.problems[0].code)
    except RefusedError as error:  # rows whose sums cannot be kept
        return Ended("refused", error.code)
    runs.request_match(store, PLANNER, ident)
    return ended(store, ident)


def lived(store: Store, fuzz: Declaring, steps: int) -> str:
    """Bring one round from declarations to a plan, repaired where it has to be; "" where that went well."""
    ident, ways = begun(store, options=OPTIONS), []
    for _ in range(steps):
        fuzz.declare(ident)
    for _ in range(3):
        run = matched(store, ident)
        if FAULT in (run.fault or ""):
            break
        if run.status in ("optimal", "feasible"):
            fuzz.answers[f"round matched after {', '.join(ways) or 'nothing'}"] += 1
            return ""
        ways.append(f"{run.state} {run.status}")
        if run.state != "refused":
            rounds.advance(store, PLANNER, ident, "reopen", rounds.StepOptions(note="no plan"))
        for firm in FIRMS:
            declarations.declare(store, PLANNER, Seat(ident, firm), [])
    return f"round {ident}: {ways} {run.state} {run.status} {run.fault}"


def main() -> int:
    """Declare, kill and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1200.0, help="over which the kills are spread")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[KEY_FILE] = str(Path(folder) / "audit.key")
        store = make_store(Path(folder) / "store.db")
        for name, role, enterprise in PEOPLE.values():
            add_user(store, MACHINE, AccountData(name, role, enterprise, PASSWORD))
        service = Service(Path(folder) / "store.db", os.environ[KEY_FILE])
        fuzz, over = Declaring(store, Path(folder), service, asked.seed), threading.Event()

        def killing() -> None:
            chance = random.Random(asked.seed + 1)
            for _ in range(asked.kills):
                if over.wait(chance.expovariate(asked.kills / asked.seconds)):
                    return
                service.kill(whole=chance.random() < 0.5)

        killer = threading.Thread(target=killing, daemon=True)
        killer.start()
        wrong, lives = list[str](), 0
        while fuzz.rows < asked.rows or (sum(service.killed.values()) < asked.kills and killer.is_alive()):
            said = lived(store, fuzz, fuzz.chance.choice((3, 8, 20)))
            wrong += [said] if said else []
            lives += 1
            print(
                f"\r{fuzz.rows} rows, {lives} rounds, {sum(service.killed.values())} kills, {len(wrong)} wrong",
                end="",
                file=sys.stderr,
                flush=True,
            )
        over.set()
        killer.join()
        service.end()
        print(file=sys.stderr)
        chain = commit.verify_chain(store, PLANNER)
        stored = {row["key"] for row in keys_of(store)}
        lost = [key for key in fuzz.acknowledged if key not in stored]
        faults = [
            run
            for ident in range(1, lives + 1)
            for run in queries.see_matches(store, PLANNER, ident)
            if FAULT in (run.fault or "")
        ]
        store.close()
    print(f"{fuzz.rows} rows in {lives} rounds, killed {dict(service.killed)}")
    for name, count in sorted(fuzz.answers.items()):
        print(f"  {name}: {count}")
    print(f"record sound: {chain.sound}, steps lost: {len(lost)}, runs that ended in a fault: {len(faults)}")
    for one in [*fuzz.wrong, *wrong]:
        print(f"WRONG {one}")
    return 0 if chain.sound and not (lost or faults or wrong or fuzz.wrong) else 1


def keys_of(store: Store) -> list[dict[str, Any]]:
    """Return the idempotency keys of the steps that are stored."""
    from sqlalchemy import select

    from synergy.store.tables import requests

    with store.database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(select(requests.c.key))]


if __name__ == "__main__":
    sys.exit(main())
