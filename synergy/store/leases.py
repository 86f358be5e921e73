"""Leases of workers on runs: claim, renewal, checkpoints and fenced completion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, or_, select, update

from synergy.errors import ConflictError, NotFoundError
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.backup import archive
from synergy.store.commit import Record, Step, Transaction, commit
from synergy.store.messages import refusal
from synergy.store.names import MatchState, Wanted
from synergy.store.notices import PLANNERS, NoticeContent, post
from synergy.store.runs import back
from synergy.store.store import Store
from synergy.store.tables import matches, progress

LEASE = timedelta(seconds=15)
ATTEMPTS = 3  # a run that breaks again and again is given up
DEATHS = 8  # so is one whose workers die: more, for a machine that is restarted kills any run
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

    Parameters
    ----------
    match, attempt : int
        Fencing token: results are stored only if they come from this attempt.
    round : int
    archive : bytes
        The frozen dataset.
    scenario, options : mapping
        Scenario and options of the run.
    checkpoint : mapping or None
        Checkpoint of an earlier attempt.
    plans : tuple of bytes
        Packed records with the plans that the search begins with.
    """

    match: int
    attempt: int
    round: int
    archive: bytes
    scenario: Mapping[str, Any]
    options: Mapping[str, Any]
    checkpoint: Mapping[str, Any] | None
    plans: tuple[bytes, ...] = ()


def claim(store: Store, actor: Actor, worker: str, lease: timedelta = LEASE) -> Claim | None:
    """Claim the oldest available run: a new one, or one whose lease has expired.

    A run whose workers fell silent as often as `DEATHS`, or whose dataset is not there, ends as failed instead.

    Parameters
    ----------
    store : Store
    actor : Actor
        The worker's.
    worker : str
        Name of the process.
    lease : datetime.timedelta
        How long it may be silent.

    Returns
    -------
    Claim or None
        None where there is nothing to do.
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
    """Return the condition that a row is available: requested, or running with an expired lease.

    A lease that ends later than any worker could ask for by the clock of now was made before the clock was set back;
    a live worker renews it within seconds, so it counts as over as well.

    Parameters
    ----------
    table : sqlalchemy.Table
        With a state and a lease.
    at : datetime.datetime
        Now, in UTC.
    lease : datetime.timedelta
        How long a worker may be silent.
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
        plans = plans_of(connection, row.options)
        given = (row.scenario, row.options, row.checkpoint)
        return Claim(row.id, row.attempt + 1, row.round, content, *given, plans), fault


def plans_of(connection: Connection, options: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the packed records of the runs whose plans warm-start a run."""
    wanted = select(matches.c.plan).where(matches.c.id.in_(options.get("start", ()))).order_by(matches.c.id)
    return tuple(row.plan for row in connection.execute(wanted))


def _held(held: Claim) -> Any:
    """Return the condition that this worker still holds a run."""
    return (matches.c.id == held.match) & (matches.c.attempt == held.attempt) & (matches.c.state == MatchState.RUNNING)


def renew(store: Store, actor: Actor, held: Claim, lease: timedelta = LEASE) -> Wanted | None:
    """Renew the lease of a run, and return a pending request of the planner.

    Parameters
    ----------
    store, actor
        The worker's.
    held : Claim
        The run.
    lease : datetime.timedelta
        From now on.

    Returns
    -------
    Wanted or None
        Pending request of a planner.

    Raises
    ------
    ConflictError
        The run is no longer this worker's: stop.
    """
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        done = connection.execute(update(matches).where(_held(held)).values(lease=store.now() + lease))
        if done.rowcount != 1:
            raise refusal("lost", match=held.match, attempt=held.attempt)
        row = connection.execute(select(matches.c.cancel, matches.c.halt).where(matches.c.id == held.match)).one()
    if row.cancel:
        return Wanted.CANCEL
    return Wanted.HALT if row.halt else None


def note_progress(store: Store, actor: Actor, held: Claim, records: Mapping[int, Mapping[str, Any]]) -> None:
    """Store progress records of a run, without renewing its lease.

    Parameters
    ----------
    store, actor, held
        As for `renew`.
    records : mapping of int to mapping
        Progress records, by number within the attempt.

    Raises
    ------
    ConflictError
        The run is no longer this worker's.
    """
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        _hold(connection, held)
        rows = [
            {"match": held.match, "attempt": held.attempt, "number": number, "at": store.now(), "record": dict(record)}
            for number, record in records.items()
        ]
        connection.execute(insert(progress), rows)


def keep_checkpoint(store: Store, actor: Actor, held: Claim, record: Mapping[str, Any]) -> None:
    """Store a checkpoint from which the next attempt can resume.

    Parameters
    ----------
    store, actor, held
        As for `renew`.
    record : mapping
        Plain JSON.

    Raises
    ------
    ConflictError
        The run is no longer this worker's.
    """
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        done = connection.execute(update(matches).where(_held(held)).values(checkpoint=dict(record)))
        if done.rowcount != 1:
            raise refusal("lost", match=held.match, attempt=held.attempt)


def _hold(connection: Connection, held: Claim) -> None:
    """Lock the row of a run; refuse where this worker no longer holds it."""
    row = connection.execute(select(matches.c.id).where(_held(held)).with_for_update()).one_or_none()
    if row is None:
        raise refusal("lost", match=held.match, attempt=held.attempt)


def hold(change: Transaction, held: Claim, **values: Any) -> None:
    """End a run inside a transaction, provided that this worker still holds it.

    Parameters
    ----------
    change : Transaction
        The transaction.
    held : Claim
        The run.
    **values : object
        Final values of its columns.

    Raises
    ------
    ConflictError
        The run is no longer this worker's.
    """
    ended = {**values, "finished": change.at, "lease": None, "checkpoint": held.checkpoint}
    done = change.connection.execute(update(matches).where(_held(held)).values(**ended))
    if done.rowcount != 1:
        raise refusal("lost", match=held.match, attempt=held.attempt)


def fail(
    store: Store, actor: Actor, held: Claim, fault: str, findings: Sequence[str] = (), *, again: bool = True
) -> Record:
    """Record the failure of a run; it is retried a few times, except where its plan was refused.

    Parameters
    ----------
    store, actor, held
        As for `renew`.
    fault : str
        Message for the planner, ``English / 中文``, split by language of the reader: no figures of a firm.
    findings : sequence of str
        Why its plan was refused, kept as the diagnosis of the run.
    again : bool
        Whether another attempt may end otherwise.

    Returns
    -------
    dict
        ``{match, state}``.

    Raises
    ------
    ConflictError
        The run is no longer this worker's.
    """
    require(actor, Action.WORK, Resource("match"))

    def body(change: Transaction) -> Record:
        if again and held.attempt < ATTEMPTS and not findings:
            values: Record = {"state": MatchState.REQUESTED, "fault": fault, "lease": None}
            if held.attempt + 1 == ATTEMPTS:  # it may be the checkpoint that breaks it
                values["checkpoint"] = None
            done = change.connection.execute(update(matches).where(_held(held)).values(**values))
            if done.rowcount != 1:
                raise refusal("lost", match=held.match, attempt=held.attempt)
            return {"match": held.match, "state": MatchState.REQUESTED}
        diagnosis = [{"code": "refused", "text": finding} for finding in findings] or None
        hold(change, held, state=MatchState.FAILED, fault=fault, diagnosis=diagnosis)
        back(change, held.round, held.match, "match.failed", {"fault": fault})
        number = change.connection.execute(select(matches.c.number).where(matches.c.id == held.match)).scalar_one()
        post(change, [PLANNERS], NoticeContent("failed", held.round, "", {"number": number, "fault": fault}))
        return {"match": held.match, "state": MatchState.FAILED}

    return commit(store, actor, Step("match.fail"), body)


def cancelled(store: Store, actor: Actor, held: Claim) -> Record:
    """End a run whose cancellation was requested.

    Parameters
    ----------
    store, actor, held
        As for `renew`.

    Returns
    -------
    dict
        ``{match, state}``.
    """
    require(actor, Action.WORK, Resource("match"))

    def body(change: Transaction) -> Record:
        hold(change, held, state=MatchState.CANCELLED)
        back(change, held.round, held.match, "match.cancelled", {})
        return {"match": held.match, "state": MatchState.CANCELLED}

    return commit(store, actor, Step("match.cancelled"), body)


def release(store: Store, actor: Actor, held: Claim) -> None:
    """Return an unfinished run to the queue, for any worker to claim at once.

    Parameters
    ----------
    store, actor, held
        As for `renew`.

    Raises
    ------
    ConflictError
        The run is no longer this worker's.
    """
    require(actor, Action.WORK, Resource("match"))
    with store.database.write() as connection:
        given = {"state": MatchState.REQUESTED, "lease": None}
        done = connection.execute(update(matches).where(_held(held)).values(**given))
        if done.rowcount != 1:
            raise refusal("lost", match=held.match, attempt=held.attempt)
