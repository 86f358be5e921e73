"""Explanations of exchanges for enterprises, computed in a child process with a time limit."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

from synergy.errors import UsageError
from synergy.explanation.explain import explain
from synergy.records.files import plan_from_record
from synergy.store.backup import dataset_of
from synergy.store.questions import QuestionInput, Wondered
from synergy.worker.isolation import DiedError, LateError, apart

SECONDS = 20.0


def answered(
    ground: QuestionInput, question: Wondered, enterprise: str, seconds: float = SECONDS
) -> dict[str, Any] | None:
    """Return the explanation of why an exchange of an enterprise is in the plan or not.

    Parameters
    ----------
    ground : QuestionInput
        As `synergy.store.questions.wonder` books it.
    question : Wondered
    enterprise : str
        Who asks: figures of its own and public ones are in the answer, no others.
    seconds : float
        How long it may take.

    Returns
    -------
    dict or None
        As from `synergy.explanation.answer.Answer.record`; None where it takes longer, or is not available.
    """
    try:
        found: dict[str, Any] | None = apart(main, (ground, question, enterprise), seconds)
    except (LateError, DiedError):
        return None
    return found


def main(pipe: Connection, ground: QuestionInput, question: Wondered, enterprise: str) -> None:
    """Compute an explanation in the child process, and send only the part that the enterprise may see."""
    plan = plan_from_record(ground.plan)
    dataset = dataset_of(ground.archive, ground.scenario)
    try:
        found = explain(dataset, plan, question.origin, question.target, question.commodity)
        pipe.send(found.record(enterprise))
    except UsageError:
        pipe.send(None)
