"""Isolated execution: work in a child process that is killed at its time limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar, TypeVarTuple

POLL_S = 0.2
Stop = Callable[[], bool]
Sent = TypeVar("Sent")
Given = TypeVarTuple("Given")


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
