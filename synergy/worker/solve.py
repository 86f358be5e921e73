"""Solution and replay of a run: the interface between store and engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synergy.model.solve_params import Control, Event, Listener, Memory
from synergy.options import Options
from synergy.records.files import plan_from_record
from synergy.records.plain import plain
from synergy.records.rounds import round_record
from synergy.round import run
from synergy.store.access import Actor
from synergy.store.backup import archive, dataset_of
from synergy.store.leases import plans_of
from synergy.store.queries import match_input
from synergy.store.results import plan_digest, unpacked_record
from synergy.store.store import Store
from synergy.verification.verify import verify
from synergy.worker.scheduler import executor

Record = dict[str, Any]

PROOF = 0.25  # part of the work of the search that a proof may take: what a round decides is signed


@dataclass(frozen=True, slots=True)
class Task:
    """Input of a solution: dataset, scenario, options and starting points.

    Parameters
    ----------
    archive : bytes
        The frozen dataset.
    scenario, options : mapping
        Records of the store.
    scheduler : str or None
        Address of a Dask cluster that helps.
    checkpoint : mapping or None
        Checkpoint of an earlier attempt, to resume from.
    plans : tuple of bytes
        Packed records with the plans to begin with.
    """

    archive: bytes
    scenario: Mapping[str, Any]
    options: Mapping[str, Any]
    scheduler: str | None = None
    checkpoint: Mapping[str, Any] | None = None
    plans: tuple[bytes, ...] = ()


def solve(
    task: Task,
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    keep: Callable[[Record], None] | None = None,
) -> Record:
    """Solve the matching problem of a frozen dataset.

    Parameters
    ----------
    task : Task
        Input of the solution.
    listen, stop : callable, optional
        See `synergy.engine.match`.
    keep : callable, optional
        Takes checkpoints, plain records.

    Returns
    -------
    dict
        ``{status, record, diagnosis}``, as `synergy.store.results.finish` takes it.
    """
    dataset = dataset_of(task.archive, task.scenario)
    options = {"proof": PROOF} | {name: value for name, value in task.options.items() if name != "start"}
    given = [plan_from_record(unpacked_record(one)["plan"]).decisions for one in task.plans]
    memory = Memory(task.checkpoint, keep, plans=given)
    with executor(task.scheduler) as side:
        done = run(dataset, Options(**options), Control(listen, stop, side, memory))
    record = None if done.plan is None else round_record(dataset, done.plan)
    return {"status": done.outcome.status, "record": record, "diagnosis": plain(done.outcome.diagnosis)}


def told(event: Event) -> Record:
    """Return a progress event as a plain record."""
    return {name: plain(getattr(event, name)) for name in Event.__dataclass_fields__}


def replay(store: Store, actor: Actor, match: int) -> Record:
    """Replay a run and compare the results; a run stopped by the clock is verified instead.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    match : int
        A run that is done.

    Returns
    -------
    dict
        ``{match, how: replayed | verified, same, stored, found, findings}``: digests of the plans, and what does not
        follow from the dataset.
    """
    given = match_input(store, actor, match)
    with store.database.read() as connection:
        content, plans = archive(connection, given["snapshot"]), plans_of(connection, given["options"])
    record = given["record"]
    if record is not None and record["plan"]["solver"].get("stopped_by_clock"):
        dataset = dataset_of(content, given["scenario"])
        findings = [one.line() for one in verify(dataset, plan_from_record(record["plan"])) if one.refuses]
        told_: Record = {"how": "verified", "same": not findings, "found": given["digest"], "findings": findings}
    else:
        # a run that went on from a checkpoint was given that too
        again = solve(Task(content, given["scenario"], given["options"], None, given["checkpoint"], plans))
        found = None if again["record"] is None else plan_digest(again["record"]["plan"])
        same = (again["status"], found) == (given["status"], given["digest"])
        told_ = {"how": "replayed", "same": same, "found": found, "findings": []}
    return {"match": match, "stored": given["digest"], **told_}
