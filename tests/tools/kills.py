"""Kill -9 over the full life of rounds: ``python tests/tools/kills.py --kills 200 sqlite postgresql``.

A client sends each step with an idempotency key and, where the front dies before it answers, sends it again to the next
one. Front and worker tell by single bytes where they are; a kill counts as inside where the last byte said so: in a
writing transaction, or in a run.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing import forkserver, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import kill_child
from kill_child import BEGIN, END, LEASE, PLANNER, START, STOP
from postgres import cluster
from roots import ROOT
from sqlalchemy import func, select
from stores import whole

from synergy.dataset.read import read
from synergy.records.names import Answer
from synergy.store import answers, commit, queries
from synergy.store.datasets import snapshot_of
from synergy.store.store import KEY_FILE, Store, make_store
from synergy.store.tables import events, matches, partnerships, proposals, requests, rounds

CONTEXT = get_context("forkserver")
NAMES = ("EAST", "WEST", "ALUMINA", "TARCO")
WAIT = 60.0
SOON = 5.0  # seconds after the end of the lease of a killed worker, at which a run goes on


def prepared() -> None:
    """Start the process that the others are forked from: it has imported all they need."""
    CONTEXT.set_forkserver_preload(["kill_child"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "tests" / "tools"), str(ROOT), *([before] if before else [])]
    )
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        os.environ.update({} if before is None else {"PYTHONPATH": before})


@dataclass
class Child:
    """A process, its pipes, and the last marks it sent."""

    process: Any
    inbox: Connection
    marks: Connection
    transaction: bool = False
    running: bool = False
    aimed: int | None = None

    def listen(self, timeout: float) -> bytes | None:
        """Return the next mark, None where none comes in time."""
        try:
            if not self.marks.poll(timeout):
                return None
            mark = self.marks.recv_bytes()
        except (EOFError, OSError):
            return None
        self.transaction = {BEGIN: True, END: False}.get(mark, self.transaction)
        self.running = {START: True, STOP: False}.get(mark, self.running)
        return mark

    def kill(self, *, wait: bool = False) -> str:
        """Kill the process, or wait until it has done so itself, and return where it was."""
        if wait:
            self.process.join(WAIT)
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL
        while self.listen(0) is not None:
            pass
        where = "transaction" if self.transaction else "run" if self.running else "outside"
        self.inbox.close()
        self.marks.close()
        return where


@dataclass
class Record:
    """What the kills did."""

    where: dict[str, int] = field(default_factory=lambda: {"transaction": 0, "run": 0, "outside": 0})
    recovery: list[float] = field(default_factory=list)
    acknowledged: dict[str, Any] = field(default_factory=dict)
    rounds: int = 0

    @property
    def kills(self) -> int:
        """Return how many."""
        return sum(self.where.values())

    @property
    def inside(self) -> float:
        """Return the part that hit a transaction or a run."""
        return 1 - self.where["outside"] / max(1, self.kills)

    def late(self, part: float = 0.95) -> float:
        """Return the seconds within which that part of the recoveries was done."""
        return sorted(self.recovery)[min(len(self.recovery) - 1, int(part * len(self.recovery)))]


class Life:
    """Rounds from creation to follow-up while front and worker are killed."""

    def __init__(self, address: str, folder: Path, kills: int, seed: int) -> None:
        self.address, self.folder, self.wanted = address, folder, kills
        self.random, self.record = random.Random(seed), Record()
        self.store: Store = make_store(address)
        self.archive = snapshot_of(read(ROOT / "datasets" / "tiny")).archive
        self.front = self.start("front")
        self.count = 0

    def start(self, role: str, at: int | None = None) -> Child:
        """Start a process; a worker may be given where it kills itself."""
        ours, theirs = CONTEXT.Pipe()
        marks, told = CONTEXT.Pipe(duplex=False)
        key = os.environ[KEY_FILE]
        where = {"front": (theirs, told), "worker": (str(self.folder), at, told)}[role]
        process = CONTEXT.Process(target=getattr(kill_child, role), args=(self.address, key, *where), daemon=True)
        process.start()
        theirs.close()
        told.close()
        return Child(process, ours, marks)

    def call(self, name: str, **given: Any) -> dict[str, Any]:
        """Send a step until it is answered; now and then kill the front while it is at it."""
        self.count += 1
        key = f"step-{self.count}"
        killed = None
        while True:
            shoot = killed is None and self.record.kills < self.wanted and self.random.random() < 0.4
            at = self.random.choice((1, 2, 3, 4, 5, 6, 8, "commit", "commit", "after", "chance")) if shoot else None
            self.front.inbox.send((name, given, key, at))
            if at == "chance":  # from outside, at any time
                time.sleep(self.random.random() * 0.02)
            if at is not None:
                self.record.where[self.front.kill(wait=at != "chance")] += 1
                killed, self.front = time.monotonic(), self.start("front")
                continue
            word, result = self._answer()
            if killed is not None:
                self.record.recovery.append(time.monotonic() - killed)
            assert word == "done", result
            self.record.acknowledged[key] = result
            return dict(result)

    def _answer(self) -> tuple[str, Any]:
        assert self.front.inbox.poll(WAIT), "the front does not answer"
        return self.front.inbox.recv()  # type: ignore[no-any-return]

    def work(self, match: int) -> None:
        """Let workers do a run, and kill some of them at it."""
        shots = self.random.randint(3, 5)
        killed, child = None, self._worker(shots)
        limit = time.monotonic() + WAIT
        while time.monotonic() < limit:
            mark = child.listen(0.05)
            if killed is not None and mark == START:
                self.record.recovery.append(time.monotonic() - killed)
                killed = None
            if mark == STOP or (mark is None and self._done(match)):
                break
            mine = mark == START and child.aimed is None and shots and self.record.kills < self.wanted
            if mine:
                time.sleep(self.random.random() * kill_child.TAKES)
            if mine or (mark is None and not child.process.is_alive()):
                shots -= 1
                self.record.where[child.kill(wait=not mine)] += 1
                killed, child = time.monotonic(), self._worker(shots)
        assert self._done(match)
        child.process.kill()
        child.kill()

    def _worker(self, shots: int) -> Child:
        """Start a worker; some are to kill themselves where they store what they found."""
        more = shots > 0 and self.record.kills < self.wanted and self.random.random() < 0.5
        at = kill_child.LONG + self.random.randint(1, 30) if more else None
        child = self.start("worker", at)
        child.aimed = at
        return child

    def _done(self, match: int) -> bool:
        with self.store.database.read() as connection:
            return connection.execute(select(matches.c.state).where(matches.c.id == match)).scalar() == "done"

    def live(self) -> None:
        """Live one round from its creation to its follow-up."""
        draft = {
            "name": "round",
            "archive": self.archive,
            "options": {"time_limit": 30.0, "settlement": "standalone"},
            "ladder": 0.0,
        }
        ident = self.call("create", draft=draft)["round"]
        self.call("open", round=ident)
        self.call("declare", round=ident)
        for name in NAMES:
            self.call("repeat", round=ident, enterprise=name)
        self.call("remind", round=ident)
        self.call("freeze", round=ident)
        self.work(self.call("match", round=ident)["match"])
        self.call("note", round=ident)
        self._respond(ident, first=True)
        self.work(self.call("match", round=ident)["match"])
        self._respond(ident, first=False)
        made = self.call("conclude", round=ident)["partnerships"]
        assert len(made) >= 3
        for partnership in made:
            for stage in ("permits", "building", "ended"):
                self.call("follow", partnership=partnership, stage=stage)
        self.record.rounds += 1

    def _respond(self, ident: int, *, first: bool) -> None:
        self.call("publish", round=ident)
        self.call("collect", round=ident)
        for one in map(whole, queries.list_proposals(self.store, PLANNER, ident)):
            declined = first and one.id == "build:COG_LNG@EAST-1"
            for party in one.parties:
                if party.answer is Answer.NONE:
                    word = "declined" if declined else "accepted"
                    self.call("answer", code=one.proposal, enterprise=party.enterprise, answer=word)
                if declined:
                    break

    def check(self) -> None:
        """Assert that nothing acknowledged was lost and nothing was done twice."""
        said = commit.verify_chain(self.store, PLANNER)
        assert said.sound, said
        with self.store.database.read() as connection:
            kept = {row.key: row.result for row in connection.execute(select(requests))}
            assert self.record.acknowledged.items() <= kept.items()
            assert connection.execute(select(func.count()).select_from(rounds)).scalar() == self.record.rounds
            done = (events.c.action == "match.done") | (events.c.action == "answer") | (events.c.action == "declare")
            twice = connection.execute(
                select(events.c.subject).where(done).group_by(events.c.subject).having(func.count() > 1)
            ).all()
            assert twice == []
            for match, count in connection.execute(
                select(proposals.c.match, func.count()).group_by(proposals.c.match)
            ).all():
                record = queries.match_input(self.store, PLANNER, match).record
                assert record is not None
                assert len(record["plan"]["proposals"]) == count
            assert set(connection.execute(select(partnerships.c.stage)).scalars()) == {"ended"}
            assert set(connection.execute(select(matches.c.state)).scalars()) == {"done"}
        assert len(answers.followed(self.store, PLANNER)) > 0

    def close(self) -> None:
        """Stop what runs."""
        self.front.kill()
        self.store.close()


def run(address: str, folder: Path, kills: int, seed: int = 0) -> Record:
    """Kill so many times, and check."""
    prepared()
    os.environ[KEY_FILE] = str(folder / f"audit-{seed}.key")
    life = Life(address, folder, kills, seed)
    try:
        while life.record.kills < kills:
            life.live()
        life.check()
    finally:
        life.close()
    return life.record


def main() -> None:
    """Kill as often as asked on each kind of database and print what it came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("kinds", nargs="*", default=["sqlite", "postgresql"])
    asked = parser.parse_args()
    for kind in asked.kinds:
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if kind == "sqlite":
                record = run(str(folder / "store.db"), folder, asked.kills, asked.seed)
            else:
                with cluster() as server:
                    record = run(server.fresh("kills"), folder, asked.kills, asked.seed)
        print(
            f"{kind}: {record.kills} kills over {record.rounds} rounds {record.where}, {record.inside:.0%} inside, "
            f"recovery p95 {record.late():.2f} s (lease {LEASE.total_seconds():g} s), "
            f"{len(record.acknowledged)} steps acknowledged, none lost or doubled, {time.monotonic() - started:.0f} s"
        )
        # in the command alone: how soon depends on the machine
        if record.late() > LEASE.total_seconds() + SOON:
            sys.exit(f"{kind}: recovery took more than the lease and {SOON:g} s")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
