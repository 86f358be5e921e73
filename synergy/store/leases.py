"""Workers on a store: leases on runs (claim, renewal, checkpoint, fenced end), heartbeats and readiness."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from synergy.errors import ConflictError, NotFoundError, SynergyError
from synergy.records.documents import RunOptions, ScenarioJSON
from synergy.records.names import MatchState, Wanted
from synergy.records.runs import Requested
from synergy.scenario import JSON
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.commit import Step, Transaction, commit
from synergy.store.database import current, head
from synergy.store.datasets import archive
from synergy.store.messages import refusal
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.runs import back
from synergy.store.store import Store
from synergy.store.tables import beats, matches, progress

LEASE = timedelta(seconds=15)
ATTEMPTS = 3  # a run that breaks again and again is given up
DEATHS = 8  # so is one whose workers die: more, for a machine that is restarted kills any run
EVERY = timedelta(seconds=10)  # between two beats of a worker
SILENT = timedelta(seconds=60)  # without a beat, after which a worker is taken for lost
KEPT = timedelta(days=1)  # of beats of workers that have gone
FRESH = timedelta(seconds=2)  # within which nothing is written again: whoever asks needs no account
SERVER = "server"  # name of the beat by which a server tries whether something can be stored
_LAST = f"SELECT max(at) FROM beats WHERE name = '{SERVER}'"
_SILENT = (
    f"the workers of {DEATHS} attempts ended without a word; match again, and if it fails again ask the operator: "
    f"the log has the cause / {DEATHS} 次尝试中工作进程均意外中断；请重新匹配，如再次失败请联系运维人员，原因见日志"
)
_NO_DATASET = (
    "the frozen dataset of the run is not in the store as it was; reopen the declarations and freeze again / "
    "本次匹配的冻结数据集已缺失或损坏；请重新开放申报并再次冻结"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Run held by a worker under a lease.

    `match` and `attempt` are a fencing token: whatever a worker stores of a run raises `ConflictError` unless it comes
    from this attempt. `archive` is the frozen dataset, `checkpoint` that of an earlier attempt, `plans` are the packed
    records with which the search begins.
    """

    match: int
    attempt: int
    round: int
    archive: bytes
    scenario: ScenarioJSON
    options: RunOptions
    checkpoint: Mapping[str, JSON] | None
    plans: tuple[bytes, ...] = ()


def claim(store: Store, actor: Actor, worker: str, lease: timedelta = LEASE) -> Claim | None:
    """Claim the oldest available run: a new one, or one whose lease has expired.

    `worker` is the name of the process, which may be silent for the time of the lease. A run whose workers fell silent
    as often as `DEATHS`, or whose dataset is missing, ends as failed instead.
    """
    require(actor, Action.WORK, Resource("match"))
    while True:
        found = _taken(store, worker, lease)
        if found is None:
            return None
        held, fault = found
        if not fault:
            return held
        with suppress(ConflictError):
            fail(store, actor, held, fault, again=False)


def unheld(table: Table, at: datetime, lease: timedelta) -> ColumnElement[bool]:
    """Return the condition that a row with state and lease is available: requested, or running with an expired lease.

    A lease that ends later than any worker could ask for by the clock of now was made before the clock was set back; a
    live worker renews it within seconds, so it counts as over as well.
    """
    over = (table.c.lease < at) | (table.c.lease > at + 2 * max(lease, LEASE))
    return or_(table.c.state == MatchState.REQUESTED, (table.c.state == MatchState.RUNNING) & over)


def _taken(store: Store, worker: str, lease: timedelta) -> tuple[Claim, str] | None:
    """Claim the oldest available run; return it with the fault that rules it out, None where there is no run."""
    with store.database.write() as connection:
        at = store.now()
        wanted = select(matches).where(unheld(matches, at, lease)).order_by(matches.c.requested).limit(1)
        row = connection.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        taken = {"state": MatchState.RUNNING, "attempt": row.attempt + 1, "worker": worker, "lease": at + lease}
        connection.execute(update(matches).where(matches.c.id == row.id).values(**taken, started=at))
        fault = _SILENT if row.state == MatchState.RUNNING and row.attempt >= DEATHS else ""
        try:
            content = archive(connection, row.snapshot)
        except NotFoundError:
            content, fault = b"", _NO_DATASET
        plans = plans_of(connection, row.options.get("start", ()))
        given = (row.scenario, row.options, row.checkpoint)
        return Claim(row.id, row.attempt + 1, row.round, content, *given, plans), fault


def plans_of(connection: Connection, start: Sequence[int]) -> tuple[bytes, ...]:
    """Return the packed records of the runs whose plans warm-start a run."""
    wanted = select(matches.c.plan).where(matches.c.id.in_(start)).order_by(matches.c.id)
    return tuple(row.plan for row in connection.execute(wanted))


def _held(held: Claim) -> ColumnElement[bool]:
    """Return the condition that this worker still holds a run."""
    return (matches.c.id == held.match) & (matches.c.attempt == held.attempt) & (matches.c.state == MatchState.RUNNING)


def _set(connection: Connection, held: Claim, **values: object) -> None:
    """Set columns of a run; refuse where this worker no longer holds it."""
    if connection.execute(update(matches).where(_held(held)).values(**values)).rowcount != 1:
        raise refusal("lost", match=held.match, attempt=held.attempt)


def renew(store: Store, actor: Actor, held: Claim, lease: timedelta = LEASE) -> Wanted | None:
    """Renew the lease of a run from now on, and return a pending request of the planner."""
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        _set(connection, held, lease=store.now() + lease)
        row = connection.execute(select(matches.c.cancel, matches.c.halt).where(matches.c.id == held.match)).one()
    if row.cancel:
        return Wanted.CANCEL
    return Wanted.HALT if row.halt else None


def note_progress(store: Store, actor: Actor, held: Claim, records: Mapping[int, Mapping[str, JSON]]) -> None:
    """Store progress records of a run by number within the attempt, without renewing its lease."""
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        if connection.execute(select(matches.c.id).where(_held(held)).with_for_update()).one_or_none() is None:
            raise refusal("lost", match=held.match, attempt=held.attempt)
        rows = [
            {"match": held.match, "attempt": held.attempt, "number": number, "at": store.now(), "record": record}
            for number, record in records.items()
        ]
        connection.execute(insert(progress), rows)


def keep_checkpoint(store: Store, actor: Actor, held: Claim, record: Mapping[str, JSON]) -> None:
    """Store a checkpoint from which the next attempt can resume."""
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        _set(connection, held, checkpoint=record)


def hold(change: Transaction, held: Claim, **values: object) -> None:
    """End a run inside a transaction with final values of its columns."""
    ended = {**values, "finished": change.at, "lease": None, "checkpoint": held.checkpoint}
    _set(change.connection, held, **ended)


def fail(
    store: Store, actor: Actor, held: Claim, fault: str, findings: Sequence[str] = (), *, again: bool = True
) -> Requested:
    """Record the failure of a run; unless `again` is False or its plan was refused, it is retried a few times.

    `fault` is the message for the planner, ``English / 中文``, split by language of the reader: no figures of a firm.
    `findings`, why its plan was refused, become the diagnosis of the run.
    """
    require(actor, Action.WORK, Resource("match"))

    def body(change: Transaction) -> Requested:
        if again and held.attempt < ATTEMPTS and not findings:
            values: dict[str, object] = {"state": MatchState.REQUESTED, "fault": fault, "lease": None}
            if held.attempt + 1 == ATTEMPTS:  # it may be the checkpoint that breaks it
                values["checkpoint"] = None
            _set(change.connection, held, **values)
            return Requested(match=held.match, state=MatchState.REQUESTED)
        diagnosis = [{"code": "refused", "text": finding} for finding in findings] or None
        hold(change, held, state=MatchState.FAILED, fault=fault, diagnosis=diagnosis)
        back(change, held.round, held.match, "match.failed", {"fault": fault})
        number = change.connection.execute(select(matches.c.number).where(matches.c.id == held.match)).scalar_one()
        post(change, [PLANNERS], NoticeContent("failed", held.round, "", {"number": number, "fault": fault}))
        return Requested(match=held.match, state=MatchState.FAILED)

    return commit(store, actor, Step("match.fail"), Requested, body)


def cancelled(store: Store, actor: Actor, held: Claim) -> Requested:
    """End a run whose cancellation was requested."""
    require(actor, Action.WORK, Resource("match"))

    def body(change: Transaction) -> Requested:
        hold(change, held, state=MatchState.CANCELLED)
        back(change, held.round, held.match, "match.cancelled", {})
        return Requested(match=held.match, state=MatchState.CANCELLED)

    return commit(store, actor, Step("match.cancelled"), Requested, body)


def release(store: Store, actor: Actor, held: Claim) -> None:
    """Return an unfinished run to the queue, for any worker to claim at once."""
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        _set(connection, held, state=MatchState.REQUESTED, lease=None)


def beat(store: Store, name: str) -> None:
    """Store a heartbeat of a process, whose name has at most 64 characters."""
    with store.database.write() as connection:
        at = store.now()
        if not connection.execute(update(beats).where(beats.c.name == name).values(at=at)).rowcount:
            connection.execute(delete(beats).where(beats.c.at < at - KEPT))
            connection.execute(insert(beats).values(name=name, at=at))


def ready(store: Store) -> dict[str, bool]:
    """Return whether declarations can be stored (``store``) and runs will be processed (``worker``).

    The store is of this program's version, and a beat that is written is read again from where the address leads: this
    detects a full disk, a database that may only be read and a file that was taken away. A worker is alive whose last
    beat is younger than `SILENT`, or that holds a run whose lease goes on.
    """
    try:
        stores = current(store.database) == head() and _kept(store)
        return {"store": stores, "worker": stores and _alive(store)}
    except (SynergyError, SQLAlchemyError, sqlite3.Error):
        return {"store": False, "worker": False}


def _kept(store: Store) -> bool:
    """Return whether a heartbeat can be written and read back from the address of the store."""
    last = select(beats.c.at).where(beats.c.name == SERVER)
    with store.database.read() as connection:
        known = connection.execute(last).scalar()
    if known is None or known < store.now() - FRESH:
        beat(store, SERVER)
    file = store.database.file
    if file is None:
        return True
    if not file.exists():
        return False
    with store.database.read() as connection:
        inside = connection.exec_driver_sql(_LAST).scalar()
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as outside:
        return bool(outside.execute(_LAST).fetchone() == (inside,))


def _alive(store: Store) -> bool:
    """Return whether a worker has a recent heartbeat, or holds a run under an unexpired lease."""
    at = store.now()
    beating = select(beats.c.name).where(beats.c.name != SERVER, beats.c.at > at - SILENT).limit(1)
    busy = select(matches.c.id).where(matches.c.state == MatchState.RUNNING, matches.c.lease > at).limit(1)
    with store.database.read() as connection:
        return connection.execute(beating).first() is not None or connection.execute(busy).first() is not None
