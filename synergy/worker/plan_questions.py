"""Questions about a stored plan, answered in a child process with a time limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from synergy.errors import UsageError
from synergy.explanation.explain import explain
from synergy.records.files import plan_from_record
from synergy.store.access import Actor
from synergy.store.backup import archive, dataset_of
from synergy.store.messages import refusal
from synergy.store.queries import match_input
from synergy.store.store import Store
from synergy.worker.isolation import DiedError, LateError, apart

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ExchangeQuestion:
    """Question about an exchange between two sites.

    Parameters
    ----------
    origin, target : str
        Sites.
    commodity : str
    """

    origin: str
    target: str
    commodity: str


def why(store: Store, actor: Actor, match: int, question: ExchangeQuestion, seconds: float) -> Record | None:
    """Explain to a planner why an exchange is in a plan or not.

    Parameters
    ----------
    store : Store
    actor : Actor
        A planner or auditor.
    match : int
        A run that brought a plan.
    question : ExchangeQuestion
        About which exchange.
    seconds : float
        How long it may take.

    Returns
    -------
    dict or None
        As from `synergy.explanation.answer.Answer.record`; None where it was not answered in time.

    Raises
    ------
    UsageError
        The question refers to something unknown to the dataset.
    NotFoundError
        There is no such run, or it has no plan.
    """
    given = match_input(store, actor, match)
    if given["record"] is None:
        raise refusal("not_found", what="match")
    with store.database.read() as connection:
        content = archive(connection, given["snapshot"])
    work = (content, given["scenario"], given["record"]["plan"], question)
    try:
        found: Record | str = apart(answer, (work,), seconds)
    except (LateError, DiedError):
        return None
    if isinstance(found, str):
        raise UsageError(found)
    return found


def answer(pipe: Connection, work: tuple[bytes, Mapping[str, Any], Mapping[str, Any], ExchangeQuestion]) -> None:
    """Answer a question in the child process: send its record, or the error text of an invalid question.

    Parameters
    ----------
    pipe : multiprocessing.connection.Connection
        To who asks.
    work : tuple
        Archive of the dataset, record of the scenario, plan document, question.
    """
    content, scenario, plan, question = work
    try:
        found = explain(
            dataset_of(content, scenario), plan_from_record(plan), question.origin, question.target, question.commodity
        )
        pipe.send(found.record())
    except UsageError as error:
        pipe.send(str(error))
