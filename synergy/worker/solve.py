"""Solution and replay of a run: the interface between store and engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from synergy.model.solve_params import Control, Event, Listener, Memory
from synergy.options import Options
from synergy.records.documents import RunOptions, ScenarioJSON, SearchOptions
from synergy.records.files import plan_from_record
from synergy.records.labels import round_record
from synergy.records.plain import plain
from synergy.records.runs import Replayed
from synergy.round import run
from synergy.scenario import JSON
from synergy.store.access import Actor
from synergy.store.backup import archive, dataset_of
from synergy.store.leases import plans_of
from synergy.store.queries import match_input
from synergy.store.results import RunEnd, plan_digest, unpacked_record
from synergy.store.store import Store
from synergy.verification.verify import verify
from synergy.worker.scheduler import executor

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
    with executor(task.scheduler) as side:
        done = run(dataset, _options(task.options), Control(listen, stop, side, memory))
    record = None if done.plan is None else round_record(dataset, done.plan)
    return RunEnd(done.outcome.status, record, plain(done.outcome.diagnosis))


def _options(given: RunOptions) -> Options:
    rest = given.copy()
    rest.setdefault("proof", PROOF)
    rest.pop("start", None)
    search: SearchOptions = rest
    return Options(**search)


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
            match=match,
            stored=given.digest,
            how="verified",
            same=not findings,
            found=given.digest,
            findings=findings,
        )
    # a run that went on from a checkpoint was given that too
    again = solve(Task(content, given.scenario, given.options, None, given.checkpoint, plans))
    found = None if again.record is None else plan_digest(again.record["plan"])
    same = (again.status, found) == (given.status, given.digest)
    return Replayed(match=match, stored=given.digest, how="replayed", same=same, found=found, findings=[])
