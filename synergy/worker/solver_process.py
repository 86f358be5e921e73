"""Solver process: reports progress and result to its parent, and ends with it."""

from __future__ import annotations

import logging
import os
import threading
import time
from multiprocessing import current_process
from multiprocessing.connection import Connection
from typing import Any

from synergy.errors import VerificationError
from synergy.halting import abandoned
from synergy.model.solve_params import Event
from synergy.worker.causes import cause, lasting, sentence
from synergy.worker.solve import Task, solve, told

_LOOK_S = 0.5
_LOG = logging.getLogger("synergy.worker")


def main(pipe: Connection, task: Task) -> None:
    """Solve a task, sending ``("progress" | "checkpoint", record)`` and finally the outcome.

    The outcome is ``("ended", record)``, ``("refused", findings)`` where verification fails, ``("wrong", sentence)``
    where the input cannot be matched, or ``("fault", sentence)``.

    Parameters
    ----------
    pipe : multiprocessing.connection.Connection
        To the parent and back: whatever comes from there halts the search with the best plan so far, or the first one.
    task : Task
        Input of the solution.
    """
    threading.Thread(target=_orphaned, args=(os.getppid(),), daemon=True).start()

    found = False

    def listen(event: Event) -> None:
        nonlocal found
        found = found or event.best is not None
        pipe.send(("progress", told(event)))

    def keep(record: dict[str, Any]) -> None:
        pipe.send(("checkpoint", record))

    try:
        ended = solve(task, listen, lambda: found and pipe.poll(), keep=keep)
        pipe.send(("ended", ended))
    except BrokenPipeError:
        return
    except VerificationError as error:
        pipe.send(("refused", error.findings))
    except Exception as error:
        _LOG.error("%s: %s", current_process().name, cause(error))
        pipe.send(("wrong" if lasting(error) else "fault", sentence(error)))
    if abandoned():
        os._exit(0)


def _orphaned(parent: int) -> None:
    """Exit as soon as the parent process is gone, since another worker then takes the run."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)
