"""The processes that are killed: a front that does what it is sent, and a worker; both mark where they are."""

from __future__ import annotations

import os
import pickle
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import event

from synergy.errors import SynergyError
from synergy.model.solve_params import Event
from synergy.records.documents import Document
from synergy.records.figures import Record
from synergy.records.names import Answer, Role, Seat, Sheet, Stage
from synergy.store import answers, declarations, freezing, review, rounds, runs
from synergy.store.access import Actor
from synergy.store.answers import Reply
from synergy.store.column_types import canonical
from synergy.store.overlay import Entry
from synergy.store.results import RunEnd
from synergy.store.rounds import Draft, StepOptions
from synergy.store.store import KEY_FILE, Store, open_store
from synergy.worker import work
from synergy.worker.solve import Task, solve

PLANNER = Actor("anna", Role.PLANNER)
BEGIN, END, START, STOP = b"B", b"E", b"M", b"D"  # of a transaction, of a run
LEASE = timedelta(seconds=1.0)
LONG = 100  # a shot at statement LONG + n waits for the n-th one, over commits
TAKES = 0.25  # seconds that a run takes whose result is known


def editor(enterprise: str) -> Actor:
    """Return who speaks for an enterprise."""
    return Actor(f"ed-{enterprise.lower()}", Role.EDITOR, enterprise)


class Aim:
    """Where a process kills itself: at the n-th statement of its writing transactions, at a commit, or right after."""

    def __init__(self, store: Store, marks: Connection) -> None:
        self.at: int | str | None = None
        self.count, self.marks, writer = 0, marks, store.database.writer
        event.listen(writer, "begin", self._begun)
        event.listen(writer, "before_cursor_execute", self._executes)
        event.listen(writer, "commit", lambda _connection: self._shoot("commit"))
        event.listen(writer, "checkin", self._ended)

    def take(self, at: int | str | None) -> None:
        """Aim anew."""
        self.at, self.count = at, 0

    def _begun(self, _connection: Any) -> None:
        self.marks.send_bytes(BEGIN)

    def _executes(self, *_given: Any) -> None:
        self.count += 1
        self._shoot(self.count)

    def _ended(self, _connection: Any, _record: Any) -> None:
        self.marks.send_bytes(END)
        self._shoot("after")

    def _shoot(self, where: int | str) -> None:
        # fewer statements than aimed at: then the commit
        if where == (self.at - LONG if isinstance(self.at, int) and self.at >= LONG else self.at) or (
            where == "commit" and isinstance(self.at, int) and self.at < LONG
        ):
            os.kill(os.getpid(), signal.SIGKILL)


def perform(store: Store, name: str, given: dict[str, Any], key: str) -> Document:
    """Do one step of the life of a round, and return its record as plain JSON."""
    asked, ident = StepOptions(key=key), given.get("round", 0)
    who = editor(given.get("enterprise", "GLASS"))
    entry = Entry(sheet=Sheet.NEEDS, site="GLASS-1", subject="COG", amount=Decimal(60000), price=Decimal(950))
    steps: dict[str, Callable[[], Record]] = {
        "create": lambda: rounds.create(store, PLANNER, Draft(**given["draft"]), key),
        **{one: partial(rounds.advance, store, PLANNER, ident, one, asked) for one in ("open", "publish", "collect")},
        "declare": lambda: declarations.declare(store, who, Seat(ident, "GLASS"), [entry], asked),
        "repeat": lambda: declarations.repeat(store, who, Seat(ident, given["enterprise"]), asked),
        "answer": lambda: answers.answer(store, who, given["code"], Reply(Answer(given["answer"]), "because"), asked),
        "follow": lambda: answers.follow(
            store, PLANNER, given["partnership"], Stage(given["stage"]), StepOptions(key=key, note="so")
        ),
        "note": lambda: review.rule(store, PLANNER, ident, ("note", {"text": "seen"}), asked),
        "remind": lambda: rounds.remind(store, PLANNER, ident, asked),
        "freeze": lambda: freezing.freeze(store, PLANNER, ident, asked),
        "match": lambda: runs.request_match(store, PLANNER, ident, asked),
        "conclude": lambda: answers.conclude(store, PLANNER, ident, asked),
    }
    return steps[name]().document()


def front(address: str, key: str, inbox: Connection, marks: Connection) -> None:
    """Do what comes in and send back what came out, until killed."""
    os.environ[KEY_FILE] = key
    store = open_store(address)
    aim = Aim(store, marks)
    while True:
        name, given, one, at = inbox.recv()
        aim.take(at)
        try:
            inbox.send(("done", perform(store, name, given, one)))
        except SynergyError as error:
            inbox.send(("refused", f"{name}: {error}"))


def worker(address: str, key: str, cache: str, at: int | None, marks: Connection) -> None:
    """Do runs until killed; one that was solved before takes `TAKES` seconds and ends the same."""
    os.environ[KEY_FILE] = key
    store = open_store(address)
    aim = Aim(store, marks)

    def remembered(task: Task, listen: Any = None, stop: Any = None, keep: Any = None) -> RunEnd:
        marks.send_bytes(START)
        aim.take(at)
        place = Path(cache) / sha256(task.archive + canonical([task.scenario, task.options]).encode()).hexdigest()
        if not place.exists():
            part = place.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(solve(task)))
            part.replace(place)
        for step in range(5):
            listen(Event("search", step * TAKES / 5, done=step, total=5))
            keep({"part": step})
            time.sleep(TAKES / 5)
        ended: RunEnd = pickle.loads(place.read_bytes())
        return ended

    work.solve = remembered
    habits = work.Habits(lease=LEASE, idle=0.02, apart=False, name=f"w{random.random()}")
    while True:
        with suppress(SynergyError):
            if work.work_once(store, habits) is None:
                time.sleep(habits.idle)
            else:
                marks.send_bytes(STOP)
