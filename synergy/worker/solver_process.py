"""Solver process: reports progress and result to its parent, and ends with it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import current_process
from multiprocessing.connection import Connection

from synergy.errors import VerificationError
from synergy.halting import abandoned
from synergy.model.solve_params import Event
from synergy.scenario import JSON
from synergy.store.results import RunEnd
from synergy.worker.causes import cause, lasting, sentence
from synergy.worker.solve import Task, solve, told

_LOOK_S = 0.5
_LOG = logging.getLogger("synergy.worker")


@dataclass(frozen=True, slots=True)
class Report:
    """Progress record of a run, or a checkpoint."""

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


def main(pipe: Connection[Message, object], task: Task) -> None:
    """Solve a task, sending notes and finally its end or fault.

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
