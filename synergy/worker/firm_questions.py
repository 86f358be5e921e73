"""Explanations of exchanges for enterprises, computed in a child process with a time limit."""

from __future__ import annotations

from multiprocessing.connection import Connection

from synergy.errors import UsageError
from synergy.explanation.explain import explain
from synergy.records.files import plan_from_record
from synergy.scenario import JSON
from synergy.store.backup import dataset_of
from synergy.store.questions import QuestionInput, Wondered
from synergy.worker.isolation import DiedError, LateError, apart

SECONDS = 20.0


def answered(
    ground: QuestionInput, question: Wondered, enterprise: str, seconds: float = SECONDS
) -> dict[str, JSON] | None:
    """Return the explanation of why an exchange is in the plan or not, as `synergy.explanation.answer.Answer.record`.

    It has figures of the enterprise that asks and public ones, no others. None: it takes longer than `seconds`, or is
    not available.
    """
    try:
        return apart(main, (ground, question, enterprise), seconds)
    except (LateError, DiedError):
        return None


def main(
    pipe: Connection[dict[str, JSON] | None, object], ground: QuestionInput, question: Wondered, enterprise: str
) -> None:
    """Compute an explanation in the child process, and send only the part that the enterprise may see."""
    plan = plan_from_record(ground.plan)
    dataset = dataset_of(ground.archive, ground.scenario)
    try:
        found = explain(dataset, plan, question.origin, question.target, question.commodity)
        pipe.send(found.record(enterprise))
    except UsageError:
        pipe.send(None)
