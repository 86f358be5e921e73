"""Questions about a stored plan, answered in a child process with a time limit."""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.connection import Connection

from synergy.errors import UsageError
from synergy.explanation.explain import explain
from synergy.records.documents import PlanJSON, ScenarioJSON
from synergy.records.files import plan_from_record
from synergy.scenario import JSON
from synergy.store.access import Actor
from synergy.store.backup import archive, dataset_of
from synergy.store.messages import refusal
from synergy.store.queries import match_input
from synergy.store.store import Store
from synergy.worker.isolation import DiedError, LateError, apart


@dataclass(frozen=True, slots=True)
class ExchangeQuestion:
    """Question about an exchange between two sites."""

    origin: str
    target: str
    commodity: str


def why(store: Store, actor: Actor, match: int, question: ExchangeQuestion, seconds: float) -> dict[str, JSON] | None:
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
    work = (content, given.scenario, given.record["plan"], question)
    try:
        found = apart(answer, (work,), seconds)
    except (LateError, DiedError):
        return None
    if isinstance(found, str):
        raise UsageError(found)
    return found


def answer(
    pipe: Connection[dict[str, JSON] | str, object], work: tuple[bytes, ScenarioJSON, PlanJSON, ExchangeQuestion]
) -> None:
    """Answer a question in the child process: send its record, or the error text of an invalid question."""
    content, scenario, plan, question = work
    try:
        found = explain(
            dataset_of(content, scenario), plan_from_record(plan), question.origin, question.target, question.commodity
        )
        pipe.send(found.record())
    except UsageError as error:
        pipe.send(str(error))
