"""Questions about exchanges of a stored plan, answered in a child process that is killed at its time limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar, TypeVarTuple

from synergy.errors import UsageError
from synergy.explanation.explain import explain
from synergy.records.documents import PlanJSON, ScenarioJSON
from synergy.records.files import plan_from_record
from synergy.scenario import JSON
from synergy.store.access import Actor
from synergy.store.datasets import archive, dataset_of
from synergy.store.messages import refusal
from synergy.store.queries import match_input
from synergy.store.store import Store
from synergy.store.studies import QuestionInput, Wondered

SECONDS = 20.0  # for the question of an enterprise
POLL_S = 0.2
Stop = Callable[[], bool]
Sent = TypeVar("Sent")
Given = TypeVarTuple("Given")


def why(store: Store, actor: Actor, match: int, question: Wondered, seconds: float) -> dict[str, JSON] | None:
    """Explain to a planner why an exchange is in the plan of a run or not; None where it takes longer than `seconds`.

    Raises
    ------
    UsageError
        The question refers to something unknown to the dataset.
    NotFoundError
        There is no such run, or it has no plan.
    """
    given = match_input(store, actor, match)
    if given.record is None:
        raise refusal("not_found", what="match")
    with store.database.read() as connection:
        content = archive(connection, given.snapshot)
    exchange = (question.origin, question.target, question.commodity)
    try:
        found = apart(_tell, (content, given.scenario, given.record["plan"], exchange, ""), seconds)
    except (LateError, DiedError):
        return None
    if isinstance(found, str):
        raise UsageError(found)
    return found


def answered(
    ground: QuestionInput, question: Wondered, enterprise: str, seconds: float = SECONDS
) -> dict[str, JSON] | None:
    """Return the explanation of why an exchange is in the plan or not, as `synergy.explanation.answer.Answer.record`.

    It has figures of the enterprise that asks and public ones, no others. None: it takes longer than `seconds`, or is
    not available.
    """
    exchange = (question.origin, question.target, question.commodity)
    try:
        found = apart(_tell, (ground.archive, ground.scenario, ground.plan, exchange, enterprise), seconds)
    except (LateError, DiedError):
        return None
    return None if isinstance(found, str) else found


def _tell(
    pipe: Connection[dict[str, JSON] | str, object],
    content: bytes,
    scenario: ScenarioJSON,
    record: PlanJSON,
    exchange: tuple[str, str, str],
    enterprise: str,
) -> None:
    """Send the part of an explanation that an enterprise may see, "" for a planner, or why the question is invalid."""
    plan, dataset = plan_from_record(record), dataset_of(content, scenario)
    try:
        pipe.send(explain(dataset, plan, *exchange).record(enterprise))
    except UsageError as error:
        pipe.send(str(error))


class LateError(Exception):
    """Time limit exceeded."""


class LeftError(Exception):
    """Work abandoned on a stop request."""


class DiedError(Exception):
    """Child process ended without a result; the message is its exit code."""


def apart(
    work: Callable[[Connection[Sent, object], *Given], None],
    given: tuple[*Given],
    seconds: float,
    stop: Stop | None = None,
) -> Sent:
    """Run work in a child process for some seconds at most, and return the object that it sends.

    `work` is a function of a module that sends one object to its first argument, a pipe; the arguments are pickled.
    `stop` is asked now and then.

    Raises
    ------
    LateError, LeftError, DiedError
        The child sent no result and has been killed.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(theirs, *given), daemon=True)
    child.start()
    theirs.close()
    end = time.monotonic() + seconds
    try:
        while not ours.poll(max(0.0, min(POLL_S, end - time.monotonic()))):
            if stop is not None and stop():
                raise LeftError
            if time.monotonic() >= end:
                raise LateError
        sent: Sent = ours.recv()
        return sent
    except (EOFError, OSError) as error:
        child.join(1.0)
        raise DiedError(str(child.exitcode)) from error
    finally:
        child.kill()
        child.join()
        ours.close()
