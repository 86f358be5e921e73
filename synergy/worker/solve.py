"""Solution and replay of a run, in this process or a child: the interface between store and engine."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.connection import Connection

from synergy.errors import VerificationError
from synergy.halting import abandoned
from synergy.model.solve_params import Control, Event, Listener, Memory
from synergy.options import Options
from synergy.records.documents import RunOptions, ScenarioJSON, SearchOptions
from synergy.records.files import plan_from_record, round_record
from synergy.records.plain import plain
from synergy.records.runs import Replayed
from synergy.round import run
from synergy.scenario import JSON
from synergy.store.access import Actor
from synergy.store.datasets import archive, dataset_of
from synergy.store.leases import plans_of
from synergy.store.queries import match_input
from synergy.store.results import RunEnd, plan_digest, unpacked_record
from synergy.store.store import Store
from synergy.verification.verify import verify
from synergy.worker.causes import cause, lasting, sentence
from synergy.worker.scheduler import executor

_LOOK_S = 0.5  # how often a child looks after its parent
_LOG = logging.getLogger("synergy.worker")
PROOF = 0.25  # part of the work of the search that a proof may take: what a round decides is signed


@dataclass(frozen=True, slots=True)
class Task:
    """Input of a solution: frozen dataset, scenario, options and starting points.

    `scheduler` is the address of a Dask cluster that helps, `checkpoint` that of an earlier attempt, to resume from;
    `plans` are packed records with the plans to begin with.
    """

    archive: bytes
    scenario: ScenarioJSON
    options: RunOptions
    scheduler: str | None = None
    checkpoint: Mapping[str, JSON] | None = None
    plans: tuple[bytes, ...] = ()


def solve(
    task: Task,
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    keep: Callable[[dict[str, JSON]], None] | None = None,
) -> RunEnd:
    """Solve the matching problem of a frozen dataset; `listen` and `stop` as in `synergy.engine.match`.

    `keep` takes checkpoints, plain records.
    """
    dataset = dataset_of(task.archive, task.scenario)
    given = [plan_from_record(unpacked_record(one)["plan"]).decisions for one in task.plans]
    memory = Memory(task.checkpoint, keep, plans=given)
    options = task.options.copy()
    options.setdefault("proof", PROOF)
    options.pop("start", None)
    search: SearchOptions = options
    with executor(task.scheduler) as side:
        done = run(dataset, Options(**search), Control(listen, stop, side, memory))
    record = None if done.plan is None else round_record(dataset, done.plan)
    return RunEnd(done.outcome.status, record, plain(done.outcome.diagnosis))


def told(event: Event) -> dict[str, JSON]:
    """Return a progress event as plain JSON."""
    return {name: plain(getattr(event, name)) for name in Event.__dataclass_fields__}


def replay(store: Store, actor: Actor, match: int) -> Replayed:
    """Replay a run that is done and compare the results; a run stopped by the clock is verified instead."""
    given = match_input(store, actor, match)
    with store.database.read() as connection:
        content, plans = archive(connection, given.snapshot), plans_of(connection, given.options.get("start", ()))
    record = given.record
    if record is not None and record["plan"]["solver"].get("stopped_by_clock"):
        dataset = dataset_of(content, given.scenario)
        findings = [one.line() for one in verify(dataset, plan_from_record(record["plan"])) if one.refuses]
        return Replayed(
            match=match, stored=given.digest, how="verified", same=not findings, found=given.digest, findings=findings
        )
    # a run that went on from a checkpoint was given that too
    again = solve(Task(content, given.scenario, given.options, None, given.checkpoint, plans))
    found = None if again.record is None else plan_digest(again.record["plan"])
    same = (again.status, found) == (given.status, given.digest)
    return Replayed(match=match, stored=given.digest, how="replayed", same=same, found=found, findings=[])


@dataclass(frozen=True, slots=True)
class Report:
    """Progress record of a run, or a checkpoint of it."""

    record: dict[str, JSON]
    checkpoint: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """End of a run without a result: the message for the planner, and why its plan was refused, if it was.

    `again` is whether another attempt may end otherwise.
    """

    said: str
    findings: Sequence[str] = ()
    again: bool = True


Message = Report | RunEnd | Failure


def solve_for(pipe: Connection[Message, object], task: Task) -> None:
    """Solve a task in a child process, and send its reports and finally its end or failure to the parent.

    Whatever comes from the parent halts the search with the best plan so far, or the first one.
    """
    threading.Thread(target=_orphaned, args=(os.getppid(),), daemon=True).start()
    found = False

    def listen(event: Event) -> None:
        nonlocal found
        found = found or event.best is not None
        pipe.send(Report(told(event)))

    def keep(record: dict[str, JSON]) -> None:
        pipe.send(Report(record, checkpoint=True))

    try:
        pipe.send(solve(task, listen, lambda: found and pipe.poll(), keep=keep))
    except BrokenPipeError:
        return
    except VerificationError as error:
        pipe.send(Failure(error.said, error.findings))
    except Exception as error:
        _LOG.error("%s: %s", current_process().name, cause(error))
        pipe.send(Failure(sentence(error), again=not lasting(error)))
    if abandoned():
        os._exit(0)


def _orphaned(parent: int) -> None:
    """Exit as soon as the parent process is gone, since another worker then takes the run."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)
