"""Study worker: answers studies beside the runs, each in a child process with a time limit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from synergy.dataset.sheet import Dataset, subset
from synergy.errors import ConflictError, SynergyError, UnavailableError
from synergy.explanation.explain import Explainer
from synergy.explanation.trial import Question
from synergy.graph.pathways import pathways, pathways_record
from synergy.model.solve_params import SolveParams
from synergy.near_optimal.alternatives import alternatives, alternatives_record
from synergy.plan import Plan
from synergy.records.documents import StudyArguments
from synergy.records.files import plan_from_record
from synergy.records.names import StudyKind
from synergy.records.plain import plain
from synergy.records.runs import Asked
from synergy.scenario import JSON
from synergy.store.access import WORKER
from synergy.store.datasets import dataset_of
from synergy.store.store import Store
from synergy.store.studies import StudyClaim, claim_study, finish_study
from synergy.uncertainty.sensitivity import sensitivity, sensitivity_record
from synergy.worker.causes import cause, died, late, sentence
from synergy.worker.questions import DiedError, LateError, LeftError, Stop, apart

LIMIT_S = 660.0  # of one study, whatever it says itself
_LOG = logging.getLogger("synergy.worker")


def answered(held: StudyClaim) -> dict[str, JSON]:
    """Return the answer to a study, as the command line prints it with ``--json``.

    The answer to an enterprise holds only its own figures and public data.

    Raises
    ------
    UsageError
        The question refers to something unknown to the dataset.
    """
    dataset = dataset_of(held.archive, held.scenario)
    asked, kind = held.question.asked, held.question.kind
    record: Mapping[str, object]
    if kind is StudyKind.PATHWAYS:
        # what an enterprise could do with what it has and what is public: who else has what is not told
        seen = dataset if held.enterprise is None else subset(dataset, {held.enterprise})
        record = pathways_record(seen, pathways(seen, asked["commodity"], depth=asked["depth"]))
    else:
        assert held.plan is not None
        record = _ANSWERS[kind](dataset, plan_from_record(held.plan), asked, held.enterprise or "")
    found: dict[str, JSON] = plain(record)
    return found


def _explanation(dataset: Dataset, plan: Plan, asked: StudyArguments, enterprise: str) -> Mapping[str, object]:
    ends = (asked["from_site"], asked["to_site"], asked["commodity"])
    question = Question(*ends, asked.get("period") or "", asked.get("mode") or "")
    return Explainer(dataset, plan).ask(question).record(enterprise)


def _sensitivity(dataset: Dataset, plan: Plan, asked: StudyArguments, _enterprise: str) -> Mapping[str, object]:
    params = SolveParams(time_limit=float(asked["time_limit"]))
    return sensitivity_record(dataset, sensitivity(dataset, plan, params=params))


def _alternatives(dataset: Dataset, plan: Plan, asked: StudyArguments, _enterprise: str) -> Mapping[str, object]:
    params = SolveParams(time_limit=float(asked["time_limit"]))
    return alternatives_record(dataset, alternatives(dataset, plan, within=float(asked["within"]), params=params))


_ANSWERS: Mapping[StudyKind, Callable[[Dataset, Plan, StudyArguments, str], Mapping[str, object]]] = {
    StudyKind.EXPLANATION: _explanation,
    StudyKind.SENSITIVITY: _sensitivity,
    StudyKind.ALTERNATIVES: _alternatives,
}


def answer_for(pipe: Connection[dict[str, JSON] | str, object], held: StudyClaim) -> None:
    """Answer a study in a child process, and send the answer, or the text of a fault, to the parent."""
    try:
        pipe.send(answered(held))
    except BrokenPipeError:
        return
    except Exception as error:
        _LOG.error("study %d failed: %s", held.study, cause(error))
        pipe.send(sentence(error, planner=held.enterprise is None))


def study_once(store: Store, stop: Stop | None = None, *, apart: bool = True) -> Asked | None:
    """Claim and answer one study; None where there was nothing to do or it went to another worker.

    `stop` tells whether to leave it to another worker, `apart` whether it is answered in a process of its own.
    """
    held = claim_study(store, WORKER)
    if held is None:
        return None
    try:
        ended = _apart(held, stop or (lambda: False)) if apart else _here(held)
        return None if ended is None else finish_study(store, WORKER, held, *ended)
    except ConflictError:  # it took too long, and another worker has it
        return None


def _here(held: StudyClaim) -> tuple[dict[str, JSON] | None, str]:
    """Return the answer to a study, or None and the fault."""
    try:
        return answered(held), ""
    except SynergyError as error:
        return None, str(error)


def _apart(held: StudyClaim, stop: Stop) -> tuple[dict[str, JSON] | None, str] | None:
    """Return the outcome of a study from a child process with a time limit, None where it was left."""
    try:
        said = apart(answer_for, (held,), LIMIT_S, stop)
    except LeftError:
        return None
    except LateError:
        return None, late(LIMIT_S)
    except DiedError as error:
        return None, died(str(error))
    return (None, said) if isinstance(said, str) else (said, "")


def study(store: Store, idle: float, stop: Stop) -> int:
    """Answer studies until stopped, and return the number of those that ended here.

    `idle` are the seconds between two looks; `stop` is asked between and during studies.
    """
    done = 0
    while not stop():
        try:
            ended = study_once(store, stop)
        except UnavailableError:
            ended = None
        except Exception as error:  # the next one may be answered
            _LOG.error("a study failed: %s", cause(error))
            ended = None
        if ended is None:
            time.sleep(idle)
        else:
            done += 1
    return done
