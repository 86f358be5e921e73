"""Halting: the way of a request to stop to running solves, and the time that work may take after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SETTLED_S = 15.0  # seconds after a request in which a plan may be compared and settled; it is told within 20
HEARD_S = 1.0  # seconds in which a solve that is asked to stop may end by itself
LOOK_S = 0.1  # seconds between two looks

Stop = Callable[[], bool]
_LEFT: list[threading.Thread] = []  # whose solves were broken off and still compute
_current: ContextVar[Halt | None] = ContextVar("halt", default=None)


class Halted(Exception):  # noqa: N818 - no error: somebody asked
    """Running work was interrupted on request."""


@dataclass(slots=True)
class Halt:
    """Request to stop, with the time left after it.

    `stop` says whether it was made; `asked` is when it was heard first, by `time.monotonic`; `patience` is the seconds
    after it in which what is done now may go on, None: as long as it takes.
    """

    stop: Stop | None
    asked: float | None = None
    patience: float | None = None


@contextmanager
def halting(stop: Stop | None) -> Iterator[None]:
    """Make a request to stop known to the enclosed code; one that is known already stays."""
    token = None if stop is None or _current.get() is not None else _current.set(Halt(stop))
    try:
        yield
    finally:
        if token is not None:
            _current.reset(token)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Interrupt the enclosed code some seconds after a request to stop.

    Raises
    ------
    Halted
        At the next solve, or at `check`.
    """
    halt = _current.get()
    before = None if halt is None else halt.patience
    if halt is not None:
        halt.patience = seconds
    try:
        yield
    finally:
        if halt is not None:
            halt.patience = before


def check() -> None:
    """Raise `Halted` where a request to stop is due."""
    halt = _current.get()
    if halt is None:
        return
    if halt.asked is None and halt.stop is not None and halt.stop():
        halt.asked = time.monotonic()
    if halt.asked is not None and halt.patience is not None and time.monotonic() - halt.asked >= halt.patience:
        raise Halted


def watched(work: Callable[[], object], stop: Stop | None = None) -> bool:
    """Run a task that cannot be interrupted, handling signals and requests to stop; return whether it came to its end.

    A moment after `stop` returns True the task is broken off: it goes on by itself, unheard.

    Raises
    ------
    Halted
        A request to stop is due.
    """
    halt = _current.get()
    if halt is None:
        work()
        return True
    check()
    error: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as found:
            error.append(found)

    # the main thread stays free for signals: a key is heard while a solver computes
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    since = None
    try:
        while thread.is_alive():
            thread.join(LOOK_S)
            if not thread.is_alive():
                break
            check()
            if stop is not None and stop():
                since = since or time.monotonic()
                if time.monotonic() - since >= HEARD_S:
                    return False
    finally:
        if thread.is_alive():
            _LEFT[:] = [*(one for one in _LEFT if one.is_alive()), thread]
    if error:
        raise error[0]
    return True


def abandoned() -> bool:
    """Whether an interrupted solve still computes.

    A process must not end as usual then: the interpreter would take down the library beneath it, which aborts.
    """
    return any(thread.is_alive() for thread in _LEFT)
