"""Why not, as a firm may see it: worked out in a process of its own, so that no answer outlasts its time."""

from __future__ import annotations

from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from synergy.errors import UsageError
from synergy.explain.explain import explain
from synergy.records.load import plan_from_record
from synergy.store.archives import dataset_of
from synergy.store.wondering import Ground, Wondered

SECONDS = 20.0


def answered(ground: Ground, question: Wondered, enterprise: str, seconds: float = SECONDS) -> dict[str, Any] | None:
    """Return why an exchange of an enterprise is in the plan or not.

    Parameters
    ----------
    ground : Ground
        As `synergy.store.wondering.wonder` books it.
    question : Wondered
    enterprise : str
        Who asks: figures of its own and public ones are in the answer, no others.
    seconds : float
        How long it may take.

    Returns
    -------
    dict or None
        As from `synergy.explain.answer.Answer.record`; None where it takes longer, or cannot be told.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=main, args=(theirs, ground, question, enterprise), daemon=True)
    child.start()
    theirs.close()
    try:
        found: dict[str, Any] | None = ours.recv() if ours.poll(seconds) else None
    except EOFError:
        found = None
    finally:
        child.kill()
        child.join()
        ours.close()
    return found


def main(pipe: Connection, ground: Ground, question: Wondered, enterprise: str) -> None:
    """Work an answer out and send it; what the asker sees is all that leaves this process."""
    plan = plan_from_record(ground.plan)
    dataset = dataset_of(ground.archive, ground.scenario)
    try:
        found = explain(dataset, plan, question.origin, question.target, question.commodity)
        pipe.send(found.record(enterprise))
    except UsageError:
        pipe.send(None)
